"""Fits `core.tagging.calibration`: libraries and lists are drawn from photos whose labels are known.

How far a cosine says something depends on the library (all instruments, or everything), on its size, and on the list
(one label, a hundred; some true of nothing there). So hundreds of libraries are drawn, each of one to three sets, of
20 to 1,500 photos, each with a list of 1 to 100 labels, some of them of other sets; every seventh has no library. A
logistic regression over all pairs weighs what `core.tagging.scoring` weighs. Then caution grows until what is called
0.8 likely or more is right often enough.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.models.background import Background
from core.tagging.backdrop import Backdrop
from core.tagging.calibration import Coefficients
from core.tagging.scoring import Scorer
from core.tagging.types import Label, LabelList
from core.tagging.vectors import LabelVectors
from training.tagging.sets import UNSEEN, Known

EPISODES = 300
SURE, RIGHT = 0.8, 0.935
"""Caution grows until, as a mean over the sets, so many are right of what is so likely or more."""
FEW = 50
"""So many pairs are added to those of a set, `RIGHT` of them right: sixteen captions of `coco` are not to decide."""
_MOST_PHOTOS, _MOST_LABELS = 1500, 100
_STEPS = 40
_KEPT = 4000
_ROUNDS = 80

Floats = NDArray[np.float64]
Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """What is weighed for every pair of an episode, float64[n, labels] by name, and the truth, NaN where unknown."""

    features: Mapping[str, Floats]
    truth: Floats


def scorer(
    photos: Vectors, labels: Vectors, background: Background, weights: Coefficients, *, library: bool = True
) -> Scorer:
    """A scorer of labels over a library that holds these photos, or over none."""
    dim = photos.shape[1]
    names = LabelList("drawn", tuple(Label(str(number)) for number in range(len(labels))))
    none, nobody = np.zeros((0, dim), np.float32), np.zeros(0, np.int64)
    sample = photos if library else none
    backdrop = Backdrop(background.photos, background.captions, sample, len(sample))
    return Scorer(names, LabelVectors(labels, none, nobody, none, nobody), backdrop, weights)


def zero() -> Coefficients:
    """Weighs nothing."""
    return Coefficients(**dict.fromkeys(Coefficients.names(), 0.0))


def fit(known: Sequence[Known], vectors: Mapping[str, Vectors], background: Background, seed: int = 1) -> Coefficients:
    """The weights; ``vectors`` are float32[labels, dim] of each set, by its name."""
    chance = np.random.default_rng(seed)
    drawn = [_draw(known, vectors, background, chance) for _ in range(EPISODES)]
    names = Coefficients.names()[1:]
    found = _regress(*_design(drawn, names, chance))
    weights = Coefficients(intercept=float(found[-1]), **dict(zip(names, map(float, found), strict=False)))
    return careful(weights, known, vectors, background)


def precision(
    known: Known, labels: Vectors, background: Background, weights: Coefficients, line: float
) -> tuple[float, float, int]:
    """Of a whole set as one library and one list: the share that is right of what is at least so likely, the share of
    all true pairs that this is, and how many there are. A pair of which a single caption tells counts as right."""
    sure = scorer(known.photos, labels, background, weights).probabilities(known.photos).T
    chosen = sure >= line
    right = chosen & (known.told > 0)
    true = known.truth == 1
    share = float(right.sum() / chosen.sum()) if chosen.any() else 1.0
    return share, float((chosen & true).sum() / true.sum()), int(chosen.sum())


def careful(
    weights: Coefficients, known: Sequence[Known], vectors: Mapping[str, Vectors], background: Background
) -> Coefficients:
    """The weights with as much caution as it takes, whatever they had."""
    chosen = weights
    for less in range(_STEPS):
        chosen = replace(weights, caution=1 - less / _STEPS)
        if np.mean([_believed(one, vectors[one.name], background, chosen) for one in known]) >= RIGHT:
            break
    return chosen


def _believed(known: Known, labels: Vectors, background: Background, weights: Coefficients) -> float:
    """The share that is right of what is called sure in a set, as far as so many pairs can tell."""
    share, _, pairs = precision(known, labels, background, weights, SURE)
    return (share * pairs + RIGHT * FEW) / (pairs + FEW)


def _draw(
    known: Sequence[Known], vectors: Mapping[str, Vectors], background: Background, chance: np.random.Generator
) -> Drawn:
    order = [known[place] for place in chance.permutation(len(known))]
    parts, rest = order[: int(chance.choice([1, 1, 2, 3]))], order
    size = int(np.exp(chance.uniform(np.log(20), np.log(_MOST_PHOTOS)))) // len(parts) + 1
    picked = [chance.choice(len(one.photos), min(size, len(one.photos)), replace=False) for one in parts]
    photos = np.concatenate([one.photos[rows] for one, rows in zip(parts, picked, strict=True)])
    count = max(1, int(np.exp(chance.uniform(0, np.log(_MOST_LABELS)))))
    foreign = int(count * chance.choice([0, 0, 0.3, 0.6]))
    own = _labels(parts, chance)[: max(1, count - foreign)]
    others = _labels([one for one in rest if one not in parts], chance)[:foreign]
    asked = {one.labels[place]: (one, place) for one, place in (*own, *others)}
    truth = np.stack([_truth(name, one, place, parts, picked) for name, (one, place) in asked.items()], axis=1)
    labels = np.stack([vectors[one.name][place] for one, place in asked.values()])
    library = bool(chance.random() > 1 / 7)
    return Drawn(scorer(photos, labels, background, zero(), library=library).features(photos), truth)


def _labels(sets: Sequence[Known], chance: np.random.Generator) -> list[tuple[Known, int]]:
    every = [(one, place) for one in sets for place in range(len(one.labels))]
    return [every[place] for place in chance.permutation(len(every))]


def _truth(name: str, owner: Known, place: int, parts: Sequence[Known], picked: Sequence[NDArray[np.int64]]) -> Floats:
    """Whether a label is true of the photos drawn. A class is false of photos of other sets; what captions might say of
    photos of another set is unknown."""
    found = []
    for one, rows in zip(parts, picked, strict=True):
        if name in one.labels:
            found.append(one.truth[one.labels.index(name)][rows])
        else:
            found.append(np.full(len(rows), np.nan if owner.name in UNSEEN else 0.0))
    return np.concatenate(found)


def _design(drawn: Sequence[Drawn], names: Sequence[str], chance: np.random.Generator) -> tuple[Floats, Floats, Floats]:
    """Inputs (with a column of ones), targets and weights. Pairs far from true are thinned out, and weigh the more; an
    episode weighs as the root of its pairs."""
    inputs, targets, weights = [], [], []
    for one in drawn:
        pairs = np.flatnonzero(~np.isnan(one.truth))
        if not len(pairs):
            continue
        truth = one.truth.ravel()[pairs]
        far = (truth == 0) & (one.features["library"].ravel()[pairs] <= 2)
        share = np.where(far, min(1.0, _KEPT / len(pairs)), 1.0)
        kept = chance.random(len(pairs)) < share
        columns = [np.asarray(one.features[name]).ravel()[pairs[kept]] for name in names]
        inputs.append(np.stack([*columns, np.ones(int(kept.sum()))], axis=1))
        targets.append(truth[kept])
        weights.append(1 / share[kept] / np.sqrt((1 / share[kept]).sum()))
    return np.concatenate(inputs), np.concatenate(targets), np.concatenate(weights)


def _regress(inputs: Floats, target: Floats, weight: Floats) -> Floats:
    """Logistic regression by Newton's method, with a slight pull to nothing."""
    scale = inputs.std(axis=0)
    scale[scale < 1e-9] = 1  # the ones, and what is nothing everywhere
    inputs = inputs / scale
    found = np.zeros(inputs.shape[1])
    found[-1] = -2
    pull = 1e-5 * weight.sum()
    for _ in range(_ROUNDS):
        rate = 1 / (1 + np.exp(-np.clip(inputs @ found, -30, 30)))
        slope = inputs.T @ (weight * (rate - target)) + pull * found
        curve = (inputs * (weight * rate * (1 - rate))[:, None]).T @ inputs + np.eye(len(found)) * pull
        step = np.linalg.solve(curve, slope)
        found -= step * min(1.0, 5 / float(np.abs(step).max() + 1e-12))
        if np.abs(step).max() < 1e-6:
            break
    return np.asarray(found / scale, np.float64)
