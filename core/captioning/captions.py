"""The captions of a library: taken in from a file, listed, and given out again."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from core.captioning import sources
from core.captioning.reading import Broken, Pair
from core.catalog import captions, contents, photos, roots, tags
from core.catalog.connection import Catalog
from core.catalog.naming import to_name
from core.catalog.nesting import absolute, inner_path
from core.copying import Unfinished, refused
from core.errors import CallError, CaptionsError, FolderNamed, PhotoError, TargetTaken
from core.photos.hashing import content_hash
from core.photos.suffixes import is_photo_name
from core.types import FoundCaption

LONG_WORDS = 48
"""Words of a caption from which on the bundled model, which reads 64 pieces of words, may not read the end."""
LONG_TEXT = 12 * LONG_WORDS
"""Characters that hardly any sentence of so many words has: scripts without spaces have no words to count."""
SHOWN = 20
"""Broken rows and unknown photos that a report names; the others are counted."""


@dataclass(frozen=True, slots=True)
class CaptionReport:
    """What came of an import. Every pair is ``added``, ``known`` (the photo has those words), ``repeated`` in the file,
    ``empty``, ``unknown`` (its photo is not in the library) or ``ambiguous`` (several photos have that name)."""

    file: Path
    pairs: int = 0
    added: int = 0
    known: int = 0
    repeated: int = 0
    empty: int = 0
    overlong: int = 0
    """Captions of more than `LONG_WORDS` words, or of so many characters that they have as much: read in part by the
    model."""
    cut: int = 0
    """Captions of more than `core.photos.facts.LONGEST_TEXT` characters: these are kept, the rest is not."""
    unknown: int = 0
    ambiguous: int = 0
    broken: int = 0
    photos: int = 0
    """Photos that have a caption of this file now."""
    unknown_photos: tuple[str, ...] = ()
    broken_rows: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The report as one JSON object."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Captioned:
    """A photo with what is said about it."""

    path: Path
    captions: tuple[FoundCaption, ...]


class Captions:
    """Takes captions in and gives them out. May be called from any thread."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def take_in(self, file: Path) -> CaptionReport:
        """Add what a captions file says to the photos that it names, all of it or nothing; photos stay as they are.

        It may be a table, JSON, a webdataset tar, or a folder of Google Takeout (`core.captioning.sources`). A photo is
        named by its path (absolute, or from the file's folder or a root); by its bytes, where a tar or Takeout has them
        (of copies the first is meant); or by its name alone where one photo has it. Raises `CaptionsError` where the
        file cannot be read, holds no pair, or names no photo of the library; `CatalogReadOnly`, `LibraryBusy`,
        `DiskFull`.
        """
        file = absolute(file)
        rows = list(sources.read(file))
        pairs = self._hashed([row for row in rows if isinstance(row, Pair)])
        broken = [row for row in rows if isinstance(row, Broken)]
        if not pairs:
            why = f" The first row that it has, {broken[0]}." if broken else ""
            raise CaptionsError(f"{file} holds no caption.{why}")
        report = self._catalog.write(lambda db: _store(db, file, pairs, broken))
        if not (report.added or report.known) and report.unknown + report.ambiguous:
            first = report.unknown_photos[0] if report.unknown_photos else pairs[0].file
            if not report.unknown:
                raise CaptionsError(
                    f"Several photos of the library have the names that are in {file.name} (the first is {first}). "
                    "Write their paths, from the file's folder or from a folder of the library."
                )
            raise CaptionsError(
                f"None of the photos that {file.name} names is in the library (the first is {first}). "
                "`retrouve index FOLDER` adds them; paths count from the file's folder or from a folder of the library."
            )
        return report

    def _hashed(self, pairs: list[Pair]) -> list[Pair]:
        """With the content hashes of files that the library does not have at their place: it may have a copy."""
        known: dict[Path, bytes] = {}
        with self._catalog.read() as db:
            for path in {pair.photo for pair in pairs if pair.photo is not None}:
                if photos.by_path(db, path) is None:
                    with suppress(PhotoError):
                        known[path] = content_hash(path)
        return [pair if pair.photo not in known else replace(pair, hash=known[pair.photo]) for pair in pairs]

    def every(self) -> Iterator[Captioned]:
        """All photos that have captions, by path."""
        with self._catalog.read() as db:
            said: dict[int, list[FoundCaption]] = {}
            for photo_id, caption in captions.every(db):
                said.setdefault(photo_id, []).append(caption)
            found = photos.by_ids(db, list(said))
        for photo in sorted(found, key=lambda photo: str(photo.path)):
            yield Captioned(photo.path, tuple(said[photo.id]))

    def of(self, path: Path) -> Captioned:
        """One photo with its captions. Raises `CaptionsError` for one that the library does not have, `FolderNamed`."""
        with self._catalog.read() as db:
            photo = photos.by_path(db, absolute(path))
            if photo is None and path.is_dir():
                raise FolderNamed(path, "this is a folder, not a photo")
            if photo is None:
                raise CaptionsError(f"{path} is no photo of this library.")
            return Captioned(photo.path, tuple(captions.of(db, photo.id)))

    def give_out(self, target: Path, *, overwrite: bool = False) -> tuple[int, int]:
        """Write all captions to ``.jsonl``, ``.json``, ``.csv`` or ``.tsv``, with the paths of the photos: how many
        photos and captions. Raises `CallError`, `TargetTaken`, `ExportError`."""
        target = absolute(target)
        suffix = target.suffix.lower()
        if suffix not in (".jsonl", ".json", ".csv", ".tsv"):
            raise CallError(f"{target.name} tells no format: end it in .jsonl, .json, .csv or .tsv.")
        if inner_path(target, self._catalog.path.parent) is not None:
            raise CallError(f"{target} lies where Retrouve keeps its own library. Choose another place.")
        if target.is_dir() or is_photo_name(target.name):
            raise CallError(f"{target} is a folder or a photo. Name a file for the captions.")
        if target.exists() and not overwrite:
            raise TargetTaken(f"{target} is there already. Choose another name, or say that it may be overwritten.")
        found = list(self.every())
        try:
            with Unfinished(target, overwrite=overwrite) as file:
                for line in _lines(found, suffix):
                    file.write(line.encode("utf-8", "surrogateescape"))
                file.finish()
        except OSError as error:
            raise refused(error, target) from error
        return len(found), sum(len(one.captions) for one in found)


class _Names:
    """Finds the photo that a captions file means."""

    def __init__(self, db: sqlite3.Connection, folder: Path) -> None:
        self._db = db
        self._bases = [folder, *(root.path for root in roots.all(db))]
        self._by_name: dict[str, list[int]] | None = None
        self._found: dict[tuple[str, bytes], int | None] = {}
        self.ambiguous: set[str] = set()

    def find(self, pair: Pair) -> int | None:
        """The id of a photo; None where there is none, or several have that name."""
        key = (pair.file, pair.hash)
        if key not in self._found:
            self._found[key] = self._look(*key)
        return self._found[key]

    def _look(self, file: str, hash: bytes) -> int | None:
        plain = file.strip().replace("\\", "/")
        for base in self._bases:
            photo = photos.by_path(self._db, absolute(base / plain))
            if photo is not None:
                return photo.id
        content = contents.id_of(self._db, hash) if hash else None
        copies = photos.by_content(self._db, [content]).get(content, []) if content is not None else []
        if copies:
            return copies[0].id
        name = Path(plain).name
        named = self._named().get((name if is_photo_name(name) else f"{name}.").casefold(), [])
        if len(named) > 1:
            self.ambiguous.add(file)
        return named[0] if len(named) == 1 else None

    def _named(self) -> dict[str, list[int]]:
        """Photos by their names, and by what comes before the ending, with the dot."""
        if self._by_name is None:
            self._by_name = {}
            for row in self._db.execute("SELECT id, name FROM photo"):
                name = to_name(row["name"]).casefold()
                for key in (name, f"{Path(name).stem}."):
                    self._by_name.setdefault(key, []).append(row["id"])
        return self._by_name


def _store(db: sqlite3.Connection, file: Path, pairs: list[Pair], broken: list[Broken]) -> CaptionReport:
    names = _Names(db, file.parent)
    counts = dict.fromkeys(("added", "known", "repeated", "empty", "overlong", "cut", "unknown", "ambiguous"), 0)
    seen: set[tuple[str, str]] = set()
    unknown: dict[str, None] = {}
    with_captions: set[int] = set()
    for pair in pairs:
        if not pair.text:
            counts["empty"] += 1
            continue
        if (pair.file, pair.text) in seen:
            counts["repeated"] += 1
            continue
        seen.add((pair.file, pair.text))
        photo_id = names.find(pair)
        if photo_id is None:
            if pair.file in names.ambiguous:
                counts["ambiguous"] += 1
            else:
                counts["unknown"] += 1
                unknown[pair.file] = None
            continue
        counts["overlong"] += len(pair.text.split()) > LONG_WORDS or len(pair.text) > LONG_TEXT
        counts["cut"] += pair.cut
        told = (pair.person and _is_tagged(db, photo_id, pair.text)) or not captions.add(
            db, photo_id, pair.text, captions.IMPORTED
        )
        counts["known" if told else "added"] += 1
        with_captions.add(photo_id)
    return CaptionReport(
        file,
        pairs=len(pairs),
        broken=len(broken),
        photos=len(with_captions),
        unknown_photos=tuple(unknown)[:SHOWN],
        broken_rows=tuple(map(str, broken[:SHOWN])),
        **counts,
    )


def _is_tagged(db: sqlite3.Connection, photo_id: int, name: str) -> bool:
    """Whether a photo has that name as a tag: `index` makes one of everybody whom the JSON beside it names."""
    return name.casefold() in (label.casefold() for label in tags.of(db, photo_id))


def _lines(found: list[Captioned], suffix: str) -> Iterator[str]:
    if suffix == ".jsonl":
        for one in found:
            said = [caption.text for caption in one.captions]
            yield json.dumps({"file": str(one.path), "captions": said}) + "\n"
        return
    if suffix == ".json":
        rows = ({"file": str(one.path), "captions": [caption.text for caption in one.captions]} for one in found)
        yield "[\n" + ",\n".join(map(json.dumps, rows)) + "\n]\n"
        return
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter="\t" if suffix == ".tsv" else ",", lineterminator="\n")
    writer.writerow(("file", "caption"))
    for one in found:
        for caption in one.captions:
            writer.writerow((str(one.path), caption.text))
    yield buffer.getvalue()
