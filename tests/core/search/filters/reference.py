"""What each filter means, said once more in plain Python, for a photo as the tests made it."""

from __future__ import annotations

import math
import re
import unicodedata
from datetime import date
from decimal import Decimal
from functools import cache

from core.search.grammar import (
    All,
    Any,
    Aperture,
    Camera,
    Caption,
    FocalLength,
    Has,
    InFolder,
    Is,
    Iso,
    Lens,
    Name,
    Near,
    Rating,
    Size,
    Span,
    Tag,
    TakenIn,
    TakenWhen,
    Term,
    Type,
    Without,
)
from core.search.grammar.dates import resolve
from core.types import TakenSource

from .conftest import Made

BREAKS = "/ _.,;()+&=#@-"


@cache
def folded(text: str) -> str:
    """The same for both cases, with accents and without."""
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return unicodedata.normalize("NFC", "".join(mark for mark in apart if unicodedata.combining(mark) < 200))


def holds(term: Term, photo: Made, today: date) -> bool:
    match term:
        case Without(inner):
            return not holds(inner, photo, today)
        case All(terms):
            return all(holds(inner, photo, today) for inner in terms)
        case Any(terms):
            return any(holds(inner, photo, today) for inner in terms)
    return _filter(term, photo, today)


def _filter(term: Term, photo: Made, today: date) -> bool:
    said = photo.metadata
    match term:
        case InFolder(name):
            return in_folder(photo.root, photo.folder, name)
        case TakenIn():
            return taken_in(said.taken, term)
        case TakenWhen(words):
            when = resolve(words, today)
            return said.taken is not None and when is not None and when.holds(date.fromisoformat(said.taken[:10]))
        case Camera(text):
            return begins_words(said.camera, text)
        case Lens(text):
            return begins_words(said.lens, text)
        case FocalLength(span):
            return measured(said.focal_length, span)
        case Aperture(span):
            return measured(said.aperture, span, 1)
        case Iso(span):
            return counted(said.iso, span)
        case Rating(span):
            return counted(said.rating, span)
        case Type(name):
            formats = {"heic": "HEIF"}
            if name == "nef":
                return said.format == "RAW" and photo.name.lower().endswith(".nef")
            return said.format == formats.get(name, name.upper())
        case Tag(name):
            return folded(name) in {folded(label) for label, state in photo.tags if state == "accepted"}
        case Caption(text):
            words = {folded(word) for said in photo.said for word in said.split()}
            return set(map(folded, text.split())) <= words
        case Name(text):
            return folded(text) in folded(photo.name)
        case Near():
            return said.latitude is not None and distance(said.latitude, said.longitude or 0, term) <= term.km
        case Has(what):
            return has(what, photo)
        case Is(what):
            return is_a(what, photo)
        case Size(span, "mb"):
            return measured(photo.size / 1e6, span)
        case Size(span, "mp"):
            pixels = said.width * said.height
            return pixels > 0 and measured(pixels / 1e6, span)
        case Size(span, "px"):
            return said.width > 0 and counted(max(said.width, said.height), span)
    raise AssertionError(term)


def in_folder(root: str, folder: str, typed: str) -> bool:
    whole = folded(f"{root.rstrip('/')}/{folder}/")
    typed = folded(re.sub(r"(?<=.)/+", "/", typed.strip().replace("\\", "/")))
    if typed.startswith("/"):
        return whole.startswith(typed.rstrip("/") + "/")
    below = folded(f"/{root.rsplit('/', 1)[1]}/{folder}/")
    return any(below.startswith(typed, at) and below[at - 1] in BREAKS for at in range(1, len(below)))


def begins_words(name: str | None, typed: str) -> bool:
    if name is None:
        return False
    name = f" {folded(name)}"
    starts = [at for at in range(1, len(name)) if name[at - 1] in BREAKS]
    return all(any(name.startswith(word, at) for at in starts) for word in folded(typed).split())


def taken_in(taken: str | None, span: TakenIn) -> bool:
    if taken is None:
        return False
    after = span.first is None or taken[: len(span.first)] >= span.first
    return after and (span.last is None or taken[: len(span.last)] <= span.last)


def counted(value: float | None, span: Span) -> bool:
    if value is None:
        return False
    above = span.low is None or value > span.low or (span.low_in and value == span.low)
    return above and (span.high is None or value < span.high or (span.high_in and value == span.high))


def measured(value: float | None, span: Span, digits: int = 0) -> bool:
    """One number is what rounds to it, with as many digits as were typed; ends are taken to six digits."""
    if value is None:
        return False
    if span.low is not None and span.low == span.high:
        typed = max(digits, len(str(Decimal(str(span.low)).normalize()).partition(".")[2]))
        half = 0.5 / 10**typed
        return span.low - half <= value < span.low + half
    if span.low is not None and math.isclose(value, span.low, rel_tol=1e-6):
        return span.low_in
    if span.high is not None and math.isclose(value, span.high, rel_tol=1e-6):
        return span.high_in
    return counted(value, span)


def distance(latitude: float, longitude: float, term: Near) -> float:
    """Kilometres along the great circle (haversine)."""
    north, other = math.radians(latitude), math.radians(term.latitude)
    east = math.radians(longitude - term.longitude)
    half = math.sin((north - other) / 2) ** 2 + math.cos(north) * math.cos(other) * math.sin(east / 2) ** 2
    return 2 * 6371.0088 * math.asin(math.sqrt(min(1.0, half)))


def has(what: str, photo: Made) -> bool:
    said = photo.metadata
    return {
        "gps": said.latitude is not None,
        "caption": bool(said.captions),
        "tag": any(state == "accepted" for _, state in photo.tags),
        "rating": said.rating not in (None, 0),
        "date": said.taken is not None and said.taken_source != TakenSource.FILE,
        "camera": said.camera is not None,
    }[what]


def is_a(what: str, photo: Made) -> bool:
    width, height = photo.metadata.width, photo.metadata.height
    ratio = width / height if height else 0.0
    known = width > 0 and height > 0
    return {
        "portrait": known and ratio < 0.98,
        "landscape": known and ratio >= 1.021,
        "square": known and 0.98 <= ratio < 1.021,
        "panorama": known and ratio >= 2,
        "favourite": photo.favourite,
        "copy": photo.copied,
    }[what]
