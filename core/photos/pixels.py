"""From whatever mode a decoder yields to upright 8-bit sRGB, at a size that suffices."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

THUMBNAIL_SIDE = 384
"""Longest side of a thumbnail, in pixels: sharp in the grid on a screen of double density."""
THUMBNAIL_QUALITY = 80

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_TURNED_FIRST_SIDE = 1000
_TURNED_FIRST_PIXELS = 2_000_000
_REDUCIBLE = ("L", "LA", "RGB", "RGBA", "CMYK", "YCbCr", "RGBX")
_LARGEST_PROFILE = 4 << 20
_SRGB = (b"sRGB", b"s\x00R\x00G\x00B")
"""How profiles of version 2 and of version 4 name themselves."""


def scale_needed(size: tuple[int, int], min_side: int | None, longest: int | None) -> float:
    """How far a picture may shrink: its shorter side keeps ``min_side``, its longer ``longest`` pixels; at most 1."""
    width, height = size
    wanted = [min_side / min(width, height)] if min_side else []
    if longest:
        wanted.append(longest / max(width, height))
    return min(1.0, max(wanted)) if wanted else 1.0


def _is_small(size: tuple[int, int]) -> bool:
    """Whether a picture costs nothing to be turned in full size.

    What shrinks a picture begins at its stored corner, so that the last column of an odd width counts less: shrunk
    before it is turned, the same picture stored mirrored would look slightly different.
    """
    return min(size) < _TURNED_FIRST_SIDE and size[0] * size[1] <= _TURNED_FIRST_PIXELS


def draft(image: ImageFile, scale: float) -> None:
    """Lets the decoder itself shrink the picture: JPEG by its cosine transform, HEIF by a thumbnail it carries.

    Not a small one, which is turned first.
    """
    if scale < 1 and not _is_small(image.size):
        image.draft(None, (math.ceil(image.width * scale), math.ceil(image.height * scale)))


def _from_wide(image: Image.Image) -> Image.Image:
    """8-bit grey from 16-bit, 32-bit or floating grey.

    Integers are stretched from the bits that are used (cameras of 10, 12 or 14 bits write into 16), floats from the
    range that they hold, unless that is 0 to 1 already.
    """
    values = np.nan_to_num(np.asarray(image).astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    lowest, highest = float(values.min()), float(values.max())
    if image.mode == "F":
        lowest, highest = (0.0, 1.0) if lowest >= 0 and highest <= 1 else (lowest, highest)
    elif lowest >= 0 and highest < 65536:
        lowest, highest = 0.0, float(next(top for top in (255, 1023, 4095, 16383, 65535) if highest <= top))
    values = (values - lowest) * (255.0 / max(highest - lowest, 1e-12))
    return Image.fromarray(np.clip(values + 0.5, 0, 255).astype(np.uint8))


def _on_white(image: Image.Image) -> Image.Image:
    """A transparent picture as it looks on paper."""
    image = image.convert("RGBA")
    paper = Image.new("RGB", image.size, "white")
    paper.paste(image, mask=image.getchannel("A"))
    return paper


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image | None:
    """``image`` in sRGB by its embedded profile, or None where there is nothing to do or the profile is no good."""
    if not profile or len(profile) > _LARGEST_PROFILE or any(name in profile[:4096] for name in _SRGB):
        return None
    space = {b"RGB ": "RGB", b"GRAY": "L", b"CMYK": "CMYK", b"Lab ": "LAB"}.get(profile[16:20])
    if space != image.mode:
        return None
    from PIL import ImageCms

    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


def _lab_to_rgb(image: Image.Image) -> Image.Image:
    from PIL import ImageCms

    changed = ImageCms.profileToProfile(
        image, ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), outputMode="RGB"
    )
    return changed or image.getchannel(0).convert("RGB")


def to_rgb(image: Image.Image) -> Image.Image:
    """8-bit sRGB of any mode: alpha on white, wide greys scaled, palettes and CMYK resolved, profiles applied."""
    profile = image.info.get("icc_profile")
    if image.mode in ("I", "F") or image.mode.startswith("I;"):
        image = _from_wide(image)
    elif image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        image = _on_white(image)
    elif image.mode in ("P", "RGBX", "YCbCr", "HSV"):
        image = image.convert("RGB")
    corrected = _to_srgb(image, profile if isinstance(profile, bytes) else None)
    if corrected is not None:
        return corrected
    if image.mode == "LAB":
        return _lab_to_rgb(image)
    return image if image.mode == "RGB" else image.convert("RGB")


def shrink(image: Image.Image, scale: float) -> Image.Image:
    """The picture reduced by a whole factor (a box filter: no aliasing), never below ``scale``."""
    factor = int(1 / scale) if scale > 0 else 1
    return image.reduce(factor) if factor >= 2 else image


def upright_rgb(image: Image.Image, orientation: int, scale: float) -> Image.Image:
    """Shrinks, converts and turns a decoded picture, in the order that touches the fewest pixels.

    A small picture is turned first.

    ``orientation`` is EXIF's, 1 to 8; other numbers mean upright. ``scale`` is what ``scale_needed`` said of this size.
    """
    turn = _TURNS.get(orientation)
    if turn is not None and _is_small(image.size):
        info = image.info
        image, turn = image.transpose(turn), None
        image.info = info
    early = image.mode in _REDUCIBLE and "transparency" not in image.info
    if early:
        info = image.info
        image = shrink(image, scale)
        image.info = info
    image = to_rgb(image)
    if not early:
        image = shrink(image, scale)
    image = image.transpose(turn) if turn is not None else image
    image.info = {}
    return image


def thumbnail_jpeg(image: Image.Image) -> bytes:
    """A JPEG of the picture, its longest side THUMBNAIL_SIDE at the most."""
    small = image
    if max(image.size) > THUMBNAIL_SIDE:
        small = image.copy()
        small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.BICUBIC, reducing_gap=None)
    stream = io.BytesIO()
    small.save(stream, "JPEG", quality=THUMBNAIL_QUALITY)
    return stream.getvalue()
