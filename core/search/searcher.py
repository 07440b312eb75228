"""Answers a query: which photos, in which order, how likely each is meant, and why.

The sentence and the photos to compare with become vectors, filters become a set of contents that may be found, and the
vector index ranks those. What is written about a photo adds to what it looks like (`fusion`). What is to be left out is
compared with all of them, so that such a query is answered exactly; and so is one that has a learned name beside
something else (`joining`). Alternatives (``OR``) are ranked each for itself and put together (`ranking`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.adapters.names import NameBook
from core.catalog import photos
from core.catalog.connection import Catalog
from core.errors import CallError
from core.models.encoder import Encoder
from core.search import filters, fusion, grammar, joining, ranking, refining, sorting
from core.search.asking import Samples, SearchedModel, Sentences, Vector
from core.search.calibration import Calibration
from core.search.filters import Condition
from core.search.grammar import All, Any, Branch, Like, Query
from core.search.index import Ids, Scores, best
from core.search.judging import Found, judge
from core.search.namesakes import without_longer
from core.search.ranking import Listed, Ranking, Worded
from core.search.refining import Pulls
from core.search.seeking import Seeker, Sought
from core.search.store import VectorStore
from core.search.words import WordIndex
from core.types import Hit, Marks, Order, SearchResult

MOST = 10_000
"""Hits that one search gives at the most."""

WORDED = 2_000
"""Photos that the word index may bring into one answer."""

LEFT_OUT = 0.99
"""The share of the words to be left out that a photo has to have for being left out by what is written about it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A branch that is ready to be ranked."""

    branch: Branch
    where: Condition
    wanted: list[Sought]
    unwanted: list[Sought]
    curve: Calibration
    pulls: Pulls | None

    @property
    def joined(self) -> bool:
        """Whether a learned name is one of several parts: each has to hold, and their vectors are not added up."""
        return len(self.wanted) > 1 and any(one.learned for one in self.wanted)

    @property
    def texts(self) -> list[str]:
        """What the word index is asked."""
        return [one.text for one in self.wanted if one.text is not None and one.weight > 0]


class Searcher:
    """Searches one library with one model. May be called from any thread.

    ``encoder`` may be a function that builds one; it is called when a sentence, or a photo from outside, has to be
    encoded for the first time. ``names`` gives the names that were learned, as they are now.
    """

    def __init__(
        self,
        catalog: Catalog,
        store: VectorStore,
        encoder: Encoder | Callable[[], Encoder],
        info: SearchedModel,
        names: Callable[[], NameBook] = NameBook,
    ) -> None:
        self._catalog = catalog
        self._store = store
        self._info = info
        sentences = Sentences(encoder)
        self._seeker = Seeker(info, sentences, Samples(catalog, info, sentences), names)
        self._words = WordIndex(catalog)

    def knowing(self, names: NameBook) -> Searcher:
        """The same one, but with these learned names, whichever are on: it remembers the same sentences."""
        other = copy(self)
        other._seeker = self._seeker.knowing(names)
        return other

    def search(
        self,
        text: str,
        *,
        top: int = 50,
        like: Path | None = None,
        order: Order = Order.MATCH,
        marks: Marks = Marks(),  # noqa: B008 - frozen and empty
    ) -> SearchResult:
        """What a query finds, the best first (see ``grammar`` for its language), ``top`` hits at the most.

        ``like`` is a photo to compare with, as ``like:"path"`` in the text is; it is no hit itself. ``order`` sorts the
        ``top`` best; ``marks`` moves the answer towards photos and away from others (see `refining`).
        Raises `CallError` (nothing to look for, ``top`` out of range) and `PhotoError` (that is no photo).
        """
        started = time.perf_counter()
        _check(top)
        query = grammar.parse(text)
        if like is not None:
            query = Query((*query.terms, Like(str(like))))
        if not query:
            raise CallError("Say what to look for: a few words, or a filter such as folder:Italy or date:2019.")
        return self._answer(query, top, started, order, marks)

    def similar(self, path: Path, top: int = 50) -> SearchResult:
        """The photos that look most like the one at ``path``, which is never among them; its copies are.

        Raises `CallError` (``top`` out of range) and `PhotoError` (there is no such file, or it is no photo).
        """
        started = time.perf_counter()
        _check(top)
        return self._answer(Query((Like(str(path)),)), top, started)

    def _answer(
        self, query: Query, top: int, started: float, sort: Order = Order.MATCH, marks: Marks | None = None
    ) -> SearchResult:
        pulls = refining.pulls(self._catalog, self._store.exact(), marks) if marks else None
        plans = [self._plan(branch, pulls) for branch in grammar.branches(query)]
        shown = {
            one.sample.photo.id
            for plan in plans
            for one in (*plan.wanted, *plan.unwanted)
            if one.sample is not None and one.sample.photo is not None and one.sample.part is None
        }
        order = ranking.either([self._rank(plan, place) for place, plan in enumerate(plans)])
        found, passed_over = self._photos(order, top, _any_of(plans), shown)
        hits = sorting.sort(found, self._hits(found, plans), sort)
        total, strong = max(order.total - passed_over, len(hits)), sum(hit.strong for hit in hits)
        return SearchResult(tuple(hits), total, time.perf_counter() - started, strong)

    def _plan(self, branch: Branch, pulls: Pulls | None) -> Plan:
        wanted, unwanted = self._seeker.wanted(branch), self._seeker.unwanted(branch)
        texts = any(one.sample is None for one in wanted)
        curve: Calibration = self._info.calibration if texts or not wanted else self._info.photo_calibration
        if len(wanted) == 1 and wanted[0].learned:
            curve = wanted[0].curve
        return Plan(branch, filters.compile(branch.where), wanted, unwanted, curve, pulls if wanted else None)

    def _rank(self, plan: Plan, place: int) -> Ranking:
        if not plan.wanted:
            return ranking.certain(self._browse(plan), place)
        allowed = self._allowed(plan.where)
        vector = _unit(np.sum([one.weight * one.vector for one in plan.wanted], axis=0))
        worded = self._worded(plan, vector)
        if plan.unwanted or plan.pulls or plan.joined:
            ids, scores = self._compare_all(vector, plan, allowed)

            def first(k: int) -> tuple[Ids, Scores]:
                order = best(scores, k)
                return ids[order], scores[order]

            return ranking.ranked(first, ranking.among(worded, ids, scores), plan.curve, len(ids), place, ids)
        index = self._store.index()
        total = len(index) if allowed is None else len(self._store.exact().places(allowed))
        return ranking.ranked(lambda k: index.search(vector, k, allowed), worded, plan.curve, total, place, allowed)

    def _allowed(self, where: Condition) -> Ids | None:
        """The contents that have a photo which passes the filters; None without filters."""
        if where.sql is None:
            return None
        with self._catalog.read() as db:
            # SQLite joins the ids: a row each would take five times as long.
            row = db.execute(f"SELECT group_concat(p.content_id) FROM photo p WHERE {where.sql}", where.params)
            return np.fromstring(row.fetchone()[0] or "", np.int64, sep=",")

    def _worded(self, plan: Plan, vector: Vector) -> Worded:
        """The contents that have words of the question."""
        hits = self._words.search(plan.texts, plan.where if plan.where.sql else None, WORDED) if plan.texts else None
        if hits is None or not len(hits):
            return np.empty(0, np.int64), np.empty(0, np.float32), np.empty(0, np.float32)
        hits = without_longer(self._words, hits, [one for one in plan.wanted if one.weight > 0])
        ids, covered = fusion.by_content(hits)
        known, cosines = self._store.exact().scores(vector[None], ids)
        order = np.argsort(known)
        known = known[order]
        return known, cosines[0][order], fusion.looked_up(known, (ids, covered))

    def _compare_all(self, vector: Vector, plan: Plan, allowed: Ids | None) -> tuple[Ids, Scores]:
        """Every survivor of the filters that nothing leaves out, and its cosine, moved by what is marked."""
        wanted, unwanted = plan.wanted, plan.unwanted
        marked = plan.pulls.vectors if plan.pulls else []
        vectors = np.stack([vector, *(one.vector for one in (*wanted, *unwanted)), *marked])
        ids, scores = self._store.exact().scores(vectors, allowed)
        mine, theirs = scores[1 : 1 + len(wanted)], scores[1 + len(wanted) : 1 + len(wanted) + len(unwanted)]
        kept = ~np.isin(ids, self._said_of(unwanted))
        for one, near in zip(unwanted, theirs, strict=True):
            kept &= near < one.edge
            for other, row in zip(wanted, mine, strict=True):
                if other.sample is not None and one.sample is not None:
                    kept &= near <= row
        near = joining.as_cosines(mine, wanted, plan.curve) if plan.joined else scores[0]
        if plan.pulls:
            moved = plan.pulls.odds(scores[len(scores) - len(marked) :], self._info.photo_calibration)
            near = near + np.asarray(moved / plan.curve.slope, np.float32)
        return ids[kept], near[kept]

    def _said_of(self, unwanted: Sequence[Sought]) -> Ids:
        """The contents whose captions or tags say what is to be left out."""
        said = [np.empty(0, np.int64)]
        for one in unwanted:
            if one.text is not None:
                hits = without_longer(self._words, self._words.search([one.text]), [one])
                said.append(hits.content_ids[hits.covered >= LEFT_OUT])
        return np.unique(np.concatenate(said))

    def _browse(self, plan: Plan) -> Ids:
        """All contents that pass the filters and that nothing leaves out, the newest first."""
        condition = f"WHERE {plan.where.sql}" if plan.where.sql else ""
        with self._catalog.read() as db:
            # An aggregate sees a subquery's rows in its order; (taken, content_id) is how an index begins.
            row = db.execute(
                "SELECT group_concat(content_id) FROM (SELECT p.content_id FROM photo p "
                f"{condition} ORDER BY p.taken DESC, p.content_id DESC)",
                plan.where.params,
            )
            ids = _first_of_each(np.fromstring(row.fetchone()[0] or "", np.int64, sep=","))
        if plan.unwanted and len(ids):
            seen, scores = self._store.exact().scores(np.stack([one.vector for one in plan.unwanted]), ids)
            edges = np.array([one.edge for one in plan.unwanted], np.float32)
            out = np.union1d(seen[(scores >= edges[:, None]).any(axis=0)], self._said_of(plan.unwanted))
            ids = ids[~np.isin(ids, out)]
        return ids

    def _photos(self, order: Ranking, top: int, where: Condition, shown: set[int]) -> tuple[list[Found], int]:
        """The first ``top`` contents that have a photo to show, and how many on the way had none."""
        found: list[Found] = []
        seen: set[int] = set()
        listed = order.first(top + len(shown))
        left = iter(_rows(listed))
        with self._catalog.read() as db:
            while len(found) < top:
                fresh = list(islice((row for row in left if row[0] not in seen), top - len(found)))
                if not fresh:
                    if len(listed) >= order.total:
                        break
                    longer = order.first(min(2 * len(listed) + top, order.total))
                    if len(longer) <= len(listed):
                        break
                    listed, left = longer, iter(_rows(longer))
                    continue
                seen.update(row[0] for row in fresh)
                named = photos.by_content(db, [row[0] for row in fresh], where if where.sql else None)
                for id, cosine, odds, branch in fresh:
                    visible = [photo for photo in named.get(id, ()) if photo.id not in shown]
                    if visible:
                        visible.sort(key=lambda photo: str(photo.path))
                        found.append(Found(id, cosine, odds, branch, visible))
        return found, len(seen) - len(found)

    def _hits(self, found: list[Found], plans: list[Plan]) -> list[Hit]:
        """Says how likely each is a match, and why it was found."""
        hits: list[Hit | None] = [None] * len(found)
        for number, plan in enumerate(plans):
            places = [place for place, one in enumerate(found) if one.branch == number]
            mine = [found[place] for place in places]
            why = self._words.why([one.photos[0].id for one in mine], plan.texts) if plan.texts and mine else {}
            judged = judge(mine, plan.wanted, plan.curve, self._cosines(mine, plan.wanted), why)
            said = filters.reasons(plan.branch.where)
            called = plan.pulls.called if plan.pulls else {}
            for place, one, verdict in zip(places, mine, judged, strict=True):
                hits[place] = Hit(
                    photo_id=one.photos[0].id,
                    content_id=one.content_id,
                    content_hash=one.photos[0].content_hash,
                    path=one.photos[0].path,
                    score=verdict.score,
                    match=verdict.match,
                    strong=called.get(one.content_id, verdict.strong),
                    reasons=(*verdict.reasons, *said),
                    copies=tuple(photo.path for photo in one.photos[1:]),
                )
        return [hit for hit in hits if hit is not None]

    def _cosines(self, found: list[Found], wanted: list[Sought]) -> NDArray[np.float32]:
        """The cosine of each part of the question with each hit: float32[parts, hits]."""
        if len(wanted) == 1 and wanted[0].weight > 0:
            return np.array([[one.cosine for one in found]], np.float32)
        if not wanted or not found:
            return np.empty((len(wanted), len(found)), np.float32)
        ids = np.array([one.content_id for one in found], np.int64)
        known, vectors = self._store.exact().vectors(ids)
        cosines = np.stack([one.vector for one in wanted]) @ vectors.T
        place = {id: row for row, id in enumerate(known.tolist())}
        # A content that another process removed this very moment has no vector any more.
        rows = [cosines[:, place[id]] if id in place else np.zeros(len(wanted), np.float32) for id in ids.tolist()]
        return np.stack(rows, axis=1)


def _any_of(plans: Sequence[Plan]) -> Condition:
    """What a photo has to pass to be shown: the filters of one of the branches."""
    if any(plan.where.sql is None for plan in plans):
        return Condition(None, ())
    if len(plans) == 1:
        return plans[0].where
    return filters.compile([Any(tuple(_one(plan.branch) for plan in plans))])


def _one(branch: Branch) -> grammar.Term:
    return branch.where[0] if len(branch.where) == 1 else All(branch.where)


def _rows(listed: Listed) -> list[tuple[int, float, float, int]]:
    columns = (listed.ids, listed.scores, listed.odds, listed.branch)
    return list(zip(*(column.tolist() for column in columns), strict=True))


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
