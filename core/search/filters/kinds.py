"""``type:``, ``has:``, ``is:``: what the columns of a photo say outright."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from core.photos.suffixes import RAW_SUFFIXES
from core.search.filters.condition import NOTHING, Clause

_FORMATS: Mapping[str, str] = MappingProxyType({"heic": "HEIF"})
"""Where ``photo.format`` is not the name itself in capitals."""

_HAS: Mapping[str, Clause] = MappingProxyType(
    {
        "gps": Clause("p.x IS NOT NULL"),
        "caption": Clause("p.captioned = 1"),
        "tag": Clause("p.tagged = 1"),
        "rating": Clause("p.rating <> 0"),
        "date": Clause("p.dated = 1"),
        "camera": Clause("p.camera_id <> 0"),
    }
)
"""No stars (0) are no rating; being rejected (-1) is one. A date is one that the photo has, not its file's time."""

_IS: Mapping[str, Clause] = MappingProxyType(
    {
        "portrait": Clause("p.aspect BETWEEN 1 AND 979"),
        "landscape": Clause("p.aspect > 1020"),
        "square": Clause("p.aspect BETWEEN 980 AND 1020"),
        "panorama": Clause("p.aspect >= 2000"),
        "favourite": Clause("p.favourite = 1"),
        "copy": Clause("p.copied = 1"),
    }
)
"""Sides that differ by two in a hundred are a square: crops are seldom exact. A panorama is twice as wide as high, and
a landscape as well; what is twice as high is a picture of a telephone's screen, as a rule."""


def type_of(name: str) -> Clause:
    """A format, or one kind of camera RAW by the ending of its name."""
    ending = f".{name}"
    if ending in RAW_SUFFIXES:
        # The plus: see `names.gear`.
        return Clause("+p.format = 'RAW' AND substr(p.folded_name, ?) = ?", (-len(ending), ending))
    return Clause("+p.format = ?", (_FORMATS.get(name, name.upper()),))


def type_name(format: str) -> str:
    """What stands after ``type:`` for a ``photo.format``."""
    return next((name for name, known in _FORMATS.items() if known == format), format.lower())


def has(what: str) -> Clause:
    """Something about the photo is known."""
    return _HAS.get(what, NOTHING)


def is_a(what: str) -> Clause:
    """The photo is one of these."""
    return _IS.get(what, NOTHING)
