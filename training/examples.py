"""Queries that found their photo earlier than before, and later, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

MOST = 12
"""Of either."""


def better_and_worse(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The queries that gained and lost most, as ``examples.json`` has them. Each row has ``query``, and the places
    (from 1) of its photo ``before`` and ``after``: from the 40th place to the 20th is as much as from the 2nd to the
    first."""
    gain = [np.log2(row["before"]) - np.log2(row["after"]) for row in rows]
    order = np.argsort(gain, kind="stable")
    return {
        "better": [rows[at] for at in order[::-1][:MOST] if gain[at] > 0],
        "worse": [rows[at] for at in order[:MOST] if gain[at] < 0],
    }
