"""What takes long about models: fetching, importing, measuring how fast each is. One at a time.

Each runs in a process of its own: PyTorch alone, while it is imported, would hold the window up for half a second.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal, Slot

from app.jobs import Jobs
from core.errors import ModelError, RetrouveError
from core.models.apart import Stopped, run_apart
from core.types import LeftModel, ModelChoice, ModelMove

if TYPE_CHECKING:
    from core.library import Library
    from core.models.fetching import Plan
    from core.models.importing import ImportReport

_EVERY = 0.1
"""Seconds between two messages of how far it is: a fetch would send thousands."""
Told = Callable[["WorkProgress"], None]
"""Hears how far it is."""


class Kind(Enum):
    """What is at work."""

    LOOK_UP = auto()
    """The hub is asked what there is of a model, and nothing is fetched yet."""
    FETCH = auto()
    IMPORT = auto()
    PROBE = auto()


@dataclass(frozen=True, slots=True)
class WorkProgress:
    """What is being done (a word), and how much of how much; of 0 where nobody knows. In bytes where ``in_bytes``."""

    words: str
    done: int
    total: int
    in_bytes: bool = False


@dataclass(frozen=True, slots=True)
class Overview:
    """The models that there are, and what they are to this library (model ids)."""

    choices: tuple[ModelChoice, ...]
    answering: str | None
    wanted: str | None
    move: ModelMove | None
    left: tuple[LeftModel, ...]
    """What may be removed: no photo is found by it alone."""
    photos: int
    """In the library."""
    can_change: bool
    architectures: tuple[str, ...] = ()
    """OpenCLIP's names of some, to choose from where a file does not say what it holds."""
    fault: str = ""
    """Why the library's model cannot be used, or is not moved to, where that is so."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be imported, as a person said it: an empty word says nothing (see `ImportRequest`)."""

    path: Path
    name: str = ""
    architecture: str = ""
    tag: str = ""


class ModelTools:
    """What core does for this page. Called in worker threads alone: the imports take longer than a frame. What takes
    long raises `Stopped` some time after ``stop`` was set."""

    def look(self, library: Library) -> Overview:
        """What there is to choose, and where the library stands. Looks at the disks."""
        from core.models.choices import choices
        from core.models.curated import curated
        from core.models.shelf import Shelf

        shelf = Shelf()
        shelf.clear_drafts()
        fault, answering, wanted = "", None, None
        try:
            fault = library.called_off
            wanted = library.info.model_id
            answering = library.answering.model_id
        except ModelError as error:
            fault = str(error)
        return Overview(
            choices=choices(shelf, library.kept.all()),
            answering=answering,
            wanted=wanted,
            move=library.move(),
            left=() if fault else tuple(one for one in library.left_models() if not one.needed),
            photos=sum(status.photos for status in library.roots()),
            can_change=not library.read_only,
            architectures=tuple(sorted({model.architecture for model in curated()})),
            fault=fault,
        )

    def stamp(self, library: Library) -> object:
        """What is another one once a model came to the shelf, or to the library's own copies, or left. Looks at the
        disks."""
        from core.models.shelf import Shelf

        times = []
        for folder in (Shelf().folder, library.kept.folder):
            try:
                times.append(folder.stat().st_mtime_ns)
            except OSError:
                times.append(0)
        return tuple(times)

    def plan(self, what: str) -> Plan:
        """Ask the hub for a model: a curated one by its name, or ``hf-hub:organisation/name``. That a licence allows
        research only has been accepted, or is asked before `fetch`."""
        from core.models.fetching import FetchRequest, plan
        from core.models.shelf import Shelf

        return plan(Shelf(), FetchRequest(what, accepted=True))

    def fetch(self, planned: Plan, tell: Told, stop: threading.Event) -> ImportReport:
        """Fetch it and put it on the shelf. What was fetched before is not fetched again."""
        from core.models.fetching import fetch
        from core.models.importing import Step
        from core.models.shelf import Shelf

        def heard(step: Step, done: int, total: int) -> None:
            tell(WorkProgress(step.value, done, total, step is Step.FETCH))

        return run_apart(partial(fetch, Shelf(), planned), heard, stop)

    def bring(self, wanted: Wanted, tell: Told, stop: threading.Event) -> ImportReport:
        """Import a folder or a file."""
        from core.models.importing import ImportRequest, Step, import_model
        from core.models.shelf import Shelf

        def heard(step: Step, done: int, total: int) -> None:
            tell(WorkProgress(step.value, done, total))

        request = ImportRequest(wanted.path, wanted.name or None, wanted.architecture or None, wanted.tag or None)
        return run_apart(partial(import_model, Shelf(), request), heard, stop)

    def remove(self, name: str) -> None:
        """Take a model off the shelf."""
        from core.models.shelf import Shelf

        Shelf().remove(name)

    def probe(self, tell: Told, stop: threading.Event) -> None:
        """Measure how many photos a second each model would encode here, and keep it on the shelf."""
        from core.models.curated import curated
        from core.models.estimating import SECONDS, keep, probe
        from core.models.shelf import Shelf

        def heard(done: int, total: int) -> None:
            tell(WorkProgress("Measuring", done, total))

        shelf = Shelf()
        keep(shelf, run_apart(partial(probe, curated(), shelf.all(), SECONDS), heard, stop))


class ModelWork(QObject):
    """Runs one piece of work at a time in its lane, tells how far it is, and can be told to stop."""

    changed = Signal()
    """Something began."""
    progressed = Signal(object)
    """WorkProgress, about ten a second."""
    ended = Signal(object, object)
    """Kind, and what came of it: an ImportReport, the Plan of a look-up, or None."""
    stopped = Signal(object)
    """Kind of what was stopped before its end."""
    failed = Signal(object, object)
    """Kind, and the RetrouveError."""
    _told = Signal(object, object)
    _broke = Signal()

    def __init__(self, lane: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.tools = ModelTools()
        self.running: Kind | None = None
        self.name = ""
        """What is fetched or imported."""
        self.last: WorkProgress | None = None
        self._lane = lane
        self._stop = threading.Event()
        self._told.connect(self._on_told, Qt.ConnectionType.QueuedConnection)
        self._broke.connect(self._on_broke, Qt.ConnectionType.QueuedConnection)

    def look_up(self, what: str) -> None:
        """Ask the hub for a model; ``ended``, ``stopped`` or ``failed`` follows."""
        tools = self.tools
        self._begin(Kind.LOOK_UP, what, lambda _tell, _stop: tools.plan(what))

    def fetch(self, name: str, planned: Plan | None = None) -> None:
        """Fetch a curated model, or what was looked up; ``ended``, ``stopped`` or ``failed`` follows."""
        tools = self.tools
        self._begin(Kind.FETCH, name, lambda tell, stop: tools.fetch(planned or tools.plan(name), tell, stop))

    def bring(self, wanted: Wanted) -> None:
        """Import it; ``ended``, ``stopped`` or ``failed`` follows."""
        tools = self.tools
        self._begin(Kind.IMPORT, wanted.name or wanted.path.name, lambda tell, stop: tools.bring(wanted, tell, stop))

    def probe(self) -> None:
        """Measure the speed of each model; ``ended``, ``stopped`` or ``failed`` follows."""
        self._begin(Kind.PROBE, "", self.tools.probe)

    def stop(self) -> None:
        """Stop at the next step; ``stopped`` follows, or ``ended`` where it was at its end already."""
        self._stop.set()

    @property
    def stopping(self) -> bool:
        """Whether it was told to stop and has not yet."""
        return self.running is not None and self._stop.is_set()

    def _begin(self, kind: Kind, name: str, work: Callable[[Told, threading.Event], object]) -> None:
        assert self.running is None, "one at a time"
        self.running, self.name, self.last = kind, name, None
        self._stop = stop = threading.Event()
        latest = 0.0

        def tell(progress: WorkProgress) -> None:
            nonlocal latest
            now = time.monotonic()
            if now - latest >= _EVERY or progress.done >= progress.total:
                latest = now
                self._told.emit(stop, progress)

        def run() -> tuple[bool, object]:
            """In the lane's thread: whether it came to its end, and what came of it."""
            try:
                came = work(tell, stop)
                # What was looked up, and is not wanted any more, asks nobody whether to fetch it.
                return not (kind is Kind.LOOK_UP and stop.is_set()), came
            except Stopped:
                return False, None
            except RetrouveError:
                raise
            except Exception:
                self._broke.emit()  # a fault of ours: the lane tells of it
                raise

        self._lane.submit(run, self._on_ended, self._on_failed)
        self.changed.emit()

    @Slot(object, object)
    def _on_told(self, stop: threading.Event, progress: WorkProgress) -> None:
        if self.running is not None and stop is self._stop:
            self.last = progress
            self.progressed.emit(progress)

    def _on_ended(self, came: tuple[bool, object]) -> None:
        kind, finished = self._over(), came[0]
        if finished:
            self.ended.emit(kind, came[1])
        else:
            self.stopped.emit(kind)

    def _on_failed(self, error: RetrouveError) -> None:
        self.failed.emit(self._over(), error)

    @Slot()
    def _on_broke(self) -> None:
        self.stopped.emit(self._over())

    def _over(self) -> Kind:
        kind, self.running, self.last = self.running, None, None
        assert kind is not None
        return kind
