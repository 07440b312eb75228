"""The fields of a label, and those of a list as a whole. What is wrong in one is said under it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.window.label_tree import LONGEST, LabelItem, LabelTree, tidy
from core.tagging.types import Label, LabelList

HOLE = "{label}"
"""What a template has in the place of the label's name."""


class Lines(QPlainTextEdit):
    """A field of lines. Tab leaves it, as it leaves every other field."""

    left = Signal()

    def __init__(self, name: str, hint: str, rows: int) -> None:
        super().__init__()
        self.setTabChangesFocus(True)
        self.setPlaceholderText(hint)
        self.setAccessibleName(name)
        self.setAccessibleDescription("One a line")
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.WidgetWidth)
        self.setFixedHeight(self.fontMetrics().lineSpacing() * rows + 16)

    def lines(self) -> tuple[str, ...]:
        """What is in it, without empty lines and without doubled ones."""
        return tuple(dict.fromkeys(line for part in self.toPlainText().splitlines() if (line := tidy(part))))

    def put(self, lines: Sequence[str]) -> None:
        """Show these, unless they stand there already: the cursor stays where it is."""
        if tuple(lines) != self.lines():
            self.setPlainText("\n".join(lines))

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: D102
        super().focusOutEvent(event)
        self.left.emit()


class Form(QScrollArea):
    """Fields below each other, each with its name at the left and a line for what is wrong under it."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName("flow")
        self.setAccessibleName(name)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        page = QWidget(objectName="floor")
        self._grid = QGridLayout(page)
        self._grid.setContentsMargins(0, 0, 8, 0)
        self._grid.setHorizontalSpacing(14)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(1, 1)
        self.setWidget(page)

    def add(self, words: str, field: QWidget) -> QLabel:
        """One more field; the label for what is wrong in it."""
        row = self._grid.rowCount()
        name = QLabel(words)
        name.setBuddy(field)
        name.setMargin(4)
        fault = QLabel(textFormat=Qt.TextFormat.PlainText, objectName="fault", wordWrap=True)
        fault.hide()
        self._grid.addWidget(name, row, 0, Qt.AlignmentFlag.AlignTop)
        self._grid.addWidget(field, row, 1)
        self._grid.addWidget(fault, row + 1, 1)
        return fault

    def end(self) -> None:
        """No more fields: what is below stays empty."""
        self._grid.setRowStretch(self._grid.rowCount(), 1)


def say(fault: QLabel, field: QWidget, sentence: str) -> None:
    """Say what is wrong in a field, or nothing."""
    if fault.text() != sentence:
        fault.setText(sentence)
        field.setAccessibleDescription(sentence)
    fault.setVisible(bool(sentence))


class LabelFields(Form):
    """Everything that one label says of itself. Edits go to the item of the tree at once."""

    edited = Signal()

    def __init__(self, tree: LabelTree) -> None:
        super().__init__("Fields of the label")
        self._tree, self._item = tree, None
        self.name = NameField("Name of the label")
        self.synonyms = Lines("Other names", "Other names for the same: puppy", 2)
        self.prompts = Lines("Sentences of its own", "What such a photo shows: a dog running on the beach", 2)
        self.negatives = Lines("What it is not", "What is easily taken for it: a wolf", 2)
        self.group = QComboBox()
        self.group.setEditable(True)
        self.group.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.group.setAccessibleName("Group")
        self.group.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        edit = self.group.lineEdit()
        assert edit is not None
        edit.setPlaceholderText("None")
        self.only_one = QCheckBox("Only one of this group on a photo")
        self.fault = self.add("&Name", self.name)
        for words, field in (("&Also called", self.synonyms), ("S&entences", self.prompts), ("No&t", self.negatives)):
            self.add(words, field)
            field.textChanged.connect(self._on_edited)
        self.add("&Group", self.group)
        self.add("", self.only_one)
        self.end()
        self.name.textEdited.connect(self._on_edited)
        self.name.abandoned.connect(self._put_name_back)
        self.group.editTextChanged.connect(self._on_edited)
        self.exclusive: Callable[[str], bool] = lambda _group: False
        """Whether a photo has one label of a group at the most."""
        self.show_item(None)

    _item: LabelItem | None

    def show_item(self, item: LabelItem | None) -> None:
        """Show a label; None for none."""
        self._item = item
        label = item.label if item is not None else Label("")
        fields = (self.name, self.synonyms, self.prompts, self.negatives, self.group, self.only_one)
        blockers = [QSignalBlocker(field) for field in fields]
        if tidy(self.name.text()) != label.name:
            self.name.setText(label.name)
        self.synonyms.put(label.synonyms)
        self.prompts.put(label.prompts)
        self.negatives.put(label.negatives)
        groups = self._tree.groups()
        if [self.group.itemText(at) for at in range(self.group.count())] != groups:
            self.group.clear()
            self.group.addItems(groups)
        if tidy(self.group.currentText()) != (label.group or ""):
            self.group.setEditText(label.group or "")
        self.only_one.setChecked(bool(label.group) and self.exclusive(label.group or ""))
        self.only_one.setEnabled(bool(label.group))
        del blockers
        widget = self.widget()
        assert widget is not None
        widget.setEnabled(item is not None)
        self.check()

    def check(self) -> str:
        """What is wrong with the name, which is said under it; nothing where it is right."""
        sentence = "" if self._item is None else fault_of(self._tree, self._item, self.name.text())
        say(self.fault, self.name, sentence)
        return sentence

    def _put_name_back(self) -> None:
        """Escape in the field: the name that the label has in the tree."""
        if self._item is not None:
            self.name.setText(self._item.label.name)
            self._on_edited()

    def _on_edited(self) -> None:
        item = self._item
        if item is None:
            return
        group = tidy(self.group.currentText()) or None
        self.only_one.setEnabled(group is not None)
        with QSignalBlocker(self.only_one):
            self.only_one.setChecked(group is not None and self.exclusive(group))
        before = item.label
        after = replace(
            before,
            name=tidy(self.name.text()),
            synonyms=self.synonyms.lines(),
            prompts=self.prompts.lines(),
            negatives=self.negatives.lines(),
            group=group,
        )
        self.check()
        if after != before:
            self._tree.set_label(item, after)
            self.edited.emit()


class NameField(QLineEdit):
    """One line for a name."""

    entered = Signal(bool)
    """Enter was pressed in it, and whether with Shift."""
    abandoned = Signal()
    """Escape was pressed in it after something was typed."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setMaxLength(LONGEST)
        self.setAccessibleName(name)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        if event.key() == Qt.Key.Key_Escape and self.isModified():
            self.setModified(False)
            self.abandoned.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.entered.emit(bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
            event.accept()
        else:
            super().keyPressEvent(event)


class ListFields(Form):
    """What a list says of itself: its name, and the sentences that its labels are put into."""

    edited = Signal()

    def __init__(self, taken: Callable[[str], bool]) -> None:
        super().__init__("Fields of the list")
        self._taken = taken
        self.name = QLineEdit()
        self.name.setMaxLength(LONGEST)
        self.name.setAccessibleName("Name of the list")
        self.templates = Lines("Sentences that labels are put into", f"a photo of a {HOLE}", 5)
        self.name_fault = self.add("&Name", self.name)
        self.templates_fault = self.add("S&entences", self.templates)
        words = QLabel(
            f"Each label is put in the place of {HOLE} in every sentence, and what they mean is averaged. Without any, "
            "those that come with Retrouve are used.",
            wordWrap=True,
            objectName="quiet",
        )
        note = QWidget()
        column = QVBoxLayout(note)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(words)
        self.add("", note)
        self.end()
        self.name.textEdited.connect(self._on_edited)
        self.templates.textChanged.connect(self._on_edited)

    def show_list(self, labels: LabelList) -> None:
        """Show a list."""
        blockers = [QSignalBlocker(self.name), QSignalBlocker(self.templates)]
        self.name.setText(labels.name)
        self.templates.put(labels.templates)
        del blockers
        self.check()

    def check(self) -> str:
        """What is wrong, which is said under the field; nothing where all is right."""
        name = tidy(self.name.text())
        if not name:
            of_name = "A list needs a name."
        elif self._taken(name):
            of_name = "Another list has this name."
        else:
            of_name = ""
        say(self.name_fault, self.name, of_name)
        wrong = next((line for line in self.templates.lines() if HOLE not in line), None)
        of_templates = "" if wrong is None else f"“{wrong}” has no {HOLE} where the label goes."
        say(self.templates_fault, self.templates, of_templates)
        return of_name or of_templates

    def _on_edited(self) -> None:
        self.check()
        self.edited.emit()


def fault_of(tree: LabelTree, item: LabelItem, name: str) -> str:
    """What is wrong with a name for a label; nothing where it is right."""
    if not tidy(name):
        return "A label needs a name."
    if tree.named(name, item) is not None:
        return f"“{tidy(name)}” is in this list already."
    return ""
