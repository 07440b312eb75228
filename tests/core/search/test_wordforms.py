"""Which words of a question are looked up, and how else they may be written."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.search.wordforms import FUNCTION_WORDS, Unit, forms, units

ANYTHING = st.text(st.characters(codec=None), max_size=60)


def looked_up(*texts: str) -> list[tuple[str, ...]]:
    return [unit.words for unit in units(texts)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a dog on the beach", [("dog",), ("beach",)]),
        ("Dog dog DOG", [("dog",)]),
        ("grandma's birthday", [("grandma",), ("birthday",)]),
        ("IMG_12", [("img", "12")]),
        ("a well-known place", [("well", "known"), ("place",)]),
        ("2019-07-04", [("2019", "07", "04")]),
        ("dog,cat", [("dog",), ("cat",)]),
        ("🐶🐱", [("🐶",), ("🐱",)]),
        ("東", [("東",)]),
        ("東京", [("東", "京")]),
        ("東京都", [("東", "京"), ("京", "都")]),
        ("東京 桜", [("東", "京"), ("桜",)]),
        ("iPhoneの写真", [("iphone",), ("の", "写"), ("写", "真")]),
        ("हिन्दी", [("हिन्दी",)]),
        ("a photo of a dog", [("dog",)]),
        ("the who", [("the",), ("who",)]),
        ("Will, May", [("will",), ("may",)]),
        ('"dog" AND (cat* OR -bird) NEAR/2 ^x a:b', [("dog",), ("cat",), ("bird",), ("near", "2"), ("x",), ("b",)]),
        ("\0\ud83d \ufffd ...", []),
        ("", []),
    ],
)
def test_what_is_looked_up(text: str, expected: list[tuple[str, ...]]) -> None:
    assert looked_up(text) == expected


def test_several_texts_are_one_question() -> None:
    assert looked_up("the dog", "a beach dog") == [("dog",), ("beach",)]


def test_endless_questions_end() -> None:
    assert len(units([" ".join(f"w{number}" for number in range(10_000))])) == 64


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("dog", "dogs"),
        ("beach", "beaches"),
        ("box", "boxes"),
        ("dress", "dresses"),
        ("glass", "glasses"),
        ("house", "houses"),
        ("horse", "horses"),
        ("baby", "babies"),
        ("cookie", "cookies"),
        ("toy", "toys"),
        ("hero", "heroes"),
        ("tomato", "tomatoes"),
        ("bus", "buses"),
        ("man", "men"),
        ("woman", "women"),
        ("fisherman", "fishermen"),
        ("human", "humans"),
        ("child", "children"),
        ("grandchild", "grandchildren"),
        ("person", "people"),
        ("foot", "feet"),
        ("wolf", "wolves"),
        ("building", "buildings"),
        ("run", "running"),
        ("run", "runs"),
        ("ride", "riding"),
        ("ride", "rides"),
        ("jump", "jumped"),
        ("swim", "swimming"),
        ("carry", "carried"),
        ("ski", "skiing"),
        ("jumping", "jumped"),
        ("dancing", "dances"),
    ],
)
def test_forms_of_one_word_find_each_other(one: str, other: str) -> None:
    assert other in forms(one)
    assert one in forms(other)


@pytest.mark.parametrize(
    ("word", "other"),
    [
        ("glass", "glas"),
        ("bed", "b"),
        ("king", "k"),
        ("string", "str"),
        ("herring", "her"),
        ("evening", "even"),
        ("photo", "photos"),
        ("bus", "bu"),
    ],
)
def test_words_that_only_look_related(word: str, other: str) -> None:
    assert other not in forms(word)


@pytest.mark.parametrize("word", ["ox2", "zürich", "東", "", "2019", "tv", "🐶", "हिन्दी"])
def test_what_is_no_english_word_has_no_forms(word: str) -> None:
    assert forms(word) == ()


@settings(deadline=None)
@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=12))
def test_forms_are_few_and_other_words(word: str) -> None:
    found = forms(word)
    assert word not in found
    assert len(found) == len(set(found)) <= 20
    assert FUNCTION_WORDS.isdisjoint(found)
    assert all(form.isascii() and form.isalpha() for form in found)


def test_what_stands_nowhere_is_looked_for_more_loosely() -> None:
    assert Unit(("img", "12")).looser() == units(["img 12"])
    assert Unit(("grandm",), ("grandms",)).looser() == (Unit(("grandm",), begins=True),)
    assert Unit(("gr",)).looser() == ()
    assert Unit(("grandm",), begins=True).looser() == ()
    assert Unit(("東", "京"), unspaced=True).looser() == ()
    assert Unit(("end", "of", "2019")).looser() == units(["end 2019"])


@settings(deadline=None)
@given(st.lists(ANYTHING, max_size=3))
def test_fts5_understands_whatever_was_typed(texts: list[str]) -> None:
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("CREATE VIRTUAL TABLE t USING fts5(text, tokenize = 'ascii')")
        for unit in units(texts):
            for asked in (unit, *unit.looser()):
                db.execute("SELECT * FROM t WHERE t MATCH ?", [asked.asked]).fetchall()
                if asked.other:
                    db.execute("SELECT * FROM t WHERE t MATCH ?", [asked.other]).fetchall()
                # It stands in itself: nothing of it was taken for an operator.
                db.execute("INSERT INTO t (rowid, text) VALUES (1, ?)", [" ".join(asked.words)])
                assert db.execute("SELECT rowid FROM t WHERE t MATCH ?", [asked.asked]).fetchall() == [(1,)]
                db.execute("DELETE FROM t")
