"""Captions files: JSON lines, JSON, CSV and TSV, each read to pairs of a photo's name and a sentence.

- JSON lines, one object a line: ``file`` and ``captions`` (a list, or one sentence), as `retrouve evaluate` reads them.
- JSON: a list of such objects, or COCO's ``images`` and ``annotations`` (Lin et al. 2014; Chen et al. 2015).
- CSV and TSV: with a head that names the columns, or else the photo first and a sentence in each column after it. The
  ``photo.jpg#0`` of Flickr30k's token files is the caption 0 of ``photo.jpg``.

Columns and keys go by the names that data sets give them: see `FILE_KEYS` and `TEXT_KEYS`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.captioning import tables
from core.errors import CallError, CaptionsError
from core.photos import facts

FILE_KEYS = ("file", "path", "filepath", "file_name", "filename", "file_path", "image", "image_path", "photo", "name")
TEXT_KEYS = ("captions", "caption", "text", "description", "sentence", "sentences", "title", "comment", "raw")
SUFFIXES = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".token", ".txt")
LARGEST = 1 << 30
"""Bytes. A file beyond holds more captions than any album: it is something else."""

_NUMBERED = re.compile(r"#\d+$")
_EMPTY = object()


@dataclass(frozen=True, slots=True)
class Pair:
    """What a row says: a photo as the file names it, and a sentence in one line, empty where the row has none."""

    file: str
    text: str
    hash: bytes = b""
    """The content hash of the photo, where the source has its bytes."""
    photo: Path | None = None
    """The photo's own file, where the source has it and did not read it."""
    cut: bool = False
    """Whether the sentence was longer than what is kept (`core.photos.facts.LONGEST_TEXT`)."""
    person: bool = False
    """Whether the text is the name of somebody who is on the photo."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A row that says nothing usable: its line (or its number, from 1), and why."""

    line: int
    why: str
    of: str = "line"
    """What is counted."""

    def __str__(self) -> str:
        return f"{self.of} {self.line}: {self.why}"


def read(path: Path) -> Iterator[Pair | Broken]:
    """All that a captions file says, row by row. Raises `CaptionsError` for no such file, `CallError` for a folder."""
    if path.is_dir():
        raise CallError(f"{path} is a folder. Name the captions file that is in it.")
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise CaptionsError(
            f"{path.name} is no captions file: it can be .jsonl, .json (COCO's too), .csv, .tsv, a webdataset .tar, or "
            "a folder of Google Takeout."
        )
    text = _text(path)
    if suffix in (".jsonl", ".ndjson"):
        yield from _lines(text)
    elif suffix == ".json":
        yield from _document(text, path)
    else:
        yield from _table(text, path)


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST:
            raise CaptionsError(f"{path} is larger than a gigabyte: that is no captions file.")
        return facts.decode_text(path.read_bytes())
    except FileNotFoundError as error:
        raise CaptionsError(f"{path} is not there.") from error
    except OSError as error:
        raise CaptionsError(f"{path} cannot be read: {error.strerror or error}.") from error


def _lines(text: str) -> Iterator[Pair | Broken]:
    for number, line in enumerate(tables.lines(text), 1):
        if line.strip():
            try:
                entry = json.loads(line)
            except (ValueError, RecursionError) as error:
                yield Broken(number, f"not JSON ({why_no_json(error)})")
                continue
            yield from _entry(entry, number, "line")


def why_no_json(error: Exception) -> str:
    """What ``json.loads`` has against a text, in words for people."""
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} in line {error.lineno}" if error.lineno > 1 else error.msg
    return "it is nested too deep" if isinstance(error, RecursionError) else "it has a number with too many digits"


def _document(text: str, path: Path) -> Iterator[Pair | Broken]:
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CaptionsError(f"{path} is not JSON: {why_no_json(error)}.") from error
    if isinstance(whole, Mapping) and isinstance(whole.get("images"), list):
        yield from _coco(whole, path)
    elif isinstance(whole, Mapping) and _file_of(whole) and any(key in whole for key in TEXT_KEYS):
        yield from _entry(whole, 1, "entry")
    elif isinstance(whole, list):
        for number, entry in enumerate(whole, 1):
            yield from _entry(entry, number, "entry")
    elif isinstance(whole, Mapping) and whole and all(isinstance(value, str | list) for value in whole.values()):
        for number, (file, said) in enumerate(whole.items(), 1):
            yield from _pairs(file, said, number, "entry")
    else:
        raise CaptionsError(f"{path} holds neither a list of photos with captions nor COCO's images and annotations.")


def _coco(whole: Mapping[str, Any], path: Path) -> Iterator[Pair | Broken]:
    said = whole.get("annotations")
    if not isinstance(said, list):
        raise CaptionsError(f"{path} has COCO's images, but no annotations.")
    files = {
        image["id"]: image["file_name"]
        for image in whole["images"]
        if isinstance(image, Mapping)
        and isinstance(image.get("id"), int | str)
        and isinstance(image.get("file_name"), str)
    }
    for number, note in enumerate(said, 1):
        if not isinstance(note, Mapping) or not isinstance(note.get("image_id"), int | str):
            yield Broken(number, "it has no image_id", "annotation")
        elif note["image_id"] not in files:
            yield Broken(number, f"no image has the id {note['image_id']}", "annotation")
        else:
            yield from _pairs(files[note["image_id"]], note.get("caption"), number, "annotation")


def _file_of(entry: Mapping[str, Any]) -> str | None:
    return next((entry[key] for key in FILE_KEYS if isinstance(entry.get(key), str) and entry[key].strip()), None)


def _entry(entry: object, number: int, of: str) -> Iterator[Pair | Broken]:
    if not isinstance(entry, Mapping):
        yield Broken(number, "no object with a `file` and `captions`", of)
        return
    file = _file_of(entry)
    if file is None:
        yield Broken(number, "it names no photo (`file`)", of)
        return
    said = [entry[key] for key in TEXT_KEYS if key in entry]
    yield from _pairs(file, said[0] if said else _EMPTY, number, of)


def _pairs(file: object, said: object, number: int, of: str) -> Iterator[Pair | Broken]:
    """A photo's sentences: one, a list of them, or a list of objects that have one (``{"raw": ...}``)."""
    if not isinstance(file, str) or "\0" in file or not file.strip():
        yield Broken(number, "it names no photo", of)
        return
    items = said if isinstance(said, list) else [said]
    if said is _EMPTY or said is None or not items:
        yield Pair(file, "")
        return
    for item in items:
        if isinstance(item, Mapping):
            item = next((item[key] for key in TEXT_KEYS if isinstance(item.get(key), str)), None)
        if isinstance(item, str):
            yield Pair(file, facts.clean(item), cut=len(item.strip()) > facts.LONGEST_TEXT)
        else:
            yield Broken(number, "a caption that is no sentence", of)


def _table(text: str, path: Path) -> Iterator[Pair | Broken]:
    rows = tables.rows(text, tables.delimiter(text, path.suffix.lower() in (".tsv", ".token")))
    at_file, at_text = 0, None
    for number, row in rows:
        if number == 1 and not isinstance(row, str):
            head = [cell.strip().casefold() for cell in row]
            named = next((head.index(key) for key in FILE_KEYS if key in head), None)
            # As of an object, the first of the keys that is there.
            key = next((key for key in TEXT_KEYS if key in head), None)
            if named is not None and key is not None:
                at_file, at_text = named, [place for place, cell in enumerate(head) if cell == key]
                continue
        if isinstance(row, str):
            yield Broken(number, row)
        elif not any(cell.strip() for cell in row):
            continue
        elif len(row) <= at_file or not row[at_file].strip():
            yield Broken(number, "it names no photo")
        elif len(row) < 2:
            yield Broken(number, "one column: a photo and a caption are needed")
        else:
            file = _NUMBERED.sub("", row[at_file].strip())
            cells = row[1:] if at_text is None else [row[place] for place in at_text if place < len(row)]
            said = [cell for cell in cells if cell.strip()]
            yield from _pairs(file, said, number, "line")
