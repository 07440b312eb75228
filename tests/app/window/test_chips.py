"""The chips under the search field: named, reachable by keyboard, and never wider than the window."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget

from app.window.chips import MOST, PieceChip
from app.window.flow import MOST_ROWS
from app.window.pieces import understood
from app.window.start import make_application
from app.window.theme import Choice, Theme
from app.window.top_bar import TopBar

QUERY = "red dog -people folder:Italy 2:sunset (white OR black) date:banana"


@pytest.fixture
def bar(qtbot: Any) -> Iterator[TopBar]:
    """The top bar in a window of 640 by 600 pixels."""
    window = QMainWindow()
    qtbot.addWidget(window)
    bar = TopBar(Theme(make_application(), Choice.LIGHT))
    window.setMenuWidget(bar)
    window.setCentralWidget(QWidget())
    window.resize(640, 600)
    with qtbot.waitExposed(window):
        window.show()
    yield bar
    window.close()


def show(bar: TopBar, text: str, cursor: int | None = None) -> list[PieceChip]:
    bar.chips.show_parts(understood(text), cursor)
    QApplication.processEvents()
    return bar.chips.chips


def test_a_chip_for_each_part_with_a_name_for_screen_readers(bar: TopBar) -> None:
    chips = show(bar, QUERY)
    says = [part.says for part in understood(QUERY)]
    assert len(says) == 6
    assert [chip.body.accessibleName() for chip in chips] == says
    assert [chip.cross.accessibleName() for chip in chips] == [f"Take out: {said}" for said in says]
    assert all(chip.isVisible() and not chip.body.icon().isNull() for chip in chips)
    assert all("Delete" in chip.body.accessibleDescription() for chip in chips)
    assert len({chip.property("tone") for chip in chips}) == 6, "each kind has a look of its own"
    pictures = [chip.body.icon().pixmap(16).toImage() for chip in chips]
    assert all(one != other for place, one in enumerate(pictures) for other in pictures[:place]), "and an icon"


def test_the_field_stays_where_it_is_while_the_bar_is_higher_than_it_need_be(bar: TopBar) -> None:
    """The window takes the room of the chips back a moment after they went."""
    top = bar.search.y()
    bar.resize(bar.width(), bar.height() + 60)
    QApplication.processEvents()
    assert bar.search.y() == top


def test_without_parts_there_is_no_row(bar: TopBar, qtbot: Any) -> None:
    low = bar.height()
    show(bar, QUERY)
    qtbot.waitUntil(lambda: bar.height() > low)
    assert show(bar, "plain words") == []
    assert bar.chips.isHidden()
    qtbot.waitUntil(lambda: bar.height() == low)


def test_many_chips_wrap_and_scroll_and_the_window_keeps_its_size(bar: TopBar) -> None:
    window = bar.window()
    chips = show(bar, " ".join(f"folder:Name{number}" for number in range(MOST + 20)))
    assert len(chips) == MOST
    assert bar.chips.items[-1].text() == "and 20 more"  # type: ignore[attr-defined]
    assert window.size() == QSize(640, 600)
    assert bar.chips.height() <= MOST_ROWS * (chips[0].height() + 6)
    assert max(chip.geometry().right() for chip in chips) < bar.chips.width()
    tops = sorted({chip.y() for chip in chips})
    assert len(tops) > MOST_ROWS
    assert not bar.chips.viewport().rect().intersects(chips[-1].geometry().translated(bar.chips.widget().pos()))
    bar.chips._go_to(MOST - 1)
    assert bar.chips.viewport().rect().contains(chips[-1].geometry().translated(bar.chips.widget().pos()))


def test_a_chip_that_says_too_much_is_cut_short_and_says_it_all_in_its_tip(bar: TopBar) -> None:
    (chip,) = show(bar, f'folder:"{"<b>long & wide</b> " * 20}"')
    assert chip.width() <= bar.chips.width()
    assert chip.body.text().endswith("…")
    assert "&&" in chip.body.text()
    assert "&lt;b&gt;long &amp; wide" in chip.toolTip()
    wide = chip.width()
    bar.window().resize(900, 600)
    QApplication.processEvents()
    assert wide < chip.width() <= bar.chips.width()


def test_by_keyboard_one_walks_takes_out_edits_and_comes_back(bar: TopBar, qtbot: Any) -> None:
    chips = show(bar, QUERY)
    chips[0].body.setFocus()
    key = Qt.Key
    for pressed, at in ((key.Key_Right, 1), (key.Key_End, 5), (key.Key_Right, 5), (key.Key_Left, 4), (key.Key_Home, 0)):
        qtbot.keyClick(QApplication.focusWidget(), pressed)
        assert chips[at].body.hasFocus()
    for pressed, signal in (
        (key.Key_Delete, bar.chips.removed),
        (key.Key_Backspace, bar.chips.removed),
        (key.Key_Return, bar.chips.edit_asked),
        (key.Key_Space, bar.chips.edit_asked),
    ):
        with qtbot.waitSignal(signal, check_params_cb=lambda part: part == chips[0].part):
            qtbot.keyClick(chips[0].body, pressed)
    for pressed in (key.Key_Escape, key.Key_Up):
        with qtbot.waitSignal(bar.chips.left):
            qtbot.keyClick(chips[0].body, pressed)


def test_every_chip_is_reached_with_tab_in_order(bar: TopBar, qtbot: Any) -> None:
    chips = show(bar, QUERY)
    bar.search.edit.setFocus()
    reached = []
    for _ in range(20):
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        reached.append(QApplication.focusWidget())
        if reached[-1] is bar.folders:
            break
    assert [one for one in reached if one in [chip.body for chip in chips]] == [chip.body for chip in chips]
    assert reached[-1] is bar.folders


def test_what_is_being_typed_is_not_called_wrong_before_a_pause(bar: TopBar, qtbot: Any) -> None:
    text = "-a date:20"
    assert [chip.part.says for chip in show(bar, text, len(text))] == ["not: a"]
    qtbot.waitUntil(lambda: [chip.part.says for chip in bar.chips.chips][1:] == [understood(text)[1].says])
    assert len(show(bar, text, 2)) == 2, "the cursor is elsewhere"
    assert show(bar, "red date:20", 11) == [], "plain words beside nothing else need no explanation"


def test_the_row_does_not_jump_while_somebody_types(bar: TopBar, qtbot: Any) -> None:
    show(bar, "-a date:2019", 12)
    high = bar.height()
    assert show(bar, "a", 1) == []
    assert bar.height() == high
    qtbot.waitUntil(lambda: bar.height() < high)
    assert bar.chips.isHidden()
