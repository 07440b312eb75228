"""Thumbnails for the tiles in view: read and cropped off the GUI thread, kept in a bounded cache."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QImage, QPixmap

from app.jobs import Jobs
from core.errors import RetrouveError
from core.types import Photo

if TYPE_CHECKING:
    from core.library import Library

logger = logging.getLogger(__name__)

_BATCH = 6
"""Photos that one thread takes at a time: few, so that a jump of the scroll bar is followed at once."""
_SIDES = (96, 128, 160, 192, 256, 320, 384, 512)
"""Sides in device pixels that tiles are prepared for, so that dragging the zoom does not read everything again."""


_FACTS = 600
"""About what the facts of one photo weigh, in bytes."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a worker thread made for one photo: the square picture, or the reason why there is none."""

    photo_id: int
    side: int
    photo: Photo | None
    image: QImage | None
    reason: str = ""


@dataclass(slots=True)
class _Kept:
    photo: Photo | None
    pixmap: QPixmap | None
    side: int
    bytes: int
    reason: str


def bucket(side: int) -> int:
    """The side, in device pixels, that a tile of ``side`` is prepared at."""
    return next((known for known in _SIDES if known >= side), _SIDES[-1])


def from_jpeg(data: bytes) -> QImage:
    """The picture in a JPEG; runs in any thread.

    The format is named: without it Qt asks its plugins in turn, and the one for SVG takes a lock that the GUI thread
    may hold while it waits for Python's. Once in some hundred windows neither went on.
    """
    return QImage.fromData(data, "JPG")


def square(image: QImage, side: int) -> QImage:
    """The middle of a picture as a square (a little above the middle of upright ones, where faces are)."""
    scaled = image.scaled(
        QSize(side, side),
        Qt.AspectRatioMode.KeepAspectRatioByExpanding,
        Qt.TransformationMode.SmoothTransformation,
    )
    left, top = (scaled.width() - side) // 2, (scaled.height() - side) * 2 // 5
    return scaled.copy(QRect(left, top, side, side)).convertToFormat(QImage.Format.Format_RGB32)


class Thumbnails(QObject):
    """Asked for the photos in view; tells which have arrived.

    Only the newest wish counts: photos that went out of view before their turn are never read. QImages are made in
    worker threads, QPixmaps in the GUI thread. ``capacity`` bounds the pictures kept, in bytes.
    """

    arrived = Signal(object)
    """list[int] of photo ids whose picture, facts or reason are now known."""
    _loaded = Signal(object)

    def __init__(self, lane: Jobs, capacity: int = 96 << 20, threads: int = 2, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lane = lane
        self._threads = threads
        self._capacity = capacity
        self._library: Library | None = None
        self._kept: OrderedDict[int, _Kept] = OrderedDict()
        self._bytes = 0
        self._in_view = 0
        self._lock = threading.Lock()
        self._wanted: deque[int] = deque()
        self._side = 0
        self._taken: set[int] = set()
        self._at_work = 0
        self._loaded.connect(self._on_loaded, Qt.ConnectionType.QueuedConnection)

    def use(self, library: Library) -> None:
        """Read from this library from now on."""
        self._library = library

    @property
    def bytes_kept(self) -> int:
        """How much the cached pictures weigh."""
        return self._bytes

    def pixmap(self, photo_id: int) -> QPixmap | None:
        """The square picture of a photo, if it has arrived; perhaps still of another size."""
        kept = self._kept.get(photo_id)
        if kept is None:
            return None
        self._kept.move_to_end(photo_id)
        return kept.pixmap

    def photo(self, photo_id: int) -> Photo | None:
        """What the catalogue says of a photo, if its tile has been in view lately."""
        kept = self._kept.get(photo_id)
        return kept.photo if kept else None

    def reason(self, photo_id: int) -> str:
        """Why a photo has no picture; empty while it may still arrive."""
        kept = self._kept.get(photo_id)
        return kept.reason if kept else ""

    def want(self, in_view: Sequence[int], ahead: Sequence[int], side: int) -> None:
        """Read what is missing of the photos in view, at ``side`` device pixels, then of those ``ahead``; no others.

        What is ahead never pushes out what is in view, and what is in view is kept even where it weighs more than the
        capacity: tiny tiles on a huge screen.
        """
        if self._library is None:
            return
        side = bucket(side)
        weight = side * side * 4 + _FACTS
        self._in_view = len(in_view) * weight
        room = (self._capacity * 3 // 4 - self._in_view) // weight
        photo_ids = [*in_view, *ahead[: max(0, room)]]
        missing = [i for i in photo_ids if (kept := self._kept.get(i)) is None or (kept.side != side and kept.pixmap)]
        with self._lock:
            self._side = side
            self._wanted = deque(i for i in missing if i not in self._taken)
            starts = min(self._threads - self._at_work, -(-len(self._wanted) // _BATCH))
            self._at_work += max(0, starts)
        for _ in range(starts):
            self._lane.submit(self._work)

    def forget(self, photo_ids: Iterable[int]) -> None:
        """These photos may have changed: read them again when they are next in view."""
        for photo_id in photo_ids:
            kept = self._kept.pop(photo_id, None)
            if kept is not None:
                self._bytes -= kept.bytes

    def set_favourite(self, photo_ids: Iterable[int], favourite: bool) -> None:
        """Know of this without reading the photos again."""
        changed = []
        for photo_id in photo_ids:
            kept = self._kept.get(photo_id)
            if kept is not None and kept.photo is not None:
                kept.photo = replace(kept.photo, favourite=favourite)
                changed.append(photo_id)
        self.arrived.emit(changed)

    def clear(self) -> None:
        """Forget everything, for instance when the system runs short of memory."""
        self._kept.clear()
        self._bytes = 0

    def _take(self) -> tuple[list[int], int]:
        with self._lock:
            batch = [self._wanted.popleft() for _ in range(min(_BATCH, len(self._wanted)))]
            self._taken.update(batch)
            if not batch:
                self._at_work -= 1
            return batch, self._side

    def _work(self) -> None:
        """In a worker thread: take batches until nothing is wanted."""
        library = self._library
        assert library is not None
        while True:
            batch, side = self._take()
            if not batch:
                return
            try:
                loaded = read_batch(library, batch, side)
            except RetrouveError as error:
                logger.warning("thumbnails: %s", error)
                loaded = [Loaded(photo_id, side, None, None, str(error)) for photo_id in batch]
            except BaseException:
                with self._lock:
                    self._at_work -= 1
                    self._taken.difference_update(batch)
                raise
            self._loaded.emit(loaded)

    @Slot(object)
    def _on_loaded(self, loaded: Sequence[Loaded]) -> None:
        with self._lock:
            self._taken.difference_update(item.photo_id for item in loaded)
        for item in loaded:
            self.forget([item.photo_id])
            pixmap = QPixmap.fromImage(item.image) if item.image is not None else None
            weight = item.image.sizeInBytes() if item.image is not None else 0
            self._kept[item.photo_id] = _Kept(item.photo, pixmap, item.side, weight + _FACTS, item.reason)
            self._bytes += weight + _FACTS
        while self._bytes > max(self._capacity, self._in_view * 5 // 4) and len(self._kept) > len(loaded):
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= oldest.bytes
        self.arrived.emit([item.photo_id for item in loaded])


def read_batch(library: Library, photo_ids: Sequence[int], side: int) -> list[Loaded]:
    """The photos' facts and square pictures of ``side`` pixels; runs in a worker thread."""
    photos = {photo.id: photo for photo in library.photos(photo_ids)}
    loaded = []
    for photo_id in photo_ids:
        photo = photos.get(photo_id)
        if photo is None:
            loaded.append(Loaded(photo_id, side, None, None, "is no longer in the library"))
            continue
        stored = library.thumbnail(photo.content_hash)
        image = from_jpeg(stored) if stored is not None else QImage()
        if image.isNull():
            reason = "cannot be read now" if photo.path.exists() else "is not there now"
            loaded.append(Loaded(photo_id, side, photo, None, reason))
        else:
            loaded.append(Loaded(photo_id, side, photo, square(image, side)))
    return loaded
