"""What travels in sidecars: the accepted tags and captions of photos, and rows of ``travelled``, what was written."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from core.catalog import captions
from core.catalog.batches import batches, marks
from core.photos.facts import clean
from core.types import FoundCaption, PhotoMetadata

Kept = frozenset[tuple[str, str]]
"""Rows of ``travelled`` of one photo: kind and value."""

_OWN_CAPTION = f"source NOT IN ({', '.join(repr(source) for source in captions.FILE_SOURCES)})"
_MARKED = (
    "SELECT photo_id FROM tag WHERE state = 'accepted' AND source IN ('user', 'auto') "
    f"UNION SELECT photo_id FROM caption WHERE {_OWN_CAPTION} UNION SELECT photo_id FROM travelled"
)


@dataclass(frozen=True, slots=True)
class Carried:
    """What a photo has to carry: its accepted labels, and the person's captions, and what its sidecar got before."""

    labels: tuple[tuple[int, str], ...] = ()
    """Ids and names of labels that the person or the program accepted; those of the file itself are there already."""
    captions: tuple[str, ...] = ()
    kept: Kept = frozenset()


def photo_ids(db: sqlite3.Connection, among: Sequence[int] | None = None) -> list[int]:
    """The photos that have something to carry, or carried something, folder by folder."""
    rows = db.execute(
        "SELECT p.id FROM photo p JOIN folder f ON f.id = p.folder_id JOIN root r ON r.id = f.root_id "
        f"WHERE p.id IN ({_MARKED}) ORDER BY r.path, f.path, p.name"
    )
    wanted = None if among is None else set(among)
    return [row["id"] for row in rows if wanted is None or row["id"] in wanted]


def carried(db: sqlite3.Connection, ids: Sequence[int]) -> dict[int, Carried]:
    """What each of the photos carries."""
    labels: dict[int, list[tuple[int, str]]] = {}
    said: dict[int, list[str]] = {}
    for batch in batches(ids):
        inside = f"photo_id IN ({marks(len(batch))})"
        for row in db.execute(
            "SELECT t.photo_id, l.id, l.name FROM tag t JOIN label l ON l.id = t.label_id "
            f"WHERE t.{inside} AND t.state = 'accepted' AND t.source IN ('user', 'auto') ORDER BY l.folded, l.id",
            batch,
        ):
            labels.setdefault(row["photo_id"], []).append((row["id"], row["name"]))
        for row in db.execute(
            f"SELECT photo_id, text FROM caption WHERE {inside} AND {_OWN_CAPTION} ORDER BY id", batch
        ):
            said.setdefault(row["photo_id"], []).append(row["text"])
    before = kept(db, ids)
    return {id: Carried(tuple(labels.get(id, ())), tuple(said.get(id, ())), before.get(id, frozenset())) for id in ids}


def kept(db: sqlite3.Connection, ids: Sequence[int]) -> dict[int, Kept]:
    """The rows of the photos that have any."""
    found: dict[int, set[tuple[str, str]]] = {}
    for batch in batches(ids):
        rows = db.execute(f"SELECT photo_id, kind, value FROM travelled WHERE photo_id IN ({marks(len(batch))})", batch)
        for row in rows:
            found.setdefault(row["photo_id"], set()).add((row["kind"], row["value"]))
    return {id: frozenset(rows) for id, rows in found.items()}


def keep(db: sqlite3.Connection, rows: Mapping[int, Iterable[tuple[str, str]]]) -> None:
    """Put rows in place of those that the photos had. Photos that are gone are passed over."""
    for photo_id, values in rows.items():
        db.execute("DELETE FROM travelled WHERE photo_id = ?", [photo_id])
        db.executemany(
            "INSERT OR IGNORE INTO travelled (photo_id, kind, value) SELECT id, ?, ? FROM photo WHERE id = ?",
            [(kind, value, photo_id) for kind, value in values],
        )


def restamp(db: sqlite3.Connection, photo_id: int, before_ns: int, after_ns: int) -> None:
    """Learn the time of a sidecar that this program wrote, where nothing else had changed: it needs no reading."""
    db.execute("UPDATE photo SET sidecar_ns = ? WHERE id = ? AND sidecar_ns = ?", [after_ns, photo_id, before_ns])


def without_own(db: sqlite3.Connection, photo_id: int, metadata: PhotoMetadata) -> PhotoMetadata:
    """What a file and its sidecars say without what this program wrote into them: that is in the catalogue already,
    and may have been decided otherwise since."""
    if not (metadata.beside or metadata.paths_beside or any(map(_is_beside, metadata.captions))):
        return metadata
    own: dict[str, set[str]] = {"subject": set(), "word": set(), "caption": set(), "tree": set(), "list": set()}
    for row in db.execute("SELECT kind, value FROM travelled WHERE photo_id = ?", [photo_id]):
        own[row["kind"]].add(clean(row["value"]).casefold())
    if not any(own.values()):
        return metadata
    ours = {word for word in metadata.beside if word.casefold() in own["word"]}
    said = tuple(
        caption
        for caption in metadata.captions
        if not (_is_beside(caption) and caption.text.casefold() in own["caption"])
    )
    paths = tuple(path for path in metadata.paths_beside if not _is_own_path(path, own))
    keywords = tuple(word for word in metadata.keywords if word not in ours)
    return replace(metadata, captions=said, keywords=keywords, paths_beside=paths)


def _is_own_path(path: Sequence[str], own: Mapping[str, set[str]]) -> bool:
    """Whether this program wrote a path. Where every step is someone else's word too, the path is: it was taken over
    from one property into another."""
    written = "|".join(path).casefold() in own["tree"] or "/".join(path).casefold() in own["list"]
    return written and any(step.casefold() in own["word"] for step in path)


def _is_beside(caption: FoundCaption) -> bool:
    return caption.source == "sidecar"
