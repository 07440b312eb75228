"""The state of a tuning on disk, so that a run that was interrupted goes on where it was."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn


def save(
    path: Path,
    step: int,
    learning: nn.Module,
    average: nn.Module,
    optimizer: torch.optim.Optimizer,
    memory: Mapping[str, Tensor],
) -> None:
    """Keep what learns after ``step`` steps, its moving average, and what is remembered of the last batches.

    Written aside and renamed, so that the last good state stays whole.
    """
    state = {
        "step": step,
        "learning": learning.state_dict(),
        "average": average.state_dict(),
        "optimizer": optimizer.state_dict(),
        "memory": dict(memory),
    }
    aside = path.with_suffix(".tmp")
    torch.save(state, aside)
    aside.replace(path)


def resume(
    path: Path, learning: nn.Module, average: nn.Module, optimizer: torch.optim.Optimizer
) -> tuple[int, dict[str, Tensor] | None]:
    """The step to go on at and what was remembered, everything else put back as it was; 0 where nothing is kept."""
    if not path.exists():
        return 0, None
    state = torch.load(path, weights_only=True)
    learning.load_state_dict(state["learning"])
    average.load_state_dict(state["average"])
    optimizer.load_state_dict(state["optimizer"])
    return int(state["step"]), state["memory"]
