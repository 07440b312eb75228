"""What can be chosen: models here, models to be fetched and what is broken, each once, with what is known of it."""

import json
import shutil
from pathlib import Path

import pytest

from core.models import estimating
from core.models.choices import bytes_of, choices
from core.models.curated import curated
from core.models.importing import change_card
from core.models.registry import load_info
from core.models.shelf import FETCHED, Shelf
from core.types import Place, RunsOn


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "shelf")


def put(shelf: Shelf, model: Path, name: str, **said: str):
    with shelf.draft() as draft:
        shutil.copytree(model, draft, dirs_exist_ok=True)
        change_card(draft, name=name, **said)
        return shelf.put(draft)


def test_an_empty_shelf_offers_the_bundled_model_and_the_curated_ones(shelf):
    rows = choices(shelf)
    assert rows[0].name == "starter" and rows[0].place is Place.BUNDLED and rows[0].is_usable
    assert [row.name for row in rows[1:]] == [model.name for model in curated()]
    assert all(row.place is Place.HUB and row.model_id is None and not row.is_usable for row in rows[1:])
    for row, model in zip(rows[1:], curated(), strict=True):
        assert (row.bytes, row.languages, row.licence, row.imagenet, row.coco, row.figures) == (
            *(model.bytes, model.languages, model.licence, model.imagenet, model.coco, model.figures),
        )
        assert row.research_only == (row.warning is not None) == model.research_only
        assert row.runs_on is (RunsOn.OPENVINO if model.onnx else RunsOn.CONVERTED)


def test_a_curated_model_that_is_here_is_listed_once_with_its_figures(shelf, tiny_model):
    model = next(one for one in curated() if one.research_only)
    info = put(shelf, tiny_model, model.name.upper(), curated=model.name)
    rows = [row for row in choices(shelf) if row.name.casefold() == model.name.casefold()]
    assert [(row.place, row.model_id) for row in rows] == [(Place.SHELF, info.model_id)]
    assert rows[0].imagenet == model.imagenet and rows[0].research_only and rows[0].about == model.about
    assert rows[0].bytes == bytes_of(info.folder) and rows[0].bytes != model.bytes


def test_another_model_of_a_curated_ones_name_has_not_its_figures(shelf, tiny_model):
    model = next(one for one in curated() if one.imagenet and one.onnx)
    put(shelf, tiny_model, model.name, source="hf-hub:somebody/else")
    estimating.keep(shelf, {model.name: 12.0})
    put(shelf, tiny_model, "called-otherwise", source=f"hf-hub:{model.onnx}")
    rows = {row.name: row for row in choices(shelf)}
    assert rows[model.name].imagenet is None and rows[model.name].about == ""
    assert rows[model.name].photos_a_second is None and rows["called-otherwise"].photos_a_second == 12.0
    assert rows["called-otherwise"].imagenet == model.imagenet


def test_a_copy_that_the_library_alone_keeps_is_a_choice_too(shelf, tiny_model, tmp_path):
    on_shelf = put(shelf, tiny_model, "kept-too")
    shutil.copytree(tiny_model, tmp_path / "copy")
    change_card(tmp_path / "copy", name="kept-alone")
    alone = load_info(tmp_path / "copy")
    rows = {row.name: row.place for row in choices(shelf, [on_shelf, alone]) if row.is_usable}
    assert rows == {"starter": Place.BUNDLED, "kept-too": Place.SHELF, "kept-alone": Place.KEPT}


def test_what_is_broken_comes_last_with_the_reason(shelf, tiny_model):
    info = put(shelf, tiny_model, "harmed")
    info.weights.unlink()
    last = choices(shelf)[-1]
    assert (last.name, last.place, last.is_usable) == ("harmed", Place.BROKEN, False)
    assert str(info.folder) in last.reason


def test_the_speed_that_was_measured_and_what_is_fetched_in_part_are_said(shelf):
    model = curated()[1]
    estimating.keep(shelf, {model.name: 12.34, "starter": 99.0})
    row = next(row for row in choices(shelf) if row.name == model.name)
    assert row.photos_a_second == 12.34 and row.fetched == 0
    assert choices(shelf)[0].photos_a_second == 99.0
    folder = shelf.folder / f"{FETCHED}{row.source.replace('/', '--')}-0123456789ab"
    folder.mkdir()
    (folder / "weights.part").write_bytes(b"x" * 4321)
    assert next(row for row in choices(shelf) if row.name == model.name).fetched == 4321


def test_of_another_machine_no_speed_is_said(shelf):
    estimating.keep(shelf, {"starter": 99.0})
    said = next(shelf.folder.glob("*.json"))
    said.write_text(json.dumps(json.loads(said.read_text()) | {"machine": "another"}))
    assert choices(shelf)[0].photos_a_second is None
