"""What the grid shows of an answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.window.grid_layout import Section
from app.window.stacking import Stacks
from core.types import Hit

Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Stack:
    """A burst at a tile: how many photos it has, whether they are shown, and whether this is the one on top."""

    count: int
    opened: bool
    first: bool


@dataclass(frozen=True, slots=True, eq=False)
class Laid:
    """What the grid shows of an answer: ids int64[rows], the hits beside them when there are any, and the headings.

    ``places``, int64[rows], are those of the rows in ``stacks``, where bursts are folded; ``opened`` those on top of
    the bursts that are open.
    """

    ids: Ids
    hits: Sequence[Hit]
    sections: tuple[Section, ...]
    places: Ids | None = None
    stacks: Stacks | None = None
    opened: frozenset[int] = frozenset()

    def stack(self, row: int) -> Stack | None:
        """The burst that a row belongs to."""
        if self.places is None or self.stacks is None:
            return None
        place = int(self.places[row])
        top = int(self.stacks.leads[place])
        count = int(self.stacks.sizes[top])
        return Stack(count, top in self.opened, place == top) if count > 1 else None


NOTHING = Laid(np.zeros(0, np.int64), (), ())
