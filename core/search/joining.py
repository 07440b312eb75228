"""Several parts of a question of which each has to hold, where one of them is a learned name.

The vectors of sentences are added up, and a photo that has much of one makes good for having little of another. A name
would then outweigh all else: the photos that it was learned from come first, whatever they show beside it. So a photo
is as good here as the probabilities of all parts, multiplied: once a photo surely shows Biscuit, only the beach counts.
Measured on 21 questions such as "Biscuit in the forest" and 40 photos that show two names (`docs/training.md`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.search.calibration import Calibration
from core.search.seeking import Sought

_SMALLEST = -60.0
"""The logarithm of a probability that counts as none."""


def as_cosines(cosines: NDArray[np.float32], wanted: Sequence[Sought], curve: Calibration) -> NDArray[np.float32]:
    """float32[n]: for the cosines of each part with each photo, float32[parts, n], what a cosine would have to be, read
    with ``curve``, to be as likely as all parts together (the geometric mean, as `judging` has it)."""
    whole = np.zeros(cosines.shape[1])
    heavy = sum(abs(one.weight) for one in wanted)
    for one, row in zip(wanted, cosines, strict=True):
        odds = one.curve.slope * row.astype(np.float64) + one.curve.intercept
        whole += abs(one.weight) / heavy * log_probability(odds if one.weight > 0 else -odds)
    whole = np.clip(whole, _SMALLEST, -1e-12)
    odds = whole - np.log(-np.expm1(whole))
    return np.asarray((odds - curve.intercept) / curve.slope, np.float32)


def log_probability(odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """The logarithm of the probability that goes with log-odds."""
    return np.asarray(-np.logaddexp(0.0, -odds))
