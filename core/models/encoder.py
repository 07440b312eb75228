"""The protocol that every encoder keeps, and the description that builds one in another process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL.Image import Image

Embeddings = NDArray[np.float32]
"""float32[n, dim], each row of unit length."""


@runtime_checkable
class Encoder(Protocol):
    """Two towers with one embedding space (CLIP: Radford et al. 2021).

    Calls may come from several threads. An empty list gives float32[0, dim].
    """

    @property
    def model_id(self) -> str:
        """Names the embedding space: two encoders with the same id may be ranked together."""
        ...

    @property
    def dim(self) -> int:
        """The number of dimensions of an embedding."""
        ...

    def encode_images(self, images: Sequence[Image]) -> Embeddings:
        """Upright RGB images of any size, to float32[n, dim] of unit length."""
        ...

    def encode_texts(self, texts: Sequence[str]) -> Embeddings:
        """Sentences to float32[n, dim] of unit length; what is longer than the text tower's context is cut."""
        ...


@runtime_checkable
class Precise(Protocol):
    """An encoder that knows what its image tower computes in."""

    @property
    def precision(self) -> str | None:
        """``f32``, ``bf16`` or ``fp16``; None where it passes on what another computes, and that does not say."""
        ...


def precision_of(encoder: Encoder) -> str | None:
    """What the image tower computes in (see `Precise`), None where the encoder does not say."""
    return encoder.precision if isinstance(encoder, Precise) else None


class Backend(StrEnum):
    """What runs a model."""

    OPENVINO = "openvino"
    OPENCLIP = "openclip"


@dataclass(frozen=True, slots=True)
class EncoderSpec:
    """All that a process needs to build an encoder; crosses to the worker by pickle.

    ``precision`` is ``f32``, ``bf16`` or ``auto`` (bf16 where the CPU has it and the model passed its parity check).
    ``threads`` of None leaves the choice to the backend. ``cache`` is a folder for compiled graphs; it may be deleted.
    ``device`` of ``auto`` lets a GPU encode the photos where there is one that passes its check (see
    `core.models.gpu`); ``cuda``, ``cuda:1`` or ``mps`` asks for one; with None OpenVINO runs on the CPU, and OpenCLIP
    on the best that is there.
    """

    folder: Path
    backend: Backend = Backend.OPENVINO
    precision: str = "auto"
    threads: int | None = None
    cache: Path | None = None
    device: str | None = None
