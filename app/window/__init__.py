"""The window: a file for each widget, its models and delegates beside them. The only place that imports PySide6."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def run(library_folder: Path, roots: Sequence[Path] = ()) -> int:
    """Open the window on a library, with these folders added to it; returns the exit code once it is closed."""
    from app.window.start import run as start

    return start(library_folder, roots)
