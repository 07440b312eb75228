"""The history in the window: what is noted and when, the list under the field, its switch."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt

from app.window.start import Parts
from core.history import History


@pytest.fixture
def history(parts: Parts) -> History:
    assert parts.session.library is not None
    return parts.session.library.history


def ask(parts: Parts, qtbot: Any, text: str) -> None:
    with qtbot.waitSignal(parts.searching.found, check_params_cb=lambda found: found.asked.text == text):
        parts.window.search.set_text(text)


def filled(parts: Parts, history: History, *queries: str) -> Any:
    for query in queries:
        history.note(query)
    return parts.conductor._shelf.remembering.list


def open_list(parts: Parts, qtbot: Any) -> Any:
    shown = parts.conductor._shelf.remembering.list
    parts.window.search.edit.setFocus()
    qtbot.keyClick(parts.window.search.edit, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(shown.isVisible)
    return shown


def test_a_query_that_is_looked_at_for_a_while_is_noted(
    parts: Parts, qtbot: Any, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    remembering = parts.conductor._shelf.remembering
    remembering._wait.setInterval(30)
    ask(parts, qtbot, "red")
    qtbot.waitUntil(lambda: history.recent() == ["red"])
    parts.window.search.clear()
    qtbot.waitUntil(lambda: not parts.searching.waiting)
    assert history.recent() == ["red"], "all photos are no query"


def test_marking_an_answer_does_not_keep_its_query_from_being_noted(parts: Parts, qtbot: Any, history: History) -> None:
    remembering = parts.conductor._shelf.remembering
    ask(parts, qtbot, "red")
    assert remembering._wait.isActive()
    with qtbot.waitSignal(parts.searching.found):
        parts.window.grid.setFocus()
        parts.window.grid.go_to_row(0)
        qtbot.keyClick(parts.window.grid, Qt.Key.Key_Plus)
    assert remembering._wait.isActive() and history.recent() == []
    remembering._wait.start(0)
    qtbot.waitUntil(lambda: history.recent() == ["red"])


def test_what_is_typed_through_is_not_noted_but_enter_notes(parts: Parts, qtbot: Any, history: History) -> None:
    window = parts.window
    ask(parts, qtbot, "red")
    ask(parts, qtbot, "red blue")
    qtbot.keyClick(window.search.edit, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: history.recent() == ["red blue"])
    window.search.edit.setFocus()
    window.search.edit.setText("green")
    with qtbot.waitSignal(parts.searching.found):
        qtbot.keyClick(window.search.edit, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: history.recent() == ["green", "red blue"])


def test_opening_a_photo_means_it(parts: Parts, qtbot: Any, history: History) -> None:
    ask(parts, qtbot, "yellow")
    parts.window.grid.photo_opened.emit(0)
    qtbot.waitUntil(lambda: history.recent() == ["yellow"])


def test_a_photo_alone_is_not_noted_but_with_words_it_is(parts: Parts, qtbot: Any, history: History) -> None:
    window = parts.window
    window.grid.setFocus()
    window.grid.go_to_row(0)
    qtbot.waitUntil(lambda: bool(window.actions.paths()))
    with qtbot.waitSignal(parts.searching.found):
        window.commands.similar.trigger()
    window.search.edit.setFocus()
    photo = window.search.like
    ask(parts, qtbot, "blue")
    parts.conductor._shelf.remembering.note_now()
    qtbot.waitUntil(lambda: history.recent() == [f'blue like:"{photo}"'])


def test_alt_down_lists_and_enter_asks_again(parts: Parts, qtbot: Any, history: History) -> None:
    shown, edit = filled(parts, history, "red", "blue", "green"), parts.window.search.edit
    assert open_list(parts, qtbot) is shown
    assert shown.model.stringList() == ["green", "blue", "red"] and edit.hasFocus()
    assert shown.view.currentIndex().row() == -1, "Enter alone searches for what is typed"
    for _ in range(2):
        qtbot.keyClick(edit, Qt.Key.Key_Down)
    with qtbot.waitSignal(parts.searching.found, check_params_cb=lambda found: found.asked.text == "blue"):
        qtbot.keyClick(edit, Qt.Key.Key_Return)
    assert not shown.isVisible() and parts.window.search.text == "blue" and edit.hasFocus()


def test_down_in_an_empty_field_lists_them_and_goes_to_the_photos_without_any(
    parts: Parts, qtbot: Any, history: History
) -> None:
    window = parts.window
    qtbot.keyClick(window.search.edit, Qt.Key.Key_Down)
    qtbot.waitUntil(window.grid.hasFocus)
    shown = filled(parts, history, "red")
    window.search.edit.setFocus()
    qtbot.keyClick(window.search.edit, Qt.Key.Key_Down)
    qtbot.waitUntil(shown.isVisible)
    qtbot.keyClick(window.search.edit, Qt.Key.Key_Escape)
    assert not shown.isVisible() and window.search.edit.hasFocus()
    ask(parts, qtbot, "red")
    qtbot.keyClick(window.search.edit, Qt.Key.Key_Down)
    assert window.grid.hasFocus(), "with words in the field Down goes to the photos, as ever"


def test_the_arrow_at_the_field_opens_and_closes(parts: Parts, qtbot: Any, history: History) -> None:
    shown, button = filled(parts, history, "red"), parts.conductor._shelf.remembering.button
    button.click()
    qtbot.waitUntil(shown.isVisible)
    button.click()
    assert not shown.isVisible()
    assert button.accessibleName() == "Earlier searches"


def test_the_list_goes_when_somebody_types_or_leaves(parts: Parts, qtbot: Any, history: History) -> None:
    filled(parts, history, "red")
    shown, window = open_list(parts, qtbot), parts.window
    qtbot.keyClicks(window.search.edit, "b")
    assert not shown.isVisible()
    window.search.clear()
    open_list(parts, qtbot)
    window.grid.setFocus()
    assert not shown.isVisible()


def test_delete_forgets_one(parts: Parts, qtbot: Any, history: History) -> None:
    filled(parts, history, "red", "blue", "green")
    shown, edit = open_list(parts, qtbot), parts.window.search.edit
    for _ in range(2):
        qtbot.keyClick(edit, Qt.Key.Key_Down)
    qtbot.keyClick(edit, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: history.recent() == ["green", "red"])
    assert shown.model.stringList() == ["green", "red"] and shown.view.currentIndex().row() == 1
    for left in (["green"], []):
        qtbot.keyClick(edit, Qt.Key.Key_Delete)
        qtbot.waitUntil(lambda left=left: history.recent() == left)
    assert not shown.isVisible()


def test_switched_off_nothing_is_noted_or_shown(parts: Parts, qtbot: Any, history: History) -> None:
    filled(parts, history, "red")
    commands = parts.window.commands
    qtbot.waitUntil(commands.keep_history.isChecked)
    commands.keep_history.trigger()
    qtbot.waitUntil(lambda: not history.enabled)
    ask(parts, qtbot, "blue")
    parts.conductor._shelf.remembering.note_now()
    shown = open_list(parts, qtbot)
    assert shown.model.stringList() == [] and "off" in shown.words.text()
    shown.keep.click()
    qtbot.waitUntil(lambda: history.enabled and commands.keep_history.isChecked())
    assert history.recent() == ["red"]


def test_cleared_once_that_is_confirmed(
    parts: Parts, qtbot: Any, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(parts, history, "red")
    answers = iter((False, True))
    monkeypatch.setattr("app.window.remembering.confirm_clear", lambda _window: next(answers))
    parts.window.commands.clear_history.trigger()
    assert history.recent() == ["red"]
    open_list(parts, qtbot).clear.click()
    qtbot.waitUntil(lambda: history.recent() == [])


def test_noting_asks_nothing_anew(parts: Parts, qtbot: Any, history: History) -> None:
    """A query that is noted is a write to the catalogue, but none that anybody has to search anew for."""
    look_for_changes(parts, qtbot)  # What indexing wrote.
    ask(parts, qtbot, "red")
    qtbot.waitUntil(lambda: not parts.searching._again.isActive() and not parts.searching.waiting)
    started: list[None] = []
    parts.searching.found.connect(lambda _found: started.append(None))
    parts.conductor._shelf.remembering.note_now()
    qtbot.waitUntil(lambda: history.recent() == ["red"])
    look_for_changes(parts, qtbot)
    assert not parts.searching._again.isActive() and started == []


def look_for_changes(parts: Parts, qtbot: Any) -> None:
    """Have the session look, and wait for what it saw."""
    with qtbot.waitCallback() as looked:
        parts.session.lanes.general.submit(parts.session.library.catalog.data_version, looked)
    parts.session._on_version(looked.args[0])
