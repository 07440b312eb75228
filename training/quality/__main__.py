"""Measure how well the program answers: ``python -m training.quality ../shared/data --page docs/quality.md``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from core.errors import RetrouveError
from training import pages
from training.quality import cutting, fusing, leaving, pairing

ROOT = Path(__file__).resolve().parents[2]


def _fusing(data: Path) -> str:
    fused = [(asked.name, fusing.measure(asked)) for asked in (fusing.books(data), fusing.everyday(data))]
    return pages.table(
        ("nDCG@10, %", "all photos", "with something written", "with nothing written"), fusing.table(fused)
    )


def _cutting(data: Path) -> str:
    lines, sentences, photos = cutting.measure(data)
    head = (
        "line",
        "true photos that are strong, %",
        "nothing strong once the photo is gone, %",
        "other photos strong",
    )
    return f"{pages.table(head, cutting.table(lines))}\n\n{sentences} sentences, {photos} photos."


def _leaving(data: Path) -> str:
    found, words, pairs = leaving.measure(data)
    head = (
        "left out from",
        "of photos that show it, %",
        "of those where two captions say so, %",
        "of all others (lost), %",
        "pairs: right of the first 10, %",
        "pairs: right of as many as there are, %",
    )
    return f"{pages.table(head, leaving.table(found))}\n\n{words} words, {pairs} pairs."


def _pairing(data: Path) -> str:
    head = ("kind", "asked", "right of the first 10", "true of the other question", "right photos of all")
    return pages.table(head, list(pairing.table(pairing.measure(data))))


PARTS: dict[str, Callable[[Path], str]] = {
    "looks and words": _fusing,
    "the line": _cutting,
    "without a word": _leaving,
    "pairs": _pairing,
}
"""The parts of the page, each with what measures and words it."""


def main(arguments: list[str] | None = None) -> int:
    """Write all tables into the page. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m training.quality", description=__doc__)
    parser.add_argument("data", type=Path, help="the data folder that docs/model.md describes")
    parser.add_argument("--page", type=Path, default=ROOT / "docs/quality.md", help="the page to write into")
    parser.add_argument("--only", choices=PARTS, action="append", help="measure this part alone; may be given again")
    chosen = parser.parse_args(arguments)
    wanted = chosen.only or list(PARTS)
    try:
        pages.check(chosen.page, wanted)
        for name in wanted:
            pages.into_page(chosen.page, name, PARTS[name](chosen.data))
    except RetrouveError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
