"""Looks words up in the word index: which photos have each, and where."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.search.wordforms import Unit

Ids = NDArray[np.int64]
Values = NDArray[np.float32]

WEIGHTS: Final = MappingProxyType({"caption": 1.0, "tag": 1.2, "name": 0.5, "folder": 0.4})
"""What a word counts where it stands."""

_FORM = 0.7
_BEGINNING = 0.5
"""What another form of a word counts, and a word of which only the beginning was typed.

Measured on flickr8k: 8,090 photos with one caption each, sought by another caption of theirs (899 of the validation
part). nDCG@10 by words alone: 0.253 without forms, 0.251 with plurals, 0.280 with the forms of verbs too; 0.274 where
forms count as much as the word itself, 0.279 where they count half.
"""

_SELECTS: Final = MappingProxyType(
    {
        "caption": "SELECT rowid AS id FROM caption_words WHERE caption_words MATCH ?",
        "tag": "SELECT photo_id AS id FROM tag WHERE state = 'accepted' AND label_id IN "
        "(SELECT rowid FROM label_words WHERE label_words MATCH ?)",
        "name": "SELECT rowid AS id FROM name_words WHERE name_words MATCH ?",
        "folder": "SELECT id FROM photo WHERE folder_id IN (SELECT rowid FROM folder_words WHERE folder_words MATCH ?)",
    }
)


@dataclass(frozen=True, slots=True, eq=False)
class Match:
    """The photos that have one unit, by id, and what it counts for each.

    ``said`` is what it counts by standing in a caption of the usual length, ``elsewhere`` by standing in all other
    places, ``idf`` how rare it is, ``quality`` how well it was hit (0 to 1).
    """

    ids: Ids
    said: Values
    elsewhere: Values
    idf: float
    quality: float


def resolved(db: sqlite3.Connection, units: Sequence[Unit]) -> list[Unit]:
    """What to look up: each unit, or where it stands nowhere, what is looked for instead."""
    found: dict[Unit, None] = {}
    for unit in units:
        looser = () if _stands(db, unit) else unit.looser()
        found.update(dict.fromkeys(resolved(db, looser) if looser else [unit]))
    return list(found)


def _stands(db: sqlite3.Connection, unit: Unit) -> bool:
    """Whether a photo has it."""
    wanted = f"{unit.asked} OR {unit.other}" if unit.forms else unit.asked
    return any(db.execute(f"{select} LIMIT 1", [wanted]).fetchone() for select in _SELECTS.values())


class Lookup:
    """Looks up the units of one question, with one connection.

    What a unit counts is added up in arrays over all photo ids, four bytes for each: a photo's place is its id, and
    none has to be sought among the others.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        count, last = db.execute("SELECT (SELECT count(*) FROM photo), (SELECT max(id) FROM photo)").fetchone()
        self._photos = int(count)
        self.last = int(last or 0)
        """The greatest id of a photo."""
        self._said = np.zeros(self.last + 1, np.float32)
        self._elsewhere = np.zeros(self.last + 1, np.float32)

    def match(self, unit: Unit) -> Match:
        """The photos that have a unit."""
        quality = _BEGINNING if unit.begins else 1.0
        found: list[Ids] = []
        for place, weight in WEIGHTS.items():
            counted = self._said if place == "caption" else self._elsewhere
            for asked, factor in ((unit.asked, quality), (unit.other, _FORM)):
                if asked:
                    ids = self._ids(place, asked)
                    counted[ids] += np.float32(weight * factor)
                    found.append(ids)
        ids = self._each_once(found)
        said, elsewhere = self._said[ids], self._elsewhere[ids]
        self._said[ids] = self._elsewhere[ids] = 0
        idf = math.log(1 + (max(self._photos - len(ids), 0) + 0.5) / (len(ids) + 0.5))
        return Match(ids, said, elsewhere, idf, quality)

    def _ids(self, place: str, asked: str) -> Ids:
        """The ids of the photos that have it in one place. A folder has each once; a photo may have two such tags."""
        ids = numbers(self._db, f"SELECT group_concat(id) FROM ({_SELECTS[place]})", asked)
        ids = ids[ids <= self.last]
        return _sorted_once([ids]) if place == "tag" else ids

    def _each_once(self, found: Sequence[Ids]) -> Ids:
        """All that was found, sorted, each once."""
        if sum(map(len, found)) * 8 > self.last:
            return np.flatnonzero((self._said > 0) | (self._elsewhere > 0))
        return _sorted_once(found)


def _sorted_once(found: Sequence[Ids]) -> Ids:
    """As `numpy.unique`, which puts all in a hash table first: this merges runs that are in order already."""
    ordered = np.sort(np.concatenate(found), kind="stable")
    first = np.ones(len(ordered), np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    once: Ids = ordered[first]
    return once


def numbers(db: sqlite3.Connection, sql: str, *values: str | float) -> Ids:
    """The numbers of a text that SQLite joined with commas: five times as fast as a row for each."""
    return np.fromstring(db.execute(sql, values).fetchone()[0] or "", np.int64, sep=",")
