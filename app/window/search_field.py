"""The search field: words, and beside them a photo to search by."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QToolButton, QWidget

from app.window.icons import icon, picture
from app.window.theme import Theme
from app.window.thumbnails import square

DEBOUNCE = 150
"""Milliseconds of quiet after a key before the query is asked."""
PATIENCE = 700
"""The same while a value is being completed: half a folder's name is not worth asking for."""
EXAMPLE = "Describe a photo, for example: children playing in the snow"


class Chip(QFrame):
    """The photo that is searched by, with a cross to take it out again."""

    removed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("chip")
        self._theme = theme
        self._image = QLabel()
        self._name = QLabel(textFormat=Qt.TextFormat.PlainText)
        self._cross = QToolButton()
        self._cross.setAccessibleName("Stop searching by this photo")
        self._cross.setToolTip("Stop searching by this photo")
        self._cross.clicked.connect(self.removed)
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 3, 2, 3)
        row.setSpacing(6)
        for widget in (self._image, self._name, self._cross):
            row.addWidget(widget)
        theme.changed.connect(self._tint)
        self._tint()

    def show_photo(self, path: Path, image: QImage | None) -> None:
        """Name the photo, with its small picture when there is one."""
        words = self.fontMetrics().elidedText(f"Like {path.name}", Qt.TextElideMode.ElideMiddle, 190)
        self._name.setText(words)
        self.setToolTip(str(path))
        self.setAccessibleName(f"Searching for photos like {path.name}")
        side = self.fontMetrics().height() + 4
        self._image.setVisible(image is not None)
        if image is not None:
            self._image.setPixmap(QPixmap.fromImage(square(image, side)))

    def _tint(self) -> None:
        self._cross.setIcon(icon("clear", self._theme.colour("muted"), 14))
        self._cross.setIconSize(QSize(14, 14))
        self._cross.setStyleSheet("padding: 2px;")


class SearchField(QFrame):
    """One field with a round border: magnifier, chip, words, clear button.

    ``asked`` comes ``DEBOUNCE`` ms after the last key, at once on Enter and when the photo changes.
    """

    asked = Signal()
    left = Signal()
    """Down, or Enter with nothing new to ask: the photos should have the focus."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("search")
        self._theme = theme
        self._like: Path | None = None
        self.putting = False
        """Whether the text that changes is put there, and not typed: nothing need be completed."""
        self._magnifier = QLabel()
        self._chip = Chip(theme)
        self._chip.hide()
        self.edit = QLineEdit()
        self.edit.setFrame(False)
        self.edit.setPlaceholderText(EXAMPLE)
        self.edit.setAccessibleName("Search")
        self.edit.setAccessibleDescription("Describe what a photo shows; photos appear as you type.")
        self._clear = QToolButton()
        self._clear.setToolTip("Clear the search (Esc)")
        self._clear.setAccessibleName("Clear the search")
        self._clear.hide()
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 4, 6, 4)
        row.setSpacing(8)
        for widget in (self._magnifier, self._chip, self.edit, self._clear):
            row.addWidget(widget)
        self._fit()
        self.setFocusProxy(self.edit)
        self._pause = QTimer(self, singleShot=True, interval=DEBOUNCE)
        self._pause.timeout.connect(self.asked)
        self.edit.textChanged.connect(self._on_text_changed)
        self.edit.returnPressed.connect(self._on_return)
        self.edit.installEventFilter(self)
        self._chip.removed.connect(self.remove_like)
        self._clear.clicked.connect(self.clear)
        theme.changed.connect(self._tint)
        self._tint()

    @property
    def text(self) -> str:
        """The words of the query, without space around them."""
        return self.edit.text().strip()

    @property
    def cursor(self) -> int:
        """Where the cursor stands, in characters of ``edit.text()``."""
        return _characters(self.edit.text(), self.edit.cursorPosition())

    @property
    def like(self) -> Path | None:
        """The photo that is searched by."""
        return self._like

    def set_text(self, text: str) -> None:
        """Ask these words now."""
        self.edit.setText(text)
        self._ask_now()

    def put_text(self, text: str) -> None:
        """Ask these words now, as if they had been typed: what stood there before comes back with Undo."""
        self.putting = True
        self.edit.selectAll()
        self.edit.insert(text)
        self.putting = False
        self._ask_now()

    def put_instead(self, text: str) -> None:
        """Ask these words now, in the place of all that was asked, a photo too."""
        self._drop_like()
        self.put_text(text)

    def replace(self, start: int, end: int, text: str) -> None:
        """Type ``text`` in the place of the characters from ``start`` to ``end``."""
        self._mark(start, end)
        self.edit.insert(text)

    def select(self, start: int, end: int) -> None:
        """Select the characters from ``start`` to ``end``, ready to be typed over."""
        self.edit.setFocus()
        self._mark(start, end)

    def selection(self) -> tuple[int, int]:
        """Which characters are selected: from the first to behind the last."""
        text = self.edit.text()
        start = _characters(text, max(self.edit.selectionStart(), 0))
        return start, start + len(self.edit.selectedText())

    def wait_longer(self) -> None:
        """What is being typed is half of a name: give it time before it is asked."""
        if self._pause.isActive():
            self._pause.start(PATIENCE)

    def stops(self) -> list[QWidget]:
        """What the Tab key reaches in the field, in order."""
        row = self.layout()
        assert row is not None
        inside = [item.widget() for place in range(row.count()) if (item := row.itemAt(place)) is not None]
        return [one for one in inside if one is not None and one.focusPolicy() & Qt.FocusPolicy.TabFocus]

    def add_button(self, button: QToolButton) -> None:
        """One more thing to do, before the cross that clears the field."""
        row = self.layout()
        assert isinstance(row, QHBoxLayout)
        row.insertWidget(row.indexOf(self._clear), button)

    def set_like(self, path: Path) -> None:
        """Search by a photo. Words that were typed before are taken out: they asked for something else."""
        self._like = path
        self._chip.show_photo(path, None)
        self._chip.show()
        self.edit.clear()
        self.edit.setPlaceholderText("Add words to narrow it down")
        self._ask_now()

    def show_like(self, path: Path, image: QImage) -> None:
        """Show the small picture of the photo that is searched by, if it still is."""
        if path == self._like and not image.isNull():
            self._chip.show_photo(path, image)

    def remove_like(self) -> None:
        """Search by words alone again."""
        self._drop_like()
        self._ask_now()
        self.edit.setFocus()

    def clear(self) -> None:
        """Empty the field: all photos are shown again."""
        self._drop_like()
        self.edit.clear()
        self._ask_now()
        self.edit.setFocus()

    def take_focus(self) -> None:
        """Go to the field and select what is in it."""
        self.edit.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.edit.selectAll()

    def is_empty(self) -> bool:
        """Whether nothing is asked."""
        return not self.text and self._like is None

    def _mark(self, start: int, end: int) -> None:
        text = self.edit.text()
        self.edit.setSelection(_units(text[:start]), _units(text[start:end]))

    def _drop_like(self) -> None:
        self._like = None
        self._chip.hide()
        self.edit.setPlaceholderText(EXAMPLE)

    def _ask_now(self) -> None:
        self._pause.stop()
        self._clear.setVisible(not self.is_empty())
        self.asked.emit()

    def _on_text_changed(self) -> None:
        self._clear.setVisible(not self.is_empty())
        self._pause.start(DEBOUNCE)

    def _on_return(self) -> None:
        if self._pause.isActive():
            self._ask_now()
        else:
            self.left.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Focus shows on the frame; Backspace before the first word takes the photo out; Down goes to the photos."""
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self.setProperty("focused", "true" if event.type() == QEvent.Type.FocusIn else "false")
            self.style().unpolish(self)
            self.style().polish(self)
        elif isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() == Qt.Key.Key_Backspace and self._like is not None and not self.edit.text():
                self.remove_like()
                return True
            if event.key() == Qt.Key.Key_Down:
                self.left.emit()
                return True
        return super().eventFilter(watched, event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """The whole frame is the field."""
        self.edit.setFocus()
        super().mousePressEvent(event)

    def changeEvent(self, event: QEvent) -> None:  # noqa: D102
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit()

    def _fit(self) -> None:
        font = self.font()
        font.setPointSizeF(self.font().pointSizeF() * 1.15)
        self.edit.setFont(font)
        self.setMinimumHeight(round(self.fontMetrics().height() * 2.5))

    def _tint(self) -> None:
        size = self.fontMetrics().height() + 4
        self._magnifier.setPixmap(picture("search", self._theme.colour("muted"), size, self.devicePixelRatioF()))
        self._clear.setIcon(icon("clear", self._theme.colour("muted"), 18))


def _units(text: str) -> int:
    """How many of Qt's characters a text has: those beyond the first 65,536 of Unicode, most emoji, count twice."""
    return len(text) + sum(ord(character) > 0xFFFF for character in text)


def _characters(text: str, units: int) -> int:
    """How many characters of a text the first so many of Qt's are."""
    at = 0
    for count, character in enumerate(text):
        if at >= units:
            return count
        at += 1 + (ord(character) > 0xFFFF)
    return len(text)
