"""One tower of a model as a compiled ONNX graph: our own exports, and those of others with other names and types."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import ModelDamaged, ModelMissing
from core.models.compiling import compile_graph
from core.models.reasons import reason_of
from core.models.registry import ModelInfo

Feed = Mapping[str, NDArray[Any]]
"""What a tower is given, by our own names: ``pixels``, or ``input_ids`` and ``attention_mask``."""


class GraphTower:
    """A compiled graph and the requests that run it, as many as it has streams.

    ``inputs`` are our names of what it takes. The graph may call them otherwise, want another type of number, and do
    without a mask: what it is like is seen when it is compiled.
    """

    def __init__(
        self,
        info: ModelInfo,
        graph: Path,
        inputs: tuple[str, ...],
        cache: Path | None,
        properties: Callable[[], dict[str, str]],
    ) -> None:
        self._info = info
        self._graph = graph
        self._inputs = inputs
        self._cache = cache
        self._properties = properties
        self._lock = threading.Lock()
        self._free: queue.SimpleQueue[Any] | None = None
        self._ports: dict[str, tuple[str, Any]] = {}
        self._output = 0

    def run(self, feeds: Iterable[Feed]) -> Iterator[NDArray[np.float32]]:
        """The output for each feed, in order. The next feed is made while those before it are computed."""
        free: queue.SimpleQueue[Any] | None = None
        flying: deque[tuple[Any, Feed]] = deque()
        try:
            for feed in feeds:
                free = free or self._requests()
                feed = {name: np.ascontiguousarray(feed[ours], dtype) for ours, (name, dtype) in self._ports.items()}
                while (request := _take(free, wait=not flying)) is None:
                    yield _land(flying, free, self._output)
                # The feed stays in `flying`: its memory is shared with the request until that is done.
                flying.append((request, feed))
                request.start_async(dict(feed), share_inputs=True)
            while flying and free is not None:
                yield _land(flying, free, self._output)
        finally:
            while flying and free is not None:
                with contextlib.suppress(Exception):
                    _land(flying, free, self._output)

    def _requests(self) -> queue.SimpleQueue[Any]:
        with self._lock:
            if self._free is None:
                properties = self._properties()
                compiled = self._compile(properties)
                free: queue.SimpleQueue[Any] = queue.SimpleQueue()
                for _ in range(int(properties["NUM_STREAMS"])):
                    free.put(compiled.create_infer_request())
                self._free = free
            return self._free

    def _compile(self, properties: dict[str, str]) -> Any:
        try:
            compiled = compile_graph(self._graph, properties, self._cache, self._info)
        except FileNotFoundError as error:
            raise ModelMissing(f"A file of the model is not there any more: {error.filename}") from error
        except RuntimeError as error:
            said = reason_of(error, last=True)
            raise ModelDamaged(f"The model's graph cannot be used: {self._graph} ({said})") from error
        ports, output = bind(compiled, self._inputs, self._info.dim)
        if ports is None or output is None:
            raise ModelDamaged(f"The model's graph is not one of an image or a text tower: {self._graph}")
        self._ports, self._output = ports, output
        return compiled


def bind(compiled: Any, inputs: tuple[str, ...], dim: int) -> tuple[dict[str, tuple[str, Any]] | None, int | None]:
    """Which port of a compiled graph takes which of our inputs, with its NumPy type, and which output is the embedding.

    None stands for inputs or an output that no tower has: an image tower takes one input of four axes, a text tower
    token ids and perhaps a mask. The embedding is the first output of two axes that is as wide as it should be.
    """
    ports: dict[str, tuple[str, Any]] = {}
    axes = 4 if inputs == ("pixels",) else 2
    for port in compiled.inputs:
        name = str(port.get_any_name())
        ours = inputs[-1] if len(inputs) > 1 and "mask" in name else inputs[0]
        if ours in ports or len_of(port.partial_shape) != axes:
            return None, None
        ports[ours] = (name, port.get_element_type().to_dtype())
    for number, port in enumerate(compiled.outputs):
        shape = port.partial_shape
        if len_of(shape) == 2 and (shape[-1].is_dynamic or shape[-1].get_length() == dim):
            return (ports if inputs[0] in ports else None), number
    return ports, None


def len_of(shape: Any) -> int:
    """How many axes a partial shape of OpenVINO has; 0 where that is open."""
    return 0 if shape.rank.is_dynamic else int(shape.rank.get_length())


def _take(free: queue.SimpleQueue[Any], *, wait: bool) -> Any | None:
    """A request; without ``wait`` None when all are busy. Who holds one never waits: two might, for each other."""
    try:
        return free.get(block=wait)
    except queue.Empty:
        return None


def _land(flying: deque[tuple[Any, Feed]], free: queue.SimpleQueue[Any], output: int) -> NDArray[np.float32]:
    """Waits for the oldest request, hands it back and gives its output: float32[n, dim]."""
    request, _ = flying.popleft()
    try:
        request.wait()
        return np.array(request.get_output_tensor(output).data, np.float32)
    finally:
        free.put(request)
