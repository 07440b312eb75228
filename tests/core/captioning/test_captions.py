"""Captions taken into a library and given out of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import caption_report
from core.errors import CallError, CaptionsError, TargetTaken
from core.library import Library


@pytest.fixture
def library(sample_library: Path) -> Iterator[Library]:
    with Library.open(sample_library) as opened:
        yield opened


def write(path: Path, *rows: tuple[str, list[str]]) -> Path:
    path.write_text("\n".join(json.dumps({"file": file, "captions": said}) for file, said in rows))
    return path


def test_every_pair_is_accounted_for(library: Library, indexed_samples: Path, tmp_path: Path) -> None:
    first = str(indexed_samples / "photos" / "retrouve-001.jpg")
    file = write(
        tmp_path / "mine.jsonl",
        (first, ["Oma Els", "Oma Els", "", "long " * 60]),
        ("retrouve-002.jpg", ["Biscuit"]),
        ("nowhere.jpg", ["lost"]),
    )
    with file.open("a") as more:
        more.write("\n{broken\n")
    report = library.captioning.take_in(file)
    assert (report.pairs, report.added, report.repeated, report.empty) == (6, 3, 1, 1)
    assert (report.unknown, report.overlong, report.broken, report.photos) == (1, 1, 1, 2)
    assert report.unknown_photos == ("nowhere.jpg",)
    assert report.broken_rows[0].startswith("line 4: not JSON")
    again = library.captioning.take_in(file)
    assert (again.added, again.known) == (0, 3)
    assert next(c.text for c in library.captioning.of(Path(first)).captions if c.source == "imported") == "Oma Els"
    assert library.search("biscuit", top=1).hits[0].path.name == "retrouve-002.jpg"


def test_what_is_cut_is_counted(library: Library, tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", ("retrouve-002.jpg", ["a" * 10_000, "many words " * 600, "散步" * 400, "short"]))
    report = library.captioning.take_in(file)
    assert (report.added, report.cut, report.overlong) == (4, 2, 3)
    assert "2 are cut: 4,000 characters" in "\n".join(caption_report.sentences(report))


def test_imported_captions_outlive_an_index_run(library: Library, indexed_samples: Path, tmp_path: Path) -> None:
    photo = indexed_samples / "photos" / "retrouve-003.jpg"
    library.captioning.take_in(write(tmp_path / "mine.jsonl", (str(photo), ["Momo"])))
    for _ in library.index():
        pass
    assert "Momo" in [caption.text for caption in library.captioning.of(photo).captions]


def test_a_name_that_two_photos_have_is_not_guessed(photos: Path, tmp_path: Path) -> None:
    shutil.copy(photos / "first" / "picture 000.jpg", photos / "second" / "same.jpg")
    shutil.copy(photos / "first" / "picture 002.jpg", photos / "first" / "same.jpg")
    with Library.open(tmp_path / "library") as library:
        library.add_root(photos)
        for _ in library.index():
            pass
        file = write(tmp_path / "a.jsonl", ("same.jpg", ["x y"]), ("second/same.jpg", ["relative to the root"]))
        report = library.captioning.take_in(file)
        assert (report.ambiguous, report.added) == (1, 1)
        with pytest.raises(CaptionsError, match=r"Several photos of the library .* same\.jpg"):
            library.captioning.take_in(write(tmp_path / "b.jsonl", ("same.jpg", ["x y"])))


def test_a_file_that_names_no_photo_of_the_library(library: Library, tmp_path: Path) -> None:
    with pytest.raises(CaptionsError, match="None of the photos"):
        library.captioning.take_in(write(tmp_path / "mine.jsonl", ("nowhere.jpg", ["Biscuit"])))
    empty = tmp_path / "empty.jsonl"
    empty.write_text("")
    with pytest.raises(CaptionsError, match="holds no caption"):
        library.captioning.take_in(empty)


@pytest.mark.parametrize("suffix", [".jsonl", ".json", ".csv", ".tsv"])
def test_what_is_given_out_can_be_taken_in(library: Library, tmp_path: Path, suffix: str) -> None:
    photo = library.captioning
    photo.take_in(write(tmp_path / "mine.jsonl", ("retrouve-004.jpg", ['He said "hi", twice', "Oma\tEls"])))
    target = tmp_path / f"out{suffix}"
    photos, captions = photo.give_out(target)
    assert photos >= 1 and captions >= 2
    again = photo.take_in(target)
    assert (again.known, again.unknown, again.broken) == (captions, 0, 0)
    with pytest.raises(TargetTaken):
        photo.give_out(target)
    photo.give_out(target, overwrite=True)
    with pytest.raises(CallError, match="tells no format"):
        photo.give_out(tmp_path / "out.doc")
    with pytest.raises(CallError, match="own library"):
        photo.give_out(library.folder / "out.csv")
