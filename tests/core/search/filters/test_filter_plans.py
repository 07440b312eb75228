"""How SQLite goes about a filter: along one index, not through the rows of a million photos."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from core.catalog import by_date, favourites
from core.catalog.connection import Catalog
from core.search import filters
from core.search.grammar import parse

from .conftest import draw, store

FILTERS = [
    "folder:Italy",
    "date:2019",
    "date:july",
    "date:christmas",
    "date:weekends",
    "date:easter",
    "camera:canon",
    "lens:sigma",
    "lens:50mm",
    "aperture:<2",
    "iso:>800",
    "type:raw",
    "type:jpeg",
    "type:nef",
    "rating:>=3",
    "tag:cat",
    "caption:dog",
    "name:IMG_12",
    "near:48.85,2.35",
    "has:gps",
    "has:caption",
    "has:tag",
    "has:rating",
    "has:date",
    "has:camera",
    "is:portrait",
    "is:landscape",
    "is:square",
    "is:panorama",
    "is:favourite",
    "is:copy",
    "size:>12mp",
    "size:>8mb",
    "size:>5000px",
]


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    with Catalog.open(tmp_path_factory.mktemp("plans")) as made:
        store(made, draw(random.Random(1), 40))
        yield made


def plan(catalog: Catalog, select: str, text: str) -> list[str]:
    where, params = filters.compile(parse(text))
    with catalog.read() as db:
        return [row["detail"] for row in db.execute(f"EXPLAIN QUERY PLAN {select} WHERE {where}", params)]


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize("text", FILTERS)
def test_a_count_reads_no_photos_row(catalog: Catalog, text: str, sign: str) -> None:
    """But where another table lists the photos: those are looked up, one by one."""
    [photo] = [line for line in plan(catalog, "SELECT count(*) FROM photo p", sign + text) if " p " in line]
    listed = not sign and text.partition(":")[0] in ("tag", "caption")
    assert ("COVERING INDEX" in photo) != listed, photo


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize("text", FILTERS)
def test_the_walk_by_date_reads_no_photos_row_and_sorts_nothing(catalog: Catalog, text: str, sign: str) -> None:
    where, params = filters.compile(parse(sign + text))
    select = f"SELECT p.id FROM {by_date._WALK} WHERE {where} {by_date._ORDER}"
    with catalog.read() as db:
        lines = [row["detail"] for row in db.execute(f"EXPLAIN QUERY PLAN {select}", params)]
    [photo] = [line for line in lines if " p " in line]
    assert "COVERING INDEX photo_by_date" in photo and not any("B-TREE" in line for line in lines)


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize("text", FILTERS)
def test_the_contents_of_what_passes_come_from_the_same_walk(catalog: Catalog, text: str, sign: str) -> None:
    """A search asks which contents pass; folders, places and lists lead to photos, all else is the walk."""
    [photo] = [line for line in plan(catalog, "SELECT p.content_id FROM photo p", sign + text) if " p " in line]
    led = text.partition(":")[0] in ("folder", "near", "tag", "caption")
    assert "COVERING INDEX photo_by_date" in photo or led, photo


@pytest.mark.parametrize(("few", "long"), [(3, 1), (3, 10), (5000, 100_000)])
def test_few_and_many_are_found_in_the_same_order(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch, few: int, long: int
) -> None:
    """Where few pass they are sorted, where many do they are walked to, and counted on from there: nobody can tell."""
    with catalog.read() as db:
        asked = [parse(sign + text) for text in FILTERS for sign in ("", "-")]
        wanted = [db.execute(_slow(query), filters.compile(query).params).fetchall() for query in asked]
        monkeypatch.setattr(by_date, "FEW", few)
        monkeypatch.setattr(by_date, "_LONG_WALK", long)
        for query, rows in zip(asked, wanted, strict=True):
            ids = [row[0] for row in rows]
            assert by_date.every(db, *filters.compile(query)).tolist() == ids
            for most in (1, 5, 33, 40, 99):
                found = filters.newest(db, query, most)
                assert (found.ids.tolist(), found.total) == (ids[:most], len(ids)), (str(query), most)
                assert found.ids.dtype == "int64"


def _slow(query: object) -> str:
    where, _ = filters.compile(query)  # type: ignore[arg-type]
    return f"SELECT p.id FROM photo p NOT INDEXED WHERE {where} ORDER BY p.taken DESC, p.content_id DESC, p.id DESC"


def test_an_empty_library_and_no_filters(tmp_path) -> None:
    with Catalog.open(tmp_path / "library") as catalog:
        with catalog.read() as db:
            assert filters.newest(db, ()).total == 0 and filters.newest(db, parse("-tag:x")).ids.tolist() == []
        made = store(catalog, draw(random.Random(3), 9))
        with catalog.read() as db:
            found = filters.newest(db, (), 4)
            assert found.total == 9 and found.ids.tolist() == by_date.every(db)[:4].tolist()
            assert favourites.count(db) == sum(photo.favourite for photo in made.values())


def test_labels_that_are_folded_to_one_count_a_photo_once(tmp_path) -> None:
    """Café and Cafe are two labels, and one question."""
    with Catalog.open(tmp_path / "library") as catalog:
        made = store(catalog, draw(random.Random(3), 60))
        cafes = {
            id
            for id, photo in made.items()
            if any(label in ("Café", "Cafe") and state == "accepted" for label, state in photo.tags)
        }
        with catalog.read() as db:
            assert filters.newest(db, parse("tag:CAFE")).total == len(cafes) > 0
            assert filters.newest(db, parse("-tag:café OR -tag:nothing")).total == len(made)
            assert filters.newest(db, parse("-tag:café")).total == len(made) - len(cafes)
