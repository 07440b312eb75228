"""Reading and the one writer, in one process and between several."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import subprocess
import sys
import textwrap
import threading
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.catalog import contents
from core.catalog.connection import Catalog
from core.errors import CatalogDamaged, CatalogMissing, CatalogReadOnly, DiskFull, LibraryBusy
from tests.bench.libraries import add_photos

PROJECT = Path(__file__).resolve().parents[3]


def child(source: str, *arguments: str | Path) -> subprocess.Popen[str]:
    """A Python process of its own that runs ``source``."""
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(source), *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=PROJECT,
    )


def ended(process: subprocess.Popen[str]) -> int:
    """The exit code of a child, whose pipes are closed."""
    process.communicate(timeout=60)
    return process.returncode


def count(catalog: Catalog) -> int:
    with catalog.read() as db:
        return contents.count(db)


def test_what_is_written_can_be_read(catalog: Catalog) -> None:
    number = catalog.write(lambda db: contents.ensure(db, b"a" * 16))
    with catalog.read() as db:
        assert contents.id_of(db, b"a" * 16) == number


def test_the_file_has_the_settings_of_the_design(catalog: Catalog) -> None:
    def settings(db: sqlite3.Connection) -> dict[str, object]:
        names = ("page_size", "journal_mode", "synchronous", "foreign_keys", "busy_timeout", "application_id")
        return {name: db.execute(f"PRAGMA {name}").fetchone()[0] for name in names}

    assert catalog.write(settings) == {
        "page_size": 16384,
        "journal_mode": "wal",
        "synchronous": 1,
        "foreign_keys": 1,
        "busy_timeout": 10_000,
        "application_id": 0x52747276,
    }


@pytest.mark.skipif(not Path("/proc/self/io").is_file(), reason="Linux counts what a process writes, others do not")
def test_photos_that_are_added_row_by_row_are_written_once(catalog: Catalog) -> None:
    def written() -> int:
        said = Path("/proc/self/io").read_text()
        return int(said.partition("wchar: ")[2].partition("\n")[0])

    def cost(first: int, **how: bool) -> int:
        before = written()
        catalog.write(lambda db: add_photos(db, range(first, first + 1000)), **how)
        return written() - before

    cost(1)
    plainly, row_by_row, again = cost(1001), cost(2001, row_by_row=True), cost(3001)
    assert row_by_row < plainly / 5 and row_by_row < again / 5


def test_work_that_fails_leaves_nothing_and_keeps_its_traceback(catalog: Catalog) -> None:
    def work(db: sqlite3.Connection) -> None:
        contents.ensure(db, b"a" * 16)
        raise KeyError("the reason")

    with pytest.raises(KeyError, match="the reason") as caught:
        catalog.write(work)
    names = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert names[-1] == "work"
    assert count(catalog) == 0
    catalog.write(lambda db: contents.ensure(db, b"b" * 16))
    assert count(catalog) == 1


def test_a_fault_of_ours_stays_what_it_is(catalog: Catalog) -> None:
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        catalog.write(lambda db: db.execute("DELETE FROM no_table"))
    with pytest.raises(sqlite3.IntegrityError):
        catalog.write(lambda db: db.execute("INSERT INTO folder (root_id, path) VALUES (99, 'x')"))
    with pytest.raises(sqlite3.OperationalError), catalog.read() as db:
        db.execute("SELECT wrong")


def test_an_error_of_the_system_inside_work_is_not_taken_for_the_catalogues(catalog: Catalog) -> None:
    def work(db: sqlite3.Connection) -> None:
        raise FileNotFoundError("a photo")

    with pytest.raises(FileNotFoundError):
        catalog.write(work)
    with pytest.raises(FileNotFoundError), catalog.read():
        raise FileNotFoundError("a photo")


def test_writing_from_within_writing_is_an_error_and_no_deadlock(catalog: Catalog) -> None:
    with pytest.raises(RuntimeError, match="inside"):
        catalog.write(lambda db: catalog.write(lambda inner: None))


def test_readers_cannot_write(catalog: Catalog) -> None:
    with pytest.raises(CatalogReadOnly), catalog.read() as db:
        db.execute("DELETE FROM content")


def test_threads_write_and_read_at_once(catalog: Catalog) -> None:
    def work(number: int) -> int:
        catalog.write(lambda db: contents.ensure(db, number.to_bytes(16, "big")))
        return count(catalog)

    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(work, range(200)))
    assert count(catalog) == 200
    assert all(0 < number <= 200 for number in seen)


def test_connections_of_threads_that_ended_do_not_pile_up(catalog: Catalog) -> None:
    def look() -> None:
        count(catalog)

    for _ in range(50):
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
    assert len(catalog._idle) == 1


def test_a_transaction_left_open_by_a_reader_ends_with_its_block(catalog: Catalog) -> None:
    with catalog.read() as db:
        db.execute("BEGIN")
        assert contents.count(db) == 0
    catalog.write(lambda db: contents.ensure(db, b"a" * 16))
    assert count(catalog) == 1


def test_close_waits_for_the_writer_and_ends_everything(folder: Path) -> None:
    catalog = Catalog.open(folder)
    catalog.write(lambda db: contents.ensure(db, b"a" * 16))
    with catalog.read() as lent:
        catalog.close()
        assert contents.count(lent) == 1
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        lent.execute("SELECT 1")
    catalog.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("catalog-writer")]
    for use in (lambda: count(catalog), lambda: catalog.write(lambda db: None), catalog.data_version):
        with pytest.raises(RuntimeError, match="closed"):
            use()
    with Catalog.open(folder) as again:
        assert count(again) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_is_refused(catalog: Catalog) -> None:
    pid = os.fork()
    if pid == 0:
        try:
            catalog.data_version()
        except RuntimeError:
            os._exit(7)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7


def test_data_version_tells_of_every_commit_and_nothing_else(catalog: Catalog, folder: Path) -> None:
    first = catalog.data_version()
    count(catalog)
    assert catalog.data_version() == first
    catalog.write(lambda db: contents.ensure(db, b"a" * 16))
    second = catalog.data_version()
    assert second != first
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(catalog.data_version).result() == second
    with Catalog.open(folder) as other:
        other.write(lambda db: contents.ensure(db, b"b" * 16))
    assert catalog.data_version() not in (first, second)


HOLDER = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
db.execute("ROLLBACK")
db.close()
"""


@pytest.fixture
def holder(catalog: Catalog) -> Iterator[subprocess.Popen[str]]:
    """Another process that is in the middle of a transaction."""
    process = child(HOLDER, catalog.path)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_another_process_that_writes_for_too_long_makes_it_busy(
    catalog: Catalog, folder: Path, holder: subprocess.Popen[str]
) -> None:
    with Catalog.open(folder, busy_seconds=0.2) as impatient:
        assert count(impatient) == 0
        with pytest.raises(LibraryBusy, match="Another process"):
            impatient.write(lambda db: contents.ensure(db, b"a" * 16))
    assert holder.stdin is not None
    holder.stdin.write("\n")
    holder.stdin.flush()
    catalog.write(lambda db: contents.ensure(db, b"a" * 16))
    assert count(catalog) == 1


def test_a_killed_writer_leaves_its_last_commit_and_no_lock(folder: Path) -> None:
    source = """
    import sys
    from pathlib import Path
    from core.catalog import contents
    from core.catalog.connection import Catalog

    catalog = Catalog.open(Path(sys.argv[1]))

    def commit(db, start):
        for number in range(start, start + 100):
            contents.ensure(db, number.to_bytes(16, "big"))

    def hang(db):
        commit(db, 100)
        print("in the middle", flush=True)
        sys.stdin.readline()

    catalog.write(lambda db: commit(db, 0))
    catalog.write(hang)
    """
    process = child(source, folder)
    assert process.stdout is not None
    assert process.stdout.readline() == "in the middle\n"
    process.kill()
    ended(process)
    with Catalog.open(folder, busy_seconds=1) as catalog:
        assert count(catalog) == 100
        assert catalog.check() == []
        catalog.write(lambda db: contents.ensure(db, b"b" * 16))


def test_a_full_disk_is_told_and_loses_nothing(catalog: Catalog) -> None:
    catalog.write(lambda db: contents.ensure(db, b"a" * 16))
    limit = catalog.write(lambda db: db.execute("PRAGMA page_count").fetchone()[0])
    catalog.write(lambda db: db.execute(f"PRAGMA max_page_count = {limit + 2}").fetchone())

    def fill(db: sqlite3.Connection) -> None:
        for number in range(100_000):
            contents.ensure(db, number.to_bytes(16, "big"))

    with pytest.raises(DiskFull, match="disk is full"):
        catalog.write(fill)
    assert count(catalog) == 1
    catalog.write(lambda db: contents.ensure(db, b"b" * 16))
    assert count(catalog) == 2
    assert catalog.check() == []


def test_damage_inside_the_file_is_told_by_readers_and_by_check(folder: Path) -> None:
    with Catalog.open(folder) as catalog:

        def fill(db: sqlite3.Connection) -> None:
            db.executemany("INSERT INTO content (hash) VALUES (?)", ((os.urandom(16),) for _ in range(20_000)))

        catalog.write(fill)
        path = catalog.path
    content = bytearray(path.read_bytes())
    for place in range(80 * 16384, len(content), 16384):
        content[place : place + 64] = b"\xff" * 64
    path.write_bytes(content)
    before = hashlib.sha256(content).hexdigest()
    with Catalog.open(folder) as catalog:
        assert catalog.check()
        with pytest.raises(CatalogDamaged, match="photos are safe"), catalog.read() as db:
            db.execute("SELECT sum(length(hash)) FROM content NOT INDEXED").fetchall()
    assert hashlib.sha256(path.read_bytes()).hexdigest() == before


def test_reading_alone_needs_a_catalogue_and_refuses_writing(folder: Path) -> None:
    with pytest.raises(CatalogMissing, match="retrouve index"):
        Catalog.open(folder, read_only=True)
    with pytest.raises(CatalogMissing):
        Catalog.open(folder, create=False)
    assert not folder.exists()
    Catalog.open(folder).close()
    with Catalog.open(folder, read_only=True) as catalog:
        assert catalog.read_only
        assert count(catalog) == 0
        with pytest.raises(CatalogReadOnly, match="searched but not changed"):
            catalog.write(lambda db: None)


READER = """
import os, sys
from pathlib import Path
from core.catalog import contents
from core.catalog.connection import Catalog
from core.errors import CatalogReadOnly

folder = Path(sys.argv[1])
if os.geteuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
try:
    Catalog.open(folder)
    raise SystemExit("it was opened to write")
except CatalogReadOnly as error:
    assert "searched but not changed" in str(error), error
with Catalog.open(folder, read_only=True) as catalog:
    assert catalog.data_version() == catalog.data_version()
    assert catalog.check() == []
    with catalog.read() as db:
        print(contents.count(db), catalog._mode.name, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX permissions")
def test_a_folder_of_somebody_else_can_be_read(shared_folder: Path) -> None:
    """A process without the right to write (root drops its rights first) reads, and makes no file."""
    with Catalog.open(shared_folder) as catalog:
        catalog.write(lambda db: contents.ensure(db, b"a" * 16))
    shared_folder.chmod(0o555)
    (shared_folder / "catalog.sqlite").chmod(0o444)
    before = sorted(path.name for path in shared_folder.iterdir())
    process = child(READER, shared_folder)
    out, _ = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, "1 IMMUTABLE\n")
    assert sorted(path.name for path in shared_folder.iterdir()) == before


@pytest.mark.skipif(sys.platform != "linux", reason="mounts as Linux does")
def test_a_read_only_file_system_can_be_read(tmp_path: Path) -> None:
    """A real one, where the tests may mount: WAL files cannot be made there, not even by root."""
    mount = tmp_path / "mount"
    mount.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "none", mount], capture_output=True).returncode:
        pytest.skip("this user may not mount a file system")
    try:
        with Catalog.open(mount / "library") as catalog:
            catalog.write(lambda db: contents.ensure(db, b"a" * 16))
        subprocess.run(["mount", "-o", "remount,ro", mount], check=True)
        with pytest.raises(CatalogReadOnly):
            Catalog.open(mount / "library")
        with pytest.raises(CatalogReadOnly, match="No library can be made"):
            Catalog.open(mount / "another")
        with Catalog.open(mount / "library", read_only=True) as catalog:
            assert count(catalog) == 1
    finally:
        subprocess.run(["umount", "-l", mount], check=True)


@pytest.mark.skipif(sys.platform != "linux", reason="mounts as Linux does")
def test_a_disk_that_is_really_full(tmp_path: Path) -> None:
    mount = tmp_path / "mount"
    mount.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "none", mount], capture_output=True).returncode:
        pytest.skip("this user may not mount a file system")
    try:
        with Catalog.open(mount / "library") as catalog:
            catalog.write(lambda db: contents.ensure(db, b"a" * 16))

            def fill(db: sqlite3.Connection) -> None:
                db.executemany("INSERT INTO content (hash) VALUES (?)", ((os.urandom(16),) for _ in range(100_000)))

            with pytest.raises(DiskFull, match="Make some room"):
                catalog.write(fill)
            assert count(catalog) == 1
            assert catalog.check() == []
        (mount / "filler").write_bytes(b"\0" * 300_000)
        with pytest.raises(DiskFull):
            for number in range(20):
                Catalog.open(mount / f"library {number}").close()
        assert not list(mount.glob("library*/*.new*"))
    finally:
        subprocess.run(["umount", "-l", mount], check=True)


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be deleted there")
def test_a_catalogue_that_is_deleted_under_way_is_missed_at_the_next_opening(folder: Path) -> None:
    with Catalog.open(folder) as catalog:
        catalog.path.unlink()
        with pytest.raises(CatalogMissing):
            Catalog.open(folder, create=False)


def test_a_library_that_is_a_file(tmp_path: Path) -> None:
    from core.errors import CatalogError

    (tmp_path / "file").write_text("x")
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(CatalogError, match="is a file"):
            Catalog.open(place)


def test_opening_an_up_to_date_catalogue_imports_no_sqlite_utils(folder: Path) -> None:
    Catalog.open(folder).close()
    source = """
    import sys
    from pathlib import Path
    from core.catalog.connection import Catalog

    Catalog.open(Path(sys.argv[1])).close()
    raise SystemExit("sqlite_utils" in sys.modules)
    """
    assert ended(child(source, folder)) == 0


def test_names_that_addresses_of_sqlite_must_escape(tmp_path: Path) -> None:
    folder = tmp_path / "100% #1? äöü"
    with Catalog.open(folder) as catalog:
        catalog.write(lambda db: contents.ensure(db, b"a" * 16))
    assert (folder / "catalog.sqlite").stat().st_size > 0
    with Catalog.open(folder) as catalog:
        assert count(catalog) == 1


@pytest.fixture
def shared_folder() -> Iterator[Path]:
    """A library's folder that every user can reach: pytest's own are closed to others."""
    import shutil
    import tempfile

    place = Path(tempfile.mkdtemp(prefix="retrouve-test-"))
    place.chmod(0o755)
    folder = place / "library"
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(place)
