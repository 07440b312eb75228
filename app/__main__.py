"""``retrouve`` and ``python -m app``: the window without a command, the command line with one."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path


def main(argv: Sequence[str] | None = None) -> int:
    """Run one call and return its exit code (DESIGN, section 11)."""
    if getattr(sys, "frozen", False):  # in a packaged program the worker starts through here
        from multiprocessing import freeze_support

        freeze_support()
    try:
        from app.cli.main import main as run

        return run(argv, open_window)
    except KeyboardInterrupt:  # pressed while the first modules were being read
        if "--json" in (sys.argv[1:] if argv is None else argv):
            sys.stdout.write('{"error": "Interrupted."}\n')
        return 130


def open_window(library: Path) -> int:
    """Open the window on a library; returns the exit code once it is closed. Raises NoWindow."""
    from app.cli import display

    if not display.can_open_window():
        raise display.NoWindow(
            "There is no display to open the window on. In a terminal, `retrouve search a dog on the beach` "
            "does the same; `retrouve --help` lists the commands."
        )
    try:
        from app.window.start import run
    except ImportError as error:
        if "PySide6" not in (error.name or "PySide6"):
            raise
        raise display.NoWindow(
            f"The window cannot start, since Qt does not load: {error}. "
            "`python3 packaging/preflight.py` names what is missing."
        ) from error
    return run(library)


if __name__ == "__main__":
    sys.exit(main())
