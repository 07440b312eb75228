"""Bursts: photos of one folder that follow each other within seconds and look nearly the same.

A pure function of times, folders and vectors; what it needs of the catalogue and of the vectors is `grouping`'s.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

WITHIN = 3
"""Seconds between two photos of a burst that follow each other, at the most."""
ALIKE = 0.9
"""The cosine of two such photos, at the least."""
STEPS = 8
"""How many photos ahead the next of a burst is looked for: other cameras may have shot in between."""

Ids = NDArray[np.int64]
Cosines = Callable[[Ids], NDArray[np.float32]]
"""Tells for pairs of places, int64[m, 2], how alike the photos look: float32[m]."""


def find(ids: Ids, folders: Ids, seconds: Ids, timed: NDArray[np.bool_], cosines: Cosines) -> Ids:
    """int64[n]: for each photo the place of the first of its burst, in the order given; its own where it is in none.

    ``ids, folders, seconds`` are int64[n]; a photo whose time of day is not known (``timed``, bool[n]) is in no burst.
    Photos of one second follow each other by their ids. ``cosines`` is asked a few times, for a pair at most once.
    """
    walk = np.flatnonzero(timed)
    walk = walk[np.lexsort((ids[walk], seconds[walk], folders[walk]))]
    label = _joined(len(walk), _links(walk, folders, seconds, cosines))
    first = np.full(len(walk), len(ids))
    np.minimum.at(first, label, walk)
    leads = np.arange(len(ids))
    leads[walk] = first[label]
    return leads


def _links(walk: Ids, folders: Ids, seconds: Ids, cosines: Cosines) -> Ids:
    """int64[2, m]: steps of the walk that belong together, each photo with the next one that looks like it.

    That is enough: what looks like that one in its turn is linked by it.
    """
    found = []
    left = np.arange(len(walk))
    for step in range(1, STEPS + 1):
        left = left[: np.searchsorted(left, len(walk) - step)]
        here, there = walk[left], walk[left + step]
        # In a walk by time, what is too late now is too late from here on.
        near = (folders[here] == folders[there]) & (seconds[there] - seconds[here] <= WITHIN)
        left = left[near]
        if not len(left):
            break
        alike = cosines(np.stack((here[near], there[near]), axis=1)) >= ALIKE
        found.append(np.stack((left[alike], left[alike] + step)))
        left = left[~alike]
    return np.concatenate(found, axis=1) if found else np.empty((2, 0), np.int64)


def _joined(count: int, links: Ids) -> Ids:
    """int64[count]: the same number for all that hang together, the lowest of their own.

    Each turn doubles how far a number travels, so that a burst of a thousand takes ten.
    """
    label = np.arange(count)
    while True:
        before = label.copy()
        lowest = label[links].min(axis=0)
        for end in links:
            np.minimum.at(label, end, lowest)
        label = label[label]
        if np.array_equal(label, before):
            return label
