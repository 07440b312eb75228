"""What may be said to ``retrouve train``. Options that were not given are None: each mode has its own defaults."""

from __future__ import annotations

import argparse

NUMBERS: dict[str, tuple[type[int] | type[float], str]] = {
    "batch": (int, "pairs of a step, over all processes"),
    "epochs": (float, "how often all pairs are seen"),
    "steps": (int, "how many steps to take, instead of epochs"),
    "rate": (float, "the highest learning rate"),
    "warm-up": (int, "steps in which the rate rises"),
    "hold-out": (float, "the share of the pairs that measure it, and are not learned from"),
    "parts": (int, "compute a batch in so many parts, in less memory"),
    "workers": (int, "threads that decode photos"),
    "save-every": (int, "steps between checkpoints"),
    "measure-every": (int, "steps between measurements (default: at both ends)"),
    "seed": (int, "another one gives another run"),
}
"""Numbers of ``scratch``: their kind, and what they are."""


def add(parser: argparse.ArgumentParser) -> None:
    """Add them to the command's parser."""
    parser.add_argument(
        "--dry-run", action="store_true", help="say what there is to learn from and what is held out, and train nothing"
    )
    adapter = parser.add_argument_group("adapter")
    adapter.add_argument(
        "--name", action="append", default=[], metavar="NAME", help="learn this name alone; may be given again"
    )
    adapter.add_argument(
        "--tolerance",
        type=fraction,
        metavar="F",
        help="adapter, lora, full: what general recall may lose, as a fraction of 1 (default: 0.01)",
    )
    tuning = parser.add_argument_group(
        "lora and full; also --resume, --epochs, --batch, --parts, --rate, --seed, --precision and --checkpointing"
    )
    tuning.add_argument(
        "--rank", type=int, metavar="N", help="lora: the rank of what is added to a weight (default: 8)"
    )
    tuning.add_argument("--loss", choices=("clip", "sigmoid"), help="InfoNCE (default), or each pair by itself")
    tuning.add_argument("--locked", choices=("image", "text"), help="a tower that stays as it is (default: none)")
    tuning.add_argument(
        "--hard-negatives",
        type=fraction,
        metavar="SHARE",
        help="how much of a batch are photos that look alike to the old model, from 0 (default) to 0.9",
    )
    tuning.add_argument(
        "--swapped",
        type=fraction,
        metavar="SHARE",
        help="how many sentences meet their swapped words as a wrong answer, of those that can (default: 0)",
    )
    scratch = parser.add_argument_group("scratch (docs/training.md tells of each, and of several GPUs)")
    scratch.add_argument("--resume", action="store_true", help="go on with the run named, or with the last")
    scratch.add_argument("--architecture", metavar="A", help="OpenCLIP's name for one, small-vit, or a JSON file")
    scratch.add_argument(
        "--precision", choices=("fp32", "bf16", "fp16"), help="default: fp32; of scratch bf16 on a GPU"
    )
    scratch.add_argument("--checkpointing", action="store_true", help="compute activations twice, in less memory")
    for name, (kind, what) in NUMBERS.items():
        scratch.add_argument(f"--{name}", type=kind, metavar="N" if kind is int else "F", help=what)


def fraction(text: str) -> float:
    """A number from 0 to 1."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"`{text}` is not a number from 0 to 1")
    return number
