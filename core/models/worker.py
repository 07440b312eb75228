"""The worker process: it decodes and encodes, so that the app never waits for either and outlives both.

One thread reads requests, a few decode, one encodes photos in batches, and one answers sentences as they come, so that
typing works while photos are indexed. Whatever happens to the app, the worker does not outlive it.
"""

from __future__ import annotations

import contextlib
import itertools
import queue
import threading
import traceback
from collections.abc import Callable
from multiprocessing import connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import ModelDamaged, PhotoError, RetrouveError
from core.models.encoder import Embeddings, Encoder, EncoderSpec
from core.models.lifeline import begin, leave
from core.models.pace import Pace
from core.models.wire import (
    Answer,
    Broken,
    Drop,
    EncodeImages,
    EncodeTexts,
    Finished,
    Message,
    Outcome,
    PhotoDone,
    PhotoFailed,
    Pixels,
    Read,
    Ready,
    Refused,
    Remarked,
    Request,
    Started,
    Toolbox,
    Trying,
    WasDecoded,
    Work,
    WorkerSetup,
)
from core.types import FileStamp, PhotoMetadata

if TYPE_CHECKING:
    from PIL.Image import Image

_ENCODE_THREADS = 2
"""While the outcomes of one batch are sent and the next is put together, another is being encoded."""
_GATHER_S = 0.05
"""How long a batch waits for a photo that is being decoded."""
_IDLE_S = 0.2
_TRY_GPU_AFTER = 128
"""Photos of one worker until a GPU is tried: PyTorch takes ten seconds to load, and few photos are sooner done without.
"""
_GONE = FileStamp(0, 0, 0)
_LARGEST_INODE = (1 << 63) - 1
"""As the scan has it."""


def standard_toolbox(spec: EncoderSpec) -> Toolbox:
    """The real decoder, and the encoder that ``spec`` describes. Raises ModelMissing or ModelDamaged."""
    from core.models.registry import build_encoder, load_info
    from core.photos import decode, metadata

    info = load_info(spec.folder)
    # In the threads that decode: whoever waits for a GPU must not scale the photos of the next batch as well.
    return Toolbox(
        info.image_size,
        decode.decode,
        metadata.read,
        lambda: build_encoder(spec),
        lambda image: info.preprocess([image])[0],
    )


def main(setup: WorkerSetup, inbox: connection.Connection, outbox: connection.Connection) -> None:
    """The whole life of the worker process. Never returns: the process ends here, whatever its threads are doing."""
    begin(setup)
    worker = Worker(setup, outbox)
    worker.start()
    try:
        while True:
            worker.accept(inbox.recv())
    except (EOFError, OSError):
        worker.abandon()
    except BaseException:  # noqa: BLE001 - the process ends here; the log keeps why
        traceback.print_exc()
        leave(None)
    leave(setup.log)


def stamp_of(path: Path, sidecars: tuple[Path, ...]) -> FileStamp:
    """What a stat says of a file now; all zeros where it is not there."""
    try:
        status = path.stat()
    except OSError:
        return _GONE
    newest = 0
    for sidecar in sidecars:
        with contextlib.suppress(OSError):
            newest = max(newest, sidecar.stat().st_mtime_ns)
    return FileStamp(status.st_size, status.st_mtime_ns, status.st_ino & _LARGEST_INODE, newest)


class Worker:
    """The threads of a worker process, and the bounded queues between them."""

    def __init__(self, setup: WorkerSetup, outbox: connection.Connection) -> None:
        self._setup = setup
        self._outbox = outbox
        self._send_lock = threading.Lock()
        self._todo: queue.SimpleQueue[Read] = queue.SimpleQueue()  # bounded by the look-ahead of the app
        self._batch = setup.batch
        self._remark = ""
        self._untried = _TRY_GPU_AFTER
        self._gpu_lock = threading.Lock()
        self._decoded: queue.Queue[_Decoded] = queue.Queue(maxsize=2 * self._batch)
        self._requests: queue.PriorityQueue[tuple[int, int, EncodeTexts | EncodeImages]] = queue.PriorityQueue()
        self._order = itertools.count()
        self._dropped = -1
        self._ahead = 0  # photos that are still to reach the encoder
        self._ahead_lock = threading.Lock()
        self._gathering = threading.Lock()
        self._warm = False
        self._pace = Pace()
        self._toolbox: Toolbox | None = None
        self._encoder: Encoder | None = None
        self._has_tools = threading.Event()
        self._has_encoder = threading.Event()

    def start(self) -> None:
        """Starts the threads. The model loads while the first files are decoded."""
        for number in range(self._setup.threads):
            threading.Thread(target=self._decode_loop, name=f"decode-{number}", daemon=True).start()
        threading.Thread(target=self._load, name="encode-0", daemon=True).start()
        threading.Thread(target=self._answer_loop, name="answer", daemon=True).start()

    def accept(self, request: Request) -> None:
        """Takes in one request of the app, without waiting for anything."""
        match request:
            case Read(job=job):
                if job.want_embedding:
                    self._count(+1)
                self._todo.put(request)
            case Drop(run=run):
                self._dropped = max(self._dropped, run)
            case Work(gently=gently):
                self._pace.gentle = gently
            case EncodeTexts():
                self._requests.put((0, next(self._order), request))
            case EncodeImages():
                self._requests.put((1, next(self._order), request))

    def abandon(self) -> None:
        """The app ends the worker in good order, whatever it is at."""
        abandon = getattr(self._encoder, "abandon", None)
        if abandon is not None:
            abandon()

    def _send(self, message: Message) -> None:
        with self._send_lock:
            try:
                self._outbox.send(message)
            except OSError:
                leave(self._setup.log)

    def _count(self, change: int) -> None:
        with self._ahead_lock:
            self._ahead += change

    # Decoding

    def _decode_loop(self) -> None:
        self._has_tools.wait()
        while True:
            read = self._todo.get()
            if read.run <= self._dropped:
                if read.job.want_embedding:
                    self._count(-1)
                continue
            with self._pace.decoding():
                # Said only now: a file has so many seconds, and waiting for a turn is none of them.
                self._send(Started(read.run, read.job.key))
                outcome = self._read(read)
            if isinstance(outcome, _Decoded):
                self._send(WasDecoded(read.run, read.job.key))
                self._decoded.put(outcome)
            else:
                if read.job.want_embedding:
                    self._count(-1)
                self._send(Finished(read.run, outcome))

    def _read(self, read: Read) -> _Decoded | Outcome:
        """Reads one file. No file can end the loop: whatever its decoder raises becomes its reason."""
        job = read.job
        assert self._toolbox is not None
        tools = self._toolbox
        try:
            if not (job.want_embedding or job.want_thumbnail):
                metadata = tools.read_metadata(job.path, job.sidecars)
                return PhotoDone(job.key, None, None, metadata, stamp_of(job.path, job.sidecars))
            decoded = tools.decode(
                job.path, min_side=tools.image_size, sidecars=job.sidecars, thumbnail=job.want_thumbnail
            )
            stamp = stamp_of(job.path, job.sidecars)
            thumbnail = decoded.thumbnail if job.want_thumbnail else None
            if not job.want_embedding:
                return PhotoDone(job.key, None, thumbnail, decoded.metadata, stamp)
            pixels = tools.prepare(decoded.image) if tools.prepare else _reduced(decoded.image, tools.image_size)
            return _Decoded(read, pixels, thumbnail, decoded.metadata, stamp)
        except PhotoError as error:
            return PhotoFailed(job.key, error.reason)
        except Exception as error:  # noqa: BLE001 - a fault of one file never ends a job
            traceback.print_exc()
            return PhotoFailed(job.key, f"This file cannot be read: its decoder stopped with {type(error).__name__}.")

    # Encoding

    def _load(self) -> None:
        """Loads the model, then becomes the first thread that encodes."""
        try:
            self._toolbox = self._setup.toolbox(self._setup.spec)
            self._has_tools.set()
            self._encoder = self._toolbox.build()
            self._check_identity(self._encoder)
        except Exception as error:  # noqa: BLE001 - it is raised where somebody waits: in the app
            self._give_up(error)
        self._has_encoder.set()
        self._check_encoder()  # one that crashes at all must not do so with a photo in its hands
        self._send(Ready(self._adopt_batch()))
        for number in range(1, _ENCODE_THREADS):
            threading.Thread(target=self._encode_loop, name=f"encode-{number}", daemon=True).start()
        self._encode_loop()

    def _try_gpu_when_due(self, photos: int) -> None:
        """A GPU is tried once so many photos came that it will pay; meanwhile the processor goes on."""
        begin = getattr(self._encoder, "try_gpu", None)
        with self._gpu_lock:
            due = begin is not None and 0 < self._untried <= photos
            self._untried = max(0, self._untried - photos)
        if due:
            threading.Thread(target=self._try_gpu, args=(begin,), name="gpu", daemon=True).start()

    def _try_gpu(self, begin: Callable[[], object]) -> None:
        self._send(Trying())
        begin()
        self._send(Ready(self._adopt_batch()))
        self._pass_on_remark()

    def _adopt_batch(self) -> int:
        """Hands over as many photos at once as the encoder is fastest with, and decodes as far ahead; how many these
        are, 0 where it does not say."""
        batch: int = getattr(self._encoder, "preferred_batch", 0)
        self._batch = max(self._setup.batch, batch)
        with self._decoded.mutex:
            self._decoded.maxsize = 2 * self._batch
            self._decoded.not_full.notify_all()
        return batch

    def _follow_measuring(self, batch: int) -> None:
        """An encoder on the processor measures on the way how it is fastest. ``batch`` was what it preferred before."""
        if hasattr(self._encoder, "try_gpu") or getattr(self._encoder, "preferred_batch", batch) == batch:
            return
        self._send(Ready(self._adopt_batch()))

    def _pass_on_remark(self) -> None:
        """What the encoder has to say of itself, once."""
        words = getattr(self._encoder, "remark", "")
        if words != self._remark:
            self._remark = words
            self._send(Remarked(words))

    def _check_identity(self, encoder: Encoder) -> None:
        """Vectors of two models must never be filed under one name."""
        wanted = self._setup.model_id
        if wanted is not None and encoder.model_id != wanted:
            raise ModelDamaged(
                f"The model in {self._setup.spec.folder} was replaced while Retrouve was running: it is "
                f"{encoder.model_id} now, not {wanted}. Start Retrouve again."
            )

    def _encode_loop(self) -> None:
        while True:
            with self._gathering:
                batch = self._gather()
            wanted = [photo for photo in batch if photo.read.run > self._dropped]
            if not wanted:
                continue
            try:
                with self._pace.encoding():
                    self._finish(wanted, self._encode(wanted))
            except Exception:  # noqa: BLE001 - one photo may be at fault: each is tried by itself
                traceback.print_exc()
                self._encode_singly(wanted)

    def _gather(self) -> list[_Decoded]:
        """One photo and what joins it within a moment; a photo that is alone does not wait."""
        batch = [self._decoded.get()]
        self._count(-1)
        while len(batch) < self._batch and self._ahead > 0:
            try:
                batch.append(self._decoded.get(timeout=_GATHER_S))
            except queue.Empty:
                break
            self._count(-1)
        return batch

    def _encode(self, batch: list[_Decoded]) -> Embeddings:
        encoder = self._encoder
        assert encoder is not None and self._toolbox is not None
        pixels: list[Any] = [photo.pixels for photo in batch]
        if self._toolbox.prepare is not None:
            preferred: int = getattr(encoder, "preferred_batch", 0)
            found: Embeddings = encoder.encode_pixels(pixels)  # type: ignore[attr-defined]
            self._follow_measuring(preferred)
            self._pass_on_remark()
            self._try_gpu_when_due(len(batch))
            return found
        return encoder.encode_images(pixels)

    def _finish(self, batch: list[_Decoded], embeddings: Embeddings) -> None:
        for photo, embedding in zip(batch, embeddings, strict=True):
            key = photo.read.job.key
            outcome: Outcome
            if np.isfinite(embedding).all():
                half = embedding.astype(np.float16)
                outcome = PhotoDone(key, half, photo.thumbnail, photo.metadata, photo.stamp)
            else:
                outcome = PhotoFailed(key, "The model gave no usable embedding for this picture.")
            self._send(Finished(photo.read.run, outcome))

    def _encode_singly(self, batch: list[_Decoded]) -> None:
        for photo in batch:
            try:
                self._finish([photo], self._encode([photo]))
            except Exception as error:  # noqa: BLE001 - is it this photo, or the encoder?
                self._check_encoder()
                reason = f"The model could not encode this picture ({type(error).__name__})."
                self._send(Finished(photo.read.run, PhotoFailed(photo.read.job.key, reason)))

    def _check_encoder(self) -> None:
        """Encodes a grey picture. An encoder that cannot is at fault, not the photos: the worker ends."""
        from PIL import Image

        assert self._encoder is not None and self._toolbox is not None
        try:
            self._encoder.encode_images([Image.new("RGB", (self._toolbox.image_size,) * 2, (127, 127, 127))])
        except Exception as error:  # noqa: BLE001
            self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        traceback.print_exc()
        self._send(Broken(_portable(error)))
        leave(None)  # the app deletes the log

    # Sentences, and pictures that a person waits for

    def _answer_loop(self) -> None:
        self._has_encoder.wait()
        encoder = self._encoder
        assert encoder is not None
        while True:
            request = self._next_request(encoder)
            try:
                if isinstance(request, EncodeTexts):
                    found = encoder.encode_texts(request.texts)
                else:
                    found = encoder.encode_images(request.images)
                self._send(Answer(request.ticket, found))
            except Exception as error:  # noqa: BLE001 - it is raised where somebody waits: in the app
                traceback.print_exc()
                self._send(Refused(request.ticket, _portable(error)))

    def _next_request(self, encoder: Encoder) -> EncodeTexts | EncodeImages:
        """Waits for one. A worker that is idle gets ready for the first sentence meanwhile."""
        warm_up = getattr(encoder, "warm_up_texts", None)
        if warm_up is not None and not self._warm:
            try:
                return self._requests.get(timeout=_IDLE_S)[2]
            except queue.Empty:
                self._warm = self._ahead == 0
                if self._warm:
                    with contextlib.suppress(RetrouveError):  # whoever asks for a sentence will be told
                        warm_up()
        return self._requests.get()[2]


class _Decoded:
    """A photo between the decoder and the encoder."""

    __slots__ = ("metadata", "pixels", "read", "stamp", "thumbnail")

    def __init__(
        self, read: Read, pixels: Pixels | Image, thumbnail: bytes | None, metadata: PhotoMetadata, stamp: FileStamp
    ) -> None:
        self.read = read
        self.pixels = pixels
        self.thumbnail = thumbnail
        self.metadata = metadata
        self.stamp = stamp


def _reduced(image: Image, size: int) -> Image:
    """A picture that waits is small: whole-number box reduction to no less than twice what the image tower sees."""
    factor = min(image.size) // (2 * size)
    return image.reduce(factor) if factor > 1 else image


def _portable(error: Exception) -> Exception:
    """The error itself where it is of our tree, else its type and words: not every exception can be pickled."""
    return error if isinstance(error, RetrouveError) else RuntimeError(f"{type(error).__name__}: {error}")
