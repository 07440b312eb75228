"""The small picture of a photo that is searched by, for its chip; runs in a worker thread."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QImage

from app.window.thumbnails import from_jpeg

if TYPE_CHECKING:
    from core.library import Library


def read_like_picture(library: Library, path: Path) -> QImage:
    """A thumbnail of any photo on disk, in the library or not. Raises PhotoError."""
    from core.photos.decode import decode

    return from_jpeg(decode(path, min_side=1).thumbnail)
