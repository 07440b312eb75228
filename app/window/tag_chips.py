"""The tags of one photo as chips: accepted, suggested and rejected ones look different, and not by colour alone."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QSizePolicy, QToolButton, QWidget

from app.window.flow import Flow
from app.window.icons import icon
from app.window.words import isolated
from core.tagging.types import Source, State, Tag

_ICON = 14
_SIGNS = {State.ACCEPTED: "check", State.SUGGESTED: "question", State.REJECTED: "cross"}


class TagChip(QFrame):
    """One tag. Accepted: a check and a full edge. Suggested: a question mark, its probability and a dashed edge, with a
    button for yes and one for no. Rejected: a cross, and the name struck through."""

    search_asked = Signal(object)
    accept_asked = Signal(object)
    reject_asked = Signal(object)
    clear_asked = Signal(object)
    """Each with the Tag."""

    def __init__(self, tag: Tag, ink: QColor, *, can_change: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("tag")
        self.tag = tag
        self.setProperty("state", tag.state.value)
        self.body = QPushButton()
        self.body.setIcon(icon(_SIGNS[tag.state], ink, _ICON))
        self.body.setIconSize(QSize(_ICON, _ICON))
        self.body.clicked.connect(lambda: self.search_asked.emit(tag))
        font = self.body.font()
        font.setStrikeOut(tag.state is State.REJECTED)
        font.setWeight(QFont.Weight.DemiBold if tag.state is State.ACCEPTED else QFont.Weight.Normal)
        self.body.setFont(font)
        self.body.setToolTip(_about(tag))
        self.body.setAccessibleName(_spoken(tag))
        self._percent = f" {tag.score:.0%}" if tag.state is State.SUGGESTED and tag.score is not None else ""
        row = QHBoxLayout(self)
        row.setContentsMargins(2, 1, 2, 1)
        row.setSpacing(0)
        row.addWidget(self.body)
        self.buttons: dict[str, QToolButton] = {}
        if can_change:
            if tag.state is State.SUGGESTED:
                row.addWidget(self._button("check", ink, f"Accept {isolated(tag.label)} (A)", self.accept_asked))
                row.addWidget(self._button("cross", ink, f"Reject {isolated(tag.label)} (X)", self.reject_asked))
            elif tag.state is State.ACCEPTED:
                typed = tag.source is Source.USER and tag.score is None
                words = (
                    f"Take {isolated(tag.label)} away" if typed else f"Take {isolated(tag.label)} away: it is not so"
                )
                row.addWidget(self._button("clear", ink, words, self.clear_asked if typed else self.reject_asked))
            else:
                row.addWidget(
                    self._button("undo", ink, f"Forget that {isolated(tag.label)} was rejected", self.clear_asked)
                )
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.fit(10_000)

    def fit(self, room: int) -> None:
        """Be no wider than ``room`` pixels."""
        around = sum(button.sizeHint().width() for button in self.buttons.values()) + _ICON + 34
        words = self.body.fontMetrics()
        name = words.elidedText(
            isolated(self.tag.label),
            Qt.TextElideMode.ElideRight,
            max(40, min(room - around, words.averageCharWidth() * 40) - words.horizontalAdvance(self._percent)),
        )
        # An ampersand would be taken for the mark of a key.
        self.body.setText((name + self._percent).replace("&", "&&"))

    def _button(self, name: str, ink: QColor, words: str, asked: object) -> QToolButton:
        button = QToolButton()
        button.setIcon(icon(name, ink, _ICON))
        button.setIconSize(QSize(_ICON, _ICON))
        button.setToolTip(words)
        button.setAccessibleName(words.partition(" (")[0])
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(lambda _checked=False: asked.emit(self.tag))  # type: ignore[attr-defined]
        self.buttons[name] = button
        return button

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """On a chip that has the focus: A, X or Delete decide on it, Enter searches."""
        key, keys = Qt.Key(event.key()), Qt.Key
        if event.modifiers() or not self.buttons:
            super().keyPressEvent(event)
        elif key == keys.Key_A and self.tag.state is not State.ACCEPTED:
            self.accept_asked.emit(self.tag)
        elif key in (keys.Key_X, keys.Key_Delete) and self.tag.state is not State.REJECTED:
            next(iter(reversed(self.buttons.values()))).click()
        elif key in (keys.Key_Return, keys.Key_Enter):
            self.search_asked.emit(self.tag)
        elif key not in (keys.Key_A, keys.Key_X, keys.Key_Delete):  # decided already: the viewer would take another tag
            super().keyPressEvent(event)


class TagChips(Flow):
    """All tags of a photo: what waits for a decision first, the surest at the front; what was rejected last."""

    search_asked = Signal(object)
    accept_asked = Signal(object)
    reject_asked = Signal(object)
    clear_asked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Tags")
        self._tags: tuple[Tag, ...] = ()
        self._made: tuple[object, ...] = ()

    @property
    def chips(self) -> list[TagChip]:
        """The chips, in order."""
        return [item for item in self.items if isinstance(item, TagChip)]

    def show_tags(self, tags: Sequence[Tag], ink: QColor, *, can_change: bool, more: Sequence[QWidget] = ()) -> None:
        """Show these, and after them the widgets ``more``."""
        ordered = tuple(sorted(tags, key=_place))
        made = (ordered, ink.name(), can_change)
        if made == self._made:
            return
        self._tags, self._made = ordered, made
        old, chips = self.chips, []
        for tag in ordered:
            chip = TagChip(tag, ink, can_change=can_change)
            for name in ("search_asked", "accept_asked", "reject_asked", "clear_asked"):
                getattr(chip, name).connect(getattr(self, name))
            chips.append(chip)
        self.put([*chips, *more])
        for chip in old:
            chip.deleteLater()

    def first_waiting(self) -> Tag | None:
        """The suggestion that the keys decide on: the surest."""
        return next((tag for tag in self._tags if tag.state is State.SUGGESTED), None)


def _place(tag: Tag) -> tuple[int, float, str]:
    order = {State.SUGGESTED: 0, State.ACCEPTED: 1, State.REJECTED: 2}
    score = -(tag.score or 0.0) if tag.state is State.SUGGESTED else 0.0
    return order[tag.state], score, tag.label.casefold()


def _about(tag: Tag) -> str:
    """Where a tag comes from, in words."""
    who = {Source.AUTO: "by Retrouve", Source.USER: "by you", Source.FILE: "as the photo's file says"}[tag.source]
    if tag.state is State.SUGGESTED:
        sure = f", {tag.score:.0%} sure" if tag.score is not None else ""
        return f"Suggested {who}{sure}. Click to search for {isolated(tag.label)}."
    return f"{tag.state.value.capitalize()} {who}. Click to search for {isolated(tag.label)}."


def _spoken(tag: Tag) -> str:
    sure = f", {tag.score:.0%}" if tag.state is State.SUGGESTED and tag.score is not None else ""
    return f"{isolated(tag.label)}, {tag.state.value}{sure}"
