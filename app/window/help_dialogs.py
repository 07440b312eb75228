"""Keyboard shortcuts, the language of queries, and what this program is."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.window.icons import picture

SHORTCUTS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "Searching",
        (
            ("Ctrl+F", "Go to the search field"),
            ("Esc", "Clear the search: show all photos"),
            ("Down", "From the search field to the photos"),
            ("Ctrl+E", "Find photos like the selected one"),
            ("Ctrl+O", "Add a folder"),
        ),
    ),
    (
        "What can be asked",
        (
            ("children in the snow", "What a photo shows, in your own words"),
            ('"birthday cake"', "These words together"),
            ("beach -people", "A beach, but no people"),
            ("folder:Italy", "In folders of this name"),
            ("date:2019", "Taken in this year, month or on this day"),
            ("date:2019-07..2019-09", "Taken from July to September"),
            ('like:"/photos/dog.jpg"', "Looks like this photo"),
        ),
    ),
    (
        "Photos",
        (
            ("Arrows", "Walk from photo to photo"),
            ("Enter", "Open the photo"),
            ("Ctrl+Shift+R", "Show it in its folder"),
            ("Ctrl+Shift+O", "Open it with another program"),
            ("Ctrl+C", "Copy where it lies"),
            ("Ctrl+Plus, Ctrl+Minus", "Larger and smaller photos"),
        ),
    ),
    (
        "One photo",
        (
            ("Left, Right", "The photo before, the next"),
            ("Plus, Minus, wheel", "Zoom"),
            ("0, 1", "The whole photo, its own size"),
            ("I", "What is known of it"),
            ("S", "Find similar photos"),
            ("Esc", "Back to the photos"),
        ),
    ),
)


class ShortcutsDialog(QDialog):
    """Every key that does something, and how to ask."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys, and how to ask")
        sides = QHBoxLayout()
        sides.setSpacing(40)
        half = len(SHORTCUTS) // 2
        for sections in (SHORTCUTS[:half], SHORTCUTS[half:]):
            sides.addLayout(_table(sections))
        close = QPushButton("Close")
        close.clicked.connect(self.accept)
        column = QVBoxLayout(self)
        column.setContentsMargins(26, 22, 26, 20)
        column.addLayout(sides)
        column.addStretch(1)
        column.addWidget(close, alignment=Qt.AlignmentFlag.AlignRight)


def _table(sections: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]) -> QGridLayout:
    """Sections below each other: what to press or to type, and what it does."""
    grid = QGridLayout()
    grid.setHorizontalSpacing(28)
    grid.setVerticalSpacing(7)
    row = 0
    for title, lines in sections:
        heading = QLabel(title)
        font = heading.font()
        font.setWeight(font.Weight.DemiBold)
        heading.setFont(font)
        grid.addWidget(heading, row, 0, 1, 2)
        row += 1
        for said, does in lines:
            label = QLabel(said, textFormat=Qt.TextFormat.PlainText)
            label.setObjectName("quiet")
            grid.addWidget(label, row, 0)
            grid.addWidget(QLabel(does), row, 1)
            row += 1
        grid.setRowMinimumHeight(row, 10)
        row += 1
    grid.setRowStretch(row, 1)
    return grid


class AboutDialog(QDialog):
    """Name, version, model, licence, and the promise that it keeps."""

    def __init__(self, model_name: str, library: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("About Retrouve")
        mark = QLabel()
        mark.setPixmap(picture("retrouve", None, 80, self.devicePixelRatioF()))
        title = QLabel("Retrouve")
        font = title.font()
        font.setPointSizeF(font.pointSizeF() * 1.8)
        font.setWeight(font.Weight.DemiBold)
        title.setFont(font)
        promise = QLabel(
            "Finds your photos by what they show. Nothing leaves this computer, and your photos are only ever read."
        )
        promise.setWordWrap(True)
        facts = QGridLayout()
        facts.setHorizontalSpacing(18)
        for row, (what, value) in enumerate(
            (("Version", own_version()), ("Model", model_name), ("Library", library), ("Licence", "Apache-2.0"))
        ):
            label = QLabel(what)
            label.setObjectName("quiet")
            said = QLabel(value, textFormat=Qt.TextFormat.PlainText, wordWrap=True)
            said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            facts.addWidget(label, row, 0, Qt.AlignmentFlag.AlignTop)
            facts.addWidget(said, row, 1)
        facts.setColumnStretch(1, 1)
        close = QPushButton("Close")
        close.clicked.connect(self.accept)
        words = QVBoxLayout()
        words.setSpacing(12)
        for widget in (title, promise):
            words.addWidget(widget)
        words.addLayout(facts)
        words.addStretch(1)
        words.addWidget(close, alignment=Qt.AlignmentFlag.AlignRight)
        row_layout = QHBoxLayout(self)
        row_layout.setContentsMargins(26, 24, 26, 20)
        row_layout.setSpacing(22)
        row_layout.addWidget(mark, alignment=Qt.AlignmentFlag.AlignTop)
        row_layout.addLayout(words, 1)
        self.setMinimumWidth(self.fontMetrics().horizontalAdvance("x") * 78)


def own_version() -> str:
    """The installed version; a program built without its metadata says so."""
    try:
        return version("retrouve")
    except PackageNotFoundError:
        return "from source"
