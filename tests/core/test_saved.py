"""Saved searches: names, and how many photos one finds now."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import CallError, PhotoError
from core.library import Library
from core.saved import LONGEST_NAME, Count, cleaned, count, in_one_line, narrowed
from core.search.grammar import parse
from core.types import Order
from tests.colours import paint
from tests.core.test_library import ColourLibrary, run


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with ColourLibrary.open(tmp_path / "library") as library:
        yield library


@pytest.fixture
def full(library: Library, tmp_path: Path) -> Library:
    """Three red photos and one green one, in two folders."""
    for number in range(3):
        paint(tmp_path / "album" / "2019" / f"{number}.jpg", "red", number)
    paint(tmp_path / "album" / "2020" / "3.jpg", "green")
    library.add_root(tmp_path / "album")
    run(library)
    return library


def test_saved_renamed_found_and_removed(library: Library) -> None:
    dogs = library.saved.save("  Our   dogs\n", " dog -people ", Order.DATE)
    assert (dogs.name, dogs.query, dogs.order) == ("Our dogs", "dog -people", Order.DATE)
    cats = library.saved.save("cats", "cat")
    assert [search.name for search in library.saved.all()] == ["cats", "Our dogs"]
    assert library.saved.find("our DOGS") == dogs
    renamed = library.saved.rename(dogs.id, "A dog")
    assert (renamed.id, renamed.query) == (dogs.id, dogs.query)
    assert [search.name for search in library.saved.all()] == ["A dog", "cats"]
    library.saved.remove(cats.id)
    library.saved.remove(cats.id)
    assert library.saved.all() == [renamed]


def test_a_name_may_change_its_letters_case(library: Library) -> None:
    dogs = library.saved.save("dogs", "dog")
    assert library.saved.rename(dogs.id, "Dogs").name == "Dogs"


@pytest.mark.parametrize("name", ["", "  ", "\n\0", "x" * (LONGEST_NAME + 1)])
def test_a_name_that_cannot_be_kept_is_refused_in_a_sentence(library: Library, name: str) -> None:
    with pytest.raises(CallError, match="name"):
        library.saved.save(name, "dog")
    kept = library.saved.save("dogs", "dog")
    with pytest.raises(CallError, match="name"):
        library.saved.rename(kept.id, name)
    assert library.saved.all() == [kept]


def test_what_cannot_be_done_is_said_and_changes_nothing(library: Library) -> None:
    with pytest.raises(CallError, match="None is saved yet"):
        library.saved.find("dogs")
    dogs, cats = library.saved.save("dogs", "dog"), library.saved.save("cats", "cat")
    with pytest.raises(CallError, match="Did you mean “dogs”"):
        library.saved.find("dosg")
    with pytest.raises(CallError, match="There are: cats, dogs"):
        library.saved.find("xyz")
    with pytest.raises(CallError, match="“cats” already"):
        library.saved.rename(dogs.id, "CATS")
    with pytest.raises(CallError, match="not there any more"):
        library.saved.rename(12345, "birds")
    with pytest.raises(CallError, match="nothing to save"):
        library.saved.save("birds", " \0 ")
    assert library.saved.all() == [cats, dogs]


def test_names_are_shown_on_one_line() -> None:
    assert cleaned("a\tb\u2028c\x1b[31m\udcff") == "a b c [31m\ufffd"


def test_filters_alone_are_counted_without_a_model(full: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Library, "search", lambda *_, **__: pytest.fail("searched"))
    assert count(full, "folder:2019") == Count(3)
    assert count(full, "-folder:2019") == Count(1)
    assert count(full, "folder:nowhere") == Count(0)


def test_words_are_counted_as_good_matches(full: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    assert count(full, "red") == Count(3)
    assert count(full, "red folder:2020") == Count(0)
    assert count(full, "-red") == Count(1), "all that is left over"
    monkeypatch.setattr("core.saved.COUNTED", 2)
    assert count(full, "red") == Count(2, more=True)
    assert count(full, "green") == Count(1)


def test_a_photo_that_is_gone_cannot_be_compared_with(full: Library, tmp_path: Path) -> None:
    with pytest.raises(PhotoError):
        count(full, f'like:"{tmp_path / "gone.jpg"}"')


def test_a_photo_beside_the_words_becomes_part_of_them() -> None:
    photo = Path("/photos/a dog.jpg")
    assert in_one_line("snow", None) == "snow"
    assert parse(in_one_line("snow", photo)).likes == ("/photos/a dog.jpg",)
    # A phrase that is left open does not swallow the photo, and the photo counts for both alternatives.
    for words in ('"in the snow', "dog OR cat"):
        assert parse(in_one_line(words, photo)).terms[: len(parse(words).terms)] == parse(words).terms
    assert in_one_line("", photo) == 'like:"/photos/a dog.jpg"'


def test_more_words_narrow_a_query() -> None:
    assert narrowed("dog", " ") == "dog"
    assert parse(narrowed("dog OR cat", "snow")).terms == (*parse("dog OR cat").terms, *parse("snow").terms)
