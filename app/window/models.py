"""Models in the window: choosing one for the library, fetching and importing others, removing what is not needed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from app.jobs import Latest
from app.window.indexing import Indexing
from app.window.main_window import MainWindow
from app.window.models_dialog import ModelsDialog
from app.window.models_import import HubDialog, ImportDialog, choose_model, confirmed
from app.window.models_wording import quoted
from app.window.models_work import Kind, ModelWork, Overview, Wanted
from app.window.session import Session
from app.window.words import file_size
from core.errors import RetrouveError
from core.types import IndexProgress, LeftModel, ModelChoice

if TYPE_CHECKING:
    from core.models.fetching import Plan
    from core.models.importing import ImportReport

_TOPIC = "models"
_LISTEN = 2_000
"""Milliseconds between looks at whether another process changed what lies on the shelf."""


class Models(QObject):
    """Lets the page of models, the library and the work on models play together."""

    chosen = Signal()
    """The library wants another model now, which may answer already."""

    def __init__(self, window: MainWindow, session: Session, indexing: Indexing) -> None:
        super().__init__(window)
        self._window, self._session, self._indexing = window, session, indexing
        self._looking = Latest()
        self._stamping = Latest()
        self._probing = False
        self._select = ""
        self._remarked = ""
        self.dialog: ModelsDialog | None = None
        self.work = work = ModelWork(session.lanes.models, self)
        work.changed.connect(self._tell)
        work.progressed.connect(lambda _progress: self._tell())
        work.ended.connect(self._on_ended)
        work.stopped.connect(self._on_stopped)
        work.failed.connect(self._on_failed)
        indexing.progressed.connect(self._on_indexed)
        indexing.ended.connect(lambda _report: self._on_index_ended())
        # Another process may use, import and remove models: of a library that tells by its catalogue, of the shelf by
        # the times of its folders, which are looked at as long as the page is open.
        session.changed_elsewhere.connect(self._look)
        self._stamp: object = None
        self._listen = QTimer(self, interval=_LISTEN)
        self._listen.timeout.connect(self._look_for_changes)
        window.closing.connect(work.stop)

    def commands(self) -> dict[str, Callable[[], object]]:
        """What to do about models."""
        return {"models": self.open}

    def open(self) -> None:
        """Show the page."""
        library = self._session.library
        if library is None or self.dialog is not None:
            return
        self._window.banner.settle(_TOPIC)
        self.dialog = dialog = ModelsDialog(self._window.theme, self._window)
        dialog.use_asked.connect(self._on_use_asked)
        dialog.fetch_asked.connect(self._on_fetch_asked)
        dialog.hub_asked.connect(self._on_hub_asked)
        dialog.import_asked.connect(self._on_import_asked)
        dialog.remove_asked.connect(self._on_remove_asked)
        dialog.tidy_asked.connect(self._on_tidy_asked)
        dialog.probe_asked.connect(self._on_probe_asked)
        dialog.stop_asked.connect(self._on_stop_asked)
        dialog.finished.connect(self._on_closed)
        self._tell()
        self._look()
        self._look_for_changes()
        self._listen.start()
        dialog.open()

    # What there is

    def _look(self) -> None:
        library = self._session.library
        if library is not None and self.dialog is not None:
            self._looking.run(
                self._session.lanes.general, partial(self.work.tools.look, library), self._on_looked, self._on_not
            )

    def _look_for_changes(self) -> None:
        library = self._session.library
        if library is not None:
            self._stamping.run(
                self._session.lanes.general, partial(self.work.tools.stamp, library), self._on_stamp, self._on_not
            )

    def _on_stamp(self, stamp: object) -> None:
        before, self._stamp = self._stamp, stamp
        if before not in (None, stamp):
            self._look()

    def _on_looked(self, overview: Overview) -> None:
        if self.dialog is not None:
            self.dialog.show_overview(overview)
            if self._select:
                self.dialog.select(self._select)
            self._select = ""

    def _on_indexed(self, progress: IndexProgress) -> None:
        if self.dialog is not None:
            self.dialog.show_moving(progress)

    def _on_index_ended(self) -> None:
        library = self._session.library
        if library is not None:
            self._session.lanes.general.submit(lambda: library.remark, self._on_remark, lambda _error: None)
        self._look()

    def _on_remark(self, remark: str) -> None:
        """Why a GPU that is there did not encode the photos: said once."""
        if remark and remark != self._remarked:
            self._window.banner.say(remark, topic="gpu", error=False)
        self._remarked = remark

    def _tell(self) -> None:
        """What is at work, on the page."""
        work = self.work
        if self.dialog is not None and work.running is not None:
            self.dialog.show_work(work.running, work.name, work.last, stopping=work.stopping)

    def _say(self, words: str, *, error: bool = False) -> None:
        """On the page, or where that is closed above the photos."""
        words = quoted(words)
        if self.dialog is not None:
            self.dialog.show_idle(words, error=error)
        elif words:
            self._window.banner.say(words, topic=_TOPIC, error=error, button="Models…", act=self.open)

    def _on_not(self, error: RetrouveError) -> None:
        if self.work.running is None:
            self._say(str(error), error=True)
        elif self.dialog is not None:
            self.dialog.say(quoted(str(error)), error=True)

    def _on_closed(self) -> None:
        if self.dialog is not None:
            self.dialog.deleteLater()
            self.dialog = None
        self._listen.stop()
        self._stamp = None
        self._looking.drop()
        self._stamping.drop()
        self._withdraw_probe()
        if self.work.running in (Kind.FETCH, Kind.IMPORT) and not self.work.stopping:
            # Gone on with, so that nobody has to look at a bar.
            doing = "fetched" if self.work.running is Kind.FETCH else "imported"
            self._window.banner.say(
                f"{self.work.name} is being {doing} while you search.",
                topic=_TOPIC,
                error=False,
                button="Models…",
                act=self.open,
            )
        elif self.work.running is not None:
            self.work.stop()

    # What is done with the library

    def _on_use_asked(self, choice: ModelChoice, at_once: bool) -> None:
        name = choice.model_id or choice.name
        self._session.alone(lambda library: library.use_model(name, at_once=at_once), self._on_used, self._on_not)

    def _on_used(self, _model: object) -> None:
        self._say_unless_busy("")
        self.chosen.emit()
        self._indexing.index_everything()
        self._indexing.resume()
        self._look()

    def _on_tidy_asked(self, overview: Overview) -> None:
        if self.dialog is None:
            return
        names = ", ".join(one.model_id for one in overview.left)
        room = file_size(sum(one.bytes for one in overview.left))
        if confirmed(
            self.dialog,
            "Remove what earlier models left",
            f"Remove {room} that earlier models left in this library?",
            f"To go back to one of them ({names}) all photos would have to be learned anew. Photos and tags stay as "
            "they are, and so do the models on the shelf.",
            "Remove",
        ):
            self._session.alone(lambda library: library.remove_left_models(), self._on_tidied, self._on_not)

    def _on_tidied(self, gone: list[LeftModel]) -> None:
        self._say_unless_busy(f"{file_size(sum(one.bytes for one in gone))} removed.")
        self._look()

    def _say_unless_busy(self, words: str) -> None:
        if self.work.running is None:
            self._say(words)

    # What is done with the shelf

    def _on_fetch_asked(self, choice: ModelChoice) -> None:
        if self.dialog is None:
            return
        if choice.warning is None or confirmed(
            self.dialog,
            "Research only",
            f"Is what you do research, and do you agree with the licence of {choice.name}?",
            quoted(choice.warning),
            "I agree: fetch it",
        ):
            self.work.fetch(choice.name)

    def _on_hub_asked(self) -> None:
        dialog = HubDialog(self.dialog)
        dialog.asked.connect(self.work.look_up)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _on_looked_up(self, planned: Plan) -> None:
        if self.dialog is None:
            return
        self.dialog.show_idle()
        listing, licence = planned.listing, planned.about.get("licence") or planned.listing.licence
        terms = quoted(planned.warning or "")
        says = f"Its licence is {licence}" if licence else "It does not say under which licence it may be used"
        if confirmed(
            self.dialog,
            "Fetch another model",
            f"Fetch {planned.name} ({file_size(listing.bytes)})?",
            f"{says}: its card on the hub, {listing.repository}, has the terms. {terms}".strip(),
            "Fetch it",
        ):
            self.work.fetch(planned.name, planned)

    def _on_import_asked(self, folder: bool) -> None:
        if self.dialog is None or self.dialog.overview is None:
            return
        path = choose_model(self.dialog, folder=folder)
        if path is None:
            return
        dialog = ImportDialog(path, self.dialog.overview.architectures, self.dialog)
        dialog.asked.connect(self._on_import)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _on_import(self, wanted: Wanted) -> None:
        if self.work.running is None:
            self.work.bring(wanted)

    def _on_remove_asked(self, choice: ModelChoice) -> None:
        if self.dialog is not None and confirmed(
            self.dialog,
            "Remove from the shelf",
            f"Remove {choice.name} from the shelf?",
            "A library that uses it keeps its own copy. Elsewhere it has to be fetched or imported again.",
            "Remove",
        ):
            tools, lane = self.work.tools, self._session.lanes.general
            lane.submit(partial(tools.remove, choice.name), lambda _none: self._look(), self._on_not)

    # Work that takes long

    def _on_probe_asked(self) -> None:
        """Indexing waits: it would slow the measuring down."""
        if self._probing or self.work.running is not None:
            return
        self._probing = True
        if self.dialog is not None:
            self.dialog.show_work(Kind.PROBE, "", None)
        self._indexing.hold(self._on_held)
        if self.dialog is not None and self.work.running is None:
            self.dialog.say("Indexing pauses for it: the photos at hand are learned first…")

    def _on_held(self) -> None:
        if self.dialog is None:
            self._end_probe()
        else:
            self.work.probe()

    def _withdraw_probe(self) -> bool:
        """Measure nothing after all, while that still waits for indexing; whether it did."""
        if not (self._probing and self._indexing.withdraw(self._on_held)):
            return False
        self._probing = False
        return True

    def _end_probe(self) -> None:
        self._probing = False
        self._indexing.let_go()

    def _on_stop_asked(self) -> None:
        if self._withdraw_probe():
            self._say("Stopped.")
            return
        self.work.stop()
        self._tell()

    def _on_ended(self, kind: Kind, came: object) -> None:
        if kind is Kind.PROBE:
            self._end_probe()
            self._say("")
        elif kind is Kind.LOOK_UP:
            self._on_looked_up(came)  # type: ignore[arg-type]
            return
        else:
            self._on_arrived(came)  # type: ignore[arg-type]
        self._look()

    def _on_arrived(self, report: ImportReport) -> None:
        """A model is on the shelf."""
        words = [f"{report.info.name} is on the shelf."]
        if report.fitted is not None and report.fitted.measured:
            words.append(
                f"It puts {100 * report.fitted.found_at_5:.0f}% of the sample photos among the first five for their "
                "caption."
            )
        self._select = report.info.model_id
        self._say(" ".join([*words, *report.remarks]))

    def _on_stopped(self, kind: Kind) -> None:
        if kind is Kind.PROBE:
            self._end_probe()
        fetch = kind is Kind.FETCH
        words = "Stopped. What is fetched already is kept: the next time it goes on from there." if fetch else ""
        if self.dialog is not None:
            self.dialog.show_idle(words or "Stopped.")
        self._look()

    def _on_failed(self, kind: Kind, error: RetrouveError) -> None:
        if kind is Kind.PROBE:
            self._end_probe()
        self._say(str(error), error=True)
        self._look()
