"""Puts together what a photo's bytes, its sidecars, its name and the file system say of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from core.photos import dates, faults, names, opening, raw, sidecars
from core.photos.embedded import Embedded, embedded, upright_size
from core.photos.facts import NOTHING, Facts
from core.photos.suffixes import is_raw_name
from core.types import FoundCaption, PhotoMetadata, TakenSource

T = TypeVar("T")


def _first(values: Iterable[T | None]) -> T | None:
    return next((value for value in values if value is not None), None)


def _taken(
    path: Path, own: Embedded, xmps: Sequence[Facts], takeouts: Sequence[Facts], mtime: float
) -> tuple[str | None, TakenSource | None]:
    """The date taken and where it comes from, the most trusted first.

    IPTC's date counts as XMP's, which took it over; EXIF's date of change comes after the name, before the mtime.
    """
    candidates = (
        (own.exif.taken, TakenSource.EXIF),
        (_first(found.taken for found in (*xmps, own.xmp, own.iptc)), TakenSource.XMP),
        (_first(found.taken for found in takeouts), TakenSource.TAKEOUT),
        (names.date_in_name(path.name), TakenSource.NAME),
        (own.exif.changed, TakenSource.EXIF),
        (dates.from_timestamp(mtime), TakenSource.FILE),
    )
    return next(((date, source) for date, source in candidates if date), (None, None))


def _captions(path: Path, said: Iterable[tuple[Facts, str]]) -> tuple[FoundCaption, ...]:
    """Each sentence once, with the first source that has it; a file's own name is no caption."""
    seen = {path.name.casefold(), path.stem.casefold()}
    found: list[FoundCaption] = []
    for source, name in said:
        for text in source.captions:
            if text.casefold() not in seen:
                seen.add(text.casefold())
                found.append(FoundCaption(text, name))
    return tuple(found)


def _each_once(paths: Iterable[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    return tuple(dict.fromkeys(paths))


def assemble(
    path: Path, size: tuple[int, int], format_name: str, own: Embedded, beside: Sequence[Path], mtime: float
) -> PhotoMetadata:
    """The metadata of a photo of ``size`` (pixels, upright); ``mtime`` in seconds since 1970 (UTC).

    What the camera wrote wins for date, lens and place; what a person changed beside the photo wins for the rating.
    """
    read = [sidecars.read(sidecar) for sidecar in beside]
    xmps = [found for found, source in read if source == "sidecar"]
    takeouts = [found for found, source in read if source == "takeout"]
    taken, taken_source = _taken(path, own, xmps, takeouts, mtime)
    technical = (own.exif, own.xmp, *xmps)
    placed = _first(found if found.latitude is not None else None for found in (*technical, *takeouts)) or NOTHING
    sources = [(own.exif, "exif"), (own.iptc, "iptc"), (own.xmp, "xmp"), *read]
    own_words = {word.casefold() for found in (own.exif, own.iptc, own.xmp) for word in found.keywords}
    words = {word.casefold(): word for found, _ in reversed(sources) for word in reversed(found.keywords)}
    return PhotoMetadata(
        width=size[0],
        height=size[1],
        format=format_name,
        taken=taken,
        taken_source=taken_source,
        camera=_first(found.camera for found in technical),
        lens=_first(found.lens for found in technical),
        focal_length=_first(found.focal_length for found in technical),
        aperture=_first(found.aperture for found in technical),
        exposure=_first(found.exposure for found in technical),
        iso=_first(found.iso for found in technical),
        latitude=placed.latitude,
        longitude=placed.longitude,
        rating=_first(found.rating for found in (*xmps, own.xmp, own.exif)),
        captions=_captions(path, sources),
        keywords=tuple(reversed(words.values())),
        unread=tuple((file.name, found.unread) for file, (found, _) in zip(beside, read, strict=True) if found.unread),
        paths=_each_once(path for found in (own.exif, own.iptc, own.xmp) for path in found.paths),
        paths_beside=_each_once(path for found, _ in read for path in found.paths),
        beside=tuple(word for folded, word in reversed(words.items()) if folded not in own_words),
    )


def read(path: Path, beside: Sequence[Path] = ()) -> PhotoMetadata:
    """The metadata of the photo at ``path`` with its sidecars, without decoding it where the format allows.

    Raises PhotoError when the file cannot be read as a picture.
    """
    with faults.as_photo_error(path):
        mtime = path.stat().st_mtime
        if is_raw_name(path.name) and (found := raw.describe(path)):
            return assemble(path, found.size, raw.FORMAT, found.embedded, beside, mtime)
        with opening.open_picture(path) as image:
            if image.format == "PNG":  # its texts and EXIF may stand behind the pixels
                image.load()
            own = embedded(image)
            return assemble(path, upright_size(image, own.orientation), opening.format_name(image), own, beside, mtime)
