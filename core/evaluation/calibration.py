"""From a cosine to the probability that a photo is what was asked for (Platt 1999).

Raw cosines of a CLIP-style model say little by themselves: 0.3 may be a perfect match. A logistic map through matches
and mismatches of photos that were never trained on makes them honest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PRIOR = 0.05
"""How many of the photos that a query is compared with are taken to match it, before anything is known."""


@dataclass(frozen=True, slots=True)
class Logistic:
    """``1 / (1 + exp(-(slope * cosine + intercept)))``."""

    slope: float
    intercept: float

    def __call__(self, cosines: NDArray[np.float64]) -> NDArray[np.float64]:
        """Cosines to probabilities of a match, 0 to 1, in the same shape."""
        probabilities: NDArray[np.float64] = 1 / (1 + np.exp(-(self.slope * cosines + self.intercept)))
        return probabilities


def fit(
    matches: NDArray[np.floating], mismatches: NDArray[np.floating], *, prior: float = PRIOR, rounds: int = 100
) -> Logistic:
    """Fit the map to cosines of pairs that match and of pairs that do not, by Newton's method.

    Matches weigh ``prior`` of the whole, however many there are of each kind; Platt's softened targets and a slight
    pull towards flat keep the fit finite where the two kinds do not overlap. Raises ValueError without pairs of both.
    """
    if not len(matches) or not len(mismatches):
        raise ValueError("calibration needs pairs that match and pairs that do not")
    cosines = np.concatenate([matches, mismatches]).astype(np.float64)
    target = np.concatenate(
        [np.full(len(matches), 1 - 1 / (len(matches) + 2)), np.full(len(mismatches), 1 / (len(mismatches) + 2))]
    )
    weight = np.concatenate(
        [np.full(len(matches), prior / len(matches)), np.full(len(mismatches), (1 - prior) / len(mismatches))]
    )
    inputs = np.stack([cosines, np.ones_like(cosines)], axis=1)
    found = np.array([1.0, np.log(prior / (1 - prior))])
    for _ in range(rounds):
        rate = 1 / (1 + np.exp(-np.clip(inputs @ found, -50, 50)))
        gradient = inputs.T @ (weight * (rate - target)) + np.array([1e-6 * found[0], 0.0])
        curvature = (inputs * (weight * np.maximum(rate * (1 - rate), 1e-9))[:, None]).T @ inputs
        step = np.linalg.solve(curvature + np.diag([1e-6, 1e-12]), gradient)
        # A full step may overshoot far from the answer: no parameter moves by more than ten at once.
        found -= step * min(1.0, 10.0 / float(np.abs(step).max() + 1e-12))
        if np.abs(step).max() < 1e-9:
            break
    return Logistic(float(found[0]), float(found[1]))
