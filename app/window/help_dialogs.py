"""Keyboard shortcuts, the language of queries, and what this program is."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QBoxLayout,
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.window.icons import picture
from core.search.grammar import KEYS

Section = tuple[str, tuple[tuple[str, str], ...]]
"""A heading, and under it what is pressed or typed and what that does."""

GRAMMAR: tuple[Section, ...] = (
    (
        "What can be asked",
        (
            ("children in the snow", "What a photo shows, in your own words"),
            ('"birthday cake"', "These words together"),
            ("beach -people", "Without: a minus goes before words, filters and brackets"),
            ("2:sunset 0.5:rain", "Counts twice, or half"),
            ("-1:crowd", "Less of it, which is not without it"),
            ("dog OR cat", "One of them"),
            ("(dog OR cat) beach", "Brackets keep together what belongs together"),
        ),
    ),
    (
        "Filters, and photos to compare with",
        tuple((key.example, f"{key.says[0].upper()}{key.says[1:]}") for key in KEYS),
    ),
)
"""How to ask: everything that the query language knows."""

SHORTCUTS: tuple[Section, ...] = (
    (
        "Searching",
        (
            ("Ctrl+F", "Go to the search field"),
            ("Ctrl+Space, Tab", "What can be typed here, and take it"),
            ("Alt+Down", "Earlier searches"),
            ("Ctrl+S", "Save this search"),
            ("Esc", "Clear the search: show all photos"),
            ("Down", "From the search field to the photos"),
            ("Tab, then Delete", "To the parts of the search, take one out"),
        ),
    ),
    (
        "Photos",
        (
            ("Arrows", "Walk from photo to photo"),
            ("Enter", "Open the photo"),
            ("F", "A favourite, or no longer"),
            ("Plus, Minus", "More like this, less like this"),
            ("T", "Tag the chosen photos"),
            ("Ctrl+Shift+T", "Suggest tags from a list"),
            ("Ctrl+Shift+L", "Write and edit label lists"),
            ("Ctrl+Z, Ctrl+Shift+Z", "Undo a tagging, and do it again"),
            ("Space", "Open a burst, or fold it"),
            ("Ctrl+E", "Find photos like it"),
            ("Ctrl+Shift+R", "Show it in its folder"),
            ("Ctrl+Shift+O", "Open it with another program"),
            ("Ctrl+C", "Copy where it lies"),
            ("Ctrl+Plus, Ctrl+Minus", "Larger and smaller photos"),
            ("Ctrl+O", "Add a folder"),
            ("Ctrl+Shift+E", "Export results"),
            ("F9", "The panel at the side"),
        ),
    ),
    (
        "Reviewing tags (Ctrl+R)",
        (
            ("A, R", "Accept, reject, and on to the next"),
            ("Space", "The photo larger, or all of them"),
            ("U, Shift+U", "Undo and redo, without limit"),
            ("Shift+A, L", "Accept all above the line, move the line"),
            ("N, P", "The next label, the one before"),
            ("T", "First what teaches most"),
        ),
    ),
    (
        "Teaching names (Ctrl+Shift+N)",
        (
            ("N, P", "The next name, the one before"),
            ("Space, Delete", "In what was learned: on or off, remove"),
            ("Esc", "Back to the photos"),
        ),
    ),
    (
        "One photo",
        (
            ("Left, Right", "The photo before, the next"),
            ("Plus, Minus, wheel", "Zoom"),
            ("0, 1", "The whole photo, its own size"),
            ("I", "What is known of it"),
            ("F", "A favourite, or no longer"),
            ("S", "Find similar photos"),
            ("T", "Add a tag"),
            ("A, X", "Accept the surest suggested tag, reject it"),
            ("R, Shift+drag", "Find photos like a part of it"),
            ("Esc", "Back to the photos"),
        ),
    ),
)
"""Every key that does something."""


class ShortcutsDialog(QDialog):
    """Every key that does something, and how to ask. It scrolls where the screen is small."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys, and how to ask")
        page = QWidget(objectName="floor")
        sides = QBoxLayout(QBoxLayout.Direction.LeftToRight, page)
        sides.setContentsMargins(26, 22, 26, 10)
        sides.setSpacing(40)
        for sections in (GRAMMAR, SHORTCUTS):
            sides.addLayout(_table(sections))
        scroll = QScrollArea(objectName="flow")
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setWidget(page)
        scroll.setAccessibleName("Keys, and how to ask")
        close = QPushButton("Close")
        close.clicked.connect(self.accept)
        foot = QHBoxLayout()
        foot.setContentsMargins(26, 0, 26, 0)
        foot.addStretch(1)
        foot.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 20)
        column.addWidget(scroll)
        column.addLayout(foot)
        close.setFocus()
        room = self.screen().availableGeometry().size() - QSize(40, 80)
        around = QSize(scroll.verticalScrollBar().sizeHint().width(), close.sizeHint().height() + 34)
        if page.sizeHint().width() + around.width() > room.width():
            sides.setDirection(QBoxLayout.Direction.TopToBottom)
        self.resize((page.sizeHint() + around).boundedTo(room))


def _table(sections: tuple[Section, ...]) -> QGridLayout:
    """Sections below each other: what to press or to type, and what it does."""
    grid = QGridLayout()
    grid.setHorizontalSpacing(28)
    grid.setVerticalSpacing(5)
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
    grid.setColumnStretch(1, 1)
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
