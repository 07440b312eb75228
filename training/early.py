"""The first stages of an image tower, where they do not learn: run by OpenVINO, and remembered of photos seen whole.

They see the most pixels and cost the most time. PyTorch takes 45 ms of processor time a photo for the first three of
the bundled tower's seven stages, the others 21 ms (66 and 50 with gradients); OpenVINO, which joins convolutions with
what follows them, a fraction of that. What it finds goes to the rest of the tower, which is PyTorch's.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from core.models import compiling, graphs
from core.models.preprocess import Preprocess

Floats = NDArray[np.float32]
REMEMBERED = 300_000_000
"""Bytes of what was found of whole photos that are kept; what is beyond is computed again."""


class Early:
    """The first stages of a tower that has ``begin`` (`core.models.towers`), on the CPU.

    ``encode`` takes what it finds to embeddings, float32[n, dim], not of unit length.
    """

    def __init__(self, visual: nn.Module, stages: int, preprocess: Preprocess, precision: str) -> None:
        self.stages = stages
        trunk: Any = visual.trunk
        pixels = torch.zeros(2, 3, *preprocess.size)
        with torch.no_grad():
            self._shapes = [tuple(one.shape[1:]) for one in trunk.begin(pixels, stages)]
        self._run = _compiled(trunk, stages, pixels, "bf16" if precision == "bf16" else "f32")
        self._known: dict[Path, Floats] = {}
        self._bytes = 0

    def __call__(self, pixels: Floats) -> list[Tensor]:
        """float32[n, 3, height, width] to what the tower's ``begin`` gives, without gradients."""
        return self._apart(self._run(pixels))

    def of(self, paths: Sequence[Path], read: Callable[[Sequence[Path]], Floats]) -> list[Tensor]:
        """The same for whole photos, which ``read`` gives the pixels of: those that were asked for before are known."""
        new = [path for path in paths if path not in self._known]
        found = dict(zip(new, self._run(read(new)), strict=True)) if new else {}
        for path, row in found.items():
            if self._bytes + row.nbytes <= REMEMBERED:
                self._known[path] = row.copy()
                self._bytes += row.nbytes
        return self._apart(np.stack([self._known[path] if path in self._known else found[path] for path in paths]))

    def encode(self, visual: nn.Module, begun: list[Tensor]) -> Tensor:
        """The rest of the tower: float32[n, dim], with gradients where these are wanted."""
        trunk: Any = visual.trunk
        found: Tensor = visual.head(trunk.embed(trunk.pooled_from(begun, self.stages)))  # type: ignore[operator]
        return found

    def _apart(self, rows: Floats) -> list[Tensor]:
        sizes = [math.prod(shape) for shape in self._shapes]
        columns = torch.split(torch.from_numpy(rows), sizes, dim=1)
        return [column.reshape(-1, *shape) for column, shape in zip(columns, self._shapes, strict=True)]


def at_rest(visual: nn.Module) -> int:
    """How many of a tower's first stages learn nothing: 0 where it cannot be cut behind one, or none rests."""
    trunk: Any = getattr(visual, "trunk", None)
    if not hasattr(trunk, "begin") or any(one.requires_grad for one in trunk.body.conv_stem.parameters()):
        return 0
    count = 0
    for stage in trunk.body.blocks:
        if any(one.requires_grad for one in stage.parameters()):
            break
        count += 1
    return count


class _Joined(nn.Module):
    """What ``begin`` gives as one table, float32[n, all of it]: a traced graph has one output."""

    def __init__(self, trunk: Any, stages: int) -> None:
        super().__init__()
        self.trunk, self.stages = trunk, stages

    def forward(self, pixels: Tensor) -> Tensor:
        return torch.cat([one.flatten(1) for one in self.trunk.begin(pixels, self.stages)], dim=1)


def _compiled(trunk: Any, stages: int, pixels: Tensor, precision: str) -> Callable[[Floats], Floats]:
    """A tower's ``begin`` as a function of NumPy arrays. Its graph lies on the disk for as long as it is read."""
    was = trunk.training
    with tempfile.TemporaryDirectory(prefix="retrouve-early-") as place:
        path = Path(place) / "early.onnx"
        with torch.no_grad():
            graphs.trace(_Joined(trunk, stages), {"pixels": pixels}, {"pixels": {0: "n"}}, path)
        compiled = compiling.runtime().compile_model(
            path, "CPU", {"INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": str(torch.get_num_threads())}
        )
    trunk.train(was)

    def run(batch: Floats) -> Floats:
        found: Floats = compiled([np.ascontiguousarray(batch)])[0].copy()
        return found

    return run
