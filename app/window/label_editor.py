"""The editor of label lists: the lists, the labels of one, what a label says, and the photos that it would get."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QAction, QCloseEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from app.jobs import Jobs
from app.window.label_fields import LabelFields, ListFields, NameField, say
from app.window.label_preview import LabelPreview
from app.window.label_sides import labels_side, lists_side
from app.window.label_tree import LabelItem, LabelTree, LabelTreeView, renamed_between, tidy
from app.window.leaving import Leaving, ask_to_leave, ask_to_remove, ask_which
from app.window.list_chooser import ListChooser
from app.window.said import Said
from app.window.tagging import CANNOT, Tagging
from app.window.theme import Theme
from app.window.thumbnails import Thumbnails
from app.window.words import count_of
from core.errors import RetrouveError
from core.tagging.types import Label, LabelList


class LabelEditor(QDialog):
    """Works on a copy of one list at a time; ``Save`` keeps it. What was decided of its labels outlives every edit."""

    run_asked = Signal(object)
    """LabelList to suggest tags from."""
    import_asked = Signal()
    export_asked = Signal(str)
    """Name of a list to be written to a file."""

    def __init__(
        self, tagging: Tagging, lane: Jobs, thumbnails: Thumbnails, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Label lists")
        self._tagging, self._theme = tagging, theme
        self._own: dict[str, LabelList] = {}
        self._ready: dict[str, LabelList] = {}
        self._list = LabelList("")
        """The list as it was shown."""
        self._stored: str | None = None
        """The name under which the library keeps it; None for one that it does not."""
        self._exclusive: set[str] = set()
        self._wanted: str | None = None
        self._begun: str | None = None
        """The list that was begun here and never saved: where nothing comes of it, it does not stay."""
        self._theirs: LabelList | None = None
        """The list as it was changed elsewhere while it was edited here."""
        self._then: Callable[[], None] = lambda: None
        self._state = ""
        self.lists = ListChooser(theme)
        self.tree = LabelTree(self)
        self.view = LabelTreeView(self.tree)
        self.new = NameField("New label")
        self.new_fault = QLabel(textFormat=Qt.TextFormat.PlainText, objectName="fault", wordWrap=True)
        self.fields, self.list_fields = LabelFields(self.tree), ListFields(self._is_taken)
        self.preview = LabelPreview(tagging, lane, thumbnails, theme)
        self.tabs = QTabWidget()
        self.said = Said()
        self.suggest, self.revert = QPushButton("S&uggest tags…"), QPushButton("&Revert")
        self.save = QPushButton("&Save")
        self._lay_out()
        self._connect()
        room = parent.size() if parent is not None else QSize(1240, 800)
        self.resize(min(1180, max(560, room.width() - 60)), min(800, max(420, room.height() - 50)))
        parts = (18, 25, 57) if self.width() > 900 else (20, 28, 52)
        self.sides.setSizes([self.width() * part // 100 for part in parts])
        self._show(LabelList(""), None)
        self.load()

    # What it looks like

    def _lay_out(self) -> None:
        self.save.setProperty("primary", "true")
        self.save.setAutoDefault(False)
        for button in (self.suggest, self.revert):
            button.setAutoDefault(False)
        self.new.setPlaceholderText("Type a new label…")
        self.new.setToolTip("Enter adds it to the list, Shift+Enter below the current label")
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self.fields, "Label")
        self.tabs.addTab(self.list_fields, "Whole list")
        self.sides, self.upright = QSplitter(Qt.Orientation.Horizontal), QSplitter(Qt.Orientation.Vertical)
        self.upright.addWidget(self.tabs)
        self.upright.addWidget(self.preview)
        lists, self.importing, self.exporting = lists_side(self._theme, self.lists, self.begin, self._on_remove_button)
        new = (self.new, self.new_fault)
        labels = labels_side(self._theme, self.tree, self.view, new, self._move, self.remove_label)
        for part in (lists, labels, self.upright):
            self.sides.addWidget(part)
        self.upright.setMinimumWidth(self.fontMetrics().horizontalAdvance("x") * 40)
        form = self.fields.widget()
        high = (form.sizeHint().height() if form is not None else 0) + self.tabs.tabBar().sizeHint().height() + 12
        self.upright.setSizes([high, max(200, 700 - high)])
        for splitter in (self.sides, self.upright):
            splitter.setChildrenCollapsible(False)
            splitter.setHandleWidth(13)
        self.sides.setStretchFactor(2, 1)
        self.upright.setStretchFactor(1, 1)
        foot = QHBoxLayout()
        foot.setSpacing(10)
        foot.addWidget(self.suggest)
        foot.addWidget(self.said, 1)
        foot.addWidget(self.revert)
        foot.addWidget(self.save)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 16, 18, 16)
        column.setSpacing(12)
        column.addWidget(self.sides, 1)
        column.addLayout(foot)

    def _connect(self) -> None:
        self.importing.triggered.connect(self.import_asked)
        self.exporting.triggered.connect(lambda: self.export_asked.emit(self._stored or ""))
        self.lists.chosen.connect(self._on_list_chosen)
        self.lists.renamed.connect(self._on_list_renamed)
        self.lists.remove_asked.connect(self.remove_list)
        self.view.selectionModel().currentChanged.connect(lambda *_: self._on_label_chosen())
        self.view.remove_asked.connect(self.remove_label)
        self.view.add_asked.connect(self.new.setFocus)
        self.tree.edited.connect(self._on_edited)
        self.list_fields.edited.connect(self._on_edited)
        self.fields.exclusive = lambda group: group in self._exclusive
        self.fields.only_one.toggled.connect(self._on_only_one)
        self.new.textEdited.connect(lambda _text: self._on_new_typed())
        self.new.entered.connect(lambda below: self.add_label(below=below))
        self.new.abandoned.connect(self._on_new_abandoned)
        self.suggest.clicked.connect(lambda: self._after_saving(lambda: self.run_asked.emit(self._list)))
        self.revert.clicked.connect(lambda: self._show(self._list, self._stored))
        self.save.clicked.connect(lambda: self.keep())
        keep = QAction(self)
        keep.setShortcut(QKeySequence("Ctrl+S"))
        keep.triggered.connect(lambda: self.save.click())
        self.addAction(keep)
        self._tagging.lists_changed.connect(self.load)
        # A method of a widget, which is let go with it: a lambda would be called when the editor is long gone.
        self._tagging.changed.connect(self.preview.ask_again)

    # The lists

    def load(self, go_to: str | None = None) -> None:
        """Ask which lists there are, and show them; ``go_to`` is to be the current one then."""
        self._wanted = go_to or self._wanted
        self._tagging.ask(lambda core: (core.lists.all(), core.lists.ready()), self._on_lists, self._say_fault)

    def _on_lists(self, found: tuple[Sequence[LabelList], Sequence[LabelList]]) -> None:
        own, ready = found
        self._own = {labels.name: labels for labels in own}
        self._ready = {labels.name: labels for labels in ready}
        self._catch_up()
        wanted, self._wanted = self._wanted or self._stored or self._list.name or None, None
        self.lists.show_lists([(labels.name, len(labels.labels)) for labels in own], ready, wanted)
        current = self.lists.current()
        if current is None and own and not self.is_edited() and not self._list.name:
            self.lists.go_to(own[0].name)
            current = self.lists.current()
        if current is not None and not self.is_edited():
            self._open(*current)
        self._on_edited(quietly=True)

    def _catch_up(self) -> None:
        """What became of the list on show elsewhere: names are followed, of other changes is asked before saving."""
        if self._stored is None or self._list.id is None:
            return
        now = next((labels for labels in self._own.values() if labels.id == self._list.id), None)
        edited, self._theirs = self.is_edited(), None
        if now is None:
            self._stored, self._begun = None, None  # Removed: what is edited can be kept anew.
            if not edited:
                self._show(LabelList(""), None)
            return
        self._begun = now.name if self._begun == self._stored else self._begun
        self._stored = now.name
        if now == self._list or not edited:
            return
        names = renamed_between(self._list, now)
        if names is None:
            self._theirs = now
            return
        if self.list_fields.name.text() == self._list.name:
            self.list_fields.name.setText(now.name)
        self._list = now
        self.tree.follow(names)

    def _open(self, name: str, ready: bool) -> None:
        labels = (self._ready if ready else self._own).get(name)
        if labels is not None and (labels != self._list or (self._stored is None) != ready):
            self._show(labels, None if ready else name)

    def _show(self, labels: LabelList, stored: str | None) -> None:
        """Work on a list from now on."""
        current = self.view.current().label.name if self.view.current() is not None else None
        same = labels.name == self._list.name
        if stored != self._begun:
            self._drop_begun()
        self._list, self._stored, self._exclusive, self._theirs = labels, stored, set(labels.exclusive), None
        self.tree.show(labels)
        self.view.expandAll() if len(labels.labels) <= 300 else self.view.expandToDepth(0)
        self.list_fields.show_list(labels)
        self.list_fields.setEnabled(bool(labels.name))
        self.new.setEnabled(bool(labels.name) and self._tagging.can_change)
        kept = self.tree.named(current) if same and current else None
        item = kept or self.tree.first()
        if item is not None:
            self.view.go_to(item)
        self._on_label_chosen()
        self._on_edited()

    def _on_list_chosen(self, name: str, ready: bool) -> None:
        def open_it() -> None:
            with QSignalBlocker(self.lists):
                self.lists.go_to(name)
            self._wanted = name
            self._open(name, ready)

        self._leave(open_it, self._go_back)

    def _go_back(self) -> None:
        with QSignalBlocker(self.lists):
            self.lists.go_to(self._stored or self._list.name)

    def begin(self) -> None:
        """A new list, under a name that no other has; the name can be typed over at once."""
        if self._tagging.can_change:
            self._leave(self._begin)

    def _begin(self) -> None:
        number, name = 1, "New list"
        while self._is_there(name):
            number += 1
            name = f"New list {number}"
        self._tagging.put(LabelList(name), None, self._on_begun, self._say_fault)

    def _on_begun(self, labels: LabelList) -> None:
        self._own[labels.name] = labels
        self._drop_begun()
        self._begun = labels.name
        self._show(labels, labels.name)
        self._wanted = labels.name
        self.tabs.setCurrentWidget(self.list_fields)
        self.list_fields.name.setFocus()
        self.list_fields.name.selectAll()

    def _on_list_renamed(self, name: str, new: str) -> None:
        if self._is_there(new) and new.casefold() != name.casefold():
            self.tell(f"Another list is called “{new}” already.", error=True)
            return
        if self.is_edited():
            self.list_fields.name.setText(new)
            self._on_edited()
            return
        self._wanted = new
        self._tagging.put(replace(self._own[name], name=new), name, self._on_saved, self._say_fault)

    def _on_remove_button(self) -> None:
        current = self.lists.current()
        if current is not None and not current[1]:
            self.remove_list(current[0])

    def remove_list(self, name: str) -> None:
        """Ask, and remove a list."""
        if not self._tagging.can_change:
            self.tell(CANNOT, error=True)
            return
        if ask_to_remove(self, name):
            if name == self._begun:
                self._begun = None
            if name == self._stored:
                self._show(LabelList(""), None)
            self._tagging.remove(name)

    def _drop_begun(self) -> None:
        """Take the list away that was begun and never saved; nothing can be done with a list without labels."""
        name, self._begun = self._begun, None
        if name is not None and self._tagging.can_change:
            self._tagging.remove(name)

    def _is_there(self, name: str) -> bool:
        return any(name.casefold() == other.casefold() for other in (*self._own, *self._ready))

    def _is_taken(self, name: str) -> bool:
        """Whether a list other than this one has a name."""
        mine = (self._stored or self._list.name).casefold()
        return name.casefold() != mine and any(name.casefold() == other.casefold() for other in self._own)

    # The labels

    def _on_label_chosen(self) -> None:
        self.fields.show_item(self.view.current())
        if self.view.current() is not None and self.tabs.currentWidget() is not self.fields and self.view.hasFocus():
            self.tabs.setCurrentWidget(self.fields)
        self._preview()

    def _on_new_typed(self) -> None:
        name = tidy(self.new.text())
        say(self.new_fault, self.new, f"“{name}” is in this list already." if name and self.tree.named(name) else "")
        self._preview()

    def _on_new_abandoned(self) -> None:
        self.new.clear()
        self._on_new_typed()

    def add_label(self, *, below: bool = False) -> None:
        """Put what is typed into the list: after the current label, or below it."""
        name = tidy(self.new.text())
        if not name or self.tree.named(name) is not None:
            return
        beside = self.view.current()
        item = self.tree.add(Label(name), beside, below=below and beside is not None)
        self.new.clear()
        say(self.new_fault, self.new, "")
        self.view.go_to(item)
        self.tabs.setCurrentWidget(self.fields)

    def remove_label(self) -> None:
        """Take the current label out of the list."""
        item = self.view.current()
        if item is not None and self._tagging.can_change:
            name = item.label.name
            self.tree.remove(item)
            self._on_label_chosen()
            self.said.tell(f"“{name}” is taken out. Photos that have it keep it.")

    def _move(self, act: Callable[[LabelItem], bool]) -> None:
        item = self.view.current()
        if item is not None and act(item):
            self.view.go_to(item)
            self.view.setFocus()

    def _on_only_one(self, on: bool) -> None:
        group = tidy(self.fields.group.currentText())
        if group:
            (self._exclusive.add if on else self._exclusive.discard)(group)
            self._on_edited()

    def _preview(self) -> None:
        typed, item = tidy(self.new.text()), self.view.current()
        label = Label(typed) if typed else item.label if item is not None else None
        self.preview.show_label(label, self.working())

    # Keeping

    def working(self) -> LabelList:
        """The list as it stands now."""
        labels = self.tree.labels()
        groups = {label.group for label in labels}
        exclusive = tuple(group for group in self._list.exclusive if group in self._exclusive & groups)
        exclusive += tuple(sorted(self._exclusive.intersection(groups).difference(exclusive)))
        name, templates = tidy(self.list_fields.name.text()), self.list_fields.templates.lines()
        return replace(self._list, name=name, labels=labels, templates=templates, exclusive=exclusive)

    def is_edited(self) -> bool:
        """Whether something waits to be saved."""
        return bool(self._list.name) and (self.working() != self._list or bool(self.tree.renamed()))

    def fault(self) -> str:
        """Why the list cannot be saved as it stands; nothing where it can."""
        if said := self.list_fields.check():
            return said
        seen: set[str] = set()
        for item in self.tree.items():
            name = item.label.name.casefold()
            if not name:
                return "A label needs a name."
            if name in seen:
                return f"“{item.label.name}” is in this list twice."
            seen.add(name)
        return ""

    def _on_edited(self, *, quietly: bool = False) -> None:
        """Follow what was edited. ``quietly`` leaves what was said last, unless there is news of the list."""
        item = self.view.current()
        if item is not None and not self.fields.isAncestorOf(self.focusWidget() or self.view):
            self.fields.show_item(item)  # Named in the tree: the field follows.
        edited, fault, can = self.is_edited(), self.fault() if self._list.name else "", self._tagging.can_change
        fresh = bool(self._list.name) and self._stored is None
        self.save.setText("Keep this list" if fresh else "&Save")
        self.save.setEnabled(can and (edited or fresh) and not fault)
        self.revert.setVisible(edited)
        self.suggest.setEnabled(can and bool(self._list.name) and not fault and self.tree.rowCount() > 0)
        self.exporting.setEnabled(self._stored is not None)
        self.lists.set_edited(self._stored or self._list.name, edited, self.working())
        words, wrong = count_of(len(self._list.labels), "label") if self._list.name else "", False
        if not can:
            words = CANNOT
        elif fault:
            words, wrong = fault, True
        elif self._theirs is not None:
            words, wrong = "Changed elsewhere meanwhile: you are asked before this is saved over it.", True
        elif edited:
            gone = self._stored is None and self._list.id is not None
            words = "Removed elsewhere: keep it to bring it back." if gone else "Not saved yet."
        elif fresh:
            words = "It comes with Retrouve: keep it to make it yours, or suggest tags from it as it is."
        if not quietly or words != self._state:
            self.said.tell(words, error=wrong)
        self._state = words
        self._preview()

    def keep(self, then: Callable[[], None] = lambda: None) -> None:
        """Save the list; ``then`` is called once it is."""
        if not self.save.isEnabled():
            return
        chosen = Leaving.SAVE if self._theirs is None else ask_which(self, self._list.name)
        if chosen is Leaving.DISCARD and self._theirs is not None:
            self._show(self._theirs, self._stored)
            then()
        if chosen is not Leaving.SAVE:
            return
        self.save.setEnabled(False)
        working = self.working()
        self._wanted = working.name
        self._then = then
        self._tagging.put(working, self._stored, self._on_kept, self._on_not_saved, renamed=self.tree.renamed())

    def _on_kept(self, labels: LabelList) -> None:
        then, self._then = self._then, lambda: None
        self._on_saved(labels)
        then()

    def _on_saved(self, labels: LabelList) -> None:
        self._begun = None
        if self._stored is not None:
            self._own.pop(self._stored, None)
        self._own[labels.name] = labels
        self._show(labels, labels.name)
        self.said.tell(f"“{labels.name}” is saved.")

    def _on_not_saved(self, error: RetrouveError) -> None:
        self._on_edited()
        self._say_fault(error)

    def _after_saving(self, act: Callable[[], None]) -> None:
        if self.is_edited() or self._stored is None:
            self.keep(act)
        else:
            act()

    def _leave(self, then: Callable[[], None], stay: Callable[[], None] = lambda: None) -> None:
        """Call ``then`` once nothing that was edited would be lost by it; ``stay`` where somebody would go on here."""
        if not self.is_edited():
            then()
            return
        why_not = "" if self.save.isEnabled() else self.fault() or CANNOT
        chosen = ask_to_leave(self, self._list.name, why_not)
        if chosen is Leaving.SAVE:
            self.keep(then)
        elif chosen is Leaving.DISCARD:
            self._show(self._list, self._stored)
            then()
        else:
            stay()

    def tell(self, words: str, *, error: bool = False) -> None:
        """Say what came of something that was asked for here."""
        self.said.tell(words, error=error)

    def _say_fault(self, error: RetrouveError) -> None:
        self.tell(str(error), error=True)

    # Events

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter presses no button here."""
        if event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            super().keyPressEvent(event)

    def reject(self) -> None:
        """Escape, or the cross: nothing that was edited is lost without a word."""
        self._leave(self._end)

    def _end(self) -> None:
        self._drop_begun()
        self.preview.show_label(None, None)
        super().reject()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: D102
        if self.is_edited():
            event.ignore()
            self._leave(self._end)
        else:
            self._drop_begun()
            self.preview.show_label(None, None)
            super().closeEvent(event)
