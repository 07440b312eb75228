"""What the app and its worker process say to each other: small frozen messages, pickled through a pipe."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.models.encoder import Embeddings, Encoder, EncoderSpec
from core.types import FileStamp, PhotoMetadata

if TYPE_CHECKING:
    from PIL.Image import Image

    from core.photos.decode import Decoded


Pixels = NDArray[np.float32]
"""float32[3, size, size], normalised as the image tower wants it."""


@dataclass(frozen=True, slots=True)
class PhotoJob:
    """A file for the worker to read. ``key`` is the caller's own and comes back with the outcome.

    With neither an embedding nor a thumbnail wanted only the metadata is read, and no pixel is decoded.
    """

    key: int
    path: Path
    stamp: FileStamp
    sidecars: tuple[Path, ...] = ()
    want_embedding: bool = True
    want_thumbnail: bool = True


@dataclass(frozen=True, slots=True)
class PhotoDone:
    """A file that was read. ``stamp`` is what a stat said after reading: all zeros where the file had gone by then."""

    key: int
    embedding: NDArray[np.float16] | None
    """float16[dim] of unit length."""
    thumbnail: bytes | None
    metadata: PhotoMetadata
    stamp: FileStamp


@dataclass(frozen=True, slots=True)
class PhotoFailed:
    """A file that could not be read, with a reason in plain words."""

    key: int
    reason: str


Outcome = PhotoDone | PhotoFailed


@dataclass(frozen=True, slots=True)
class Toolbox:
    """What the worker works with, built in the worker. Tests bring their own.

    ``image_size`` is the side in pixels that the image tower sees. ``decode`` keeps the signature of
    ``core.photos.decode.decode``, ``read_metadata`` that of ``core.photos.metadata.read``; ``build`` loads the model.
    ``prepare`` makes the image tower's input (float32[3, size, size]) of an image in the thread that decoded it, for an
    encoder that has ``encode_pixels``, which gets a list of them; with None the encoder gets the images.
    """

    image_size: int
    decode: Callable[..., Decoded]
    read_metadata: Callable[[Path, tuple[Path, ...]], PhotoMetadata]
    build: Callable[[], Encoder]
    prepare: Callable[[Image], Pixels] | None = None


@dataclass(frozen=True, slots=True)
class WorkerSetup:
    """What a worker needs to begin. ``toolbox`` is a function of a module, since it travels by its name.

    ``threads`` decode at once; ``batch`` photos at most are encoded together. What native libraries print goes to the
    file ``log``, which the worker makes and whoever is last removes. After ``stuck_s`` seconds without a turn of the
    interpreter the worker ends itself: native code holds it for good, and nothing else could end it when the app dies.
    A model that is not ``model_id`` (the folder was replaced while the app ran) is refused; None takes any.
    """

    spec: EncoderSpec
    toolbox: Callable[[EncoderSpec], Toolbox]
    threads: int
    batch: int
    stuck_s: float
    model_id: str | None = None
    log: Path = Path(os.devnull)


# From the app to the worker.


@dataclass(frozen=True, slots=True)
class Read:
    """Read this file. ``run`` numbers the caller's run, so that what is left of a closed one can be dropped."""

    run: int
    job: PhotoJob


@dataclass(frozen=True, slots=True)
class Drop:
    """Nobody waits for the photos of this run any more."""

    run: int


@dataclass(frozen=True, slots=True)
class EncodeTexts:
    """Encode these sentences, before any photo."""

    ticket: int
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EncodeImages:
    """Encode these upright RGB images, before photos but after sentences."""

    ticket: int
    images: tuple[Image, ...]


@dataclass(frozen=True, slots=True)
class Work:
    """Work gently from now on, or as hard as can be (see `core.models.pace`)."""

    gently: bool


Request = Read | Drop | EncodeTexts | EncodeImages | Work


# From the worker to the app.


@dataclass(frozen=True, slots=True)
class Ready:
    """The model is loaded. ``batch`` is how many photos it best encodes at once, 0 where that is not known. Said again
    when it is found to be another."""

    batch: int = 0


@dataclass(frozen=True, slots=True)
class Trying:
    """A GPU is being tried, and another ``Ready`` follows: a worker that ends before did not die of a photo."""


@dataclass(frozen=True, slots=True)
class Remarked:
    """A sentence for the person about what encodes the photos; an empty one takes back what was said."""

    words: str


@dataclass(frozen=True, slots=True)
class Broken:
    """The model cannot be loaded, or encodes nothing any more. The worker ends after this message."""

    error: Exception


@dataclass(frozen=True, slots=True)
class Started:
    """A thread took this file into its hands."""

    run: int
    key: int


@dataclass(frozen=True, slots=True)
class WasDecoded:
    """The file's pixels were read without harm; it now waits for the encoder."""

    run: int
    key: int


@dataclass(frozen=True, slots=True)
class Finished:
    """The outcome for one file."""

    run: int
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Answer:
    """float32[n, dim] for a request of sentences or images."""

    ticket: int
    embeddings: Embeddings


@dataclass(frozen=True, slots=True)
class Refused:
    """A request of sentences or images that failed."""

    ticket: int
    error: Exception


Message = Ready | Trying | Remarked | Broken | Started | WasDecoded | Finished | Answer | Refused
