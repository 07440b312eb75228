"""The chips under the search field: how the query was understood, a chip a part, each of which can be taken out."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from types import MappingProxyType

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QWidget

from app.window.flow import Flow
from app.window.icons import icon
from app.window.pieces import Part, Tone
from app.window.theme import Theme

MOST = 40
"""Chips at the most: whoever pastes a page gets these, and a word about the rest."""
PAUSE = 700
"""Milliseconds of quiet after a key before what is being typed is called wrong, and the row of chips may shrink."""

_ICONS = MappingProxyType(
    {
        Tone.WORDS: ("search", "muted"),
        Tone.LIKE: ("similar", "accent"),
        Tone.WEIGHT: ("weight", "accent"),
        Tone.WITHOUT: ("without", "danger"),
        Tone.FILTER: ("filter", "accent"),
        Tone.EITHER: ("either", "accent"),
        Tone.MISREAD: ("warning", "danger"),
    }
)
"""The icon of each tone, and the colour of `Theme` that it is drawn in."""

_STEPS = MappingProxyType({Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Home: -MOST, Qt.Key.Key_End: MOST})


class PieceChip(QFrame):
    """One part of the query. A click selects its text in the field, the cross takes it out.

    By keyboard: Enter and Space for the one, Delete and Backspace for the other, the arrows to the chips beside.
    """

    edit_asked = Signal()
    removed = Signal()
    walked = Signal(int)
    """How many chips to the right, negative to the left."""
    left = Signal()
    """Escape, or Up: back to the field."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("piece")
        self._theme = theme
        self._part: Part | None = None
        self._room = 0
        self.body = _Body(self)
        self.cross = QToolButton()
        self.cross.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.cross.setToolTip("Take this out (Delete)")
        row = QHBoxLayout(self)
        row.setContentsMargins(3, 0, 2, 0)
        row.setSpacing(0)
        row.addWidget(self.body)
        row.addWidget(self.cross)
        self.body.clicked.connect(self.edit_asked)
        self.body.key_pressed.connect(self._on_key)
        self.cross.clicked.connect(self.removed)
        theme.changed.connect(self._tint)

    @property
    def part(self) -> Part:
        """What it shows."""
        assert self._part is not None
        return self._part

    def show_part(self, part: Part) -> None:
        """Show this part from now on."""
        known, self._part = self._part, part
        if known is not None and (known.says, known.tone) == (part.says, part.tone):
            return
        self.setProperty("tone", str(part.tone))
        self.style().unpolish(self)
        self.style().polish(self)
        self.setToolTip(f"<p>{escape(part.says)}</p>")
        self.body.setAccessibleName(part.says)
        self.body.setAccessibleDescription("Part of the search. Enter selects it in the field, Delete takes it out.")
        self.cross.setAccessibleName(f"Take out: {part.says}")
        self._room = 0
        self._tint()

    def fit(self, room: int) -> None:
        """Say it all, or, in the room that there is, as much as fits."""
        if room == self._room:
            return
        self._room = room
        self._say(self.part.says)
        over = self.sizeHint().width() - room
        if over > 0:
            metrics = self.body.fontMetrics()
            left = metrics.horizontalAdvance(self.part.says) - over
            self._say(metrics.elidedText(self.part.says, Qt.TextElideMode.ElideRight, max(left, 1)))

    def _say(self, words: str) -> None:
        self.body.setText(words.replace("&", "&&"))

    def _tint(self) -> None:
        if self._part is None:
            return
        size = self.fontMetrics().height()
        name, colour = _ICONS[self._part.tone]
        self.body.setIcon(icon(name, self._theme.colour(colour), size))
        self.body.setIconSize(QSize(size, size))
        self.cross.setIcon(icon("clear", self._theme.colour("muted"), size - 3))
        self.cross.setIconSize(QSize(size - 3, size - 3))

    def _on_key(self, key: Qt.Key) -> None:
        if key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.removed.emit()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.edit_asked.emit()
        elif key in (Qt.Key.Key_Escape, Qt.Key.Key_Up):
            self.left.emit()
        else:
            self.walked.emit(_STEPS[key])


class _Body(QPushButton):
    """The part of a chip that has the focus."""

    key_pressed = Signal(object)
    """Qt.Key: one that means something to a chip."""

    _KEYS = frozenset(
        (
            *(Qt.Key.Key_Delete, Qt.Key.Key_Backspace, Qt.Key.Key_Return, Qt.Key.Key_Enter),
            *(Qt.Key.Key_Escape, Qt.Key.Key_Up),
            *_STEPS,
        )
    )

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in self._KEYS:
            self.key_pressed.emit(Qt.Key(event.key()))
        else:
            super().keyPressEvent(event)


class ChipBar(Flow):
    """The chips, in the order of the query. Empty, and of no height, where the query is nothing but plain words.

    While somebody types, the row grows at once but shrinks only after a pause, so that the photos below do not jump
    at every key; and the part at the cursor is not called wrong before that pause: it may just not be all there yet.
    """

    edit_asked = Signal(object)
    """Part: its text is to be selected in the field."""
    removed = Signal(object)
    """Part: it is to be taken out of the query."""
    left = Signal()
    """Back to the field."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._chips: list[PieceChip] = []
        self._parts: tuple[Part, ...] = ()
        self._more = QLabel(self)
        self._more.setObjectName("quiet")
        self._more.hide()
        self._pause = QTimer(self, singleShot=True, interval=PAUSE)
        self._pause.timeout.connect(self._on_pause)
        self.setAccessibleName("How the search was understood")

    @property
    def parts(self) -> tuple[Part, ...]:
        """What the chips show."""
        return tuple(chip.part for chip in self.chips)

    @property
    def chips(self) -> list[PieceChip]:
        """The chips, in order."""
        return [item for item in self.items if isinstance(item, PieceChip)]

    def show_parts(self, parts: Sequence[Part], cursor: int | None = None) -> None:
        """Show these. ``cursor``: where in the text somebody types just now; None where nobody does."""
        self._parts = tuple(parts)
        if cursor is None:
            self._on_pause()
            return
        self.hold()
        shown = [part for part in parts if not (part.wrong and _is_at(part, cursor))]
        if len(shown) < len(parts) and all(part.tone is Tone.WORDS for part in shown):
            shown = []  # Plain words beside nothing else need no explanation.
        self._show(shown)
        self._pause.start()

    def clear(self) -> None:
        """Nothing is asked: no chips."""
        self.show_parts(())

    def _on_pause(self) -> None:
        self._pause.stop()
        self._show(self._parts)
        self.let_go()

    def _show(self, parts: Sequence[Part]) -> None:
        shown = parts[:MOST]
        while len(self._chips) < len(shown):
            self._chips.append(self._new_chip())
        for chip, part in zip(self._chips, shown, strict=False):
            chip.show_part(part)
        self._more.setText(f"and {len(parts) - MOST:,} more")
        self.put([*self._chips[: len(shown)], *([self._more] if len(parts) > MOST else [])])

    def _new_chip(self) -> PieceChip:
        chip = PieceChip(self._theme, self.widget())
        chip.edit_asked.connect(lambda: self.edit_asked.emit(chip.part))
        chip.removed.connect(lambda: self._on_removed(chip))
        chip.walked.connect(lambda step: self._walk(chip, step))
        chip.left.connect(self.left)
        return chip

    def _on_removed(self, chip: PieceChip) -> None:
        """Whoever walks through the chips by keyboard goes on at the one that takes its place."""
        place = self.chips.index(chip)
        walking = chip.body.hasFocus()
        self.removed.emit(chip.part)
        if not walking:
            return
        if self.chips:
            self._go_to(min(place, len(self.chips) - 1))
        else:
            self.left.emit()

    def _walk(self, chip: PieceChip, step: int) -> None:
        self._go_to(max(0, min(len(self.chips) - 1, self.chips.index(chip) + step)))

    def _go_to(self, place: int) -> None:
        chip = self.chips[place]
        chip.body.setFocus(Qt.FocusReason.TabFocusReason)
        self.ensureWidgetVisible(chip)


def _is_at(part: Part, cursor: int) -> bool:
    return any(first <= cursor <= last for first, last in part.places)
