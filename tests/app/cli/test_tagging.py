"""``retrouve tag`` and ``retrouve classify`` as a process, over the sample photos."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core.library import Library
from core.tagging.types import Label, LabelList
from tests.conftest import Ran


@pytest.fixture
def library(sample_library: Path) -> Path:
    with Library.open(sample_library) as opened:
        opened.tagging.lists.put(LabelList("things", (Label("dog"), Label("food"), Label("mountain"))))
    return sample_library


def test_a_dry_run_then_a_run_then_words(library: Path, retrouve: Callable[..., Ran]) -> None:
    would = retrouve("--library", library, "--json", "tag", "--labels", "things", "--dry-run", "--accept-above", "0.7")
    assert would.code == 0, would.err
    tags = [tag for photo in would.document["would"] for tag in photo["tags"]]
    states = [tag["state"] for tag in tags]
    assert would.document["suggested"] == states.count("suggested") > 0
    assert would.document["accepted"] == states.count("accepted") > 0
    assert all(Path(photo["path"]).is_absolute() for photo in would.document["would"])
    done = retrouve("--library", library, "--json", "tag", "--labels", "things", "--accept-above", "0.7").document
    assert done.keys() == {"list", "photos", "suggested", "accepted", "withdrawn", "unencoded", "seconds"}
    assert (done["suggested"], done["accepted"]) == (would.document["suggested"], would.document["accepted"])
    again = retrouve("--library", library, "tag", "--labels", "things")
    assert again.code == 0 and "131 photos" in again.out and "tags list" in again.out and "0 accepted" not in again.out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("tag",), 2, "labels list"),
        (("tag", "--labels", "thing"), 2, "“things”"),
        (("tag", "--labels", "things", "--accept-above", "1.5"), 2, "1.5"),
        (("tag", "/nowhere at all", "--labels", "things"), 3, "not there"),
        (("tag", "/", "--labels", "things"), 2, "not in the library"),
        (("classify", "/nowhere.jpg"), 2, "--labels"),
        (("classify", "/nowhere.jpg", "--labels", ", ,"), 2, "comma"),
        (("classify", "/nowhere.jpg", "--labels", "a,b"), 3, "no such file"),
    ],
)
def test_wrong_calls_get_a_sentence(
    library: Path, retrouve: Callable[..., Ran], arguments: tuple[str, ...], code: int, said: str
) -> None:
    ran = retrouve("--library", library, *arguments)
    assert ran.code == code and said in ran.err and "Traceback" not in ran.err, ran


def test_a_label_that_is_asked_for_twice_is_answered_once(
    tmp_path: Path, samples: Path, retrouve: Callable[..., Ran]
) -> None:
    call = ("--library", tmp_path / "library", "--json", "classify")
    document = retrouve(*call, samples / "retrouve-002.jpg", "--labels", "dog,dog,DOG,cat").document
    assert sorted(tag["label"] for tag in document["photos"][0]["tags"]) == ["cat", "dog"]
    text = tmp_path / "text.txt"
    text.write_text("no picture")
    failed = retrouve(*call, text, "--labels", "dog,cat")
    assert failed.code == 3 and failed.document["error"].endswith(".") and ".." not in failed.document["error"]


def test_photos_are_classified_without_a_library(tmp_path: Path, samples: Path, retrouve: Callable[..., Ran]) -> None:
    plane, people = samples / "retrouve-002.jpg", samples / "retrouve-001.jpg"
    call = ("classify", plane, people, tmp_path / "none.jpg", "--labels", "dog,airplane,  puzzle,airplane")
    document = retrouve("--library", tmp_path / "library", "--json", *call).document
    assert [photo["path"] for photo in document["photos"]] == [str(plane), str(people)]
    assert document["failed"] == [{"path": str(tmp_path / "none.jpg"), "reason": "there is no such file"}]
    first = document["photos"][0]["tags"]
    assert first[0]["label"] == "airplane" and len(first) == 3
    assert first[0]["score"] > 0.5 and (first[0]["source"], first[0]["state"]) == ("auto", "suggested")
    assert document["photos"][1]["tags"][0]["label"] == "puzzle"
    assert not (tmp_path / "library").exists()
