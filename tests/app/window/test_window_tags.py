"""Tags in the window, on a real library: panel, viewer, tagging what is chosen, suggesting, and sidecars."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QToolButton

from app.window.saved_model import Role
from app.window.sidecar_dialog import SidecarDialog
from app.window.start import Parts
from app.window.tag_chips import TagChip
from app.window.tag_dialog import TagDialog
from app.window.tag_run_dialog import TagRunDialog
from app.window.tag_tree import AT_ONCE, TagModel, TagTree, laid
from app.window.tagging import TagRun
from core.library import Library
from core.tagging.overview import KnownLabel, TagNode
from core.tagging.types import Label, LabelList, State, Tag

COLOURS = LabelList(
    "Colours",
    (Label("Warm"), Label("Red", prompts=("red",), parent="Warm"), Label("Blue", prompts=("blue",)), Label("Day")),
)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.window.tags.SOON", 5)


def library_of(parts: Parts) -> Library:
    assert parts.session.library is not None
    return parts.session.library


def by_name(parts: Parts, start: str) -> list[int]:
    """The photos whose names begin so."""
    library = library_of(parts)
    photos = library.photos([int(photo_id) for photo_id in library.browse()])
    return [
        photo.id for photo in sorted(photos, key=lambda photo: photo.path.name) if photo.path.name.startswith(start)
    ]


def tags_of(parts: Parts, photo_id: int) -> dict[str, State]:
    return {tag.label: tag.state for tag in library_of(parts).tagging.decisions.of(photo_id)}


def panel(parts: Parts) -> list[tuple[str, str]]:
    """The tags in the panel, those below others behind dots, with their numbers."""
    model, found = parts.window.side.tags_model, []

    def walk(above: Any, depth: int) -> None:
        for row in range(model.rowCount(above)):
            index = model.index(row, 0, above)
            found.append(("." * depth + index.data(), index.data(Role.COUNT)))
            walk(index, depth + 1)

    walk(model.index(-1), 0)
    return found


def chips(parts: Parts) -> list[tuple[str, str]]:
    panel = parts.window.viewer.strip.tags
    return [(chip.tag.label, chip.tag.state.value) for chip in panel.chips.chips]


def open_photo(parts: Parts, qtbot: Any, photo_id: int) -> None:
    row = parts.window.model.row_of(photo_id)
    assert row is not None
    parts.window.open_row(row)
    qtbot.waitUntil(lambda: not parts.window.viewer.strip.tags.isHidden())


@pytest.fixture
def tagged(parts: Parts, qtbot: Any) -> Parts:
    """The window with a list, and with tags suggested, accepted and rejected."""
    library = library_of(parts)
    library.tagging.lists.put(COLOURS)
    core = library.tagging
    with qtbot.waitSignal(parts.conductor.tagging.ended, timeout=20_000):
        parts.conductor.tagging.run(TagRun(COLOURS))
    red = by_name(parts, "red")
    core.decisions.tag(red[:2], "Red")
    core.decisions.reject([(red[2], core.decisions.label_id("Red"))])
    parts.conductor.tagging.changed.emit(None)
    qtbot.waitUntil(lambda: any(name == ".Red" for name, _ in panel(parts)))
    return parts


# The panel


def test_the_panel_shows_lists_and_tags_as_their_tree(tagged: Parts) -> None:
    side = tagged.window.side
    assert tagged.window.beside.shown, "there is something in it now"
    assert [side.lists_model.index(row).data() for row in range(side.lists_model.rowCount())] == ["Colours"]
    shown = dict(panel(tagged))
    assert shown[".Red"].split()[0] == "2" and shown["Warm"].split()[0] == "2"
    assert [name for name, _ in panel(tagged)][:2] != [".Red", "Warm"], "what lies below another comes behind it"


def test_a_click_on_a_tag_searches_for_it(tagged: Parts, qtbot: Any) -> None:
    window = tagged.window
    view = window.side.tags
    view.expandAll()
    index = window.side.tags_model.index_of(library_of(tagged).tagging.decisions.label_id("Red"))
    # All of them have room as soon as the panel has laid itself out.
    qtbot.waitUntil(lambda: view.viewport().rect().contains(view.visualRect(index)))
    assert not view.verticalScrollBar().maximum()
    with qtbot.waitSignal(tagged.searching.found, check_params_cb=lambda found: found.asked.text == "tag:Red"):
        qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=view.visualRect(index).center())
    assert set(window.model.ids.tolist()) == set(by_name(tagged, "red")[:2])
    assert index.data(Role.ACTIVE)


def test_an_answer_about_tags_follows_them(tagged: Parts, qtbot: Any) -> None:
    window = tagged.window
    with qtbot.waitSignal(tagged.searching.found, check_params_cb=lambda found: found.asked.text == "tag:Red"):
        window.side.tags.chosen.emit("Red")
    red = library_of(tagged).tagging.decisions.label_id("Red")
    tagged.conductor.tagging.clear([(by_name(tagged, "red")[0], red)])
    qtbot.waitUntil(lambda: window.model.rowCount() == 1)
    window.commands.undo_tags.trigger()
    qtbot.waitUntil(lambda: window.model.rowCount() == 2)
    assert window.banner.words.text().startswith("Undone: ")
    window.commands.redo_tags.trigger()
    qtbot.waitUntil(lambda: window.model.rowCount() == 1)


def test_a_tag_and_a_list_are_renamed_in_place(tagged: Parts, qtbot: Any) -> None:
    side, decisions = tagged.window.side, library_of(tagged).tagging.decisions
    side.tags.expandAll()
    side.tags.setCurrentIndex(side.tags_model.index_of(decisions.label_id("Red")))
    qtbot.keyClick(side.tags, Qt.Key.Key_F2)
    qtbot.keyClick(side.tags, Qt.Key.Key_F2)
    editor = side.tags.findChild(QLineEdit, "renaming")
    assert editor is not None and editor.text() == "Red"
    editor.setText("Scarlet")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: any(name == ".Scarlet" for name, _ in panel(tagged)))
    assert tags_of(tagged, by_name(tagged, "red")[0])["Scarlet"] is State.ACCEPTED
    side.lists.setCurrentIndex(side.lists_model.index(0))
    qtbot.keyClick(side.lists, Qt.Key.Key_F2)
    editor = side.lists.findChild(QLineEdit, "renaming")
    assert editor is not None
    editor.setText("Paints")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: side.lists_model.row_of("Paints") == 0)
    assert library_of(tagged).tagging.lists.find("Paints") is not None


def test_no_part_of_the_panel_scrolls_while_there_is_room_below(tagged: Parts, qtbot: Any) -> None:
    side, lists = tagged.window.side, library_of(tagged).tagging.lists
    for number in range(12):
        lists.put(LabelList(f"List {number:02d}", (Label("Red"),)))
    tagged.conductor.tagging.lists_changed.emit()
    tagged.window.resize(1000, 900)
    qtbot.waitUntil(lambda: side.lists_model.rowCount() == 13)
    qtbot.waitUntil(lambda: not side.lists.verticalScrollBar().maximum())
    assert not side.tags.verticalScrollBar().maximum()
    tagged.window.resize(1000, 420)
    qtbot.waitUntil(lambda: side.lists.verticalScrollBar().maximum() > 0)
    assert side.tags.viewport().height() >= side.tags_part.line() * 2, "the tags keep some room"


def test_an_empty_library_has_nothing_to_suggest_tags_for(
    open_window: Callable[..., Parts], tmp_path: Path, qtbot: Any
) -> None:
    parts = open_window(tmp_path / "empty")
    window = parts.window
    qtbot.waitUntil(lambda: parts.session.library is not None and parts.session.roots is not None)
    window.commands.suggest.trigger()
    assert window.banner.words.text() == "There are no photos in the library yet: add a folder first."
    assert not window.findChildren(TagRunDialog)
    library_of(parts).tagging.lists.put(COLOURS)
    window.commands.lists.trigger()
    qtbot.waitUntil(lambda: parts.conductor._tags.editor is not None)
    editor = parts.conductor._tags.editor
    assert editor is not None
    qtbot.waitUntil(lambda: editor.view.current() is not None)
    assert editor.preview.words.text() == "Looking for the photos that “Warm” would get…"
    qtbot.waitUntil(lambda: editor.preview.words.text() == "No photo would get “Warm”.", timeout=10_000)
    editor.reject()


def test_folding_a_part_and_an_empty_one_says_what_it_is_for(parts: Parts, qtbot: Any) -> None:
    window = parts.window
    window.commands.panel.trigger()
    side = window.side
    assert side.lists_part.body.currentWidget() is side.lists_part.hint
    side.lists_part.title.click()
    assert side.lists_part.body.isHidden() and not side.lists_part.opened
    side.lists_part.title.click()
    assert not side.lists_part.body.isHidden()


def test_ten_thousand_tags_are_shown_found_and_told_apart_quickly(qtmodeltester: Any) -> None:
    import time

    below = tuple(TagNode(number, f"tag {number}", number % 7, 0) for number in range(2, 10_002))
    tree = (TagNode(1, "All", 10_000, 0, below), TagNode(20_000, "Zebra", 1, 2))
    model = TagModel()
    begun = time.process_time()
    model.show(tree)
    model.filter("tag 77")
    assert model.rowCount() == 1 and model.rowCount(model.index(0)) == 111
    model.filter("")
    model.set_asked("tag:Zebra")
    assert time.process_time() - begun < 1.5
    few = TagModel()
    few.show((TagNode(1, "All", 3, 0, (TagNode(2, "One", 3, 0),)), TagNode(3, "Zebra", 1, 2)))
    qtmodeltester.check(few)
    assert few.index_of(2).parent() == few.index(0) and few.index(1).data(Role.COUNT) == "1  +2"
    changed: list[Any] = []
    few.dataChanged.connect(lambda first, _last: changed.append(first.data()))
    few.show((TagNode(1, "All", 3, 0, (TagNode(2, "One", 4, 0),)), TagNode(3, "Zebra", 1, 2)))
    assert changed == ["One"], "only the number changed"


def test_a_panel_of_many_tags_takes_little_of_the_windows_time_and_loses_none(qtbot: Any, parts: Parts) -> None:
    import time

    from PySide6.QtWidgets import QApplication

    tree = tuple(TagNode(number, f"tag {number:05}", 1, 0) for number in range(1, 10_001))
    below = tuple(TagNode(number, f"inner {number:05}", 1, 0) for number in range(20_000, 21_000))
    tree = (*tree[:9_000], TagNode(30_000, "with some below", 1, 0, below), *tree[9_000:])
    whole = laid(tree)
    model = TagModel()
    view = TagTree(model, parts.window.theme)
    qtbot.addWidget(view)
    view.resize(300, 600)
    view.show()
    QApplication.processEvents()
    spent = []
    for some, made in ((tree, whole), (tree[1:], laid(tree[1:])), (tree, whole)):
        begun = time.process_time()
        model.show(some, made)
        QApplication.processEvents()
        spent.append(time.process_time() - begun)
    assert min(spent) < 0.05, "of the window's thread (10 to 20 ms here; it was 110), beside whatever else runs"
    assert model.rowCount() == AT_ONCE
    bar = view.verticalScrollBar()

    def scrolled_to_all() -> bool:
        bar.setValue(bar.maximum())
        return model.rowCount() == len(tree)

    qtbot.waitUntil(scrolled_to_all, timeout=20_000)

    fresh = TagModel()
    other = TagTree(fresh, parts.window.theme)
    qtbot.addWidget(other)
    fresh.show(tree, whole)
    index = fresh.index_of(20_999)
    assert index.data() == "inner 20999" and index.parent().data() == "with some below"
    other.expand(index.parent())
    fresh.filter("tag 00001")
    assert fresh.rowCount() == 1
    fresh.filter("")
    assert other.isExpanded(fresh.index_of(30_000)), "what was open is open again"
    fresh.filter("inner 20005")
    assert fresh.rowCount() == 1 and fresh.index(0).data() == "with some below"
    assert [fresh.index(row, 0, fresh.index(0)).data() for row in range(fresh.rowCount(fresh.index(0)))] == [
        "inner 20005"
    ]


# The viewer


def test_states_look_different_without_colour(qtbot: Any) -> None:
    from PySide6.QtGui import QColor

    from core.tagging.types import Source

    made = []
    for state in State:
        chip = TagChip(Tag(1, "Dog & cat", state, Source.AUTO, 0.87), QColor("#fff"), can_change=True)
        qtbot.addWidget(chip)
        made.append(
            (chip.property("state"), chip.body.text(), chip.body.font().strikeOut(), chip.body.font().weight().value)
        )
        assert state.value in chip.body.accessibleName()
    assert len({look[1:] for look in made}) == 3
    assert made[0][1] == "Dog && cat 87%", "an ampersand is no mark of a key"


def test_a_name_that_turns_the_letters_round_shows_that_it_does(qtbot: Any) -> None:
    from PySide6.QtGui import QColor

    from core.tagging.types import Source

    chip = TagChip(Tag(1, "dog\u202egpj", State.ACCEPTED, Source.USER), QColor("#fff"), can_change=True)
    qtbot.addWidget(chip)
    assert chip.body.text() == "dog\\u202egpj"
    for widget in (chip.body, *chip.buttons.values()):
        assert "\u202e" not in widget.toolTip() + widget.accessibleName()


def test_a_suggestion_is_accepted_or_rejected_by_one_key(tagged: Parts, qtbot: Any) -> None:
    blue = by_name(tagged, "blue")
    open_photo(tagged, qtbot, blue[0])
    qtbot.waitUntil(lambda: ("Blue", "suggested") in chips(tagged))
    qtbot.keyClick(tagged.window.viewer, Qt.Key.Key_A)
    qtbot.waitUntil(lambda: ("Blue", "accepted") in chips(tagged))
    open_photo(tagged, qtbot, blue[1])
    qtbot.waitUntil(lambda: ("Blue", "suggested") in chips(tagged))
    qtbot.keyClick(tagged.window.viewer, Qt.Key.Key_X)
    qtbot.waitUntil(lambda: ("Blue", "rejected") in chips(tagged))
    assert tags_of(tagged, blue[0])["Blue"] is State.ACCEPTED and tags_of(tagged, blue[1])["Blue"] is State.REJECTED
    qtbot.keyClick(tagged.window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: ("Blue", "suggested") in chips(tagged))


def test_a_key_decides_on_no_photo_whose_tags_are_still_to_be_read(
    tagged: Parts, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    blue = by_name(tagged, "blue")
    open_photo(tagged, qtbot, blue[0])
    qtbot.waitUntil(lambda: ("Blue", "suggested") in chips(tagged))
    panel = tagged.window.viewer.strip.tags
    asked: list[object] = []
    monkeypatch.setattr(tagged.conductor.tagging, "accept", asked.append)
    panel.show_photo(by_name(tagged, "green")[0])
    panel.decide(True)
    assert asked == [], "the chips are those of the photo before"
    panel.show_photo(blue[0])
    panel.decide(True)
    assert asked == [[(blue[0], library_of(tagged).tagging.decisions.label_id("Blue"))]], "there they are right again"


def test_a_on_a_chip_that_is_accepted_takes_no_other(
    tagged: Parts, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_photo(tagged, qtbot, by_name(tagged, "red")[0])
    qtbot.waitUntil(lambda: ("Red", "accepted") in chips(tagged))
    asked: list[object] = []
    monkeypatch.setattr(tagged.conductor.tagging, "accept", asked.append)
    chip = next(chip for chip in tagged.window.viewer.strip.tags.chips.chips if chip.tag.label == "Red")
    chip.setFocus()
    qtbot.keyClick(chip, Qt.Key.Key_A)
    assert asked == []


def test_or_by_a_click(tagged: Parts, qtbot: Any) -> None:
    blue = by_name(tagged, "blue")
    open_photo(tagged, qtbot, blue[2])
    qtbot.waitUntil(lambda: ("Blue", "suggested") in chips(tagged))
    chip = next(chip for chip in tagged.window.viewer.strip.tags.chips.chips if chip.tag.label == "Blue")
    accept = chip.buttons["check"]
    assert isinstance(accept, QToolButton)
    qtbot.mouseClick(accept, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: ("Blue", "accepted") in chips(tagged))
    chip = next(chip for chip in tagged.window.viewer.strip.tags.chips.chips if chip.tag.label == "Blue")
    with qtbot.waitSignal(tagged.searching.found, check_params_cb=lambda found: found.asked.text == "tag:Blue"):
        chip.body.click()
    assert not tagged.window.in_viewer()


def test_a_tag_is_typed_in_the_viewer_with_completion(tagged: Parts, qtbot: Any) -> None:
    photo_id = by_name(tagged, "green")[0]
    open_photo(tagged, qtbot, photo_id)
    qtbot.keyClick(tagged.window.viewer, Qt.Key.Key_T)
    field = tagged.window.viewer.strip.tags.field
    qtbot.waitUntil(lambda: [label.name for label in field.matching("r")][:1] == ["Red"])
    qtbot.keyClicks(field, "RED")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: ("Red", "accepted") in chips(tagged))
    assert tagged.window.in_viewer(), "letters in the field are no keys of the viewer"
    qtbot.keyClicks(field, "Quite new")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: ("Quite new", "accepted") in chips(tagged))
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert tagged.window.in_viewer()


def test_names_that_begin_so_come_first(qtbot: Any, parts: Parts) -> None:
    field = parts.window.viewer.strip.tags.field
    names = ("Hot dog", "Prairie", "Dog", "Élan", "Hedgehog")
    field.set_known([KnownLabel(name, 0, None) for name in names])
    assert [label.name for label in field.matching("dog")] == ["Dog", "Hot dog"]
    assert [label.name for label in field.matching("elan")] == ["Élan"]
    assert [label.name for label in field.matching("h")][:2] == ["Hot dog", "Hedgehog"]


# What is chosen


def tag_dialog(parts: Parts) -> TagDialog:
    [dialog] = [d for d in parts.window.findChildren(TagDialog) if d.isVisible()]
    return dialog


def test_t_tags_what_is_chosen(tagged: Parts, qtbot: Any) -> None:
    window, ids = tagged.window, by_name(tagged, "yellow")
    window.grid.setFocus()
    row = window.model.row_of(ids[0])
    assert row is not None
    window.grid.make_current(row)
    window.grid.choose(window.model.ids[[window.model.row_of(photo_id) for photo_id in ids]])
    qtbot.keyClick(window.grid, Qt.Key.Key_T)
    dialog = tag_dialog(tagged)
    assert window.search.text == "", "the key is no letter of a question"
    qtbot.keyClicks(dialog.field, "Sunny day")
    qtbot.keyClick(dialog.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "on 3 photos" in dialog.said.text())
    assert all(
        tags_of(tagged, photo_id) == tags_of(tagged, photo_id) | {"Sunny day": State.ACCEPTED} for photo_id in ids
    )
    qtbot.waitUntil(lambda: [button.text() for button in dialog.shared.items] == ["Sunny day"])
    qtbot.keyClicks(dialog.field, "sunny DAY")
    qtbot.keyClick(dialog.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: dialog.said.text().startswith("Nothing to do"))
    dialog.shared.items[0].click()
    qtbot.waitUntil(lambda: "Sunny day" not in tags_of(tagged, ids[1]))
    dialog.undo.click()
    qtbot.waitUntil(lambda: tags_of(tagged, ids[1]).get("Sunny day") is State.ACCEPTED)
    qtbot.keyClick(dialog.field, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_without_a_photo_there_is_nothing_to_tag(parts: Parts) -> None:
    parts.window.grid.selectionModel().clear()
    parts.window.commands.tag.trigger()
    assert "Choose photos first" in parts.window.banner.words.text()
    assert not parts.window.findChildren(TagDialog)


def test_a_library_that_cannot_be_written_says_so(parts: Parts, qtbot: Any) -> None:
    library_of(parts).read_only = True
    parts.conductor.tagging.opened.emit()
    window = parts.window
    assert not window.commands.tag.isEnabled() and not window.commands.suggest.isEnabled()
    assert not window.side.suggest.isEnabled()
    window.commands.undo_tags.setEnabled(False)
    window.set_reviewing(True)
    window.set_reviewing(False)
    assert not window.commands.undo_tags.isEnabled(), "what was off is off after a page too"
    window.open_row(0)
    qtbot.waitUntil(lambda: window.viewer.photo is not None)
    qtbot.keyClick(window.viewer, Qt.Key.Key_T)
    assert window.viewer.strip.tags.isHidden(), "there is no tag, and none can be added"
    window.leave_viewer()
    window.commands.lists.trigger()
    editor = parts.conductor._tags.editor
    assert editor is not None
    qtbot.waitUntil(lambda: "nothing can be written" in editor.said.text())
    assert not editor.new.isEnabled() and not editor.save.isEnabled()
    editor.close()


def test_the_dialog_grows_for_what_the_photos_have_and_cuts_no_name(parts: Parts, qtbot: Any) -> None:
    decisions, ids = library_of(parts).tagging.decisions, by_name(parts, "red")
    for number in range(10):
        decisions.tag(ids, f"a tag, number {number}")
    decisions.tag(ids, "long " * 39)
    dialog = TagDialog(parts.conductor.tagging, ids, parts.window.theme, parts.window)
    qtbot.addWidget(dialog)
    dialog.open()
    qtbot.waitUntil(lambda: len(dialog.shared.items) == 11)
    qtbot.waitUntil(lambda: not dialog.shared.verticalScrollBar().maximum())
    area = dialog.shared.viewport()
    for item in dialog.shared.items:
        at = item.mapTo(area, item.rect().bottomRight())
        assert area.rect().contains(at), "all of it is seen"
    dialog.field.setText("y" * 250)
    qtbot.keyClick(dialog.field, Qt.Key.Key_Return)
    assert dialog.said.text() == "A tag has 200 letters at the most, and this has 250."
    assert dialog.field.text() == "y" * 250
    dialog.reject()


# Suggesting


def test_a_ready_list_suggests_for_the_library(parts: Parts, qtbot: Any) -> None:
    window, tagging = parts.window, parts.conductor.tagging
    library_of(parts).tagging.lists.put(COLOURS)
    window.grid.selectionModel().clear()
    window.commands.suggest.trigger()
    qtbot.waitUntil(lambda: any(d.isVisible() for d in window.findChildren(TagRunDialog)))
    [dialog] = [d for d in window.findChildren(TagRunDialog) if d.isVisible()]
    assert dialog.lists.currentData() == "Colours"
    assert [button.text().replace("&", "") for button in dialog.which.buttons()] == ["All 18 photos of the library"]
    with qtbot.waitSignal(tagging.ended, timeout=20_000) as told:
        dialog.begin.click()
    _, report, finished = told.args
    assert finished and report.photos == 18 and report.suggested >= 6
    assert "suggested" in window.banner.words.text() and window.banner.button.text() == "Review them"
    with qtbot.waitSignal(tagging.review_asked) as asked:
        window.banner.button.click()
    assert asked.args == ["Colours"]
    parts.conductor.review.leave()
    qtbot.waitUntil(lambda: any("+" in count for _, count in panel(parts)))


def test_what_is_sure_enough_is_accepted_at_once_for_the_chosen_photos_alone(parts: Parts, qtbot: Any) -> None:
    window, tagging = parts.window, parts.conductor.tagging
    library_of(parts).tagging.lists.put(COLOURS)
    chosen = [*by_name(parts, "red")[:2], *by_name(parts, "blue")[:1]]
    window.grid.choose(window.model.ids[[window.model.row_of(photo_id) for photo_id in chosen]])
    window.commands.suggest.trigger()
    qtbot.waitUntil(lambda: any(d.isVisible() for d in window.findChildren(TagRunDialog)))
    [dialog] = [d for d in window.findChildren(TagRunDialog) if d.isVisible()]
    dialog.accept_above.click()
    dialog.percent.setValue(50)
    with qtbot.waitSignal(tagging.ended, timeout=20_000) as told:
        dialog.begin.click()
    what, report, _ = told.args
    assert what.accept_above == 0.5 and report.photos == 3
    stats = library_of(parts).tagging.decisions.stats()
    assert stats.photos <= 3 and stats.accepted == report.accepted > 0


# Sidecars


def test_sidecars_are_shown_first_then_written_then_undone(tagged: Parts, qtbot: Any, painted: Path) -> None:
    window = tagged.window
    window.grid.selectionModel().clear()
    window.commands.sidecars.trigger()
    [dialog] = window.findChildren(SidecarDialog)
    qtbot.waitUntil(lambda: dialog.write.isEnabled(), timeout=20_000)
    assert dialog.write.text() == "Write 2 sidecars" and not list(painted.rglob("*.xmp")), "nothing is written yet"
    rows = [[dialog.model.index(row, column).data() for column in range(4)] for row in range(2)]
    assert sorted(row[0] for row in rows) == ["red 0.jpg.xmp", "red 1.jpg.xmp"]
    assert {row[1] for row in rows} == {str(painted / "even")}, "two of one name are told apart by their folders"
    assert all(row[2] == "To be written" and row[3].startswith("Adds ") and "Red" in row[3] for row in rows)
    dialog.write.click()
    qtbot.waitUntil(lambda: dialog.said.text().startswith("2 sidecars written"), timeout=20_000)
    assert [dialog.model.index(row, 2).data() for row in range(2)] == ["Written", "Written"]
    assert len(list(painted.rglob("*.xmp"))) == 2
    dialog.undo.click()
    qtbot.waitUntil(lambda: "put back" in dialog.said.text(), timeout=20_000)
    assert [dialog.model.index(row, 2).data() for row in range(2)] == ["Put back", "Put back"]
    assert not list(painted.rglob("*.xmp"))
    dialog.reject()


def test_a_sidecar_that_cannot_be_written_is_named_with_its_reason(tagged: Parts, qtbot: Any, painted: Path) -> None:
    broken = next(painted.rglob("red 0.jpg")).with_name("red 0.jpg.xmp")
    broken.write_bytes(b"<x:xmpmeta this is no XML")
    tagged.window.grid.selectionModel().clear()
    tagged.window.commands.sidecars.trigger()
    [dialog] = tagged.window.findChildren(SidecarDialog)
    qtbot.waitUntil(lambda: dialog.write.text() == "Write 1 sidecar", timeout=20_000)
    assert dialog.model.index(0, 0).data() == broken.name and dialog.model.index(0, 2).data() == "Stays as it is"
    why = dialog.model.index(0, 3).data()
    dialog.resize(560, 400)
    metrics, table = dialog.table.fontMetrics(), dialog.table

    def needed() -> int:
        """The height that the whole reason takes in its cell."""
        wrap = Qt.TextFlag.TextWordWrap
        return int(metrics.boundingRect(0, 0, table.columnWidth(3) - 8, 9999, wrap, why).height())

    qtbot.waitUntil(lambda: table.rowHeight(0) >= needed() > metrics.height())
    assert "1 stays as it is" in dialog.said.text()
    dialog.write.click()
    qtbot.waitUntil(lambda: dialog.said.text().startswith("1 sidecar written"), timeout=20_000)
    assert broken.read_bytes() == b"<x:xmpmeta this is no XML"
    assert [dialog.model.index(row, 2).data() for row in range(2)] == ["Stays as it is", "Written"]
    dialog.reject()


def test_the_menu_names_everything(parts: Parts, names: Callable[[Parts], list[str]]) -> None:
    menu = parts.window.top.menu.menu()
    tags = next(action.menu() for action in menu.actions() if action.text().replace("&", "") == "Tags")
    words = [action.text().partition("\t")[0].replace("&", "") for action in tags.actions() if action.text()]
    assert words == [
        "Tag…",
        "Suggest tags from a list…",
        "Review tags",
        "Teach names",
        "Undo the last tagging",
        "Redo it",
        "Label lists…",
        "Rules for new photos…",
        "Write tags beside the photos…",
    ]
