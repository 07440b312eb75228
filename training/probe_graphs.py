"""The graphs behind ``retrouve models list --probe``: image towers without weights, a few kilobytes each.

``python -m training.probe_graphs`` writes ``resources/probes/*.onnx.gz``. Every weight of a graph refers to
bytes of one file of random numbers that `core.models.estimating` makes when it needs one: how fast a tower is does not
depend on what it has learned.
"""

from __future__ import annotations

import gzip
import sys
import tempfile
from pathlib import Path

import onnx
import open_clip
import torch
from onnx import TensorProto

from core.models import graphs
from core.models.curated import curated
from core.models.estimating import FOLDER, RANDOM, STEP, SUFFIX

_LEAST = 256
"""Bytes of an initialiser that is a weight; what is smaller is a number of the graph's own."""


class Visual(torch.nn.Module):
    """``pixels`` float32[n, 3, height, width] -> ``embedding``, whatever the tower calls them."""

    def __init__(self, tower: torch.nn.Module) -> None:
        super().__init__()
        self.tower = tower

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """As the class says; a tower that hands on its tokens as well gives them up here."""
        found = self.tower(pixels)
        embedding: torch.Tensor = found[0] if isinstance(found, tuple) else found
        return embedding


def write(architecture: str, target: Path) -> int:
    """Trace an architecture's image tower with random weights, and leave those out. Returns the file's bytes."""
    config = open_clip.get_model_config(architecture)
    # The tower alone: a text tower's own config may lie on a hub.
    visual = open_clip.model._build_vision_tower(
        config["embed_dim"], config["vision_cfg"], config.get("quick_gelu", False)
    )
    size = visual.image_size
    height, width = size if isinstance(size, tuple) else (size, size)
    torch.backends.mha.set_fastpath_enabled(False)
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "tower.onnx"
        graphs.trace(Visual(visual), {"pixels": torch.rand(2, 3, height, width)}, {"pixels": {0: "n"}}, path)
        found = onnx.load(path)
    for number, initializer in enumerate(found.graph.initializer):
        if initializer.data_type == TensorProto.FLOAT and len(initializer.raw_data) >= _LEAST:
            length = len(initializer.raw_data)
            initializer.ClearField("raw_data")
            initializer.data_location = TensorProto.EXTERNAL
            for key, value in (("location", RANDOM), ("offset", str(number * STEP)), ("length", str(length))):
                initializer.external_data.add(key=key, value=value)
    for node in found.graph.node:
        node.ClearField("doc_string")
    target.write_bytes(gzip.compress(found.SerializeToString(), 9, mtime=0))
    return target.stat().st_size


def main() -> int:
    """Write all that the curated models name and that is not there; with ``--anew`` all."""
    torch.manual_seed(1)
    FOLDER.mkdir(exist_ok=True)
    wanted = {model.probe: model.architecture for model in curated()}
    for name, architecture in wanted.items():
        target = FOLDER / f"{name}{SUFFIX}"
        if "--anew" in sys.argv or not target.is_file():
            print(f"{target.name}: {write(architecture, target):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
