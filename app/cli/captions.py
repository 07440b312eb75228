"""``retrouve captions``: sentences about photos, from a file, as a list, and to a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from app.caption_report import sentences
from app.cli.calls import Call, absolute
from app.cli.opening import open_library, root_paths
from app.cli.wording import beside_root, counted
from core.errors import CallError, TargetTaken

if TYPE_CHECKING:
    from app.cli.console import Console
    from core.captioning.captions import Captioned
    from core.library import Library

USAGE = "`retrouve captions list [PHOTO...]`, `import FILE` or `export FILE [--overwrite]`"


def captions(call: Call, console: Console) -> int:
    """Import, list or export; without a word, list."""
    verb, *operands = call.operands or ("list",)
    if verb not in _VERBS:
        raise CallError(f"`retrouve captions` does not know `{verb}`: it is {USAGE}.")
    least, most, act = _VERBS[verb]
    if len(operands) < least or (most is not None and len(operands) > most):
        raise CallError(f"`retrouve captions {verb}` is called otherwise: {USAGE}.")
    if call.options["overwrite"] and verb != "export":
        raise CallError("--overwrite goes with `retrouve captions export`.")
    with open_library(call.library) as library:
        return act(library, operands, call, console)


def _import(library: Library, operands: Sequence[str], _call: Call, console: Console) -> int:
    report = library.captioning.take_in(absolute(operands[0]))
    console.document(report.to_json())
    for sentence in sentences(report):
        console.say(sentence)
    return 0


def _list(library: Library, operands: Sequence[str], _call: Call, console: Console) -> int:
    asked = [library.captioning.of(absolute(text)) for text in operands]
    found = asked if operands else list(library.captioning.every())
    count = sum(len(one.captions) for one in found)
    console.document({"photos": [_as_document(one) for one in found], "captions": count})
    roots = root_paths(library) if console.on_terminal else []
    rows = [
        (beside_root(one.path, roots) if console.on_terminal else str(one.path), caption.text, caption.source)
        for one in found
        for caption in one.captions
    ]
    console.table(rows, head=("photo", "caption", "from"))
    if not count:
        console.say("No photo has a caption yet. `retrouve captions import FILE` reads some.")
        return 1
    if console.on_terminal:
        console.say(f"{counted(count, 'caption')} of {counted(len(found), 'photo')}.")
    return 0


def _export(library: Library, operands: Sequence[str], call: Call, console: Console) -> int:
    target = absolute(operands[0])
    try:
        photos, count = library.captioning.give_out(target, overwrite=call.options["overwrite"])
    except TargetTaken as error:
        raise CallError(f"{target} is there already. Name another file, or add --overwrite.") from error
    console.document({"target": target, "photos": photos, "captions": count})
    console.say(f"{counted(count, 'caption')} of {counted(photos, 'photo')} written to {target}.")
    return 0


def _as_document(one: Captioned) -> dict[str, object]:
    said = [{"text": caption.text, "source": caption.source} for caption in one.captions]
    return {"path": one.path, "captions": said}


_VERBS: dict[str, tuple[int, int | None, Callable[[Library, Sequence[str], Call, Console], int]]] = {
    "list": (0, None, _list),
    "import": (1, 1, _import),
    "export": (1, 1, _export),
}
