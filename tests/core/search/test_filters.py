"""Filters against the same question asked in Python, over random catalogues."""

from __future__ import annotations

import tempfile
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.catalog import photos
from core.search import filters
from core.search.grammar import InFolder, Query, TakenIn, Without, parse

from .conftest import Model, WordEncoder, World

BREAKS = "/ _.,;()+&=#@-"
NAMES = st.sampled_from(
    ["Italy", "italy 2019", "2019-07 Italy", "Littleitaly", "Ärger", "a%b_c", "A[1]", "x*y?", "New York", "100%", "ΣΑΣ"]
)
TYPED = st.sampled_from(
    ["italy", "ITALY", "Italy/", "2019", "ärger", "A\u0308rger", "a%b", "%", "[1]", "a[", "*", "?", "york", "new york"]
    + ["2019/italy", "2019-07 Italy/New York", "σας", "/photos", "/photos/Italy", "/PHOTOS/italy/", "/", "photos", "x"]
)
DATES = st.sampled_from(
    [None, "2018-12-31T23:59:59", "2019-01-01T00:00:00", "2019-07-04T18:30:00", "2020-02-29T01:02:03"]
)
SPANS = st.sampled_from(["2019", "2019-07", "2019-07-04", "2018", "2020-02-29", "2019-01", "9999"])


def folded(text: str) -> str:
    """The same for both cases and both ways to write an accent."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower().replace("ς", "σ"))


def in_folder(root: str, folder: str, typed: str) -> bool:
    whole = folded(f"{root}/{folder}/")
    typed = folded(typed)
    if typed.startswith("/"):
        return whole.startswith(typed.rstrip("/") + "/")
    below = folded(f"/{root.rsplit('/', 1)[1]}/{folder}/")
    return any(below.startswith(typed, at) and below[at - 1] in BREAKS for at in range(1, len(below)))


def taken_in(taken: str | None, span: TakenIn) -> bool:
    if taken is None:
        return False
    after = span.first is None or taken[: len(span.first)] >= span.first
    return after and (span.last is None or taken[: len(span.last)] <= span.last)


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_filters_keep_what_python_keeps(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as place:
        world = World(Path(place), Model(), WordEncoder())
        try:
            made = {}
            for number in range(data.draw(st.integers(1, 12))):
                root = data.draw(st.sampled_from(["/photos", "/media/Italy", "/media/My Photos"]))
                folder = "/".join(data.draw(st.lists(NAMES, max_size=3)))
                taken = data.draw(DATES)
                path = world.add(f"{folder}/{number}.jpg".lstrip("/"), None, root=Path(root), taken=taken)
                made[path] = (root, folder, taken)
            for _ in range(12):
                terms = []
                for _ in range(data.draw(st.integers(0, 3))):
                    if data.draw(st.booleans()):
                        term = InFolder(data.draw(TYPED))
                    else:
                        first, last = data.draw(st.none() | SPANS), data.draw(st.none() | SPANS)
                        term = TakenIn(first, last) if first or last else TakenIn("2019", "2019")
                    terms.append(Without(term) if data.draw(st.booleans()) else term)
                query = Query(tuple(terms))
                where = filters.compile(query)
                with world.catalog.read() as db:
                    found = {photo.path for photo in photos.by_ids(db, photos.ids_by_date(db, *where).tolist())}
                expected = set()
                for path, (root, folder, taken) in made.items():
                    kept = True
                    for term, wanted in query.filters:
                        if isinstance(term, InFolder):
                            kept &= in_folder(root, folder, term.name) == wanted
                        else:
                            kept &= taken_in(taken, term) == wanted
                    if kept:
                        expected.add(path)
                assert found == expected, str(query)
        finally:
            world.catalog.close()


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("folder:italy", {"Italy", "Italy/Rome", "Italy 2019", "2019-07 Italy", "2019/Italy"}),
        ("folder:Italy/", {"Italy", "Italy/Rome", "2019-07 Italy", "2019/Italy"}),
        ("folder:italy/rome", {"Italy/Rome"}),
        ("folder:2019/ital", {"2019/Italy"}),
        ("folder:2019\\italy", {"2019/Italy"}),
        ('folder:"ITALY 2019"', {"Italy 2019"}),
        ("folder:/photos/italy", {"Italy", "Italy/Rome"}),
        ("folder:/photos/ital", set()),
        ("folder:photos -folder:italy", {"", "Littleitaly", "ärger"}),
        ("folder:ÄRGER", {"ärger"}),
        ("folder:%", set()),
        ("folder:" + "x" * 20_000, set()),
        ("folder:ab\ud800c", set()),
        ("folder:a\x00b", set()),
    ],
)
def test_what_a_folders_name_matches(world: World, text: str, kept: set[str]) -> None:
    folders = ["", "Italy", "Italy/Rome", "Italy 2019", "2019-07 Italy", "2019/Italy", "Littleitaly", "ärger"]
    for folder in folders:
        world.add(f"{folder}/a.jpg".lstrip("/"), None)
    with world.catalog.read() as db:
        ids = photos.ids_by_date(db, *filters.compile(parse(text)))
        found = {photo.path.parent for photo in photos.by_ids(db, ids.tolist())}
    assert found == {Path("/photos") / folder for folder in kept}


def test_no_filter_is_no_condition() -> None:
    assert filters.compile(parse("a dog -people")) == (None, ())


def test_nothing_typed_becomes_sql(world: World) -> None:
    world.add("a.jpg", None)
    where = filters.compile(parse("""folder:"'; DROP TABLE photo; --" -folder:"%' OR 1=1" """))
    assert where.sql is not None and "DROP" not in where.sql and where.sql.count("?") == len(where.params)
    with world.catalog.read() as db:
        assert photos.ids_by_date(db, *where).tolist() == []


def test_filters_in_words() -> None:
    query = parse('folder:"New York" -folder:Work date:2019-07..2019-08 dog')
    assert filters.reasons(query) == ("folder: New York", "not folder: Work", "date: 2019-07..2019-08")


def test_a_thousand_filters_are_no_deeper_than_sqlite_goes(world: World) -> None:
    text = " ".join(f"-folder:nowhere{number}" for number in range(1200)) + " folder:Italy" * 1000
    where = filters.compile(parse(text))
    with world.catalog.read() as db:
        [count] = db.execute(f"SELECT count(*) FROM photo p WHERE {where.sql}", where.params).fetchone()
        [italy] = db.execute(
            f"SELECT count(*) FROM photo p WHERE {filters.compile(parse('folder:Italy')).sql}",
            filters.compile(parse("folder:Italy")).params,
        ).fetchone()
    assert count == italy
