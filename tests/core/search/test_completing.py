"""What may be typed next."""

from __future__ import annotations

import random
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.catalog.connection import Catalog
from core.catalog.vocabulary import Vocabularies, Vocabulary
from core.search import filters
from core.search.completing import MOST, complete
from core.search.grammar import Query, parse
from core.search.grammar.wording import KEYS
from tests.core.search.filters.conftest import draw, store

from .known_library import VOCABULARY

TODAY = date(2021, 3, 1)


def completed(text: str) -> list[tuple[str, str]]:
    """Each completion at the ``|``: the whole text with it, and what is said beside it."""
    cursor = text.index("|")
    text = text.replace("|", "")
    found = complete(text, cursor, VOCABULARY, TODAY)
    return [(text[: one.start] + one.insert + text[one.end :], one.detail) for one in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("folder:it|", [("folder:Italy ", "105 photos"), ('folder:"Italy 2020" ', "5 photos")]),
        ("folder:IT| dog", [("folder:Italy dog", "105 photos"), ('folder:"Italy 2020" dog', "5 photos")]),
        ("folder:y|", [('folder:"New York" ', "20 photos")]),
        ("folder:yo|", [('folder:"New York" ', "20 photos")]),
        ('dog folder:"new y|', [('dog folder:"New York" ', "20 photos")]),
        ('dog folder:"new y|" cat', [('dog folder:"New York" cat', "20 photos")]),
        ("folder:2019/r|", []),
        ("folder:italy/r|", [("folder:Italy/Rome ", "60 photos")]),
        ("folder:camp|", [('folder:"Summer camp" ', "4 photos")]),
        ("folder:am|", [("folder:Rock_am-Ring ", "6 photos")]),
        (
            "folder:20|",
            [("folder:2019 ", "120 photos"), ("folder:2021 ", "10 photos"), ('folder:"Italy 2020" ', "5 photos")],
        ),
        ("folder:zur|", [("folder:Zürich ", "7 photos")]),
        ("-tag:bir|", [('-tag:"Birthday party" ', "20 photos")]),
        ("(tag:ca|)", [("(tag:cat )", "300 photos"), ("(tag:Café )", "9 photos"), ("(tag:cake )", "4 photos")]),
        ("TAG:par|", [('tag:"Birthday party" ', "20 photos")]),
        (
            "camera:canon|",
            [
                ('camera:"Canon EOS 5D Mark III" ', "500 photos"),
                ('camera:"Canon EOS R" ', "50 photos"),
                ('camera:"Canon EOS R5" ', "30 photos"),
            ],
        ),
        ("lens:24|", []),
        ("lens:sig|", [('lens:"SIGMA 30mm F1.4 DC DN" ', "11 photos")]),
        ("type:h|", [("type:heic ", "200 photos")]),
        ("type:jpg|", [("type:jpeg ", "900 photos")]),
        ("has:g|", [("has:gps ", "")]),
        ("is:fav|", [("is:favourite ", "")]),
        ("date:20|", [("date:2020 ", "7 photos"), ("date:2019 ", "105 photos"), ("date:2018 ", "10 photos")]),
        ("date:2019|", [("date:2019-12 ", "5 photos"), ("date:2019-07 ", "100 photos")]),
        ("date:ju|", [("date:july ", "110 photos")]),
        ('date:"last s|', [('date:"last spring" ', ""), ('date:"last summer" ', "")]),
        ("dog ta|", [("dog tag:", "has this tag: tag:cat")]),
        ("ital|", [("folder:Italy ", "105 photos"), ('folder:"Italy 2020" ', "5 photos")]),
        ("nik|", [('camera:"NIKON D90" ', "1 photo")]),
        ("jul|", [("date:july ", "110 photos")]),
        ("iso:|", []),
        ("near:|", []),
        ("x:y|", []),
        ("fol|der:Italy", []),
        ('"new yo|rk"', []),
        ('folder:"New York"|', []),
        ("folder:Italy |", []),
        ("|", []),
        ("-|", []),
        ("tag:cat|", []),
    ],
)
def test_what_comes_next(text: str, expected: list[tuple[str, str]]) -> None:
    assert completed(text) == expected


def test_every_key_is_completed() -> None:
    for key in KEYS:
        assert f"{key.name}:" in [one.insert for one in complete(key.name, len(key.name), VOCABULARY, TODAY)]


def test_values_without_anything_typed() -> None:
    assert [one.shown for one in complete("tag:", 4, VOCABULARY)][:2] == ["cat", "Birthday party"]
    assert [one.shown for one in complete("date:", 5, VOCABULARY, TODAY)][:3] == ["2020", "2019", "2018"]
    assert [one.shown for one in complete("type:", 5, VOCABULARY)] == ["jpeg", "heic", "raw"]
    assert complete("tag:", 4, Vocabulary()) == ()


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from('abct "-:()“”„gry0.[]\n\\|folder')) | st.text(), st.integers(-3, 60), st.data())
def test_any_text_and_cursor(text: str, cursor: int, data: st.DataObject) -> None:
    """What is put in is a term that reads as itself, and nothing around it changes."""
    key = data.draw(st.sampled_from(["", "tag:", "folder:", 'folder:"', "date:", "-camera:"]))
    at = max(0, min(cursor, len(text)))
    text = text[:at] + key + text[at:]
    for one in complete(text, at + len(key), VOCABULARY, TODAY):
        assert 0 <= one.start < one.end <= len(text) and one.start <= at + len(key) <= one.end
        if not one.insert.endswith(":"):
            [term] = parse(one.insert).terms
            assert Query((term,)).where
    assert len(complete(text, cursor, VOCABULARY, TODAY)) <= MOST


def test_a_completion_finds_what_it_promises(tmp_path) -> None:
    with Catalog.open(tmp_path / "library") as catalog:
        store(catalog, draw(random.Random(11), 200))
        known = Vocabularies(catalog).get()
        found = [
            one
            for text in (
                "folder:",
                "folder:i",
                "tag:",
                "camera:",
                "lens:",
                "type:",
                "date:",
                "date:2019",
                "date:j",
                "ca",
            )
            for one in complete(text, len(text), known, TODAY)
            if one.detail.endswith(("photo", "photos"))
        ]
        with catalog.read() as db:
            for one in found:
                if "Caf" not in one.insert:  # Café and Cafe: two labels, one filter.
                    total = filters.newest(db, parse(one.insert), today=TODAY).total
                    assert total == int(one.detail.split()[0]), one
    assert len(found) > 20
