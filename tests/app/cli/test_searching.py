"""How hits are shown: the strong ones, a line, the weak ones."""

from __future__ import annotations

import io
from pathlib import Path

from app.cli import commands
from app.cli.console import Console
from app.cli.searching import _say_misread, show_hits
from core.exporting import Format
from core.search.grammar import KEYS
from core.types import Hit, Order


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def hit(name: str, match: float, *copies: str) -> Hit:
    strong = match >= 0.5
    reason = "looks like 'a dog'" if strong else "a little like 'a dog'"
    path = Path("/photos") / name
    return Hit(1, 1, b"0" * 16, path, match, match, strong, (reason,), tuple(Path("/photos") / copy for copy in copies))


def shown(stream: io.StringIO, *hits: Hit) -> list[str]:
    show_hits(hits, [Path("/photos")], Console(out=stream, err=io.StringIO()))
    return stream.getvalue().splitlines()


def test_a_line_parts_strong_from_weak() -> None:
    assert shown(Terminal(), hit("a.jpg", 0.93, "b.jpg"), hit("in/c.jpg", 0.3), hit("d.jpg", 0.02)) == [
        "1  93 %  a.jpg  looks like 'a dog'; and 1 copy",
        "---- weaker ----",
        "2  30 %  in/c.jpg  a little like 'a dog'",
        "3   2 %  d.jpg     a little like 'a dog'",
    ]


def test_all_strong_need_no_line_and_all_weak_are_called_so() -> None:
    assert shown(Terminal(), hit("a.jpg", 0.9)) == ["1  90 %  a.jpg  looks like 'a dog'"]
    assert shown(Terminal(), hit("a.jpg", 0.2)) == [
        "No good match. The nearest photos:",
        "1  20 %  a.jpg  a little like 'a dog'",
    ]


def test_a_pipe_gets_whole_paths_and_nothing_between() -> None:
    assert shown(io.StringIO(), hit("a.jpg", 0.93), hit("c.jpg", 0.3)) == [
        f"93 %\t{Path('/photos/a.jpg')}\tlooks like 'a dog'",
        f"30 %\t{Path('/photos/c.jpg')}\ta little like 'a dog'",
    ]


def test_the_help_names_every_key_and_every_choice() -> None:
    """They are written down by hand, so that the help imports nothing."""
    for key in KEYS:
        assert f"{key.name}:" in commands.SEARCH_DETAILS, key.name
    assert tuple(Order) == commands.ORDERS
    assert tuple(Format) == commands.FORMATS


def test_a_filter_that_makes_no_sense_is_told_where_somebody_watches() -> None:
    terminal, pipe = Terminal(), io.StringIO()
    for stream in (terminal, pipe):
        _say_misread("sunset date:soon", Console(out=stream, err=io.StringIO()))
    assert "date:soon is no date" in terminal.getvalue() and not pipe.getvalue()
