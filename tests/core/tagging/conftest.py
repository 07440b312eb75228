"""A library with photos that need no file, and small ways to say what is on them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from core.catalog import contents, decisions_rows, folders, photos, roots, tags
from core.catalog.tags import TagChange, TagRow
from core.library import Library
from core.types import FileStamp, PhotoMetadata


@dataclass
class Album:
    """A library, and photos in it by their names."""

    library: Library
    root: int
    ids: dict[str, int] = field(default_factory=dict)

    @property
    def decisions(self):
        return self.library.tagging.decisions

    def add(self, name: str, shows: int | None = None, keywords: Sequence[str] = (), folder: str = "") -> int:
        """Store a photo as an index run does; photos that show the same number are copies of one content."""
        said = PhotoMetadata(keywords=tuple(keywords))
        number = (abs(hash(name)) % (1 << 40)) if shows is None else shows

        def work(db):
            content = contents.ensure(db, number.to_bytes(16, "big"))
            photo = photos.upsert(
                db, folders.ensure(db, self.root, folder), name, FileStamp(1, 1, number, 0), content, said
            )
            decisions_rows.put_back(db, photo, content)
            return photo

        self.ids[name] = self.library.catalog.write(work)
        return self.ids[name]

    def forget(self, *names: str) -> None:
        """Forget photos as an index run does when their files are gone."""

        def work(db):
            photos.remove(db, [self.ids.pop(name) for name in names])
            contents.purge_orphans(db)

        self.library.catalog.write(work)

    def label(self, name: str) -> int:
        return self.decisions.label_id(name, create=True)

    def suggest(self, label: str, **scores: float) -> int:
        """Suggest a label for photos as a run does."""
        label_id = self.label(label)
        changes = [
            TagChange(self.ids[name], label_id, None, TagRow("suggested", "auto", score))
            for name, score in scores.items()
        ]
        self.library.catalog.write(lambda db: tags.put(db, changes))
        return label_id

    def group(self, name: str, *labels: str, grouped: str = "place", exclusive: Sequence[str] = ("place",)) -> None:
        """A list with a group."""
        ids = [self.label(label) for label in labels]

        def work(db):
            [list_id] = db.execute(
                "INSERT INTO label_list (name, folded, exclusive, added, changed) VALUES (?, ?, ?, '', '') "
                "RETURNING id",
                [name, name, json.dumps(list(exclusive))],
            ).fetchone()
            db.executemany(
                "INSERT INTO listed (list_id, label_id, position, grouped) VALUES (?, ?, ?, ?)",
                [(list_id, label, at, grouped) for at, label in enumerate(ids)],
            )

        self.library.catalog.write(work)

    def tags(self, name: str) -> dict[str, tuple[str, str]]:
        """State and source of each tag of a photo, by label."""
        return {tag.label: (tag.state.value, tag.source.value) for tag in self.decisions.of(self.ids[name])}


@pytest.fixture
def album(tmp_path: Path) -> Iterator[Album]:
    """A new library with one root."""
    (tmp_path / "photos").mkdir()
    with Library.open(tmp_path / "library") as library:
        root = library.catalog.write(lambda db: roots.add(db, tmp_path / "photos", None))
        yield Album(library, root.id)
