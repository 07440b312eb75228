"""Teaching a name in the real window with the bundled model and the real training process, on the sample photos."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt

from app.window.indexing import State
from app.window.start import Parts
from core.library import Library

Open = Callable[..., Parts]
TAUGHT, HIDDEN = ("024", "056"), "080"
"""Samples of the same thing: two are named, the third is to be found."""


@pytest.fixture
def real(open_window: Open, qtbot: Any, sample_library: Path, tmp_path: Path) -> Parts:
    rows = [{"file": f"retrouve-{number}.jpg", "captions": ["Korver"]} for number in TAUGHT]
    (tmp_path / "mine.jsonl").write_text(
        "\n".join(map(json.dumps, [*rows, {"file": "retrouve-070.jpg", "captions": ["Minoes"]}]))
    )
    with Library.open(sample_library) as library:
        library.captioning.take_in(tmp_path / "mine.jsonl")
    parts = open_window(sample_library, [], Library.open)
    qtbot.waitUntil(lambda: parts.session.is_ready, timeout=60_000)
    qtbot.waitUntil(lambda: parts.indexing.last is not None and parts.indexing.state is State.IDLE, timeout=60_000)
    return parts


def test_a_name_is_learned_kept_and_switched_off_and_on(real: Parts, qtbot: Any) -> None:
    window, page, library = real.window, real.window.teach, real.session.library
    assert library is not None
    window.commands.teach.trigger()
    qtbot.waitUntil(lambda: [row.title for row in page.names_model.rows] == ["Korver", "Minoes"], timeout=20_000)
    seen: list[str] = []
    real.conductor.teach.work.progressed.connect(lambda step: seen.append(step.what))
    with qtbot.waitSignal(real.conductor.teach.work.ended, timeout=120_000):
        page.learn.click()
    assert {"Choosing", "Learning"} <= set(seen)
    qtbot.waitUntil(lambda: page.pair.before.model.rowCount() > 0, timeout=30_000)
    files = {
        column: [photo.path.stem[-3:] for photo in library.photos(column.model.ids.tolist())]
        for column in page.pair.columns()
    }
    assert files[page.pair.after][0] == HIDDEN, "nobody named it, and it comes first"
    assert files[page.pair.before][0] != HIDDEN
    assert set(files[page.pair.after][-2:]) == set(TAUGHT)
    figures = {words: (was, now) for words, was, now in page.strip.figures.shown()}
    assert figures["Held out, by name"] == (0.0, 1.0)
    was, now = figures["Others, by plain words"]
    assert now >= was - 0.01
    assert len(page.strip.curves.points()) == 15
    assert page.names_model.rows[1].note.startswith("not learned: one photo")
    page.strip.keep.click()
    # Off and on with the next search.
    for switched in (False, True):
        page.strip.switch.click()
        qtbot.waitUntil(lambda on=switched: page.runs_model.rows[0].on is on, timeout=20_000)
        reasons = [reason for hit in library.search("Korver", 5, worker=True).hits for reason in hit.reasons]
        assert any("as it was learned" in reason for reason in reasons) is switched
    qtbot.keyClick(page.names, Qt.Key.Key_Escape)
    with qtbot.waitSignal(real.searching.found, timeout=20_000):
        window.search.set_text("Korver")
    assert [window.model.hits[row].path.stem[-3:] for row in range(3)][2] == HIDDEN
