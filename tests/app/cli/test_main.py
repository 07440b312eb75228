"""From an error to a sentence and an exit code, in the one place that does it."""

import errno
import json
import signal
import sys
import types
from pathlib import Path

import pytest

from app.__main__ import main as whole_main
from app.cli import display, main
from app.cli.calls import Call, Command
from app.cli.console import Console, ReaderGone
from app.cli.interrupts import StopRequest
from core.errors import CallError, DiskFull, PhotoError


@pytest.fixture
def ending(monkeypatch: pytest.MonkeyPatch):
    """Replaces the commands by one, ``try``, that ends as it is told."""

    def with_end(end) -> None:
        module = types.ModuleType("app_cli_try")
        module.work = end  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "app_cli_try", module)
        monkeypatch.setattr(main, "COMMANDS", (Command("try", "tries", "app_cli_try:work"),))

    return with_end


def raising(error: BaseException):
    def work(call: Call, console: Console) -> int:
        raise error

    return work


@pytest.mark.parametrize(
    ("error", "code", "part"),
    [
        (CallError("The query is empty."), 2, "The query is empty."),
        (DiskFull("The disk is full."), 3, "The disk is full."),
        (PhotoError(Path("/a.jpg"), "it is cut off"), 3, "/a.jpg: it is cut off"),
        (KeyboardInterrupt(), 130, "Interrupted."),
        (PermissionError(errno.EACCES, "Permission denied", "/x/y"), 3, "/x/y: Permission denied."),
        (OSError(errno.ENOSPC, "No space left on device"), 3, "The disk is full."),
        (MemoryError(), 3, "memory"),
        (ZeroDivisionError("division by zero"), 70, "inside Retrouve (ZeroDivisionError"),
    ],
)
def test_every_end_is_one_sentence_and_its_code(ending, capsys, tmp_path, error, code, part) -> None:
    ending(raising(error))
    assert main.main(["try", "--library", str(tmp_path)]) == code
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("retrouve: ") and part in shown.err and shown.err.count("\n") == 1
    assert main.main(["try", "--library", str(tmp_path), "--json"]) == code
    shown = capsys.readouterr()
    assert part in json.loads(shown.out)["error"] and shown.err == ""


def test_a_fault_of_ours_leaves_its_traceback_in_the_library(ending, capsys, tmp_path) -> None:
    ending(raising(KeyError("gone\udcff")))
    assert main.main(["try", "--library", str(tmp_path)]) == 70
    log = tmp_path / "logs" / "retrouve.log"
    assert str(log) in capsys.readouterr().err
    assert "Traceback (most recent call last)" in log.read_text("utf-8") and "in work" in log.read_text("utf-8")


def test_a_fault_before_there_is_a_library_makes_none(ending, capsys, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    ending(raising(KeyError("gone")))
    assert main.main(["try", "--library", str(tmp_path / "not yet")]) == 70
    assert not (tmp_path / "not yet").exists()
    assert str(tmp_path / "retrouve.log") in capsys.readouterr().err


def test_the_log_does_not_grow_for_ever(ending, capsys, tmp_path) -> None:
    (tmp_path / "logs").mkdir()
    log = tmp_path / "logs" / "retrouve.log"
    log.write_text("x" * 1_000_001)
    ending(raising(KeyError("gone")))
    main.main(["try", "--library", str(tmp_path)])
    assert log.stat().st_size < 10_000 and (tmp_path / "logs" / "retrouve.log.1").stat().st_size == 1_000_001


def test_warnings_of_core_go_to_the_log_and_not_to_the_terminal(ending, capsys, tmp_path) -> None:
    def work(call: Call, console: Console) -> int:
        import logging

        logging.getLogger("core.catalog").warning("the cache %s was made anew", "thumbnails")
        return 0

    ending(work)
    assert main.main(["try", "--library", str(tmp_path)]) == 0
    shown = capsys.readouterr()
    assert shown.out == shown.err == ""
    assert "the cache thumbnails was made anew" in (tmp_path / "logs" / "retrouve.log").read_text("utf-8")


def test_a_reader_that_left_ends_the_call_in_peace(ending, capsys, tmp_path) -> None:
    ending(raising(ReaderGone()))
    assert main.main(["try", "--library", str(tmp_path)]) == 0
    assert capsys.readouterr().err == ""


def test_no_display_is_said_and_qt_is_never_asked(monkeypatch, capsys, tmp_path) -> None:
    for variable in ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    assert whole_main(["--library", str(tmp_path)]) == 3
    assert "no display" in capsys.readouterr().err


def test_without_a_command_the_window_gets_the_library(tmp_path) -> None:
    asked = []
    assert main.main(["--library", str(tmp_path)], lambda library: asked.append(library) or 5) == 5
    assert asked == [tmp_path]


@pytest.mark.skipif(sys.platform != "linux", reason="displays are asked for on Linux alone")
def test_a_display_that_is_gone_is_none(monkeypatch, tmp_path) -> None:
    monkeypatch.delenv("QT_QPA_PLATFORM", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-9")
    monkeypatch.setenv("DISPLAY", ":97")
    assert not display.is_reachable()


def test_an_offscreen_platform_opens_windows_that_nobody_sees(monkeypatch) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert display.can_open_window() and not display.is_reachable()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot raise its Ctrl-C in one process alone")
def test_the_first_interrupt_asks_and_the_second_insists(capsys) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background was born to ignore it
    before = signal.getsignal(signal.SIGINT)
    with StopRequest(Console()) as stop:
        assert not stop()
        signal.raise_signal(signal.SIGINT)
        assert stop()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.skipif(sys.platform == "win32", reason="as above")
def test_an_ignored_interrupt_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with StopRequest(Console()) as stop:
            signal.raise_signal(signal.SIGINT)
            assert not stop()
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("as_json", [True, False])
def test_an_interrupt_while_the_first_modules_are_read(monkeypatch, capsys, as_json):
    class Interrupting(types.ModuleType):
        def __getattr__(self, name):
            raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "app.cli.main", Interrupting("app.cli.main"))
    assert whole_main(["models", "list", *(["--json"] if as_json else [])]) == 130
    out = capsys.readouterr().out
    assert (json.loads(out) == {"error": "Interrupted."}) if as_json else out == ""
