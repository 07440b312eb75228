"""The photos of one label that are being reviewed: how sure each suggestion is, and what was decided of it just now."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, Qt

from app.window.photo_model import PhotoModel, Role
from app.window.thumbnails import Thumbnails
from core.tagging.types import State

Ids = NDArray[np.int64]
AnyIndex = QModelIndex | QPersistentModelIndex

SCORE = Qt.ItemDataRole.UserRole + 20
"""The probability of a suggestion, 0 to 1; None where none was calculated."""


class Verdict(IntEnum):
    """What is decided of a photo. One that is decided stays where it is until the label is shown anew."""

    WAITING = 0
    ACCEPTED = 1
    REJECTED = 2


VERDICTS = {State.SUGGESTED: Verdict.WAITING, State.ACCEPTED: Verdict.ACCEPTED, State.REJECTED: Verdict.REJECTED}
_SAID = {Verdict.WAITING: "waits", Verdict.ACCEPTED: "accepted", Verdict.REJECTED: "rejected"}


class ReviewModel(PhotoModel):
    """Beside the ids, float64[n] of scores (NaN: none) and int8[n] of verdicts: 17 bytes a photo."""

    def __init__(self, thumbnails: Thumbnails, parent: QObject | None = None) -> None:
        super().__init__(thumbnails, parent)
        self.scores: NDArray[np.float64] = np.zeros(0)
        self.verdicts: NDArray[np.int8] = np.zeros(0, np.int8)

    def show_suggestions(self, ids: Ids, scores: NDArray[np.float64], verdicts: NDArray[np.int8]) -> None:
        """Show these photos: int64[n], and what is known of each."""
        self.scores, self.verdicts = scores, verdicts.copy()
        self.show_photos(ids)

    def rows_of(self, photo_ids: Ids) -> NDArray[np.int64]:
        """The rows of those of the photos that are shown, from the top."""
        return np.flatnonzero(np.isin(self.ids, photo_ids))

    def decide(self, rows: NDArray[np.int64], verdict: Verdict) -> None:
        """What was decided of some rows. No photo moves."""
        if len(rows):
            self.verdicts[rows] = verdict
            self.dataChanged.emit(self.index(int(rows.min())), self.index(int(rows.max())))

    def waiting_above(self, line: float) -> NDArray[np.int64]:
        """The rows that wait, and are at least as sure as ``line``."""
        return np.flatnonzero((self.verdicts == Verdict.WAITING) & (self.scores >= line))

    def count(self, verdict: Verdict) -> int:
        """How many photos have this verdict."""
        return int(np.count_nonzero(self.verdicts == verdict))

    def next_waiting(self, row: int) -> int | None:
        """The first row after ``row`` that waits; the first of all where none comes after it."""
        waiting = np.flatnonzero(self.verdicts == Verdict.WAITING)
        if not len(waiting):
            return None
        after = int(np.searchsorted(waiting, row, side="right"))
        return int(waiting[after if after < len(waiting) else 0])

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: D102
        row = index.row()
        if not 0 <= row < len(self.verdicts):
            return None
        if role == Role.MARK:
            verdict = self.verdicts[row]
            return None if verdict == Verdict.WAITING else bool(verdict == Verdict.ACCEPTED)
        if role == SCORE:
            score = float(self.scores[row])
            return None if np.isnan(score) else score
        return super().data(index, role)

    def _spoken(self, row: int, name: str) -> str:
        """A tile in words, for screen readers."""
        score = self.scores[row]
        sure = "" if np.isnan(score) else f", {percent(score)} sure"
        return f"{name}{sure}, {_SAID[Verdict(int(self.verdicts[row]))]}"


def percent(score: float) -> str:
    """``97%``. Nothing is quite certain: what rounds to a hundred is 99."""
    return f"{min(99, int(score * 100 + 0.5))}%"
