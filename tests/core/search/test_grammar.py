"""The query language: what it understands, that it never fails, and that its print means the same."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.search.grammar import InFolder, Like, Phrase, Query, TakenIn, Without, Word, parse

PIECES = st.sampled_from(
    ["date:", "folder:", "like:", "Folder:", "foo:", "2019", "-07", "-31", "..", '"', '""', "-", "--", " ", "“", "”"]
    + ["\t", "\\", "/", "a", "ä", "\u3000", "\x00", "\ud800", "OR", "(", "2:sun", ":", "'"]
)
QUERIES = st.one_of(st.text(), st.lists(PIECES, max_size=14).map("".join))


@settings(max_examples=1500, deadline=None)
@given(QUERIES)
def test_any_text_parses_and_its_print_means_the_same(text: str) -> None:
    query = parse(text)
    assert parse(str(query)) == query


@settings(max_examples=500, deadline=None)
@given(QUERIES)
def test_no_word_is_lost(text: str) -> None:
    """What was typed and is neither white space nor quotes is somewhere in the tree."""
    plain = "".join(text.split()).translate({ord(mark): None for mark in '"“”„'})
    printed = "".join(str(parse(text)).split()).translate({ord(mark): None for mark in '"“”„'})
    if ":" not in text and "-" not in text:
        assert printed == plain


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("", ()),
        (" \t\n", ()),
        ('""', ()),
        ('-""', ()),
        ("dog beach", (Word("dog"), Word("beach"))),
        ('"birthday  cake"', (Phrase("birthday cake"),)),
        ('"open en', (Phrase("open en"),)),
        ('"say ""cheese"""', (Phrase('say "cheese"'),)),
        ("“curved quotes”", (Phrase("curved quotes"),)),
        ("-people", (Without(Word("people")),)),
        ('-"a crowd"', (Without(Phrase("a crowd")),)),
        ("-", (Word("-"),)),
        ("--word", (Word("--word"),)),
        ("well-known", (Word("well-known"),)),
        ("folder:Italy", (InFolder("Italy"),)),
        ("FOLDER:Italy", (InFolder("Italy"),)),
        ('folder:"New York"', (InFolder("New York"),)),
        ("-folder:Work", (Without(InFolder("Work")),)),
        ("folder:", (Word("folder:"),)),
        ('like:"C:\\photos\\a b.jpg"', (Like("C:\\photos\\a b.jpg"),)),
        ("like:a.jpg", (Like("a.jpg"),)),
        ("-like:a.jpg", (Without(Like("a.jpg")),)),
        ("date:2019", (TakenIn("2019", "2019"),)),
        ("date:2019-07", (TakenIn("2019-07", "2019-07"),)),
        ("date:2019-07-04", (TakenIn("2019-07-04", "2019-07-04"),)),
        ("date:2019..2020-02", (TakenIn("2019", "2020-02"),)),
        ("date:2019..", (TakenIn("2019", None),)),
        ("date:..2019", (TakenIn(None, "2019"),)),
        ("date:2020..2019", (TakenIn("2019", "2020"),)),
        ("date:2019-07..2019", (TakenIn("2019-07", "2019"),)),
        ("-date:2019", (Without(TakenIn("2019", "2019")),)),
        ("date:2019-13", (Word("date:2019-13"),)),
        ("date:2019-02-29", (Word("date:2019-02-29"),)),
        ("date:2020-02-29", (TakenIn("2020-02-29", "2020-02-29"),)),
        ("date:0000", (Word("date:0000"),)),
        ("date:٢٠١٩", (Word("date:٢٠١٩"),)),
        ("date:..", (Word("date:.."),)),
        ("date:soon", (Word("date:soon"),)),
        ('date:"last summer"', (Phrase("date: last summer"),)),
        ('-date:"last summer"', (Without(Phrase("date: last summer")),)),
        ("http://x.org/a:b", (Word("http://x.org/a:b"),)),
    ],
)
def test_what_is_understood(text: str, terms: tuple[object, ...]) -> None:
    assert parse(text).terms == terms


def test_the_parts_of_a_query() -> None:
    query = parse('dog on "the beach" -people like:"a b.jpg" -like:c.jpg folder:Italy -date:2019 -"a boat"')
    assert query.sentence == "dog on the beach"
    assert query.without == ("people", "a boat")
    assert query.likes == ("a b.jpg",)
    assert query.unlike == ("c.jpg",)
    assert query.filters == ((InFolder("Italy"), True), (TakenIn("2019", "2019"), False))
    assert query and not parse("  ")


def test_a_tree_that_was_built_prints_to_itself() -> None:
    query = Query((Like('a "b" c.jpg'), InFolder('x "y"'), Phrase('say "no"'), TakenIn(None, "2019-01")))
    assert parse(str(query)) == query


def test_long_queries_take_no_time() -> None:
    assert len(parse("x " * 5000).terms) == 5000
    assert parse('"' + "y" * 10_000).terms == (Phrase("y" * 10_000),)
    assert len(parse("date:" * 2000).terms) == 1
