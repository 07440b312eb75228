"""The side panel and the photos beside each other, with an edge that can be dragged; when the panel is shown at all."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QWidget

NARROW = 105
"""Letters (x) of width below which the photos need all the room; the panel is then shown only when asked for."""


class SideBySide(QSplitter):
    """Shows the panel when it is wanted, or, as long as nobody said anything, when there is something in it."""

    shown_changed = Signal(bool)
    """Whether the panel is shown now."""

    def __init__(self, side: QWidget, main: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._side = side
        self._wanted: bool | None = None
        self._filled: set[str] = set()
        self._insisted = False
        self._width = side.sizeHint().width()
        self.setObjectName("beside")
        self.setChildrenCollapsible(False)
        self.setHandleWidth(5)
        self.addWidget(side)
        self.addWidget(main)
        self.setStretchFactor(0, 0)
        self.setStretchFactor(1, 1)
        side.hide()

    @property
    def wanted(self) -> bool | None:
        """What a person chose: shown or hidden; None as long as they chose nothing."""
        return self._wanted

    @property
    def shown(self) -> bool:
        """Whether the panel is shown."""
        return not self._side.isHidden()

    @property
    def panel_width(self) -> int:
        """Pixels, while it is shown; else those that it had, or would like to have."""
        return self._side.width() if self.shown else self._width

    def remember(self, wanted: bool | None, width: int | None) -> None:
        """What was chosen the last time."""
        self._wanted = wanted
        self._width = width or self._side.sizeHint().width()
        self._fit()

    def set_filled(self, filled: bool, part: str = "") -> None:
        """Whether there is anything in the panel, or in a part of it."""
        (self._filled.add if filled else self._filled.discard)(part)
        self._fit()

    def toggle(self) -> None:
        """Show the panel, however narrow the window is, or hide it."""
        self._wanted = not self.shown
        self._insisted = self._wanted and self._is_narrow()
        self._fit()

    def _is_narrow(self) -> bool:
        return self.width() < self.fontMetrics().horizontalAdvance("x") * NARROW

    def _fit(self) -> None:
        narrow = self._is_narrow()
        self._insisted = self._insisted and narrow
        wanted = bool(self._filled) if self._wanted is None else self._wanted
        shown = wanted and (not narrow or self._insisted)
        if shown == self.shown:
            return
        if shown:
            self._side.show()
            self.setSizes([self._width, max(1, self.width() - self._width)])
        else:
            self._width = self._side.width()
            self._side.hide()
        self.shown_changed.emit(shown)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        self._fit()
