"""Measure how well the program answers: ``python -m training.quality ../shared/data --page docs/quality.md``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from core.errors import RetrouveError
from training import pages
from training.quality import cutting, fusing, pairing

ROOT = Path(__file__).resolve().parents[2]
FUSING, CUTTING, PAIRING = "looks and words", "the line", "pairs"


def main(arguments: list[str] | None = None) -> int:
    """Write all tables into the page. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m training.quality", description=__doc__)
    parser.add_argument("data", type=Path, help="the data folder that docs/model.md describes")
    parser.add_argument("--page", type=Path, default=ROOT / "docs/quality.md", help="the page to write into")
    chosen = parser.parse_args(arguments)
    try:
        pages.check(chosen.page, [FUSING, CUTTING, PAIRING])
        fused = [
            (asked.name, fusing.measure(asked)) for asked in (fusing.books(chosen.data), fusing.everyday(chosen.data))
        ]
        head = ("nDCG@10, %", "all photos", "with something written", "with nothing written")
        pages.into_page(chosen.page, FUSING, pages.table(head, fusing.table(fused)))
        lines, sentences, photos = cutting.measure(chosen.data)
        lines_head = (
            "line",
            "true photos that are strong, %",
            "nothing strong once the photo is gone, %",
            "other photos strong",
        )
        said = f"\n\n{sentences} sentences, {photos} photos."
        pages.into_page(chosen.page, CUTTING, pages.table(lines_head, cutting.table(lines)) + said)
        pairs_head = ("kind", "asked", "right of the first 10", "true of the other question", "right photos of all")
        pages.into_page(
            chosen.page, PAIRING, pages.table(pairs_head, list(pairing.table(pairing.measure(chosen.data))))
        )
    except RetrouveError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
