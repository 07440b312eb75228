"""What may be dropped onto the window: folders to add, or a photo to search by."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QMimeData, Qt
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from core.photos.suffixes import is_photo_name

OWN = "application/x-retrouve-photo"
"""Marks photos that are dragged out of this window."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """What was dropped: any number of folders, or one photo, or something else."""

    folders: tuple[Path, ...] = ()
    photo: Path | None = None
    other: Path | None = None


def dropped(data: QMimeData) -> Dropped:
    """Sort out what lies in the drag; looks at the disk."""
    paths = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
    folders = tuple(path for path in paths if path.is_dir())
    if folders:
        return Dropped(folders)
    photo = next((path for path in paths if is_photo_name(path.name)), None)
    return Dropped(photo=photo, other=paths[0] if paths and photo is None else None)


class DropOverlay(QFrame):
    """Lies over the window while something is dragged across it, and says what dropping it does."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("drop")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.words = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        font = self.words.font()
        font.setPointSizeF(font.pointSizeF() * 1.6)
        font.setWeight(font.Weight.DemiBold)
        self.words.setFont(font)
        column = QVBoxLayout(self)
        column.addWidget(self.words)
        self.hide()

    def say(self, what: Dropped) -> None:
        """Show over the whole parent."""
        if what.folders:
            self.words.setText("Drop to add this folder" if len(what.folders) == 1 else "Drop to add these folders")
        elif what.photo is not None:
            self.words.setText("Drop to find photos like this one")
        else:
            self.words.setText("This is no photo, and no folder")
        parent = self.parentWidget()
        if parent is not None:
            self.setGeometry(parent.rect().adjusted(16, 16, -16, -16))
        self.raise_()
        self.show()
