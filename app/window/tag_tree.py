"""The tags in the side panel: a tree, as the label lists order them, each with the number of its photos."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from PySide6.QtCore import (
    QAbstractItemModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSignalBlocker,
    Qt,
    Signal,
)
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QTreeView, QWidget

from app.window.icons import picture
from app.window.panel_view import Entry, PanelView
from app.window.saved_model import Role
from app.window.theme import Theme
from app.window.words import count_of, isolated
from core.catalog.folding import fold
from core.search.grammar import Tag, parse
from core.tagging.overview import TagNode

AnyIndex = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
_TOP = -1
AT_ONCE = 400
"""Labels below one another that a view is given at once. It lays out all that it has whenever one opens or comes in,
which takes six microseconds a row: the rest comes when somebody scrolls there, or goes to one."""


class Laid(NamedTuple):
    """A tree as it is shown: the nodes in one list, each with the place of the one above it (-1 for none), its number
    among those beside it, and the places of those below it. Made by `laid`, in any thread."""

    nodes: list[TagNode]
    ids: list[int]
    parents: list[int]
    rows: list[int]
    below: dict[int, list[int]]


class TagModel(QAbstractItemModel):
    """The nodes lie in one list, and an index holds a place in it. Of a long row of labels it gives the first alone,
    until a view that is scrolled to the last of them asks for more."""

    renamed = Signal(str, str)
    """Name of a label, and the name that it should have."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tree: Sequence[TagNode] = ()
        self._wanted = ""
        self._laid = laid(())
        self._given: dict[int, int] = {}
        """How many of those below a label views have been given, by its id (-1: the top), where more were fetched."""
        self._asked = ""

    def show(self, tree: Sequence[TagNode], whole: Laid | None = None) -> None:
        """Show these; ``whole`` is what `laid` makes of them. Where they are the same labels in the same places, only
        the numbers change."""
        self._tree = tree
        now = laid(tree, self._wanted) if self._wanted or whole is None else whole
        before = self._laid
        if now.ids != before.ids or now.parents != before.parents:
            self._put(now)
            return
        self._laid = now
        for place, (old, new) in enumerate(zip(before.nodes, now.nodes, strict=True)):
            same = old.photos == new.photos and old.waiting == new.waiting and old.label == new.label
            if not same and self._is_given(place):
                self.dataChanged.emit(self._index(place), self._index(place))

    def filter(self, text: str) -> None:
        """Show the labels alone whose name has this in it, and those above them."""
        wanted = fold(" ".join(text.split()))
        if wanted != self._wanted:
            self._wanted = wanted
            self._put(laid(self._tree, wanted))

    def branches(self) -> Iterator[QModelIndex]:
        """The labels that views have and that have something below them: no others can be open. Each after the one
        above it."""
        for place in sorted(self._laid.below):
            if place != _TOP and self._is_given(place):
                yield self._index(place)

    @property
    def is_tree(self) -> bool:
        """Whether any label lies below another."""
        return len(self._laid.below) > 1

    @property
    def filtered(self) -> bool:
        """Whether only some of the labels are shown."""
        return bool(self._wanted)

    def set_asked(self, query: str) -> None:
        """What is in the search field: a tag that is searched for stands out."""
        if query != self._asked:
            queries, self._asked = {self._asked, query} - {""}, query
            names = {term.name for text in queries if isinstance(term := _only(text), Tag)}
            for place, node in enumerate(self._laid.nodes if names else ()):
                if node.label in names and self._is_given(place):
                    self.dataChanged.emit(self._index(place), self._index(place))

    def node(self, index: AnyIndex) -> TagNode | None:
        """The node at an index."""
        return self._laid.nodes[index.internalId()] if index.isValid() else None

    def index_of(self, label_id: int) -> QModelIndex:
        """Where a label is, fetched if need be; an invalid index where it is not shown."""
        if label_id not in self._laid.ids:
            return _ROOT
        place = self._laid.ids.index(label_id)
        at = place
        while at != _TOP:
            above = self._laid.parents[at]
            if self._laid.rows[at] >= self._count(above):
                self._give(above, self._laid.rows[at] + 1)
            at = above
        return self._index(place)

    def _put(self, now: Laid) -> None:
        self.beginResetModel()
        self._laid = now
        self.endResetModel()

    def _index(self, place: int) -> QModelIndex:
        return self.createIndex(self._laid.rows[place], 0, place)

    # What views are given

    def _count(self, above: int) -> int:
        """How many of those below a place are given."""
        whole = len(self._laid.below.get(above, ()))
        return whole if whole <= AT_ONCE else min(whole, self._given.get(self._key(above), AT_ONCE))

    def _key(self, above: int) -> int:
        return _TOP if above == _TOP else self._laid.ids[above]

    def _is_given(self, place: int) -> bool:
        while place != _TOP:
            above = self._laid.parents[place]
            if self._laid.rows[place] >= self._count(above):
                return False
            place = above
        return True

    def _give(self, above: int, count: int) -> None:
        """Let views have so many of those below a place, rounded up."""
        whole, before = len(self._laid.below.get(above, ())), self._count(above)
        now = min(whole, -(-count // AT_ONCE) * AT_ONCE)
        if now > before:
            self.beginInsertRows(_ROOT if above == _TOP else self._index(above), before, now - 1)
            self._given[self._key(above)] = now
            self.endInsertRows()

    def give_after(self, index: AnyIndex) -> bool:
        """Give some more of those beside a label, where it is the last of them that was given; whether there were any.

        Not by Qt's `fetchMore`: a tree view calls that whenever it lays itself out, and would have all before long.
        """
        above = self._laid.parents[index.internalId()] if index.isValid() else _TOP
        count = self._count(above)
        if not index.isValid() or index.row() + 1 < count or count == len(self._laid.below.get(above, ())):
            return False
        self._give(above, count + 1)
        return True

    # What Qt asks of its models

    def index(self, row: int, column: int = 0, parent: AnyIndex = _ROOT) -> QModelIndex:  # noqa: D102
        above = parent.internalId() if parent.isValid() else _TOP
        given = column == 0 and 0 <= row < self._count(above)
        return self.createIndex(row, 0, self._laid.below[above][row]) if given else QModelIndex()

    def parent(self, index: AnyIndex = _ROOT) -> Any:  # type: ignore[override]  # noqa: D102
        above = self._laid.parents[index.internalId()] if index.isValid() else _TOP
        return QModelIndex() if above == _TOP else self._index(above)

    def rowCount(self, parent: AnyIndex = _ROOT) -> int:  # noqa: D102
        return self._count(parent.internalId() if parent.isValid() else _TOP)

    def hasChildren(self, parent: AnyIndex = _ROOT) -> bool:  # noqa: D102
        return (parent.internalId() if parent.isValid() else _TOP) in self._laid.below

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
        self.set_up(theme, "tags", "Tags", "Name of the tag")
        self.setAccessibleDescription("Enter searches, F2 renames")
        self.setHeaderHidden(True)
        self.setUniformRowHeights(True)
        self.setIndentation(16)
        self.setExpandsOnDoubleClick(False)
        self.clicked.connect(self._choose)
        model.modelAboutToBeReset.connect(self._on_about_to_change)
        model.modelReset.connect(self._on_changed)
        model.rowsInserted.connect(self._on_given)
        for moved in (self.verticalScrollBar().valueChanged, self.verticalScrollBar().rangeChanged):
            moved.connect(lambda *_: self._give_more())

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

    def act(self) -> None:
        """Search for the current tag."""
        self._choose(self.currentIndex())

    def may_rename(self) -> bool:  # noqa: D102
        return self.can_change and self.current() is not None

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
            for index in self._tags.branches():  # what is not given to the view yet stays as it was
                node = self._tags.node(index)
                if node is not None:
                    (self._expanded.add if self.isExpanded(index) else self._expanded.discard)(node.label_id)

    def _on_changed(self) -> None:
        self._filtered = self._tags.filtered
        self.setRootIsDecorated(self._tags.is_tree)
        # Laid out once, when all is open that is to be: else each one that opens would lay out all of it.
        self.scheduleDelayedItemsLayout()
        self._open_again(self._tags.branches())
        if self._current is not None and (index := self._tags.index_of(self._current)).isValid():
            self.setCurrentIndex(index)
        self.verticalScrollBar().setValue(self._place)

    def _open_again(self, indexes: Iterator[QModelIndex]) -> None:
        with QSignalBlocker(self):
            for index in indexes:
                node = self._tags.node(index)
                if self._filtered or (node is not None and node.label_id in self._expanded):
                    self.setExpanded(index, True)

    def _give_more(self) -> None:
        """Have the labels that follow what is in sight."""
        index, bottom = self.indexAt(QPoint(0, 0)), self.viewport().height()
        while index.isValid() and self.visualRect(index).top() < bottom:
            if self._tags.give_after(index):
                return  # The view is laid out anew, and asks again.
            index = self.indexBelow(index)

    def _on_given(self, above: QModelIndex, first: int, last: int) -> None:
        rows = (self._tags.index(row, 0, above) for row in range(first, last + 1))
        self._open_again(index for index in rows if self._tags.hasChildren(index))

    def drawBranches(self, painter: QPainter, rect: QRect, index: QModelIndex) -> None:  # type: ignore[override]
        """A small angle where there is something below; no lines, and no ground of their own."""
        if self._tags.hasChildren(index):
            name = "fold-open" if self.isExpanded(index) else "fold"
            pixmap = picture(name, self._theme.colour("muted"), 12, self.devicePixelRatioF())
            painter.drawPixmap(rect.right() - 5, rect.center().y() - 6, pixmap)


def query_of(name: str) -> str:
    """What is to be searched for, for the photos with a tag."""
    return str(Tag(name))


def _only(query: str) -> object:
    """The one thing that a query asks for; None where it asks for more, or for nothing."""
    terms = parse(query).terms
    return terms[0] if len(terms) == 1 else None


def laid(tree: Sequence[TagNode], wanted: str = "") -> Laid:
    """A tree as it is shown: all of it, or with ``wanted`` (folded) the labels alone that have this in their name, and
    those above them. A node of which nothing is shown takes part in nothing."""
    nodes: list[TagNode] = []
    parents: list[int] = []
    rows: list[int] = []
    below: dict[int, list[int]] = {_TOP: []}

    def walk(some: Sequence[TagNode], above: int) -> bool:
        found = False
        for node in some:
            place = len(nodes)
            beside = below.setdefault(above, [])
            nodes.append(node)
            parents.append(above)
            rows.append(len(beside))
            beside.append(place)
            inside = walk(node.below, place) if node.below else False
            if wanted and not inside and wanted not in fold(node.label):
                below.pop(place, None)
                del nodes[place:], parents[place:], rows[place:]
                beside.pop()
            else:
                found = True
        if not found and above != _TOP:
            below.pop(above, None)
        return found

    walk(tree, _TOP)
    return Laid(nodes, [node.label_id for node in nodes], parents, rows, below)
