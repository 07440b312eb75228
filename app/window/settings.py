"""What the window remembers from one time to the next, kept beside the library that it shows."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings

from app.window.photo_grid import LARGEST, SMALLEST, USUAL
from app.window.theme import Choice


class Settings:
    """Geometry, size of the tiles, theme, info strip. Lost settings are no fault: the defaults hold again."""

    def __init__(self, library_folder: Path) -> None:
        self._kept = QSettings(str(library_folder / "window.ini"), QSettings.Format.IniFormat)

    @property
    def geometry(self) -> QByteArray | None:
        """The window's place, as Qt saved it."""
        value = self._kept.value("geometry")
        return value if isinstance(value, QByteArray) else None

    @property
    def side(self) -> int:
        """Side of a tile in pixels."""
        try:
            return max(SMALLEST, min(LARGEST, int(str(self._kept.value("side", USUAL)))))
        except ValueError:
            return USUAL

    @property
    def theme(self) -> Choice:
        """Who decides between light and dark."""
        value = str(self._kept.value("theme", Choice.SYSTEM))
        return Choice(value) if value in list(Choice) else Choice.SYSTEM

    @property
    def info(self) -> bool:
        """Whether the viewer shows what is known of a photo."""
        return str(self._kept.value("info", "true")).lower() != "false"

    def save(self, *, geometry: QByteArray, side: int, theme: Choice, info: bool) -> None:
        """Keep these."""
        self._kept.setValue("geometry", geometry)
        self._kept.setValue("side", side)
        self._kept.setValue("theme", theme.value)
        self._kept.setValue("info", info)
        self._kept.sync()
