"""The encoder of a worker where a GPU may be: photos go to the GPU if it passes its check, sentences to the processor.

The check is that of `core.models.parity`: the sample photos on the GPU and on the processor in float32, judged by
ranking in bfloat16 or float16, and one by one in float32 where that fails. It is made once for a model, a GPU and a
version of PyTorch, and so is the measuring of the batch. Whatever goes wrong, then or later (a driver that is missing,
memory that does not hold a single photo), the processor goes on where the GPU stopped, and `GpuEncoder.remark` says so.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.models import devices
from core.models.described import DescribedEncoder
from core.models.devices import AUTO, Verdict
from core.models.encoder import Backend, Embeddings, Encoder, EncoderSpec
from core.models.registry import ModelInfo, load_info

if TYPE_CHECKING:
    from PIL.Image import Image

    from core.models.photo_tower import PhotoTower

COMPILE_AFTER = 20_000
"""Photos of one run until a compiled tower is tried, which takes half a minute or more."""
_CPU_BATCH = 8
_TRYING = "trying"
_TRIES = 2
"""Fewer than workers may die in a row (`core.models.remote`). One may have been ended by who closed the app."""
_GOES_ON = "Photos are encoded on the processor."
_LOG = logging.getLogger(__name__)

BuildTower = Callable[[EncoderSpec, str], "tuple[Callable[[str], PhotoTower], str, tuple[str, ...]]"]
"""Loads a model on a device: what makes its image tower in a precision, the device's name, precisions to try."""


class GpuEncoder(DescribedEncoder):
    """An Encoder that keeps a GPU and the processor. Calls may come from several threads."""

    def __init__(self, spec: EncoderSpec, cpu: Encoder, build: BuildTower | None = None) -> None:
        """Loads nothing yet. ``cpu`` is what encodes until ``try_gpu`` was called, and without a GPU."""
        super().__init__(load_info(spec.folder))
        self._spec = spec
        self._cpu = cpu
        self._build = build or load_tower
        self._tower: PhotoTower | None = None
        self._lock = threading.Lock()
        self._uncompiled = COMPILE_AFTER
        self._verdict = Verdict(False, "")

    @property
    def on_gpu(self) -> bool:
        """Whether photos are encoded on a GPU now."""
        return self._tower is not None

    @property
    def remark(self) -> str:
        """Why no GPU encodes photos, as a sentence; nothing where one does, or none was tried."""
        return "" if self.on_gpu else self._verdict.sentence

    @property
    def verdict(self) -> Verdict:
        """What came of trying the GPU."""
        return self._verdict

    @property
    def preferred_batch(self) -> int:
        """How many photos are best handed over at once."""
        tower = self._tower
        return _CPU_BATCH if tower is None else tower.batch

    def encode_images(self, images: Sequence[Image]) -> Embeddings:
        """Upright pictures of any size, to float32[n, dim] of unit length."""
        if self._tower is None:
            return self._cpu.encode_images(images)
        return self.encode_pixels(self.preprocess(images))

    def encode_pixels(self, pixels: Sequence[NDArray[np.float32]] | NDArray[np.float32]) -> Embeddings:
        """float32[3, height, width] of each photo as ``preprocess`` gives it, to float32[n, dim] of unit length."""
        tower = self._tower
        if tower is not None:
            try:
                self._compile_when_due(tower, len(pixels))
                return tower.encode(pixels)
            except Exception as error:  # noqa: BLE001 - a driver raises anything, and the processor can go on
                self._give_up(tower, error)
        rows = [np.empty((0, self.dim), np.float32)]
        for start in range(0, len(pixels), _CPU_BATCH):
            part = np.stack(list(pixels[start : start + _CPU_BATCH]))
            rows.append(self._cpu.encode_pixels(part))  # type: ignore[attr-defined]
        return np.concatenate(rows)

    def encode_texts(self, texts: Sequence[str]) -> Embeddings:
        """Sentences to float32[n, dim] of unit length, on the processor: one alone is soonest there."""
        return self._cpu.encode_texts(texts)

    def warm_up_texts(self) -> None:
        """Gets ready for the first sentence."""
        self.encode_texts(["a photo"])

    # Trying the GPU

    def try_gpu(self) -> Verdict:
        """Load the model on the GPU, and check it there where that was not done before; up to a minute, while which
        others may encode. From then on photos go there. A GPU that cannot be used is no error: see ``remark``."""
        self._verdict = self._tried()
        self._keep(self._verdict)
        return self._verdict

    def abandon(self) -> None:
        """The process ends in good order: a try that is under way is none that ended it."""
        before = devices.kept(self._spec.cache, self.model_id)
        if before is not None and before.device == _TRYING and self._spec.cache is not None:
            devices.forget(self._spec.cache, self.model_id)

    def _tried(self) -> Verdict:
        before = devices.kept(self._spec.cache, self.model_id)
        tries = before.batch if before is not None and before.device == _TRYING else 0
        if tries >= _TRIES:
            # The processes that tried it did not live to tell.
            return _refused("The GPU is not used: each try ended its process.")
        self._keep(Verdict(False, "The GPU is being tried.", _TRYING, batch=tries + 1))
        try:
            return self._load(before)
        except Exception as error:  # noqa: BLE001 - a driver raises anything, and the processor can go on
            _LOG.warning("the GPU cannot be used", exc_info=error)
            return _refused(f"The GPU cannot be used ({reason(error)}).")

    def _load(self, before: Verdict | None) -> Verdict:
        make, machine, precisions = self._build(self._spec, str(self._spec.device))
        if before is not None and before.machine == machine:
            if before.used:
                known = make(before.precision)
                known.batch = before.batch
                known.encode(np.zeros((1, 3, *self.info.preprocess.size), np.float32))
                self._uncompiled = COMPILE_AFTER if before.pays is not False else 0
                self._tower = known
            return before
        said = ""
        for precision in precisions:
            tower = make(precision)
            said, ok = check(self.info, tower, precision, self._cpu)
            if ok:
                batch = tower.fit_batch()
                self._tower = tower
                words = f"Photos are encoded on {machine}, in {precision}, {batch} at once. {said}"
                return Verdict(True, words, tower.device, precision, batch, machine)
        return Verdict(False, f"{machine} is not used: {said} {_GOES_ON}", machine=machine)

    def _compile_when_due(self, tower: PhotoTower, photos: int) -> None:
        """Tries a compiled tower, once so many photos were encoded that it can pay; waits while another thread does."""
        with self._lock:
            due = 0 < self._uncompiled <= photos
            self._uncompiled = max(0, self._uncompiled - photos)
            if due and tower.kind == "cuda":
                self._verdict = replace(self._verdict, pays=tower.compile_if_faster())
                self._keep(self._verdict)

    def _give_up(self, tower: PhotoTower, error: Exception) -> None:
        with self._lock:
            if self._tower is not tower:
                return
            _LOG.warning("the GPU stopped", exc_info=error)
            self._tower = None
            self._verdict = _refused(f"The GPU stopped while it encoded photos ({reason(error)}).")
            self._keep(self._verdict)

    def _keep(self, verdict: Verdict) -> None:
        if self._spec.cache is not None:
            devices.keep(self._spec.cache, self.model_id, verdict)


def _refused(said: str) -> Verdict:
    """Of this once: it is tried again with the next worker."""
    return Verdict(False, f"{said} {_GOES_ON} {devices.ENVIRONMENT}=cpu leaves it alone.")


def reason(error: Exception) -> str:
    """What went wrong, in few words: a driver's errors run over pages."""
    from core.models.photo_tower import is_out_of_memory

    if is_out_of_memory(error):
        return "its memory does not hold a single photo"
    said = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return said.partition(". ")[0][:160].rstrip(".")


def check(info: ModelInfo, tower: PhotoTower, precision: str, cpu: Encoder) -> tuple[str, bool]:
    """Whether a tower on a GPU may stand in for the processor: a sentence, and the answer. The processor's embeddings
    are in float32 where it can."""
    from core.models.fitting import probes
    from core.models.parity import compare

    seen = probes()
    report = compare(
        _in_full(info, cpu),
        _Photos(info, tower, cpu),
        seen.photos,
        seen.sentences,
        reduced=precision != "f32",
        photo_of=range(len(seen.photos)),
    )
    return report.sentence, report.ok


def _in_full(info: ModelInfo, cpu: Encoder) -> Encoder:
    """The processor's encoder in float32: it may have been built for bfloat16."""
    from core.models.openvino import OpenVinoEncoder

    if isinstance(cpu, OpenVinoEncoder) and cpu.precision != "f32":
        return OpenVinoEncoder(EncoderSpec(info.folder, Backend.OPENVINO, "f32"))
    return cpu


class _Photos(DescribedEncoder):
    """Photos by the tower, sentences by the processor, as the check wants them."""

    def __init__(self, info: ModelInfo, tower: PhotoTower, cpu: Encoder) -> None:
        super().__init__(info)
        self._tower = tower
        self._cpu = cpu

    def encode_images(self, images: Sequence[Image]) -> Embeddings:
        return self._tower.encode(self.preprocess(images))

    def encode_texts(self, texts: Sequence[str]) -> Embeddings:
        return self._cpu.encode_texts(texts)


def load_tower(spec: EncoderSpec, device: str) -> tuple[Callable[[str], PhotoTower], str, tuple[str, ...]]:
    """The model by OpenCLIP on a device. Raises ModelError, or what torch raises where there is no such device."""
    from core.errors import ModelError
    from core.models.openclip import OpenClipEncoder
    from core.models.photo_tower import best_device, describe, precisions_of

    chosen = best_device() if device == AUTO else device
    if chosen == devices.CPU:
        raise ModelError("PyTorch finds none: it may be a version without CUDA, or the driver is missing")
    machine = describe(chosen)
    encoder = OpenClipEncoder(EncoderSpec(spec.folder, Backend.OPENCLIP, "f32"), chosen)
    return encoder.tower_in, machine, precisions_of(chosen)
