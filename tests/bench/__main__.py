"""``make bench``: speed beside a baseline of the same run, on temporary libraries; two to three minutes.

usage: python -m tests.bench [--json FILE] [--only indexing,querying,filtering,tagging,starting] [--photos N]
       python -m tests.bench --only million --place FOLDER

The part ``million`` is no part of the rest: it builds a library of a million photos and its graphs, which takes a
quarter of an hour and 4 GB of disk, keeps both in ``--place``, and takes some minutes from then on. Nor is ``profile``,
which says where a photo's time goes: some minutes, and 3 GB of disk meanwhile.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np

from core.models.registry import load_info, starter_folder
from tests.bench import filtering, indexing, memory, million, profiling, querying, starting, tagging
from tests.bench.libraries import Space, build
from tests.bench.measure import PROJECT, Row, cores, table

PARTS = ("indexing", "querying", "filtering", "tagging", "starting")
WHEN_ASKED = ("profile", "million")
"""What takes so long that it is measured only when it is named."""
_SMALL = 1000
_LARGE = 64
"""Photos of 12 megapixels that are profiled."""


def main(arguments: Sequence[str]) -> int:
    """Measure what was asked for, print the table, and write the JSON."""
    described = (__doc__ or "").partition("usage:")
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description=described[0], epilog=described[2].rpartition("\n\n")[2]
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here too")
    names = ", ".join((*PARTS, *WHEN_ASKED))
    parser.add_argument("--only", default=",".join(PARTS), help=f"some of {names} (all but the last two when left out)")
    parser.add_argument("--photos", type=int, default=100_000, help="photos of the large library")
    parser.add_argument("--place", type=Path, metavar="FOLDER", help="keeps the library of the part million")
    chosen = parser.parse_args(arguments)
    wanted = chosen.only.split(",")
    if not set(wanted) <= {*PARTS, *WHEN_ASKED}:
        parser.error(f"--only takes some of {names}, not {chosen.only}")
    if chosen.photos < 1000:
        parser.error("--photos takes 1000 or more")
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="retrouve-bench-") as place:
        rows, left_out = _measure(wanted, Path(place), chosen.photos, chosen.place)
    print(_machine())
    print(table(rows))
    for line in left_out:
        print(f"left out: {line}")
    print(f"{time.perf_counter() - began:.0f} s")
    if chosen.json:
        figures = [asdict(row) | {"within": row.within} for row in rows]
        document = {"machine": _machine(), "figures": figures, "left_out": left_out}
        chosen.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return 0


def _measure(
    wanted: Sequence[str], place: Path, photos: int, keeping: Path | None = None
) -> tuple[list[Row], list[str]]:
    info = load_info(starter_folder())
    rows: list[Row] = []
    left_out: list[str] = []

    def add(name: str, measure: Callable[[], list[Row]]) -> None:
        print(f"... {name}", file=sys.stderr, flush=True)
        try:
            rows.extend(measure())
        except (FileNotFoundError, ImportError) as error:
            left_out.append(f"{name}: {error}")

    if "indexing" in wanted:
        add("indexing", lambda: indexing.measure(PROJECT / "resources" / "samples", place / "indexing"))
    if "profile" in wanted:
        add("profile", lambda: profiling.rows(profiling.measure(place / "profile", _LARGE)))
    if "filtering" in wanted:
        add(f"filtering {photos:,} photos", lambda: filtering.measure(place / "varied", photos))
    if "tagging" in wanted:
        add(f"tagging {photos:,} photos", lambda: tagging.measure(place / "tagged", photos, info))
    if "starting" in wanted:
        add("imports", starting.imports)
    if "million" in wanted:
        home, large = place / "home of a million", (keeping or place) / "million"
        add("a million photos", lambda: million.measure(large, million.MILLION, info, home))
    if not {"querying", "starting"} & set(wanted):
        return rows, left_out
    space = Space(info.dim)
    print("... building libraries", file=sys.stderr, flush=True)
    home = place / "home"
    for count in (_SMALL, photos):
        built = build(place / f"library {count}", count, info.model_id, info.dim, space)
        if "querying" in wanted:
            add(f"querying {count:,} photos", partial(querying.measure, built, info.model_id, space))
            if count == photos:
                add(f"memory, {count:,} photos", partial(memory.measure, built, info.model_id, place / "empty"))
        if "starting" in wanted:
            add(f"cold search, {count:,} photos", partial(starting.cold_search, built.folder, count, home))
            add(f"window, {count:,} photos", partial(starting.window, built.folder, count, home))
    return rows, left_out


def _machine() -> str:
    blas = os.environ.get("OPENBLAS_CORETYPE")
    return (
        f"{cores()} cores, {platform.machine()}, {platform.system()}, Python {platform.python_version()}, "
        f"NumPy {np.__version__}" + (f", OPENBLAS_CORETYPE={blas}" if blas else "") + _load()
    )


def _load() -> str:
    """Who else was at work: a figure from a busy machine says little."""
    return f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
