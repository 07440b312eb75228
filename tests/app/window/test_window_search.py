"""Typing finds photos; old answers never overtake new ones; the field, the photos and the viewer work by keyboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from app.window.start import Parts
from app.window.typed import finished


def test_typing_shows_the_photos_that_fit(parts: Parts, qtbot: Any, names: Callable[[Parts], list[str]]) -> None:
    window = parts.window
    assert window.search.edit.hasFocus()
    with qtbot.waitSignal(parts.searching.found):
        qtbot.keyClicks(window.search.edit, "something red")
    assert [name.split()[0] for name in names(parts)[:3]] == ["red"] * 3
    assert all(window.model.hit(row).strong for row in range(window.model.rowCount()))
    assert window.results_bar.summary.text() == "3 good matches"
    assert [section.button for section in window.grid.sections()] == ["", "Show less likely (9)"]


def test_keys_typed_quickly_ask_once(parts: Parts, qtbot: Any, encoder: Any) -> None:
    encoder.asked.clear()
    with qtbot.waitSignal(parts.searching.found):
        qtbot.keyClicks(parts.window.search.edit, "green")
    assert encoder.asked == ["green"]


def test_an_old_answer_never_replaces_a_newer_one(
    parts: Parts, qtbot: Any, encoder: Any, names: Callable[[Parts], list[str]]
) -> None:
    shown = []
    parts.searching.found.connect(lambda found: shown.append(found.asked.text))
    encoder.may_go_on.clear()
    parts.window.search.set_text("red")
    qtbot.waitUntil(lambda: "red" in encoder.asked)
    parts.window.search.set_text("blue")
    parts.window.search.set_text("yellow")
    encoder.may_go_on.set()
    qtbot.waitUntil(lambda: shown == ["yellow"])
    assert names(parts)[0].startswith("yellow")
    assert "blue" not in encoder.asked


def test_escape_clears_and_shows_all_photos_again(parts: Parts, qtbot: Any) -> None:
    window = parts.window
    with qtbot.waitSignal(parts.searching.found):
        window.search.set_text("red")
    assert window.results_bar.summary.text() == "3 good matches"
    with qtbot.waitSignal(parts.searching.found):
        qtbot.keyClick(window.search.edit, Qt.Key.Key_Escape)
    assert window.search.is_empty()
    assert window.results_bar.summary.text() == "18 photos"
    assert window.model.rowCount() == 18


def test_open_walk_zoom_and_come_back(parts: Parts, qtbot: Any) -> None:
    window, viewer = parts.window, parts.window.viewer
    with qtbot.waitSignal(parts.searching.found):
        window.search.set_text("blue")
    qtbot.keyClick(window.search.edit, Qt.Key.Key_Down)
    assert window.grid.hasFocus()
    assert window.grid.currentIndex().row() == 0
    qtbot.keyClick(window.grid, Qt.Key.Key_Return)
    assert window.in_viewer()
    qtbot.waitUntil(viewer.picture.is_sharp)
    assert viewer.photo is not None
    assert viewer.photo.path.name.startswith("blue")
    assert "match" in viewer.strip.match.text()
    qtbot.keyClick(viewer, Qt.Key.Key_Right)
    assert viewer.row == 1
    qtbot.keyClick(viewer, Qt.Key.Key_Plus)
    qtbot.waitUntil(viewer.picture.is_sharp)
    before = viewer.picture.zoom
    qtbot.keyClick(viewer, Qt.Key.Key_Plus)
    assert viewer.picture.zoom > before
    assert not viewer.picture.fitted
    qtbot.keyClick(viewer, Qt.Key.Key_0)
    assert viewer.picture.fitted
    qtbot.keyClick(viewer, Qt.Key.Key_I)
    assert viewer.strip.isHidden()
    qtbot.keyClick(viewer, Qt.Key.Key_Escape)
    assert not window.in_viewer()
    assert window.grid.currentIndex().row() == 1


def test_find_similar_becomes_a_chip_that_can_be_removed(
    parts: Parts, qtbot: Any, names: Callable[[Parts], list[str]]
) -> None:
    window = parts.window
    with qtbot.waitSignal(parts.searching.found):
        window.search.set_text("green")
    window.open_row(0)
    qtbot.waitUntil(lambda: window.viewer.photo is not None)
    photo = window.viewer.photo
    assert photo is not None
    with qtbot.waitSignal(parts.searching.found):
        qtbot.keyClick(window.viewer, Qt.Key.Key_S)
    assert not window.in_viewer()
    assert window.search.like == photo.path
    assert window.search.text == ""
    found = names(parts)
    assert photo.path.name not in found
    assert [name.split()[0] for name in found[:2]] == ["green"] * 2
    with qtbot.waitSignal(parts.searching.found):
        qtbot.keyClick(window.search.edit, Qt.Key.Key_Backspace)
    assert window.search.like is None
    assert window.model.rowCount() == 18


def test_a_letter_typed_among_the_photos_goes_to_the_field(parts: Parts, qtbot: Any) -> None:
    parts.window.grid.setFocus()
    with qtbot.waitSignal(parts.searching.found):
        qtbot.keyClick(parts.window.grid, "r")
        qtbot.keyClicks(parts.window.search.edit, "ed")
    assert parts.window.search.text == "red"
    assert parts.window.search.edit.hasFocus()


def test_nothing_found_says_so_and_offers_all_photos(parts: Parts, qtbot: Any) -> None:
    window = parts.window
    with qtbot.waitSignal(parts.searching.found):
        window.search.set_text("red date:1901")
    assert window.pages.currentWidget() is window.message
    assert "red date:1901" in window.message.heading.text()
    assert "take out one of the parts" in window.message.words.text() and len(window.top.chips.chips) == 2
    with qtbot.waitSignal(parts.searching.found):
        window.message.buttons()[0].click()
    assert window.pages.currentWidget() is window.grid


def test_any_text_is_a_query(parts: Parts, qtbot: Any) -> None:
    for text in ('"', "-", "like:", "folder:", "red " * 2500, "\u0000\u202e🐈", "<b>bold</b> &amp;"):
        asked = []
        parts.searching.started.connect(lambda a, asked=asked: asked.append(a))
        parts.window.search.set_text(text)
        if finished(text):
            qtbot.waitUntil(lambda asked=asked: bool(asked))
            qtbot.waitUntil(lambda: not parts.searching.waiting)


def test_copy_path_copies_every_selected_photo(parts: Parts, qtbot: Any) -> None:
    window = parts.window
    window.grid.setFocus()
    qtbot.waitUntil(lambda: all(parts.thumbnails.photo(int(i)) is not None for i in window.model.ids))
    window.grid.go_to_row(0)
    qtbot.keyClick(window.grid, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    window.commands.copy_path.trigger()
    lines = QGuiApplication.clipboard().text().splitlines()
    assert len(lines) == 2
    assert all(line.endswith(".jpg") for line in lines)
