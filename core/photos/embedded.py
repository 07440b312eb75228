"""What a photo's own bytes say of it: EXIF, IPTC and XMP of an opened picture."""

from __future__ import annotations

from dataclasses import dataclass
from struct import error as struct_error
from typing import TYPE_CHECKING, Literal

from core.photos import exif, facts, iptc, xmp
from core.photos.facts import NOTHING, Facts

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

_ORIENTATION = 0x0112
_IPTC_IN_TIFF = 33723
_IPTC_IN_PHOTOSHOP = 0x0404


@dataclass(frozen=True, slots=True)
class Embedded:
    """What a photo's own bytes say of it; ``orientation`` is EXIF's, 1 to 8."""

    exif: Facts = NOTHING
    iptc: Facts = NOTHING
    xmp: Facts = NOTHING
    orientation: int = 1


def _tags(image: ImageFile) -> exif.Tags:
    return facts.unless_it_fails(lambda: exif.tags_of(image.getexif()), exif.Tags(), "EXIF")


def _iptc_block(image: ImageFile) -> bytes:
    """The IIM block of a JPEG (in Photoshop's segment) or TIFF (in a tag that some write as 32-bit numbers)."""
    photoshop = image.info.get("photoshop")
    if isinstance(photoshop, dict):
        block = photoshop.get(_IPTC_IN_PHOTOSHOP, b"")
        return block if isinstance(block, bytes) else b""
    directory = getattr(image, "tag_v2", None)
    try:
        value = directory.get(_IPTC_IN_TIFF) if directory is not None else None
    except (*exif.BROKEN, struct_error):
        return b""
    if isinstance(value, tuple) and all(isinstance(part, int) and 0 <= part < 1 << 32 for part in value):
        order: Literal["big", "little"] = "big" if getattr(directory, "prefix", b"") == b"MM" else "little"
        return b"".join(part.to_bytes(4, order) for part in value)
    return value if isinstance(value, bytes) else b""


def _xmp_packet(image: ImageFile) -> bytes:
    packet = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
    if isinstance(packet, str):
        packet = packet.encode("utf-8", "replace")
    return packet if isinstance(packet, bytes) else b""


def embedded(image: ImageFile) -> Embedded:
    """What an opened picture says of itself. Never raises: a photo with broken metadata is still a photo."""
    tags = _tags(image)
    turned = tags.image.get(_ORIENTATION)
    orientation = turned if isinstance(turned, int) and 1 <= turned <= 8 else 1
    return Embedded(
        facts.unless_it_fails(lambda: exif.facts_of(tags), NOTHING, "EXIF"),
        facts.unless_it_fails(lambda: iptc.parse(_iptc_block(image)), NOTHING, "IPTC"),
        facts.unless_it_fails(lambda: xmp.parse(_xmp_packet(image)), NOTHING, "XMP"),
        orientation,
    )


def upright_size(image: ImageFile, orientation: int) -> tuple[int, int]:
    """The size in pixels after orientation. Pillow turns a TIFF by itself, and says its size as turned."""
    if orientation >= 5 and image.format != "TIFF":
        return image.height, image.width
    return image.size
