"""What the score of a label on a photo is compared with: photos and sentences that are not meant.

A cosine says little by itself: 0.3 may be a perfect match of one label and chance for another. So each label's scores
are set against those of just any photo: the background that comes with the model, and a sample of the library.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.models.background import Background
from core.search.exact import ExactIndex

SAMPLE = 4096
"""Photos of the library that stand for all of it: a percentile of their scores is right within half a per cent."""

Vectors = NDArray[np.float32]
"""float32[n, dim], each row of unit length."""


@dataclass(frozen=True, slots=True, eq=False)
class Backdrop:
    """Photos and sentences to compare with. Any of the three may have no rows.

    ``photos`` and ``captions`` come with the model and are no pairs; ``sample`` is of the library, out of ``size``.
    """

    photos: Vectors
    captions: Vectors
    sample: Vectors
    size: int

    @classmethod
    def of(cls, background: Background | None, exact: ExactIndex, dim: int) -> Backdrop:
        """Of a model and a library; always the same sample of the same library."""
        none = np.zeros((0, dim), np.float32)
        ids = np.sort(exact.ids)
        if len(ids) > SAMPLE:
            ids = ids[np.sort(np.random.default_rng(len(ids)).choice(len(ids), SAMPLE, replace=False))]
        sample = exact.vectors(ids)[1] if len(ids) else none
        if background is None:
            return cls(none, none, sample, len(exact))
        return cls(background.photos, background.captions, sample, len(exact))

    @property
    def usual(self) -> Vectors:
        """Just any photos: the model's own, or where it brought none, the library's."""
        return self.photos if len(self.photos) else self.sample
