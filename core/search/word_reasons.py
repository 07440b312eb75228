"""Says which words of a question a photo has, and where."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

from core.catalog.batches import batches, marks
from core.catalog.photos import FROM
from core.catalog.word_folding import Standing, settled, standing, standing_in_name
from core.catalog.word_index import path_of_folder, stem_of_name
from core.search.wordforms import Unit


@dataclass(frozen=True, slots=True)
class Written:
    """What is written about a photo: the texts of each place, in the order in which people are told."""

    caption: list[str]
    tag: list[str]
    folder: list[str]
    name: list[str]


def written(db: sqlite3.Connection, photo_ids: Sequence[int]) -> dict[int, Written]:
    """What is written about some photos; those that are gone are left out."""
    found: dict[int, Written] = {}
    for batch in batches([int(id) for id in photo_ids]):
        for id, name, folder, root in db.execute(
            f"SELECT p.id, p.name, f.path, r.path FROM {FROM} WHERE p.id IN ({marks(len(batch))})", batch
        ):
            found[id] = Written([], [], [path_of_folder(root, folder)], [stem_of_name(name)])
    for batch in batches(list(found)):
        these = f"IN ({marks(len(batch))})"
        for id, text in db.execute(f"SELECT photo_id, text FROM caption WHERE photo_id {these} ORDER BY id", batch):
            found[id].caption.append(text)
        for id, label in db.execute(
            "SELECT t.photo_id, l.name FROM tag t JOIN label l ON l.id = t.label_id "
            f"WHERE t.state = 'accepted' AND t.photo_id {these} ORDER BY l.name",
            batch,
        ):
            found[id].tag.append(label)
    return found


def reasons(about: Written, wanted: Sequence[Unit]) -> Iterator[str]:
    """A reason for each place where words of the question stand, with the words as they stand there."""
    for field in fields(Written):
        read = standing_in_name if field.name in ("folder", "name") else standing
        seen: dict[str, str] = {}
        for text in getattr(about, field.name):
            plain = settled(text)
            for start, end in _spans(list(read(plain)), wanted):
                word = plain[start:end]
                seen.setdefault(word.casefold(), f"'{word}'")
        if seen:
            yield f"{field.name}: {', '.join(seen.values())}"


def _spans(found: Sequence[Standing], wanted: Sequence[Unit]) -> list[tuple[int, int]]:
    """Where the units stand in a text; what overlaps is one."""
    places = sorted(
        (found[at].start, found[at + len(unit.words) - 1].end)
        for unit in wanted
        for at in range(len(found) - len(unit.words) + 1)
        if _is_here(unit, found, at)
    )
    merged: list[tuple[int, int]] = []
    for start, end in places:
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        elif start < end:
            merged.append((start, end))
    return merged


def _is_here(unit: Unit, found: Sequence[Standing], at: int) -> bool:
    if len(unit.words) > 1:
        return all(found[at + step].word == word for step, word in enumerate(unit.words))
    word = found[at].word
    return word == unit.words[0] or word in unit.forms or (unit.begins and word.startswith(unit.words[0]))
