"""Counts, rate and time left, with a clock that the test moves."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.indexing.progress import Meter
from core.types import IndexReport, Phase


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_progress_is_told_about_ten_times_a_second(clock):
    meter = Meter(clock)
    assert meter.enter(Phase.SCANNING).phase is Phase.SCANNING
    told = 0
    for _ in range(1000):
        clock.now += 0.001
        told += meter.due() is not None
    assert 9 <= told <= 10


def test_rate_and_time_left(clock):
    meter = Meter(clock)
    meter.count(scanned=110, reused=10)
    first = meter.enter(Phase.ENCODING, 100)
    assert (first.done, first.total, first.rate, first.seconds_left) == (10, 110, 0, None)
    last = first
    for _ in range(30):
        clock.now += 0.1
        meter.count(encoded=2)
        meter.did(2)
        told = meter.due()
        last = told or last
    assert last.rate == pytest.approx(20, rel=0.1)
    assert last.seconds_left == pytest.approx(2, rel=0.1)
    assert (last.done, last.report.seconds) == (70, pytest.approx(3))


def test_the_rate_is_that_of_the_last_seconds(clock):
    meter = Meter(clock)
    meter.enter(Phase.ENCODING, 10_000)
    for step in range(200):
        clock.now += 0.1
        meter.count(encoded=1 if step < 100 else 5)
        meter.did()
        told = meter.due()
    assert told.rate == pytest.approx(50, rel=0.1)


def test_stored_photos_are_told_once(clock):
    meter = Meter(clock)
    meter.stored([1, 2])
    assert meter.enter(Phase.ENCODING).stored == (1, 2)
    assert meter.enter(Phase.DONE).stored == ()


def test_roots_are_offline_once(clock):
    meter = Meter(clock)
    meter.offline([Path("a"), Path("b")])
    meter.offline([Path("b")])
    assert meter.report == IndexReport(offline=(Path("a"), Path("b")))
