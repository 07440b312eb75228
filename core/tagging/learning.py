"""A label's own small model: what decisions on photos teach, on stored embeddings alone.

Logistic regression whose log odds are those of the label's sentences plus a direction in the space of embeddings and an
offset, both drawn towards nothing (a ridge): without a decision it is the label as it was written, and each decision
moves it. The model's background stands in for all the photos that nobody was asked about, as weak evidence against, so
that "yes" on every photo of a beach does not turn the label into "any photo". Newton's method in the span of the photos
that were decided on; a fit takes milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.tagging.backdrop import Vectors

Floats = NDArray[np.float64]

PULL = 0.05
"""How strongly a direction is drawn to nothing; the larger, the slower a label learns. See ``training.tagging``."""
OFFSET_PULL = 0.5
UNASKED = 5.0
"""What all of the background weighs together, in decisions."""
MOST = 2000
"""Decisions of either kind that a label learns from, the latest."""
_ROUNDS = 25


@dataclass(frozen=True, slots=True, eq=False)
class Learned:
    """What decisions add to a label's log odds: ``trust`` times those of its sentences, the product of a photo's
    embedding with ``direction`` (float32[dim]), and ``offset``. ``heed`` is how much what other labels say counts still
    (0 to 1)."""

    direction: NDArray[np.float32]
    offset: float
    trust: float = 1.0
    heed: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Taught:
    """Decisions on photos: embeddings float32[n, dim], and float64[n], 1 for accepted and 0 for rejected."""

    photos: Vectors
    accepted: Floats


def learn(taught: Taught, sentences: Floats, background: Vectors, unasked: Floats) -> Learned | None:
    """What decisions teach; None without any.

    ``sentences`` float64[n] are the log odds that the label's sentences give the decided photos, ``unasked``
    float64[m] those that they give the ``background`` (float32[m, dim]).
    """
    if not len(taught.photos):
        return None
    photos, accepted, sentences = taught.photos[-MOST:], taught.accepted[-MOST:], sentences[-MOST:]
    middle = background.mean(axis=0) if len(background) else np.zeros(photos.shape[1], np.float32)
    inputs = np.concatenate([photos, background]).astype(np.float64) - middle
    known = np.concatenate([sentences, unasked])
    target = np.concatenate([accepted, np.zeros(len(background))])
    # A photo of the background may show the label too, as far as its sentences know: it is evidence against no more
    # than they say.
    chance = 1 / (1 + np.exp(-np.clip(unasked, -30, 30)))
    target[len(photos) :] = chance
    weight = np.concatenate([np.ones(len(photos)), np.full(len(background), UNASKED / max(1, len(background)))])
    direction, offset = _fit(inputs, known, target, weight)
    return Learned(direction.astype(np.float32), float(offset - middle.astype(np.float64) @ direction))


def _fit(inputs: Floats, known: Floats, target: Floats, weight: Floats) -> tuple[Floats, float]:
    """Ridge logistic regression on top of known log odds, by Newton's method: a direction and an offset."""
    wide = np.concatenate([inputs, np.ones((len(inputs), 1))], axis=1)
    pull = np.full(wide.shape[1], PULL)
    pull[-1] = OFFSET_PULL
    found = np.zeros(wide.shape[1])
    for _ in range(_ROUNDS):
        rate = 1 / (1 + np.exp(-np.clip(known + wide @ found, -30, 30)))
        slope = wide.T @ (weight * (rate - target)) + pull * found
        # (pull + X' R X)^-1 through the smaller of its two forms (Woodbury): many dimensions, few photos.
        bend = weight * np.maximum(rate * (1 - rate), 1e-6)
        step = _solve(wide, bend, pull, slope)
        found -= step
        if np.abs(step).max() < 1e-5:
            break
    return found[:-1], float(found[-1])


def _solve(wide: Floats, bend: Floats, pull: Floats, slope: Floats) -> Floats:
    if len(wide) >= wide.shape[1]:
        return np.asarray(np.linalg.solve((wide * bend[:, None]).T @ wide + np.diag(pull), slope), np.float64)
    lifted = wide / pull
    inner = np.diag(1 / bend) + lifted @ wide.T
    return np.asarray(slope / pull - lifted.T @ np.linalg.solve(inner, wide @ (slope / pull)), np.float64)
