"""What is still being typed is left out; what was not understood is said; what is a mere list is known for one."""

from __future__ import annotations

import pytest

from app.window.typed import finished, is_listing, misread


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("dog -", "dog"),
        ("dog - ", "dog"),
        ("dog folder:", "dog"),
        ("dog -FOLDER:", "dog"),
        ('dog folder:"', "dog"),
        ("date:", ""),
        ("-", ""),
        ("dog like: -", "dog"),
        ("dog -cat", "dog -cat"),
        ("well-", "well-"),
        ("folder:a", "folder:a"),
        ("- dog", "- dog"),
        ("camera:", ""),
        ("colour:", "colour:"),
        ('dog -near:"', "dog"),
        ("dog (", "dog"),
        ("dog -(", "dog"),
        ("dog (folder:", "dog"),
        ("dog ((-f:", "dog"),
        ("dog 2:", "dog"),
        ("dog -0.5:“", "dog"),
        ("dog OR", "dog"),
        ("dog OR (", "dog"),
        ("dog | -", "dog"),
        ("OR", "OR"),
        ("dog OR cat", "dog OR cat"),
        ("(dog)", "(dog)"),
        ("10:30", "10:30"),
        ("  ", ""),
    ],
)
def test_what_is_still_being_typed_is_left_out(typed: str, asked: str) -> None:
    assert finished(typed) == asked


def test_a_filter_that_makes_no_sense_is_told_of() -> None:
    assert misread("dog date:banana") == "date:banana is no date, so it counts as words"
    assert misread("-date:2020-13").startswith("date:2020-13 is no date")
    assert misread('(dog OR date:"some day")').startswith('date:"some day" is no date')
    for fine in ("", "dog", "date:2019", "http://x", '"date:banana"', "folder:x date:2019-07..2019-09"):
        assert misread(fine) == ""


def test_filters_alone_are_a_list() -> None:
    for listing in ("", "  ", "folder:x", "date:2019 -folder:y", "(folder:x OR -(tag:y is:copy)) iso:>800"):
        assert is_listing(listing)
    asked = ("dog", "-dog", "folder:x dog", "folder:x -dog", 'like:"a.jpg"', "date:banana", '"')
    for question in (*asked, "folder:x OR dog", "(folder:x (dog))", "2:dog", "-(-dog)"):
        assert not is_listing(question)
