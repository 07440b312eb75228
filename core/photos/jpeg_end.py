"""JPEGs whose picture is whole though the mark of its end is missing, as some cameras and recovery tools leave them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from core.photos import pixels

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

_END = b"\xff\xd9"
_CORNER = 8
"""Side of a JPEG block, in pixels of the full picture."""


def with_its_end(path: Path, scale: float) -> ImageFile | None:
    """The loaded picture when nothing but its end is missing, else None.

    Given an end, the decoder fills what is missing with middle grey, in the order of the picture: so the last block
    tells whether anything is. A progressive JPEG stores the picture several times, ever finer, and cannot be told so.
    Raises OSError when it cannot be decoded at all.
    """
    picture: ImageFile = Image.open(io.BytesIO(path.read_bytes() + _END), formats=("JPEG",))
    if "progressive" in picture.info:
        return None
    full_width = picture.width
    pixels.draft(picture, scale)
    picture.load()
    side = max(1, _CORNER * picture.width // full_width)
    corner = picture.crop((picture.width - side, picture.height - side, picture.width, picture.height))
    extrema = corner.convert("L").getextrema()
    return None if extrema in ((127, 127), (128, 128)) else picture
