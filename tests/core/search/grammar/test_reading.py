"""The query language: what it understands, that it never fails, and that its print means the same."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings

from core.search.grammar import (
    All,
    Any,
    Camera,
    FocalLength,
    InFolder,
    Iso,
    Like,
    Part,
    Phrase,
    Query,
    Span,
    Tag,
    TakenIn,
    TakenWhen,
    Weighted,
    Without,
    Word,
    parse,
    pieces,
    without_piece,
)

from .strategies import queries, texts

A, B, C, D, OR = (Word(text) for text in ("a", "b", "c", "d", "OR"))


@settings(max_examples=1000, deadline=None)
@given(texts)
@example("(x b(a )")
@example("a (OR) b")
@example('(“x “y”)” z"')
@example("((((( a b )))))")
def test_any_text_parses_and_its_print_means_the_same(text: str) -> None:
    query = parse(text)
    assert parse(str(query)) == query


@settings(max_examples=400, deadline=None)
@given(queries)
def test_a_tree_that_was_built_prints_to_itself(query: Query) -> None:
    assert parse(str(query)) == query
    for term in query.terms:
        assert parse(str(term)).terms == (term,)


@settings(max_examples=400, deadline=None)
@given(texts)
@example('"a"(b c)"d"')
@example('like:"a"(b c)[1,2,3,4]')
@example("OR (a) OR")
def test_a_piece_that_is_cut_out_leaves_the_others_as_they_were(text: str) -> None:
    terms = parse(text).terms
    found = pieces(text)
    assert tuple(piece.term for piece in found) == terms
    at = 0
    for index, piece in enumerate(found):
        assert at <= piece.start < piece.end <= len(text)
        at = piece.end
        assert parse(text[piece.start : piece.end]).terms == (piece.term,)
        assert parse(without_piece(text, index)).terms == terms[:index] + terms[index + 1 :]


@settings(max_examples=500, deadline=None)
@given(texts)
def test_no_word_is_lost(text: str) -> None:
    """What was typed and is neither white space, quotes nor brackets is somewhere in the tree."""
    marks = {ord(mark): None for mark in '"“”„()'}
    plain = "".join(text.split()).translate(marks)
    printed = "".join(str(parse(text)).split()).translate(marks)
    if not set(text) & set(":-|"):
        assert printed == plain


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("", ()),
        (" \t\n", ()),
        ('""', ()),
        ('-""', ()),
        ("()", ()),
        ("-()", ()),
        ('("" (  ))', ()),
        ("dog beach", (Word("dog"), Word("beach"))),
        ('"birthday  cake"', (Phrase("birthday cake"),)),
        ('"open en', (Phrase("open en"),)),
        ('"say ""cheese"""', (Phrase('say "cheese"'),)),
        ("“curved quotes”", (Phrase("curved quotes"),)),
        ("„low ones“ „or so”", (Phrase("low ones"), Phrase("or so"))),
        ("-people", (Without(Word("people")),)),
        ('-"a crowd"', (Without(Phrase("a crowd")),)),
        ("-", (Word("-"),)),
        ("--word", (Word("--word"),)),
        ("well-known", (Word("well-known"),)),
        ("a\x00b \ud800", (Word("a\x00b"), Word("\ud800"))),
        ("folder:Italy", (InFolder("Italy"),)),
        ("FOLDER:Italy", (InFolder("Italy"),)),
        ("-folder:Work", (Without(InFolder("Work")),)),
        ("folder:", (Word("folder:"),)),
        ('folder:""', (Phrase("folder:"),)),
        ("date:soon", (Word("date:soon"),)),
        ('date:"next summer"', (Phrase("date: next summer"),)),
        ('-date:"next summer"', (Without(Phrase("date: next summer")),)),
        ("http://x.org/a:b", (Word("http://x.org/a:b"),)),
        ('colour:"dark red"', (Word('colour:"dark'), Word('red"'))),
    ],
)
def test_words_phrases_and_filters(text: str, terms: tuple[object, ...]) -> None:
    assert parse(text).terms == terms


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ('like:"C:\\photos\\a b.jpg"', (Like("C:\\photos\\a b.jpg"),)),
        ("like:a.jpg", (Like("a.jpg"),)),
        ("-like:a.jpg", (Without(Like("a.jpg")),)),
        ('like:"a.jpg"[10,20,50,60]', (Like("a.jpg", Part(10, 20, 50, 60)),)),
        ("like:“a.jpg”[ 0 , 0.5 , 99.9 , 100 ]", (Like("a.jpg", Part(0, 0.5, 99.9, 100)),)),
        ('-like:"a"[0,0,1,1]x', (Without(Like("a", Part(0, 0, 1, 1))), Word("x"))),
        ('like:"a" [0,0,1,1]', (Like("a"), Word("[0,0,1,1]"))),
        ('like:"a"[10,20,10,60]', (Like("a"), Word("[10,20,10,60]"))),
        ('like:"a"[10,20,50,101]', (Like("a"), Word("[10,20,50,101]"))),
        ('like:"a"[-1,0,1,1]', (Like("a"), Word("[-1,0,1,1]"))),
        ('like:"a"[1,2,3]', (Like("a"), Word("[1,2,3]"))),
        ('like:"a"[1,2,3,1e999]', (Like("a"), Word("[1,2,3,1e999]"))),
        ('like:"a"[nan,0,1,1]', (Like("a"), Word("[nan,0,1,1]"))),
        ('like:"a"[٠,0,1,1]', (Like("a"), Word("[٠,0,1,1]"))),
        ("like:a[0,0,1,1]", (Like("a[0,0,1,1]"),)),
        ("like:", (Word("like:"),)),
        ('like:"  "', (Phrase("like:"),)),
    ],
)
def test_photos_to_compare_with(text: str, terms: tuple[object, ...]) -> None:
    assert parse(text).terms == terms


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("2:sunset", (Weighted(2, Word("sunset")),)),
        ("0.5:“blue sky”", (Weighted(0.5, Phrase("blue sky")),)),
        ("-0.5:people", (Weighted(-0.5, Word("people")),)),
        ('-1:like:"b.jpg"', (Weighted(-1, Like("b.jpg")),)),
        ('2:like:"a"[0,0,1,1]', (Weighted(2, Like("a", Part(0, 0, 1, 1))),)),
        ("-(2:dog)", (Without(Weighted(2, Word("dog"))),)),
        ("-(-2:dog)", (Without(Weighted(-2, Word("dog"))),)),
        ("2:猫 3:🐕", (Weighted(2, Word("猫")), Weighted(3, Word("🐕")))),
        ("2:http://x", (Weighted(2, Word("http://x")),)),
        ("100:a", (Weighted(100, Word("a")),)),
        ("10:30", (Word("10:30"),)),
        ("16:9", (Word("16:9"),)),
        ("-16:9", (Without(Word("16:9")),)),
        ("10:30:15", (Word("10:30:15"),)),
        ("2:٣x", (Word("2:٣x"),)),
        ("2:", (Word("2:"),)),
        ("2: sunset", (Word("2:"), Word("sunset"))),
        ('2:""', (Word('2:""'),)),
        ("2:-dog", (Word("2:-dog"),)),
        ("--2:dog", (Word("--2:dog"),)),
        ("0:dog", (Word("0:dog"),)),
        ("-0:dog", (Without(Word("0:dog")),)),
        ("101:dog", (Word("101:dog"),)),
        ("1e999:dog", (Word("1e999:dog"),)),
        ("nan:dog", (Word("nan:dog"),)),
        ("٢:dog", (Word("٢:dog"),)),
        ("9" * 400 + ":dog", (Word("9" * 400 + ":dog"),)),
        ("2:folder:x", (Word("2:folder:x"),)),
        ("2:date:2019", (Word("2:date:2019"),)),
        ("2:(dog beach)", (Word("2:(dog"), Word("beach)"))),
        (":dog", (Word(":dog"),)),
    ],
)
def test_weights(text: str, terms: tuple[object, ...]) -> None:
    assert parse(text).terms == terms


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("a OR b", (Any((A, B)),)),
        ("a | b", (Any((A, B)),)),
        ("a b OR c", (Any((All((A, B)), C)),)),
        ("a OR b c OR d", (Any((A, All((B, C)), D)),)),
        ("(a OR b) c", (Any((A, B)), C)),
        ("(a b) c", (All((A, B)), C)),
        ("((a b) OR c) d", (Any((All((A, B)), C)), D)),
        ("(a OR b) OR c", (Any((Any((A, B)), C)),)),
        ("(a)", (A,)),
        ("( ( a ) )", (A,)),
        ("-(a b)", (Without(All((A, B))),)),
        ("-(a OR b)", (Without(Any((A, B))),)),
        ("-(-a)", (Without(Without(A)),)),
        ("-(-)", (Without(Word("-")),)),
        ("-(a)", (Without(A),)),
        ("(a)b(c)", (A, Word("b(c)"))),
        ("(a)(b)", (A, B)),
        ("(a -b)", (All((A, Without(B))),)),
        ('("a) b" c)', (All((Phrase("a) b"), C)),)),
        ("(folder:x OR tag:y)", (Any((InFolder("x"), Tag("y"))),)),
        ('-(folder:"New York" camera:canon)', (Without(All((InFolder("New York"), Camera("canon")))),)),
        ("(iso:>800 OR lens:50mm)", (Any((Iso(Span(800, None, low_in=False)), FocalLength(Span(50, 50)))),)),
        ("(like:a.jpg)", (Like("a.jpg"),)),
        ("IMG_(1).jpg f(x)", (Word("IMG_(1).jpg"), Word("f(x)"))),
        ("(IMG_(1).jpg a)", (All((Word("IMG_(1).jpg"), A)),)),
    ],
)
def test_brackets_and_alternatives(text: str, terms: tuple[object, ...]) -> None:
    assert parse(text).terms == terms


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("OR", (OR,)),
        ("OR a", (OR, A)),
        ("a OR", (A, OR)),
        ("OR OR", (OR, OR)),
        ("a OR OR b", (Any((A, All((OR, B)))),)),
        ("a (OR) b", (A, OR, B)),
        ("(OR a)", (All((OR, A)),)),
        ('a OR ""', (A, OR)),
        ("a OR ()", (A, OR)),
        ('"OR" a', (Phrase("OR"), A)),
        ("-OR a", (Without(OR), A)),
        ("a or b", (A, Word("or"), B)),
        ("a|b", (Word("a|b"),)),
        ("ORa ORb", (Word("ORa"), Word("ORb"))),
        ("(a", (Word("(a"),)),
        ("((a", (Word("((a"),)),
        ("( a", (Word("("), A)),
        ("a)", (Word("a)"),)),
        (") a (", (Word(")"), A, Word("("))),
        (":) :(", (Word(":)"), Word(":("))),
        ("(a (b c)", (Word("(a"), All((B, C)))),
        ("-(a b", (Without(Word("(a")), B)),
        ('-("a b"', (Word("-("), Phrase("a b"))),
        ("(-a b", (Word("("), Without(A), B)),
        ('("a b"', (Word("("), Phrase("a b"))),
        ("(date:2019 a", (Word("("), TakenIn("2019", "2019"), A)),
        ("a OR (b", (Any((A, Word("(b"))),)),
        ("(OR a", (Word("(OR"), A)),
    ],
)
def test_what_has_no_partner_is_a_word(text: str, terms: tuple[object, ...]) -> None:
    assert parse(text).terms == terms


@pytest.mark.parametrize(
    "text",
    ["a", '"a b"', "folder:x", 'date:"last summer"', "like:a", "(a b)", "(a OR b)", "iso:>800", "10:30", "x:y", "٣"],
)
def test_a_minus_goes_before_everything(text: str) -> None:
    (term,) = parse(text).terms
    assert parse(f"-{text}").terms == (Without(term),)
    assert parse(f"-(-{text})").terms == (Without(Without(term)),)
    assert parse(f"-(-{text}").terms != ()


def test_brackets_deeper_than_fifty_are_words() -> None:
    for depth in (1, 50):
        text = "(" * depth + "a b" + ")" * depth
        assert parse(text).terms == (All((A, B)),)
    assert parse("(" * 51 + "a b" + ")" * 51).terms == (Phrase("(a b)"),)
    assert parse("-(" * 51 + "a b" + ")" * 51).terms != ()
    inner = "(" * 9950 + "a" + ")" * 9950
    assert parse("(" * 10_000 + "a" + ")" * 10_000).terms == (Phrase(inner),)
    assert parse("(" * 10_000).terms == (Word("(" * 10_000),)
    assert parse(")" * 10_000).terms == (Word(")" * 10_000),)
    assert len(parse("( " * 10_000).terms) == 10_000
    for text in ("(a " * 10_000 + ")" * 10_000, "-(a OR " * 10_000 + "b" + ")" * 10_000, "(" * 51 + " a b " + ")" * 60):
        query = parse(text)
        assert query and parse(str(query)) == query


def test_the_parts_of_a_query() -> None:
    query = parse(
        'dog on "the beach" -people like:"a b.jpg" -like:c.jpg folder:Italy -date:2019 -"a boat" (tag:a OR tag:b)'
    )
    assert query.sentence == "dog on the beach"
    assert query.without == ("people", "a boat")
    assert query.likes == ("a b.jpg",)
    assert query.unlike == ("c.jpg",)
    assert query.filters == ((InFolder("Italy"), True), (TakenIn("2019", "2019"), False))
    assert query.where == (InFolder("Italy"), Without(TakenIn("2019", "2019")), Any((Tag("a"), Tag("b"))))
    assert query and not parse("  ")


def test_the_line_of_the_plan() -> None:
    text = (
        'dog on the beach -people "birthday cake" 2:sunset like:"photo.jpg" date:2019-07..2019-08 date:"last summer" '
        "folder:Italy camera:canon lens:50mm iso:>800 type:raw rating:>=3 tag:cat near:48.85,2.35,20km has:gps "
        "is:portrait size:>12mp name:IMG_12"
    )
    query = parse(text)
    assert str(query) == text
    assert [type(term).__name__ for term in query.terms] == (
        ["Word"] * 4
        + ["Without", "Phrase", "Weighted", "Like", "TakenIn", "TakenWhen", "InFolder", "Camera", "FocalLength", "Iso"]
        + ["Type", "Rating", "Tag", "Near", "Has", "Is", "Size", "Name"]
    )
    assert query.terms[9] == TakenWhen("last summer")


def test_where_the_pieces_stand() -> None:
    text = '  dog -"a b"  (x OR y)2:z like:"p"[0,0,1,1] '
    assert [text[piece.start : piece.end] for piece in pieces(text)] == (
        ["dog", '-"a b"', "(x OR y)", "2:z", 'like:"p"[0,0,1,1]']
    )
    (whole,) = pieces(" a b OR c ")
    assert (whole.start, whole.end) == (1, 9)
    assert without_piece("dog  folder:x   beach", 1) == "dog beach"
    assert without_piece("dog", 0) == ""
    with pytest.raises(IndexError):
        without_piece("dog", 1)


LONG = 200_000


@pytest.mark.parametrize(
    "unit",
    ["x ", "(", "( ", "-(", "- ", "-", "a OR ", "OR ", "date:", "2:", "1", ")", "()", '""', '(a "b', "a(", "(a b) "]
    + ["date: ", "“", "9.", "tag:a "],
)
def test_a_text_twenty_times_too_long_takes_no_time(unit: str) -> None:
    """What took the square of its length would outlast the time limit of a test."""
    text = (unit * LONG)[:LONG]
    query = parse(text)
    assert parse(str(query)) == query
    assert parse('"' + "y" * LONG).terms == (Phrase("y" * LONG),)


@pytest.mark.parametrize(
    ("before", "unit", "after"),
    [
        ('like:"a"[', " ", "x"),
        ('near:"1', " ", 'x"'),
        ("near:1,2,", "9", ""),
        ('iso:"1', " ", 'x"'),
        ("iso:", "9", ""),
        ("size:", "1..", ""),
        ('date:"', "to ", '"'),
        ('date:"', "s' ", '"'),
        ("date:", ".", ""),
        ("", "9", ":x"),
        ('tag:"', "a ", '"'),
        ("(" * LONG + "a", ")", ""),
    ],
)
def test_a_value_too_long_takes_no_time(before: str, unit: str, after: str) -> None:
    query = parse(before + (unit * LONG)[:LONG] + after)
    assert query and parse(str(query)) == query
