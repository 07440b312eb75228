"""Lets the parts play together: what the library, the indexer and the watcher tell reaches the window, and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from app.window.dropping import Dropped
from app.window.failures_dialog import FailuresDialog
from app.window.folders_dialog import FoldersDialog, choose_folder
from app.window.help_dialogs import AboutDialog, ShortcutsDialog
from app.window.indexing import Indexing, State
from app.window.like_picture import read_like_picture
from app.window.main_window import MainWindow
from app.window.messages import Messages
from app.window.models import Models
from app.window.pacing import Pacing
from app.window.photo_actions import pictures_folder
from app.window.results import Results
from app.window.review import Review
from app.window.searching import Asked, Found, Searching
from app.window.session import Session
from app.window.shelf import Shelf
from app.window.tagging import Tagging
from app.window.tags import Tags
from app.window.teach import Teach
from app.window.thumbnails import Thumbnails
from app.window.typed import finished
from app.window.understanding import Understanding
from app.window.watching import Watching
from app.window.words import count_of
from core.errors import CallError, CatalogDamaged, PhotoError, RetrouveError
from core.tagging.types import TagProgress
from core.types import Failure, IndexReport, ModelMove, Root, RootStatus

if TYPE_CHECKING:
    from core.library import Library

_SLOW = 250
"""Milliseconds after which waiting is shown: what is quicker than that needs no words."""


class Conductor(QObject):
    """Holds no state of its own beyond the last answer; every slot is a few lines."""

    def __init__(
        self,
        window: MainWindow,
        session: Session,
        searching: Searching,
        indexing: Indexing,
        watching: Watching,
        thumbnails: Thumbnails,
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._searching = window, session, searching
        self._indexing, self._watching, self._thumbnails = indexing, watching, thumbnails
        self._found: Found | None = None
        self._limited = self._damage = self._moving = ""
        self._looked = False
        self._folders: FoldersDialog | None = None
        self._messages = Messages(window.message, self._on_add_folder_asked, window.search.clear)
        self._results = Results(window, session, thumbnails, self._messages, lambda: indexing.state is State.RUNNING)
        self._shelf = Shelf(window, session, searching, indexing, self._results)
        self.tagging = Tagging(session, self)
        window.closing.connect(self.tagging.stop)
        self.review = Review(window, session, self.tagging)
        self._tags = Tags(window, session, searching, indexing, self.tagging)
        self.models = Models(window, session, indexing)
        self.teach = Teach(window, session, searching, self.tagging)
        self.models.chosen.connect(self._on_model_chosen)
        self._slow = QTimer(self, singleShot=True, interval=_SLOW)
        self._slow.timeout.connect(self._on_slow)
        window.set_commands(
            {
                "add_folder": self._on_add_folder_asked,
                "folders": self._on_folders_asked,
                "rescan": indexing.index_everything,
                "failures": self._on_failures_asked,
                "shortcuts": lambda: ShortcutsDialog(window).open(),
                "about": self._on_about_asked,
                **self._results.commands(),
                **self._shelf.commands(),
                **Pacing(window, session).commands(),
                **self.models.commands(),
                **self.review.commands(),
                **self.teach.commands(),
                **self._tags.commands(),
            }
        )
        self.understanding = Understanding(window, session)
        session.share(indexing.hold, indexing.let_go)
        self._on_asked()
        self._connect_window()
        self._connect_library()
        self._allow(False)

    def _connect_window(self) -> None:
        window, activity = self._window, self._window.activity
        window.search.asked.connect(self._on_asked)
        self._results.changed.connect(self._on_asked)
        window.actions.similar_asked.connect(self._on_similar_asked)
        window.viewer.similar_asked.connect(self._on_similar_asked)
        window.actions.failed.connect(lambda sentence: window.banner.say(sentence, topic="action"))
        window.viewer.read_failed.connect(self._session.look_at_roots)
        window.dropped.connect(self._on_dropped)
        window.closing.connect(self._on_closing)
        activity.pause_asked.connect(self._indexing.pause)
        activity.resume_asked.connect(self._indexing.resume)
        activity.stop_asked.connect(self.tagging.stop)
        self.tagging.progressed.connect(self._on_tagging)
        for over in (self.tagging.ended, self.tagging.run_failed):
            over.connect(lambda *_: self._tell_activity())
        activity.failures_asked.connect(self._on_failures_asked)

    def _connect_library(self) -> None:
        session, searching, indexing = self._session, self._searching, self._indexing
        session.opened.connect(self._on_opened)
        session.open_failed.connect(self._on_open_failed)
        session.roots_changed.connect(self._on_roots_changed)
        session.root_added.connect(self._on_root_added)
        session.root_failed.connect(lambda error: self._window.banner.say(str(error), topic="root"))
        session.root_known.connect(self._on_root_known)
        session.came_back.connect(indexing.index_folders)
        session.forgotten.connect(self._on_forgotten)
        session.changed_elsewhere.connect(self._on_changed_elsewhere)
        session.ready.connect(self._on_ready)
        session.not_ready.connect(self._on_not_ready)
        searching.started.connect(self._on_search_started)
        searching.found.connect(self._on_found)
        searching.failed.connect(self._on_search_failed)
        indexing.progressed.connect(self._window.activity.show_progress)
        indexing.stored.connect(self._on_stored)
        indexing.ended.connect(self._on_index_ended)
        indexing.failed.connect(self._on_index_failed)
        indexing.state_changed.connect(lambda _state: self._tell_activity())
        self._watching.folders_changed.connect(indexing.index_folders)
        self._watching.limited.connect(self._on_limited)
        for lane in session.lanes.each():
            lane.failed.connect(self._on_failed)

    def start(self) -> None:
        """Open the library."""
        self._slow.start()
        self._session.open()

    # The library

    def _on_opened(self, library: Library) -> None:
        self._window.banner.settle("open")
        self._thumbnails.use(library)
        self._window.viewer.use(library)
        self._indexing.use(library)
        self._searching.use(library)
        if library.read_only:
            self._window.banner.say(
                "This library lies where nothing can be written: you can search it, but not add to it.",
                topic="read-only",
                error=False,
            )
        self._allow(True)
        self._session.warm_up()
        self._look_at_move()
        self._tell_activity()

    def _on_open_failed(self, error: RetrouveError) -> None:
        self._slow.stop()
        self._messages.cannot_open(str(error), self.start)
        self._window.pages.setCurrentWidget(self._window.message)

    def _allow(self, opened: bool) -> None:
        """Offer what can be done with the library as it is."""
        commands, library = self._window.commands, self._session.library
        changeable = opened and library is not None and not library.read_only
        for command in (commands.folders, commands.models, commands.failures, commands.about):
            command.setEnabled(opened)
        for command in (commands.add_folder, commands.rescan):
            command.setEnabled(changeable)

    def _on_failed(self, error: RetrouveError) -> None:
        """Of work that nobody asked for by name."""
        if isinstance(error, CatalogDamaged):
            self._on_damaged(error)
        else:
            self._window.banner.say(str(error))

    def _on_damaged(self, error: CatalogDamaged) -> None:
        """Photos that are on show stay; without any, a sentence across a blank page would look as if all were well."""
        if self._found is not None and len(self._found.ids):
            self._window.banner.say(str(error), topic="damage", button="Try again", act=self._on_try_again)
        elif str(error) != self._damage:
            # Once: the page would lose its button from under the mouse whenever some other work meets the same.
            self._damage = str(error)
            self._messages.cannot_open(str(error), self._on_try_again)
            self._window.pages.setCurrentWidget(self._window.message)

    def _on_try_again(self) -> None:
        self._damage = ""
        self._searching.ask(self._searching.asked)
        self._session.look_at_roots()

    def _on_ready(self) -> None:
        self._window.banner.settle("model")
        self._tell_activity()

    def _on_not_ready(self, error: RetrouveError) -> None:
        self._window.banner.say(str(error), topic="model", button="Try again", act=self._session.warm_up)
        self._tell_activity()

    def _on_roots_changed(self, roots: list[RootStatus]) -> None:
        library = self._session.library
        if library is not None and not library.read_only:
            if not self._looked and any(status.online for status in roots):
                # Whatever changed while the window was closed.
                self._looked = True
                self._indexing.index_everything()
            self._watching.watch(status.root.path for status in roots if status.online)
        offline = [status for status in roots if not status.online]
        if offline:
            names = ", ".join(f"“{status.root.path.name or status.root.path}”" for status in offline)
            verb = "is" if len(offline) == 1 else "are"
            self._window.banner.say(
                f"{names} {verb} offline. Its photos can still be found; they open again once it is back."
                if len(offline) == 1
                else f"{names} {verb} offline. Their photos can still be found; they open again once they are back.",
                topic="offline",
                error=False,
                button="Folders…",
                act=self._on_folders_asked,
            )
        else:
            self._window.banner.settle("offline")
        self._window.viewer.set_offline([status.root.path for status in offline])
        self._window.activity.set_failures(sum(status.failures for status in roots))
        if self._folders is not None:
            self._folders.show_roots(roots)
        if self._found is not None:
            self._show(self._found)
        self._tell_activity()

    def _on_root_added(self, _path: Path) -> None:
        self._window.banner.settle("root")
        self._indexing.index_everything()
        self._searching.refresh()

    def _on_root_known(self, path: Path, root: Root) -> None:
        name, outer = (f"“{folder.name or folder}”" for folder in (path, root.path))
        where = "one of your folders" if root.path == path else f"in {outer}"
        self._window.banner.say(f"{name} is already {where}.", topic="root", error=False)

    def _on_forgotten(self, path: Path, _photos: int) -> None:
        self._window.banner.settle("root")
        self._indexing.leave_out(path)
        self._searching.refresh()

    def _on_changed_elsewhere(self) -> None:
        self._searching.refresh()
        self._session.look_at_roots()

    # Searching

    def _on_asked(self) -> None:
        asked = self._results.asked(finished(self._window.search.text), self._window.search.like)
        if asked != self._searching.asked:
            self._searching.ask(asked)

    def _on_search_started(self, _asked: Asked) -> None:
        self._window.banner.settle("action")
        self._slow.start()

    def _on_slow(self) -> None:
        window = self._window
        if self._session.library is None:
            self._messages.opening()
        elif self._searching.asked and not self._session.is_ready:
            self._messages.getting_ready()
        else:
            window.waiting.show()
            return
        window.pages.setCurrentWidget(window.message)

    def _settle_waiting(self) -> None:
        self._slow.stop()
        self._window.waiting.hide()

    def _on_found(self, found: Found) -> None:
        self._settle_waiting()
        self._damage = ""
        for topic in ("search", "damage"):
            self._window.banner.settle(topic)
        self._show(found)

    def _show(self, found: Found) -> None:
        roots = self._session.roots
        if len(found.ids):
            if found is not self._found:
                self._results.show(found)
                alike = found.asked.like is not None and not found.asked.text
                if alike and not found.again and self._window.model.rowCount():
                    self._window.grid.make_current(0)
            else:
                self._results.show_again()
        elif roots is not None:
            busy = self._indexing.state is State.RUNNING
            photos = sum(status.photos for status in roots)
            if found.asked:
                self._messages.nothing_found(found.asked, photos, busy)
            elif not roots:
                self._messages.welcome()
            else:
                self._messages.no_photos(busy, sum(status.failures for status in roots), self._on_failures_asked)
            self._window.pages.setCurrentWidget(self._window.message)
        self._found = found

    def _on_search_failed(self, asked: Asked, error: RetrouveError) -> None:
        self._settle_waiting()
        if isinstance(error, CallError | PhotoError):
            self._messages.cannot_ask(str(error))
            self._window.pages.setCurrentWidget(self._window.message)
            self._found = None
        elif isinstance(error, CatalogDamaged):
            self._on_damaged(error)
        else:
            again = lambda: self._searching.ask(asked)  # noqa: E731
            self._window.banner.say(str(error), topic="search", button="Try again", act=again)

    def _on_similar_asked(self, path: Path) -> None:
        if self._window.in_viewer():
            self._window.leave_viewer()
        library = self._session.library
        self._window.search.set_like(path)
        if library is not None:
            self._session.lanes.viewer.submit(
                lambda: read_like_picture(library, path),
                lambda image: self._window.search.show_like(path, image),
                lambda _error: None,
            )

    def _on_dropped(self, what: Dropped) -> None:
        if what.folders:
            for folder in what.folders:
                self._session.add_root(folder)
        elif what.photo is not None:
            self._on_similar_asked(what.photo)
        elif what.other is not None:
            self._window.banner.say(f"{what.other.name} is no photo that Retrouve can read.", topic="action")

    # Indexing

    def _on_stored(self, ids: tuple[int, ...]) -> None:
        self._thumbnails.forget(ids)
        self._searching.refresh()

    def _on_model_chosen(self) -> None:
        self._session.warm_up()
        self._searching.refresh()
        self._look_at_move()

    def _look_at_move(self) -> None:
        library = self._session.library
        if library is not None:
            self._session.lanes.general.submit(library.move, self._on_move)

    def _on_move(self, move: ModelMove | None) -> None:
        """What is known of a move to another model is said while nothing else is: the bar shows its progress."""
        self._moving = "" if move is None else move.sentence
        if move is not None and not move.old_is_there:
            fault = "is not there any more" if move.damaged is None else f"is damaged ({move.damaged})"
            self._window.banner.say(
                f"The model that knew your photos {fault}. They are encoded anew, and each can be found "
                "again as soon as that is done.",
                topic="move",
                error=False,
            )
        else:
            self._window.banner.settle("move")
        self._tell_activity()

    def _on_index_ended(self, report: IndexReport) -> None:
        self._session.look_at_roots()
        self._look_at_move()
        if report.encoded or report.reused or report.forgotten or report.failed:
            self._searching.refresh()

    def _on_index_failed(self, error: RetrouveError) -> None:
        self._window.banner.say(str(error), topic="index", button="Try again", act=self._indexing.resume)

    def _on_tagging(self, progress: TagProgress) -> None:
        """Indexing comes first in the bar: it can be paused there."""
        run = self.tagging.running
        if run is not None and self._indexing.state in (State.IDLE, State.BUSY):
            self._window.activity.show_tagging(run.labels.name, progress)

    def _on_limited(self, sentence: str) -> None:
        self._limited = sentence
        self._tell_activity()

    def _tell_activity(self) -> None:
        activity, state, last = self._window.activity, self._indexing.state, self._indexing.last
        photos = sum(status.photos for status in self._session.roots or ())
        if state is State.PAUSED:
            updating = last is not None and last.updating
            activity.show_paused(last.done if last else 0, last.total if last else 0, updating=updating)
        elif state is State.STOPPING:
            activity.show_stopping()
        elif state is State.BUSY:
            activity.say(count_of(photos, "photo"), "Another Retrouve is indexing this library")
        elif state is State.RUNNING:
            if last is None:
                activity.say("Looking through your folders")
            if self._found is not None and not len(self._found.ids):
                self._show(self._found)
        elif self._session.library is None:
            activity.say("")
        else:
            ready = "" if self._session.is_ready else "getting the model ready"
            activity.say(count_of(photos, "photo") if photos else "", ready or self._moving or self._limited)
            if self._found is not None and not len(self._found.ids):
                self._show(self._found)

    # Dialogs

    def _on_add_folder_asked(self) -> None:
        path = choose_folder(self._window, pictures_folder())
        if path is not None:
            self._session.add_root(path)

    def _on_folders_asked(self) -> None:
        library = self._session.library
        if library is None:
            return
        dialog = FoldersDialog(self._window.theme, can_change=not library.read_only, parent=self._window)
        dialog.show_roots(self._session.roots or [])
        dialog.add_asked.connect(self._session.add_root)
        dialog.forget_asked.connect(self._session.forget_root)
        dialog.rescan_asked.connect(self._indexing.index_everything)
        dialog.finished.connect(self._on_folders_closed)
        self._folders = dialog
        dialog.open()

    def _on_folders_closed(self) -> None:
        if self._folders is not None:
            self._folders.deleteLater()
            self._folders = None

    def _on_failures_asked(self) -> None:
        library = self._session.library
        if library is not None:
            self._session.lanes.general.submit(library.failures, self._on_failures)

    def _on_failures(self, failures: list[Failure]) -> None:
        dialog = FailuresDialog(failures, self._window)
        dialog.folder_asked.connect(self._window.actions.reveal)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _on_about_asked(self) -> None:
        library = self._session.library
        if library is not None:
            dialog = AboutDialog(library.info.name, str(library.folder), self._window)
            dialog.finished.connect(dialog.deleteLater)
            dialog.open()

    def _on_closing(self) -> None:
        self._slow.stop()
        self._indexing.stop()
        self._watching.close()
