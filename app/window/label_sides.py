"""The two columns of buttons and lists at the left of the editor of label lists."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLabel, QMenu, QToolButton, QWidget

from app.window.label_fields import NameField
from app.window.label_tree import LabelItem, LabelTree, LabelTreeView
from app.window.list_chooser import ListChooser
from app.window.theme import Theme
from app.window.tool_row import ToolRow, column_of

Act = Callable[[], object]


def lists_side(theme: Theme, lists: ListChooser, begin: Act, remove: Act) -> tuple[QWidget, QAction, QAction]:
    """The lists, and what is done with whole ones; and the lines of the menu that import one and export it."""
    row = ToolRow(theme)
    row.add("plus", "New list", begin)
    row.add("pencil", "Rename (F2)", lists.rename)
    row.add("trash", "Remove the list (Del)", remove)
    row.stretch()
    more = row.add("menu", "Import and export")
    more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    menu = QMenu(more)
    importing, exporting = QAction("&Import a list from a file…", menu), QAction("&Export this list…", menu)
    menu.addActions([importing, exporting])
    more.setMenu(menu)
    return column_of("Lists", lists, row), importing, exporting


def labels_side(
    theme: Theme,
    tree: LabelTree,
    view: LabelTreeView,
    new: tuple[NameField, QLabel],
    move: Callable[[Callable[[LabelItem], object]], object],
    remove: Act,
) -> QWidget:
    """The labels of one list, what moves them about, and the field for a ``new`` one with what is wrong with it.

    ``move`` is called with what is to be done to the current label.
    """
    row = ToolRow(theme)
    row.add("up", "Up (Alt+Up)", lambda: move(lambda item: tree.step(item, -1)))
    row.add("down", "Down (Alt+Down)", lambda: move(lambda item: tree.step(item, 1)))
    row.add("indent", "Below the label before it (Alt+Right)", lambda: move(tree.indent))
    row.add("outdent", "Beside the label above it (Alt+Left)", lambda: move(tree.outdent))
    row.stretch()
    row.add("pencil", "Rename (F2)", view.rename)
    row.add("trash", "Take the label out (Del)", remove)
    new[1].hide()
    return column_of("Labels", view, row, *new)
