"""All that was found can be reached and is counted rightly; what somebody looks at is not taken away by a renewal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QCursor

from app.window.headings import summary
from app.window.searching import Asked, Found, kept_hits
from app.window.start import Parts
from core.types import Hit

Names = Callable[[Parts], list[str]]


def hits(strong: int, weak: int) -> tuple[Hit, ...]:
    chances = [0.9] * strong + [0.2] * weak
    return tuple(
        Hit(i, i, i.to_bytes(16), Path(f"{i}.jpg"), chance / 2, chance, chance > 0.5)
        for i, chance in enumerate(chances, 1)
    )


def found(text: str, answer: tuple[Hit, ...], total: int, like: Path | None = None) -> Found:
    ids, strong = np.array([hit.photo_id for hit in answer], np.int64), sum(hit.strong for hit in answer)
    return Found(Asked(text, like), ids, answer, 0.0, False, total, strong)


def test_a_count_that_is_not_the_whole_says_so() -> None:
    assert summary(found("dog", hits(300, 0), 300))[0] == "300 good matches"
    assert summary(found("dog", hits(300, 0), 5000))[0] == "300+ good matches"
    assert summary(found("dog", hits(1, 20), 5000))[0] == "1 good match"
    assert summary(found("", hits(40, 3), 43, Path("x.jpg")))[0] == "40 similar photos"
    assert len(kept_hits(hits(2000, 0), 2000)) == 2000


def test_a_misread_filter_is_told_of_over_the_photos_that_are_shown() -> None:
    aside = "date:banana is no date, so it counts as words"
    assert summary(found("red date:banana", hits(3, 9), 12))[1].startswith(aside)
    assert summary(found("red date:banana", hits(0, 9), 12)) == ("No clear match", aside)


def test_more_are_asked_for_while_all_are_good(parts: Parts, qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.window.searching.TOPS", (2, 3, 18))
    with qtbot.waitSignal(parts.searching.found):
        parts.window.search.set_text("red")
    assert parts.window.results_bar.summary.text() == "3 good matches"
    with qtbot.waitSignal(parts.searching.found):
        parts.window.search.set_text("-nothing")
    assert parts.window.results_bar.summary.text() == "18 photos"
    assert parts.window.model.rowCount() == 18


def test_filters_alone_list_every_photo_without_the_model(
    parts: Parts, qtbot: Any, encoder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.window.searching.TOPS", (2,))
    encoder.asked.clear()
    with qtbot.waitSignal(parts.searching.found):
        parts.window.search.set_text("folder:odd")
    assert parts.window.results_bar.summary.text() == "9 photos"
    assert parts.window.model.rowCount() == 9
    assert not encoder.asked


def test_a_query_that_is_still_being_typed_is_not_asked(parts: Parts, qtbot: Any, encoder: Any) -> None:
    asked: list[Asked] = []
    parts.searching.started.connect(asked.append)
    with qtbot.waitSignal(parts.searching.found):
        parts.window.search.set_text("red")
    parts.window.search.set_text("red folder:")
    parts.window.search.set_text("red -")
    with qtbot.waitSignal(parts.searching.found):
        parts.window.search.set_text("red folder:even")
    assert [one.text for one in asked] == ["red", "red folder:even"]


def again(parts: Parts, ids: np.ndarray) -> None:
    parts.window.show_found(Found(Asked(), ids, (), 0.0, again=True, total=len(ids)))


def test_a_renewal_moves_nothing_that_somebody_looks_at(parts: Parts, qtbot: Any) -> None:
    window = parts.window
    window.resize(500, 500)
    window.grid.set_side(200)
    QCursor.setPos(window.mapToGlobal(QPoint(5, 5)))
    ids = np.concatenate([window.model.ids, np.arange(1000, 1100)])
    again(parts, ids)
    assert window.grid.verticalOffset() == 0
    window.search.setFocus()
    more = np.concatenate([np.arange(2000, 2040), ids])
    again(parts, more)
    assert window.grid.verticalOffset() == 0, "nobody is there: what is new is shown"
    again(parts, ids)
    window.grid.go_to_row(0)
    window.grid.choose(ids[[2, 3, 5]])
    chosen, photo = set(window.grid.chosen().tolist()), window.model.photo_id(0)
    top = window.grid.visualRect(window.model.index(0)).top()
    again(parts, more)
    assert window.grid.visualRect(window.model.index(window.model.row_of(photo))).top() == top
    assert window.model.photo_id(window.grid.currentIndex().row()) == photo
    assert set(window.grid.chosen().tolist()) == chosen
    assert len(chosen) == 4


def test_a_list_is_renewed_every_few_seconds_at_most(parts: Parts, qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.window.searching.RARELY", 60_000)
    with qtbot.waitSignal(parts.searching.found):
        parts.window.search.set_text("folder:odd")
    parts.searching.refresh()
    assert parts.searching._again.remainingTime() > 50_000
    with qtbot.waitSignal(parts.searching.found):
        parts.window.search.set_text("red")
    parts.searching.refresh()
    assert parts.searching._again.remainingTime() < 20_000


def test_the_first_similar_photo_is_current(parts: Parts, qtbot: Any) -> None:
    window = parts.window
    window.grid.setFocus()
    window.grid.go_to_row(4)
    qtbot.waitUntil(lambda: bool(window.actions.paths()))
    with qtbot.waitSignal(parts.searching.found):
        window.commands.similar.trigger()
    assert window.grid.currentIndex().row() == 0
    qtbot.keyClick(window.grid, Qt.Key.Key_Return)
    assert window.in_viewer()


def test_the_viewer_skips_no_photo_when_the_shown_one_is_deleted(parts: Parts, qtbot: Any) -> None:
    window = parts.window
    ids = window.model.ids.copy()
    window.open_row(3)
    again(parts, np.delete(ids, 3))
    assert "no longer" in window.viewer.place.text()
    qtbot.keyClick(window.viewer, Qt.Key.Key_Right)
    assert window.model.photo_id(window.viewer.row) == ids[4]
    again(parts, np.delete(ids, [3, 4]))
    qtbot.keyClick(window.viewer, Qt.Key.Key_Left)
    assert window.model.photo_id(window.viewer.row) == ids[2]
    window.open_row(15)
    last = window.model.photo_id(15)
    again(parts, window.model.ids[:15])
    assert not window.viewer._next.isEnabled()
    qtbot.keyClick(window.viewer, Qt.Key.Key_Left)
    assert window.viewer.row == 14
    assert window.model.photo_id(14) != last
