"""An encoder that knows learned names, for who compares one vector a sentence: `retrouve evaluate`.

A search compares a photo with each part of a sentence by itself (see `core.search.seeking`); where there can be but one
vector, the parts are added up, each as long as the log-odds grow with its cosine.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from core.adapters.names import NameBook
from core.models.encoder import Embeddings, Encoder, precision_of
from core.search.calibration import Calibration

if TYPE_CHECKING:
    from PIL.Image import Image


class NamedEncoder:
    """Keeps `core.models.encoder.Encoder`: another encoder's, with the names of ``book`` in its sentences."""

    def __init__(self, encoder: Encoder, book: NameBook, calibration: Calibration) -> None:
        self._encoder = encoder
        self._book = book
        self._slope = calibration.slope

    @property
    def model_id(self) -> str:
        """The embedding space stays the same."""
        return self._encoder.model_id

    @property
    def dim(self) -> int:
        """The number of dimensions of an embedding."""
        return self._encoder.dim

    @property
    def precision(self) -> str | None:
        """What the other computes photos in, None where it does not say."""
        return precision_of(self._encoder)

    def encode_images(self, images: Sequence[Image]) -> Embeddings:
        """Photos are encoded as before: nothing has to be encoded anew."""
        return self._encoder.encode_images(images)

    def encode_texts(self, texts: Sequence[str]) -> Embeddings:
        """Sentences to float32[n, dim] of unit length. One without a name is encoded as before."""
        cuts = [self._book.cut(text) for text in texts]
        asked = [cut.rest if cut.names else text for cut, text in zip(cuts, texts, strict=True)]
        vectors = np.array(self._encoder.encode_texts(asked), np.float32)
        for place, cut in enumerate(cuts):
            if cut.names:
                parts = [one.curve.slope * one.vector for one in cut.names]
                if cut.rest:
                    parts.append(self._slope * vectors[place])
                whole = np.sum(parts, axis=0)
                vectors[place] = whole / max(float(np.linalg.norm(whole)), 1e-12)
        return vectors
