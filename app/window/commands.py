"""Everything that can be done, as actions with their shortcuts, and the menus that list them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from app.window.theme import Choice, Theme


@dataclass(frozen=True, slots=True)
class Commands:
    """The actions of the window. Each belongs to the window, so that its shortcut works wherever the focus is."""

    search: QAction
    save_search: QAction
    earlier: QAction
    keep_history: QAction
    clear_history: QAction
    panel: QAction
    export: QAction
    review: QAction
    teach: QAction
    rules: QAction
    add_folder: QAction
    folders: QAction
    rescan: QAction
    gently: QAction
    models: QAction
    failures: QAction
    quit: QAction
    open: QAction
    similar: QAction
    favourite: QAction
    right: QAction
    wrong: QAction
    tag: QAction
    suggest: QAction
    undo_tags: QAction
    redo_tags: QAction
    lists: QAction
    sidecars: QAction
    reveal: QAction
    open_with: QAction
    copy_path: QAction
    larger: QAction
    smaller: QAction
    usual: QAction
    full_screen: QAction
    shortcuts: QAction
    about: QAction

    @classmethod
    def build(cls, window: QWidget, do: dict[str, Callable[[], object]]) -> Commands:
        """Actions that call ``do[name]``; the window gets them all."""
        made: dict[str, QAction] = {}
        for field in fields(cls):
            words, keys = _WORDS[field.name]
            action = QAction(words, window)
            action.setShortcuts([QKeySequence(key) for key in keys])
            action.triggered.connect(lambda _checked=False, act=do[field.name]: act())
            window.addAction(action)
            made[field.name] = action
        for name in ("keep_history", "panel", "gently"):
            made[name].setCheckable(True)
        made["quit"].setMenuRole(QAction.MenuRole.QuitRole)
        made["about"].setMenuRole(QAction.MenuRole.AboutRole)
        return cls(**made)

    def on_photo(self) -> tuple[QAction, ...]:
        """Those that need a photo to act on."""
        marks = (self.favourite, self.right, self.wrong)
        return (self.open, self.similar, *marks, self.tag, self.reveal, self.open_with, self.copy_path)

    def photo_menu(self, parent: QWidget) -> QMenu:
        """The menu of a photo."""
        menu = QMenu(parent)
        menu.addActions([self.open, self.similar])
        menu.addSeparator()
        menu.addActions([self.favourite, self.right, self.wrong, self.tag])
        menu.addSeparator()
        menu.addActions([self.reveal, self.open_with, self.copy_path])
        return menu

    def menus(self, parent: QWidget, theme: Theme, chosen: Callable[[Choice], None]) -> list[QMenu]:
        """The menus of a menu bar: library, search, photo, tags, view, help."""
        library = QMenu("&Library", parent)
        library.addActions([self.add_folder, self.folders, self.rescan, self.gently, self.models, self.failures])
        library.addSeparator()
        library.addAction(self.export)
        library.addSeparator()
        library.addAction(self.quit)
        search = QMenu("&Search", parent)
        search.addActions([self.search, self.save_search])
        search.addSeparator()
        search.addActions([self.earlier, self.keep_history, self.clear_history])
        photo = QMenu("&Photo", parent)
        photo.addActions(list(self.on_photo()))
        tags = QMenu("&Tags", parent)
        tags.addActions([self.tag, self.suggest, self.review, self.teach])
        tags.addSeparator()
        tags.addActions([self.undo_tags, self.redo_tags])
        tags.addSeparator()
        tags.addActions([self.lists, self.rules, self.sidecars])
        view = QMenu("&View", parent)
        view.addActions([self.panel, self.larger, self.smaller, self.usual, self.full_screen])
        themes = QMenu("&Theme", view)
        view.addMenu(themes)
        group = QActionGroup(view)
        for choice, words in ((Choice.SYSTEM, "Like the system"), (Choice.LIGHT, "Light"), (Choice.DARK, "Dark")):
            action = QAction(words, group)
            action.setCheckable(True)
            action.setChecked(theme.choice == choice)
            action.triggered.connect(lambda _checked=False, choice=choice: chosen(choice))
            themes.addAction(action)
        about = QMenu("&Help", parent)
        about.addActions([self.shortcuts, self.about])
        return [library, search, photo, tags, view, about]


_WORDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "search": ("&Search", ("Ctrl+F", "Ctrl+L")),
    "save_search": ("Sa&ve this search…", ("Ctrl+S",)),
    # The field itself looks at this key: elsewhere it means what it means there.
    "earlier": ("&Earlier searches\tAlt+Down", ()),
    "keep_history": ("&Keep a history of searches", ()),
    "clear_history": ("&Clear the history…", ()),
    "panel": ("Side &panel", ("F9",)),
    "export": ("E&xport results…", ("Ctrl+Shift+E",)),
    "review": ("&Review tags", ("Ctrl+R",)),
    "teach": ("Teach &names", ("Ctrl+Shift+N",)),
    "rules": ("R&ules for new photos…", ()),
    "add_folder": ("&Add a folder…", ("Ctrl+O",)),
    "folders": ("&Folders…", ("Ctrl+Shift+F",)),
    "rescan": ("&Look for changes now", ("F5",)),
    "gently": ("Index &gently, for a computer in use", ()),
    "models": ("&Models…", ()),
    "failures": ("Files that could not be &read…", ()),
    "quit": ("&Quit", ("Ctrl+Q",)),
    # No shortcut of the window: Enter belongs to whatever has the focus. The menus name it all the same.
    "open": ("&Open\tEnter", ()),
    "similar": ("Find &similar photos", ("Ctrl+E",)),
    "favourite": ("&Favourite, or no longer\tF", ()),
    "right": ("&Right: more like this\t+", ()),
    "wrong": ("Wron&g: less like this\t-", ()),
    "tag": ("&Tag…\tT", ("Ctrl+T",)),
    "suggest": ("&Suggest tags from a list…", ("Ctrl+Shift+T",)),
    "undo_tags": ("&Undo the last tagging", ("Ctrl+Z",)),
    "redo_tags": ("&Redo it", ("Ctrl+Shift+Z", "Ctrl+Y")),
    "lists": ("&Label lists…", ("Ctrl+Shift+L",)),
    "sidecars": ("&Write tags beside the photos…", ()),
    "reveal": ("Show in &folder", ("Ctrl+Shift+R",)),
    "open_with": ("Open &with another program", ("Ctrl+Shift+O",)),
    "copy_path": ("&Copy path", ("Ctrl+C",)),
    "larger": ("&Larger photos", ("Ctrl++", "Ctrl+=")),
    "smaller": ("&Smaller photos", ("Ctrl+-",)),
    "usual": ("&Usual size", ("Ctrl+0",)),
    "full_screen": ("&Full screen", ("F11",)),
    "shortcuts": ("&Keys, and how to ask", ("F1",)),
    "about": ("&About Retrouve", ()),
}
