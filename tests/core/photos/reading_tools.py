"""What other programs read from sidecars: exiftool and exiv2, asked once for many files."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

OURS = ("dc:Subject", "lr:HierarchicalSubject", "digiKam:TagsList", "dc:Description")
needs_exiftool = pytest.mark.skipif(
    shutil.which("exiftool") is None, reason="exiftool is not here (Debian: libimage-exiftool-perl)"
)
needs_exiv2 = pytest.mark.skipif(shutil.which("exiv2") is None, reason="exiv2 is not here")


def _run(*command: str) -> str:
    ended = subprocess.run(command, capture_output=True, timeout=120, check=False)
    return ended.stdout.decode("utf-8", "replace")


def exiftool(paths: Iterable[Path]) -> list[dict[str, object]]:
    """All XMP that exiftool finds in each file, structures as such, with its warnings."""
    names = [str(path) for path in paths]
    found = json.loads(_run("exiftool", "-j", "-struct", "-a", "-G1", "-n", "-XMP:all", "-Warning", "-Error", *names))
    by_name = {entry.pop("SourceFile"): entry for entry in found}
    return [by_name[name] for name in names]


def foreign(said: dict[str, object]) -> dict[str, object]:
    """What is not written by us."""
    return {key: value for key, value in said.items() if not key.startswith(tuple(f"XMP-{name}" for name in OURS))}


def listed(said: dict[str, object], name: str) -> list[str]:
    """The values of a property that may be a list."""
    value = said.get(f"XMP-{name}", [])
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]


def exiv2(path: Path) -> list[str]:
    """The lines of exiv2 for a file: key, kind and value of each property; without its count of letters."""
    return [" ".join(line.split()) for line in _run("exiv2", "-PXkyv", str(path)).splitlines()]


def exiv2_foreign(lines: Sequence[str]) -> list[str]:
    """What is not written by us."""
    ours = ("Xmp.dc.subject ", "Xmp.lr.hierarchicalSubject ", "Xmp.digiKam.TagsList ", "Xmp.dc.description ")
    return sorted(line for line in lines if not line.startswith(ours))
