"""The window on a real library, with a small encoder in this process: it sees colours, and knows their names.

``parts`` is the whole window on such a library; ``open_window(folder, roots)`` opens more. Everything but the encoder
is the real thing: catalogue, indexer, decoder, thumbnails, search.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw
from PySide6.QtGui import QGuiApplication

from app.window.faults import Faults
from app.window.start import Parts, build, make_application
from core.errors import PhotoError
from core.library import Library
from core.models.encoder import Encoder
from core.models.wire import Outcome, PhotoDone, PhotoFailed, PhotoJob
from core.photos.decode import decode
from core.photos.metadata import read as read_metadata
from core.search.calibration import Curve

COLOURS = {
    "red": (220, 30, 30),
    "green": (30, 170, 60),
    "blue": (30, 60, 210),
    "yellow": (235, 215, 40),
    "white": (245, 245, 245),
    "black": (12, 12, 12),
}


class ColourEncoder(Encoder):
    """A real encoder of a small world: a photo is its mean colour, a sentence the colours that it names.

    ``may_go_on`` holds it back while cleared, so that tests decide when it answers.
    """

    model_id, dim = "colours-1", 4

    def __init__(self) -> None:
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        self.asked: list[str] = []
        self.error: Exception | None = None
        self.encoded = 0

    def start(self) -> None:
        """There is no worker to start."""

    def close(self) -> None:
        self.may_go_on.set()

    def encode_images(self, images: Sequence[Image.Image]) -> np.ndarray:
        return np.stack([_direction(np.asarray(image.resize((4, 4))).reshape(-1, 3).mean(0)) for image in images])

    def encode_texts(self, texts: Sequence[str]) -> np.ndarray:
        assert threading.current_thread() is not threading.main_thread(), "the GUI thread must not wait for the model"
        self.asked.extend(texts)
        assert self.may_go_on.wait(20)
        if self.error is not None:
            raise self.error
        found = []
        for text in texts:
            named = [COLOURS[word] for word in text.lower().split() if word in COLOURS]
            found.append(_direction(np.mean(named, axis=0)) if named else np.float32([0, 0, 0, 1]))
        return np.stack(found).astype(np.float32)

    def process(self, jobs: Iterable[PhotoJob | None]) -> Generator[Outcome | None]:
        for job in jobs:
            if job is None:
                yield None
                continue
            assert self.may_go_on.wait(20)
            try:
                if not (job.want_embedding or job.want_thumbnail):
                    yield PhotoDone(job.key, None, None, read_metadata(job.path, job.sidecars), job.stamp)
                    continue
                decoded = decode(job.path, min_side=32, sidecars=job.sidecars)
                vector = self.encode_images([decoded.image])[0].astype(np.float16)
                self.encoded += 1
                yield PhotoDone(job.key, vector, decoded.thumbnail, decoded.metadata, job.stamp)
            except PhotoError as error:
                yield PhotoFailed(job.key, error.reason)


def _direction(colour: np.ndarray) -> np.ndarray:
    vector = np.zeros(4, np.float32)
    vector[:3] = (np.asarray(colour, np.float32) - 127) / 127
    return vector / max(1e-6, float(np.linalg.norm(vector)))


class SmallLibrary(Library):
    """The real library with the small encoder in place of the worker."""

    small: ColourEncoder

    @cached_property
    def info(self) -> Any:
        return SimpleNamespace(
            name="colours",
            model_id="colours-1",
            dim=4,
            image_size=32,
            calibration=Curve(20.0, -16.0, 0.5),
            photo_calibration=Curve(15.0, -9.7, 0.4),
            folder=self.folder / "no model",
        )

    @property
    def encoder(self) -> ColourEncoder:  # type: ignore[override]
        return self.small

    def local_encoder(self) -> ColourEncoder:  # type: ignore[override]
        return self.small

    def close(self) -> None:
        self.small.close()
        super().close()


def paint(folder: Path, name: str, colour: str, size: tuple[int, int] = (320, 240)) -> Path:
    """A photo that is mostly of one colour; every name gives other bytes."""
    image = Image.new("RGB", size, COLOURS[colour])
    ImageDraw.Draw(image).text((10, 10), name, fill=(128, 128, 128))
    folder.mkdir(parents=True, exist_ok=True)
    image.save(folder / name, quality=92)
    return folder / name


@pytest.fixture
def painted(tmp_path: Path) -> Path:
    """Eighteen photos: three of each colour, in two folders."""
    folder = tmp_path / "photos"
    for number, colour in enumerate(COLOURS):
        for copy in range(3):
            paint(folder / ("even" if number % 2 == 0 else "odd"), f"{colour} {copy}.jpg", colour)
    return folder


@pytest.fixture
def brush() -> Callable[..., Path]:
    """Paints another photo."""
    return paint


@pytest.fixture
def encoder() -> ColourEncoder:
    """The encoder of the windows of this test."""
    return ColourEncoder()


@pytest.fixture
def small_library(encoder: ColourEncoder) -> Callable[[Path], Library]:
    """Opens a library with the small encoder."""

    def open_small(folder: Path) -> Library:
        library = SmallLibrary.open(folder)
        library.small = encoder
        return library

    return open_small


@pytest.fixture
def crashes() -> list[BaseException]:
    """Faults of ours that a window met. A test that expects some takes them out: any left make it fail."""
    return []


@pytest.fixture
def open_window(
    qtbot: Any,
    encoder: ColourEncoder,
    small_library: Callable[[Path], Library],
    crashes: list[BaseException],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[..., Parts]]:
    """Opens a window on a library folder, with roots. Closed at the end, and no thread may be left."""
    before = set(threading.enumerate())
    monkeypatch.setattr("app.window.watching.QUIET", 150)
    opened: list[Parts] = []

    def open_one(folder: Path, roots: Sequence[Path] = (), opener: Callable[[Path], Library] = small_library) -> Parts:
        faults = Faults(None)
        faults.report = crashes.append  # type: ignore[method-assign,assignment]
        parts = build(make_application(), folder, roots, lambda: opener(folder), faults)
        opened.append(parts)
        parts.window.resize(1000, 720)
        parts.window.show()
        parts.conductor.start()
        return parts

    yield open_one
    for parts in opened:
        encoder.may_go_on.set()
        assert parts.close(10), "a thread did not end"
        parts.window.deleteLater()
    QGuiApplication.processEvents()
    deadline = time.monotonic() + 5
    while _left(before) and time.monotonic() < deadline:
        qtbot.wait(10)
    assert not _left(before), _left(before)
    assert not crashes, crashes


def _left(before: set[threading.Thread]) -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.is_alive()} - before


@pytest.fixture
def parts(qtbot: Any, open_window: Callable[..., Parts], tmp_path: Path, painted: Path) -> Parts:
    """The window on the painted photos, indexed, with the search field in focus."""
    one = open_window(tmp_path / "library", [painted])
    qtbot.waitUntil(lambda: one.window.model.rowCount() == 18 and one.indexing.last is not None, timeout=20_000)
    qtbot.waitUntil(lambda: one.indexing.state.name == "IDLE", timeout=20_000)
    return one


@pytest.fixture
def names() -> Callable[[Parts], list[str]]:
    """The file names that a window's grid shows, in order, asked of its library."""

    def of(parts: Parts) -> list[str]:
        assert parts.session.library is not None
        return [photo.path.name for photo in parts.session.library.photos([int(i) for i in parts.window.model.ids])]

    return of
