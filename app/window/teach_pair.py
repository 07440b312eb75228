"""The photos of a name: those that a search finds before and after, side by side, or those that have the name."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.jobs import Lanes
from app.window.buttons import PressButton
from app.window.grid_layout import Section
from app.window.laid import NOTHING, Laid
from app.window.photo_delegate import PhotoDelegate
from app.window.photo_grid import PhotoGrid
from app.window.photo_model import PhotoModel
from app.window.teach_reading import Compared
from app.window.theme import Theme
from app.window.thumbnails import Thumbnails
from app.window.words import count_of

SIDE = 124
"""Pixels of a tile: two grids have to have several beside each other."""
_KEPT = 16 << 20
_LOWEST = 60
"""Pixels: a low window has room for the words and a part of the photos."""


class Column(QWidget):
    """A heading, and photos under it."""

    def __init__(self, heading: str, lanes: Lanes, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        # Not the grid's own: the wish of one view would take the place of the other's.
        self.thumbnails = Thumbnails(lanes.thumbnails, capacity=_KEPT, parent=self)
        self.model = PhotoModel(self.thumbnails, self)
        self.grid = PhotoGrid(self.model, self.thumbnails, theme)
        self.grid.setItemDelegate(PhotoDelegate(self.thumbnails, theme, self.grid))
        self.grid.set_side(SIDE)
        self.grid.setAccessibleName(heading)
        self.grid.setAccessibleDescription("")
        self.grid.setMinimumHeight(_LOWEST)
        self.heading = QLabel(heading)
        font = self.heading.font()
        font.setWeight(QFont.Weight.DemiBold)
        self.heading.setFont(font)
        self.heading.setContentsMargins(20, 6, 20, 0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.heading)
        column.addWidget(self.grid, 1)

    def has_picture(self, row: int) -> bool:
        """Whether the photo in a row is to be seen already."""
        return self.thumbnails.pixmap(self.model.photo_id(row)) is not None

    def show_laid(self, laid: Laid) -> None:
        """Show these photos, from the top."""
        self.model.show(laid)
        self.grid.set_sections(laid.sections)
        self.grid.verticalScrollBar().setValue(0)


class Pair(QWidget):
    """What is known of one name, and its photos."""

    search_asked = Signal(str)
    """The name is to be searched for in the window."""

    def __init__(self, lanes: Lanes, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = ""
        self.title = QLabel(textFormat=Qt.TextFormat.PlainText)
        font = self.title.font()
        font.setPointSizeF(font.pointSizeF() * 1.2)
        font.setWeight(QFont.Weight.DemiBold)
        self.title.setFont(font)
        self.title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.about = QLabel(objectName="words", textFormat=Qt.TextFormat.PlainText)
        self.about.setWordWrap(True)
        self.search = PressButton("Search for it")
        self.search.clicked.connect(lambda: self.search_asked.emit(self.name))
        self.before, self.after = Column("Before", lanes, theme), Column("After", lanes, theme)
        head = QHBoxLayout()
        head.setContentsMargins(20, 10, 16, 0)
        head.setSpacing(12)
        words = QVBoxLayout()
        words.setSpacing(3)
        words.addWidget(self.title)
        words.addWidget(self.about)
        head.addLayout(words, 1)
        head.addWidget(self.search, 0, Qt.AlignmentFlag.AlignTop)
        grids = QHBoxLayout()
        grids.setSpacing(0)
        grids.addWidget(self.before, 1)
        grids.addWidget(self.after, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(head)
        column.addLayout(grids, 1)
        self._side_by_side = False

    def columns(self) -> tuple[Column, Column]:
        """Before and after."""
        return self.before, self.after

    def show_name(self, name: str, about: str, photos: Sequence[int], *, compared: bool) -> None:
        """Speak of a name. ``compared``: two searches are under way, else its own photos are shown."""
        same = name == self.name and compared and self._side_by_side
        self.name, self._side_by_side = name, compared
        self.title.setText(name)
        self.title.setToolTip(name)
        self.about.setText(about)
        self.search.setVisible(compared)
        self.search.setAccessibleName(f"Search for {name}")
        self.before.setVisible(compared)
        if compared:
            self.after.heading.setText("After")
            self.after.grid.setAccessibleName("After")
            if not same:
                for one in self.columns():
                    one.show_laid(NOTHING)
            return
        ids = np.array(photos, np.int64)
        self.after.heading.setText("")
        self.after.grid.setAccessibleName(f"Photos of {name}")
        said = "Its caption or tag says so" if len(ids) == 1 else "Their captions or tags say so"
        self.after.show_laid(Laid(ids, (), (Section(0, len(ids), said, count_of(len(ids), "photo")),)))

    def show_compared(self, compared: Compared) -> None:
        """The answers are there."""
        if compared.name == self.name and self._side_by_side:
            self.before.show_laid(compared.before)
            self.after.show_laid(compared.after)
