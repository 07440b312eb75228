"""Model folders are read, and every fault of theirs is named."""

import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest

from core.errors import ModelDamaged, ModelMissing
from core.models import registry
from core.models.encoder import Backend, Encoder, EncoderSpec
from core.models.openvino import OpenVinoEncoder
from core.models.preprocess import Preprocess
from core.models.registry import Calibration, build_encoder, config_hash, load_info, spec_for, starter_folder, verify


@pytest.fixture
def model(tiny_model: Path, tmp_path: Path) -> Path:
    """A copy that a test may break."""
    return Path(shutil.copytree(tiny_model, tmp_path / "model"))


def change(path: Path, **values: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_reads_what_a_folder_says_of_itself(tiny_model):
    info = load_info(tiny_model)
    assert info.name == "tiny"
    assert info.model_id == f"tiny-{info.raw['weights_sha256'][:12]}"
    assert (info.dim, info.image_size, info.context_length) == (32, 64, 16)
    assert info.calibration == Calibration(40.0, -10.0, 0.5)
    assert info.preprocess == Preprocess((64, 64), (0.5,) * 3, (0.25,) * 3, "bicubic", "squash")
    assert info.precisions == ("f32",)
    assert info.visual == tiny_model / "visual.onnx"
    assert info.textual == tiny_model / "textual.onnx"
    assert info.weights == tiny_model / "open_clip_model.safetensors"
    assert pickle.loads(pickle.dumps(info)) == info
    verify(info)


def test_the_bundled_model(starter):
    info = load_info(starter)
    assert 0 < info.dim <= 512
    assert info.visual is not None and info.textual is not None
    assert "f32" in info.precisions
    assert sum(path.stat().st_size for path in starter.rglob("*") if path.is_file()) < 70_000_000
    verify(info)


def test_the_bundled_model_lies_among_the_resources():
    assert starter_folder().parts[-3:] == ("resources", "models", "starter")


def test_no_folder(tmp_path):
    with pytest.raises(ModelMissing, match="nowhere"):
        load_info(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["model.json", "open_clip_config.json", "open_clip_model.safetensors"])
def test_a_file_is_missing(model, name):
    (model / name).unlink()
    with pytest.raises(ModelMissing, match=name):
        load_info(model)


@pytest.mark.parametrize("name", ["model.json", "open_clip_config.json"])
@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b'{"model_cfg": 3}', b'{"name": "../x"}'])
def test_a_description_is_damaged(model, name, content):
    (model / name).write_bytes(content)
    with pytest.raises(ModelDamaged, match=name):
        load_info(model)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.9999])
def test_weights_that_were_cut_short(model, share):
    path = model / "open_clip_model.safetensors"
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(ModelDamaged, match="weights are damaged"):
        load_info(model)


def test_weights_of_another_model(model):
    path = model / "open_clip_model.safetensors"
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelDamaged, match="not those"):
        verify(load_info(model))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"dim": 33}, "size of an embedding"),
        ({"name": "a/b"}, "name the model"),
        ({"name": None}, "name the model"),
        ({"weights_sha256": "abc"}, "hash"),
        ({"weights_sha256": 7}, "hash"),
        ({"calibration": None}, "probabilities"),
        ({"calibration": {"slope": 1, "intercept": 2}}, "probabilities"),
        ({"calibration": {"slope": -1, "intercept": 2, "line": 0.5}}, "nonsense"),
        ({"calibration": {"slope": 1, "intercept": float("nan"), "line": 0.5}}, "nonsense"),
        ({"calibration": {"slope": 1, "intercept": 1, "line": 1.5}}, "nonsense"),
        ({"graphs": ["visual.onnx"]}, "graphs"),
    ],
)
def test_a_description_that_makes_no_sense(model, values, said):
    change(model / "model.json", **values)
    with pytest.raises(ModelDamaged, match=said):
        load_info(model)


def test_a_named_graph_has_to_be_there(model):
    change(model / "model.json", graphs={"visual": "other.onnx"})
    with pytest.raises(ModelMissing, match=r"other\.onnx"):
        load_info(model)


def test_a_graph_never_lies_outside_the_folder(model):
    change(model / "model.json", graphs={"visual": "../../visual.onnx"})
    assert load_info(model).visual == model / "visual.onnx"


def test_openvino_where_there_are_graphs_else_openclip(model, tmp_path):
    assert spec_for(model, tmp_path) == EncoderSpec(model, Backend.OPENVINO, "auto", None, tmp_path)
    assert spec_for(model, None, precision="f32", threads=1) == EncoderSpec(model, Backend.OPENVINO, "f32", 1, None)
    assert spec_for(model, None, device="cuda") == EncoderSpec(model, device="cuda"), "sentences stay on the processor"
    (model / "visual.onnx").unlink()
    assert spec_for(model, None).backend is Backend.OPENCLIP
    with pytest.raises(ModelMissing, match="never exported"):
        OpenVinoEncoder(EncoderSpec(model))


def test_builds_the_encoder_that_is_described(tiny_model):
    encoder = build_encoder(spec_for(tiny_model, None))
    assert isinstance(encoder, OpenVinoEncoder)
    assert isinstance(encoder, Encoder)
    assert np.isfinite(encoder.encode_texts(["a dog"])).all()
    reference = build_encoder(EncoderSpec(tiny_model, Backend.OPENCLIP))
    assert isinstance(reference, Encoder)
    assert reference.model_id == encoder.model_id == registry.load_info(tiny_model).model_id


def test_the_same_weights_used_otherwise_are_another_space(tiny_model, tmp_path):
    folder = Path(shutil.copytree(tiny_model, tmp_path / "model"))
    said = json.loads((folder / "model.json").read_text())
    plain, ids = load_info(folder).model_id, set()
    for config in ({"quick_gelu": True}, {"quick_gelu": False}):
        (folder / "model.json").write_text(json.dumps(said | {"config_sha256": config_hash(config)}))
        ids.add(load_info(folder).model_id)
    assert len(ids | {plain}) == 3


@pytest.mark.parametrize("name", ["", "/", "..", "../..", "a/b/c"])
def test_a_graph_is_a_file_of_the_folder(tiny_model, tmp_path, name):
    folder = Path(shutil.copytree(tiny_model, tmp_path / "model"))
    said = json.loads((folder / "model.json").read_text())
    (folder / "model.json").write_text(json.dumps(said | {"graphs": {"visual": name, "textual": "textual.onnx"}}))
    with pytest.raises(ModelMissing, match="not there"):
        load_info(folder)
