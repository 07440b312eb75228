"""The window shows how a query was understood, completes what is typed, and offers filters for plain words."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QLabel

from app.window.help_dialogs import ShortcutsDialog
from app.window.offers import name_of
from app.window.start import Parts
from core.errors import LibraryBusy
from core.library import Library
from core.search.completing import Completion
from core.search.grammar import KEYS
from core.search.offering import Offer

Names = Callable[[Parts], list[str]]
K = Qt.Key


def type_in(parts: Parts, qtbot: Any, text: str) -> None:
    parts.window.search.edit.setFocus()
    qtbot.keyClicks(parts.window.search.edit, text)


def press(
    parts: Parts, qtbot: Any, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    qtbot.keyClick(parts.window.search.edit, key, modifier)


def suggestions(parts: Parts) -> list[str]:
    shown = parts.conductor.understanding.completing.list
    return [row.shown for row in shown.model.rows] if shown.isVisible() else []


def says(parts: Parts) -> list[str]:
    return [part.says for part in parts.window.top.chips.parts]


# Chips


def test_a_click_on_the_cross_takes_a_part_out_and_undo_brings_it_back(parts: Parts, qtbot: Any, names: Names) -> None:
    window = parts.window
    with qtbot.waitSignal(parts.searching.found):
        window.search.set_text("folder:odd -yellow green")
    assert says(parts) == ["in folder odd", "not: yellow", "looks like: green"]
    with qtbot.waitSignal(parts.searching.found):
        window.top.chips.chips[1].cross.click()
    assert window.search.edit.text() == "folder:odd green"
    assert parts.searching.asked.text == "folder:odd green"
    assert names(parts)[0].startswith("green")
    with qtbot.waitSignal(parts.searching.found):
        window.top.chips.chips[1].cross.click()
    assert window.search.text == "folder:odd"
    assert len(names(parts)) == 9
    with qtbot.waitSignal(parts.searching.found):
        window.search.edit.undo()
    assert window.search.text == "folder:odd green"
    assert suggestions(parts) == []


def test_a_click_on_a_chip_selects_its_text_and_words_that_stand_apart_in_turn(parts: Parts, qtbot: Any) -> None:
    window = parts.window
    window.search.set_text("🐈 red folder:odd dog -people")
    words, folder, people = window.top.chips.chips
    for chip, selected in (
        (folder, "folder:odd"),
        (people, "-people"),
        (words, "🐈 red"),
        (words, "dog"),
        (words, "🐈 red"),
    ):
        chip.body.click()
        assert window.search.edit.hasFocus()
        assert window.search.edit.selectedText() == selected
    folder.body.click()
    qtbot.keyClicks(window.search.edit, "folder:even")
    assert window.search.text == "🐈 red folder:even dog -people"
    assert says(parts)[1] == "in folder even"


def test_taking_out_by_keyboard_goes_on_at_the_next_chip_and_ends_in_the_field(parts: Parts, qtbot: Any) -> None:
    window, bar = parts.window, parts.window.top.chips
    window.search.set_text("-a folder:odd -b")
    bar.chips[1].body.setFocus()
    for left in ("-a -b", "-a", ""):
        qtbot.keyClick(QApplication.focusWidget(), K.Key_Delete)
        assert window.search.text == left
    assert window.search.edit.hasFocus()
    assert bar.chips == []


def test_a_part_that_makes_no_sense_says_so_once_it_is_typed(parts: Parts, qtbot: Any) -> None:
    type_in(parts, qtbot, "red date:soon ")
    assert says(parts) == ["looks like: red", "date:soon is no date, so it counts as words"]
    parts.window.search.clear()
    assert says(parts) == []
    assert parts.window.top.chips.isHidden()


def test_a_whole_page_is_taken_apart_off_the_gui_thread(
    parts: Parts, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.window import pieces, understanding

    threads = []

    def watched(text: str) -> tuple[pieces.Part, ...]:
        threads.append(threading.current_thread())
        return pieces.understood(text)

    monkeypatch.setattr(understanding, "understood", watched)
    parts.window.search.edit.setText("folder:odd " + "-red " * 1000)
    assert says(parts) == []
    qtbot.waitUntil(lambda: says(parts)[:2] == ["in folder odd", "not: red"])
    assert threading.main_thread() not in threads
    parts.window.search.edit.setText("-short")
    assert says(parts) == ["not: short"]


# Completion


def test_a_key_is_completed_and_then_its_values(parts: Parts, qtbot: Any, names: Names) -> None:
    search = parts.window.search
    type_in(parts, qtbot, "red fold")
    qtbot.waitUntil(lambda: suggestions(parts) == ["folder:"])
    press(parts, qtbot, K.Key_Tab)
    assert search.edit.text() == "red folder:"
    assert search.edit.hasFocus()
    qtbot.waitUntil(lambda: {"even", "odd"} <= set(suggestions(parts)))
    qtbot.keyClicks(search.edit, "e")
    qtbot.waitUntil(lambda: suggestions(parts) == ["even"])
    with qtbot.waitSignal(parts.searching.found, check_params_cb=lambda found: "even" in found.asked.text):
        press(parts, qtbot, K.Key_Tab)
    assert search.edit.text() == "red folder:even "
    assert suggestions(parts) == []
    assert says(parts) == ["looks like: red", "in folder even"]
    assert {name.split()[0] for name in names(parts)} <= {"red", "blue", "white"}


def test_the_arrows_choose_enter_takes_and_escape_closes(parts: Parts, qtbot: Any) -> None:
    search, listed = parts.window.search, parts.conductor.understanding.completing.list
    type_in(parts, qtbot, "is:")
    qtbot.waitUntil(lambda: len(suggestions(parts)) > 3)
    rows = suggestions(parts)
    assert listed.row == -1, "nothing is chosen for anybody"
    for key, row in (
        (K.Key_Down, 0),
        (K.Key_Down, 1),
        (K.Key_Up, 0),
        (K.Key_Up, -1),
        (K.Key_Up, len(rows) - 1),
        (K.Key_Down, -1),
        (K.Key_Down, 0),
        (K.Key_Down, 1),
    ):
        press(parts, qtbot, key)
        assert listed.row == row
        assert search.edit.text() == "is:"
        assert search.edit.hasFocus()
    press(parts, qtbot, K.Key_Return)
    assert search.edit.text() == f"is:{rows[1]} "
    qtbot.keyClicks(search.edit, "has:")
    qtbot.waitUntil(lambda: len(suggestions(parts)) > 3)
    press(parts, qtbot, K.Key_Escape)
    assert suggestions(parts) == []
    assert search.edit.text() == f"is:{rows[1]} has:", "Escape closes the list alone"
    press(parts, qtbot, K.Key_Escape)
    assert search.is_empty(), "and clears the field without one"


def test_enter_on_plain_text_searches_though_there_are_suggestions(parts: Parts, qtbot: Any) -> None:
    search = parts.window.search
    type_in(parts, qtbot, "red da")
    qtbot.waitUntil(lambda: suggestions(parts) == ["date:"])
    press(parts, qtbot, K.Key_Return)
    qtbot.waitUntil(lambda: parts.searching.asked.text == "red da")
    assert search.edit.text() == "red da"
    assert suggestions(parts) == []


def test_a_click_takes_a_row_and_the_field_keeps_the_focus(parts: Parts, qtbot: Any) -> None:
    listed = parts.conductor.understanding.completing.list
    type_in(parts, qtbot, "-folder:o green")
    parts.window.search.edit.setCursorPosition(8)
    qtbot.keyClicks(parts.window.search.edit, "o")
    parts.window.search.edit.del_()
    press(parts, qtbot, K.Key_Space, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: suggestions(parts) == ["odd"])
    at = listed.view.visualRect(listed.model.index(0)).center()
    qtbot.mouseClick(listed.view.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert parts.window.search.edit.text() == "-folder:odd green"
    assert parts.window.search.edit.hasFocus()


def test_ctrl_space_lists_every_key_where_nothing_is_typed(parts: Parts, qtbot: Any) -> None:
    press(parts, qtbot, K.Key_Space, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: suggestions(parts) == [f"{key.name}:" for key in KEYS])
    rows = parts.conductor.understanding.completing.list.model.rows
    assert all(key.says in row.detail and key.example in row.detail for key, row in zip(KEYS, rows, strict=True))
    press(parts, qtbot, K.Key_Down)
    press(parts, qtbot, K.Key_Return)
    assert parts.window.search.edit.text() == f"{KEYS[0].name}:"
    parts.window.search.clear()
    type_in(parts, qtbot, '"birthday cake"')
    parts.window.search.edit.setCursorPosition(10)
    press(parts, qtbot, K.Key_Space, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: not parts.conductor.understanding._finding.waiting)
    assert suggestions(parts) == [], "within a phrase there are no keys"


def test_plain_words_are_left_alone(parts: Parts, qtbot: Any) -> None:
    wanted = []
    parts.conductor.understanding.completing.wanted.connect(lambda text, _cursor: wanted.append(text))
    for text in ("a", "d", "red ", "-", '"bir'):
        parts.window.search.clear()
        type_in(parts, qtbot, text)
        qtbot.waitUntil(lambda text=text: wanted[-1:] == [text])
        qtbot.waitUntil(lambda: not parts.conductor.understanding._finding.waiting)
        QApplication.processEvents()
        assert suggestions(parts) == []


def test_the_list_goes_with_the_focus_the_cursor_and_another_query(parts: Parts, qtbot: Any) -> None:
    search = parts.window.search
    for leave in (
        parts.window.grid.setFocus,
        lambda: search.edit.setCursorPosition(0),
        lambda: search.set_text("red"),
        search.clear,
    ):
        search.clear()
        type_in(parts, qtbot, "folder:")
        qtbot.waitUntil(lambda: bool(suggestions(parts)))
        leave()
        assert suggestions(parts) == []
        assert not parts.conductor.understanding.completing.list.isVisible()


class SlowToComplete:
    """Holds back the answers of a library until it is told to let them go; remembers what was asked."""

    def __init__(self, library: Library) -> None:
        self.may_go_on = threading.Event()
        self.asked: list[str] = []
        self.threads: set[threading.Thread] = set()
        self._complete = library.complete

    def complete(self, text: str, cursor: int) -> tuple[Completion, ...]:
        self.asked.append(text)
        self.threads.add(threading.current_thread())
        assert self.may_go_on.wait(20)
        return self._complete(text, cursor)


@pytest.fixture
def slow(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> SlowToComplete:
    """The library of the window, slow to complete."""
    library = parts.session.library
    assert library is not None
    held = SlowToComplete(library)
    monkeypatch.setattr(library, "complete", held.complete)
    return held


def test_typing_never_waits_and_an_old_answer_is_never_shown(parts: Parts, qtbot: Any, slow: SlowToComplete) -> None:
    shown = []
    listed = parts.conductor.understanding.completing.list
    listed.model.modelReset.connect(lambda: shown.append([row.shown for row in listed.model.rows]))
    parts.window.search.edit.setText("folder")
    type_in(parts, qtbot, ":")
    qtbot.waitUntil(lambda: slow.asked == ["folder:"])
    type_in(parts, qtbot, "o")
    type_in(parts, qtbot, "d")
    assert parts.window.search.edit.text() == "folder:od"
    assert suggestions(parts) == []
    slow.may_go_on.set()
    qtbot.waitUntil(lambda: suggestions(parts) == ["odd"])
    assert shown == [["odd"]]
    assert slow.asked == ["folder:", "folder:od"], "what was overtaken before it began is not looked for"
    assert threading.main_thread() not in slow.threads


def test_tab_before_the_answer_takes_the_first_of_the_answer(parts: Parts, qtbot: Any, slow: SlowToComplete) -> None:
    slow.may_go_on.set()
    parts.window.search.edit.setText("folder")
    type_in(parts, qtbot, ":")
    qtbot.waitUntil(lambda: len(suggestions(parts)) >= 2)
    slow.may_go_on.clear()
    type_in(parts, qtbot, "o")
    press(parts, qtbot, K.Key_Tab)
    assert parts.window.search.edit.text() == "folder:o"
    slow.may_go_on.set()
    qtbot.waitUntil(lambda: parts.window.search.edit.text() == "folder:odd ")


def test_completion_counts_characters_as_python_does(parts: Parts, qtbot: Any) -> None:
    edit = parts.window.search.edit
    edit.setFocus()
    edit.setText("🐈‍⬛🐕 folder:e 🌅")
    edit.setCursorPosition(edit.text().encode("utf-16-le").index(b"e\0 \0") // 2 + 1)
    press(parts, qtbot, K.Key_Space, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: suggestions(parts) == ["even"])
    press(parts, qtbot, K.Key_Tab)
    assert edit.text() == "🐈‍⬛🐕 folder:even 🌅"


def test_half_a_value_is_not_asked_for_at_once(parts: Parts, qtbot: Any) -> None:
    asked = []
    parts.searching.started.connect(lambda what: asked.append(what.text))
    type_in(parts, qtbot, "folder:ev")
    qtbot.waitUntil(lambda: suggestions(parts) == ["even"])
    press(parts, qtbot, K.Key_Tab)
    qtbot.waitUntil(lambda: bool(asked))
    assert asked == ["folder:even"]


# Offers


def test_words_that_name_a_folder_are_offered_as_a_filter_and_never_forced(
    parts: Parts, qtbot: Any, names: Names
) -> None:
    window, line = parts.window, parts.window.top.offers
    with qtbot.waitSignal(parts.searching.found):
        window.search.set_text("green odd -yellow")
    qtbot.waitUntil(lambda: [button.text() for button in line.buttons] == ["Folder: odd (9)"])
    assert parts.searching.asked.text == "green odd -yellow"
    (button,) = line.buttons
    assert button.accessibleName() == "Folder: odd, 9 photos"
    assert button.accessibleDescription() == "Search for folder:odd instead of the word “odd”"
    button.setFocus()
    with qtbot.waitSignal(parts.searching.found):
        qtbot.keyClick(button, K.Key_Return)
    assert window.search.text == "green folder:odd -yellow"
    assert window.search.edit.hasFocus()
    assert names(parts)[0].startswith("green")
    qtbot.waitUntil(lambda: line.buttons == [])
    assert line.isHidden()
    window.search.edit.undo()
    assert window.search.text == "green odd -yellow"


def test_offers_for_an_older_text_do_nothing_and_an_empty_field_has_none(parts: Parts, qtbot: Any) -> None:
    window, line = parts.window, parts.window.top.offers
    window.search.set_text("odd")
    qtbot.waitUntil(lambda: len(line.buttons) == 1)
    window.search.edit.setText("red odd")
    line.buttons[0].click()
    assert window.search.text == "red odd"
    qtbot.waitUntil(lambda: line.text == "red odd")
    qtbot.keyClick(line.buttons[0], K.Key_Escape)
    assert window.search.edit.hasFocus()
    line.buttons[0].click()
    assert window.search.text == "red folder:odd"
    window.search.set_text("odd")
    qtbot.waitUntil(lambda: len(line.buttons) == 1)
    window.search.clear()
    assert line.buttons == []


def test_what_a_filter_is_called_on_its_button() -> None:
    assert name_of("folder:Italy") == "Folder: Italy"
    assert name_of('tag:"birthday party"') == "Tag: birthday party"
    assert name_of("camera:canon") == "Camera: canon"
    assert name_of("date:july") == "July"
    assert name_of("date:2019-07") == "July 2019"
    assert name_of("is:portrait") == "portrait"


def test_many_offers_stay_within_the_window(parts: Parts, qtbot: Any) -> None:
    window, line = parts.window, parts.window.top.offers
    window.resize(640, 600)
    long = tuple(Offer("x", f'folder:"{"Very & long " * number}"', 1000 * number) for number in range(1, 12))
    line.show_offers("x", long)
    QApplication.processEvents()
    assert len(line.buttons) == 6
    assert window.width() == 640
    assert all(button.geometry().right() < line.width() for button in line.buttons)
    assert line.buttons[5].text().endswith(" (6,000)")


# Faults, and help


def test_a_catalogue_that_is_busy_is_told_of(parts: Parts, qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    library = parts.session.library
    assert library is not None

    def busy(*_: object) -> tuple[Completion, ...]:
        raise LibraryBusy("The catalogue is busy.")

    monkeypatch.setattr(library, "complete", busy)
    type_in(parts, qtbot, "folder:")
    qtbot.waitUntil(lambda: parts.window.banner.words.text() == "The catalogue is busy.")
    assert parts.window.search.edit.text() == "folder:"


def test_typing_before_the_library_is_open_is_understood_all_the_same(
    open_window: Callable[..., Parts],
    qtbot: Any,
    tmp_path: Path,
    small_library: Callable[[Path], Library],
    painted: Path,
) -> None:
    may_open = threading.Event()

    def opener(folder: Path) -> Library:
        assert may_open.wait(20)
        return small_library(folder)

    parts = open_window(tmp_path / "library", [painted], opener)
    type_in(parts, qtbot, "red folder:even -")
    assert says(parts) == ["looks like: red", "in folder even"]
    assert suggestions(parts) == []
    with qtbot.waitSignal(parts.session.opened):
        may_open.set()
    qtbot.waitUntil(lambda: parts.window.model.rowCount() == 3, timeout=20_000)
    assert parts.searching.asked.text == "red folder:even"


def test_help_lists_the_whole_grammar(parts: Parts, qtbot: Any) -> None:
    dialog = ShortcutsDialog(parts.window)
    qtbot.addWidget(dialog)
    dialog.show()
    said = {label.text() for label in dialog.findChildren(QLabel)}
    for key in KEYS:
        assert key.example in said
        assert f"{key.says[0].upper()}{key.says[1:]}" in said
    assert {"dog OR cat", "beach -people", "(dog OR cat) beach", '"birthday cake"'} <= said
    room = dialog.screen().availableGeometry()
    assert dialog.width() <= room.width()
    assert dialog.height() <= room.height()
    assert not QImage(dialog.grab().toImage()).isNull()


def test_every_example_of_the_help_is_understood() -> None:
    from app.window.help_dialogs import GRAMMAR
    from app.window.typed import misread

    for _, lines in GRAMMAR:
        for typed, _ in lines:
            assert misread(typed) == ""
