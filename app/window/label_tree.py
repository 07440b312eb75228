"""The labels of one list as a tree that can be edited: named in place, added, moved, taken out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QDropEvent, QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QTreeView, QWidget

from app.window.words import isolated
from core.catalog.folding import fold
from core.tagging.types import Label, LabelList

AnyIndex = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
LONGEST = 200
"""Characters of a label's name."""


class LabelItem:
    """A label in its place. ``was`` is the name that it had when its list was shown; None for a new one."""

    def __init__(self, label: Label, was: str | None, key: int) -> None:
        self._label, self.was, self.key = label, was, key
        self.above: LabelItem | None = None
        self.below: list[LabelItem] = []

    @property
    def label(self) -> Label:
        """The label as it stands now, below the label that it lies under."""
        parent = None if self.above is None else self.above.name
        return self._label if self._label.parent == parent else replace(self._label, parent=parent)

    @property
    def name(self) -> str:
        """Its name."""
        return self._label.name

    def put(self, label: Label) -> None:
        """Be another label."""
        self._label = label


class LabelTree(QAbstractItemModel):
    """The working copy of a list's labels. Nothing is kept before somebody asks for ``labels``."""

    edited = Signal()
    """A label was named, added, moved, taken out, or its fields were changed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._top: list[LabelItem] = []
        self._by_key: dict[int, LabelItem] = {}
        """An index holds the key of its item: a number, which outlives nothing."""
        self._next = 0

    def show(self, labels: LabelList) -> None:
        """Show the labels of a list, whatever was here before."""
        self.beginResetModel()
        self._top, self._by_key = [], {}
        made = {fold(label.name): self._made(label, label.name) for label in labels.labels}
        for label in labels.labels:
            item, above = made[fold(label.name)], made.get(fold(label.parent)) if label.parent else None
            item.above = above
            self._siblings(above).append(item)
        self.endResetModel()

    # What is in it

    def items(self) -> Iterator[LabelItem]:
        """Every label from the top: each, then what lies below it."""
        left = self._top[::-1]
        while left:
            item = left.pop()
            yield item
            left.extend(item.below[::-1])

    def labels(self) -> tuple[Label, ...]:
        """The labels as they stand now."""
        return tuple(item.label for item in self.items())

    def renamed(self) -> dict[str, str]:
        """What labels that were in the list are called now, by the names that they had, where these are others."""
        return {item.was: item.name for item in self.items() if item.was and item.was != item.name}

    def groups(self) -> list[str]:
        """The groups that labels belong to."""
        return sorted({item.label.group for item in self.items() if item.label.group})

    def named(self, name: str, other_than: LabelItem | None = None) -> LabelItem | None:
        """The label of a name; case and accents make no difference."""
        folded = fold(tidy(name))
        return next((item for item in self.items() if item is not other_than and fold(item.name) == folded), None)

    def first(self) -> LabelItem | None:
        """The label at the top."""
        return self._top[0] if self._top else None

    def item_at(self, index: AnyIndex) -> LabelItem | None:
        """The label at an index."""
        return self._by_key.get(index.internalId()) if index.isValid() else None

    def place(self, item: LabelItem) -> QModelIndex:
        """The index of a label."""
        return self.createIndex(self._siblings(item.above).index(item), 0, item.key)

    def follow(self, names: Mapping[str, str]) -> None:
        """Take over names that labels have in the library meanwhile, by those that they had. One that was named anew
        here keeps that name, and is told apart by the other from now on."""
        for item in self.items():
            new = names.get(item.was or "")
            if new is not None:
                if item.name == item.was:
                    item.put(replace(item.label, name=new))
                item.was = new
                index = self.place(item)
                self.dataChanged.emit(index, index)

    # What is done to it

    def add(self, label: Label, beside: LabelItem | None = None, *, below: bool = False) -> LabelItem:
        """Put a new label after another one, or ``below`` it; at the end of the list without one."""
        item = self._made(label, None)
        above = beside if below else None if beside is None else beside.above
        siblings = self._siblings(above)
        row = len(siblings) if below or beside is None else siblings.index(beside) + 1
        self.beginInsertRows(self._index_of(above), row, row)
        item.above = above
        siblings.insert(row, item)
        self.endInsertRows()
        self.edited.emit()
        return item

    def remove(self, item: LabelItem) -> None:
        """Take a label out of the list; those below it move up into its place."""
        row = self._siblings(item.above).index(item)
        for place, child in enumerate(list(item.below)):
            self._put(child, item.above, row + place)
        siblings = self._siblings(item.above)
        row = siblings.index(item)
        self.beginRemoveRows(self._index_of(item.above), row, row)
        siblings.pop(row)
        del self._by_key[item.key]
        self.endRemoveRows()
        self.edited.emit()

    def move(self, item: LabelItem, above: LabelItem | None, row: int) -> bool:
        """Put a label, with all that is below it, before row ``row`` under another one (None: at the top level).

        Whether it was: nothing can be put below itself.
        """
        place = above
        while place is not None:
            if place is item:
                return False
            place = place.above
        moved = self._put(item, above, row)
        if moved:
            self.edited.emit()
        return moved

    def step(self, item: LabelItem, by: int) -> bool:
        """One place up (-1) or down (1) among those under the same label."""
        siblings = self._siblings(item.above)
        row = siblings.index(item) + by
        return 0 <= row < len(siblings) and self.move(item, item.above, row if by < 0 else row + 1)

    def indent(self, item: LabelItem) -> bool:
        """Below the label before it."""
        siblings = self._siblings(item.above)
        row = siblings.index(item)
        return row > 0 and self.move(item, siblings[row - 1], len(siblings[row - 1].below))

    def outdent(self, item: LabelItem) -> bool:
        """Beside the label that it lies under."""
        above = item.above
        return above is not None and self.move(item, above.above, self._siblings(above.above).index(above) + 1)

    def set_label(self, item: LabelItem, label: Label) -> None:
        """Put another label in an item's place."""
        item.put(label)
        index = self.place(item)
        self.dataChanged.emit(index, index)
        self.edited.emit()

    def _made(self, label: Label, was: str | None) -> LabelItem:
        self._next += 1
        item = LabelItem(label, was, self._next)
        self._by_key[item.key] = item
        return item

    def _siblings(self, above: LabelItem | None) -> list[LabelItem]:
        return self._top if above is None else above.below

    def _index_of(self, item: LabelItem | None) -> QModelIndex:
        return QModelIndex() if item is None else self.place(item)

    def _put(self, item: LabelItem, above: LabelItem | None, row: int) -> bool:
        """Before row ``row``, as it is counted while the label still lies where it did."""
        source, target = self._siblings(item.above), self._siblings(above)
        before, row = source.index(item), max(0, min(row, len(target)))
        if not self.beginMoveRows(self._index_of(item.above), before, before, self._index_of(above), row):
            return False  # It lies there already.
        source.pop(before)
        target.insert(row - 1 if source is target and before < row else row, item)
        item.above = above
        self.endMoveRows()
        return True

    # What Qt asks of its models

    def index(self, row: int, column: int = 0, parent: AnyIndex = _ROOT) -> QModelIndex:  # noqa: D102
        siblings = self._siblings(self.item_at(parent))
        return self.createIndex(row, 0, siblings[row].key) if column == 0 and 0 <= row < len(siblings) else _ROOT

    def parent(self, index: AnyIndex = _ROOT) -> Any:  # type: ignore[override]  # noqa: D102
        item = self.item_at(index)
        return QModelIndex() if item is None else self._index_of(item.above)

    def rowCount(self, parent: AnyIndex = _ROOT) -> int:  # noqa: D102
        item = self.item_at(parent)
        return len(self._top if item is None else item.below)

    def columnCount(self, parent: AnyIndex = _ROOT) -> int:  # noqa: D102
        return 1

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: D102
        item = self.item_at(index)
        if item is not None and role == Qt.ItemDataRole.EditRole:
            return item.name
        return isolated(item.name) if item is not None and role == Qt.ItemDataRole.DisplayRole else None

    def setData(self, index: AnyIndex, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Take a name as it was typed in the tree; an empty one is none."""
        item, name = self.item_at(index), tidy(str(value))
        if role != Qt.ItemDataRole.EditRole or item is None or not name or name == item.name:
            return False
        self.set_label(item, replace(item.label, name=name))
        return True

    def flags(self, index: AnyIndex) -> Qt.ItemFlag:  # noqa: D102
        flags = super().flags(index) | Qt.ItemFlag.ItemIsDropEnabled
        kinds = Qt.ItemFlag.ItemIsEditable | Qt.ItemFlag.ItemIsDragEnabled
        return flags | kinds if index.isValid() else flags

    def supportedDropActions(self) -> Qt.DropAction:
        """Moving alone."""
        return Qt.DropAction.MoveAction


class LabelTreeView(QTreeView):
    """The tree. F2 names a label, Delete takes it out, Alt and the arrows move it; it can be dragged, too."""

    remove_asked = Signal()
    add_asked = Signal()
    """Ins was pressed: the field for a new label should have the focus."""

    def __init__(self, model: LabelTree, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._labels = model
        self.setModel(model)
        self.setObjectName("labels")
        self.setAccessibleName("Labels of the list")
        self.setAccessibleDescription("F2 renames, Delete takes out, Alt and the arrows move")
        self.setHeaderHidden(True)
        self.setUniformRowHeights(True)
        self.setAnimated(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def current(self) -> LabelItem | None:
        """The label that the keys act on."""
        return self._labels.item_at(self.currentIndex())

    def go_to(self, item: LabelItem) -> None:
        """Make a label current and bring it into view."""
        index = self._labels.place(item)
        self.setCurrentIndex(index)
        self.scrollTo(index)

    def rename(self) -> None:
        """Edit the name of the current label in its place."""
        if self.current() is not None and self.state() != QAbstractItemView.State.EditingState:
            self.edit(self.currentIndex())

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        item, key, keys = self.current(), Qt.Key(event.key()), Qt.Key
        modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        moves = {
            keys.Key_Up: lambda: self._labels.step(item, -1),
            keys.Key_Down: lambda: self._labels.step(item, 1),
            keys.Key_Right: lambda: self._labels.indent(item),
            keys.Key_Left: lambda: self._labels.outdent(item),
        }
        if modifiers == Qt.KeyboardModifier.AltModifier and key in moves:
            if item is not None and moves[key]():
                self.go_to(item)
        elif key == keys.Key_F2 and not modifiers:
            self.rename()
        elif key == keys.Key_Insert and not modifiers:
            self.add_asked.emit()
        elif key in (keys.Key_Delete, keys.Key_Backspace) and not modifiers and item is not None:
            self.remove_asked.emit()
        else:
            super().keyPressEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        """Moved by the model itself: Qt's own way would make a copy, which knows nothing of the label."""
        item, at = self.current(), self.indexAt(event.position().toPoint())
        where, places = self.dropIndicatorPosition(), QAbstractItemView.DropIndicatorPosition
        target = self._labels.item_at(at) if at.isValid() else None
        event.setDropAction(Qt.DropAction.IgnoreAction)
        event.accept()
        if item is None:
            return
        if target is None or where == places.OnViewport:
            moved = self._labels.move(item, None, self._labels.rowCount())
        elif where == places.OnItem:
            moved = self._labels.move(item, target, len(target.below))
        else:
            row = self._labels.place(target).row() + (1 if where == places.BelowItem else 0)
            moved = self._labels.move(item, target.above, row)
        if moved:
            self.go_to(item)


def tidy(name: str) -> str:
    """A name with one space between its words, and none around them."""
    return " ".join(name.split())


def renamed_between(before: LabelList, after: LabelList) -> dict[str, str] | None:
    """What labels are called now, by the names that they had; None where more of the list is other than names."""
    if len(before.labels) != len(after.labels):
        return None
    pairs = zip(before.labels, after.labels, strict=True)
    names = {old.name: new.name for old, new in pairs if old.name != new.name}
    called = {"name": after.name, "labels": tuple(_named(label, names) for label in before.labels)}
    return names if replace(before, **called) == after else None


def _named(label: Label, names: Mapping[str, str]) -> Label:
    parent = None if label.parent is None else names.get(label.parent, label.parent)
    return replace(label, name=names.get(label.name, label.name), parent=parent)
