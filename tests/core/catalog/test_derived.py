"""Columns that repeat what others say, kept in step by whoever writes, and the migration that brought them."""

from __future__ import annotations

import math
import random
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from core.catalog import contents, derived, folders, migrations, photos, roots, schema, tags
from core.catalog.connection import Catalog
from core.catalog.folding import fold
from core.types import FileStamp, FoundCaption, PhotoMetadata, TakenSource

NAMES = st.sampled_from(["a.jpg", "B.JPG", "Ü.png", "\udcff.jpg"])
FOLDERS = st.sampled_from(["", "x", "É/y"])
METADATA = st.builds(
    PhotoMetadata,
    width=st.integers(0, 3),
    height=st.integers(0, 3),
    taken=st.sampled_from([None, "2019-07-04T18:30:00", "2020-02-29T00:00:00"]),
    taken_source=st.sampled_from([None, *TakenSource]),
    camera=st.sampled_from([None, "", "Canon", "Leïca"]),
    lens=st.sampled_from([None, "Canon", "50 mm"]),
    latitude=st.sampled_from([None, 0.0, -90.0, 48.85]),
    longitude=st.sampled_from([None, 180.0, 2.35]),
    captions=st.lists(st.sampled_from(["sea", "dog"]), unique=True, max_size=2).map(
        lambda said: tuple(FoundCaption(text, "xmp") for text in said)
    ),
    keywords=st.lists(st.sampled_from(["cat", "Café"]), unique=True, max_size=2).map(tuple),
)


def expected(db: sqlite3.Connection) -> list[tuple[object, ...]]:
    """Each photo's derived columns, worked out from what they come from."""
    found = []
    gear = {(kind, name): id for id, kind, name in db.execute("SELECT id, kind, name FROM gear")}
    for row in db.execute("SELECT * FROM photo ORDER BY id").fetchall():
        [captions] = db.execute("SELECT count(*) FROM caption WHERE photo_id = ?", [row["id"]]).fetchone()
        [accepted] = db.execute(
            "SELECT count(*) FROM tag WHERE photo_id = ? AND state = 'accepted'", [row["id"]]
        ).fetchone()
        [same] = db.execute("SELECT count(*) FROM photo WHERE content_id = ?", [row["content_id"]]).fetchone()
        place = derived.place(row["latitude"], row["longitude"]) or (None, None, None)
        found.append(
            (
                fold(row["name"]),
                gear[("camera", row["camera"])] if row["camera"] else 0,
                gear[("lens", row["lens"])] if row["lens"] else 0,
                derived.month_day(row["taken"]),
                derived.weekday(row["taken"]),
                int(row["taken"] is not None and row["taken_source"] != "file"),
                row["width"] * row["height"],
                max(row["width"], row["height"]),
                derived.aspect(row["width"], row["height"]),
                *place,
                int(captions > 0),
                int(accepted > 0),
                int(same > 1),
            )
        )
    return found


def kept(db: sqlite3.Connection) -> list[tuple[object, ...]]:
    return [
        tuple(row)
        for row in db.execute(
            "SELECT folded_name, camera_id, lens_id, month_day, weekday, dated, pixels, longer_side, aspect, x, y, z, "
            "captioned, tagged, copied FROM photo ORDER BY id"
        )
    ]


class DerivedMachine(RuleBasedStateMachine):
    """Anything that an index run or a person does to photos, their captions and their tags."""

    @initialize()
    def open(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="retrouve-test-"))
        self.catalog = Catalog.open(self.folder)
        self.root = self.catalog.write(lambda db: roots.add(db, Path("/photos").absolute(), None)).id

    def teardown(self) -> None:
        if hasattr(self, "catalog"):
            self.catalog.close()
            shutil.rmtree(self.folder)

    def one(self, db: sqlite3.Connection, number: int) -> int | None:
        ids = [row[0] for row in db.execute("SELECT id FROM photo ORDER BY id")]
        return ids[number % len(ids)] if ids else None

    @rule(folder=FOLDERS, name=NAMES, content=st.integers(0, 2), metadata=METADATA)
    def upsert(self, folder: str, name: str, content: int, metadata: PhotoMetadata) -> None:
        def work(db: sqlite3.Connection) -> None:
            place = folders.ensure(db, self.root, folder)
            id = contents.ensure(db, bytes([content]) * 16)
            photos.upsert(db, place, name, FileStamp(1, 2, 3), id, metadata)

        self.catalog.write(work)

    @rule(number=st.integers(0, 9), metadata=METADATA)
    def say_more(self, number: int, metadata: PhotoMetadata) -> None:
        def work(db: sqlite3.Connection) -> None:
            id = self.one(db, number)
            if id is not None:
                photos.set_metadata(db, id, metadata)

        self.catalog.write(work)

    @rule(number=st.integers(0, 9), folder=FOLDERS, name=NAMES)
    def move(self, number: int, folder: str, name: str) -> None:
        def work(db: sqlite3.Connection) -> None:
            id = self.one(db, number)
            if id is not None:
                photos.move(db, id, folders.ensure(db, self.root, folder), name, FileStamp(1, 2, 3))

        self.catalog.write(work)

    @rule(number=st.integers(0, 9))
    def remove(self, number: int) -> None:
        def work(db: sqlite3.Connection) -> None:
            id = self.one(db, number)
            photos.remove(db, [] if id is None else [id])
            contents.purge_orphans(db)
            folders.prune(db)

        self.catalog.write(work)

    @rule()
    def forget_all(self) -> None:
        def work(db: sqlite3.Connection) -> None:
            roots.forget(db, self.root)
            self.root = roots.add(db, Path("/photos").absolute(), None).id

        self.catalog.write(work)

    @rule(
        number=st.integers(0, 9), label=st.sampled_from(["cat", "dog"]), state=st.sampled_from(["accepted", "rejected"])
    )
    def decide(self, number: int, label: str, state: str) -> None:
        def work(db: sqlite3.Connection) -> None:
            id = self.one(db, number)
            if id is not None:
                db.execute(
                    "INSERT INTO tag (photo_id, label_id, source, state) VALUES (?, ?, 'user', ?) "
                    "ON CONFLICT (photo_id, label_id) DO UPDATE SET state = excluded.state",
                    [id, tags.label_id(db, label), state],
                )

        self.catalog.write(work)

    @rule(number=st.integers(0, 9))
    def take_all_tags_and_captions(self, number: int) -> None:
        def work(db: sqlite3.Connection) -> None:
            id = self.one(db, number)
            db.execute("DELETE FROM tag WHERE photo_id = ?", [id])
            db.execute("DELETE FROM caption WHERE photo_id = ?", [id])

        self.catalog.write(work)

    @invariant()
    def is_in_step(self) -> None:
        if not hasattr(self, "catalog"):
            return
        with self.catalog.read() as db:
            assert kept(db) == expected(db)
            for table in ("folder", "root"):
                for row in db.execute(f"SELECT path, folded FROM {table}"):
                    assert row["folded"] == fold(row["path"])
            assert [row["folded"] for row in db.execute("SELECT folded FROM label ORDER BY name")] == [
                fold(row["name"]) for row in db.execute("SELECT name FROM label ORDER BY name")
            ]


DerivedMachine.TestCase.settings = settings(max_examples=20, stateful_step_count=25, deadline=None)
TestDerivedMachine = DerivedMachine.TestCase


@settings(deadline=None)
@given(st.floats(-90, 90), st.floats(-180, 180))
def test_a_place_lies_on_the_sphere(latitude: float, longitude: float) -> None:
    found = derived.place(latitude, longitude)
    assert found is not None and math.isclose(math.hypot(*found), 1.0, abs_tol=1e-12)
    assert math.isclose(math.degrees(math.asin(max(-1.0, min(1.0, found[2])))), latitude, abs_tol=1e-5)


@pytest.mark.parametrize(
    ("width", "height", "aspect"), [(0, 0, 0), (10, 0, 0), (4000, 3000, 1333), (1, 5000, 1), (2000, 1000, 2000)]
)
def test_an_aspect_is_a_whole_number(width: int, height: int, aspect: int) -> None:
    assert derived.aspect(width, height) == aspect


@pytest.mark.parametrize("taken", ["2019", "2019-13-01T00:00:00", "never", ""])
def test_a_date_that_is_none_has_no_day(taken: str) -> None:
    assert derived.month_day(taken) == derived.weekday(taken) == 0


def test_a_library_of_before_is_brought_to_what_a_new_one_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Filled by SQL as the version before it did, with every kind of value, and not one row lost."""
    here = migrations.STEPS
    number = [step.__name__ for step in here].index("m003_filters")
    monkeypatch.setattr(migrations, "STEPS", here[:number])
    monkeypatch.setattr(schema, "NAMES", migrations.NAMES[:number])
    folder = tmp_path / "library"
    with closing(_opened_before(folder)) as db:
        _fill_as_before(db, random.Random(5), 300)
    monkeypatch.setattr(migrations, "STEPS", here)
    monkeypatch.setattr(schema, "NAMES", migrations.NAMES)
    with Catalog.open(folder) as catalog:
        with catalog.read() as db:
            assert len(kept(db)) == 300 and kept(db) == expected(db)
            assert {row["kind"] for row in db.execute("SELECT kind FROM gear")} == {"camera", "lens"}
            for row in db.execute("SELECT name, folded FROM gear UNION ALL SELECT path, folded FROM folder"):
                assert row["folded"] == fold(row["name"])
            rows = db.execute("SELECT path, folded, folded_name FROM root ORDER BY id").fetchall()
            assert [tuple(row) for row in rows] == [
                ("/Été/Photos", "/ete/photos", "photos"),
                ("C:\\Bilder\\", "c:/bilder", "bilder"),
                ("/", "", ""),
            ]
            assert db.execute("SELECT folded FROM label").fetchone()["folded"] == "chat noir"
            assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        assert catalog.check() == []
        # And what is written from now on is kept in step, too.
        catalog.write(lambda db: photos.remove(db, [row[0] for row in db.execute("SELECT id FROM photo LIMIT 99")]))
        catalog.write(lambda db: db.execute("DELETE FROM caption WHERE id % 2"))
        with catalog.read() as db:
            assert kept(db) == expected(db)
    [copy] = (folder / "backups").iterdir()
    with closing(sqlite3.connect(copy)) as db:
        assert db.execute("SELECT count(*) FROM photo").fetchone() == (300,)
        assert "gear" not in {name for (name,) in db.execute("SELECT name FROM sqlite_master")}


def _opened_before(folder: Path) -> sqlite3.Connection:
    schema.create(folder / "catalog.sqlite", 1)
    return sqlite3.connect(folder / "catalog.sqlite")


def _fill_as_before(db: sqlite3.Connection, chance: random.Random, count: int) -> None:
    for path in ("/Été/Photos", "C:\\Bilder\\", "/"):
        db.execute("INSERT INTO root (path, added) VALUES (?, '2020')", [path])
    for root in (1, 2, 3):
        for path in ("", "Île de Ré", "2019/Straße"):
            db.execute("INSERT INTO folder (root_id, path) VALUES (?, ?)", [root, path])
    db.executemany("INSERT INTO content (hash) VALUES (?)", [(bytes([n] * 16),) for n in range(200)])
    db.execute("INSERT INTO label (name) VALUES ('Chat  Noir')")
    for id in range(1, count + 1):
        latitude = chance.choice([None, 48.85, -90.0])
        db.execute(
            "INSERT INTO photo (id, folder_id, name, content_id, size, mtime_ns, inode, width, height, format, taken, "
            "taken_source, camera, lens, latitude, longitude) "
            "VALUES (?, ?, ?, ?, 1, 1, 1, ?, ?, 'JPEG', ?, ?, ?, ?, ?, ?)",
            [
                id,
                chance.randint(1, 9),
                f"{id} Ä.JPG",
                chance.randint(1, 200),
                *chance.choice([(0, 0), (4000, 3000), (1, 2000)]),
                chance.choice([None, "2019-07-04T18:30:00", "2020-02-29T00:00:00"]),
                chance.choice([None, "exif", "file"]),
                chance.choice([None, "", "Canon", "Leïca"]),
                chance.choice([None, "Canon", "50 mm"]),
                latitude,
                None if latitude is None else chance.choice([2.35, -180.0]),
            ],
        )
        if chance.random() < 0.4:
            db.execute("INSERT INTO caption (photo_id, text, source) VALUES (?, 'sea', 'xmp')", [id])
        if chance.random() < 0.6:
            state = chance.choice(["accepted", "suggested", "rejected"])
            db.execute("INSERT INTO tag (photo_id, label_id, source, state) VALUES (?, 1, 'auto', ?)", [id, state])
    db.commit()
