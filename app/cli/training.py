"""``retrouve train``: learning from one's own captions, in a process of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.cli.calls import Call
from app.cli.opening import open_library
from app.cli.progress import ProgressBar
from app.training_child import TrainingChild
from core.errors import CallError

if TYPE_CHECKING:
    from app.cli.console import Console

MODES = ("adapter", "scratch")
"""What can be trained: modules of `training`."""

FIGURES = {
    "names_recall_at_1": "photos found first by name",
    "names_recall_at_10": "photos among the first ten by name",
    "sentences_recall_at_10": "photos among the first ten by own sentences",
    "general_recall_at_10": "general photos among the first ten",
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
    tolerance = call.options["tolerance"]
    arguments = [part for name in call.options["name"] for part in ("--name", name)]
    if tolerance is not None:
        arguments += ["--tolerance", str(tolerance)]
    with open_library(call.library):  # migrates it, and says what is wrong with it
        pass
    with ProgressBar(console) as bar, TrainingChild(mode, call.library, arguments) as child:
        try:
            for step in child.steps():
                amount = f"{step.done:,} of {step.total:,}" if step.total else "..."
                bar.update(step.what, step.done, step.total, amount=amount)
        except KeyboardInterrupt:
            bar.clear()
            console.fail("Interrupted: nothing was installed, and nothing is left of the run.")
            return 130
    console.document(child.result)
    show(child.result, console)
    return 0


def show(result: dict[str, Any], console: Console) -> None:
    """A run's result, for people."""
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
    if result["installed"]:
        console.say(f"`retrouve adapters off {result['run']}` switches it off again.")


def share(value: float | None) -> str:
    """A fraction of 1 for people; empty where nothing was measured."""
    return "" if value is None else f"{value:.1%}"
