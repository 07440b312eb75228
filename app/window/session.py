"""The library that the window works on: opened, kept in step and closed off the GUI thread."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from app.jobs import BROKE, Jobs, Lanes, Latest
from core.errors import LibraryBusy, RetrouveError
from core.types import Root, RootStatus

if TYPE_CHECKING:
    from core.library import Library

logger = logging.getLogger(__name__)

_LOOK_AT_ROOTS = 20_000
"""Milliseconds between looks at whether each root can be read: disks come and go."""


class Session(QObject):
    """Owns the library while the window is open. Everything slow happens on ``lanes``."""

    opened = Signal(object)
    """The Library, ready for reading."""
    open_failed = Signal(object)
    """RetrouveError: the library cannot be opened."""
    roots_changed = Signal(object)
    """list[RootStatus], when anything about them changed."""
    root_added = Signal(object)
    """Path of a root that is to be indexed."""
    root_known = Signal(object, object)
    """Path of a folder that was to be added, and the Root that it is, or lies in, already."""
    root_failed = Signal(object)
    """RetrouveError: a folder cannot be added."""
    came_back = Signal(object)
    """list[Path] of roots that were offline and can be read again."""
    forgotten = Signal(object, int)
    """Path of a root that was removed, and how many photos went with it."""
    ready = Signal()
    """The model has answered for the first time."""
    not_ready = Signal(object)
    """RetrouveError: the model cannot be used."""
    changed_elsewhere = Signal()
    """Another process changed the catalogue."""

    def __init__(
        self, open_library: Callable[[], Library], roots: Sequence[Path], lanes: Lanes, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._open_library, self._first_roots, self.lanes = open_library, list(roots), lanes
        self.library: Library | None = None
        self.roots: list[RootStatus] | None = None
        self.is_ready = False
        self._hold: Callable[[Callable[[], None]], None] = lambda act: act()
        self._let_go: Callable[[], None] = lambda: None
        self._looking = Latest()
        self._version: int | None = None
        self._keeping = 0
        self._look = QTimer(self, interval=_LOOK_AT_ROOTS)
        self._look.timeout.connect(self.look_at_roots)
        self._listen = QTimer(self, interval=2_000)
        self._listen.timeout.connect(self._look_for_changes)

    def open(self) -> None:
        """Open the library; ``opened`` or ``open_failed`` follows."""
        self.lanes.general.submit(
            partial(_open, self._open_library, self._first_roots), self._on_opened, self.open_failed.emit
        )

    def warm_up(self) -> None:
        """Start the worker and have it answer once, so that the first query finds it ready."""
        assert self.library is not None
        self.lanes.search.submit(self.library.warm_up, self._on_warm, self._on_not_warm)

    def share(self, hold: Callable[[Callable[[], None]], None], let_go: Callable[[], None]) -> None:
        """How to have the library alone: ``hold(act)`` calls ``act`` when no index run of this window is under way."""
        self._hold, self._let_go = hold, let_go

    def add_root(self, path: Path) -> None:
        """Add a folder; ``root_added``, ``root_known`` or ``root_failed`` follows."""
        if self.library is not None:
            self.lanes.general.submit(
                partial(self.library.add_root, path), partial(self._on_added, path), partial(self._on_not_added, path)
            )

    def _on_not_added(self, path: Path, error: RetrouveError) -> None:
        if isinstance(error, LibraryBusy):
            # It takes other roots over, which no index run may see: once more, while none of ours is under way.
            self.alone(lambda library: library.add_root(path), partial(self._on_added, path))
        else:
            self.root_failed.emit(error)

    def forget_root(self, path: Path) -> None:
        """Take a folder out of the library; ``forgotten`` or ``root_failed`` follows. Nothing on disk changes."""
        self.alone(lambda library: library.forget(path), partial(self._on_forgotten, path))

    def alone(
        self,
        work: Callable[[Library], Any],
        done: Callable[[Any], None],
        failed: Callable[[RetrouveError], None] | None = None,
    ) -> None:
        """Do something that needs the library to itself: an index run of this window waits for it. Without ``failed``
        a failure is ``root_failed``."""

        def ended(result: Any) -> None:
            done(result)
            self._let_go()

        def not_done(error: RetrouveError) -> None:
            self._let_go()
            (failed or self.root_failed.emit)(error)

        def begin() -> None:
            if self.library is not None:
                self.lanes.general.submit(partial(work, self.library), ended, not_done)

        self._hold(begin)

    def keep(
        self,
        write: Callable[[], Any],
        done: Callable[[Any], None] = lambda _result: None,
        failed: Callable[[RetrouveError], None] | None = None,
        lane: Jobs | None = None,
    ) -> None:
        """Write something that is no photo's (the history, a saved search), or tags, in the general lane or another. It
        is not taken for a change from elsewhere, so that nothing is searched for anew."""

        def ended(result: tuple[int, int, Any]) -> None:
            self._keeping -= 1
            before, after, kept = result
            # Where another process wrote before it, that is still to be noticed. (What it wrote in the very
            # milliseconds between is noticed with its next write.)
            if self._version == before:
                self._version = after
            done(kept)

        def not_kept(error: RetrouveError) -> None:
            self._keeping -= 1
            (failed or self.lanes.general.failed.emit)(error)

        if self.library is not None:
            self._keeping += 1
            work = partial(_kept, self.library, write)
            (lane or self.lanes.general).submit(work, ended, not_kept, lambda: not_kept(RetrouveError(BROKE)))

    def look_at_roots(self) -> None:
        """Ask how the roots stand; ``roots_changed`` follows if that is news."""
        if self.library is not None:
            self._looking.run(self.lanes.general, self.library.roots, self._on_roots)

    def close(self, seconds: float = 5.0) -> bool:
        """Stop everything and close the library; whether all threads ended within ``seconds``."""
        self._look.stop()
        self._listen.stop()
        self.lanes.close()
        if self.library is not None:
            # The encoder first: a query that waits for it ends with an error instead of being waited for.
            library, self.library = self.library, None
            busy = (self.lanes.indexing, self.lanes.tagging, self.lanes.suggesting, self.lanes.exporting)
            waited = [lane.wait(seconds) for lane in busy]  # every one, also behind one that is late
            library.close()
            return self.lanes.wait(seconds) and all(waited)
        return self.lanes.wait(seconds)

    def _on_opened(self, opened: tuple[Library, list[RetrouveError]]) -> None:
        self.library, faults = opened
        self.opened.emit(self.library)
        for fault in faults:
            self.root_failed.emit(fault)
        self.look_at_roots()
        self._look.start()
        self._look_for_changes()
        self._listen.start()

    def _on_warm(self, _result: object) -> None:
        self.is_ready = True
        self.ready.emit()

    def _on_not_warm(self, error: RetrouveError) -> None:
        self.not_ready.emit(error)

    def _on_added(self, path: Path, root: Root) -> None:
        known = {status.root.id for status in self.roots or ()}
        self.look_at_roots()
        if root.id in known:
            self.root_known.emit(path, root)
        else:
            self.root_added.emit(root.path)

    def _on_forgotten(self, path: Path, photos: int) -> None:
        self.look_at_roots()
        self.forgotten.emit(path, photos)

    def _on_roots(self, roots: list[RootStatus]) -> None:
        before = {status.root.path: status.online for status in self.roots or ()}
        back = [s.root.path for s in roots if s.online and before.get(s.root.path) is False]
        if roots != self.roots:
            self.roots = roots
            self.roots_changed.emit(roots)
        if back:
            self.came_back.emit(back)

    def _look_for_changes(self) -> None:
        if self.library is not None:
            self.lanes.general.submit(self.library.catalog.data_version, self._on_version)

    def _on_version(self, version: int) -> None:
        if self._keeping:
            return  # It may be our own write that was seen: the next look will tell.
        before, self._version = self._version, version
        if before not in (None, version):
            self.changed_elsewhere.emit()


def _kept(library: Library, write: Callable[[], Any]) -> tuple[int, int, Any]:
    before = library.catalog.data_version()
    result = write()
    return before, library.catalog.data_version(), result


def _open(open_library: Callable[[], Library], roots: Sequence[Path]) -> tuple[Library, list[RetrouveError]]:
    """Open the library and add the folders named on the command line; a folder that cannot be added is told of."""
    library, faults = open_library(), []
    for path in roots:
        try:
            library.add_root(path)
        except RetrouveError as error:
            faults.append(error)
    return library, faults
