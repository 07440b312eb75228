"""Every filter, and every tree of filters, against the same question asked in Python."""

from __future__ import annotations

import random
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.catalog import by_date, photos
from core.search import filters
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
    Name,
    Near,
    Query,
    Rating,
    Size,
    Span,
    Tag,
    TakenIn,
    TakenWhen,
    Term,
    Type,
    Without,
)
from core.search.grammar.values import THINGS_TO_BE, THINGS_TO_HAVE

from .conftest import APERTURE, FOCAL, ISO, PLACES, RATING, Few, draw, store
from .reference import distance, holds

TODAY = date(2024, 11, 25)
DAYS = ("2019", "2019-07", "2019-07-04", "2018", "2020-02-29", "2019-01", "1987", "9999")
WHEN = [
    "yesterday",
    "today",
    "last summer",
    "july",
    "july 2019",
    "christmas",
    "christmas 2020",
    "weekends",
    "saturday",
    "easter",
    "last month",
    "1980s",
    "winter",
    "june to august",
    "3 years ago",
    "mondays last summer",
    "29 february",
    "until 2019",
    "this year",
]
TYPED = [
    "italy",
    "ITALY",
    "Italy/",
    "2019",
    "ärger",
    "arger",
    "Ärger",
    "100%",
    "%",
    "[1]",
    "a[",
    "*",
    "?",
    "york",
    "new york",
    "2019/italy",
    "2019-07 Italy/New York",
    "σας",
    "/photos",
    "/photos/Italy",
    "/PHOTOS/italy/",
    "/",
    "photos",
    "x",
    "/media",
    "media",
    "ro",
    "rome\\",
]


def spans(values: tuple[float | None, ...]) -> list[Span]:
    """Spans whose ends are values that photos have, or lie beside one."""
    known = sorted({float(value) for value in values if value is not None})
    found = []
    for end in [*known, *(round(value + 0.3, 3) for value in known)]:
        found.append(Span(end, end))
        for inside in (True, False):
            found += [Span(end, None, inside, True), Span(None, end, True, inside), Span(end, end + 1, inside, inside)]
            found += [Span(end, end * 2 + 2, inside, not inside)]
    return found


EACH: tuple[Term, ...] = (
    *map(InFolder, TYPED),
    *(TakenIn(first, last) for first in (None, *DAYS) for last in (None, *DAYS) if first or last),
    *map(TakenWhen, WHEN),
    *map(Camera, ("canon", "CANON 5d", "eos", "os", "leica", "leïca", "gr", "iii", "sm-g", "zz")),
    *map(Lens, ("sigma", "ef24-70", "2.8", "24", "70mm", "zork", "ZÖRK 50", "1:1.4/50", "[")),
    *map(FocalLength, spans(FOCAL)),
    *map(Aperture, spans(APERTURE)),
    *map(Iso, spans(ISO)),
    *map(Rating, spans(RATING)),
    *map(Type, ("jpeg", "png", "heic", "tiff", "raw", "nef", "dng", "avif", "gif")),
    *map(Tag, ("cat", "CAT", "birthday", "BIRTHDAY party", "cafe", "café", "强い", "強い", "nothing")),
    *map(Caption, ("dog", "DOG", "grossmutter", "großmutter cake", "zurich", "Zürich sea", "do")),
    *map(Name, ("img_12", "IMG_1", "zurich", "Zürich", "strasse", "ß", "%", "[a]*?", "タワー", "\udcff", "0")),
    *(
        Near(latitude or 1.0, longitude or 2.0, km)
        for latitude, longitude in PLACES
        for km in (0.1, 1.0, 5.0, 20.0, 1500.0, 9000.0, 20_038.0)
    ),
    *map(Has, sorted(set(THINGS_TO_HAVE.values()))),
    *map(Is, sorted(set(THINGS_TO_BE.values()))),
    *(Size(span, "mb") for span in spans((0.5, 5.0, 12.0))),
    *(Size(span, "mp") for span in spans((1.0, 12.0, 12.2))),
    *(Size(span, "px") for span in spans((1000.0, 3000.0, 4000.0))),
)
KINDS = {kind: [term for term in EACH if type(term) is kind] for kind in dict.fromkeys(map(type, EACH))}
FILTERS: st.SearchStrategy[Term] = st.one_of([st.sampled_from(terms) for terms in KINDS.values()])


def _nested(inner: st.SearchStrategy[Term]) -> st.SearchStrategy[Term]:
    several = st.lists(inner, min_size=2, max_size=4).map(tuple)
    return inner.map(Without) | several.map(All) | several.map(Any)


TREES = st.recursive(FILTERS, _nested, max_leaves=12)


def check(few: Few, terms: tuple[Term, ...]) -> None:
    expected = {id for id, photo in few.photos.items() if all(holds(term, photo, TODAY) for term in terms)}
    where = filters.compile(terms, TODAY)
    with few.catalog.read() as db:
        found = photos.ids_by_date(db, *where)
        first = filters.newest(db, terms, 7, TODAY)
        walked = by_date.first(db, 7, *where)
        counted = by_date.count(db, *where)
    assert set(found.tolist()) == expected and len(found) == len(expected), str(Query(terms))
    assert first.total == counted == len(expected)
    assert first.ids.tolist() == walked.tolist() == found[:7].tolist()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_each_filter_keeps_what_python_keeps(few: Few, kind: type) -> None:
    """And its negation all others."""
    kept = set()
    for term in KINDS[kind]:
        expected = {id for id, photo in few.photos.items() if holds(term, photo, TODAY)}
        kept.add(len(expected))
        with few.catalog.read() as db:
            for asked, wanted in ((term, expected), (Without(term), set(few.photos) - expected)):
                assert set(photos.ids_by_date(db, *filters.compile([asked], TODAY)).tolist()) == wanted, str(asked)
    assert len(kept) > 1  # Not all find the same, nor nothing.


@settings(max_examples=200, deadline=None)
@given(terms=st.lists(TREES, max_size=4).map(tuple))
def test_a_tree_keeps_what_python_keeps(few: Few, terms: tuple[Term, ...]) -> None:
    check(few, terms)


@settings(max_examples=60, deadline=None)
@given(TREES)
def test_a_tree_and_its_negation_share_no_photo_and_leave_none_out(few: Few, term: Term) -> None:
    with few.catalog.read() as db:
        kept, left = (
            set(photos.ids_by_date(db, *filters.compile([one], TODAY)).tolist()) for one in (term, Without(term))
        )
    assert kept | left == set(few.photos) and not kept & left


@settings(max_examples=150, deadline=None)
@given(
    st.floats(-90, 90),
    st.floats(-180, 180),
    st.floats(0.001, 20_038) | st.floats(0.001, 50),
    st.sampled_from([(90.0, 0.0), (-90.0, 0.0), (-17.0, 180.0), (-17.0, -180.0), (0.0, 0.0), None]),
)
def test_near_is_the_great_circle(
    few: Few, latitude: float, longitude: float, km: float, beside: tuple[float, float] | None
) -> None:
    """Round the poles and the antimeridian as anywhere else; ``beside`` moves the place to within half a degree."""
    if beside is not None:
        latitude = max(-90.0, min(90.0, beside[0] + latitude / 180))
        longitude = (beside[1] + longitude / 360 + 180) % 360 - 180
    term = Near(latitude, longitude, km)
    with few.catalog.read() as db:
        found = set(photos.ids_by_date(db, *filters.compile([term])).tolist())
    for id, photo in few.photos.items():
        if photo.metadata.latitude is None:
            assert id not in found
            continue
        away = distance(photo.metadata.latitude, photo.metadata.longitude or 0.0, term)
        if abs(away - km) > 1e-4:  # Kilometres: half way round the earth haversine itself is no better.
            assert (id in found) == (away < km), (photo.metadata.latitude, photo.metadata.longitude, away)


@pytest.mark.parametrize("seed", range(5))
def test_other_photos(tmp_path, seed: int) -> None:
    """Small catalogues, an empty one among them, with filters drawn by the same hand."""
    from core.catalog.connection import Catalog

    chance = random.Random(seed)
    with Catalog.open(tmp_path / "library") as catalog:
        few = Few(catalog, store(catalog, draw(chance, seed * 3)))
        for what in sorted(set(THINGS_TO_HAVE.values())):
            check(few, (Has(what),))
        for what in sorted(set(THINGS_TO_BE.values())):
            check(few, (Without(Is(what)),))
        check(few, ())
