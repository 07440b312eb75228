"""What changes under the roots appears by itself, and only the changed folders are looked through."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from watchdog.events import DirModifiedEvent, DirMovedEvent, FileClosedNoWriteEvent, FileCreatedEvent, FileMovedEvent

from app.window.indexing import State
from app.window.start import Parts
from app.window.watching import changed_folders, topmost

Names = Callable[[Parts], list[str]]


@pytest.fixture
def watched(parts: Parts, qtbot: Any, painted: Path) -> Parts:
    qtbot.waitUntil(lambda: painted in parts.watching.watched(), timeout=10_000)
    return parts


def test_a_new_photo_appears(
    watched: Parts, qtbot: Any, painted: Path, brush: Callable[..., Path], encoder: Any
) -> None:
    before = encoder.encoded
    with qtbot.waitSignal(watched.watching.folders_changed, timeout=10_000) as changed:
        brush(painted / "odd", "new.jpg", "green")
    assert changed.args[0] == [painted / "odd"]
    qtbot.waitUntil(lambda: watched.window.model.rowCount() == 19, timeout=15_000)
    assert encoder.encoded == before + 1


def test_a_renamed_photo_and_a_renamed_folder_cost_no_encoding(
    watched: Parts, qtbot: Any, painted: Path, encoder: Any, names: Names
) -> None:
    before = encoder.encoded
    (painted / "odd" / "green 0.jpg").rename(painted / "odd" / "meadow.jpg")
    qtbot.waitUntil(lambda: "meadow.jpg" in names(watched), timeout=15_000)
    (painted / "even").rename(painted / "renamed")
    library = watched.session.library
    assert library is not None

    def moved() -> bool:
        photos = library.photos([int(i) for i in watched.window.model.ids])
        return len(photos) == 18 and any(photo.path.parent.name == "renamed" for photo in photos)

    qtbot.waitUntil(moved, timeout=15_000)
    qtbot.waitUntil(lambda: watched.indexing.state is State.IDLE, timeout=15_000)
    assert watched.window.model.rowCount() == 18
    assert encoder.encoded == before


def test_a_deleted_photo_goes(watched: Parts, qtbot: Any, painted: Path, names: Names) -> None:
    (painted / "even" / "red 1.jpg").unlink()
    qtbot.waitUntil(lambda: watched.window.model.rowCount() == 17, timeout=15_000)
    assert "red 1.jpg" not in names(watched)


def test_a_changed_photo_is_shown_anew(watched: Parts, qtbot: Any, painted: Path, brush: Callable[..., Path]) -> None:
    window = watched.window
    with qtbot.waitSignal(watched.searching.found):
        window.search.set_text("black")
    brush(painted / "even", "red 0.jpg", "black", (330, 250))
    qtbot.waitUntil(lambda: any(hit.path.name == "red 0.jpg" for hit in window.model.hits), timeout=15_000)


def test_where_the_system_cannot_watch_it_looks_around_and_says_so(
    open_window: Callable[..., Parts], qtbot: Any, tmp_path: Path, painted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*_: object, **__: object) -> None:
        raise OSError(28, "inotify watch limit reached")

    monkeypatch.setattr("app.window.watching.Observer.schedule", no_room)
    monkeypatch.setattr("app.window.watching.LOOK_AROUND", 300)
    parts = open_window(tmp_path / "library", [painted])
    qtbot.waitUntil(lambda: "looked through every few minutes" in parts.window.activity.detail.text(), timeout=20_000)
    (painted / "odd" / "green 2.jpg").unlink()
    qtbot.waitUntil(lambda: parts.window.model.rowCount() == 17, timeout=20_000)


def test_events_that_matter() -> None:
    one = changed_folders
    assert one(FileCreatedEvent("/photos/a/x.jpg")) == {Path("/photos/a")}
    assert one(FileCreatedEvent("/photos/a/x.xmp")) == {Path("/photos/a")}
    assert one(FileMovedEvent("/photos/a/x.jpg.part", "/photos/b/x.jpg")) == {Path("/photos/b")}
    assert one(DirMovedEvent("/photos/a/old", "/photos/b/new")) == {Path("/photos/a"), Path("/photos/b")}
    assert one(FileCreatedEvent("/photos/a/notes.docx")) == set()
    assert one(FileCreatedEvent("/photos/a/.x.jpg")) == set()
    assert one(FileClosedNoWriteEvent("/photos/a/x.jpg")) == set(), "reading a photo is no change"
    assert one(DirModifiedEvent("/photos/a")) == set()


def test_folders_inside_others_are_left_out() -> None:
    paths = [Path("/p/a/b"), Path("/p/a"), Path("/p/ab"), Path("/p/a/c/d")]
    assert topmost(paths) == [Path("/p/a"), Path("/p/ab")]
