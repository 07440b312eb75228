"""``retrouve tags``: what is on photos, what a person decides of it, and undoing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.calls import Call, absolute, usage_of
from app.cli.opening import open_library, root_paths
from app.cli.wording import beside_root, counted, percent
from core.errors import CallError, PhotoError

if TYPE_CHECKING:
    from app.cli.console import Console
    from core.library import Library
    from core.tagging.types import PhotoTags, Step, Tag

USAGE = (
    "`retrouve tags list [FOLDER]`, `accept PHOTO... LABEL`, `reject PHOTO... LABEL`, `clear PHOTO... LABEL`, "
    "`undo [N]`, `redo [N]`, `steps`, `stats`, `labels`, `rename OLD NEW`, `forget LABEL` or `export --xmp`"
)
_OF_LISTS = ("state", "label")
_OF_EXPORTS = ("xmp", "dry_run", "undo")


def tags(call: Call, console: Console) -> int:
    """List, decide, undo, count or export; without a word, list."""
    verb, *operands = call.operands or ("list",)
    if verb not in _VERBS and verb != "export":
        raise CallError(f"`retrouve tags` does not know `{verb}`: it is {USAGE}.")
    for names, owner in ((_OF_LISTS, "list"), (_OF_EXPORTS, "export")):
        strange = [name for name in names if call.options.get(name) and verb != owner]
        if strange:
            raise CallError(f"--{strange[0].replace('_', '-')} belongs to `retrouve tags {owner}`.")
    if verb == "export":
        from app.cli.tags_export import export

        return export(call, console)
    least, most, act = _VERBS[verb]
    if len(operands) < least or (most is not None and len(operands) > most):
        raise CallError(f"`retrouve tags {verb}` is called otherwise: `{usage_of(USAGE, 'tags', verb)}`.")
    with open_library(call.library) as library:
        return act(library, operands, call, console)


# Lists


def _list(library: Library, operands: Sequence[str], call: Call, console: Console) -> int:
    from core.tagging.types import State

    states = [State(name) for name in call.options["state"]] or list(State)
    folder = absolute(operands[0]) if operands else None
    found = list(library.tagging.decisions.listed(states, call.options["label"], folder))
    console.document({"photos": [as_document(photo) for photo in found]})
    if not found:
        console.say(_why_nothing(library))
        return 1
    _show(library, found, console)
    if console.on_terminal:
        tags_found = sum(len(photo.tags) for photo in found)
        console.say(f"{counted(tags_found, 'tag')} on {counted(len(found), 'photo')}.")
    return 0


def _show(library: Library, found: Sequence[PhotoTags], console: Console) -> None:
    """A line for each tag; in a pipe with the whole path."""
    roots = root_paths(library) if console.on_terminal else []
    rows = [
        (beside_root(photo.path, roots) if roots else str(photo.path), tag.label, tag.state.value, *_why(tag))
        for photo in found
        for tag in photo.tags
    ]
    console.table(rows, right=(4,), head=("photo", "label", "state", "by", "score"))


def _why(tag: Tag) -> tuple[str, str]:
    return tag.source.value, "" if tag.score is None else percent(tag.score)


def _why_nothing(library: Library) -> str:
    stats = library.tagging.decisions.stats()
    if stats.labels:
        return "No tag fits. `retrouve tags stats` counts those that there are."
    return "No photo has a tag yet. `retrouve tag --labels LIST` suggests some, `retrouve labels list` lists the lists."


def as_document(photo: PhotoTags) -> dict[str, object]:
    """A photo's entry as JSON has it."""
    tags = [{"label": tag.label, "score": tag.score, "source": tag.source, "state": tag.state} for tag in photo.tags]
    return {"path": photo.path, "tags": tags}


def _stats(library: Library, _operands: Sequence[str], _call: Call, console: Console) -> int:
    stats = library.tagging.decisions.stats()
    console.document(
        {
            "photos": stats.photos,
            "suggested": stats.suggested,
            "accepted": stats.accepted,
            "rejected": stats.rejected,
            "steps": stats.steps,
            "labels": [
                {key: value for key, value in asdict(label).items() if key != "label_id"} for label in stats.labels
            ],
        }
    )
    if not stats.labels:
        console.say(_why_nothing(library))
        return 1
    rows = [
        (label.label, f"{label.suggested:,}", f"{label.accepted:,}", f"{label.rejected:,}") for label in stats.labels
    ]
    console.table(rows, right=(1, 2, 3), head=("label", "suggested", "accepted", "rejected"))
    console.say(
        f"{counted(stats.photos, 'photo has', 'photos have')} an accepted tag; "
        f"{counted(stats.suggested, 'suggestion waits', 'suggestions wait')} for you; "
        f"{counted(stats.steps, 'step')} can be undone."
    )
    return 0


# Labels


def _labels(library: Library, _operands: Sequence[str], _call: Call, console: Console) -> int:
    """Those on photos, and those that stand in no list: made by hand, or by mistake."""
    found = library.tagging.decisions.labels()
    console.document(
        {
            "labels": [
                {
                    "label": row.label,
                    "suggested": row.suggested,
                    "accepted": row.accepted,
                    "rejected": row.rejected,
                    "lists": list(lists),
                }
                for row, lists in found
            ]
        }
    )
    if not found:
        console.say(_why_nothing(library))
        return 1
    rows = [
        (row.label, f"{row.suggested:,}", f"{row.accepted:,}", f"{row.rejected:,}", ", ".join(lists) or "in no list")
        for row, lists in found
    ]
    console.table(rows, right=(1, 2, 3), head=("label", "suggested", "accepted", "rejected", "list"))
    return 0


def _rename(library: Library, operands: Sequence[str], _call: Call, console: Console) -> int:
    from core.tagging.checking import valid_label

    old, new = operands
    merged = library.tagging.renaming.rename_everywhere(old, new)
    was, now = valid_label(old), valid_label(new)
    console.document({"label": now, "was": was, "merged": merged})
    also = ": what either had, it has now" if merged else ""
    console.say(f"“{was}” is called “{now}” from now on, on photos and in lists{also}.")
    return 0


def _forget(library: Library, operands: Sequence[str], _call: Call, console: Console) -> int:
    done = library.tagging.decisions.forget(operands[0])
    console.document({"label": done.label, "step": _step_document(done.step), "stays": done.stays})
    if done.step is not None:
        console.say(f"{_sentence(done.step)}. `retrouve tags undo` brings it back.")
    elif not done.stays:
        console.say(f"Forgot “{done.label}”, which no photo had.")
    if done.stays:
        have = counted(done.stays, "photo keeps", "photos keep")
        console.say(f"{have} “{done.label}”: it is a keyword of the file's own.")
    return 0


# Deciding


def _accept(library: Library, operands: Sequence[str], _call: Call, console: Console) -> int:
    *photos, name = operands
    decisions = library.tagging.decisions
    ids = _photo_ids(library, photos)
    known = decisions.knows(name)
    code = _decided(library, ids, decisions.tag(list(ids), name), console)
    if not known:
        console.say(f"“{' '.join(name.split())}” is a new label.")
    return code


def _reject(library: Library, operands: Sequence[str], _call: Call, console: Console) -> int:
    *photos, name = operands
    decisions = library.tagging.decisions
    ids = _photo_ids(library, photos)
    return _decided(library, ids, decisions.tag(list(ids), name, accept=False), console)


def _clear(library: Library, operands: Sequence[str], _call: Call, console: Console) -> int:
    *photos, name = operands
    decisions = library.tagging.decisions
    ids = _photo_ids(library, photos)
    label_id = decisions.label_id(name)
    return _decided(library, ids, decisions.clear([(photo_id, label_id) for photo_id in ids]), console)


def _photo_ids(library: Library, typed: Sequence[str]) -> dict[int, Path]:
    """The photos that were named, each once. All of them are there, or nothing is decided."""
    from core.catalog import photos

    found: dict[int, Path] = {}
    for text in typed:
        path = absolute(text)
        with library.catalog.read() as db:
            photo = photos.by_path(db, path)
        if photo is None:
            if path.is_dir():
                raise CallError(f"{path} is a folder. Name its photos, or use the window to decide on many.")
            if not path.exists():
                raise PhotoError(path, "it is not there")
            raise CallError(f"{path} is no photo of the library. `retrouve index FOLDER` adds a folder.")
        found[photo.id] = photo.path
    return found


def _decided(library: Library, photos: dict[int, Path], step: Step | None, console: Console) -> int:
    from core.tagging.types import PhotoTags

    tags = library.tagging.decisions.of_photos(list(photos))
    entries = [PhotoTags(photo_id, path, tags.get(photo_id, ())) for photo_id, path in photos.items()]
    console.document({"photos": [as_document(entry) for entry in entries], "step": _step_document(step)})
    console.say("Nothing changed: it was so already." if step is None else f"{_sentence(step)}.")
    return 0


# Steps


def _undo(library: Library, operands: Sequence[str], _call: Call, console: Console) -> int:
    return _turn(library.tagging.decisions.undo, operands, console, "undone", "There is nothing to undo.")


def _redo(library: Library, operands: Sequence[str], _call: Call, console: Console) -> int:
    return _turn(library.tagging.decisions.redo, operands, console, "done again", "There is nothing to do again.")


def _turn(turn: Callable[[], Step | None], operands: Sequence[str], console: Console, done: str, nothing: str) -> int:
    times = 1
    if operands:
        if not (operands[0].isascii() and operands[0].isdecimal() and 1 <= int(operands[0]) <= 1_000_000):
            raise CallError(f"`{operands[0]}` is no number of steps.")
        times = int(operands[0])
    steps: list[Step] = []
    while len(steps) < times and (step := turn()) is not None:
        steps.append(step)
    console.document({"steps": [_step_document(step) for step in steps]})
    if not steps:
        console.say(nothing)
        return 1
    for step in steps:
        console.say(f"{done.capitalize()}: {step.said}.")
    return 0


def _steps(library: Library, _operands: Sequence[str], _call: Call, console: Console) -> int:
    steps = library.tagging.decisions.steps()
    console.document({"steps": [_step_document(step) for step in steps]})
    if not steps:
        console.say("Nothing was decided yet.")
        return 1
    rows = [(_local(step.made), _sentence(step), "undone" if step.undone else "") for step in steps]
    console.table(rows, head=("when", "what", ""))
    return 0


def _local(made: str) -> str:
    """A time as the clock on the wall shows it."""
    from datetime import datetime

    return datetime.fromisoformat(made).astimezone().strftime("%Y-%m-%d %H:%M")


def _sentence(step: Step) -> str:
    return step.said[:1].upper() + step.said[1:]


def _step_document(step: Step | None) -> dict[str, object] | None:
    return None if step is None else {key: value for key, value in asdict(step).items() if key != "id"}


_VERBS: dict[str, tuple[int, int | None, Callable[[Library, Sequence[str], Call, Console], int]]] = {
    "list": (0, 1, _list),
    "accept": (2, None, _accept),
    "reject": (2, None, _reject),
    "clear": (2, None, _clear),
    "undo": (0, 1, _undo),
    "redo": (0, 1, _redo),
    "steps": (0, 0, _steps),
    "stats": (0, 0, _stats),
    "labels": (0, 0, _labels),
    "rename": (2, 2, _rename),
    "forget": (1, 1, _forget),
}
"""Each verb: how many words it takes at the least and at the most, and what does it."""
