"""Learns from captioned photos in few numbers: ``python -m training.lora --library FOLDER``.

Needs the [torch] extra. LoRA (Hu et al. 2022): each chosen weight of the model stays as it is, and gets the product of
two thin matrices added to it, which alone are trained. From top to bottom:

1. `tuning.begin` gathers photos with captions and accepted tags, and holds some out, or takes up a stopped run.
2. `attach` gives both towers what is trained: the whole text tower, and the image tower from `FROM` of its depth on.
   What lies before sees edges and textures, and costs most of the time.
3. `tuning.fit` trains it by contrast, with sample photos learned again and the old model's similarities as a target,
   and keeps what found held-out photos best.
4. `finishing.finish` adds the products to the weights, mixes old and new as held-out photos say (WiSE-FT), judges by
   photos that nothing was chosen by, and puts the model on the shelf where it is better.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from core.errors import TrainingError
from core.library import Library
from training import asking, finishing, surgery, tuning
from training.judging import Encoding
from training.tuning import Lesson, Options, Tell

KIND = "lora"
FROM = 0.4
"""The depth of the image tower from which on it learns: 0 is its input, 1 what lies behind its last layer."""
SCALE = 16.0
"""What the product of the thin matrices counts, divided by their rank."""


def attach(model: nn.Module, options: Options) -> int:
    """Make the chosen weights of both towers learn in few numbers; how many weights. Raises `TrainingError`."""
    chosen: dict[str, float] = {}
    for tower, parameters in surgery.towers(model).items():
        if tower != options.locked:
            deep = surgery.depths(name for name, _ in parameters)
            chosen |= {name: at for name, at in deep.items() if tower == surgery.TEXT or at >= FROM}
    count = surgery.add_lora(model, options.rank, SCALE, chosen)
    if not count:
        raise TrainingError("This model has no layer that `train lora` could learn in: try `train full`.")
    return count


def train(library: Library, options: Options, tell: Tell, *, resume: bool = False) -> dict[str, Any]:
    """Learn, judge, and install what is better; the result, as `retrouve train lora --json` has it.

    Stopped with Ctrl-C it raises `KeyboardInterrupt`, and ``resume`` goes on. Raises `RetrouveError`.
    """
    begun = tuning.begin(library, KIND, options, resume=resume, tell=tell)
    if not isinstance(begun, Lesson):
        return begun
    with asking.kept_if_stopped(begun.draft):
        torch.manual_seed(begun.options.seed)
        loaded = surgery.load(begun.model, begun.device)
        attach(loaded.model, begun.options)
        if begun.options.save_memory:
            loaded.model.set_grad_checkpointing()
        encoding = Encoding(loaded, begun.device, begun.options.precision)
        groups = tuning.layered(begun.options, list(surgery.towers(loaded.model).values()))
        fitted = tuning.fit(begun, encoding, groups, resume=resume, tell=tell)
        plain = Encoding(surgery.load(begun.model, begun.device), begun.device, "fp32")
        return finishing.finish(library, begun, fitted, plain, tell)


def main(argv: Sequence[str] | None = None) -> int:
    """Train, and write progress and the result as JSON lines; the exit code."""
    return asking.run(KIND, Options(), train, argv)


if __name__ == "__main__":
    sys.exit(main())
