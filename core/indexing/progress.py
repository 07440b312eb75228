"""How far an index run is: counts, a rate over the last seconds, and the time left; told about ten times a second."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from core.types import IndexProgress, IndexReport, Phase

_EVERY_S = 0.1
_WINDOW_S = 5.0
_SURE_S = 1.0
"""Before this much of reading there is no rate, and no time left, worth telling."""


class Meter:
    """Counts, and makes the progress that a person sees. ``clock`` gives monotonic seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._begin = clock()
        self._told = float("-inf")
        self._phase: Phase = Phase.SCANNING
        self._report = IndexReport()
        self._to_do = 0
        self._did = 0
        self._stored: list[int] = []
        self._marks: deque[tuple[float, int, int]] = deque()

    @property
    def report(self) -> IndexReport:
        """The counts so far."""
        return replace(self._report, seconds=self._clock() - self._begin)

    def count(
        self, *, scanned: int = 0, encoded: int = 0, reused: int = 0, failed: int = 0, forgotten: int = 0
    ) -> None:
        """Adds to the counts."""
        old = self._report
        self._report = replace(
            old,
            scanned=old.scanned + scanned,
            encoded=old.encoded + encoded,
            reused=old.reused + reused,
            failed=old.failed + failed,
            forgotten=old.forgotten + forgotten,
        )

    def offline(self, roots: Iterable[Path]) -> None:
        """Notes roots that could not be read."""
        known = dict.fromkeys((*self._report.offline, *roots))
        self._report = replace(self._report, offline=tuple(known))

    def enter(self, phase: Phase, to_do: int = 0) -> IndexProgress:
        """Begins a phase of ``to_do`` files, and tells it at once."""
        self._phase = phase
        self._to_do, self._did = to_do, 0
        self._marks.clear()
        self._mark()
        return self._tell()

    def did(self, files: int = 1) -> None:
        """Notes that so many of the files to do are done with."""
        self._did += files

    def stored(self, photo_ids: Iterable[int]) -> None:
        """Notes photos that are in the catalogue now."""
        self._stored.extend(photo_ids)

    def due(self) -> IndexProgress | None:
        """A progress when the last one is a while ago."""
        return self._tell() if self._clock() - self._told >= _EVERY_S else None

    def _mark(self) -> None:
        now = self._clock()
        self._marks.append((now, self._did, self._report.encoded))
        while len(self._marks) > 2 and now - self._marks[0][0] > _WINDOW_S:
            self._marks.popleft()

    def _rates(self) -> tuple[float, float]:
        """Files done with, and photos encoded, a second over the last seconds; zeros when too few have passed."""
        begin, did, encoded = self._marks[0]
        passed = self._marks[-1][0] - begin
        if passed < _SURE_S:
            return 0.0, 0.0
        return (self._did - did) / passed, (self._report.encoded - encoded) / passed

    def _tell(self) -> IndexProgress:
        self._told = self._clock()
        self._mark()
        pace, rate = self._rates()
        report = self.report
        stored, self._stored = tuple(self._stored), []
        return IndexProgress(
            phase=self._phase,
            done=report.encoded + report.reused + report.failed,
            total=report.scanned,
            report=report,
            rate=rate,
            seconds_left=(self._to_do - self._did) / pace if pace > 0 else None,
            stored=stored,
        )
