"""What may stand after each key, read to the filter that it means; None where a value makes no sense for its key."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Literal, cast

from core.photos.suffixes import RAW_SUFFIXES
from core.search.grammar.dates import is_date, resolve
from core.search.grammar.tree import (
    Aperture,
    Camera,
    Caption,
    Filter,
    FocalLength,
    Has,
    InFolder,
    Is,
    Iso,
    Lens,
    Like,
    Name,
    Near,
    Part,
    Rating,
    Size,
    Span,
    Tag,
    TakenIn,
    TakenWhen,
    Type,
)

TYPES: Mapping[str, str] = MappingProxyType(
    {
        **{suffix[1:]: suffix[1:] for suffix in RAW_SUFFIXES},
        **{name: name for name in ("raw", "jpeg", "heic", "png", "tiff", "webp", "gif", "avif", "bmp")},
        **dict.fromkeys(("jpg", "jpe", "jfif", "mpo"), "jpeg"),
        **dict.fromkeys(("heif", "heics", "heifs", "hif"), "heic"),
        "apng": "png",
        "tif": "tiff",
        "dib": "bmp",
    }
)
"""What may stand after ``type:``, and its name: a format, or the ending of one kind of RAW."""

THINGS_TO_HAVE: Mapping[str, str] = MappingProxyType(
    {
        **{name: name for name in ("gps", "caption", "tag", "rating", "date", "camera")},
        **{"captions": "caption", "tags": "tag", "place": "gps", "location": "gps"},
    }
)
"""What may stand after ``has:``, and its name."""

THINGS_TO_BE: Mapping[str, str] = MappingProxyType(
    {
        **{name: name for name in ("portrait", "landscape", "square", "panorama", "favourite", "copy")},
        **{"favorite": "favourite", "duplicate": "copy"},
    }
)
"""What may stand after ``is:``, and its name."""

_BOUND = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([a-z]*)")
_COMPARISONS = {">=": (True, True), "≥": (True, True), ">": (True, False)} | {
    "<=": (False, True),
    "≤": (False, True),
    "<": (False, False),
}
"""Whether the number is the lower end, and whether it belongs to the span. The longer signs come first."""

_PLAIN: Mapping[str, tuple[str, Decimal]] = MappingProxyType({"": ("", Decimal(1))})
_LENGTHS = MappingProxyType({"": ("mm", Decimal(1)), "mm": ("mm", Decimal(1))})
_SIZES: Mapping[str, tuple[str, Decimal]] = MappingProxyType(
    {
        "mp": ("mp", Decimal(1)),
        "px": ("px", Decimal(1)),
        "kb": ("mb", Decimal("0.001")),
        "mb": ("mb", Decimal(1)),
        "gb": ("mb", Decimal(1000)),
    }
)
_DISTANCES = MappingProxyType(
    {"": Decimal(1), "km": Decimal(1), "m": Decimal("0.001"), "mi": Decimal("1.609344"), "miles": Decimal("1.609344")}
)
_USUAL_KM = 5.0
_FARTHEST_KM = 20_038.0
"""Half the way round the earth: everything is as near as that."""

_LARGEST = 1e12
"""No number about a photo is larger."""

_STARS = 5
_PLACE = re.compile(
    r"([+-]?[0-9]+(?:\.[0-9]+)?)°?([ns]?),([+-]?[0-9]+(?:\.[0-9]+)?)°?([ew]?)"
    r"(?:,([0-9]+(?:\.[0-9]+)?)(km|miles|mi|m)?)?",
    re.ASCII,
)
"""Latitude, longitude and how far, all white space taken out."""

_PART = re.compile(r"\[\s*" + r"\s*,\s*".join([r"([0-9]+(?:\.[0-9]+)?)"] * 4) + r"\s*\]")


def part(text: str, at: int) -> tuple[Part | None, int]:
    """The part of a photo that is written at ``at``, as in ``[10,20,50,60]``, and where it ends; None for no such."""
    found = _PART.match(text, at)
    if found is None:
        return None, at
    left, top, right, bottom = map(float, found.groups())
    if not (left < right <= 100 and top < bottom <= 100):
        return None, at
    return Part(left, top, right, bottom), found.end()


def like(value: str) -> Like | None:
    """A photo's path, as it was written."""
    return Like(value) if value.strip() else None


def _words(value: str) -> str:
    return " ".join(value.split())


def _in_folder(value: str, quoted: bool) -> Filter | None:
    return InFolder(value) if value.strip().strip("/\\") or value.strip() == "/" else None


def _taken(value: str, quoted: bool) -> Filter | None:
    first, dots, last = (side.strip() for side in value.partition(".."))
    if not dots and is_date(first):
        return TakenIn(first, first)
    if dots and (first or last) and all(not side or is_date(side) for side in (first, last)):
        if first and last and last < first and not first.startswith(last):
            first, last = last, first  # "2020..2019" means the years between all the same.
        return TakenIn(first or None, last or None)
    words = _words(value.casefold())
    # Whether words mean a time does not depend on the day on which they are asked.
    return TakenWhen(words) if resolve(words, date(2000, 1, 1)) is not None else None


def _span(text: str, units: Mapping[str, tuple[str, Decimal]], largest: float = _LARGEST) -> tuple[Span | None, str]:
    """``50``, ``24..70``, ``>800``, ``>=3``, ``<1``, ``..5``, each number with a unit behind it, and the unit meant.

    ``24..70mm`` gives both ends the unit of the last. None for what is no span of numbers from 0 to ``largest``.
    """
    text = text.strip().lower()
    low, dots, high = (side.strip() for side in text.partition(".."))
    if dots:
        inner = (not low.startswith(">"), not high.startswith("<"))
        ends = _bound(low.removeprefix(">").lstrip()), _bound(high.removeprefix("<").lstrip())
        if (low and ends[0] is None) or (high and ends[1] is None) or not (low or high):
            return None, ""
    else:
        sign = next((sign for sign in _COMPARISONS if text.startswith(sign)), "")
        end = _bound(text.removeprefix(sign).lstrip())
        if end is None:
            return None, ""
        is_low, belongs = _COMPARISONS.get(sign, (True, True))
        inner = (belongs if sign and is_low else True, belongs if sign and not is_low else True)
        ends = (end if is_low or not sign else None, end if not is_low or not sign else None)
    return _span_of(ends, inner, units, largest)


_Bound = tuple[Decimal, str]


def _bound(text: str) -> _Bound | None:
    found = _BOUND.fullmatch(text)
    return (Decimal(found[1]), found[2]) if found else None


def _span_of(
    ends: tuple[_Bound | None, _Bound | None],
    inner: tuple[bool, bool],
    units: Mapping[str, tuple[str, Decimal]],
    largest: float,
) -> tuple[Span | None, str]:
    last = next(end for end in reversed(ends) if end is not None)
    values: list[float | None] = []
    meant = set()
    for end in ends:
        if end is None:
            values.append(None)
            continue
        unit, factor = units.get(end[1] or last[1], ("", Decimal(0)))
        number = float(end[0] * factor)
        if not factor or not math.isfinite(number) or number > largest:
            return None, ""
        meant.add(unit)
        values.append(number)
    if len(meant) != 1:
        return None, ""
    low, high = values
    if low is not None and high is not None and high < low:
        (low, high), inner = (high, low), (inner[1], inner[0])
    return Span(low, high, inner[0] or low is None, inner[1] or high is None), meant.pop()


def _lens(value: str, quoted: bool) -> Filter | None:
    if not quoted and (span := _span(value, _LENGTHS)[0]) is not None:
        return FocalLength(span)
    text = _words(value)
    return Lens(text) if text else None


def _aperture(value: str, quoted: bool) -> Filter | None:
    span, _ = _span(re.sub(r"^\s*f/", "", value, flags=re.IGNORECASE), _PLAIN)
    return None if span is None else Aperture(span)


def _iso(value: str, quoted: bool) -> Filter | None:
    span, _ = _span(value, _PLAIN)
    return None if span is None else Iso(span)


def _rating(value: str, quoted: bool) -> Filter | None:
    span, _ = _span(value, _PLAIN, _STARS)
    nothing = span is None or (span.low == _STARS and not span.low_in) or (span.high == 0 and not span.high_in)
    return None if nothing or span is None else Rating(span)


def _size(value: str, quoted: bool) -> Filter | None:
    span, unit = _span(value, _SIZES)
    return None if span is None else Size(span, cast(Literal["mp", "mb", "px"], unit))


def _near(value: str, quoted: bool) -> Filter | None:
    found = _PLACE.fullmatch("".join(value.lower().split()))
    if found is None:
        return None
    latitude = float(found[1]) * (-1 if found[2] == "s" else 1)
    longitude = float(found[3]) * (-1 if found[4] == "w" else 1)
    km = _USUAL_KM if found[5] is None else float(Decimal(found[5]) * _DISTANCES[found[6] or ""])
    if abs(latitude) > 90 or abs(longitude) > 180 or not 0 < km <= _FARTHEST_KM:
        return None
    return Near(latitude + 0.0, longitude + 0.0, km)  # "-0" is 0.


def _text(make: Callable[[str], Filter]) -> Callable[[str, bool], Filter | None]:
    def read(value: str, quoted: bool) -> Filter | None:
        text = _words(value)
        return make(text) if text else None

    return read


def _name(value: str, quoted: bool) -> Filter | None:
    return Name(value.strip()) if value.strip() else None


def _one_of(names: Mapping[str, str], make: Callable[[str], Filter]) -> Callable[[str, bool], Filter | None]:
    def read(value: str, quoted: bool) -> Filter | None:
        name = names.get(value.strip().casefold().removeprefix("."))
        return None if name is None else make(name)

    return read


READERS: Mapping[str, Callable[[str, bool], Filter | None]] = MappingProxyType(
    {
        "folder": _in_folder,
        "date": _taken,
        "camera": _text(Camera),
        "lens": _lens,
        "aperture": _aperture,
        "f": _aperture,
        "iso": _iso,
        "type": _one_of(TYPES, Type),
        "rating": _rating,
        "tag": _text(Tag),
        "caption": _text(Caption),
        "name": _name,
        "near": _near,
        "has": _one_of(THINGS_TO_HAVE, Has),
        "is": _one_of(THINGS_TO_BE, Is),
        "size": _size,
    }
)
"""Each key of a filter, in lower case, and how a value is read: the value, and whether it stood in quotation marks."""
