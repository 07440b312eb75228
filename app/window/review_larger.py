"""One photo of the review page, as large as there is room: the same keys decide."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QSizeF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.jobs import Jobs, Latest
from app.window.full_picture import Facts, read_facts, read_picture
from app.window.picture_view import PictureView
from app.window.review_model import ReviewModel, Verdict, percent
from app.window.theme import Theme
from app.window.words import isolated
from core.errors import PhotoError, RetrouveError

if TYPE_CHECKING:
    from core.library import Library

_WORDS = {Verdict.WAITING: "", Verdict.ACCEPTED: "accepted", Verdict.REJECTED: "rejected"}


class Larger(QWidget):
    """The thumbnail at once, the whole picture when a worker has read it. Space, Enter and Escape go back."""

    left = Signal()
    walk_asked = Signal(int)
    """To the next photo, 1, or the one before, -1."""

    def __init__(self, model: ReviewModel, lane: Jobs, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("viewer")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Photo, larger")
        self._model, self._lane = model, lane
        self._library: Library | None = None
        self._row = self._photo_id = -1
        self._facts, self._picture = Latest(), Latest()
        self.picture = PictureView(theme)
        self.label, self.title = QLabel(textFormat=Qt.TextFormat.PlainText), QLabel(objectName="quiet")
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        strong = self.label.font()
        strong.setWeight(strong.Weight.DemiBold)
        self.label.setFont(strong)
        self.title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.verdict = QLabel()
        self.place = QLabel(objectName="quiet")
        self.sentence = QLabel(alignment=Qt.AlignmentFlag.AlignCenter, textFormat=Qt.TextFormat.PlainText)
        self.sentence.setWordWrap(True)
        self.sentence.hide()
        bar = QWidget(objectName="stagebar")
        bar.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = QHBoxLayout(bar)
        row.setContentsMargins(16, 8, 16, 8)
        row.setSpacing(14)
        row.addWidget(self.label)
        row.addWidget(self.title, 1)
        row.addWidget(self.verdict)
        row.addWidget(self.place)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(bar)
        column.addWidget(self.picture, 1)
        column.addWidget(self.sentence)
        model.dataChanged.connect(self._on_data_changed)

    def use(self, library: Library) -> None:
        """Read from this library from now on."""
        self._library = library

    def show_row(self, row: int, label: str | None = None) -> None:
        """Show the photo of a row, which may have this label."""
        if label is not None:
            self.label.setText(
                self.fontMetrics().elidedText(isolated(label), Qt.TextElideMode.ElideRight, self._letters(40))
            )
        if self._library is None or not 0 <= row < self._model.rowCount():
            return
        self._row = row
        self._say_verdict()
        if self._photo_id == self._model.photo_id(row):
            return
        self._photo_id = self._model.photo_id(row)
        self.sentence.hide()
        self._picture.drop()
        self._facts.run(self._lane, partial(read_facts, self._library, self._photo_id), self._on_facts, self._on_failed)

    def close_photo(self) -> None:
        """Let go of the picture."""
        self._facts.drop()
        self._picture.drop()
        self.picture.clear()
        self._row = self._photo_id = -1

    def _letters(self, count: int) -> int:
        return self.fontMetrics().horizontalAdvance("x") * count

    def _say_verdict(self) -> None:
        score, verdict = self._model.scores[self._row], Verdict(int(self._model.verdicts[self._row]))
        sure = "" if score != score else f"{percent(float(score))} sure"  # NaN is no number, not even its own
        self.verdict.setText("  ·  ".join(part for part in (sure, _WORDS[verdict]) if part))
        self.place.setText(f"{self._row + 1:,} of {self._model.rowCount():,}")
        self.setAccessibleDescription(f"{self.title.text()} {self.verdict.text()}")

    def _on_data_changed(self, first: object, last: object) -> None:
        if 0 <= self._row < self._model.rowCount() and self.isVisible():
            self._say_verdict()

    def _on_facts(self, facts: Facts | None) -> None:
        if facts is None:
            self.picture.clear()
            self._say("This photo is no longer in the library.")
            return
        name, about = facts.photo.path.name, facts.photo.metadata
        self.title.setText(self.title.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, self.width() // 2))
        self.setAccessibleDescription(f"{name} {self.verdict.text()}")
        if facts.thumbnail is not None and about.width and about.height:
            self.picture.show_preview(QPixmap.fromImage(facts.thumbnail), QSizeF(about.width, about.height))
        else:
            self.picture.clear()
        self._picture.run(self._lane, partial(read_picture, facts.photo), self._on_picture, self._on_failed)

    def _on_picture(self, levels: object) -> None:
        self.picture.show_picture(levels, keep=True)  # type: ignore[arg-type]

    def _on_failed(self, error: RetrouveError) -> None:
        """What there is stays: one can decide by a thumbnail."""
        self._say(
            f"This photo cannot be shown in full: {error.reason}" if isinstance(error, PhotoError) else str(error)
        )

    def _say(self, sentence: str) -> None:
        self.sentence.setText(sentence)
        self.sentence.show()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        keys = Qt.Key
        actions = {
            keys.Key_Escape: self.left.emit,
            keys.Key_Space: self.left.emit,
            keys.Key_Return: self.left.emit,
            keys.Key_Enter: self.left.emit,
            keys.Key_Left: partial(self.walk_asked.emit, -1),
            keys.Key_Up: partial(self.walk_asked.emit, -1),
            keys.Key_Right: partial(self.walk_asked.emit, 1),
            keys.Key_Down: partial(self.walk_asked.emit, 1),
            keys.Key_Plus: partial(self.picture.zoom_by, 1.25),
            keys.Key_Equal: partial(self.picture.zoom_by, 1.25),
            keys.Key_Minus: partial(self.picture.zoom_by, 0.8),
            keys.Key_0: self.picture.fit,
            keys.Key_1: self.picture.actual,
        }
        act = actions.get(Qt.Key(event.key()))
        if act is None or event.modifiers() & ~(Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.ShiftModifier):
            super().keyPressEvent(event)
        else:
            act()
