"""The folders of the library: how each stands, one more, one less."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.window.asking import ask
from app.window.icons import icon
from app.window.theme import Theme
from app.window.words import count_of
from core.types import RootStatus


class FoldersDialog(QDialog):
    """Lists the roots. What it changes it asks for by signal; ``show_roots`` brings the news back."""

    add_asked = Signal(object)
    forget_asked = Signal(object)
    rescan_asked = Signal()

    def __init__(self, theme: Theme, *, can_change: bool = True, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Folders")
        self._theme = theme
        self.roots = QListWidget()
        self.roots.setAccessibleName("Folders of the library")
        self.roots.setWordWrap(True)
        self.roots.setUniformItemSizes(False)
        self.add = QPushButton("Add a folder…")
        self.add.setProperty("primary", "true")
        self.remove = QPushButton("Remove…")
        self.rescan = QPushButton("Look for changes now")
        close = QPushButton("Close")
        words = QLabel(
            "Photos in these folders, and in the folders inside them, can be found. They are only ever read."
        )
        words.setWordWrap(True)
        words.setObjectName("quiet")
        buttons = QHBoxLayout()
        for button in (self.add, self.remove, self.rescan):
            buttons.addWidget(button)
            button.setEnabled(can_change)
        buttons.addStretch(1)
        buttons.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 18)
        column.setSpacing(14)
        column.addWidget(words)
        column.addWidget(self.roots, 1)
        column.addLayout(buttons)
        self.resize(self.fontMetrics().horizontalAdvance("x") * 95, self.fontMetrics().height() * 24)
        self._can_change = can_change
        self.add.clicked.connect(self._on_add)
        self.remove.clicked.connect(self._on_remove)
        self.rescan.clicked.connect(self.rescan_asked)
        close.clicked.connect(self.accept)
        self.roots.currentItemChanged.connect(self._on_current_changed)
        self._on_current_changed()

    def show_roots(self, statuses: Sequence[RootStatus]) -> None:
        """Show how the roots stand; the current one stays current, or else the first becomes so."""
        current = self.current()
        self.roots.clear()
        for status in statuses:
            item = QListWidgetItem(f"{status.root.path}\n{standing(status)}")
            item.setData(Qt.ItemDataRole.UserRole, status)
            name = "folder" if status.online else "offline"
            item.setIcon(icon(name, self._theme.colour("accent" if status.online else "danger"), 22))
            self.roots.addItem(item)
            if current is not None and status.root.path == current.root.path:
                self.roots.setCurrentItem(item)
        if self.roots.currentItem() is None:
            self.roots.setCurrentRow(0)

    def current(self) -> RootStatus | None:
        """The root that is selected."""
        item = self.roots.currentItem()
        return item.data(Qt.ItemDataRole.UserRole) if item is not None else None

    def _on_current_changed(self) -> None:
        self.remove.setEnabled(self._can_change and self.roots.currentItem() is not None)

    def _on_add(self) -> None:
        path = choose_folder(self)
        if path is not None:
            self.add_asked.emit(path)

    def _on_remove(self) -> None:
        status = self.current()
        if status is not None and confirm_forget(self, status):
            self.forget_asked.emit(status.root.path)


def standing(status: RootStatus) -> str:
    """How a root stands, in a few words."""
    photos = count_of(status.photos, "photo")
    if not status.online:
        why = status.why_offline or "cannot be read now"
        return f"{photos}  ·  offline: {why}"
    if status.failures:
        return f"{photos}  ·  {count_of(status.failures, 'file')} could not be read"
    return photos


def choose_folder(parent: QWidget, start: Path | None = None) -> Path | None:
    """Ask for a folder with the system's own dialog."""
    chosen = QFileDialog.getExistingDirectory(parent, "Choose a folder of photos", str(start or Path.home()))
    return Path(chosen) if chosen else None


def confirm_forget(parent: QWidget, status: RootStatus) -> bool:
    """Ask before a root is removed, and say what that does not do."""
    return not ask(
        parent,
        "Remove folder",
        f"Remove “{status.root.path.name or status.root.path}” from Retrouve?",
        f"{count_of(status.photos, 'photo')} will no longer be found. "
        "The photos themselves stay where they are, untouched.",
        "Remove",
        "Keep",
    )
