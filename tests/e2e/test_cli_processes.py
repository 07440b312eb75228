"""The command line as a process: terminals, pipes that break, Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import draw_photos

PROJECT = Path(__file__).resolve().parents[2]
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="signals and terminals of POSIX")


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(PROJECT)}


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "app", *map(str, arguments)]


def test_exit_codes_reach_the_shell(retrouve, tmp_path: Path) -> None:
    assert retrouve("--version").code == 0
    assert retrouve("frobnicate").code == 2
    assert retrouve("--library", tmp_path / "none", "search", "x").code == 3
    ran = retrouve("--json", "frobnicate")
    assert ran.code == 2 and ran.document["error"] and ran.err == ""


def test_the_installed_program_is_the_same() -> None:
    program = Path(sys.executable).with_name("retrouve.exe" if sys.platform == "win32" else "retrouve")
    if not program.exists():
        pytest.skip("retrouve is not installed in this environment")
    ended = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    assert ended.returncode == 0 and ended.stdout.startswith("retrouve ")


def test_a_cold_start_reads_neither_qt_nor_torch(sample_library: Path) -> None:
    script = (
        "import sys; from app.__main__ import main; code = main(sys.argv[1:]); "
        "print('\\n', [name for name in ('PySide6', 'torch', 'sqlite_utils', 'hnswlib') if name in sys.modules]); "
        "sys.exit(code)"
    )
    arguments = ["--library", str(sample_library), "--json", "search", "a dog"]
    ended = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, env=environment(), check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines()[-1] == " []"


@POSIX
def test_a_reader_that_leaves_is_no_fault(sample_library: Path) -> None:
    running = subprocess.Popen(
        command("--library", sample_library, "search", "a dog", "--top", "100"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    assert running.stdout is not None and running.stderr is not None
    running.stdout.close()
    _, err = running.communicate(timeout=60)
    assert (running.returncode, err) == (0, b"")


def in_terminal(*arguments: str | Path) -> tuple[int, str]:
    """Run a call with a terminal of 100 columns as stdout and stderr: its exit code and what was drawn."""
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
    running = subprocess.Popen(
        command(*arguments), stdin=theirs, stdout=theirs, stderr=theirs, env=environment(), start_new_session=True
    )
    os.close(theirs)
    drawn = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # Linux: the other end is closed
            break
        if not part:
            break
        drawn += part
    os.close(ours)
    return running.wait(timeout=60), drawn.decode("utf-8")


@POSIX
def test_a_person_sees_a_table_with_paths_from_the_root(sample_library: Path) -> None:
    code, drawn = in_terminal("--library", sample_library, "search", "food on a plate", "--top", "60")
    assert code == 0
    first = next(line for line in drawn.splitlines() if line.split()[:1] == ["1"])
    assert "%" in first and "retrouve-" in first and "/" not in first
    assert "The best 60 of" in drawn


@POSIX
def test_a_person_sees_a_bar_while_photos_are_indexed(tmp_path: Path, starter: Path) -> None:
    photos = draw_photos(tmp_path / "photos", 150)
    code, drawn = in_terminal("--library", tmp_path / "library", "index", photos)
    assert code == 0, drawn
    assert "of 150 photos" in drawn and "#" in drawn
    assert drawn.split("\r\x1b[K")[-1].startswith("Looked at 150 photos"), "the bar is gone, the sentence stays"


@POSIX
@pytest.mark.parametrize("as_json", [False, True])
def test_ctrl_c_ends_with_130_and_keeps_what_was_done(tmp_path: Path, starter: Path, as_json: bool, retrouve) -> None:
    photos = draw_photos(tmp_path / "photos", 600)
    library = tmp_path / "library"
    running = subprocess.Popen(
        command("--library", library, *(["--json"] if as_json else []), "index", photos),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    stored = wait_for_photos(library, running)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 130, err
    assert "Traceback" not in out + err
    sentence = json.loads(out)["error"] if as_json else err.splitlines()[-1]
    assert "Interrupted" in sentence and "goes on where it was" in sentence
    report = retrouve("--library", library, "--json", "index").document
    assert report["scanned"] == 600 == report["encoded"] + report["reused"]
    assert report["reused"] >= stored > 0
    assert report["encoded"] > 0, "it was stopped before its end"


def wait_for_photos(library: Path, running: subprocess.Popen[str]) -> int:
    """Wait until some photos are stored, as another process sees the catalogue; how many."""
    import sqlite3

    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and running.poll() is None:
        try:
            with sqlite3.connect(f"file:{library / 'catalog.sqlite'}?mode=ro", uri=True) as db:
                count = int(db.execute("SELECT count(*) FROM embedding").fetchone()[0])
            db.close()
        except sqlite3.OperationalError:
            count = 0
        if count:
            return count
        time.sleep(0.02)  # polls another process, which has nothing to signal with
    raise AssertionError(f"nothing was stored: {running.communicate(timeout=10)}")


SIGNAL_STACK = """
import ctypes, gc, sys
from pathlib import Path
from core.library import Library

class Stack(ctypes.Structure):
    _fields_ = [("address", ctypes.c_void_p), ("flags", ctypes.c_int), ("size", ctypes.c_size_t)]

def address():
    stack = Stack()
    ctypes.CDLL(None).sigaltstack(None, ctypes.byref(stack))
    return stack.address

def opened():
    library = Library.open(Path(sys.argv[1]))
    library.search("a dog", top=1)
    return library

first = opened()
seen = [address()]
second = opened()
seen.append(address())
for library in (first, second):
    library.close()
del first, second, library
gc.collect()
seen.append(address())
assert len(set(seen)) == 1, f"the stack for signals moved: {seen}"
"""


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for the stack")
def test_the_stack_for_signals_stays_where_it_is(sample_library: Path) -> None:
    """OpenVINO's CPU plug-in gives the thread that makes it a stack for signals, and frees that when it goes. Of two
    that overlap, one puts the other's freed stack back, and the next Ctrl-C is a segmentation fault."""
    ended = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", SIGNAL_STACK, sample_library],
        capture_output=True,
        text=True,
        env=environment(),
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
