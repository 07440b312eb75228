"""Indexing beside rclip: the same random weights, the same photos of 12 megapixels, whole processes in turn.

usage: python -m tests.bench.compare_rclip [--photos N] [--rounds N] [--place FOLDER] [--json FILE]

rclip (PyPI, `RCLIP`) is installed into an environment of its own below ``--place``, and gets a ViT-B-32-256 as ONNX
files in its data folder, where it would have downloaded its own. Ours is imported from the same weights. Each program
first indexes a few other photos, so that what it does once for all time (ours copies the model into the library and
compiles it) is done; then its rate is that of a run over many photos less one over few, so that starting and loading
the model are no part of it. Random weights encode as fast as trained ones; what they cannot have is a ranking to be
judged by, so that the check of bfloat16 is passed over here: it is the speed that is asked for.

Beside each rate stands what a photo takes of all cores together, by the system's accounts: on a machine that does other
things too it says more than the rate, since waiting for a core is not counted.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from PIL import Image

from core.models.compiling import has_bf16
from core.models.importing import ImportRequest, change_card, import_model
from core.models.shelf import Shelf
from tests.bench.measure import PROJECT, Row, Spent, cores, say, spent, table

RCLIP = "rclip==3.3.0"
ARCHITECTURE = "ViT-B-32-256"
_FOLDER = "ViT-B-32-256-datacomp_s34b_b86k"
_SIZE = (4032, 3024)
_BUDGETS = {"f32": 2.0, "bf16": 3.0}
_FEW = 16
"""Photos that a program indexes before it is measured, and, other ones, for what a run takes beside its photos: enough
that our worker does not get ready for sentences meanwhile, as it does when it has nothing to do."""


def main(arguments: Sequence[str]) -> int:
    """Measure both and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.compare_rclip")
    parser.add_argument("--photos", type=int, default=128, help="photos of 12 megapixels")
    parser.add_argument("--rounds", type=int, default=2, help="how often each program indexes them; the best counts")
    parser.add_argument("--place", type=Path, help="a folder that keeps rclip's environment for the next time")
    parser.add_argument("--json", type=Path, metavar="FILE")
    chosen = parser.parse_args(arguments)
    if chosen.photos < 4 * _FEW:
        parser.error(f"--photos takes {4 * _FEW} or more")
    with tempfile.TemporaryDirectory(prefix="retrouve-rclip-") as temporary:
        place = Path(temporary)
        rows = compare(place, chosen.place or place, chosen.photos, chosen.rounds)
    print(f"{cores()} cores, load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else f"{cores()} cores")
    print(table(rows))
    if chosen.json:
        chosen.json.write_text(json.dumps([asdict(row) | {"within": row.within} for row in rows], indent=1) + "\n")
    return 0


def compare(place: Path, kept: Path, photos: int, rounds: int) -> list[Row]:
    """The rates of both programs in turn, and their ratio in every precision that this processor computes with."""
    theirs = rclip_in(kept / "rclip-environment")
    folder = large_photos(place / "photos", photos)
    large_photos(place / "first", _FEW, seed=1)
    large_photos(place / "few", _FEW, seed=2)
    weights = random_weights(place)
    rclip_files(weights, place / "rclip-data")
    ours = imported(weights, place / "shelf")
    ways = ["f32", *(["bf16"] if has_bf16() else [])]
    found: dict[str, list[Spent]] = {"rclip": [], **{way: [] for way in ways}}
    for turn in range(rounds):
        say(f"round {turn + 1} of {rounds}: rclip")
        found["rclip"].append(spent_by_rclip(theirs, folder, place / "rclip-data"))
        for way in ways:
            say(f"round {turn + 1} of {rounds}: ours in {way}")
            change_card(ours, precisions=["f32", "bf16"] if way == "bf16" else ["f32"])
            found[way].append(spent_by_ours(folder, place / "shelf", place / f"library {way} {turn}"))
    counted = photos - _FEW
    rates = {name: counted / min(one.clock for one in all) for name, all in found.items()}
    taken = {name: min(one.cores for one in all) / counted * 1e3 for name, all in found.items()}
    rows = [Row("rclip, photos of 12 megapixels", rates["rclip"], "photos/s")]
    for way in ways:
        times = rates[way] / rates["rclip"]
        rows += [
            Row(f"ours in {way}", rates[way], "photos/s", rates["rclip"], RCLIP),
            Row(f"ours in {way}, times rclip", times, "times", None, "", _BUDGETS[way], at_least=True),
        ]
        if taken[way]:
            rows.append(Row("  a photo, of all cores together", taken[way], "core-ms", taken["rclip"], RCLIP))
            rows.append(Row("  by these, times rclip", taken["rclip"] / taken[way], "times"))
    return rows


def rclip_in(environment: Path) -> Path:
    """The program rclip in an environment of its own, which is made unless it is there."""
    program = environment / ("Scripts" if os.name == "nt" else "bin") / "rclip"
    if not program.is_file() and not program.with_suffix(".exe").is_file():
        say(f"installing {RCLIP}")
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
        pip = [program.parent / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", RCLIP]
        subprocess.run(pip, check=True)
    return program


def large_photos(folder: Path, count: int, seed: int = 12) -> Path:
    """JPEGs of 12 megapixels: the sample photos enlarged, with the grain of a sensor, so that their bytes are as many
    as a camera's (about 3 MB)."""
    say(f"drawing {count} photos of 12 megapixels")
    folder.mkdir(parents=True)
    samples = sorted((PROJECT / "resources" / "samples").glob("*.jpg"))
    chance = np.random.default_rng(seed)
    grain = chance.normal(0, 4, (_SIZE[1], _SIZE[0], 1)).astype(np.int16)
    for number in range(count):
        with Image.open(samples[number % len(samples)]) as sample:
            large = np.asarray(sample.convert("RGB").resize(_SIZE, Image.Resampling.BICUBIC)).astype(np.int16)
        noisy = np.clip(large + np.roll(grain, number * 97, axis=1), 0, 255).astype(np.uint8)
        Image.fromarray(noisy).save(folder / f"IMG_{number:04}.jpg", quality=92)
    return folder


def random_weights(place: Path) -> Path:
    """A checkpoint of the architecture that nobody trained."""
    import open_clip
    import torch
    from safetensors.torch import save_file

    say(f"drawing weights of {ARCHITECTURE}")
    torch.manual_seed(0)
    model = open_clip.create_model(ARCHITECTURE, pretrained=None)
    weights = place / "weights.safetensors"
    save_file({name: value.contiguous() for name, value in model.state_dict().items()}, weights)
    return weights


def rclip_files(weights: Path, data: Path) -> None:
    """What rclip would download, of these weights: both towers as ONNX, and the vocabulary of CLIP."""
    import open_clip
    import torch
    from safetensors.torch import load_file

    say("exporting the towers for rclip")
    torch.backends.mha.set_fastpath_enabled(False)
    model = open_clip.create_model(ARCHITECTURE, pretrained=None)
    model.load_state_dict(load_file(weights))
    model.eval()
    folder = data / _FOLDER
    folder.mkdir(parents=True)

    class Text(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, tokens: torch.Tensor) -> torch.Tensor:
            return self.model.encode_text(tokens)

    size = model.visual.image_size
    side = size[0] if isinstance(size, tuple) else size
    towers = (
        ("visual.onnx", model.visual, torch.randn(2, 3, side, side)),
        ("textual.onnx", Text(), torch.zeros(2, model.context_length, dtype=torch.int64)),
    )
    for name, tower, example in towers:
        torch.onnx.export(
            tower,
            (example,),
            folder / name,
            input_names=["input"],
            output_names=["output"],
            dynamic_axes={"input": {0: "n"}, "output": {0: "n"}},
            dynamo=False,
        )
    vocabulary = Path(open_clip.__file__).with_name("bpe_simple_vocab_16e6.txt.gz")
    (data / "tokenizer").mkdir()
    shutil.copy(vocabulary, data / "tokenizer")


def imported(weights: Path, shelf: Path) -> Path:
    """The same weights on a shelf of ours; the model's folder."""
    say("importing the weights")
    report = import_model(Shelf(shelf), ImportRequest(weights, "bench", ARCHITECTURE, "datacomp_s34b_b86k"))
    if report.info.visual is None:
        raise RuntimeError(f"the model got no graphs: {report.remarks}")
    return report.info.folder


def spent_by_rclip(program: Path, photos: Path, data: Path) -> Spent:
    """A run over the photos, less one over few."""
    environment = {**os.environ, "RCLIP_DATADIR": str(data), "HF_HUB_OFFLINE": "1"}
    (data / "db.sqlite3").unlink(missing_ok=True)
    places = (photos.with_name("first"), photos.with_name("few"), photos)
    _, few, many = (spent([program, "a dog"], place, environment) for place in places)
    return many - few


def spent_by_ours(photos: Path, shelf: Path, library: Path) -> Spent:
    """A run over the photos, less one over few."""
    environment = {**os.environ, "RETROUVE_MODELS": str(shelf), "PYTHONPATH": str(PROJECT)}
    program = [sys.executable, "-m", "app", "--library", library, "--quiet"]
    spent([*program, "models", "use", "bench"], photos, environment)
    places = (photos.with_name("first"), photos.with_name("few"), photos)
    _, few, many = (spent([*program, "index", place], place, environment) for place in places)
    shutil.rmtree(library)
    return many - few


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
