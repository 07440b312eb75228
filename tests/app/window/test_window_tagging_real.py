"""Tagging from end to end in the real window with the bundled model: a list of six labels is written, the sample photos
are tagged, twenty suggestions are reviewed by keyboard, three decisions undone, and the tags leave as sidecars that
another program reads."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from app.window.indexing import State
from app.window.label_editor import LabelEditor
from app.window.review_model import Verdict
from app.window.sidecar_dialog import SidecarDialog
from app.window.start import Parts
from app.window.tag_run_dialog import TagRunDialog
from app.window.tagging import TagRun
from core.library import Library
from core.tagging.types import SidecarReport, TagReport
from core.tagging.types import State as TagState

Open = Callable[..., Parts]

SIX = ("food", "animal", "dog", "flower", "mountain", "city at night")
"""A dog is an animal: its parent is the label before it."""


@pytest.fixture
def window_on_samples(open_window: Open, qtbot: Any, tmp_path: Path, samples: Path, starter: Path) -> Parts:
    """The window on its own copy of the samples, indexed: sidecars are written beside them."""
    shutil.copytree(samples, tmp_path / "photos", ignore=shutil.ignore_patterns("*.jsonl", "*.md"))
    parts = open_window(tmp_path / "library", [tmp_path / "photos"], Library.open)
    qtbot.waitUntil(
        lambda: parts.session.is_ready and parts.indexing.last is not None and parts.indexing.state is State.IDLE,
        timeout=120_000,
    )
    qtbot.waitUntil(lambda: parts.window.model.rowCount() > 50, timeout=20_000)
    parts.window.activateWindow()
    return parts


def press(qtbot: Any, *keys: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    for key in keys:
        focused = QApplication.focusWidget()
        assert focused is not None
        qtbot.keyClick(focused, key, modifiers)


def write_list(parts: Parts, qtbot: Any) -> None:
    """In the editor: a new list, its name, six labels, each with Enter, and save."""
    parts.window.commands.lists.trigger()
    [editor] = parts.window.findChildren(LabelEditor)
    qtbot.waitUntil(lambda: editor.lists.current() is not None or editor.isVisible(), timeout=10_000)
    editor.begin()
    qtbot.waitUntil(editor.list_fields.name.hasFocus, timeout=10_000)
    qtbot.keyClicks(editor.list_fields.name, "Album")
    editor.new.setFocus()
    for name in SIX:
        qtbot.keyClicks(editor.new, name)
        below = Qt.KeyboardModifier.ShiftModifier if name == "dog" else Qt.KeyboardModifier.NoModifier
        qtbot.keyClick(editor.new, Qt.Key.Key_Return, below)
        if name == "dog":
            editor.view.go_to(editor.tree.named("animal"))
    qtbot.keyClick(editor.new, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    library = parts.session.library
    assert library is not None
    qtbot.waitUntil(lambda: "Album" in [name for name, _ in library.tagging.lists.names()], timeout=10_000)
    qtbot.waitUntil(lambda: not editor.is_edited(), timeout=10_000)
    kept = library.tagging.lists.get("Album")
    assert [(label.name, label.parent) for label in kept.labels] == [
        (name, "animal" if name == "dog" else None) for name in SIX
    ]
    editor.close()


def suggest_from_it(parts: Parts, qtbot: Any) -> TagReport:
    """The dialog of a run, for all photos."""
    parts.window.grid.clearSelection()
    parts.conductor.tagging.ended.connect(lambda *ended: runs.append(ended))
    runs: list[tuple[TagRun, TagReport, bool]] = []
    parts.window.commands.suggest.trigger()
    qtbot.waitUntil(lambda: bool(parts.window.findChildren(TagRunDialog)), timeout=10_000)
    [dialog] = parts.window.findChildren(TagRunDialog)
    dialog.lists.setCurrentIndex(dialog.lists.findData("Album"))
    dialog.which.buttons()[-1].setChecked(True)
    qtbot.keyClick(dialog.begin, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: bool(runs), timeout=60_000)
    what, report, finished = runs[0]
    assert finished and what.labels.name == "Album"
    return report


def write_sidecars(parts: Parts, qtbot: Any) -> SidecarReport:
    """The dialog that writes tags beside the photos: it shows what it would do, then does it."""
    press(qtbot, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not parts.window.in_review(), timeout=10_000)
    parts.window.commands.sidecars.trigger()
    [dialog] = parts.window.findChildren(SidecarDialog)
    done: list[SidecarReport] = []
    dialog._work.written.connect(lambda report, *_: done.append(report))
    qtbot.waitUntil(dialog.write.isEnabled, timeout=20_000)
    assert dialog.model.rowCount() > 0
    dialog.write.click()
    qtbot.waitUntil(lambda: bool(done), timeout=20_000)
    dialog.reject()
    return done[0]


def test_a_list_is_written_photos_tagged_reviewed_undone_and_the_tags_travel(
    window_on_samples: Parts, qtbot: Any, tmp_path: Path
) -> None:
    parts = window_on_samples
    tagging, page = parts.conductor.tagging, parts.window.review
    library = parts.session.library
    assert library is not None
    originals = {path: path.read_bytes() for path in (tmp_path / "photos").iterdir()}

    write_list(parts, qtbot)
    report = suggest_from_it(parts, qtbot)
    assert report.photos == len(originals) and report.suggested >= 20
    album = library.tagging.lists.get("Album")

    # Twenty by keyboard: what is right by the name of the label is for eyes; every third one is rejected here.
    parts.window.activateWindow()
    qtbot.waitUntil(parts.window.isActiveWindow, timeout=10_000)
    parts.window.search.take_focus()
    press(qtbot, Qt.Key.Key_R, modifiers=Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: page.model.rowCount() > 0 and page.grid.hasFocus(), timeout=20_000)
    assert {queue.label for queue in page.labels_model.queues} <= set(SIX)
    made: list[tuple[int, int, bool]] = []
    while len(made) < 20:
        if not page.shows_photos():
            qtbot.waitUntil(lambda: page.message.buttons()[0].hasFocus(), timeout=10_000)
            press(qtbot, Qt.Key.Key_Return)
        qtbot.waitUntil(
            lambda: page.shows_photos() and page.grid.hasFocus() and page.model.rowCount() > 0, timeout=10_000
        )
        label_id = parts.conductor.review._deciding.label_id
        row = page.grid.currentIndex().row()
        assert label_id is not None and page.model.verdicts[row] == Verdict.WAITING
        yes = len(made) % 3 != 2
        made.append((page.model.photo_id(row), label_id, yes))
        press(qtbot, Qt.Key.Key_A if yes else Qt.Key.Key_R)
    decisions = library.tagging.decisions
    qtbot.waitUntil(lambda: not parts.conductor.review._deciding.busy, timeout=20_000)

    def state(photo_id: int, label_id: int) -> TagState:
        return next(tag.state for tag in decisions.of(photo_id) if tag.label_id == label_id)

    # Three of them back.
    press(qtbot, *[Qt.Key.Key_Z] * 3, modifiers=Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: not parts.conductor.review._deciding.busy, timeout=20_000)
    assert [state(*pair[:2]) for pair in made[17:]] == [TagState.SUGGESTED] * 3
    for photo_id, label_id, yes in made[:17]:
        assert state(photo_id, label_id) == (TagState.ACCEPTED if yes else TagState.REJECTED)

    def current() -> int:
        row = page.grid.currentIndex().row()
        return page.model.photo_id(row) if row >= 0 and page.grid.hasFocus() else -1

    qtbot.waitUntil(lambda: current() == made[17][0], timeout=10_000)

    # A second run brings nothing back that was rejected, and asks about nothing that was accepted.
    with qtbot.waitSignal(tagging.ended, timeout=60_000):
        tagging.run(TagRun(album))
    for photo_id, label_id, yes in made[:17]:
        assert state(photo_id, label_id) == (TagState.ACCEPTED if yes else TagState.REJECTED)
    assert {path: path.read_bytes() for path in originals} == originals

    # The tags leave as sidecars, which another program reads; the photos stay as they were, to the byte.
    accepted: dict[int, set[str]] = {}
    names = {queue.label_id: queue.label for queue in page.labels_model.queues}
    for photo_id, label_id, yes in made[:17]:
        if yes:
            accepted.setdefault(photo_id, set()).add(names[label_id])
    written = write_sidecars(parts, qtbot)
    assert written.written == len(accepted) and not written.refused
    assert {path: path.read_bytes() for path in originals} == originals
    paths = {photo.id: photo.path for photo in library.photos(list(accepted))}
    beside = {photo_id: path.with_name(f"{path.name}.xmp") for photo_id, path in paths.items()}
    exiftool = shutil.which("exiftool")
    if exiftool is None:
        pytest.skip("exiftool is not here (Debian: libimage-exiftool-perl): no other program reads the sidecars")
    said = subprocess.run([exiftool, "-json", "-Subject", *map(str, beside.values())], capture_output=True, check=True)
    found = {Path(entry["SourceFile"]): entry["Subject"] for entry in json.loads(said.stdout)}
    for photo_id, labels in accepted.items():
        subjects = found[beside[photo_id]]
        # A label's parent goes with it; of one keyword exiftool makes no list.
        assert labels <= set([subjects] if isinstance(subjects, str) else subjects) <= labels | {"animal"}
