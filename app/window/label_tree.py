"""The labels of one list as a tree that can be edited: named in place, added, moved, taken out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from PySide6.QtCore import QModelIndex, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QDropEvent, QKeyEvent, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QAbstractItemView, QTreeView, QWidget

from core.catalog.folding import fold
from core.tagging.types import Label, LabelList

LONGEST = 200
"""Characters of a label's name."""


class LabelItem(QStandardItem):
    """A label in its place. ``was`` is the name that it had when its list was shown; None for a new one."""

    def __init__(self, label: Label, was: str | None) -> None:
        super().__init__(label.name)
        self._label, self.was = label, was
        self.setDropEnabled(True)

    @property
    def label(self) -> Label:
        """The label as it stands now: named by its text, below the label that it lies under."""
        above = self.parent()
        return replace(self._label, name=tidy(self.text()), parent=None if above is None else tidy(above.text()))

    @label.setter
    def label(self, label: Label) -> None:
        self._label = label
        if label.name != self.text():
            self.setText(label.name)


class LabelTree(QStandardItemModel):
    """The working copy of a list's labels. Nothing is kept before somebody asks for ``labels``."""

    edited = Signal()
    """A label was named, added, moved, taken out, or its fields were changed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.itemChanged.connect(self._on_item_changed)

    def show(self, labels: LabelList) -> None:
        """Show the labels of a list, whatever was here before."""
        with QSignalBlocker(self):
            self.clear()
            made = {fold(label.name): LabelItem(label, label.name) for label in labels.labels}
            for label in labels.labels:
                above = made.get(fold(label.parent)) if label.parent else None
                (above or self.invisibleRootItem()).appendRow(made[fold(label.name)])
        self.layoutChanged.emit()

    def items(self, below: QStandardItem | None = None) -> Iterator[LabelItem]:
        """Every label from the top: each, then what lies below it."""
        above = below or self.invisibleRootItem()
        for row in range(above.rowCount()):
            item = above.child(row)
            assert isinstance(item, LabelItem)
            yield item
            yield from self.items(item)

    def labels(self) -> tuple[Label, ...]:
        """The labels as they stand now."""
        return tuple(item.label for item in self.items())

    def renamed(self) -> dict[str, str]:
        """What labels that were in the list are called now, by the names that they had, where these are others."""
        return {item.was: item.label.name for item in self.items() if item.was and item.was != item.label.name}

    def groups(self) -> list[str]:
        """The groups that labels belong to."""
        return sorted({item.label.group for item in self.items() if item.label.group})

    def named(self, name: str, other_than: LabelItem | None = None) -> LabelItem | None:
        """The label of a name; case and accents make no difference."""
        folded = fold(tidy(name))
        return next((item for item in self.items() if item is not other_than and fold(item.label.name) == folded), None)

    def item_at(self, index: QModelIndex) -> LabelItem | None:
        """The label at an index."""
        item = self.itemFromIndex(index)
        return item if isinstance(item, LabelItem) else None

    def add(self, label: Label, beside: LabelItem | None = None, *, below: bool = False) -> LabelItem:
        """Put a new label after another one, or ``below`` it; at the end of the list without one."""
        item = LabelItem(label, None)
        if beside is None:
            self.appendRow(item)
        elif below:
            beside.appendRow(item)
        else:
            self._above(beside).insertRow(beside.row() + 1, item)
        self.edited.emit()
        return item

    def remove(self, item: LabelItem) -> None:
        """Take a label out of the list; those below it move up into its place."""
        above, row = self._above(item), item.row()
        children = [item.takeRow(0) for _ in range(item.rowCount())]
        above.removeRow(row)
        for place, child in enumerate(children):
            above.insertRow(row + place, child)
        self.edited.emit()

    def move(self, item: LabelItem, above: QStandardItem | None, row: int) -> bool:
        """Put a label, with all that is below it, into row ``row`` under another one (None: at the top level).

        Whether it was: nothing can be put below itself.
        """
        target = above or self.invisibleRootItem()
        place: QStandardItem | None = target
        while place is not None:
            if place is item:
                return False
            place = place.parent()
        source, before = self._above(item), item.row()
        if source is target and before < row:
            row -= 1
        taken = source.takeRow(before)
        target.insertRow(max(0, min(row, target.rowCount())), taken)
        self.edited.emit()
        return True

    def step(self, item: LabelItem, by: int) -> bool:
        """One place up (-1) or down (1) among those under the same label."""
        row = item.row() + by
        above = self._above(item)
        return 0 <= row < above.rowCount() and self.move(item, above, row if by < 0 else row + 1)

    def indent(self, item: LabelItem) -> bool:
        """Below the label before it."""
        before = self._above(item).child(item.row() - 1) if item.row() else None
        return before is not None and self.move(item, before, before.rowCount())

    def outdent(self, item: LabelItem) -> bool:
        """Beside the label that it lies under."""
        above = item.parent()
        return isinstance(above, LabelItem) and self.move(item, self._above(above), above.row() + 1)

    def tell_edited(self) -> None:
        """The fields of a label were changed from outside."""
        self.edited.emit()

    def _above(self, item: QStandardItem) -> QStandardItem:
        return item.parent() or self.invisibleRootItem()

    def _on_item_changed(self, _item: QStandardItem) -> None:
        self.edited.emit()


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
        self.setCurrentIndex(item.index())
        self.scrollTo(item.index())

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
            moved = self._labels.move(item, target, target.rowCount())
        else:
            row = target.row() + (1 if where == places.BelowItem else 0)
            moved = self._labels.move(item, target.parent(), row)
        if moved:
            self.go_to(item)


def tidy(name: str) -> str:
    """A name with one space between its words, and none around them."""
    return " ".join(name.split())
