"""The photos that a label would get, while it is being written: surest first, each with its probability."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, Qt, QTimer
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QLabel, QStackedWidget, QStyleOptionViewItem, QVBoxLayout, QWidget

from app.jobs import Jobs, Latest
from app.window.grid_layout import Section
from app.window.laid import Laid
from app.window.photo_delegate import PhotoDelegate
from app.window.photo_grid import PhotoGrid
from app.window.photo_model import PhotoModel, Role
from app.window.tagging import Tagging
from app.window.theme import Theme
from app.window.thumbnails import Thumbnails
from app.window.words import count_of, isolated
from core.errors import RetrouveError
from core.tagging.types import Label, LabelList, Suggestion

if TYPE_CHECKING:
    from core.tagging import Tagging as CoreTagging

SOON = 180
"""Milliseconds after the last key before the photos are asked for."""
MOST = 60
"""Photos that are shown."""
SIDE = 116
"""Pixels of a tile."""
_SHADE = QColor(12, 14, 16, 190)


class ScoreDelegate(PhotoDelegate):
    """A tile with its probability in the corner."""

    def __init__(self, thumbnails: Thumbnails, theme: Theme, parent: QWidget) -> None:
        super().__init__(thumbnails, theme, parent)
        self.scores: dict[int, float] = {}
        """The probability of each photo, by its id."""

    def paint(  # noqa: D102
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().paint(painter, option, index)
        score = self.scores.get(index.data(Role.PHOTO_ID))
        if score is None:
            return
        words, font = f"{score:.0%}", QFont(option.font)
        font.setWeight(QFont.Weight.DemiBold)
        metrics = QFontMetrics(font)
        height = metrics.height() + 2
        width = metrics.horizontalAdvance(words) + 12
        box = QRect(option.rect.right() - width - 5, option.rect.top() + 6, width, height)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(_SHADE)
        painter.drawRoundedRect(box, height / 2, height / 2)
        painter.setPen(QColor("#ffffff"))
        painter.setFont(font)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)
        painter.restore()


class LabelPreview(QWidget):
    """Asks for the photos of a label a moment after the last key, and shows those of the newest label alone."""

    def __init__(self, tagging: Tagging, lane: Jobs, thumbnails: Thumbnails, theme: Theme) -> None:
        super().__init__()
        self._tagging, self._lane = tagging, lane
        self._asked: tuple[Label, LabelList] | None = None
        self._answer = Latest()
        self._thumbnails = thumbnails
        self.model = PhotoModel(self._thumbnails, self)
        self.grid = PhotoGrid(self.model, self._thumbnails, theme)
        self.grid.setAccessibleName("Photos that the label would get")
        self.grid.setAccessibleDescription("")
        self.grid.setDragEnabled(False)
        self.grid.set_side(SIDE)
        self._delegate = ScoreDelegate(self._thumbnails, theme, self.grid)
        self.grid.setItemDelegate(self._delegate)
        self.words = QLabel(textFormat=Qt.TextFormat.PlainText, wordWrap=True, objectName="quiet")
        self.words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.words.setMargin(20)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.words)
        self.pages.addWidget(self.grid)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.pages)
        self._soon = QTimer(self, singleShot=True, interval=SOON)
        self._soon.timeout.connect(self._ask)
        self.show_label(None, None)

    def show_label(self, label: Label | None, labels: LabelList | None) -> None:
        """Show the photos that a label of a list would get, soon; without a label, what there is to do."""
        if label is None or labels is None or not label.name:
            self._asked = None
            self._soon.stop()
            self._answer.drop()
            self._say("Type a label, or choose one: the photos that it would get appear here.")
            return
        if self._asked != (label, labels):
            self._asked = (label, labels)
            if self.pages.currentWidget() is self.words:
                self._say(f"Looking for the photos that “{isolated(label.name)}” would get…")
            self._soon.start()

    def has_picture(self, row: int) -> bool:
        """Whether the picture of a row has arrived."""
        return self._thumbnails.pixmap(self.model.photo_id(row)) is not None

    def ask_again(self) -> None:
        """What a label would get may have changed."""
        if self._asked is not None:
            self._soon.start()

    def _ask(self) -> None:
        library = self._tagging.library
        if self._asked is None or library is None:
            return
        label, labels = self._asked
        self._thumbnails.use(library)
        self._answer.run(
            self._lane,
            lambda: _preview(library.tagging, label, labels),
            partial(self._on_answer, label),
            partial(self._on_failed, label),
        )

    def _on_answer(self, label: Label, answer: tuple[tuple[Suggestion, ...], float]) -> None:
        found, line = answer
        if not found:
            self._say(f"No photo would get “{isolated(label.name)}”.")
            return
        sure = sum(one.score >= line for one in found)
        ids = np.array([one.photo_id for one in found], np.int64)
        self._delegate.scores = {one.photo_id: one.score for one in found}
        sections = _sections(label, found, sure)
        same = np.array_equal(ids, self.model.ids)
        self.model.show(Laid(ids, (), sections))
        self.grid.set_sections(sections)
        if not same:
            self.grid.verticalScrollBar().setValue(0)
        self.pages.setCurrentWidget(self.grid)

    def _on_failed(self, label: Label, error: RetrouveError) -> None:
        self._say(f"What “{label.name}” would get cannot be shown: {error}")

    def _say(self, words: str) -> None:
        self.words.setText(words)
        self.pages.setCurrentWidget(self.words)


def _preview(core: CoreTagging, label: Label, labels: LabelList) -> tuple[tuple[Suggestion, ...], float]:
    """In a worker thread: the surest photos, and from which probability on they would be suggested."""
    return core.suggester.preview(label, labels, MOST), core.suggester.line


def _sections(label: Label, found: Sequence[Suggestion], sure: int) -> tuple[Section, ...]:
    if not sure:
        return (Section(0, len(found), f"“{isolated(label.name)}” would get none of them", "the nearest photos"),)
    more = " or more" if sure == MOST else ""
    first = Section(0, sure, f"“{isolated(label.name)}” would get these", f"{count_of(sure, 'photo')}{more}")
    rest = len(found) - sure
    return (first, Section(sure, rest, "Not sure enough", "", ruled=True)) if rest else (first,)
