"""Rules for folders: which label list is suggested from when photos come in, and what is accepted at once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.window.main_window import MainWindow
from app.window.session import Session
from app.window.tagging import Tagging
from app.window.words import short_path
from core.errors import RetrouveError
from core.tagging.types import Rule

if TYPE_CHECKING:
    from core.tagging import Tagging as CoreTagging

USUAL = 95
"""Percent from which a rule accepts, until somebody says otherwise."""
_OTHER = "Another folder…"


class RulesDialog(QDialog):
    """Lists the rules, takes one away, makes one more. What it changes it asks for; `show_rules` brings the news."""

    add_asked = Signal(object, str, object)
    """Path of the folder, the name of the list, and the probability to accept from, or None."""
    remove_asked = Signal(int)
    """The id of a rule."""

    def __init__(self, folders: Sequence[Path], lists: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Rules for new photos")
        self.rules = QListWidget()
        self.rules.setAccessibleName("Rules")
        self.rules.setWordWrap(True)
        self.none = QLabel("There is no rule yet: nothing is suggested for new photos by itself.", objectName="quiet")
        self.none.setWordWrap(True)
        self.remove = QPushButton("Re&move")
        self.remove.setAutoDefault(False)  # Enter adds, and never takes away.
        self.folder, self.list = QComboBox(), QComboBox()
        self.accept_too = QCheckBox("&Accept what is at least")
        self.percent = QSpinBox()
        self.percent.setRange(1, 100)
        self.percent.setValue(USUAL)
        self.percent.setSuffix("% sure")
        self.percent.setAccessibleName("Percent from which suggestions are accepted")
        self.add = QPushButton("A&dd this rule")
        self.add.setProperty("primary", "true")
        self.add.setDefault(True)
        self.fault = QLabel(objectName="fault", textFormat=Qt.TextFormat.PlainText)
        self.fault.setWordWrap(True)
        self.fault.hide()
        self._folders = list(folders)
        self._show_folders()
        self.list.addItems(list(lists))
        self._lay_out()
        self.accept_too.toggled.connect(self._fit)
        self.folder.activated.connect(self._on_folder)
        self.add.clicked.connect(self._on_add)
        self.remove.clicked.connect(self._on_remove)
        self.rules.currentItemChanged.connect(self._fit)
        self.show_rules([])

    def _lay_out(self) -> None:
        words = QLabel(
            "When photos come into a folder, or into one below it, tags are suggested for them from a label list. They "
            "wait on the review page, except for those that a rule accepts."
        )
        words.setWordWrap(True)
        words.setObjectName("quiet")
        form = QGridLayout()
        form.setHorizontalSpacing(14)
        form.setVerticalSpacing(10)
        for row, (name, field) in enumerate((("&Photos in", self.folder), ("Label &list", self.list))):
            label = QLabel(name)
            label.setBuddy(field)
            field.setAccessibleName(name.replace("&", ""))
            form.addWidget(label, row, 0)
            form.addWidget(field, row, 1)
        line = QHBoxLayout()
        line.setSpacing(8)
        line.setContentsMargins(0, 2, 0, 0)
        line.addWidget(self.accept_too)
        line.addWidget(self.percent)
        line.addStretch(1)
        line.addWidget(self.add)
        form.addLayout(line, 2, 1)
        form.setColumnStretch(1, 1)
        close = QPushButton("Close")
        close.setAutoDefault(False)
        close.clicked.connect(self.accept)
        buttons = QHBoxLayout()
        buttons.addWidget(self.remove)
        buttons.addStretch(1)
        buttons.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 18, 22, 18)
        column.setSpacing(14)
        column.addWidget(words)
        column.addWidget(self.none)
        column.addWidget(self.rules, 1)
        column.addLayout(form)
        column.addWidget(self.fault)
        column.addLayout(buttons)
        for label in (words, self.none, self.fault):
            policy = label.sizePolicy()  # A new one would forget that its height follows from its width.
            policy.setVerticalPolicy(QSizePolicy.Policy.Maximum)
            label.setSizePolicy(policy)
        self.resize(self.fontMetrics().horizontalAdvance("x") * 92, self.fontMetrics().height() * 12)

    def show_rules(self, rules: Sequence[Rule]) -> None:
        """These are the rules now."""
        self.fault.hide()
        self.rules.clear()
        for rule in rules:
            item = QListWidgetItem(f"{short_path(rule.folder)}\n{in_words(rule)}")
            item.setData(Qt.ItemDataRole.UserRole, rule.id)
            item.setToolTip(str(rule.folder))
            self.rules.addItem(item)
        self.rules.setCurrentRow(0)
        self.rules.setVisible(bool(rules))
        self.none.setVisible(not rules)
        self.remove.setVisible(bool(rules))
        self._fit()
        self._fit_height()

    def _fit_height(self) -> None:
        """Without rules as high as what is said; with some there is room for a few, and more if somebody made it."""
        layout = self.layout()
        if layout is not None:
            layout.activate()
            least = layout.totalHeightForWidth(self.width())
            self.setMinimumHeight(least)
            rules = self.rules.isVisibleTo(self)
            self.resize(self.width(), max(self.height(), self.fontMetrics().height() * 26) if rules else least)

    def say_fault(self, error: RetrouveError) -> None:
        """Why a rule was not kept. What was entered stays."""
        self.fault.setText(str(error))
        self.fault.show()

    def _show_folders(self, chosen: Path | None = None) -> None:
        self.folder.clear()
        for folder in self._folders:
            self.folder.addItem(short_path(folder), folder)
        self.folder.addItem(_OTHER)
        if chosen is not None:
            self.folder.setCurrentIndex(self._folders.index(chosen))

    def _fit(self) -> None:
        self.percent.setEnabled(self.accept_too.isChecked())
        self.remove.setEnabled(self.rules.currentItem() is not None)
        self.add.setEnabled(self.list.count() > 0 and self.folder.currentData() is not None)
        self.add.setToolTip("" if self.list.count() else "Make a label list first, or take one of those that are ready")

    def _on_folder(self, row: int) -> None:
        """The last entry asks for a folder; where none is chosen, the one of before stays."""
        if self.folder.itemData(row) is None:
            start = self._folders[0] if self._folders else Path.home()
            chosen = QFileDialog.getExistingDirectory(self, "Choose a folder of the library", str(start))
            if chosen and Path(chosen) not in self._folders:
                self._folders.append(Path(chosen))
            self._show_folders(Path(chosen) if chosen else (self._folders[0] if self._folders else None))
        self._fit()

    def _on_add(self) -> None:
        line = self.percent.value() / 100 if self.accept_too.isChecked() else None
        self.add_asked.emit(self.folder.currentData(), self.list.currentText(), line)

    def _on_remove(self) -> None:
        item = self.rules.currentItem()
        if item is not None:
            self.remove_asked.emit(item.data(Qt.ItemDataRole.UserRole))


def in_words(rule: Rule) -> str:
    """What a rule does: ``Suggests from “everyday”, and accepts from 95%``."""
    also = "" if rule.accept_above is None else f", and accepts from {rule.accept_above * 100:g}%"
    return f"Suggests from “{rule.list_name}”{also}"


class Rules(QObject):
    """Opens the dialog, and carries what is asked in it to the library."""

    def __init__(self, window: MainWindow, session: Session, tagging: Tagging) -> None:
        super().__init__(window)
        self._window, self._session, self._tagging = window, session, tagging
        self._dialog: RulesDialog | None = None

    def open(self) -> None:
        """Show the rules."""
        if self._tagging.can_change and self._dialog is None:
            self._tagging.ask(_lists_and_rules, self._on_known, self._on_failed)

    def _on_known(self, known: tuple[list[str], list[Rule]]) -> None:
        if self._dialog is not None:
            return  # asked for twice
        lists, rules = known
        folders = [status.root.path for status in self._session.roots or ()]
        dialog = self._dialog = RulesDialog(folders, lists, self._window)
        dialog.show_rules(rules)
        dialog.add_asked.connect(self._on_add)
        dialog.remove_asked.connect(lambda id: self._change(lambda core: core.rules.remove(id)))
        dialog.finished.connect(self._on_closed)
        dialog.open()

    def _on_add(self, folder: Path, name: str, line: float | None) -> None:
        self._change(lambda core: core.rules.add(folder, name, line))

    def _change(self, work: object) -> None:
        self._tagging.keep(partial(_then_rules, work), self._show, self._on_failed)

    def _show(self, rules: list[Rule]) -> None:
        if self._dialog is not None:
            self._dialog.show_rules(rules)

    def _on_failed(self, error: RetrouveError) -> None:
        if self._dialog is not None:
            self._dialog.say_fault(error)
        else:
            self._window.banner.say(str(error), topic="action")

    def _on_closed(self) -> None:
        if self._dialog is not None:
            self._dialog.deleteLater()
            self._dialog = None


def _lists_and_rules(core: CoreTagging) -> tuple[list[str], list[Rule]]:
    """The names of all lists, those that are ready among them, and the rules. Runs in a worker thread."""
    names = {name for name, _ in core.lists.names()} | {ready.name for ready in core.lists.ready()}
    return sorted(names, key=str.casefold), core.rules.all()


def _then_rules(change: object, core: CoreTagging) -> list[Rule]:
    """Change something, and tell the rules that there are then. Runs in a worker thread."""
    change(core)  # type: ignore[operator]
    return core.rules.all()
