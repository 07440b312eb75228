"""The two streams: results for people or one JSON document on stdout, errors and progress on stderr."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from app.cli.wording import columns, visible
from core.errors import RetrouveError


class OutputError(RetrouveError):
    """What should be printed cannot be: the disk behind a redirection is full, say."""


class ReaderGone(Exception):
    """Whoever read our output has seen enough (``| head``). No fault of anybody."""


class Console:
    """Writes for people, or for programs with ``as_json``. ``quiet`` leaves out all but results and errors.

    In JSON mode exactly one document goes to stdout: the result, or ``{"error": sentence}``. It is ASCII, so that no
    terminal encoding can harm it: characters beyond are ``\\u`` escapes. A byte of a file name that is no UTF-8
    becomes one of ``\\udc80`` to ``\\udcff`` (PEP 383), from which Python's ``os.fsencode`` makes the exact name again.
    """

    def __init__(
        self, *, as_json: bool = False, quiet: bool = False, out: TextIO | None = None, err: TextIO | None = None
    ) -> None:
        self.as_json = as_json
        self.quiet = quiet
        self._out = out if out is not None else sys.stdout
        self._err = err if err is not None else sys.stderr
        for stream in (self._out, self._err):
            if stream is not None and hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="backslashreplace")

    @property
    def on_terminal(self) -> bool:
        """Whether a person is looking at stdout: tables for them, plain lines for a pipe."""
        return _is_terminal(self._out)

    @property
    def errors_on_terminal(self) -> bool:
        """Whether a person is looking at stderr: a bar that moves for them, a line now and then for a log."""
        return _is_terminal(self._err)

    def line(self, text: str = "") -> None:
        """One line of a result. What could steer the terminal is made visible."""
        if not self.as_json:
            self._write(visible(text) + "\n")

    def text(self, block: str) -> None:
        """Text of our own, several lines long: help and the like. Nothing in it is escaped."""
        self._write(block.rstrip("\n") + "\n")

    def say(self, sentence: str) -> None:
        """A remark beside the result; left out when quiet."""
        if not self.quiet:
            self.line(sentence)

    def table(self, rows: Sequence[Sequence[str]], *, right: Sequence[int] = (), head: Sequence[str] = ()) -> None:
        """Rows in columns on a terminal, with tabs between in a pipe (and no head). ``right`` columns are numbers."""
        if self.as_json:
            return
        shown = [[visible(cell) for cell in row] for row in rows]
        if not self.on_terminal:
            for row in shown:
                self._write("\t".join(row) + "\n")
            return
        whole = [list(head), *shown] if head else shown
        widths = [max(columns(row[index]) for row in whole) for index in range(len(whole[0]))] if whole else []
        for row in whole:
            cells = [_pad(cell, widths[index], index in right) for index, cell in enumerate(row)]
            self._write("  ".join(cells).rstrip() + "\n")

    def document(self, content: Mapping[str, Any]) -> None:
        """The one JSON document; nothing when people read. Paths become text, NaN is refused."""
        if self.as_json:
            self._write(json.dumps(content, default=_plain, allow_nan=False) + "\n")

    def fail(self, sentence: str, **more: Any) -> None:
        """The sentence that ends a call: on stderr for people, as ``error`` of the document for programs."""
        if self.as_json:
            self.document({"error": sentence, **more})
        else:
            self.remark(f"retrouve: {sentence}")

    def remark(self, text: str) -> None:
        """One line on stderr. A stderr that is gone loses it, and that is all."""
        self.show(visible(text) + "\n")

    def show(self, text: str) -> None:
        """Raw text on stderr: the progress bar draws itself with it."""
        if self._err is None:
            return
        with contextlib.suppress(OSError, ValueError):
            self._err.write(text)
            self._err.flush()

    def flush(self) -> None:
        """Hand over what is buffered, so that a fault shows itself here and not while Python ends."""
        self._write("", flush=True)

    def abandon(self) -> None:
        """Point stdout at nothing, so that Python does not complain at its end about a reader that left."""
        with contextlib.suppress(OSError, ValueError, AttributeError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._out.fileno())
            os.close(nowhere)

    def data(self, piece: bytes) -> None:
        """A piece of a file that goes to stdout, byte for byte. Text must not be written before it."""
        if self._out is None:
            return
        with self._told():
            if hasattr(self._out, "buffer"):
                self._out.buffer.write(piece)
            else:
                self._out.write(piece.decode("utf-8", "surrogateescape"))

    def _write(self, text: str, *, flush: bool = False) -> None:
        if self._out is None:  # a windowed program has no streams
            return
        with self._told():
            self._out.write(text)
            if flush:
                self._out.flush()

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Tell a reader that left from a stdout that cannot be written."""
        try:
            yield
        except BrokenPipeError as error:
            raise ReaderGone from error
        except OSError as error:
            if error.errno == errno.EINVAL and sys.platform == "win32":  # how Windows says that a pipe broke
                raise ReaderGone from error
            raise OutputError(f"The output could not be written: {error.strerror or error}.") from error


def _plain(value: object) -> object:
    """What JSON has no form for: paths as text, enumerations and tuples are handled by json itself."""
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def _pad(cell: str, width: int, right: bool) -> str:
    gap = " " * (width - columns(cell))
    return gap + cell if right else cell + gap


def _is_terminal(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # closed
        return False
