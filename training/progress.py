"""How a training process speaks: JSON objects on stdout, a line each, which the window and the command line read.

``{"event": "progress", "what": ..., "done": ..., "total": ...}``, ten a second at the most, and more where there is
something else to tell: what a curve is drawn from, the name that was learned. Then either
``{"event": "result", "result": {...}}`` or ``{"event": "error", "sentence": ..., "code": ...}``.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from core.errors import RetrouveError

INTERRUPTED = 130
_EVERY = 0.1


class Lines:
    """Writes progress, not too often."""

    def __init__(self) -> None:
        self._last = 0.0

    def tell(self, what: str, done: int, total: int, **more: Any) -> None:
        """That ``done`` of ``total`` (0: unknown) are done of what goes on. ``more`` is never left out."""
        now = time.monotonic()
        if more or now - self._last >= _EVERY:
            self._last = now
            say({"event": "progress", "what": what, "done": done, "total": total, **more})


def say(line: dict[str, Any]) -> None:
    """Write one line."""
    print(json.dumps(line, allow_nan=False, default=str), flush=True)


def looked(kind: str, report: dict[str, Any], why: str = "") -> dict[str, Any]:
    """The result of a dry run: the report on the data, and why there would be nothing to train, where that is so."""
    said = {"why": why or "Nothing was trained: this is what there is to learn from.", "data": report}
    return {"run": None, "kind": kind, "dry_run": True, "installed": False, "before": {}, "after": {}} | said


def run(work: Callable[[Lines], dict[str, Any]]) -> int:
    """Do the work, and tell how it ended; the exit code. Faults of ours go on, with their traceback."""
    try:
        result = work(Lines())
    except RetrouveError as error:
        say({"event": "error", "sentence": str(error), "code": error.exit_code})
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    say({"event": "result", "result": result})
    return 0
