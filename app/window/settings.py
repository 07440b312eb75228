"""What the window remembers from one time to the next, kept beside the library that it shows."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings

from app.window.photo_grid import LARGEST, SMALLEST, USUAL
from app.window.theme import Choice
from core.types import Order


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

    def order(self, *, of_list: bool) -> Order:
        """How photos are sorted: those that a question ranked, or a list of them."""
        value = str(self._kept.value(_order_key(of_list), Order.MATCH))
        return Order(value) if value in list(Order) else Order.MATCH

    def keep_order(self, order: Order, *, of_list: bool) -> None:
        """Keep this one."""
        self._kept.setValue(_order_key(of_list), order.value)

    @property
    def bursts(self) -> bool:
        """Whether bursts are folded into one."""
        return str(self._kept.value("bursts", "true")).lower() != "false"

    def keep_bursts(self, folded: bool) -> None:
        """Keep this."""
        self._kept.setValue("bursts", folded)

    @property
    def panel(self) -> bool | None:
        """Whether the side panel is wanted; None as long as nobody said so."""
        value = str(self._kept.value("panel", "")).lower()
        return None if value not in ("true", "false") else value == "true"

    @property
    def panel_width(self) -> int | None:
        """Pixels of the side panel; None where it was never shown."""
        try:
            return max(1, min(10_000, int(str(self._kept.value("panel_width", "")))))
        except ValueError:
            return None

    def keep_panel(self, wanted: bool | None, width: int) -> None:
        """Keep these."""
        if wanted is not None:
            self._kept.setValue("panel", wanted)
        self._kept.setValue("panel_width", width)

    @property
    def export_folder(self) -> Path | None:
        """Where the last export went."""
        value = str(self._kept.value("export_folder", ""))
        return Path(value) if value else None

    def keep_export_folder(self, folder: Path) -> None:
        """Keep this one."""
        self._kept.setValue("export_folder", str(folder))

    def save(self, *, geometry: QByteArray, side: int, theme: Choice, info: bool) -> None:
        """Keep these."""
        self._kept.setValue("geometry", geometry)
        self._kept.setValue("side", side)
        self._kept.setValue("theme", theme.value)
        self._kept.setValue("info", info)
        self._kept.sync()


def _order_key(of_list: bool) -> str:
    return "list_order" if of_list else "order"
