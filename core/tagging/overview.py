"""The labels that are on photos, with how many photos each has, as the trees of label lists and of files order them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from core.catalog import label_places
from core.catalog.connection import Catalog


@dataclass(frozen=True, slots=True)
class TagNode:
    """A label, and those below it that are on photos themselves or have such below them."""

    label_id: int
    label: str
    photos: int
    """Photos on which it, or a label below it, is accepted; one with several of them counts once."""
    waiting: int
    """Photos for which it is suggested, and nobody decided."""
    below: tuple[TagNode, ...] = ()


@dataclass(frozen=True, slots=True)
class KnownLabel:
    """A name that a photo may be tagged with: a label on photos, or one of a list."""

    name: str
    photos: int
    """Photos on which it is accepted."""
    list_name: str | None
    """The first list that has it, by name."""


class Overview:
    """Counts tags. May be called from any thread; at a million tags it takes about half a second."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def tree(self) -> tuple[TagNode, ...]:
        """The labels that are accepted on photos or suggested for some, and those above them, each level by name.

        A label lies where the person's lists have it, the oldest first, else where other programs put it in files, else
        where a ready list has it (`core.catalog.label_places`).
        """
        with self._catalog.read() as db:
            counts = _counts(db)
            parents = label_places.parents(db)
            shown = {label for label, (_, accepted, waiting) in counts.items() if accepted or waiting}
            for label in list(shown):
                while (above := parents.get(label)) is not None and above not in shown:
                    shown.add(above)
                    label = above
            children: dict[int | None, list[int]] = {}
            for label in shown:
                above = parents.get(label)
                children.setdefault(above if above in shown else None, []).append(label)
            return tuple(_nodes(db, children, counts, None))

    def known(self) -> tuple[KnownLabel, ...]:
        """Every name that a photo may be tagged with, those on most photos first, then by name."""
        with self._catalog.read() as db:
            rows = db.execute(
                "SELECT l.name, (SELECT count(*) FROM tag t WHERE t.label_id = l.id AND t.state = 'accepted'), "
                "(SELECT min(k.name) FROM listed i JOIN label_list k ON k.id = i.list_id WHERE i.label_id = l.id) "
                "FROM label l"
            )
            found = [KnownLabel(name, count, of) for name, count, of in rows if count or of is not None]
        return tuple(sorted(found, key=lambda known: (-known.photos, known.name.casefold())))

    def is_empty(self) -> bool:
        """Whether there is neither a label list nor a tag."""
        with self._catalog.read() as db:
            found = db.execute("SELECT EXISTS (SELECT 1 FROM label_list) OR EXISTS (SELECT 1 FROM tag)").fetchone()
            return not found[0]


def _counts(db: sqlite3.Connection) -> dict[int, tuple[str, int, int]]:
    """Of each label its name, and the photos on which it is accepted and suggested. Each is counted along an index."""
    rows = db.execute(
        "SELECT l.id, l.name, "
        "(SELECT count(*) FROM tag t WHERE t.label_id = l.id AND t.state = 'accepted'), "
        "(SELECT count(*) FROM tag t WHERE t.label_id = l.id AND t.state = 'suggested') FROM label l"
    )
    return {id: (name, accepted, waiting) for id, name, accepted, waiting in rows}


def _nodes(
    db: sqlite3.Connection,
    children: Mapping[int | None, list[int]],
    counts: Mapping[int, tuple[str, int, int]],
    above: int | None,
) -> Iterator[TagNode]:
    for label in sorted(children.get(above, ()), key=lambda label: (counts[label][0].casefold(), label)):
        name, accepted, waiting = counts[label]
        below = tuple(_nodes(db, children, counts, label))
        yield TagNode(label, name, _together(db, label, below) if below else accepted, waiting, below)


def _together(db: sqlite3.Connection, label: int, below: tuple[TagNode, ...]) -> int:
    ids = [label]
    nodes = list(below)
    while nodes:
        node = nodes.pop()
        ids.append(node.label_id)
        nodes.extend(node.below)
    marks = ", ".join("?" * len(ids))
    return int(
        db.execute(
            f"SELECT count(DISTINCT photo_id) FROM tag WHERE state = 'accepted' AND label_id IN ({marks})", ids
        ).fetchone()[0]
    )
