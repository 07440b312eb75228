"""Trains all layers of a model on captioned photos: ``python -m training.full --library FOLDER``.

Needs the [torch] extra. Learns more than `training/lora.py` where there are thousands of captions, and forgets more;
it takes about twice the time. From top to bottom:

1. `tuning.begin` gathers photos with captions and accepted tags, and holds some out, or takes up a stopped run.
2. `open_up` lets every weight learn, but for batch norm, word vectors (words that no caption says have to stay where
   they are) and a tower that is locked. Each layer has a smaller rate than the one behind it.
3. `tuning.fit` trains by contrast, with sample photos learned again and the old model's similarities as a target, and
   keeps what found held-out photos best.
4. `finishing.finish` mixes old and new weights as held-out photos say (WiSE-FT), judges by photos that nothing was
   chosen by, and puts the model on the shelf where it is better.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from torch import nn

from core.library import Library
from training import asking, finishing, surgery, tuning
from training.judging import Encoding
from training.tuning import Lesson, Options, Tell

KIND = "full"
OPTIONS = Options(rate=5e-5)
"""What is asked where nothing is: whole weights move at a twentieth of the rate of LoRA's thin matrices."""


def open_up(model: nn.Module, locked: str) -> int:
    """Let weights learn, all but those that the page's head names; how many."""
    for parameter in model.parameters():
        parameter.requires_grad_(True)
    surgery.rest(model)
    for part in model.modules():
        if isinstance(part, nn.Embedding):
            surgery.freeze(part.named_parameters())
    if locked:
        surgery.freeze(surgery.towers(model)[locked])
    return sum(parameter.requires_grad for parameter in model.parameters())


def train(library: Library, options: Options, tell: Tell, *, resume: bool = False) -> dict[str, Any]:
    """Learn, judge, and install what is better; the result, as `retrouve train full --json` has it.

    Stopped with Ctrl-C it raises `KeyboardInterrupt`, and ``resume`` goes on. Raises `RetrouveError`.
    """
    begun = tuning.begin(library, KIND, options, resume=resume, tell=tell)
    if not isinstance(begun, Lesson):
        return begun
    with asking.kept_if_stopped(begun.draft):
        loaded = surgery.load(begun.model, begun.device)
        open_up(loaded.model, begun.options.locked)
        if begun.options.save_memory:
            loaded.model.set_grad_checkpointing()
        encoding = Encoding(loaded, begun.device, begun.options.precision)
        groups = tuning.layered(begun.options, list(surgery.towers(loaded.model).values()))
        fitted = tuning.fit(begun, encoding, groups, resume=resume, tell=tell)
        plain = Encoding(surgery.load(begun.model, begun.device), begun.device, "fp32")
        return finishing.finish(library, begun, fitted, plain, tell)


def main(argv: Sequence[str] | None = None) -> int:
    """Train, and write progress and the result as JSON lines; the exit code."""
    return asking.run(KIND, OPTIONS, train, argv)


if __name__ == "__main__":
    sys.exit(main())
