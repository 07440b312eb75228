"""Plain words that may mean a filter."""

from __future__ import annotations

import random
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.catalog.connection import Catalog
from core.catalog.vocabulary import Vocabularies, Vocabulary
from core.search import filters
from core.search.grammar import parse
from core.search.offering import MOST, offers
from tests.core.search.filters.conftest import draw, store

from .known_library import VOCABULARY

TODAY = date(2021, 3, 1)


def offered(text: str) -> list[tuple[str, str, int]]:
    return [(offer.text, offer.filter_text, offer.count) for offer in offers(text.split(), VOCABULARY, TODAY)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sunset in italy", [("italy", "folder:Italy", 105)]),
        ("ITALY", [("ITALY", "folder:Italy", 105)]),
        ("a zurich street", [("zurich", "folder:Zürich", 7)]),
        ("skyline of New York", [("New York", 'folder:"New York"', 20)]),
        ("my cat", [("cat", "tag:cat", 300)]),
        ("birthday party cake", [("birthday party", 'tag:"Birthday party"', 20), ("cake", "tag:cake", 4)]),
        ("cafe", [("cafe", "tag:Café", 9)]),
        ("rome", [("rome", "tag:rome", 2), ("rome", "folder:Rome", 60)]),
        ("canon", [("canon", "camera:Canon", 550)]),
        ("canon eos", [("canon eos", 'camera:"Canon EOS"', 550)]),
        ("july", [("july", "date:july", 110)]),
        ("july 2019", [("july 2019", 'date:"july 2019"', 100)]),
        ("2019", [("2019", "date:2019", 105)]),
        ("last summer", [("summer", "date:summer", 110), ("summer", "folder:Summer", 4)]),
        ("summer 2018", [("summer 2018", 'date:"summer 2018"', 10), ("summer", "folder:Summer", 4)]),
        ("dog on the beach", []),
        ("it", []),
        ("little", []),
        ("photos", []),
        ("", []),
        ("the and of", []),
        ("summer camp", [("summer camp", 'folder:"Summer camp"', 4), ("summer", "date:summer", 110)]),
        ("rock am ring", [("rock am ring", "folder:Rock_am-Ring", 6)]),
        ("mark iii", [("mark iii", 'camera:"Mark III"', 500)]),
        ("december 2017", [("december", "date:december", 5)]),
    ],
)
def test_words_are_offered_as_what_they_name(text: str, expected: list[tuple[str, str, int]]) -> None:
    assert offered(text) == expected


def test_there_are_never_many() -> None:
    words = [
        "italy",
        "rome",
        "zurich",
        "cat",
        "cake",
        "canon",
        "july",
        "2019",
        "summer",
        "cafe",
        "may",
        "nikon",
        "december",
    ] * 9
    assert len(offers(words, VOCABULARY, TODAY)) <= MOST
    assert offers(words, Vocabulary(), TODAY) == ()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(min_size=1).map(lambda text: "".join(text.split()) or "x"), max_size=6))
def test_any_words_are_taken(words: list[str]) -> None:
    for offer in offers([*words, "italy"], VOCABULARY, TODAY):
        [term] = parse(offer.filter_text).terms
        assert str(term) == offer.filter_text and filters.compile([term]).sql is not None


def test_an_offer_finds_what_it_promises(tmp_path) -> None:
    """The count of each offer is the count of its filter, in a library with everything in it."""
    words = [
        "italy",
        "ROME",
        "zürich",
        "canon",
        "eos",
        "leica",
        "samsung",
        "new",
        "york",
        "july",
        "2019",
        "december",
        "2020",
        "birthday",
        "cafe",
        "cat",
        "2018",
        "april",
    ]
    with Catalog.open(tmp_path / "library") as catalog:
        store(catalog, draw(random.Random(11), 200))
        known = Vocabularies(catalog).get()
        found = [offer for start in range(0, len(words), 2) for offer in offers(words[start : start + 2], known, TODAY)]
        with catalog.read() as db:
            for offer in found:
                if offer.filter_text != "tag:Cafe":  # Café and Cafe: two labels, which may be on one photo.
                    assert filters.newest(db, parse(offer.filter_text), today=TODAY).total == offer.count, offer
    assert {offer.filter_text.partition(":")[0] for offer in found} == {"folder", "camera", "date", "tag"}
