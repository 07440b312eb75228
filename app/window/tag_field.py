"""A field for the name of a tag, which completes the names that the library knows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCompleter, QLineEdit, QListView, QWidget

from app.window.label_tree import LONGEST, tidy
from app.window.suggestions import SuggestionDelegate, SuggestionModel
from app.window.theme import Theme
from app.window.words import count_of
from core.catalog.folding import fold

if TYPE_CHECKING:
    from core.tagging.overview import KnownLabel

ROWS = 10
"""Names that are offered at once."""


class TagField(QLineEdit):
    """Enter takes what is typed, or the offered name that is chosen. Case and accents make no difference to offers."""

    entered = Signal(str)
    """A name, as it should be taken."""
    left = Signal()
    """Escape was pressed in it."""
    refused = Signal(str)
    """Why what is typed cannot be a tag, a sentence; it stays in the field."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Tag to add")
        self._known: tuple[tuple[str, KnownLabel], ...] = ()
        self._offers = SuggestionModel(self)
        view = QListView()
        view.setObjectName("tagnames")
        view.setUniformItemSizes(True)
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._completer = QCompleter(self._offers, self)
        self._completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        self._completer.setCompletionRole(Qt.ItemDataRole.DisplayRole)
        self._completer.setMaxVisibleItems(ROWS)
        self._completer.setPopup(view)
        self._delegate = SuggestionDelegate(theme, view)
        view.setItemDelegate(self._delegate)
        self._completer.setWidget(self)
        self._completer.activated.connect(self._on_chosen)
        self.textEdited.connect(self._on_edited)
        view.installEventFilter(self)

    def set_known(self, known: Sequence[KnownLabel]) -> None:
        """The names to complete, the likeliest first."""
        self._known = tuple((fold(label.name), label) for label in known)
        if self.hasFocus() and self.text():
            self._offer()

    def offers(self) -> list[str]:
        """The names that are offered now."""
        return [row.shown for row in self._offers.rows] if self._completer.popup().isVisible() else []

    def matching(self, text: str) -> list[KnownLabel]:
        """The known names that begin so, then those with a word that does, then those with it anywhere."""
        wanted = fold(tidy(text))
        ranked: tuple[list[KnownLabel], ...] = ([], [], [])
        for folded, label in self._known:
            at = folded.find(wanted)
            if at >= 0:
                ranked[0 if at == 0 else 1 if f" {wanted}" in folded else 2].append(label)
        return [label for some in ranked for label in some][:ROWS]

    def _on_edited(self, _text: str) -> None:
        self._offer()

    def _offer(self) -> None:
        text = tidy(self.text())
        rows = self.matching(text) if text else []
        if not rows or (len(rows) == 1 and rows[0].name == text):
            self._completer.popup().hide()
            self._offers.put(())
            return
        from core.search.completing import Completion

        self._offers.put([Completion(0, 0, row.name, row.name, _detail(row)) for row in rows])
        metrics = self.fontMetrics()
        self._delegate.column = max(metrics.horizontalAdvance(row.name) for row in rows) + 24
        self._completer.setCompletionPrefix("")
        self._completer.complete()
        popup = self._completer.popup()
        wide = self._delegate.column + max(metrics.horizontalAdvance(_detail(row)) for row in rows) + 64
        popup.setFixedWidth(max(self.width(), min(wide, 60 * metrics.averageCharWidth())))

    def _on_chosen(self, name: str) -> None:
        self.setText(name)
        self.enter()

    def enter(self) -> None:
        """Take what is typed, as Enter does."""
        name = tidy(self.text())
        self._completer.popup().hide()
        if len(name) > LONGEST:
            self.refused.emit(f"A tag has {LONGEST} letters at the most, and this has {len(name):,}.")
        elif name:
            self.clear()
            # As it is known, where it is: "dog" is the label Dog.
            known = next((label.name for folded, label in self._known if folded == fold(name)), name)
            self.entered.emit(known)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Tab takes the first name that is offered, or the chosen one."""
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.KeyPress
            and event.key() == Qt.Key.Key_Tab
            and self._completer.popup().isVisible()
        ):
            index = self._completer.popup().currentIndex()
            self.setText(self._offers.rows[max(0, index.row())].shown)
            self._completer.popup().hide()
            return True
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.enter()
            event.accept()
        elif event.key() == Qt.Key.Key_Escape:
            self.clear()
            self.left.emit()
            event.accept()
        else:
            super().keyPressEvent(event)


def _detail(label: KnownLabel) -> str:
    if label.photos:
        return count_of(label.photos, "photo")
    return f"in {label.list_name}" if label.list_name else ""
