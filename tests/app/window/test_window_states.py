"""The states of the window: empty, opening, indexing, paused, busy, offline, failed, read-only, dark."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import PySide6
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication

from app.window.failures_dialog import FailuresDialog
from app.window.folders_dialog import FoldersDialog
from app.window.help_dialogs import AboutDialog, ShortcutsDialog
from app.window.indexing import State
from app.window.start import Parts
from app.window.theme import DARK, Choice
from core.catalog.lock import IndexLock
from core.errors import CatalogNewer, ModelMissing
from core.library import Library

Open = Callable[..., Parts]


def is_still(parts: Parts) -> bool:
    return parts.indexing.state is State.IDLE and parts.indexing.last is not None


def test_the_window_welcomes_and_a_chosen_folder_is_indexed(
    open_window: Open, qtbot: Any, tmp_path: Path, painted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = open_window(tmp_path / "library")
    window = parts.window
    qtbot.waitUntil(lambda: bool(window.message.buttons()))
    assert window.pages.currentWidget() is window.message
    assert "never changed" in window.message.quiet.text()
    monkeypatch.setattr("app.window.conductor.choose_folder", lambda *_: painted)
    window.message.buttons()[0].click()
    qtbot.waitUntil(lambda: window.model.rowCount() == 18, timeout=20_000)
    assert window.pages.currentWidget() is window.grid
    qtbot.waitUntil(lambda: window.activity.doing.text() == "18 photos", timeout=20_000)
    with qtbot.waitSignal(parts.searching.found):
        window.search.set_text("yellow")
    hit = window.model.hit(0)
    assert hit is not None
    assert hit.path.name.startswith("yellow")


def test_a_folder_that_is_not_there_is_told_of(open_window: Open, qtbot: Any, tmp_path: Path) -> None:
    parts = open_window(tmp_path / "library", [tmp_path / "nowhere"])
    qtbot.waitUntil(lambda: parts.window.banner.topic == "root")
    assert "nowhere" in parts.window.banner.words.text()


def test_indexing_can_be_paused_and_goes_on(
    open_window: Open, qtbot: Any, tmp_path: Path, painted: Path, encoder: Any
) -> None:
    encoder.may_go_on.clear()
    parts = open_window(tmp_path / "library", [painted])
    activity = parts.window.activity
    qtbot.waitUntil(lambda: parts.indexing.state is State.RUNNING)
    qtbot.waitUntil(lambda: not activity.pause.isHidden())
    activity.pause.click()
    assert parts.indexing.state is State.STOPPING
    encoder.may_go_on.set()
    qtbot.waitUntil(lambda: parts.indexing.state is State.PAUSED)
    assert activity.doing.text() == "Indexing is paused"
    assert activity.pause.accessibleName() == "Go on with indexing"
    activity.pause.click()
    qtbot.waitUntil(lambda: parts.window.model.rowCount() == 18, timeout=20_000)
    qtbot.waitUntil(lambda: is_still(parts))
    assert encoder.encoded == 18, "nothing is encoded twice"


def test_another_process_indexing_is_a_quiet_sentence(
    open_window: Open, qtbot: Any, tmp_path: Path, painted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "library"
    Library.open(folder).close()
    with IndexLock(folder):
        parts = open_window(folder, [painted])
        parts.indexing._again.setInterval(100)
        qtbot.waitUntil(lambda: parts.indexing.state is State.BUSY, timeout=20_000)
        assert "Another Retrouve" in parts.window.activity.detail.text()
        assert parts.window.banner.isHidden()
    qtbot.waitUntil(lambda: parts.window.model.rowCount() == 18, timeout=20_000)


def test_closing_while_indexing_is_quick_and_loses_nothing(
    open_window: Open, qtbot: Any, tmp_path: Path, painted: Path
) -> None:
    parts = open_window(tmp_path / "library", [painted])
    with qtbot.waitSignal(parts.indexing.progressed, timeout=20_000):
        pass
    assert parts.close(10)
    assert not parts.window.isVisible()
    again = open_window(tmp_path / "library")
    qtbot.waitUntil(lambda: again.window.model.rowCount() == 18, timeout=20_000)


def test_files_that_cannot_be_read_are_listed_with_reasons(
    open_window: Open, qtbot: Any, tmp_path: Path, painted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (painted / "torn.jpg").write_bytes(b"\xff\xd8\xff\xe0 not a picture")
    (painted / "empty.png").write_bytes(b"")
    parts = open_window(tmp_path / "library", [painted])
    activity = parts.window.activity
    qtbot.waitUntil(lambda: activity.failures.text() == "2 files could not be read", timeout=20_000)
    activity.failures.click()
    qtbot.waitUntil(lambda: bool(parts.window.findChildren(FailuresDialog)))
    dialog = parts.window.findChildren(FailuresDialog)[0]
    rows = {dialog.model.index(row, 0).data(): dialog.model.index(row, 1).data() for row in range(2)}
    assert set(rows) == {"torn.jpg", "empty.png"}
    assert all(rows.values())
    shown: list[Path] = []
    monkeypatch.setattr("app.window.photo_actions.show_in_file_manager", lambda path: bool(shown.append(path)) or True)
    dialog.reveal.click()
    qtbot.waitUntil(lambda: bool(shown))
    assert shown[0].name in rows
    dialog.accept()


def test_a_root_that_went_away_is_offline_and_its_photos_stay(
    parts: Parts, qtbot: Any, painted: Path, tmp_path: Path
) -> None:
    painted.rename(tmp_path / "unplugged")
    parts.session.look_at_roots()
    qtbot.waitUntil(lambda: parts.window.banner.topic == "offline")
    assert "photos" in parts.window.banner.words.text()
    assert parts.window.model.rowCount() == 18
    parts.window.open_row(0)
    qtbot.waitUntil(lambda: not parts.window.viewer.sentence.isHidden())
    assert "“photos” is offline" in parts.window.viewer.sentence.text()
    assert not parts.window.viewer.picture.isHidden(), "the thumbnail is shown all the same"
    (tmp_path / "unplugged").rename(painted)
    parts.session.look_at_roots()
    qtbot.waitUntil(lambda: parts.window.banner.isHidden())
    qtbot.waitUntil(lambda: parts.indexing.state is State.IDLE)
    assert parts.window.model.rowCount() == 18


def test_folders_can_be_removed_after_a_question(
    parts: Parts, qtbot: Any, painted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts.window.commands.folders.trigger()
    dialog = parts.window.findChildren(FoldersDialog)[0]
    assert dialog.roots.count() == 1
    assert "18 photos" in dialog.roots.item(0).text()
    dialog.roots.setCurrentRow(0)
    monkeypatch.setattr("app.window.folders_dialog.confirm_forget", lambda *_: False)
    dialog.remove.click()
    monkeypatch.setattr("app.window.folders_dialog.confirm_forget", lambda *_: True)
    with qtbot.waitSignal(parts.session.forgotten):
        dialog.remove.click()
    dialog.accept()
    qtbot.waitUntil(lambda: parts.window.pages.currentWidget() is parts.window.message)
    assert len(list(painted.rglob("*.jpg"))) == 18, "the photos stay where they are"


def test_the_model_failing_is_a_sentence_and_can_be_tried_again(
    open_window: Open, qtbot: Any, tmp_path: Path, encoder: Any
) -> None:
    encoder.error = ModelMissing("The model's file is not there: reinstall Retrouve.")
    parts = open_window(tmp_path / "library")
    qtbot.waitUntil(lambda: parts.window.banner.topic == "model")
    assert "reinstall" in parts.window.banner.words.text()
    encoder.error = None
    with qtbot.waitSignal(parts.session.ready):
        parts.window.banner.button.click()
    assert parts.window.banner.isHidden()


def test_a_query_before_the_model_is_ready_waits_for_it(
    open_window: Open, qtbot: Any, tmp_path: Path, painted: Path, encoder: Any
) -> None:
    first = open_window(tmp_path / "library", [painted])
    qtbot.waitUntil(lambda: first.window.model.rowCount() == 18 and is_still(first), timeout=20_000)
    assert first.close(10)
    encoder.may_go_on.clear()
    parts = open_window(tmp_path / "library")
    qtbot.waitUntil(lambda: parts.window.model.rowCount() == 18)
    parts.window.search.set_text("white")
    qtbot.waitUntil(lambda: parts.window.message.heading.text() == "Getting ready")
    encoder.may_go_on.set()
    qtbot.waitUntil(lambda: parts.window.model.hit(0) is not None)
    assert parts.window.pages.currentWidget() is parts.window.grid


def test_a_library_that_cannot_be_opened_says_why(
    open_window: Open, qtbot: Any, tmp_path: Path, small_library: Any
) -> None:
    answers: list[Exception | None] = [
        CatalogNewer("This library was made by a newer Retrouve: update, then open it."),
        None,
    ]

    def opener(folder: Path) -> Library:
        error = answers.pop(0)
        if error is not None:
            raise error
        return small_library(folder)

    parts = open_window(tmp_path / "library", [], opener)
    page = parts.window.message
    qtbot.waitUntil(lambda: page.heading.text() == "Your library cannot be opened")
    assert "newer" in page.words.text()
    page.buttons()[0].click()
    qtbot.waitUntil(lambda: page.heading.text() == "Find your photos by what they show")


def test_a_slow_opening_does_not_hold_the_window(
    open_window: Open, qtbot: Any, tmp_path: Path, small_library: Any
) -> None:
    gate = threading.Event()

    def opener(folder: Path) -> Library:
        assert threading.current_thread() is not threading.main_thread()
        assert gate.wait(20)
        return small_library(folder)

    parts = open_window(tmp_path / "library", [], opener)
    qtbot.waitUntil(lambda: parts.window.message.heading.text() == "Opening your library")
    qtbot.keyClicks(parts.window.search.edit, "blue")
    gate.set()
    qtbot.waitUntil(lambda: parts.window.message.heading.text() == "No photos to search yet")


def test_light_and_dark_follow_the_choice_and_the_system(parts: Parts, qtbot: Any, qapp: QApplication) -> None:
    theme, changes = parts.window.theme, []
    theme.changed.connect(lambda: changes.append(theme.dark))
    theme.choose(Choice.LIGHT)
    light = parts.window.grab().toImage()
    theme.choose(Choice.DARK)
    assert changes[-1] is True
    assert qapp.palette().window().color().name() == DARK.window
    dark = parts.window.grab().toImage()
    middle = QPoint(light.width() // 2, light.height() - 8)
    assert dark.pixelColor(middle).lightness() < 90 < light.pixelColor(middle).lightness()
    theme.choose(Choice.SYSTEM)
    qapp.styleHints().setColorScheme(Qt.ColorScheme.Dark)
    expected = qapp.styleHints().colorScheme() == Qt.ColorScheme.Dark
    assert theme.dark is expected
    qapp.styleHints().unsetColorScheme()
    theme.choose(Choice.LIGHT)


def test_size_of_tiles_and_theme_are_remembered(open_window: Open, qtbot: Any, tmp_path: Path) -> None:
    parts = open_window(tmp_path / "library")
    parts.window.grid.set_side(300)
    parts.window.theme.choose(Choice.DARK)
    parts.window.viewer.toggle_info()
    qtbot.waitUntil(lambda: parts.session.library is not None)
    assert parts.close(10)
    again = open_window(tmp_path / "library")
    assert again.window.grid.side() == 300
    assert again.window.top.slider.value() == 300
    assert again.window.theme.dark
    assert again.window.viewer.strip.isHidden()


def test_dropping_a_folder_adds_it_and_dropping_a_photo_searches_by_it(
    parts: Parts, qtbot: Any, tmp_path: Path, brush: Callable[..., Path]
) -> None:
    window = parts.window
    stranger = brush(tmp_path / "elsewhere", "stranger.png", "yellow")

    place = QPointF if PySide6.__version_info__ >= (6, 12) else QPoint

    def drop(path: Path) -> None:
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path))])
        copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        QApplication.sendEvent(window, QDragEnterEvent(place(50, 50), copy, data, left, none))
        assert window.overlay.isVisible()
        QApplication.sendEvent(window, QDropEvent(QPointF(50, 50), copy, data, left, none))
        assert not window.overlay.isVisible()

    drop(stranger)
    qtbot.waitUntil(lambda: window.model.hit(0) is not None)
    hit = window.model.hit(0)
    assert hit is not None
    assert hit.path.name.startswith("yellow")
    assert window.search.like == stranger
    window.search.clear()
    drop(tmp_path / "elsewhere")
    qtbot.waitUntil(lambda: window.model.rowCount() == 19, timeout=20_000)
    (tmp_path / "letter.doc").write_text("dear")
    drop(tmp_path / "letter.doc")
    assert "letter.doc" in window.banner.words.text()


def test_help_and_about_open(parts: Parts, qtbot: Any) -> None:
    qtbot.keyClick(parts.window.grid, "?")
    assert parts.window.findChildren(ShortcutsDialog)
    parts.window.commands.about.trigger()
    qtbot.waitUntil(lambda: bool(parts.window.findChildren(AboutDialog)))
    for dialog in parts.window.findChildren(ShortcutsDialog) + parts.window.findChildren(AboutDialog):
        dialog.accept()


def test_every_control_has_a_name_for_screen_readers(parts: Parts) -> None:
    from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QAbstractSlider, QLineEdit

    kinds = (QAbstractButton, QLineEdit, QAbstractItemView)
    controls = [one for kind in kinds for one in parts.window.findChildren(kind)]
    controls += [
        one for one in parts.window.findChildren(QAbstractSlider) if one.focusPolicy() != Qt.FocusPolicy.NoFocus
    ]
    nameless = [one for one in controls if not (one.accessibleName() or getattr(one, "text", str)())]
    assert not [one for one in nameless if one.isVisibleTo(parts.window)]
