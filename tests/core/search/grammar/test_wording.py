"""What a chip says, what help lists, and what is said of what makes no sense."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from core.search.grammar import KEYS, Filter, Like, describe, misread, parse, read
from core.search.grammar.values import READERS

from .strategies import queries, texts


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("dog", "dog"),
        ('"birthday cake"', "“birthday cake”"),
        ("-people", "not: people"),
        ("2:sunset", "2 x sunset"),
        ('0.5:"blue sky"', "0.5 x “blue sky”"),
        ("-0.5:people", "0.5 x less: people"),
        ("-1:people", "less: people"),
        ('like:"/home/me/photo.jpg"', "looks like photo.jpg"),
        ('like:"C:\\photos\\photo.jpg"', "looks like photo.jpg"),
        ('like:"/"', "looks like /"),
        ('like:"photo.jpg"[10,20,50,60]', "looks like a part of photo.jpg"),
        ('-1:like:"b.jpg"', "less: looks like b.jpg"),
        ("folder:Italy", "in folder Italy"),
        ("-folder:Work", "not: in folder Work"),
        ("date:2019", "taken 2019"),
        ("date:2019-07", "taken July 2019"),
        ("date:2019-07-04", "taken 4 July 2019"),
        ("date:2019-07..2019-08", "taken July to August 2019"),
        ("date:2019-07-04..2019-07-06", "taken 4 to 6 July 2019"),
        ("date:2019-07-04..2019-08-04", "taken 4 July to 4 August 2019"),
        ("date:2018-07..2019-07", "taken July 2018 to July 2019"),
        ("date:2018..2019", "taken 2018 to 2019"),
        ("date:2019..2020-02", "taken 2019 to February 2020"),
        ("date:2019..", "taken since 2019"),
        ("date:..2019-07", "taken until July 2019"),
        ('date:"last summer"', "taken last summer"),
        ('date:"july 2019"', "taken July 2019"),
        ("date:weekends", "taken weekends"),
        ("camera:canon", "camera canon"),
        ("lens:sigma", "lens sigma"),
        ("lens:50mm", "focal length 50 mm"),
        ("lens:24..70mm", "focal length 24 to 70 mm"),
        ("aperture:<2.8", "f-number under 2.8"),
        ("iso:>800", "ISO over 800"),
        ("iso:>=800", "ISO 800 or more"),
        ("iso:..800", "ISO 800 or less"),
        ("iso:>100..<800", "ISO over 100 to under 800"),
        ("type:raw", "RAW file"),
        ("type:jpg", "JPEG file"),
        ("rating:>=3", "3 or more stars"),
        ("rating:1", "1 star"),
        ("rating:0", "0 stars"),
        ("tag:cat", "tag cat"),
        ("caption:grandma", "caption has “grandma”"),
        ("name:IMG_12", "file name has “IMG_12”"),
        ('near:"48.85,2.35,20km"', "within 20 km of 48.85, 2.35"),
        ("near:48.85,2.35,10mi", "within 16.093 km of 48.85, 2.35"),
        ("has:gps", "has a place"),
        ("is:portrait", "portrait"),
        ("is:favourite", "a favourite"),
        ("is:copy", "has a copy"),
        ("size:>12mp", "over 12 MP"),
        ("size:<500kb", "under 0.5 MB"),
        ("size:>3000px", "longer side over 3000 pixels"),
        ("a OR b", "a or b"),
        ("a b OR folder:x", "a b or in folder x"),
        ('(dog "the beach" folder:x)', "dog “the beach”, in folder x"),
        ("(a (b OR c))", "a, (b or c)"),
        ("horse OR cow -people", "horse or (cow, not: people)"),
        ("a b OR c folder:x", "a b or (c, in folder x)"),
        ("-(dog OR cat)", "not: (dog or cat)"),
        ("-(-a)", "not: not: a"),
    ],
)
def test_what_a_chip_says(text: str, said: str) -> None:
    (term,) = parse(text).terms
    assert describe(term) == said


@settings(max_examples=300, deadline=None)
@given(queries)
def test_every_term_says_something(query: object) -> None:
    for term in query.terms:  # type: ignore[attr-defined]
        assert describe(term).strip()


def test_what_makes_no_sense_is_told_of() -> None:
    assert misread("dog date:banana") == "date:banana is no date, so it counts as words"
    assert misread("-date:2020-13 a") == "date:2020-13 is no date, so it counts as words"
    assert misread('(a OR iso:"very  high")') == ('iso:"very high" is no number, such as >800, so it counts as words')
    assert misread("rating:9 iso:x") == "rating:9 is no number of stars from 0 to 5, so it counts as words"
    assert misread("f:x f:\\photos").startswith("f:x is no f-number")
    assert len(misread("date:" + "x" * 10_000)) < 130
    for fine in (
        "",
        "dog",
        "date:2019",
        "http://x",
        '"date:banana"',
        "folder:x date:2019-07..2019-09",
        "f:\\photos f:/x",
    ):
        assert misread(fine) == ""


@settings(max_examples=300, deadline=None)
@given(texts)
def test_something_is_said_exactly_of_what_was_misread(text: str) -> None:
    said = misread(text)
    assert "\n" not in said
    wrong = [found for found in read(text).misread if text[found.start : found.end][:3].lower() not in ("f:/", "f:\\")]
    assert bool(said) == bool(wrong)


def test_every_key_is_explained_by_an_example_that_works() -> None:
    assert {key.name for key in KEYS} == (set(READERS) | {"like"}) - {"f"}
    for key in KEYS:
        (term,) = parse(key.example).terms
        assert isinstance(term, Filter | Like) and key.example.startswith(f"{key.name}:")
        assert key.says and "\n" not in key.says and len(key.says) <= 80
        assert misread(f"{key.name}:") == f"{key.name}: is no {key.follows}, so it counts as words"
