"""Where the line between strong and weak results lies: what it costs to draw it higher, and what lower.

Each sentence of the validation books is asked of those books' photos among all of `caltech101`. Once with its own photo
there: is it strong? And once with its photo taken away: is anything strong that should not be? Other photos of the
books may well be true of a sentence too, so that the second figure can never be perfect.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.search import calibration
from training.quality.shelves import Item, rows, shelf, strings
from training.starter.data import VALIDATION_BOOKS

LINES = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


@dataclass(frozen=True, slots=True)
class Line:
    """A line (a probability of match), and what it does.

    ``kept`` is the share of true photos above it, ``silent`` the share of sentences that nothing is above it for once
    their photo is gone, ``others`` how many photos are above it that a sentence was not written about, on average.
    """

    line: float
    kept: float
    silent: float
    others: float


def measure(data: Path) -> tuple[list[Line], int, int]:
    """What each line does, the number of sentences, and the number of photos."""
    items: list[Item] = []
    sentences: list[str] = []
    owners: list[int] = []
    for row in rows(data / "openstax"):
        if row.get("book") in VALIDATION_BOOKS:
            said = strings(row, "captions")
            owners += [len(items)] * len(said)
            sentences += said
            items.append(Item(data / "openstax" / str(row["file"])))
    items += [Item(data / "caltech101" / str(row["file"])) for row in rows(data / "caltech101")]
    with shelf(items) as made:
        ids, cosines = made.exact.scores(made.encoder.encode_texts(sentences), made.contents)
        place = {id: column for column, id in enumerate(ids.tolist())}
        columns = np.array([place[made.contents[owner]] for owner in owners])
        matches = calibration.match(cosines, made.library.info.calibration)
    own = matches[np.arange(len(sentences)), columns]
    others = matches.copy()
    others[np.arange(len(sentences)), columns] = -1.0
    best = others.max(axis=1)
    found = [
        Line(line, float((own >= line).mean()), float((best < line).mean()), float((others >= line).sum(axis=1).mean()))
        for line in LINES
    ]
    return found, len(sentences), len(items)


def table(lines: Sequence[Line]) -> list[tuple[str, ...]]:
    """Rows for the page."""
    return [
        (f"{one.line:.2f}", f"{100 * one.kept:.0f}", f"{100 * one.silent:.0f}", f"{one.others:.1f}") for one in lines
    ]
