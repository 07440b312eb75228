"""``retrouve roots`` and ``retrouve forget``: the folders of the library."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.cli.calls import Call, absolute
from app.cli.opening import open_library
from app.cli.wording import counted

if TYPE_CHECKING:
    from app.cli.console import Console
    from core.types import RootStatus


def roots(call: Call, console: Console) -> int:
    """The folders that were added, and whether each can be read now."""
    with open_library(call.library) as library:
        statuses = library.roots()
    console.document({"roots": [_as_document(status) for status in statuses]})
    if not statuses:
        console.say("The library has no folder yet. `retrouve index FOLDER` adds one.")
        return 0
    rows = [
        (str(status.root.path), f"{status.photos:,}", f"{status.failures:,}", _state(status)) for status in statuses
    ]
    console.table(rows, right=(1, 2), head=("folder", "photos", "failed", ""))
    return 0


def _state(status: RootStatus) -> str:
    if status.online:
        return "online"
    return f"offline: {status.why_offline}" if status.why_offline else "offline"


def _as_document(status: RootStatus) -> dict[str, object]:
    return {
        "path": status.root.path,
        "added": status.root.added,
        "ignore": list(status.root.ignore),
        "online": status.online,
        "why_offline": status.why_offline,
        "photos": status.photos,
        "failures": status.failures,
    }


def forget(call: Call, console: Console) -> int:
    """Take a folder out of the library. The photos on disk stay as they are."""
    folder = absolute(call.operands[0])
    with open_library(call.library) as library:
        count = library.forget(folder)
    console.document({"path": folder, "forgotten": count})
    console.say(
        f"{folder} is no longer in the library; {counted(count, 'photo')} forgotten. The files stay as they are."
    )
    return 0
