"""``retrouve failures``, ``status`` and ``doctor``: how the library stands."""

from __future__ import annotations

import platform
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from app.cli.calls import Call
from app.cli.opening import open_library
from app.cli.wording import counted, size
from core.errors import CatalogMissing, RetrouveError

if TYPE_CHECKING:
    from app.cli.console import Console

PARTS = ("retrouve", "openvino", "hnswlib", "Pillow", "pillow-heif", "rawpy", "PySide6-Essentials", "torch")
"""The distributions whose versions matter in a report of a fault."""


def failures(call: Call, console: Console) -> int:
    """What could not be read, and why; each is tried again when it changes."""
    with open_library(call.library) as library:
        found = library.failures()
    console.document(
        {"failures": [{"path": failure.path, "reason": failure.reason, "tried": failure.tried} for failure in found]}
    )
    if not found:
        console.say("Nothing failed: every photo and sidecar could be read.")
        return 1
    console.table([(str(failure.path), failure.reason) for failure in found], head=("file", "why"))
    if console.on_terminal:
        console.say(f"{counted(len(found), 'file')}. Each is tried again when it changes.")
    return 0


def status(call: Call, console: Console) -> int:
    """What the library holds, and what runs it."""
    with open_library(call.library) as library:
        content: dict[str, Any] = asdict(library.status())
    content["versions"] = versions()
    console.document(content)
    console.table([_row(name, value) for name, value in content.items()])
    return 0


def versions() -> dict[str, str]:
    """The versions of what is installed and matters; what is not installed is left out."""
    from importlib.metadata import PackageNotFoundError, version

    found = {"python": platform.python_version(), "system": platform.platform()}
    for part in PARTS:
        try:
            found[part] = version(part)
        except PackageNotFoundError:
            continue
    return found


def _row(name: str, value: object) -> tuple[str, str]:
    if name.endswith("_bytes") and isinstance(value, int):
        return name.removesuffix("_bytes").replace("_", " ") + " size", size(value)
    return name.replace("_", " "), _shown(value)


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, dict):
        return ", ".join(f"{key} {item}" for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(str(item) for item in value) or "none"
    return "none" if value is None else str(value)


def doctor(call: Call, console: Console) -> int:
    """Check what can go wrong. Exit 1 when something did.

    A library that cannot even be opened is a finding here, where other commands end with it.
    """
    checks: list[dict[str, Any]] = []
    try:
        with open_library(call.library) as library:
            checks += [asdict(check) for check in library.doctor(mend=call.options["mend"])]
    except CatalogMissing as error:
        checks += [{"name": "library", "ok": True, "sentence": str(error)}, _bundled_model()]
    except RetrouveError as error:
        checks.append({"name": "library", "ok": False, "sentence": str(error)})
    healthy = all(check["ok"] for check in checks)
    console.document({"healthy": healthy, "checks": checks, "versions": versions()})
    console.table([("ok" if check["ok"] else "FAULT", check["name"], check["sentence"]) for check in checks])
    if console.on_terminal:
        console.say("Everything is well." if healthy else "Something is wrong: see the lines with FAULT.")
    return 0 if healthy else 1


def _bundled_model() -> dict[str, Any]:
    """What can be checked without a library: that the bundled model is whole."""
    from core.models.registry import load_info, starter_folder, verify

    try:
        info = load_info(starter_folder())
        verify(info)
    except RetrouveError as error:
        return {"name": "model", "ok": False, "sentence": f"{error} Install Retrouve again."}
    return {"name": "model", "ok": True, "sentence": f"The model {info.model_id} is whole."}
