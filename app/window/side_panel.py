"""The panel at the side: the saved searches, each with the number of photos that it finds now, label lists and tags."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QListView, QSizePolicy, QVBoxLayout, QWidget

from app.window.panel_section import PanelSection
from app.window.panel_view import Entry, PanelView
from app.window.saved_model import SavedModel
from app.window.side_lists import ListsModel, ListsView
from app.window.tag_tree import TagModel, TagTree
from app.window.theme import Theme
from core.types import SavedSearch

FEW = 7
"""Rows of the parts above the tags that are shown at once: the rest is scrolled to, and the tags have room."""
_BETWEEN = 24
"""Pixels between the parts, and around them."""
MANY = 12
"""Rows of tags from which on there is a field to find one."""


class SavedList(PanelView, QListView):
    """The list. A click or Enter runs a search, F2 renames it, Delete removes it, Escape leaves the list."""

    chosen = Signal(object)
    """SavedSearch to run."""
    remove_asked = Signal(object)
    """SavedSearch to forget."""
    left = Signal()
    """The photos should have the focus."""

    def __init__(self, model: SavedModel, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.setModel(model)
        self.set_up(theme, "saved", "Saved searches", "Name of the saved search")
        self.setAccessibleDescription("Enter searches, F2 renames, Delete removes")
        self.setUniformItemSizes(True)
        self.clicked.connect(lambda index: self._choose(index.row()))
        model.modelAboutToBeReset.connect(self._on_about_to_change)
        model.modelReset.connect(self._on_changed)
        self._current: int | None = None

    def current(self) -> SavedSearch | None:
        """The one that the keys act on."""
        return self._model.search(self.currentIndex().row())

    def go_to(self, id: int) -> None:
        """Make one current and bring it into view."""
        row = self._model.row_of(id)
        if row is not None:
            self.setCurrentIndex(self._model.index(row))

    def act(self) -> None:
        """Run the current one."""
        self._choose(self.currentIndex().row())

    def may_rename(self) -> bool:  # noqa: D102
        return self.current() is not None

    def remove(self) -> None:
        """Ask to forget the current one."""
        search = self.current()
        if search is not None:
            self.remove_asked.emit(search)

    def entries(self) -> list[Entry]:
        """What can be done with the current one."""
        if self.current() is None:
            return []
        return [
            Entry("&Search", "Enter", self.act),
            Entry("&Rename", "F2", self.rename),
            Entry("Re&move", "Del", self.remove),
        ]

    def _choose(self, row: int) -> None:
        search = self._model.search(row)
        if search is not None:
            self.chosen.emit(search)

    def _on_about_to_change(self) -> None:
        current = self.current()
        self._current = None if current is None else current.id

    def _on_changed(self) -> None:
        if self._current is not None:
            self.go_to(self._current)


class SidePanel(QFrame):
    """Saved searches, label lists and tags below each other. Each part folds, and says what it is for while empty."""

    save_asked = Signal()
    hide_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("side")
        self.setAccessibleName("Side panel")
        self.model, self.lists_model, self.tags_model = SavedModel(self), ListsModel(self), TagModel(self)
        self.list = SavedList(self.model, theme)
        self.lists, self.tags = ListsView(self.lists_model, theme), TagTree(self.tags_model, theme)
        self.searches_part = PanelSection(
            "Saved searches",
            "Search for something, then press Ctrl+S: it appears here with the photos that it finds.",
            self.list,
            theme,
        )
        self.lists_part = PanelSection(
            "Label lists",
            "Words of your own, from which Retrouve suggests tags. Press + to write some.",
            self.lists,
            theme,
        )
        self.tags_part = PanelSection("Tags", "Press T on a photo to tag it. Its tags appear here.", self.tags, theme)
        self.hint, self.body = self.searches_part.hint, self.searches_part.body
        self.save = self.searches_part.button("bookmark", "Save this search (Ctrl+S)")
        self.close_button = self.searches_part.button("clear", "Hide the side panel (F9)")
        self.suggest = self.lists_part.button("tag", "Suggest tags from a list")
        self.edit_lists = self.lists_part.button("plus", "Write and edit label lists (Ctrl+Shift+L)")
        self.review = self.tags_part.button("review", "Review suggested tags (Ctrl+R)")
        self.teach = self.tags_part.button("teach", "Teach names (Ctrl+Shift+N)")
        self.find = QLineEdit()
        self.find.setPlaceholderText("Find a tag")
        self.find.setAccessibleName("Find a tag")
        self.find.setClearButtonEnabled(True)
        self._finding = QWidget()
        around = QHBoxLayout(self._finding)
        around.setContentsMargins(18, 0, 14, 6)
        around.addWidget(self.find)
        self.tags_part.above.addWidget(self._finding)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 8)
        column.setSpacing(4)
        for part in self.parts():
            column.addWidget(part, 1 if part is self.tags_part else 0)
        column.addStretch(0)
        letter = self.fontMetrics().horizontalAdvance("x")
        self.setMinimumWidth(letter * 22)
        self.setMaximumWidth(letter * 60)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        # Once for a row of changes: all tags may be opened at a time.
        self._fitting = QTimer(self, singleShot=True, interval=0)
        self._fitting.timeout.connect(self._fit_tags)
        self.save.clicked.connect(self.save_asked)
        self.close_button.clicked.connect(self.hide_asked)
        self.find.textChanged.connect(self.tags_model.filter)
        for part, model in zip(self.parts(), (self.model, self.lists_model, self.tags_model), strict=True):
            for changed in (model.modelReset, model.rowsInserted, model.rowsRemoved):
                changed.connect(lambda *_, part=part: part.fit())
                changed.connect(self._fitting.start)
        for changed in (self.tags.expanded, self.tags.collapsed, self.tags_model.modelReset, self.tags_part.folded):
            changed.connect(self._fitting.start)
        self._fit_tags()

    def parts(self) -> tuple[PanelSection, ...]:
        """The parts, from the top."""
        return self.searches_part, self.lists_part, self.tags_part

    def take_focus(self) -> None:
        """Let the keys act here: in the first part that is open and has anything in it."""
        there = [part.view for part in self.parts() if part.opened and part.rows()]
        (there[0] if there else self.save).setFocus(Qt.FocusReason.ShortcutFocusReason)

    def sizeHint(self) -> QSize:  # noqa: D102
        return QSize(self.fontMetrics().horizontalAdvance("x") * 32, super().sizeHint().height())

    def _fit_tags(self) -> None:
        """A field to find a tag is of use only where there are many."""
        many = bool(self.find.text()) or self.tags_part.rows() > MANY
        self._finding.setVisible(self.tags_part.opened and many)
        self.tags_part.fit()
        if not (self.tags_part.opened and self.tags_part.rows()):
            self.searches_part.set_most(None)
            self.lists_part.set_most(None)
            return
        # Rows that would fit beside all that the tags and a few of the others take: the others may have them too.
        room = self.height() - sum(part.around() for part in self.parts()) - _BETWEEN
        wanted = {part: part.rows() if part.opened else 0 for part in self.parts()}
        taken = wanted[self.tags_part] + sum(min(FEW, wanted[part]) for part in (self.searches_part, self.lists_part))
        spare = max(0, room // self.tags_part.line() - taken)
        for part in (self.searches_part, self.lists_part):
            more = min(spare, max(0, wanted[part] - FEW))
            part.set_most(FEW + more)
            spare -= more

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        if event.size().height() != event.oldSize().height():
            self._fitting.start()
