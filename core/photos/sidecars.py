"""Which files beside a photo speak of it: XMP, a text with its caption, Takeout's JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from core.photos import facts, takeout, xmp
from core.photos.facts import NOTHING, Facts, unless_it_fails

SIDECAR_SUFFIXES = (".xmp", ".txt", ".json")
_LONGEST_TEXT_FILE = 64 << 10
_MOST_LINES = 20


def index_of(paths: Iterable[Path]) -> dict[str, Path]:
    """A folder's sidecars by their casefolded names: ``IMG_1.JPG`` and ``img_1.xmp`` belong together."""
    return {path.name.casefold(): path for path in paths}


def sidecars_of(name: str, beside: Mapping[str, Path]) -> tuple[Path, ...]:
    """The sidecars of the photo ``name`` among ``beside`` (from ``index_of``), the most telling first.

    ``photo.jpg.xmp`` (darktable, digiKam) goes before ``photo.xmp`` (Lightroom); likewise for ``.txt``.
    """
    if not beside:
        return ()
    stem = name.rpartition(".")[0]
    asked = (f"{name}.xmp", f"{stem}.xmp", f"{name}.txt", f"{stem}.txt")
    found = [beside[key] for key in (entry.casefold() for entry in asked) if key in beside]
    if json := takeout.json_beside(name, beside):
        found.append(json)
    return tuple(found)


def read_text(path: Path) -> Facts:
    """A text file's lines, each a caption. Raises OSError when it cannot be read."""
    with path.open("rb") as stream:
        lines = facts.decode_text(stream.read(_LONGEST_TEXT_FILE)).splitlines()
    return Facts(captions=facts.unique(line for line in lines if facts.is_caption(line))[:_MOST_LINES])


def read(path: Path) -> tuple[Facts, str]:
    """What a sidecar says, and the source that its captions are noted with.

    One that cannot be read says nothing: the photo itself is well, and the sidecar is read again once it changes.
    """
    suffix = path.suffix.lower()
    if suffix == ".xmp":
        return unless_it_fails(lambda: xmp.read(path), NOTHING, str(path)), "sidecar"
    if suffix == ".json":
        return unless_it_fails(lambda: takeout.read(path), NOTHING, str(path)), "takeout"
    return unless_it_fails(lambda: read_text(path), NOTHING, str(path)), "text"
