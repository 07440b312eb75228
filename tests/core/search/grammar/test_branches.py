"""Branches against the truth of the whole tree, over random truths of its leaves."""

from __future__ import annotations

import random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from core.errors import CallError
from core.search.grammar import (
    All,
    Any,
    Branch,
    InFolder,
    Like,
    Phrase,
    Query,
    Tag,
    Term,
    Weighted,
    Without,
    Word,
    branches,
    only_filters,
    parse,
)

from .strategies import nested

NAMES = "abcde"
letters = st.sampled_from(NAMES)
filter_leaves = st.one_of(letters.map(Tag), letters.map(InFolder))
compared = st.one_of(letters.map(Word), st.lists(letters, min_size=1, max_size=2).map(" ".join).map(Phrase))
soft_leaves = (
    compared | letters.map(Like) | st.builds(Weighted, st.sampled_from([2.0, -1.0]), compared | letters.map(Like))
)
LEAVES = [f"{kind}{name}" for kind in ("word", "like", "tag", "in") for name in NAMES]


def truths(seed: int) -> list[dict[str, bool]]:
    """Thirty ways in which the leaves may be true or false."""
    dice = random.Random(seed)
    return [{leaf: dice.random() < share for leaf in LEAVES} for share in (0.2, 0.5, 0.8) for _ in range(10)]


def holds(term: Term, truth: dict[str, bool]) -> bool:
    """What a term says where each leaf is plainly true or false; a phrase is true where all its words are."""
    match term:
        case Word(text) | Phrase(text):
            return all(truth[f"word{name}"] for name in text.split())
        case Like(path):
            return truth[f"like{path}"]
        case Weighted(weight, inner):
            return holds(inner, truth) == (weight > 0)
        case Tag(name):
            return truth[f"tag{name}"]
        case InFolder(name):
            return truth[f"in{name}"]
        case Without(inner):
            return not holds(inner, truth)
        case All(terms):
            return all(holds(one, truth) for one in terms)
        case Any(terms):
            return any(holds(one, truth) for one in terms)
    raise AssertionError(term)


def fits(branch: Branch, truth: dict[str, bool]) -> bool:
    return (
        all(holds(term, truth) for term in branch.wanted)
        and not any(holds(term, truth) for term in branch.unwanted)
        and all(holds(term, truth) for term in branch.where)
    )


@settings(max_examples=400, deadline=None)
@given(st.lists(nested(filter_leaves | soft_leaves), max_size=4), st.integers(0, 1_000_000))
def test_branches_say_what_the_tree_says(terms: list[Term], seed: int) -> None:
    query = Query(tuple(terms))
    try:
        found = branches(query)
    except CallError:
        assume(False)
    assert 1 <= len(found) <= 16
    assert len(set(found)) == len(found)
    for branch in found:
        assert all(map(only_filters, branch.where))
        assert all(isinstance(term, Word | Phrase | Like | Weighted) for term in branch.wanted)
        assert all(isinstance(term, Word | Phrase | Like) for term in branch.unwanted)
    for truth in truths(seed):
        assert any(fits(branch, truth) for branch in found) == all(holds(term, truth) for term in terms), str(query)


@settings(max_examples=200, deadline=None)
@given(st.lists(nested(filter_leaves), max_size=4), st.integers(0, 1_000_000))
def test_filters_alone_stay_whole(terms: list[Term], seed: int) -> None:
    (branch,) = branches(Query(tuple(terms)))
    assert branch.where == tuple(dict.fromkeys(terms))
    assert (branch.wanted, branch.unwanted) == ((), ())
    for truth in truths(seed):
        assert fits(branch, truth) == all(holds(term, truth) for term in terms)


A, B, C = Word("a"), Word("b"), Word("c")
X, Y = InFolder("x"), Tag("y")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [Branch((), (), ())]),
        ("a b -c", [Branch((A, B), (C,), ())]),
        ("a a -b -b folder:x folder:x", [Branch((A, A), (B,), (X,))]),
        ("a OR b", [Branch((A,), (), ()), Branch((B,), (), ())]),
        ("(a OR b) c folder:x", [Branch((A, C), (), (X,)), Branch((B, C), (), (X,))]),
        ("(a b) c", [Branch((A, B, C), (), ())]),
        ("-(a b)", [Branch((), (Phrase("a b"),), ())]),
        ('-(a (b "c d"))', [Branch((), (Phrase("a b c d"),), ())]),
        ("-(a OR b)", [Branch((), (A, B), ())]),
        ("-(-a)", [Branch((A,), (), ())]),
        ("-(-(a b))", [Branch((A, B), (), ())]),
        ("-(a folder:x tag:y b)", [Branch((), (Phrase("a b"),), ()), Branch((), (), (Without(All((X, Y))),))]),
        ("-(a like:p)", [Branch((), (A,), ()), Branch((), (Like("p"),), ())]),
        ("2:a -1:b", [Branch((Weighted(2, A), Weighted(-1, B)), (), ())]),
        ("-(2:a)", [Branch((), (A,), ())]),
        ("-(-2:a)", [Branch((Weighted(2, A),), (), ())]),
        ("folder:x OR tag:y", [Branch((), (), (Any((X, Y)),))]),
        ("folder:x OR a OR tag:y", [Branch((), (), (Any((X, Y)),)), Branch((A,), (), ())]),
        ("-(folder:x OR tag:y) a", [Branch((A,), (), (Without(Any((X, Y))),))]),
        ("a folder:x OR b", [Branch((A,), (), (X,)), Branch((B,), (), ())]),
        (
            "(a OR b) (a OR b)",
            [Branch((A, A), (), ()), Branch((A, B), (), ()), Branch((B, A), (), ()), Branch((B, B), (), ())],
        ),
    ],
)
def test_how_a_query_spreads(text: str, expected: list[Branch]) -> None:
    assert branches(parse(text)) == tuple(expected)


def test_sixteen_branches_and_no_more() -> None:
    assert len(branches(parse(" OR ".join(NAMES[:4])))) == 4
    assert len(branches(parse(" ".join(["(a OR b)"] * 4)))) == 16
    assert len(branches(parse(" ".join(["(folder:a OR tag:b OR is:copy)"] * 100)))) == 1
    for text in (
        " ".join(["(a OR b)"] * 5),
        " ".join(["(a OR b)"] * 3000),
        " OR ".join(f"w{place}" for place in range(17)),
    ):
        with pytest.raises(CallError, match="more than 16 searches"):
            branches(parse(text))
    assert len(branches(parse("a OR " * 3000 + "a"))) == 1


def test_alternatives_that_a_later_term_makes_one_are_one() -> None:
    """Found by the test above: the filter outside is the one that told them apart."""
    assert len(branches(parse("-(2:dog (tag:a OR 2:dog)) -tag:a"))) == 1
