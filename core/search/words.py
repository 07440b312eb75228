"""Finds photos by what was written: captions, accepted tags, names of files and of folders.

**Score.** BM25F (Robertson and Zaragoza, 2009): a word that few photos have weighs more (``idf``); where it stands
weighs by `WEIGHTS`, and standing in several places adds up, but never without bound. A caption counts more the shorter
it is; tags and names have no length to speak of. How often a word stands in one caption is not counted: it is once, as
a rule. FTS5 has a ``bm25()`` of its own, which costs 1.3 microseconds for each photo that has one of the words, where
giving its id costs 0.05; and it knows nothing of folders and tags, which are looked up by themselves (see
`core.catalog.word_index`). So FTS5 gives ids, and the formula is here.

**Time.** At a million photos on two cores, the 10,000 best of them: 6 ms for a word that 2,000 photos have, 20 ms for
one that 110,000 have, 34 ms for 205,000; 45 ms for a sentence of several such words.

**Covered.** The share of the question's words that a photo has, each counted by its ``idf``. A photo captioned
"grandma" covers more of "grandma on the beach" than one captioned "beach". In a name alone a word counts as `WEIGHTS`
says.

**Forms.** A word is found as it is typed, and in its other forms (see `core.search.wordforms`), which count a little
less. One that stands nowhere in the library is taken for the beginning of words, which count less again: what is still
being typed finds something. Words that were written as one (``IMG_12``, ``well-known``) have to stand side by side;
where they do so nowhere, each is looked for by itself.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.catalog.connection import Catalog
from core.search import wordforms
from core.search.filters.condition import Condition
from core.search.word_lookup import Ids, Lookup, Match, Values, numbers, resolved
from core.search.word_reasons import reasons, written

_SATURATION = 1.2
_BY_LENGTH = 0.4
_USUAL_WORDS = 10
"""BM25's k1 and b, and the length of a caption that counts as it stands."""

_FEW = 5_000
"""Photos that are looked at one by one for whether they pass a filter. For more, all that pass are asked for: a filter
is one walk along an index, and ten times as fast for each photo."""


@dataclass(frozen=True, slots=True, eq=False)
class WordHits:
    """Photos that have some of the words, the best first. All arrays have the same length."""

    photo_ids: Ids
    content_ids: Ids
    score: Values
    """BM25, higher is better; comparable within one question only."""
    covered: Values
    """The share of the question's words that the photo has, 0 to 1, rare words counting more."""

    def __len__(self) -> int:
        return len(self.photo_ids)


class WordIndex:
    """The words of one library. May be called from any thread."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def search(self, texts: Sequence[str], allowed_sql: Condition | None = None, most: int = 10_000) -> WordHits:
        """The photos that have words of ``texts``, up to ``most``, the best first.

        ``allowed_sql`` leaves out the photos that do not pass it. Nothing in a text is taken for a query language, and
        a text without a word finds nothing.
        """
        with self._catalog.read() as db:
            db.execute("BEGIN")
            lookup = Lookup(db)
            matches = [lookup.match(unit) for unit in resolved(db, wordforms.units(texts))]
            scores = _usual_scores(matches, lookup.last)
            if allowed_sql is not None and allowed_sql.sql is not None:
                _leave_out(db, scores, allowed_sql)
            ids, contents, lengths = _facts(db, _best(scores, most))
        scores, covered = _tally(ids, matches, lengths)
        order = np.argsort(-scores, kind="stable")
        return WordHits(ids[order], contents[order], scores[order], covered[order])

    def written(self, photo_ids: Sequence[int]) -> dict[int, list[str]]:
        """All that is written about some photos: captions, tags, and the names of folders and files."""
        with self._catalog.read() as db:
            found = written(db, photo_ids)
        return {id: [*one.caption, *one.tag, *one.folder, *one.name] for id, one in found.items()}

    def why(self, photo_ids: Sequence[int], texts: Sequence[str]) -> dict[int, tuple[str, ...]]:
        """Which words of ``texts`` each photo has, and where: ``caption: 'Grandma', 'beach'``, ``folder: 'Italy'``.

        Words are given as they stand there. A photo that has none of them, or is gone, is left out.
        """
        with self._catalog.read() as db:
            db.execute("BEGIN")
            wanted = resolved(db, wordforms.units(texts))
            found = {id: tuple(reasons(about, wanted)) for id, about in written(db, photo_ids).items()}
        return {id: said for id, said in found.items() if said}


def _weighed(said: Values, elsewhere: Values, idf: float, lengths: NDArray[np.int64] | int) -> Values:
    """What a word adds to the score of photos whose captions have that many words."""
    weight = said / (1 - _BY_LENGTH + _BY_LENGTH / _USUAL_WORDS * lengths) + elsewhere
    return np.asarray(idf * (_SATURATION + 1) * weight / (weight + _SATURATION), np.float32)


def _usual_scores(matches: Sequence[Match], last: int) -> Values:
    """The score of each photo, by its id, as if all captions were of the usual length; 0 for one without a match."""
    scores = np.zeros(last + 1, np.float32)
    for one in matches:
        scores[one.ids] += _weighed(one.said, one.elsewhere, one.idf, _USUAL_WORDS)
    return scores


def _best(scores: Values, most: int) -> Ids:
    """The ids with the ``most`` best scores, sorted."""
    ids: Ids = np.flatnonzero(scores > 0)
    if len(ids) > most:
        ids = np.sort(ids[np.argpartition(-scores[ids], most)[:most]])
    return ids


def _tally(ids: Ids, matches: Sequence[Match], lengths: NDArray[np.int64]) -> tuple[Values, Values]:
    """The score of each photo, and the share of the question's words that it has."""
    scores, covered = np.zeros(len(ids), np.float32), np.zeros(len(ids), np.float32)
    for one in matches:
        if len(one.ids):
            at = np.minimum(np.searchsorted(one.ids, ids), len(one.ids) - 1)
            have = one.ids[at] == ids
            at = at[have]
            scores[have] += _weighed(one.said[at], one.elsewhere[at], one.idf, lengths[have])
            # A caption says what a photo shows; the name of a folder is true of some of its photos.
            sure = np.where(one.said[at] > 0, np.float32(1), np.minimum(one.elsewhere[at], np.float32(1)))
            covered[have] += one.idf * one.quality * sure
    whole = sum(one.idf for one in matches)
    return scores, np.minimum(covered / np.float32(whole or 1), 1)


def _leave_out(db: sqlite3.Connection, scores: Values, allowed: Condition) -> None:
    """Take the score of the photos that do not pass a filter."""
    ids = np.flatnonzero(scores > 0)
    if len(ids) > _FEW:
        passing = numbers(db, f"SELECT group_concat(p.id) FROM photo p WHERE {allowed.sql}", *allowed.params)
    else:
        # CROSS JOIN: SQLite takes the photos from the list, and looks at no other.
        passing = numbers(
            db,
            f"SELECT group_concat(p.id) FROM json_each(?) j CROSS JOIN photo p ON p.id = j.value WHERE {allowed.sql}",
            json.dumps(ids.tolist()),
            *allowed.params,
        )
    out = np.ones(len(scores), np.bool_)
    out[passing] = False
    scores[out] = 0


def _facts(db: sqlite3.Connection, ids: Ids) -> tuple[Ids, Ids, NDArray[np.int64]]:
    """Of some photos those that are there, sorted by id: their ids, their contents, and how many words a caption of
    each has (the usual number for one without captions)."""
    # Without INDEXED BY the rows of photos are read, which are long: three times the time.
    row = db.execute(
        "SELECT group_concat(p.id), group_concat(p.content_id), group_concat(coalesce(s.words, ?)) "
        "FROM json_each(?) j CROSS JOIN photo p INDEXED BY photo_contents ON p.id = j.value "
        "LEFT JOIN caption_size s ON s.photo_id = p.id",
        [_USUAL_WORDS, json.dumps(ids.tolist())],
    ).fetchone()
    there, contents, lengths = (np.fromstring(text or "", np.int64, sep=",") for text in row)
    order = np.argsort(there, kind="stable")
    return there[order], contents[order], lengths[order]
