"""Label lists from files and into files: asks which, and says what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from app.window.asking import ask
from app.window.export_dialog import documents_folder, file_name
from app.window.tagging import Tagging
from app.window.words import count_of, short_path
from core.errors import RetrouveError
from core.tagging.types import LabelList

Say = Callable[[str, bool], None]
"""Says a sentence, and whether it is of something that went wrong."""

FORMATS: tuple[tuple[str, str, str], ...] = (
    ("toml", "Everything (TOML)", ".toml"),
    ("csv", "Table (CSV)", ".csv"),
    ("txt", "Plain text", ".txt"),
    ("lightroom", "Lightroom keywords", ".txt"),
    ("digikam", "digiKam tree", ".txt"),
)
"""Each format: how the library names it, what a person reads, how its file's name ends."""


class ListFiles(QObject):
    """One at a time; everything that touches a disk happens off the GUI thread."""

    def __init__(self, tagging: Tagging, say: Say, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tagging, self._say = tagging, say
        self._folder = documents_folder()

    def choose_import(self, window: QWidget, done: Callable[[str], None] = lambda _name: None) -> None:
        """Ask for a file with the system's own dialog, and keep the list in it; ``done`` gets its name."""
        chosen, _ = QFileDialog.getOpenFileName(
            window, "Choose a label list", str(self._folder), "Label lists (*.toml *.csv *.txt);;All files (*)"
        )
        if chosen:
            self.take(Path(chosen), window, done)

    def take(self, path: Path, window: QWidget, done: Callable[[str], None] = lambda _name: None) -> None:
        """Keep the list in a file. Where there is one of its name already, ask first."""
        self._folder = path.parent

        def read(found: tuple[LabelList, list[tuple[str, int]]]) -> None:
            labels, there = found
            name = _kept_as(window, labels.name, [known for known, _ in there])
            if name is not None:
                self._tagging.put(replace(labels, name=name), None, kept, self._fail)

        def kept(labels: LabelList) -> None:
            self._say(f"“{labels.name}” is in your library now, with {count_of(len(labels.labels), 'label')}.", False)
            done(labels.name)

        self._tagging.ask(lambda core: (core.lists.read(path), core.lists.names()), read, self._fail)

    def choose_export(self, window: QWidget, name: str) -> None:
        """Ask for a file with the system's own dialog, and write a list to it."""
        filters = {f"{words} (*{ending})": (format, ending) for format, words, ending in FORMATS}
        place = self._folder / f"{file_name(name)}.toml"
        chosen, how = QFileDialog.getSaveFileName(window, "Export a label list", str(place), ";;".join(filters))
        if chosen:
            format, ending = filters.get(how, ("toml", ".toml"))
            path = Path(chosen)
            self.write(name, path if path.suffix else path.with_suffix(ending), format)

    def write(self, name: str, path: Path, format: str) -> None:
        """Write a list to a file, over what is there: the system's dialog has asked."""
        self._folder = path.parent

        def written(left_out: tuple[str, ...]) -> None:
            but = f" It has no place for: {', '.join(left_out)}." if left_out else ""
            self._say(f"“{name}” is written to {short_path(path)}.{but}", False)

        self._tagging.ask(lambda core: core.lists.export(name, path, format, overwrite=True), written, self._fail)

    def _fail(self, error: RetrouveError) -> None:
        self._say(str(error), True)


def _kept_as(window: QWidget, name: str, there: list[str]) -> str | None:
    """Under which name a list is to be kept; None for not at all."""
    folded = {known.casefold() for known in there}
    if name.casefold() not in folded:
        return name
    number = 2
    while f"{name} {number}".casefold() in folded:
        number += 1
    other = f"{name} {number}"
    answer = ask(
        window,
        "Import a list",
        f"There is a list “{name}” already.",
        "What was accepted or rejected stays in any case.",
        f"Keep both, this as “{other}”",
        "Replace",
        "Cancel",
        default=0,
    )
    return (other, name, None)[answer]
