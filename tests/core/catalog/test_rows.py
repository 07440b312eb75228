"""What each table's functions keep, replace and forget."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core.catalog import captions, contents, embeddings, failures, folders, photos, roots, tags
from core.catalog.connection import Catalog
from core.errors import ModelDamaged
from core.types import FileStamp, FoundCaption, PhotoMetadata, TakenSource

STAMP = FileStamp(1000, 1_700_000_000_000_000_000, 77, 5)
WHOLE = PhotoMetadata(
    width=4000,
    height=3000,
    format="JPEG",
    taken="2019-07-04T18:30:00",
    taken_source=TakenSource.EXIF,
    camera="Canon EOS 5D",
    lens="EF 50mm",
    focal_length=50.0,
    aperture=1.8,
    exposure=0.004,
    iso=200,
    latitude=47.5,
    longitude=-8.25,
    rating=-1,
    captions=(FoundCaption("A dog on the beach", "iptc"), FoundCaption("Rex", "xmp")),
    keywords=("Dog", "Strand"),
)


@pytest.fixture
def db(catalog: Catalog) -> Iterator[sqlite3.Connection]:
    """The writer's own connection would sit in a transaction of its thread: a plain one does for single rows."""
    connection = sqlite3.connect(catalog.path, isolation_level=None)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA foreign_keys = ON")
    yield connection
    connection.close()


@pytest.fixture
def root_id(db: sqlite3.Connection) -> int:
    return roots.add(db, Path("/photos").absolute(), None).id


@pytest.fixture
def folder_id(db: sqlite3.Connection, root_id: int) -> int:
    return folders.ensure(db, root_id, "2019/Italy")


def add(
    db: sqlite3.Connection, folder_id: int, name: str, hash: bytes = b"h" * 16, metadata: PhotoMetadata = WHOLE
) -> int:
    return photos.upsert(db, folder_id, name, STAMP, contents.ensure(db, hash), metadata)


def only(db: sqlite3.Connection, photo_id: int) -> photos.Photo:
    [photo] = photos.by_ids(db, [photo_id])
    return photo


def test_a_photo_comes_back_as_it_was_put(db: sqlite3.Connection, folder_id: int) -> None:
    photo = only(db, add(db, folder_id, "a.jpg"))
    assert photo.path == Path("/photos/2019/Italy/a.jpg").absolute()
    assert photo.content_hash == b"h" * 16
    assert photo.size == 1000
    assert photos.metadata_of_content(db, photo.content_id) == WHOLE
    assert photos.stamp_of(db, photo.id) == STAMP
    assert photos.by_path(db, photo.path) == photo
    assert photos.by_path(db, photo.path.with_name("b.jpg")) is None
    assert photos.by_path(db, Path("/elsewhere/a.jpg").absolute()) is None
    assert photos.by_path(db, Path("/photos").absolute()) is None
    assert photos.metadata_of_content(db, 99) is None


def test_a_photo_in_the_root_itself(db: sqlite3.Connection, root_id: int) -> None:
    photo = only(db, add(db, folders.ensure(db, root_id, "."), "a.jpg"))
    assert photo.path == Path("/photos/a.jpg").absolute()
    assert photos.by_path(db, photo.path) == photo
    assert folders.paths(db, root_id) == {"": folders.ensure(db, root_id, "")}


def test_upsert_replaces_what_the_file_said_and_keeps_what_the_user_said(
    db: sqlite3.Connection, folder_id: int
) -> None:
    photo_id = add(db, folder_id, "a.jpg")
    db.execute("INSERT INTO caption (photo_id, text, source) VALUES (?, 'Mine', 'user')", [photo_id])
    for name, source, state in (("Rex", "user", "accepted"), ("cat", "auto", "suggested"), ("Sea", "user", "rejected")):
        db.execute(
            "INSERT INTO tag (photo_id, label_id, source, state, score) VALUES (?, ?, ?, ?, 0.5)",
            [photo_id, tags.label_id(db, name), source, state],
        )
    said = PhotoMetadata(captions=(FoundCaption("New", "xmp"),), keywords=("rex", "sea", "cat", " Boat ", ""))
    assert add(db, folder_id, "a.jpg", b"i" * 16, said) == photo_id
    assert captions.of(db, photo_id) == [FoundCaption("Mine", "user"), FoundCaption("New", "xmp")]
    assert tags.of(db, photo_id) == ["Boat", "cat", "Rex"], "what was only suggested is certain now"
    rows = db.execute("SELECT l.name, t.source, t.state FROM tag t JOIN label l ON l.id = t.label_id").fetchall()
    assert {tuple(row) for row in rows} == {
        ("Rex", "user", "accepted"),
        ("cat", "file", "accepted"),
        ("Sea", "user", "rejected"),
        ("Boat", "file", "accepted"),
    }
    assert only(db, photo_id).content_hash == b"i" * 16


def test_metadata_can_change_by_itself(db: sqlite3.Connection, folder_id: int) -> None:
    photo_id = add(db, folder_id, "a.jpg")
    photos.set_metadata(db, photo_id, PhotoMetadata(width=1, height=2, rating=5, keywords=("Boat",)))
    assert only(db, photo_id).metadata == PhotoMetadata(width=1, height=2, rating=5)
    assert tags.of(db, photo_id) == ["Boat"]
    assert captions.of(db, photo_id) == []
    assert photos.stamp_of(db, photo_id) == STAMP


def test_words_that_are_no_text_can_be_stored(db: sqlite3.Connection, folder_id: int) -> None:
    said = PhotoMetadata(camera="\ud83d", captions=(FoundCaption("a\udcffb", "takeout"),), keywords=("\udcff",))
    photo_id = add(db, folder_id, "a.jpg", metadata=said)
    assert captions.of(db, photo_id) == [FoundCaption("a\ufffdb", "takeout")]
    assert tags.of(db, photo_id) == ["\ufffd"]


def test_a_failure_takes_the_place_of_a_photo_and_back(db: sqlite3.Connection, folder_id: int, root_id: int) -> None:
    photo_id = add(db, folder_id, "a.jpg")
    failures.record(db, folder_id, "a.jpg", STAMP, "The file is empty.")
    failures.record(db, folder_id, "a.jpg", STAMP, "The file is cut short.")
    assert photos.by_ids(db, [photo_id]) == []
    [failure] = failures.all(db)
    assert failure.path == Path("/photos/2019/Italy/a.jpg").absolute()
    assert failure.reason == "The file is cut short."
    [known] = photos.known(db, root_id)
    assert (known.photo_id, known.failure, known.content_id, known.stamp) == (None, True, None, STAMP)
    add(db, folder_id, "a.jpg")
    assert failures.count(db) == 0
    [known] = photos.known(db, root_id)
    assert (known.failure, known.folder, known.name, known.stamp) == (False, "2019/Italy", "a.jpg", STAMP)
    failures.record(db, folder_id, "b.jpg", STAMP, "x")
    assert failures.remove(db, folder_id, ["b.jpg", "c.jpg"]) == 1
    assert failures.remove(db, folder_id, []) == 0


def test_a_move_takes_captions_and_tags_along(db: sqlite3.Connection, folder_id: int, root_id: int) -> None:
    photo_id, other = add(db, folder_id, "a.jpg"), add(db, folder_id, "b.jpg", b"i" * 16)
    elsewhere = folders.ensure(db, root_id, "2020")
    failures.record(db, elsewhere, "c.jpg", STAMP, "x")
    moved = FileStamp(1000, 5, 77)
    photos.move(db, photo_id, elsewhere, "c.jpg", moved)
    assert only(db, photo_id).path == Path("/photos/2020/c.jpg").absolute()
    assert photos.stamp_of(db, photo_id) == moved
    assert tags.of(db, photo_id) == ["Dog", "Strand"]
    assert failures.count(db) == 0
    photos.move(db, photo_id, folder_id, "b.jpg", moved)
    assert photos.by_ids(db, [other]) == []
    photos.move(db, photo_id, folder_id, "b.jpg", STAMP)
    assert photos.stamp_of(db, photo_id) == STAMP
    assert folders.prune(db) == 1


@pytest.mark.parametrize("inode", [0, (1 << 63) - 1, 1 << 63, (1 << 64) - 1, (1 << 128) - 1])
def test_file_ids_of_every_size_come_back(db: sqlite3.Connection, folder_id: int, inode: int) -> None:
    photo_id = add(db, folder_id, "a.jpg")
    stamp = FileStamp(0, -1, inode, 0)
    photos.restamp(db, photo_id, stamp)
    assert photos.stamp_of(db, photo_id) == stamp


def test_ids_keep_their_order_beyond_what_sqlite_binds(db: sqlite3.Connection, folder_id: int) -> None:
    content_id = contents.ensure(db, b"h" * 16)
    db.execute("BEGIN")
    ids = [
        photos.upsert(db, folder_id, f"{number}.jpg", STAMP, content_id, PhotoMetadata()) for number in range(33_500)
    ]
    db.execute("COMMIT")
    wanted = [*reversed(ids), 10**9]
    assert [photo.id for photo in photos.by_ids(db, wanted)] == wanted[:-1]
    assert [photo.id for photo in photos.by_ids(db, np.array(ids[:5]))] == ids[:5]  # type: ignore[arg-type]
    assert sum(len(found) for found in photos.by_content(db, [content_id]).values()) == len(ids)
    assert contents.ids_of(db, [os.urandom(16) for _ in range(40_000)] + [b"h" * 16]) == {b"h" * 16: content_id}
    assert embeddings.have(db, 1, range(40_000)) == set()
    assert photos.remove(db, ids) == len(ids)
    assert photos.count(db) == 0


def test_newest_first_and_filtered(db: sqlite3.Connection, folder_id: int, root_id: int) -> None:
    elsewhere = folders.ensure(db, root_id, "2020")
    dates = ["2019-01-01T00:00:00", None, "2020-05-05T00:00:00", "2018-02-02T00:00:00"]
    ids = [
        add(
            db,
            elsewhere if number == 2 else folder_id,
            f"{number}.jpg",
            bytes([number]) * 16,
            PhotoMetadata(taken=taken),
        )
        for number, taken in enumerate(dates)
    ]
    found = photos.ids_by_date(db)
    assert found.dtype == np.int64
    assert found.tolist() == [ids[2], ids[0], ids[3], ids[1]]
    assert photos.ids_by_date(db, "p.folder_id = ? AND p.taken IS NOT NULL", [folder_id]).tolist() == [ids[0], ids[3]]
    assert photos.ids_by_date(db, "p.name = ?", ["nowhere"]).tolist() == []
    plan = db.execute(
        "EXPLAIN QUERY PLAN SELECT p.id FROM photo p ORDER BY p.taken DESC, p.content_id DESC, p.id DESC"
    ).fetchall()
    assert "B-TREE" not in str([tuple(row) for row in plan])


def test_copies_by_content_and_filter(db: sqlite3.Connection, folder_id: int, root_id: int) -> None:
    elsewhere = folders.ensure(db, root_id, "2020")
    first, second = add(db, folder_id, "a.jpg"), add(db, elsewhere, "b.jpg")
    content_id = contents.id_of(db, b"h" * 16)
    assert content_id is not None
    found = photos.by_content(db, [content_id, 99])
    assert [photo.id for photo in found[content_id]] == [first, second]
    assert set(found) == {content_id}
    found = photos.by_content(db, [content_id], ("f.path = ?", ["2020"]))
    assert [photo.id for photo in found[content_id]] == [second]
    assert photos.by_content(db, [content_id], (None, ()))[content_id][0].id == first


def test_forgetting_a_root_takes_what_is_only_there(db: sqlite3.Connection, folder_id: int, root_id: int) -> None:
    other = roots.add(db, Path("/other").absolute(), Path("/"), ["raw", "*.tmp"])
    add(db, folder_id, "a.jpg", b"a" * 16)
    add(db, folder_id, "b.jpg", b"b" * 16)
    add(db, folders.ensure(db, other.id, ""), "b.jpg", b"b" * 16)
    failures.record(db, folder_id, "c.jpg", STAMP, "x")
    model = embeddings.model_id(db, "m", 2)
    ids = contents.ids_of(db, [b"a" * 16, b"b" * 16])
    embeddings.add(db, model, [(id, np.array([0.6, 0.8])) for id in ids.values()])
    assert roots.counts(db) == {root_id: (2, 1), other.id: (1, 0)}
    assert roots.forget(db, root_id) == 2
    assert contents.purge_orphans(db) == [b"a" * 16]
    assert embeddings.count(db, model) == 1
    assert roots.all(db) == [other]
    assert roots.get(db, other.path) == other
    assert (other.mount, other.ignore) == (Path("/"), ("raw", "*.tmp"))
    assert failures.all(db) == []
    for table in ("caption", "tag"):
        assert db.execute(f"SELECT count(DISTINCT photo_id) FROM {table}").fetchone()[0] == 1


def test_adding_a_root_again_learns_its_mount(db: sqlite3.Connection, root_id: int) -> None:
    again = roots.add(db, Path("/photos").absolute(), Path("/mnt"))
    assert (again.id, again.mount) == (root_id, Path("/mnt"))


def test_a_root_swallows_another(db: sqlite3.Connection, root_id: int, folder_id: int) -> None:
    parent = roots.add(db, Path("/").absolute(), None, ["*.tmp"])
    child = roots.add(db, Path("/photos").absolute(), None)
    roots.ignore(db, child.id, ["raw", "raw"])
    child = roots.get(db, child.path) or child
    inside, at_top = add(db, folder_id, "a.jpg"), add(db, folders.ensure(db, root_id, ""), "b.jpg")
    roots.swallow(db, parent.id, child, "pho[t]os")
    assert folders.paths(db, parent.id).keys() == {"pho[t]os", "pho[t]os/2019/Italy"}
    assert {known.photo_id for known in photos.known(db, parent.id)} == {inside, at_top}
    [root] = roots.all(db)
    assert root.ignore == ("*.tmp", "pho[[]t]os/raw", "pho[[]t]os/*/raw")


def test_embeddings_are_halves_and_stay(db: sqlite3.Connection) -> None:
    model = embeddings.model_id(db, "m", 4)
    assert embeddings.model_id(db, "m", 4) == model
    with pytest.raises(ModelDamaged, match="4"):
        embeddings.model_id(db, "m", 5)
    one, two = contents.ensure(db, b"a" * 16), contents.ensure(db, b"b" * 16)
    vector = np.array([0.5, 0.5, 0.5, 0.5], np.float32)
    embeddings.add(db, model, [(one, vector)])
    embeddings.add(db, model, [(one, -vector), (two, vector.astype(np.float16))])
    found = embeddings.get(db, model, one)
    assert found is not None
    assert found.dtype == np.float32
    assert found.tolist() == [0.5] * 4
    assert embeddings.get(db, model, 99) is None
    assert embeddings.have(db, model, [one, two, 99]) == {one, two}
    rows = list(embeddings.after(db, model, 0))
    assert [(content, len(blob)) for _, content, blob in rows] == [(one, 8), (two, 8)]
    assert list(embeddings.after(db, model, rows[0][0])) == rows[1:]
    assert embeddings.last_id(db, model) == rows[1][0]
    for wrong in (np.zeros(3), np.array([np.nan, 0, 0, 0]), np.zeros((1, 4))):
        with pytest.raises(ValueError, match="finite"):
            embeddings.add(db, model, [(two, wrong)])


def test_count_and_last_id_tell_every_set_of_embeddings_apart(db: sqlite3.Connection) -> None:
    model, other = embeddings.model_id(db, "m", 1), embeddings.model_id(db, "n", 1)
    assert (embeddings.count(db, model), embeddings.last_id(db, model)) == (0, 0)
    one = np.ones(1)
    embeddings.add(db, model, [(contents.ensure(db, b"a" * 16), one)])
    before = embeddings.count(db, model), embeddings.last_id(db, model)
    embeddings.add(db, other, [(contents.ensure(db, b"a" * 16), one)])
    assert (embeddings.count(db, model), embeddings.last_id(db, model)) == before
    assert contents.purge_orphans(db) == [b"a" * 16]
    embeddings.add(db, model, [(contents.ensure(db, b"b" * 16), one)])
    after = embeddings.count(db, model), embeddings.last_id(db, model)
    assert after[0] == before[0]
    assert after[1] > before[1]
    assert [model.name for model in embeddings.models(db)] == ["m", "n"]


def test_missing_names_what_is_still_to_be_encoded(db: sqlite3.Connection, folder_id: int) -> None:
    model = embeddings.model_id(db, "m", 1)
    add(db, folder_id, "a.jpg", b"a" * 16)
    add(db, folder_id, "b.jpg", b"b" * 16)
    contents.ensure(db, b"c" * 16)
    ids = contents.ids_of(db, [b"a" * 16, b"b" * 16])
    embeddings.add(db, model, [(ids[b"a" * 16], np.ones(1))])
    assert embeddings.missing(db, model) == [ids[b"b" * 16]]
    assert contents.count(db) == 3


def test_vectors_keep_within_their_budget(catalog: Catalog) -> None:
    """DESIGN section 10: 115 MB per 100,000 photos at 512 dimensions; a tenth of it here."""
    vectors = np.random.default_rng(0).standard_normal((10_000, 512)).astype(np.float16)

    def work(db: sqlite3.Connection) -> None:
        db.executemany("INSERT INTO content (hash) VALUES (?)", ((os.urandom(16),) for _ in range(len(vectors))))
        embeddings.add(db, embeddings.model_id(db, "m", 512), list(enumerate(vectors, 1)))

    def pages(db: sqlite3.Connection) -> int:
        return int(db.execute("PRAGMA page_count").fetchone()[0])

    def forget(db: sqlite3.Connection) -> int:
        db.execute("DELETE FROM embedding")
        return int(db.execute("PRAGMA freelist_count").fetchone()[0])

    catalog.write(work)
    assert catalog.write(forget) * 16384 <= 11_500_000
    assert catalog.write(pages) > 0
