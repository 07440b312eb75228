"""``retrouve train``: learning from one's own captions, in a process of its own."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from app.cli import data_report
from app.cli.calls import Call
from app.cli.opening import open_library
from app.cli.progress import ProgressBar
from app.training_child import TrainingChild
from core.errors import CallError, TrainingError
from core.models.openclip import require_torch

if TYPE_CHECKING:
    from app.cli.console import Console

MODES = ("adapter", "lora", "full", "scratch")
"""What can be trained: modules of `training`."""

TUNING = (
    *("epochs", "batch", "parts", "rate", "rank", "loss", "locked", "precision", "seed"),
    *("hard_negatives", "swapped"),
)
"""Options of `lora` and `full` that go on to the run as they are, where they are given."""
SCRATCH = ("steps", "warm_up", "hold_out", "workers", "save_every", "measure_every", "architecture")
"""Options of `scratch` alone."""

FIGURES = {
    "names_recall_at_1": "photos found first by name",
    "names_recall_at_10": "photos among the first ten by name",
    "sentences_recall_at_10": "photos among the first ten by own sentences",
    "sentences_recall_at_1": "photos found first by own sentences",
    "general_recall_at_10": "general photos among the first ten",
    "general_recall_at_1": "general photos found first",
}


def train(call: Call, console: Console) -> int:
    """Train, show how far it is, and tell what came of it. Nothing is installed that loses."""
    mode = call.operands[0] if call.operands else "adapter"
    if mode not in MODES:
        raise CallError(f"`retrouve train` does not know `{mode}`: it is {', '.join(f'`{one}`' for one in MODES)}.")
    if mode == "scratch":
        from app.cli.scratch import scratch

        with open_library(call.library):
            pass
        return scratch(call, console)
    if len(call.operands) > 1:
        raise CallError(f"`retrouve train {mode}` learns from the library alone: `{call.operands[1]}` is too much.")
    arguments = _arguments(mode, call.options)
    if mode != "adapter":
        require_torch(f"`retrouve train {mode}`")
    with open_library(call.library):  # migrates it, and says what is wrong with it
        pass
    with ProgressBar(console) as bar, TrainingChild(mode, call.library, arguments) as child:
        try:
            follow(child, bar, console)
        except KeyboardInterrupt:
            bar.clear()
            if mode == "adapter":
                console.fail("Interrupted: nothing was installed, and nothing is left of the run.")
                return 130
            console.remark("Saving behind this step. Ctrl-C once more ends it without.")
            child.cancel()
            with suppress(TrainingError):  # it ends without a result, as it was told to
                follow(child, bar, console)
            bar.clear()
            console.fail(
                f"Interrupted: nothing was installed. `retrouve train {mode} --resume` goes on behind the last step "
                "that was saved, if there was one."
            )
            return 130
    console.document(child.result)
    show(child.result, console)
    return 0


def follow(child: TrainingChild, bar: ProgressBar, console: Console) -> None:
    """Show how far a training process is, and say what it has to learn from as soon as it knows."""
    for step in child.steps():
        if "data" in step.more:
            bar.clear()
            for sentence in data_report.sentences(step.more["data"]):
                console.say(sentence)
        amount = f"{step.done:,} of {step.total:,}" if step.total else "..."
        if "loss" in step.more:
            amount += f", loss {step.more['loss']:.3f}, rate {step.more.get('rate', 0):.1e}"
        bar.update(step.what, step.done, step.total, amount=amount, seconds_left=step.more.get("left_s"))


def _arguments(mode: str, options: dict[str, Any]) -> list[str]:
    """The arguments of the training process. Raises `CallError` for options of another mode."""
    _check(mode, options)
    arguments = ["--dry-run"] * options["dry_run"]
    arguments += [part for name in options["name"] for part in ("--name", name)]
    given = {name.replace("_", "-"): options[name] for name in TUNING if options[name] is not None}
    arguments += [part for name, value in given.items() for part in (f"--{name}", str(value))]
    arguments += ["--resume"] * bool(options["resume"]) + ["--save-memory"] * bool(options["checkpointing"])
    if options["tolerance"] is not None:
        arguments += ["--tolerance", str(options["tolerance"])]
    return arguments


def _check(mode: str, options: dict[str, Any]) -> None:
    given = [name for name in TUNING if options[name] is not None]
    given += [name for name in ("resume", "checkpointing") if options[name]]
    for name in SCRATCH if mode != "adapter" else (*given, *SCRATCH):
        if options[name] is not None:
            raise CallError(f"`retrouve train {mode}` knows no --{name.replace('_', '-')}.")
    if mode != "adapter" and options["name"]:
        raise CallError("--name is for `train adapter`: the others learn whole sentences.")
    if mode == "full" and options["rank"] is not None:
        raise CallError("--rank is for `train lora`: `train full` trains whole weights.")
    if options["precision"] == "fp16":
        raise CallError(f"`retrouve train {mode}` computes in fp32 or bf16.")
    for name, least, most in (("epochs", 0.1, 1000), ("batch", 4, 100_000), ("parts", 1, 10_000), ("rank", 1, 1024)):
        if options[name] is not None and not least <= options[name] <= most:
            raise CallError(f"--{name} goes from {least} to {most:,}.")
    if options["hard_negatives"] is not None and options["hard_negatives"] > 0.9:
        raise CallError("--hard-negatives goes from 0 to 0.9: some photos have to be there for others to look like.")
    if options["rate"] is not None and not 0 < options["rate"] <= 1:
        raise CallError("--rate is above 0, and 1 at the most.")
    if options["resume"] and options["dry_run"]:
        raise CallError("--dry-run looks at what a new run would learn from: leave --resume out.")
    if options["resume"] and (len(given) > 1 or options["tolerance"] is not None):
        raise CallError("--resume goes on as the run was asked to at first: leave the other options out.")


def show(result: dict[str, Any], console: Console) -> None:
    """A run's result, for people."""
    if result.get("dry_run"):
        console.say(result["why"])
        return
    console.say(f"{'Installed' if result['installed'] else 'Not installed'}: {result['why']}")
    rows = [(word, share(result["before"].get(key)), share(result["after"].get(key))) for key, word in FIGURES.items()]
    console.table([row for row in rows if row[1:] != ("", "")], right=(1, 2), head=("held out", "before", "after"))
    names = [
        (
            one["name"],
            str(one["photos"]),
            share(one["recall_at_10"]),
            share(one["first"]),
            ", ".join(one["look_alikes"]),
        )
        for one in result.get("names", ())
    ]
    if names and not console.quiet:
        console.table(names, right=(1, 2, 3), head=("name", "photos", "in first ten", "first", "taken for it at times"))
    for one in result.get("left_out", ())[:10]:
        console.say(f"Not learned: {one['name']}: {one['why']}.")
    if len(result.get("left_out", ())) > 10:
        console.say(f"... and {len(result['left_out']) - 10} more. `retrouve runs show {result['run']}` has all.")
    for remark in result.get("remarks", ()):
        console.say(remark)
    if result["installed"] and result.get("kind") == "adapter":
        console.say(f"`retrouve adapters off {result['run']}` switches it off again.")
    elif result["installed"]:
        old = result["based_on"]
        console.say(f"`retrouve models use {old}` goes back, and `retrouve models remove {result['run']}` forgets it.")


def share(value: float | None) -> str:
    """A fraction of 1 for people; empty where nothing was measured."""
    return "" if value is None else f"{value:.1%}"
