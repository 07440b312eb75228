"""The page of models by itself: what it shows of a model, in which order, and which buttons can be pressed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics

from app.window.models_dialog import ModelsDialog
from app.window.models_import import HubDialog, ImportDialog
from app.window.models_table import SHARE, STANDING, Column, ModelsTable, SortedModels
from app.window.models_wording import details, standing_words, work_words
from app.window.models_work import Kind, Overview, Wanted, WorkProgress
from app.window.start import make_application
from app.window.theme import Theme
from core.types import LeftModel, ModelChoice, ModelMove, Place, RunsOn

STARTER = ModelChoice("starter", Place.BUNDLED, "starter-1", 66_000_000, ("en",), "Apache-2.0", RunsOn.OPENVINO)
OWN = ModelChoice("own", Place.SHELF, "own-1", 3_000_000, ("en", "de"), "MIT", RunsOn.TORCH, photos_a_second=3.21)
FREE = ModelChoice(
    *("free", Place.HUB, None, 1_500_000_000, ("many",), "MIT", RunsOn.OPENVINO),
    imagenet=0.78,
    coco=0.52,
    about="The best here.",
    figures="https://example.org",
    source="org/free",
    photos_a_second=64.2,
)
RESEARCH = ModelChoice(
    *("research", Place.HUB, None, 299_000_000, ("en",), "Apple's own", RunsOn.CONVERTED),
    research_only=True,
    warning="The weights of `research` may be used for research only.",
    imagenet=0.39,
)
BROKEN = ModelChoice("harmed", Place.BROKEN, None, 0, (), "", None, reason="A file of the model is not there: x")
OVERVIEW = Overview((STARTER, OWN, FREE, RESEARCH, BROKEN), "starter-1", "starter-1", None, (), 120, True)


@pytest.fixture
def dialog(qtbot: Any) -> ModelsDialog:
    made = ModelsDialog(Theme(make_application()))
    qtbot.addWidget(made)
    made.show()
    made.show_overview(OVERVIEW)
    return made


def names(model: SortedModels) -> list[str]:
    return [model.index(row, 0).data() for row in range(model.rowCount())]


def test_a_row_says_what_helps_to_choose(qtmodeltester: Any) -> None:
    table = ModelsTable()
    table.show(OVERVIEW)
    qtmodeltester.check(table)
    texts = [[table.index(row, column).data() for column in Column] for row in range(5)]
    assert texts[2] == ["free", "78.0%", "52.0%", "64", "1.5 GB", "about 100", "MIT", "OpenVINO"]
    assert texts[1] == ["own", "–", "–", "3.2", "3.0 MB", "English, German", "MIT", "PyTorch"]
    assert texts[3][6:] == ["Research only", "OpenVINO, via PyTorch"]
    assert texts[4][1:] == ["–"] * 7
    standing = [table.index(row, 0).data(STANDING) for row in range(5)]
    assert standing == ["Answers in this library", "On the shelf", "To be fetched", "To be fetched", "Cannot be used"]
    assert table.index(3, Column.IMAGENET).data(SHARE) == pytest.approx(0.5)
    assert table.index(0, Column.IMAGENET).data(SHARE) is None
    spoken = Qt.ItemDataRole.AccessibleTextRole
    assert table.index(0, Column.COCO).data(spoken) == "COCO: not known"
    assert table.index(0, 0).data(spoken) == "starter, Answers in this library"


def test_what_is_not_known_comes_last_whichever_way_it_is_sorted(dialog: ModelsDialog) -> None:
    model = dialog.table.model()
    assert names(model) == ["starter", "own", "free", "research", "harmed"], "at first in the order of the list"
    model.sort(Column.IMAGENET, Qt.SortOrder.DescendingOrder)
    assert names(model)[:2] == ["free", "research"]
    model.sort(Column.IMAGENET, Qt.SortOrder.AscendingOrder)
    assert names(model)[:2] == ["research", "free"]
    model.sort(Column.SIZE, Qt.SortOrder.AscendingOrder)
    assert names(model) == ["own", "starter", "research", "free", "harmed"]
    model.sort(-1)
    assert names(model)[0] == "starter"


def test_a_click_on_a_figures_head_brings_the_best_first(dialog: ModelsDialog, qtbot: Any) -> None:
    header = dialog.table.horizontalHeader()
    at = header.sectionViewportPosition(Column.SPEED) + 5
    qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=header.viewport().rect().topLeft() + _at(at))
    assert names(dialog.table.model())[:2] == ["free", "own"]


def _at(x: int) -> Any:
    from PySide6.QtCore import QPoint

    return QPoint(x, 8)


def test_the_buttons_fit_the_model_that_is_selected(dialog: ModelsDialog) -> None:
    assert dialog.current() == STARTER
    assert not dialog.use.isEnabled() and dialog.fetch.isHidden() and not dialog.remove.isEnabled()
    dialog.select("own")
    assert dialog.use.isEnabled() and dialog.at_once.isEnabled() and dialog.remove.isEnabled()
    dialog.select("free")
    assert dialog.use.isHidden() and dialog.fetch.isEnabled() and dialog.fetch.text() == "Fetch free"
    assert not dialog.warning.isVisible() and not dialog.remove.isEnabled()
    dialog.select("research")
    assert dialog.warning.isVisible() and "“research” may be used for research only" in dialog.warning.text()
    dialog.select("harmed")
    assert not dialog.use.isEnabled() and dialog.remove.isEnabled()
    assert dialog.details.text().splitlines() == [
        BROKEN.reason,
        "Remove it from the shelf, and fetch or import it again.",
    ]


def test_a_library_that_cannot_be_changed_is_not_offered_a_change(dialog: ModelsDialog) -> None:
    left = (LeftModel("old-1", 120, 104_000_000),)
    dialog.show_overview(replace(OVERVIEW, can_change=False, left=left))
    dialog.select("own")
    assert not dialog.use.isEnabled() and dialog.tidy.isHidden()
    dialog.show_overview(replace(OVERVIEW, left=left))
    assert dialog.tidy.isVisible() and dialog.tidy.text() == "Remove what earlier models left (104.0 MB)…"


def test_a_move_is_told_and_can_be_called_off(dialog: ModelsDialog, qtbot: Any) -> None:
    move = ModelMove("starter-1", "own-1", 40, 120, True)
    dialog.show_overview(replace(OVERVIEW, wanted="own-1", move=move))
    assert dialog.standing.text() == "starter answers until own has learned all photos: 40 of 120 photos so far."
    assert dialog.moved.isVisible() and (dialog.moved.value(), dialog.moved.maximum()) == (40, 120)
    dialog.select("starter")
    assert dialog.use.isEnabled() and dialog.use.text() == "Stay with this model"
    with qtbot.waitSignal(dialog.use_asked) as asked:
        dialog.use.click()
    assert asked.args == [STARTER, False]
    dialog.select("own")
    assert not dialog.use.isEnabled(), "it is on its way already"
    dialog.at_once.click()
    with qtbot.waitSignal(dialog.use_asked) as asked:
        dialog.use.click()
    assert asked.args == [OWN, True]


def test_a_row_that_is_selected_stays_in_sight(dialog: ModelsDialog) -> None:
    dialog.select("harmed")
    dialog.show_idle("The disk is full, and this takes several lines. " * 9, error=True)
    dialog.resize(dialog.width(), dialog.minimumSizeHint().height())
    dialog.layout().activate()
    row = dialog.table.visualRect(dialog.table.currentIndex())
    assert dialog.table.viewport().rect().contains(row.center())


def test_until_it_is_known_what_there_is_the_page_says_so(qtbot: Any) -> None:
    made = ModelsDialog(Theme(make_application()))
    qtbot.addWidget(made)
    made.show()
    assert made.standing.text() == "Looking at what there is…" and made.moved.isHidden()
    made.show_overview(replace(OVERVIEW, answering=None, wanted=None, fault="Choose another: `models use starter`."))
    assert made.standing.text() == "Choose another: “models use starter”."
    assert made.current() == STARTER, "and not whatever has no id yet"


def test_names_are_wide_enough_to_be_read(dialog: ModelsDialog) -> None:
    name = "a-model-of-the-hub-with-a-long-name"
    dialog.overview = None
    dialog.show_overview(replace(OVERVIEW, choices=(STARTER, replace(FREE, name=name))))
    bold = dialog.table.font()
    bold.setWeight(bold.Weight.DemiBold)
    assert dialog.table.columnWidth(Column.NAME) > QFontMetrics(bold).horizontalAdvance(name) + 18


def test_what_is_said_of_the_library() -> None:
    assert standing_words(OVERVIEW) == "Your 120 photos are found with starter."
    assert standing_words(replace(OVERVIEW, photos=0)) == "Photos will be found with starter."
    assert standing_words(replace(OVERVIEW, fault="It is gone.")) == "It is gone."
    move = ModelMove("starter-1", "own-1", 40, 120, True, (Path("/disks/far"),))
    moving = replace(OVERVIEW, wanted="own-1", move=move)
    assert standing_words(moving).endswith("40 of 120 photos so far. The others are offline (“far”).")
    at_once = replace(OVERVIEW, answering="own-1", wanted="own-1", move=replace(move, waits_for=()))
    assert standing_words(at_once, 50, 120) == "own has learned 50 of 120 photos; those can be found so far."


def test_what_is_said_of_a_model_and_of_work() -> None:
    assert details(FREE).splitlines() == [
        "The best here. It runs on this computer as it is (OpenVINO).",
        "Understands about 100 languages; learns about 64 photos a second here; licence: MIT.",
        "From org/free. Figures: https://example.org",
    ]
    assert "learns about 64 photos a second here (about 3 minutes for yours); licence" in details(FREE, 12_345)
    assert work_words(Kind.FETCH, "free", None) == "Asking the hub for free…"
    progress = WorkProgress("Fetching", 1 << 20, 3 << 20, True)
    assert work_words(Kind.FETCH, "free", progress) == "Fetching free: 1.0 MB of 3.1 MB"
    assert work_words(Kind.IMPORT, "own", WorkProgress("Checking", 0, 0)) == "Checking own…"
    assert work_words(Kind.PROBE, "", WorkProgress("Measuring", 2, 10)).endswith("on this computer: 2 of 10")


def test_while_something_is_at_work_nothing_else_begins(dialog: ModelsDialog) -> None:
    dialog.select("free")
    dialog.show_work(Kind.FETCH, "free", WorkProgress("Fetching", 5 << 30, 10 << 30, True))
    assert dialog.progress.isVisible() and dialog.progress.value() == 500 and dialog.stop.isEnabled()
    assert not dialog.fetch.isEnabled() and not dialog.add.isEnabled() and not dialog.probe.isEnabled()
    dialog.show_work(Kind.FETCH, "free", None, stopping=True)
    assert dialog.said.text() == "Stopping…" and not dialog.stop.isEnabled()
    dialog.show_idle("It is not there.", error=True)
    assert dialog.fetch.isEnabled() and dialog.progress.isHidden() and dialog.said.objectName() == "fault"


def test_of_a_file_the_architecture_has_to_be_named(qtbot: Any, tmp_path: Path) -> None:
    file = tmp_path / "weights.pt"
    file.write_bytes(b"weights")
    dialog = ImportDialog(file, ["RN50", "ViT-B-32"])
    qtbot.addWidget(dialog)
    assert not dialog.bring.isEnabled()
    dialog.architecture.setText(" ViT-B-32 ")
    dialog.name.setText("mine")
    with qtbot.waitSignal(dialog.asked) as asked:
        dialog.bring.click()
    assert asked.args == [Wanted(file, "mine", "ViT-B-32", "")]


def test_a_folder_says_itself_what_it_holds(qtbot: Any, tmp_path: Path) -> None:
    dialog = ImportDialog(tmp_path, ["RN50"])
    qtbot.addWidget(dialog)
    dialog.show()
    assert dialog.bring.isEnabled() and not dialog.architecture.isVisible()
    with qtbot.waitSignal(dialog.asked) as asked:
        dialog.bring.click()
    assert asked.args == [Wanted(tmp_path)]


@pytest.mark.parametrize("typed", ["org/name", " hf-hub:org/name "])
def test_a_model_of_the_hub_is_asked_for_by_its_name(qtbot: Any, typed: str) -> None:
    dialog = HubDialog()
    qtbot.addWidget(dialog)
    assert not dialog.look.isEnabled()
    dialog.name.setText(typed)
    with qtbot.waitSignal(dialog.asked) as asked:
        dialog.look.click()
    assert asked.args == ["hf-hub:org/name"]
