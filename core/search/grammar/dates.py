"""Times in words: ``last summer``, ``july 2019``, ``weekends``, ``3 years ago``, ``june to august``.

Such words are kept as they were written, and resolved against the day on which they are asked. Whether they mean a time
at all does not depend on that day. "Last" is what ended before today; a "last 3 months" ends with today.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from types import MappingProxyType

from core.search.grammar.yearly import DaySpan, When, Yearly, days_between, named

__all__ = ["DaySpan", "When", "is_date", "resolve"]

_LONGEST = 100
"""Characters. No time takes more to say."""

_MOST_BACK = 500
"""How many days, weeks, months or years ago words may lie."""

_YEARS = range(1000, 3000)

_ISO = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_DECADE = re.compile(r"([12][0-9])?([0-9])0s")
_JOINT = re.compile(r"(?<=[a-z])[-_](?=[a-z0-9])|(?<=[0-9])[-_](?=[a-z])")
_APOSTROPHE = re.compile(r"(?<=[a-z0-9])['’](?=s\b)|(?<=s)['’](?=\s)")
_BETWEEN = re.compile(r"\s*\.\.\s*|\s+(?:to|until|till)\s+")
_FILLERS = frozenset(("in", "the", "of", "on", "at", "during", "from", "a", "an"))
_LAST = ("last", "previous")
_DAY_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NUMBERS: Mapping[str, int] = MappingProxyType(
    {
        word: place
        for place, word in enumerate(
            ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"), 1
        )
    }
)
WEEKDAYS: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {
        **{name + end: (place,) for place, name in enumerate(_DAY_NAMES) for end in ("", "s")},
        **dict.fromkeys(("weekend", "weekends"), (5, 6)),
        **dict.fromkeys(("weekday", "weekdays"), (0, 1, 2, 3, 4)),
    }
)
"""Each name of days of the week, and which they are: Monday is 0."""


def is_date(value: str) -> bool:
    """Whether this is a year, a month or a day that the calendar has: ``2019``, ``2019-07``, ``2019-07-04``."""
    return _iso(value) is not None


def resolve(words: str, today: date, southern: bool = False) -> When | None:
    """The days that words mean, asked on ``today``; None for words that mean no time.

    ``southern`` turns the seasons round. A month, a feast or a season without a year means any year's.
    """
    if len(words) > _LONGEST:
        return None
    text = _JOINT.sub(" ", _APOSTROPHE.sub("", words.casefold())).strip()
    if text.startswith("between "):
        text = text.removeprefix("between ").replace(" and ", " to ", 1)
    sides = _BETWEEN.split(text, maxsplit=1)
    if len(sides) == 2:
        return _between(_words(sides[0]), _words(sides[1]), today, southern)
    return _one(_words(text), today, southern)


def _words(text: str) -> list[str]:
    return [word for word in text.split() if word not in _FILLERS]


def _one(words: Sequence[str], today: date, southern: bool) -> When | None:
    """A time that is no span between two: ``sundays last summer``."""
    if not words:
        return None
    if len(words) == 2 and words[0] in (*_LAST, "this") and words[1] in WEEKDAYS:
        return _in_week(WEEKDAYS[words[1]], today, before=words[0] != "this")
    for place, rest in ((0, words[1:]), (-1, words[:-1])):
        if words[place] in WEEKDAYS:
            around = _plain(rest, today, southern) if rest else When()
            return None if around is None else replace(around, weekdays=WEEKDAYS[words[place]])
    return _plain(words, today, southern)


def _plain(words: Sequence[str], today: date, southern: bool) -> When | None:
    """A time without days of the week in it."""
    span = _day(words, today) or _back(words, today) or _calendar(words)
    if span is not None:
        return When(spans=(span,))
    year = int(words[-1]) if _is_year(words[-1]) else int(words[0]) if _is_year(words[0]) else None
    if year is not None:
        yearly = named(words[:-1] if _is_year(words[-1]) else words[1:], southern)
        span = yearly.in_year(year) if yearly else None
        return None if span is None else When(spans=(span,))
    if words[0] in (*_LAST, "this"):
        yearly = named(words[1:], southern)
        return None if yearly is None else When(spans=(_this_or_last(yearly, today, words[0] == "this"),))
    yearly = named(words, southern)
    return None if yearly is None else yearly.ever(today)


def _this_or_last(yearly: Yearly, today: date, this: bool) -> DaySpan:
    spans = list(yearly.near(today.year, -1))
    if this:
        in_it = [span for span in spans if span.first <= today <= span.last]
        return next(iter(in_it), None) or next(span for span in spans if span.first.year <= today.year)
    return next(span for span in spans if span.last < today)


def _in_week(weekdays: tuple[int, ...], today: date, before: bool) -> When:
    """Those days of this week, or, ``before``, the last of them that are over."""
    monday = today - timedelta(days=today.weekday())
    if before and monday + timedelta(days=weekdays[-1]) >= today:
        monday -= timedelta(days=7)
    return When(spans=(DaySpan(monday + timedelta(days=weekdays[0]), monday + timedelta(days=weekdays[-1])),))


def _day(words: Sequence[str], today: date) -> DaySpan | None:
    ago = {"today": 0, "yesterday": 1, "day before yesterday": 2}.get(" ".join(words))
    if ago is None:
        return None
    day = today - timedelta(days=ago)
    return DaySpan(day, day)


def _back(words: Sequence[str], today: date) -> DaySpan | None:
    """So many days, weeks, months or years ago, or the last so many."""
    ago = words[-1] == "ago"
    counted = words[:-1] if ago else words[1:]
    if not counted or len(counted) > 2 or not (ago or words[0] in (*_LAST, "past", "this")):
        return None
    unit = counted[-1].removesuffix("s")
    count = _count(counted[0]) if len(counted) == 2 else 1
    if unit not in ("day", "week", "month", "year") or count is None:
        return None
    if ago:
        return _whole(unit, _shifted(today, unit, count))
    if len(counted) == 2 or words[0] == "past":
        return None if words[0] == "this" else DaySpan(_shifted(today, unit, count) + timedelta(days=1), today)
    return _whole(unit, today if words[0] == "this" else _shifted(today, unit, 1))


def _count(word: str) -> int | None:
    if word.isascii() and word.isdigit() and len(word) <= 3 and 1 <= int(word) <= _MOST_BACK:
        return int(word)
    return _NUMBERS.get(word)


def _shifted(day: date, unit: str, count: int) -> date:
    """So much earlier; the last of a month where that month has no such day."""
    if unit in ("day", "week"):
        return day - timedelta(days=count * (7 if unit == "week" else 1))
    months = day.year * 12 + day.month - 1 - count * (12 if unit == "year" else 1)
    year, month = divmod(months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _whole(unit: str, day: date) -> DaySpan:
    """The week (from Monday), month or year that a day lies in."""
    if unit == "day":
        return DaySpan(day, day)
    if unit == "week":
        monday = day - timedelta(days=day.weekday())
        return DaySpan(monday, monday + timedelta(days=6))
    first, last = (day.month, day.month) if unit == "month" else (1, 12)
    return DaySpan(date(day.year, first, 1), date(day.year, last, calendar.monthrange(day.year, last)[1]))


def _calendar(words: Sequence[str]) -> DaySpan | None:
    """A date in digits (a year, a month, a day), or a decade: ``1990s``, ``90s``."""
    if len(words) != 1:
        return None
    decade = _DECADE.fullmatch(words[0])
    if decade is not None:
        century = int(decade[1]) if decade[1] else 19 if decade[2] >= "3" else 20
        first = century * 100 + int(decade[2]) * 10
        return DaySpan(date(first, 1, 1), date(first + 9, 12, 31))
    return _iso(words[0])


def _iso(word: str) -> DaySpan | None:
    found = _ISO.fullmatch(word)
    if found is None:
        return None
    year, month, day = int(found[1]), int(found[2] or 1), int(found[3] or 1)
    if not (year >= 1 and 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]):
        return None
    one = date(year, month, day)
    return _whole("day" if found[3] else "month" if found[2] else "year", one)


def _is_year(word: str) -> bool:
    return len(word) == 4 and word.isascii() and word.isdigit() and int(word) in _YEARS


def _between(left: Sequence[str], right: Sequence[str], today: date, southern: bool) -> When | None:
    """From the first day of one time to the last of another; an empty side is open."""
    first, last = _one(left, today, southern), _one(right, today, southern)
    if (first is None and left) or (last is None and right) or not (left or right):
        return None
    if (first and first.weekdays) or (last and last.weekdays):
        return None
    every_first, every_last = named(left, southern), named(right, southern)
    if first and last and every_first and every_last:
        return _any_year(first, last)
    start, end = _only(first), _only(last)
    if every_first and end and end.last.year in _YEARS:
        start = next(span for span in every_first.near(end.last.year, -1) if span.first <= end.last)
    if every_last and start and start.first.year in _YEARS:
        end = next(span for span in every_last.near(start.first.year, 1) if span.last >= start.first)
    if (start is None and left) or (end is None and right):
        return None
    if start and end and end.last < start.first:
        start, end = end, start
    return When(spans=(DaySpan(start.first if start else date.min, end.last if end else date.max),))


def _only(when: When | None) -> DaySpan | None:
    return when.spans[0] if when is not None and len(when.spans) == 1 else None


def _any_year(first: When, last: When) -> When | None:
    """From one thing that comes every year to another: ``june to august``, ``24 december to 6 january``."""
    if first.months and last.months:
        count = (last.months[-1] - first.months[0]) % 12 + 1
        return When(months=tuple((first.months[0] + step - 1) % 12 + 1 for step in range(count)))
    if first.spans or last.spans:
        return None
    start = first.days[0] if first.days else (first.months[0], 1)
    end = last.days[-1] if last.days else (last.months[-1], calendar.monthrange(2000, last.months[-1])[1])
    return When(days=days_between(start, end))
