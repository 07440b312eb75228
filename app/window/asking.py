"""How the window asks before something is done that is not undone: a question, and two answers or more."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget


def ask(parent: QWidget, title: str, question: str, explained: str, *answers: str, default: int = -1) -> int:
    """Ask, and wait: the number of the answer that was chosen. The last one changes nothing: Escape chooses it, and it
    is the one for Enter where no other is ``default``. Those between the first and the last do away with something."""
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle(title)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(question)
    box.setInformativeText(explained)
    roles = [QMessageBox.ButtonRole.AcceptRole, *[QMessageBox.ButtonRole.DestructiveRole] * (len(answers) - 2)]
    buttons = [
        box.addButton(answer, role)
        for answer, role in zip(answers, (*roles, QMessageBox.ButtonRole.RejectRole), strict=True)
    ]
    box.setDefaultButton(buttons[default])
    box.exec()
    clicked = box.clickedButton()
    return buttons.index(clicked) if clicked in buttons else len(buttons) - 1
