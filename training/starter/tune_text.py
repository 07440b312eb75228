"""Tuning the text tower alone, against image features that are computed once.

The towers are tuned together for as long as pixels allow: ten times around the photos in an hour, with one sentence
each. A sentence alone costs a fifth of that. So afterwards the image tower stands still, its features come from the
cache, and the text tower goes on with the image heads, more than twenty times around the photos in half an hour; many
more photos than sentences make up a batch. Beside it every name of a dictionary is drawn to what it means
(`dictionary`).
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import open_clip
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from training.starter import states
from training.starter.curves import Note, nowhere
from training.starter.dictionary import Dictionary
from training.starter.heads import Heads, distillation
from training.starter.keywords import also_true
from training.starter.train import Corpus, draw, fast, schedule
from training.starter.tune import follow, keep_memory, pooled_texts, with_rates

CHECKPOINT_EVERY = 100


@dataclass(frozen=True, slots=True)
class TextRecipe:
    """The numbers of this tuning. `docs/model.md` lists those that were tried."""

    seed: int = 0
    steps: int = 900
    batch: int = 384
    photos: int = 1536
    """Further photos of a batch, which no sentence of it asks for."""
    text_rate: float = 1e-4
    head_rate: float = 3e-4
    layer_decay: float = 0.8
    weight_decay: float = 0.05
    memory: int = 1536
    noise: float = 0.05
    same_above: float = 0.85
    distill: float = 1.0
    dictionary: float = 4.0
    names: int = 112
    """Names of the dictionary a step."""
    extra: float = 0.3
    words: float = 0.2
    average: float = 0.99


@dataclass(frozen=True, slots=True)
class Sentences:
    """What is asked: ``photos`` int64[n], for whom; ``frozen`` float32[n, 384], as the text tower put them before;
    ``needs`` bool[n, words], which words a query is made of; ``texts`` float32[n, dim], unit-length.
    """

    photos: Tensor
    frozen: Tensor
    needs: Tensor
    texts: Tensor

    def and_older(self, older: Sentences | None) -> Sentences:
        """These, and after them those that are remembered."""
        if older is None:
            return self
        return Sentences(*(torch.cat([getattr(self, name), getattr(older, name)]) for name in self.__slots__))

    def remembered(self, most: int) -> Sentences:
        """The first ``most``, without gradients."""
        return Sentences(*(getattr(self, name)[:most].detach() for name in self.__slots__))

    def kept(self) -> dict[str, Tensor]:
        """All of it by name, for the disk."""
        return {name: getattr(self, name) for name in self.__slots__}


class Texts(nn.Module):
    """All that learns, in one module: the text tower and the heads."""

    def __init__(self, model: open_clip.CustomTextCLIP, heads: Heads) -> None:
        super().__init__()
        self.text = model.text
        self.heads = heads


def tune_text(
    model: open_clip.CustomTextCLIP,
    heads: Heads,
    corpus: Corpus,
    words: Dictionary,
    recipe: TextRecipe,
    checkpoint: Path,
    tell: Callable[[str], None],
    note: Note = nowhere,
) -> None:
    """Tune the model's text tower and the heads in place; what they hold afterwards is the average of the last steps.

    ``corpus`` holds the image features, and what the text tower says now. The state is kept in ``checkpoint``, from
    which an interrupted run goes on.
    """
    keep_memory()
    learning = Texts(model, heads)
    optimizer = torch.optim.AdamW(_groups(learning, recipe), betas=(0.9, 0.98))
    average = copy.deepcopy(learning).requires_grad_(False).eval()
    start, kept = states.resume(checkpoint, learning, average, optimizer)
    memory = None if kept is None else Sentences(**kept)
    if start:
        tell(f"tuning of the text tower goes on at step {start} of {recipe.steps}")
    began, captions = time.perf_counter(), _captions(corpus)
    for step in range(start, recipe.steps):
        torch.manual_seed(recipe.seed * 1_000_003 + step)
        for group in optimizer.param_groups:
            group["lr"] = group["full_rate"] * schedule(step, recipe.steps)
        loss, asked = one_step(learning.train(), corpus, captions, words, recipe, step, memory)
        optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_((p for p in learning.parameters() if p.grad is not None), 5.0)
        optimizer.step()
        memory = asked.and_older(memory).remembered(recipe.memory)
        follow(average, learning, min(recipe.average, (1 + step) / (10 + step)))
        done = step + 1
        if done % 50 == 0:
            pace = (time.perf_counter() - began) / (done - start)
            tell(f"text tower {done} of {recipe.steps}: loss {loss.item():.3f}, {pace:.1f} s a step")
        if done % CHECKPOINT_EVERY == 0 or done == recipe.steps:
            states.save(checkpoint, done, learning, average, optimizer, memory.kept())
        note(done, loss.item(), {})
    learning.load_state_dict(average.state_dict())
    learning.requires_grad_(True).eval()


def one_step(
    learning: Texts,
    corpus: Corpus,
    captions: Tensor,
    words: Dictionary,
    recipe: TextRecipe,
    step: int,
    memory: Sentences | None,
) -> tuple[Tensor, Sentences]:
    """The loss of one batch, and its sentences. ``captions`` float32[photos, 384]: the mean of each photo's own."""
    random = np.random.default_rng((recipe.seed, step))
    photos = _photos(corpus.views.shape[1], recipe, step, random)
    own = photos[: min(recipe.batch, len(photos))]
    drawn = draw(corpus, own, recipe.extra, recipe.words, random)
    named, meanings = words.some(recipe.names, random)
    pooled = pooled_texts(learning.text, drawn.written + named)
    features = corpus.views[torch.from_numpy(random.integers(len(corpus.views), size=len(photos))), photos].float()
    heads = learning.heads
    with fast():
        batch = Sentences(torch.from_numpy(own), drawn.pooled, drawn.needs, heads.encode_texts(pooled[: len(own)]))
        classes = heads.encode_texts(corpus.classes)
        loss = contrast(heads, corpus, features, photos, captions, batch.and_older(memory), len(own), classes, recipe)
    away = 1 - functional.cosine_similarity(pooled[len(own) :], meanings, dim=1)
    return loss + recipe.dictionary * away.mean(), batch


def contrast(
    heads: Heads,
    corpus: Corpus,
    features: Tensor,
    photos: NDArray[np.int64],
    captions: Tensor,
    sentences: Sentences,
    asked: int,
    classes: Tensor,
    recipe: TextRecipe,
) -> Tensor:
    """InfoNCE of the first ``asked`` sentences and photos, each by every image head, and the classes' distillation.

    A photo is told from all sentences, remembered ones too; a sentence from all photos of the batch.
    """
    same = _same(corpus, photos, captions, sentences, recipe.same_above)
    target = torch.arange(asked)
    same[target, target] = False
    teacher = corpus.teacher[0, photos].float()
    scale, total = heads.scale(), torch.zeros(())
    for branch in heads.images:
        noisy = features + recipe.noise * torch.randn_like(features)
        images = functional.normalize(branch(noisy).float(), dim=1)
        logits = (scale * images @ sentences.texts.T).masked_fill(same, float("-inf"))
        total = total + functional.cross_entropy(logits[:asked], target) / 2
        total = total + functional.cross_entropy(logits[:, :asked].T, target) / 2
        total = total + recipe.distill * distillation(images, classes, teacher, scale)
    return total / len(heads.images)


def _same(corpus: Corpus, photos: NDArray[np.int64], captions: Tensor, sentences: Sentences, above: float) -> Tensor:
    """bool[photos, sentences]: whether a photo is no negative of a sentence: of one label, told alike, or by words."""
    alike = captions[photos] @ functional.normalize(sentences.frozen, dim=1).T > above
    label = corpus.owner[photos][:, None] == corpus.owner[sentences.photos][None, :]
    return label | alike | also_true(corpus.keywords.said[photos], sentences.needs)


def _captions(corpus: Corpus) -> Tensor:
    """float32[photos, 384], unit-length: the mean of each photo's own sentences."""
    return functional.normalize(torch.stack([corpus.text[rows].mean(dim=0) for rows in corpus.sentences]), dim=1)


def _photos(count: int, recipe: TextRecipe, step: int, random: np.random.Generator) -> NDArray[np.int64]:
    """A step's photos: those that are asked for (every photo once an epoch, in an order drawn anew), then others."""
    batch = min(recipe.batch, count)
    epoch, place = divmod(step, max(1, count // batch))
    order = np.random.default_rng((recipe.seed, 11, epoch)).permutation(count)
    own = order[place * batch : (place + 1) * batch]
    others = np.setdiff1d(random.choice(count, min(recipe.photos, count), replace=False), own)
    return np.concatenate([own, others])


def _groups(learning: Texts, recipe: TextRecipe) -> list[dict[str, object]]:
    """The optimizer's parameter groups: a rate for each layer, falling towards the input; word vectors stand still."""
    layers: list[tuple[float, nn.Module]] = [(recipe.head_rate, learning.heads)]
    for depth, module in enumerate(reversed(learning.text.transformer.encoder.layer)):
        layers.append((recipe.text_rate * recipe.layer_decay**depth, module))
    learning.requires_grad_(False)
    return with_rates(layers, recipe.weight_decay)
