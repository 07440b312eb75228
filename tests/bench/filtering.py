"""Filters alone, and their negations: the first fifty photos by date and the count; and what a vocabulary takes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path

import numpy as np

from core.catalog import vocabulary
from core.catalog.connection import Catalog
from core.search import filters
from core.search.grammar import parse
from tests.bench import varied
from tests.bench.measure import Row, timed

FILTERS = (
    "folder:Italy",
    "folder:Photos",
    "date:2019",
    "date:..2008",
    'date:"last summer"',
    "date:july",
    "date:christmas",
    "date:easter",
    "date:weekends",
    "camera:canon",
    "camera:nobody",
    "lens:sigma",
    "lens:50mm",
    "aperture:<2",
    "iso:>800",
    "iso:77",
    "type:raw",
    "type:jpeg",
    "type:arw",
    "rating:>=3",
    "tag:person",
    'tag:"label 250"',
    "caption:grandma",
    "name:IMG_12",
    "name:.jpg",
    "near:48.85,2.35,20km",
    "near:64.1,-21.9,100km",
    "has:gps",
    "has:caption",
    "has:tag",
    "has:rating",
    "has:date",
    "has:camera",
    "is:portrait",
    "is:landscape",
    "is:square",
    "is:panorama",
    "is:favourite",
    "is:copy",
    "size:>12mp",
    "size:>8mb",
    "size:>5000px",
)
_MIXED = (
    "camera:canon iso:>800 date:2012..2016",
    "(folder:Italy OR folder:Paris) -tag:person is:landscape",
    "near:48.85,2.35,20km rating:>=3 OR tag:birthday date:summer",
)
_TODAY = date(2024, 11, 25)
_REPEAT = 3
_BUDGET_MS = 100.0
_PART_MS = 50.0


def measure(folder: Path, count: int) -> list[Row]:
    """Build a library of ``count`` photos that differ in everything, and ask it. The best of three times each: what a
    filter takes differs by the filter, not by the day."""
    varied.build(folder, count)
    photos = f"{count:,} photos"
    with closing(Catalog.open(folder)) as catalog, catalog.read() as db:

        def answer(text: str) -> Callable[[], object]:
            query = parse(text)
            assert query.terms and query.where == query.terms, text
            return lambda: filters.newest(db, query, 50, _TODAY)

        # One walk along the index that nearly every filter reads, looking at one column.
        walk = "SELECT count(*) FROM photo p INDEXED BY photo_by_date WHERE p.month_day < 0"
        plain = _best(lambda: db.execute(walk).fetchone())
        alone = {sign + text: _best(answer(sign + text)) for text in FILTERS for sign in ("", "-")}
        mixed = {text: _best(answer(text)) for text in _MIXED}
        parts: dict[str, float] = {}
        for name in ("folders", "tags", "formats", "months"):
            read: Callable[..., object] = getattr(vocabulary, name)
            parts[name] = _best(lambda read=read: read(db))
        parts["cameras"] = _best(lambda: vocabulary.gear(db, "camera"))
        slow, slow_mixed, part = (max(times, key=lambda name: times[name]) for times in (alone, mixed, parts))
        said = "one walk along the index"
        return [
            Row(
                f"filter alone, {photos}, median of {len(alone)}",
                float(np.median([*alone.values()])),
                "ms",
                plain,
                said,
            ),
            Row(f"  the slowest, {slow}", alone[slow], "ms", plain, said, _BUDGET_MS),
            Row(f"  several, the slowest, {slow_mixed}", mixed[slow_mixed], "ms", plain, said),
            Row(f"vocabulary, {photos}, the slowest part: {part}", parts[part], "ms", plain, said, _PART_MS),
        ]


def _best(call: Callable[[], object]) -> float:
    return min(timed([call] * _REPEAT).all)
