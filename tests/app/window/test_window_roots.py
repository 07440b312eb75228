"""Folders are added and removed also while this window indexes; what cannot be done is said in a sentence."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from app.window.failures_dialog import FailuresDialog
from app.window.faults import start_log
from app.window.folders_dialog import FoldersDialog
from app.window.indexing import State
from app.window.start import Parts
from core.errors import CatalogDamaged, CatalogNewer
from core.library import Library
from core.types import Order

Open = Callable[..., Parts]


def held_while_indexing(open_window: Open, qtbot: Any, library: Path, roots: list[Path], encoder: Any) -> Parts:
    encoder.may_go_on.clear()
    parts = open_window(library, roots)
    qtbot.waitUntil(lambda: parts.indexing.state is State.RUNNING, timeout=20_000)
    qtbot.waitUntil(lambda: parts.session.roots is not None and parts.indexing.last is not None, timeout=20_000)
    return parts


def test_a_folder_can_be_removed_while_this_window_indexes(
    open_window: Open, qtbot: Any, tmp_path: Path, painted: Path, encoder: Any
) -> None:
    even, odd = painted / "even", painted / "odd"
    parts = held_while_indexing(open_window, qtbot, tmp_path / "library", [even, odd], encoder)
    parts.window.banner.say("It did not work before.", topic="root")
    parts.indexing.index_folders([odd])
    parts.session.forget_root(odd)
    passed: list[None] = []
    parts.lanes.general.submit(lambda: None, passed.append)
    qtbot.waitUntil(lambda: bool(passed))
    assert parts.window.banner.words.text() == "It did not work before."
    encoder.may_go_on.set()
    qtbot.waitUntil(lambda: [s.root.path for s in parts.session.roots or ()] == [even], timeout=20_000)
    qtbot.waitUntil(lambda: parts.window.model.rowCount() == 9, timeout=20_000)
    qtbot.waitUntil(lambda: parts.indexing.state is State.IDLE, timeout=20_000)
    assert parts.window.banner.isHidden()


def test_a_folder_that_holds_others_can_be_added_while_this_window_indexes(
    open_window: Open, qtbot: Any, tmp_path: Path, painted: Path, encoder: Any
) -> None:
    parts = held_while_indexing(open_window, qtbot, tmp_path / "library", [painted / "even"], encoder)
    with qtbot.waitSignal(parts.session.root_added, timeout=20_000):
        parts.session.add_root(painted)
        encoder.may_go_on.set()
    qtbot.waitUntil(lambda: parts.window.model.rowCount() == 18, timeout=20_000)
    assert encoder.encoded == 18, "nothing is encoded twice"
    assert parts.window.banner.isHidden()


def test_a_pause_outlasts_the_removal_of_a_folder(
    open_window: Open, qtbot: Any, tmp_path: Path, painted: Path, encoder: Any
) -> None:
    parts = held_while_indexing(open_window, qtbot, tmp_path / "library", [painted / "even", painted / "odd"], encoder)
    parts.indexing.pause()
    with qtbot.waitSignal(parts.session.forgotten, timeout=20_000):
        parts.session.forget_root(painted / "odd")
        encoder.may_go_on.set()
    assert parts.indexing.state is State.PAUSED


def test_a_folder_that_is_there_already_is_told_of(parts: Parts, qtbot: Any, painted: Path) -> None:
    with qtbot.waitSignal(parts.session.root_known):
        parts.session.add_root(painted / "odd")
    assert parts.window.banner.words.text() == "“odd” is already in “photos”."
    with qtbot.waitSignal(parts.session.root_known):
        parts.session.add_root(painted)
    assert parts.window.banner.words.text() == "“photos” is already one of your folders."
    assert parts.session.roots is not None
    assert len(parts.session.roots) == 1


def test_the_librarys_own_folder_is_refused(parts: Parts, qtbot: Any, tmp_path: Path) -> None:
    (tmp_path / "library" / "sub").mkdir()
    for folder in (tmp_path / "library", tmp_path / "library" / "sub"):
        with qtbot.waitSignal(parts.session.root_failed):
            parts.session.add_root(folder)
        assert "its own library" in parts.window.banner.words.text()


def test_a_folder_that_holds_the_library_leaves_it_out(
    open_window: Open, qtbot: Any, tmp_path: Path, painted: Path, brush: Callable[..., Path]
) -> None:
    parts = open_window(tmp_path / "library", [tmp_path])
    brush(tmp_path / "library" / "cache", "inside.jpg", "red")
    qtbot.waitUntil(lambda: parts.window.model.rowCount() == 18, timeout=20_000)
    parts.indexing.index_everything()
    qtbot.waitUntil(lambda: parts.indexing.state is State.IDLE and parts.indexing.last is not None, timeout=20_000)
    library = parts.session.library
    assert library is not None
    assert library.status().photos == 18


def test_commands_that_need_a_library_wait_for_it(
    open_window: Open, qtbot: Any, tmp_path: Path, small_library: Any
) -> None:
    answers: list[Exception | None] = [CatalogNewer("Update first."), None]

    def opener(folder: Path) -> Library:
        error = answers.pop(0)
        if error is not None:
            raise error
        return small_library(folder)

    parts = open_window(tmp_path / "library", [], opener)
    window = parts.window
    need = (window.commands.add_folder, window.commands.folders, window.commands.rescan, window.commands.failures)
    qtbot.waitUntil(lambda: bool(window.message.buttons()))
    assert not any(command.isEnabled() for command in need)
    assert not window.top.folders.isEnabled()
    window.message.buttons()[0].click()
    qtbot.waitUntil(lambda: all(command.isEnabled() for command in need))
    assert window.top.folders.isEnabled()


def test_a_catalogue_that_turns_out_damaged_gets_the_page(
    open_window: Open, qtbot: Any, tmp_path: Path, small_library: Any
) -> None:
    damaged = [True]

    def opener(folder: Path) -> Library:
        library = small_library(folder)
        browse = library.browse

        def broken(text: str = "", order: Order = Order.MATCH) -> Any:
            if damaged:
                raise CatalogDamaged("The catalogue is damaged: restore it from a backup.")
            return browse(text, order)

        library.browse = broken
        return library

    parts = open_window(tmp_path / "library", [], opener)
    page = parts.window.message
    qtbot.waitUntil(lambda: "damaged" in page.words.text())
    assert parts.window.pages.currentWidget() is page
    assert parts.window.banner.isHidden()
    damaged.clear()
    page.buttons()[0].click()
    qtbot.waitUntil(lambda: page.heading.text() == "Find your photos by what they show")


def test_a_file_that_is_damaged_in_the_middle_gets_the_page(
    open_window: Open, qtbot: Any, tmp_path: Path, painted: Path
) -> None:
    first = open_window(tmp_path / "library", [painted])
    qtbot.waitUntil(lambda: first.window.model.rowCount() == 18, timeout=20_000)
    qtbot.waitUntil(lambda: first.indexing.state is State.IDLE, timeout=20_000)
    assert first.close(10)
    file = tmp_path / "library" / "catalog.sqlite"
    with closing(sqlite3.connect(file)) as db:
        [size] = db.execute("PRAGMA page_size").fetchone()
        pages = [page for [page] in db.execute("SELECT rootpage FROM sqlite_master WHERE tbl_name = 'photo'")]
    with file.open("r+b") as stream:
        # All but the photos stays whole, so that the library opens.
        for page in filter(None, pages):
            stream.seek((page - 1) * size)
            stream.write(b"\xa5" * size)
    parts = open_window(tmp_path / "library")
    page_shown = parts.window.message
    qtbot.waitUntil(lambda: page_shown.heading.text() == "Your library cannot be opened", timeout=10_000)
    assert parts.window.pages.currentWidget() is page_shown
    assert page_shown.words.text()
    assert parts.session.library is not None
    with qtbot.waitSignal(parts.lanes.general.failed):
        parts.session.look_at_roots()
    assert parts.window.pages.currentWidget() is page_shown
    assert parts.window.banner.isHidden()


def test_the_pause_button_stays_where_it_is_pressed(
    open_window: Open, qtbot: Any, tmp_path: Path, painted: Path, encoder: Any
) -> None:
    parts = held_while_indexing(open_window, qtbot, tmp_path / "library", [painted], encoder)
    button = parts.window.activity.pause
    qtbot.waitUntil(button.isVisible)
    places = {button.x()}
    button.click()
    assert button.isVisible()
    places.add(button.x())
    encoder.may_go_on.set()
    qtbot.waitUntil(lambda: parts.indexing.state is State.PAUSED)
    parts.window.activity.layout().activate()
    assert {button.x()} | places == {button.x()}


def test_a_failed_action_is_forgotten_with_the_next(parts: Parts, qtbot: Any) -> None:
    parts.window.actions.failed.emit("It could not be opened.")
    assert not parts.window.banner.isHidden()
    with qtbot.waitSignal(parts.searching.found):
        parts.window.search.set_text("red")
    assert parts.window.banner.isHidden()
    parts.window.actions.failed.emit("It could not be opened.")
    parts.window.commands.larger.trigger()
    assert parts.window.banner.isHidden()


def test_the_first_folder_is_selected_and_tab_leaves_the_table(parts: Parts) -> None:
    parts.window.commands.folders.trigger()
    dialog = parts.window.findChildren(FoldersDialog)[0]
    assert dialog.roots.currentRow() == 0
    assert dialog.remove.isEnabled()
    dialog.accept()
    assert not FailuresDialog([], parts.window).table.tabKeyNavigation()


def test_the_slider_goes_first_where_room_is_short(parts: Parts, qtbot: Any) -> None:
    top = parts.window.top
    assert top.slider.isVisible()
    parts.window.resize(parts.window.minimumSizeHint())
    qtbot.waitUntil(lambda: not top.slider.isVisible())
    assert top.search.isVisible()
    parts.window.resize(1000, 700)
    qtbot.waitUntil(top.slider.isVisible)


def test_a_full_disk_under_the_log_is_quiet(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = list(logging.getLogger().handlers)
    assert start_log(tmp_path) is not None
    [handler] = [one for one in logging.getLogger().handlers if one not in before]
    try:

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(handler, "shouldRollover", full)
        handler.handle(logging.LogRecord("x", logging.ERROR, "", 0, "lost", (), None))
        assert capsys.readouterr().err == ""
    finally:
        logging.getLogger().removeHandler(handler)
        handler.close()
