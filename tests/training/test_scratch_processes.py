"""Two processes, joined by gloo, train as one does."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from core.errors import TrainingError
from tests.training import scratch_runs, shapes
from training import building, sharded
from training.distributed import World

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `scratch_runs.main` left, run by two processes that know of each other as torchrun says it."""
    out = tmp_path_factory.mktemp("two")
    scratch_runs.tiny(out)
    data = shapes.write_tars(out / "data", tars=4, pairs=20, side=24)
    common = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port()), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.training.scratch_runs", str(out), str(data)]
    running = [
        subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **common, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        for rank in (0, 1)
    ]  # fmt: skip
    try:
        for process in running:
            said = process.communicate(timeout=200)[0].decode()
            assert process.returncode == 0, said
    finally:
        for process in running:
            process.kill()
            process.wait()
    return out


@pytest.mark.parametrize("parts", [1, 2])
def test_loss_and_gradients_are_those_of_one_process(two: Path, tmp_path: Path, parts: int) -> None:
    alone = scratch_runs.gradients(tmp_path, scratch_runs.ALONE)
    for rank in (0, 1):
        found = load_file(two / f"{parts}-{rank}.st")
        assert set(found) == set(alone) and len(found) > 20
        for name, value in alone.items():
            assert torch.allclose(found[name], value, rtol=1e-5, atol=1e-12), name
        assert any(float(value.abs().max()) > 1e-4 for name, value in found.items() if name != "loss")


def test_a_run_of_two_that_was_killed_is_equal_to_the_bit(two: Path) -> None:
    straight, killed = scratch_runs.weights(two / "straight"), scratch_runs.weights(two / "killed")
    assert set(straight) == set(killed)
    assert all(torch.equal(straight[name], killed[name]) for name in straight)


def test_each_process_wrote_a_part_and_all_must_come_back(two: Path) -> None:
    folder = two / "straight" / "checkpoints"
    assert sharded.whole_sets(folder) == [8, 6]
    parts = [load_file(path) for path in sorted((folder / "step-00000008").glob("*.safetensors"))]
    names = [{name for name in part if name.startswith("shared.")} for part in parts]
    assert len(parts) == 2 and all(names) and not names[0] & names[1]
    assert all("mine.chance" in part for part in parts)
    with pytest.raises(TrainingError, match="begun by 2 processes, and goes on with as many alone: now there is 1"):
        sharded.load(folder, scratch_runs.ALONE)
    (folder / "step-00000008" / "part-00001-of-00002.safetensors").unlink()
    assert sharded.whole_sets(folder) == [6]


def test_batch_norm_of_several_processes_is_refused_without_gpus(tmp_path: Path) -> None:
    tower = {"image_size": 32, "layers": [1, 1, 1, 1], "width": 8, "patch_size": None}
    building.write_config(tmp_path, {**scratch_runs.TINY, "vision_cfg": tower})
    building.build(tmp_path, scratch_runs.ALONE)
    with pytest.raises(TrainingError, match="has batch norm"):
        building.build(tmp_path, World(0, 2, torch.device("cpu")))
