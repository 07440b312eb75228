"""What the page "Teach" writes: kept, discarded, switched over, removed; and captions from a file."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from app.window.asking import ask
from app.window.captions_dialog import CaptionsDialog
from app.window.models_wording import quoted
from app.window.session import Session
from app.window.teach_reading import Lesson
from core.errors import RetrouveError

if TYPE_CHECKING:
    from core.captioning.captions import CaptionReport
    from core.library import Library


class Switching(QObject):
    """Everything is written off the GUI thread, and takes effect with the next search."""

    switched = Signal()
    """Searches know other names now."""
    captions_changed = Signal()
    """There are captions that were not there before."""
    failed = Signal(object)
    """RetrouveError: nothing was changed."""

    def __init__(self, session: Session, window: QWidget) -> None:
        super().__init__(window)
        self._session, self._window = session, window
        self._folder: Path | None = None
        self.dialog: CaptionsDialog | None = None

    def discard(self, run: str, before: str | None) -> None:
        """Take away what a run learned, and switch on what was on before it."""
        self._keep(partial(_discard, run=run, before=before))

    def switch(self, run: str, on: bool) -> None:
        """Switch what a run learned on or off."""
        self._keep(lambda library: library.adapters.switch(run, on))

    def remove(self, lesson: Lesson) -> None:
        """Ask, then remove a run with what it learned."""
        if ask_to_remove(self._window, lesson):
            self._keep(partial(_remove, run=lesson.run))

    def _keep(self, work: Callable[[Library], Any]) -> None:
        library = self._session.library
        if library is not None:
            self._session.keep(lambda: work(library), lambda _none: self.switched.emit(), self.failed.emit)

    # Captions from a file

    def take_in(self) -> None:
        """Open the dialog that imports captions."""
        if self.dialog is not None or self._session.library is None:
            return
        self.dialog = dialog = CaptionsDialog(self._window, self._folder)
        dialog.asked.connect(self._on_asked)
        dialog.finished.connect(self._on_closed)
        dialog.open()

    def _on_asked(self, path: Path) -> None:
        library = self._session.library
        if library is not None:
            self._folder = path.parent
            self._session.keep(lambda: library.captioning.take_in(path), self._on_taken, self._on_not_taken)

    def _on_taken(self, report: CaptionReport) -> None:
        if self.dialog is not None:
            self.dialog.show_report(report)
        self.captions_changed.emit()

    def _on_not_taken(self, error: RetrouveError) -> None:
        if self.dialog is not None:
            self.dialog.show_fault(quoted(str(error)))
        else:
            self.failed.emit(error)

    def _on_closed(self) -> None:
        if self.dialog is not None:
            self.dialog.deleteLater()
            self.dialog = None


def _discard(library: Library, run: str, before: str | None) -> None:
    there = {one.name for one in library.adapters.all()}
    if run in there:
        library.adapters.remove(run)
    if before in there and before is not None:
        library.adapters.switch(before, True)


def _remove(library: Library, run: str) -> None:
    if any(one.name == run for one in library.adapters.all()):
        library.adapters.remove(run)
    if any(one.name == run for one in library.runs.all()):
        library.runs.remove(run)


def ask_to_remove(parent: QWidget, lesson: Lesson) -> bool:
    """Ask before a run is removed, and say what that does not do."""
    learned = "Its names mean what their words mean from then on. " if lesson.is_on else ""
    explained = f"{learned}Photos, captions and tags stay as they are: learning again takes seconds."
    question = "Remove this, and the figures that were measured?"
    return not ask(parent, "Remove what was learned", question, explained, "Remove", "Keep")
