"""The page "Teach" in the real window, on a library of painted photos.

Catalogue, captions, adapters, runs, searches and the child process are the real thing; what the child does is a script:
it tells what `training.adapter` tells, and installs a name that means a colour."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QMessageBox

from app.training_child import TrainingChild
from app.window import teach, teach_switching
from app.window.captions_dialog import CaptionsDialog
from app.window.start import Parts
from app.window.teach_reading import compare
from core.library import Library
from core.types import Hit, SearchResult

Open = Callable[..., Parts]
PROJECT = Path(__file__).resolve().parents[3]

SCRIPT = """
import json, sys, time
from pathlib import Path
import numpy as np
from core.adapters.learned import LearnedName
from core.library import Library
from core.search.calibration import Curve

folder, mode = Path(sys.argv[2]), sys.argv[3]
def say(**line):
    print(json.dumps(line), flush=True)
say(event="progress", what="Reading", done=0, total=0)
if mode == "fails":
    say(event="error", sentence="The disk is full: free some room. `retrouve doctor` says more.", code=3)
    sys.exit(3)
tried = [{"ridge": r, "strength": s, "log2": r * s, "margin": 1.0} for r in (3.0, 1.0, 0.3) for s in (0.3, 0.7, 1.0)]
say(event="progress", what="Choosing", done=3, total=3, tried=tried)
say(event="progress", what="Learning", done=1, total=2, name="Biscuit", why="", before=0.0, after=1.0)
while mode == "waits":
    time.sleep(0.02)
    say(event="progress", what="Looking at the samples", done=1, total=9)
with Library.open(folder, create=False) as library:
    draft = library.runs.begin("adapter")
    why = "Two names are mentioned, and none could be learned; the first, “Biscuit”: its photos look too different."
    figures = {"names_recall_at_1": None, "names_recall_at_10": None, "sentences_recall_at_10": None}
    result = {"run": draft.name, "kind": "adapter", "installed": mode == "learns", "why": why, "chosen": tried[0],
              "before": figures | {"general_recall_at_10": None}, "after": figures | {"general_recall_at_10": None},
              "names": [], "left_out": [{"name": "Biscuit", "photos": 2, "why": "its photos look too different"}]}
    if mode == "learns":
        result |= {"why": "One name is learned.",
                   "before": figures | {"names_recall_at_10": 0.0, "general_recall_at_10": 0.94},
                   "after": figures | {"names_recall_at_10": 1.0, "general_recall_at_10": 0.93},
                   "names": [{"name": "Biscuit", "photos": 2, "held_out": 2, "recall_at_10_before": 0.0,
                              "recall_at_10": 1.0, "first": 1.0, "look_alikes": [],
                              "said": "Biscuit: every photo that was held out came first."}],
                   "left_out": [{"name": "Momo", "photos": 1, "why": "one photo: two are needed at the least"}]}
    made = f"2026-11-30T10:00:0{len(library.runs.all())}+00:00"
    draft.write("config.json", {"kind": "adapter", "model": "colours-1", "made": made})
    draft.write("result.json", result)
    draft.write_lines("curves.jsonl", tried)
    if mode == "learns":
        red = np.float32([0.73, -0.76, -0.76, 0])
        vector = red / np.linalg.norm(red)
        learned = LearnedName("Biscuit", "biscuit", vector, Curve(20.0, -16.0, 0.5), 1.0, 2)
        library.adapters.install(draft.name, "colours-1", [learned])
    draft.finish()
say(event="result", result=result)
"""


class ScriptedChild(TrainingChild):
    """A training child whose program is the script."""

    def __init__(self, script: Path, library: Path, mode: str) -> None:
        self._script = script
        super().__init__(mode, library, [mode])

    def _command(self, mode: str, library: Path, arguments: Any) -> list[str]:
        return [sys.executable, str(self._script), "--library", str(library), *arguments]


def library_of(parts: Parts) -> Library:
    assert parts.session.library is not None
    return parts.session.library


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(teach, "SOON", 20)


@pytest.fixture
def script(tmp_path: Path) -> Path:
    (tmp_path / "script.py").write_text(textwrap.dedent(SCRIPT), encoding="utf-8")
    return tmp_path / "script.py"


@pytest.fixture
def page(parts: Parts, qtbot: Any, script: Path) -> Any:
    """The page on a library in which two red photos say Biscuit, and a green one says Momo."""
    parts.window.activateWindow()
    say(parts, {"red 0.jpg": "Biscuit", "red 1.jpg": "with Biscuit again", "green 0.jpg": "Momo"})
    parts.conductor.teach.work.start_child = lambda library: ScriptedChild(script, library, "learns")
    qtbot.keyClick(parts.window, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: len(parts.window.teach.names_model.rows) == 2, timeout=10_000)
    return parts.window.teach


def say(parts: Parts, captions: dict[str, str]) -> None:
    file = library_of(parts).folder.parent / "mine.jsonl"
    file.write_text("\n".join(json.dumps({"file": name, "captions": [text]}) for name, text in captions.items()))
    library_of(parts).captioning.take_in(file)


def learn(parts: Parts, page: Any, qtbot: Any) -> None:
    with qtbot.waitSignal(parts.conductor.teach.work.ended, timeout=20_000):
        page.learn.click()
    qtbot.waitUntil(lambda: page.inside.currentWidget() is page.shown and len(page.runs_model.rows) > 0, timeout=10_000)


def names_in(column: Any, parts: Parts) -> list[str]:
    return [photo.path.name for photo in library_of(parts).photos(column.model.ids.tolist())]


def test_it_shows_the_names_of_captions_and_tags_and_their_photos(parts: Parts, page: Any, qtbot: Any) -> None:
    rows = page.names_model.rows
    assert [(row.title, row.number, row.note) for row in rows] == [
        ("Biscuit", "2", "not learned yet"),
        ("Momo", "1", "one photo: two are needed, three are better"),
    ]
    assert page.counts.text() == "2 names in 3 captions"
    assert page.pair.title.text() == "Biscuit" and not page.pair.before.isVisible()
    qtbot.waitUntil(lambda: page.names.hasFocus())
    assert sorted(names_in(page.pair.after, parts)) == ["red 0.jpg", "red 1.jpg"]
    qtbot.keyClick(page.names, Qt.Key.Key_N)
    assert page.pair.title.text() == "Momo" and page.pair.about.text().startswith("One photo says it.")
    qtbot.keyClick(page.names, Qt.Key.Key_P)
    assert page.pair.title.text() == "Biscuit"
    assert page.learn.isEnabled() and page.learn.text() == "Learn"
    blue = [
        photo.id for photo in library_of(parts).photos(library_of(parts).browse().tolist()) if "blue" in photo.path.name
    ]
    parts.conductor.tagging.tag(blue, "The Cabin")
    qtbot.waitUntil(lambda: "The Cabin" in [row.title for row in page.names_model.rows], timeout=10_000)
    assert page.counts.text() == "3 names in 3 captions and 3 tags"
    assert page.pair.title.text() == "Biscuit", "what one looks at stays"
    # Back to the photos, and over the review page and back.
    qtbot.keyClick(page.names, Qt.Key.Key_Escape)
    assert not parts.window.in_teach() and parts.window.top.isVisible()
    parts.window.commands.review.trigger()
    assert parts.window.in_review() and not parts.window.in_teach()
    parts.window.commands.teach.trigger()
    assert parts.window.in_teach() and not parts.window.in_review()
    parts.window.commands.search.trigger()
    assert not parts.window.in_teach() and parts.window.search.edit.hasFocus()


def test_it_learns_and_shows_what_is_found_before_and_after(parts: Parts, page: Any, qtbot: Any) -> None:
    learn(parts, page, qtbot)
    library = library_of(parts)
    assert library.adapters.all()[0].active
    assert page.strip.title.text() == "1 name learned"
    assert page.strip.keep.isVisible() and page.strip.discard.isVisible() and not page.strip.switch.isVisible()
    assert not page.strip.discard.hasFocus() and not page.strip.keep.hasFocus(), "Enter must not decide by accident"
    assert [(was, now) for _, was, now in page.strip.figures.shown()] == [(0.0, 1.0), (0.94, 0.93)]
    qtbot.waitUntil(lambda: page.pair.after.model.rowCount() > 0, timeout=10_000)
    # What the page shows is what the library answers, without and with what was learned.
    named = {
        photo.id
        for photo in library.photos(sorted(library.browse().tolist()))
        if photo.path.name[:5] in ("red 0", "red 1")
    }
    asked: list[SearchResult] = []
    for run in (None, page.runs.current()):
        parts.lanes.preview.submit(partial(library.search_as, "Biscuit", run, 300, worker=True), asked.append)
    qtbot.waitUntil(lambda: len(asked) == 2, timeout=10_000)
    for column, found in zip(page.pair.columns(), asked, strict=True):
        ids = [hit.photo_id for hit in found.hits if hit.photo_id not in named][:12]
        assert column.model.ids.tolist()[: len(ids)] == ids
    first = page.pair.after.grid.sections()[0]
    assert (first.title, first.note) == ("Nobody named these", "1 good match")
    assert names_in(page.pair.after, parts)[0] == "red 2.jpg", "the red photo without a caption"
    assert page.pair.before.grid.sections()[0].note == "no good match"
    assert page.pair.before.grid.sections()[-1].title == "Named already"
    assert (
        page.names_model.rows[0].mark == "check" and page.names_model.rows[0].note == "held out: 0% before, 100% after"
    )
    assert page.names_model.rows[1].note == "not learned: one photo: two are needed at the least"
    page.names.walk(1)
    assert page.pair.about.text() == "Not learned: one photo: two are needed at the least."
    assert not page.pair.before.isVisible() and page.pair.after.model.rowCount() == 1


def test_kept_it_can_be_switched_off_and_on_and_searches_follow(parts: Parts, page: Any, qtbot: Any) -> None:
    learn(parts, page, qtbot)
    page.strip.keep.click()
    assert page.strip.switch.text() == "Switch off" and not page.strip.keep.isVisible()
    qtbot.waitUntil(lambda: page.pair.search.isVisible(), timeout=5_000)
    with qtbot.waitSignal(parts.searching.found, timeout=20_000, check_params_cb=lambda found: bool(found.hits)):
        page.pair.search.click()
    assert not parts.window.in_teach() and parts.window.search.text == "Biscuit"
    strong = parts.window.model.hits[:3]
    assert {hit.path.name for hit in strong} == {"red 0.jpg", "red 1.jpg", "red 2.jpg"}
    parts.window.side.teach.click()
    qtbot.waitUntil(lambda: page.isVisible() and page.names.hasFocus(), timeout=10_000)
    with qtbot.waitSignal(parts.searching.found, timeout=20_000):
        page.runs.setFocus()
        qtbot.keyClick(page.runs, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: page.strip.switch.text() == "Switch on", timeout=10_000)
    assert page.runs_model.rows[0].note == "1 name, off" and not page.runs_model.rows[0].on
    assert page.names_model.rows[0].mark == ""
    assert "red 2.jpg" not in [hit.path.name for hit in parts.window.model.hits if hit.strong]
    page.strip.switch.click()
    qtbot.waitUntil(lambda: page.runs_model.rows[0].on, timeout=10_000)
    assert library_of(parts).adapters.all()[0].active


def test_discarded_what_was_on_before_is_on_again(parts: Parts, page: Any, qtbot: Any) -> None:
    learn(parts, page, qtbot)
    first = page.runs.current()
    page.strip.keep.click()
    with qtbot.waitSignal(parts.conductor.teach.work.ended, timeout=20_000):
        page.learn.click()
    qtbot.waitUntil(lambda: len(page.runs_model.rows) == 2 and page.strip.discard.isVisible(), timeout=10_000)
    assert page.runs.current() != first and page.learn.text() == "Learn again"
    page.strip.discard.click()
    qtbot.waitUntil(lambda: page.runs_model.rows[0].note == "discarded", timeout=10_000)
    assert [(one.name, one.active) for one in library_of(parts).adapters.all()] == [(first, True)]
    assert page.strip.words.text() == "This was discarded: searches do not know these names."
    assert page.runs_model.rows[1].on
    assert page.names_model.rows[0].mark == ""


def test_removed_only_when_one_says_so(parts: Parts, page: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    learn(parts, page, qtbot)
    page.strip.keep.click()
    answers, ask = [False, True], teach_switching.ask_to_remove
    monkeypatch.setattr(teach_switching, "ask_to_remove", lambda *_: answers.pop(0))
    page.strip.remove.click()
    assert len(library_of(parts).runs.all()) == 1
    qtbot.keyClick(page.runs, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: not page.runs_model.rows, timeout=10_000)
    library = library_of(parts)
    assert not library.runs.all() and not library.adapters.all() and not answers
    assert page.strip.title.text() == "What could be learned" and page.names_model.rows[0].note == "not learned yet"
    assert len(library.browse()) == 18 and len(list(library.captioning.every())) == 3, "photos and captions stay"
    learn(parts, page, qtbot)
    lesson = parts.conductor.teach._lesson()
    assert lesson is not None
    monkeypatch.setattr(QMessageBox, "exec", lambda box: box.buttons()[0].click() or 0)
    assert ask(parts.window, lesson)


def test_cancelled_the_process_ends_even_one_that_does_not_listen(
    parts: Parts, page: Any, qtbot: Any, script: Path
) -> None:
    work, children = parts.conductor.teach.work, []

    def start(library: Path) -> TrainingChild:
        children.append(ScriptedChild(script, library, "waits"))
        return children[-1]

    work.start_child = start
    page.learn.click()
    qtbot.waitUntil(lambda: bool(page.progress.curves.points()), timeout=20_000)
    assert page.inside.currentWidget() is page.progress and not page.learn.isEnabled()
    qtbot.waitUntil(lambda: page.names_model.rows[0].note == "held out: 0% before, 100% after", timeout=10_000)
    qtbot.waitUntil(lambda: page.progress.bar.maximum() == 9, timeout=10_000)
    assert page.progress.words.text() == "Making sure that everything else is found as before: 1 of 9"
    # Elsewhere meanwhile, and back: it goes on.
    qtbot.keyClick(page.progress.stop, Qt.Key.Key_Escape)
    assert (
        not parts.window.in_teach() and parts.window.banner.words.text() == "Names are being learned while you search."
    )
    parts.window.banner.button.click()
    qtbot.waitUntil(lambda: page.isVisible() and page.inside.currentWidget() is page.progress, timeout=10_000)
    with qtbot.waitSignal(work.stopped, timeout=20_000):
        page.progress.stop.click()
        assert not page.progress.stop.isEnabled() and page.progress.words.text() == "Stopping…"
    assert children[0]._process.poll() is not None, "the process has ended"
    assert not library_of(parts).runs.all() and not list(library_of(parts).runs.folder.glob(".draft*"))
    assert page.inside.currentWidget() is page.shown and page.learn.isEnabled()
    assert page.names_model.rows[0].note == "not learned yet"
    assert parts.window.banner.words.text().startswith("Cancelled")
    deaf = script.with_name("deaf.py")
    deaf.write_text("import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n" + script.read_text())
    work = parts.conductor.teach.work
    work._late.setInterval(100)
    work.start_child = lambda library: ScriptedChild(deaf, library, "waits")
    page.learn.click()
    qtbot.waitUntil(lambda: bool(page.progress.curves.points()), timeout=20_000)
    with qtbot.waitSignal(work.stopped, timeout=5_000):
        page.progress.stop.click()


def test_closing_the_window_ends_the_process(parts: Parts, page: Any, qtbot: Any, script: Path) -> None:
    children: list[TrainingChild] = []

    def start(library: Path) -> TrainingChild:
        children.append(ScriptedChild(script, library, "waits"))
        return children[-1]

    parts.conductor.teach.work.start_child = start
    page.learn.click()
    qtbot.waitUntil(lambda: bool(page.progress.curves.points()), timeout=20_000)
    assert parts.close(10)
    assert children[0]._process.poll() is not None


def test_faults_refusals_and_what_ends_elsewhere_are_told(parts: Parts, page: Any, qtbot: Any, script: Path) -> None:
    work = parts.conductor.teach.work
    work.start_child = lambda library: ScriptedChild(script, library, "fails")
    with qtbot.waitSignal(work.failed, timeout=20_000):
        page.learn.click()
    assert parts.window.banner.words.text() == "The disk is full: free some room. “retrouve doctor” says more."
    assert page.inside.currentWidget() is page.shown and page.learn.isEnabled()
    parts.conductor.teach.work.start_child = lambda library: ScriptedChild(script, library, "refuses")
    learn(parts, page, qtbot)
    assert page.strip.title.text() == "Nothing could be learned"
    assert "none could be learned" in page.strip.words.text() and not page.strip.keep.isVisible()
    assert page.names_model.rows[0].note == "not learned: its photos look too different"
    assert page.pair.about.text() == "Not learned: its photos look too different."
    assert page.runs_model.rows[0].note == "nothing learned"
    work.start_child = lambda library: ScriptedChild(script, library, "learns")
    with qtbot.waitSignal(parts.conductor.teach.work.ended, timeout=20_000):
        page.learn.click()
        page.left.emit()
    assert parts.window.banner.words.text() == "1 name learned."
    parts.window.banner.button.click()
    qtbot.waitUntil(lambda: page.strip.keep.isVisible(), timeout=10_000)


def test_without_a_name_it_says_how_to_give_one_and_reads_captions(
    parts: Parts, qtbot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts.window.activateWindow()
    parts.window.commands.teach.trigger()
    page = parts.window.teach
    qtbot.waitUntil(lambda: page.message.heading.text() == "Teach it your own names", timeout=10_000)
    assert not page.learn.isEnabled() and not page.panel.isVisible()
    assert page.message.buttons()[0].text() == "Import captions…"
    page.message.buttons()[0].click()
    [dialog] = parts.window.findChildren(CaptionsDialog)
    dialog.read(tmp_path / "none.jsonl")
    qtbot.waitUntil(lambda: dialog.report.text().endswith("none.jsonl is not there."), timeout=10_000)
    assert dialog.report.objectName() == "fault" and dialog.choose.isEnabled()
    file = tmp_path / "mine.csv"
    file.write_text("red 0.jpg,Biscuit\nred 1.jpg,Biscuit\nnot here.jpg,Biscuit\nonly a photo\n")
    monkeypatch.setattr("app.window.captions_dialog.QFileDialog.getOpenFileName", lambda *_: (str(file), ""))
    dialog.choose.click()
    qtbot.waitUntil(lambda: dialog.left_out.isVisible(), timeout=10_000)
    assert dialog.report.text().startswith("mine.csv: 3 pairs of a photo and a sentence read: 2 added")
    assert "not in the library: not here.jpg" in dialog.left_out.toPlainText()
    assert "line 4" in dialog.left_out.toPlainText()
    qtbot.waitUntil(lambda: [row.title for row in page.names_model.rows] == ["Biscuit"], timeout=10_000)
    assert page.inside.currentWidget() is page.shown and page.learn.isEnabled()
    dialog.close_button.click()
    qtbot.waitUntil(lambda: not parts.window.findChildren(CaptionsDialog), timeout=10_000)


def test_what_a_command_learned_appears_and_without_leave_to_write_it_only_shows(
    parts: Parts, page: Any, qtbot: Any, script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = subprocess.run(
        [sys.executable, str(script), "--library", str(library_of(parts).folder), "learns"],
        env={"PYTHONPATH": str(PROJECT)},
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert b'"result"' in ran.stdout
    qtbot.waitUntil(lambda: len(page.runs_model.rows) == 1, timeout=10_000)
    assert page.strip.switch.isVisible(), "what was learned elsewhere is not asked about"
    learn(parts, page, qtbot)
    monkeypatch.setattr(library_of(parts), "read_only", True)
    page.left.emit()
    parts.window.commands.teach.trigger()
    qtbot.waitUntil(lambda: not page.learn.isEnabled(), timeout=10_000)
    assert page.learn.toolTip() == teach.CANNOT
    assert not page.take_in.isEnabled() and not page.strip.remove.isEnabled() and not page.strip.switch.isEnabled()
    page.runs.acted.emit(page.runs.current())
    qtbot.wait(50)
    assert [one.active for one in library_of(parts).adapters.all()] == [False, True]


def test_the_window_waits_for_nothing(parts: Parts, page: Any, qtbot: Any, encoder: Any) -> None:
    """While the model does not answer the page goes on."""
    learn(parts, page, qtbot)
    qtbot.waitUntil(lambda: page.pair.after.model.rowCount() > 0, timeout=10_000)
    encoder.may_go_on.clear()
    say(parts, {"blue 0.jpg": "Korver", "blue 1.jpg": "Korver"})
    qtbot.waitUntil(lambda: len(page.names_model.rows) == 3, timeout=10_000)
    page.names.walk(1)
    QApplication.processEvents()
    assert page.pair.title.text() == page.names_model.rows[1].title
    encoder.may_go_on.set()


def test_a_photo_that_has_another_learned_name_is_none_that_nobody_named() -> None:
    class Found:
        def search_as(self, query: str, run: str | None, top: int, worker: bool) -> SearchResult:
            hits = tuple(Hit(id, id, bytes(32), Path(f"{id}.jpg"), 0.5, 0.9, True) for id in (1, 2, 3, 4))
            return SearchResult(hits, 4, 0.0, 4)

    compared = compare(Found(), "Bello", [1], [1, 3], "adapter-1")  # type: ignore[arg-type]
    assert compared.after.ids.tolist() == [2, 4, 1]
    first = compared.after.sections[0]
    assert (first.title, first.note) == ("Nobody named these", "2 good matches")


def test_the_photos_of_other_learned_names_are_told_to_the_search(parts: Parts, page: Any, qtbot: Any) -> None:
    learn(parts, page, qtbot)
    teach_page, lesson = parts.conductor.teach, parts.conductor.teach._lesson()
    assert lesson is not None
    assert teach_page._named_otherwise("momo", lesson) == teach_page._learnable("biscuit").photos
    assert teach_page._named_otherwise("biscuit", lesson) == (), "Momo was not learned"
