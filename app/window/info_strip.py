"""What is known of a photo, in a quiet strip under it, and its tags."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.window.tag_panel import TagPanel
from app.window.theme import Theme
from app.window.words import date_taken, exposure, file_size, short_path
from core.types import Hit, Photo

_BETWEEN = "   ·   "


class InfoStrip(QWidget):
    """The caption, then date, camera and size, then how it answers the query, then its tags. Text can be selected and
    copied."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("strip")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.caption, self.facts, self.match = QLabel(), QLabel(), QLabel()
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 10, 20, 12)
        column.setSpacing(4)
        for label in (self.caption, self.facts, self.match):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            column.addWidget(label)
        self.tags = TagPanel(theme)
        column.addSpacing(2)
        column.addWidget(self.tags)
        self.facts.setObjectName("quiet")
        self.match.setObjectName("quiet")

    def show_photo(self, photo: Photo, captions: Sequence[str], hit: Hit | None) -> None:
        """Say what is known; what is not known takes no room."""
        about = photo.metadata
        size = f"{about.width:,} × {about.height:,}" if about.width else ""
        facts = [date_taken(about), about.camera or "", about.lens or "", exposure(about), size, file_size(photo.size)]
        facts.append(short_path(photo.path.parent))
        self.caption.setText(_BETWEEN.join(captions))
        self.caption.setVisible(bool(captions))
        self.facts.setText(_BETWEEN.join(fact for fact in facts if fact))
        said = []
        if hit is not None:
            if hit.score:
                said.append(f"{hit.match:.0%} match" if hit.strong else f"Weak match, {hit.match:.0%}")
            said.extend(hit.reasons)
            if hit.copies:
                said.append(f"{len(hit.copies)} more {'copy' if len(hit.copies) == 1 else 'copies'} of this file")
        self.match.setText(_BETWEEN.join(said))
        self.match.setVisible(bool(said))
