"""Runs of training: a folder each under ``<library>/runs``, with what was asked, seen, measured and learned.

``config.json``    kind, model, options, when it was made
``data.json``      the report on captions and tags: which names, how many photos, what was left out and why
``result.json``    ``installed, why, before, after`` and what else was measured
``curves.jsonl``   what was tried on the way, an object a line, and ``curves.svg``, its picture
``examples.json``  queries that got better and worse
``adapter.npz``    the vectors of the names, for who wants to look at them; the catalogue has its own copy

A run is written aside and gets its name when it is whole, so that a killed one leaves nothing that looks like a run.
While it goes on it holds a lock, which dies with its process: what another run may clear away, or go on with, is dead.
"""

from __future__ import annotations

import json
import re
import secrets
import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.catalog.lock import FileLock
from core.copying import refused
from core.errors import CallError, CatalogReadOnly, LibraryBusy, TrainingError

FOLDER = "runs"
CONFIG, DATA, RESULT, EXAMPLES, CURVES = "config.json", "data.json", "result.json", "examples.json", "curves.jsonl"
VECTORS, CHECKPOINT, PICTURE = "adapter.npz", "checkpoint.pt", "curves.svg"
_DRAFT = ".draft-"
_LOCK = "run.lock"
_NAME = re.compile(r"[a-z]+-\d{8}-\d{6}(-\d+)?")


@dataclass(frozen=True, slots=True)
class Run:
    """A run that came to its end."""

    name: str
    folder: Path
    kind: str
    model: str
    made: str
    """UTC, ISO 8601."""
    installed: bool
    why: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]


class Runs:
    """The runs of one library."""

    def __init__(self, library: Path) -> None:
        self.folder = library / FOLDER

    def all(self) -> list[Run]:
        """Every run that can be read, the oldest first."""
        found = []
        for folder in sorted(self.folder.glob("*")) if self.folder.is_dir() else ():
            if _NAME.fullmatch(folder.name) and (folder / RESULT).is_file():
                with suppress(TrainingError):
                    found.append(_read(folder))
        return sorted(found, key=lambda run: (run.made, run.name))

    def find(self, name: str, *, finished: bool = True) -> Run:
        """A run by its name. Raises `CallError` where there is none, `TrainingError` where its files are broken."""
        return _read(self._folder_of(name, finished))

    def _folder_of(self, name: str, finished: bool) -> Path:
        folder = self.folder / name
        if not _NAME.fullmatch(name) or not (folder / (RESULT if finished else CONFIG)).is_file():
            raise CallError(f"There is no run “{name}”. `retrouve runs list` lists them.")
        return folder

    def details(self, name: str) -> dict[str, Any]:
        """All that a run wrote down, file by file; one that it has not is left out."""
        folder = self.find(name).folder
        files = (CONFIG, DATA, RESULT, EXAMPLES)
        return {file.removesuffix(".json"): read_json(folder / file) for file in files if (folder / file).is_file()}

    def curves(self, name: str) -> list[dict[str, Any]]:
        """What a run wrote down on its way, in its order; a broken line (of a full disk) is left out."""
        return _curves(self.find(name).folder)

    def remove(self, name: str) -> None:
        """Remove a run's folder, of a long one also where it is not finished, and of one that cannot be read; by its
        kind what was stopped of that (`stopped`). What it installed stays: see `core.adapters`. Raises `CallError`,
        also for one that goes on; `ExportError`."""
        if any(kind == name for kind, _ in self.stopped()):
            self._give_up(name)
            return
        folder = self._folder_of(name, finished=False)
        if is_going_on(folder):
            raise CallError(f"{name} is going on: end it before, with Ctrl-C where it runs.")
        try:
            shutil.rmtree(folder)
        except OSError as error:
            raise refused(error, folder) from error

    def _give_up(self, kind: str) -> None:
        try:
            lock = self._lock(kind)
        except LibraryBusy as error:
            raise CallError(
                f"A run of `train {kind}` is going on: end it before, with Ctrl-C where it runs."
            ) from error
        try:
            for folder in self._stopped(kind):
                shutil.rmtree(folder)
        except OSError as error:
            raise refused(error, self.folder) from error
        finally:
            lock.__exit__(None, None, None)

    def begin(self, kind: str) -> Draft:
        """A folder for a new run. Drafts that a killed run of this kind left are cleared away, but for one with a saved
        step: that is hours of somebody's work. Raises `CallError` where there is such a one, `LibraryBusy` where one of
        this kind is going on, and `ExportError`."""
        lock = self._lock(kind)
        if self._stopped(kind):
            lock.__exit__(None, None, None)
            raise CallError(
                f"A run of `train {kind}` was stopped behind a saved step. `retrouve train {kind} --resume` goes on "
                f"with it; `retrouve runs remove {kind}` gives it up, and a new one can begin."
            )
        try:
            for left in self.folder.glob(f"{_DRAFT}{kind}-*"):
                shutil.rmtree(left, ignore_errors=True)
            draft = self.folder / f"{_DRAFT}{kind}-{secrets.token_hex(4)}"
            draft.mkdir()
        except OSError as error:
            lock.__exit__(None, None, None)
            raise refused(error, self.folder) from error
        return Draft(self.folder, draft, kind, lock)

    def _lock(self, kind: str) -> FileLock:
        """Held from here on."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise refused(error, self.folder) from error
        busy = f"`train {kind}` is going on in this library already{{holder}}. Wait until it is done, or end it there."
        return FileLock(self.folder / f".{kind}.lock", busy).__enter__()

    def begin_long(self, kind: str) -> Path:
        """A folder for a run of hours, which has its name from the start: what is killed goes on there. It counts as a
        run when its result is written, last of all. Raises `ExportError`."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            folder = self.folder / _free_name(self.folder, kind)
            folder.mkdir()
        except OSError as error:
            raise refused(error, self.folder) from error
        return folder

    def unfinished(self, kind: str) -> list[Path]:
        """The folders of long runs that have no result yet, the oldest first."""
        found = self.folder.glob(f"{kind}-*") if self.folder.is_dir() else ()
        named = [one for one in found if _NAME.fullmatch(one.name) and (one / CONFIG).is_file()]
        return sorted((one for one in named if not (one / RESULT).is_file()), key=lambda one: one.name)

    def resume(self, kind: str) -> Draft:
        """The run of this kind that was stopped last behind a saved step. Raises `CallError` where none was, and
        `LibraryBusy` where one is going on."""
        lock = self._lock(kind)
        drafts = self._stopped(kind)
        if not drafts:
            lock.__exit__(None, None, None)
            raise CallError(f"No run of `train {kind}` was stopped on the way: there is nothing to resume.")
        return Draft(self.folder, max(drafts, key=lambda one: (one / CHECKPOINT).stat().st_mtime), kind, lock)

    def stopped(self) -> list[tuple[str, bool]]:
        """The kinds of runs that `resume` could go on with, and whether such a one is going on at this moment."""
        kinds = sorted({folder.name.removeprefix(_DRAFT).rpartition("-")[0] for folder in self._stopped("*")})
        return [(kind, _is_locked(self.folder / f".{kind}.lock")) for kind in kinds]

    def _stopped(self, kind: str) -> list[Path]:
        return [one for one in self.folder.glob(f"{_DRAFT}{kind}-*") if (one / CHECKPOINT).is_file()]


def hold(folder: Path) -> FileLock:
    """The lock of a long run, to be held as long as it goes on. Entering raises `LibraryBusy` where it does already."""
    return FileLock(folder / _LOCK, f"The run {folder.name} is going on already{{holder}}.")


def is_going_on(folder: Path) -> bool:
    """Whether a process is busy with a long run."""
    return _is_locked(folder / _LOCK)


def _is_locked(path: Path) -> bool:
    if not path.is_file():
        return False
    try:
        with FileLock(path, ""):
            return False
    except LibraryBusy:
        return True
    except CatalogReadOnly:
        return False  # who may not write here trains nothing here


def _free_name(folder: Path, kind: str) -> str:
    base = f"{kind}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    name, number = base, 2
    while (folder / name).exists():
        name, number = f"{base}-{number}", number + 1
    return name


class Draft:
    """A run that is going on, until it is finished, dropped or released."""

    def __init__(self, runs: Path, folder: Path, kind: str, lock: FileLock) -> None:
        self._runs = runs
        self._lock = lock
        self.folder = folder
        self.kind = kind
        self.name = _free_name(runs, kind)

    def write(self, file: str, content: Mapping[str, Any]) -> None:
        """Write one of the run's JSON files. Raises `ExportError`."""
        self._put(file, json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False, default=str) + "\n")

    def write_lines(self, file: str, lines: Iterable[Mapping[str, Any]]) -> None:
        """Write JSON lines. Raises `ExportError`."""
        self._put(file, "".join(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n" for line in lines))

    def write_text(self, file: str, text: str) -> None:
        """Write a text, such as a picture in SVG. Raises `ExportError`."""
        self._put(file, text)

    def write_arrays(self, file: str, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Write arrays, without pickles. Raises `ExportError`."""
        try:
            np.savez(self.folder / file, allow_pickle=False, **arrays)
        except OSError as error:
            raise refused(error, self.folder / file) from error

    def _put(self, file: str, text: str) -> None:
        try:
            (self.folder / file).write_text(text, encoding="utf-8", errors="surrogateescape")
        except OSError as error:
            raise refused(error, self.folder / file) from error

    def curves(self) -> list[dict[str, Any]]:
        """What was written down so far, as `Runs.curves` has it."""
        return _curves(self.folder)

    def finish(self) -> Path:
        """Give it its name; the folder. Raises `ExportError`."""
        try:
            self.folder = self.folder.rename(self._runs / self.name)
        except OSError as error:
            raise refused(error, self._runs / self.name) from error
        self.release()
        return self.folder

    def drop(self) -> None:
        """Take it away, unless it is finished."""
        if self.folder.name.startswith(_DRAFT):
            shutil.rmtree(self.folder, ignore_errors=True)
        self.release()

    def release(self) -> None:
        """Leave it as it is, to whoever goes on with it."""
        self._lock.__exit__(None, None, None)


def _curves(folder: Path) -> list[dict[str, Any]]:
    path, found = folder / CURVES, []
    if path.is_file():
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            with suppress(ValueError):
                found.append(json.loads(line))
    return [one for one in found if isinstance(one, dict)]


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object of a run's folder. Raises `TrainingError` where it cannot be read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8", errors="surrogateescape"))
    except (OSError, ValueError) as error:
        raise TrainingError(
            f"The run's file {path} cannot be read: {error}. `retrouve runs remove` takes it away."
        ) from error
    if not isinstance(found, dict):
        raise TrainingError(f"The run's file {path} does not hold what it should.")
    return found


def _read(folder: Path) -> Run:
    config = read_json(folder / CONFIG)
    finished = (folder / RESULT).is_file()
    result: dict[str, Any] = read_json(folder / RESULT) if finished else {"why": "It is not finished."}
    return Run(
        folder.name,
        folder,
        str(config.get("kind", "")),
        str(config.get("model", "")),
        str(config.get("made", "")),
        result.get("installed") is True,
        str(result.get("why", "")),
        result.get("before") or {},
        result.get("after") or {},
    )
