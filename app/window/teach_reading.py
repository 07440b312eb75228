"""What the page "Teach" asks of the library; runs in worker threads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from app.window.grid_layout import Section
from app.window.laid import Ids, Laid
from core.adapters.learnable import Learnables, learnable
from core.adapters.names import key_of
from core.errors import ModelError, TrainingError
from core.search.grammar import Word, parse
from core.types import Hit, SearchResult

if TYPE_CHECKING:
    from core.catalog.adapters import StoredAdapter
    from core.library import Library

FIRST = 12
"""Photos that are shown of each kind and each side."""
_TOP = 300


@dataclass(frozen=True, slots=True)
class Learned:
    """How a run saw a name: ``why`` it was not learned, in words (empty where it was), and the share of its held-out
    photos among the first ten, 0 to 1, before and after (None where it was not even tried). ``said``: how well it is
    told from others."""

    name: str
    photos: int
    why: str = ""
    before: float | None = None
    after: float | None = None
    said: str = ""


@dataclass(frozen=True, slots=True)
class Lesson:
    """A run that came to its end, and what became of its adapter: None where there is none (any more)."""

    run: str
    made: str
    """UTC, ISO 8601."""
    installed: bool
    why: str
    before: Mapping[str, float | None]
    after: Mapping[str, float | None]
    names: Mapping[str, Learned]
    """By the key that names are looked up with."""
    tried: Sequence[Mapping[str, float]] = ()
    chosen: Mapping[str, float] = field(default_factory=dict)
    adapter: StoredAdapter | None = None
    fits: bool = True
    """Whether its adapter belongs to the model that answers."""

    @property
    def is_on(self) -> bool:
        """Whether searches know its names now."""
        return self.adapter is not None and self.adapter.active and self.fits

    @property
    def learned(self) -> int:
        """How many names it learned."""
        return sum(not one.why for one in self.names.values())


@dataclass(frozen=True, slots=True)
class Overview:
    """What there is to learn, and what was learned: the newest run first. ``fault``: why the runs cannot be told."""

    learnable: Learnables
    lessons: tuple[Lesson, ...]
    can_change: bool
    fault: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """The first photos that a name finds without an adapter and with one, as they are to be shown."""

    name: str
    run: str
    before: Laid
    after: Laid


def look(library: Library) -> Overview:
    """All that the page shows at first."""
    fault, lessons = "", ()
    try:
        lessons = tuple(reversed(_lessons(library)))
    except TrainingError as error:
        fault = str(error)
    return Overview(learnable(library.catalog), lessons, not library.read_only, fault)


def _lessons(library: Library) -> list[Lesson]:
    try:
        answers = library.answering.model_id
    except ModelError:
        answers = ""
    known = {one.name: one for one in library.adapters.all()}
    found = []
    for run in library.runs.all():
        if run.kind != "adapter":
            continue
        details, adapter = library.runs.details(run.name), known.get(run.name)
        result = details.get("result", {})
        found.append(
            Lesson(
                run.name,
                run.made,
                run.installed,
                run.why,
                run.before,
                run.after,
                names_of(result),
                tuple(library.runs.curves(run.name)),
                result.get("chosen") or {},
                adapter,
                adapter is None or adapter.model == answers,
            )
        )
    told = {lesson.run for lesson in found}
    # Of a run whose folder was removed, what it learned stays.
    found += [_alone(library, one, answers) for one in known.values() if one.name not in told]
    return sorted(found, key=lambda lesson: lesson.made)


def _alone(library: Library, adapter: StoredAdapter, answers: str) -> Lesson:
    names = {one.key: Learned(one.name, one.photos) for one in library.adapters.names(adapter)}
    fits = adapter.model == answers
    return Lesson(adapter.name, adapter.added, True, "", {}, {}, names, adapter=adapter, fits=fits)


def names_of(result: Mapping[str, Any]) -> dict[str, Learned]:
    """What a run's result says of each name, by its key."""
    learned = [
        Learned(
            str(one["name"]),
            int(one["photos"]),
            before=one.get("recall_at_10_before"),
            after=one.get("recall_at_10"),
            said=str(one.get("said", "")),
        )
        for one in result.get("names", ())
    ]
    left = [Learned(str(one["name"]), int(one["photos"]), str(one["why"])) for one in result.get("left_out", ())]
    return {key_of(one.name): one for one in (*left, *learned)}


def compare(library: Library, name: str, photos: Sequence[int], others: Sequence[int], run: str) -> Compared:
    """Search for a name twice, without any adapter and with that of a run. ``photos`` are those that have the name in a
    caption or a tag: they are found by these words alone, so that the rest comes first. ``others`` have another name
    that was learned: somebody did name them, and they are not shown."""
    query = query_of(name)
    named, elsewhere = np.array(photos, np.int64), np.setdiff1d(others, photos).astype(np.int64)
    before = library.search_as(query, None, _TOP, worker=True)
    after = library.search_as(query, run, _TOP, worker=True)
    return Compared(name, run, _laid(before, named, elsewhere), _laid(after, named, elsewhere))


def query_of(name: str) -> str:
    """What is searched for by a name: in quotation marks, where the grammar would take it for something else."""
    plain = all(isinstance(term, Word) for term in parse(name).terms)
    return name if plain else '"{}"'.format(name.replace('"', " "))


def _laid(result: SearchResult, named: Ids, elsewhere: Ids) -> Laid:
    """Photos that nobody named, good matches and less sure ones, and behind them those that have the name."""
    known, other = set(named.tolist()), set(elsewhere.tolist())
    new = [hit for hit in result.hits if hit.photo_id not in known | other]
    old = [hit for hit in result.hits if hit.photo_id in known]
    sure = sum(hit.strong for hit in new)
    first, second = new[:FIRST], old[:FIRST]
    clear = sum(hit.strong for hit in first)
    note = f"{sure:,} good {'match' if sure == 1 else 'matches'}" if sure else "no good match"
    sections = [Section(0, clear or len(first), "Nobody named these", note)]
    if 0 < clear < len(first):
        sections.append(Section(clear, len(first) - clear, "Less sure"))
    sections.append(Section(len(first), len(second), "Named already", f"{len(old):,}", ruled=True))
    shown: list[Hit] = [*first, *second]
    return Laid(np.array([hit.photo_id for hit in shown], np.int64), shown, tuple(sections))
