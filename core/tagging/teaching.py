"""Which photos teach most: those of which the model is least sure, and which are unlike each other.

Uncertainty sampling (Lewis and Gale 1994, "A sequential algorithm for training text classifiers") asks about what is
nearest to one half. Alone it asks about a dozen photos of one moment, whose answers are one answer; so a photo counts
for less the nearer it is to one that is asked about already (Brinker 2003, "Incorporating diversity in active learning
with support vector machines").
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SPREAD = 200
"""Photos that are chosen one by one: more than a person decides on before the model learns from it."""
AMONG = 3000
"""The most uncertain photos, from which those are chosen."""


def teaching_order(sure: NDArray[np.float64], vectors: NDArray[np.float32]) -> NDArray[np.int64]:
    """Places in ``sure``, what teaches most first: int64[n].

    ``sure`` (n) are probabilities under the model of now, ``vectors`` (n, dim) unit vectors of the photos.
    """
    doubt = 1 - 2 * np.abs(sure - 0.5)
    order = np.argsort(-doubt, kind="stable")
    near = order[:AMONG]
    mine, left = vectors[near], doubt[near] + 1e-3
    apart = np.full(len(near), 2.0)
    chosen: list[int] = []
    open_ = np.ones(len(near), np.bool_)
    for _ in range(min(SPREAD, len(near))):
        place = int(np.argmax(np.where(open_, left * apart, -1.0)))
        chosen.append(place)
        open_[place] = False
        np.minimum(apart, np.clip(1.0 - mine @ mine[place], 0.0, 2.0), out=apart)
    return np.concatenate((near[chosen], near[open_], order[AMONG:])).astype(np.int64)
