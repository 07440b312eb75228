"""Photos by what was written: found, ranked, filtered, and with reasons."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.catalog import contents, folders, photos, roots, tags
from core.catalog.connection import Catalog
from core.search import words
from core.search.filters.condition import Condition
from core.search.word_lookup import _SELECTS
from core.search.words import WordHits, WordIndex
from core.types import FileStamp, FoundCaption, PhotoMetadata

STAMP = FileStamp(1, 2, 3)


@dataclass
class Album:
    """A catalogue, and photos in it by their file names."""

    catalog: Catalog

    @property
    def index(self) -> WordIndex:
        return WordIndex(self.catalog)

    def add(
        self, path: str, *said: str, tags: Sequence[str] = (), root: str = "/home/x/Pictures", **more: object
    ) -> int:
        return self.add_all([(path, said, tags)], root, **more)[0]

    def add_all(
        self, rows: Sequence[tuple[str, Sequence[str], Sequence[str]]], root: str = "/home/x/Pictures", **more: object
    ) -> list[int]:
        def work(db: sqlite3.Connection) -> list[int]:
            place = roots.get(db, Path(root)) or roots.add(db, Path(root), None)
            found = []
            for path, said, keywords in rows:
                inner = Path(path)
                folder = folders.ensure(db, place.id, "" if inner.parent == Path() else inner.parent.as_posix())
                metadata = PhotoMetadata(
                    captions=tuple(FoundCaption(text, "xmp") for text in said), keywords=tuple(keywords), **more
                )
                content = contents.ensure(db, os.urandom(16))
                found.append(photos.upsert(db, folder, inner.name, STAMP, content, metadata))
            return found

        return self.catalog.write(work)

    def found(self, *texts: str, **more: object) -> list[str]:
        """The names of the photos that a search finds, the best first."""
        ids = self.index.search(texts, **more).photo_ids
        with self.catalog.read() as db:
            return [photo.path.stem for photo in photos.by_ids(db, ids)]

    def covered(self, *texts: str) -> dict[str, float]:
        hits = self.index.search(texts)
        with self.catalog.read() as db:
            named = [photo.path.stem for photo in photos.by_ids(db, hits.photo_ids)]
        return dict(zip(named, hits.covered.tolist(), strict=True))

    def why(self, id: int, *texts: str) -> tuple[str, ...]:
        return self.index.why([id], texts).get(id, ())


@pytest.fixture
def album(tmp_path: Path) -> Iterator[Album]:
    with Catalog.open(tmp_path / "library") as catalog:
        yield Album(catalog)


def test_every_place_is_searched_and_the_best_comes_first(album: Album) -> None:
    album.add("a/in name grandma.jpg")
    album.add("Grandma/in folder.jpg")
    album.add("a/in caption.jpg", "Grandma in the garden of our old house")
    album.add("a/in tag.jpg", tags=["Grandma"])
    album.add("a/nowhere.jpg", "Grandpa")
    assert album.found("grandma") == ["in tag", "in caption", "in name grandma", "in folder"]


def test_hits_are_arrays_of_one_length(album: Album) -> None:
    ids = album.add_all([("a.jpg", ("dog",), ()), ("b.jpg", ("dog", "cat"), ())])
    hits = album.index.search(["dog cat"])
    assert len(hits) == 2
    assert [array.dtype for array in (hits.photo_ids, hits.content_ids, hits.score, hits.covered)] == [
        np.int64,
        np.int64,
        np.float32,
        np.float32,
    ]
    assert hits.photo_ids.tolist() == [ids[1], ids[0]]
    with album.catalog.read() as db:
        assert hits.content_ids.tolist() == [photo.content_id for photo in photos.by_ids(db, hits.photo_ids)]
    assert hits.score[0] > hits.score[1] > 0
    nothing = album.index.search(["xyzzy"])
    assert [len(array) for array in (nothing.photo_ids, nothing.content_ids, nothing.score, nothing.covered)] == [0] * 4


def test_a_rare_word_counts_more_than_a_common_one(album: Album) -> None:
    album.add_all([(f"beach {number}.jpg", ("beach",), ()) for number in range(20)])
    album.add("rare.jpg", "grandma")
    album.add("both.jpg", "grandma beach")
    assert album.found("grandma on the beach")[:2] == ["both", "rare"]
    covered = album.covered("grandma on the beach")
    assert covered["both"] == pytest.approx(1)
    assert covered["rare"] > 0.7 > 0.3 > covered["beach 3"] > 0
    assert covered["rare"] + covered["beach 3"] == pytest.approx(1)


def test_a_word_that_nothing_has_lowers_what_is_covered(album: Album) -> None:
    album.add("a.jpg", "dog")
    assert album.covered("dog")["a"] == pytest.approx(1)
    assert album.covered("dog xyzzy")["a"] < 0.5
    assert album.covered("a photo of the dog")["a"] == pytest.approx(1)


def test_function_words_count_for_nothing(album: Album) -> None:
    album.add("a.jpg", "the of and")
    album.add("b.jpg", "a dog")
    assert album.found("the dog of") == ["b"]
    assert album.found("the") == ["a"]


def test_a_short_caption_counts_more(album: Album) -> None:
    album.add("long.jpg", "On the last evening the four of us went down to the harbour where Anna had found a boat")
    album.add("short.jpg", "Anna")
    assert album.found("anna") == ["short", "long"]
    # Many captions are no long one.
    album.add("many.jpg", *(f"Anna {number}" for number in range(30)))
    assert album.found("anna") == ["short", "many", "long"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("dogs", "A dog"),
        ("dog", "Two dogs"),
        ("running", "A man runs"),
        ("children", "My child"),
        ("strasse", "Straße"),
        ("STRASSE", "straße"),
        ("zurich", "Zürich"),
        ("Zürich", "zurich"),
        ("izmir", "İzmir"),
        ("ızmir", "IZMIR"),
        ("كتاب", "كِتَابٌ"),
        ("हिन्दी", "हिन्दी की किताब"),
        ("東", "東京の桜"),
        ("京の", "東京の桜"),
        ("東京の桜", "東京の桜"),
        ("海滩上的狗", "一只狗在海滩上玩"),
        ("강아지", "강아지가 논다"),
        ("🐶", "🐶!"),
        ("🇩🇪", "Urlaub 🇩🇪🇫🇷"),
        ("grandm", "Grandma"),
        ("well-known", "a place known well"),
        ("birthday", "a birthday-cake"),
        ("O'Brien", "Anna O’Brien"),
        ("\ud83d dog \0", "dog"),
    ],
)
def test_what_means_the_same_is_found(album: Album, asked: str, said: str) -> None:
    album.add("it.jpg", said)
    album.add("other.jpg", "nothing of the kind")
    assert album.found(asked) == ["it"]
    assert album.why(1, asked)


@pytest.mark.parametrize(
    ("asked", "said"),
    [("dog", "dogma"), ("京東", "東京"), ("img_13", "img_12 13"), ("bear", "beard"), ("क", "हिन्दी"), ("gr", "grandma")],
)
def test_what_means_something_else_is_not(album: Album, asked: str, said: str) -> None:
    album.add("a.jpg", said)
    album.add("b.jpg", asked if len(asked) > 2 else "nothing")
    assert "a" not in album.found(asked)
    assert album.why(1, asked) == ()


def test_words_as_they_are_typed_come_before_their_forms(album: Album) -> None:
    album.add("one.jpg", "a dog")
    album.add("two.jpg", "a dogs")
    assert album.found("dog") == ["one", "two"]
    assert album.found("dogs") == ["two", "one"]


def test_a_beginning_is_looked_for_only_where_no_such_word_is(album: Album) -> None:
    album.add("beard.jpg", "a beard")
    assert album.found("bear") == ["beard"]
    assert album.covered("bear") == {"beard": pytest.approx(0.5)}
    album.add("bear.jpg", "a bear")
    assert album.found("bear") == ["bear"]


def test_what_is_written_as_one_stands_side_by_side_before_anything_else(album: Album) -> None:
    album.add("IMG_12.jpg")
    album.add("12_IMG.jpg")
    assert album.found("IMG_12") == ["IMG_12"]
    assert sorted(album.found("IMG_12_13")) == ["12_IMG", "IMG_12"]


@pytest.mark.parametrize(
    "asked",
    [
        '"dog"',
        '"dog',
        "dog*",
        "^dog",
        "-dog",
        "dog:",
        "text:dog",
        "caption_words:dog",
        "{text}: dog",
        "dog AND",
        "AND dog",
        "dog OR",
        "dog NOT cat",
        "NOT dog",
        "NEAR(dog)",
        "NEAR(dog, 5)",
        "(dog",
        "dog)",
        "dog + cat",
        "dog'",
        "dog; DROP TABLE photo",
        "dog\0",
        "dog -- x",
        "dog \\",
    ],
)
def test_a_language_of_queries_is_plain_words(album: Album, asked: str) -> None:
    album.add("dog.jpg", "dog")
    album.add("other.jpg", "other")
    assert album.found(asked) == ["dog"]


@given(texts=st.lists(st.text(st.characters(codec=None), max_size=40), max_size=3))
@settings(max_examples=60, deadline=None)
def test_any_texts_can_be_asked(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    catalog = Catalog.open(tmp_path_factory.mktemp("any"))
    try:
        album = Album(catalog)
        wide = "".join(texts).encode("utf-8", "replace").decode()
        id = album.add("a.jpg", wide, "dog")
        hits = album.index.search(texts)
        assert isinstance(hits, WordHits)
        assert np.isfinite(hits.score).all()
        assert ((hits.covered >= 0) & (hits.covered <= 1 + 1e-6)).all()
        assert bool(len(hits)) == bool(album.index.why([id], texts)), "what is found has a reason, and only that"
    finally:
        catalog.close()


def test_tags_count_as_long_as_they_are_accepted(album: Album) -> None:
    photo = album.add("a.jpg", tags=["Birthday party"])
    assert album.found("party") == ["a"]
    for state, found in (("rejected", []), ("suggested", []), ("accepted", ["a"])):
        album.catalog.write(lambda db, state=state: db.execute("UPDATE tag SET state = ?", [state]))
        assert album.found("party") == found
        assert album.why(photo, "party") == (("tag: 'party'",) if found else ())
    album.catalog.write(lambda db: db.execute("UPDATE label SET name = 'Wedding'"))
    assert album.found("party") == []
    assert album.found("wedding") == ["a"]
    assert tags  # of the catalogue's own functions


def test_the_name_of_a_root_counts_as_a_folder(album: Album) -> None:
    album.add("a.jpg", root="/media/Ferien 2019")
    assert album.found("ferien") == ["a"]
    assert album.found("media") == []


def test_reasons_say_the_words_as_they_stand(album: Album) -> None:
    photo = album.add(
        "Italy 2019/IMG_12 Grandma.jpg", "GRANDMA's cakes", "grandma again: Cakes", tags=["Grandma Ruth", "Cake"]
    )
    assert album.why(photo, "grandma's cake in italy") == (
        "caption: 'GRANDMA', 'cakes'",
        "tag: 'Cake', 'Grandma'",
        "folder: 'Italy'",
        "name: 'Grandma'",
    )
    assert album.why(photo, "img_12") == ("name: 'IMG_12'",)
    assert album.why(photo, "beach") == ()


def test_reasons_in_scripts_without_spaces_are_whole(album: Album) -> None:
    photo = album.add("a.jpg", "昨日、東京タワーの前で")
    assert album.why(photo, "東京タワー") == ("caption: '東京タワー'",)
    assert album.why(photo, "京都タワー") == ("caption: 'タワー'",)


def test_reasons_for_parts_of_names(album: Album) -> None:
    photo = album.add("WhatsApp/BeachHoliday2019.jpg")
    assert album.why(photo, "holiday 2019 whatsapp") == ("folder: 'WhatsApp'", "name: 'Holiday', '2019'")


def test_reasons_for_many_and_for_none(album: Album) -> None:
    ids = album.add_all([(f"{number}.jpg", ("dog",) if number % 2 else (), ()) for number in range(2000)])
    found = album.index.why([*ids, 10**9], ["dog"])
    assert found == dict.fromkeys(ids[1::2], ("caption: 'dog'",))
    assert album.index.why([], ["dog"]) == {}
    assert album.index.why(ids, []) == {}


@pytest.mark.parametrize("few", [3, 5_000])
def test_a_filter_leaves_photos_out(album: Album, monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    """Both ways to do it: all that pass are asked for, or the photos that have the words are looked at."""
    monkeypatch.setattr(words, "_FEW", few)
    album.add_all([(f"{number}.jpg", ("dog",), ("Cat",)) for number in range(30)], rating=1)
    album.add_all([(f"x/{number}.jpg", ("dog and more",), ()) for number in range(30, 40)], rating=5)
    album.add("best.jpg", "a short dog", rating=5)
    assert len(album.found("dog")) == 41
    liked = Condition("p.rating >= ?", (5,))
    assert set(album.found("dog", allowed_sql=liked)) == {"best", *map(str, range(30, 40))}
    assert album.found("dog", allowed_sql=liked, most=4)[0] in {"best", *map(str, range(30, 40))}
    assert len(album.found("dog", allowed_sql=liked, most=4)) == 4
    assert album.found("dog", allowed_sql=Condition("p.rating = 77", ())) == []
    assert len(album.found("dog", allowed_sql=Condition(None, ()))) == 41
    every = Condition("p.rating >= ? AND p.rating <= ?", (0, 5))
    assert album.found("dog", allowed_sql=every) == album.found("dog")


def test_no_more_than_were_asked_for_and_the_best_of_them(album: Album) -> None:
    album.add_all([(f"{number}.jpg", ("dog",), ()) for number in range(50)])
    album.add_all([(f"best {number}.jpg", ("dog cat",), ()) for number in range(3)])
    found = album.found("dog cat", most=5)
    assert len(found) == 5
    assert set(found[:3]) == {"best 0", "best 1", "best 2"}


def test_a_photo_that_another_program_removed_is_no_hit(album: Album) -> None:
    ids = album.add_all([("a.jpg", ("dog",), ()), ("b.jpg", ("dog",), ())])
    with sqlite3.connect(album.catalog.path, isolation_level=None) as db:
        db.execute("DELETE FROM photo WHERE id = ?", [ids[0]])
    db.close()
    assert album.found("dog") == ["b"]
    assert album.index.why(ids, ["dog"]) == {ids[1]: ("caption: 'dog'",)}


def test_an_empty_library_and_empty_questions(album: Album) -> None:
    assert album.found("dog") == []
    album.add("a.jpg", "dog")
    for texts in ([], [""], ["..."], ["\0"]):
        assert len(album.index.search(texts)) == 0


def test_each_place_is_searched_by_an_index_alone(album: Album) -> None:
    """Rows of photos are long: at a million, reading one for each hit would take a second."""
    album.add("a.jpg", "dog", tags=["dog"])
    with album.catalog.read() as db:
        for place, select in _SELECTS.items():
            plan = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {select}", ["dog"])]
            for step in plan:
                assert (
                    "VIRTUAL TABLE INDEX" in step
                    or "LIST SUBQUERY" in step
                    or " COVERING INDEX " in step
                    or ("tag USING PRIMARY KEY" in step)
                ), (place, plan)
            assert not any(step.startswith("SCAN photo") for step in plan), plan


def test_a_library_that_can_only_be_read_is_searched(album: Album, tmp_path: Path) -> None:
    album.add("a.jpg", "dog")
    with Catalog.open(tmp_path / "library", read_only=True) as catalog:
        assert len(WordIndex(catalog).search(["dog"])) == 1
