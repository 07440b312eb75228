"""The whole call: from what was typed to an exit code. The one place that turns errors into sentences."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

from app.cli import calls
from app.cli.calls import Call, HelpWanted
from app.cli.commands import COMMANDS
from app.cli.console import Console, OutputError, ReaderGone
from app.cli.faults import LibraryLog, own_fault, worldly_fault
from core.errors import CallError, RetrouveError

DONE, NOTHING, WRONG_CALL, WORLD, OURS, INTERRUPTED = 0, 1, 2, 3, 70, 130
"""Exit codes (DESIGN, section 11). 70 is EX_SOFTWARE of sysexits.h: a fault of ours, told apart from the world's."""


def main(argv: Sequence[str] | None = None, open_window: Callable[[Path], int] | None = None) -> int:
    """Run one call; returns its exit code. Without a command ``open_window`` is given the library's folder."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    console = Console(as_json=calls.wants_json(arguments))
    try:
        code = _guarded(lambda: _answer(arguments, console, open_window), console)
        return _guarded(lambda: _flushed(console, code), console)
    except ReaderGone:
        console.abandon()
        return DONE
    except OutputError as error:
        console.abandon()
        console.remark(f"retrouve: {error}")
        return WORLD


def _guarded(work: Callable[[], int], console: Console, log: LibraryLog | None = None) -> int:
    """Do the work; whatever it raises becomes one sentence and an exit code."""
    try:
        return work()
    except (ReaderGone, OutputError):  # there is nowhere to print a sentence to
        raise
    except HelpWanted as help_text:
        console.text(str(help_text))
        return DONE
    except RetrouveError as error:
        console.fail(_ended(str(error)))
        return error.exit_code
    except KeyboardInterrupt:
        console.fail("Interrupted.")
        return INTERRUPTED
    except (OSError, MemoryError) as error:
        if log is not None:
            own_fault(error, log)
        console.fail(worldly_fault(error))
        return WORLD
    except Exception as error:  # noqa: BLE001 - the outermost frame: the traceback goes to the log, never to a person
        console.fail(own_fault(error, log or LibraryLog(None)))
        return OURS


def _ended(sentence: str) -> str:
    """With its full stop: the reason that a photo cannot be read stands in lists, where it has none."""
    return sentence if sentence.endswith((".", "?", "!", "`")) else f"{sentence}."


def _answer(arguments: Sequence[str], console: Console, open_window: Callable[[Path], int] | None) -> int:
    call = calls.read(arguments, COMMANDS, _version)
    console.quiet = bool(call.options.get("quiet"))
    log = LibraryLog(call.library)
    if call.command is None:
        if open_window is None:
            raise CallError("A command is missing. `retrouve --help` lists them.")
        return _guarded(lambda: open_window(call.library), console, log)  # the window keeps a log of its own
    root = logging.getLogger()
    root.addHandler(log)
    try:
        return _guarded(lambda: _run(call, console), console, log)
    finally:
        root.removeHandler(log)


def _run(call: Call, console: Console) -> int:
    assert call.command is not None
    module, function = call.command.entry.split(":")
    code: int = getattr(import_module(module), function)(call, console)
    return code


def _flushed(console: Console, code: int) -> int:
    console.flush()
    return code


def _version() -> str:
    """The installed version; of a checkout that was never installed, unknown."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("retrouve")
    except PackageNotFoundError:
        return "unknown"
