"""Colours: light and dark, after the system's choice or the person's own."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from importlib.resources import files
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication


class Choice(StrEnum):
    """Who decides between light and dark."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True)
class Colours:
    """Every colour of the window, by what it is for. Text keeps at least 4.5:1 against what it stands on."""

    window: str
    """Behind the photos."""
    bar: str
    """The bars at the top and the bottom."""
    field: str
    """Fields, lists and dialogs' panels."""
    hover: str
    line: str
    """Borders and rules."""
    text: str
    muted: str
    accent: str
    on_accent: str
    accent_hover: str
    soft: str
    """A quiet tint of the accent: chips, the selected line of a list."""
    tile: str
    """A photo that has not arrived yet."""
    danger: str
    danger_soft: str
    stage: str = "#0e0f11"
    """Behind a photo at full size, in both themes."""
    on_stage: str = "#f3f3f1"
    stage_muted: str = "#a9adb3"


LIGHT = Colours(
    window="#faf9f7",
    bar="#f3f1ed",
    field="#ffffff",
    hover="#e8e5df",
    line="#dedad3",
    text="#1e2227",
    muted="#62676e",
    accent="#0f6f68",
    on_accent="#ffffff",
    accent_hover="#0b5852",
    soft="#d9ece9",
    tile="#ebe8e2",
    danger="#a4271c",
    danger_soft="#fbe9e6",
)
DARK = Colours(
    window="#17181a",
    bar="#1f2124",
    field="#2a2d31",
    hover="#33373c",
    line="#383c41",
    text="#ecebe8",
    muted="#a3a8ae",
    accent="#5ec9bd",
    on_accent="#0a2522",
    accent_hover="#7bd8ce",
    soft="#23413e",
    tile="#26282b",
    danger="#ff9a8d",
    danger_soft="#432520",
)


class Theme(QObject):
    """The colours in force; applies them to the application and tells when they change."""

    changed = Signal()

    def __init__(self, application: QApplication, choice: Choice = Choice.SYSTEM) -> None:
        super().__init__()
        self._application = application
        self._choice = choice
        self._dark: bool | None = None
        self._style = (files("resources") / "styles" / "window.qss").read_text(encoding="utf-8")
        application.setStyle("Fusion")
        application.styleHints().colorSchemeChanged.connect(self._on_scheme_changed)
        self._apply()

    @property
    def choice(self) -> Choice:
        """Who decides."""
        return self._choice

    @property
    def dark(self) -> bool:
        """Whether the window is dark now."""
        return bool(self._dark)

    @property
    def colours(self) -> Colours:
        """The colours in force."""
        return DARK if self._dark else LIGHT

    def colour(self, name: str) -> QColor:
        """One of them, by its name in ``Colours``."""
        return QColor(getattr(self.colours, name))

    def choose(self, choice: Choice) -> None:
        """Follow the system, or stay light or dark."""
        self._choice = choice
        self._apply()

    def _on_scheme_changed(self) -> None:
        self._apply()

    def _apply(self) -> None:
        scheme = self._application.styleHints().colorScheme()
        dark = self._choice == Choice.DARK or (self._choice == Choice.SYSTEM and scheme == Qt.ColorScheme.Dark)
        if dark == self._dark:
            return
        self._dark = dark
        self._application.setPalette(palette(self.colours))
        # Qt reads a picture of a style sheet from a file, and gives it no colour.
        arrow = Path(str(files("resources"))) / "icons" / f"choose-{'dark' if dark else 'light'}.svg"
        style = self._style.replace("@choose_arrow", arrow.as_posix())
        # The longest names first, so that @accent does not eat the front of @accent_hover.
        for name, value in sorted(asdict(self.colours).items(), key=lambda item: -len(item[0])):
            style = style.replace(f"@{name}", value)
        self._application.setStyleSheet(style)
        self.changed.emit()


def palette(colours: Colours) -> QPalette:
    """The palette that Fusion paints with, so that what the style sheet does not name fits too."""
    made, role = QPalette(), QPalette.ColorRole
    for which, name in (
        (role.Window, colours.window),
        (role.WindowText, colours.text),
        (role.Base, colours.field),
        (role.AlternateBase, colours.bar),
        (role.Text, colours.text),
        (role.Button, colours.bar),
        (role.ButtonText, colours.text),
        (role.ToolTipBase, colours.field),
        (role.ToolTipText, colours.text),
        (role.PlaceholderText, colours.muted),
        (role.Highlight, colours.accent),
        (role.HighlightedText, colours.on_accent),
        (role.Link, colours.accent),
        (role.LinkVisited, colours.accent),
        (role.Accent, colours.accent),
        (role.Mid, colours.line),
        (role.Light, colours.hover),
        (role.Dark, colours.line),
    ):
        made.setColor(which, QColor(name))
    for which in (role.WindowText, role.Text, role.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, which, QColor(colours.muted))
    return made
