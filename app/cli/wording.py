"""How names, counts and times are written for people."""

from __future__ import annotations

import unicodedata
from pathlib import Path

JOINERS = "\u200c\u200d"
"""Invisible, but part of words in some scripts and of emoji families: kept."""

HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Unicode categories that a terminal obeys or hides: controls, bidirectional and other format marks, separators."""


def visible(text: str) -> str:
    r"""The text on one line, with nothing in it that a terminal would obey.

    A file name may hold an escape sequence, a line break or a mark that turns the reading direction round: each is
    written as an escape (``\x1b``, ``\u202e``). A byte that is no UTF-8 (PEP 383) is written as ``\xff``.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escape(character) if _is_hidden(character) else character for character in text)


def _is_hidden(character: str) -> bool:
    return unicodedata.category(character) in HIDDEN and character not in JOINERS


def _escape(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def columns(text: str) -> int:
    """How many columns a terminal needs for the text: wide characters take two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(_columns_of(character) for character in text)


def _columns_of(character: str) -> int:
    if unicodedata.combining(character) or character in JOINERS or "\ufe00" <= character <= "\ufe0f":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """``1 photo``, ``1,234 photos``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def percent(fraction: float) -> str:
    """A fraction of 1 as people read it. 99.6 % is not 100 %: only what is certain is."""
    if 0.99 < fraction < 1:
        return "99 %"
    return f"{fraction * 100:.0f} %"


def duration(seconds: float) -> str:
    """``0.03 s``, ``12 s``, ``3 min 20 s``, ``2 h 5 min``: no finer than a person wants to know."""
    if seconds < 1:
        return f"{seconds:.2f} s"
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    minutes = round(whole / 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"


def size(count: int) -> str:
    """A number of bytes: ``980 B``, ``12 kB``, ``3.4 MB``, ``1.2 GB`` (powers of 1000, as disks are sold)."""
    if count < 1000:
        return f"{count} B"
    if count < 1_000_000:
        return f"{count / 1000:.0f} kB"
    unit, name = (1e6, "MB") if count < 1e9 else (1e9, "GB")
    return f"{count / unit:.1f} {name}"


def beside_root(path: Path, roots: list[Path]) -> str:
    """The path as it is shown in a list: relative to its root, with the root's name before it if there are several."""
    for root in sorted(roots, key=lambda root: len(root.parts), reverse=True):
        if path.is_relative_to(root):
            inside = path.relative_to(root)
            return str(inside) if len(roots) == 1 else str(Path(root.name or root.anchor) / inside)
    return str(path)
