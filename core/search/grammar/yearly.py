"""What comes every year and has a name: months, seasons, feasts, and a day of a month."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class DaySpan:
    """Days from ``first`` to ``last``, both included."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class When:
    """What words about a time mean. A day must be in one of each that is not empty; one at least is not.

    ``spans``: stretches of days. ``months``: 1 to 12, of any year. ``days``: (month, day) of any year. ``weekdays``:
    Monday is 0.
    """

    spans: tuple[DaySpan, ...] = ()
    months: tuple[int, ...] = ()
    days: tuple[tuple[int, int], ...] = ()
    weekdays: tuple[int, ...] = ()

    def holds(self, day: date) -> bool:
        """Whether a day is meant."""
        return (
            (not self.spans or any(span.first <= day <= span.last for span in self.spans))
            and (not self.months or day.month in self.months)
            and (not self.days or (day.month, day.day) in self.days)
            and (not self.weekdays or day.weekday() in self.weekdays)
        )


@dataclass(frozen=True, slots=True)
class Yearly:
    """What comes every year.

    ``in_year`` says when, in the year that it is called after (a winter after the year in which it begins); None where
    that year has none, as most have no 29 February. ``ever`` is what is meant where no year is named.
    """

    in_year: Callable[[int], DaySpan | None]
    ever: Callable[[date], When]

    def near(self, year: int, step: int) -> Iterator[DaySpan]:
        """Those around a year, one after the other, forwards or backwards: ten years, enough for a 29 February."""
        for other in range(year - step, year + 9 * step, step):
            if (span := self.in_year(other)) is not None:
                yield span


MONTH_NAMES = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
MONTHS: Mapping[str, int] = MappingProxyType(
    {name[:length]: place for place, name in enumerate(MONTH_NAMES, 1) for length in (3, len(name))} | {"sept": 9}
)
"""Each name of a month, in full and shortened, and its number."""

_SEASONS = MappingProxyType({"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12})
"""The first month of each, in the north: the seasons of those who measure the weather."""

_FEASTS: Mapping[str, tuple[tuple[int, int], tuple[int, int]]] = MappingProxyType(
    {
        **dict.fromkeys(("christmas", "xmas"), ((12, 24), (12, 26))),
        **dict.fromkeys(("christmas eve", "xmas eve"), ((12, 24), (12, 24))),
        **dict.fromkeys(("christmas day", "xmas day"), ((12, 25), (12, 25))),
        "boxing day": ((12, 26), (12, 26)),
        **dict.fromkeys(("new year", "new years"), ((12, 31), (1, 1))),
        **dict.fromkeys(("new year eve", "new years eve"), ((12, 31), (12, 31))),
        **dict.fromkeys(("new year day", "new years day"), ((1, 1), (1, 1))),
        **dict.fromkeys(("valentine", "valentines", "valentine day", "valentines day"), ((2, 14), (2, 14))),
        "halloween": ((10, 31), (10, 31)),
    }
)

_DAY = re.compile(r"([0-9]{1,2})(?:st|nd|rd|th)?")
_FIRST_EASTER = 1950
"""An Easter without a year is any from here on: its days differ from year to year, so each has to be listed."""


def named(words: Sequence[str], southern: bool) -> Yearly | None:
    """What a name means: ``july``, ``summer``, ``new years eve``, ``4 july``, ``july 4th``. None for other words."""
    name = " ".join(words)
    if name in MONTHS:
        return _months((MONTHS[name],))
    if name in _SEASONS:
        start = _SEASONS[name] + (6 if southern else 0)
        return _months(tuple((start + step - 1) % 12 + 1 for step in range(3)))
    if name in _FEASTS:
        return _days(*_FEASTS[name])
    if name == "easter":
        return Yearly(_easter, _any_easter)
    if len(words) == 2:
        month, day = words if words[0] in MONTHS else reversed(words)
        found = _DAY.fullmatch(day)
        if month in MONTHS and found and 1 <= int(found[1]) <= calendar.monthrange(2000, MONTHS[month])[1]:
            return _days(*[(MONTHS[month], int(found[1]))] * 2)
    return None


def _months(months: tuple[int, ...]) -> Yearly:
    def in_year(year: int) -> DaySpan:
        end = year + (months[-1] < months[0])
        return DaySpan(date(year, months[0], 1), date(end, months[-1], calendar.monthrange(end, months[-1])[1]))

    return Yearly(in_year, lambda today: When(months=months))


def _days(first: tuple[int, int], last: tuple[int, int]) -> Yearly:
    def in_year(year: int) -> DaySpan | None:
        if (2, 29) in (first, last) and not calendar.isleap(year):
            return None
        # New Year begins in the year before the one that it is called after.
        return DaySpan(date(year - (last < first), *first), date(year, *last))

    return Yearly(in_year, lambda today: When(days=days_between(first, last)))


def days_between(first: tuple[int, int], last: tuple[int, int]) -> tuple[tuple[int, int], ...]:
    """Each (month, day) from ``first`` to ``last``, round the end of the year where it must; 29 February is one."""
    day, end = date(2000, *first), date(2000 + (last < first), *last)
    count = (end - day).days + 1
    found = [day + timedelta(days=step) for step in range(count)]
    days = [(one.month, one.day) for one in found]
    return tuple(days)


def _easter(year: int) -> DaySpan:
    """Good Friday to Easter Monday, in the Gregorian calendar (the rule of Meeus, Jones and Butcher)."""
    moon, century, rest = year % 19, year // 100, year % 100
    shift = (19 * moon + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    week = (32 + 2 * (century % 4) + 2 * (rest // 4) - shift - rest % 4) % 7
    late = (moon + 11 * shift + 22 * week) // 451
    month, day = divmod(shift + week - 7 * late + 114, 31)
    sunday = date(year, month, day + 1)
    return DaySpan(sunday - timedelta(days=2), sunday + timedelta(days=1))


def _any_easter(today: date) -> When:
    return When(spans=tuple(map(_easter, range(min(_FIRST_EASTER, today.year), today.year + 1))))
