"""Answers that a person called right or wrong move the next answer: relevance feedback (Rocchio 1971).

A photo that looks like one of the right answers becomes likelier, one that looks like a wrong answer less so. What was
asked for still counts: marks add to its odds. A marked photo itself is a good match, or none, whatever it looks like.
Nothing is kept; without the marks the answer is as it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.catalog import photos
from core.catalog.connection import Catalog
from core.search import calibration
from core.search.asking import Vector
from core.search.calibration import Calibration
from core.search.exact import ExactIndex
from core.search.fusion import Odds
from core.types import Marks

PULL = 4.0
"""Log-odds for a photo that is surely of the kind of a marked one."""


@dataclass(frozen=True, slots=True, eq=False)
class Pulls:
    """The marked photos' vectors, each of unit length: the first ``right`` of them are right answers.

    ``called`` says of each marked content whether it is right.
    """

    vectors: Sequence[Vector]
    right: int
    called: Mapping[int, bool]

    def odds(self, cosines: NDArray[np.float32], curve: Calibration) -> Odds:
        """What the marks add to the log-odds of photos: float64[n], from their cosines with each mark,
        float32[marks, n]. Of several marks of a kind the nearest counts."""
        alike = calibration.match(cosines, curve)
        moved = np.zeros(cosines.shape[1], np.float64)
        if self.right:
            moved += PULL * alike[: self.right].max(axis=0)
        if len(alike) > self.right:
            moved -= PULL * alike[self.right :].max(axis=0)
        return moved


def pulls(catalog: Catalog, exact: ExactIndex, marks: Marks) -> Pulls | None:
    """The vectors of the marked photos; those that are gone, or not encoded, are left out. None without any."""
    with catalog.read() as db:
        right = {photo.content_id for photo in photos.by_ids(db, marks.right)}
        wrong = {photo.content_id for photo in photos.by_ids(db, marks.wrong)} - right
    vectors: list[Vector] = []
    counts = []
    for some in (right, wrong):
        _, found = exact.vectors(np.array(sorted(some), np.int64))
        vectors += list(found)
        counts.append(len(found))
    called = dict.fromkeys(wrong, False) | dict.fromkeys(right, True)
    return Pulls(vectors, counts[0], called) if vectors else None
