"""The window's hand on tags: decisions in their order, runs that can be stopped, and what is told of both."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any

import pytest

from app.window.start import Parts
from app.window.tagging import Tagging, TagRun
from core.errors import CatalogReadOnly, LibraryBusy
from core.tagging.types import LabelList, Step, TagProgress, TagReport


class SlowDecisions:
    """Decides in a thread, and only when it may: so that an order can be told from a chance."""

    def __init__(self) -> None:
        self.may_go_on = threading.Event()
        self.made: list[tuple[str, tuple[tuple[int, int], ...]]] = []

    def accept(self, pairs: Sequence[tuple[int, int]], said: str | None = None) -> Step | None:
        assert self.may_go_on.wait(10)
        return self._step(said or "accepted", pairs)

    def reject(self, pairs: Sequence[tuple[int, int]], said: str | None = None) -> Step | None:
        return self._step(said or "rejected", pairs)

    def undo(self) -> Step | None:
        self.made.append(("undo", ()))
        return None

    def _step(self, said: str, pairs: Sequence[tuple[int, int]]) -> Step:
        assert threading.current_thread() is not threading.main_thread()
        self.made.append((said, tuple(pairs)))
        return Step(len(self.made), said, "2026-01-01T00:00:00Z", len(pairs), False)


class EndlessSuggester:
    """A run that goes on until it is stopped."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.closed = threading.Event()

    def run(
        self, labels: LabelList, photos: Any, folder: Any, accept_above: Any, cancelled: Callable[[], bool]
    ) -> Generator[TagProgress, None, None]:
        try:
            if self.error is not None:
                raise self.error
            done = 0
            while not cancelled():
                done += 1
                yield TagProgress(done, 1_000_000, TagReport(done, suggested=done))
        finally:
            self.closed.set()


@pytest.fixture
def tagging(parts: Parts, qtbot: Any) -> Tagging:
    return parts.conductor.tagging


def use(parts: Parts, **parts_of_it: Any) -> None:
    """Put these in the place of the library's own; what is not named is the real thing."""
    library = parts.session.library
    assert library is not None
    library.tagging.__dict__.update(parts_of_it)


def test_decisions_keep_their_order(parts: Parts, tagging: Tagging, qtbot: Any) -> None:
    decisions = SlowDecisions()
    use(parts, decisions=decisions)
    changed: list[Any] = []
    tagging.changed.connect(changed.append)
    with qtbot.waitSignal(tagging.decided):
        tagging.accept([(1, 5), (2, 5)], "accepted five")
        tagging.reject([(1, 6)])
        tagging.undo()
        decisions.may_go_on.set()
    qtbot.waitUntil(lambda: len(decisions.made) == 3)
    assert decisions.made == [("accepted five", ((1, 5), (2, 5))), ("rejected", ((1, 6),)), ("undo", ())]
    qtbot.waitUntil(lambda: changed == [(1, 2), (1,)], timeout=2000)


def test_a_library_that_cannot_be_written_says_so(parts: Parts, tagging: Tagging, qtbot: Any) -> None:
    decisions = SlowDecisions()
    use(parts, decisions=decisions)
    parts.session.library.read_only = True  # type: ignore[union-attr]
    with qtbot.waitSignal(tagging.failed) as told:
        tagging.reject([(1, 6)])
    assert isinstance(told.args[0], CatalogReadOnly) and "nothing can be written" in str(told.args[0])
    with qtbot.waitSignal(tagging.run_failed):
        tagging.run(TagRun(LabelList("mine")))
    assert not decisions.made and tagging.running is None


def test_a_run_tells_how_far_it_is_and_can_be_stopped(parts: Parts, tagging: Tagging, qtbot: Any) -> None:
    suggester = EndlessSuggester()
    use(parts, suggester=suggester)
    what = TagRun(LabelList("mine"))
    with qtbot.waitSignal(tagging.progressed), qtbot.waitSignal(tagging.started):
        tagging.run(what)
    assert tagging.running is what
    tagging.run(TagRun(LabelList("another")))
    assert tagging.running is what, "one at a time"
    with qtbot.waitSignal(tagging.ended) as told:
        tagging.stop()
    run, report, finished = told.args
    assert run is what and report.suggested > 0 and not finished
    assert suggester.closed.is_set() and tagging.running is None


def test_a_run_that_cannot_go_on_says_why(parts: Parts, tagging: Tagging, qtbot: Any) -> None:
    use(parts, suggester=EndlessSuggester(LibraryBusy("Another Retrouve is at it.")))
    with qtbot.waitSignal(tagging.run_failed) as told:
        tagging.run(TagRun(LabelList("mine")))
    assert str(told.args[0]) == "Another Retrouve is at it." and tagging.running is None


def test_closing_the_window_stops_a_run(parts: Parts, tagging: Tagging, qtbot: Any, tmp_path: Path) -> None:
    suggester = EndlessSuggester()
    use(parts, suggester=suggester)
    with qtbot.waitSignal(tagging.progressed):
        tagging.run(TagRun(LabelList("mine")))
    assert parts.close(10)
    assert suggester.closed.is_set()
