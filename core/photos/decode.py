"""One decode of a file: the encoder's input, its thumbnail and its metadata."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.photos import jpeg_end, metadata, opening, pixels, raw
from core.photos.embedded import embedded, upright_size
from core.photos.faults import as_photo_error
from core.photos.suffixes import is_raw_name

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

    from core.types import PhotoMetadata

_LARGE = 60_000_000
"""Pixels to decode above which pictures take turns: two at once might not fit into memory."""
_ONE_LARGE = threading.Lock()


@dataclass(frozen=True, slots=True)
class Decoded:
    """A photo as the encoder and the grid want it.

    ``image`` is upright RGB, reduced, its shorter side at least the asked-for ``min_side`` pixels where the file has
    them. ``thumbnail`` is a JPEG, its longest side 384 pixels at the most; empty when it was not wanted.
    """

    image: Image
    thumbnail: bytes
    metadata: PhotoMetadata


@contextmanager
def _in_turn(image: ImageFile) -> Iterator[None]:
    if image.width * image.height <= _LARGE:
        yield
        return
    with _ONE_LARGE:
        yield


def _load(picture: ImageFile, path: Path, scale: float) -> ImageFile:
    """Decodes the pixels, shrunk by the decoder where it can, and returns the picture that holds them."""
    pixels.draft(picture, scale)
    with _in_turn(picture):
        try:
            picture.load()
        except OSError as error:
            whole = picture.format in ("JPEG", "MPO") and jpeg_end.with_its_end(path, scale)
            if not whole:
                raise error
            return whole
    return picture


def _decode_raw(path: Path, min_side: int, sidecars: Sequence[Path], longest: int | None) -> Decoded | None:
    found = raw.load(path, min_side=min_side, longest=longest)
    if found is None:
        return None
    thumbnail = pixels.thumbnail_jpeg(found.image) if longest else b""
    said = found.description
    return Decoded(
        pixels.shrink(found.image, pixels.scale_needed(found.image.size, min_side, longest)),
        thumbnail,
        metadata.assemble(path, said.size, raw.FORMAT, said.embedded, sidecars, path.stat().st_mtime),
    )


def _decode(path: Path, min_side: int, sidecars: Sequence[Path], longest: int | None) -> Decoded:
    mtime = path.stat().st_mtime
    with opening.open_picture(path) as picture:
        name, own = opening.format_name(picture), embedded(picture)
        size = upright_size(picture, own.orientation)
        loaded = _load(picture, path, pixels.scale_needed(picture.size, min_side, longest))
        if name == "PNG":  # texts and EXIF may stand behind the pixels
            own = embedded(picture)
            size = upright_size(picture, own.orientation)
        turn = 1 if name == "TIFF" else own.orientation  # Pillow turns a TIFF while it loads
        image = pixels.upright_rgb(loaded, turn, pixels.scale_needed(loaded.size, min_side, longest))
        thumbnail = pixels.thumbnail_jpeg(image) if longest else b""
        return Decoded(image, thumbnail, metadata.assemble(path, size, name, own, sidecars, mtime))


def decode(path: Path, *, min_side: int, sidecars: Sequence[Path] = (), thumbnail: bool = True) -> Decoded:
    """Reads one photo, from one open of its file. Safe from several threads at once.

    ``min_side`` is what the encoder needs of the shorter side, in pixels; a picture is shrunk by the decoder and by
    whole factors to between that and twice that, never enlarged. A file that is cut short is refused, also where its
    upper part could be seen: it may still be being copied, and what is missing would be searched as grey. A JPEG that
    lacks nothing but its end is whole.

    Raises PhotoError, and nothing else, with a reason in plain words.
    """
    longest = pixels.THUMBNAIL_SIDE if thumbnail else None
    with as_photo_error(path):
        if is_raw_name(path.name) and (found := _decode_raw(path, min_side, sidecars, longest)):
            return found
        return _decode(path, min_side, sidecars, longest)


def open_full(path: Path, *, longest: int | None = None) -> Image:
    """The photo upright in RGB, for looking at: whole, or no smaller than ``longest`` pixels on its longer side.

    Of a RAW file this is the camera's preview, which most make in full size. Raises PhotoError, and nothing else.
    """
    with as_photo_error(path):
        if is_raw_name(path.name) and (found := raw.load(path, min_side=None, longest=longest)):
            return found.image
        with opening.open_picture(path) as picture:
            turn = 1 if picture.format == "TIFF" else embedded(picture).orientation
            loaded = _load(picture, path, pixels.scale_needed(picture.size, None, longest))
            if picture.format == "PNG":
                turn = embedded(picture).orientation
            return pixels.upright_rgb(loaded, turn, pixels.scale_needed(loaded.size, None, longest))
