"""``retrouve captions``: sentences about photos, from a file, as a list, and to a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from app.cli.calls import Call, absolute
from app.cli.opening import open_library, root_paths
from app.cli.wording import beside_root, counted
from core.errors import CallError, TargetTaken

if TYPE_CHECKING:
    from app.cli.console import Console
    from core.captioning.captions import Captioned, CaptionReport
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


def sentences(report: CaptionReport) -> list[str]:
    """What an import did, for people: first what was taken, then what was not and why."""
    said = [
        f"{counted(report.pairs, 'pair')} of a photo and a sentence read: {report.added:,} added, "
        f"{report.known:,} known already. {counted(report.photos, 'photo')} of the library have captions of this file."
    ]
    if report.repeated:
        said.append(f"{report.repeated:,} stand there twice.")
    if report.empty:
        said.append(f"{report.empty:,} have no words.")
    if report.overlong:
        said.append(f"{report.overlong:,} are long: kept whole, but a model reads their beginning alone.")
    if report.unknown:
        some = ", ".join(report.unknown_photos[:3])
        more = ", ..." if report.unknown > 3 else ""
        said.append(f"{report.unknown:,} are of photos that are not in the library ({some}{more}).")
    if report.ambiguous:
        said.append(f"{report.ambiguous:,} name a photo by a name that several have: give its path.")
    if report.broken:
        said.append(f"{counted(report.broken, 'row')} could not be read ({report.broken_rows[0]}).")
    return said


def _as_document(one: Captioned) -> dict[str, object]:
    said = [{"text": caption.text, "source": caption.source} for caption in one.captions]
    return {"path": one.path, "captions": said}


_VERBS: dict[str, tuple[int, int | None, Callable[[Library, Sequence[str], Call, Console], int]]] = {
    "list": (0, None, _list),
    "import": (1, 1, _import),
    "export": (1, 1, _export),
}
