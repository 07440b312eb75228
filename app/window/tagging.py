"""What the window does about tags: decisions, one after the other in their order, and runs of a label list.

The editor, the viewer, the side panel and the review page share one of these. All of it happens off the GUI thread.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, Signal, Slot
from shiboken6 import isValid

from app.jobs import Job, Jobs
from app.window.session import Session
from core.errors import CatalogReadOnly, RetrouveError
from core.tagging.types import LabelList, Step, TagProgress, TagReport

if TYPE_CHECKING:
    from pathlib import Path

    from core.library import Library
    from core.tagging import Tagging as CoreTagging

Pairs = Sequence[tuple[int, int]]
"""(photo id, label id) of each tag."""

_PAUSE = 0.1
"""Seconds between two tellings of how far a run is."""
CANNOT = "This library lies where nothing can be written, so tags cannot be changed here."


@dataclass(frozen=True, slots=True)
class TagRun:
    """What a run is to do: a list over some photos (None: all of the library, or those in ``folder``)."""

    labels: LabelList
    photos: Sequence[int] | None = None
    folder: Path | None = None
    accept_above: float | None = None


class Tagging(QObject):
    """``decided`` and ``changed`` follow every step; ``progressed`` and ``ended`` a run. One run at a time."""

    opened = Signal()
    """There is a library now."""
    changed = Signal(object)
    """The tags of these photos are others now: tuple[int, ...], or None where it may be any photo."""
    lists_changed = Signal()
    """There are other label lists now, or others in them."""
    decided = Signal(object)
    """Step that was made, or that was undone (``step.undone``) or done again."""
    failed = Signal(object)
    """RetrouveError: something could not be decided or kept."""
    started = Signal(object)
    """TagRun that has begun."""
    progressed = Signal(object)
    """TagProgress of the run."""
    ended = Signal(object, object, bool)
    """TagRun, its TagReport, and whether it came to its end; it did not where it was stopped."""
    run_failed = Signal(object)
    """RetrouveError: the run could not go on."""
    review_asked = Signal(object)
    """The review page is wanted, for the label list of this name, or None for all labels."""
    review_label_asked = Signal(int)
    """The review page is wanted, at the label of this id."""
    _stepped = Signal(object)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._stop = threading.Event()
        self.running: TagRun | None = None
        """The run that is under way."""
        self._stepped.connect(self._on_stepped, Qt.ConnectionType.QueuedConnection)
        session.opened.connect(lambda _library: self.opened.emit())

    # The library

    @property
    def library(self) -> Library | None:
        """The library, once it is open."""
        return self._session.library

    @property
    def can_change(self) -> bool:
        """Whether tags and lists can be changed: the library is open, and can be written."""
        library = self._session.library
        return library is not None and not library.read_only

    @property
    def lane_of_viewer(self) -> Jobs:
        """Where what is asked of the photo that is looked at waits for nothing else."""
        return self._session.lanes.viewer

    def ask(
        self,
        work: Callable[[CoreTagging], Any],
        done: Callable[[Any], None],
        failed: Callable[[RetrouveError], None] | None = None,
        lane: Jobs | None = None,
    ) -> Job | None:
        """Read something: ``work(library.tagging)`` in a thread of a lane (the general one), then ``done(result)``."""
        library = self._session.library
        if library is None:
            return None
        told = None if failed is None else while_there(failed)
        return (lane or self._session.lanes.general).submit(lambda: work(library.tagging), while_there(done), told)

    def keep(
        self,
        work: Callable[[CoreTagging], Any],
        done: Callable[[Any], None] = lambda _result: None,
        failed: Callable[[RetrouveError], None] | None = None,
    ) -> None:
        """Write something: after everything that was to be written before it."""
        library = self._session.library
        if library is None:
            return
        told = self.failed.emit if failed is None else while_there(failed)
        if library.read_only:
            told(CatalogReadOnly(CANNOT))
            return
        self._session.keep(lambda: work(library.tagging), while_there(done), told, self._session.lanes.tagging)

    # Decisions

    def accept(self, pairs: Pairs, said: str | None = None, done: Callable[[Step | None], None] | None = None) -> None:
        """Accept tags, as one step."""
        self._decide(lambda core: core.decisions.accept(pairs, said), _photos(pairs), done)

    def reject(self, pairs: Pairs, said: str | None = None, done: Callable[[Step | None], None] | None = None) -> None:
        """Reject tags, as one step."""
        self._decide(lambda core: core.decisions.reject(pairs, said), _photos(pairs), done)

    def clear(self, pairs: Pairs, done: Callable[[Step | None], None] | None = None) -> None:
        """Take tags away as if nobody had decided, as one step."""
        self._decide(lambda core: core.decisions.clear(pairs), _photos(pairs), done)

    def tag(self, photo_ids: Sequence[int], name: str, done: Callable[[Step | None], None] | None = None) -> None:
        """Put a label on photos; it is made where it is new."""
        self._decide(lambda core: core.decisions.tag(photo_ids, name), tuple(photo_ids), done)

    def undo(self, done: Callable[[Step | None], None] | None = None) -> None:
        """Take back the last step."""
        self._decide(lambda core: core.decisions.undo(), None, done)

    def redo(self, done: Callable[[Step | None], None] | None = None) -> None:
        """Do again what was taken back."""
        self._decide(lambda core: core.decisions.redo(), None, done)

    def _decide(
        self,
        work: Callable[[CoreTagging], Step | None],
        photos: tuple[int, ...] | None,
        done: Callable[[Step | None], None] | None,
    ) -> None:
        def made(step: Step | None) -> None:
            if step is not None:
                self.changed.emit(photos)
                self.decided.emit(step)
            if done is not None:
                while_there(done)(step)

        self.keep(work, made)

    # Lists

    def put(
        self,
        labels: LabelList,
        replacing: str | None,
        done: Callable[[LabelList], None],
        failed: Callable[[RetrouveError], None] | None = None,
        *,
        renamed: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Keep a list, in the place of another or as a new one. ``renamed``: what labels are called now, by the names
        that they had; what was decided of them goes with them."""

        def work(core: CoreTagging) -> LabelList:
            core.renaming.rename(replacing or labels.name, renamed)
            return core.lists.put(labels, replacing)

        self.keep(work, partial(self._on_kept, done), failed)

    def remove(self, name: str, done: Callable[[object], None] = lambda _none: None) -> None:
        """Remove a list. What was decided stays."""
        self.keep(lambda core: core.lists.remove(name), partial(self._on_kept, done))

    def _on_kept(self, done: Callable[[Any], None], kept: Any) -> None:
        self.lists_changed.emit()
        self.changed.emit(None)  # Suggestions of labels that no list has any more are withdrawn.
        while_there(done)(kept)

    # Runs

    def run(self, what: TagRun) -> None:
        """Begin; ``ended`` or ``run_failed`` follows. Nothing happens while another run is under way."""
        library = self._session.library
        if library is None or self.running is not None:
            return
        if library.read_only:
            self.run_failed.emit(CatalogReadOnly(CANNOT))
            return
        self.running, self._stop = what, threading.Event()
        stop = self._stop

        def work() -> tuple[TagReport, bool]:
            """In the lane's thread: what came of it, and whether it came to its end."""
            report, told = TagReport(), 0.0
            steps = library.tagging.suggester.run(
                what.labels, what.photos, what.folder, what.accept_above, cancelled=stop.is_set
            )
            try:
                for progress in steps:
                    report = progress.report
                    # A run may be quicker than the window can tell of it.
                    if time.monotonic() - told >= _PAUSE:
                        told = time.monotonic()
                        self._stepped.emit(progress)
            finally:
                steps.close()
            return report, not stop.is_set()

        self.started.emit(what)
        self._session.keep(work, self._on_ended, self._on_run_failed, self._session.lanes.suggesting)

    def stop(self) -> None:
        """Stop the run soon: what it stored stays; ``ended`` follows."""
        self._stop.set()

    @Slot(object)
    def _on_stepped(self, progress: TagProgress) -> None:
        if self.running is not None:
            self.progressed.emit(progress)

    def _on_ended(self, ended: tuple[TagReport, bool]) -> None:
        what, self.running = self.running, None
        report, finished = ended
        if report.suggested or report.accepted or report.withdrawn:
            self.changed.emit(None)
        self.ended.emit(what, report, finished)

    def _on_run_failed(self, error: RetrouveError) -> None:
        self.running = None
        self.changed.emit(None)
        self.run_failed.emit(error)


def while_there(callback: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The same, as long as the object that it belongs to is there: a dialog may be closed before its answer comes."""
    inner = callback.func if isinstance(callback, partial) else callback
    owner = getattr(inner, "__self__", None)
    if not isinstance(owner, QObject):
        return callback
    return lambda result: callback(result) if isValid(owner) else None


def _photos(pairs: Pairs) -> tuple[int, ...]:
    return tuple(dict.fromkeys(photo_id for photo_id, _ in pairs))
