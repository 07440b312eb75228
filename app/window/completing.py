"""Completion in the search field: a list under it while a key or a value is typed. The field keeps the focus."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QKeyEvent
from PySide6.QtWidgets import QWidget

from app.window.search_field import SearchField
from app.window.suggestions import SuggestionList
from app.window.theme import Theme
from core.search.grammar import KEYS, All, Any, Without, pieces

if TYPE_CHECKING:
    from core.search.completing import Completion

KEY_LETTERS, NAME_LETTERS = 2, 3
"""Letters of a plain word to type before a key is offered, or a name that the library knows: fewer begin anything."""
FEW = 5
"""Rows for a plain word: it is searched for as it stands, and its photos are to be seen."""


class Completing(QObject):
    """Asks for completions as somebody types, shows them, and puts the chosen one into the field.

    Tab takes the chosen row, or the first; Enter the chosen one, and with none it searches as ever; the arrows choose;
    Escape closes the list; Ctrl+Space opens it anywhere. An answer to anything but what stands in the field now is
    dropped.
    """

    wanted = Signal(str, int)
    """What stands in the field, and where the cursor is: ``answer`` is to be called with what completes it."""
    dropped = Signal()
    """Nothing is wanted any more."""

    def __init__(self, field: SearchField, theme: Theme, window: QWidget) -> None:
        super().__init__(field)
        self._field = field
        self.list = SuggestionList(theme, window)
        self._asked: tuple[str, int] | None = None
        self._shown: tuple[str, int] | None = None
        """What the rows on show complete: an older text, where the answer for the newest is still on its way."""
        self._forced = False
        self._take_first = False
        field.edit.installEventFilter(self)
        field.installEventFilter(self)
        field.edit.textEdited.connect(self._on_edited)
        field.edit.textChanged.connect(self._on_moved)
        field.edit.cursorPositionChanged.connect(self._on_moved)
        self.list.chosen.connect(self._take)

    def ask(self, *, forced: bool = False) -> None:
        """Ask what completes the text at the cursor. ``forced``: somebody asked for it, so that all is shown."""
        self._asked = self._now()
        self._forced, self._take_first = forced, False
        self.list.go_to(-1)
        if self._asked[0].strip() or forced:
            self.wanted.emit(*self._asked)
        else:
            self.close()

    def answer(self, text: str, cursor: int, found: Sequence[Completion]) -> None:
        """What completes ``text`` at ``cursor``; dropped where the field has moved on."""
        if (text, cursor) != self._asked or self._asked != self._now() or not self._field.edit.hasFocus():
            return
        rows = self._of_use(found, text, cursor)
        if not rows:
            self.close()
            return
        self._shown = self._asked
        self.list.show_under(self._field, rows)
        if any(":" in text[one.start : cursor] for one in rows):
            self._field.wait_longer()
        if self._take_first:
            self._take(0)
        else:
            self._announce("1 suggestion" if len(rows) == 1 else f"{len(rows)} suggestions")

    def close(self) -> None:
        """Close the list, and forget what was asked."""
        self._asked = self._shown = None
        self._take_first = False
        self.list.hide()
        self.dropped.emit()

    def _now(self) -> tuple[str, int]:
        return self._field.edit.text(), self._field.cursor

    def _of_use(self, found: Sequence[Completion], text: str, cursor: int) -> list[Completion]:
        """What is worth showing: nothing that stands there already, and for a plain word only what it clearly begins,
        unless somebody asked for it."""
        rows = [one for one in found if one.insert.rstrip() != text[one.start : one.end]]
        if self._forced:
            return rows or (every_key(cursor) if _is_between(text, cursor) else [])
        plain = [one for one in rows if ":" not in text[one.start : cursor]]
        if not plain:
            return rows
        enough = [
            one for one in plain if cursor - one.start >= (KEY_LETTERS if one.insert.endswith(":") else NAME_LETTERS)
        ]
        return enough[:FEW]

    def _on_edited(self) -> None:
        if self._field.putting:
            self.close()
        else:
            self.ask()

    def _on_moved(self) -> None:
        """The text or the cursor changed by other means than typing."""
        if self._asked is not None and self._asked != self._now():
            self.close()

    def _take(self, row: int) -> None:
        """Put a row into the field. A key is followed by its values."""
        if self._shown is None or self._shown != self._now():
            return
        one = self.list.model.rows[row]
        self.close()
        self._field.replace(one.start, one.end, one.insert)

    def _walk(self, step: int) -> None:
        """To another row; past the last and before the first there is none."""
        count = len(self.list.model.rows)
        row = (self.list.row + 1 + step) % (count + 1) - 1
        self.list.go_to(row)
        if row >= 0:
            said = self.list.model.index(row).data(Qt.ItemDataRole.AccessibleTextRole)
            self._announce(f"{said}, {row + 1} of {count}")

    def _announce(self, words: str) -> None:
        """Tell a screen reader: the focus never leaves the field, so that it would not notice by itself."""
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self._field.edit, words))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keys go to the list while it is open; it follows the field, and goes when the field loses the focus."""
        kind = event.type()
        if watched is self._field:
            if kind in (QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.Hide) and self.list.isVisible():
                self.close()
        elif kind == QEvent.Type.FocusOut:
            self.close()
        elif isinstance(event, QKeyEvent) and kind == QEvent.Type.KeyPress:
            return self._on_key(event)
        return super().eventFilter(watched, event)

    def _on_key(self, event: QKeyEvent) -> bool:
        key, modifiers = Qt.Key(event.key()), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if key == Qt.Key.Key_Space and modifiers == Qt.KeyboardModifier.ControlModifier:
            self.ask(forced=True)
            return True
        if not self.list.isVisible() or modifiers != Qt.KeyboardModifier.NoModifier:
            return False
        if key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            self._walk(1 if key == Qt.Key.Key_Down else -1)
            return True
        if key == Qt.Key.Key_Escape:
            self.close()
            return True
        if key == Qt.Key.Key_Tab:
            if self._shown == self._now():
                self._take(max(self.list.row, 0))
            else:
                self._take_first = True  # The answer for what was typed last is on its way.
            return True
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            row = self.list.row
            if row >= 0:
                self._take(row)
                return True
            self.close()
        return False


def every_key(at: int) -> list[Completion]:
    """Every key of the query language, to be put in at a place where nothing stands yet."""
    from core.search.completing import Completion

    return [Completion(at, at, f"{key.name}:", f"{key.name}:", f"{key.says}: {key.example}") for key in KEYS]


def _is_between(text: str, cursor: int) -> bool:
    """Whether a new part of the query may begin at the cursor."""
    if text[:cursor] and not text[:cursor].endswith((" ", "(", "-")):
        return False
    inside = (piece.term for piece in pieces(text) if piece.start < cursor < piece.end)
    bare = (term.term if isinstance(term, Without) else term for term in inside)
    return all(isinstance(term, All | Any) for term in bare)
