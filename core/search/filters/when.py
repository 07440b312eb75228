"""``date:``: spans of days, and times in words.

``photo.taken`` is ISO 8601 in local time, so strings compare as times do. A photo without a date is in no span.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from core.catalog.batches import marks
from core.search.filters.condition import NOTHING, Clause, joined
from core.search.grammar import TakenIn
from core.search.grammar.dates import DaySpan, When, resolve

_MANY = 5
_MOST_DAYS = 1000

_AFTER = "~"
"""Sorts after all that may follow a date in ISO 8601."""


def taken_in(term: TakenIn) -> Clause:
    """From a year, month or day to another, both included."""
    return _span(term.first, term.last)


def taken_when(words: str, today: date, southern: bool) -> Clause:
    """The days that words mean, asked on ``today``. Words that mean no time hold no photo."""
    when = resolve(words, today, southern)
    return NOTHING if when is None else _when(when)


def _when(when: When) -> Clause:
    clauses = []
    if when.spans:
        clauses.append(_one_of(when.spans))
    if when.months:
        clauses.append(_month_days([(month * 100, month * 100 + 99) for month in when.months]))
    if when.days:
        clauses.append(_month_days([(month * 100 + day,) * 2 for month, day in when.days]))
    if when.weekdays:
        clauses.append(Clause(f"p.weekday IN ({marks(len(when.weekdays))})", tuple(day + 1 for day in when.weekdays)))
    return joined("AND", clauses) if clauses else NOTHING


def _month_days(stretches: Sequence[tuple[int, int]]) -> Clause:
    """In one of several stretches of a year: those that follow each other are one, which takes two comparisons."""
    whole: list[tuple[int, int]] = []
    for first, last in sorted(stretches):
        if whole and first in (whole[-1][1] + 1, whole[-1][1]):
            whole[-1] = whole[-1][0], last
        else:
            whole.append((first, last))
    return joined("OR", [Clause("p.month_day BETWEEN ? AND ?", stretch) for stretch in whole])


def _one_of(spans: Sequence[DaySpan]) -> Clause:
    """In one of several spans. A feast that moves has one for each year: its days are listed, and looked for in the
    part of the year that they all lie in alone."""
    days = [span.first + timedelta(days=day) for span in spans for day in range(min(_days(span), _MOST_DAYS + 1))]
    if len(spans) < _MANY or len(days) > _MOST_DAYS:
        return joined("OR", [_span(span.first.isoformat(), span.last.isoformat()) for span in spans])
    season = [day.month * 100 + day.day for day in days]
    return Clause(
        f"p.month_day BETWEEN ? AND ? AND substr(p.taken, 1, 10) IN ({marks(len(days))})",
        (min(season), max(season), *(day.isoformat() for day in days)),
    )


def _days(span: DaySpan) -> int:
    return (span.last - span.first).days + 1


def _span(first: str | None, last: str | None) -> Clause:
    parts, params = [], []
    if first is not None:
        parts.append("p.taken >= ?")
        params.append(first)
    if last is not None:
        parts.append("p.taken < ?")
        params.append(last + _AFTER)
    return Clause(" AND ".join(parts), tuple(params))
