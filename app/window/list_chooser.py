"""The label lists at the left of the editor: one's own, then those that come ready."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListWidget,
    QListWidgetItem,
    QStyleOptionViewItem,
)

from app.window.label_tree import LONGEST, tidy
from app.window.saved_model import AnyIndex
from app.window.side_panel_delegate import SideDelegate
from app.window.theme import Theme
from app.window.words import isolated
from core.tagging.types import LabelList

_COUNT = Qt.ItemDataRole.UserRole + 11
_READY = Qt.ItemDataRole.UserRole + 12
_HEADING = Qt.ItemDataRole.UserRole + 13
_EDITED = Qt.ItemDataRole.UserRole + 14
_NAME = Qt.ItemDataRole.UserRole + 15
"""The name that the library knows the list by."""
WORKING = Qt.ItemDataRole.UserRole + 16
"""Name and number of labels as they stand in the editor, where they are not saved yet."""


class ListDelegate(SideDelegate):
    """A name, and the number of its labels behind it; between one's own lists and the others a heading."""

    keeps = True

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:  # noqa: D102
        if not index.data(_HEADING):
            super().paint(painter, option, index)
            return
        painter.save()
        painter.setPen(self._theme.colour("muted"))
        painter.drawText(option.rect.adjusted(18, 0, -4, 0), Qt.AlignmentFlag.AlignVCenter, str(index.data()))
        painter.restore()

    def said(self, index: AnyIndex) -> tuple[str, str]:  # noqa: D102
        name, count = index.data(WORKING) or (str(index.data()), index.data(_COUNT))
        return f"{isolated(name) or 'Without a name'}{' •' if index.data(_EDITED) else ''}", f"{count:,}"


class ListChooser(QListWidget):
    """One is current. F2 names it anew in its place, Delete removes it."""

    chosen = Signal(str, bool)
    """Name of a list, and whether it is a ready one that is not kept in the library."""
    renamed = Signal(str, str)
    """Name of a list, and the name that it should have."""
    remove_asked = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setItemDelegate(ListDelegate(theme, self, "Name of the list", LONGEST))
        self.setObjectName("plain")
        self.setAccessibleName("Label lists")
        self.setAccessibleDescription("F2 renames, Delete removes")
        self.setMouseTracking(True)
        self.setUniformItemSizes(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.currentItemChanged.connect(lambda now, _before: self._on_current(now))
        self.itemChanged.connect(self._on_changed)

    def show_lists(self, own: Sequence[tuple[str, int]], ready: Sequence[LabelList], current: str | None) -> None:
        """Show these, without telling anybody; ready ones whose name is among the own ones are left out."""
        kept = {name.casefold() for name, _ in own}
        others = [labels for labels in ready if labels.name.casefold() not in kept]
        with QSignalBlocker(self):
            self.clear()
            for name, count in own:
                self._add(name, count, ready=False)
            if others:
                heading = QListWidgetItem("Ready to use")
                heading.setFlags(Qt.ItemFlag.NoItemFlags)
                heading.setData(_HEADING, True)
                self.addItem(heading)
            for labels in others:
                self._add(labels.name, len(labels.labels), ready=True)
            self.go_to(current)

    def go_to(self, name: str | None) -> None:
        """Make the list of a name current; none where there is no such one."""
        for row in range(self.count()):
            item = self.item(row)
            if name is not None and not item.data(_HEADING) and item.text().casefold() == name.casefold():
                self.setCurrentRow(row)
                return
        self.setCurrentRow(-1)

    def current(self) -> tuple[str, bool] | None:
        """The name of the current list, and whether it is a ready one."""
        item = self.currentItem()
        return None if item is None or item.data(_HEADING) else (item.text(), bool(item.data(_READY)))

    def set_edited(self, name: str, edited: bool, working: LabelList) -> None:
        """Whether something in the list of this name waits to be saved, and how it stands then. While it is not the
        current one (it was begun a moment ago, and is not listed yet), nothing is said of another."""
        item = self.currentItem()
        if item is not None and item.text().casefold() != name.casefold():
            return
        now = (working.name, len(working.labels)) if edited else None
        if item is not None and (bool(item.data(_EDITED)) != edited or item.data(WORKING) != now):
            with QSignalBlocker(self):
                item.setData(_EDITED, edited)
                item.setData(WORKING, now)
            self.viewport().update()

    def rename(self) -> None:
        """Edit the name of the current list in its place. A ready one has its name from the program."""
        current = self.current()
        if current is not None and not current[1] and self.state() != QAbstractItemView.State.EditingState:
            self.editItem(self.currentItem())

    def _add(self, name: str, count: int, *, ready: bool) -> None:
        item = QListWidgetItem(name)
        item.setData(_NAME, name)
        item.setData(_COUNT, count)
        item.setData(_READY, ready)
        item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{name}, {count} labels{', ready to use' if ready else ''}")
        if not ready:
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
        self.addItem(item)

    def _on_current(self, item: QListWidgetItem | None) -> None:
        if item is not None and not item.data(_HEADING):
            self.chosen.emit(item.text(), bool(item.data(_READY)))

    def _on_changed(self, item: QListWidgetItem) -> None:
        before, name = str(item.data(_NAME) or ""), tidy(item.text())
        if not before or name == before:
            return
        with QSignalBlocker(self):
            item.setText(before)  # The library decides; what it keeps is shown then.
        if name:
            self.renamed.emit(before, name)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        if event.key() == Qt.Key.Key_F2:
            self.rename()
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            current = self.current()
            if current is not None and not current[1]:
                self.remove_asked.emit(current[0])
        else:
            super().keyPressEvent(event)
