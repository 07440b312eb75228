"""The text of a file, whatever program wrote it: which encoding it has, and whether it is text at all."""

from __future__ import annotations

import codecs
import re
from collections import Counter
from pathlib import Path

from core.errors import CallError, LabelFileError

LARGEST = 64 << 20
"""Bytes of a file. A hundred thousand labels, each with prompts of its own, take a quarter of it."""

_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f]")
_LINE_END = re.compile("\r\n|[\n\r\v\f\x85\u2028\u2029]")


def text_of(path: Path) -> str:
    """A file's text with ``\\n`` at the ends of its lines.

    UTF-8, UTF-16 and UTF-32, with a byte order mark or without one, and Windows-1252, which every text is that is none
    of these. Raises `LabelFileError` where it cannot be read, `CallError` for a folder and where it is no text.
    """
    try:
        if path.is_dir():
            raise CallError(f"{path} is a folder, not a file with a label list.")
        if not path.is_file() and path.exists():
            raise LabelFileError(f"{path} is no file that a label list can be read from.")
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except FileNotFoundError as error:
        raise LabelFileError(f"There is no file {path}.") from error
    except PermissionError as error:
        raise LabelFileError(f"{path} cannot be read: you have no permission.") from error
    except OSError as error:
        raise LabelFileError(f"{path} cannot be read: {error.strerror or error}.") from error
    if len(data) > LARGEST:
        raise CallError(f"{path} is too large for a label list: it can have {LARGEST >> 20} MB.")
    text = _decoded(data)
    if text is None or _CONTROLS.search(text):
        raise CallError(f"{path} is no text, and so no label list: those are TOML, CSV or text files.")
    return _LINE_END.sub("\n", text)


def _decoded(data: bytes) -> str | None:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return _as(data, encoding)
    encodings = ["utf-8", "cp1252"]
    if b"\0" in data:
        # ASCII in UTF-16 has a NUL in every other byte, behind each letter or before it; another script has a byte of
        # its own there. A NUL that merely got into a text makes it none.
        ends = data[1::2].count(0) >= data[::2].count(0)
        encodings = ["utf-16-le" if ends else "utf-16-be"] if _is_high(data[1::2] if ends else data[::2]) else []
    return next((text for text in (_as(data, encoding) for encoding in encodings) if text is not None), None)


def _is_high(half: bytes) -> bool:
    """Whether every other byte of a text may be the higher half of its letters: of one script, with spaces between."""
    scripts = Counter(half)
    nuls = scripts.pop(0, 0)
    script = max(scripts.values(), default=0)
    return nuls == len(half) or (len(half) > 4 and nuls + script >= 0.8 * len(half))


def _as(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None
