"""The dialog for rules: made, changed and taken away in the real window, and refused with a sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from app.window.review_rules import RulesDialog, in_words
from app.window.start import Parts
from core.library import Library
from core.tagging.types import Label, LabelList, Rule


@pytest.fixture
def dialog(parts: Parts, qtbot: Any) -> RulesDialog:
    """The dialog, in a library with one list of its own."""
    library = library_of(parts)
    library.tagging.lists.put(LabelList("Garden", (Label("tree"), Label("flower"))))
    parts.window.commands.rules.trigger()
    qtbot.waitUntil(lambda: bool(parts.window.findChildren(RulesDialog)), timeout=10_000)
    [one] = parts.window.findChildren(RulesDialog)
    return one


def library_of(parts: Parts) -> Library:
    assert parts.session.library is not None
    return parts.session.library


def said(dialog: RulesDialog) -> list[str]:
    return [dialog.rules.item(row).text() for row in range(dialog.rules.count())]


def test_a_rule_is_made_given_another_line_and_taken_away(
    parts: Parts, dialog: RulesDialog, qtbot: Any, painted: Path
) -> None:
    assert dialog.none.isVisible() and not dialog.rules.isVisible()
    gap = dialog.percent.geometry().left() - dialog.accept_too.geometry().right()
    assert gap >= 6, "words and number do not run together"
    line = dialog.fontMetrics().height()
    below = dialog.none.mapTo(dialog, dialog.none.rect().bottomLeft()).y()
    assert 0 < dialog.folder.geometry().top() - below < 2 * line, "without a rule there is no hole"
    assert dialog.rect().contains(dialog.add.geometry()) and dialog.none.height() >= line
    assert dialog.folder.currentData() == painted and dialog.list.findText("Garden") >= 0
    assert not dialog.percent.isEnabled()
    dialog.list.setCurrentText("Garden")
    dialog.add.click()
    qtbot.waitUntil(lambda: dialog.rules.count() == 1)
    assert said(dialog)[0].splitlines()[1] == "Suggests from “Garden”"
    dialog.accept_too.click()
    assert dialog.percent.isEnabled() and dialog.percent.value() == 95
    dialog.percent.setFocus()
    qtbot.keyClick(dialog.percent, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: said(dialog)[0].endswith("and accepts from 95%"))
    [rule] = library_of(parts).tagging.rules.all()
    assert (rule.folder, rule.list_name, rule.accept_above) == (painted, "Garden", 0.95)
    dialog.remove.click()
    qtbot.waitUntil(lambda: dialog.rules.count() == 0)
    assert not library_of(parts).tagging.rules.all() and not dialog.remove.isEnabled()
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_a_folder_outside_the_library_is_refused_and_nothing_is_lost(
    parts: Parts, dialog: RulesDialog, qtbot: Any, tmp_path: Path, painted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "elsewhere"))
    dialog.folder.setCurrentIndex(dialog.folder.count() - 1)
    dialog.folder.activated.emit(dialog.folder.count() - 1)
    assert dialog.folder.currentData() == tmp_path / "elsewhere"
    dialog.add.click()
    qtbot.waitUntil(dialog.fault.isVisible)
    assert "elsewhere" in dialog.fault.text()
    assert dialog.folder.currentData() == tmp_path / "elsewhere", "what was entered stays"
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    dialog.folder.setCurrentIndex(dialog.folder.count() - 1)
    dialog.folder.activated.emit(dialog.folder.count() - 1)
    assert dialog.folder.currentData() == painted, "no folder was chosen: the first one again"
    # A folder inside a root will do.
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(painted / "odd"))
    dialog.folder.activated.emit(dialog.folder.count() - 1)
    dialog.add.click()
    qtbot.waitUntil(lambda: dialog.rules.count() == 1)
    assert dialog.fault.isHidden()
    assert library_of(parts).tagging.rules.all()[0].folder == painted / "odd"


def test_a_rule_in_words() -> None:
    assert in_words(Rule(1, Path("/a"), "animals", 0.955)) == "Suggests from “animals”, and accepts from 95.5%"
