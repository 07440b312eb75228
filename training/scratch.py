"""CLIP's whole recipe, from random weights: ``python -m training.scratch`` or ``torchrun ... -m training.scratch``.

1. `train`: from the data to a folder that OpenCLIP and ``retrouve models import`` read.
2. `_Going`: the loop: step, look at the loss, tell, save, measure; back and slower where the loss is no number.
3. `main`: the run's folder, Ctrl-C, progress as JSON lines, of rank 0 alone.

What it stands on: `training.shards` and `training.decoding` give the pairs, `training.building` makes the model,
`training.recipe` takes a step, `training.distributed` joins the processes, `training.sharded` keeps checkpoints.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from core import runs
from core.copying import refused
from core.errors import CallError, LibraryBusy, RetrouveError, TrainingError
from training import building, progress, sharded
from training.curve_picture import picture
from training.decoding import Batch, Batches
from training.distributed import World, any_of, joined, mean, told
from training.examples import better_and_worse
from training.recipe import KINDS, Examination, Learning, Options, recalls
from training.shards import HoldOut, Reader, Stream, find_shards, held_out, survey

MODEL, CHECKPOINTS = "model", "checkpoints"
LOOK = 10
"""Steps between two looks at the loss where there are several processes: a look makes all wait for each other."""
MOST_FAULTS = 3
"""How often a loss that is no number is answered with half the rate, before the run stops."""
MEASURED = 2000
"""Held-out pairs that recall is measured on at the most."""

Tell = Callable[..., None]
"""Called with what is being done, how much of it is done, of how much, and more by name."""


class Stop:
    """Ctrl-C and SIGTERM, which it hears while it is entered (a context manager). While steps are taken (``waits``) the
    first one waits until a step is whole and saved; elsewhere there is nothing to save, and it ends the run at once,
    as the second one does everywhere."""

    def __init__(self) -> None:
        self.asked = False
        self.waits = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Stop:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self.hear)
        return self

    def __exit__(self, *_: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)

    def hear(self, *_: object) -> None:
        """What a signal calls."""
        if self.asked or not self.waits:
            raise KeyboardInterrupt
        self.asked = True


# 1. A run


def train(folder: Path, options: Options, world: World, tell: Tell, stop: Stop | None = None) -> dict[str, Any]:
    """Train in a folder, or go on with what is there; the result. All processes call it together.

    Where any process is told to ``stop``, all is saved, and `KeyboardInterrupt` raised. Raises `RetrouveError`.
    """
    started = time.monotonic()
    options.check(world)
    shards, held = find_shards(options.sources), HoldOut(options.hold_out)
    torch.manual_seed(options.seed)
    if world.leads:
        building.write_config(folder / MODEL, building.architecture(options.architecture))
    any_of(False, world)
    built = building.build(folder / MODEL, world, checkpointing=options.checkpointing)
    examination = Examination(held_out(shards, held, MEASURED) if world.leads else [], built)
    data, steps = _look_at_data(folder, options, world, tell)
    learning = Learning(built, world, options, steps)
    torch.manual_seed(options.seed + world.rank)
    stop = stop or Stop()
    run = _Going(folder, learning, examination, options, tell, stop)
    run.begin(learning.resume(folder / CHECKPOINTS))
    reader = Reader()
    stream = Stream(shards, world.rank, world.size, options.seed, options.buffer, held, reader)
    batches = Batches(stream, options.batch // world.size, built.side, built.tokenize, options.workers)
    stop.waits = True
    while learning.step < steps:
        with contextlib.closing(batches.after(learning.position)) as coming:  # type: ignore[type-var]
            run.go(coming)
    stop.waits = False
    result: dict[str, Any] = {}
    if world.leads:
        building.export(learning.model, folder / MODEL)
        data = {**data, "unreadable": dict(batches.faults + reader.faults)}
        _write(folder, runs.DATA, data)
        _put(folder, runs.PICTURE, picture(f"{folder.name}: {options.architecture}", run.curves()))
        result = _result(folder, run, len(examination.photos), time.monotonic() - started)
        _write(folder, runs.RESULT, result)
    any_of(False, world)
    return result


# 2. The loop


class _Going:
    """Takes steps, looks at the loss, tells, saves and measures."""

    def __init__(
        self,
        folder: Path,
        learning: Learning,
        examination: Examination,
        options: Options,
        tell: Tell,
        stop: Stop,
    ) -> None:
        self.folder, self.learning, self.options = folder, learning, options
        self._examination, self._tell, self._stop = examination, tell, stop
        self._curves = folder / runs.CURVES
        self._last = (time.monotonic(), learning.step)
        self._look = 1 if learning.world.size == 1 else LOOK

    def begin(self, resumed: bool) -> None:
        """Measure and save what knows nothing yet; what goes on writes its curve again from there."""
        if self.learning.world.leads and self._curves.is_file():
            lines = [line for line in self.curves() if resumed and line["step"] <= self.learning.step]
            self._curves.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        if not resumed:
            self.measure()
            self.learning.save(self.folder / CHECKPOINTS)

    def go(self, batches: Iterator[Batch]) -> None:
        """Until the last step, or until a loss that is no number sends the run back to its last checkpoint."""
        learning, options = self.learning, self.options
        self._last = (time.monotonic(), learning.step)
        while learning.step < learning.steps:
            rate = learning.rate
            loss = learning.learn(next(batches))
            ends = learning.step == learning.steps
            saves = ends or learning.step % options.save_every == 0
            if not (saves or learning.step % self._look == 0):
                continue
            value = mean(loss, learning.world)
            # A step can leave weights that are no numbers behind a loss that is one: they must not be saved.
            if not math.isfinite(value) or (saves and any_of(not learning.is_finite, learning.world)):
                self._go_back()
                return
            self._report(value, rate)
            stops = any_of(self._stop.asked, learning.world) and not ends
            if saves or stops:
                learning.save(self.folder / CHECKPOINTS)
            if stops:
                raise KeyboardInterrupt
            if ends or (options.measure_every and learning.step % options.measure_every == 0):
                self.measure()

    def _go_back(self) -> None:
        """To the last checkpoint, or to the beginning, at half the rate. Raises `TrainingError` after some tries."""
        learning, faults, at = self.learning, self.learning.faults + 1, self.learning.step
        if faults > MOST_FAULTS:
            raise TrainingError(
                f"The loss is no number at step {at}, at an eighth of the rate still. The last good checkpoint stays "
                f"in {self.folder}. Try a smaller --rate, or --precision fp32."
            )
        if not learning.resume(self.folder / CHECKPOINTS):
            raise TrainingError(f"The loss is no number at step {at}, and the checkpoints in {self.folder} are gone.")
        learning.faults = faults
        self._note(fault=f"the loss was no number at step {at}: back to step {learning.step}, at half the rate")

    def _report(self, loss: float, rate: float) -> None:
        learning, (then, step) = self.learning, self._last
        now = time.monotonic()
        speed = (learning.step - step) * self.options.batch / max(now - then, 1e-9)
        left = (learning.steps - learning.step) * self.options.batch / max(speed, 1e-9)
        self._note(loss=round(loss, 5), rate=rate, scale=round(learning.scale, 3), pairs_per_second=round(speed, 1))
        self._tell("Training", learning.step, learning.steps, loss=loss, rate=rate, left_s=left, pairs_per_second=speed)

    def measure(self) -> None:
        """Find the held-out pairs, and write it into the curves. Rank 0 does; the others wait."""
        learning = self.learning
        if learning.world.leads:
            ranks = self._examination.ranks(learning.model, learning.world.device)
            if len(ranks):
                self._note(**recalls(ranks))
            if not learning.step:
                _write(self.folder, runs.EXAMPLES, {"places_before": [int(rank) + 1 for rank in ranks]})
            if learning.step == learning.steps:
                self._write_examples(ranks)
        any_of(False, learning.world)

    def _write_examples(self, ranks: NDArray[np.int64]) -> None:
        """The held-out sentences that are found earlier than by chance, and later. Raises `TrainingError`."""
        before = runs.read_json(self.folder / runs.EXAMPLES).get("places_before", [])
        rows = [
            {"query": text, "before": was, "after": int(rank) + 1, "of": "held-out photo"}
            for text, was, rank in zip(self._examination.captions, before, ranks, strict=False)
        ]
        _write(self.folder, runs.EXAMPLES, {"places_before": before, **better_and_worse(rows)})

    def curves(self) -> list[dict[str, Any]]:
        """What was noted, a step each; a line that was cut short is left out."""
        found = []
        for line in self._curves.read_text(encoding="utf-8").splitlines():
            with contextlib.suppress(ValueError):
                found.append(json.loads(line))
        return found

    def _note(self, **line: Any) -> None:
        if self.learning.world.leads:
            try:
                with self._curves.open("a", encoding="utf-8") as file:
                    file.write(json.dumps({"step": self.learning.step, **line}, allow_nan=False) + "\n")
            except OSError as error:
                raise refused(error, self._curves) from error


def _look_at_data(folder: Path, options: Options, world: World, tell: Tell) -> tuple[dict[str, Any], int]:
    """The report on the data, and how many steps to take. Data is read before only to be counted."""
    report: dict[str, Any] = {}
    if world.leads and (folder / runs.DATA).is_file():
        report = runs.read_json(folder / runs.DATA)
    elif world.leads:
        shards = find_shards(options.sources)
        report = {"shards": len(shards), "steps": options.steps}
        if not options.steps:
            tell("Reading the data", 0, 0)
            report = survey(shards, HoldOut(options.hold_out))
            report["steps"] = max(1, round(options.epochs * int(report["pairs"]) / options.batch))  # type: ignore[call-overload]
        _write(folder, runs.DATA, report)
    report = told(report, world)
    tell("Reading the data", 1, 1, data=report)
    if not options.steps and int(report["pairs"]) < 2:
        raise TrainingError(f"There are {report['pairs']} pairs to learn from: too few. {folder / runs.DATA} says why.")
    return report, int(report["steps"])


def _result(folder: Path, run: _Going, photos: int, seconds: float) -> dict[str, Any]:
    """As `retrouve train --json` has it. What begins from nothing replaces nothing: it is never installed by itself."""
    lines = run.curves()
    measured = [
        {key: line[key] for key in ("sentences_recall_at_1", "sentences_recall_at_10")}
        for line in lines
        if "sentences_recall_at_10" in line
    ]
    lost = [line["loss"] for line in lines if "loss" in line]
    return {
        "run": folder.name,
        "folder": str(folder),
        "model": str(folder / MODEL),
        "before": measured[0] if measured else {},
        "after": measured[-1] if measured else {},
        "held_out_photos": photos,
        "chance_recall_at_10": min(1.0, 10 / photos) if photos else None,
        "loss_first": lost[0] if lost else None,
        "loss_last": lost[-1] if lost else None,
        "steps": run.learning.steps,
        "installed": False,
        "why": f"a model from scratch is another model: `retrouve models import {folder / MODEL}` adds it.",
        "seconds": round(seconds, 1),
    }


def _write(folder: Path, file: str, content: Mapping[str, Any]) -> None:
    _put(folder, file, json.dumps(content, indent=1, ensure_ascii=False, default=str) + "\n")


def _put(folder: Path, file: str, text: str) -> None:
    aside = folder / f"{file}.new"
    try:
        aside.write_text(text, encoding="utf-8")
        aside.replace(folder / file)
    except OSError as error:
        raise refused(error, folder / file) from error


# 3. The command


_NO_SOURCE = "What is to be learned from? Name a folder with captions.jsonl, or webdataset tars."
_NUMBERS = {
    **dict.fromkeys(("batch", "steps", "warm-up", "buffer", "workers", "parts", "save-every", "measure-every"), int),
    **dict.fromkeys(("epochs", "rate", "decay", "beta", "epsilon", "hold-out"), float),
    "seed": int,
}


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.scratch", description="Train a CLIP from random weights.")
    parser.add_argument("sources", nargs="*", metavar="SOURCE", help="captions.jsonl folder, or webdataset tars")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--library", type=Path, help="the run gets a folder in this library")
    where.add_argument("--out", type=Path, help="the run's folder, seen by all processes")
    parser.add_argument("--resume", nargs="?", const="", metavar="RUN", help="go on with a run (default: the last)")
    parser.add_argument("--dry-run", action="store_true", help="report on the data alone")
    parser.add_argument("--device", choices=("cpu", "cuda"))
    parser.add_argument("--checkpointing", action="store_true", help="compute activations twice, to need less memory")
    plain = Options(())
    parser.add_argument("--architecture", default=plain.architecture, metavar="NAME|FILE")
    parser.add_argument("--precision", choices=tuple(KINDS), default=None, help="default: bf16 on a GPU, else fp32")
    for name, kind in _NUMBERS.items():
        parser.add_argument(f"--{name}", type=kind, default=getattr(plain, name.replace("-", "_")))
    return parser


def _place(asked: argparse.Namespace) -> Path:
    """The run's folder: a new one, or that of the run that goes on. Raises `CallError`."""
    if asked.out is not None:
        return Path(asked.out).absolute()
    library = runs.Runs(asked.library)
    if asked.resume is None:
        return library.begin_long("scratch")
    open_ones = library.unfinished("scratch")
    chosen = [one for one in open_ones if asked.resume == one.name or not (asked.resume or runs.is_going_on(one))]
    if not chosen:
        listed = f" Unfinished: {', '.join(one.name for one in open_ones)}." if open_ones else ""
        raise CallError(f"There is no run {asked.resume or 'of this kind'} to go on with.{listed}")
    return chosen[-1]


def _options(asked: argparse.Namespace, folder: Path, world: World) -> Options:
    """What was asked; of a run that goes on, what was asked then. Raises `CallError`."""
    config = folder / runs.CONFIG
    if asked.resume is not None or (asked.out is not None and config.is_file()):
        if not config.is_file():
            raise CallError(f"There is no run in {folder} to go on with.")
        said = runs.read_json(config)["options"]
        return Options(**{**said, "sources": tuple(said["sources"]), "workers": asked.workers})
    if not asked.sources:
        raise CallError(_NO_SOURCE)
    names = [name for name in Options.__dataclass_fields__ if name not in ("sources", "precision")]
    sources = tuple(str(Path(source).expanduser().absolute()) for source in asked.sources)
    options = Options(sources, **{name: getattr(asked, name) for name in names})
    plain = "bf16" if world.device.type == "cuda" else "fp32"
    options = replace(options, precision=asked.precision or plain)
    if world.leads:
        with contextlib.suppress(FileExistsError):
            folder.mkdir(parents=True)
        made = datetime.now(UTC).isoformat(timespec="seconds")
        about = {"kind": "scratch", "model": options.architecture, "made": made, "processes": world.size}
        _write(folder, runs.CONFIG, {**about, "options": asdict(options)})
    return options


def main(argv: Sequence[str] | None = None) -> int:
    """Train, and write progress and the result as JSON lines; the exit code. Ctrl-C and SIGTERM save first."""
    asked = _arguments().parse_args(argv)
    with Stop() as stop:

        def work(_lines: progress.Lines) -> dict[str, Any]:
            with joined(asked.device) as world:
                return _work(asked, world, stop)

        leads = os.environ.get("RANK", "0") == "0"
        return progress.run(work) if leads else _silently(work)


def _work(asked: argparse.Namespace, world: World, stop: Stop) -> dict[str, Any]:
    """Find the run's folder, and train there."""
    if not asked.sources and asked.resume is None and asked.out is None:
        raise CallError(_NO_SOURCE)
    if asked.dry_run:
        return _looked(asked)
    folder = Path(told(str(_place(asked)) if world.leads else "", world))
    last = [0.0]

    def tell(what: str, done: int, total: int, **more: Any) -> None:
        if world.leads and (time.monotonic() - last[0] >= 0.1 or done == total):
            last[0] = time.monotonic()
            progress.say({"event": "progress", "what": what, "done": done, "total": total, **more})

    # Several hosts may share a folder that knows no locks: who names one with --out minds it.
    alone = runs.hold(folder) if world.leads and asked.out is None else contextlib.nullcontext()
    try:
        with alone:
            options = _options(asked, folder, world)
            any_of(False, world)
            return train(folder, options, world, tell, stop)
    except LibraryBusy:
        raise  # the folder is that of the run that goes on
    except BaseException:
        if world.leads and asked.out is None and not sharded.whole_sets(folder / CHECKPOINTS):
            shutil.rmtree(folder, ignore_errors=True)  # there is nothing to go on with
        raise


def _looked(asked: argparse.Namespace) -> dict[str, Any]:
    """Read all that would be learned from, and train nothing. Raises `RetrouveError`."""
    if not asked.sources:
        raise CallError(_NO_SOURCE)
    progress.say({"event": "progress", "what": "Reading the data", "done": 0, "total": 0})
    report = survey(find_shards(asked.sources), HoldOut(asked.hold_out))
    progress.say({"event": "progress", "what": "Reading the data", "done": 1, "total": 1, "data": report})
    return progress.looked("scratch", report)


def _silently(work: Callable[[progress.Lines], dict[str, Any]]) -> int:
    """As `progress.run`, without a word: rank 0 speaks."""
    try:
        work(progress.Lines())
    except RetrouveError as error:
        return error.exit_code
    except KeyboardInterrupt:
        return progress.INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main())
