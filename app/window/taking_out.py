"""Export from the window: which of the photos on show there are to choose from, and the dialog."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject

from app.window.export_dialog import ExportDialog, documents_folder, file_name
from app.window.exporting import Choice, Exporting
from app.window.main_window import MainWindow
from app.window.searching import Found, Searching
from app.window.session import Session
from app.window.words import count_of
from core.errors import PhotoError
from core.exporting import hits_of
from core.types import Hit

if TYPE_CHECKING:
    from core.library import Library


class TakingOut(QObject):
    """Keeps the last answer, and opens the dialog on it."""

    def __init__(self, window: MainWindow, session: Session, searching: Searching) -> None:
        super().__init__(window)
        self._window, self._session = window, session
        self._found: Found | None = None
        self.exporting = Exporting(session.lanes.exporting, self)
        self.dialog: ExportDialog | None = None
        searching.found.connect(self._on_found)
        searching.failed.connect(lambda _asked, error: self._on_failed(error))
        window.closing.connect(self.exporting.stop)

    def open(self) -> None:
        """Ask what to export. Nothing happens as long as nothing was found."""
        found, library = self._found, self._session.library
        if found is None or library is None or not len(found.ids) or self.dialog is not None:
            return
        window = self._window
        # In the viewer nothing is selected that anybody sees.
        selected = np.zeros(0, np.int64) if window.in_viewer() else window.grid.chosen()
        folder = window.settings.export_folder or documents_folder()
        name = file_name(found.asked.text or (found.asked.like.stem if found.asked.like else ""))
        dialog = ExportDialog(choices(found, selected), name, folder, self.exporting, window)
        dialog.started.connect(
            lambda choice, format, target, overwrite: self.exporting.run(
                library, choice, format, target, overwrite=overwrite
            )
        )
        dialog.folder_asked.connect(window.actions.reveal)
        dialog.folder_used.connect(window.settings.keep_export_folder)
        dialog.finished.connect(self._on_closed)
        self.dialog = dialog
        dialog.open()

    def _on_closed(self) -> None:
        if self.dialog is not None:
            self.dialog.deleteLater()
            self.dialog = None

    def _on_found(self, found: Found) -> None:
        self._found = found
        self._window.commands.export.setEnabled(bool(len(found.ids)))

    def _on_failed(self, error: Exception) -> None:
        if isinstance(error, PhotoError):
            self._found = None
            self._window.commands.export.setEnabled(False)


def choices(found: Found, selected: NDArray[np.int64]) -> list[Choice]:
    """What of an answer can be taken out, the likeliest first. ``selected`` are photo ids, int64[n]."""
    offered: list[Choice] = []
    if len(selected) > 1:
        # Two at the least: one photo is selected wherever somebody walks with the arrows.
        offered.append(Choice(f"The {len(selected):,} selected photos", len(selected), partial(_some, found, selected)))
    if not found.hits:
        everything = count_of(len(found.ids), "photo")
        offered.append(
            Choice(f"All {everything}", len(found.ids), lambda library: hits_of(library, found.ids, found.asked.text))
        )
        return offered
    strong = found.hits[: found.strong]
    rest = len(found.hits) - len(strong)
    if strong:
        words = "The good match" if len(strong) == 1 else f"The {len(strong):,} good matches"
        offered.append(Choice(words, len(strong), lambda _library: strong))
    if rest:
        words = f"The {len(found.hits):,} best" if len(found.hits) > 1 else "The nearest photo"
        aside = f"{rest:,} of them less likely" if strong else "none of them a good match"
        offered.append(Choice(words, len(found.hits), lambda _library: found.hits, aside))
    return offered


def _some(found: Found, ids: NDArray[np.int64], library: Library) -> list[Hit]:
    wanted = set(ids.tolist())
    if found.hits:
        return [hit for hit in found.hits if hit.photo_id in wanted]
    chosen = [int(id) for id in found.ids if int(id) in wanted]
    return list(hits_of(library, chosen, found.asked.text))
