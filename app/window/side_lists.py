"""The label lists in the side panel, each with the number of its labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, Qt, Signal
from PySide6.QtWidgets import QListView, QWidget

from app.window.panel_view import Entry, PanelView
from app.window.saved_model import AnyIndex, Role
from app.window.theme import Theme
from app.window.words import count_of

_ROOT = QModelIndex()


class ListsModel(QAbstractListModel):
    """A row for each list. A name may be edited in place: ``renamed`` tells, and the catalogue decides."""

    renamed = Signal(str, str)
    """Name of a list, and the name that it should have."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lists: tuple[tuple[str, int], ...] = ()
        self.can_change = True

    def show(self, lists: Sequence[tuple[str, int]]) -> None:
        """Show these names, each with the number of its labels."""
        if tuple(lists) != self._lists:
            self.beginResetModel()
            self._lists = tuple(lists)
            self.endResetModel()

    def name(self, row: int) -> str | None:
        """The name of the list in a row."""
        return self._lists[row][0] if 0 <= row < len(self._lists) else None

    def row_of(self, name: str) -> int | None:
        """The row of the list of a name."""
        return next((row for row, (known, _) in enumerate(self._lists) if known == name), None)

    def rowCount(self, parent: AnyIndex = _ROOT) -> int:  # noqa: D102
        return 0 if parent.isValid() else len(self._lists)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: D102
        if not index.isValid():
            return None
        name, count = self._lists[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
                return name
            case Qt.ItemDataRole.ToolTipRole | Qt.ItemDataRole.AccessibleTextRole:
                return f"{name}, {count_of(count, 'label')}"
            case Role.COUNT:
                return f"{count:,}"
            case Role.ACTIVE:
                return False
        return None

    def setData(self, index: AnyIndex, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Ask for another name; ``show`` brings what is kept."""
        name, new = self.name(index.row()), " ".join(str(value).split())
        if role != Qt.ItemDataRole.EditRole or name is None or not new or new == name:
            return False
        self.renamed.emit(name, new)
        return True

    def flags(self, index: AnyIndex) -> Qt.ItemFlag:  # noqa: D102
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsEditable if index.isValid() and self.can_change else flags


class ListsView(PanelView, QListView):
    """Enter or a double click opens a list in the editor, F2 renames it, Delete removes it, Escape leaves the panel."""

    edit_asked = Signal(str)
    suggest_asked = Signal(str)
    review_asked = Signal(str)
    export_asked = Signal(str)
    remove_asked = Signal(str)
    """Each with the name of a list."""
    left = Signal()
    space_acts = False

    def __init__(self, model: ListsModel, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lists = model
        self.setModel(model)
        self.set_up(theme, "lists", "Label lists", "Name of the label list")
        self.setAccessibleDescription("Enter edits, F2 renames, Delete removes")
        self.setUniformItemSizes(True)
        self.doubleClicked.connect(lambda index: self._emit(self.edit_asked, self._lists.name(index.row())))
        self._current: str | None = None
        model.modelAboutToBeReset.connect(self._on_about_to_change)
        model.modelReset.connect(self._on_changed)

    def current(self) -> str | None:
        """The name of the list that the keys act on."""
        return self._lists.name(self.currentIndex().row())

    def act(self) -> None:
        """Open the current list in the editor."""
        self._emit(self.edit_asked, self.current())

    def may_rename(self) -> bool:  # noqa: D102
        return self._lists.can_change and self.current() is not None

    def remove(self) -> None:
        """Ask to remove the current list."""
        if self._lists.can_change:
            self._emit(self.remove_asked, self.current())

    def entries(self) -> list[Entry]:
        """What can be done with the current list."""
        name, can = self.current(), self._lists.can_change
        if name is None:
            return []
        return [
            Entry("&Edit labels…", "Enter", lambda: self._emit(self.edit_asked, name)),
            Entry("&Suggest tags…", "", lambda: self._emit(self.suggest_asked, name), can),
            Entry("Re&view suggestions", "", lambda: self._emit(self.review_asked, name)),
            Entry("E&xport…", "", lambda: self._emit(self.export_asked, name)),
            Entry("Re&name", "F2", self.rename, can),
            Entry("Re&move…", "Del", lambda: self._emit(self.remove_asked, name), can),
        ]

    def _emit(self, signal: Any, name: str | None) -> None:
        if name is not None:
            signal.emit(name)

    def _on_about_to_change(self) -> None:
        self._current = self.current()

    def _on_changed(self) -> None:
        row = None if self._current is None else self._lists.row_of(self._current)
        if row is not None:
            self.setCurrentIndex(self._lists.index(row))
