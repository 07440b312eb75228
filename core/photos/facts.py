"""What one source (EXIF, XMP, a sidecar ...) says of a photo, and the cleaning of what it says."""

from __future__ import annotations

import logging
import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

_LOG = logging.getLogger(__name__)
T = TypeVar("T")

LONGEST_READ = 10_000
"""Characters of a text that are looked at: a file may hold millions of them where a sentence belongs."""
LONGEST_TEXT = 4000
"""Characters of a caption that are kept."""
MOST_CAPTIONS = 100
"""Captions that one source may have: more than the languages that anybody writes them in."""
LONGEST_KEYWORD = 120
MOST_KEYWORDS = 200
_DEEPEST = 32
"""Steps of a path of keywords: more is no tree that a person made."""
_MOST_READ = 5000
"""Texts that keywords are looked for in."""
_LONGEST_NUMBER = 64
_TURNING = dict.fromkeys((0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)))
"""Marks, embeddings, overrides and isolates of Unicode's bidirectional algorithm (UAX 9)."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What one source says. The fields are those of PhotoMetadata; None or empty where it is silent."""

    taken: str | None = None
    changed: str | None = None
    """When the file was changed, as EXIF's DateTime has it: trusted less than a name, more than the file's mtime."""
    camera: str | None = None
    lens: str | None = None
    focal_length: float | None = None
    aperture: float | None = None
    exposure: float | None = None
    iso: int | None = None
    latitude: float | None = None
    longitude: float | None = None
    rating: int | None = None
    captions: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    paths: tuple[tuple[str, ...], ...] = ()
    unread: str = ""
    """Why a sidecar could not be read, a sentence; empty where it could."""


NOTHING = Facts()


def unless_it_fails(read: Callable[[], T], otherwise: T, what: str) -> T:
    """What ``read`` gives, or ``otherwise`` where it raises: nothing that a photo says may cost the photo.

    Whoever writes metadata finds a way to break it that no list of exceptions foresees. The fault goes into the log
    with the name of ``what`` was read.
    """
    try:
        return read()
    except Exception:  # noqa: BLE001 - no list of what broken metadata raises would be whole
        _LOG.info("%s could not be read, and is passed over.", what, exc_info=True)
        return otherwise


def clean(text: str, longest: int = LONGEST_TEXT) -> str:
    """One line of composed Unicode: without NULs, control characters, lone surrogates and doubled blanks."""
    text = text[: min(4 * longest, LONGEST_READ)].split("\x00\x00", 1)[0]
    text = "".join(" " if unicodedata.category(c) in ("Cc", "Cs", "Co", "Cn", "Zl", "Zp") else c for c in text)
    return unicodedata.normalize("NFC", " ".join(text.split()))[:longest].strip()


def straight(text: str) -> str:
    """A name without the marks that turn the reading direction. They cannot be seen, but make a name look like another,
    and turn what stands beside it; letters know their own direction."""
    return text if text.isascii() else text.translate(_TURNING)


def unique(texts: Iterable[str], longest: int = LONGEST_TEXT) -> tuple[str, ...]:
    """Cleaned texts in their order, the empty and those that differ by case alone left out."""
    seen: dict[str, str] = {}
    for text in texts:
        text = clean(text, longest)
        if text:
            seen.setdefault(text.casefold(), text)
    return tuple(seen.values())


def captions(texts: Iterable[str]) -> tuple[str, ...]:
    """The first MOST_CAPTIONS of the texts that say something, cleaned, each once, in their order."""
    return unique(islice((text for text in texts if is_caption(text)), MOST_CAPTIONS))


def keywords(texts: Iterable[str]) -> tuple[str, ...]:
    """Cleaned keywords, each once, in their order."""
    short = (straight(text) for text in islice(texts, _MOST_READ) if len(text) <= LONGEST_KEYWORD)
    return unique(short, LONGEST_KEYWORD)[:MOST_KEYWORDS]


def paths(found: Iterable[Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    """Paths of keywords with their steps cleaned as `keywords` cleans them, each path once, those of one step left out.

    One with a step that is no keyword, since it is too long, is none.
    """
    seen: dict[tuple[str, ...], tuple[str, ...]] = {}
    for path in islice(found, _MOST_READ):
        if len(path) > _DEEPEST or any(len(step) > LONGEST_KEYWORD for step in path):
            continue
        steps = tuple(filter(None, (clean(straight(step), LONGEST_KEYWORD) for step in path)))
        if len(steps) > 1:
            seen.setdefault(tuple(map(str.casefold, steps)), steps)
    return tuple(seen.values())[:MOST_KEYWORDS]


def decode_text(raw: bytes) -> str:
    """Bytes that may be UTF-16 with a mark, UTF-8, or what Windows wrote before."""
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return raw.decode("utf-16", "replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


_VENDOR_PAIR = re.compile(r"[\w-]\s?[:=]")
"""``touch: (-1.0, -1.0)``, when it ends at a semicolon. It is looked for between two of them, and of the name only the
last letter: an expression for name and value at once would try every letter as a start, to the end of the text."""
_PLACEHOLDERS = {
    "olympus digital camera", "sony dsc", "minolta digital camera", "konica minolta digital camera",
    "digital camera", "samsung digital camera", "samsung camera pictures", "kodak digital still camera",
    "exif_jpeg_picture", "exif jpeg picture", "jpeg", "default", "untitled", "no title", "ascii", "binary comment",
    "created with gimp", "my beautiful picture", "image", "picture", "photo", "photos", "description", "none", "null",
    "hdrplus", "nikon digital camera", "casio computer co.,ltd", "ricoh caplio", "file written by adobe photoshop",
    "cof", "sdr", "rbt", "edf", "hdr", "oznor", "oznorww", "dav", "ptr", "nor", "norww", "mde", "rhdr", "burst", "bsh",
    "cphoto", "fbt", "fptbty", "dig", "smartcapture", "rpt", "tng", "ozedf", "ozvd", "hpl", "btf", "btr", "btn",
}  # fmt: skip


def is_caption(text: str) -> bool:
    """Whether a sentence says something of the photo: not what a camera writes into every file it makes."""
    text = text[:LONGEST_READ]
    lowered = text.casefold().strip(" .<>")
    if lowered in _PLACEHOLDERS or lowered.startswith(("creator: gd-jpeg", "dcim\\", "charset=", "{", "[{", "<?xml")):
        return False
    if re.fullmatch(r"\S+\.(jpe?g|png|heic|tiff?|webp|bmp|gif|avif|dng|nef|cr2|arw)", lowered):
        return False
    if sum(_VENDOR_PAIR.search(part) is not None for part in text.split(";")[:-1]) >= 2:
        return False
    letters = sum(c.isalpha() for c in text)
    return letters >= 2 and letters * 3 >= len(text.replace(" ", "")) and "�" not in text


def number(value: object, lowest: float, highest: float) -> float | None:
    """A finite number inside open bounds, from whatever EXIF or XMP hold (rationals, tuples, ``1/250``)."""
    if isinstance(value, (tuple, list)):
        value = value[0] if value else None
    if isinstance(value, (str, bytes)) and len(value) > _LONGEST_NUMBER:
        return None
    try:
        if isinstance(value, bytes):
            value = value.decode("ascii", "replace")
        if isinstance(value, str):
            top, _, bottom = value.strip().partition("/")
            value = float(top) / float(bottom or 1)
        found = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    return found if math.isfinite(found) and lowest < found < highest else None


def place(latitude: float | None, longitude: float | None) -> tuple[float, float] | None:
    """Signed degrees, or None where they lie off the globe or at 0, 0: what devices write that know no place."""
    if latitude is None or longitude is None or not (math.isfinite(latitude) and math.isfinite(longitude)):
        return None
    if abs(latitude) > 90 or abs(longitude) > 180 or (abs(latitude) < 1e-7 and abs(longitude) < 1e-7):
        return None
    return round(latitude, 7), round(longitude, 7)


def camera_name(make: str, model: str) -> str | None:
    """``Canon`` and ``Canon EOS 5D`` make ``Canon EOS 5D``; ``Apple`` and ``iPhone 12`` make ``Apple iPhone 12``."""
    make, model = clean(make, 80), clean(model, 80)
    make = re.sub(
        r"(?i)[ ,]+(corporation|corp\.?|imaging.*|optical.*|company.*|co\.?,? ?ltd\.?|camera ag|inc\.?|gmbh)$", "", make
    )
    if not model or not make:
        return model or make or None
    if model.casefold().startswith(make.split()[0].casefold()):
        return model
    return f"{make} {model}"


def stars_of_percent(percent: float | None) -> int | None:
    """Microsoft's rating in percent (1, 25, 50, 75, 99) as stars."""
    if percent is None:
        return None
    return next((stars for stars, least in ((5, 88), (4, 63), (3, 38), (2, 13), (1, 1)) if percent >= least), 0)
