"""Suggests labels for photos, from stored embeddings: for a library, a folder, some photos; or for one label at once.

A run goes through the photos by blocks, writes what is likely enough, and takes back earlier suggestions that are none
any more. A label that stands in several lists is suggested while the last run of one of them gives it, with the best
of their probabilities. What a person decided, and what a photo's file says, stays as it is. Nothing is encoded but
sentences.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.catalog import suggestions, tags
from core.catalog.folding import fold
from core.errors import CallError, PhotoError
from core.tagging.accepting import Accepting, Pair
from core.tagging.judges import Judge, Judges
from core.tagging.types import Classified, Label, LabelList, State, Suggestion, TagProgress, TagReport
from core.tagging.vectors import Cancelled

if TYPE_CHECKING:
    from core.library import Library
    from core.search.exact import ExactIndex
    from core.tagging.scoring import Scorer

LINE = 0.4
"""Suggested is what is at least so likely. The figures behind it are in docs/tagging.md."""
_BLOCK = 2048
"""Photos that are judged, and written, together."""
_DIGITS = 4
"""A probability is kept to so many: what a re-run gives again is not written again."""
_LOOK_AT = 10
"""A preview judges so many times the photos that it shows."""

Ids = NDArray[np.int64]


@dataclass(slots=True)
class _Counts:
    suggested: int = 0
    accepted: int = 0
    withdrawn: Counter[str] = field(default_factory=Counter)


class Suggester:
    """What suggests labels in one library. Its methods may be called from any thread.

    All of them use the model that answers, raise `CallError` for a list that cannot be used, and `ModelError` or
    `WorkerError` where sentences cannot be encoded.
    """

    line = LINE
    """The probability from which a label is suggested."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._judges = Judges(library)

    def run(
        self,
        labels: LabelList,
        photos: Sequence[int] | None = None,
        folder: Path | None = None,
        accept_above: float | None = None,
        dry_run: bool = False,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Generator[TagProgress, None, None]:
        """Suggest from a list for all photos, for those with these ids, or for those in a folder and below it.

        Writes by blocks, and may be closed or cancelled between two: what is written stays. With ``accept_above`` (0 to
        1) what is so likely is accepted by the program, as one step that can be undone. A dry run writes nothing, and
        has in each progress what it found. Raises `CallError` also for a folder in no root.
        """
        if accept_above is not None and not 0 < accept_above <= 1:
            raise CallError("Accept above a probability over 0 and up to 1, such as 0.95.")
        if not labels.labels:
            raise CallError(f"The list “{labels.name}” has no label in it.")
        started = time.perf_counter()
        try:
            yield from self._run(labels, photos, folder, accept_above, dry_run, cancelled, started)
        except Cancelled:
            yield TagProgress(0, 0, TagReport(seconds=time.perf_counter() - started))

    def _run(
        self,
        labels: LabelList,
        photos: Sequence[int] | None,
        folder: Path | None,
        accept_above: float | None,
        dry_run: bool,
        cancelled: Callable[[], bool],
        started: float,
    ) -> Generator[TagProgress, None, None]:
        targets, contents = self._targets(photos, folder)
        learning = self._judges.learn(labels, cancelled)
        while True:
            try:
                done, total = next(learning)
            except StopIteration as end:
                judge: Judge = end.value
                break
            yield TagProgress(done, total, TagReport(seconds=time.perf_counter() - started), learning=True)
        known = judge.exact.ids
        there = np.isin(contents, known)
        report = TagReport(unencoded=int((~there).sum()))
        targets, contents = targets[there], contents[there]
        ids = self._ids(labels, dry_run)
        named = None if photos is None and folder is None else targets.tolist()
        writing = _Writing(self._library, labels, ids, accept_above, dry_run, named)
        order = np.argsort(contents, kind="stable")
        targets, contents = targets[order], contents[order]
        done, total = 0, len(targets)
        for block in _blocks(contents):
            if cancelled():
                break
            found = _judge(judge.scorer, judge.exact, targets[block], contents[block], min(LINE, accept_above or 1.0))
            shown = writing.take(targets[block], *found)
            done = block.stop
            report = writing.report(report, done, started)
            yield TagProgress(done, total, report, shown)
        if not total:
            yield TagProgress(0, 0, replace(report, seconds=time.perf_counter() - started))

    def preview(self, label: Label, labels: LabelList, top: int = 60) -> tuple[Suggestion, ...]:
        """The photos that a label of a list would get, the surest first, ``top`` at the most; those below `line` would
        not be suggested. Photos that it was rejected on are left out. The label need not be in the list yet."""
        judge = self._judges.of_one(label, labels)
        known = self._known_id(label.name)
        with self._library.catalog.read() as db:
            out = np.empty(0, np.int64) if known is None else suggestions.rejected(db, known)
        ids, alone = judge.scorer.order(judge.exact, 0)
        kept = ~np.isin(ids, out)
        ids, alone = ids[kept], alone[kept]
        few = max(_LOOK_AT * top, 500)
        if len(ids) > few:
            ids = ids[np.argpartition(-alone, few)[:few]]
        ids, vectors = judge.exact.vectors(ids)
        sure = judge.scorer.probabilities(vectors)[:, 0]
        best = np.argsort(-sure, kind="stable")[:top]
        return self._with_photos(label.name, ids[best], sure[best])[:top]

    def probabilities(self, label: int | Label, labels: LabelList, photo_ids: Sequence[int]) -> NDArray[np.float64]:
        """How likely a label of a list (itself, or its id) is on each photo: float64[n], 0 to 1, what was learned from
        decisions with it; NaN for a photo without an embedding. Raises `CallError` for an id that is no label."""
        judge = self._judges.of_one(self._label(label, labels), labels)
        with self._library.catalog.read() as db:
            photos, contents = suggestions.targets(db, photo_ids)
        ids, vectors = judge.exact.vectors(np.unique(contents))
        sure = judge.scorer.probabilities(vectors)[:, 0]
        by_content = dict(zip(ids.tolist(), sure.tolist(), strict=True))
        content_of = dict(zip(photos.tolist(), contents.tolist(), strict=True))
        return np.array([by_content.get(content_of.get(int(id), -1), np.nan) for id in photo_ids], np.float64)

    def classify(self, photos: Sequence[Path], labels: LabelList) -> list[Classified]:
        """How likely each label is on photos, which need not be in the library, in their order; a photo that cannot be
        read has a reason instead."""
        judge = self._judges.of(labels)
        names = [label.name for label in labels.labels]
        found = []
        for path in photos:
            try:
                vector = judge.sample(path)
            except PhotoError as error:
                found.append(Classified(path, (), error.reason))
                continue
            sure = judge.scorer.probabilities(vector[None])[0].tolist()
            order = sorted(range(len(names)), key=lambda place: -sure[place])
            found.append(Classified(path, tuple((names[place], sure[place]) for place in order)))
        return found

    def refresh(self, label_id: int | None = None) -> None:
        """Learn anew with the next call. Decisions that were committed are noticed by themselves."""
        self._judges.forget()

    # What the catalogue knows

    def _targets(self, photos: Sequence[int] | None, folder: Path | None) -> tuple[Ids, Ids]:
        from core import membership

        place = None if folder is None else membership.locate(self._library.catalog, folder)
        with self._library.catalog.read() as db:
            return suggestions.targets(db, photos, place)

    def _ids(self, labels: LabelList, dry_run: bool) -> list[int | None]:
        names = [label.name for label in labels.labels]
        with self._library.catalog.read() as db:
            ids = suggestions.label_ids(db, names)
        if dry_run or None not in ids:
            return ids
        missing = [name for name, id in zip(names, ids, strict=True) if id is None]
        made = self._library.catalog.write(lambda db: {name: tags.label_id(db, name) for name in missing})
        return [made[name] if id is None else id for name, id in zip(names, ids, strict=True)]

    def _known_id(self, name: str) -> int | None:
        with self._library.catalog.read() as db:
            return suggestions.label_ids(db, [name])[0]

    def _label(self, label: int | Label, labels: LabelList) -> Label:
        if isinstance(label, Label):
            return label
        with self._library.catalog.read() as db:
            row = db.execute("SELECT name FROM label WHERE id = ?", [label]).fetchone()
        if row is None:
            raise CallError(f"There is no label with the number {label}.")
        name = fold(str(row["name"]))
        return next((one for one in labels.labels if fold(one.name) == name), Label(str(row["name"])))

    def _with_photos(self, label: str, contents: Ids, sure: NDArray[np.float64]) -> tuple[Suggestion, ...]:
        from core.catalog import photos

        with self._library.catalog.read() as db:
            named = photos.by_content(db, contents.tolist())
        return tuple(
            Suggestion(photo.id, label, score)
            for content, score in zip(contents.tolist(), sure.tolist(), strict=True)
            for photo in named.get(content, ())
        )


class _Writing:
    """What a run does to the tags of one list: by blocks of photos, each in a transaction of its own."""

    def __init__(
        self,
        library: Library,
        labels: LabelList,
        ids: Sequence[int | None],
        accept_above: float | None,
        dry_run: bool,
        photos: Sequence[int] | None,
    ) -> None:
        """``photos``: those that the run is for; None: all."""
        self._library = library
        self._labels = labels
        self._ids = ids
        self._above = accept_above
        self._dry = dry_run
        self._counts = _Counts()
        self._accepting = Accepting(library, labels.name, labels.id, accept_above)
        exclusive = {fold(name) for name in labels.exclusive}
        groups = [fold(label.group) if label.group else "" for label in labels.labels]
        numbers = {name: number for number, name in enumerate(sorted(exclusive))}
        self._groups = np.array([numbers.get(name, -1) for name in groups], np.int64)
        with library.catalog.read() as db:
            self._marked = suggestions.marked(db, ids, labels.id, photos)

    def take(self, photos: Ids, targets: Ids, places: Ids, sure: NDArray[np.float64]) -> tuple[Suggestion, ...]:
        """Write what was found for a block of photos: pairs of a photo and a label, and how sure they are.

        Gives back what a dry run would write."""
        mine = np.isin(self._marked.photos, photos)
        old = _key(self._marked.photos[mine], self._marked.places[mine])
        waiting, accepted = self._marked.waiting[mine], self._marked.accepted[mine]
        own, others = self._marked.own[mine], self._marked.others[mine]
        keys = _key(targets, places)
        kept = ~np.isin(keys, old[~waiting]) & self._free(targets, places, old[accepted])
        targets, places, sure, keys = targets[kept], places[kept], np.round(sure[kept], _DIGITS), keys[kept]
        above = sure >= (2.0 if self._above is None else self._above)
        above &= self._surest(targets, places, sure)
        kept = above | ((sure >= LINE) & self._free(targets, places, keys[above]))
        targets, places, sure, keys, above = targets[kept], places[kept], sure[kept], keys[kept], above[kept]
        no_more = waiting & ~np.isin(old, keys)
        gone = no_more & (others < 0)
        pairs = list(zip(targets.tolist(), places.tolist(), sure.tolist(), keys.tolist(), above.tolist(), strict=True))
        self._counts.suggested += int((~above).sum())
        self._counts.accepted += int(above.sum())
        self._counts.withdrawn.update(self._labels.labels[place].name for place in _unkey(old[gone])[1])
        if self._dry:
            names = self._labels.labels
            return tuple(
                Suggestion(photo, names[place].name, score, State.ACCEPTED if yes else State.SUGGESTED)
                for photo, place, score, _, yes in pairs
            )
        is_kept = self._labels.id is not None
        before = _by_key(old[waiting], self._marked.scores[mine][waiting], own[waiting], others[waiting])
        new, given = list[Pair](), list[Pair]()
        for photo, place, score, key, yes in pairs:
            shown, was, theirs = before.get(key, _NONE)
            best = max(score, theirs)
            if not yes and best != shown:
                new.append((photo, self._id(place), best))
            if not yes and is_kept and score != was:
                given.append((photo, self._id(place), score))
        for photo, place, key in zip(*_unkey(old[no_more & ~gone]), old[no_more & ~gone].tolist(), strict=True):
            shown, _, theirs = before[key]
            if shown != theirs:
                new.append((photo, self._id(place), theirs))
        self._accepting.write(
            new,
            [(photo, self._id(place), score) for photo, place, score, _, yes in pairs if yes],
            self._pairs(old[gone]),
            given,
            self._pairs(old[no_more & (own >= 0)]),
        )
        return ()

    def _pairs(self, keys: Ids) -> list[tuple[int, int]]:
        return [(photo, self._id(place)) for photo, place in zip(*_unkey(keys), strict=True)]

    def report(self, report: TagReport, done: int, started: float) -> TagReport:
        """The counts so far."""
        return replace(
            report,
            photos=done,
            suggested=self._counts.suggested,
            accepted=self._counts.accepted,
            withdrawn=self._counts.withdrawn.total(),
            withdrawn_of=tuple(sorted(self._counts.withdrawn.items(), key=lambda one: (-one[1], one[0]))),
            seconds=time.perf_counter() - started,
        )

    def _id(self, place: int) -> int:
        id = self._ids[place]
        assert id is not None  # only a dry run leaves labels without a row
        return id

    def _free(self, photos: Ids, places: Ids, accepted: Ids) -> NDArray[np.bool_]:
        """Whether no other label of the same exclusive group is accepted on the photo."""
        if not len(accepted) or not (self._groups >= 0).any():
            return np.ones(len(photos), np.bool_)
        photo, place = (np.array(part, np.int64) for part in _unkey(accepted))
        taken = _key(photo, self._groups[place])[self._groups[place] >= 0]
        mine = self._groups[places]
        return (mine < 0) | ~np.isin(_key(photos, np.maximum(mine, 0)), taken)

    def _surest(self, photos: Ids, places: Ids, sure: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Whether a pair is the surest of its photo in its exclusive group, or is in none."""
        mine = self._groups[places]
        first = np.ones(len(photos), np.bool_)
        bound = np.flatnonzero(mine >= 0)
        order = bound[np.lexsort((-sure[bound], mine[bound], photos[bound]))]
        if len(order) > 1:
            same = (photos[order][1:] == photos[order][:-1]) & (mine[order][1:] == mine[order][:-1])
            first[order[1:][same]] = False
        return first


_LABELS = 1 << 20
"""More labels than any list has."""


_NONE = (-1.0, -1.0, -1.0)
"""Shown, given by this list, given by others: of a tag that is not there."""


def _by_key(keys: Ids, *scores: NDArray[np.float64]) -> dict[int, tuple[float, ...]]:
    return dict(zip(keys.tolist(), zip(*(column.tolist() for column in scores), strict=True), strict=True))


def _key(photos: Ids, places: Ids) -> Ids:
    return photos * _LABELS + places


def _unkey(keys: Ids) -> tuple[list[int], list[int]]:
    return (keys // _LABELS).tolist(), (keys % _LABELS).tolist()


def _blocks(contents: Ids) -> Iterator[slice]:
    """Pieces of photos that are sorted by content, copies together."""
    start = 0
    while start < len(contents):
        stop = min(start + _BLOCK, len(contents))
        while stop < len(contents) and contents[stop] == contents[stop - 1]:
            stop += 1
        yield slice(start, stop)
        start = stop


def _judge(
    scorer: Scorer, exact: ExactIndex, photos: Ids, contents: Ids, line: float
) -> tuple[Ids, Ids, NDArray[np.float64]]:
    """Pairs of photos and places of labels that are at least so likely, and how likely they are."""
    known, vectors = exact.vectors(np.unique(contents))
    order = np.argsort(known)
    known, vectors = known[order], vectors[order]
    rows, places, sure = scorer.likely(vectors, line)
    # From contents to photos: copies get the same.
    first = np.searchsorted(contents, known[rows], "left")
    several = np.searchsorted(contents, known[rows], "right") - first
    pairs = np.repeat(np.arange(len(rows)), several)
    inner = np.arange(len(pairs)) - np.repeat(np.cumsum(several) - several, several)
    return photos[first[pairs] + inner], places[pairs], sure[pairs]
