"""Learns from captioned photos in few numbers: ``python -m training.lora --library FOLDER``.

Needs the [torch] extra. LoRA (Hu et al. 2022): each chosen weight of the model stays as it is, and gets the product of
two thin matrices added to it, which alone are trained. From top to bottom:

1. `tuning.begin` gathers photos with captions and accepted tags, and holds some out, or takes up a stopped run.
2. `attach` gives both towers what is trained: the whole text tower, and the image tower from `FROM` of its depth on.
   What lies before sees edges and textures; `early` runs it, without PyTorch.
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
from core.models.openclip import LoadedModel
from training import asking, early, finishing, surgery, tuning
from training.early import Early
from training.judging import Encoding
from training.tuning import Fitted, Lesson, Options, Tell

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


def early_of(loaded: LoadedModel, lesson: Lesson, precision: str) -> Early | None:
    """The first stages of the image tower, run by themselves where they learn nothing and the processor does it all."""
    stages = early.at_rest(loaded.model.visual) if lesson.device == "cpu" else 0
    return Early(loaded.model.visual, stages, lesson.model.preprocess, precision) if stages else None


def train(library: Library, options: Options, tell: Tell, *, resume: bool = False) -> dict[str, Any]:
    """Learn, judge, and install what is better; the result, as `retrouve train lora --json` has it.

    Stopped with Ctrl-C it raises `KeyboardInterrupt`, and ``resume`` goes on. Raises `RetrouveError`.
    """
    begun = tuning.begin(library, KIND, options, resume=resume, tell=tell)
    if not isinstance(begun, Lesson):
        return begun
    with asking.kept_if_stopped(begun.draft):
        fitted, plain = learn(begun, tell, resume=resume)
        return finishing.finish(library, begun, fitted, plain, tell)


def learn(lesson: Lesson, tell: Tell, *, resume: bool = False) -> tuple[Fitted, Encoding]:
    """Take the steps; what they led to, and an untouched model to judge it with. Raises as `tuning.fit`."""
    precision = lesson.options.precision
    torch.manual_seed(lesson.options.seed)
    loaded = surgery.load(lesson.model, lesson.device)
    attach(loaded.model, lesson.options)
    if lesson.options.save_memory:
        loaded.model.set_grad_checkpointing()
    first = early_of(loaded, lesson, precision)
    encoding = Encoding(loaded, lesson.device, precision, first)
    groups = tuning.layered(lesson.options, list(surgery.towers(loaded.model).values()))
    fitted = tuning.fit(lesson, encoding, groups, resume=resume, tell=tell)
    first = first if precision == "fp32" else early_of(loaded, lesson, "fp32")
    return fitted, Encoding(surgery.load(lesson.model, lesson.device), lesson.device, "fp32", first)


def main(argv: Sequence[str] | None = None) -> int:
    """Train, and write progress and the result as JSON lines; the exit code."""
    return asking.run(KIND, Options(), train, argv)


if __name__ == "__main__":
    sys.exit(main())
