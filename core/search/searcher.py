"""Answers queries: the rooms of this folder, put together.

**Ranking.** All words and phrases are one sentence; photos to compare with are added to it as vectors, each of unit
length, and the sum is what the photos are ranked by.

**Leaving out.** ``-word`` leaves out a photo that shows the word with one chance in ten: who says what they do not want
rather misses a photo than sees one. The bare word is asked for; for a word that means many things that can be seen
("people"), the things in `MEANT` too. Measured with the starter model on 899 photos of flickr8k val, ten words:
66 % of the photos whose captions name the thing are left out, and 3 % of the others; among the 100 first of five
sentences 58 % and 7 %. (As "a word", "a photo of a word": 32 % and 0 %. Leaving out as well what is nearer to the word
than to the sentence: 67 % and 14 % beside a sentence; half of what it adds is wrong, so it is not done.) With something
to leave out, every survivor of the filters is compared.

**Without anything to rank by** (filters, things to leave out) photos come newest first. They are all that was asked
for, exactly: ``match`` is 1, ``strong`` is true, and ``score`` is 0, since nothing was compared.

**Copies** (files with the same bytes) are one hit, named by the first path that passes the filters; ``total`` counts
possible hits, so that it is the end of the list that a person scrolls.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from core.catalog import photos
from core.catalog.connection import Catalog
from core.errors import CallError
from core.models.encoder import Encoder
from core.search import calibration, filters, grammar
from core.search.asking import Sample, Samples, SearchedModel, Sentences, Vector
from core.search.calibration import Calibration
from core.search.filters import Condition
from core.search.grammar import Like, Query
from core.search.index import Ids, Scores, VectorIndex, best
from core.search.store import VectorStore
from core.types import Hit, Photo, SearchResult

MOST = 10_000
"""Hits that one search gives at the most. A window that scrolls further browses."""

MEANT: Mapping[str, tuple[str, ...]] = MappingProxyType(
    dict.fromkeys(("people", "persons", "humans"), ("people", "person", "man", "woman", "child", "crowd"))
)
"""What else is looked for where a word is to be left out that captions seldom say: they say "a man", not "people"."""

_CHANCE = 0.1
"""The probability of a match from which a photo is left out."""

_SAME = 0.9995
"""The cosine from which two photos count as one picture: what saving it again in another format leaves."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One thing to look for or to leave out: its vector, how to read a cosine with it, and what it is called."""

    vector: Vector
    curve: Calibration
    said: str
    sample: Sample | None = None


@dataclass(frozen=True, slots=True)
class _Found:
    """A content that is a hit, and its photos that may be shown, by path."""

    content_id: int
    score: float
    photos: list[Photo]


@dataclass(frozen=True, slots=True)
class _Ranking:
    """Contents in order, with their cosines; ``more`` gives a longer list of the same order, None when this is all."""

    ids: Ids
    scores: Scores
    total: int
    more: Callable[[int], tuple[Ids, Scores]] | None = None


class Searcher:
    """Searches one library with one model. May be called from any thread.

    ``encoder`` may be a function that builds one; it is called when a sentence, or a photo from outside, has to be
    encoded for the first time.
    """

    def __init__(
        self,
        catalog: Catalog,
        store: VectorStore,
        encoder: Encoder | Callable[[], Encoder],
        info: SearchedModel,
    ) -> None:
        self._catalog = catalog
        self._store = store
        self._info = info
        self._sentences = Sentences(encoder)
        self._samples = Samples(catalog, info, self._sentences)

    def search(self, text: str, *, top: int = 50, like: Path | None = None) -> SearchResult:
        """What a query finds, the best first (see ``grammar`` for its language), ``top`` hits at the most.

        ``like`` is a photo to compare with, as ``like:"path"`` in the text is; it is no hit itself.
        Raises `CallError` (nothing to look for, ``top`` out of range) and `PhotoError` (that is no photo).
        """
        started = time.perf_counter()
        _check(top)
        query = grammar.parse(text)
        if like is not None:
            query = Query((*query.terms, Like(str(like))))
        if not query:
            raise CallError("Say what to look for: a few words, or a filter such as folder:Italy or date:2019.")
        return self._answer(query, top, started)

    def similar(self, path: Path, top: int = 50) -> SearchResult:
        """The photos that look most like the one at ``path``, which is never among them; its copies are.

        Raises `CallError` (``top`` out of range) and `PhotoError` (there is no such file, or it is no photo).
        """
        started = time.perf_counter()
        _check(top)
        return self._answer(Query((Like(str(path)),)), top, started)

    def _answer(self, query: Query, top: int, started: float) -> SearchResult:
        where = filters.compile(query)
        wanted = self._wanted([query.sentence] if query.sentence else [], query.likes)
        unwanted = self._unwanted(query.without, query.unlike)
        shown = {one.sample.photo.id for one in (*wanted, *unwanted) if one.sample and one.sample.photo}
        if wanted:
            ranking = self._rank(wanted, unwanted, self._allowed(where), top + len(shown))
        else:
            ranking = self._browse(unwanted, where)
        said = filters.reasons(query)
        found, passed_over = self._photos(ranking, top, where, shown)
        hits = self._hits(found, wanted, said)
        return SearchResult(tuple(hits), max(ranking.total - passed_over, len(hits)), time.perf_counter() - started)

    def _wanted(self, sentences: Sequence[str], paths: Sequence[str]) -> list[_Wanted]:
        texts = zip(sentences, self._sentences.embed(sentences) if sentences else [], strict=True)
        found = [_Wanted(vector, self._info.calibration, f"'{_shortened(sentence)}'") for sentence, vector in texts]
        return [*found, *map(self._sample, paths)]

    def _unwanted(self, words: Sequence[str], paths: Sequence[str]) -> list[_Wanted]:
        meant = [meaning for word in words for meaning in MEANT.get(word.casefold(), (word,))]
        return self._wanted(meant, paths)

    def _sample(self, path: str) -> _Wanted:
        sample = self._samples.find(Path(path))
        return _Wanted(sample.vector, self._info.photo_calibration, sample.path.name, sample)

    def _allowed(self, where: Condition) -> Ids | None:
        """The contents that have a photo which passes the filters; None without filters."""
        if where.sql is None:
            return None
        with self._catalog.read() as db:
            # SQLite joins the ids: a row each would take five times as long.
            row = db.execute(f"SELECT group_concat(p.content_id) FROM photo p WHERE {where.sql}", where.params)
            return np.fromstring(row.fetchone()[0] or "", np.int64, sep=",")

    def _rank(self, wanted: list[_Wanted], unwanted: list[_Wanted], allowed: Ids | None, top: int) -> _Ranking:
        vector = _unit(np.sum([one.vector for one in wanted], axis=0))
        if unwanted:
            ids, scores = self._compare_all(vector, wanted, unwanted, allowed)

            def first(k: int) -> tuple[Ids, Scores]:
                order = best(scores, k)
                return ids[order], scores[order]

            return _Ranking(*first(top), len(ids), first)
        index: VectorIndex = self._store.index()
        total = len(index) if allowed is None else len(self._store.exact().places(allowed))
        ids, scores = index.search(vector, top, allowed)
        return _Ranking(ids, scores, total, lambda k: index.search(vector, k, allowed))

    def _compare_all(
        self, vector: Vector, wanted: list[_Wanted], unwanted: list[_Wanted], allowed: Ids | None
    ) -> tuple[Ids, Scores]:
        """Every survivor of the filters that nothing leaves out, and its score."""
        vectors = np.stack([vector, *(one.vector for one in (*wanted, *unwanted))])
        ids, scores = self._store.exact().scores(vectors, allowed)
        mine, theirs = scores[1 : 1 + len(wanted)], scores[1 + len(wanted) :]
        kept = np.ones(len(ids), np.bool_)
        for one, near in zip(unwanted, theirs, strict=True):
            kept &= near < _edge(one)
            for other, row in zip(wanted, mine, strict=True):
                if other.sample is not None and one.sample is not None:
                    kept &= near <= row
        return ids[kept], scores[0][kept]

    def _browse(self, unwanted: list[_Wanted], where: Condition) -> _Ranking:
        """All photos that pass the filters and that nothing leaves out, the newest first."""
        with self._catalog.read() as db:
            condition = f"WHERE {where.sql}" if where.sql else ""
            # An aggregate sees a subquery's rows in its order; (taken, content_id) is an index.
            row = db.execute(
                "SELECT group_concat(content_id) FROM (SELECT p.content_id FROM photo p "
                f"{condition} ORDER BY p.taken DESC, p.content_id DESC)",
                where.params,
            )
            ids = _first_of_each(np.fromstring(row.fetchone()[0] or "", np.int64, sep=","))
        if unwanted and len(ids):
            exact = self._store.exact()
            seen, scores = exact.scores(np.stack([one.vector for one in unwanted]), ids)
            lines = np.array([_edge(one) for one in unwanted], np.float32)
            ids = ids[~np.isin(ids, seen[(scores >= lines[:, None]).any(axis=0)])]
        return _Ranking(ids, np.zeros(len(ids), np.float32), len(ids))

    def _photos(self, ranking: _Ranking, top: int, where: Condition, shown: set[int]) -> tuple[list[_Found], int]:
        """The first ``top`` contents that have a photo to show, and how many on the way had none."""
        found: list[_Found] = []
        seen: set[int] = set()
        ids, scores = ranking.ids, ranking.scores
        left = zip(map(int, ids), map(float, scores), strict=True)
        with self._catalog.read() as db:
            while len(found) < top:
                fresh = list(islice((pair for pair in left if pair[0] not in seen), top - len(found)))
                if not fresh:
                    if ranking.more is None or len(ids) >= ranking.total:
                        break
                    longer = ranking.more(min(2 * len(ids) + top, ranking.total))
                    if len(longer[0]) <= len(ids):
                        break
                    ids, scores = longer
                    left = zip(map(int, ids), map(float, scores), strict=True)
                    continue
                seen.update(id for id, _ in fresh)
                named = photos.by_content(db, [id for id, _ in fresh], (where.sql, where.params) if where.sql else None)
                for id, score in fresh:
                    visible = [photo for photo in named.get(id, ()) if photo.id not in shown]
                    if visible:
                        found.append(_Found(id, score, sorted(visible, key=lambda photo: str(photo.path))))
        return found, len(seen) - len(found)

    def _hits(self, found: list[_Found], wanted: list[_Wanted], said: tuple[str, ...]) -> list[Hit]:
        """Says how likely each is a match, and why it was found."""
        cosines = self._cosines(found, wanted)
        matches = np.ones(len(found))
        strong = np.ones(len(found), np.bool_)
        reasons: list[list[str]] = [[] for _ in found]
        for one, row in zip(wanted, cosines, strict=True):
            probability = calibration.match(row, one.curve)
            # All of it was asked for: the geometric mean of the parts, so that one that fails lets the whole fail.
            matches *= probability ** (1.0 / len(wanted))
            clear = probability >= one.curve.line
            strong &= clear
            for place, cosine in enumerate(row.tolist()):
                reasons[place].append(_reason(one, found[place], cosine, bool(clear[place])))
        return [
            Hit(
                photo_id=one.photos[0].id,
                content_id=one.content_id,
                content_hash=one.photos[0].content_hash,
                path=one.photos[0].path,
                score=float(one.score),
                match=float(matches[place]),
                strong=bool(strong[place]),
                reasons=(*reasons[place], *said),
                copies=tuple(photo.path for photo in one.photos[1:]),
            )
            for place, one in enumerate(found)
        ]

    def _cosines(self, found: list[_Found], wanted: list[_Wanted]) -> NDArray[np.float32]:
        """The cosine of each part of the question with each hit: float32[parts, hits]."""
        if len(wanted) <= 1:
            return np.array([[one.score for one in found]] * len(wanted), np.float32).reshape(len(wanted), len(found))
        ids = np.array([one.content_id for one in found], np.int64)
        known, vectors = self._store.exact().vectors(ids)
        cosines = np.stack([one.vector for one in wanted]) @ vectors.T
        place = {id: row for row, id in enumerate(known.tolist())}
        # A content that another process removed this very moment has no vector any more.
        rows = [cosines[:, place[id]] if id in place else np.zeros(len(wanted), np.float32) for id in ids.tolist()]
        return np.stack(rows, axis=1) if rows else np.empty((len(wanted), 0), np.float32)


def _check(top: int) -> None:
    if not 1 <= top <= MOST:
        raise CallError(f"A search gives 1 to {MOST} photos, not {top}.")


def _unit(vector: NDArray[np.float32]) -> Vector:
    length = float(np.linalg.norm(vector))
    return np.asarray(vector / length if length > 0 else vector, np.float32)


def _first_of_each(ids: Ids) -> Ids:
    """The ids in their order, each where it stands first."""
    if not len(ids):
        return ids
    first = np.zeros(int(ids.max()) + 1, np.int64)
    places = np.arange(len(ids))
    first[ids[::-1]] = places[::-1]
    kept: Ids = ids[first[ids] == places]
    return kept


def _edge(one: _Wanted) -> float:
    """The cosine from which a photo is left out. Photos are compared with photos at the line: they are sure enough."""
    return calibration.cosine_at(_CHANCE if one.sample is None else one.curve.line, one.curve)


def _shortened(sentence: str) -> str:
    return sentence if len(sentence) <= 80 else sentence[:79].rstrip() + "…"


def _reason(one: _Wanted, found: _Found, cosine: float, clear: bool) -> str:
    if one.sample is not None:
        copy = one.sample.photo is not None and one.sample.photo.content_id == found.content_id
        if copy or cosine >= _SAME:
            return "same picture"
    return f"looks like {one.said}" if clear else f"a little like {one.said}"
