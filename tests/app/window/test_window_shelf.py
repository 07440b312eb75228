"""Saved searches in the window: saved by Ctrl+S, run by a click or Enter, renamed, removed and brought back.

Their counts follow the photos, and the panel remembers whether it was shown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu

from app.window.name_dialog import NameDialog, suggested
from app.window.saved_model import Counted, Role
from app.window.start import Parts
from core.library import Library
from core.saved import LONGEST_NAME, Count
from core.types import Order, SavedSearch


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.window.counting.SOON", 10)
    monkeypatch.setattr("app.window.counting.SHARE", 0)


def library_of(parts: Parts) -> Library:
    assert parts.session.library is not None
    return parts.session.library


def rows(parts: Parts) -> list[tuple[str, str]]:
    """The names in the panel, and the numbers beside them."""
    model = parts.window.side.model
    indexes = [model.index(row) for row in range(model.rowCount())]
    return [(index.data(), index.data(Role.COUNT)) for index in indexes]


def ask(parts: Parts, qtbot: Any, text: str) -> None:
    with qtbot.waitSignal(parts.searching.found, check_params_cb=lambda found: found.asked.text == text):
        parts.window.search.set_text(text)


def save(parts: Parts, qtbot: Any, name: str | None = None) -> None:
    """Ctrl+S, a name, Enter."""
    qtbot.keyClick(parts.window.search.edit, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    [dialog] = [d for d in parts.window.findChildren(NameDialog) if d.isVisible()]
    if name is not None:
        dialog.name.setText(name)
    qtbot.keyClick(dialog.name, Qt.Key.Key_Return)


@pytest.fixture
def saved(parts: Parts, qtbot: Any) -> Parts:
    """The window with three saved searches, all counted."""
    library = library_of(parts)
    library.saved.save("Red ones", "red")
    library.saved.save("In odd", "folder:odd")
    library.saved.save("Gone", 'like:"/nowhere/x.jpg"')
    parts.conductor._shelf._load()
    qtbot.waitUntil(lambda: rows(parts) == [("Gone", "–"), ("In odd", "9"), ("Red ones", "3")])
    return parts


def test_saved_by_ctrl_s_and_shown_with_its_count(parts: Parts, qtbot: Any) -> None:
    window = parts.window
    assert not window.beside.shown, "nothing is saved yet"
    ask(parts, qtbot, "red")
    assert window.beside.shown is False and parts.conductor._shelf.button.toolTip() == "Save this search (Ctrl+S)"
    save(parts, qtbot)
    qtbot.waitUntil(lambda: rows(parts) == [("red", "3")])
    assert window.beside.shown
    assert window.side.model.index(0).data(Role.ACTIVE)
    assert "“red”" in parts.conductor._shelf.button.toolTip()
    assert [(s.name, s.query, s.order) for s in library_of(parts).saved.all()] == [("red", "red", Order.MATCH)]


def test_nothing_in_the_field_is_nothing_to_save(parts: Parts) -> None:
    parts.window.commands.save_search.trigger()
    assert not parts.window.findChildren(NameDialog)
    assert "Search for something first" in parts.window.banner.words.text()


def test_a_name_that_is_taken_says_what_it_replaces(saved: Parts, qtbot: Any) -> None:
    window = saved.window
    ask(saved, qtbot, "green")
    window.commands.save_search.trigger()
    [dialog] = window.findChildren(NameDialog)
    assert dialog.name.text() == "green" and dialog.save.text() == "Save"
    dialog.name.setText("RED ones")
    assert dialog.note.text() == "Replaces the saved search of this name: red" and dialog.save.text() == "Replace"
    dialog.name.setText("  ")
    assert not dialog.save.isEnabled()
    dialog.name.setText("RED ones")
    dialog.save.click()
    qtbot.waitUntil(lambda: ("RED ones", "3") in rows(saved) and len(rows(saved)) == 3)
    assert library_of(saved).saved.find("red ones").query == "green"


def test_a_photo_beside_the_words_is_saved_with_them(parts: Parts, qtbot: Any, painted: Path) -> None:
    window, photo = parts.window, painted / "even" / "red 0.jpg"
    with qtbot.waitSignal(parts.searching.found):
        window.search.set_like(photo)
    save(parts, qtbot, "alike")
    qtbot.waitUntil(lambda: [name for name, _ in rows(parts)] == ["alike"])
    assert library_of(parts).saved.find("alike").query == f'like:"{photo}"'
    window.search.clear()
    with qtbot.waitSignal(parts.searching.found, check_params_cb=lambda found: bool(found.asked)):
        window.side.list.chosen.emit(window.side.model.search(0))
    assert window.search.text == f'like:"{photo}"' and window.search.like is None


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("red", "red"),
        ('"red barn" folder:Italy -dog', '"red barn" folder:Italy -dog'),
        ('like:"/photos/2019/Italy/a.jpg"', "looks like a.jpg"),
        (
            'red barn like:"/photos/2019/Italy/a.jpg" -2:like:"/b.jpg"',
            "red barn, looks like a.jpg, 2 x less: looks like b.jpg",
        ),
        (f'like:"/photos/{"long " * 90}.jpg"', f"looks like {'long ' * 90}"[:LONGEST_NAME]),
    ],
)
def test_the_name_that_is_suggested_can_be_read(query: str, name: str) -> None:
    assert suggested(query) == name


def test_a_click_and_enter_run_one(saved: Parts, qtbot: Any, names: Callable[[Parts], list[str]]) -> None:
    window = saved.window
    view = window.side.list
    at = view.visualRect(window.side.model.index(2)).center()
    with qtbot.waitSignal(saved.searching.found, check_params_cb=lambda found: found.asked.text == "red"):
        qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert {name.split()[0] for name in names(saved)[:3]} == {"red"}
    assert window.side.model.index(2).data(Role.ACTIVE)
    window.search.clear()
    window.side.take_focus()
    assert view.hasFocus()
    view.setCurrentIndex(window.side.model.index(0))
    qtbot.keyClick(view, Qt.Key.Key_Down)
    with qtbot.waitSignal(saved.searching.found, check_params_cb=lambda found: found.asked.text == "folder:odd"):
        qtbot.keyClick(view, Qt.Key.Key_Return)
    assert window.model.rowCount() == 9
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert window.grid.hasFocus()


def test_one_runs_in_the_order_that_it_was_saved_in(saved: Parts, qtbot: Any) -> None:
    library_of(saved).saved.save("Red ones", "red", Order.SIZE)
    saved.conductor._shelf._load()
    model = saved.window.side.model
    qtbot.waitUntil(lambda: (found := model.named("Red ones")) is not None and found.order is Order.SIZE)
    with qtbot.waitSignal(saved.searching.found, check_params_cb=lambda found: found.asked.text == "red") as told:
        saved.window.side.list.chosen.emit(model.named("Red ones"))
    assert told.args[0].asked.order is Order.SIZE


def test_renamed_in_its_place(saved: Parts, qtbot: Any) -> None:
    window, view = saved.window, saved.window.side.list
    window.side.take_focus()
    view.setCurrentIndex(window.side.model.index(2))
    qtbot.keyClick(view, Qt.Key.Key_F2)
    editor = view.findChild(QLineEdit, "renaming")
    assert editor is not None and editor.text() == "Red ones"
    editor.setText("All the red")
    window.side.model.set_counted(1, Counted("red", Count(77)))
    assert editor.text() == "All the red", "a number that changes meanwhile takes nothing away"
    window.side.model.set_counted(1, Counted("red", Count(3)))
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: rows(saved)[0] == ("All the red", "3"))
    assert library_of(saved).saved.find("all the red").query == "red"


def test_a_name_that_another_has_is_refused_and_the_old_one_comes_back(saved: Parts, qtbot: Any) -> None:
    model = saved.window.side.model
    model.setData(model.index(2), "gone")
    qtbot.waitUntil(lambda: "“Gone” already" in saved.window.banner.words.text())
    qtbot.waitUntil(lambda: [name for name, _ in rows(saved)] == ["Gone", "In odd", "Red ones"])


def test_removed_and_brought_back(saved: Parts, qtbot: Any) -> None:
    window, view = saved.window, saved.window.side.list
    window.side.take_focus()
    view.setCurrentIndex(window.side.model.index(1))
    qtbot.keyClick(view, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: [name for name, _ in rows(saved)] == ["Gone", "Red ones"])
    qtbot.waitUntil(lambda: "“In odd” is removed" in window.banner.words.text())
    window.banner.button.click()
    qtbot.waitUntil(lambda: ("In odd", "9") in rows(saved))


@pytest.mark.parametrize("asked_for", [False, True])
def test_with_the_last_one_removed_the_focus_goes_where_it_helps(parts: Parts, qtbot: Any, asked_for: bool) -> None:
    window = parts.window
    ask(parts, qtbot, "red")
    if asked_for:
        window.commands.panel.trigger()
    save(parts, qtbot, "Red ones")
    qtbot.waitUntil(lambda: len(rows(parts)) == 1 and window.beside.shown)
    window.side.take_focus()
    qtbot.keyClick(window.side.list, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: not rows(parts))
    assert window.beside.shown is asked_for
    assert window.focusWidget() is (window.side.save if asked_for else window.grid)


def test_the_menu_of_one_by_mouse_and_by_keyboard(saved: Parts, qtbot: Any) -> None:
    view, model = saved.window.side.list, saved.window.side.model
    at = view.visualRect(model.index(1)).center()
    for reason in (QContextMenuEvent.Reason.Mouse, QContextMenuEvent.Reason.Keyboard):
        place = at if reason is QContextMenuEvent.Reason.Mouse else QPoint(0, 0)
        event = QContextMenuEvent(reason, place, view.viewport().mapToGlobal(place))
        QApplication.sendEvent(view.viewport(), event)
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        assert [action.text().split("\t")[0] for action in menu.actions()] == ["&Search", "&Rename", "Re&move"]
        assert view.current() == model.search(1)
        menu.close()
    with qtbot.waitSignal(view.chosen) as told:
        view.menu().actions()[0].trigger()
    assert told.args == [model.search(1)]


def test_counts_follow_the_photos(saved: Parts, qtbot: Any, painted: Path, brush: Callable[..., Path]) -> None:
    brush(painted / "odd", "one more.jpg", "red", (100, 90))
    saved.indexing.index_everything()
    qtbot.waitUntil(lambda: rows(saved) == [("Gone", "–"), ("In odd", "10"), ("Red ones", "4")], timeout=20_000)


def test_what_the_command_line_saves_appears(saved: Parts, qtbot: Any, tmp_path: Path) -> None:
    with Library.open(tmp_path / "library") as other:
        other.saved.save("From elsewhere", "folder:even")
    qtbot.waitUntil(lambda: ("From elsewhere", "9") in rows(saved), timeout=10_000)


def test_saving_is_no_change_of_the_photos(saved: Parts, qtbot: Any, tmp_path: Path) -> None:
    def look() -> None:
        with qtbot.waitCallback() as looked:
            saved.session.lanes.general.submit(library_of(saved).catalog.data_version, looked)
        saved.session._on_version(looked.args[0])

    look()
    ask(saved, qtbot, "blue")
    with qtbot.assertNotEmitted(saved.session.changed_elsewhere):
        save(saved, qtbot, "Blue")
        qtbot.waitUntil(lambda: ("Blue", "3") in rows(saved))
        look()
    with Library.open(tmp_path / "library") as other, qtbot.waitSignal(saved.session.changed_elsewhere):
        other.saved.save("From elsewhere", "folder:even")
        look()


def test_f9_hides_the_panel_and_shows_it_with_the_focus(saved: Parts, qtbot: Any) -> None:
    window = saved.window
    assert window.beside.shown and window.top.panel.isChecked() and window.commands.panel.isChecked()
    qtbot.keyClick(window, Qt.Key.Key_F9)
    assert not window.beside.shown and not window.top.panel.isChecked() and not window.commands.panel.isChecked()
    qtbot.keyClick(window, Qt.Key.Key_F9)
    assert window.beside.shown and window.side.list.hasFocus()
    window.side.close_button.click()
    assert not window.beside.shown and window.grid.hasFocus()
    window.top.panel.click()
    assert window.beside.shown


def test_a_narrow_window_hides_it(saved: Parts, qtbot: Any) -> None:
    window = saved.window
    window.resize(600, 700)
    qtbot.waitUntil(lambda: not window.beside.shown)
    assert not window.top.panel.isChecked()
    window.resize(1000, 700)
    qtbot.waitUntil(lambda: window.beside.shown)


def test_it_is_remembered(
    open_window: Callable[..., Parts], parts: Parts, qtbot: Any, tmp_path: Path, painted: Path
) -> None:
    library_of(parts).saved.save("Red ones", "red")
    parts.conductor._shelf._load()
    qtbot.waitUntil(lambda: parts.window.beside.shown)
    parts.window.commands.panel.trigger()
    assert parts.close(10)
    again = open_window(tmp_path / "library")
    qtbot.waitUntil(lambda: again.window.side.model.rowCount() == 1)
    assert not again.window.beside.shown, "it was hidden"
    again.window.commands.panel.trigger()
    assert again.window.beside.shown
    again.window.beside.setSizes([210, 790])
    width = again.window.side.width()
    assert again.close(10)
    third = open_window(tmp_path / "library")
    qtbot.waitUntil(lambda: third.window.side.model.rowCount() == 1)
    assert third.window.beside.shown and abs(third.window.side.width() - width) <= 2


def test_an_empty_panel_says_what_it_is_for(parts: Parts) -> None:
    window = parts.window
    window.commands.panel.trigger()
    assert window.beside.shown and window.side.body.currentWidget() is window.side.hint
    assert window.side.save.hasFocus()
    assert isinstance(window.side.model.search(0), SavedSearch) is False
