"""The counts of the saved searches: one after the other, only while seen, and anew when the photos change."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.jobs import Jobs
from app.window.counting import Counting
from app.window.saved_model import Counted
from core.errors import PhotoError
from core.saved import Count
from core.types import SavedSearch

DOGS, CATS, OLD = SavedSearch(1, "a", "dog"), SavedSearch(2, "b", "cat"), SavedSearch(3, "c", "date:2019")


class Counter:
    """Stands for the library: notes what is counted, and gives what it is told to."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.photos = 1
        self.error: Exception | None = None

    def count(self, library: object, query: str, *, worker: bool) -> Count:
        assert worker
        self.asked.append(query)
        if self.error is not None:
            raise self.error
        return Count(self.photos)


@pytest.fixture
def counter(monkeypatch: pytest.MonkeyPatch) -> Counter:
    counter = Counter()
    monkeypatch.setattr("app.window.counting.count", counter.count)
    monkeypatch.setattr("app.window.counting.SOON", 1)
    monkeypatch.setattr("app.window.counting._BUSY", 1)
    return counter


@pytest.fixture
def busy() -> list[bool]:
    return [False]


@pytest.fixture
def counting(qtbot: Any, busy: list[bool]) -> Iterator[Counting]:
    lane = Jobs("counting")
    counting = Counting(lane, lambda: busy[0])
    counting.heard = []
    counting.counted.connect(lambda id, counted: counting.heard.append((id, counted)))
    yield counting
    counting.stop()
    lane.close()
    assert lane.wait(5)


def start(counting: Counting, *searches: SavedSearch) -> None:
    counting.use(object())  # type: ignore[arg-type]
    counting.set_ready()
    counting.show(searches)
    counting.set_active(True)


def test_all_are_counted_and_anew_when_photos_change(counting: Counting, counter: Counter, qtbot: Any) -> None:
    start(counting, DOGS, OLD)
    qtbot.waitUntil(lambda: {id for id, _ in counting.heard} == {1, 3})
    assert all(counted.count == Count(1) for _, counted in counting.heard)
    qtbot.waitUntil(lambda: not counting._stale and not counting._left and counting._job is None)
    counter.photos = 2
    counting.heard.clear()
    for _ in range(20):
        counting.renew()
    qtbot.waitUntil(lambda: [id for id, _ in counting.heard] == [1, 3])
    assert counting.heard[0][1] == Counted("dog", Count(2))


def test_nothing_is_counted_that_nobody_sees(counting: Counting, counter: Counter, qtbot: Any) -> None:
    counting.use(object())  # type: ignore[arg-type]
    counting.set_ready()
    counting.show([DOGS])
    qtbot.waitUntil(lambda: not counting._pause.isActive())
    assert counter.asked == []
    counting.set_active(True)
    qtbot.waitUntil(lambda: counter.asked != [] and not counting._stale and counting._job is None)
    counter.asked.clear()
    counting.set_active(False)
    counting.renew()
    qtbot.waitUntil(lambda: not counting._pause.isActive())
    assert counter.asked == []
    counting.set_active(True)
    qtbot.waitUntil(lambda: counter.asked == ["dog"])


def test_before_the_model_is_ready_filters_alone_are_counted(counting: Counting, counter: Counter, qtbot: Any) -> None:
    counting.use(object())  # type: ignore[arg-type]
    counting.show([DOGS, OLD])
    counting.set_active(True)
    qtbot.waitUntil(lambda: not counting._left and not counting._stale and counting._job is None)
    assert set(counter.asked) == {"date:2019"}
    counting.set_ready()
    qtbot.waitUntil(lambda: "dog" in counter.asked)


def test_a_question_of_the_persons_goes_first(
    counting: Counting, counter: Counter, busy: list[bool], qtbot: Any
) -> None:
    busy[0] = True
    start(counting, DOGS)
    fired: list[None] = []
    counting._pause.timeout.connect(lambda: fired.append(None))
    qtbot.waitUntil(lambda: len(fired) > 2)
    assert counter.asked == []
    busy[0] = False
    qtbot.waitUntil(lambda: counter.asked != [])


def test_a_new_one_is_counted_without_the_others(counting: Counting, counter: Counter, qtbot: Any) -> None:
    start(counting, DOGS)
    qtbot.waitUntil(lambda: counting.heard != [] and not counting._stale and counting._job is None)
    counter.asked.clear()
    counting.show([DOGS, CATS])
    qtbot.waitUntil(lambda: counter.asked == ["cat"] and counting._job is None)
    counting.show([SavedSearch(1, "a", "puppy"), CATS])
    qtbot.waitUntil(lambda: counter.asked == ["cat", "puppy"] and counting._job is None)
    counting.show([SavedSearch(1, "another name", "puppy")])
    counting.show([])
    assert counter.asked == ["cat", "puppy"]


def test_what_cannot_be_counted_says_why_and_the_next_is_counted(
    counting: Counting, counter: Counter, qtbot: Any
) -> None:
    counter.error = PhotoError(Path("/x.jpg"), "there is no such file")
    start(counting, DOGS, CATS)
    qtbot.waitUntil(lambda: {id for id, _ in counting.heard} == {1, 2})
    assert counting.heard[0][1].why == "/x.jpg: there is no such file"
    assert counting.heard[0][1].short == "–"


def test_tomorrow_yesterday_is_another_day(
    counting: Counting, counter: Counter, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(counting, OLD)
    qtbot.waitUntil(lambda: counter.asked != [] and not counting._stale and counting._job is None)
    counter.asked.clear()
    counting._look_at_calendar()
    assert not counting._stale
    counting._today = counting._today.replace(year=2001)
    counting._look_at_calendar()
    qtbot.waitUntil(lambda: counter.asked == ["date:2019"])
