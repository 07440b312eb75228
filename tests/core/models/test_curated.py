"""The list of models says what is so, and the probe measures what it says."""

import json
import shutil
from pathlib import Path

import pytest

from core.errors import ModelDamaged, ModelMissing
from core.models import estimating
from core.models.compiling import runtime
from core.models.curated import curated, find
from core.models.registry import load_info, starter_folder
from core.models.shelf import Shelf

WANTED = {
    *("RN50-openai", "ViT-B-32-openai", "ViT-B-32-laion2b", "ViT-B-32-256-datacomp", "ViT-L-14-dfn2b"),
    *("MobileCLIP2-S0", "MobileCLIP2-S2", "MobileCLIP2-S4", "SigLIP2-B-32-256", "SigLIP2-B-16", "XLM-R-B-32-laion5b"),
}


def test_each_says_what_helps_to_choose():
    models = curated()
    assert {model.name for model in models} == WANTED
    for model in models:
        assert model.licence and model.languages and model.about
        assert model.figures.startswith("https://")
        assert model.imagenet is not None and 0.5 < model.imagenet < 0.9
        assert model.coco is None or 0.2 < model.coco < 0.7
        assert model.source.count("/") == 1
        assert model.research_only == ("apple" in model.licence.lower()) == (model.warning is not None)
    assert find("mobileclip2-s0").warning is not None and "research only" in str(find("MobileCLIP2-S0").warning)


def test_a_name_of_the_hub_is_told_from_one_of_the_list():
    with pytest.raises(ModelMissing, match="Did you mean `hf-hub:laion/some-clip`"):
        find("laion/some-clip")


def test_near_names():
    with pytest.raises(ModelMissing, match="Did you mean `ViT-B-32-openai`"):
        find("ViT-B-32_openai")
    with pytest.raises(ModelMissing, match="hf-hub:organisation/name"):
        find("something")


@pytest.mark.parametrize(
    "text",
    ["", "[[model]]", "[[model]]\nname = 3", "nonsense =", '[[model]]\nname = "a"\nunknown = 1\nlanguages = []'],
)
def test_a_damaged_list(tmp_path, text):
    (tmp_path / "models.toml").write_text(text)
    with pytest.raises(ModelDamaged, match=r"models\.toml"):
        curated(tmp_path / "models.toml")


@pytest.mark.torch
def test_sizes_are_those_of_the_architectures():
    torch = pytest.importorskip("torch")
    open_clip = pytest.importorskip("open_clip")
    from open_clip.model import _build_text_tower, _build_vision_tower

    for model in curated():
        config = open_clip.get_model_config(model.architecture)
        assert config["embed_dim"] == model.dim
        assert config["vision_cfg"]["image_size"] == model.image_size
        assert model.source.removesuffix("/") in {
            entry.get("hf_hub", "").removesuffix("/")
            for tags in open_clip.pretrained._PRETRAINED.values()
            for entry in tags.values()
        }
        if "hf_model_name" in config["text_cfg"]:
            continue
        quick = config.get("quick_gelu", False)
        with torch.device("meta"):
            towers = [
                _build_vision_tower(model.dim, config["vision_cfg"], quick),
                _build_text_tower(model.dim, config["text_cfg"], quick),
            ]
        count = 4 * sum(value.numel() for tower in towers for value in tower.state_dict().values())
        assert count == pytest.approx(model.bytes, rel=0.02), model.name


def test_every_probe_is_there_and_as_large_as_its_photos(tmp_path):
    (tmp_path / estimating.RANDOM).write_bytes(bytes(estimating._LARGEST))
    for model in curated():
        found = runtime().read_model(str(estimating._unpacked(model.probe, tmp_path)))
        shape = found.input(0).partial_shape
        assert shape[0].is_dynamic
        assert [axis.get_length() for axis in shape[1:]] == [3, model.image_size, model.image_size]
        assert found.output(0).partial_shape[1].get_length() == model.dim
    assert sum(path.stat().st_size for path in estimating.FOLDER.iterdir()) < 400_000


def test_measures_and_keeps_it(tmp_path):
    shelf = Shelf(tmp_path / "shelf")
    assert estimating.kept(shelf) == {}
    heard = []
    small = [find("MobileCLIP2-S0")]
    starter = load_info(starter_folder())
    rates = estimating.probe(small, [starter], 0.2, lambda *step: heard.append(step))
    assert heard == [(0, 2), (1, 2)]
    assert set(rates) == {"MobileCLIP2-S0", "starter"}
    assert min(rates.values()) > 0
    estimating.keep(shelf, rates)
    assert estimating.kept(shelf) == {name: round(rate, 2) for name, rate in rates.items()}
    path = shelf.folder / "probes.json"
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content | {"machine": "another"}))
    assert estimating.kept(shelf) == {}
    path.write_text("nonsense")
    assert estimating.kept(shelf) == {}
    assert shelf.all()[0].name == "starter" and shelf.unusable() == []


def test_a_shelf_that_cannot_be_written_keeps_nothing(tmp_path, caplog):
    (tmp_path / "file").write_text("")
    estimating.keep(Shelf(tmp_path / "file" / "shelf"), {"a": 1.0})
    assert "could not be kept" in caplog.text


def test_a_probe_that_is_damaged_is_named(tmp_path, monkeypatch):
    folder = Path(shutil.copytree(estimating.FOLDER, tmp_path / "probes"))
    monkeypatch.setattr(estimating, "FOLDER", folder)
    (folder / "rn50.onnx.gz").write_bytes(b"nonsense")
    with pytest.raises(ModelDamaged, match="rn50"):
        estimating.probe([find("RN50-openai")], seconds=0.1)
