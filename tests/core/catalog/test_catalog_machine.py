"""Any sequence of what an index run does, against dictionaries that do the same."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from core.catalog import captions, contents, embeddings, failures, folders, photos, roots, tags
from core.catalog.connection import Catalog
from core.types import FileStamp, FoundCaption, PhotoMetadata

NAMES = st.sampled_from(["a.jpg", "b.jpg", "ü.png", "\udcff.jpg", "\ufdd0dcff.jpg"])
FOLDERS = st.sampled_from(["", "x", "x/y", "\udce4"])
HASHES = st.integers(0, 3).map(lambda number: bytes([number]) * 16)
STAMPS = st.builds(FileStamp, st.integers(0, 3), st.integers(0, 3), st.integers(0, 1 << 64), st.integers(0, 1))
WORDS = st.lists(st.sampled_from(["dog", "cat", "sea"]), unique=True, max_size=2)

Place = tuple[str, str]


class CatalogMachine(RuleBasedStateMachine):
    """``photos`` and ``failures`` are what the tables should hold."""

    @initialize()
    def open(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="retrouve-test-"))
        self.catalog = Catalog.open(self.folder)
        self.root = self.catalog.write(lambda db: roots.add(db, Path("/photos").absolute(), None))
        self.model = self.catalog.write(lambda db: embeddings.model_id(db, "m", 1))
        self.photos: dict[Place, tuple[int, bytes, FileStamp, list[str]]] = {}
        self.failures: dict[Place, tuple[FileStamp, str]] = {}
        self.embedded: set[bytes] = set()

    def teardown(self) -> None:
        if hasattr(self, "catalog"):
            self.catalog.close()
            shutil.rmtree(self.folder)

    @rule(folder=FOLDERS, name=NAMES, hash=HASHES, stamp=STAMPS, words=WORDS)
    def upsert(self, folder: str, name: str, hash: bytes, stamp: FileStamp, words: list[str]) -> None:
        said = PhotoMetadata(captions=tuple(FoundCaption(word, "xmp") for word in words), keywords=tuple(words))
        photo_id = self.catalog.write(
            lambda db: photos.upsert(
                db, folders.ensure(db, self.root.id, folder), name, stamp, contents.ensure(db, hash), said
            )
        )
        before = self.photos.get((folder, name))
        assert before is None or before[0] == photo_id
        self.failures.pop((folder, name), None)
        self.photos[folder, name] = (photo_id, hash, stamp, words)

    @rule(folder=FOLDERS, name=NAMES, stamp=STAMPS, reason=st.sampled_from(["empty", "cut short"]))
    def fail(self, folder: str, name: str, stamp: FileStamp, reason: str) -> None:
        self.catalog.write(
            lambda db: failures.record(db, folders.ensure(db, self.root.id, folder), name, stamp, reason)
        )
        self.photos.pop((folder, name), None)
        self.failures[folder, name] = (stamp, reason)

    @rule(data=st.data(), folder=FOLDERS, name=NAMES, stamp=STAMPS)
    def move(self, data: st.DataObject, folder: str, name: str, stamp: FileStamp) -> None:
        if not self.photos:
            return
        place = data.draw(st.sampled_from(sorted(self.photos)))
        photo_id, hash, _, words = self.photos.pop(place)
        self.catalog.write(lambda db: photos.move(db, photo_id, folders.ensure(db, self.root.id, folder), name, stamp))
        self.failures.pop((folder, name), None)
        self.photos[folder, name] = (photo_id, hash, stamp, words)

    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        places = data.draw(st.lists(st.sampled_from(sorted(self.photos)), unique=True)) if self.photos else []
        ids = [self.photos.pop(place)[0] for place in places]
        assert self.catalog.write(lambda db: photos.remove(db, ids)) == len(ids)

    @rule(folder=FOLDERS, name=NAMES)
    def forget_failure(self, folder: str, name: str) -> None:
        removed = self.catalog.write(lambda db: failures.remove(db, folders.ensure(db, self.root.id, folder), [name]))
        assert removed == (1 if self.failures.pop((folder, name), None) else 0)

    @rule()
    def embed(self) -> None:
        def work(db: object) -> None:
            missing = embeddings.missing(db, self.model)  # type: ignore[arg-type]
            embeddings.add(db, self.model, [(id, np.ones(1)) for id in missing])  # type: ignore[arg-type]

        self.catalog.write(work)
        self.embedded |= self._hashes()

    @rule()
    def purge(self) -> None:
        self.catalog.write(contents.purge_orphans)
        self.catalog.write(folders.prune)
        with self.catalog.read() as db:
            assert contents.ids_of(db, [bytes([n]) * 16 for n in range(4)]).keys() == self._hashes()
            assert set(folders.paths(db, self.root.id)) == {folder for folder, _ in [*self.photos, *self.failures]}
        self.embedded &= self._hashes()

    @rule()
    def open_again(self) -> None:
        self.catalog.close()
        self.catalog = Catalog.open(self.folder)

    @invariant()
    def holds_the_same(self) -> None:
        if not hasattr(self, "catalog"):
            return
        with self.catalog.read() as db:
            known = list(photos.known(db, self.root.id))
            hash_of = {id: hash for hash, id in contents.ids_of(db, [bytes([n]) * 16 for n in range(4)]).items()}
            found = {(file.folder, file.name): file for file in known if not file.failure}
            assert {
                place: (file.photo_id, hash_of[file.content_id or 0], file.stamp) for place, file in found.items()
            } == {place: (id, hash, stamp) for place, (id, hash, stamp, _) in self.photos.items()}
            failed = {(file.folder, file.name): file.stamp for file in known if file.failure}
            assert failed == {place: stamp for place, (stamp, _) in self.failures.items()}
            assert len(known) == photos.count(db) + failures.count(db)
            for photo_id, _, _, words in self.photos.values():
                assert tags.of(db, photo_id) == sorted(words)
                assert {caption.text for caption in captions.of(db, photo_id)} == set(words)
            assert embeddings.count(db, self.model) == len(self.embedded)

    def _hashes(self) -> set[bytes]:
        return {hash for _, hash, _, _ in self.photos.values()}


CatalogMachine.TestCase.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
TestCatalogMachine = CatalogMachine.TestCase
