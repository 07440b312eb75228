"""From a cosine to the probability of a match: a logistic curve, fitted for each model on pairs that are known.

Platt, "Probabilistic outputs for support vector machines" (1999). The text and the image tower of a CLIP model put
their vectors in different corners of the space, so a photo is much nearer to every other photo than to any sentence:
the two kinds of comparison need a curve each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray


class Calibration(Protocol):
    """match = 1 / (1 + exp(-(slope * cosine + intercept))); strong from ``line`` on, a probability between 0 and 1."""

    @property
    def slope(self) -> float:
        """By how much the log-odds grow with the cosine."""
        ...

    @property
    def intercept(self) -> float:
        """The log-odds at cosine 0."""
        ...

    @property
    def line(self) -> float:
        """The probability from which a match counts as strong."""
        ...


@dataclass(frozen=True, slots=True)
class Curve:
    """A calibration of ours; see ``Calibration``."""

    slope: float
    intercept: float
    line: float


def match(cosines: ArrayLike, curve: Calibration) -> NDArray[np.float64]:
    """The probability (0 to 1) that what has this cosine is what was asked for."""
    odds = curve.slope * np.asarray(cosines, np.float64) + curve.intercept
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(odds, -700.0, 700.0))))


def cosine_at(probability: float, curve: Calibration) -> float:
    """The cosine from which a match is at least as likely as this (0 to 1, both left out)."""
    return float((np.log(probability / (1.0 - probability)) - curve.intercept) / curve.slope)
