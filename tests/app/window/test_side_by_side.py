"""When the side panel is shown: as it was chosen, when there is something in it, and where there is room."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtWidgets import QLabel

from app.window.side_by_side import NARROW, SideBySide


@pytest.fixture
def beside(qtbot: Any) -> SideBySide:
    beside = SideBySide(QLabel("side"), QLabel("main"))
    qtbot.addWidget(beside)
    beside.resize(wide(beside), 400)
    beside.show()
    return beside


def wide(beside: SideBySide) -> int:
    return beside.fontMetrics().horizontalAdvance("x") * (NARROW + 30)


def narrow(beside: SideBySide) -> int:
    return beside.fontMetrics().horizontalAdvance("x") * (NARROW - 30)


def test_nothing_chosen_it_is_there_as_soon_as_there_is_something_in_it(beside: SideBySide, qtbot: Any) -> None:
    beside.remember(None, None)
    assert not beside.shown and beside.wanted is None
    with qtbot.waitSignal(beside.shown_changed) as told:
        beside.set_filled(True)
    assert told.args == [True] and beside.shown and beside.wanted is None
    beside.set_filled(False)
    assert not beside.shown


def test_what_was_chosen_counts(beside: SideBySide) -> None:
    beside.remember(True, 180)
    assert beside.shown, "even with nothing in it"
    assert beside.panel_width == 180
    beside.toggle()
    beside.set_filled(True)
    assert not beside.shown and beside.wanted is False
    assert beside.panel_width == 180, "hidden, it keeps its width"
    beside.toggle()
    assert beside.shown and beside.panel_width == 180


def test_a_narrow_window_hides_it_unless_it_is_asked_for_there(beside: SideBySide) -> None:
    beside.remember(None, None)
    beside.set_filled(True)
    beside.resize(narrow(beside), 400)
    assert not beside.shown
    beside.resize(wide(beside), 400)
    assert beside.shown
    beside.resize(narrow(beside), 400)
    beside.toggle()
    assert beside.shown and beside.wanted is True
    beside.resize(narrow(beside) - 10, 400)
    assert beside.shown, "still narrow, and still asked for"
    beside.resize(wide(beside), 400)
    beside.resize(narrow(beside), 400)
    assert not beside.shown
    beside.toggle()
    beside.toggle()
    assert not beside.shown and beside.wanted is False
