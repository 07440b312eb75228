"""A tree in plain words: what a chip says, what each key is for, and what is said of a value that makes no sense."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PureWindowsPath
from types import MappingProxyType

from core.search.grammar import reading
from core.search.grammar.dates import WEEKDAYS
from core.search.grammar.quoting import number
from core.search.grammar.tree import (
    All,
    Any,
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
    Phrase,
    Rating,
    Size,
    Span,
    Tag,
    TakenIn,
    TakenWhen,
    Term,
    Type,
    Weighted,
    Without,
    Word,
)
from core.search.grammar.yearly import MONTH_NAMES, MONTHS


@dataclass(frozen=True, slots=True)
class Key:
    """A key of the query language: what it is for in one line, an example, and what has to follow it."""

    name: str
    says: str
    example: str
    follows: str


KEYS: tuple[Key, ...] = (
    Key("like", "looks like this photo, or like a part of it", 'like:"photo.jpg"', "photo"),
    Key("folder", "in a folder of this name, or below it", "folder:Italy", "folder"),
    Key("date", "taken then: in digits, or in words", 'date:"last summer"', "date"),
    Key("camera", "taken with this camera", "camera:canon", "camera"),
    Key("lens", "taken with this lens, or at this focal length", "lens:24..70mm", "lens"),
    Key("aperture", "taken at this f-number (f: for short)", "aperture:<2.8", "f-number, such as 2.8"),
    Key("iso", "taken at this ISO speed", "iso:>800", "number, such as >800"),
    Key("type", "this kind of file", "type:raw", "kind of file"),
    Key("rating", "so many stars, 0 to 5", "rating:>=3", "number of stars from 0 to 5"),
    Key("tag", "has this tag", "tag:cat", "tag"),
    Key("caption", "these words stand in a caption", "caption:grandma", "caption"),
    Key("name", "this is part of the file's name", "name:IMG_12", "name"),
    Key("near", "taken around a place: latitude, longitude and how far", "near:48.85,2.35,20km", "place"),
    Key("has", "has a place, caption, tag, rating, date or camera", "has:gps", "thing that a photo has"),
    Key("is", "portrait, landscape, square, panorama, favourite or copy", "is:portrait", "kind of photo"),
    Key("size", "so many pixels (mp; px: the longer side) or bytes (kb, mb, gb)", "size:>12mp", "size, such as >12mp"),
)
"""Every key, in the order in which help lists them."""

_FOLLOWS: Mapping[str, str] = MappingProxyType({key.name: key.follows for key in KEYS} | {"f": "f-number, such as 2.8"})

_HAS: Mapping[str, str] = MappingProxyType(
    {
        "gps": "has a place",
        "caption": "has a caption",
        "tag": "has a tag",
        "rating": "has a rating",
        "date": "has a date",
        "camera": "has a camera's name",
    }
)
_IS: Mapping[str, str] = MappingProxyType({"favourite": "a favourite", "panorama": "a panorama", "copy": "has a copy"})
_LONGEST = 80
"""Characters of what was typed that a sentence repeats."""


def misread(text: str) -> str:
    """A sentence about the first key whose value makes no sense, and is searched for as words; empty without one."""
    for found in reading.read(text).misread:
        said = " ".join(text[found.start : found.end].split())
        if found.key == "f" and said[2:3] in ("/", "\\"):
            continue  # A drive of Windows.
        said = said if len(said) <= _LONGEST else said[: _LONGEST - 1].rstrip() + "…"
        return f"{said} is no {_FOLLOWS[found.key]}, so it counts as words"
    return ""


def describe(term: Term) -> str:
    """What a term asks for, in a few words: ``in folder Italy``, ``not: people``, ``2 x sunset``, ``ISO over 800``."""
    if isinstance(term, Filter):
        return _filter(term)
    if isinstance(term, Without):
        return f"not: {_inside(term.term)}"
    if isinstance(term, Any):
        # A sentence reads well without brackets; what is more than one shows where it ends.
        return " or ".join(describe(one) if _is_sentence(one) else _inside(one) for one in term.terms)
    if isinstance(term, All):
        return _side_by_side(term.terms)
    if isinstance(term, Weighted):
        return _weighted(term)
    return _soft(term)


def _is_sentence(term: Term) -> bool:
    return isinstance(term, All) and all(isinstance(one, Word | Phrase) for one in term.terms)


def _inside(term: Term) -> str:
    """A term as a part of another: brackets keep together what is more than one."""
    return f"({describe(term)})" if isinstance(term, All | Any) else describe(term)


def _side_by_side(terms: tuple[Term, ...]) -> str:
    said = ""
    for before, term in zip((None, *terms), terms, strict=False):
        sentence = isinstance(before, Word | Phrase) and isinstance(term, Word | Phrase)
        said += ("" if before is None else " " if sentence else ", ") + _inside(term)
    return said


def _soft(term: Word | Phrase | Like) -> str:
    if isinstance(term, Like):
        name = PureWindowsPath(term.path.strip()).name or term.path.strip()
        return f"looks like {'a part of ' if term.part else ''}{name}"
    return term.text if isinstance(term, Word) else f"“{term.text}”"


def _weighted(term: Weighted) -> str:
    times = "" if term.weight == -1 else f"{number(abs(term.weight))} x "
    if term.weight > 0:
        return times + _soft(term.term)
    return f"{times}less: {_soft(term.term)}"


def _filter(term: Filter) -> str:
    match term:
        case InFolder(name):
            return f"in folder {name.strip()}"
        case TakenIn():
            return f"taken {_days(term)}"
        case TakenWhen(words):
            return f"taken {_capitalised(words)}"
        case Camera(text):
            return f"camera {text}"
        case Lens(text):
            return f"lens {text}"
        case Type(name):
            return f"{name.upper()} file"
        case Tag(name):
            return f"tag {name}"
        case Caption(text):
            return f"caption has “{text}”"
        case Name(text):
            return f"file name has “{text}”"
        case Near(latitude, longitude, km):
            return f"within {number(round(km, 3) or km)} km of {number(latitude)}, {number(longitude)}"
        case Has(what):
            return _HAS.get(what, f"has {what}")
        case Is(what):
            return _IS.get(what, what)
        case _:
            return _measure(term)


def _measure(term: FocalLength | Aperture | Iso | Rating | Size) -> str:
    match term:
        case FocalLength(span):
            return f"focal length {_numbers(span, 'mm')}"
        case Aperture(span):
            return f"f-number {_numbers(span)}"
        case Iso(span):
            return f"ISO {_numbers(span)}"
        case Rating(span):
            return _numbers(span, "star" if span.low == span.high == 1 else "stars")
        case Size(span, "px"):
            return f"longer side {_numbers(span, 'pixels')}"
        case Size(span, unit):
            return _numbers(span, unit.upper())


def _numbers(span: Span, unit: str = "") -> str:
    """``50 mm``, ``24 to 70 mm``, ``over 800``, ``3 or more stars``, ``under 1``, ``5 or less``."""
    low, high = ("" if end is None else number(end) for end in (span.low, span.high))
    if not high:
        said = f"{low} or more" if span.low_in else f"over {low}"
    elif not low:
        said = f"{high} or less" if span.high_in else f"under {high}"
    elif span.low_in and span.high_in:
        said = low if low == high else f"{low} to {high}"
    else:
        said = f"{'' if span.low_in else 'over '}{low} to {'' if span.high_in else 'under '}{high}"
    return f"{said} {unit}".rstrip()


def _days(term: TakenIn) -> str:
    """``2019``, ``July to August 2019``, ``4 to 6 July 2019``, ``since 2019``, ``until July 2019``."""
    if term.first is None or term.last is None:
        return f"since {_day(term.first)}" if term.first is not None else f"until {_day(term.last or '')}"
    first, last = _day(term.first).split(), _day(term.last).split()
    if first == last:
        return " ".join(first)
    own = list(first)
    if len(first) == len(last):
        while len(own) > 1 and own[-1] == last[len(own) - 1]:
            own.pop()  # What both share is said once, behind the last.
    return f"{' '.join(own)} to {' '.join(last)}"


def _day(value: str) -> str:
    """``2019-07-04`` as ``4 July 2019``."""
    year, *rest = value.split("-")
    month = [MONTH_NAMES[int(rest[0]) - 1].capitalize()] if rest else []
    return " ".join([*(str(int(day)) for day in rest[1:]), *month, year])


def _capitalised(words: str) -> str:
    """Names of months, days and feasts begin with a capital."""
    names = (*MONTHS, *WEEKDAYS, "christmas", "xmas", "easter", "halloween")
    common = ("weekend", "weekends", "weekday", "weekdays")
    return " ".join(word.capitalize() if word in names and word not in common else word for word in words.split())
