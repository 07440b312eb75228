"""Look-alikes in a batch: photos that a model takes for each other teach it more than photos that it does not.

A batch of photos that have nothing in common is told apart by a glance (Robinson et al. 2021). Here some of its photos
are followed by others that looked like them to the old model; those that are nearly the same, or are called the same,
are no wrong answers and are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from training.data import Example

MOST = 16
"""Look-alikes of a photo that are remembered: enough for a share of 0.9 with some to spare that are taken already."""
_WANTED = 4 * MOST
MOST_SHARE = 0.9

LookAlikes = tuple[tuple[int, ...], ...]
"""For each photo the numbers of others, the most alike first."""


def look_alikes(examples: Sequence[Example], vectors: NDArray[np.float32], block: int = 1024) -> LookAlikes:
    """Which of some photos look like which: `MOST` others at the most for each. ``vectors`` float32[contents, dim] are
    the old model's, of unit length, and `Example.row` says which is a photo's; a photo without one has no look-alikes.
    None is of the photo's group or has one of its sentences."""
    known = np.array([at for at, one in enumerate(examples) if one.row >= 0], np.int64)
    mine = vectors[[examples[int(at)].row for at in known]] if len(known) else vectors[:0]
    said = [frozenset(text.casefold() for text in one.texts) for one in examples]
    found: list[tuple[int, ...]] = [()] * len(examples)
    most = min(_WANTED, len(known))
    for start in range(0, len(known), block):
        scores = mine[start : start + block] @ mine.T
        some = np.argpartition(-scores, most - 1, axis=1)[:, :most]
        order = np.take_along_axis(some, np.argsort(-np.take_along_axis(scores, some, 1), axis=1, kind="stable"), 1)
        for at, others in zip(known[start : start + block], order, strict=True):
            found[at] = tuple(_other(int(at), known[others], examples, said))
    return tuple(found)


def _other(
    at: int, others: NDArray[np.int64], examples: Sequence[Example], said: Sequence[frozenset[str]]
) -> list[int]:
    kept = [
        int(other)
        for other in others
        if int(other) != at and examples[int(other)].group != examples[at].group and not said[int(other)] & said[at]
    ]
    return kept[:MOST]


def in_company(order: Sequence[int], alike: LookAlikes, share: float) -> list[int]:
    """The same photos, each once, in an order in which a ``share`` of them (0 to `MOST_SHARE`) follow one that they
    look like, as far as there are such left."""
    if not share:
        return list(order)
    share = min(share, MOST_SHARE)
    left = set(order)
    found: list[int] = []
    owed = 0.0
    for at in order:
        if at not in left:
            continue
        left.discard(at)
        found.append(at)
        owed += share / (1 - share)
        for other in alike[at]:
            if owed < 1:
                break
            if other in left:
                left.discard(other)
                found.append(other)
                owed -= 1
        owed = min(owed, MOST)
    return found
