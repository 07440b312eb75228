"""How many photos a second a model would encode on this machine, before it is fetched.

The image tower's graph is run with random weights, as the encoder would run it: the same threads, streams and precision
(bfloat16 where the CPU has it; a model that does not pass its parity check in it is slower than this says). Decoding is
not part of it. The measuring takes ten seconds in all; compiling comes on top. What was measured is kept on the shelf,
and is measured anew when the processor, its cores or OpenVINO are others.
"""

from __future__ import annotations

import gzip
import json
import logging
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib import resources
from pathlib import Path

import numpy as np

from core.errors import ModelDamaged
from core.models.compiling import has_bf16, import_openvino, runtime
from core.models.curated import Curated
from core.models.openvino import machine, running_properties
from core.models.registry import ModelInfo
from core.models.shelf import Shelf

FOLDER = Path(str(resources.files("resources"))) / "probes"
SUFFIX = ".onnx.gz"
RANDOM = "random.bin"
"""The file that the weights of every probe refer to."""
STEP = 4096
"""Bytes between the beginnings of two weights there: from one and the same place they would be one weight, which stays
in a processor's cache as no model's does."""
SECONDS = 10.0
"""Of measuring, for all graphs together."""
_LARGEST = 80_000_000
"""Bytes of that file: more than the largest weight of any probe, and the steps to the last."""
_KEPT = "probes.json"
_LOG = logging.getLogger(__name__)


def probe(
    models: Sequence[Curated],
    here: Sequence[ModelInfo] = (),
    seconds: float = SECONDS,
    on_progress: Callable[[int, int], None] | None = None,
) -> dict[str, float]:
    """Photos a second of each model, by its name; those that are ``here`` are run as they are, if they have graphs.

    ``on_progress`` hears how many graphs of how many are done; what it raises ends the work. Raises ModelDamaged when a
    graph is not there or cannot be run.
    """
    graphs = sorted({model.probe for model in models})
    listed = {model.name.casefold() for model in models}
    own = {info.name: info.visual for info in here if info.visual is not None and info.name.casefold() not in listed}
    count = len(graphs) + len(own)
    rates: dict[str, float] = {}
    found: dict[str, float] = {}
    for done, (name, graph) in enumerate(own.items()):
        if on_progress is not None:
            on_progress(done, count)
        found[name] = _rate(graph, seconds / count)
    with tempfile.TemporaryDirectory(prefix="retrouve-probe-") as place:
        folder = Path(place)
        # Neither zeros, which a processor might skip, nor so small that it would stumble over them.
        numbers = np.random.default_rng(1).uniform(0.01, 0.03, _LARGEST // 4).astype(np.float32)
        (folder / RANDOM).write_bytes(numbers.tobytes())
        for done, name in enumerate(graphs, start=len(own)):
            if on_progress is not None:
                on_progress(done, count)
            rates[name] = _rate(_unpacked(name, folder), seconds / count)
    return found | {model.name: rates[model.probe] for model in models}


def keep(shelf: Shelf, rates: Mapping[str, float]) -> None:
    """Keep what was measured, for the next list. A shelf that cannot be written keeps nothing."""
    content = {"machine": machine(), "photos_per_second": {name: round(rate, 2) for name, rate in rates.items()}}
    try:
        shelf.folder.mkdir(parents=True, exist_ok=True)
        aside = shelf.folder / f".{_KEPT}.tmp"
        aside.write_text(json.dumps(content, indent=2), encoding="utf-8")
        aside.replace(shelf.folder / _KEPT)
    except OSError as error:
        _LOG.warning("what was measured could not be kept: %s", error)


def kept(shelf: Shelf) -> dict[str, float]:
    """What was measured on this machine before; empty where it was another, or nothing."""
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        content = json.loads((shelf.folder / _KEPT).read_text(encoding="utf-8"))
        if content["machine"] == machine():
            return {str(name): float(rate) for name, rate in content["photos_per_second"].items()}
    return {}


def _unpacked(name: str, folder: Path) -> Path:
    path = FOLDER / f"{name}{SUFFIX}"
    try:
        graph = folder / f"{name}.onnx"
        graph.write_bytes(gzip.decompress(path.read_bytes()))
    except (OSError, EOFError) as error:
        raise ModelDamaged(f"A file of the program is not there or damaged: {path} ({error})") from error
    return graph


def _rate(graph: Path, seconds: float) -> float:
    """Photos a second, side by side on all streams, after one photo on each that does not count."""
    try:
        model = runtime().read_model(str(graph))
        shape = model.input(0).partial_shape
        at_once, properties = running_properties("bf16" if has_bf16() else "f32")
        compiled = runtime().compile_model(model, "CPU", properties)
    except RuntimeError as error:
        raise ModelDamaged(f"The graph of a probe cannot be run: {graph.name} ({error})") from error
    at_once = at_once if shape[0].is_dynamic else shape[0].get_length()
    pixels = np.random.default_rng(2).normal(size=(at_once, *(axis.get_length() for axis in shape[1:])))
    queue = import_openvino().AsyncInferQueue(compiled)
    feed = {0: pixels.astype(np.float32)}
    for _ in range(len(queue)):
        queue.start_async(feed)
    queue.wait_all()
    began, rounds = time.perf_counter(), 0
    while rounds < len(queue) or time.perf_counter() - began < seconds:
        queue.start_async(feed)  # waits until a stream is free
        rounds += 1
    queue.wait_all()
    return at_once * rounds / (time.perf_counter() - began)
