"""The review page in the real window: decided by keyboard, undone and done again, walked from label to label.

Catalogue, decisions and photos are the real thing; the suggestions are put in as a run puts them in."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from app.window import review
from app.window.photo_model import Role
from app.window.review_model import Verdict
from app.window.start import Parts
from app.window.tag_run_dialog import TagRunDialog
from app.window.theme import Choice
from core.catalog import tags
from core.catalog.tags import TagChange, TagRow
from core.errors import LibraryBusy
from core.library import Library
from core.tagging.types import Label, LabelList

Open = Callable[..., Parts]
NONE, CTRL, SHIFT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(review, "SOON", 20)


def library_of(parts: Parts) -> Library:
    assert parts.session.library is not None
    return parts.session.library


def suggest(library: Library, label: str, count: int | None = None, best: float = 0.99) -> int:
    """Suggest a label for the first photos by their ids, each a little less surely than the one before it."""
    label_id = library.tagging.decisions.label_id(label, create=True)
    ids = sorted(int(photo_id) for photo_id in library.browse())[:count]
    changes = [
        TagChange(photo_id, label_id, None, TagRow("suggested", "auto", round(best - 0.03 * place, 2)))
        for place, photo_id in enumerate(ids)
    ]
    library.catalog.write(lambda db: tags.put(db, changes))
    return label_id


def states(parts: Parts, label: str) -> dict[int, str]:
    """What the library knows of a label: the state of each photo that it has it."""
    label_id = library_of(parts).tagging.decisions.label_id(label)
    with library_of(parts).catalog.read() as db:
        rows = db.execute("SELECT photo_id, state FROM tag WHERE label_id = ?", [label_id]).fetchall()
    return {row["photo_id"]: row["state"] for row in rows}


def press(qtbot: Any, *keys: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
    """Press keys where the focus is."""
    for key in keys:
        focused = QApplication.focusWidget()
        assert focused is not None
        qtbot.keyClick(focused, key, modifiers)


def settle(parts: Parts, qtbot: Any) -> None:
    """Until all that was decided is in the library, and the page knows what that made of the numbers."""
    one = parts.conductor.review
    qtbot.waitUntil(lambda: not one._deciding.busy and not one._soon.isActive(), timeout=10_000)
    qtbot.waitUntil(lambda: one._counting is None or one._counting.future.done(), timeout=10_000)


def shown(parts: Parts) -> int:
    return parts.window.review.model.rowCount()


def current(parts: Parts) -> int:
    return parts.window.review.grid.currentIndex().row()


def open_page(parts: Parts, qtbot: Any) -> None:
    press(qtbot, Qt.Key.Key_R, modifiers=CTRL)
    qtbot.waitUntil(lambda: shown(parts) > 0 and parts.window.review.grid.hasFocus(), timeout=10_000)


@pytest.fixture
def page(parts: Parts, qtbot: Any) -> Any:
    """The review page on two labels: eighteen photos for beach, four for tree."""
    parts.window.activateWindow()
    parts.window.search.take_focus()
    suggest(library_of(parts), "beach")
    suggest(library_of(parts), "tree", 4)
    open_page(parts, qtbot)
    return parts.window.review


# Deciding


def test_a_accepts_r_rejects_and_no_photo_jumps(parts: Parts, page: Any, qtbot: Any) -> None:
    assert page.labels_model.queue(0).label == "beach"
    assert page.bar.title.text() == "beach"
    assert shown(parts) == 18 and current(parts) == 0
    page.grid.set_side(100)
    before = [page.grid.visualRect(page.model.index(row)) for row in range(18)]
    ids = page.model.ids.tolist()
    press(qtbot, Qt.Key.Key_A, Qt.Key.Key_A, Qt.Key.Key_R, Qt.Key.Key_A)
    assert current(parts) == 4
    assert [page.grid.visualRect(page.model.index(row)) for row in range(18)] == before
    assert [page.model.index(row).data(Role.MARK) for row in range(5)] == [True, True, False, True, None]
    assert page.labels_model.queue(0).waiting == 14 and page.labels_model.queue(0).decided == 4
    assert page.counts.text() == "18 wait, 4 decided"
    assert page.progress.value() == 4
    settle(parts, qtbot)
    found = states(parts, "beach")
    assert [found[i] for i in ids[:5]] == ["accepted", "accepted", "rejected", "accepted", "suggested"]
    assert page.labels_model.queue(0).waiting == 14 and page.labels_model.queue(0).decided == 4
    assert current(parts) == 4, "new numbers leave the keys where they are"
    said = Qt.ItemDataRole.AccessibleTextRole
    qtbot.waitUntil(lambda: str(page.model.index(0).data(said)).endswith("99% sure, accepted"))


def test_several_that_are_selected_are_decided_together_in_one_step(parts: Parts, page: Any, qtbot: Any) -> None:
    press(qtbot, Qt.Key.Key_Right, Qt.Key.Key_Right, modifiers=SHIFT)
    press(qtbot, Qt.Key.Key_R)
    assert page.model.verdicts[:4].tolist() == [2, 2, 2, 0] and current(parts) == 3
    settle(parts, qtbot)
    assert page.said.text() == "Rejected “beach” on 3 photos. Ctrl+Z takes it back."
    press(qtbot, Qt.Key.Key_Z, modifiers=CTRL)
    qtbot.waitUntil(lambda: page.model.count(Verdict.REJECTED) == 0)
    assert current(parts) == 0
    assert sorted(page.grid.chosen().tolist()) == sorted(page.model.ids[:3].tolist())
    assert set(states(parts, "beach").values()) == {"suggested"}


def test_a_mistaken_r_comes_back_current_and_visible(parts: Parts, page: Any, qtbot: Any) -> None:
    page.grid.set_side(384)
    press(qtbot, Qt.Key.Key_R, *[Qt.Key.Key_A] * 12)
    assert current(parts) == 13
    assert not page.grid.visualRect(page.model.index(0)).intersects(page.grid.viewport().rect())
    press(qtbot, *[Qt.Key.Key_U] * 13)
    qtbot.waitUntil(lambda: page.model.count(Verdict.WAITING) == 18)
    assert current(parts) == 0
    assert page.grid.visualRect(page.model.index(0)).intersects(page.grid.viewport().rect())
    assert page.said.text() == "Undone: rejected “beach” on 1 photo."
    press(qtbot, Qt.Key.Key_U)
    qtbot.waitUntil(lambda: page.said.text() == "There is nothing to undo.")
    for _ in range(13):
        press(qtbot, Qt.Key.Key_Z, modifiers=CTRL | SHIFT)
    qtbot.waitUntil(lambda: page.model.count(Verdict.WAITING) == 5)
    assert page.model.verdicts[0] == Verdict.REJECTED
    assert current(parts) == 13, "after what was done again the next one waits"
    settle(parts, qtbot)
    assert sorted(states(parts, "beach").values()) == ["accepted"] * 12 + ["rejected"] + ["suggested"] * 5


def test_nobody_decides_on_a_photo_that_is_out_of_sight(parts: Parts, page: Any, qtbot: Any) -> None:
    page.grid.set_side(384)
    page.grid.verticalScrollBar().setValue(page.grid.verticalScrollBar().maximum())
    press(qtbot, Qt.Key.Key_A)
    assert page.model.count(Verdict.ACCEPTED) == 0
    assert page.grid.visualRect(page.model.index(0)).intersects(page.grid.viewport().rect())
    press(qtbot, Qt.Key.Key_A)
    assert page.model.count(Verdict.ACCEPTED) == 1


def test_space_shows_a_photo_larger_and_the_same_keys_decide(parts: Parts, page: Any, qtbot: Any) -> None:
    press(qtbot, Qt.Key.Key_Space)
    assert page.in_larger() and page.larger.hasFocus()
    qtbot.waitUntil(page.larger.picture.is_sharp, timeout=10_000)
    assert page.larger.label.text() == "beach" and page.larger.place.text() == "1 of 18"
    press(qtbot, Qt.Key.Key_Right, Qt.Key.Key_A)
    assert page.model.verdicts[:3].tolist() == [0, 1, 0]
    assert page.in_larger() and current(parts) == 2 and page.larger.place.text() == "3 of 18"
    press(qtbot, Qt.Key.Key_Left)
    assert page.larger.verdict.text() == "96% sure  ·  accepted"
    press(qtbot, Qt.Key.Key_Z, modifiers=CTRL)
    qtbot.waitUntil(lambda: page.larger.verdict.text() == "96% sure")
    press(qtbot, Qt.Key.Key_Space)
    assert not page.in_larger() and page.grid.hasFocus() and current(parts) == 1


# The line


def test_everything_above_the_line_is_accepted_as_one_step(parts: Parts, page: Any, qtbot: Any) -> None:
    assert page.bar.accept.text() == "Accept the 4 photos that are 90% sure or more"
    assert [(s.title, s.count) for s in page.grid.sections()] == [("At least 90% sure", 4), ("Less sure", 14)]
    press(qtbot, Qt.Key.Key_R, Qt.Key.Key_L)
    assert page.bar.slider.hasFocus()
    press(qtbot, Qt.Key.Key_PageDown)
    assert page.bar.accept.text() == "Accept the 6 photos that are 80% sure or more"
    assert [section.count for section in page.grid.sections()] == [7, 11]
    press(qtbot, Qt.Key.Key_Return)
    assert page.grid.hasFocus()
    assert page.model.verdicts.tolist() == [2] + [1] * 6 + [0] * 11
    assert current(parts) == 7
    settle(parts, qtbot)
    assert page.said.text() == "Accepted “beach” on 6 photos. Ctrl+Z takes it back."
    assert sorted(states(parts, "beach").values()) == ["accepted"] * 6 + ["rejected"] + ["suggested"] * 11
    press(qtbot, Qt.Key.Key_Z, modifiers=CTRL)
    qtbot.waitUntil(lambda: page.model.count(Verdict.ACCEPTED) == 0)
    press(qtbot, Qt.Key.Key_A, modifiers=SHIFT)
    qtbot.waitUntil(lambda: page.model.count(Verdict.ACCEPTED) == 6)
    settle(parts, qtbot)


def test_escape_leaves_the_line_as_it_is(parts: Parts, page: Any, qtbot: Any) -> None:
    press(qtbot, Qt.Key.Key_L, Qt.Key.Key_Escape)
    assert page.grid.hasFocus() and parts.window.in_review()
    assert page.model.count(Verdict.ACCEPTED) == 0


# Labels, and the end


def test_the_last_decision_leads_to_the_next_label_and_then_to_the_end(parts: Parts, page: Any, qtbot: Any) -> None:
    press(qtbot, Qt.Key.Key_N)
    qtbot.waitUntil(lambda: shown(parts) == 4)
    press(qtbot, *[Qt.Key.Key_A] * 4)
    settle(parts, qtbot)
    qtbot.waitUntil(lambda: not page.shows_photos() and page.message.heading.text() == "“tree” is done")
    assert page.message.words.text() == "4 accepted, 0 rejected."
    first, *others = page.message.buttons()
    assert first.hasFocus() and first.text() == "Next: beach (18)"
    # Tab goes through what is there to press, and never into what is hidden.
    seen = set()
    for _ in range(20):
        press(qtbot, Qt.Key.Key_Tab)
        assert QApplication.focusWidget().isVisible()
        seen.add(QApplication.focusWidget())
    assert {first, *others} <= seen and page.accept not in seen
    press(qtbot, Qt.Key.Key_A)
    assert page.model.count(Verdict.ACCEPTED) == 4, "there is nothing to accept on this page"
    press(qtbot, Qt.Key.Key_Z, modifiers=CTRL)
    qtbot.waitUntil(lambda: page.shows_photos() and page.grid.hasFocus() and current(parts) == 3)
    press(qtbot, Qt.Key.Key_R)
    settle(parts, qtbot)
    qtbot.waitUntil(lambda: not page.shows_photos() and page.message.words.text() == "3 accepted, 1 rejected.")
    first = page.message.buttons()[0]
    first.setFocus()
    press(qtbot, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: shown(parts) == 18 and page.grid.hasFocus())
    press(qtbot, Qt.Key.Key_A, modifiers=CTRL)
    press(qtbot, Qt.Key.Key_R)
    settle(parts, qtbot)
    qtbot.waitUntil(lambda: page.message.heading.text() == "Everything is decided")
    assert page.message.buttons()[0].hasFocus()
    press(qtbot, Qt.Key.Key_Z, modifiers=CTRL)
    qtbot.waitUntil(lambda: shown(parts) == 18 and page.grid.hasFocus(), timeout=10_000)
    assert current(parts) == 0
    settle(parts, qtbot)
    assert page.labels_model.queue(page.labels_model.row_of(parts.conductor.review._label_id)).waiting == 18


def test_undo_goes_to_the_label_that_it_is_about(parts: Parts, page: Any, qtbot: Any) -> None:
    press(qtbot, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_R)
    rejected = int(page.model.ids[2])
    press(qtbot, Qt.Key.Key_N)
    qtbot.waitUntil(lambda: shown(parts) == 4 and page.grid.hasFocus())
    assert page.bar.title.text() == "tree"
    press(qtbot, Qt.Key.Key_Z, modifiers=CTRL)
    qtbot.waitUntil(lambda: page.bar.title.text() == "beach" and shown(parts) == 18, timeout=10_000)
    assert page.model.photo_id(current(parts)) == rejected
    press(qtbot, Qt.Key.Key_Y, modifiers=CTRL)
    qtbot.waitUntil(lambda: page.model.count(Verdict.REJECTED) == 1)


def test_moving_in_the_list_shows_photos_and_letters_still_decide(parts: Parts, page: Any, qtbot: Any) -> None:
    page.labels.setFocus()
    press(qtbot, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: shown(parts) == 4)
    assert page.labels.hasFocus(), "the focus stays in the list"
    press(qtbot, Qt.Key.Key_A)
    assert page.model.count(Verdict.ACCEPTED) == 1
    press(qtbot, Qt.Key.Key_Return)
    assert page.grid.hasFocus()
    assert page.labels_model.index(1).data(Qt.ItemDataRole.AccessibleTextRole) == "tree, 3 wait, 1 decided"
    settle(parts, qtbot)


def test_leaving_and_coming_back_keeps_the_place(parts: Parts, page: Any, qtbot: Any) -> None:
    press(qtbot, Qt.Key.Key_A, *[Qt.Key.Key_Right] * 6)
    here = page.model.photo_id(current(parts))
    press(qtbot, Qt.Key.Key_Escape)
    assert not parts.window.in_review() and parts.window.top.isVisible()
    open_page(parts, qtbot)
    assert shown(parts) == 17, "what is decided is gone by then"
    assert page.model.photo_id(current(parts)) == here
    qtbot.keyClick(page.grid, Qt.Key.Key_F, CTRL)
    assert not parts.window.in_review() and parts.window.search.edit.hasFocus()


def test_the_ones_that_teach_most_come_in_rounds(
    parts: Parts, page: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(review, "ROUND", 5)
    asked: list[tuple[str, int]] = []
    reviewing = library_of(parts).tagging.reviewing
    photos = reviewing.photos

    def counted(label_id: int, order: Any = "surest", top: int = 5000) -> list[tuple[int, float]]:
        asked.append((order, top))
        return photos(label_id, order, top)

    monkeypatch.setattr(reviewing, "photos", counted)
    press(qtbot, Qt.Key.Key_T)
    qtbot.waitUntil(lambda: shown(parts) == 5 and page.grid.hasFocus(), timeout=10_000)
    assert page.bar.teaching.isChecked() and not page.bar.slider.isVisible()
    assert [section.title for section in page.grid.sections()] == ["These teach most"]
    first = set(page.model.ids.tolist())
    press(qtbot, *[Qt.Key.Key_A] * 5)
    qtbot.waitUntil(lambda: shown(parts) == 5 and not first & set(page.model.ids.tolist()), timeout=10_000)
    assert asked == [("teaching", 5), ("teaching", 5)]
    press(qtbot, Qt.Key.Key_Z, modifiers=CTRL)
    qtbot.waitUntil(lambda: bool(first & set(page.model.ids.tolist())), timeout=10_000)
    assert page.model.photo_id(current(parts)) in first, "what came back is asked about again"
    press(qtbot, Qt.Key.Key_T)
    qtbot.waitUntil(lambda: shown(parts) == 14, timeout=10_000)


def test_a_list_shows_its_own_labels_alone(parts: Parts, page: Any, qtbot: Any) -> None:
    library_of(parts).tagging.lists.put(LabelList("garden", (Label("tree"), Label("flower"))))
    parts.conductor.tagging.review_asked.emit("garden")
    qtbot.waitUntil(lambda: shown(parts) == 4, timeout=10_000)
    assert [queue.label for queue in page.labels_model.queues] == ["tree"]
    assert page.lists.currentText() == "garden"
    page.lists.setCurrentIndex(0)
    page.lists.activated.emit(0)
    qtbot.waitUntil(lambda: len(page.labels_model.queues) == 2, timeout=10_000)


# Nothing there, and faults


def test_without_suggestions_the_page_says_what_to_do(parts: Parts, qtbot: Any) -> None:
    parts.window.activateWindow()
    parts.window.search.take_focus()
    press(qtbot, Qt.Key.Key_R, modifiers=CTRL)
    page = parts.window.review
    qtbot.waitUntil(lambda: page.message.heading.text() == "Nothing to review", timeout=10_000)
    first = page.message.buttons()[0]
    assert first.hasFocus() and first.text() == "Suggest tags…"
    with qtbot.waitSignal(parts.window.commands.suggest.triggered):
        press(qtbot, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(parts.window.findChildren(TagRunDialog)), timeout=10_000)
    parts.window.findChildren(TagRunDialog)[0].reject()
    # Suggestions that come in while the page is open appear on it.
    suggest(library_of(parts), "beach", 3)
    parts.conductor.tagging.changed.emit(None)
    qtbot.waitUntil(lambda: shown(parts) == 3, timeout=10_000)


def test_a_decision_that_cannot_be_kept_is_taken_off_the_screen(
    parts: Parts, page: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(pairs: Any, said: str | None = None) -> None:
        raise LibraryBusy("Another program is writing to this library. Try again in a moment.")

    monkeypatch.setattr(library_of(parts).tagging.decisions, "accept", busy)
    press(qtbot, Qt.Key.Key_A)
    assert page.model.count(Verdict.ACCEPTED) == 1
    qtbot.waitUntil(lambda: parts.window.banner.words.text().startswith("Another program"), timeout=10_000)
    qtbot.waitUntil(lambda: shown(parts) == 18 and page.model.count(Verdict.WAITING) == 18, timeout=10_000)
    assert page.labels_model.queue(0).waiting == 18


def test_the_page_follows_the_theme_and_leaves_a_narrow_window_narrow(parts: Parts, page: Any, qtbot: Any) -> None:
    def ground() -> str:
        return page.grab().toImage().pixelColor(page.width() // 2, 2).name()

    light = ground()
    parts.window.theme.choose(Choice.DARK)
    try:
        assert ground() != light
    finally:
        parts.window.theme.choose(Choice.LIGHT)
    parts.window.resize(620, 480)
    qtbot.waitUntil(lambda: parts.window.width() <= 640)
    assert page.grid.isVisible() and not page.labels.isVisible()


# Many


def test_a_hundred_thousand_suggestions_never_hold_the_window(parts: Parts, qtbot: Any) -> None:
    """No key and no turn of the GUI thread takes longer than the budget: of its own time, since the machine may be busy
    with other things."""
    library = library_of(parts)
    count = 100_000

    def fill(db: sqlite3.Connection) -> None:
        db.executemany(
            "INSERT INTO content (id, hash) VALUES (?, ?)", ((10_000 + n, n.to_bytes(16, "big")) for n in range(count))
        )
        fixed = db.execute("SELECT * FROM photo LIMIT 1").fetchone()
        names = [name for name in tuple(fixed.keys()) if name not in ("id", "name", "content_id")]
        db.executemany(
            f"INSERT INTO photo (id, name, content_id, {', '.join(names)}) "
            f"VALUES (?, ?, ?, {', '.join('?' for _ in names)})",
            ((10_000 + n, f"many {n}.jpg", 10_000 + n, *(fixed[name] for name in names)) for n in range(count)),
        )
        label = db.execute("INSERT INTO label (name, folded) VALUES ('many', 'many') RETURNING id").fetchone()["id"]
        db.executemany(
            "INSERT INTO tag (photo_id, label_id, source, state, score) VALUES (?, ?, 'auto', 'suggested', ?)",
            ((10_000 + n, label, 0.99 - 0.5 * n / count) for n in range(count)),
        )

    library.catalog.write(fill)
    parts.window.activateWindow()
    took: list[float] = []

    def timed(act: Callable[[], Any]) -> None:
        begun = time.thread_time()
        act()
        took.append((time.thread_time() - begun) * 1000)

    def turn(until: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 120
        while not until():
            timed(QApplication.processEvents)
            assert time.monotonic() < deadline

    page = parts.window.review

    def pressed(key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
        timed(lambda: qtbot.keyClick(QApplication.focusWidget(), key, modifiers))

    parts.window.search.take_focus()
    pressed(Qt.Key.Key_R, CTRL)
    turn(lambda: shown(parts) == count)
    for key in (*[Qt.Key.Key_A] * 10, Qt.Key.Key_End, Qt.Key.Key_R, Qt.Key.Key_Home, Qt.Key.Key_A):
        pressed(key)
    turn(lambda: not parts.conductor.review._deciding.busy)
    pressed(Qt.Key.Key_A, SHIFT)
    assert page.model.count(Verdict.ACCEPTED) > 17_000
    turn(lambda: not parts.conductor.review._deciding.busy)
    pressed(Qt.Key.Key_U)
    turn(lambda: page.model.count(Verdict.ACCEPTED) < 20)
    print(f"the longest of {len(took):,} keys and turns: {sorted(took)[-3:]} ms")
    assert max(took) < 50


# What is said, and where


def test_the_slider_stays_in_its_place_and_what_it_does_is_a_sentence(parts: Parts, page: Any, qtbot: Any) -> None:
    for wide in (1280, 900):
        parts.window.resize(wide, 700)
        qtbot.waitUntil(lambda wide=wide: parts.window.width() == wide)
        places = set()
        for percent in (1, 50, 90, 99, 100):
            page.bar.slider.setValue(percent)
            QApplication.processEvents()
            at = page.bar.slider.mapTo(page, page.bar.slider.rect().topLeft())
            places.add((at.x(), at.y(), page.bar.slider.width()))
            assert page.bar.named.text() == f"Line at {percent}%"
        assert len(places) == 1, places
    page.bar.slider.setValue(99)
    assert page.bar.accept.accessibleName() == "Accept the photo that is 99% sure or more"
    page.bar.slider.setValue(100)
    assert page.bar.accept.accessibleName() == "No photo is 100% sure or more"
    assert not page.bar.accept.isEnabled()


def test_undo_and_redo_are_alive_only_where_there_is_something(parts: Parts, page: Any, qtbot: Any) -> None:
    settle(parts, qtbot)
    assert not page.undo.isEnabled() and not page.redo.isEnabled()
    assert page.hint.isVisible() and "F1 all keys" in page.hint.text()
    press(qtbot, Qt.Key.Key_R)
    assert page.said.text() == "Rejected “beach” on 1 photo. Ctrl+Z takes it back."
    assert page.hint.isHidden()
    qtbot.waitUntil(lambda: page.undo.isEnabled() and not page.redo.isEnabled())
    qtbot.mouseClick(page.undo, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.redo.isEnabled() and not page.undo.isEnabled())
    settle(parts, qtbot)


def test_a_narrow_window_cuts_no_count_and_keeps_the_labels_reachable(parts: Parts, page: Any, qtbot: Any) -> None:
    letter = page.fontMetrics().horizontalAdvance("x")
    parts.window.resize(letter * 98, 600)
    qtbot.waitUntil(lambda: not page.beside.shown)
    needed = page.counts.fontMetrics().horizontalAdvance(page.counts.text())
    qtbot.waitUntil(lambda: page.counts.isVisible() and page.counts.width() >= needed)
    qtbot.mouseClick(page.side, Qt.MouseButton.LeftButton)
    assert page.labels.isVisible()
    qtbot.mouseClick(page.side, Qt.MouseButton.LeftButton)
    assert not page.labels.isVisible()
