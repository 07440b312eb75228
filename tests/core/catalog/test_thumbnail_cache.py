"""The thumbnails' cache: what it keeps, and what it does when somebody breaks or deletes it."""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.catalog.thumbnails import ThumbnailCache

ONE, TWO = b"1" * 16, b"2" * 16


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[ThumbnailCache]:
    with ThumbnailCache(tmp_path / "cache") as cache:
        yield cache


def test_what_is_put_can_be_got(cache: ThumbnailCache, tmp_path: Path) -> None:
    assert cache.get(ONE) is None
    assert not (tmp_path / "cache").exists()
    assert cache.state() == (0, 0)
    cache.put_many([])
    cache.put_many([(ONE, b"jpeg"), (TWO, b"other")])
    cache.put_many([(ONE, b"newer")])
    assert (cache.get(ONE), cache.get(TWO)) == (b"newer", b"other")
    state = cache.state()
    assert state is not None
    assert state[0] == 2


def test_what_is_removed_gives_its_room_back(cache: ThumbnailCache, tmp_path: Path) -> None:
    hashes = [number.to_bytes(16, "big") for number in range(2000)]
    cache.put_many([(hash, os.urandom(8000)) for hash in hashes])
    cache.close()
    before = (tmp_path / "cache" / "thumbnails.sqlite").stat().st_size
    cache.remove(hashes[:-1])
    cache.close()
    assert (tmp_path / "cache" / "thumbnails.sqlite").stat().st_size < before / 10
    assert cache.get(hashes[0]) is None
    assert cache.get(hashes[-1]) is not None
    cache.remove([])


def test_threads_share_it(cache: ThumbnailCache) -> None:
    def work(number: int) -> bytes | None:
        hash = number.to_bytes(16, "big")
        cache.put_many([(hash, hash * 50)])
        return cache.get(hash)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(work, range(100)))
    assert found == [number.to_bytes(16, "big") * 50 for number in range(100)]


def test_it_comes_back_after_it_was_deleted_under_way(cache: ThumbnailCache, tmp_path: Path) -> None:
    cache.put_many([(ONE, b"jpeg")])
    assert cache.get(ONE) == b"jpeg"
    if sys.platform == "win32":
        cache.close()  # what is open cannot be deleted there
    shutil.rmtree(tmp_path / "cache")
    cache.put_many([(TWO, b"other")])
    assert (cache.get(ONE), cache.get(TWO)) == (None, b"other")
    with ThumbnailCache(tmp_path / "cache") as again:
        assert again.get(TWO) == b"other"


@pytest.mark.parametrize("content", [b"garbage" * 5000, b"SQLite format 3\0" + b"\xff" * 40_000])
def test_a_damaged_file_is_begun_anew_and_logged(
    cache: ThumbnailCache, tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    file = tmp_path / "cache" / "thumbnails.sqlite"
    file.parent.mkdir()
    file.write_bytes(content)
    with caplog.at_level(logging.WARNING):
        assert cache.get(ONE) is None
    assert "thumbnails.sqlite" in caplog.text
    file.write_bytes(content)
    cache.put_many([(ONE, b"jpeg")])
    assert cache.get(ONE) == b"jpeg"


def test_a_file_of_another_shape_is_no_reason_to_stop(
    cache: ThumbnailCache, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "cache" / "thumbnails.sqlite"
    file.parent.mkdir()
    db = sqlite3.connect(file)
    db.execute("CREATE TABLE thumbnail (something TEXT)")
    db.close()
    assert cache.get(ONE) is None
    cache.put_many([(ONE, b"jpeg")])
    assert cache.get(ONE) is None
    assert "thumbnail" in caplog.text


@pytest.mark.skipif(sys.platform != "linux", reason="mounts as Linux does")
def test_a_read_only_file_system_gives_what_it_has_and_takes_nothing(tmp_path: Path) -> None:
    mount = tmp_path / "mount"
    mount.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "none", mount], capture_output=True).returncode:
        pytest.skip("this user may not mount a file system")
    try:
        with ThumbnailCache(mount / "cache") as cache:
            cache.put_many([(ONE, b"jpeg")])
        subprocess.run(["mount", "-o", "remount,ro", mount], check=True)
        with ThumbnailCache(mount / "cache") as cache:
            cache.put_many([(TWO, b"other")])
            cache.remove([ONE])
            assert (cache.get(ONE), cache.get(TWO)) == (b"jpeg", None)
        with ThumbnailCache(mount / "elsewhere") as cache:
            cache.put_many([(TWO, b"other")])
            assert cache.get(TWO) is None
    finally:
        subprocess.run(["umount", "-l", mount], check=True)
