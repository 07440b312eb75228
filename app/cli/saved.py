"""``retrouve saved``: searches that are kept under a name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from app.cli.calls import Call
from app.cli.opening import open_library
from core.errors import CallError

if TYPE_CHECKING:
    from app.cli.console import Console
    from core.library import Library
    from core.types import SavedSearch

USAGE = "`retrouve saved list`, `add NAME QUERY`, `rename NAME NEW` or `remove NAME`"


def saved(call: Call, console: Console) -> int:
    """List, add, rename or remove; without a word, list."""
    verb, *operands = call.operands or ("list",)
    if verb not in _VERBS:
        raise CallError(f"`retrouve saved` does not know `{verb}`: it is {USAGE}.")
    least, most, act = _VERBS[verb]
    if len(operands) < least or (most is not None and len(operands) > most):
        raise CallError(f"`retrouve saved {verb}` is called otherwise: {USAGE}.")
    with open_library(call.library) as library:
        return act(library, operands, console)


def _list(library: Library, _operands: Sequence[str], console: Console) -> int:
    found = library.saved.all()
    console.document({"saved": [_as_document(search) for search in found]})
    if not found:
        console.say("No search is saved yet. `retrouve saved add NAME QUERY` keeps one.")
        return 1
    console.table([(search.name, search.query) for search in found], head=("name", "query"))
    return 0


def _add(library: Library, operands: Sequence[str], console: Console) -> int:
    name, query = operands[0], " ".join(operands[1:])
    before = {search.id for search in library.saved.all()}
    kept = library.saved.save(name, query)
    replaced = kept.id in before
    console.document({"saved": _as_document(kept), "replaced": replaced})
    console.say(f"“{kept.name}” is {'replaced' if replaced else 'saved'}: {kept.query}")
    return 0


def _rename(library: Library, operands: Sequence[str], console: Console) -> int:
    old = library.saved.find(operands[0])
    new = library.saved.rename(old.id, operands[1])
    console.document({"saved": _as_document(new)})
    console.say(f"“{old.name}” is called “{new.name}” now.")
    return 0


def _remove(library: Library, operands: Sequence[str], console: Console) -> int:
    found = library.saved.find(operands[0])
    library.saved.remove(found.id)
    console.document({"removed": _as_document(found)})
    console.say(f"“{found.name}” is removed. The photos that it found stay as they are.")
    return 0


def _as_document(search: SavedSearch) -> dict[str, object]:
    return {name: value for name, value in asdict(search).items() if name != "id"}


_VERBS: dict[str, tuple[int, int | None, Callable[[Library, Sequence[str], Console], int]]] = {
    "list": (0, 0, _list),
    "add": (2, None, _add),
    "rename": (2, 2, _rename),
    "remove": (1, 1, _remove),
}
"""Each verb: how many words it takes at the least and at the most, and what does it."""
