"""The editor of label lists on a real library: typed, previewed, named, moved, saved; nothing decided is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit

from app.window.label_editor import LabelEditor
from app.window.leaving import Leaving
from app.window.list_chooser import WORKING
from app.window.start import Parts
from core.library import Library
from core.tagging.types import Label, LabelList, State

MINE = LabelList(
    "Colours",
    (
        Label("Warm"),
        Label("Red", prompts=("red",), parent="Warm"),
        Label("Yellow", prompts=("yellow",), parent="Warm"),
        Label("Blue", prompts=("blue",)),
        Label("Day", group="Light"),
    ),
)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.window.label_preview.SOON", 5)
    monkeypatch.setattr("app.window.tags.SOON", 5)


def library_of(parts: Parts) -> Library:
    assert parts.session.library is not None
    return parts.session.library


@pytest.fixture
def editor(parts: Parts, qtbot: Any) -> Iterator[LabelEditor]:
    """The editor, open at a list of colours."""
    library_of(parts).tagging.lists.put(MINE)
    parts.window.commands.lists.trigger()
    one = parts.conductor._tags.editor
    assert one is not None
    qtbot.waitUntil(lambda: one.tree.rowCount() == 3 and one.lists.current() == ("Colours", False), timeout=20_000)
    yield one
    if parts.conductor._tags.editor is one:
        one.revert.click()
        one.close()


def shown(editor: LabelEditor, parts: Parts) -> list[str]:
    """The names of the photos in the preview, in order."""
    ids = [int(photo_id) for photo_id in editor.preview.model.ids]
    return [photo.path.name.split()[0] for photo in library_of(parts).photos(ids)]


def title(editor: LabelEditor) -> str:
    sections = editor.preview.grid.sections()
    return sections[0].title if editor.preview.pages.currentWidget() is editor.preview.grid and sections else ""


def kept(parts: Parts, name: str = "Colours") -> LabelList:
    found = library_of(parts).tagging.lists.find(name)
    assert found is not None
    return found


def test_typing_a_label_shows_the_photos_that_it_would_get(editor: LabelEditor, parts: Parts, qtbot: Any) -> None:
    qtbot.keyClicks(editor.new, "blue")
    qtbot.waitUntil(lambda: "“blue”" in title(editor), timeout=20_000)
    assert shown(editor, parts)[:3] == ["blue"] * 3
    editor.new.clear()
    qtbot.keyClicks(editor.new, "gree")
    qtbot.keyClicks(editor.new, "n")
    qtbot.waitUntil(lambda: "“green”" in title(editor), timeout=20_000)
    assert shown(editor, parts)[:3] == ["green"] * 3
    assert [label.name for label in kept(parts).labels] == ["Warm", "Red", "Yellow", "Blue", "Day"], (
        "nothing is kept yet"
    )
    qtbot.waitUntil(lambda: editor.preview._thumbnails.pixmap(editor.preview.model.photo_id(0)) is not None)


def test_the_fields_of_a_label_show_in_the_preview_at_once(editor: LabelEditor, parts: Parts, qtbot: Any) -> None:
    item = editor.tree.named("Day")
    assert item is not None
    editor.view.go_to(item)
    assert editor.fields.name.text() == "Day" and editor.fields.group.currentText() == "Light"
    editor.fields.prompts.setPlainText("white\n\n  white \n")
    qtbot.waitUntil(lambda: "“Day”" in title(editor) and shown(editor, parts)[:3] == ["white"] * 3, timeout=20_000)
    assert item.label.prompts == ("white",)
    assert editor.is_edited() and editor.save.isEnabled()
    editor.save.click()
    qtbot.waitUntil(lambda: not editor.is_edited())
    assert next(label for label in kept(parts).labels if label.name == "Day").prompts == ("white",)


def test_enter_adds_and_shift_enter_adds_below(editor: LabelEditor, parts: Parts, qtbot: Any) -> None:
    blue = editor.tree.named("blue")
    assert blue is not None
    editor.view.go_to(blue)
    editor.new.setText("Green")
    qtbot.keyClick(editor.new, Qt.Key.Key_Return)
    assert editor.new.text() == "" and editor.view.current() is editor.tree.named("Green")
    editor.new.setText("Dark green")
    qtbot.keyClick(editor.new, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClick(editor, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: not editor.is_edited())
    names = [(label.name, label.parent) for label in kept(parts).labels]
    assert names[-3:] == [("Green", None), ("Dark green", "Green"), ("Day", None)]


def test_what_is_wrong_is_said_under_the_field(editor: LabelEditor, parts: Parts, qtbot: Any) -> None:
    qtbot.keyClicks(editor.new, "bLUE")
    assert editor.new_fault.text() == "“bLUE” is in this list already." and not editor.new_fault.isHidden()
    qtbot.keyClick(editor.new, Qt.Key.Key_Return)
    assert editor.new.text() == "bLUE" and len(editor.tree.labels()) == 5
    editor.new.clear()
    item = editor.tree.named("Red")
    assert item is not None
    editor.view.go_to(item)
    editor.fields.name.selectAll()
    qtbot.keyClicks(editor.fields.name, "yellow")
    assert "already" in editor.fields.fault.text() and not editor.save.isEnabled()
    editor.fields.name.clear()
    editor.fields.name.textEdited.emit("")
    assert editor.fields.fault.text() == "A label needs a name."
    qtbot.keyClicks(editor.fields.name, "Scarlet")
    assert editor.fields.fault.isHidden() and editor.save.isEnabled()
    editor.list_fields.templates.setPlainText("a photo")
    assert "has no {label}" in editor.list_fields.templates_fault.text() and not editor.save.isEnabled()
    editor.list_fields.templates.setPlainText("a photo of a {label}")
    assert editor.list_fields.templates_fault.isHidden() and editor.save.isEnabled()


def test_a_label_with_decisions_is_renamed_and_loses_none(editor: LabelEditor, parts: Parts, qtbot: Any) -> None:
    library = library_of(parts)
    decisions = library.tagging.decisions
    ids = [int(photo_id) for photo_id in library.browse()]
    red = decisions.label_id("Red")
    decisions.accept([(ids[0], red), (ids[1], red)])
    decisions.reject([(ids[2], red)])
    item = editor.tree.named("Red")
    assert item is not None
    editor.view.setFocus()
    editor.view.go_to(item)
    qtbot.keyClick(editor.view, Qt.Key.Key_F2)
    field = editor.view.findChild(QLineEdit)
    assert field is not None
    qtbot.keyClick(editor.view, Qt.Key.Key_F2)
    field.setText("Crimson")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: editor.tree.renamed() == {"Red": "Crimson"})
    assert editor.fields.name.text() == "Crimson"
    editor.save.click()
    qtbot.waitUntil(lambda: not editor.is_edited())
    crimson = decisions.label_id("Crimson")
    states = {photo_id: {tag.label_id: tag.state for tag in decisions.of(photo_id)} for photo_id in ids[:3]}
    assert [states[photo_id][crimson] for photo_id in ids[:3]] == [State.ACCEPTED, State.ACCEPTED, State.REJECTED]
    assert [label.parent for label in kept(parts).labels if label.name == "Crimson"] == ["Warm"]


def test_taking_a_label_out_keeps_its_tags_and_what_is_below_it(editor: LabelEditor, parts: Parts, qtbot: Any) -> None:
    library = library_of(parts)
    photo_id = int(library.browse()[0])
    library.tagging.decisions.tag([photo_id], "Warm")
    item = editor.tree.named("Warm")
    assert item is not None
    editor.view.setFocus()
    editor.view.go_to(item)
    qtbot.keyClick(editor.view, Qt.Key.Key_Delete)
    assert "keep it" in editor.said.text()
    editor.save.click()
    qtbot.waitUntil(lambda: not editor.is_edited())
    assert [(label.name, label.parent) for label in kept(parts).labels][:2] == [("Red", None), ("Yellow", None)]
    assert [tag.label for tag in library.tagging.decisions.of(photo_id)] == ["Warm"]


def test_labels_are_moved_by_keys_and_never_below_themselves(editor: LabelEditor, qtbot: Any) -> None:
    alt = Qt.KeyboardModifier.AltModifier
    blue, warm = editor.tree.named("Blue"), editor.tree.named("Warm")
    assert blue is not None and warm is not None
    editor.view.setFocus()
    editor.view.go_to(blue)
    qtbot.keyClick(editor.view, Qt.Key.Key_Right, alt)
    assert blue.label.parent == "Warm"
    qtbot.keyClick(editor.view, Qt.Key.Key_Up, alt)
    assert [label.name for label in editor.tree.labels()] == ["Warm", "Red", "Blue", "Yellow", "Day"]
    assert not editor.tree.move(warm, blue, 0), "nothing lies below itself"
    qtbot.keyClick(editor.view, Qt.Key.Key_Left, alt)
    assert blue.label.parent is None and editor.view.current() is blue
    editor.revert.click()
    assert editor.tree.labels() == MINE.labels and not editor.is_edited()


def test_an_exclusive_group_is_kept(editor: LabelEditor, parts: Parts, qtbot: Any) -> None:
    item = editor.tree.named("Day")
    assert item is not None
    editor.view.go_to(item)
    assert not editor.fields.only_one.isChecked()
    editor.fields.only_one.click()
    editor.save.click()
    qtbot.waitUntil(lambda: not editor.is_edited())
    assert kept(parts).exclusive == ("Light",)


def test_a_list_is_renamed_in_place_and_a_taken_name_is_told(editor: LabelEditor, parts: Parts, qtbot: Any) -> None:
    library_of(parts).tagging.lists.put(LabelList("Other", (Label("x"),)))
    editor.load()
    qtbot.waitUntil(lambda: "Other" in editor._own)
    editor.lists.setFocus()
    qtbot.keyClick(editor.lists, Qt.Key.Key_F2)
    field = editor.lists.findChild(QLineEdit, "renaming")
    assert field is not None
    field.setText("other")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "already" in editor.said.text())
    assert editor.lists.current() == ("Colours", False)
    qtbot.waitUntil(lambda: editor.lists.findChild(QLineEdit, "renaming") is None)
    editor.lists.rename()
    field = editor.lists.findChild(QLineEdit, "renaming")
    field.setText("Paint")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: editor.lists.current() == ("Paint", False))
    assert [label.name for label in kept(parts, "Paint").labels] == ["Warm", "Red", "Yellow", "Blue", "Day"]
    qtbot.waitUntil(lambda: parts.window.side.lists_model.row_of("Paint") is not None)


@pytest.mark.parametrize("choice", list(Leaving))
def test_leaving_asks_what_is_to_become_of_edits(
    editor: LabelEditor, parts: Parts, qtbot: Any, monkeypatch: pytest.MonkeyPatch, choice: Leaving
) -> None:
    asked: list[str] = []

    def answer(_parent: Any, name: str, why_not: str) -> Leaving:
        asked.append(name + why_not)
        return choice

    monkeypatch.setattr("app.window.label_editor.ask_to_leave", answer)
    editor.new.setText("Green")
    editor.add_label()
    editor.reject()
    assert asked == ["Colours"]
    if choice is Leaving.STAY:
        assert editor.isVisible() and editor.is_edited()
        return
    qtbot.waitUntil(lambda: parts.conductor._tags.editor is None)
    names = [label.name for label in kept(parts).labels]
    assert ("Green" in names) is (choice is Leaving.SAVE)


def blue_is_edited(editor: LabelEditor) -> None:
    item = editor.tree.named("Blue")
    assert item is not None
    editor.view.go_to(item)
    editor.fields.prompts.setPlainText("the blue sky")
    assert editor.is_edited()


def test_names_that_are_given_elsewhere_are_followed_while_a_list_is_edited(
    editor: LabelEditor, parts: Parts, qtbot: Any
) -> None:
    """Saving a copy that knows nothing of them would bring the old names back."""
    blue_is_edited(editor)
    parts.conductor._tags._on_tag_renamed("Warm", "Cosy")
    qtbot.waitUntil(lambda: editor.tree.named("Cosy") is not None)
    parts.conductor._tags._on_tag_renamed("Blue", "Azure")
    qtbot.waitUntil(lambda: editor.tree.named("Azure") is not None)
    parts.conductor._tags._on_list_renamed("Colours", "Paints")
    qtbot.waitUntil(lambda: editor.list_fields.name.text() == "Paints")
    qtbot.waitUntil(lambda: editor.lists.current() == ("Paints", False))
    assert editor.is_edited() and not editor.tree.renamed()
    editor.save.click()
    qtbot.waitUntil(lambda: not editor.is_edited() and not editor.revert.isVisible())
    lists = library_of(parts).tagging.lists
    assert [name for name, _ in lists.names()] == ["Paints"]
    found = kept(parts, "Paints").labels
    assert [(label.name, label.parent) for label in found] == [
        ("Cosy", None), ("Red", "Cosy"), ("Yellow", "Cosy"), ("Azure", None), ("Day", None)
    ]  # fmt: skip
    assert found[3].prompts == ("the blue sky",)


def test_a_name_of_ones_own_goes_over_one_that_is_given_elsewhere(
    editor: LabelEditor, parts: Parts, qtbot: Any
) -> None:
    item = editor.tree.named("Blue")
    assert item is not None
    editor.tree.setData(editor.tree.place(item), "Sky")
    parts.conductor._tags._on_tag_renamed("Blue", "Azure")
    qtbot.waitUntil(lambda: item.was == "Azure")
    assert item.name == "Sky" and editor.tree.renamed() == {"Azure": "Sky"}


@pytest.mark.parametrize("answer", list(Leaving))
def test_of_a_list_that_is_changed_elsewhere_while_it_is_edited_it_is_asked_which_is_kept(
    editor: LabelEditor, parts: Parts, qtbot: Any, monkeypatch: pytest.MonkeyPatch, answer: Leaving
) -> None:
    asked: list[str] = []

    def which(_parent: object, name: str) -> Leaving:
        asked.append(name)
        return answer

    monkeypatch.setattr("app.window.label_editor.ask_which", which)
    blue_is_edited(editor)
    parts.conductor.tagging.put(LabelList("Colours", (Label("Grey"),)), "Colours", lambda _labels: None)
    qtbot.waitUntil(lambda: "Changed elsewhere" in editor.said.text())
    assert editor.tree.named("Blue") is not None, "what was edited is still there"
    editor.save.click()
    assert asked == ["Colours"]
    if answer is Leaving.SAVE:
        qtbot.waitUntil(lambda: [label.name for label in kept(parts).labels][-2:] == ["Blue", "Day"])
        return
    assert [label.name for label in kept(parts).labels] == ["Grey"]
    assert editor.is_edited() == (answer is Leaving.STAY)
    if answer is Leaving.DISCARD:
        assert [label.name for label in editor.working().labels] == ["Grey"]


def test_a_list_that_is_removed_elsewhere_can_be_kept_anew(editor: LabelEditor, parts: Parts, qtbot: Any) -> None:
    blue_is_edited(editor)
    parts.conductor.tagging.remove("Colours")
    qtbot.waitUntil(lambda: "Removed elsewhere" in editor.said.text())
    assert library_of(parts).tagging.lists.find("Colours") is None
    editor.save.click()
    qtbot.waitUntil(lambda: library_of(parts).tagging.lists.find("Colours") is not None)
    assert kept(parts).labels[3].prompts == ("the blue sky",)


def test_a_list_that_is_not_edited_shows_what_became_of_it_elsewhere(
    editor: LabelEditor, parts: Parts, qtbot: Any
) -> None:
    parts.conductor._tags._on_list_renamed("Colours", "Paints")
    qtbot.waitUntil(lambda: editor.lists.current() == ("Paints", False) and editor._list.name == "Paints")
    parts.conductor.tagging.remove("Paints")
    qtbot.waitUntil(lambda: editor.tree.rowCount() == 0)
    assert not editor.is_edited()


def test_a_ready_list_becomes_ones_own(editor: LabelEditor, parts: Parts, qtbot: Any) -> None:
    ready = library_of(parts).tagging.lists.ready()[0]
    editor.lists.go_to(ready.name)
    assert editor.lists.current() == (ready.name, True) and editor.save.text() == "Keep this list"
    assert len(editor.tree.labels()) == len(ready.labels)
    editor.save.click()
    qtbot.waitUntil(lambda: editor.lists.current() == (ready.name, False), timeout=20_000)
    assert kept(parts, ready.name).id is not None


def test_a_new_list_can_be_named_at_once(editor: LabelEditor, parts: Parts, qtbot: Any) -> None:
    editor.begin()
    qtbot.waitUntil(lambda: editor.list_fields.name.hasSelectedText())
    assert editor.tabs.currentWidget() is editor.list_fields
    qtbot.keyClicks(editor.list_fields.name, "Mine")
    editor.new.setText("Sky")
    editor.add_label()
    editor.save.click()
    qtbot.waitUntil(lambda: editor.lists.current() == ("Mine", False))
    assert [label.name for label in kept(parts, "Mine").labels] == ["Sky"]


def test_a_new_list_is_seen_as_it_stands_and_goes_where_nothing_comes_of_it(
    editor: LabelEditor, parts: Parts, qtbot: Any
) -> None:
    editor.begin()
    qtbot.waitUntil(lambda: editor.list_fields.name.hasSelectedText())
    assert any(name == "New list" for name, _ in library_of(parts).tagging.lists.names())
    qtbot.keyClicks(editor.list_fields.name, "Album")
    for name in ("Sky", "Sea"):
        editor.new.setText(name)
        editor.add_label()
    assert editor.tabs.currentWidget() is editor.fields, "what was added is what is shown"
    qtbot.waitUntil(lambda: editor.lists.current() == ("New list", False))
    working = WORKING
    qtbot.waitUntil(lambda: editor.lists.currentItem().data(working) == ("Album", 2))
    assert [editor.lists.item(row).data(working) for row in range(editor.lists.count())].count(("Album", 2)) == 1
    editor.revert.click()
    editor.reject()
    qtbot.waitUntil(lambda: [name for name, _ in library_of(parts).tagging.lists.names()] == ["Colours"])


def test_the_window_does_not_close_over_an_edited_list(
    editor: LabelEditor, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def stay(_parent: object, name: str, _why_not: object) -> Leaving:
        asked.append(name)
        return Leaving.STAY if len(asked) == 1 else Leaving.DISCARD

    monkeypatch.setattr("app.window.label_editor.ask_to_leave", stay)
    editor.new.setText("Night")
    editor.add_label()
    assert not parts.window.close() and parts.window.isVisible() and editor.is_edited()
    assert parts.window.close() and asked == ["Colours", "Colours"]


def test_lists_travel_in_files(editor: LabelEditor, parts: Parts, qtbot: Any, tmp_path: Path) -> None:
    files = parts.conductor._tags.files
    files.write("Colours", tmp_path / "out.toml", "toml")
    qtbot.waitUntil(lambda: "is written" in editor.said.text())
    (tmp_path / "Birds.txt").write_text("Bird\n\tOwl\n", encoding="utf-8")
    files.take(tmp_path / "Birds.txt", editor, editor.load)
    qtbot.waitUntil(lambda: editor.lists.current() == ("Birds", False))
    assert [(label.name, label.parent) for label in kept(parts, "Birds").labels] == [("Bird", None), ("Owl", "Bird")]
    (tmp_path / "broken.toml").write_text("labels = [", encoding="utf-8")
    files.take(tmp_path / "broken.toml", editor)
    qtbot.waitUntil(lambda: "broken.toml" in editor.said.text())
    assert editor.said.objectName() == "fault"


def test_what_was_said_stays_when_the_lists_are_read_again(editor: LabelEditor, parts: Parts, qtbot: Any) -> None:
    editor.tell("It cannot be read.", error=True)
    editor._wanted = "nothing yet"
    editor.load()
    qtbot.waitUntil(lambda: editor._wanted is None)
    assert editor.said.text() == "It cannot be read." and editor.said.objectName() == "fault"


def test_ten_thousand_labels_hold_nothing_up(
    editor: LabelEditor, parts: Parts, qtbot: Any, benchmark_free: Callable[[Callable[[], object]], float]
) -> None:
    many = LabelList("Many", tuple(Label(f"label {number}") for number in range(10_000)))
    shown_in = benchmark_free(lambda: editor.tree.show(many))
    listed_in = benchmark_free(editor.tree.labels)
    assert len(editor.tree.labels()) == 10_000
    assert shown_in < 2 and listed_in < 1


@pytest.fixture
def benchmark_free() -> Callable[[Callable[[], object]], float]:
    """Seconds of processor time that something takes: other tests on the machine make no difference."""
    import time

    def measure(act: Callable[[], object]) -> float:
        begun = time.process_time()
        act()
        return time.process_time() - begun

    return measure
