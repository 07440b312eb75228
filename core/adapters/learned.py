"""A name that was learned: where it points in a model's space, and how to read a cosine with it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.search.calibration import Curve


@dataclass(frozen=True, slots=True)
class LearnedName:
    """``vector`` is float32[dim] of unit length, ``curve`` turns its cosine with a photo into the probability that the
    photo shows what has this name. ``strength`` is the share of it that was learned, 0 to 1; the rest is what the words
    meant before."""

    name: str
    key: str
    """How it is found in a sentence: see `core.adapters.names.key_of`."""
    vector: NDArray[np.float32] = field(compare=False, repr=False)
    curve: Curve
    strength: float
    photos: int
    """How many photos it was learned from."""
