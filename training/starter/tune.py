"""Tuning the towers: both learn to meet, all layers at once, from the heads that were trained on their frozen features.

At these rates the image tower unlearns part of what it knew: only a share of the way is kept (`towers.part_way`), and
that finds more than either end. The text tower keeps all of it.

Pretrained layers move little and the early ones least (layer-wise decay), batch norm stands still, the classifier keeps
its opinions (learning without forgetting: Li and Hoiem 2016), and what is kept is the moving average. A batch of 256 is
small for a contrastive loss: embeddings of the last few batches serve as further negatives (He et al. 2020, without a
second tower, since these weights hardly move in so few steps).
"""

from __future__ import annotations

import copy
import ctypes
import hashlib
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from training.starter import states, towers
from training.starter.crops import batches
from training.starter.curves import Note, Recalls, nowhere, said
from training.starter.data import Example
from training.starter.heads import Heads, distillation
from training.starter.keywords import also_true
from training.starter.train import Corpus, draw, fast, schedule

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4
CHECKPOINT_EVERY = 100
CLASSES_EVERY = 100
TOGETHER = 32


@dataclass(frozen=True, slots=True)
class TuneRecipe:
    """The numbers of the tuning. `docs/model.md` lists those that were tried."""

    seed: int = 0
    steps: int = 600
    batch: int = 256
    size: int = 208
    frozen: int = 3
    image_rate: float = 1.5e-4
    text_rate: float = 3e-5
    head_rate: float = 3e-4
    layer_decay: float = 0.8
    weight_decay: float = 0.05
    memory: int = 1792
    noise: float = 0.05
    same_above: float = 0.85
    distill: float = 0.5
    keep_classes: float = 0.2
    class_share: float = 0.3
    """How much of the classes' names is added to a photo's embedding while the towers learn."""
    extra: float = 0.3
    words: float = 0.2
    average: float = 0.99
    kept: float = 0.4
    """Share of the image tower's way that is kept (`towers.part_way`): 0 leaves it as it came, 1 keeps all of it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Photos with the sentence that each is asked for by, and both embeddings.

    ``photos`` int64[n]; ``pooled`` float32[n, 384], the frozen text tower's, which says what means the same; ``needs``
    bool[n, words], the words that a query is made of; ``images`` and ``texts`` float32[n, dim].
    """

    photos: Tensor
    pooled: Tensor
    needs: Tensor
    images: Tensor
    texts: Tensor

    def remembered(self, older: Asked | None, most: int) -> Asked:
        """This batch before what was remembered, no gradients, ``most`` of them at most."""
        parts = [self] if older is None else [self, older]
        return Asked(*(torch.cat([getattr(p, name) for p in parts])[:most].detach() for name in self.__slots__))

    def kept(self) -> dict[str, Tensor]:
        """All of it by name, for the disk."""
        return {name: getattr(self, name) for name in self.__slots__}


class Tuned(nn.Module):
    """All that is tuned, in one module: the open_clip model's towers, and the heads."""

    def __init__(self, model: open_clip.CustomTextCLIP, heads: Heads) -> None:
        super().__init__()
        self.trunk = model.visual.trunk
        self.text = model.text
        self.heads = heads

    def encode_images(self, pixels: Tensor, class_words: Tensor, noise: float = 0.0) -> tuple[Tensor, Tensor]:
        """float32[n, 3, size, size] -> unit vectors float32[n, dim], and the classifier's float32[n, 1000]."""
        with fast():
            pooled = self.trunk.pooled(pixels)
        features, probabilities = self.trunk.expand(pooled.float())
        features = features + noise * torch.randn_like(features)
        return self.heads.encode_images(features, probabilities, class_words), probabilities

    def encode_texts(self, sentences: Sequence[str]) -> Tensor:
        """float32[n, dim], unit-length."""
        return self.heads.encode_texts(pooled_texts(self.text, sentences))

    def learning(self) -> Tuned:
        """Ready for a step: dropout on where there is any, batch norm at rest."""
        self.train()
        self.trunk.body.eval()
        return self


def pooled_texts(text: Any, sentences: Sequence[str]) -> Tensor:
    """float32[n, 384] of open_clip's text tower, with gradients. Sentences of like length go together, so that little
    is spent on padding."""
    order = sorted(range(len(sentences)), key=lambda index: len(sentences[index]))
    parts = []
    for start in range(0, len(order), TOGETHER):
        ids, mask = towers.tokenize([sentences[index] for index in order[start : start + TOGETHER]])
        with fast():
            output = text.transformer(input_ids=ids, attention_mask=mask)
        parts.append(text.pooler(output, mask).float())
    place = torch.empty(len(order), dtype=torch.long)
    place[order] = torch.arange(len(order))
    return torch.cat(parts)[place]


def groups(tuned: Tuned, recipe: TuneRecipe) -> list[dict[str, object]]:
    """The optimizer's parameter groups: a rate for each layer, falling towards the input. Frozen: the first stages of
    the image tower (edges and textures; half of the time saved), the classifier, and the text tower's word vectors
    (words that no caption says have to stay where they are).
    """
    body, encoder = tuned.trunk.body, tuned.text.transformer.encoder.layer
    layers: list[tuple[float, nn.Module]] = [(recipe.head_rate, tuned.heads)]
    image = [*body.blocks[recipe.frozen :], nn.ModuleList([body.conv_head, body.bn2])]
    for depth, module in enumerate(reversed(image)):
        layers.append((recipe.image_rate * recipe.layer_decay**depth, module))
    for depth, module in enumerate(reversed(encoder)):
        layers.append((recipe.text_rate * recipe.layer_decay**depth, module))
    tuned.requires_grad_(False)
    return with_rates(layers, recipe.weight_decay)


def with_rates(layers: Sequence[tuple[float, nn.Module]], weight_decay: float) -> list[dict[str, object]]:
    """Parameter groups of modules that learn, each at its rate; what is no matrix does not decay."""
    made: list[dict[str, object]] = []
    for rate, module in layers:
        module.requires_grad_(True)
        for decay, some in (
            (weight_decay, [p for p in module.parameters() if p.ndim > 1]),
            (0.0, [p for p in module.parameters() if p.ndim <= 1]),
        ):
            if some:
                made.append({"params": some, "lr": rate, "full_rate": rate, "weight_decay": decay})
    return made


def tune(
    model: open_clip.CustomTextCLIP,
    heads: Heads,
    corpus: Corpus,
    examples: Sequence[Example],
    recipe: TuneRecipe,
    checkpoint: Path,
    tell: Callable[[str], None],
    watch: Callable[[Tuned], Recalls] | None = None,
    note: Note = nowhere,
) -> None:
    """Tune the model's towers and the heads in place; what they hold afterwards is the average of the last steps.

    ``examples`` are the corpus's photos. The state is kept in ``checkpoint``, from which an interrupted run goes on; it
    is left there when done, so that a second run finds it.
    """
    keep_memory()
    tuned = Tuned(model, heads)
    optimizer = torch.optim.AdamW(groups(tuned, recipe), betas=(0.9, 0.98))
    average = copy.deepcopy(tuned).requires_grad_(False).eval()
    start, kept = states.resume(checkpoint, tuned, average, optimizer)
    memory = None if kept is None else Asked(**kept)
    if start:
        tell(f"tuning goes on at step {start} of {recipe.steps}")
    classes, began = corpus.classes, time.perf_counter()
    chosen = epochs(len(examples), recipe)
    for step, (photos, pixels) in enumerate(
        batches(examples, chosen, range(start, recipe.steps), recipe.size, recipe.seed), start
    ):
        torch.manual_seed(recipe.seed * 1_000_003 + step)
        if step % CLASSES_EVERY == 0 or step == start:
            classes = towers.class_vectors(average)
        for group in optimizer.param_groups:
            group["lr"] = group["full_rate"] * schedule(step, recipe.steps)
        loss, asked = one_step(tuned.learning(), corpus, recipe, step, photos, pixels, memory, classes)
        optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_((p for p in tuned.parameters() if p.grad is not None), 5.0)
        optimizer.step()
        memory = asked.remembered(memory, recipe.memory)
        follow(average, tuned, min(recipe.average, (1 + step) / (10 + step)))
        done = step + 1
        if done % 20 == 0:
            pace = (time.perf_counter() - began) / (done - start)
            tell(f"tuning {done} of {recipe.steps}: loss {loss.item():.3f}, {pace:.1f} s a step")
        recalls: Recalls = {}
        if done % CHECKPOINT_EVERY == 0 or done == recipe.steps:
            recalls = watch(average) if watch else {}
            tell(f"tuning {done}: {said(recalls)}")
            states.save(checkpoint, done, tuned, average, optimizer, memory.kept())
        note(done, loss.item(), recalls)
    tuned.load_state_dict(average.state_dict())
    tuned.requires_grad_(True).eval()


def one_step(
    tuned: Tuned,
    corpus: Corpus,
    recipe: TuneRecipe,
    step: int,
    photos: NDArray[np.int64],
    pixels: Tensor,
    memory: Asked | None,
    classes: Tensor,
) -> tuple[Tensor, Asked]:
    """The loss of one batch, and what the next ones remember of it."""
    random = np.random.default_rng((recipe.seed, step))
    drawn = draw(corpus, photos, recipe.extra, recipe.words, random)
    named = tuned.heads.encode_texts(classes)
    images, seen = tuned.encode_images(pixels, recipe.class_share * named.detach(), recipe.noise)
    batch = Asked(torch.from_numpy(photos), drawn.pooled, drawn.needs, images, tuned.encode_texts(drawn.written))
    scale = tuned.heads.scale()
    teacher = corpus.teacher[0, photos].float()
    loss = contrast(corpus, batch, memory, scale, recipe.same_above)
    loss = loss + recipe.distill * distillation(images, named, teacher, scale)
    loss = loss - recipe.keep_classes * (teacher * seen.clamp_min(1e-9).log()).sum(dim=1).mean()
    return loss, batch


def contrast(corpus: Corpus, batch: Asked, memory: Asked | None, scale: Tensor, same_above: float) -> Tensor:
    """Symmetric InfoNCE of a batch, with what is remembered as further negatives."""
    parts = [batch] if memory is None else [batch, memory]
    everything = Asked(*(torch.cat([getattr(p, name) for p in parts]) for name in Asked.__slots__))
    target = torch.arange(len(batch.photos))
    total = torch.zeros(())
    for logits, same in (
        (batch.images @ everything.texts.T, _same(corpus, batch, everything, same_above)),
        (batch.texts @ everything.images.T, _same(corpus, everything, batch, same_above).T),
    ):
        same[target, target] = False
        total = total + functional.cross_entropy((scale * logits).masked_fill(same, float("-inf")), target) / 2
    return total


def _same(corpus: Corpus, photos: Asked, texts: Asked, above: float) -> Tensor:
    """bool[photos, texts]: whether a photo is no negative of a sentence: of one label, told alike, or by its words."""
    one, other = corpus.owner[photos.photos], corpus.owner[texts.photos]
    alike = functional.normalize(photos.pooled, dim=1) @ functional.normalize(texts.pooled, dim=1).T > above
    return (one[:, None] == other[None, :]) | alike | also_true(corpus.keywords.said[photos.photos], texts.needs)


def epochs(count: int, recipe: TuneRecipe) -> Callable[[int], NDArray[np.int64]]:
    """The photos of each step: every photo once an epoch, in an order drawn anew."""
    per_epoch = max(1, count // recipe.batch)

    def photos(step: int) -> NDArray[np.int64]:
        epoch, place = divmod(step, per_epoch)
        order = np.random.default_rng((recipe.seed, 7, epoch)).permutation(count)
        return order[place * recipe.batch : (place + 1) * recipe.batch]

    return photos


def keep_memory() -> None:
    """Let the C library keep large blocks instead of giving them back: with glibc a step takes half the time."""
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    if library is not None and hasattr(library, "mallopt"):
        library.mallopt(M_MMAP_MAX, 0)
        library.mallopt(M_TRIM_THRESHOLD, 2**31 - 1)


def fingerprint(recipe: object, examples: Sequence[Example], queries: Sequence[str]) -> str:
    """Names the state of a run, so that another recipe never goes on from it, nor the same one on other photos or with
    other words to ask by."""
    photos = [(example.source, example.path.name, example.sentences) for example in examples]
    return hashlib.sha256(repr((recipe, photos, list(queries))).encode()).hexdigest()[:12]


@torch.no_grad()
def follow(average: nn.Module, tuned: nn.Module, keep: float) -> None:
    """Move the average of what learns a little towards what it is now."""
    for mean, value in zip(average.parameters(), tuned.parameters(), strict=True):
        if value.requires_grad:
            mean.lerp_(value, 1 - keep)
