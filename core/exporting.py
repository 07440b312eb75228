"""Takes what a search found out of the library: as a list of paths, a table, JSON, or copies in a folder.

Nothing is ever written over a photo. A file appears whole or not at all; copies appear one by one, each whole.
"""

from __future__ import annotations

import csv
import io
import json
import os
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from core.catalog import photos
from core.catalog.connection import Catalog
from core.catalog.nesting import absolute, inner_path
from core.copying import Copier, Unfinished, is_device, refused
from core.errors import CallError, TargetTaken
from core.photos.suffixes import is_photo_name
from core.types import Hit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from core.library import Library

_AT_ONCE = 500
"""Photos that are looked up in one go."""
_EVERY = 0.1
"""Seconds between two tellings of progress."""


class Format(StrEnum):
    """What an export consists of."""

    PATHS = "paths"
    """One path a line, in the bytes of the file system."""
    CSV = "csv"
    """A table for a spreadsheet: UTF-8, with the mark at its beginning that spreadsheets know it by."""
    JSON = "json"
    """``{"hits": [...]}``, each as `retrouve search --json` has it."""
    COPIES = "copies"
    """The photos themselves, copied into a folder."""


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What an export did. ``target`` is the file, or the folder of copies."""

    target: Path
    written: int = 0
    """Photos listed, or copied."""
    renamed: int = 0
    """Copies that got another name, since theirs was taken."""
    present: int = 0
    """Photos that were not copied since the folder has them already."""
    failed: tuple[tuple[Path, str], ...] = ()
    """Photos that could not be copied, and why."""


@dataclass(frozen=True, slots=True)
class ExportProgress:
    """How far an export is. The last one has ``finished``, unless it was cancelled."""

    done: int
    total: int
    report: ExportReport
    finished: bool = False


class Exporter:
    """Exports from one library. May be called from any thread."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def export(
        self,
        hits: Iterable[Hit],
        format: Format,
        target: Path,
        *,
        total: int,
        overwrite: bool = False,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Generator[ExportProgress, None, None]:
        """Write ``total`` hits to a file, or copy them into a folder, which is made where it is not there.

        A generator of progress that may be closed at any point: a file that is not finished is taken away again, copies
        that were made stay. A copy keeps its photo's name, or gets `` (2)`` behind it where that is taken by something
        else; what is there already is not copied again. One photo that cannot be copied never ends the export.

        Raises `CallError` for a target that is, or could be, a photo, that is there already (without ``overwrite``), or
        that lies among the library's own files; `ExportError` for what the disk refuses.
        """
        target = absolute(target)
        self._refuse(target, format, overwrite)
        if format is Format.COPIES:
            yield from _copies(hits, target, total, cancelled)
        else:
            yield from _file(hits, format, target, total, overwrite, cancelled)

    def _refuse(self, target: Path, format: Format, overwrite: bool) -> None:
        """Raise CallError for a target that must not be written."""
        if inner_path(target, self._catalog.path.parent) is not None:
            raise CallError(f"{target} lies where Retrouve keeps its own library. Choose another place.")
        if format is Format.COPIES:
            if os.path.lexists(target) and not target.is_dir():
                raise CallError(f"{target} is a file. Name the folder that the copies go to.")
            return
        if target.is_dir():
            raise CallError(f"{target} is a folder. Name the file to write, for example {target / f'found.{format}'}.")
        real = Path(os.path.realpath(target))
        if any(is_photo_name(path.name) for path in (target, real)) or self._is_original(real):
            raise CallError(f"{target} is a photo, or has the name of one. Choose another name for the list.")
        if os.path.lexists(target) and not overwrite and not is_device(target):
            raise TargetTaken(f"{target} is there already. Choose another name, or say that it may be overwritten.")

    def _is_original(self, path: Path) -> bool:
        with self._catalog.read() as db:
            return photos.by_path(db, path) is not None


def hits_of(library: Library, ids: Sequence[int] | NDArray[np.int64], query: str) -> Iterator[Hit]:
    """The photos with these ids as hits of a query that is made of filters alone: each is certain."""
    from core.search import filters, grammar

    reasons = filters.reasons(grammar.parse(query))
    for start in range(0, len(ids), _AT_ONCE):
        for photo in library.photos([int(id) for id in ids[start : start + _AT_ONCE]]):
            yield Hit(photo.id, photo.content_id, photo.content_hash, photo.path, 0.0, 1.0, True, reasons)


def written(hits: Iterable[Hit], format: Format) -> Iterator[str]:
    """The text of a list, piece by piece; the bytes of names that are no UTF-8 are surrogates (PEP 383).

    Raises `CallError` for a name that a list of paths cannot hold.
    """
    if format is Format.PATHS:
        yield from (_line(hit.path) for hit in hits)
    elif format is Format.CSV:
        yield from _table(hits)
    elif format is Format.JSON:
        before = '{"hits": ['
        for hit in hits:
            yield before + "\n" + json.dumps(as_document(hit), allow_nan=False)
            before = ","
        yield "\n]}\n" if before == "," else '{"hits": []}\n'
    else:
        raise ValueError(f"{format} is no list")


def as_bytes(text: str) -> bytes:
    """Text of a list in UTF-8; a byte of a name that is none stays that byte."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # Windows has names with halves of characters.
        return text.encode("utf-8", "surrogatepass")


def as_document(hit: Hit) -> dict[str, object]:
    """A hit as JSON has it, here and in `retrouve search --json`."""
    return {
        "path": str(hit.path),
        "score": hit.score,
        "match": hit.match,
        "strong": hit.strong,
        "reasons": list(hit.reasons),
        "copies": [str(path) for path in hit.copies],
    }


def _line(path: Path) -> str:
    text = str(path)
    if "\n" in text or "\r" in text:
        raise CallError(
            f"{text!r} has a line break in its name, which a list of paths cannot hold. Choose csv or json."
        )
    return f"{text}\n"


def _table(hits: Iterable[Hit]) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(("path", "match", "good match", "score", "reasons", "copies"))
    for hit in hits:
        good = "yes" if hit.strong else "no"
        reasons, copies = "; ".join(hit.reasons), "\n".join(map(str, hit.copies))
        writer.writerow((str(hit.path), f"{hit.match:.4f}", good, f"{hit.score:.4f}", reasons, copies))
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()


class _Pace:
    """Lets progress through about ten times a second."""

    def __init__(self) -> None:
        self._last = 0.0

    def due(self) -> bool:
        """Whether it is time to tell."""
        now = time.monotonic()
        if now - self._last < _EVERY:
            return False
        self._last = now
        return True


def _file(
    hits: Iterable[Hit], format: Format, target: Path, total: int, overwrite: bool, cancelled: Callable[[], bool]
) -> Generator[ExportProgress, None, None]:
    done, pace = 0, _Pace()

    def counted() -> Iterator[Hit]:
        nonlocal done
        for hit in hits:
            done += 1
            yield hit

    try:
        with Unfinished(target, overwrite=overwrite) as file:
            file.write(b"\xef\xbb\xbf" if format is Format.CSV else b"")
            for piece in written(counted(), format):
                file.write(as_bytes(piece))
                if cancelled():
                    return
                if pace.due():
                    yield ExportProgress(done, total, ExportReport(target, written=done))
            file.finish()
    except OSError as error:
        raise refused(error, target) from error
    yield ExportProgress(done, total, ExportReport(target, written=done), finished=True)


def _copies(
    hits: Iterable[Hit], folder: Path, total: int, cancelled: Callable[[], bool]
) -> Generator[ExportProgress, None, None]:
    made = renamed = present = done = 0
    failed: list[tuple[Path, str]] = []
    pace = _Pace()

    def report() -> ExportReport:
        return ExportReport(folder, made, renamed, present, tuple(failed))

    try:
        folder.mkdir(parents=True, exist_ok=True)
        copier = Copier(folder, cancelled)
        for hit in hits:
            if pace.due():
                yield ExportProgress(done, total, report())
            copied = None if cancelled() else copier.copy(hit.path)
            if copied is None:
                yield ExportProgress(done, total, report())
                return
            made, renamed, done = made + copied.made, renamed + copied.renamed, done + 1
            if copied.why:
                failed.append((hit.path, copied.why))
            elif not copied.made:
                present += 1
    except OSError as error:
        raise refused(error, folder) from error
    yield ExportProgress(done, total, report(), finished=True)
