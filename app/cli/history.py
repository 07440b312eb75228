"""``retrouve history``: what was searched for, and whether that is noted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.cli.calls import Call
from app.cli.opening import open_library
from app.cli.wording import counted
from core.errors import CallError

if TYPE_CHECKING:
    from app.cli.console import Console
    from core.library import Library


def history(call: Call, console: Console) -> int:
    """List, clear, or switch on and off; without a word, list."""
    verb = call.operands[0] if call.operands else "list"
    with open_library(call.library) as library:
        if verb == "list":
            return _list(library, console)
        if verb == "clear":
            library.history.clear()
            console.document({"cleared": True})
            console.say("The history is empty now.")
            return 0
        if verb in ("on", "off"):
            return _switch(library, verb == "on", console)
    raise CallError(f"`retrouve history` does not know `{verb}`: it is `list`, `clear`, `on` or `off`.")


def _list(library: Library, console: Console) -> int:
    enabled, queries = library.history.enabled, library.history.recent()
    console.document({"history": queries, "enabled": enabled})
    for query in queries:
        console.line(query)
    if not enabled:
        console.say("The history is off: nothing is noted. `retrouve history on` switches it on.")
    elif not queries:
        console.say("Nothing was searched for yet.")
    elif console.on_terminal:
        console.say(f"{counted(len(queries), 'search', 'searches')}, the newest first.")
    return 0 if queries else 1


def _switch(library: Library, on: bool, console: Console) -> int:
    library.history.set_enabled(on)
    console.document({"enabled": on})
    console.say(
        "What is searched for is noted from now on, in this library alone."
        if on
        else "Nothing is noted or shown from now on. `retrouve history clear` forgets what was noted before."
    )
    return 0
