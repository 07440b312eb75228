"""What the word index holds after each kind of change, in libraries of before, and after a kill."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import textwrap
from contextlib import closing
from pathlib import Path

import pytest

from core.catalog import (
    captions,
    contents,
    failures,
    folders,
    linking,
    migrations,
    photos,
    roots,
    schema,
    tags,
    word_index,
)
from core.catalog.connection import Catalog
from core.types import FileStamp, FoundCaption, PhotoMetadata
from tests.core.catalog.words_of_catalog import built_from_nothing, held, is_in_step

PROJECT = Path(__file__).resolve().parents[3]
STAMP = FileStamp(1, 2, 3)


def add(
    db: sqlite3.Connection, path: str, said: tuple[str, ...] = (), keywords: tuple[str, ...] = (), root: str = "/photos"
) -> int:
    """A photo at root/path, with captions and keywords of its file."""
    inner = Path(path)
    place = roots.get(db, Path(root)) or roots.add(db, Path(root), None)
    folder = folders.ensure(db, place.id, "" if inner.parent == Path() else inner.parent.as_posix())
    content = contents.ensure(db, os.urandom(16))
    metadata = PhotoMetadata(captions=tuple(FoundCaption(text, "xmp") for text in said), keywords=keywords)
    return photos.upsert(db, folder, inner.name, STAMP, content, metadata)


def texts(catalog: Catalog, table: str) -> dict[int, str]:
    with catalog.read() as db:
        return {row[0]: row[1] for row in db.execute(f"SELECT rowid, text FROM {table}")}


def run(catalog: Catalog, sql: str, *values: object) -> None:
    catalog.write(lambda db: db.execute(sql, values))


def with_captions(catalog: Catalog, text: str) -> list[int]:
    sql, values = word_index.captions_with(text)
    with catalog.read() as db:
        return [row[0] for row in db.execute(sql, values)]


def test_a_photo_is_there_by_all_of_its_words(catalog: Catalog) -> None:
    said = ("Grandma's birthday", "Am Strand, 2019")
    photo = catalog.write(lambda db: add(db, "Italy/Zürich Trip/IMG_12.JPG", said, ("Dog", "Straße")))
    assert texts(catalog, "caption_words") == {photo: "grandma birthday ¶ am strand 2019"}
    assert texts(catalog, "name_words") == {photo: "img 12"}
    assert set(texts(catalog, "label_words").values()) == {"dog", "strasse"}
    assert list(texts(catalog, "folder_words").values()) == ["photos italy zurich trip"]
    with catalog.read() as db:
        assert [tuple(row) for row in db.execute("SELECT * FROM caption_size")] == [(photo, 2)]


def test_what_has_no_word_has_no_row(catalog: Catalog) -> None:
    photo = catalog.write(lambda db: add(db, "!!!.jpg", ("...", "\ufffd"), ("--",), root="/"))
    assert photo
    assert [texts(catalog, table) for table in word_index.TABLES] == [{}, {}, {}, {}]
    assert is_in_step(catalog)


@pytest.mark.parametrize(
    ("root", "path", "expected"),
    [
        ("/home/x/Pictures", "", "pictures"),
        ("/home/x/Pictures", "2019/Italy", "pictures 2019 italy"),
        ("/", "a", "a"),
        ("C:\\Users\\x\\Bilder\\", "Österreich", "bilder osterreich"),
        ("C:\\", "", "c"),
        ("\\\\server\\share", "x", "share x"),
        ("/photos", "\ufdd0dce4rger", "photos rger"),
    ],
)
def test_a_folder_has_the_words_of_its_path_and_of_its_root(
    catalog: Catalog, root: str, path: str, expected: str
) -> None:
    def work(db: sqlite3.Connection) -> None:
        db.execute("INSERT INTO root (id, path, added) VALUES (1, ?, '')", [root])
        db.execute("INSERT INTO folder (root_id, path) VALUES (1, ?)", [path])

    catalog.write(work)
    assert list(texts(catalog, "folder_words").values()) == [expected]


def test_captions_of_the_user_come_change_and_go(catalog: Catalog) -> None:
    photo, other = catalog.write(lambda db: (add(db, "a.jpg", ("From the file",)), add(db, "b.jpg")))
    run(catalog, "INSERT INTO caption (photo_id, text, source) VALUES (?, 'Mine', 'user')", photo)
    assert texts(catalog, "caption_words") == {photo: "from the file ¶ mine"}
    run(catalog, "UPDATE caption SET text = 'Ours' WHERE source = 'user'")
    assert texts(catalog, "caption_words") == {photo: "from the file ¶ ours"}
    run(catalog, "UPDATE caption SET photo_id = ? WHERE source = 'user'", other)
    assert texts(catalog, "caption_words") == {photo: "from the file", other: "ours"}
    run(catalog, "INSERT OR REPLACE INTO caption (photo_id, text, source) VALUES (?, 'Ours', 'user')", other)
    run(catalog, "DELETE FROM caption WHERE photo_id = ?", other)
    assert texts(catalog, "caption_words") == {photo: "from the file"}
    catalog.write(lambda db: captions.replace_from_file(db, photo, ()))
    assert texts(catalog, "caption_words") == {}
    assert is_in_step(catalog)


def test_a_photo_that_is_read_again_and_says_the_same_is_not_written(catalog: Catalog) -> None:
    """Segments that FTS5 writes have to be merged later: an index run over an unchanged library must make none."""
    catalog.write(lambda db: add(db, "Italy/a.jpg", ("A dog",), ("Dog",)))

    def state() -> list[object]:
        with catalog.read() as db:
            return [
                tuple(row) for table in word_index.TABLES for row in db.execute(f"SELECT id, block FROM {table}_data")
            ]

    before = state()
    catalog.write(lambda db: add(db, "Italy/a.jpg", ("A dog",), ("Dog",)))
    assert state() == before


def test_moves_and_renames(catalog: Catalog) -> None:
    photo = catalog.write(lambda db: add(db, "Italy/a.jpg", ("A dog",)))
    root = catalog.write(lambda db: roots.get(db, Path("/photos")))
    assert root is not None
    catalog.write(lambda db: photos.move(db, photo, folders.ensure(db, root.id, "Rome"), "b.jpg", STAMP))
    assert texts(catalog, "name_words") == {photo: "b"}
    assert texts(catalog, "caption_words") == {photo: "a dog"}
    assert set(texts(catalog, "folder_words").values()) == {"photos italy", "photos rome"}
    catalog.write(folders.prune)
    assert set(texts(catalog, "folder_words").values()) == {"photos rome"}
    run(catalog, "UPDATE folder SET path = 'Milan'")
    assert set(texts(catalog, "folder_words").values()) == {"photos milan"}
    run(catalog, "UPDATE root SET path = '/mnt/Pictures'")
    assert set(texts(catalog, "folder_words").values()) == {"pictures milan"}
    run(catalog, "INSERT INTO label (name) VALUES ('Dog')")
    run(catalog, "UPDATE label SET name = 'Hund'")
    assert set(texts(catalog, "label_words").values()) == {"hund"}
    run(catalog, "DELETE FROM label")
    assert texts(catalog, "label_words") == {}
    assert is_in_step(catalog)


def test_a_root_that_is_swallowed_or_forgotten(catalog: Catalog) -> None:
    catalog.write(lambda db: add(db, "Italy/a.jpg", ("A dog",), root="/photos/old"))
    parent = catalog.write(lambda db: roots.add(db, Path("/photos"), None))
    child = catalog.write(lambda db: roots.get(db, Path("/photos/old")))
    assert child is not None
    catalog.write(lambda db: roots.swallow(db, parent.id, child, "old"))
    assert list(texts(catalog, "folder_words").values()) == ["photos old italy"]
    catalog.write(lambda db: roots.forget(db, parent.id))
    assert [texts(catalog, table) for table in word_index.TABLES] == [{}, {}, {}, {}]
    assert is_in_step(catalog)


def test_a_file_that_can_no_longer_be_read_has_no_words(catalog: Catalog) -> None:
    photo = catalog.write(lambda db: add(db, "Italy/a.jpg", ("A dog",)))
    assert set(texts(catalog, "name_words")) == {photo}
    [folder] = texts(catalog, "folder_words")
    catalog.write(lambda db: failures.record(db, folder, "a.jpg", STAMP, "The file is empty."))
    assert texts(catalog, "name_words") == {}
    assert texts(catalog, "caption_words") == {}


def test_an_id_that_is_given_again_has_the_new_words(catalog: Catalog) -> None:
    photo = catalog.write(lambda db: add(db, "a.jpg", ("A dog",)))

    def work(db: sqlite3.Connection) -> int:
        photos.remove(db, [photo])
        return add(db, "b.jpg", ("A cat",))

    assert catalog.write(work) == photo
    assert texts(catalog, "caption_words") == {photo: "a cat"}
    assert is_in_step(catalog)


def test_more_photos_than_are_settled_at_once(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word_index, "_BATCH", 7)
    catalog.write(lambda db: [add(db, f"{number % 5}/{number}.jpg", (f"number {number}",)) for number in range(50)])
    assert len(texts(catalog, "caption_words")) == 50
    assert is_in_step(catalog)
    run(catalog, "DELETE FROM photo WHERE id % 3 = 0")
    assert is_in_step(catalog)


def test_what_failed_leaves_the_words_as_they_were(catalog: Catalog) -> None:
    catalog.write(lambda db: add(db, "a.jpg", ("A dog",)))
    with catalog.read() as db:
        before = [tuple(row) for row in db.execute("SELECT id, block FROM caption_words_data")]

    def work(db: sqlite3.Connection) -> None:
        add(db, "b.jpg", ("A cat",))
        word_index.settle(db)
        raise ValueError("half way")

    with pytest.raises(ValueError, match="half way"):
        catalog.write(work)
    with catalog.read() as db:
        assert [tuple(row) for row in db.execute("SELECT id, block FROM caption_words_data")] == before
    assert is_in_step(catalog)


def test_what_another_program_wrote_is_brought_in_by_the_next_write(catalog: Catalog) -> None:
    """Triggers note it whoever writes; nobody has to remember to call anything."""
    photo = catalog.write(lambda db: add(db, "a.jpg"))
    with closing(sqlite3.connect(catalog.path, isolation_level=None)) as db:
        db.execute("INSERT INTO caption (photo_id, text, source) VALUES (?, 'A dog', 'user')", [photo])
    assert texts(catalog, "caption_words") == {}
    catalog.write(lambda db: None)
    assert texts(catalog, "caption_words") == {photo: "a dog"}


def test_refresh_mends_what_is_wrong(catalog: Catalog) -> None:
    catalog.write(lambda db: [add(db, f"{number}.jpg", ("A dog",), ("Cat",)) for number in range(5)])

    def break_it(db: sqlite3.Connection) -> None:
        db.execute("DELETE FROM caption_words WHERE rowid = 1")
        db.execute("UPDATE name_words SET text = 'nonsense' WHERE rowid = 2")
        db.execute("INSERT INTO folder_words (rowid, text) VALUES (77, 'gone')")
        db.execute("UPDATE caption_size SET words = 40")
        db.execute("INSERT INTO label_words (rowid, text) VALUES (77, 'gone')")

    catalog.write(break_it)
    catalog.write(word_index.refresh)
    assert is_in_step(catalog)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dog", [1, 2]),
        ("DOG beach", [1]),
        ("beach dog", [1]),
        ("well-known", [3]),
        ("known well", [3, 4]),
        ("known-well", []),
        ("東京", [5]),
        ("京", [5]),
        ("東京 桜", [5]),
        ("東桜", []),
        ("dogs", []),
        ("do", []),
        ('"dog" AND', []),
        ("dog*", [1, 2]),
        ("caption_words : dog", []),
        ("", []),
        ("?!", []),
        ("strand", []),
    ],
)
def test_photos_by_their_captions(catalog: Catalog, text: str, expected: list[int]) -> None:
    said = [
        ("A dog", "on the beach"),
        ("Two of them: dog, cat",),
        ("A well-known place",),
        ("Known as well",),
        ("東京の桜",),
    ]
    catalog.write(lambda db: [add(db, f"{number}.jpg", each) for number, each in enumerate(said)])
    assert with_captions(catalog, text) == expected


# Libraries of before


OLDER = tuple(step for step in migrations.STEPS if step.__name__ < "m004")


def before(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """A library as it was before the word index, with 40 photos."""
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "STEPS", OLDER)
        patch.setattr(schema, "NAMES", tuple(step.__name__ for step in OLDER))
        Catalog.open(folder).close()
        # What today's code writes of a photo besides, into tables that there were not.
        for later in ("label_places.replace_from_file", "failures.note_sidecars"):
            patch.setattr(f"core.catalog.photos.{later}", lambda *_: None)
        chance = random.Random(1)
        with closing(linking.connect(folder / "catalog.sqlite", linking.Mode.WRITE, 1)) as db:
            for number in range(40):
                words = tuple(chance.sample(["dog", "Straße", "東京", "हिन्दी", "🐶"], 2))
                add(db, f"Album {number % 4}/IMG_{number}.jpg", words, words[:1])


def test_a_library_of_before_is_filled(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before(monkeypatch, folder)
    with Catalog.open(folder) as catalog:
        assert len(texts(catalog, "name_words")) == len(texts(catalog, "caption_words")) == 40
        assert len(texts(catalog, "folder_words")) == 4
        assert "strasse" in texts(catalog, "label_words").values()
        assert is_in_step(catalog)
        assert catalog.check() == []


def killed(source: str, *arguments: object) -> None:
    """Run Python that kills itself with the signal that nobody can catch."""
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(source), *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        check=False,
    )
    assert ended.returncode == (-signal.SIGKILL if os.name == "posix" else 9)


DIE = """
import os, signal
def die():
    os.kill(os.getpid(), signal.SIGKILL) if os.name == "posix" else os._exit(9)
"""


def test_a_kill_while_a_library_of_before_is_filled_leaves_it_as_it_was(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before(monkeypatch, folder)
    source = f"""
    {textwrap.indent(DIE, "    ").strip()}
    import sys
    from pathlib import Path
    from core.catalog import word_index
    from core.catalog.connection import Catalog
    word_index._BATCH = 10
    put, calls = word_index._put, []
    def dying(db, table, *rest, **more):
        put(db, table, *rest, **more)
        calls.append(table)
        if len(calls) == 8:
            die()
    word_index._put = dying
    Catalog.open(Path(sys.argv[1]))
    """
    killed(source, folder)
    with closing(sqlite3.connect(folder / "catalog.sqlite")) as db:
        assert db.execute("SELECT count(*) FROM sqlite_master WHERE name LIKE '%words%'").fetchone() == (0,)
        assert db.execute("SELECT count(*) FROM photo").fetchone() == (40,)
    with Catalog.open(folder) as catalog:
        assert len(texts(catalog, "name_words")) == 40
        assert is_in_step(catalog)


@pytest.mark.parametrize("when", ["words are written", "words are written, and not yet committed"])
def test_a_kill_in_a_write_leaves_photos_and_words_of_before_it(folder: Path, when: str) -> None:
    with Catalog.open(folder) as catalog:
        catalog.write(lambda db: [add(db, f"{number}.jpg", ("A dog",)) for number in range(20)])
    source = f"""
    {textwrap.indent(DIE, "    ").strip()}
    import sys
    from pathlib import Path
    from core.catalog import photos, word_index
    from core.catalog.connection import Catalog
    from tests.core.catalog.test_word_index import add
    settle = word_index.settle
    def dying(db):
        if "not yet" in sys.argv[2]:
            settle(db)
        else:
            word_index._photos(db, [row[0] for row in db.execute("SELECT id FROM words_due WHERE kind = 'photo'")])
        die()
    with Catalog.open(Path(sys.argv[1])) as catalog:
        catalog.write(lambda db: add(db, "kept.jpg", ("Kept",)))
        word_index.settle = dying
        catalog.write(lambda db: (photos.remove(db, [1, 2, 3]), add(db, "x/new.jpg", ("A cat",), ("Cat",))))
    """
    killed(source, folder, when)
    with Catalog.open(folder) as catalog:
        found = texts(catalog, "caption_words")
        assert len(found) == 21
        assert set(found.values()) == {"a dog", "kept"}
        assert is_in_step(catalog)


def test_the_comparison_of_these_tests_sees_a_difference(catalog: Catalog) -> None:
    catalog.write(lambda db: add(db, "a.jpg", ("A dog",)))
    run(catalog, "UPDATE name_words SET text = 'b'")
    with pytest.raises(AssertionError):
        is_in_step(catalog)
    seen: list[bool] = []

    def work(db: sqlite3.Connection) -> None:
        seen.append(held(db) == built_from_nothing(db))

    catalog.write(work)
    assert seen == [False]
    assert is_in_step(catalog)


def test_the_index_is_small(catalog: Catalog) -> None:
    """At most 300 bytes a photo beyond the text itself; measured with captions of a dozen words."""
    chance = random.Random(1)
    known = [f"{chance.choice('bcdfgklmnprst')}{chance.choice('aeiou')}{number}" for number in range(3000)]

    def fill(db: sqlite3.Connection) -> None:
        for number in range(4_000):
            text = " ".join(known[int(3000 * chance.random() ** 3)] for _ in range(12))
            add(db, f"{number // 100}/IMG_{number:05}.jpg", (text,))

    def pages(db: sqlite3.Connection) -> int:
        return int(db.execute("PRAGMA page_count").fetchone()[0] - db.execute("PRAGMA freelist_count").fetchone()[0])

    def drop(db: sqlite3.Connection) -> None:
        for trigger in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'words_%'"):
            db.execute(f"DROP TRIGGER {trigger[0]}")
        for table in (*word_index.TABLES, "caption_size"):
            db.execute(f"DROP TABLE {table}")
        db.execute("DROP INDEX photo_contents")

    catalog.write(fill)
    with catalog.read() as db:
        text = db.execute("SELECT sum(length(text)) FROM caption").fetchone()[0]
        whole = pages(db)
    catalog.write(drop)
    with catalog.read() as db:
        used = (whole - pages(db)) * linking.PAGE_SIZE
    assert text > 160_000
    assert used <= 4_000 * 300


def test_tags_are_no_part_of_it(catalog: Catalog) -> None:
    """A decision about a tag writes no word: the label has them."""
    photo = catalog.write(lambda db: add(db, "a.jpg", (), ("Dog",)))

    def due(db: sqlite3.Connection) -> int:
        db.execute("UPDATE tag SET state = 'rejected'")
        db.execute("DELETE FROM tag")
        label = tags.label_id(db, "dog")
        db.execute(
            "INSERT INTO tag (photo_id, label_id, source, state) VALUES (?, ?, 'user', 'accepted')", [photo, label]
        )
        return int(db.execute("SELECT count(*) FROM words_due").fetchone()[0])

    assert catalog.write(due) == 0
