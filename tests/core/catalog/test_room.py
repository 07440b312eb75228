"""What gives way on a disk that gets full: compiled models go, and the catalogue goes on."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from core.catalog import contents, room
from core.catalog.connection import Catalog
from core.errors import DiskFull


@pytest.fixture
def compiled(tmp_path: Path) -> Path:
    """A compiled model, and beside it what was measured of one."""
    folder = room.compiled_models(tmp_path / "library")
    (folder / "model-visual").mkdir(parents=True)
    (folder / "model-visual" / "1.blob").write_bytes(b"compiled")
    (folder / "measured.json").write_text("{}")
    return folder


def left_free(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: type("Usage", (), {"free": free}))


@pytest.mark.parametrize(("free", "stays"), [(room.NEARLY_FULL, True), (room.NEARLY_FULL - 1, False), (0, False)])
def test_compiled_models_give_way_to_what_is_written(
    tmp_path: Path, compiled: Path, monkeypatch: pytest.MonkeyPatch, free: int, stays: bool
) -> None:
    with Catalog.open(tmp_path / "library") as catalog:
        assert (compiled / "model-visual").exists()
        left_free(monkeypatch, free)
        catalog.write(lambda db: contents.ensure(db, b"a" * 16))
        assert (compiled / "model-visual").exists() is stays
        assert (compiled / "measured.json").exists()


def test_they_give_way_when_a_library_is_opened(
    tmp_path: Path, compiled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left_free(monkeypatch, 0)
    Catalog.open(tmp_path / "library").close()
    assert not (compiled / "model-visual").exists()


def test_they_give_way_to_a_quota_that_the_disk_does_not_tell_of(tmp_path: Path, compiled: Path) -> None:
    with Catalog.open(tmp_path / "library") as catalog:

        def fill(db: sqlite3.Connection) -> None:
            db.execute(f"PRAGMA max_page_count = {db.execute('PRAGMA page_count').fetchone()[0]}")
            db.executemany("INSERT INTO content (hash) VALUES (?)", ((bytes([n]) * 4000,) for n in range(200)))

        with pytest.raises(DiskFull):
            catalog.write(fill)
    assert not (compiled / "model-visual").exists()


def test_a_disk_that_does_not_say_what_is_free_is_taken_to_have_room(
    tmp_path: Path, compiled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(folder: Path) -> None:
        raise OSError("no answer")

    monkeypatch.setattr(shutil, "disk_usage", silent)
    room.make_room(tmp_path / "library")
    assert (compiled / "model-visual").exists()
