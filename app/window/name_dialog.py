"""Asks under which name a search is to be kept."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from app.window.saved_model import SavedModel
from core.saved import LONGEST_NAME
from core.search.grammar import All, Like, Weighted, describe, parse

_LONG = 300
"""Characters of the query that are shown."""


class NameDialog(QDialog):
    """The query, a field for its name, and a word where that name is taken."""

    named = Signal(str)
    """The name that was chosen."""

    def __init__(self, query: str, model: SavedModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Save this search")
        self._query, self._model = query, model
        known = model.saved_as(query)
        words = QLabel(query if len(query) <= _LONG else f"{query[: _LONG - 1]}…", textFormat=Qt.TextFormat.PlainText)
        words.setObjectName("quiet")
        words.setWordWrap(True)
        label = QLabel("&Name")
        self.name = QLineEdit(known.name if known else suggested(query))
        self.name.setMaxLength(LONGEST_NAME)
        self.name.setAccessibleName("Name of the saved search")
        label.setBuddy(self.name)
        self.note = QLabel(textFormat=Qt.TextFormat.PlainText)
        self.note.setWordWrap(True)
        self.note.setObjectName("quiet")
        self.save = QPushButton("Save")
        self.save.setProperty("primary", "true")
        self.save.setDefault(True)
        cancel = QPushButton("Cancel")
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        buttons.addWidget(self.save)
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 18, 22, 18)
        column.setSpacing(10)
        for widget in (words, label, self.name, self.note):
            column.addWidget(widget)
        column.addLayout(buttons)
        self.setMinimumWidth(self.fontMetrics().horizontalAdvance("x") * 70)
        self.name.textChanged.connect(self._on_text_changed)
        self.save.clicked.connect(self._on_save)
        cancel.clicked.connect(self.reject)
        self.name.selectAll()
        self._on_text_changed()

    def _on_text_changed(self) -> None:
        name = " ".join(self.name.text().split())
        taken = self._model.named(name)
        self.save.setEnabled(bool(name))
        if taken is None:
            self.note.setText("It appears in the side panel, with the number of photos that it finds.")
        elif taken.query == self._query:
            self.note.setText("This search is saved under this name already.")
        else:
            self.note.setText(f"Replaces the saved search of this name: {taken.query}")
        self.save.setText("Replace" if taken is not None and taken.query != self._query else "Save")

    def _on_save(self) -> None:
        self.named.emit(self.name.text())
        self.accept()


def suggested(query: str) -> str:
    """A name for a query: what was typed; with a photo in it, whose path says little, what it asks for in words."""
    terms = parse(query).terms
    compared = any(isinstance(term.term if isinstance(term, Weighted) else term, Like) for term in terms)
    name = describe(terms[0] if len(terms) == 1 else All(terms)) if compared else query
    return name[:LONGEST_NAME]
