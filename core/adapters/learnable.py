"""What could be learned now: the names that a library's captions and tags mention, each with its photos."""

from __future__ import annotations

from dataclasses import dataclass

from core.adapters import candidates
from core.catalog import photos
from core.catalog.connection import Catalog


@dataclass(frozen=True, slots=True)
class Learnable:
    """A name, and the photos whose captions or tags have it: one of each content, in the order that they were added."""

    name: str
    key: str
    photos: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Learnables:
    """The names, those with the most photos first, and how many captions and accepted tags they were looked for in."""

    names: tuple[Learnable, ...]
    captions: int
    tags: int


def learnable(catalog: Catalog) -> Learnables:
    """Look through all captions and tags: a second for some hundred thousand."""
    with catalog.read() as db:
        said = candidates.said(db)
        found = candidates.candidates(said)
        first = {
            content_id: copies[0].id
            for content_id, copies in photos.by_content(
                db, sorted({id for one in found for id in one.contents})
            ).items()
        }
    tags = sum(one.tag for one in said)
    names = (Learnable(one.name, one.key, tuple(first[id] for id in one.contents if id in first)) for one in found)
    return Learnables(tuple(name for name in names if name.photos), len(said) - tags, tags)
