"""Training the heads on cached features: minutes on two cores."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from training.starter.curves import Note, Recalls, nowhere, said
from training.starter.data import Example
from training.starter.heads import Heads, Recipe, distillation, info_nce, same_meaning
from training.starter.keywords import Keywords, also_true

BLOCK = 2048
WATCHED_EVERY = 100
"""Steps between two looks at the validation photos."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """All that training sees, as tensors over the photos that may be learned from.

    ``views`` float16[views, photos, FEATURES]; ``teacher`` float16[views, photos, 1000], the classifier's
    probabilities; ``text`` float32[sentences, 384], of the sentences in ``written``; ``sentences`` and ``extra`` are
    rows of it for each photo; ``owner`` int64[photos] is equal for photos of one label; ``classes`` float32[1000, 384];
    ``keyword_text`` float32[queries, 384] belongs to ``keywords``.
    """

    views: Tensor
    teacher: Tensor
    text: Tensor
    written: list[str]
    sentences: list[list[int]]
    extra: list[list[int]]
    owner: Tensor
    classes: Tensor
    keywords: Keywords
    keyword_text: Tensor


def owners(examples: Sequence[Example]) -> Tensor:
    """int64[n]: the same number for photos of one label, one of its own for every other photo."""
    numbers: dict[str, int] = {}
    return torch.tensor([numbers.setdefault(e.group or f"{e.source}/{e.path.name}", len(numbers)) for e in examples])


def train(
    corpus: Corpus,
    recipe: Recipe,
    tell: Callable[[str], None],
    watch: Callable[[Heads], Recalls] | None = None,
    note: Note = nowhere,
) -> Heads:
    """Train the heads and return their moving average (Polyak), which validates better than the last step.

    ``watch`` is asked about the average now and then, and ``note`` hears of every step. Decisions are seeded: the same
    recipe on the same features gives the same heads, up to the order of sums on other machines.
    """
    torch.manual_seed(recipe.seed)
    random = np.random.default_rng(recipe.seed)
    heads = start(recipe)
    average = copy.deepcopy(heads).requires_grad_(False).eval()
    decayed = [p for p in heads.parameters() if p.ndim > 1]
    others = [p for p in heads.parameters() if p.ndim <= 1]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": recipe.weight_decay}, {"params": others, "weight_decay": 0.0}],
        lr=recipe.rate,
        betas=(0.9, 0.98),
    )
    began = time.perf_counter()
    for step in range(recipe.steps):
        for group in optimizer.param_groups:
            group["lr"] = recipe.rate * schedule(step, recipe.steps)
        loss = one_step(heads, corpus, recipe, random)
        optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        optimizer.step()
        update(average, heads, min(recipe.average, (1 + step) / (10 + step)))
        done = step + 1
        recalls: Recalls = {}
        if done % WATCHED_EVERY == 0 or done == recipe.steps:
            recalls = watch(average) if watch else {}
            tell(f"step {done}: loss {loss.item():.3f} {said(recalls)} ({time.perf_counter() - began:.0f} s)")
        note(done, loss.item(), recalls)
    return average


def best_of(
    corpus: Corpus,
    recipe: Recipe,
    tell: Callable[[str], None],
    watch: Callable[[Heads], Recalls],
    note_of: Callable[[int], Note],
) -> tuple[Heads, int]:
    """Train heads from ``recipe.tries`` seeds, the recipe's and those after it, and keep those that find the most.

    What differs between them is luck, and as large as the difference between many recipes (docs/model.md). ``watch``
    decides: the mean of its recalls. ``note_of`` gives what hears of a seed's steps. Returns the heads and their seed.
    """
    best: tuple[float, Heads, int] | None = None
    for seed in range(recipe.seed, recipe.seed + recipe.tries):
        tell(f"heads of seed {seed}")
        heads = train(corpus, replace(recipe, seed=seed), tell, watch, note_of(seed))
        found = fmean(watch(heads).values())
        if best is None or found > best[0]:
            best = found, heads, seed
    if best is None:
        raise ValueError("heads are trained once at least")
    tell(f"the heads of seed {best[2]} find the most")
    return best[1], best[2]


def start(recipe: Recipe) -> Heads:
    """Heads before training. MiniLM's outputs are small (about 0.2 a dimension), so its first layer starts larger."""
    heads = Heads(recipe.dim, recipe.dropout, recipe.branches, recipe.width)
    with torch.no_grad():
        heads.text[0].get_parameter("weight").mul_(5.0)
    return heads.train()


def one_step(heads: Heads, corpus: Corpus, recipe: Recipe, random: np.random.Generator) -> Tensor:
    """The loss of one batch: each photo in one of its views, with one of its sentences."""
    photos = random.choice(corpus.views.shape[1], min(recipe.batch, corpus.views.shape[1]), replace=False)
    views = random.integers(0, len(corpus.views), len(photos))
    drawn = draw(corpus, photos, recipe.extra, recipe.words, random)
    features, pooled = corpus.views[views, photos].float(), drawn.pooled
    same = same_meaning(corpus.owner[photos], pooled, recipe.same_above) | also_true(
        corpus.keywords.said[photos], drawn.needs
    )
    same = same.fill_diagonal_(False)
    teacher = corpus.teacher[views, photos].float()
    with fast():
        texts = heads.encode_texts(pooled + recipe.text_noise * torch.randn_like(pooled))
        classes = heads.encode_texts(corpus.classes)
        return side_by_side(heads, features, texts, classes, teacher, same, recipe)


def side_by_side(
    heads: Heads, features: Tensor, texts: Tensor, classes: Tensor, teacher: Tensor, same: Tensor, recipe: Recipe
) -> Tensor:
    """The loss of each image head by itself, a mean over them: against the sentences, and against the class names.

    ``features`` float32[n, FEATURES], ``texts`` float32[n, dim] and ``classes`` float32[1000, dim] of unit length,
    ``teacher`` float32[n, 1000], ``same`` bool[n, n] as `info_nce` takes it.
    """
    total = torch.zeros(())
    for branch in heads.images:
        noisy = features + recipe.noise * torch.randn_like(features)
        images = functional.normalize(branch(noisy).float(), dim=1)
        total = total + info_nce(images, texts, heads.scale(), same)
        if recipe.distill:
            total = total + recipe.distill * distillation(images, classes, teacher, heads.scale())
    return total / len(heads.images)


def fast() -> torch.autocast:
    """bfloat16 where the processor multiplies it natively: heads train twice as fast, and no worse."""
    from core.models.compiling import has_bf16

    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=has_bf16())


@dataclass(frozen=True, slots=True)
class Drawn:
    """What photos are asked by, a sentence each: ``written``, as people write it; ``pooled`` float32[n, 384], the text
    tower's of the corpus; ``needs`` bool[n, words], the words that a query is made of, none for a sentence.
    """

    written: list[str]
    pooled: Tensor
    needs: Tensor


def draw(corpus: Corpus, photos: NDArray[np.int64], extra: float, words: float, random: np.random.Generator) -> Drawn:
    """A sentence of each photo: with a chance of ``words`` bare words, else with one of ``extra`` a sentence around it
    where there is any, else one of its own."""
    rows = [_pick(corpus, int(photo), extra, random) for photo in photos]
    asked = [_pick_words(corpus, int(photo), words, random) for photo in photos]
    written = [
        corpus.written[row] if q is None else corpus.keywords.queries[q] for row, q in zip(rows, asked, strict=True)
    ]
    by_word = torch.tensor([query is not None for query in asked])
    queries = torch.tensor([query for query in asked if query is not None], dtype=torch.long)
    pooled = corpus.text[rows]
    pooled[by_word] = corpus.keyword_text[queries]
    needs = torch.zeros(len(rows), corpus.keywords.needs.shape[1], dtype=torch.bool)
    needs[by_word] = corpus.keywords.needs[queries]
    return Drawn(written, pooled, needs)


def _pick(corpus: Corpus, photo: int, extra: float, random: np.random.Generator) -> int:
    around = corpus.extra[photo]
    some = around if around and random.random() < extra else corpus.sentences[photo]
    return some[random.integers(len(some))]


def _pick_words(corpus: Corpus, photo: int, chance: float, random: np.random.Generator) -> int | None:
    queries = corpus.keywords.of_photo[photo]
    return queries[random.integers(len(queries))] if queries and random.random() < chance else None


def schedule(step: int, steps: int) -> float:
    """The share of the full rate: five per cent of warm-up, then half a cosine down to nothing."""
    warm = max(1, steps // 20)
    if step < warm:
        return (step + 1) / warm
    return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))


@torch.no_grad()
def update(average: Heads, heads: Heads, keep: float) -> None:
    """Move the average a little towards the heads."""
    for mean, value in zip(average.parameters(), heads.parameters(), strict=True):
        mean.lerp_(value, 1 - keep)


def embed(heads: Heads, features: Tensor, probabilities: Tensor, class_words: Tensor) -> NDArray[np.float32]:
    """float16[n, FEATURES], float16[n, 1000] -> float32[n, dim], unit-length, with the heads at rest."""
    heads.eval()
    with torch.no_grad():
        parts = [
            heads.encode_images(some.float(), seen.float(), class_words)
            for some, seen in zip(torch.split(features, BLOCK), torch.split(probabilities, BLOCK), strict=True)
        ]
    embedded: NDArray[np.float32] = torch.cat(parts).numpy()
    return embedded
