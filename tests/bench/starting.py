"""How long a person waits for the first answer: imports, a cold search on the command line, the window."""

from __future__ import annotations

from pathlib import Path

from tests.bench.measure import Row, process

_REPEAT = 5
_BUDGETED = 100_000
"""Photos up to which the budgets hold."""

_BARE_WINDOW = """
from PySide6.QtWidgets import QApplication, QWidget
application = QApplication(["bare"])
window = QWidget()
window.resize(1200, 800)
window.show()
application.processEvents()
window.grab()
"""

# Usable: on the screen, its library open, and the grid filled with the photos of the library.
_WINDOW = """
import sys, time
from functools import partial
from pathlib import Path
import app.window.start as start
application = start.make_application()
folder = Path(sys.argv[1])
faults = start.Faults(start.start_log(folder))
parts = start.build(application, folder, (), partial(start._open_library, folder), faults)
parts.window.show()
parts.conductor.start()
deadline = time.monotonic() + 60
from PySide6.QtWidgets import QAbstractItemView
def filled():
    return any(view.isVisible() and view.model() is not None and view.model().rowCount() > 0
               for view in parts.window.findChildren(QAbstractItemView))
while not filled():
    application.processEvents()
    time.sleep(0.002)  # as an event loop waits: looking without end would keep the interpreter from the threads
    if time.monotonic() > deadline:
        sys.exit("the grid stayed empty for a minute")
parts.window.grab()
import os
os._exit(0)
"""


def imports(repeat: int = _REPEAT) -> list[Row]:
    """Importing the library against a Python that does nothing."""
    bare = process(["-c", "pass"], repeat)
    library = process(["-c", "import core.library"], repeat)
    return [Row("import core.library, whole process", library.p50, "ms", bare.p50, "python -c pass")]


def cold_search(library: Path, photos: int, home: Path) -> list[Row]:
    """`retrouve search` as a process of its own, the model's compiled graph cached as after the first time."""
    bare = process(["-c", "pass"], _REPEAT)
    call = ["-m", "app", "--library", str(library), "--json", "search", "a dog on the beach"]
    searched = process(call, _REPEAT, _at_home(home))
    bound = 1000.0 if photos <= _BUDGETED else None
    return [
        Row(f"cold search, {photos:,} photos, whole process", searched.p50, "ms", bare.p50, "python -c pass", bound)
    ]


def window(library: Path, photos: int, home: Path) -> list[Row]:
    """The window from the command to a grid full of photos, against an empty window of Qt's."""
    bare = process(["-c", _BARE_WINDOW], _REPEAT)
    ours = process(["-c", _WINDOW, str(library)], _REPEAT, _at_home(home))
    bound = 1500.0 if photos <= _BUDGETED else None
    return [Row(f"window usable, {photos:,} photos", ours.p50, "ms", bare.p50, "bare QApplication and QWidget", bound)]


def _at_home(home: Path) -> dict[str, str]:
    """Settings and data of a user who is nobody."""
    names = ("HOME", "USERPROFILE", "LOCALAPPDATA", "APPDATA", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")
    return {name: str(home) for name in names}
