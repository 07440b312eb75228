"""What ``make demo`` runs once all is installed: index photos, then open the window on them.

usage: demo.py [FOLDER]     without one, the sample photos

Its library lies in ``.cache/demo`` of the checkout, away from your own. Without a display, three searches run in the
terminal in place of the window.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from app.__main__ import main as retrouve
from app.cli import display
from app.cli.calls import absolute

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "resources" / "samples"
QUERIES = ("food on a plate", "a bird", "a city at night")


def main(arguments: list[str]) -> int:
    """Index the folder and show it. Returns the exit code of the first step that fails."""
    photos = absolute(arguments[0]) if arguments and arguments[0] else SAMPLES
    mine = photos != SAMPLES
    library = str(ROOT / ".cache" / "demo" / ("photos" if mine else "samples"))
    Path(library).parent.mkdir(parents=True, exist_ok=True)
    print(f"Indexing {photos}", flush=True)
    code = retrouve(["--library", library, "index", "--", str(photos)])
    if code:
        return code
    if display.is_reachable():
        print("Opening the window. In a terminal:", command(library), flush=True)
        return retrouve(["--library", library])
    print("\nThere is no display here, so three searches run in the terminal.", flush=True)
    for query in QUERIES:
        print(f"\n$ retrouve search {query}", flush=True)
        code = retrouve(["--library", library, "search", query, "--top", "3"])
        if code:
            return code
    print("\nYour own:", command(library))
    return 0


def command(library: str) -> str:
    """How to search this library by hand."""
    program = Path(sys.executable).with_name("retrouve.exe" if os.name == "nt" else "retrouve")
    parts = [os.path.relpath(program), "--library", os.path.relpath(library), "search"]
    return " ".join(f'"{part}"' if " " in part else part for part in parts) + " a dog on the beach"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
