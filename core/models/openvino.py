"""The encoder of the light install: both towers as ONNX graphs on the CPU, without torch.

Measured with the starter model on two cores of an EPYC 9005: a cold process answers its first sentence in 0.35 s when
the compiled text tower is cached, in 0.6 s when it is not. One thread for each of several streams costs less than all
threads on one (a photo takes 11 ms of a core in float32 against 15, and 6 in bfloat16 against 9). More photos at once
gain nothing beyond two in float32 and four in bfloat16, and cost memory: 16 and 7 MB each.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.errors import ModelMissing
from core.models import probing
from core.models.compiling import has_bf16, import_openvino, runtime
from core.models.described import DescribedEncoder
from core.models.encoder import Embeddings, EncoderSpec
from core.models.graph_tower import Feed, GraphTower
from core.models.registry import ModelInfo, load_info
from core.models.tokenizing import Tokenizer

if TYPE_CHECKING:
    from PIL.Image import Image

_MOST_STREAMS = 8
_PHOTOS_IN_FLIGHT = 16
"""Photos that all streams together hold at once."""
_PHOTOS_AT_ONCE = {"f32": 2, "bf16": 4}
_SENTENCE_THREADS = 4
_SENTENCES_AT_ONCE = 16
_LENGTH_STEP = 8
"""Sentences are padded to a multiple of this: each new shape costs tens of milliseconds of code generation."""


_MEASURE_AFTER = 5000
"""Photos that are encoded before the ways to do it are measured: for fewer it would not pay."""


@dataclass(frozen=True, slots=True)
class Way:
    """A precision, on how many streams the cores work, and how many photos each of them computes at once."""

    precision: str
    at_once: int
    streams: int


class OpenVinoEncoder(DescribedEncoder):
    """An Encoder on OpenVINO. Each tower is compiled when it is first needed, and never for the other's sake.

    Calls may come from several threads; a sentence does not wait for photos that another thread encodes. The text tower
    always runs in float32, since a sentence is cheap; ``precision`` is that of the image tower.
    """

    def __init__(self, spec: EncoderSpec) -> None:
        """Reads the model's description, no weights. Raises ModelMissing or ModelDamaged."""
        super().__init__(load_info(spec.folder))
        if self.info.visual is None or self.info.textual is None:
            raise ModelMissing(f"The model in {spec.folder} was never exported: it has no ONNX graphs.")
        threads = spec.threads or cores()
        self._spec = spec
        self._threads = threads
        self._way: Way | None = None
        self._tokenizer: Tokenizer | None = None
        self._lock = threading.Lock()
        self._quiet = threading.Lock()
        self._unmeasured = _MEASURE_AFTER if spec.precision == "auto" and spec.cache is not None else 0
        """Photos until the ways to encode are measured; 0 where they never are."""
        self._visual = self._image_tower(self.info.visual)
        self._textual = GraphTower(
            self.info,
            self.info.textual,
            ("input_ids", "attention_mask"),
            spec.cache,
            lambda: _properties("f32", min(threads, _SENTENCE_THREADS), 1),
        )

    @property
    def preferred_batch(self) -> int:
        """How many photos are best handed over at once: as many as all streams compute at once. Loads OpenVINO."""
        return self.way.streams * (self.info.batch or self.way.at_once)

    @property
    def precision(self) -> str:
        """``f32`` or ``bf16``: what the image tower runs in here."""
        return self.way.precision

    @property
    def way(self) -> Way:
        """How photos are encoded here: as was measured, or else as is best as a rule."""
        if self._way is None:
            measured = self.choice()
            if measured is None:
                streams = min(self._threads, _MOST_STREAMS)
                precision = _precision(self._spec.precision, self.info)
                self._way = Way(precision, _photos_at_once(precision, streams), streams)
            else:
                self._way = Way(measured.precision, measured.at_once, measured.streams)
        return self._way

    def choice(self) -> probing.Choice | None:
        """What was measured on this machine for this model; None where nothing was, or a precision was asked for."""
        return probing.kept(self._spec.cache, self.info, machine()) if self._spec.precision == "auto" else None

    def measure(self) -> probing.Choice:
        """Measure the ways to encode photos, keep the fastest, and go on with it; three to six seconds.

        Whoever encodes photos meanwhile waits. Raises ModelMissing or ModelDamaged.
        """
        with self._quiet:
            self._unmeasured = 0
            ways = ["f32"] + (["bf16"] if "bf16" in self.info.precisions and has_bf16() else [])
            layouts = probing.layouts(self._threads, _MOST_STREAMS)
            choice = probing.measure(ways, self._encode_in, self.info.preprocess.size, machine(), layouts)
            if self._spec.cache is not None:
                probing.keep(self._spec.cache, self.info, choice)
            if self._spec.precision == "auto":
                before, self._way = self.way, Way(choice.precision, choice.at_once, choice.streams)
                if (before.precision, before.streams) != (choice.precision, choice.streams):
                    assert self.info.visual is not None
                    self._visual = self._image_tower(self.info.visual)
        return choice

    def _encode_in(self, precision: str, at_once: int, streams: int) -> probing.Encode:
        encoder = OpenVinoEncoder(replace(self._spec, precision=precision))
        encoder._way = Way(precision, at_once, streams)
        return encoder.encode_pixels

    def _image_tower(self, graph: Path) -> GraphTower:
        # The precision is asked for when the graph is compiled, since the answer may load OpenVINO.
        return GraphTower(
            self.info,
            graph,
            ("pixels",),
            self._spec.cache,
            lambda: _properties(self.way.precision, self._threads, self.way.streams),
        )

    def _count(self, photos: int) -> None:
        """Measures, once so many photos were encoded that it pays; waits while another thread does."""
        with self._quiet:
            due = 0 < self._unmeasured <= photos
            self._unmeasured = max(0, self._unmeasured - photos)
        if due and self.info.batch is None and self.choice() is None:
            self.measure()

    def encode_images(self, images: Sequence[Image]) -> Embeddings:
        """Upright pictures of any size, to float32[n, dim] of unit length. One is scaled while others are encoded."""
        self._count(len(images))
        slices = _slices(len(images), self._at_once(len(images)))
        return self._run(self._visual, ({"pixels": self.preprocess(images[part])} for part in slices))

    def encode_pixels(self, pixels: Sequence[NDArray[np.float32]] | NDArray[np.float32]) -> Embeddings:
        """float32[3, height, width] of each photo as ``preprocess`` gives it, to float32[n, dim] of unit length."""
        self._count(len(pixels))
        slices = _slices(len(pixels), self._at_once(len(pixels)))
        return self._run(self._visual, ({"pixels": np.ascontiguousarray(pixels[part])} for part in slices))

    def encode_texts(self, texts: Sequence[str]) -> Embeddings:
        """Sentences to float32[n, dim] of unit length; what is longer than the context is cut."""
        if not texts:
            return np.empty((0, self.dim), np.float32)
        tokenizer = self._get_tokenizer()
        ids = [tokenizer.ids(text) for text in texts]
        # Sentences of like length go together, so that little padding is computed.
        order = sorted(range(len(texts)), key=lambda place: len(ids[place]))
        feeds = (
            tokenizer.pad([ids[place] for place in order[part]], step=_LENGTH_STEP)._asdict()
            for part in _slices(len(order), self.info.batch or _SENTENCES_AT_ONCE)
        )
        found = np.empty((len(texts), self.dim), np.float32)
        found[order] = self._run(self._textual, feeds)
        return found

    def warm_up_texts(self) -> None:
        """Compiles the text tower, so that the first sentence is answered as fast as the others."""
        self.encode_texts(["a photo"])

    def _at_once(self, count: int) -> int:
        if self.info.batch is not None:
            return self.info.batch
        if not count:  # the question is not asked: the answer may load OpenVINO
            return 1
        return self.way.at_once

    def _run(self, tower: GraphTower, feeds: Iterable[Feed]) -> Embeddings:
        rows = [np.empty((0, self.dim), np.float32), *tower.run(feeds)]
        return normalized(np.concatenate(rows))

    def _get_tokenizer(self) -> Tokenizer:
        with self._lock:
            if self._tokenizer is None:
                self._tokenizer = Tokenizer.from_folder(self.info.folder, self.info.context_length)
            return self._tokenizer


def machine() -> str:
    """The processor, the cores that this process may use, and OpenVINO's version: what a measurement holds for."""
    name = runtime().get_property("CPU", "FULL_DEVICE_NAME")
    return f"{name}, {cores()} cores, OpenVINO {import_openvino().get_version()}"


def normalized(vectors: NDArray[np.float32]) -> Embeddings:
    """Each row of float32[n, dim] divided by its length; a row of zeros stays one."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    found: Embeddings = vectors / np.maximum(lengths, np.finfo(np.float32).tiny)
    return found


def cores() -> int:
    """How many CPU cores this process may use: a container or ``taskset`` may leave it fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def running_properties(precision: str) -> tuple[int, dict[str, str]]:
    """How an image tower runs on all of this machine: photos at once on each stream, and OpenVINO's properties."""
    threads = cores()
    streams = min(threads, _MOST_STREAMS)
    return _photos_at_once(precision, streams), _properties(precision, threads, streams)


def _precision(wanted: str, info: ModelInfo) -> str:
    if wanted not in ("auto", "f32", "bf16"):
        raise ValueError(f"No such precision: {wanted}")
    if wanted == "f32" or (wanted == "auto" and "bf16" not in info.precisions):
        return "f32"
    return "bf16" if has_bf16() else "f32"


def _properties(precision: str, threads: int, streams: int) -> dict[str, str]:
    return {
        "INFERENCE_PRECISION_HINT": precision,
        "INFERENCE_NUM_THREADS": str(threads),
        "NUM_STREAMS": str(streams),
        # Threads that are bound to cores would wait for each other while other cores are idle.
        "ENABLE_CPU_PINNING": "NO",
    }


def _photos_at_once(precision: str, streams: int) -> int:
    return max(1, min(_PHOTOS_AT_ONCE[precision], _PHOTOS_IN_FLIGHT // streams))


def _slices(count: int, most: int) -> Iterator[slice]:
    """Cuts ``count`` things into parts of ``most``, then of smaller powers of two: few shapes, since each costs."""
    start = 0
    while start < count:
        size = min(most, 1 << ((count - start).bit_length() - 1))
        yield slice(start, start + size)
        start += size
