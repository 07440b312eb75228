"""The general set: what a model knew before a person's own captions, and must not forget.

The sample photos that ship with the program, among the photos of the model's background, found by their captions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.evaluation import retrieval
from core.evaluation.folder import encode_photos, read_rows
from core.models.encoder import Embeddings, Encoder

if TYPE_CHECKING:
    from PIL.Image import Image


class Remembering:
    """Keeps `core.models.encoder.Encoder`: another encoder that is asked for each sentence once. The general sentences
    are the same ten times in a run."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._known: dict[str, NDArray[np.float32]] = {}

    @property
    def model_id(self) -> str:
        """The other's."""
        return self._encoder.model_id

    @property
    def dim(self) -> int:
        """The other's."""
        return self._encoder.dim

    def encode_images(self, images: Sequence[Image]) -> Embeddings:
        """By the other."""
        return self._encoder.encode_images(images)

    def encode_texts(self, texts: Sequence[str]) -> Embeddings:
        """By the other, or as it was before."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if new:
            self._known.update(zip(new, self._encoder.encode_texts(new), strict=True))
        return np.stack([self._known[text] for text in texts]) if texts else np.empty((0, self.dim), np.float32)


class General:
    """Encodes the samples once (a second or two), and measures encoders on them.

    ``photos`` is the background, float32[n, dim]: without it 131 samples would be too easy to tell apart.
    """

    def __init__(self, encoder: Encoder, photos: NDArray[np.float32], tell: Callable[[int, int], None]) -> None:
        rows = read_rows(Path(str(resources.files("resources"))) / "samples", {})
        kept, found = encode_photos(rows, encoder, tell)
        self.encoder = encoder
        """The encoder as it was before."""
        self._photos = np.concatenate([found, photos])
        self.captions = [caption for row in kept for caption in row.captions]
        """What is asked."""
        self.files = [row.path.name for row in kept for _ in row.captions]
        """The photo that is the right answer to each."""
        self._owner = [index for index, row in enumerate(kept) for _ in row.captions]

    def ranks(self, encoder: Encoder | None = None, also: NDArray[np.float32] | None = None) -> NDArray[np.int64]:
        """How many photos come before the right one, for each caption: int64[captions]. ``also`` are more photos that
        may, float32[k, dim]."""
        sentences = (encoder or self.encoder).encode_texts(self.captions)
        photos = self._photos if also is None else np.concatenate([self._photos, also])
        return retrieval.caption_ranks(photos, sentences, self._owner)

    def recall(self, encoder: Encoder | None = None) -> float:
        """The share of captions whose photo is among the first ten: 0 to 1."""
        return retrieval.recall_at_k(self.ranks(encoder), 10)
