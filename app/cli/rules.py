"""``retrouve rules``: what is suggested for photos that come into a folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from app.cli.calls import Call, absolute
from app.cli.opening import open_library
from app.cli.wording import percent
from core.errors import CallError

if TYPE_CHECKING:
    from app.cli.console import Console
    from core.library import Library
    from core.tagging.types import Rule

USAGE = "`retrouve rules list`, `add FOLDER --labels LIST [--accept-above P]` or `remove FOLDER [--labels LIST]`"


def rules(call: Call, console: Console) -> int:
    """List, add or remove; without a word, list."""
    verb, *operands = call.operands or ("list",)
    if verb not in _VERBS:
        raise CallError(f"`retrouve rules` does not know `{verb}`: it is {USAGE}.")
    count, act = _VERBS[verb]
    if len(operands) != count:
        raise CallError(f"`retrouve rules {verb}` is called otherwise: {USAGE}.")
    if call.options["accept_above"] is not None and verb != "add":
        raise CallError("--accept-above belongs to `retrouve rules add`.")
    if call.options["labels"] is not None and verb == "list":
        raise CallError("--labels belongs to `retrouve rules add` and `retrouve rules remove`.")
    with open_library(call.library) as library:
        return act(library, operands, call, console)


def _list(library: Library, _operands: Sequence[str], _call: Call, console: Console) -> int:
    found = library.tagging.rules.all()
    console.document({"rules": [_as_document(rule) for rule in found]})
    if not found:
        console.say("There is no rule yet. `retrouve rules add FOLDER --labels LIST` makes one.")
        return 1
    rows = [(str(rule.folder), rule.list_name, _does(rule)) for rule in found]
    console.table(rows, head=("folder", "list", "what comes in"))
    return 0


def _add(library: Library, operands: Sequence[str], call: Call, console: Console) -> int:
    if call.options["labels"] is None:
        raise CallError(f"A rule needs a label list: {USAGE}.")
    folder = absolute(operands[0])
    rule = library.tagging.rules.add(folder, call.options["labels"], call.options["accept_above"])
    console.document({"rule": _as_document(rule)})
    console.say(f"Photos that come into {rule.folder}: “{rule.list_name}”, {_does(rule)}.")
    console.say(
        f"For those that are there already: `retrouve tag {quote(str(folder))} --labels {quote(rule.list_name)}`."
    )
    return 0


def _remove(library: Library, operands: Sequence[str], call: Call, console: Console) -> int:
    folder, wanted = absolute(operands[0]), call.options["labels"]
    found = [rule for rule in library.tagging.rules.all() if rule.folder == folder]
    if wanted is not None:
        from core.catalog.tags import folded

        found = [rule for rule in found if folded(rule.list_name) == folded(wanted)]
    if not found:
        of = "" if wanted is None else f" with the list “{wanted}”"
        raise CallError(f"There is no rule for {folder}{of}. `retrouve rules list` lists them.")
    for rule in found:
        library.tagging.rules.remove(rule.id)
    console.document({"removed": [_as_document(rule) for rule in found]})
    names = ", ".join(f"“{rule.list_name}”" for rule in found)
    console.say(f"Removed for {folder}: {names}. Tags that it gave stay.")
    return 0


def _does(rule: Rule) -> str:
    if rule.accept_above is None:
        return "suggested"
    return f"accepted from {percent(rule.accept_above)}, suggested below"


def _as_document(rule: Rule) -> dict[str, str | float | Path | None]:
    return {"folder": rule.folder, "labels": rule.list_name, "accept_above": rule.accept_above}


_VERBS: dict[str, tuple[int, Callable[[Library, Sequence[str], Call, Console], int]]] = {
    "list": (0, _list),
    "add": (1, _add),
    "remove": (1, _remove),
}
"""Each verb: how many words it takes, and what does it."""
