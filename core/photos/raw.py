"""Camera RAW: the preview that the camera put inside, or else a demosaic at half size (LibRaw, by rawpy)."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from struct import error as struct_error
from typing import Any, BinaryIO

from PIL import Image

from core.errors import PhotoError
from core.photos import exif, facts, faults, opening, pixels, xmp
from core.photos.embedded import Embedded, embedded
from core.photos.facts import NOTHING, Facts

FORMAT = "RAW"
NO_PREVIEW = "This camera RAW file holds no preview, and its picture cannot be developed."

_FLIPS = {0: 1, 3: 3, 5: 8, 6: 6}
"""LibRaw's flip to EXIF's orientation: 180 degrees, a quarter left, a quarter right."""
_ORIENTATION, _XMP_TAG = 0x0112, 700
_CR3_BOXES = (b"CMT1", b"CMT2", b"CMT4")
_CR3_HEAD = 128 << 10


@dataclass(frozen=True, slots=True)
class RawDescription:
    """What a RAW file says without being developed: its upright size in pixels and its metadata."""

    size: tuple[int, int]
    embedded: Embedded


@dataclass(frozen=True, slots=True)
class RawPicture:
    """A RAW file's picture, upright sRGB, and what the file says."""

    image: Image.Image
    description: RawDescription


def _open(path: Path) -> Any:
    """A rawpy.RawPy, or None when LibRaw does not know the file as RAW. The caller closes it."""
    import rawpy

    try:
        if str(path).isascii():
            return rawpy.imread(str(path))
        with path.open("rb") as stream:  # a name in no encoding, or one that LibRaw cannot open on Windows
            return rawpy.imread(stream)
    except rawpy.LibRawError:
        return None


def _numbered(tags: Mapping[str, Any], group: str) -> dict[int, Any]:
    """ExifRead's tags of one directory by number, each with its plain value."""
    found: dict[int, Any] = {}
    for name, tag in tags.items():
        if name.startswith(group) and hasattr(tag, "values"):
            values = tag.values
            found[int(tag.tag)] = values[0] if isinstance(values, list) and len(values) == 1 else values
    return found


def _tags_as_tiff(stream: BinaryIO) -> exif.Tags:
    """The tags of the many RAW formats that are TIFF beneath (NEF, CR2, ARW, DNG, ORF, RW2, PEF ...)."""
    import exifread
    from exifread.core.exceptions import InvalidExif

    try:
        tags = exifread.process_file(stream, details=False, truncate_tags=False, extract_thumbnail=False)
    except (*exif.BROKEN, struct_error, RuntimeError, InvalidExif):
        return exif.Tags()
    return exif.Tags(_numbered(tags, "Image "), _numbered(tags, "EXIF "), _numbered(tags, "GPS "))


def _tags_of_cr3(head: bytes) -> exif.Tags:
    """The tags of Canon's CR3: a directory each for image, exposure and place, in boxes of their own."""
    found: list[Mapping[int, Any]] = []
    for box in _CR3_BOXES:
        at = head.find(box)
        directory = Image.Exif()
        try:
            if at >= 0:
                size = int.from_bytes(head[at - 4 : at], "big") - 8
                directory.load(b"Exif\x00\x00" + head[at + 4 : at + 4 + size])
            found.append(exif.plain(directory))
        except (*exif.BROKEN, struct_error):
            found.append({})
    return exif.Tags(*found)


def _own(path: Path) -> Embedded:
    """The metadata in the RAW file itself. Never raises: a photo with broken metadata is still a photo."""
    return facts.unless_it_fails(lambda: _read_own(path), Embedded(), f"What {path} says")


def _read_own(path: Path) -> Embedded:
    with path.open("rb") as stream:
        head = stream.read(_CR3_HEAD)
        stream.seek(0)
        tags = _tags_of_cr3(head) if head[4:11] == b"ftypcrx" else _tags_as_tiff(stream)
    packet = tags.image.get(_XMP_TAG)
    raw_packet = bytes(packet) if isinstance(packet, list) else packet if isinstance(packet, bytes) else b""
    return Embedded(exif.facts_of(tags), xmp=xmp.parse(raw_packet))


def _measured(raw: Any) -> Facts:
    """What LibRaw itself found out: it knows formats that no EXIF reader does."""
    other = raw.other
    iso = facts.number(other.iso_speed, 0, 1e8)
    return Facts(
        lens=facts.clean(str(raw.lens.model or ""), 120) or None,
        focal_length=facts.number(other.focal_length, 0, 1e5),
        aperture=facts.number(other.aperture, 0, 256),
        exposure=facts.number(other.shutter_speed, 0, 1e6),
        iso=round(iso) if iso else None,
    )


def _filled(first: Facts, then: Facts) -> Facts:
    """``first``, with ``then`` where it is silent."""
    names = Facts.__dataclass_fields__
    return replace(first, **{n: getattr(then, n) for n in names if getattr(first, n) in (None, ())})


def _size(raw: Any) -> tuple[int, int]:
    """The upright size in pixels of the developed picture."""
    sizes = raw.sizes
    width, height = int(sizes.width), int(sizes.height)
    return (height, width) if sizes.flip in (5, 6) else (width, height)


def describe(path: Path) -> RawDescription | None:
    """Size and metadata, without the picture; None when this is no RAW that LibRaw knows."""
    opening.prepare()
    raw = _open(path)
    if raw is None:
        return None
    with raw:
        own = _own(path)
        return RawDescription(
            _size(raw), replace(own, exif=_filled(own.exif, _filled(_of_preview(raw).exif, _measured(raw))))
        )


def _preview_bytes(raw: Any) -> Any:
    """LibRaw's thumbnail (``format`` and ``data``), or None."""
    import rawpy

    try:
        return raw.extract_thumb()
    except (rawpy.LibRawError, rawpy.NotSupportedError):
        return None


def _of_preview(raw: Any) -> Embedded:
    import rawpy

    thumb = _preview_bytes(raw)
    if thumb is None or thumb.format != rawpy.ThumbFormat.JPEG:
        return Embedded()
    try:
        with opening.open_stream(io.BytesIO(thumb.data), Path("preview.jpg")) as image:
            return embedded(image)
    except (*exif.BROKEN, PhotoError):
        return Embedded()


def _turn(raw: Any, preview: Image.Image, own_orientation: int) -> int:
    """The orientation to apply to a preview: its own, else the RAW's, else none where the camera turned it already.

    LibRaw writes the RAW's orientation into a preview that has none, so that its own cannot always be believed: what
    it leads to must stand or lie as the photo does.
    """
    stands = _size(raw)[0] < _size(raw)[1]
    for orientation in (own_orientation, _FLIPS.get(int(raw.sizes.flip), 1)):
        shown_stands = preview.width > preview.height if orientation >= 5 else preview.width < preview.height
        if orientation > 1 and shown_stands == stands:
            return orientation
    return 1


def _preview(raw: Any, path: Path, min_side: int | None, longest: int | None) -> tuple[Image.Image, Embedded] | None:
    """The camera's own preview, upright, and what it says; None when there is none that can be decoded."""
    import rawpy

    thumb = _preview_bytes(raw)
    if thumb is None:
        return None
    if thumb.format != rawpy.ThumbFormat.JPEG:
        image = Image.fromarray(thumb.data)
        scale = pixels.scale_needed(image.size, min_side, longest)
        return pixels.upright_rgb(image, _turn(raw, image, 1), scale), Embedded()
    try:
        with opening.open_stream(io.BytesIO(thumb.data), path) as picture:
            said = embedded(picture)
            turn = _turn(raw, picture, said.orientation)
            pixels.draft(picture, pixels.scale_needed(picture.size, min_side, longest))
            picture.load()
            scale = pixels.scale_needed(picture.size, min_side, longest)
            return pixels.upright_rgb(picture, turn, scale), said
    except (*exif.BROKEN, struct_error, PhotoError):
        return None


def _developed(raw: Any, path: Path, *, half: bool) -> Image.Image:
    """The picture from the sensor's values: white balance as shot; LibRaw turns it upright. Takes seconds."""
    import rawpy

    try:
        return Image.fromarray(raw.postprocess(half_size=half, use_camera_wb=True, output_bps=8))
    except (rawpy.LibRawError, rawpy.NotSupportedError, ValueError) as error:
        raise PhotoError(path, NO_PREVIEW) from error


def load(path: Path, *, min_side: int | None, longest: int | None) -> RawPicture | None:
    """The RAW file's picture; None when this is no RAW that LibRaw knows.

    ``min_side`` and ``longest`` are the pixels that its shorter and longer side need at least; both None: as large as
    there is. A preview that is smaller than that gives way to the sensor's own picture at half size, where there is
    one. Raises PhotoError with a reason.
    """
    opening.prepare()
    raw = _open(path)
    if raw is None:
        return None
    with raw:
        width, height = size = _size(raw)
        if width * height > opening.MOST_PIXELS:
            raise PhotoError(path, faults.too_large(width, height))
        own = _own(path)
        preview = _preview(raw, path, min_side, longest)
        image, said = preview if preview else (None, Embedded())
        least = min(min_side or 1000, min(size))
        if image is None or min(image.size) < least:
            image = _larger(raw, path, image, half=min(size) >= 2 * least)
        merged = replace(
            own,
            exif=_filled(own.exif, _filled(said.exif, _measured(raw))),
            iptc=said.iptc,
            xmp=own.xmp if own.xmp != NOTHING else said.xmp,
        )
        return RawPicture(image, RawDescription(size, merged))


def _larger(raw: Any, path: Path, preview: Image.Image | None, *, half: bool) -> Image.Image:
    """The developed picture, or the small preview when that is all there is."""
    try:
        return _developed(raw, path, half=half)
    except PhotoError:
        if preview is None:
            raise
        return preview
