"""The panel at the side: the saved searches, each with the number of photos that it finds now."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QAction, QContextMenuEvent, QFont, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QMenu,
    QSizePolicy,
    QStackedWidget,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.window.icons import icon
from app.window.saved_model import AnyIndex, Role, SavedModel
from app.window.theme import Theme
from core.saved import LONGEST_NAME
from core.types import SavedSearch

_PAD = 12
_State = QStyle.StateFlag


class SavedDelegate(QStyledItemDelegate):
    """The name at the left, the number of photos, in quieter letters, at the right."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: AnyIndex) -> QSize:  # noqa: D102
        return QSize(0, round(option.fontMetrics.height() * 1.9))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:  # noqa: D102
        theme, rect = self._theme, option.rect.adjusted(6, 1, -6, -1)
        chosen, active = bool(option.state & _State.State_Selected), bool(index.data(Role.ACTIVE))
        focused = bool(option.state & _State.State_HasFocus)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        if (chosen and focused) or active or option.state & _State.State_MouseOver:
            painter.setBrush(theme.colour("soft" if active or (chosen and focused) else "hover"))
            painter.drawRoundedRect(rect, 6, 6)
        if active:
            # A bar besides: the tint alone is faint.
            painter.setBrush(theme.colour("accent"))
            painter.drawRoundedRect(QRect(rect.left(), rect.top() + 5, 3, rect.height() - 10), 1.5, 1.5)
        if focused:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(theme.colour("accent"))
            painter.drawRoundedRect(rect, 6, 6)
        self._write(painter, rect.adjusted(_PAD, 0, -_PAD, 0), index, active)
        painter.restore()

    def _write(self, painter: QPainter, room: QRect, index: AnyIndex, active: bool) -> None:
        number = str(index.data(Role.COUNT) or "")
        painter.setPen(self._theme.colour("muted"))
        painter.drawText(room, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, number)
        if number:
            room.setRight(room.right() - painter.fontMetrics().horizontalAdvance(number) - 10)
        if active:
            font = QFont(painter.font())
            font.setWeight(QFont.Weight.DemiBold)
            painter.setFont(font)
        painter.setPen(self._theme.colour("text"))
        name = painter.fontMetrics().elidedText(str(index.data()), Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: AnyIndex) -> QWidget:  # noqa: D102
        editor = QLineEdit(parent)
        editor.setMaxLength(LONGEST_NAME)
        editor.setAccessibleName("Name of the saved search")
        editor.setObjectName("renaming")
        return editor

    def setEditorData(self, editor: QWidget, index: AnyIndex) -> None:
        """Once: a number that changes while somebody types must not bring the old name back."""
        if not editor.property("filled"):
            editor.setProperty("filled", True)
            super().setEditorData(editor, index)

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: AnyIndex) -> None:  # noqa: D102
        editor.setGeometry(option.rect.adjusted(6, 1, -6, -1))


class SavedList(QListView):
    """The list. A click or Enter runs a search, F2 renames it, Delete removes it, Escape leaves the list."""

    chosen = Signal(object)
    """SavedSearch to run."""
    remove_asked = Signal(object)
    """SavedSearch to forget."""
    left = Signal()
    """The photos should have the focus."""

    def __init__(self, model: SavedModel, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.setModel(model)
        self.setItemDelegate(SavedDelegate(theme, self))
        self.setObjectName("saved")
        self.setAccessibleName("Saved searches")
        self.setAccessibleDescription("Enter searches, F2 renames, Delete removes")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setUniformItemSizes(True)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.clicked.connect(lambda index: self._choose(index.row()))
        model.modelAboutToBeReset.connect(self._on_about_to_change)
        model.modelReset.connect(self._on_changed)
        self._current: int | None = None

    def current(self) -> SavedSearch | None:
        """The one that the keys act on."""
        return self._model.search(self.currentIndex().row())

    def go_to(self, id: int) -> None:
        """Make one current and bring it into view."""
        row = self._model.row_of(id)
        if row is not None:
            self.setCurrentIndex(self._model.index(row))

    def rename(self) -> None:
        """Edit the name of the current one in its place."""
        if self.current() is not None:
            self.edit(self.currentIndex())

    def menu(self) -> QMenu:
        """What can be done with the current one."""
        menu = QMenu(self)
        for words, keys, act in (
            ("&Search", "Enter", lambda: self._choose(self.currentIndex().row())),
            ("&Rename", "F2", self.rename),
            ("Re&move", "Del", self._remove),
        ):
            # The key is named, not set: the list itself looks at its keys.
            action = QAction(f"{words}\t{keys}", menu)
            action.triggered.connect(lambda _checked=False, act=act: act())
            menu.addAction(action)
        menu.aboutToHide.connect(menu.deleteLater)
        return menu

    def _choose(self, row: int) -> None:
        search = self._model.search(row)
        if search is not None:
            self.chosen.emit(search)

    def _remove(self) -> None:
        search = self.current()
        if search is not None:
            self.remove_asked.emit(search)

    def _on_about_to_change(self) -> None:
        current = self.current()
        self._current = None if current is None else current.id

    def _on_changed(self) -> None:
        if self._current is not None:
            self.go_to(self._current)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        match Qt.Key(event.key()):
            case Qt.Key.Key_Return | Qt.Key.Key_Enter | Qt.Key.Key_Space:
                self._choose(self.currentIndex().row())
            case Qt.Key.Key_F2:
                self.rename()
            case Qt.Key.Key_Delete | Qt.Key.Key_Backspace:
                self._remove()
            case Qt.Key.Key_Escape:
                self.left.emit()
            case _:
                super().keyPressEvent(event)

    def focusInEvent(self, event: object) -> None:
        """Something is current as soon as keys can act."""
        super().focusInEvent(event)  # type: ignore[arg-type]
        if not self.currentIndex().isValid() and self._model.rowCount():
            self.setCurrentIndex(self._model.index(0))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """By the mouse: of the row under it; by the keyboard: of the current one."""
        if event.reason() == QContextMenuEvent.Reason.Mouse:
            index = self.indexAt(event.pos())
            if not index.isValid():
                return
            self.setCurrentIndex(index)
            at = event.globalPos()
        else:
            at = self.viewport().mapToGlobal(self.visualRect(self.currentIndex()).center())
        if self.current() is not None:
            self.menu().popup(QPoint(at))


class SidePanel(QFrame):
    """A heading, the list, and what it says as long as there is nothing in it."""

    save_asked = Signal()
    hide_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("side")
        self.setAccessibleName("Side panel")
        self._theme = theme
        self.model = SavedModel(self)
        self.list = SavedList(self.model, theme)
        title = QLabel("Saved searches")
        font = title.font()
        font.setWeight(QFont.Weight.DemiBold)
        title.setFont(font)
        self.save, self.close_button = QToolButton(), QToolButton()
        for button, words in (
            (self.save, "Save this search (Ctrl+S)"),
            (self.close_button, "Hide the side panel (F9)"),
        ):
            button.setToolTip(words)
            button.setAccessibleName(words.rpartition(" (")[0])
        self.hint = QLabel("Search for something, then press Ctrl+S: it appears here with the photos that it finds.")
        self.hint.setObjectName("quiet")
        self.hint.setWordWrap(True)
        self.hint.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.hint.setContentsMargins(18, 6, 14, 6)
        self.body = QStackedWidget()
        self.body.addWidget(self.hint)
        self.body.addWidget(self.list)
        head = QHBoxLayout()
        head.setContentsMargins(18, 6, 6, 4)
        head.setSpacing(2)
        head.addWidget(title, 1)
        head.addWidget(self.save)
        head.addWidget(self.close_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 8)
        column.setSpacing(2)
        column.addLayout(head)
        column.addWidget(self.body, 1)
        letter = self.fontMetrics().horizontalAdvance("x")
        self.setMinimumWidth(letter * 22)
        self.setMaximumWidth(letter * 60)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self.save.clicked.connect(self.save_asked)
        self.close_button.clicked.connect(self.hide_asked)
        for changed in (self.model.modelReset, self.model.rowsInserted, self.model.rowsRemoved):
            changed.connect(self._on_rows_changed)
        theme.changed.connect(self._tint)
        self._tint()
        self._on_rows_changed()

    def take_focus(self) -> None:
        """Let the keys act here."""
        (self.list if self.model.rowCount() else self.save).setFocus(Qt.FocusReason.ShortcutFocusReason)

    def sizeHint(self) -> QSize:  # noqa: D102
        return QSize(self.fontMetrics().horizontalAdvance("x") * 32, super().sizeHint().height())

    def _on_rows_changed(self) -> None:
        self.body.setCurrentWidget(self.list if self.model.rowCount() else self.hint)

    def _tint(self) -> None:
        for button, name in ((self.save, "bookmark"), (self.close_button, "clear")):
            button.setIcon(icon(name, self._theme.colour("muted"), 18))
            button.setIconSize(QSize(18, 18))
