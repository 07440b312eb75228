"""XMP: what an embedded packet or a sidecar says of a photo (ISO 16684-1, the Metadata Working Group's guidelines)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import SidecarError
from core.photos import dates, facts, xmp_markup
from core.photos.facts import NOTHING, Facts
from core.photos.xmp_markup import LARGEST

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_SPACES = {
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://ns.adobe.com/xap/1.0/": "xmp",
    "http://ns.adobe.com/photoshop/1.0/": "photoshop",
    "http://ns.adobe.com/exif/1.0/": "exif",
    "http://cipa.jp/exif/1.0/": "exifEX",
    "http://ns.adobe.com/exif/1.0/aux/": "aux",
    "http://ns.adobe.com/tiff/1.0/": "tiff",
    "http://ns.adobe.com/lightroom/1.0/": "lr",
    "http://www.digikam.org/ns/1.0/": "digiKam",
    "http://ns.microsoft.com/photo/1.0/": "MicrosoftPhoto",
    "http://ns.microsoft.com/photo/1.0": "MicrosoftPhoto",
    "http://iptc.org/std/Iptc4xmpExt/2008-02-29/": "Iptc4xmpExt",
    "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/": "Iptc4xmpCore",
    "http://www.metadataworkinggroup.com/schemas/regions/": "mwg-rs",
    "http://ns.microsoft.com/photo/1.2/t/Region#": "MPReg",
}
_LONGEST_COORDINATE = 100
_MOST_PATHS = 5000
_LONGEST_PATH = 10_000
"""Paths of keywords in trees that are looked at, and characters of each."""
_FACES = ("mwg-rs:Name", "MPReg:PersonDisplayName")
_UTF16 = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"<\0": "utf-16-le", b"\0<": "utf-16-be"}
"""How a packet in UTF-16 begins: with a mark, or without."""
_TREES = (
    ("MicrosoftPhoto:LastKeywordXMP", "/"),
    ("lr:hierarchicalSubject", r"\|"),
    ("digiKam:TagsList", "/"),
)
"""Properties whose values are paths, and what stands between their steps."""
_COORDINATE = re.compile(r"\s*([0-9.]+)(?:,([0-9.]+))?(?:,([0-9.]+))?\s*([NSEW])\s*", re.I)

Values = dict[str, list[tuple[str, str]]]
"""``dc:subject`` to its values, each with its language ('' for none)."""


def _key(tag: str) -> str | None:
    space, _, local = tag[1:].partition("}")
    prefix = _SPACES.get(space)
    return f"{prefix}:{local}" if prefix else None


def _element(raw: bytes) -> Element | None:
    """The parsed packet; None for what is no XML, and for XML with a DTD or entities (bombs and file inclusion)."""
    from xml.etree.ElementTree import ParseError

    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    if len(raw) > LARGEST:
        return None
    packet: bytes | str = raw.strip(b"\x00 \t\r\n")
    codec = _UTF16.get(raw[:2])
    if codec is not None:  # zero bytes are half of its letters; as text, what the XML declares counts no more
        packet = raw.decode(codec, "replace").strip("\x00 \t\r\n\ufeff")
    if not packet:
        return None
    try:
        parsed: Element = fromstring(packet, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError, RecursionError, TypeError):
        return None
    return parsed


def _items(element: Element) -> Iterator[tuple[str, str]]:
    """A property's values: the items of its Alt, Bag or Seq, else its own text."""
    containers = [child for child in element if child.tag in (f"{_RDF}Alt", f"{_RDF}Bag", f"{_RDF}Seq")]
    if not containers:
        if element.text:
            yield element.text, ""
        return
    for container in containers:
        for item in container:
            if item.text:
                yield item.text, item.get(_LANG, "")


def _values(root: Element) -> Values:
    """Every property of the descriptions right below rdf:RDF, written as attribute or as element; and faces' names.

    A description that lies deeper is of something else: of a picture that this one is put together from, say.
    """
    values: Values = {}
    for described in (child for rdf in root.iter(f"{_RDF}RDF") for child in rdf if child.tag == f"{_RDF}Description"):
        for name, text in described.attrib.items():
            if (key := _key(name)) and key not in _FACES:
                values.setdefault(key, []).append((text, ""))
        for child in described:
            if (key := _key(child.tag)) and key not in _FACES:
                values.setdefault(key, []).extend(_items(child))
    for element in root.iter():
        for name, text in element.attrib.items():
            if (key := _key(name)) in _FACES:
                values.setdefault(str(key), []).append((text, ""))
        if (key := _key(element.tag)) in _FACES and element.text:
            values.setdefault(str(key), []).append((element.text, ""))
    return values


def _first(values: Values, *keys: str) -> str | None:
    return next((text for key in keys for text, _ in values.get(key, ()) if text.strip()), None)


def _degrees(text: str | None) -> float | None:
    """``51,30.5N`` or ``51,30,15N`` as signed degrees."""
    found = _COORDINATE.fullmatch((text or "")[:_LONGEST_COORDINATE])
    if not found:
        return None
    parts = [facts.number(part or "0", -1, 1000) for part in found.groups()[:3]]
    if any(part is None for part in parts):
        return None
    size = sum((part or 0.0) / scale for part, scale in zip(parts, (1, 60, 3600), strict=True))
    return -size if found[4].upper() in "SW" else size


def _captions(values: Values) -> Iterator[str]:
    """Descriptions, that for every language first, then titles, headline and the text for those who cannot see it."""
    for key in ("dc:description", "dc:title"):
        yield from (text for text, language in values.get(key, ()) if language in ("x-default", ""))
        yield from (text for text, language in values.get(key, ()) if language not in ("x-default", ""))
    for key in (
        "photoshop:Headline",
        "Iptc4xmpCore:AltTextAccessibility",
        "Iptc4xmpCore:ExtDescrAccessibility",
        "exif:UserComment",
    ):
        yield from (text for text, _ in values.get(key, ()))


def _keywords(values: Values) -> Iterator[str]:
    paths = list(islice(_paths(values), _MOST_PATHS))
    marks = own_marks(paths)
    for key in ("dc:subject", "Iptc4xmpExt:PersonInImage", *_FACES):
        for text, _ in values.get(key, ()):
            yield from (word for word in re.split(r"[;\n]", text) if not marks or clean_word(word) not in marks)
    for path in paths:
        if not is_own_mark(path):
            yield from path


def _paths(values: Values) -> Iterator[list[str]]:
    """The paths in trees, each as its steps from the top. Microsoft's may have several in one value."""
    for key, between in _TREES:
        for text, _ in values.get(key, ()):
            for line in re.split(r"[;\n]", text) if key == "MicrosoftPhoto:LastKeywordXMP" else (text,):
                yield re.split(between, line[:_LONGEST_PATH])


def is_own_mark(path: Sequence[str]) -> bool:
    """Whether a path in a tree of keywords is a program's note to itself: darktable's ``darktable|exported``, digiKam's
    ``_Digikam_Internal_Tags_/...``. No person made it."""
    top = clean_word(path[0]) if path else ""
    return top == "darktable" or top.startswith("_digikam_internal")


def own_marks(paths: Iterable[Sequence[str]]) -> set[str]:
    """The words, folded, that paths of programs' own marks have and no other path: darktable writes each step of
    ``darktable|format|jpg`` into ``dc:subject`` as well."""
    found = list(paths)
    marks = {clean_word(step) for path in found if is_own_mark(path) for step in path}
    if not marks:
        return marks
    return marks - {clean_word(step) for path in found if not is_own_mark(path) for step in path}


def clean_word(word: str) -> str:
    """A keyword as it is compared."""
    return facts.clean(facts.straight(word), facts.LONGEST_KEYWORD).casefold()


def words(raw: bytes, without: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    """The keywords of a packet, as `parse` takes them from it, but for those of values in ``without``: ``dc:subject``
    and the like to values that do not count."""
    root = _element(raw)
    values = {} if root is None else _values(root)
    for key, left_out in without.items():
        values[key] = [(text, language) for text, language in values.get(key, ()) if text not in left_out]
    return words_of(values)


def words_of(values: Values) -> tuple[str, ...]:
    """The keywords that properties say, each once: of a path in a tree its last step and each above it."""
    return facts.keywords(_keywords(values))


def paths_of(values: Values) -> tuple[tuple[str, ...], ...]:
    """The paths of more than one step that properties say, each once."""
    return facts.paths(path for path in islice(_paths(values), _MOST_PATHS) if not is_own_mark(path))


def _rating(values: Values) -> int | None:
    stars = facts.number(_first(values, "xmp:Rating"), -2, 6)
    if stars is not None:
        return max(-1, min(5, round(stars)))
    return facts.stars_of_percent(facts.number(_first(values, "MicrosoftPhoto:Rating"), 0, 101))


def parse(raw: bytes) -> Facts:
    """What a packet of XMP says. Broken, oversized or malicious XMP says nothing, and never fails the photo."""
    root = _element(raw)
    return NOTHING if root is None else _facts(root)


def _facts(root: Element) -> Facts:
    values = _values(root)
    dated = (
        dates.parse(_first(values, key))
        for key in ("exif:DateTimeOriginal", "photoshop:DateCreated", "exif:DateTimeDigitized", "xmp:CreateDate")
    )
    spot = facts.place(_degrees(_first(values, "exif:GPSLatitude")), _degrees(_first(values, "exif:GPSLongitude")))
    iso = facts.number(_first(values, "exifEX:PhotographicSensitivity", "exif:ISOSpeedRatings"), 0, 1e8)
    lens = facts.clean(_first(values, "exifEX:LensModel", "aux:Lens") or "", 120)
    return Facts(
        taken=next((date for date in dated if date), None),
        camera=facts.camera_name(_first(values, "tiff:Make") or "", _first(values, "tiff:Model") or ""),
        lens=lens or None,
        focal_length=facts.number(_first(values, "exif:FocalLength"), 0, 1e5),
        aperture=facts.number(_first(values, "exif:FNumber"), 0, 256),
        exposure=facts.number(_first(values, "exif:ExposureTime"), 0, 1e6),
        iso=round(iso) if iso else None,
        latitude=spot[0] if spot else None,
        longitude=spot[1] if spot else None,
        rating=_rating(values),
        captions=facts.captions(_captions(values)),
        keywords=words_of(values),
        paths=paths_of(values),
    )


def read(path: Path) -> Facts:
    """What the sidecar at ``path`` says, or why that is nothing. Raises OSError when it cannot be read."""
    with path.open("rb") as stream:
        raw = stream.read(LARGEST + 1)
    root = _element(raw)
    if root is None or next(root.iter(f"{_RDF}RDF"), None) is None:
        return Facts(unread=_why_unread(raw))
    return _facts(root)


def _why_unread(raw: bytes) -> str:
    """Why bytes are no XMP, in the words that refuse to write them."""
    try:
        data, _ = xmp_markup.decode(raw)
        xmp_markup.parse(data)
    except SidecarError as error:
        return str(error)
    return "It is no XMP that can be read."
