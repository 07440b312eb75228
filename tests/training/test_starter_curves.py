"""The record of a build: what is noted as it goes, what an interrupted run does to it, and the picture."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

pytest.importorskip("torch")

from training.starter import curves
from training.starter.curves import Curves

pytestmark = pytest.mark.torch


def test_every_tenth_step_is_kept_and_all_that_were_measured(tmp_path: Path) -> None:
    noted = Curves(tmp_path / "deep" / "curves.jsonl")
    note = noted.of(curves.TEXT)
    for step in range(1, 22):
        note(step, 8.0 - step / 10, {"coco": 0.9} if step == 21 else {})
    assert [(point["step"], point["loss"]) for point in noted.points()] == [(10, 7.0), (20, 6.0), (21, 5.9)]
    assert noted.points()[-1] == {"stage": "text tower", "step": 21, "loss": 5.9, "recall_at_10": {"coco": 0.9}}


def test_steps_that_are_done_again_replace_what_was_noted(tmp_path: Path) -> None:
    file = tmp_path / "curves.jsonl"
    first = Curves(file).of(curves.BOTH)
    for step in (10, 20, 30):
        first(step, 9.0, {})
    Curves(file).of(curves.LAST)(10, 7.0, {})
    with file.open("a") as opened:
        opened.write('{"stage": "both tow')  # killed while it wrote
    with file.open("a") as opened:
        opened.write("\n")
    again = Curves(file).of(curves.BOTH)
    again(30, 8.5, {"coco": 0.5})
    found = [(point["stage"], point["step"], point["loss"]) for point in Curves(file).points()]
    assert found == [("both towers", 10, 9.0), ("both towers", 20, 9.0), ("both towers", 30, 8.5), ("heads", 10, 7.0)]


def test_a_line_that_was_cut_off_does_not_swallow_the_next(tmp_path: Path) -> None:
    file = tmp_path / "curves.jsonl"
    file.write_text('{"stage": "heads", "step": 10, "lo')
    Curves(file).of(curves.LAST)(20, 7.0, {})
    assert [point["step"] for point in Curves(file).points()] == [20]


def test_the_record_is_one_file_a_model(tmp_path: Path) -> None:
    noted = Curves(tmp_path / "curves.jsonl")
    noted.of(curves.LAST)(10, 7.25, {"coco": 0.91239})
    card = {
        "model_id": "starter-1",
        "version": 3,
        "date": "2026-01-01",
        "recipe": {"steps": 10, "über": None},
        "figures": {"coco val": {"photos": 3}},
        "words_precision_at_10": 0.7,
        "parity": {},
    }
    path = curves.write_record(tmp_path / "runs", card, noted)
    assert path == tmp_path / "runs" / "starter-1.json"
    kept = json.loads(path.read_text(encoding="utf-8"))
    assert kept.pop("curves") == [{"stage": "heads", "step": 10, "loss": 7.25, "recall_at_10": {"coco": 0.9124}}]
    assert kept == {key: value for key, value in card.items() if key != "parity"}


def test_the_picture_shows_losses_and_recall(tmp_path: Path) -> None:
    noted = Curves(tmp_path / "curves.jsonl")
    for stage in (curves.BOTH, curves.heads_of(0), curves.heads_of(1)):
        note = noted.of(stage)
        for step in (10, 20, 30):
            note(step, 8.0 - step / 30, {"coco": 0.8 + step / 300, "flickr8k": 0.6} if step > 10 else {})
    drawn = ElementTree.fromstring(curves.picture("How it was made", noted, seed=1))
    said = ["".join(element.itertext()) for element in drawn.iter() if element.tag.endswith("text")]
    assert {"both towers: loss", "both towers: validation recall@10", "heads of seed 1: validation recall@10"} <= set(
        said
    )
    assert not any("heads of seed 0" in text for text in said)
    assert "coco" in said and "openstax" not in said and "text tower: loss" not in said


def test_a_build_without_points_is_drawn_without_charts(tmp_path: Path) -> None:
    assert curves.picture("Nothing", Curves(tmp_path / "none.jsonl"), seed=0).startswith("<svg")
