"""The background that comes with a model: embeddings of photos and of sentences that are not the user's.

They are what a score is compared with ("is this photo nearer to the query than just any photo?"), and what a new name
is learned against, so that general words stay where they were. No photo and no text is among them.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import ModelDamaged
from core.models.registry import ModelInfo

FILE = "background.npz"


@dataclass(frozen=True, slots=True)
class Background:
    """Unit vectors of a model's space: ``photos`` float32[n, dim] and ``captions`` float32[m, dim], no pairs."""

    photos: NDArray[np.float32]
    captions: NDArray[np.float32]


def load(info: ModelInfo) -> Background | None:
    """The background of a model, None where its folder has none. Raises ModelDamaged when the file is not whole."""
    path = info.folder / FILE
    if not path.is_file():
        return None
    try:
        # Opened here: NumPy leaves a damaged file open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            photos, captions = (stored[name].astype(np.float32) for name in ("photos", "captions"))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ModelDamaged(f"The model's background cannot be read: {path} ({error})") from error
    for block in (photos, captions):
        if block.ndim != 2 or block.shape[1] != info.dim or not np.isfinite(block).all():
            raise ModelDamaged(f"The model's background does not belong to it: {path}")
    return Background(_unit(photos), _unit(captions))


def save(folder: Path, background: Background) -> None:
    """Write a background as float16 (``2 * dim`` bytes a vector), aside first. Raises OSError."""
    aside = folder / f"{FILE}.tmp"
    with aside.open("wb") as file:
        np.savez(file, photos=background.photos.astype(np.float16), captions=background.captions.astype(np.float16))
    aside.replace(folder / FILE)


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """float16 leaves lengths a little off one."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: NDArray[np.float32] = (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)
    return unit
