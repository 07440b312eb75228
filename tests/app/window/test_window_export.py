"""Export from the window: which photos, as what, where to; stopped, refused, and what could not be copied."""

from __future__ import annotations

import csv
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QRadioButton

from app.window.export_dialog import ExportDialog, file_name
from app.window.searching import Asked, Found
from app.window.start import Parts
from app.window.taking_out import choices
from core.copying import Copier
from core.exporting import Format


def ask(parts: Parts, qtbot: Any, text: str) -> None:
    with qtbot.waitSignal(parts.searching.found, check_params_cb=lambda found: found.asked.text == text):
        parts.window.search.set_text(text)


def opened(parts: Parts) -> ExportDialog:
    parts.window.commands.export.trigger()
    dialog = parts.conductor._shelf.taking_out.dialog
    assert dialog is not None and dialog.isVisible()
    return dialog


def words(dialog: ExportDialog) -> list[str]:
    return [button.text() for button in dialog.which.buttons()]


def choose(dialog: ExportDialog, format: Format, target: Path) -> None:
    place = [Format.COPIES, Format.PATHS, Format.CSV, Format.JSON].index(format)
    dialog.kinds.button(place).setChecked(True)
    dialog.where.setText(str(target))


def export(dialog: ExportDialog, qtbot: Any, format: Format, target: Path) -> None:
    choose(dialog, format, target)
    with qtbot.waitSignal(dialog._exporting.ended):
        dialog.act.click()


def test_copies_of_the_good_matches(parts: Parts, qtbot: Any, tmp_path: Path) -> None:
    ask(parts, qtbot, "red")
    dialog = opened(parts)
    assert words(dialog)[0] == "The 3 good matches" and words(dialog)[1].endswith(" best")
    assert Path(dialog.where.text()).name == "red"
    export(dialog, qtbot, Format.COPIES, tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["red 0.jpg", "red 1.jpg", "red 2.jpg"]
    assert dialog.said.text().startswith("3 photos copied to ") and dialog.focusWidget() is dialog.leave
    with qtbot.waitSignal(dialog.folder_asked) as told:
        parts.window.actions.reveal = lambda _path: None
        dialog.reveal.click()
    assert told.args == [tmp_path / "out"]
    dialog.leave.click()
    assert parts.conductor._shelf.taking_out.dialog is None
    assert Path(opened(parts).where.text()).parent == tmp_path, "it begins where the last one ended"


def test_lists_of_all_photos_and_of_those_that_are_selected(
    parts: Parts, qtbot: Any, tmp_path: Path, names: Callable[[Parts], list[str]]
) -> None:
    shown = names(parts)
    dialog = opened(parts)
    assert words(dialog) == ["All 18 photos"] and Path(dialog.where.text()).name == "photos"
    export(dialog, qtbot, Format.PATHS, tmp_path / "all.txt")
    assert [Path(line).name for line in (tmp_path / "all.txt").read_text().splitlines()] == shown
    dialog.leave.click()
    parts.window.grid.setFocus()
    parts.window.grid.go_to_row(2)
    qtbot.keyClick(parts.window.grid, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    dialog = opened(parts)
    assert words(dialog) == ["The 2 selected photos", "All 18 photos"]
    export(dialog, qtbot, Format.CSV, tmp_path / "two.csv")
    with (tmp_path / "two.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [Path(row["path"]).name for row in csv.DictReader(file)] == shown[2:4]


def test_another_form_gives_another_name_in_the_same_folder(parts: Parts, qtbot: Any, tmp_path: Path) -> None:
    ask(parts, qtbot, "red blue")
    dialog = opened(parts)
    dialog.where.setText(str(tmp_path / "mine"))
    dialog.kinds.button(2).setChecked(True)
    assert dialog.target() == tmp_path / "red blue.csv"
    dialog.kinds.button(0).setChecked(True)
    assert dialog.target() == tmp_path / "red blue"


def test_a_file_that_is_there_is_replaced_only_when_that_is_said(parts: Parts, qtbot: Any, tmp_path: Path) -> None:
    there = tmp_path / "there.txt"
    there.write_text("mine")
    dialog = opened(parts)
    choose(dialog, Format.PATHS, there)
    with qtbot.waitSignal(dialog._exporting.failed):
        dialog.act.click()
    assert there.read_text() == "mine"
    assert dialog.act.text() == "Replace" and "there already" in dialog.said.text()
    dialog.where.setText(str(tmp_path / "another.txt"))
    dialog.where.textEdited.emit(dialog.where.text())
    assert dialog.act.text() == "Export", "another name needs no permission"
    dialog.where.setText(str(there))
    dialog.where.textEdited.emit(dialog.where.text())
    with qtbot.waitSignal(dialog._exporting.failed):
        dialog.act.click()
    with qtbot.waitSignal(dialog._exporting.ended):
        dialog.act.click()
    assert len(there.read_text().splitlines()) == 18


def test_the_systems_dialog_has_asked_already(
    parts: Parts, qtbot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = tmp_path / "there.json"
    there.write_text("mine")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(there), ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "folder"))
    dialog = opened(parts)
    dialog.browse.click()
    assert dialog.target() == tmp_path / "folder"
    dialog.kinds.button(3).setChecked(True)
    dialog.browse.click()
    with qtbot.waitSignal(dialog._exporting.ended):
        dialog.act.click()
    assert there.read_text().startswith('{"hits": [')


def test_what_cannot_be_is_said_in_the_dialog(parts: Parts, qtbot: Any, tmp_path: Path, painted: Path) -> None:
    dialog = opened(parts)
    dialog.where.setText("  ")
    dialog.act.click()
    assert "Say where to" in dialog.said.text() and dialog.focusWidget() is dialog.where
    for target, sentence in ((painted / "odd" / "green 0.jpg", "photo"), (tmp_path / "no" / "x.txt", "not there")):
        before = target.read_bytes() if target.exists() else None
        choose(dialog, Format.PATHS, target)
        with qtbot.waitSignal(dialog._exporting.failed):
            dialog.act.click()
        assert sentence in dialog.said.text() and dialog.act.text() == "Export" and dialog._inputs.isEnabled()
        assert (target.read_bytes() if target.exists() else None) == before


def test_photos_that_could_not_be_copied_are_listed(parts: Parts, qtbot: Any, tmp_path: Path, painted: Path) -> None:
    ask(parts, qtbot, "folder:odd")
    (painted / "odd" / "green 1.jpg").chmod(0)
    (painted / "odd" / "blue 0.jpg").unlink(missing_ok=True)
    gone = sorted(path for path in (painted / "odd").iterdir())[0]
    gone.unlink()
    dialog = opened(parts)
    export(dialog, qtbot, Format.COPIES, tmp_path / "out")
    assert "could not be copied" in dialog.said.text()
    listed = [dialog.failed.item(row).text() for row in range(dialog.failed.count())]
    assert f"{gone.name}: The file is no longer there." in listed and not dialog.failed.isHidden()


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Copying waits before the second photo until this is set."""
    go_on, copy, seen = threading.Event(), Copier.copy, []

    def waiting_copy(copier: Copier, path: Path) -> Any:
        seen.append(path)
        if len(seen) == 2:
            assert go_on.wait(20)
        return copy(copier, path)

    monkeypatch.setattr(Copier, "copy", waiting_copy)
    monkeypatch.setattr("core.exporting._EVERY", 0.0)
    yield go_on
    go_on.set()


def test_stopped_it_says_what_was_copied(parts: Parts, qtbot: Any, tmp_path: Path, held: threading.Event) -> None:
    dialog = opened(parts)
    choose(dialog, Format.COPIES, tmp_path / "out")
    dialog.act.click()
    qtbot.waitUntil(lambda: dialog.progress.value() == 1)
    assert dialog.act.text() == "Stop" and not dialog._inputs.isEnabled() and dialog.said.text() == "1 of 18"
    with qtbot.waitSignal(dialog._exporting.ended):
        dialog.act.click()
        held.set()
    assert dialog.said.text().startswith("Stopped: 1 photo copied to ")
    assert len(list((tmp_path / "out").iterdir())) == 1 and dialog.act.text() == "Export"


def test_escape_stops_it_and_closes_the_dialog(parts: Parts, qtbot: Any, tmp_path: Path, held: threading.Event) -> None:
    dialog = opened(parts)
    choose(dialog, Format.COPIES, tmp_path / "out")
    dialog.act.click()
    qtbot.waitUntil(lambda: dialog.progress.value() == 1)
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert dialog.isVisible(), "until it has stopped"
    held.set()
    qtbot.waitUntil(lambda: parts.conductor._shelf.taking_out.dialog is None)
    assert not parts.conductor._shelf.taking_out.exporting.running


def test_closing_the_window_stops_it(parts: Parts, qtbot: Any, tmp_path: Path, held: threading.Event) -> None:
    dialog = opened(parts)
    choose(dialog, Format.COPIES, tmp_path / "out")
    dialog.act.click()
    qtbot.waitUntil(lambda: dialog.progress.value() == 1)
    parts.window.close()
    held.set()
    assert parts.close(10)
    assert len(list((tmp_path / "out").iterdir())) == 1


def test_with_nothing_found_there_is_nothing_to_export(parts: Parts, qtbot: Any) -> None:
    ask(parts, qtbot, "folder:nowhere")
    assert not parts.window.commands.export.isEnabled()
    parts.conductor._shelf.taking_out.open()
    assert parts.conductor._shelf.taking_out.dialog is None
    ask(parts, qtbot, "red")
    assert parts.window.commands.export.isEnabled()


def test_every_part_has_a_name_for_screen_readers(parts: Parts, qtbot: Any) -> None:
    ask(parts, qtbot, "red")
    dialog = opened(parts)
    for widget in (dialog.where, dialog.progress, dialog.failed):
        assert widget.accessibleName()
    assert all(button.text() for button in dialog.findChildren(QRadioButton))


def test_what_there_is_to_choose_from() -> None:
    found = Found(Asked("x"), np.arange(3), (), 0.0)
    assert [choice.words for choice in choices(found, np.arange(1))] == ["All 3 photos"]
    assert [choice.total for choice in choices(found, np.arange(2))] == [2, 3]


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("dog -people", "dog -people"),
        ('like:"/a/b.jpg"', "like a b jpg"),
        ("..", "photos"),
        ("", "photos"),
        ("un été à Zürich", "un été à Zürich"),
        ("a" * 500, "a" * 60),
        ("CON: <x>|y?*", "CON x y"),
    ],
)
def test_a_query_becomes_a_name_that_every_disk_takes(query: str, name: str) -> None:
    assert file_name(query) == name
