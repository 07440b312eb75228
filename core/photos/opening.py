"""Opens a picture with Pillow: only formats that photos have, without warnings, and never one that fills the memory."""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import IO

from PIL import Image, ImageFile

from core.errors import PhotoError
from core.photos import faults

MOST_PIXELS = 250_000_000
"""A phone makes 200 megapixels (16,320 x 12,240) today; what is more comes from a stitcher, or wants to fill memory."""
MOST_BYTES = 1 << 30
"""Bytes that the decoded pixels may take: TIFF and PNG have up to eight a pixel."""
MOST_FILE_BYTES = 1 << 30
"""WebP, AVIF and HEIF are read into memory whole."""

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "DIB", "GIF", "AVIF", "HEIF")
"""Told by a file's first bytes, not by its name. Others that Pillow knows stay shut: EPS starts Ghostscript."""

_NAMES = {"MPO": "JPEG", "DIB": "BMP"}
_BYTES_A_PIXEL = {"1": 1, "L": 1, "P": 1, "LA": 4, "PA": 4, "I;16": 2, "I;16B": 2, "I;16L": 2}
_LOCK = threading.Lock()
_QUIET = r"(PIL|pillow_heif|exifread|rawpy)\b"


@cache
def _register() -> None:
    """Loads the plug-ins once.

    Pillow's own guard knows one number for a whole process and warns at half of it: ours stands in its place, looks
    at each picture before its pixels are read, and says the size.
    """
    import pillow_heif
    from PIL import (  # noqa: F401  (each registers itself)
        AvifImagePlugin,
        BmpImagePlugin,
        GifImagePlugin,
        JpegImagePlugin,
        MpoImagePlugin,
        PngImagePlugin,
        TiffImagePlugin,
        WebPImagePlugin,
    )

    pillow_heif.register_heif_opener()
    Image.MAX_IMAGE_PIXELS = None
    for name in ("PIL", "pillow_heif", "exifread"):
        logging.getLogger(name).addHandler(logging.NullHandler())


def prepare() -> None:
    """Makes the decoders ready and silent; called before every use, from any thread.

    Python's warning filters belong to the process, and ``catch_warnings`` is not safe among threads. So the one rule
    that hides the decoders' warnings is set, not swapped in and out, and set again where somebody took it away.
    """
    with _LOCK:
        _register()
        first = warnings.filters[0] if warnings.filters else None
        if first is None or first[0] != "ignore" or getattr(first[3], "pattern", None) != _QUIET:
            warnings.filterwarnings("ignore", module=_QUIET)


def format_name(image: ImageFile.ImageFile) -> str:
    """The format as a person knows it: what a camera calls MPO is a JPEG with more behind it."""
    return _NAMES.get(image.format or "", image.format or "")


def refuse_too_large(path: Path, image: ImageFile.ImageFile) -> None:
    """Raises PhotoError when the decoded pixels would not fit a sane share of memory."""
    width, height = image.size
    pixels = width * height
    if pixels > MOST_PIXELS or pixels * _BYTES_A_PIXEL.get(image.mode, 4) > MOST_BYTES:
        raise PhotoError(path, faults.too_large(width, height))
    if width < 1 or height < 1:
        raise PhotoError(path, faults.DAMAGED)


@contextmanager
def open_stream(stream: IO[bytes], path: Path) -> Iterator[ImageFile.ImageFile]:
    """The picture in ``stream``, checked but not yet decoded."""
    prepare()
    with Image.open(stream, formats=FORMATS) as image:
        refuse_too_large(path, image)
        yield image


@contextmanager
def open_picture(path: Path) -> Iterator[ImageFile.ImageFile]:
    """The picture at ``path``, checked but not yet decoded. Raises whatever Pillow does: see ``faults``.

    A stream is handed to Pillow, not a path: it would map some files into memory, and a mapped file that another
    program cuts short takes the process down.
    """
    info = faults.refuse_what_is_no_file(path)
    if info.st_size > MOST_FILE_BYTES and path.suffix.lower() not in (".tif", ".tiff", ".bmp", ".png", ".jpg", ".jpeg"):
        raise PhotoError(path, f"The file is too large for a photo: {info.st_size / 1e9:.1f} GB.")
    with path.open("rb") as stream, open_stream(stream, path) as image:
        yield image
