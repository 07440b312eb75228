"""``retrouve train scratch``: a model from random weights, in a process of its own that saves when interrupted."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from app.cli import data_report
from app.cli.calls import Call
from app.cli.progress import ProgressBar
from app.cli.training_options import NUMBERS
from app.cli.wording import counted
from app.training_child import TrainingChild
from core.errors import CallError, TrainingError
from core.models.openclip import require_torch

if TYPE_CHECKING:
    from app.cli.console import Console

FIGURES = {"sentences_recall_at_1": "photos found first", "sentences_recall_at_10": "photos among the first ten"}

_OTHERS = ("name", "tolerance", "rank", "loss", "locked", "hard_negatives", "swapped")
"""Options of the other modes."""


def scratch(call: Call, console: Console) -> int:
    """Train, show how far it is, and say what came of it and where it lies."""
    require_torch("Training a model from scratch")
    with ProgressBar(console) as bar, TrainingChild("scratch", call.library, _arguments(call)) as child:
        try:
            _follow(child, bar, console)
        except KeyboardInterrupt:
            bar.clear()
            console.remark("Saving what was learned so far. Ctrl-C once more ends it without.")
            child.cancel()
            with suppress(TrainingError):  # it ends without a result, as it was told to
                _follow(child, bar, console)
            bar.clear()
            console.fail("Interrupted: `retrouve train scratch --resume` goes on where it was.")
            return 130
    console.document(child.result)
    show(child.result, console)
    return 0


def _follow(child: TrainingChild, bar: ProgressBar, console: Console) -> None:
    for step in child.steps():
        if "data" in step.more:
            bar.clear()
            for sentence in data_report.sentences(step.more["data"]):
                console.say(sentence)
        if step.total:
            amount = f"step {step.done:,} of {step.total:,}, loss {step.more.get('loss', 0):.3f}"
            bar.update(step.what, step.done, step.total, amount=amount, seconds_left=step.more.get("left_s"))
        else:
            bar.update(step.what, step.done, step.total, amount="...")


def _arguments(call: Call) -> list[str]:
    """The call, as `training.scratch` takes it. Raises `CallError` for what it cannot do anything with."""
    options, operands = call.options, list(call.operands[1:])
    for name in _OTHERS:
        if options[name] not in (None, []):
            raise CallError(f"`--{name.replace('_', '-')}` is not for `retrouve train scratch`.")
    given = {name: options[name.replace("-", "_")] for name in (*NUMBERS, "architecture", "precision")}
    said = [f"--{name}={value}" for name, value in given.items() if value is not None]
    if options["checkpointing"]:
        said.append("--checkpointing")
    if options["dry_run"]:
        if options["resume"]:
            raise CallError("--dry-run looks at what a new run would learn from: leave --resume out.")
        said.append("--dry-run")
    if options["resume"]:
        if any(one != f"--workers={options['workers']}" for one in said):
            raise CallError(
                "A run goes on with what it was begun with: beside `--resume`, `--workers` alone can change."
            )
        if len(operands) > 1:
            raise CallError("`retrouve train scratch --resume` goes on with one run: name it, or none.")
        return [*said, f"--resume={operands[0]}" if operands else "--resume"]
    if not operands:
        raise CallError(
            "What is to be learned from? `retrouve train scratch FOLDER`, with captions.jsonl or tars in it."
        )
    return [*said, "--", *operands]


def _loss(first: float, last: float) -> str:
    if first == last:
        return f"the loss was {first}"
    return f"the loss {'fell' if last < first else 'rose'} from {first} to {last}"


def show(result: dict[str, Any], console: Console) -> None:
    """A run's result, for people."""
    if result.get("dry_run"):
        console.say(result["why"])
        return
    console.say(f"Trained {counted(result['steps'], 'step')}; {_loss(result['loss_first'], result['loss_last'])}.")
    rows = [
        (word, *(f"{result[when][key]:.1%}" for when in ("before", "after")))
        for key, word in FIGURES.items()
        if key in result["before"] and key in result["after"]
    ]
    console.table(rows, right=(1, 2), head=(f"{result['held_out_photos']:,} held out", "before", "after"))
    console.say(f"Not installed: {result['why']}")
