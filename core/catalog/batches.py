"""Long lists in pieces: SQLite binds at most 32766 values to a statement, and fewer where it was built so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")

LARGEST = 900
"""Below the 999 of the oldest builds; larger pieces are no faster."""


def batches(values: Sequence[T], largest: int = LARGEST) -> Iterator[Sequence[T]]:
    """``values`` in pieces of up to ``largest``, in their order."""
    for start in range(0, len(values), largest):
        yield values[start : start + largest]


def marks(count: int) -> str:
    """``count`` question marks for an ``IN (...)``."""
    return ",".join("?" * count)
