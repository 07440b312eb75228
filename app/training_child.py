"""A training process, as the window and the command line see it: started, read line by line, ended.

``app`` never imports ``training``: a run is a process of its own, which may take its memory along when it ends, and
whose end harms nobody.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from core.errors import RetrouveError, TrainingError

_ROOT = Path(__file__).resolve().parents[1]
_PATIENCE_S = 10.0
_LAST_WORDS = 2_000


@dataclass(frozen=True, slots=True)
class Step:
    """How far a run is: ``done`` of ``total`` (0: unknown) of what goes on. ``more`` is what else it tells."""

    what: str
    done: int
    total: int
    more: dict[str, Any] = field(default_factory=dict)


class TrainingFailed(RetrouveError):
    """A run ended with a fault that it told; its exit code is that fault's."""

    def __init__(self, sentence: str, code: int) -> None:
        super().__init__(sentence)
        self.exit_code = code


class TrainingChild:
    """A process that runs ``python -m training.MODE``. A context manager: leaving it ends the process.

    ``steps`` is to be read to its end; then ``result`` is there.
    """

    def __init__(self, mode: str, library: Path, arguments: Sequence[str] = ()) -> None:
        self.result: dict[str, Any] = {}
        """The document that the run ended with."""
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by __exit__
        paths = [str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        self._process = subprocess.Popen(
            self._command(mode, library, arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            # A Ctrl-C reaches the whole group of a terminal; whoever started the run decides when it ends.
            start_new_session=True,
        )

    def _command(self, mode: str, library: Path, arguments: Sequence[str]) -> list[str]:
        return [sys.executable, "-m", f"training.{mode}", "--library", str(library), *arguments]

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def steps(self) -> Iterator[Step]:
        """How far the run is, as it goes on. Raises `TrainingFailed` with what it says of a fault, `TrainingError`
        where it ends without a word."""
        assert self._process.stdout is not None
        for raw in self._process.stdout:
            try:
                line = json.loads(raw)
            except ValueError:
                continue  # a library that prints
            if not isinstance(line, dict):
                continue
            if line.get("event") == "progress":
                more = {key: value for key, value in line.items() if key not in ("event", "what", "done", "total")}
                yield Step(str(line.get("what", "")), int(line.get("done", 0)), int(line.get("total", 0)), more)
            elif line.get("event") == "error":
                raise TrainingFailed(str(line.get("sentence", "")), int(line.get("code", 3)))
            elif line.get("event") == "result":
                self.result = dict(line.get("result") or {})
        code = self._process.wait()
        if not self.result:
            raise TrainingError(f"The training process ended with code {code} and no result. {self._last_words()}")

    def cancel(self) -> None:
        """Ask the process to end, as Ctrl-C does: what it wants to keep, it writes first."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT if sys.platform != "win32" else signal.SIGTERM)

    def kill(self) -> None:
        """End the process at once: what it has not written is lost."""
        self._process.kill()

    def _last_words(self) -> str:
        self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, self._errors.tell() - _LAST_WORDS))
        lines = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        return f"It said: {lines[-1]}" if lines else ""

    def __enter__(self) -> TrainingChild:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cancel()
        try:
            self._process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._errors.close()
