"""Reads dates as files write them, and refuses those that cannot be true."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

EARLIEST = datetime(1826, 1, 1)
"""No photograph is older: the first that is kept was made in 1826 or 1827."""

_LONGEST = 100
"""Characters of a date that are looked at."""
_EPOCHS = (datetime(1904, 1, 1), datetime(1970, 1, 1))
"""What a clock says that was never set, to the second."""

_DATE = re.compile(
    r"\s*([0-9]{4})(?:[-:/. ]([0-9]{1,2})(?:[-:/. ]([0-9]{1,2})"
    r"(?:[T\s:_-]+([0-9]{1,2})[:.\-h]([0-9]{1,2})(?:[:.\-m]([0-9]{1,2}))?)?)?)?"
)
_COMPACT = re.compile(r"\s*([0-9]{4})([0-9]{2})([0-9]{2})(?:[T ]?([0-9]{2})([0-9]{2})([0-9]{2})?)?")


def plausible(moment: datetime) -> str | None:
    """The moment as ISO 8601 without a zone, or None where no camera can have been there.

    Refused: before photography, later than tomorrow, and the exact zero of a clock that was never set.
    """
    moment = moment.replace(microsecond=0, tzinfo=None)
    if moment < EARLIEST or moment > datetime.now() + timedelta(days=1) or moment in _EPOCHS:
        return None
    return moment.isoformat()


def from_parts(parts: tuple[str | None, ...]) -> str | None:
    """A plausible date from year, month, day, hour, minute and second as text; what is missing is the first."""
    numbers = [int(part) if part else default for part, default in zip(parts, (0, 1, 1, 0, 0, 0), strict=True)]
    try:
        return plausible(datetime(*numbers))  # type: ignore[arg-type]
    except ValueError:
        return None


def parse(text: object) -> str | None:
    """A date as EXIF (``2019:07:04 18:30:00``), XMP (ISO 8601, also year alone) or IPTC (``20190704``) write it.

    A zone is dropped: the clock on the wall where the photo was taken is what a person remembers. Zero dates,
    blanks and nonsense give None.
    """
    if isinstance(text, bytes):
        text = text[:_LONGEST].decode("ascii", "replace")
    if not isinstance(text, str):
        return None
    text = text[:_LONGEST]
    found = _DATE.match(text)
    if found and found[2] is None:
        found = _COMPACT.match(text) or found
    return from_parts(found.groups()) if found else None


def from_timestamp(seconds: float) -> str | None:
    """Local time of seconds since 1970 (UTC), which is all that a file's mtime or a Takeout JSON knows."""
    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
        return plausible(moment.astimezone())
    except (OverflowError, ValueError, OSError):
        return None
