"""``retrouve duplicates``: photos that are there more than once."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from app.cli.calls import Call
from app.cli.interrupts import StopRequest
from app.cli.opening import open_library, root_paths
from app.cli.progress import ProgressBar
from app.cli.wording import beside_root, counted

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.cli.console import Console
    from core.library import Library
    from core.search.copies import CopiesProgress, Group

_HEADS = {"copies": "the same bytes", "near": "nearly the same picture"}


def duplicates(call: Call, console: Console) -> int:
    """List copies and near copies, a group each. Exit 1 where there are none."""
    with open_library(call.library) as library:
        with StopRequest(console) as stop:
            found = _find(library, console, stop)
        if found is None:
            console.fail("Interrupted: no group is whole before all photos are compared.", groups=[])
            return 130
        console.document({"groups": [{"kind": group.kind, "paths": list(group.paths)} for group in found.groups]})
        _show(found.groups, library, console)
        if not found.groups:
            console.say(_why_nothing(library))
        elif console.on_terminal:
            console.say("Nothing was changed. What you delete is forgotten with the next `retrouve index`.")
        if found.unencoded:
            are = "is" if found.unencoded == 1 else "are"
            console.say(
                f"{counted(found.unencoded, 'photo')} {are} not encoded yet: `retrouve index` does that, and near "
                "copies of them are known then."
            )
    return 0 if found.groups else 1


def _find(library: Library, console: Console, cancelled: Callable[[], bool]) -> CopiesProgress | None:
    """All groups; None where it was interrupted."""
    found: CopiesProgress | None = None
    with ProgressBar(console) as bar, closing(library.copies.find(cancelled)) as steps:
        try:
            for step in steps:
                found = step
                bar.update("Comparing", step.done, step.total, amount=f"{step.done / step.total:.0%}")
        except KeyboardInterrupt:
            return None
    return found if found is not None and found.done == found.total else None


def _show(groups: tuple[Group, ...], library: Library, console: Console) -> None:
    """On a terminal a block a group; in a pipe a line a photo: the kind, the number of its group, and its path."""
    if console.as_json:
        return
    if not console.on_terminal:
        rows = [(group.kind, str(number), str(path)) for number, group in enumerate(groups, 1) for path in group.paths]
        console.table(rows)
        return
    roots = root_paths(library)
    for group in groups:
        console.line(f"{counted(len(group.paths), 'photo')}, {_HEADS[group.kind]}:")
        for path in group.paths:
            console.line(f"  {beside_root(path, roots)}")


def _why_nothing(library: Library) -> str:
    if not library.roots():
        return "The library has no folder yet. `retrouve index FOLDER` adds one."
    return "No photo is there twice."
