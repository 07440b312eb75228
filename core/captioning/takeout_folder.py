"""A folder of Google Takeout as a source of captions: what its JSON files say, wherever the photos lie now.

Of photos that lie beside their JSON, `index` reads the same by itself (`core.photos.takeout`). This is for the others:
photos that were moved to where they belong, and whose JSON stayed behind. A photo that still lies there as well is
known by its bytes, one that does not by its name.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from core.captioning.reading import Broken, Pair, why_no_json
from core.errors import CallError, CaptionsError
from core.photos import takeout
from core.photos.suffixes import is_photo_name

_LARGEST = 1 << 20


def read(folder: Path) -> Iterator[Pair | Broken]:
    """What the JSON files in a folder and below it say of their photos: descriptions, and the names of people.

    Raises `CallError` for a folder without such files, `CaptionsError` for one where none says anything.
    """
    number = said = 0
    for place, folders, names in os.walk(folder):
        folders.sort()
        for path, photos in _files(Path(place), names):
            try:
                found = _said(path, photos)
            except (OSError, ValueError) as error:
                number += 1
                yield Broken(number, f"{path.name} cannot be read ({_why(error)})", "file")
                continue
            number += found is not None
            said += bool(found)
            yield from found or ()
    if not number:
        raise CallError(
            f"{folder} is a folder without JSON files of Google Takeout. Name the captions file that is in it."
        )
    if not said:
        raise CaptionsError(f"{folder} holds no caption: none of its JSON files has a description or names somebody.")


def _why(error: Exception) -> str:
    return why_no_json(error) if isinstance(error, ValueError | RecursionError) else str(error)


def read_one(path: Path) -> list[Pair] | None:
    """What one JSON file says; None where it is no file of Takeout's."""
    try:
        return _said(path, [])
    except (OSError, ValueError):
        return None


def _said(path: Path, photos: Sequence[Path]) -> list[Pair] | None:
    """As `read_one`, of photos that lie beside it. Raises OSError, ValueError for what is not JSON."""
    with path.open("rb") as stream:
        raw = stream.read(_LARGEST)
    title = takeout.title(raw)
    if title is None:
        return None
    facts = takeout.parse(raw)
    found: list[Pair] = []
    about: list[tuple[str, Path | None]] = [(str(one), one) for one in photos]
    for file, photo in about or [(title, None)]:
        found += [Pair(file, text, photo=photo) for text in facts.captions]
        found += [Pair(file, name, photo=photo, person=True) for name in facts.keywords]
    return found


def _files(folder: Path, names: Sequence[str]) -> Iterator[tuple[Path, list[Path]]]:
    """The JSON files of a folder, each with the photos beside it that it is about."""
    beside = {name.casefold(): folder / name for name in sorted(names) if name.lower().endswith(".json")}
    about: dict[Path, list[Path]] = {path: [] for path in beside.values()}
    for name in sorted(names):
        if is_photo_name(name) and (path := takeout.json_beside(name, beside)) is not None:
            about[path].append(folder / name)
    yield from about.items()
