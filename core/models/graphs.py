"""From torch to ONNX, and from ONNX to graphs whose weights are the ones in the safetensors file.

An ONNX initialiser may lie outside its graph, as so many bytes of another file from an offset on ("external data").
A safetensors file is eight bytes of header length, the header, then the tensors one after another: so the graph can
refer to the very bytes that open_clip reads, and the weights are stored once. They are float32, float16 or bfloat16, or
int8 where they are whole numbers, with a Cast to float32 behind each that is not.

One of the files of core that touch torch, inside functions only.
"""

from __future__ import annotations

import json
import logging
import struct
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor, nn

OPSET = 17
SUFFIX = ".stored"
"""Stands behind a weight's name for what lies in the file, before its Cast."""
STORED = {"F32": "FLOAT", "F16": "FLOAT16", "BF16": "BFLOAT16", "I8": "INT8"}
"""What safetensors and ONNX call the types that weights are stored in."""
_FEW = 64
"""Bytes of an initialiser that may always stay in the graph: a number or a handful."""


def trace(module: nn.Module, inputs: dict[str, Tensor], dynamic: dict[str, dict[int, str]], path: Path) -> None:
    """Write a module with one output, ``embedding``, as ONNX, nothing folded, so that initialisers keep their names.

    ``dynamic`` names the axes whose length is free, by input.
    """
    import torch

    with warnings.catch_warnings():
        # The tracing exporter is deprecated, but the newer one neither keeps names nor folds nothing; and it warns of
        # sizes that become constants, which is meant: a photo is always 260 pixels wide.
        warnings.simplefilter("ignore")
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        torch.onnx.export(
            module.eval(),
            tuple(inputs.values()),
            str(path),
            input_names=list(inputs),
            output_names=["embedding"],
            dynamic_axes={**dynamic, "embedding": {0: "n"}},
            opset_version=OPSET,
            do_constant_folding=False,
            dynamo=False,
        )


@dataclass(frozen=True, slots=True)
class Place:
    """Where a tensor's bytes lie in a safetensors file: ``offset`` from the file's start and ``length`` in bytes."""

    offset: int
    length: int
    shape: list[int]
    dtype: str


def places(safetensors: Path) -> dict[str, Place]:
    """Where each tensor lies in a safetensors file, by its name."""
    with safetensors.open("rb") as file:
        length = struct.unpack("<Q", file.read(8))[0]
        header = json.loads(file.read(length))
    header.pop("__metadata__", None)
    start = 8 + length
    return {
        name: Place(
            offset=start + entry["data_offsets"][0],
            length=entry["data_offsets"][1] - entry["data_offsets"][0],
            shape=entry["shape"],
            dtype=entry["dtype"],
        )
        for name, entry in header.items()
    }


def externalize(path: Path, safetensors: Path, prefix: str = "", *, strict: bool = True) -> int:
    """Let a traced graph's float initialisers refer to the safetensors file beside it. Returns how many do.

    ``prefix`` is what the traced wrapper put before the names of the model. Raises ValueError when a weight of more
    than a few numbers has no counterpart of its shape in the file; with ``strict`` off it stays in the graph, as do
    the masks and tables of places that a text tower computes when it is built.
    """
    import onnx
    from onnx import TensorProto

    model = onnx.load(path)
    where = places(safetensors)
    kept, moved, casts = [], [], []
    for initializer in model.graph.initializer:
        name = initializer.name.removeprefix(prefix)
        shape = list(initializer.dims)
        is_float = initializer.data_type == TensorProto.FLOAT
        if is_float and _is_stored(where.get(name), shape):
            stored, cast = _outside(initializer.name, where[name], safetensors.name)
            moved.append(stored)
            casts += cast
        elif strict and is_float and len(initializer.raw_data) > _FEW:
            raise ValueError(f"{initializer.name} of shape {shape} is not in {safetensors.name}")
        else:
            kept.append(initializer)
    nodes = casts + list(model.graph.node)
    del model.graph.initializer[:], model.graph.node[:]
    model.graph.initializer.extend(kept + moved)
    model.graph.node.extend(nodes)
    path.write_bytes(model.SerializeToString())
    return len(moved)


def _is_stored(place: Place | None, shape: list[int]) -> bool:
    return place is not None and place.shape == shape and place.dtype in STORED


def _outside(name: str, place: Place, location: str) -> tuple[Any, list[Any]]:
    """An initialiser that refers to bytes of another file in the same folder, and the Cast behind it, if it needs one.

    OpenVINO maps what is aligned and copies what is not, so nothing is asked of the offset.
    """
    from onnx import TensorProto, helper

    plain = place.dtype == "F32"
    stored = name if plain else name + SUFFIX
    tensor = TensorProto(name=stored, data_type=getattr(TensorProto, STORED[place.dtype]), dims=place.shape)
    tensor.data_location = TensorProto.EXTERNAL
    said: Mapping[str, str] = {"location": location, "offset": str(place.offset), "length": str(place.length)}
    for key, value in said.items():
        tensor.external_data.add(key=key, value=value)
    return tensor, [] if plain else [helper.make_node("Cast", [stored], [name], to=TensorProto.FLOAT)]
