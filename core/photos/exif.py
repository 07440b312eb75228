"""EXIF: date, camera, lens, exposure, place, rating, captions (CIPA DC-008; Microsoft's XP tags).

Cameras and editors write every tag wrongly somewhere: values of another type, zero denominators, NULs, UTF-8 where
ASCII is due. Each tag is read on its own, so that a broken one costs itself alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from core.photos import dates, facts
from core.photos.facts import NOTHING, Facts

if TYPE_CHECKING:
    from PIL.Image import Exif

_EXIF_IFD, _GPS_IFD = 0x8769, 0x8825
_MAKE, _MODEL, _DESCRIPTION, _CHANGED, _RATING, _RATING_PERCENT = 0x010F, 0x0110, 0x010E, 0x0132, 0x4746, 0x4749
_ORIGINAL, _DIGITIZED, _COMMENT, _LENS, _LENS_MAKE = 0x9003, 0x9004, 0x9286, 0xA434, 0xA433
_EXPOSURE, _APERTURE, _FOCAL, _ISO, _ISO_OTHERS = 0x829A, 0x829D, 0x920A, 0x8827, (0x8833, 0x8832)
_SHUTTER_APEX, _APERTURE_APEX = 0x9201, 0x9202
_XP_TITLE, _XP_COMMENT, _XP_KEYWORDS, _XP_SUBJECT = 0x9C9B, 0x9C9C, 0x9C9E, 0x9C9F


@dataclass(frozen=True, slots=True)
class Tags:
    """The tags of a file by number: those of the image, of its exposure, and of its place."""

    image: Mapping[int, Any] = field(default_factory=dict)
    exposure: Mapping[int, Any] = field(default_factory=dict)
    place: Mapping[int, Any] = field(default_factory=dict)


BROKEN = (ValueError, TypeError, KeyError, IndexError, SyntaxError, ArithmeticError, AttributeError, OSError, EOFError)
"""What Pillow raises over a broken directory or value, besides struct.error (added where it is caught)."""


def plain(tags: Mapping[int, Any]) -> dict[int, Any]:
    """Each tag that can be read; Pillow converts values when they are asked for, and may fail on any."""
    from struct import error as struct_error

    read: dict[int, Any] = {}
    try:
        numbers = list(tags)
    except (*BROKEN, struct_error):
        return read
    for tag in numbers:
        try:
            read[int(tag)] = tags[tag]
        except (*BROKEN, struct_error):
            continue
    return read


def tags_of(exif: Exif) -> Tags:
    """All tags that Pillow can read from a picture's EXIF."""
    from struct import error as struct_error

    inner: list[dict[int, Any]] = []
    for number in (_EXIF_IFD, _GPS_IFD):
        try:
            inner.append(plain(exif.get_ifd(number)))
        except (*BROKEN, struct_error):
            inner.append({})
    return Tags(plain(exif), *inner)


def _text(value: object) -> str:
    """A text tag. Pillow reads ASCII as Latin-1, while most that is written there today is UTF-8."""
    if isinstance(value, tuple) and value and all(isinstance(item, str) for item in value):
        value = value[0]
    if isinstance(value, str):
        try:
            value = value.encode("latin-1")
        except UnicodeEncodeError:
            return str(value).split("\x00", 1)[0]
    if not isinstance(value, bytes):
        return ""
    return facts.decode_text(value.split(b"\x00", 1)[0])


def _utf16(raw: bytes) -> str:
    """UTF-16 of unknown byte order: told by its mark, else by where the zero bytes of plain letters lie."""
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return raw.decode("utf-16", "replace").split("\x00", 1)[0]
    big = raw[0::2].count(0) > raw[1::2].count(0)
    return raw.decode("utf-16-be" if big else "utf-16-le", "replace").split("\x00", 1)[0]


def _bytes(value: object) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, (tuple, list)) and all(isinstance(item, int) and 0 <= item < 256 for item in value):
        return bytes(value)
    return value.encode("latin-1", "replace") if isinstance(value, str) else b""


def _xp(value: object) -> str:
    """Microsoft's XP tags: UTF-16, little-endian."""
    return _bytes(value).decode("utf-16-le", "replace").split("\x00", 1)[0]


def _comment(value: object) -> str:
    """UserComment: eight bytes that name the encoding, then the text."""
    raw = _bytes(value)
    head, body = raw[:8], raw[8:]
    if head == b"UNICODE\x00":
        return _utf16(body)
    if head == b"JIS\x00\x00\x00\x00\x00":
        return body.decode("iso2022_jp", "ignore").split("\x00", 1)[0]
    if head in (b"ASCII\x00\x00\x00", b"\x00" * 8):
        return facts.decode_text(body.split(b"\x00", 1)[0])
    return facts.decode_text(raw.split(b"\x00", 1)[0])


def _captions(tags: Tags) -> tuple[str, ...]:
    texts = [
        _text(tags.image.get(_DESCRIPTION)),
        _comment(tags.exposure.get(_COMMENT)),
        *(_xp(tags.image.get(tag)) for tag in (_XP_TITLE, _XP_SUBJECT, _XP_COMMENT)),
    ]
    return facts.captions(texts)


def _degrees(value: object, reference: object, negative: str) -> float | None:
    """Degrees, minutes and seconds, each maybe missing, signed by N, S, E or W."""
    if not isinstance(value, (tuple, list)):
        value = (value,)
    parts = [facts.number(part, -361, 361) for part in value[:3]]
    if not parts or parts[0] is None:
        return None
    size = sum((part or 0.0) / scale for part, scale in zip(parts, (1, 60, 3600), strict=False))
    return -abs(size) if _text(reference).strip().upper()[:1] == negative else size


def _rating(tags: Tags) -> int | None:
    stars = facts.number(tags.image.get(_RATING), -2, 6)
    if stars is not None:
        return round(stars)
    return facts.stars_of_percent(facts.number(tags.image.get(_RATING_PERCENT), 0, 101))


def _iso(tags: Tags) -> int | None:
    iso = facts.number(tags.exposure.get(_ISO), 0, 1e8)
    if iso is None or iso == 65535:  # the tag holds 16 bits: what is more stands in the others
        iso = next((found for tag in _ISO_OTHERS if (found := facts.number(tags.exposure.get(tag), 0, 1e8))), iso)
    return round(iso) if iso else None


def _exposure(tags: Tags) -> tuple[float | None, float | None]:
    """Exposure in seconds and aperture as f-number, from their APEX values where the plain ones are missing."""
    seconds, aperture = (
        facts.number(tags.exposure.get(tag), 0, limit) for tag, limit in ((_EXPOSURE, 1e6), (_APERTURE, 256))
    )
    if seconds is None and (apex := facts.number(tags.exposure.get(_SHUTTER_APEX), -20, 20)) is not None:
        seconds = 2.0**-apex
    if aperture is None and (apex := facts.number(tags.exposure.get(_APERTURE_APEX), -1, 16)) is not None:
        aperture = round(2.0 ** (apex / 2), 2)
    return seconds, aperture


def facts_of(tags: Tags) -> Facts:
    """What a file's EXIF tags say. Never raises, whatever they hold."""
    if not (tags.image or tags.exposure or tags.place):
        return NOTHING
    exposure, aperture = _exposure(tags)
    spot = facts.place(
        _degrees(tags.place.get(2), tags.place.get(1), "S"), _degrees(tags.place.get(4), tags.place.get(3), "W")
    )
    lens = facts.clean(_text(tags.exposure.get(_LENS)), 120)
    original = (_text(tags.exposure.get(tag) or tags.image.get(tag)) for tag in (_ORIGINAL, _DIGITIZED))
    return Facts(
        taken=next((date for text in original if (date := dates.parse(text))), None),
        changed=dates.parse(_text(tags.image.get(_CHANGED))),
        camera=facts.camera_name(_text(tags.image.get(_MAKE)), _text(tags.image.get(_MODEL))),
        lens=lens if any(c.isalnum() for c in lens) else None,
        focal_length=facts.number(tags.exposure.get(_FOCAL), 0, 1e5),
        aperture=aperture,
        exposure=exposure,
        iso=_iso(tags),
        latitude=spot[0] if spot else None,
        longitude=spot[1] if spot else None,
        rating=_rating(tags),
        captions=_captions(tags),
        keywords=facts.keywords(_xp(tags.image.get(_XP_KEYWORDS)).split(";")),
    )
