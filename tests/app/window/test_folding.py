"""What is laid out of an answer: every photo once where all is open, one of each burst where none is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QLocale

from app.window.folding import Folding
from app.window.grid_layout import Section
from app.window.grouping import Groups, by_date, parted
from app.window.searching import Asked, Found
from app.window.stacking import Stacks
from core.types import Hit


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Dates as they are written in Britain, whatever the machine's own way is."""
    QLocale.setDefault(QLocale(QLocale.Language.English, QLocale.Country.UnitedKingdom))
    yield
    QLocale.setDefault(QLocale.system())


def days(*written: str) -> np.ndarray:
    return np.array([(date.fromisoformat(day) - date(1970, 1, 1)).days for day in written], np.int64)


def titles(sections: tuple[Section, ...]) -> list[tuple[str, int, int]]:
    return [(section.title, section.start, section.count) for section in sections]


def test_months_have_headings() -> None:
    found = by_date(days("2019-07-06", "2019-07-01", "2018-12-31", "1969-12-31"))
    assert titles(found) == [("July 2019", 0, 2), ("December 2018", 2, 1), ("December 1969", 3, 1)]
    assert found[0].note == "2 photos"


def test_days_have_headings_where_there_are_many() -> None:
    many = ["2019-07-06"] * 40 + ["2019-07-05", "2019-07-04"] + ["2019-07-03"] * 30 + ["2019-07-01"]
    found = by_date(days(*many, "2019-06-30"))
    assert titles(found) == [
        ("Saturday, 6 July 2019", 0, 40),
        ("July 2019, 4 to 5", 40, 2),
        ("Wednesday, 3 July 2019", 42, 30),
        ("Monday, 1 July 2019", 72, 1),
        ("June 2019", 73, 1),
    ]


def test_a_month_of_quiet_days_is_one() -> None:
    found = by_date(days(*[f"2019-07-{day:02}" for day in range(1, 31) for _ in range(3)]))
    assert titles(found) == [("July 2019", 0, 90)]


def test_years_are_enough_for_few_photos() -> None:
    found = by_date(
        np.append(days(*[f"{year}-{month:02}-01" for year in (2020, 2019) for month in range(9, 0, -1)]), -(1 << 62))
    )
    assert titles(found) == [("2020", 0, 9), ("2019", 9, 9), ("No date", 18, 1)]


def test_no_photos_have_no_headings() -> None:
    assert by_date(days()) == ()


@st.composite
def answers(draw: st.DrawFn) -> Found:
    """An answer of hits with bursts, above and below the line, and headings over the strong ones."""
    strong, weak = draw(st.integers(0, 12)), draw(st.integers(0, 12))
    labels = draw(st.lists(st.integers(0, 4), min_size=strong + weak, max_size=strong + weak))
    first: dict[int, int] = {}
    leads = [first.setdefault(label, place) if label else place for place, label in enumerate(labels)]
    cut = draw(st.integers(0, strong))
    runs = (Section(0, cut, "one"), Section(cut, strong - cut, "other")) if strong else ()
    hits = tuple(
        Hit(100 + place, place, b"", Path(f"{place}.jpg"), 0.5, 0.9 if place < strong else 0.1, place < strong)
        for place in range(strong + weak)
    )
    ids = np.arange(100, 100 + strong + weak)
    stacks = Stacks.of(parted(np.array(leads, np.int64), strong), runs)
    groups = Groups(runs, stacks if draw(st.booleans()) else None)
    return Found(Asked("dog"), ids, hits, 0.0, False, strong + weak, strong, groups)


@settings(deadline=None)
@given(answers(), st.booleans(), st.sets(st.integers(100, 124)))
def test_every_photo_is_shown_once_or_folded_behind_one_that_is(found: Found, weak: bool, opened: set[int]) -> None:
    laid = Folding(weak, opened).lay(found)
    shown = laid.ids.tolist()
    assert len(set(shown)) == len(shown)
    count = len(found.hits) if weak else found.strong
    leads = found.groups.stacks.leads if found.groups.stacks is not None else np.arange(len(found.ids))
    for place in range(count):
        lead = int(found.ids[leads[place]])
        assert lead in shown
        assert (int(found.ids[place]) in shown) == (leads[place] == place or lead in opened)
    assert [hit.photo_id for hit in laid.hits] == shown
    rows = [row for section in laid.sections for row in range(section.start, section.start + section.count)]
    assert rows == list(range(len(shown)))
    strong = {hit.photo_id for hit in found.hits if hit.strong}
    for section in laid.sections:
        here = set(shown[section.start : section.start + section.count])
        assert here <= strong or (section.button and not here & strong)


@settings(deadline=None)
@given(answers())
def test_the_numbers_on_the_bursts_add_up(found: Found) -> None:
    laid = Folding(True).lay(found)
    stacks = [laid.stack(row) for row in range(len(laid.ids))]
    assert sum(stack.count if stack is not None else 1 for stack in stacks) == len(found.hits)
    assert all(stack.first and not stack.opened for stack in stacks if stack is not None)


def test_an_opened_burst_lies_in_one_piece() -> None:
    runs = (Section(0, 3, "a"), Section(3, 2, "b"))
    stacks = Stacks.of(np.array([0, 1, 0, 3, 0]), runs)
    found = Found(Asked(), np.arange(10, 15), (), 0.0, total=5, groups=Groups(runs, stacks))
    folding = Folding()
    assert folding.lay(found).ids.tolist() == [10, 11, 13]
    folding.bursts.add(10)
    laid = folding.lay(found)
    assert laid.ids.tolist() == [10, 12, 14, 11, 13]
    assert [(section.title, section.start, section.count) for section in laid.sections] == [("a", 0, 4), ("b", 4, 1)]
    assert [stack.opened for row in range(3) if (stack := laid.stack(row))] == [True] * 3
    assert laid.stack(3) is None
