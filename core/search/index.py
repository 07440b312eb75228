"""What every vector index can do, so that the search above does not know which one answers."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]
"""int64[n]: content ids. Copies of a file share one."""

Scores = NDArray[np.float32]
"""float32[n]: cosines, the best first where they go with ids that an index found."""

Vectors = NDArray[np.float16] | NDArray[np.float32]
"""[n, dim], each row of unit length."""


@runtime_checkable
class VectorIndex(Protocol):
    """Nearest neighbours by cosine among unit vectors that are named by content ids.

    Searches may run in several threads, also while another thread adds or removes: each sees the index before or
    after. Adding and removing belong to one thread at a time.
    """

    @property
    def dim(self) -> int:
        """The number of dimensions of a vector."""
        ...

    def __len__(self) -> int:
        """The number of vectors that can be found."""
        ...

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Add ``vectors[n, dim]`` under ``ids[n]``. An id that is there already gets the new vector."""
        ...

    def remove(self, ids: Ids) -> None:
        """Forget these ids. Ids that are not there are passed over."""
        ...

    def search(self, vector: NDArray[np.float32], k: int, allowed: Ids | None = None) -> tuple[Ids, Scores]:
        """The ``k`` ids nearest to ``vector[dim]``, the best first, and their cosines; fewer where there are fewer.

        With ``allowed`` only these ids count, in whatever order and number they are given.
        """
        ...


def best(scores: NDArray[np.floating], k: int) -> NDArray[np.intp]:
    """The places of the ``k`` highest scores, the highest first; equal scores in their own order."""
    if k <= 0:
        return np.empty(0, np.intp)
    if k < len(scores):
        places = np.argpartition(scores, len(scores) - k)[len(scores) - k :]
        places.sort()
    else:
        places = np.arange(len(scores))
    order = np.argsort(-scores[places], kind="stable")
    return places[order]
