"""The bar at the top: the search field first, then folders, the size of the photos and the menu; under the field, how
the search was understood."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QSizePolicy, QSlider, QToolButton, QVBoxLayout, QWidget

from app.window.chips import ChipBar
from app.window.icons import icon, picture
from app.window.offers import OfferLine
from app.window.photo_grid import LARGEST, SMALLEST, USUAL
from app.window.search_field import SearchField
from app.window.theme import Theme


class TopBar(QWidget):
    """Holds the widgets; the window connects them."""

    side_chosen = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("top")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._theme = theme
        mark = QLabel()
        size = self.fontMetrics().height() * 2
        mark.setPixmap(picture("retrouve", None, size, self.devicePixelRatioF()))
        self.search = SearchField(theme)
        self.search.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.search.setMaximumWidth(self.fontMetrics().horizontalAdvance("x") * 150)
        self.chips, self.offers = ChipBar(theme), OfferLine(theme)
        self._make_buttons()
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(mark)
        row.addWidget(self.search, 1)
        row.addStretch(0)
        row.addWidget(self.panel)
        row.addWidget(self.folders)
        row.addWidget(self.slider)
        row.addWidget(self.menu)
        under = QVBoxLayout()
        under.setContentsMargins(size + 12, 0, 8, 0)  # From where the field begins.
        under.setSpacing(6)
        under.addWidget(self.chips)
        under.addWidget(self.offers)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 10, 12, 10)
        column.setSpacing(8)
        column.addLayout(row)
        column.addLayout(under)
        column.addStretch(1)  # While the chips come and go, the field stays where it is.
        for flow in (self.chips, self.offers):
            flow.changed.connect(self._order)
        self.slider.valueChanged.connect(self.side_chosen)
        theme.changed.connect(self._tint)
        self._tint()

    def _make_buttons(self) -> None:
        """What stands behind the field."""
        self.panel = QToolButton()
        self.panel.setToolTip("Side panel (F9)")
        self.panel.setAccessibleName("Side panel")
        self.panel.setCheckable(True)
        self.folders = QToolButton()
        self.folders.setText("Folders")
        self.folders.setToolTip("The folders of this library (Ctrl+Shift+F)")
        self.folders.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(SMALLEST, LARGEST)
        self.slider.setValue(USUAL)
        self.slider.setPageStep(32)
        self.slider.setFixedWidth(self.fontMetrics().horizontalAdvance("x") * 16)
        self.slider.setToolTip("Size of the photos (Ctrl+wheel)")
        self.slider.setAccessibleName("Size of the photos")
        self.menu = QToolButton()
        self.menu.setToolTip("Menu")
        self.menu.setAccessibleName("Menu")
        self.menu.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)

    def set_menus(self, menus: list[QMenu]) -> None:
        """List these behind the menu button."""
        all_of_them = QMenu(self)
        for menu in menus:
            all_of_them.addMenu(menu)
        self.menu.setMenu(all_of_them)

    def show_side(self, side: int) -> None:
        """Move the slider without telling anyone."""
        self.slider.blockSignals(True)
        self.slider.setValue(side)
        self.slider.blockSignals(False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where room is short the slider goes first: the wheel and the keys do the same."""
        super().resizeEvent(event)
        self.slider.setVisible(self.width() >= self.fontMetrics().horizontalAdvance("x") * 100)

    def _order(self) -> None:
        """The Tab key goes through the field, then the chips and the offers under it."""
        chips = [chip.body for chip in self.chips.chips]
        for before, after in pairwise([*self.search.stops(), *chips, *self.offers.buttons]):
            self.setTabOrder(before, after)

    def _tint(self) -> None:
        for button, name in ((self.panel, "panel"), (self.folders, "folder"), (self.menu, "menu")):
            button.setIcon(icon(name, self._theme.colour("text"), 20))
            button.setIconSize(QSize(20, 20))
