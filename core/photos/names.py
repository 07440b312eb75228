"""The date that a file's name carries, as phones, messengers and screenshot tools write it."""

from __future__ import annotations

import re

from core.photos import dates

_TIME = r"([0-9]{1,2})[-_.: h]([0-9]{2})(?:[-_.: m]([0-9]{2}))?(?:\s?([AaPp])\.?[Mm])?"
_SEPARATED = re.compile(
    r"(?<![0-9])([12][0-9]{3})([-_. ])([0-9]{1,2})\2([0-9]{1,2})"
    rf"(?:(?:[T_ .-]|\s?at\s|,\s)+(?:{_TIME}|([0-9]{{2}})([0-9]{{2}})([0-9]{{2}}))(?![0-9]))?(?![0-9])"
)
"""``2019-07-04 18.30.00``, ``Screenshot_2020-01-31-10-20-30``, ``signal-2020-05-06-123456``,
``Screen Shot 2019-07-04 at 6.30.00 PM``, ``photo_2019-07-04_18-30-00``."""

_COMPACT = re.compile(
    r"(?<![0-9])((?:19|20)[0-9]{2})([0-9]{2})([0-9]{2})"
    r"(?:[-_ T.]?([0-9]{2})[-_.]?([0-9]{2})[-_.]?([0-9]{2})(?:[0-9]{1,3})?(?![0-9])|(?![0-9]))"
)
"""``IMG_20190704_183000``, ``PXL_20210101_120000123``, ``IMG-20190704-WA0012``, ``20190704183000``."""

_MILLISECONDS = re.compile(r"(?:FB_IMG_|mmexport|wx_camera_|IMG_|image-?|photo-?|Snapchat-)(1[0-9]{12})(?![0-9])", re.I)
"""``FB_IMG_1562265000000``, ``mmexport1562265000000``: milliseconds since 1970."""

_BARE_MILLISECONDS = re.compile(r"(1[0-9]{12})(?:\.[^.]*)?")
"""``1562265000000.jpg``, the whole name."""
_FIRST_BARE = "2005"
"""The year before which no program named its photos so; a number below it counts something else."""


def _hour(hour: str | None, half: str | None) -> str | None:
    """The hour of twenty-four, where the name says AM or PM."""
    if hour is None or half is None or not 1 <= int(hour) <= 12:
        return hour
    return str(int(hour) % 12 + (12 if half in "Pp" else 0))


def _separated(found: re.Match[str]) -> str | None:
    year, _, month, day, hour, minute, second, half, *glued = found.groups()
    clock = (_hour(hour, half), minute, second) if hour is not None else tuple(glued)
    return dates.from_parts((year, month, day, *clock)) or dates.from_parts((year, month, day, None, None, None))


def _compact(found: re.Match[str]) -> str | None:
    """The date, with its time where that can be. Eight digits between letters (a hash, an id) are none by chance."""
    parts = found.groups()
    if parts[3] is not None and (date := dates.from_parts(parts)):
        return date
    around = found.string[: found.start()][-1:], found.string[found.end() :][:1]
    if all(character.isalpha() for character in around):
        return None
    return dates.from_parts((*parts[:3], None, None, None))


def date_in_name(name: str) -> str | None:
    """The date in a file's name, as ISO 8601 without a zone, or None. Never raises.

    A date that cannot be (a month 13, the year 2999) is passed over, and the next that the name holds is tried.
    """
    for found in _SEPARATED.finditer(name):
        if date := _separated(found):
            return date
    for found in _COMPACT.finditer(name):
        if date := _compact(found):
            return date
    if marked := _MILLISECONDS.match(name):
        return dates.from_timestamp(int(marked[1]) / 1000)
    if bare := _BARE_MILLISECONDS.fullmatch(name):
        date = dates.from_timestamp(int(bare[1]) / 1000)
        return date if date and date >= _FIRST_BARE else None
    return None
