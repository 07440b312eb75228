"""``make bench-training``: training from scratch beside open_clip's own script, on the CPU; two minutes on free cores.

usage: python -m tests.bench.training [--steps N] [--rounds N] [--precision fp32|bf16] [--place FOLDER] [--json FILE]

The same architecture (a small ViT), batch, precision, photos and cuts; `open_clip_train.main` as the installed
open_clip_torch has it, with the packages that it needs beside (`PACKAGES`) in a folder of their own below ``--place``.
Whole processes in turn: each program takes a few steps, and then many. A rate is the pairs that the long run has more,
over the time that it takes longer, so that starting, saving and the first steps do not count: once by the clock, and
once by the processor seconds of the program and its helpers, which say the same on a machine that others use too.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from PIL import Image

from tests.bench.measure import PROJECT, Row, Spent, cores, say, spent, table

PACKAGES = ("webdataset==1.0.2", "braceexpand==0.1.7", "pandas==3.1.1", "python-dateutil==4.0.0", "six==1.17.0")
"""What open_clip's script imports and this project does not need. Without what these need in turn: that is here."""
ARCHITECTURE = {
    "embed_dim": 256,
    "vision_cfg": {"image_size": 128, "layers": 6, "width": 256, "head_width": 64, "patch_size": 16},
    "text_cfg": {"context_length": 32, "vocab_size": 49408, "width": 256, "heads": 4, "layers": 4},
}
NAME = "bench-vit"
BATCH = 64
SHORT = 2
"""Steps of the short run."""
SIDE = 256
"""The shorter side of the photos, as img2dataset makes them."""
THEIRS = (
    "import sys, open_clip; open_clip.add_model_config(sys.argv.pop(1)); "
    "from open_clip_train.main import main; main(sys.argv[1:])"
)
_PRECISION = {"fp32": "fp32", "bf16": "amp_bfloat16"}


@dataclass(frozen=True, slots=True)
class Bench:
    """Where all lies, and how it is computed."""

    place: Path
    packages: Path
    precision: str


def main(arguments: Sequence[str]) -> int:
    """Measure both and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.training")
    parser.add_argument("--steps", type=int, default=14, help=f"of the long run; the short one takes {SHORT}")
    parser.add_argument("--rounds", type=int, default=1, help="how often both are run; the best counts")
    parser.add_argument("--precision", choices=tuple(_PRECISION), default="fp32")
    parser.add_argument("--place", type=Path, help="a folder that keeps what open_clip's script needs")
    parser.add_argument("--json", type=Path, metavar="FILE")
    chosen = parser.parse_args(arguments)
    if chosen.steps <= SHORT:
        parser.error(f"--steps takes more than {SHORT}")
    with tempfile.TemporaryDirectory(prefix="retrouve-training-") as temporary:
        kept = chosen.place or Path(temporary)
        bench = Bench(Path(temporary), packages_in(kept / "open-clip-train"), chosen.precision)
        rows = compare(bench, chosen.steps, chosen.rounds)
    print(f"{cores()} cores, load {os.getloadavg()[0]:.1f}")
    print(table(rows))
    if chosen.json:
        chosen.json.write_text(json.dumps([asdict(row) | {"within": row.within} for row in rows], indent=1) + "\n")
    return 0


def packages_in(folder: Path) -> Path:
    """Put `PACKAGES` into a folder, unless they are there."""
    if not (folder / "webdataset").is_dir():
        say("fetching what open_clip's training script needs")
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*pip, "--target", folder, *PACKAGES], check=True)
    return folder


def compare(bench: Bench, steps: int, rounds: int) -> list[Row]:
    """Both programs in turn, and their ratio."""
    photos = small_photos(bench.place / "photos", steps * BATCH)
    config = bench.place / f"{NAME}.json"
    config.write_text(json.dumps(ARCHITECTURE), encoding="utf-8")
    found: dict[str, list[Spent]] = {"theirs": [], "ours": []}
    for turn in range(rounds):
        for name, run in (("theirs", theirs), ("ours", ours)):
            say(f"round {turn + 1} of {rounds}: {name}")
            few, many = (run(bench, photos, config, count, turn) for count in (SHORT, steps))
            found[name].append(many - few)
    rows, pairs = [], (steps - SHORT) * BATCH
    for kind, unit in (("cores", "pairs a processor second"), ("clock", "pairs/s")):
        base, mine = (pairs / min(getattr(one, kind) for one in found[name]) for name in ("theirs", "ours"))
        rows += [
            Row(f"open_clip_train, {bench.precision}", base, unit),
            Row(f"training.scratch, {bench.precision}", mine, unit, base, "open_clip_train"),
            Row("times open_clip_train", mine / base, "times", None, "", 1.0, at_least=True),
        ]
    return rows


def small_photos(folder: Path, count: int) -> Path:
    """The sample photos as small JPEGs, with their captions as both programs read them: so many, over and over."""
    folder.mkdir(parents=True)
    samples = PROJECT / "resources" / "samples"
    said = [json.loads(line) for line in (samples / "captions.jsonl").read_text(encoding="utf-8").splitlines()]
    pairs = []
    for row in said:
        with Image.open(samples / row["file"]) as image:
            ratio = SIDE / min(image.size)
            size = (round(image.width * ratio), round(image.height * ratio))
            name = f"{Path(row['file']).stem}.jpg"
            image.convert("RGB").resize(size, Image.Resampling.BICUBIC).save(folder / name, quality=92)
        pairs.append((name, " ".join(row["captions"][0].split())))
    pairs = [pairs[at % len(pairs)] for at in range(count)]
    lines = (json.dumps({"file": name, "captions": [caption]}) for name, caption in pairs)
    (folder / "captions.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for steps in (SHORT, count // BATCH):
        some = [f"{folder / name}\t{caption}" for name, caption in pairs[: steps * BATCH]]
        (folder / f"{steps}.csv").write_text("\n".join(["filepath\ttitle", *some]) + "\n", encoding="utf-8")
    return folder


def theirs(bench: Bench, photos: Path, config: Path, steps: int, turn: int) -> Spent:
    """open_clip's script: an epoch of so many steps."""
    options = {
        "--train-data": photos / f"{steps}.csv",
        "--dataset-type": "csv",
        "--csv-separator": "\t",
        "--model": NAME,
        "--batch-size": BATCH,
        "--epochs": 1,
        "--warmup": 1,
        "--precision": _PRECISION[bench.precision],
        "--device": "cpu",
        "--workers": cores(),
        "--save-frequency": 0,
        "--log-every-n-steps": 1000,
        "--logs": bench.place / "logs",
        "--name": f"{steps}-{turn}",
    }
    path = os.pathsep.join([str(PROJECT), str(bench.packages)])
    call = [sys.executable, "-c", THEIRS, config, *(word for pair in options.items() for word in pair)]
    return spent(call, PROJECT, {**os.environ, "PYTHONPATH": path})


def ours(bench: Bench, photos: Path, config: Path, steps: int, turn: int) -> Spent:
    """Our trainer."""
    options = {
        "--out": bench.place / f"run-{steps}-{turn}",
        "--architecture": config,
        "--batch": BATCH,
        "--steps": steps,
        "--warm-up": 1,
        "--precision": bench.precision,
        "--device": "cpu",
        "--workers": cores(),
        "--hold-out": 0,
        "--save-every": 1_000_000,
    }
    call = [sys.executable, "-m", "training.scratch", photos, *(word for pair in options.items() for word in pair)]
    return spent(call, PROJECT, {**os.environ, "PYTHONPATH": str(PROJECT)})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
