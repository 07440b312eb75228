"""What each key understands, and what makes no sense to it and is words."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.photos.suffixes import SUFFIXES
from core.search.grammar import (
    Aperture,
    Camera,
    Caption,
    FocalLength,
    Has,
    InFolder,
    Is,
    Iso,
    Lens,
    Name,
    Near,
    Phrase,
    Rating,
    Size,
    Span,
    Tag,
    TakenIn,
    TakenWhen,
    Type,
    Word,
    parse,
    read,
)
from core.search.grammar.values import READERS, THINGS_TO_BE, THINGS_TO_HAVE, TYPES

UNDERSTOOD = [
    ('folder:"New York"', InFolder("New York")),
    ("folder:2019/Italy", InFolder("2019/Italy")),
    ("folder:/media/photos", InFolder("/media/photos")),
    ("folder:/", InFolder("/")),
    ("folder:a(b)", InFolder("a(b)")),
    ("folder:\ud800\x00", InFolder("\ud800\x00")),
    ("date:2019", TakenIn("2019", "2019")),
    ("date:2019-07", TakenIn("2019-07", "2019-07")),
    ("date:2019-07-04", TakenIn("2019-07-04", "2019-07-04")),
    ("date:2019..2020-02", TakenIn("2019", "2020-02")),
    ('date:"2019 .. 2020"', TakenIn("2019", "2020")),
    ("date:2019..", TakenIn("2019", None)),
    ("date:..2019", TakenIn(None, "2019")),
    ("date:2020..2019", TakenIn("2019", "2020")),
    ("date:2019-07..2019", TakenIn("2019-07", "2019")),
    ("date:2020-02-29", TakenIn("2020-02-29", "2020-02-29")),
    ('date:"Last  Summer"', TakenWhen("last summer")),
    ("date:last-summer", TakenWhen("last-summer")),
    ("date:“july 2019”", TakenWhen("july 2019")),
    ("date:JULY", TakenWhen("july")),
    ("camera:canon", Camera("canon")),
    ('camera:"EOS  5D"', Camera("EOS 5D")),
    ("lens:sigma", Lens("sigma")),
    ("lens:50mm", FocalLength(Span(50, 50))),
    ("lens:50", FocalLength(Span(50, 50))),
    ("lens:24..70mm", FocalLength(Span(24, 70))),
    ("lens:24mm..70MM", FocalLength(Span(24, 70))),
    ("lens:70..24mm", FocalLength(Span(24, 70))),
    ("lens:>=85mm", FocalLength(Span(85, None))),
    ('lens:"50mm"', Lens("50mm")),
    ("lens:50mm/1.8", Lens("50mm/1.8")),
    ("aperture:<2.8", Aperture(Span(None, 2.8, high_in=False))),
    ("f:1.8", Aperture(Span(1.8, 1.8))),
    ("F:f/1.8", Aperture(Span(1.8, 1.8))),
    ('f:"1.4 .. 2.8"', Aperture(Span(1.4, 2.8))),
    ("iso:>800", Iso(Span(800, None, low_in=False))),
    ('iso:"> 800"', Iso(Span(800, None, low_in=False))),
    ("iso:>=800", Iso(Span(800, None))),
    ("iso:≥800", Iso(Span(800, None))),
    ("iso:800..", Iso(Span(800, None))),
    ("iso:<=800", Iso(Span(None, 800))),
    ("iso:≤800", Iso(Span(None, 800))),
    ("iso:..800", Iso(Span(None, 800))),
    ("iso:<800", Iso(Span(None, 800, high_in=False))),
    ("iso:100..400", Iso(Span(100, 400))),
    ("iso:>100..<400", Iso(Span(100, 400, low_in=False, high_in=False))),
    ("iso:>400..100", Iso(Span(100, 400, high_in=False))),
    ("iso:0100", Iso(Span(100, 100))),
    ("iso:" + "0" * 10_000 + "1", Iso(Span(1, 1))),
    ("type:raw", Type("raw")),
    ("type:JPG", Type("jpeg")),
    ("type:.jpeg", Type("jpeg")),
    ("type:heif", Type("heic")),
    ("type:tif", Type("tiff")),
    ("type:nef", Type("nef")),
    ("rating:5", Rating(Span(5, 5))),
    ("rating:0", Rating(Span(0, 0))),
    ("rating:>=3", Rating(Span(3, None))),
    ("rating:<3", Rating(Span(None, 3, high_in=False))),
    ("rating:2..4", Rating(Span(2, 4))),
    ("tag:cat", Tag("cat")),
    ('tag:"birthday party"', Tag("birthday party")),
    ("caption:grandma", Caption("grandma")),
    ("name:IMG_12", Name("IMG_12")),
    ('name:"a  b"', Name("a  b")),
    ('near:"48.85,2.35,20km"', Near(48.85, 2.35, 20)),
    ("near:48.85,2.35,20km", Near(48.85, 2.35, 20)),
    ("near:48.85,2.35", Near(48.85, 2.35, 5)),
    ("near:48.85,2.35,20", Near(48.85, 2.35, 20)),
    ("near:48.85,2.35,500m", Near(48.85, 2.35, 0.5)),
    ("near:-33.9,151.2,10mi", Near(-33.9, 151.2, 16.09344)),
    ('near:" 48.8584° N , 2.2945° E , 1 km "', Near(48.8584, 2.2945, 1)),
    ("near:33.9S,18.4W", Near(-33.9, -18.4, 5)),
    ("near:-0,0", Near(0, 0, 5)),
    ("has:gps", Has("gps")),
    ("has:Captions", Has("caption")),
    ("is:portrait", Is("portrait")),
    ("is:favorite", Is("favourite")),
    ("is:FAVOURITE", Is("favourite")),
    ("size:>12mp", Size(Span(12, None, low_in=False), "mp")),
    ("size:<500kb", Size(Span(None, 0.5, high_in=False), "mb")),
    ("size:500kb..2mb", Size(Span(0.5, 2), "mb")),
    ("size:1..2gb", Size(Span(1000, 2000), "mb")),
    ('size:"> 3000 px"', Size(Span(3000, None, low_in=False), "px")),
]


@pytest.mark.parametrize(("text", "term"), UNDERSTOOD)
def test_what_a_key_understands(text: str, term: object) -> None:
    query = parse(text)
    assert query.terms == (term,)
    assert parse(str(query)) == query
    assert read(text).misread == ()


NO_NUMBER = [
    "",
    "x",
    "-1",
    "nan",
    "inf",
    "-inf",
    "1e999",
    "1e5",
    "٣",
    "1.",
    ".5",
    "1,5",
    "1..2..3",
    "..",
    ">",
    ">>1",
    "1>",
]
NO_NUMBER += ["9" * 400, "0x10", "½", "1\x002", "\ud800", "3apples", ">..", "..<", "1...2", "１"]

NONSENSE = [
    *((key, value) for key in ("iso", "aperture", "f", "rating") for value in NO_NUMBER),
    *(("size", f"{value}mb") for value in NO_NUMBER if value != "1.."),
    *(("rating", value) for value in ("6", "5.1", ">5", "<0", "1..6", "99")),
    *(("iso", value) for value in ("100mm", "1000000000001")),
    *(("size", value) for value in ("12", ">12", "1mb..2mp", "1mp..2", "12tb", "mp", ">mb")),
    *(
        ("date", value)
        for value in ("", "soon", "..", "2019-13", "2019-02-29", "0000", "٢٠١٩", "2019-", "2019-07-04..x")
    ),
    *(("date", value) for value in ("20190", "2019'", "nan", "\x00", "\ud800", "2019..2020..2021", "9" * 5000)),
    *(
        ("near", value)
        for value in ("", "48.85", "91,0", "0,181", "nan,0", "0,inf", "1e999,0", "48,85,2,35", "0,0,-1km")
    ),
    *(("near", value) for value in ("0,0,0km", "0,0,30000km", "0,0,5 parsecs", "٤٨,٢", "Paris", "0,0," + "9" * 5000)),
    *(("type", value) for value in ("", "jpgg", "doc", "\x00", "RAW+JPEG")),
    *(("has", value) for value in ("", "nothing", "people")),
    *(("is", value) for value in ("", "edited", "nice")),
    *((key, "") for key in READERS),
    *((key, " ") for key in READERS),
    ("folder", "//"),
]


@pytest.mark.parametrize(("key", "value"), NONSENSE)
def test_what_makes_no_sense_is_words(key: str, value: str) -> None:
    (found,) = read(f'{key}:"{value}"').misread
    assert (found.key, found.start, found.end) == (key, 0, len(key) + len(value) + 3)
    assert parse(f'{key}:"{value}"').terms == (Phrase(" ".join(f"{key}: {value}".split())),)
    if not any(mark.isspace() for mark in value):
        assert parse(f"{key}:{value}").terms == (Word(f"{key}:{value}"),)
        assert parse(f"-{key}:{value} a").terms[1:] == (Word("a"),)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(sorted(READERS)), st.text() | st.text("0123456789.<>=,- mkbpx", max_size=12), st.booleans())
def test_a_key_reads_any_value_or_leaves_it_alone(key: str, value: str, quoted: bool) -> None:
    term = READERS[key](value, quoted)
    if term is not None:
        assert parse(str(term)).terms == (term,)


def test_every_ending_of_a_photo_is_a_type() -> None:
    assert {suffix[1:] for suffix in SUFFIXES} <= set(TYPES)
    for names in (TYPES, THINGS_TO_HAVE, THINGS_TO_BE):
        assert all(names[name] == name for name in names.values())
