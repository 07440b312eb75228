"""The lock of an index run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from core.catalog.lock import IndexLock
from core.errors import CatalogReadOnly, LibraryBusy

PROJECT = Path(__file__).resolve().parents[3]
HOLDER = """
import sys
from pathlib import Path
from core.catalog.lock import IndexLock

with IndexLock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""


def test_one_at_a_time_also_in_one_process(tmp_path: Path) -> None:
    with IndexLock(tmp_path), pytest.raises(LibraryBusy, match="is indexing"), IndexLock(tmp_path):
        pass
    with IndexLock(tmp_path):
        pass


def test_it_is_freed_by_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeyError), IndexLock(tmp_path):
        raise KeyError
    with IndexLock(tmp_path):
        pass


def test_it_cannot_be_entered_twice(tmp_path: Path) -> None:
    lock = IndexLock(tmp_path)
    with lock, pytest.raises(RuntimeError), lock:
        pass


def test_it_names_its_holder_and_dies_with_it(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=PROJECT
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(LibraryBusy, match=rf"\({process.pid}\)"), IndexLock(tmp_path):
            pass
    finally:
        process.kill()
        process.communicate()
    with IndexLock(tmp_path):
        pass


def test_where_no_file_can_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    def refuse(*_: object) -> int:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(CatalogReadOnly), IndexLock(tmp_path):
        pass
