"""Asks what is to become of a list that was edited, and is about to be left."""

from __future__ import annotations

from enum import Enum, auto

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget


class Leaving(Enum):
    """What somebody chose."""

    SAVE = auto()
    DISCARD = auto()
    STAY = auto()


def ask_to_leave(parent: QWidget, name: str, why_not: str) -> Leaving:
    """Ask about the list of a name. ``why_not`` is a sentence where it cannot be saved as it stands, else empty."""
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle("Label lists")
    box.setTextFormat(Qt.TextFormat.PlainText)
    save = None
    if why_not:
        box.setText(f"Discard what was edited in “{name}”?")
        box.setInformativeText(f"It cannot be saved as it stands. {why_not}")
    else:
        box.setText(f"Save “{name}”?")
        box.setInformativeText("It was edited, and is not saved yet.")
        save = box.addButton("Save", QMessageBox.ButtonRole.AcceptRole)
    discard = box.addButton("Discard", QMessageBox.ButtonRole.DestructiveRole)
    stay = box.addButton("Go on editing", QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(save or stay)
    box.exec()
    clicked = box.clickedButton()
    if save is not None and clicked is save:
        return Leaving.SAVE
    return Leaving.DISCARD if clicked is discard else Leaving.STAY


def ask_to_remove(parent: QWidget, name: str) -> bool:
    """Ask before a list is removed, and say what that does not do."""
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle("Remove list")
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(f"Remove the list “{name}”?")
    box.setInformativeText("Tags that were accepted or rejected stay. Suggestions of its labels go.")
    remove = box.addButton("Remove", QMessageBox.ButtonRole.AcceptRole)
    box.setDefaultButton(box.addButton("Keep", QMessageBox.ButtonRole.RejectRole))
    box.exec()
    return box.clickedButton() is remove
