"""Progress: a bar that moves, or a line now and then."""

import io

from app.cli.console import Console
from app.cli.progress import ProgressBar


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


class Clock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_bar_shows_rate_and_time_left_and_leaves_a_clean_terminal(monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    err, clock = Terminal(), Clock()
    with ProgressBar(Console(out=io.StringIO(), err=err), clock=clock) as bar:
        bar.update("Encoding", 300, 1200, rate=25.4, seconds_left=36.0)
    line = err.getvalue()
    assert "[######..................]" in line and "300 of 1,200 photos, 25 photos/s, 36 s left" in line
    assert line.endswith("\r\x1b[K")


def test_the_bar_never_wraps(monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    err = Terminal()
    ProgressBar(Console(out=io.StringIO(), err=err)).update("Encoding", 1, 10, rate=3.0, seconds_left=5.0)
    assert len(err.getvalue().removeprefix("\r\x1b[K")) == 29


def test_drawing_is_throttled() -> None:
    err, clock = Terminal(), Clock()
    bar = ProgressBar(Console(out=io.StringIO(), err=err), clock=clock)
    for number in range(50):
        bar.update("Encoding", number, 50)
    assert err.getvalue().count("\r") == 1
    clock.now += 0.2
    bar.update("Encoding", 49, 50)
    assert err.getvalue().count("\r") == 2


def test_a_log_gets_a_line_every_ten_seconds_and_none_for_a_short_job() -> None:
    err, clock = io.StringIO(), Clock()
    bar = ProgressBar(Console(out=io.StringIO(), err=err), clock=clock)
    bar.update("Encoding", 0, 100)
    clock.now += 5
    bar.update("Encoding", 10, 100)
    assert err.getvalue() == ""
    clock.now += 6
    bar.update("Encoding", 20, 100, rate=2.0, seconds_left=40)
    assert err.getvalue() == "Encoding: 20 of 100 photos, 2.0 photos/s, 40 s left\n"


def test_programs_and_quiet_people_get_none() -> None:
    for console in (
        Console(as_json=True, out=io.StringIO(), err=(log := io.StringIO())),
        Console(quiet=True, out=io.StringIO(), err=(terminal := Terminal())),
    ):
        clock = Clock()
        bar = ProgressBar(console, clock=clock)
        for _ in range(3):
            bar.update("Encoding", 1, 2)
            clock.now += 60
    assert log.getvalue() == "" and terminal.getvalue() == ""
