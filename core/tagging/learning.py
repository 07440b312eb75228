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

PULL = 0.03
"""How strongly a direction is drawn to nothing; the larger, the slower a label learns. See ``training.tagging``."""
OFFSET_PULL = 5.0
UNASKED = 5.0
"""What all of the background weighs together, in decisions."""
MOST = 2000
"""Decisions of either kind that a label learns from, the latest."""
_ROUNDS = 25
_FAR = 30.0


@dataclass(frozen=True, slots=True, eq=False)
class Learned:
    """What decisions add to the log odds that a label's sentences give a photo: the product of the photo's embedding
    with ``direction`` (float32[dim]), and ``offset``."""

    direction: NDArray[np.float32]
    offset: float


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
    # Nothing draws the direction out of the span of the decided photos, so it is looked for there: few dimensions.
    basis = np.linalg.qr((photos - middle).T.astype(np.float64))[0]
    inputs = (np.concatenate([photos, background]) - middle).astype(np.float64) @ basis
    # A photo of the background may show the label: it speaks for what the sentences say of it, and no more.
    guessed = 1 / (1 + np.exp(-np.clip(unasked, -_FAR, _FAR)))
    target = np.concatenate([accepted, guessed])
    weight = np.concatenate([np.ones(len(photos)), np.full(len(background), UNASKED / max(1, len(background)))])
    found, offset = _fit(inputs, np.concatenate([sentences, unasked]), target, weight)
    direction = basis @ found
    return Learned(direction.astype(np.float32), float(offset - middle.astype(np.float64) @ direction))


def _fit(inputs: Floats, known: Floats, target: Floats, weight: Floats) -> tuple[Floats, float]:
    """Ridge logistic regression on top of known log odds, by Newton's method: a direction and an offset."""
    wide = np.concatenate([inputs, np.ones((len(inputs), 1))], axis=1)
    pull = np.full(wide.shape[1], PULL)
    pull[-1] = OFFSET_PULL
    found = np.zeros(wide.shape[1])

    def loss(at: Floats) -> float:
        odds = known + wide @ at
        return float(weight @ (np.logaddexp(0, odds) - target * odds) + 0.5 * pull @ at**2)

    least = loss(found)
    for _ in range(_ROUNDS):
        rate = 1 / (1 + np.exp(-np.clip(known + wide @ found, -_FAR, _FAR)))
        slope = wide.T @ (weight * (rate - target)) + pull * found
        bend = weight * np.maximum(rate * (1 - rate), 1e-6)
        step = np.linalg.solve((wide * bend[:, None]).T @ wide + np.diag(pull), slope)
        share = 1.0
        # A whole step may land beyond the valley: the loss is convex, so that a part of it never does.
        while (next_loss := loss(found - share * step)) > least and share > 1e-4:
            share /= 2
        found, before, least = found - share * step, least, min(next_loss, least)
        if before - least < 1e-7 * (1 + before):
            break
    return found[:-1], float(found[-1])
