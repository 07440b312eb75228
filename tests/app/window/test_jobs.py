"""Work off the GUI thread: where it runs, where its result arrives, what becomes of its faults."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from app.jobs import Jobs, Latest
from core.errors import FolderError


@pytest.fixture
def lane(qapp: Any) -> Iterator[Jobs]:
    jobs = Jobs("test", 2)
    yield jobs
    jobs.close()
    assert jobs.wait(5)


def test_work_runs_in_a_thread_and_its_result_arrives_in_the_gui_thread(lane: Jobs, qtbot: Any) -> None:
    seen: list[tuple[str, threading.Thread]] = []
    lane.submit(threading.current_thread, lambda worker: seen.extend([(worker.name, threading.current_thread())]))
    assert not seen, "nothing arrives while submit runs"
    qtbot.waitUntil(lambda: bool(seen))
    name, arrived = seen[0]
    assert name.startswith("retrouve-test")
    assert arrived is threading.main_thread()


def test_a_fault_of_the_world_goes_to_the_caller_or_to_failed(lane: Jobs, qtbot: Any) -> None:
    def fail() -> None:
        raise FolderError("There is no such folder.")

    told: list[Exception] = []
    lane.submit(fail, failed=told.append)
    qtbot.waitUntil(lambda: bool(told))
    with qtbot.waitSignal(lane.failed) as failed:
        lane.submit(fail)
    assert str(failed.args[0]) == "There is no such folder."


def test_a_fault_of_ours_keeps_its_traceback(lane: Jobs, qtbot: Any) -> None:
    def broken() -> None:
        raise ZeroDivisionError("ours")

    with qtbot.waitSignal(lane.crashed) as crashed:
        lane.submit(broken, failed=lambda error: pytest.fail(str(error)))
    error = crashed.args[0]
    assert error.__traceback__.tb_next is not None


def test_whoever_waits_is_told_of_a_fault_of_ours(lane: Jobs, qtbot: Any) -> None:
    told: list[str] = []
    with qtbot.waitSignal(lane.crashed):
        lane.submit(lambda: 1 / 0, broke=lambda: told.append("broke"))
    assert told == ["broke"]


def test_only_the_newest_epoch_is_delivered(lane: Jobs, qtbot: Any) -> None:
    latest, gate, seen = Latest(), threading.Event(), []

    def slow() -> str:
        assert gate.wait(5)
        return "old"

    first = latest.run(lane, slow, seen.append)
    second = latest.run(lane, lambda: "new", seen.append)
    assert second > first
    qtbot.waitUntil(lambda: seen == ["new"])
    gate.set()
    lane.wait(5)
    with qtbot.waitSignal(lane.failed):  # one more turn through the queue: the old result had its chance

        def last() -> None:
            raise FolderError("last")

        lane.submit(last)
    assert seen == ["new"]


def test_an_old_failure_is_dropped_too(lane: Jobs, qtbot: Any) -> None:
    latest, gate, seen = Latest(), threading.Event(), []

    def slow() -> None:
        assert gate.wait(5)
        raise FolderError("old")

    latest.run(lane, slow, seen.append, seen.append)
    latest.drop()
    gate.set()
    assert lane.wait(5)
    done: list[int] = []
    lane.submit(lambda: 1, done.append)
    qtbot.waitUntil(lambda: done == [1])
    assert not seen


def test_a_closed_lane_delivers_nothing(qapp: Any, qtbot: Any) -> None:
    jobs, gate, seen = Jobs("closing"), threading.Event(), []
    jobs.submit(gate.wait, seen.append)
    jobs.submit(lambda: seen.append("never started"))
    jobs.close()
    gate.set()
    assert jobs.wait(5)
    assert jobs.submit(lambda: 1).cancelled
    qapp.processEvents()
    assert not seen
