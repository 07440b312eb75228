"""What was searched for before, as a list under the search field. The field keeps the focus."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QPoint, QStringListModel, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QListView, QPushButton, QVBoxLayout, QWidget

from app.window.search_field import SearchField
from app.window.suggestions import SuggestionDelegate
from app.window.theme import Theme

ROWS = 12
"""Rows that the list shows at once."""
_PLAIN = Qt.KeyboardModifier.NoModifier


class EarlierList(QFrame):
    """The list, and beneath it what can be done about it. Keys reach it by way of the field.

    The arrows choose, Enter searches, Delete forgets the chosen one, Escape closes; whatever is typed closes it too.
    """

    chosen = Signal(str)
    """A query to ask again."""
    forget_asked = Signal(str)
    """A query to forget."""
    clear_asked = Signal()
    keep_asked = Signal(bool)
    """Whether a history is to be kept."""

    def __init__(self, field: SearchField, theme: Theme, window: QWidget) -> None:
        super().__init__(window)
        self._field = field
        self.setObjectName("suggestions")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.model = QStringListModel(self)
        self.view = QListView()
        self.view.setModel(self.model)
        self.view.setItemDelegate(SuggestionDelegate(theme, self))
        self.view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.view.setFrameShape(QFrame.Shape.NoFrame)
        self.view.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.view.setMouseTracking(True)
        self.view.setUniformItemSizes(True)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setAccessibleName("Earlier searches")
        self.words = QLabel()
        self.words.setObjectName("quiet")
        self.words.setContentsMargins(14, 8, 14, 2)
        self.words.setMinimumHeight(self.words.fontMetrics().height() + 16)
        self.keep, self.clear = QPushButton(), QPushButton("Clear the history")
        foot = QHBoxLayout()
        foot.setContentsMargins(8, 0, 8, 0)
        for button in (self.keep, self.clear):
            button.setProperty("link", "true")
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            foot.addWidget(button)
        foot.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 4, 1, 4)
        column.setSpacing(2)
        column.addWidget(self.words)
        column.addWidget(self.view)
        column.addLayout(foot)
        self.view.clicked.connect(lambda index: self._take(index.row()))
        self.clear.clicked.connect(self._on_clear)
        self.keep.clicked.connect(self._on_keep)
        self._enabled = True
        self._queries: list[str] = []
        field.edit.installEventFilter(self)
        field.installEventFilter(self)
        field.edit.textChanged.connect(self.hide)
        self.hide()

    def open(self, queries: Sequence[str], enabled: bool) -> None:
        """Show these under the field, the newest first, none of them chosen."""
        self._enabled = enabled
        self._queries = list(queries)
        self.model.setStringList([" ".join(query.split()) for query in queries])
        self.view.clearSelection()
        self.view.setCurrentIndex(self.model.index(-1))
        self.view.setVisible(bool(queries))
        self.clear.setVisible(bool(queries))
        self.keep.setText("Keep no history" if enabled else "Keep a history")
        words = "Nothing was searched for yet." if enabled else "The history is off: nothing is noted."
        self.words.setText("" if queries else words)
        self.words.setVisible(not queries)
        # Shown first: only then do its parts know how large the style sheet makes them.
        self.show()
        self.raise_()
        self._place(len(queries))
        self.view.scrollToTop()
        self._announce(f"{len(queries)} earlier searches" if queries else words)

    def _place(self, rows: int) -> None:
        window = self.parentWidget()
        under = self._field.mapTo(window, QPoint(0, self._field.height() + 3))
        line = self.view.sizeHintForRow(0) if rows else 0
        self.view.setFixedHeight(min(rows, ROWS) * line + 4)
        self.layout().activate()
        height = min(self.layout().sizeHint().height(), window.height() - under.y() - 4)
        self.setGeometry(under.x(), under.y(), self._field.width(), height)

    def _take(self, row: int) -> None:
        query = self._queries[row]
        self.hide()
        self.chosen.emit(query)

    def _forget(self) -> None:
        row = self.view.currentIndex().row()
        query = self._queries.pop(row)
        self.model.removeRow(row)
        self.forget_asked.emit(query)
        if self.model.rowCount():
            self.view.setCurrentIndex(self.model.index(min(row, self.model.rowCount() - 1)))
            self._place(self.model.rowCount())
        else:
            self.hide()

    def _on_clear(self) -> None:
        self.hide()
        self.clear_asked.emit()

    def _on_keep(self) -> None:
        self.hide()
        self.keep_asked.emit(not self._enabled)

    def _walk(self, step: int) -> None:
        """To another row; past the last and before the first there is none."""
        count = self.model.rowCount()
        row = (self.view.currentIndex().row() + 1 + step) % (count + 1) - 1
        self.view.setCurrentIndex(self.model.index(row))
        if row < 0:
            self.view.clearSelection()
        else:
            self._announce(f"{self._queries[row]}, {row + 1} of {count}")

    def _announce(self, words: str) -> None:
        """Tell a screen reader: the focus never leaves the field, so that it would not notice by itself."""
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self._field.edit, words))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keys go to the list while it is open; it goes when the field moves or loses the focus."""
        kind = event.type()
        if not self.isVisible():
            return super().eventFilter(watched, event)
        if watched is self._field:
            if kind in (QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.Hide):
                self.hide()
        elif kind == QEvent.Type.FocusOut:
            self.hide()
        elif isinstance(event, QKeyEvent) and kind == QEvent.Type.KeyPress:
            return self._on_key(event)
        return super().eventFilter(watched, event)

    def _on_key(self, event: QKeyEvent) -> bool:
        key, modifiers = Qt.Key(event.key()), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        chosen = self.view.currentIndex().row()
        if key in (Qt.Key.Key_Down, Qt.Key.Key_Up) and modifiers in (_PLAIN, Qt.KeyboardModifier.AltModifier):
            if modifiers == _PLAIN:
                self._walk(1 if key == Qt.Key.Key_Down else -1)
            else:
                self.hide()
        elif modifiers != _PLAIN:
            return False
        elif key == Qt.Key.Key_Escape:
            self.hide()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and chosen >= 0:
            self._take(chosen)
        elif key == Qt.Key.Key_Delete and chosen >= 0:
            self._forget()
        else:
            if key in (Qt.Key.Key_Tab, Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.hide()
            return False
        return True
