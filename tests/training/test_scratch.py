"""Training from random weights, in one process: a killed run goes on to the bit, faults leave the last good state."""

from __future__ import annotations

import errno
import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar
from unittest.mock import ANY

import open_clip
import pytest
import torch
from torch import Tensor

from core.errors import CallError, ExportError, TrainingError
from core.runs import Runs
from tests.training import scratch_runs, shapes
from tests.training.scratch_runs import ALONE, Killed, kill_at, options, silent, tiny, weights
from training import building, scratch, sharded
from training.recipe import Learning, groups
from training.shards import HoldOut, find_shards, held_out


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """So small a model is slower with more."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shapes.write_folder(tmp_path_factory.mktemp("shapes") / "data", 100, side=24)


@pytest.fixture(scope="module")
def straight(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nothing happened to."""
    folder = tmp_path_factory.mktemp("straight")
    scratch.train(folder, options(data, architecture=tiny(folder)), ALONE, silent)
    return folder


def same(one: Path, other: Path) -> bool:
    first, second = weights(one), weights(other)
    return set(first) == set(second) and all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("step", [1, 3, 7])
def test_a_killed_run_that_goes_on_equals_one_that_was_not(
    data: Path, straight: Path, tmp_path: Path, step: int
) -> None:
    asked = options(data, architecture=str(straight / "tiny.json"))
    with pytest.raises(Killed):
        scratch.train(tmp_path, asked, ALONE, kill_at(step))
    assert not (tmp_path / "result.json").exists()
    scratch.train(tmp_path, asked, ALONE, silent)
    assert same(straight, tmp_path)
    one, other = (scratch_runs.curves(run) for run in (straight, tmp_path))
    assert [(line["step"], line.get("loss")) for line in one] == [(line["step"], line.get("loss")) for line in other]


def test_ctrl_c_saves_first(data: Path, straight: Path, tmp_path: Path) -> None:
    asked = options(data, architecture=str(straight / "tiny.json"))
    stop = scratch.Stop()  # what a signal does is in its `hear`

    def tell(_what: str, done: int, *_: Any, **__: Any) -> None:
        if done == 5:
            stop.hear()

    with pytest.raises(KeyboardInterrupt):
        scratch.train(tmp_path, asked, ALONE, tell, stop)
    with pytest.raises(KeyboardInterrupt):
        stop.hear()
    assert sharded.whole_sets(tmp_path / "checkpoints")[0] == 5
    scratch.train(tmp_path, asked, ALONE, silent)
    assert same(straight, tmp_path)


def test_other_data_gives_another_model(data: Path, straight: Path, tmp_path: Path) -> None:
    scratch.train(tmp_path, options(data, architecture=str(straight / "tiny.json"), seed=1), ALONE, silent)
    assert not same(straight, tmp_path)


def test_the_result_says_what_was_measured_and_the_folder_is_openclips(data: Path, straight: Path) -> None:
    result = json.loads((straight / "result.json").read_text())
    assert result["installed"] is False and "models import" in result["why"]
    examples = json.loads((straight / "examples.json").read_text())
    rows = [*examples["better"], *examples["worse"]]
    assert rows and all(row["before"] != row["after"] and row["query"] for row in rows)
    shards, held = find_shards([str(data)]), HoldOut(0.2)
    assert result["held_out_photos"] == len(held_out(shards, held, 1000)) > 10
    assert 0 <= result["before"]["sentences_recall_at_10"] <= 1 and 0 <= result["after"]["sentences_recall_at_10"] <= 1
    assert json.loads((straight / "data.json").read_text())["shards"] == 2
    model = open_clip.create_model(f"local-dir:{straight / 'model'}", require_pretrained=True, weights_only=True)
    found = model.state_dict()
    assert set(found) == set(weights(straight))
    assert all(torch.equal(value, weights(straight)[name]) for name, value in found.items())


class Hurt(Learning):
    """Learns, and forgets what a number is in some steps."""

    bad: ClassVar[list[int]] = []

    def loss(self, images: Tensor, texts: Tensor) -> Tensor:
        found = super().loss(images, texts)
        if self.step in self.bad:
            self.bad.remove(self.step)
            return found * math.nan
        return found


class Spoilt(Learning):
    """A step leaves a weight that is no number behind a loss that is one."""

    bad: ClassVar[list[int]] = []

    def learn(self, batch: Any) -> Tensor:
        found = super().learn(batch)
        if self.step in self.bad:
            self.bad.remove(self.step)
            with torch.no_grad():
                next(self.model.parameters()).fill_(math.nan)
        return found


def test_weights_that_are_no_numbers_are_never_saved(
    data: Path, straight: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scratch, "Learning", Spoilt)
    Spoilt.bad = [3]
    scratch.train(tmp_path / "once", options(data, architecture=str(straight / "tiny.json")), ALONE, silent)
    assert any("fault" in line for line in scratch_runs.curves(tmp_path / "once"))
    assert all(value.isfinite().all() for value in weights(tmp_path / "once").values())


def test_a_loss_that_is_no_number_goes_back_to_half_the_rate(
    data: Path, straight: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scratch, "Learning", Hurt)
    asked = options(data, architecture=str(straight / "tiny.json"))
    Hurt.bad = [4]
    scratch.train(tmp_path / "once", asked, ALONE, silent)
    lines = scratch_runs.curves(tmp_path / "once")
    assert [line["fault"] for line in lines if "fault" in line] == [
        "the loss was no number at step 5: back to step 3, at half the rate"
    ]
    usual = scratch_runs.curves(straight)
    rates = {line["step"]: line["rate"] for line in lines if "loss" in line}
    for line in usual:
        if "loss" in line:
            assert rates[line["step"]] == pytest.approx(line["rate"] / (1 if line["step"] <= 3 else 2))
    assert all(value.isfinite().all() for value in weights(tmp_path / "once").values())
    Hurt.bad = [4] * 4
    with pytest.raises(TrainingError, match="at an eighth of the rate still"):
        scratch.train(tmp_path / "ever", asked, ALONE, silent)
    assert sharded.whole_sets(tmp_path / "ever" / "checkpoints") == [3, 0]


def test_a_full_disk_leaves_the_last_good_checkpoint(
    data: Path, straight: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = options(data, architecture=str(straight / "tiny.json"))
    write, written = sharded.save_file, []

    def full(tensors: dict[str, Tensor], path: Path, **more: Any) -> None:
        written.append(path)
        if len(written) == 3:
            path.write_bytes(b"half")
            raise OSError(errno.ENOSPC, "No space left on device")
        write(tensors, path, **more)

    monkeypatch.setattr(sharded, "save_file", full)
    with pytest.raises(ExportError, match="The disk is full"):
        scratch.train(tmp_path, asked, ALONE, silent)
    assert sharded.whole_sets(tmp_path / "checkpoints") == [3, 0]
    scratch.train(tmp_path, asked, ALONE, silent)
    assert same(straight, tmp_path)


def test_a_damaged_checkpoint_is_passed_over(data: Path, straight: Path, tmp_path: Path) -> None:
    asked = options(data, architecture=str(straight / "tiny.json"))
    with pytest.raises(Killed):
        scratch.train(tmp_path, asked, ALONE, kill_at(7))
    part = tmp_path / "checkpoints" / "step-00000006" / "part-00000-of-00001.safetensors"
    part.write_bytes(part.read_bytes()[:1000])
    scratch.train(tmp_path, asked, ALONE, silent)
    assert same(straight, tmp_path)


def test_decay_spares_gains_biases_and_the_temperature(tmp_path: Path) -> None:
    building.write_config(tmp_path, scratch_runs.TINY)
    model = building.build(tmp_path, ALONE).model
    spared, decayed = (group["params"] for group in groups(model, 0.2))
    names = {id(value): name for name, value in model.named_parameters()}
    assert len(spared) + len(decayed) == len(names)
    assert "logit_scale" in {names[id(one)] for one in spared} and all(one.ndim >= 2 for one in decayed)
    assert {"token_embedding.weight", "visual.proj"} <= {names[id(one)] for one in decayed}


def test_parts_of_a_batch_and_checkpointing_change_nothing(data: Path, straight: Path, tmp_path: Path) -> None:
    whole = scratch_runs.gradients(tmp_path, ALONE)
    parts = scratch_runs.gradients(tmp_path, ALONE, parts=3)
    assert all(torch.allclose(parts[name], value, rtol=1e-9, atol=1e-14) for name, value in whole.items())
    asked = options(data, architecture=str(straight / "tiny.json"), checkpointing=True)
    scratch.train(tmp_path, asked, ALONE, silent)
    first, second = weights(straight), weights(tmp_path)
    assert all(torch.allclose(first[name], second[name], atol=1e-5) for name in first)


def test_bfloat16_learns_too(data: Path, straight: Path, tmp_path: Path) -> None:
    asked = options(data, architecture=str(straight / "tiny.json"), precision="bf16", steps=3)
    result = scratch.train(tmp_path, asked, ALONE, silent)
    assert math.isfinite(result["loss_last"]) and not same(straight, tmp_path)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"batch": 1}, "batch of 1 cannot be shared"),
        ({"parts": 3}, "cannot be cut into 3 parts"),
        ({"precision": "int8"}, "precision is one of fp64, fp32"),
        ({"precision": "fp16"}, "fp16 is for GPUs"),
        ({"hold_out": 1.0}, "a share from 0 to below 1"),
        ({"rate": 0.0}, "positive numbers"),
        ({"architecture": "ViT-B-23"}, "knows no architecture `ViT-B-23`. Did you mean ViT-"),
        ({"architecture": "coca_ViT-B-32"}, "writes captions"),
        ({"architecture": "xlm-roberta-base-ViT-B-32"}, "one of Hugging Face's"),
        ({"architecture": "/nowhere.json"}, "cannot be read"),
    ],
)
def test_calls_that_make_no_sense_say_so(data: Path, tmp_path: Path, change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(CallError, match=re.escape(sentence)):
        scratch.train(tmp_path, options(data, **change), ALONE, silent)


def test_the_command_speaks_json_lines_and_keeps_its_runs_in_the_library(
    data: Path, straight: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def call(*words: str) -> tuple[int, dict[str, Any]]:
        code = scratch.main([*words, "--library", str(tmp_path), "--device", "cpu"])
        return code, json.loads(capsys.readouterr().out.splitlines()[-1])

    assert call() == (2, {"event": "error", "sentence": ANY, "code": 2})
    assert "no run of this kind" in call("--resume")[1]["sentence"]
    numbers = ["--batch=8", "--epochs=0.5", "--hold-out=0.2", "--save-every=2", "--workers=1"]
    asked = [str(data), "--architecture", str(straight / "tiny.json"), *numbers]
    assert call(*asked[:2], "ViT-B-23")[0] == 2
    runs = Runs(tmp_path)
    assert runs.unfinished("scratch") == [] and list(runs.folder.iterdir()) == []
    code, last = call(*asked)
    pairs = json.loads((Path(last["result"]["folder"]) / "data.json").read_text())["pairs"]
    assert (code, last["event"], last["result"]["steps"]) == (0, "result", round(pairs * 0.5 / 8))
    assert [run.name for run in runs.all()] == [last["result"]["run"]] and runs.all()[0].kind == "scratch"
    (runs.folder / last["result"]["run"] / "result.json").unlink()
    assert [folder.name for folder in runs.unfinished("scratch")] == [last["result"]["run"]]
    assert call("--resume")[1]["result"]["run"] == last["result"]["run"] and len(runs.all()) == 1


def test_too_few_pairs_are_said(tmp_path: Path) -> None:
    one = shapes.write_folder(tmp_path / "data", 1, side=16)
    asked = options(one, architecture=tiny(tmp_path), steps=0, hold_out=0.0)
    with pytest.raises(TrainingError, match="There are 1 pairs to learn from"):
        scratch.train(tmp_path / "run", asked, ALONE, silent)


def test_every_tower_of_openclip_can_be_built(tmp_path: Path) -> None:
    small = {
        "resnet": {"image_size": 64, "layers": [1, 1, 1, 1], "width": 8, "patch_size": None},
        "convnext": {"timm_model_name": "convnext_atto", "timm_model_pretrained": False, "image_size": 32},
    }
    for name, tower in small.items():
        found = scratch_runs.gradients(tmp_path / name, ALONE, tower=tower)
        assert torch.isfinite(found["loss"]) and sum(one.startswith("visual.") for one in found) > 10
