"""Minutes of training (`make test-training`): it learns from nothing, and what kills it changes nothing."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.conftest import PROJECT, Ran
from tests.training import scratch_runs, shapes
from training import sharded

pytestmark = [pytest.mark.training, pytest.mark.timeout(1800)]

SMALL = {
    "embed_dim": 64,
    "vision_cfg": {"image_size": 32, "layers": 3, "width": 96, "head_width": 32, "patch_size": 4},
    "text_cfg": {"context_length": 16, "vocab_size": 49408, "width": 64, "heads": 2, "layers": 2},
}
_HEARING = (  # a job in the background was born to ignore it
    "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler);"
    "from app.cli.main import main; sys.exit(main())"
)
ONE = {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(PROJECT)}


def start(*words: str | Path, processes: int = 1) -> subprocess.Popen[str]:
    """`training.scratch` as a process of its own, or under torchrun."""
    launcher = ["torch.distributed.run", "--standalone", f"--nproc-per-node={processes}", "-m"] if processes > 1 else []
    command = [sys.executable, "-m", *launcher, "training.scratch", *map(str, words), "--device", "cpu"]
    return subprocess.Popen(
        command, cwd=PROJECT, env={**os.environ, **ONE}, stdout=subprocess.PIPE, text=True, start_new_session=True
    )


def lines(process: subprocess.Popen[str]) -> list[dict[str, Any]]:
    """All that it says, when it has ended."""
    said = process.communicate(timeout=1500)[0]
    return [json.loads(line) for line in said.splitlines() if line.startswith("{")]


def start_each(*words: str | Path) -> list[subprocess.Popen[str]]:
    """Two processes that know of each other as torchrun says it; the first is the one that speaks."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    common = {**os.environ, **ONE, "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    command = [sys.executable, "-m", "training.scratch", *map(str, words), "--device", "cpu"]
    return [
        subprocess.Popen(
            command, cwd=PROJECT, env={**common, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )
        for rank in (0, 1)
    ]  # fmt: skip


def signal_after(processes: list[subprocess.Popen[str]], step: int, number: signal.Signals) -> None:
    """Send a signal to each when the first says that a step is done."""
    assert processes[0].stdout is not None
    for line in processes[0].stdout:
        if line.startswith("{") and json.loads(line).get("done", 0) >= step:
            break
    for process in processes:
        process.send_signal(number)
    for process in processes:
        process.communicate(timeout=300)


def test_from_nothing_the_loss_falls_and_photos_are_found(retrouve: Callable[..., Ran], tmp_path: Path) -> None:
    data = shapes.write_folder(tmp_path / "data", 2500, side=32)
    (tmp_path / "small.json").write_text(json.dumps(SMALL))
    out = tmp_path / "run"
    numbers = ["--batch=64", "--steps=250", "--rate=1e-3", "--hold-out=0.12", "--workers=1", "--measure-every=125"]
    ran = lines(start(data, "--out", out, "--architecture", tmp_path / "small.json", *numbers))
    result = ran[-1]["result"]
    curve = [line["loss"] for line in scratch_runs.curves(out) if "loss" in line]
    assert curve[0] > 3.9 and sum(curve[-10:]) / 10 < 0.8
    assert result["held_out_photos"] > 200 and result["chance_recall_at_10"] < 0.05
    assert result["before"]["sentences_recall_at_10"] < 0.2
    assert result["after"]["sentences_recall_at_10"] > 0.9
    shelf = tmp_path / "library"
    assert retrouve("--library", shelf, "index", shapes.write_folder(tmp_path / "few", 12, first=9000)).code == 0
    taken = retrouve("--library", shelf, "--json", "models", "import", result["model"], "--name", "shapes")
    assert taken.code == 0, taken
    asked = shapes.write_folder(tmp_path / "asked", 200, side=32, first=5000)
    measured = retrouve("--library", shelf, "--json", "evaluate", asked, "--model", "shapes").document
    assert measured["text_to_photo_recall_at_10"] > 0.9


def test_two_processes_of_torchrun_are_killed_and_go_on_to_the_bit(tmp_path: Path) -> None:
    data = shapes.write_tars(tmp_path / "data", tars=6, pairs=30, side=24)
    numbers = ["--batch=16", "--steps=300", "--save-every=10", "--buffer=40", "--workers=1", "--hold-out=0.2"]
    asked = [data, "--architecture", scratch_runs.tiny(tmp_path), *numbers]
    straight, killed = tmp_path / "straight", tmp_path / "killed"
    assert lines(start(*asked, "--out", straight, processes=2))[-1]["event"] == "result"
    signal_after(start_each(*asked, "--out", killed), 20, signal.SIGKILL)
    assert 0 < sharded.whole_sets(killed / "checkpoints")[0] < 300
    signal_after([start("--out", killed, "--resume", processes=2)], 30, signal.SIGTERM)
    assert not (killed / "result.json").exists() and 0 < sharded.whole_sets(killed / "checkpoints")[0] < 300
    assert lines(start("--out", killed, "--resume", processes=2))[-1]["result"]["steps"] == 300
    first, second = scratch_runs.weights(straight), scratch_runs.weights(killed)
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_ctrl_c_in_a_terminal_saves_and_resume_goes_on(
    retrouve: Callable[..., Ran], sample_library: Path, tmp_path: Path
) -> None:
    data = shapes.write_folder(tmp_path / "data", 120, side=24)
    numbers = ["--batch=8", "--steps=300", "--save-every=1000", "--hold-out=0.2"]
    words = ["--library", sample_library, "train", "scratch", data, "--architecture", scratch_runs.tiny(tmp_path)]
    process = subprocess.Popen(
        [sys.executable, "-c", _HEARING, *map(str, words), *numbers], cwd=PROJECT, env={**os.environ, **ONE},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    runs = sample_library / "runs"
    while not any("loss" in path.read_text() for path in runs.glob("scratch-*/curves.jsonl")):
        with contextlib.suppress(subprocess.TimeoutExpired):
            raise AssertionError(f"It ended with {process.wait(0.2)}: {process.communicate()}")
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=300)[1]
    assert process.returncode == 130 and "--resume` goes on where it was" in said
    [folder] = runs.glob("scratch-*")
    assert 0 < sharded.whole_sets(folder / "checkpoints")[0] < 300
    call = partial(retrouve, "--library", sample_library, "--json")
    assert call("runs", "list").document["unfinished"] == [folder.name]
    ended = call("train", "scratch", "--resume", environment=ONE)
    assert ended.code == 0 and ended.document["run"] == folder.name and ended.document["steps"] == 300
    shown = call("runs", "show", folder.name).document
    assert shown["kind"] == "scratch" and shown["result"]["loss_last"] < shown["result"]["loss_first"]
    assert call("runs", "list").document["unfinished"] == []
