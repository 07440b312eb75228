"""The files that a label list is read from and written to: one module a format, and what tells them apart."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import CallError

if TYPE_CHECKING:
    from core.tagging.types import LabelList


class Format(StrEnum):
    """How a label list is written down."""

    TOML = "toml"
    CSV = "csv"
    TXT = "txt"
    LIGHTROOM = "lightroom"
    DIGIKAM = "digikam"


def named(name: str) -> Format:
    """The format of this name. Raises `CallError` where there is none, with those that there are."""
    try:
        return Format(name.strip().lower())
    except ValueError:
        known = ", ".join(format.value for format in Format)
        raise CallError(f"There is no format “{name}” for label lists. There are: {known}.") from None


def read(path: Path, format: Format | None = None) -> LabelList:
    """The list in a file, named after the file's stem. It is not checked yet (`core.tagging.checking`).

    Without a ``format`` the file's suffix says what it is, and of a text the look of its lines. Raises `LabelFileError`
    where the file cannot be read, `CallError` with the line where it does not hold what it should.
    """
    from core.tagging.formats import csv_table, outline, paths, toml_file
    from core.tagging.formats.text import text_of

    text = text_of(path)
    format = format or told(path, text)
    where = str(path)
    if format is Format.TOML:
        found = toml_file.parsed(text, where)
    elif format is Format.CSV:
        found = csv_table.parsed(text, where)
    elif format is Format.DIGIKAM:
        found = paths.parsed(text, where)
    else:
        found = outline.parsed(text, where, lightroom=format is Format.LIGHTROOM)
    if not found.labels:
        raise CallError(f"{path} has no labels in it.")
    return replace(found, name=path.stem)


def told(path: Path, text: str) -> Format:
    """Which format a file has, by its suffix and the look of its lines."""
    from core.tagging.formats.outline import looks_like_lightroom
    from core.tagging.formats.paths import looks_like_paths

    suffix = path.suffix.lower()
    if suffix == ".toml":
        return Format.TOML
    if suffix in (".csv", ".tsv"):
        return Format.CSV
    if looks_like_paths(text):
        return Format.DIGIKAM
    return Format.LIGHTROOM if looks_like_lightroom(text) else Format.TXT


def written(given: LabelList, format: Format) -> str:
    """A checked list as a text of this format. Raises `CallError` for a name that the format has no place for."""
    from core.tagging.formats import csv_table, outline, paths, toml_file

    if format is Format.TOML:
        return toml_file.written(given)
    if format is Format.CSV:
        return csv_table.written(given)
    if format is Format.DIGIKAM:
        return paths.written(given)
    return outline.as_lightroom(given) if format is Format.LIGHTROOM else outline.written(given)


def left_out(given: LabelList, format: Format) -> tuple[str, ...]:
    """What of a list a format has no place for, in words: ``prompts``, ``groups``. TOML and CSV hold all of it."""
    if format in (Format.TOML, Format.CSV):
        return ()
    parts = {
        "templates": bool(given.templates),
        "prompts": any(label.prompts for label in given.labels),
        "synonyms": format is Format.DIGIKAM and any(label.synonyms for label in given.labels),
        "what labels are not": any(label.negatives for label in given.labels),
        "groups": any(label.group for label in given.labels) or bool(given.exclusive),
    }
    return tuple(part for part, there in parts.items() if there)
