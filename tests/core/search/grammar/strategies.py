"""Texts and trees of every kind, for the property tests of the grammar."""

from __future__ import annotations

from hypothesis import strategies as st

from core.search.grammar import (
    All,
    Any,
    Aperture,
    Camera,
    Caption,
    FocalLength,
    Has,
    InFolder,
    Is,
    Iso,
    Lens,
    Like,
    Name,
    Near,
    Part,
    Phrase,
    Query,
    Rating,
    Size,
    Span,
    Tag,
    TakenIn,
    TakenWhen,
    Type,
    Weighted,
    Without,
    Word,
)

_PIECES = st.sampled_from(
    ["date:", "folder:", "like:", "Folder:", "foo:", "2019", "-07", "-31", "..", '"', '""', "-", "--", " ", "“", "”"]
    + ["\t", "\\", "/", "a", "ä", "\u3000", "\x00", "\ud800", "OR", "(", ")", "-(", "()", "2:sun", ":", "'", "|", "2:"]
    + [" OR ", "-0.5:", "0:", "1e999:", "999:", 'like:"a"', "[1,2,3,4]", "lens:", "50mm", ">800", "iso:", "24..70"]
    + ['date:"last summer"', "near:", "48.85,2.35", "size:", ">12mp", "is:portrait", "tag:", "rating:>=3", "caption:"]
    + ["10:30", "16:9", "http://x", "“a b”", "„c“", "٣", "nan", "inf", "x(", "y)", "(a OR b)", "type:jpg", "f:1.8"]
)
texts = st.one_of(st.text(), st.lists(_PIECES, max_size=16).map("".join), st.lists(_PIECES, max_size=12).map(" ".join))
"""What a person, a cat or a paste may leave in the search field."""

_plain = st.text("abcdeé猫\ud800🐕", min_size=1, max_size=5)
_value = st.text('ab 12é"“”()[]-:|,./\\\x00\ud800', min_size=1, max_size=8)
_words = _value.map(lambda text: " ".join(text.split())).filter(bool)
_number = st.floats(0, 1e9) | st.integers(0, 5000).map(float) | st.sampled_from([0.1, 2.8, 1e-7, 1e12])
_weight = st.floats(-100, 100).filter(bool) | st.sampled_from([2.0, 0.5, -1.0, 1e-9])


@st.composite
def _spans(draw: st.DrawFn, numbers: st.SearchStrategy[float] = _number) -> Span:
    low, high = draw(st.none() | numbers), draw(st.none() | numbers)
    if low is None and high is None:
        low = draw(numbers)
    if low is not None and high is not None and high < low:
        low, high = high, low
    low_in, high_in = draw(st.booleans()), draw(st.booleans())
    return Span(low, high, low_in or low is None, high_in or high is None)


@st.composite
def _parts(draw: st.DrawFn) -> Part:
    across = sorted(draw(st.lists(st.floats(0, 100), min_size=2, max_size=2, unique=True)))
    down = sorted(draw(st.lists(st.floats(0, 100), min_size=2, max_size=2, unique=True)))
    return Part(across[0], down[0], across[1], down[1])


_phrases = _words.map(Phrase)
_likes = st.builds(Like, _value.filter(str.strip), st.none() | _parts())
words = st.one_of(_plain, st.sampled_from(["OR", "|", "-", "--x", "10:30", "16:9", "http://x", "foo:bar", "a(b"])).map(
    Word
)
filters = st.one_of(
    _value.filter(lambda text: bool(text.strip().strip("/\\"))).map(InFolder),
    st.sampled_from([TakenIn("2019", "2019"), TakenIn("2019-07", None), TakenIn(None, "2020-02-29")]),
    st.sampled_from(["last summer", "july", "weekends", "3 days ago", "june..august"]).map(TakenWhen),
    _words.map(Camera),
    (_words | st.sampled_from(["50mm", "24..70", ">1", "50mm f/1.8"])).map(Lens),
    _spans().map(FocalLength),
    _spans().map(Aperture),
    _spans().map(Iso),
    st.sampled_from(["raw", "jpeg", "dng"]).map(Type),
    _spans(st.floats(0, 5)).filter(lambda span: (span.low, span.low_in) != (5, False)).map(Rating),
    _words.map(Tag),
    _words.map(Caption),
    _value.filter(str.strip).map(str.strip).map(Name),
    st.builds(Near, st.floats(-90, 90), st.floats(-180, 180), st.floats(0.001, 20_000)),
    st.sampled_from(["gps", "tag"]).map(Has),
    st.sampled_from(["portrait", "copy"]).map(Is),
    st.builds(Size, _spans(), st.sampled_from(["mp", "mb", "px"])),
).filter(lambda term: not (isinstance(term, Rating) and (term.span.high, term.span.high_in) == (0, False)))
soft = st.one_of(words, _phrases, _likes, st.builds(Weighted, _weight, st.one_of(_plain.map(Word), _phrases, _likes)))


def nested(leaves: st.SearchStrategy) -> st.SearchStrategy:
    """Trees over these leaves."""
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            inner.map(Without),
            st.lists(inner, min_size=2, max_size=4).map(tuple).map(All),
            st.lists(inner, min_size=2, max_size=4).map(tuple).map(Any),
        ),
        max_leaves=12,
    )


queries = st.lists(nested(soft | filters), max_size=5).map(tuple).map(Query)
"""Trees that were built, not read."""
