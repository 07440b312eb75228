"""Asks what has to be known of a model that is imported from the disk, or is fetched by its name on the hub."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCompleter,
    QDialog,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.window.asking import ask
from app.window.models_work import Wanted
from app.window.words import short_path

PREFIX = "hf-hub:"
_FILES = "Checkpoints (*.safetensors *.pt *.pth *.bin *.ckpt)"


class ImportDialog(QDialog):
    """A folder says itself what it holds; of a bare file the architecture has to be named."""

    asked = Signal(object)
    """Wanted."""

    def __init__(self, path: Path, architectures: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Import a model")
        self._path, self._is_file = path, path.is_file()
        self.name = QLineEdit(maxLength=64)
        self.name.setPlaceholderText(path.stem if self._is_file else path.name)
        self.architecture, self.tag = QLineEdit(), QLineEdit()
        self.architecture.setPlaceholderText("for instance ViT-B-32")
        completer = QCompleter(list(architectures), self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.popup().setObjectName("names")
        self.architecture.setCompleter(completer)
        self.tag.setPlaceholderText("for instance laion2b_s34b_b79k")
        self.bring, cancel = QPushButton("Import"), QPushButton("Cancel")
        self._lay_out(cancel)
        self.bring.clicked.connect(self._on_import)
        cancel.clicked.connect(self.reject)
        self.architecture.textChanged.connect(lambda _text: self._allow())
        self._allow()

    def _lay_out(self, cancel: QPushButton) -> None:
        words = QLabel(short_path(self._path), textFormat=Qt.TextFormat.PlainText, wordWrap=True, objectName="quiet")
        fields: list[tuple[str, QWidget, str]] = [("&Name", self.name, "Name on the shelf")]
        if self._is_file:
            fields += [
                ("&Architecture", self.architecture, "Architecture, as OpenCLIP calls it"),
                ("&Trained as", self.tag, "Name of the published checkpoint, which tells how photos are scaled"),
            ]
        else:
            self.architecture.hide()
            self.tag.hide()
        grid = QGridLayout()
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(10)
        for row, (name, field, called) in enumerate(fields):
            label = QLabel(name)
            label.setBuddy(field)
            field.setAccessibleName(called)
            field.setToolTip(called)
            grid.addWidget(label, row, 0)
            grid.addWidget(field, row, 1)
        grid.setColumnStretch(1, 1)
        note = QLabel(
            "Whoever gave you this file has to say which OpenCLIP architecture it is. Leave the last field empty if "
            "you do not know it."
            if self._is_file
            else "It may be a folder of OpenCLIP, an ONNX export as Immich has them, or one that Retrouve exported. It "
            "is copied to the shelf, and measured on the sample photos.",
            wordWrap=True,
            objectName="quiet",
        )
        self.bring.setProperty("primary", "true")
        self.bring.setDefault(True)
        cancel.setAutoDefault(False)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        buttons.addWidget(self.bring)
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 18, 22, 18)
        column.setSpacing(12)
        column.addWidget(words)
        column.addLayout(grid)
        column.addWidget(note)
        column.addStretch(1)
        column.addLayout(buttons)
        self.setMinimumWidth(self.fontMetrics().horizontalAdvance("x") * 74)

    def _allow(self) -> None:
        self.bring.setEnabled(not self._is_file or bool(self.architecture.text().strip()))

    def _on_import(self) -> None:
        self.accept()
        architecture = self.architecture.text().strip() if self._is_file else ""
        self.asked.emit(Wanted(self._path, self.name.text().strip(), architecture, self.tag.text().strip()))


class HubDialog(QDialog):
    """Asks for a model's name on the hub."""

    asked = Signal(str)
    """``hf-hub:organisation/name``."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Fetch another model")
        self.name = QLineEdit()
        self.name.setPlaceholderText("organisation/name")
        self.name.setAccessibleName("Name on the hub")
        label = QLabel("&Name on the Hugging Face hub")
        label.setBuddy(self.name)
        note = QLabel(
            "Models of OpenCLIP, and ONNX exports as Immich has them, can be used. Before anything is fetched you see "
            "how large it is, and its licence.",
            wordWrap=True,
            objectName="quiet",
        )
        self.look, cancel = QPushButton("Look it up"), QPushButton("Cancel")
        self.look.setProperty("primary", "true")
        self.look.setDefault(True)
        cancel.setAutoDefault(False)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        buttons.addWidget(self.look)
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 18, 22, 18)
        column.setSpacing(10)
        for widget in (label, self.name, note):
            column.addWidget(widget)
        column.addLayout(buttons)
        self.setMinimumWidth(self.fontMetrics().horizontalAdvance("x") * 70)
        self.name.textChanged.connect(lambda text: self.look.setEnabled(bool(text.strip())))
        self.look.setEnabled(False)
        self.look.clicked.connect(self._on_look)
        cancel.clicked.connect(self.reject)

    def _on_look(self) -> None:
        self.accept()
        self.asked.emit(PREFIX + self.name.text().strip().removeprefix(PREFIX))


def choose_model(parent: QWidget, *, folder: bool) -> Path | None:
    """Ask for a model's folder or file with the system's own dialog."""
    if folder:
        chosen = QFileDialog.getExistingDirectory(parent, "Choose a model's folder", str(Path.home()))
    else:
        chosen, _ = QFileDialog.getOpenFileName(parent, "Choose a checkpoint", str(Path.home()), _FILES)
    return Path(chosen) if chosen else None


def confirmed(parent: QWidget, title: str, question: str, more: str, act: str) -> bool:
    """Ask before something that costs time, space or leave: a question, what it means, and what the button says."""
    return ask(parent, title, question, more, act, "Cancel") == 0
