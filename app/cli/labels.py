"""``retrouve labels``: label lists, kept, shown, and read from and written to files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.calls import Call, absolute, usage_of
from app.cli.opening import any_library, open_library
from app.cli.wording import counted
from core.errors import CallError, TargetTaken

if TYPE_CHECKING:
    from app.cli.console import Console
    from core.library import Library
    from core.tagging.formats import Format, Found
    from core.tagging.types import Label, LabelList

USAGE = (
    "`retrouve labels list`, `import FILE...`, `show LIST`, `export LIST [--format F] [--to FILE]` or `remove LIST...`"
)
_OPTIONS = {"name": ("import",), "format": ("import", "export"), "to": ("export",), "overwrite": ("export",)}
_STDOUT = "-"
_HEAD = ("label", "below", "group", "also called", "looked for as", "not")
"""What `labels show` tells of a label; the last three in the order of `_texts`."""
_MOST_SPELLINGS = 10
"""Labels whose spelling is told of."""


def labels(call: Call, console: Console) -> int:
    """List, import, show, export or remove; without a word, list."""
    verb, *operands = call.operands or ("list",)
    if verb not in _VERBS:
        raise CallError(f"`retrouve labels` does not know `{verb}`: it is {USAGE}.")
    for name, verbs in _OPTIONS.items():
        if call.options.get(name) and verb not in verbs:
            raise CallError(f"--{name} belongs to `retrouve labels {verbs[0]}`.")
    least, most, act = _VERBS[verb]
    if len(operands) < least or (most is not None and len(operands) > most):
        raise CallError(f"`retrouve labels {verb}` is called otherwise: `{usage_of(USAGE, 'labels', verb)}`.")
    return act(operands, call, console)


def _list(_operands: Sequence[str], call: Call, console: Console) -> int:
    with any_library(call.library) as library:
        own = library.tagging.lists.names()
        ready = [(found.name, len(found.labels)) for found in library.tagging.lists.ready()]
    free = [(name, count) for name, count in ready if not any(_same(name, mine) for mine, _ in own)]
    rows = [(name, count, True) for name, count in own] + [(name, count, False) for name, count in free]
    console.document(
        {
            "lists": [
                {
                    "name": name,
                    "labels": count,
                    "in_library": mine,
                    "ready": any(_same(name, other) for other, _ in ready),
                }
                for name, count, mine in rows
            ]
        }
    )
    where = {True: "in your library", False: "comes with the program"}
    console.table(
        [(name, f"{count:,}", where[mine]) for name, count, mine in rows], right=(1,), head=("list", "labels", "")
    )
    if console.on_terminal:
        console.say("")
        console.say("`retrouve labels show LIST` shows one, `retrouve tag --labels LIST` suggests its labels.")
    return 0


def _import(operands: Sequence[str], call: Call, console: Console) -> int:
    """Keep the lists of files: all of them, or where one cannot be read, none."""
    name = call.options["name"]
    if name is not None and len(operands) > 1:
        raise CallError("--name names one list, and several files were given.")
    paths = [absolute(text) for text in operands]
    # Whether they can be read is known before a library is made for them.
    with any_library(call.library) as library:
        found = [_read(library, path, name, call) for path in paths]
    for place, new in enumerate(found):
        earlier = [other.list.name for other in found[:place]]
        other = next((place for place, name in enumerate(earlier) if _same(name, new.list.name)), None)
        if other is not None:
            both = f"{paths[other]} and {paths[place]}"
            raise CallError(f"{both} would both be the list “{new.list.name}”: import one alone.")
    with open_library(call.library, create=True) as library:
        done = []
        for new in found:
            known = dict(library.tagging.lists.names())
            kept = library.tagging.lists.put(new.list)
            done.append((new, kept, next((count for name, count in known.items() if _same(name, kept.name)), None)))
    console.document(
        {
            "imported": [
                {**_as_document(kept), "replaced": old is not None, "format": new.format, "notes": list(new.notes)}
                for new, kept, old in done
            ]
        }
    )
    for path, (new, kept, old) in zip(paths, done, strict=True):
        count = counted(len(kept.labels), "label")
        was = "" if old is None else f"; it replaces the list of {counted(old, 'label')} that had this name"
        console.say(f"“{kept.name}” is in your library, with {count} from {path.name}, read as {_made(new)}{was}.")
        for note in (*new.notes, *_otherwise(new, call.options["format"])):
            console.say(note)
        _tell_spelling(new.list, kept, console)
    console.say(f'Next: `retrouve tag --labels "{done[-1][1].name}"` suggests them for your photos.')
    return 0


def _tell_spelling(new: LabelList, kept: LabelList, console: Console) -> None:
    """Labels that were there before keep their spelling, and the list takes it over: that is said."""
    pairs = [(was.name, now.name) for was, now in zip(new.labels, kept.labels, strict=True) if was.name != now.name]
    if pairs:
        shown = ", ".join(f"“{now}” for “{was}”" for was, now in pairs[:_MOST_SPELLINGS])
        more = f" and {len(pairs) - _MOST_SPELLINGS:,} more" if len(pairs) > _MOST_SPELLINGS else ""
        console.say(f"Your library spells {shown}{more}: photos or another list have it so, and the list follows.")


def _made(new: Found) -> str:
    """What a file was taken for, and what became of it."""
    from core.tagging.formats import Format

    names = {
        Format.TOML: "TOML",
        Format.CSV: "a table",
        Format.TXT: "plain text",
        Format.LIGHTROOM: "Lightroom's keywords",
        Format.DIGIKAM: "digiKam's paths",
    }
    below = sum(label.parent is not None for label in new.list.labels)
    return names[new.format] + (f" ({below:,} of them below others)" if below else "")


def _otherwise(new: Found, typed: str | None) -> Iterator[str]:
    """How a text is read that was taken for something that it is not."""
    from core.tagging.formats import Format

    if typed is not None:
        return
    if new.format is Format.DIGIKAM:
        yield "What stands before a slash became the label above; --format txt keeps slashes in the names."
    elif new.format is Format.LIGHTROOM:
        yield "--format txt reads it as plain text, with comments, paths and brackets in the names."
    elif new.format is Format.TXT and any("/" in label.name for label in new.list.labels):
        yield "Slashes stayed in the names; --format digikam makes trees of them."


def _read(library: Library, path: Path, name: str | None, call: Call) -> Found:
    from core.tagging.checking import valid_name
    from core.tagging.formats import named

    format = call.options["format"]
    found = library.tagging.lists.found(path, None if format is None else named(format))
    return found if name is None else replace(found, list=replace(found.list, name=valid_name(name)))


def _show(operands: Sequence[str], call: Call, console: Console) -> int:
    with any_library(call.library) as library:
        found = _find(library, operands[0])
    console.document(_as_document(found))
    if not console.on_terminal:
        rows = [
            (label.name, label.parent or "", label.group or "", *map(" | ".join, _texts(label)))
            for label in found.labels
        ]
        console.table([_HEAD, *rows])  # Most cells of most lists are empty: without a heading they tell nothing.
        return 0
    where = "comes with the program" if found.id is None else "in your library"
    console.say(f"“{found.name}”: {counted(len(found.labels), 'label')}, {where}")
    for template in found.templates:
        console.say(f"template: {template}")
    for group in found.exclusive:
        names = (label.name for label in found.labels if label.group == group)
        console.say(f"a photo has one at the most of {group}: {', '.join(names)}")
    console.say("")
    _show_tree(found, console)
    return 0


def _show_tree(found: LabelList, console: Console) -> None:
    from core.tagging.formats.tree import walk

    for level, label in walk(found.labels):
        indent = "  " * level
        console.line(f"{indent}{label.name}")
        if label.group and label.group not in found.exclusive:
            console.line(f"{indent}    group: {label.group}")
        for what, texts in zip(_HEAD[3:], _texts(label), strict=True):
            if texts:
                console.line(f"{indent}    {what}: {', '.join(f'“{text}”' for text in texts)}")


def _export(operands: Sequence[str], call: Call, console: Console) -> int:
    to, format = call.options["to"], call.options["format"]
    if to in (None, _STDOUT):
        return _to_stdout(operands[0], call, console)
    target = absolute(to)
    with any_library(call.library) as library:
        found = _find(library, operands[0])
        chosen = _format(target, format)
        try:
            missing = library.tagging.lists.export(found.name, target, chosen, call.options["overwrite"])
        except TargetTaken as error:
            raise CallError(f"{target} is there already. Name another file, or add --overwrite.") from error
    console.document(
        {
            "list": found.name,
            "labels": len(found.labels),
            "format": chosen,
            "target": target,
            "left_out": list(missing),
        }
    )
    console.say(f"“{found.name}” with {counted(len(found.labels), 'label')} is written to {target}.")
    if missing:
        console.say(_about(missing))
    return 0


def _to_stdout(name: str, call: Call, console: Console) -> int:
    from core.tagging import formats

    if console.as_json:
        raise CallError("--json has stdout to itself: name the file of the export with --to.")
    if call.options["overwrite"]:
        raise CallError("--overwrite needs a file: name it with --to.")
    with any_library(call.library) as library:
        found = _find(library, name)
    chosen = _format(None, call.options["format"])
    console.data(formats.written(found, chosen).encode("utf-8"))
    missing = formats.left_out(found, chosen)
    if missing and not console.quiet:
        console.remark(_about(missing))
    return 0


def _format(target: Path | None, typed: str | None) -> Format:
    """The format that was typed, or else the one that the file's name speaks of."""
    from core.tagging.formats import Format

    if typed is not None:
        return Format(typed)
    suffix = "" if target is None else target.suffix.lower().removeprefix(".")
    return Format(suffix) if suffix in (Format.CSV, Format.TXT) else Format.TOML


def _about(missing: Sequence[str]) -> str:
    *most, last = missing
    named = f"{', '.join(most)} and {last}" if most else last
    return f"This format has no place for {named}: they are left out. TOML and CSV hold everything."


def _remove(operands: Sequence[str], call: Call, console: Console) -> int:
    with open_library(call.library) as library:
        lists = library.tagging.lists
        known = [name for name, _ in lists.names()]
        gone = list(dict.fromkeys(next((kept for kept in known if _same(kept, name)), name) for name in operands))
        # One that is not there first: that removes nothing, and says so before anything else is gone.
        gone.sort(key=lambda name: name in known)
        rules = sum(_same(rule.list_name, name) for rule in library.tagging.rules.all() for name in gone)
        withdrawn = sum(lists.remove(name) for name in gone)
    console.document({"removed": gone, "withdrawn": withdrawn, "rules_removed": rules})
    for name in gone:
        console.say(f"“{name}” is removed. What you accepted and rejected stays.")
    if withdrawn:
        console.say(f"{counted(withdrawn, 'suggestion')} that no other list gives went with it.")
    if rules:
        console.say(f"{counted(rules, 'rule')} that used it went with it.")
    return 0


def _find(library: Library, name: str) -> LabelList:
    """The list of this name, own or ready; a ready one is only looked at."""
    lists = library.tagging.lists
    return lists.find(name) or lists.get(name)


def _same(name: str, other: str) -> bool:
    from core.catalog.tags import folded

    return folded(name) == folded(other)


def _texts(label: Label) -> tuple[tuple[str, ...], ...]:
    return label.synonyms, label.prompts, label.negatives


def _as_document(found: LabelList) -> dict[str, Any]:
    return {
        "name": found.name,
        "in_library": found.id is not None,
        "templates": list(found.templates),
        "exclusive": list(found.exclusive),
        "labels": [
            {
                "name": label.name,
                "parent": label.parent,
                "group": label.group,
                "synonyms": list(label.synonyms),
                "prompts": list(label.prompts),
                "not": list(label.negatives),
            }
            for label in found.labels
        ],
    }


_VERBS: dict[str, tuple[int, int | None, Callable[[Sequence[str], Call, Console], int]]] = {
    "list": (0, 0, _list),
    "import": (1, None, _import),
    "show": (1, 1, _show),
    "export": (1, 1, _export),
    "remove": (1, None, _remove),
}
"""Each verb: how many words it takes at the least and at the most, and what does it."""
