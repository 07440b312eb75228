"""``near:``: photos taken within a distance of a place, along the surface of the earth."""

from __future__ import annotations

import math
from dataclasses import dataclass

from core.catalog.derived import place
from core.search.filters.condition import Clause, refuted
from core.search.grammar import Near

EARTH_KM = 6371.0088
"""The earth's mean radius. As a sphere it is up to half a percent off."""

_SLACK = 4e-16
"""What rounding may take from a sum of products that is 1: a few centimetres."""


@dataclass(frozen=True, slots=True)
class Placed:
    """Photos in the cap of the sphere around a place, or, not ``wanted``, all others.

    Neither the poles nor the antimeridian are special: there are no degrees in it.
    """

    term: Near
    wanted: bool

    @property
    def led(self) -> bool:
        """Whether an index leads to the photos: see `clause`."""
        return False

    @property
    def clause(self) -> Clause:
        """As a condition beside others. The plus keeps SQLite from the index ``photo_place``: it leads to photos in no
        order of theirs, and in a town where a person lives there are too many to look up one by one."""
        return self._clause("+p.z")

    @property
    def alone(self) -> Clause:
        """As a condition that stands alone, which that index answers by itself."""
        return self._clause("p.z")

    def _clause(self, z_column: str) -> Clause:
        angle = self.term.km / EARTH_KM
        found = place(self.term.latitude, self.term.longitude)
        if angle >= math.pi or found is None:
            cap = Clause("p.x IS NOT NULL")
        else:
            x, y, z = found
            # No point of the cap is farther away than this along any axis. One axis sorts out enough.
            line = 2 * math.sin(angle / 2) + _SLACK
            cap = Clause(
                f"{z_column} BETWEEN ? AND ? AND p.x * ? + p.y * ? + p.z * ? >= ?",
                (z - line, z + line, x, y, z, math.cos(angle) - _SLACK),
            )
        return cap if self.wanted else refuted(cap)
