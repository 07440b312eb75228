"""Timing, and a row of the table."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Row:
    """A figure beside its baseline, which was measured in the same run, and the budget of DESIGN section 10."""

    what: str
    value: float
    unit: str
    baseline: float | None = None
    baseline_is: str = ""
    budget: float | None = None
    at_least: bool = False
    """Whether the budget is a floor (a share, recall) and not a ceiling."""

    @property
    def within(self) -> bool | None:
        """Whether the budget is kept; None without one."""
        if self.budget is None:
            return None
        return self.value >= self.budget if self.at_least else self.value <= self.budget


@dataclass(frozen=True, slots=True)
class Spent:
    """What a process and those that it started took: seconds by the clock, and of all cores together (0 where the
    system, as Windows, keeps no account of them)."""

    clock: float
    cores: float

    def __sub__(self, other: Spent) -> Spent:
        return Spent(self.clock - other.clock, self.cores - other.cores)


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds of many calls, by the clock and of all processors together."""

    all: tuple[float, ...]
    processor: tuple[float, ...] = ()

    @property
    def processor_p50(self) -> float:
        """What a call costs, whatever else the machine does meanwhile."""
        return float(np.median(self.processor))

    @property
    def p50(self) -> float:
        return float(np.median(self.all))

    @property
    def p95(self) -> float:
        return float(np.quantile(self.all, 0.95))


def timed(calls: Sequence[Callable[[], object]]) -> Times:
    """Each call once, in turn; the first one once more beforehand, since it may load what the others share."""
    calls[0]()
    gc.collect()
    found, processor = [], []
    for call in calls:
        start, worked = time.perf_counter(), time.process_time()
        call()
        processor.append((time.process_time() - worked) * 1e3)
        found.append((time.perf_counter() - start) * 1e3)
    return Times(tuple(found), tuple(processor))


def process(arguments: Sequence[str], repeat: int, environment: dict[str, str] | None = None) -> Times:
    """Whole processes of this Python, from start to exit. The first is not counted: it fills the file cache."""
    whole = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(PROJECT), **(environment or {})}
    found = []
    for turn in range(repeat + 1):
        start = time.perf_counter()
        ended = subprocess.run([sys.executable, *arguments], env=whole, cwd=PROJECT, capture_output=True, text=True)
        seconds = time.perf_counter() - start
        if ended.returncode != 0:
            raise RuntimeError(f"{' '.join(arguments)[:80]} exited {ended.returncode}: {ended.stderr.strip()[-400:]}")
        if turn:
            found.append(seconds * 1e3)
    return Times(tuple(found))


def cores() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def table(rows: Sequence[Row]) -> str:
    """The rows as text, columns aligned."""
    lines = [("what", "here", "baseline", "", "budget", "")]
    for row in rows:
        baseline = "" if row.baseline is None else _figure(row.baseline, row.unit)
        sign = "" if row.budget is None else f"{'>=' if row.at_least else '<='} {_figure(row.budget, row.unit)}"
        verdict = {None: "", True: "kept", False: "NOT KEPT"}[row.within]
        lines.append((row.what, _figure(row.value, row.unit), baseline, row.baseline_is, sign, verdict))
    widths = [max(len(line[column]) for line in lines) for column in range(6)]
    right = (1, 2, 4)
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _figure(value: float, unit: str) -> str:
    if unit == "share":
        return f"{value:.1%}"
    return f"{value:,.{0 if value >= 100 else 1 if value >= 10 else 2}f} {unit}".rstrip()


def spent(call: Sequence[object], folder: Path, environment: dict[str, str]) -> Spent:
    """What a whole process takes. Raises RuntimeError with its last words where it fails."""
    words = [str(word) for word in call]
    start, before = time.perf_counter(), os.times()
    ended = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    after, clock = os.times(), time.perf_counter() - start
    if ended.returncode:
        raise RuntimeError(f"{' '.join(words[:3])} exited {ended.returncode}: {ended.stderr.strip()[-900:]}")
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return Spent(clock, used)


def say(words: str) -> None:
    """What is going on, for whoever waits."""
    print(f"... {words}", file=sys.stderr, flush=True)
