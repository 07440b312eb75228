"""The saved searches as a list: their names, and how many photos each finds now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from app.window.words import count_of
from core.saved import Count
from core.types import SavedSearch

AnyIndex = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


class Role(IntEnum):
    """What the model tells beside Qt's own roles."""

    COUNT = Qt.ItemDataRole.UserRole + 1
    """The number as text; empty as long as it is not known."""
    SEARCH = Qt.ItemDataRole.UserRole + 2
    """SavedSearch."""
    ACTIVE = Qt.ItemDataRole.UserRole + 3
    """Whether this search is the one in the field."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What is known of how many photos a query finds: the number, or why there is none."""

    query: str
    count: Count | None = None
    why: str = ""

    @property
    def short(self) -> str:
        """``42``, ``1,000+``, or a dash where it cannot be counted."""
        return "–" if self.count is None else f"{self.count.photos:,}{'+' if self.count.more else ''}"

    @property
    def long(self) -> str:
        """``42 photos``, ``more than 1,000 photos``, or the reason."""
        if self.count is None:
            return self.why
        photos = count_of(self.count.photos, "photo")
        return f"more than {photos}" if self.count.more else photos


class SavedModel(QAbstractListModel):
    """A row for each saved search. A name may be edited in place: ``renamed`` tells, and the catalogue decides."""

    renamed = Signal(int, str)
    """Id of a saved search, and the name that it should have."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._searches: list[SavedSearch] = []
        self._counts: dict[int, Counted] = {}
        self._asked = ""

    @property
    def searches(self) -> Sequence[SavedSearch]:
        """All of them, in the order of the rows."""
        return self._searches

    def show(self, searches: Sequence[SavedSearch]) -> None:
        """Show these. What was counted for one stays, as long as it asks for the same."""
        counts = {
            search.id: counted
            for search in searches
            if (counted := self._counts.get(search.id)) is not None and counted.query == search.query
        }
        same = [search.id for search in searches] == [search.id for search in self._searches]
        if same:
            before, known = self._searches, self._counts
            self._searches, self._counts = list(searches), counts
            self._tell(
                row
                for row, (old, new) in enumerate(zip(before, searches, strict=True))
                if old != new or known.get(new.id) != counts.get(new.id)
            )
            return
        self.beginResetModel()
        self._searches, self._counts = list(searches), counts
        self.endResetModel()

    def set_counted(self, id: int, counted: Counted) -> None:
        """How many photos one finds now. Nothing happens where it asks for something else by then."""
        row = self.row_of(id)
        if row is not None and self._searches[row].query == counted.query and self._counts.get(id) != counted:
            self._counts[id] = counted
            self._tell([row])

    def set_asked(self, query: str) -> None:
        """What is in the field: a search that asks for the same stands out."""
        if query != self._asked:
            before, self._asked = self._asked, query
            self._tell(row for row, search in enumerate(self._searches) if search.query in (before, query))

    def search(self, row: int) -> SavedSearch | None:
        """The one in a row."""
        return self._searches[row] if 0 <= row < len(self._searches) else None

    def row_of(self, id: int) -> int | None:
        """The row of a saved search, if it is shown."""
        return next((row for row, search in enumerate(self._searches) if search.id == id), None)

    def saved_as(self, query: str) -> SavedSearch | None:
        """The saved search that asks for just this."""
        return next((search for search in self._searches if search.query == query), None) if query else None

    def named(self, name: str) -> SavedSearch | None:
        """The saved search of this name; case does not matter."""
        return next((search for search in self._searches if search.name.casefold() == name.casefold()), None)

    def rowCount(self, parent: AnyIndex = _ROOT) -> int:  # noqa: D102
        return 0 if parent.isValid() else len(self._searches)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: D102
        search = self.search(index.row()) if index.isValid() else None
        if search is None:
            return None
        counted = self._counts.get(search.id)
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
                return search.name
            case Qt.ItemDataRole.ToolTipRole:
                return f"{search.query}\n{counted.long}" if counted else search.query
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{search.name}, {counted.long}" if counted else search.name
            case Qt.ItemDataRole.AccessibleDescriptionRole:
                return f"Searches for {search.query}"
            case Role.COUNT:
                return counted.short if counted else ""
            case Role.SEARCH:
                return search
            case Role.ACTIVE:
                return search.query == self._asked
        return None

    def setData(self, index: AnyIndex, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Take a new name as it was typed; when it cannot be kept, ``show`` brings the old one back."""
        search, name = self.search(index.row()), " ".join(str(value).split())
        if role != Qt.ItemDataRole.EditRole or search is None or not name or name == search.name:
            return False
        self._searches[index.row()] = replace(search, name=name)
        self._tell([index.row()])
        self.renamed.emit(search.id, name)
        return True

    def flags(self, index: AnyIndex) -> Qt.ItemFlag:  # noqa: D102
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsEditable if index.isValid() else flags

    def _tell(self, rows: Any) -> None:
        for row in rows:
            self.dataChanged.emit(self.index(row), self.index(row))
