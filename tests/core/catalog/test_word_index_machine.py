"""Any sequence of what an index run, a person and another program do: the word index equals one built from nothing."""

from __future__ import annotations

import itertools
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from core.catalog import captions, contents, failures, folders, linking, photos, roots, tags
from core.catalog.connection import Catalog
from core.catalog.naming import to_name
from core.catalog.word_folding import words, words_of_name
from core.search.words import WordIndex
from core.types import FileStamp, FoundCaption, PhotoMetadata
from tests.core.catalog.words_of_catalog import is_in_step

SAID = st.sampled_from(
    ["A dog", "dog", "Straße nach Zürich", "東京の桜", "हिन्दी", "كِتَابٌ", "🐶 \0 \ufffd", "...", "ızmir"]
)
SAYINGS = st.lists(SAID, max_size=3)
LABELS = st.sampled_from(["Dog", "dog", "Birthday Party", "桜", "--", "Straße", "\ud83d"])
KEYWORDS = st.lists(LABELS, max_size=2)
STATES = st.sampled_from(["suggested", "accepted", "rejected"])
NAMES = st.sampled_from(["dog.jpg", "BeachHoliday2019.png", "ü.jpg", "\udcff.jpg", "\ufdd0dcff.jpg", "IMG_12.JPG"])
FOLDERS = st.sampled_from(["", "Italy", "Italy/Zürich Trip", "\udce4", "WhatsApp Images"])
ROOTS = st.sampled_from(["/photos", "/photos/old", "/mnt/Ferien", "/"])
STAMP = FileStamp(1, 2, 3)
SOUGHT = (
    "dog",
    "strasse",
    "東京",
    "桜",
    "हिन्दी",
    "كتاب",
    "🐶",
    "izmir",
    "holiday",
    "img_12",
    "italy",
    "party",
    "ferien",
)


class WordMachine(RuleBasedStateMachine):
    """The catalogue itself is what the index is compared with."""

    @initialize()
    def open(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="retrouve-test-"))
        self.catalog = Catalog.open(self.folder)
        self.hashes = (number.to_bytes(16, "big") for number in itertools.count())

    def teardown(self) -> None:
        if hasattr(self, "catalog"):
            self.catalog.close()
            shutil.rmtree(self.folder)

    # An index run

    @rule(root=ROOTS, folder=FOLDERS, name=NAMES, said=SAYINGS, keywords=KEYWORDS)
    def read(self, root: str, folder: str, name: str, said: list[str], keywords: list[str]) -> None:
        self.catalog.write(lambda db: self._add(db, root, folder, name, said, keywords))

    @rule(data=st.data(), root=ROOTS, folder=FOLDERS, name=NAMES)
    def move(self, data: st.DataObject, root: str, folder: str, name: str) -> None:
        photo = self._any(data, "photo")
        if photo is not None:
            self.catalog.write(lambda db: photos.move(db, photo, self._folder(db, root, folder), name, STAMP))

    @rule(data=st.data())
    def exchange_names(self, data: st.DataObject) -> None:
        """As an index run does with names that go round in a ring."""
        one, other = self._any(data, "photo"), self._any(data, "photo")
        if one is None or other is None or one == other:
            return

        def work(db: sqlite3.Connection) -> None:
            place = {
                id: (folder, to_name(name)) for id, folder, name in db.execute("SELECT id, folder_id, name FROM photo")
            }
            photos.move(db, one, place[one][0], f"\0{one}", STAMP)
            photos.move(db, other, *place[one], STAMP)
            photos.move(db, one, *place[other], STAMP)

        self.catalog.write(work)

    @rule(data=st.data(), said=SAYINGS, keywords=KEYWORDS)
    def read_metadata(self, data: st.DataObject, said: list[str], keywords: list[str]) -> None:
        photo = self._any(data, "photo")
        if photo is not None:
            self.catalog.write(lambda db: photos.set_metadata(db, photo, metadata(said, keywords)))

    @rule(root=ROOTS, folder=FOLDERS, name=NAMES)
    def fail(self, root: str, folder: str, name: str) -> None:
        self.catalog.write(lambda db: failures.record(db, self._folder(db, root, folder), name, STAMP, "empty"))

    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        gone = {self._any(data, "photo"), self._any(data, "photo")} - {None}
        self.catalog.write(lambda db: photos.remove(db, [id for id in gone if id is not None]))

    @rule()
    def prune(self) -> None:
        self.catalog.write(folders.prune)

    # Roots

    @rule(data=st.data())
    def forget_root(self, data: st.DataObject) -> None:
        root = self._any(data, "root")
        if root is not None:
            self.catalog.write(lambda db: roots.forget(db, root))

    @rule()
    def swallow(self) -> None:
        def work(db: sqlite3.Connection) -> None:
            child, parent = roots.get(db, Path("/photos/old")), roots.get(db, Path("/photos"))
            if child and parent and not any(path.startswith("old") for path in folders.paths(db, parent.id)):
                roots.swallow(db, parent.id, child, "old")

        self.catalog.write(work)

    @rule(data=st.data(), path=st.sampled_from(["/elsewhere/Photos", "/mnt/Ferien 2"]))
    def rename_root(self, data: st.DataObject, path: str) -> None:
        root = self._any(data, "root")
        if root is not None:
            self.catalog.write(lambda db: db.execute("UPDATE OR IGNORE root SET path = ? WHERE id = ?", [path, root]))

    @rule(data=st.data(), path=st.sampled_from(["Rome", "Italy", "Åre"]))
    def rename_folder(self, data: st.DataObject, path: str) -> None:
        folder = self._any(data, "folder")
        if folder is not None:
            self.catalog.write(
                lambda db: db.execute("UPDATE OR IGNORE folder SET path = ? WHERE id = ?", [path, folder])
            )

    # A person

    @rule(data=st.data(), text=SAID)
    def say(self, data: st.DataObject, text: str) -> None:
        photo = self._any(data, "photo")
        if photo is not None:
            self._run("INSERT OR REPLACE INTO caption (photo_id, text, source) VALUES (?, ?, 'user')", photo, text)

    @rule(data=st.data(), text=SAID)
    def say_otherwise(self, data: st.DataObject, text: str) -> None:
        caption = self._any(data, "caption")
        if caption is not None:
            self._run("UPDATE OR REPLACE caption SET text = ? WHERE id = ?", text, caption)

    @rule(data=st.data())
    def take_back(self, data: st.DataObject) -> None:
        caption = self._any(data, "caption")
        if caption is not None:
            self._run("DELETE FROM caption WHERE id = ?", caption)

    @rule(data=st.data(), label=LABELS, source=st.sampled_from(["user", "auto"]), state=STATES)
    def decide(self, data: st.DataObject, label: str, source: str, state: str) -> None:
        photo = self._any(data, "photo")
        if photo is None:
            return

        def work(db: sqlite3.Connection) -> None:
            db.execute(
                "INSERT INTO tag (photo_id, label_id, source, state) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (photo_id, label_id) DO UPDATE SET source = excluded.source, state = excluded.state",
                [photo, tags.label_id(db, label.encode("utf-8", "replace").decode()), source, state],
            )

        self.catalog.write(work)

    @rule(data=st.data(), name=LABELS)
    def rename_label(self, data: st.DataObject, name: str) -> None:
        label = self._any(data, "label")
        if label is not None:
            self._run(
                "UPDATE OR IGNORE label SET name = ? WHERE id = ?", name.encode("utf-8", "replace").decode(), label
            )

    @rule()
    def drop_unused_labels(self) -> None:
        self._run("DELETE FROM label WHERE NOT EXISTS (SELECT 1 FROM tag WHERE label_id = label.id)")

    # What goes wrong

    @rule(root=ROOTS, folder=FOLDERS, name=NAMES, said=SAYINGS)
    def break_off(self, root: str, folder: str, name: str, said: list[str]) -> None:
        def work(db: sqlite3.Connection) -> None:
            self._add(db, root, folder, name, said, ["Dog"])
            raise ZeroDivisionError

        try:
            self.catalog.write(work)
        except ZeroDivisionError:
            pass

    @rule(root=ROOTS, folder=FOLDERS, name=NAMES, said=SAYINGS, keywords=KEYWORDS)
    def write_past_the_writer(self, root: str, folder: str, name: str, said: list[str], keywords: list[str]) -> None:
        """Another program that knows nothing of words, and a write of ours after it."""
        with closing(linking.connect(self.catalog.path, linking.Mode.WRITE, 5)) as db:
            self._add(db, root, folder, name, said, keywords)
            [(first,)] = db.execute("SELECT min(id) FROM photo")
            captions.replace_from_file(db, first, [FoundCaption("past the writer", "xmp")] if said else [])
        self.catalog.write(lambda db: None)

    @rule()
    def open_again(self) -> None:
        self.catalog.close()
        self.catalog = Catalog.open(self.folder)

    @precondition(lambda self: hasattr(self, "catalog"))
    @invariant()
    def equals_one_built_from_nothing(self) -> None:
        assert is_in_step(self.catalog)

    @rule(sought=st.lists(st.sampled_from(SOUGHT), min_size=1, max_size=4, unique=True))
    def find(self, sought: list[str]) -> None:
        """A search finds exactly the photos in which a walk through all texts finds the words side by side."""
        index = WordIndex(self.catalog)
        with self.catalog.read() as db:
            written = dict(self._written(db))
        for text in sought:
            wanted = words(text)
            expected = {photo for photo, texts in written.items() if any(stands(wanted, each) for each in texts)}
            found = index.search([text]).photo_ids.tolist()
            assert len(found) == len(set(found))
            if expected:  # Else words that begin like it are found.
                assert set(found) == expected, text

    def _written(self, db: sqlite3.Connection) -> Iterator[tuple[int, list[list[str]]]]:
        for id, name, folder, root in db.execute(f"SELECT p.id, p.name, f.path, r.path FROM {photos.FROM}"):
            own = Path(to_name(root)).name
            yield (
                id,
                [
                    words_of_name(Path(to_name(name)).stem),
                    words_of_name(f"{own}/{to_name(folder)}"),
                    *(words(caption.text) for caption in captions.of(db, id)),
                    *(words(label) for label in tags.of(db, id)),
                ],
            )

    def _add(
        self, db: sqlite3.Connection, root: str, folder: str, name: str, said: list[str], keywords: list[str]
    ) -> int:
        content = contents.ensure(db, next(self.hashes))
        return photos.upsert(db, self._folder(db, root, folder), name, STAMP, content, metadata(said, keywords))

    def _folder(self, db: sqlite3.Connection, root: str, folder: str) -> int:
        place = roots.get(db, Path(root)) or roots.add(db, Path(root), None)
        return folders.ensure(db, place.id, folder)

    def _any(self, data: st.DataObject, table: str) -> int | None:
        with self.catalog.read() as db:
            ids = [row[0] for row in db.execute(f"SELECT id FROM {table} ORDER BY id")]
        return data.draw(st.sampled_from(ids)) if ids else None

    def _run(self, sql: str, *values: object) -> None:
        self.catalog.write(lambda db: db.execute(sql, values))


def metadata(said: list[str], keywords: list[str]) -> PhotoMetadata:
    return PhotoMetadata(captions=tuple(FoundCaption(text, "xmp") for text in said), keywords=tuple(keywords))


def stands(wanted: list[str], text: list[str]) -> bool:
    return any(text[at : at + len(wanted)] == wanted for at in range(len(text) - len(wanted) + 1))


WordMachine.TestCase.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
TestWordMachine = WordMachine.TestCase
