"""The two streams: people read one way, programs another."""

import io
import json
import os
from pathlib import Path

import pytest

from app.cli.console import Console, OutputError, ReaderGone


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_table_is_aligned_on_a_terminal_and_tabbed_in_a_pipe() -> None:
    rows = [("1", "写真.jpg", "a"), ("10", "b\x1b.jpg", "")]
    terminal, pipe = Terminal(), io.StringIO()
    Console(out=terminal, err=io.StringIO()).table(rows, right=(0,), head=("n", "file", ""))
    Console(out=pipe, err=io.StringIO()).table(rows, right=(0,), head=("n", "file", ""))
    assert terminal.getvalue() == " n  file\n 1  写真.jpg   a\n10  b\\x1b.jpg\n"
    assert pipe.getvalue() == "1\t写真.jpg\ta\n10\tb\\x1b.jpg\t\n"


def test_json_is_ascii_and_gives_back_any_file_name() -> None:
    out = io.StringIO()
    path = Path(os.fsdecode(b"/p/\xff \xc3\xa4\n\x1b\xe2\x80\xae.jpg"))
    Console(as_json=True, out=out, err=io.StringIO()).document({"path": path})
    assert out.getvalue().isascii() and out.getvalue().count("\n") == 1
    assert os.fsencode(json.loads(out.getvalue())["path"]) == os.fsencode(path)


def test_json_has_no_nan() -> None:
    with pytest.raises(ValueError):
        Console(as_json=True, out=io.StringIO(), err=io.StringIO()).document({"rate": float("nan")})


def test_in_json_mode_nothing_else_reaches_stdout() -> None:
    out, err = io.StringIO(), io.StringIO()
    console = Console(as_json=True, out=out, err=err)
    console.line("a line")
    console.say("a remark")
    console.table([("a", "b")])
    console.fail("It broke.", done=3)
    assert json.loads(out.getvalue()) == {"error": "It broke.", "done": 3}
    assert err.getvalue() == ""


def test_quiet_keeps_results_and_errors() -> None:
    out, err = io.StringIO(), io.StringIO()
    console = Console(quiet=True, out=out, err=err)
    console.say("a remark")
    console.table([("result",)])
    console.fail("It broke\nbadly.")
    assert out.getvalue() == "result\n"
    assert err.getvalue() == "retrouve: It broke\\x0abadly.\n"


def test_a_terminal_without_utf_8_shows_what_it_can() -> None:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="ascii")
    console = Console(out=out, err=io.StringIO())
    console.line("ä.jpg")
    console.flush()
    assert raw.getvalue() == b"\\xe4.jpg\n"


class Broken(io.StringIO):
    """A stream that cannot be written."""

    def __init__(self, error: OSError) -> None:
        super().__init__()
        self.error = error

    def write(self, text: str, /) -> int:
        raise self.error


def test_a_reader_that_left_is_no_fault_and_a_full_disk_is_one() -> None:
    with pytest.raises(ReaderGone):
        Console(out=Broken(BrokenPipeError()), err=io.StringIO()).line("x")
    with pytest.raises(OutputError, match="No space left"):
        Console(out=Broken(OSError(28, "No space left on device")), err=io.StringIO()).line("x")
    Console(out=io.StringIO(), err=Broken(BrokenPipeError())).remark("lost, and that is all")
