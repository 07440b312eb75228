"""Times in words, asked on a Wednesday in July 2024."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.search.grammar.dates import DaySpan, When, resolve

TODAY = date(2024, 7, 17)
assert TODAY.weekday() == 2


def spans(first: str, last: str) -> When:
    return When(spans=(DaySpan(date.fromisoformat(first), date.fromisoformat(last)),))


@pytest.mark.parametrize(
    ("words", "first", "last"),
    [
        ("today", "2024-07-17", "2024-07-17"),
        ("Yesterday", "2024-07-16", "2024-07-16"),
        ("the day before yesterday", "2024-07-15", "2024-07-15"),
        ("this week", "2024-07-15", "2024-07-21"),
        ("last week", "2024-07-08", "2024-07-14"),
        ("previous month", "2024-06-01", "2024-06-30"),
        ("this month", "2024-07-01", "2024-07-31"),
        ("last year", "2023-01-01", "2023-12-31"),
        ("this year", "2024-01-01", "2024-12-31"),
        ("past week", "2024-07-11", "2024-07-17"),
        ("last 7 days", "2024-07-11", "2024-07-17"),
        ("past 3 months", "2024-04-18", "2024-07-17"),
        ("last two years", "2022-07-18", "2024-07-17"),
        ("3 days ago", "2024-07-14", "2024-07-14"),
        ("a week ago", "2024-07-08", "2024-07-14"),
        ("two months ago", "2024-05-01", "2024-05-31"),
        ("5 years ago", "2019-01-01", "2019-12-31"),
        ("last summer", "2023-06-01", "2023-08-31"),
        ("this summer", "2024-06-01", "2024-08-31"),
        ("last winter", "2023-12-01", "2024-02-29"),
        ("last spring", "2024-03-01", "2024-05-31"),
        ("this winter", "2024-12-01", "2025-02-28"),
        ("last july", "2023-07-01", "2023-07-31"),
        ("last june", "2024-06-01", "2024-06-30"),
        ("this may", "2024-05-01", "2024-05-31"),
        ("last christmas", "2023-12-24", "2023-12-26"),
        ("last new year", "2023-12-31", "2024-01-01"),
        ("last easter", "2024-03-29", "2024-04-01"),
        ("last 29 february", "2024-02-29", "2024-02-29"),
        ("last monday", "2024-07-15", "2024-07-15"),
        ("last wednesday", "2024-07-10", "2024-07-10"),
        ("this friday", "2024-07-19", "2024-07-19"),
        ("last weekend", "2024-07-13", "2024-07-14"),
        ("this weekend", "2024-07-20", "2024-07-21"),
        ("summer 2019", "2019-06-01", "2019-08-31"),
        ("the summer of 2019", "2019-06-01", "2019-08-31"),
        ("2019 summer", "2019-06-01", "2019-08-31"),
        ("winter 2019", "2019-12-01", "2020-02-29"),
        ("july 2019", "2019-07-01", "2019-07-31"),
        ("jul-2019", "2019-07-01", "2019-07-31"),
        ("sept 2019", "2019-09-01", "2019-09-30"),
        ("4 july 2019", "2019-07-04", "2019-07-04"),
        ("July 4th 2019", "2019-07-04", "2019-07-04"),
        ("29 february 2020", "2020-02-29", "2020-02-29"),
        ("christmas 2019", "2019-12-24", "2019-12-26"),
        ("new year 2020", "2019-12-31", "2020-01-01"),
        ("new year's eve 2019", "2019-12-31", "2019-12-31"),
        ("valentine’s day 2019", "2019-02-14", "2019-02-14"),
        ("easter 2019", "2019-04-19", "2019-04-22"),
        ("easter 2008", "2008-03-21", "2008-03-24"),
        ("in 2019", "2019-01-01", "2019-12-31"),
        ("1990s", "1990-01-01", "1999-12-31"),
        ("the 90s", "1990-01-01", "1999-12-31"),
        ("the 90's", "1990-01-01", "1999-12-31"),
        ("2010s", "2010-01-01", "2019-12-31"),
        ("00s", "2000-01-01", "2009-12-31"),
        ("june 2019 to august 2019", "2019-06-01", "2019-08-31"),
        ("june to august 2019", "2019-06-01", "2019-08-31"),
        ("november to february 2020", "2019-11-01", "2020-02-29"),
        ("between june 2019 and august 2019", "2019-06-01", "2019-08-31"),
        ("from 2018 until yesterday", "2018-01-01", "2024-07-16"),
        ("yesterday..2018", "2018-01-01", "2024-07-16"),
        ("2019-06 to august", "2019-06-01", "2019-08-31"),
        ("last summer..", "2023-06-01", "9999-12-31"),
        ("..last summer", "0001-01-01", "2023-08-31"),
    ],
)
def test_stretches_of_days(words: str, first: str, last: str) -> None:
    assert resolve(words, TODAY) == spans(first, last)


@pytest.mark.parametrize(
    ("words", "when"),
    [
        ("july", When(months=(7,))),
        ("in July", When(months=(7,))),
        ("summer", When(months=(6, 7, 8))),
        ("winter", When(months=(12, 1, 2))),
        ("june to august", When(months=(6, 7, 8))),
        ("november..january", When(months=(11, 12, 1))),
        ("autumn to winter", When(months=(9, 10, 11, 12, 1, 2))),
        ("christmas", When(days=((12, 24), (12, 25), (12, 26)))),
        ("new year", When(days=((12, 31), (1, 1)))),
        ("4 july", When(days=((7, 4),))),
        ("30 december to 1st january", When(days=((12, 30), (12, 31), (1, 1)))),
        ("29 february", When(days=((2, 29),))),
        ("monday", When(weekdays=(0,))),
        ("Sundays", When(weekdays=(6,))),
        ("weekends", When(weekdays=(5, 6))),
        ("weekdays in july", When(months=(7,), weekdays=(0, 1, 2, 3, 4))),
        ("last summer weekends", When(spans("2023-06-01", "2023-08-31").spans, weekdays=(5, 6))),
        ("weekends 2019", When(spans("2019-01-01", "2019-12-31").spans, weekdays=(5, 6))),
    ],
)
def test_times_of_any_year(words: str, when: When) -> None:
    assert resolve(words, TODAY) == when


def test_seasons_turn_round_in_the_south() -> None:
    assert resolve("summer", TODAY, southern=True) == When(months=(12, 1, 2))
    assert resolve("winter 2019", TODAY, southern=True) == spans("2019-06-01", "2019-08-31")
    assert resolve("last summer", TODAY, southern=True) == spans("2023-12-01", "2024-02-29")
    assert resolve("july", TODAY, southern=True) == When(months=(7,))


@pytest.mark.parametrize(
    "words",
    [
        "",
        " ",
        "soon",
        "next summer",
        "tomorrow",
        "last",
        "this",
        "ago",
        "to",
        "..",
        "july to",
        "to july",
        "july..",
        "0 days ago",
    ]
    + ["501 days ago", "-1 days ago", "٣ days ago", "days ago days", "31 june", "0 july", "29 february 2019", "july 19"]
    + [
        "last july 2019",
        "july july",
        "monday monday",
        "monday tuesday",
        "last monday tuesday",
        "0999 summer",
        "in",
        "13 2019",
    ]
    + [
        "this 3 days",
        "yesterday and today",
        "2019-13",
        "2019-",
        "2019'",
        "nan",
        "\x00",
        "\ud800",
        "july " * 40,
        "a..b..c",
    ]
    + ["monday to friday", "easter to summer", "summer 3000", "10 s", "century", "99 days", "last 3 summers"],
)
def test_what_is_no_time(words: str) -> None:
    if words == "july 19":
        assert resolve(words, TODAY) == When(days=((7, 19),))
    else:
        assert resolve(words, TODAY) is None


def test_any_easter_is_a_list_of_them() -> None:
    found = resolve("easter", TODAY)
    assert found is not None and len(found.spans) == 2024 - 1950 + 1
    assert DaySpan(date(2019, 4, 19), date(2019, 4, 22)) in found.spans
    assert all((span.last - span.first).days == 3 and span.last.weekday() == 0 for span in found.spans)


def test_what_a_time_holds() -> None:
    sundays = resolve("sundays last summer", TODAY)
    assert sundays is not None
    assert (
        sundays.holds(date(2023, 6, 4)) and not sundays.holds(date(2023, 6, 5)) and not sundays.holds(date(2022, 6, 5))
    )
    christmas = resolve("christmas", TODAY)
    assert christmas is not None
    assert christmas.holds(date(1999, 12, 24)) and not christmas.holds(date(1999, 12, 23))
    winter = resolve("winter", TODAY)
    assert winter is not None and winter.holds(date(2000, 1, 1)) and not winter.holds(date(2000, 3, 1))


VOCABULARY = st.sampled_from(
    ["last", "this", "past", "previous", "ago", "to", "..", "until", "in", "the", "of", "between", "and", "1", "3"]
    + ["29", "31", "500", "501", "two", "2019", "2020", "2023", "0007", "9999", "1990s", "90s", "day", "days", "week"]
    + ["weeks", "month", "months", "years", "today", "yesterday", "monday", "weekend", "weekends", "july", "february"]
    + ["june", "summer", "winter", "fall", "christmas", "easter", "new", "year", "eve", "4th", "2019-07", "2020-02-29"]
)
DAYS = st.dates(date(1990, 1, 1), date(2100, 12, 31))


@settings(max_examples=500, deadline=None)
@given(st.lists(VOCABULARY, min_size=1, max_size=5).map(" ".join) | st.text(max_size=20), DAYS, DAYS, st.booleans())
def test_whether_words_mean_a_time_does_not_hang_on_the_day(words: str, one: date, other: date, southern: bool) -> None:
    found = resolve(words, one, southern)
    assert (found is None) == (resolve(words, other) is None)
    if found is not None:
        assert found.spans or found.months or found.days or found.weekdays
        assert all(span.first <= span.last for span in found.spans)


@settings(max_examples=300, deadline=None)
@given(
    DAYS,
    st.sampled_from(["summer", "winter", "july", "christmas", "new year", "easter", "29 february", "week", "monday"]),
)
def test_last_is_over_and_this_is_not_older(today: date, what: str) -> None:
    last = resolve(f"last {what}", today)
    assert last is not None and last.spans[0].last < today
    assert today - last.spans[0].last <= timedelta(days=366 * 8 + 2)
    this = resolve(f"this {what}", today)
    assert this is not None and this.spans[0].first >= last.spans[0].first
