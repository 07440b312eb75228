"""Reads a photo at its full size for the viewer; runs in a worker thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtGui import QImage

from app.window.thumbnails import from_jpeg
from core.types import Photo

if TYPE_CHECKING:
    from PIL.Image import Image

    from core.library import Library

LONGEST = 8192
"""The longest side that is shown, in pixels: a larger panorama is scaled down to it (256 MiB at the most)."""
_SMALLEST = 640


@dataclass(frozen=True, slots=True)
class Facts:
    """What the library knows of a photo before its file is read: its thumbnail, whole, among the rest."""

    photo: Photo
    thumbnail: QImage | None
    captions: tuple[str, ...]


def read_facts(library: Library, photo_id: int) -> Facts | None:
    """What the catalogue knows of a photo; None once it is forgotten."""
    photo = next(iter(library.photos([photo_id])), None)
    if photo is None:
        return None
    captions = tuple(dict.fromkeys(caption.text for caption in library.captions(photo_id)))
    stored = library.thumbnail(photo.content_hash)
    thumbnail = from_jpeg(stored) if stored is not None else QImage()
    return Facts(photo, None if thumbnail.isNull() else thumbnail, captions)


def read_picture(photo: Photo) -> tuple[QImage, ...]:
    """The photo upright, at full size and at halves of it. Raises PhotoError with a plain reason."""
    from core.photos.decode import open_full

    image = open_full(photo.path, longest=LONGEST)
    levels = [to_qimage(image)]
    while max(image.size) > _SMALLEST * 2:
        image = image.reduce(2)
        levels.append(to_qimage(image))
    return tuple(levels)


def to_qimage(image: Image) -> QImage:
    """A Pillow picture as a QImage in the screen's own format, so that the GUI thread has nothing left to convert."""
    rgb = image if image.mode == "RGB" else image.convert("RGB")
    data = rgb.tobytes()
    made = QImage(data, rgb.width, rgb.height, rgb.width * 3, QImage.Format.Format_RGB888)
    return made.convertToFormat(QImage.Format.Format_RGB32)
