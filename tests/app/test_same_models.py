"""``retrouve models list`` and the window's page show the same models, with the same figures."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from app.cli.main import main
from app.window.models_table import NOT_KNOWN, STANDING, Column, ModelsTable
from app.window.models_work import ModelTools
from app.window.words import file_size
from core.library import Library
from core.models import estimating, registry
from core.models.curated import curated
from core.models.importing import change_card
from core.models.shelf import ENVIRONMENT, FETCHED, Shelf
from tests.core.moving_models import make_model


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One model of each kind: bundled, on the shelf, kept by the library alone, fetched in part, and broken."""
    one = make_model(tmp_path / "bundled", "one")
    monkeypatch.setattr(registry, "starter_folder", lambda: one)
    monkeypatch.setattr("core.models.shelf.starter_folder", lambda: one)
    monkeypatch.setenv(ENVIRONMENT, str(tmp_path / "shelf"))
    make_model(tmp_path / "shelf" / "two", "two")
    listed = make_model(tmp_path / "shelf" / curated()[2].name, "two")
    change_card(listed, name=curated()[2].name, curated=curated()[2].name)
    broken = make_model(tmp_path / "shelf" / "harmed", "one")
    (broken / "model.json").write_text("{}")
    partly = tmp_path / "shelf" / f"{FETCHED}{curated()[0].source.replace('/', '--')}-0123456789ab"
    partly.mkdir()
    (partly / "weights.part").write_bytes(b"x" * 4321)
    change_card(make_model(tmp_path / "alone", "three"), name="alone")
    alone = registry.load_info(tmp_path / "alone")
    with Library.open(tmp_path / "library") as opened:
        assert opened.kept.keep(alone) is None
    shutil.rmtree(tmp_path / "alone")
    estimating.keep(Shelf(), {model.name: 10.0 + number for number, model in enumerate(curated())} | {"two": 3.21})
    return tmp_path / "library"


def test_both_show_the_same_rows(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "list", "--json", "--library", str(library)]) == 0
    listed = json.loads(capsys.readouterr().out)
    with Library.open(library) as opened:
        overview = ModelTools().look(opened)
    table = ModelsTable()
    table.show(overview)
    shown = [[table.index(row, column).data() for column in Column] for row in range(table.rowCount())]
    broken = [row for row in shown if row[Column.NAME] == "harmed"]
    assert [Path(one["folder"]).name for one in listed["unusable"]] == ["harmed"] and len(broken) == 1
    assert [row[Column.NAME] for row in shown if row not in broken] == [model["name"] for model in listed["models"]]
    for row, model in zip(shown, listed["models"], strict=False):
        assert row[Column.IMAGENET] == _percent(model["imagenet"]) and row[Column.COCO] == _percent(model["coco"])
        assert row[Column.SIZE] == file_size(model["bytes"])
        assert row[Column.LICENCE] == ("Research only" if model["research_only"] else model["licence"] or NOT_KNOWN)
        assert row[Column.SPEED] == _rate(model["photos_per_second"])
    places = {model["name"]: model["place"] for model in listed["models"]}
    assert (places["one"], places["two"], places["alone"]) == ("bundled", "shelf", "kept")
    assert len(places) == 2 + len(curated()) + 1, "a curated model that is here is listed once"
    [part] = [model for model in listed["models"] if model["fetched"]]
    assert (part["name"], part["fetched"], part["here"]) == (curated()[0].name, 4321, False)
    standing = table.index(next(n for n, row in enumerate(shown) if row[0] == part["name"]), 0).data(STANDING)
    assert standing == "Fetched in part (4.3 kB)"


def test_the_table_in_a_terminal_has_them_too(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "list", "--library", str(library)]) == 0
    lines = capsys.readouterr().out.splitlines()
    first = {line.split("\t")[0]: line.split("\t")[1] for line in lines if "\t" in line}
    assert (first["one"], first["two"], first["alone"]) == ("yes", "yes", "in this library")
    assert first[curated()[0].name] == "in part" and first[curated()[1].name] == ""
    assert any(line.startswith("harmed cannot be used: ") for line in lines)


def _percent(value: Any) -> str:
    return NOT_KNOWN if value is None else f"{100 * value:.1f}%"


def _rate(value: Any) -> str:
    return NOT_KNOWN if value is None else f"{value:,.0f}" if value >= 9.5 else f"{value:.1f}"
