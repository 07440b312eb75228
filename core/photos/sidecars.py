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


def _source(path: Path) -> str:
    return {".xmp": "sidecar", ".json": "takeout"}.get(path.suffix.lower(), "text")


def read(path: Path) -> tuple[Facts, str]:
    """What a sidecar says, and the source that its captions are noted with.

    One that cannot be read says nothing but why (``Facts.unread``): the photo itself is well, and the sidecar is read
    again once it changes.
    """
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        return Facts(unread=f"It cannot be read ({error.strerror or error})."), _source(path)
    source = _source(path)
    by_source = {"sidecar": xmp.read, "takeout": takeout.read, "text": read_text}
    return unless_it_fails(lambda: by_source[source](path), NOTHING, str(path)), source
