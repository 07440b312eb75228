"""Photos through an image tower on torch: on a GPU as fast as it goes, on the CPU by the very same steps.

A batch is put together in memory that the GPU reads by itself (pinned), is copied while the batch before is computed
(a stream of its own), and is computed channels last, in bfloat16 or float16 where that was asked for (autocast: weights
stay float32). Whoever calls from two threads keeps the GPU busy: one puts a batch together while the other waits for
its embeddings. Where memory runs out, the batch is halved and tried again. Compiling (Ansel et al. 2024) takes half a
minute, so that it is tried only when somebody asks for it, and kept only where it pays.

One of the files of core that touch torch, inside functions only.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.models.encoder import Embeddings

if TYPE_CHECKING:
    from torch import Tensor

PRECISIONS = {"f32": "float32", "bf16": "bfloat16", "fp16": "float16"}
"""What torch calls them."""
BATCH = {"cuda": 64, "mps": 32, "cpu": 8}
"""Photos at once on each kind of device, as long as nothing was measured."""
LARGEST = 256
_BYTES = 160_000_000
"""Of pixels in one batch, at the most: several batches wait in the worker."""
_SECONDS = 0.15
"""How long each size of batch is measured, after it has run once."""
_MARGIN = 1.05
"""A larger batch takes more memory, and a compiled tower a minute: each has to be faster by more than this."""
_ALIKE = 0.999
"""The cosine of each photo with itself that a compiled tower has to reach."""
_LOG = logging.getLogger(__name__)


class PhotoTower:
    """An image tower on ``device``. ``encode`` is the model's own: float32[n, 3, height, width] -> [n, dim].

    ``batch`` is how many photos go through at once. Calls may come from several threads.
    """

    def __init__(
        self, encode: Callable[[Tensor], Tensor], device: str, precision: str, size: tuple[int, int], dim: int
    ) -> None:
        self.device = device
        self.kind = device.partition(":")[0]
        self.precision = precision
        self.batch = BATCH.get(self.kind, BATCH["cpu"])
        self.compiled = False
        """Whether full batches go through a compiled tower."""
        self._eager = self._full = encode
        self._size = size
        self._dim = dim
        self._buffers: queue.SimpleQueue[Tensor] = queue.SimpleQueue()
        self._copies: Any = None
        self._guard = threading.Lock()

    def encode(self, pixels: Sequence[NDArray[np.float32]] | NDArray[np.float32]) -> Embeddings:
        """float32[3, height, width] of each photo to float32[n, dim] of unit length.

        Raises what torch raises: out of memory only where a single photo is too much.
        """
        rows = [np.empty((0, self._dim), np.float32)]
        start = 0
        while start < len(pixels):
            part = pixels[start : start + self.batch]
            found = self._once_or_none(part)
            if found is None:
                # Only here: what was raised held on to what had filled the memory.
                self._halve(len(part))
                continue
            rows.append(found)
            start += len(part)
        return np.concatenate(rows)

    def fit_batch(self, clock: Callable[[], float] = time.perf_counter) -> int:
        """Find the batch that is fastest on this device, and keep to it: twice as many photos at once, as long as that
        gains something and memory holds. A second or two; raises what torch raises with a single photo."""
        most = max(1, min(LARGEST, _BYTES // (12 * self._size[0] * self._size[1])))
        noise = np.random.default_rng(0).standard_normal((1, 3, *self._size), np.float32)
        best, chosen, size = 0.0, 1, 1
        while size <= most:
            self.batch = size
            pixels = [noise[0]] * size
            self.encode(pixels)  # shapes what is made for a size
            rate = self._rate(pixels, clock)
            if self.batch < size:  # memory did not hold
                chosen = min(chosen, self.batch)
                break
            if rate > best * _MARGIN:
                best, chosen = rate, size
            elif size >= 4 * chosen:
                break
            size *= 2
        self.batch = chosen
        return chosen

    def compile_if_faster(
        self, compiler: Callable[[Any], Any] | None = None, clock: Callable[[], float] = time.perf_counter
    ) -> bool:
        """Compile the tower, and use that for full batches if it gives the same and is faster; whether it is. A tower
        that cannot be compiled stays as it is."""
        import torch

        noise = np.random.default_rng(1).standard_normal((self.batch, 3, *self._size), np.float32)
        plain = self.encode(noise)
        before = self._rate(noise, clock)
        try:
            self._full = (compiler or torch.compile)(self._eager)
            self.compiled = True
            same = float((self.encode(noise) * plain).sum(axis=1).min())
            after = self._rate(noise, clock)
        except Exception as error:  # noqa: BLE001 - a compiler raises anything, and nobody needs it
            _LOG.info("the tower was not compiled: %s", error)
            same, after = 0.0, 0.0
        if same < _ALIKE or after <= before * _MARGIN:
            self._full, self.compiled = self._eager, False
        _LOG.info("photos a second on %s: %.0f, compiled %.0f (cosine %.6f)", self.device, before, after, same)
        return self.compiled

    def _rate(self, pixels: Sequence[NDArray[np.float32]] | NDArray[np.float32], clock: Callable[[], float]) -> float:
        count, start = 0, clock()
        while (spent := clock() - start) < _SECONDS or not count:
            self.encode(pixels)
            count += len(pixels)
        return count / max(spent, 1e-9)

    def _once_or_none(self, part: Sequence[NDArray[np.float32]] | NDArray[np.float32]) -> Embeddings | None:
        """None where memory does not hold so many; with a single photo that is raised."""
        try:
            return self._once(part)
        except Exception as error:
            if len(part) == 1 or not is_out_of_memory(error):
                raise
            return None

    def _once(self, part: Sequence[NDArray[np.float32]] | NDArray[np.float32]) -> Embeddings:
        import torch

        tower = self._full if len(part) == self.batch else self._eager
        autocast: AbstractContextManager[object] = nullcontext()
        if self.precision != "f32":
            autocast = torch.autocast(self.kind, getattr(torch, PRECISIONS[self.precision]))
        with torch.inference_mode(), autocast, self._staged(len(part)) as staged:
            for place, pixels in enumerate(part):
                np.copyto(staged[place].numpy(), pixels)
            batch = self._moved(staged).contiguous(memory_format=torch.channels_last)
            # A row of zeros stays one: the length is never taken for less than this.
            found = torch.nn.functional.normalize(tower(batch).float(), dim=1, eps=1e-30)
            # Waits for the device; until then nothing may be written into what is copied from.
            embeddings: Embeddings = found.cpu().numpy()
        return embeddings

    def _moved(self, staged: Tensor) -> Tensor:
        """The batch on its device. On CUDA it is copied beside what is computed there."""
        import torch

        if self.kind != "cuda":
            return staged.to(self.device)
        with self._guard:
            if self._copies is None:
                self._copies = torch.cuda.Stream(self.device)  # type: ignore[no-untyped-call]
        here = torch.cuda.current_stream(self.device)
        with torch.cuda.stream(self._copies):
            batch = staged.to(self.device, non_blocking=True)
        here.wait_stream(self._copies)
        batch.record_stream(here)
        return batch

    @contextmanager
    def _staged(self, count: int) -> Iterator[Tensor]:
        """Memory for so many photos, from which a GPU can copy by itself; used again and again."""
        import torch

        try:
            buffer = self._buffers.get_nowait()
        except queue.Empty:
            buffer = None
        if buffer is None or len(buffer) < count:
            with torch.inference_mode(False):
                buffer = torch.empty((max(count, self.batch), 3, *self._size), pin_memory=self.kind == "cuda")
        try:
            yield buffer[:count]
        finally:
            if len(buffer) <= self.batch:
                self._buffers.put(buffer)

    def _halve(self, count: int) -> None:
        import torch

        self.batch = max(1, min(self.batch, count // 2))
        self._full, self.compiled = self._eager, False  # it was made for full batches of before
        _LOG.info("memory of %s does not hold %d photos: %d from now on", self.device, count, self.batch)
        while not self._buffers.empty():  # made for larger batches
            with suppress(queue.Empty):  # another thread may have taken the last
                self._buffers.get_nowait()
        if self.kind == "cuda":
            torch.cuda.empty_cache()
        elif self.kind == "mps":
            torch.mps.empty_cache()


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a device, or the computer, had too little memory for something. MPS and the CPU say so in words."""
    import torch

    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    said = str(error)
    return isinstance(error, RuntimeError) and ("out of memory" in said or "allocate memory" in said)


def best_device() -> str:
    """CUDA (AMD's ROCm goes by the same name), else Apple's GPU, else the CPU."""
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def describe(device: str) -> str:
    """A device by the name that its maker gave it, with torch's version: what a measurement holds for. Raises what
    torch raises where there is none of that."""
    import torch

    kind = device.partition(":")[0]
    if kind == "cuda":
        name = torch.cuda.get_device_name(device)
    elif kind == "mps":
        torch.empty(1, device=device)
        name = "Apple's GPU"
    else:
        name = "the processor, by PyTorch"
    return f"{name}, PyTorch {torch.__version__}"


def precisions_of(device: str) -> tuple[str, ...]:
    """What to try on a device, the fastest first: bfloat16 where it is computed and not emulated, else float16."""
    import torch

    kind = device.partition(":")[0]
    if kind == "cuda":
        return ("bf16" if torch.cuda.get_device_capability(device) >= (8, 0) or torch.version.hip else "fp16", "f32")
    return ("fp16", "f32") if kind == "mps" else ("bf16", "f32")
