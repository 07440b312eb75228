"""The tags in the side panel: a tree, as the label lists order them, each with the number of its photos."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractItemModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSignalBlocker,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import QAbstractItemView, QFrame, QTreeView, QWidget

from app.window.icons import picture
from app.window.panel_view import Entry, PanelView
from app.window.saved_model import Role
from app.window.side_panel_delegate import SideDelegate
from app.window.theme import Theme
from app.window.words import count_of, isolated
from core.catalog.folding import fold
from core.search.grammar import Tag
from core.tagging.overview import TagNode

AnyIndex = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
_TOP = -1


class TagModel(QAbstractItemModel):
    """The nodes lie in one list, and an index holds a place in it: ten thousand of them cost a few milliseconds."""

    renamed = Signal(str, str)
    """Name of a label, and the name that it should have."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tree: Sequence[TagNode] = ()
        self._wanted = ""
        self._nodes: list[TagNode] = []
        self._parents: list[int] = []
        self._rows: list[int] = []
        self._children: dict[int, list[int]] = {_TOP: []}
        self._asked = ""

    def show(self, tree: Sequence[TagNode]) -> None:
        """Show these. Where they are the same labels in the same places, only the numbers change."""
        if tree == self._tree:
            return
        before, self._tree = self._nodes, tree
        nodes, parents = self._laid()
        if [n.label_id for n in nodes] == [n.label_id for n in before] and parents == self._parents:
            self._nodes = nodes
            for place, (old, new) in enumerate(zip(before, nodes, strict=True)):
                if (old.label, old.photos, old.waiting) != (new.label, new.photos, new.waiting):
                    self.dataChanged.emit(self._index(place), self._index(place))
        else:
            self._put(nodes, parents)

    def filter(self, text: str) -> None:
        """Show the labels alone whose name has this in it, and those above them."""
        wanted = fold(" ".join(text.split()))
        if wanted != self._wanted:
            self._wanted = wanted
            self._put(*self._laid())

    @property
    def filtered(self) -> bool:
        """Whether only some of the labels are shown."""
        return bool(self._wanted)

    def set_asked(self, query: str) -> None:
        """What is in the search field: a tag that is searched for stands out."""
        if query != self._asked:
            before, self._asked = self._asked, query
            for place, node in enumerate(self._nodes):
                if query_of(node.label) in (before, query):
                    self.dataChanged.emit(self._index(place), self._index(place))

    def node(self, index: AnyIndex) -> TagNode | None:
        """The node at an index."""
        return self._nodes[index.internalId()] if index.isValid() else None

    def index_of(self, label_id: int) -> QModelIndex:
        """Where a label is; an invalid index where it is not shown."""
        place = next((place for place, node in enumerate(self._nodes) if node.label_id == label_id), None)
        return _ROOT if place is None else self._index(place)

    def _laid(self) -> tuple[list[TagNode], list[int]]:
        nodes: list[TagNode] = []
        parents: list[int] = []

        def walk(some: Sequence[TagNode], above: int) -> None:
            for node in some:
                if self._wanted and not any(self._wanted in fold(one.label) for one in _all((node,))):
                    continue
                place = len(nodes)
                nodes.append(node)
                parents.append(above)
                walk(node.below, place)

        walk(self._tree, _TOP)
        return nodes, parents

    def _put(self, nodes: list[TagNode], parents: list[int]) -> None:
        self.beginResetModel()
        self._nodes, self._parents = nodes, parents
        self._children = {_TOP: []}
        self._rows = []
        for place, above in enumerate(parents):
            beside = self._children.setdefault(above, [])
            self._rows.append(len(beside))
            beside.append(place)
        self.endResetModel()

    def _index(self, place: int) -> QModelIndex:
        return self.createIndex(self._rows[place], 0, place)

    def index(self, row: int, column: int = 0, parent: AnyIndex = _ROOT) -> QModelIndex:  # noqa: D102
        below = self._children.get(parent.internalId() if parent.isValid() else _TOP, [])
        return self.createIndex(row, 0, below[row]) if column == 0 and 0 <= row < len(below) else QModelIndex()

    def parent(self, index: AnyIndex = _ROOT) -> Any:  # type: ignore[override]  # noqa: D102
        above = self._parents[index.internalId()] if index.isValid() else _TOP
        return QModelIndex() if above == _TOP else self._index(above)

    def rowCount(self, parent: AnyIndex = _ROOT) -> int:  # noqa: D102
        return len(self._children.get(parent.internalId() if parent.isValid() else _TOP, ()))

    def columnCount(self, parent: AnyIndex = _ROOT) -> int:  # noqa: D102
        return 1

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: D102
        node = self.node(index)
        if node is None:
            return None
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
                return node.label
            case Qt.ItemDataRole.ToolTipRole | Qt.ItemDataRole.AccessibleTextRole:
                waiting = f"; {node.waiting:,} suggested" if node.waiting else ""
                return f"{isolated(node.label)}, {count_of(node.photos, 'photo')}{waiting}"
            case Role.COUNT:
                if node.waiting:
                    return f"{node.photos:,}  +{node.waiting:,}" if node.photos else f"+{node.waiting:,}"
                return f"{node.photos:,}"
            case Role.ACTIVE:
                return query_of(node.label) == self._asked
        return None

    def setData(self, index: AnyIndex, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Ask for another name; the catalogue decides, and ``show`` brings what it keeps."""
        node, name = self.node(index), " ".join(str(value).split())
        if role != Qt.ItemDataRole.EditRole or node is None or not name or name == node.label:
            return False
        self.renamed.emit(node.label, name)
        return True

    def flags(self, index: AnyIndex) -> Qt.ItemFlag:  # noqa: D102
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsEditable if index.isValid() else flags


class TagTree(PanelView, QTreeView):
    """A click or Enter searches for a tag, F2 renames it, Escape leaves the panel."""

    chosen = Signal(str)
    """Name of a tag to search for."""
    review_asked = Signal(int)
    """A label whose suggestions are to be decided on."""
    left = Signal()

    def __init__(self, model: TagModel, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tags, self._theme = model, theme
        self._expanded: set[int] = set()
        self._current: int | None = None
        self._place = 0
        self._filtered = False
        self.can_change = True
        self.setModel(model)
        self.setItemDelegate(SideDelegate(theme, self, "Name of the tag"))
        self.setObjectName("tags")
        self.setAccessibleName("Tags")
        self.setAccessibleDescription("Enter searches, F2 renames")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHeaderHidden(True)
        self.setUniformRowHeights(True)
        self.setMouseTracking(True)
        self.setIndentation(16)
        self.setExpandsOnDoubleClick(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.clicked.connect(self._choose)
        model.modelAboutToBeReset.connect(self._on_about_to_change)
        model.modelReset.connect(self._on_changed)

    def current(self) -> TagNode | None:
        """The tag that the keys act on."""
        return self._tags.node(self.currentIndex())

    def rows(self) -> int:
        """How many rows are shown, with what is open."""

        count, left = 0, [QModelIndex()]
        while left:
            above = left.pop()
            below = self._tags.rowCount(above)
            count += below
            indexes = (self._tags.index(row, 0, above) for row in range(below))
            left.extend(index for index in indexes if self._tags.rowCount(index) and self.isExpanded(index))
        return count

    def rename(self) -> None:
        """Edit the name of the current tag in its place."""
        if self.can_change and self.current() is not None and self.state() != QAbstractItemView.State.EditingState:
            self.edit(self.currentIndex())

    def entries(self) -> list[Entry]:
        """What can be done with the current tag."""
        node = self.current()
        if node is None:
            return []
        return [
            Entry("&Search", "Enter", lambda: self.chosen.emit(node.label)),
            Entry("&Review suggestions", "", lambda: self.review_asked.emit(node.label_id), bool(node.waiting)),
            Entry("Re&name", "F2", self.rename, self.can_change),
        ]

    def _choose(self, index: QModelIndex) -> None:
        node = self._tags.node(index)
        if node is not None:
            self.chosen.emit(node.label)

    def _on_about_to_change(self) -> None:
        current = self.current()
        self._current = None if current is None else current.label_id
        self._place = self.verticalScrollBar().value()
        if not self._filtered:
            self._expanded = {
                node.label_id
                for index in self._indexes()
                if self.isExpanded(index) and (node := self._tags.node(index)) is not None
            }

    def _on_changed(self) -> None:
        self._filtered = self._tags.filtered
        self.setRootIsDecorated(next(self._indexes(), None) is not None)
        # Laid out once, when all is open that is to be: else each one that opens would lay out all of it.
        self.scheduleDelayedItemsLayout()
        with QSignalBlocker(self):
            for index in self._indexes():
                node = self._tags.node(index)
                if self._filtered or (node is not None and node.label_id in self._expanded):
                    self.setExpanded(index, True)
        if self._current is not None and (index := self._tags.index_of(self._current)).isValid():
            self.setCurrentIndex(index)
        self.verticalScrollBar().setValue(self._place)

    def _indexes(self, above: QModelIndex = _ROOT) -> Iterator[QModelIndex]:
        """Those that have something below them: no others can be open."""
        for row in range(self._tags.rowCount(above)):
            index = self._tags.index(row, 0, above)
            if self._tags.rowCount(index):
                yield index
                yield from self._indexes(index)

    def drawBranches(self, painter: QPainter, rect: QRect, index: QModelIndex) -> None:  # type: ignore[override]
        """A small angle where there is something below; no lines, and no ground of their own."""
        if self._tags.rowCount(index):
            name = "fold-open" if self.isExpanded(index) else "fold"
            pixmap = picture(name, self._theme.colour("muted"), 12, self.devicePixelRatioF())
            painter.drawPixmap(rect.right() - 5, rect.center().y() - 6, pixmap)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        match Qt.Key(event.key()):
            case Qt.Key.Key_Return | Qt.Key.Key_Enter | Qt.Key.Key_Space:
                self._choose(self.currentIndex())
            case Qt.Key.Key_F2:
                self.rename()
            case Qt.Key.Key_Escape:
                self.left.emit()
            case _:
                super().keyPressEvent(event)


def query_of(name: str) -> str:
    """What is to be searched for, for the photos with a tag."""
    return str(Tag(name))


def _all(nodes: Sequence[TagNode]) -> Iterator[TagNode]:
    for node in nodes:
        yield node
        yield from _all(node.below)
