"""The photos that the grid shows: ids alone. What is said of one is fetched when its tile comes into view."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import (
    QAbstractListModel,
    QByteArray,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    QUrl,
)

from app.window.laid import NOTHING, Laid, Stack
from app.window.thumbnails import Thumbnails
from core.types import Hit, Marks

AnyIndex = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


class Role(IntEnum):
    """What the model tells beside Qt's own roles."""

    PHOTO_ID = Qt.ItemDataRole.UserRole + 1
    HIT = Qt.ItemDataRole.UserRole + 2
    STACK = Qt.ItemDataRole.UserRole + 3
    """The burst that a photo belongs to, a `Stack` or None."""
    MARK = Qt.ItemDataRole.UserRole + 4
    """True for a hit that was marked right, False for a wrong one, None for any other."""
    FAVOURITE = Qt.ItemDataRole.UserRole + 5


class PhotoModel(QAbstractListModel):
    """An int64 array of photo ids, and the hits beside it when they answer a query.

    A million rows cost eight megabytes and no Python object each.
    """

    def __init__(self, thumbnails: Thumbnails, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._ids: NDArray[np.int64] = np.zeros(0, np.int64)
        self._hits: Sequence[Hit] = ()
        self._laid = NOTHING
        self._marks: dict[int, bool] = {}
        self._thumbnails = thumbnails
        thumbnails.arrived.connect(self._on_arrived)

    @property
    def ids(self) -> NDArray[np.int64]:
        """The photos in order, int64[n]."""
        return self._ids

    def show(self, laid: Laid) -> None:
        """Show an answer as it is laid out."""
        self.beginResetModel()
        self._laid, self._ids, self._hits = laid, laid.ids, laid.hits
        self.endResetModel()

    def renew(self, laid: Laid) -> None:
        """The same photos in the same order, of which other things may be known now."""
        self._laid = laid
        if len(self._ids):
            self.dataChanged.emit(self.index(0), self.index(len(self._ids) - 1))

    def show_photos(self, ids: NDArray[np.int64]) -> None:
        """Show these photos, int64[n], in this order."""
        self.show(Laid(ids, (), ()))

    def set_marks(self, marks: Marks) -> None:
        """Which hits were marked right and wrong."""
        self._marks = dict.fromkeys(marks.right, True) | dict.fromkeys(marks.wrong, False)
        if len(self._ids):
            self.dataChanged.emit(self.index(0), self.index(len(self._ids) - 1))

    def stack(self, row: int) -> Stack | None:
        """The burst that the photo in a row belongs to."""
        return self._laid.stack(row)

    def photo_id(self, row: int) -> int:
        """The photo in a row."""
        return int(self._ids[row])

    @property
    def hits(self) -> Sequence[Hit]:
        """The hits beside the photos; none while browsing."""
        return self._hits

    def hit(self, row: int) -> Hit | None:
        """How the photo in a row answers the query; None while browsing."""
        return self._hits[row] if row < len(self._hits) else None

    def row_of(self, photo_id: int) -> int | None:
        """The row that a photo is in, if it is shown."""
        rows = np.flatnonzero(self._ids == photo_id)
        return int(rows[0]) if len(rows) else None

    def rowCount(self, parent: AnyIndex = _ROOT) -> int:  # noqa: D102
        return 0 if parent.isValid() else len(self._ids)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: D102
        row = index.row()
        if not 0 <= row < len(self._ids):
            return None
        if role == Role.PHOTO_ID:
            return self.photo_id(row)
        if role == Role.HIT:
            return self.hit(row)
        if role == Role.STACK:
            return self.stack(row)
        if role == Role.MARK:
            return self._marks.get(self.photo_id(row))
        photo, hit = self._thumbnails.photo(self.photo_id(row)), self.hit(row)
        if role == Role.FAVOURITE:
            return photo is not None and photo.favourite
        path = photo.path if photo else hit.path if hit else None
        if path is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return path.name
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._spoken(row, path.name)
        if role == Qt.ItemDataRole.UserRole:
            return path
        return None

    def _spoken(self, row: int, name: str) -> str:
        """A tile in words, for screen readers: all that its badges show."""
        hit, stack, mark = self.hit(row), self.stack(row), self._marks.get(self.photo_id(row))
        said = [name]
        if hit is not None and hit.score:
            said.append(f"{hit.match:.0%} match")
        if stack is not None and stack.first:
            said.append(f"burst of {stack.count} photos, {'open' if stack.opened else 'folded'}")
        if mark is not None:
            said.append("marked right" if mark else "marked wrong")
        photo = self._thumbnails.photo(self.photo_id(row))
        if photo is not None and photo.favourite:
            said.append("favourite")
        return ", ".join(said)

    def flags(self, index: AnyIndex) -> Qt.ItemFlag:  # noqa: D102
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsDragEnabled if index.isValid() else flags

    def mimeTypes(self) -> list[str]:  # noqa: D102
        return ["text/uri-list"]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        """The files of the dragged photos, so that they can be dropped into a mail or a folder."""
        data = QMimeData()
        paths = [index.data(Qt.ItemDataRole.UserRole) for index in indexes]
        data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths if path])
        data.setData("application/x-retrouve-photo", QByteArray(b"1"))
        return data

    def supportedDragActions(self) -> Qt.DropAction:
        """Only copying: an original never moves."""
        return Qt.DropAction.CopyAction

    def _on_arrived(self, photo_ids: Sequence[int]) -> None:
        if len(photo_ids) == 0 or not len(self._ids):
            return
        # The view repaints its visible tiles anyway; one signal for the span is enough.
        rows = np.flatnonzero(np.isin(self._ids, np.asarray(photo_ids, np.int64))) if len(self._ids) < 5000 else None
        if rows is None:
            self.dataChanged.emit(self.index(0), self.index(len(self._ids) - 1))
        elif len(rows):
            self.dataChanged.emit(self.index(int(rows[0])), self.index(int(rows[-1])))
