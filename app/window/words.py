"""Numbers, dates and sizes as people say them."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QDate, QLocale, QTime

from core.types import PhotoMetadata, TakenSource


def count_of(count: int, thing: str) -> str:
    """``1 photo``, ``1,204 photos``."""
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"


_TURNING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\x00-\x1f\x7f-\x9f\u2028\u2029]")
"""Marks that turn the reading direction, and controls: they would make a name look like another."""


def isolated(name: str) -> str:
    r"""A name with nothing in it that turns the letters about it round: such a mark is written out, as ``\u202e``.

    A name in Arabic or Hebrew needs none, and is drawn from the right as it is. The command line writes them so too.
    """
    return _TURNING.sub(lambda mark: f"\\u{ord(mark[0]):04x}", name)


def time_left(seconds: float) -> str:
    """A time as one would say it: never more exact than it is known."""
    if seconds < 10:
        return "a few seconds left"
    if seconds < 50:
        return f"about {round(seconds / 10) * 10} seconds left"
    minutes = round(seconds / 60)
    if minutes < 60:
        return "about a minute left" if minutes <= 1 else f"about {minutes} minutes left"
    hours = seconds / 3600
    return "about an hour left" if hours < 1.5 else f"about {round(hours)} hours left"


def date_taken(metadata: PhotoMetadata) -> str:
    """When a photo was taken, in the system's way of writing dates; says so when it is only the file's date."""
    if not metadata.taken:
        return ""
    try:
        taken = datetime.fromisoformat(metadata.taken)
    except ValueError:
        return metadata.taken
    words = QLocale().toString(QDate(taken.year, taken.month, taken.day), QLocale.FormatType.LongFormat)
    if metadata.taken_source == TakenSource.FILE:
        return f"{words} (date of the file)"
    if taken.hour or taken.minute:
        words += ", " + QLocale().toString(QTime(taken.hour, taken.minute), QLocale.FormatType.ShortFormat)
    return words


def file_size(size: int) -> str:
    """``640 kB``, ``4.2 MB``: powers of 1000, as in the terminal and as disks are sold."""
    return QLocale().formattedDataSize(size, 1, QLocale.DataSizeFormat.DataSizeSIFormat)


def exposure(metadata: PhotoMetadata) -> str:
    """``35 mm  f/2.8  1/250 s  ISO 200``, as far as it is known."""
    parts = []
    if metadata.focal_length:
        parts.append(f"{metadata.focal_length:g} mm")
    if metadata.aperture:
        parts.append(f"f/{metadata.aperture:g}")
    if metadata.exposure:
        long = metadata.exposure >= 0.4
        parts.append(f"{metadata.exposure:g} s" if long else f"1/{round(1 / metadata.exposure)} s")
    if metadata.iso:
        parts.append(f"ISO {metadata.iso}")
    return "  ".join(parts)


def short_path(path: Path) -> str:
    """A path as people read it: ``~`` for one's own folder."""
    home = Path.home()
    return str(Path("~") / path.relative_to(home)) if path.is_relative_to(home) else str(path)
