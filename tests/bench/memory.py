"""What a library takes of a process that searches it, beyond the same process with a library that is empty.

``python -m tests.bench.memory LIBRARY MODEL DIM`` is the process: it holds what a window would hold of the vectors,
asks some questions of every kind, and prints what the system says of it. No model is loaded. Linux says it, others do
not.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from core.catalog.connection import Catalog
from core.search.searcher import Searcher
from core.search.store import VectorStore
from tests.bench.libraries import Built, Space
from tests.bench.measure import PROJECT, Row
from tests.bench.querying import SHARES, Model, Prepared

_STATUS = Path("/proc/self/status")
_QUERIES = 12
_BUDGET_MB = {100_000: 300.0, 1_000_000: 2500.0}
_SAID = {"VmHWM": "peak", "RssAnon": "own", "RssFile": "mapped"}


def measure(built: Built, model_id: str, empty: Path) -> list[Row]:
    """The peak of all that lies in memory, the mapped file among it; and what of it the system could not take back.

    Raises FileNotFoundError where the system does not say.
    """
    if not _STATUS.exists():
        raise FileNotFoundError(f"this system has no {_STATUS}")
    with closing(Catalog.open(empty)):
        pass
    without, searching = (_of(folder, model_id, built.dim) for folder in (empty, built.folder))
    more = {name: (searching[name] - without[name]) / 1e6 for name in without}
    count = f"{built.photos:,} photos"
    alone = without["peak"] / 1e6
    bound = _BUDGET_MB.get(built.photos)
    return [
        Row(f"memory beyond an empty library, {count}, peak", more["peak"], "MB", alone, "the process without", bound),
        Row("  of it of its own", more["own"], "MB"),
        Row("  of it files that are mapped, which the system can take back", more["mapped"], "MB"),
    ]


def _of(folder: Path, model_id: str, dim: int) -> dict[str, int]:
    call = [sys.executable, "-m", "tests.bench.memory", str(folder), model_id, str(dim)]
    ended = subprocess.run(call, cwd=PROJECT, capture_output=True, text=True)
    if ended.returncode != 0:
        raise RuntimeError(f"measuring memory ended with {ended.returncode}: {ended.stderr.strip()[-400:]}")
    found: dict[str, int] = json.loads(ended.stdout)
    return found


def _search(folder: Path, model_id: str, dim: int) -> None:
    """Questions of every kind, each with sentences of its own."""
    space, model = Space(dim), Model(model_id, dim)
    with closing(Catalog.open(folder)) as catalog, closing(VectorStore(catalog, folder, model)) as store:
        store.warm()
        searcher = Searcher(catalog, store, Prepared(model_id, space.sentences(_QUERIES)), model)
        for number in range(_QUERIES - 1):
            for more in ("", *SHARES.values(), f"-sentence{number + 1}"):
                searcher.search(f"sentence{number} {more}", top=50)
        print(json.dumps(_status()))


def _status() -> dict[str, int]:
    """Bytes: the most that ever lay in memory, and what of this process' own and of files lies there now."""
    lines = (line.split() for line in _STATUS.read_text(encoding="ascii").splitlines())
    return {_SAID[line[0].rstrip(":")]: int(line[1]) * 1024 for line in lines if line and line[0].rstrip(":") in _SAID}


def main(arguments: Sequence[str]) -> int:
    """The process that is measured."""
    folder, model_id, dim = arguments
    _search(Path(folder), model_id, int(dim))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
