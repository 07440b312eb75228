"""Puts an answer into groups: months, days and folders with headings, bursts as one. Runs in a worker thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QDate, QLocale

from app.window.grid_layout import Section
from app.window.stacking import Stacks
from app.window.words import count_of, short_path
from core.types import Order

if TYPE_CHECKING:
    from core.catalog.moments import Moments
    from core.search.grouping import Grouping

MONTH = 60
"""Photos of a month from which its days have headings of their own."""
DAY = 12
"""Photos of such a day at the least: the days between two of them share a heading."""
MONTHS, SPARSE = 6, 4
"""Where there are more months than ``MONTHS``, with fewer than ``SPARSE`` photos each on average, years are enough."""

Ids = NDArray[np.int64]
_NEVER = -(1 << 40)
"""In place of a month or a year: no date is known."""


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """How an answer falls into groups. Places are those of its photos, in order, before anything is folded.

    ``runs`` are the headings over its strong hits, or over a list: none where the order has no groups. ``stacks`` are
    its bursts; None where there are none, or they are not to be folded.
    """

    runs: tuple[Section, ...] = ()
    stacks: Stacks | None = None


NO_GROUPS = Groups()


def group(grouping: Grouping, ids: Ids, strong: int, order: Order, *, fold: bool) -> Groups:
    """The groups of an answer: its ids, int64[n], of which the first ``strong`` are above the line.

    ``order`` is the one that it is in; `Order.MATCH` has no headings.
    """
    dated, by_folder = order in (Order.DATE, Order.OLDEST), order == Order.FOLDER
    if not len(ids) or not (fold or dated or by_folder):
        return NO_GROUPS
    moments = grouping.moments(ids)
    runs: tuple[Section, ...] = ()
    if dated:
        runs = by_date(moments.first(strong).days)
    elif by_folder:
        runs = _by_folder(moments.first(strong), grouping)
    leads = grouping.bursts(moments) if fold else None
    if leads is None or np.array_equal(leads, np.arange(len(leads))):
        return Groups(runs)
    return Groups(runs, Stacks.of(parted(leads, strong), runs))


def by_date(days: Ids) -> tuple[Section, ...]:
    """Headings over photos that are sorted by date: months, and days where there are many photos.

    ``days`` are int64[n], counted from 1 January 1970 on, far below 0 for photos without a date.
    """
    months = _months(days)
    distinct = len(np.unique(months))
    if distinct > MONTHS and len(days) < SPARSE * distinct:
        keys, counts = _runs(np.where(months == _NEVER, _NEVER, months // 12))
        titles = ["No date" if year == _NEVER else str(1970 + year) for year in keys.tolist()]
        return _sections(0, titles, counts.tolist())
    keys, counts = _runs(months)
    sections: list[Section] = []
    start = 0
    for month, count in zip(keys.tolist(), counts.tolist(), strict=True):
        many = month != _NEVER and count >= MONTH
        titles, sizes = _days_of(days[start : start + count]) if many else ([], [])
        if len(titles) < 2:
            titles, sizes = [_month_title(month)], [count]
        sections.extend(_sections(start, titles, sizes))
        start += count
    return tuple(sections)


def _days_of(days: Ids) -> tuple[list[str], list[int]]:
    """What the headings of one month with many photos say, and over how many photos each stands: one for each day that
    has many, one for the days between."""
    titles: list[str] = []
    sizes: list[int] = []
    quiet: list[int] = []
    for day, count in zip(*(column.tolist() for column in _runs(days)), strict=True):
        if count >= DAY:
            quiet = []
            titles.append(_day_title(day))
            sizes.append(count)
        elif quiet:
            quiet.append(day)
            titles[-1] = _days_title(quiet)
            sizes[-1] += count
        else:
            quiet = [day]
            titles.append(_days_title(quiet))
            sizes.append(count)
    return titles, sizes


def _by_folder(moments: Moments, grouping: Grouping) -> tuple[Section, ...]:
    keys, counts = _runs(moments.folders)
    paths = grouping.folders(np.unique(keys).tolist())
    sections = []
    start = 0
    for folder, count in zip(keys.tolist(), counts.tolist(), strict=True):
        path = paths.get(folder)
        note = count_of(count, "photo")
        if path is None:
            sections.append(Section(start, count, "No longer in the library", note))
        else:
            sections.append(Section(start, count, path.name or str(path), f"{note}  ·  {short_path(path)}"))
        start += count
    return tuple(sections)


def parted(leads: Ids, strong: int) -> Ids:
    """Bursts that lie on both sides of the line are two: what is folded behind it must not take a strong hit along."""
    weak = leads[strong:]
    astray = np.flatnonzero(weak < strong)
    if len(astray):
        _, first, which = np.unique(weak[astray], return_index=True, return_inverse=True)
        leads = leads.copy()
        leads[strong + astray] = strong + astray[first][which]
    return leads


def _sections(start: int, titles: Sequence[str], counts: Sequence[int]) -> tuple[Section, ...]:
    """Sections one after another from a place on."""
    sections = []
    for title, count in zip(titles, counts, strict=True):
        sections.append(Section(start, count, title, count_of(count, "photo")))
        start += count
    return tuple(sections)


def _runs(keys: Ids) -> tuple[Ids, Ids]:
    """Values that follow each other, each once, and how often each stands there."""
    if not len(keys):
        return keys, keys
    starts = np.concatenate(([0], np.flatnonzero(np.diff(keys)) + 1))
    return keys[starts], np.diff(np.concatenate((starts, [len(keys)])))


def _months(days: Ids) -> Ids:
    """int64[n]: months from January 1970 on; `_NEVER` without a date."""
    known = days > _NEVER
    dates = np.where(known, days, 0).astype("datetime64[D]")
    return np.where(known, dates.astype("datetime64[M]").astype(np.int64), _NEVER)


def _month_title(month: int) -> str:
    """``July 2019``, in the system's language, as the days are."""
    if month == _NEVER:
        return "No date"
    name = QLocale().standaloneMonthName(month % 12 + 1)
    return f"{name[:1].upper()}{name[1:]} {1970 + month // 12}"


def _day_title(day: int) -> str:
    """``Saturday, 6 July 2019``, as the system writes it."""
    return QLocale().toString(_date(day), QLocale.FormatType.LongFormat)


def _days_title(days: Sequence[int]) -> str:
    """``July 2019, 1 to 5`` for several days of a month; one day alone as any other."""
    first, last = _date(min(days)), _date(max(days))
    if first == last:
        return _day_title(days[0])
    return f"{_month_title((first.year() - 1970) * 12 + first.month() - 1)}, {first.day()} to {last.day()}"


def _date(day: int) -> QDate:
    return QDate(1970, 1, 1).addDays(day)
