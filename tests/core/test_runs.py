"""Runs that go on hold a lock: no other clears them away or takes them up, and the dead leave theirs behind."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core import runs
from core.errors import CallError, LibraryBusy
from core.runs import CHECKPOINT, CONFIG, Runs

PROJECT = Path(__file__).resolve().parents[2]
DRAFT = """
import sys
from pathlib import Path
from core.runs import CHECKPOINT, Runs

draft = Runs(Path(sys.argv[1])).begin("lora")
(draft.folder / CHECKPOINT).write_bytes(b"saved")
print(draft.folder, flush=True)
sys.stdin.readline()
"""
LONG = """
import sys
from pathlib import Path
from core import runs

folder = runs.Runs(Path(sys.argv[1])).begin_long("scratch")
(folder / runs.CONFIG).write_text('{"kind": "scratch"}')
with runs.hold(folder):
    print(folder, flush=True)
    sys.stdin.readline()
"""


@contextmanager
def going_on(program: str, library: Path) -> Iterator[tuple[int, Path]]:
    """Another process with a run: its id and the run's folder. It is killed at the end."""
    process = subprocess.Popen(
        [sys.executable, "-c", program, library], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=PROJECT
    )
    try:
        assert process.stdout is not None
        yield process.pid, Path(process.stdout.readline().strip())
    finally:
        process.kill()
        process.communicate()


def test_a_second_run_of_its_kind_is_refused_while_the_first_lives(tmp_path: Path) -> None:
    here = Runs(tmp_path)
    with going_on(DRAFT, tmp_path) as (number, folder):
        for call in (here.begin, here.resume):
            with pytest.raises(LibraryBusy, match=rf"`train lora` is going on .*\({number}\)"):
                call("lora")
        assert (folder / CHECKPOINT).read_bytes() == b"saved"
        assert here.stopped() == [("lora", True)]
        here.begin("adapter").drop()  # names are learned meanwhile
        assert folder.is_dir()
    assert here.stopped() == [("lora", False)]
    taken = here.resume("lora")
    assert taken.folder == folder and (folder / CHECKPOINT).is_file()
    with pytest.raises(LibraryBusy):
        here.resume("lora")
    taken.release()
    with pytest.raises(CallError, match=r"`retrouve train lora --resume` goes on .* `retrouve runs remove lora`"):
        here.begin("lora")
    assert (folder / CHECKPOINT).read_bytes() == b"saved", "nothing that was stopped is given up unasked"
    held = here.resume("lora")
    with pytest.raises(CallError, match="is going on: end it before"):
        here.remove("lora")
    held.release()
    here.remove("lora")
    assert not folder.exists()
    with pytest.raises(CallError, match="no run “lora”"):
        here.remove("lora")
    again = here.begin("lora")
    again.write(CONFIG, {})
    again.finish()
    with pytest.raises(CallError, match="nothing to resume"):
        here.resume("lora")
    here.begin("lora").drop()
    assert here.stopped() == []


def test_a_long_run_is_held_by_its_process_alone(tmp_path: Path) -> None:
    here = Runs(tmp_path)
    with going_on(LONG, tmp_path) as (number, folder):
        assert here.unfinished("scratch") == [folder] and runs.is_going_on(folder)
        with pytest.raises(LibraryBusy, match=rf"{folder.name} is going on already \({number}\)"), runs.hold(folder):
            pass
        with pytest.raises(CallError, match="is going on: end it before"):
            here.remove(folder.name)
    assert not runs.is_going_on(folder)
    with runs.hold(folder):
        pass
    here.remove(folder.name)
    assert not folder.exists()
