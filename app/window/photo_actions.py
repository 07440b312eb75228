"""What can be done with a photo: in the grid with the selected one, in the viewer with the one that is shown."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QStandardPaths, Qt, Signal
from PySide6.QtGui import QGuiApplication

from app.jobs import Jobs
from app.window.desktop import open_with_default, show_in_file_manager
from app.window.photo_grid import PhotoGrid
from app.window.photo_model import PhotoModel
from app.window.viewer import Viewer


class PhotoActions(QObject):
    """Finds the photos that are meant, and hands them on."""

    similar_asked = Signal(object)
    """Path of a photo."""
    open_asked = Signal(int)
    """Row to open in the viewer."""
    failed = Signal(str)
    """A sentence."""

    def __init__(
        self, grid: PhotoGrid, model: PhotoModel, viewer: Viewer, lane: Jobs, in_viewer: Callable[[], bool]
    ) -> None:
        super().__init__(grid)
        self._grid, self._model, self._viewer, self._lane, self._in_viewer = grid, model, viewer, lane, in_viewer

    def paths(self) -> list[Path]:
        """The photos that are meant, the current one first; only those whose path is known yet."""
        if self._in_viewer():
            return [self._viewer.photo.path] if self._viewer.photo is not None else []
        current = self._grid.currentIndex()
        rows = [current.row()] if current.isValid() else []
        for chosen in self._grid.selectionModel().selection():
            # A thousand paths are plenty for a clipboard; select-all over a million photos must not hang.
            rows.extend(range(chosen.top(), min(chosen.bottom() + 1, chosen.top() + 1000)))
        found = (self._model.index(row).data(Qt.ItemDataRole.UserRole) for row in dict.fromkeys(rows))
        return [path for path in found if path is not None]

    def ids(self) -> list[int]:
        """The photos that are meant: all that are selected, else the current one; the one that is shown in the
        viewer."""
        if self._in_viewer():
            return [self._viewer.photo.id] if self._viewer.photo is not None else []
        current, chosen = self._grid.currentIndex(), self._grid.chosen().tolist()
        return chosen or ([self._model.photo_id(current.row())] if current.isValid() else [])

    def open(self) -> None:
        """Show it at full size."""
        if not self._in_viewer() and self._grid.currentIndex().isValid():
            self.open_asked.emit(self._grid.currentIndex().row())

    def similar(self) -> None:
        """Find photos like it."""
        if paths := self.paths():
            self.similar_asked.emit(paths[0])

    def reveal(self, path: Path | None = None) -> None:
        """Show it, or the given file, in the file manager."""
        for chosen in [path] if path is not None else self.paths()[:1]:
            self._lane.submit(partial(show_in_file_manager, chosen), partial(self._on_shown, chosen))

    def open_with(self) -> None:
        """Open it with the program that the system opens such files with."""
        for path in self.paths()[:1]:
            if not open_with_default(path):
                self._on_shown(path, False)

    def copy_path(self) -> None:
        """Put where it lies on the clipboard, a line for each photo."""
        if paths := self.paths():
            QGuiApplication.clipboard().setText("\n".join(map(str, paths)))

    def _on_shown(self, path: Path, shown: bool) -> None:
        if not shown:
            there = path.exists() or path.parent.exists()
            why = "no program here opens it" if there else "it is not there now"
            self.failed.emit(f"{path.name} could not be opened: {why}.")


def pictures_folder() -> Path:
    """Where this system keeps pictures: the first place that choosing a folder looks at."""
    place = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
    return Path(place) if place and Path(place).is_dir() else Path.home()
