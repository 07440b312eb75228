"""The window on a library that moves to another model: searched as before, until it is searched better."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.window.indexing import State
from app.window.start import Parts
from core.library import Library
from core.models import registry
from core.models.wire import Outcome, PhotoJob
from tests.core.moving_models import MovingLibrary, TurnedEncoder, finish, make_model

Open = Callable[..., Parts]


class Gate:
    """Lets the new model encode a number of photos, then holds it until it is opened."""

    def __init__(self, photos: int) -> None:
        self.photos = photos
        self.open = threading.Event()

    def hold(self, jobs: Iterator[PhotoJob | None]) -> Iterator[PhotoJob | None]:
        for number, job in enumerate(jobs):
            if number >= self.photos:
                self.open.wait(20)
            yield job


@pytest.fixture
def gate() -> Iterator[Gate]:
    made = Gate(7)
    yield made
    made.open.set()


@pytest.fixture
def moving(
    tmp_path: Path, painted: Path, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Path], MovingLibrary]:
    """A library of the painted photos, indexed with a model that an update has replaced; opens it with the new one."""
    monkeypatch.setattr(registry, "starter_folder", lambda: tmp_path / "nothing bundled")
    monkeypatch.setattr("core.indexing.store._MOST", 1)
    monkeypatch.setattr("core.indexing.progress._EVERY_S", 0)
    one, two = make_model(tmp_path / "one", "one"), make_model(tmp_path / "two", "two")
    with MovingLibrary.open(tmp_path / "library", model=one) as library:
        library.add_root(painted)
        finish(library)
    shutil.rmtree(one)
    real = TurnedEncoder.process

    def process(encoder: TurnedEncoder, jobs: Iterator[PhotoJob | None]) -> Iterator[Outcome | None]:
        return real(encoder, gate.hold(jobs) if encoder.model_id.startswith("two-") else jobs)

    monkeypatch.setattr(TurnedEncoder, "process", process)
    return lambda folder: MovingLibrary.open(folder, model=two)


def library_of(parts: Parts) -> Library:
    assert parts.session.library is not None
    return parts.session.library


def matches(parts: Parts) -> list[float]:
    """The matches of the hits on show."""
    hits = [parts.window.model.hit(row) for row in range(parts.window.model.rowCount())]
    return [hit.match for hit in hits if hit is not None]


def test_the_move_is_shown_pausable_and_search_goes_on(
    open_window: Open, qtbot: Any, tmp_path: Path, moving: Callable[[Path], Library], gate: Gate, names: Any
) -> None:
    parts = open_window(tmp_path / "library", [], moving)
    window, activity = parts.window, parts.window.activity
    qtbot.waitUntil(lambda: activity.doing.text() == "Updating to another model", timeout=20_000)
    qtbot.waitUntil(lambda: activity.detail.text().startswith("7 of 18"), timeout=20_000)
    assert not activity.progress.isHidden() and not activity.pause.isHidden()
    with qtbot.waitSignal(parts.searching.found):
        window.search.set_text("yellow")
    assert library_of(parts).answering.name == "one"
    assert {name[:6] for name in names(parts)[:3]} == {"yellow"}
    before = matches(parts)

    activity.pause.click()
    gate.open.set()
    qtbot.waitUntil(lambda: parts.indexing.state is State.PAUSED)
    assert activity.doing.text() == "The update is paused"
    assert activity.detail.text().endswith("of 18")

    assert library_of(parts).answering.name == "one" and matches(parts) == before
    activity.pause.click()
    qtbot.waitUntil(lambda: library_of(parts).answering.name == "two", timeout=20_000)
    # Another model, another scale: what was asked is asked again by itself.
    qtbot.waitUntil(lambda: matches(parts) != before, timeout=20_000)
    assert {name[:6] for name in names(parts)[:3]} == {"yellow"}
    qtbot.waitUntil(lambda: parts.indexing.state is State.IDLE)
    qtbot.waitUntil(lambda: activity.doing.text() == "18 photos" and activity.detail.text() == "", timeout=20_000)


def test_without_the_old_models_files_one_sentence_says_so(
    open_window: Open, qtbot: Any, tmp_path: Path, moving: Callable[[Path], Library], gate: Gate
) -> None:
    shutil.rmtree(tmp_path / "library" / "models")
    parts = open_window(tmp_path / "library", [], moving)
    window = parts.window
    qtbot.waitUntil(lambda: window.banner.topic == "move", timeout=20_000)
    assert "is not there any more" in window.banner.words.text()
    qtbot.waitUntil(lambda: window.activity.detail.text().startswith("7 of 18"), timeout=20_000)
    with qtbot.waitSignal(parts.searching.found):
        window.search.set_text("yellow")
    few = library_of(parts).search("yellow").total
    assert 0 < few < 18
    gate.open.set()
    qtbot.waitUntil(lambda: library_of(parts).search("yellow").total == 18, timeout=20_000)
    qtbot.waitUntil(lambda: window.banner.topic == "", timeout=20_000)


def test_a_damaged_old_model_is_said_to_be_that(
    open_window: Open, qtbot: Any, tmp_path: Path, moving: Callable[[Path], Library], gate: Gate
) -> None:
    [copy] = (tmp_path / "library" / "models").iterdir()
    (copy / "open_clip_model.safetensors").write_bytes(bytes(60))
    parts = open_window(tmp_path / "library", [], moving)
    qtbot.waitUntil(lambda: parts.window.banner.topic == "move", timeout=20_000)
    assert f"is damaged ({copy})" in parts.window.banner.words.text()


def test_a_move_that_waits_for_a_disk_says_so_quietly(
    open_window: Open, qtbot: Any, tmp_path: Path, moving: Callable[[Path], Library], gate: Gate, painted: Path
) -> None:
    gate.open.set()
    shutil.move(painted, tmp_path / "unplugged")
    parts = open_window(tmp_path / "library", [], moving)
    activity = parts.window.activity
    qtbot.waitUntil(lambda: "The others are offline" in activity.detail.text(), timeout=20_000)
    assert library_of(parts).answering.name == "one"
    shutil.move(tmp_path / "unplugged", painted)
    parts.session.look_at_roots()
    qtbot.waitUntil(lambda: library_of(parts).answering.name == "two", timeout=20_000)
    qtbot.waitUntil(lambda: activity.doing.text() == "18 photos" and activity.detail.text() == "", timeout=20_000)
