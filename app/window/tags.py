"""Tags in the window: the panel's lists and tags, tagging what is chosen, runs of a list, the editor, sidecars."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QTimer

from app.jobs import Job, Latest
from app.window.indexing import Indexing, State
from app.window.label_editor import LabelEditor
from app.window.leaving import ask_to_remove
from app.window.list_files import ListFiles
from app.window.main_window import MainWindow
from app.window.searching import Asked, Searching
from app.window.session import Session
from app.window.sidecar_dialog import SidecarDialog
from app.window.sidecars import SidecarWork
from app.window.tag_dialog import TagDialog
from app.window.tag_run_dialog import Photos, TagRunDialog, photos_to_choose
from app.window.tag_tree import Laid, laid, query_of
from app.window.tagging import CANNOT, Tagging, TagRun
from app.window.tagging_activity import TaggingActivity
from app.window.thumbnails import Thumbnails
from app.window.words import count_of, isolated
from core.errors import RetrouveError
from core.search.grammar import Tag as TagTerm
from core.search.grammar import parse
from core.tagging.overview import TagNode
from core.tagging.types import LabelList, Step, TagReport

if TYPE_CHECKING:
    from core.tagging import Tagging as CoreTagging

SOON = 250
"""Milliseconds after a change before the tags are counted again: changes come in rows."""
MOST = 20_000
"""Photos that can be tagged at once by hand: more were hardly meant."""

NO_PHOTOS = "There are no photos in the library yet: add a folder first."


_PHOTOS_FIRST = 1000
"""Milliseconds after which the panel is filled, though no search has answered."""


class Tags(QObject):
    """Lets panel, viewer, grid and library play together. ``commands`` is what the window's actions do here."""

    def __init__(
        self, window: MainWindow, session: Session, searching: Searching, indexing: Indexing, tagging: Tagging
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._searching, self.tagging = window, session, searching, tagging
        self._counting, self._listing = Latest(), Latest()
        self.editor: LabelEditor | None = None
        self.files = ListFiles(tagging, self._say, self)
        self.activity = TaggingActivity(tagging, window.theme, lambda: indexing.state not in (State.IDLE, State.BUSY))
        window.activity.room.addWidget(self.activity)
        window.viewer.strip.tags.use(tagging)
        # Not the grid's own: the wish of one view would take the place of the other's.
        self._pictures = Thumbnails(session.lanes.thumbnails, capacity=16 << 20, parent=self)
        self.sidecars = SidecarWork(session.lanes.exporting, self)
        window.closing.connect(self.sidecars.stop)
        self._waits = False
        self._soon = QTimer(self, singleShot=True, interval=SOON)
        self._soon.timeout.connect(self._load)
        self._choosing: Job | None = None
        window.may_close = self._may_close
        self._connect(indexing)

    def commands(self) -> dict[str, Callable[[], object]]:
        """What to do about tags."""
        return {
            "tag": self.tag,
            "suggest": self.suggest,
            "undo_tags": partial(self.tagging.undo, self._on_undone),
            "redo_tags": partial(self.tagging.redo, self._on_redone),
            "lists": self.edit,
            "sidecars": self.write_sidecars,
        }

    def _connect(self, indexing: Indexing) -> None:
        window, tagging, side = self._window, self.tagging, self._window.side
        tagging.opened.connect(self._on_opened)
        for changed in (
            tagging.changed,
            tagging.lists_changed,
            self._session.changed_elsewhere,
            self._session.forgotten,
        ):
            changed.connect(lambda *_: self._soon.start())
        indexing.ended.connect(lambda _report: self._soon.start())
        tagging.changed.connect(lambda _photos: self._search_again())
        tagging.failed.connect(self._on_failed)
        tagging.run_failed.connect(self._on_failed)
        tagging.ended.connect(self._on_run_ended)
        side.tags.chosen.connect(self._search)
        side.tags_model.renamed.connect(self._on_tag_renamed)
        side.tags.review_asked.connect(tagging.review_label_asked)
        side.tags.left.connect(window.grid.setFocus)
        side.lists.left.connect(window.grid.setFocus)
        side.lists_model.renamed.connect(self._on_list_renamed)
        side.lists.edit_asked.connect(self.edit)
        side.lists.suggest_asked.connect(self.suggest)
        side.lists.review_asked.connect(lambda name: tagging.review_asked.emit(name))
        side.lists.export_asked.connect(lambda name: self.files.choose_export(window, name))
        side.lists.remove_asked.connect(self._on_remove_asked)
        side.edit_lists.clicked.connect(lambda: self.edit())
        side.suggest.clicked.connect(lambda: self.suggest())
        self._searching.started.connect(self._show_asked)
        self._searching.found.connect(lambda _found: self._on_photos_there())
        strip = window.viewer.strip.tags
        strip.search_asked.connect(self._search)
        strip.left.connect(window.viewer.setFocus)
        window.closing.connect(self._soon.stop)

    def _may_close(self) -> bool:
        """Let the editor ask about what is not saved; whether it is closed then."""
        if self.editor is not None:
            self.editor.reject()
        return self.editor is None

    # The panel

    def _on_opened(self) -> None:
        can, commands, side = self.tagging.can_change, self._window.commands, self._window.side
        for action in (commands.tag, commands.suggest, commands.undo_tags, commands.redo_tags):
            action.setEnabled(can)
        side.suggest.setEnabled(can)
        side.tags.can_change = side.lists_model.can_change = can
        # The photos first: what the panel needs is loaded beside nothing else. (Where no photo is looked for, soon.)
        self._waits = True
        QTimer.singleShot(_PHOTOS_FIRST, self, self._on_photos_there)

    def _on_photos_there(self) -> None:
        if self._waits:
            self._waits = False
            self._load()

    def _load(self) -> None:
        self._counting.run(
            self._session.lanes.general, partial(_overview, self._session.library), self._on_loaded
        ) if self._session.library is not None else None

    def _on_loaded(self, found: tuple[list[tuple[str, int]], Sequence[TagNode], Laid]) -> None:
        lists, tree, whole = found
        side = self._window.side
        side.lists_model.show(lists)
        side.tags_model.show(tree, whole)
        self._window.beside.set_filled(bool(lists), "lists")
        self._window.beside.set_filled(bool(tree), "tags")

    def _show_asked(self, asked: Asked) -> None:
        self._window.side.tags_model.set_asked(asked.text if asked.like is None else "")

    def _search(self, name: str) -> None:
        """Search for the photos with a tag."""
        window = self._window
        window.banner.settle("action")
        if window.in_viewer():
            window.leave_viewer()
        window.search.put_instead(query_of(name))

    def _search_again(self) -> None:
        """What is asked may have another answer now, where it asks for tags."""
        if any(isinstance(term, TagTerm) for term in _every(parse(self._searching.asked.text))):
            self._searching.refresh()

    def _on_tag_renamed(self, name: str, new: str) -> None:
        self.tagging.keep(
            lambda core: core.renaming.rename_everywhere(name, new), lambda _none: self._on_renamed(name, new)
        )

    def _on_renamed(self, name: str, new: str) -> None:
        self.tagging.lists_changed.emit()
        self.tagging.changed.emit(None)
        if self._searching.asked.text == query_of(name):
            self._window.search.put_instead(query_of(new))

    def _on_list_renamed(self, name: str, new: str) -> None:
        def work(core: CoreTagging) -> LabelList:
            return core.lists.put(replace(core.lists.get(name), name=new), name)

        self.tagging.keep(work, lambda _labels: self.tagging.lists_changed.emit())

    def _on_remove_asked(self, name: str) -> None:
        if ask_to_remove(self._window, name):
            self.tagging.remove(name)

    # Tagging by hand

    def tag(self) -> None:
        """Tag the photos that are meant: in the viewer the one on show, else those that are chosen."""
        window = self._window
        if not self.tagging.can_change:
            self._say(CANNOT, self.tagging.library is not None)
            return
        if window.in_viewer():
            window.viewer.add_tag()
            return
        ids = window.actions.ids()
        if not ids:
            self._say("Choose photos first: they can be tagged then.", False)
        elif len(ids) > MOST:
            self._say(f"{len(ids):,} photos are selected: choose {MOST:,} at the most to tag them by hand.", True)
        else:
            dialog = TagDialog(self.tagging, ids, window.theme, window)
            dialog.finished.connect(dialog.deleteLater)
            dialog.open()

    def _on_undone(self, step: Step | None) -> None:
        self._say("There is no tagging to undo." if step is None else f"Undone: {isolated(step.said)}.", False)

    def _on_redone(self, step: Step | None) -> None:
        self._say("There is nothing to do again." if step is None else f"Done again: {isolated(step.said)}.", False)

    # Suggesting

    def suggest(self, list_name: str | None = None) -> None:
        """Ask which list is to suggest tags, and for which photos."""
        if not self.tagging.can_change:
            self._say(CANNOT, True)
        elif self.tagging.running is not None:
            self._say("Tags are being suggested already: stop that in the bar at the foot, or wait for it.", False)
        elif not self._total():
            self._say(NO_PHOTOS, False)
        else:
            if self._choosing is not None:
                self._choosing.cancel()  # asked twice: one dialog
            self._choosing = self.tagging.ask(
                lambda core: (core.lists.names(), core.lists.ready()), partial(self._ask_what_to_run, list_name)
            )

    def _ask_what_to_run(self, list_name: str | None, found: tuple[list[tuple[str, int]], Sequence[LabelList]]) -> None:
        own, ready = found
        dialog = TagRunDialog(own, ready, self._choices(), list_name, self._window)
        dialog.started.connect(self._begin)
        dialog.edit_asked.connect(self.edit)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _choices(self) -> list[Photos]:
        """The photos that something may be done with: those that are chosen, those on show, all of them."""
        window, none = self._window, np.zeros(0, np.int64)
        selected = none if window.in_viewer() else window.grid.chosen()
        shown = window.model.ids if window.pages.currentWidget() is window.grid else none
        return photos_to_choose(selected, shown, self._total())

    def _total(self) -> int:
        """The photos of the library."""
        return sum(status.photos for status in self._session.roots or ())

    def _begin(self, name: str, photos: Sequence[int] | None, accept_above: float | None) -> None:
        """A ready list becomes one's own by being used."""
        run = lambda labels: self.tagging.run(TagRun(labels, photos, None, accept_above))  # noqa: E731
        self.tagging.keep(lambda core: core.lists.get(name), run)

    def _on_run_ended(self, what: TagRun, report: TagReport, finished: bool) -> None:
        said = outcome(what, report, finished)
        if report.suggested:
            review = partial(self.tagging.review_asked.emit, what.labels.name)
            self._window.banner.say(said, topic="tagging", error=False, button="Review them", act=review)
        else:
            self._window.banner.say(said, topic="tagging", error=False)

    # Lists

    def edit(self, name: str | None = None) -> None:
        """Open the editor, at the list of a name."""
        if self.tagging.library is None:
            return
        if self.editor is None:
            editor = LabelEditor(
                self.tagging, self._session.lanes.preview, self._pictures, self._window.theme, self._window
            )
            editor.run_asked.connect(lambda labels: self.suggest(labels.name))
            editor.import_asked.connect(lambda: self.files.choose_import(editor, editor.load))
            editor.export_asked.connect(lambda of: self.files.choose_export(editor, of))
            editor.finished.connect(self._on_editor_closed)
            self.editor = editor
        self.editor.load(name)
        self.editor.show()
        self.editor.raise_()
        self.editor.activateWindow()

    def _on_editor_closed(self) -> None:
        if self.editor is not None:
            self.editor.deleteLater()
            self.editor = None
            self._pictures.clear()

    # Sidecars

    def write_sidecars(self) -> None:
        """Open the dialog that writes tags beside the photos."""
        library, window = self.tagging.library, self._window
        if library is None:
            return
        # The last one first: nobody wants sidecars of some photos alone, unless they chose these.
        choices = self._choices()
        ordered = choices if window.grid.chosen().size > 1 and not window.in_viewer() else choices[::-1]
        dialog = SidecarDialog(library, self.sidecars, ordered, window)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    # What is said

    def _say(self, sentence: str, error: bool) -> None:
        if self.editor is not None and self.editor.isVisible():
            self.editor.tell(sentence, error=error)
        else:
            self._window.banner.say(sentence, topic="action", error=error)

    def _on_failed(self, error: RetrouveError) -> None:
        self._load()
        self._say(str(error), True)


def outcome(what: TagRun, report: TagReport, finished: bool) -> str:
    """What a run did, for people."""
    parts = []
    if report.suggested:
        parts.append(f"{count_of(report.suggested, 'tag')} suggested")
    if report.accepted:
        parts.append(f"{report.accepted:,} accepted at once")
    if report.withdrawn:
        parts.append(f"{report.withdrawn:,} earlier ones withdrawn")
    said = ", ".join(parts) or "nothing new to suggest"
    begun = "" if finished else "Stopped: "
    left = f" {count_of(report.unencoded, 'photo')} wait for indexing." if report.unencoded else ""
    return f"{begun}From “{what.labels.name}” for {count_of(report.photos, 'photo')}: {said}.{left}"


def _overview(library: object) -> tuple[list[tuple[str, int]], Sequence[TagNode], Laid]:
    """In a worker thread: the lists, and the tags as they are shown."""
    core: CoreTagging = library.tagging  # type: ignore[attr-defined]
    tree = core.overview.tree()
    return core.lists.names(), tree, laid(tree)


def _every(term: object) -> list[object]:
    """A term and all that it consists of."""
    found = [term]
    for name in ("terms", "term"):
        inner = getattr(term, name, None)
        for one in inner if isinstance(inner, tuple) else () if inner is None else (inner,):
            found.extend(_every(one))
    return found
