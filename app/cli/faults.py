"""Faults that carry no sentence of ours: the log file that keeps them, and the sentence that names it."""

from __future__ import annotations

import errno
import logging
import tempfile
import traceback
from pathlib import Path

LARGEST = 1_000_000
"""Bytes after which the log is begun anew; the one before is kept as ``retrouve.log.1``."""


class LibraryLog(logging.Handler):
    """Writes warnings and faults to ``logs/retrouve.log`` in the library; nothing is made before there is one.

    Where the library cannot be written (or is None, or is not there: a log must not make one) the file goes to the
    folder for temporary files. ``path`` is the file that was written last, None before.
    """

    def __init__(self, library: Path | None) -> None:
        super().__init__(logging.WARNING)
        self._library = library
        self.path: Path | None = None
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """Append the record. A log that cannot be written loses it: there is nobody left to tell."""
        folders = [Path(tempfile.gettempdir())]
        if self._library is not None and self._library.is_dir():
            folders.insert(0, self._library / "logs")
        for folder in folders:
            try:
                self.path = _append(folder, self.format(record))
            except OSError:
                continue
            return


def _append(folder: Path, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "retrouve.log"
    if path.exists() and path.stat().st_size > LARGEST:
        path.replace(path.with_name("retrouve.log.1"))
    with path.open("a", encoding="utf-8", errors="backslashreplace") as file:
        file.write(text + "\n")
    return path


def own_fault(error: BaseException, log: LibraryLog) -> str:
    """Keep the traceback of a fault of ours, and say where."""
    trace = "".join(traceback.format_exception(error))
    log.handle(
        logging.LogRecord("app.cli", logging.ERROR, __file__, 0, "a fault of Retrouve's own\n%s", (trace,), None)
    )
    kind = traceback.format_exception_only(error)[-1].strip()
    if log.path is None:
        return f"Something went wrong inside Retrouve ({kind}), and no log could be written."
    return f"Something went wrong inside Retrouve ({kind}). Nothing stored is lost; the details are in {log.path}."


def worldly_fault(error: OSError | MemoryError) -> str:
    """The sentence for a fault of the machine that reached us as the system reported it."""
    if isinstance(error, MemoryError):
        return "The machine has no memory left. Close something else and try again: it goes on where it was."
    where = f"{error.filename}: " if error.filename else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{where}The disk is full. What was stored before is safe; make room and try again."
    return f"{where}{error.strerror or error}."
