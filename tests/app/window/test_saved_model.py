"""The saved searches as rows: names, counts, which one is asked, and names edited in place."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester

from app.window.saved_model import Counted, Role, SavedModel
from core.saved import Count
from core.types import SavedSearch

DOGS, CATS = SavedSearch(1, "Dogs", "dog -people"), SavedSearch(2, "cats", "cat")


@pytest.fixture
def model(qtbot: Any) -> SavedModel:
    model = SavedModel()
    model._tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model.show([DOGS, CATS])
    return model


def told(model: SavedModel, row: int, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
    return model.index(row).data(role)


def test_a_row_for_each(model: SavedModel) -> None:
    assert model.rowCount() == 2 and model.rowCount(model.index(0)) == 0
    assert [told(model, row) for row in range(2)] == ["Dogs", "cats"]
    assert told(model, 0, Role.SEARCH) == DOGS and told(model, 0, Qt.ItemDataRole.ToolTipRole) == "dog -people"
    assert model.data(QModelIndex()) is None and model.search(2) is None and model.search(-1) is None
    assert model.flags(model.index(0)) & Qt.ItemFlag.ItemIsEditable
    assert model.row_of(2) == 1 and model.row_of(3) is None
    assert model.named("CATS") == CATS and model.named("birds") is None
    assert model.saved_as("cat") == CATS and model.saved_as("") is None


@pytest.mark.parametrize(
    ("counted", "short", "said"),
    [
        (Counted("dog -people", Count(1)), "1", "1 photo"),
        (Counted("dog -people", Count(12_345)), "12,345", "12,345 photos"),
        (Counted("dog -people", Count(1000, more=True)), "1,000+", "more than 1,000 photos"),
        (Counted("dog -people", why="There is no such file."), "–", "There is no such file."),
    ],
)
def test_a_count_is_shown_and_said(model: SavedModel, counted: Counted, short: str, said: str) -> None:
    assert told(model, 0, Role.COUNT) == "" and told(model, 0, Qt.ItemDataRole.AccessibleTextRole) == "Dogs"
    model.set_counted(1, counted)
    assert told(model, 0, Role.COUNT) == short
    assert told(model, 0, Qt.ItemDataRole.AccessibleTextRole) == f"Dogs, {said}"
    assert said in told(model, 0, Qt.ItemDataRole.ToolTipRole)


def test_a_count_of_what_was_asked_before_is_not_shown(model: SavedModel) -> None:
    model.set_counted(1, Counted("dog", Count(5)))
    model.set_counted(7, Counted("dog", Count(5)))
    assert told(model, 0, Role.COUNT) == ""
    model.set_counted(1, Counted(DOGS.query, Count(5)))
    model.show([DOGS, SavedSearch(3, "birds", "bird")])
    assert told(model, 0, Role.COUNT) == "5", "what it asks for is the same"
    model.show([SavedSearch(1, "Dogs", "dog")])
    assert told(model, 0, Role.COUNT) == ""


def test_only_what_changed_is_told(model: SavedModel, qtbot: Any) -> None:
    changed: list[int] = []
    model.dataChanged.connect(lambda first, _last: changed.append(first.row()))
    model.set_counted(2, Counted("cat", Count(1)))
    model.set_counted(2, Counted("cat", Count(1)))
    assert changed == [1]
    model.show([DOGS, CATS])
    assert changed == [1], "nothing is new"
    with qtbot.assertNotEmitted(model.modelReset):
        model.show([DOGS, SavedSearch(2, "Cats", "cat")])
    assert changed == [1, 1]
    with qtbot.waitSignal(model.modelReset):
        model.show([CATS])


def test_the_one_that_is_asked_stands_out(model: SavedModel) -> None:
    model.set_asked("cat")
    assert [told(model, row, Role.ACTIVE) for row in range(2)] == [False, True]
    model.set_asked("")
    assert not any(told(model, row, Role.ACTIVE) for row in range(2))


def test_a_name_can_be_edited(model: SavedModel, qtbot: Any) -> None:
    with qtbot.waitSignal(model.renamed) as renamed:
        assert model.setData(model.index(0), "  Our   dogs ")
    assert renamed.args == [1, "Our dogs"] and told(model, 0) == "Our dogs"
    with qtbot.assertNotEmitted(model.renamed):
        assert not model.setData(model.index(0), "Our dogs")
        assert not model.setData(model.index(0), "   ")
        assert not model.setData(model.index(0), "x", Qt.ItemDataRole.DisplayRole)
