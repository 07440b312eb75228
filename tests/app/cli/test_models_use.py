"""``retrouve models`` in this process, over small models: what it says, and what its document holds."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.cli.main import main
from core.catalog.lock import IndexLock
from tests.colours import COLOURS, paint
from tests.core.moving_models import MovingLibrary, finish, shelved

Ask = Callable[..., Any]


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Model one comes with the program, two is on the shelf."""
    return shelved(tmp_path, monkeypatch)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Twelve photos, encoded by model one."""
    for number in range(12):
        colour = list(COLOURS)[number % len(COLOURS)]
        paint(tmp_path / "album" / f"{colour} {number:02}.jpg", colour, number)
    with MovingLibrary.open(tmp_path / "library") as opened:
        opened.add_root(tmp_path / "album")
        finish(opened)
    return tmp_path / "library"


@pytest.fixture
def ask(library: Path, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Calls ``retrouve models``; the document with ``--json``, else what is said."""

    def call(*words: str, code: int = 0) -> Any:
        capsys.readouterr()
        assert main(["--library", str(library), "models", *words]) == code
        out, err = capsys.readouterr()
        return json.loads(out) if "--json" in words else out + err

    return call


def test_use_says_how_much_is_encoded(ask: Ask) -> None:
    assert "answers now, over the 0 of 12 photos" in ask("use", "two", "--at-once")
    assert "retrouve index" not in ask("use", "one")
    done = ask("use", "one", "--at-once", "--json")
    assert (done["done"], done["total"]) == (12, 12) and done["model"] == done["answering"]
    done = ask("use", "two", "--json")
    assert (done["done"], done["total"]) == (0, 12) and done["model"] != done["answering"]


def test_use_says_that_an_index_run_is_under_way(ask: Ask, library: Path) -> None:
    assert ask("use", "two").endswith("`retrouve index` goes on with it.\n")
    with IndexLock(library):
        assert "An index run is under way" in ask("use", "two")
        assert "under way" not in ask("use", "one"), "which has encoded all of them, and answers"


def test_tidy_says_what_it_keeps(ask: Ask) -> None:
    ask("use", "two", "--at-once")
    said = ask("tidy")
    assert "Kept 12 embeddings of one-" in said and "has not encoded 12 of those photos" in said
    done = ask("tidy", "--json")
    assert done["removed"] == [] and [one["embeddings"] for one in done["kept"]] == [12]
    assert "Nothing is left" in ask("tidy", "four", code=2)
    assert "Removed 12 embeddings of one-" in ask("tidy", "one")
    assert ask("tidy", "--json") == {"removed": [], "kept": []}


def test_removing_a_model_that_the_library_moves_to(ask: Ask, library: Path) -> None:
    ask("use", "two")
    ask("remove", "two")
    with MovingLibrary.open(library) as opened:
        finish(opened)
        assert opened.answering.name == "two" and not opened.called_off


def test_export_keeps_out_of_what_is_not_for_exports(ask: Ask, library: Path, models: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "album", target_is_directory=True)
    for place, said in (
        (models / "out", "the shelf"),
        (models / "two" / "out", "the shelf"),
        (library / "out", "the library"),
        (tmp_path / "album" / "out", "a folder of your photos"),
        (tmp_path / "link" / "deep" / "out", "a folder of your photos"),
    ):
        assert said in ask("export", "one", str(place), code=2)
        assert not place.exists() and not place.parent.joinpath("deep").exists()
    assert sorted(path.name for path in models.iterdir()) == ["two"]
    assert len(list((tmp_path / "album").iterdir())) == 12


def test_the_list_says_which_model_this_library_uses(ask: Ask) -> None:
    assert "This library is searched with one." in ask("list")
    ask("use", "two")
    assert "This library is searched with one, until two has encoded all photos." in ask("list")
    listed = ask("list", "--json")
    assert listed["answering"].startswith("one-") and listed["wanted"].startswith("two-")
