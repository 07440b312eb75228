"""The model folder that ships: its size, its weights, and what it says of itself."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from core.models.encoder import Backend, EncoderSpec
from core.models.registry import build_encoder, load_info, starter_folder, verify
from core.photos.decode import decode

FOLDER = starter_folder()


@pytest.fixture(scope="module")
def card() -> dict[str, object]:
    return json.loads((FOLDER / "model.json").read_text(encoding="utf-8"))


def test_the_folder_is_under_70_megabytes() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 70_000_000


def test_the_weights_are_those_that_were_measured(card: dict[str, object]) -> None:
    digest = hashlib.sha256((FOLDER / "open_clip_model.safetensors").read_bytes()).hexdigest()
    assert card["weights_sha256"] == digest
    assert card["model_id"] == load_info(FOLDER).model_id
    verify(load_info(FOLDER))


def test_the_figures_are_no_worse_than_before(card: dict[str, dict[str, dict[str, float]]]) -> None:
    figures = card["figures"]
    assert figures["validation books"]["text_to_photo_recall_at_10"] >= 0.66
    assert figures["flickr8k val"]["text_to_photo_recall_at_10"] >= 0.73
    assert figures["scenes"]["zero_shot_top1"] >= 0.79
    assert figures["instruments"]["zero_shot_top1"] >= 0.50
    assert figures["coco val"]["text_to_photo_recall_at_10"] >= 0.94


@pytest.mark.parametrize("asked", ["{}", "a {}", "a photo of a {}."])
def test_a_word_finds_as_much_with_its_article(samples: Path, asked: str) -> None:
    dogs, cars = {"retrouve-044.jpg", "retrouve-073.jpg", "retrouve-115.jpg"}, {"retrouve-088.jpg", "retrouve-124.jpg"}
    info = load_info(FOLDER)
    encoder = build_encoder(EncoderSpec(FOLDER, Backend.OPENVINO, "f32"))
    paths = sorted(samples.glob("*.jpg"))
    photos = encoder.encode_images([decode(path, min_side=info.preprocess.size[0]).image for path in paths])
    for word, right in (("dog", dogs), ("car", cars)):
        cosines = photos @ encoder.encode_texts([asked.format(word)])[0]
        first = [paths[place].name for place in np.argsort(-cosines)[: len(right)]]
        assert set(first) == right, first
        calibration = info.calibration
        assert 1 / (1 + np.exp(-(calibration.slope * cosines.max() + calibration.intercept))) > calibration.line


def test_licences_and_data_are_named(card: dict[str, list[dict[str, str]]]) -> None:
    assert {row["name"] for row in card["training_data"]} >= {"openstax", "flickr8k", "coco"}
    assert all(row["licence"] for row in (*card["training_data"], *card["towers"]))


def test_float32_passed_its_parity_check(card: dict[str, dict[str, dict[str, float]]]) -> None:
    assert card["parity"]["f32"]["photo_cosine_worst"] >= 0.9999
    assert card["parity"]["f32"]["sentence_cosine_worst"] >= 0.9999
    assert "f32" in card["precisions"]


def test_calibration_tells_matches_from_mismatches() -> None:
    calibration = load_info(FOLDER).calibration
    low, high = (1 / (1 + np.exp(-(calibration.slope * cosine + calibration.intercept))) for cosine in (0.0, 0.7))
    assert low < 0.1 < calibration.line < high


@pytest.mark.torch
def test_graphs_refer_to_the_bytes_that_open_clip_reads() -> None:
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("torch")
    from core.models.graphs import SUFFIX, places

    where = places(FOLDER / "open_clip_model.safetensors")
    for name in ("visual.onnx", "textual.onnx"):
        model = onnx.load(FOLDER / name, load_external_data=False)
        outside = [tensor for tensor in model.graph.initializer if tensor.external_data]
        assert len(outside) > 50
        for tensor in outside:
            said = {entry.key: entry.value for entry in tensor.external_data}
            place = where[tensor.name.removesuffix(SUFFIX)]
            assert (int(said["offset"]), int(said["length"]), list(tensor.dims)) == (
                place.offset,
                place.length,
                place.shape,
            )
            assert said["location"] == "open_clip_model.safetensors"
        assert Path(FOLDER / name).stat().st_size < 500_000


@pytest.mark.torch
@pytest.mark.slow
def test_plain_open_clip_loads_the_folder(tmp_path: Path) -> None:
    """Nothing of ours is needed but the tower's registration and the path that open_clip's text tower wants."""
    open_clip = pytest.importorskip("open_clip")
    import torch

    from core.models.towers import register_towers

    register_towers()
    config = json.loads((FOLDER / "open_clip_config.json").read_text())["model_cfg"]
    config["text_cfg"] |= {"hf_model_name": str(FOLDER), "hf_tokenizer_name": str(FOLDER)}
    model = open_clip.CustomTextCLIP(**config).eval()
    open_clip.load_checkpoint(model, str(FOLDER / "open_clip_model.safetensors"), strict=True)
    with torch.no_grad():
        embedding = model.encode_image(torch.zeros(1, 3, 260, 260), normalize=True)
    assert embedding.shape == (1, load_info(FOLDER).dim)
    assert float(embedding.norm()) == pytest.approx(1, abs=1e-4)
