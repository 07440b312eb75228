"""Making, judging and migrating the catalogue's file."""

from __future__ import annotations

import hashlib
import multiprocessing
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database, Migrations

from core.catalog import contents, linking, migrations, schema
from core.catalog.connection import Catalog
from core.catalog.lock import IndexLock
from core.errors import CatalogDamaged, CatalogNewer, CatalogReadOnly, DiskFull, LibraryBusy

PROJECT = Path(__file__).resolve().parents[3]


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def layout(path: Path) -> list[tuple[str, ...]]:
    """Everything in a file's schema, as SQLite keeps it."""
    with closing(sqlite3.connect(path)) as db:
        return db.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name").fetchall()


def m002_second(db: Database) -> None:
    """A migration as a later version may bring it."""
    db.execute("ALTER TABLE photo ADD COLUMN phash BLOB")


def m003_third(db: Database) -> None:
    """Another one."""
    db.execute("CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL)")


def m002_broken(db: Database) -> None:
    """One that goes wrong after it changed something."""
    db.execute("DROP TABLE caption")
    raise ValueError("half way")


Step = Callable[[Database], None]
OWN = migrations.STEPS
"""The migrations of this version."""


@pytest.fixture
def with_steps(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Make this version one that knows these migrations beyond its own."""

    def patch(*steps: Step) -> None:
        known = (*OWN, *steps)
        monkeypatch.setattr(migrations, "STEPS", known)
        monkeypatch.setattr(schema, "NAMES", tuple(step.__name__ for step in known))

    return patch


def test_the_names_are_those_that_sqlite_utils_keeps(folder: Path) -> None:
    Catalog.open(folder).close()
    with closing(sqlite3.connect(folder / "catalog.sqlite")) as db:
        rows = db.execute("SELECT name FROM _sqlite_migrations WHERE migration_set = 'retrouve'").fetchall()
    assert tuple(name for (name,) in rows) == migrations.NAMES


def test_a_fresh_catalogue_equals_one_that_grew_step_by_step(tmp_path: Path, with_steps: Callable[..., None]) -> None:
    Catalog.open(tmp_path / "old").close()
    with_steps(m002_second)
    Catalog.open(tmp_path / "old").close()
    with_steps(m002_second, m003_third)
    Catalog.open(tmp_path / "old").close()
    Catalog.open(tmp_path / "fresh").close()
    assert layout(tmp_path / "old" / "catalog.sqlite") == layout(tmp_path / "fresh" / "catalog.sqlite")
    assert "phash" in str(layout(tmp_path / "fresh" / "catalog.sqlite"))


def test_a_copy_is_kept_before_each_migration_and_three_at_the_most(
    folder: Path, with_steps: Callable[..., None]
) -> None:
    with Catalog.open(folder) as catalog:
        catalog.write(lambda db: contents.ensure(db, b"a" * 16))
    assert not (folder / "backups").exists()
    steps: list[Step] = []
    for number in range(2, 7):

        def step(db: Database) -> None:
            db.execute(f"CREATE TABLE extra_{len(db.table_names())} (id INTEGER PRIMARY KEY)")

        step.__name__ = f"m{number:03}_extra"
        steps.append(step)
        with_steps(*steps)
        Catalog.open(folder).close()
    copies = sorted((folder / "backups").iterdir())
    assert len(copies) == 3
    with closing(sqlite3.connect(copies[-1])) as db:
        known = {name for (name,) in db.execute("SELECT name FROM _sqlite_migrations")}
        assert known == {*(own.__name__ for own in OWN), *(f"m{number:03}_extra" for number in range(2, 6))}
        assert db.execute("SELECT hash FROM content").fetchall() == [(b"a" * 16,)]
        assert db.execute("PRAGMA quick_check").fetchone() == ("ok",)


def test_a_copy_put_back_is_a_catalogue(folder: Path, with_steps: Callable[..., None]) -> None:
    with Catalog.open(folder) as catalog:
        catalog.write(lambda db: contents.ensure(db, b"a" * 16))
    with_steps(m002_second)
    Catalog.open(folder).close()
    [copy] = (folder / "backups").iterdir()
    (folder / "catalog.sqlite").write_bytes(copy.read_bytes())
    with Catalog.open(folder) as catalog:
        assert catalog.check() == []
        assert catalog.write(lambda db: contents.id_of(db, b"a" * 16)) == 1
        assert catalog.write(lambda db: db.execute("PRAGMA journal_mode").fetchone()[0]) == "wal"


def test_a_migration_that_fails_leaves_the_catalogue_as_it_was(folder: Path, with_steps: Callable[..., None]) -> None:
    Catalog.open(folder).close()
    before = layout(folder / "catalog.sqlite")
    with_steps(m002_broken)
    with pytest.raises(ValueError, match="half way"):
        Catalog.open(folder)
    assert layout(folder / "catalog.sqlite") == before
    with_steps()
    Catalog.open(folder).close()


def test_a_newer_catalogue_is_refused_and_left_untouched(folder: Path, with_steps: Callable[..., None]) -> None:
    with_steps(m002_second)
    Catalog.open(folder).close()
    with_steps()
    before = digest(folder / "catalog.sqlite")
    for read_only in (False, True):
        with pytest.raises(CatalogNewer, match=r"newer version.*m002_second.*Update Retrouve"):
            Catalog.open(folder, read_only=read_only)
    assert digest(folder / "catalog.sqlite") == before
    assert not (folder / "backups").exists()


def test_a_newer_catalogue_whose_program_was_killed_keeps_its_wal(
    folder: Path, with_steps: Callable[..., None]
) -> None:
    with_steps(m002_second)
    Catalog.open(folder).close()
    source = """
    import os, sqlite3, sys
    db = sqlite3.connect(sys.argv[1], isolation_level=None)
    db.execute("INSERT INTO content (hash) VALUES (zeroblob(16))")
    os.kill(os.getpid(), 9) if hasattr(os, "fork") else os._exit(9)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(source), folder / "catalog.sqlite"], check=False)
    with_steps()
    wal = folder / "catalog.sqlite-wal"
    assert wal.stat().st_size > 0
    before = digest(folder / "catalog.sqlite"), digest(wal)
    with pytest.raises(CatalogNewer):
        Catalog.open(folder)
    assert (digest(folder / "catalog.sqlite"), digest(wal)) == before


def damage_empty(path: Path) -> None:
    path.write_bytes(b"")


def damage_garbage(path: Path) -> None:
    path.write_bytes(b"\x07garbage" * 9000)


def damage_truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:20_000])


def damage_header_only(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:60])


def damage_other_program(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE other (x)")


def damage_schema(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[100:8000] = b"\xff" * 7900
    path.write_bytes(content)


@pytest.mark.parametrize(
    "damage",
    [damage_empty, damage_garbage, damage_truncated, damage_header_only, damage_other_program, damage_schema],
    ids=lambda damage: damage.__name__,
)
def test_a_damaged_catalogue_is_told_with_a_way_out_and_left_untouched(
    folder: Path, damage: Callable[[Path], None]
) -> None:
    Catalog.open(folder).close()
    path = folder / "catalog.sqlite"
    damage(path)
    before = digest(path)
    for read_only in (False, True):
        with pytest.raises(CatalogDamaged, match=r"photos are safe.*backups.*index your folders again") as caught:
            Catalog.open(folder, read_only=read_only)
        assert "\n" not in str(caught.value)
    assert digest(path) == before


def test_a_catalogue_cannot_be_made_where_nothing_can_be_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, *arguments: object, **more: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(CatalogReadOnly, match=r"No library can be made.*--library"):
        Catalog.open(folder)


def test_an_unfinished_one_is_never_taken_for_a_catalogue(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that is killed while it makes one leaves it under another name; the next one begins anew."""
    folder.mkdir()
    (folder / "catalog.sqlite.new").write_bytes(b"half of one")
    (folder / "catalog.sqlite.new-wal").write_bytes(b"half of one")
    with Catalog.open(folder) as catalog:
        assert catalog.check() == []
    assert sorted(path.name for path in folder.iterdir() if ".new" in path.name) == []


def test_no_room_for_a_copy_means_no_migration(
    folder: Path, with_steps: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    Catalog.open(folder).close()
    before = layout(folder / "catalog.sqlite")
    with_steps(m002_second)

    def full(*_: object) -> Iterator[None]:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(schema, "_back_up", full)
    with pytest.raises(DiskFull):
        Catalog.open(folder)
    assert layout(folder / "catalog.sqlite") == before


def test_nothing_is_migrated_under_an_index_run(folder: Path, with_steps: Callable[..., None]) -> None:
    Catalog.open(folder).close()
    with_steps(m002_second)
    with IndexLock(folder), pytest.raises(LibraryBusy):
        Catalog.open(folder, busy_seconds=0.1)
    Catalog.open(folder).close()


def test_an_older_catalogue_that_cannot_be_written_says_so(folder: Path, with_steps: Callable[..., None]) -> None:
    Catalog.open(folder).close()
    with_steps(m002_second)
    with pytest.raises(CatalogReadOnly, match="older version"):
        Catalog.open(folder, read_only=True)


def _make(folder: Path, start: object, number: int) -> None:
    start.wait()  # type: ignore[attr-defined]
    with Catalog.open(folder) as catalog:
        catalog.write(lambda db: contents.ensure(db, number.to_bytes(16, "big")))


def test_processes_that_make_one_library_at_once_share_it(folder: Path) -> None:
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(4)
    processes = [context.Process(target=_make, args=(folder, start, number)) for number in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
        process.close()
    with Catalog.open(folder) as catalog, catalog.read() as db:
        assert contents.count(db) == 4


def test_the_address_of_a_windows_share_has_no_host() -> None:
    class Share:
        def absolute(self) -> Share:
            return self

        def as_uri(self) -> str:
            return "file://server/share/catalog.sqlite"

    assert linking.address(Share(), linking.Mode.READ) == "file:////server/share/catalog.sqlite?mode=ro"  # type: ignore[arg-type]


def test_sqlite_utils_runs_each_step_once(folder: Path) -> None:
    registered = migrations.migrations()
    assert isinstance(registered, Migrations)
    Catalog.open(folder).close()
    with closing(sqlite3.connect(folder / "catalog.sqlite")) as db:
        assert registered.pending(Database(db)) == []
