"""The files that a label list is read from and written to: one module a format, and what tells them apart."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from core.catalog.tags import folded
from core.errors import CallError
from core.tagging.checking import cleaned, is_empty

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


@dataclass(frozen=True, slots=True)
class Found:
    """A list as it stands in a file, not checked yet (`core.tagging.checking`)."""

    list: LabelList
    """Named after the file's stem."""
    format: Format
    text: str
    notes: tuple[str, ...] = ()
    """Sentences: what a person may not expect of how it was read."""


def read(path: Path, format: Format | None = None) -> LabelList:
    """The list in a file; see `found`."""
    return found(path, format).list


def found(path: Path, format: Format | None = None) -> Found:
    """What is in a file.

    Without a ``format`` the file's suffix says what it is, and of a text the look of its lines. Raises `LabelFileError`
    where the file cannot be read, `CallError` with the line where it does not hold what it should.
    """
    from core.tagging.formats import csv_table, outline, paths, toml_file
    from core.tagging.formats.text import text_of

    text = text_of(path)
    format = format or told(path, text)
    where, again, notes = str(path), list[str](), list[str]()
    if format is Format.TOML:
        given = toml_file.parsed(text, where)
    elif format is Format.CSV:
        given = csv_table.parsed(text, where)
    elif format is Format.DIGIKAM:
        given = paths.parsed(text, where)
    else:
        given = outline.parsed(text, where, lightroom=format is Format.LIGHTROOM, again=again)
    if not given.labels:
        raise CallError(f"{path} has no labels in it.")
    _refuse_empty_groups(given, where, text)
    if again:
        notes.append(f"{_named(again)} stood there more than once, and is one label.")
    private = outline.in_brackets(text) if format is Format.LIGHTROOM else []
    if private:
        notes.append(
            f"{_named(private)} stood in brackets: Lightroom exports no such keyword. Here it is a label like any "
            "other, and accepted it is written into sidecars."
        )
    return Found(replace(given, name=path.stem), format, text, tuple(notes))


def line_of(text: str, said: str, *, last: bool = False) -> int | None:
    """The line of a text that speaks of a label, or of whatever else a sentence names: the first such one, or the last.
    None where it is written otherwise there."""
    word = re.escape(said)
    lines = list(enumerate(text.split("\n"), 1))
    for pattern in (
        rf"""\s*(name\s*=\s*)?["']?{word}["']?\s*([,;\t]|$)""",
        rf"""\s*(\{{\s*)?name\s*=\s*["']{word}["']""",
        rf"(?<!\w){word}(?!\w)",
    ):
        search = re.compile(pattern).search if pattern.startswith("(?<") else re.compile(pattern).match
        there = [number for number, line in lines if search(line)]
        if there:
            return there[-1 if last else 0]
    return None


def _refuse_empty_groups(given: LabelList, where: str, text: str) -> None:
    there = {folded(label.group) for label in given.labels if label.group}
    for group in given.exclusive:
        if folded(group) not in there and not is_empty(cleaned(group)):
            line = line_of(text, group)
            at = where if line is None else f"{where}, line {line:,}"
            raise CallError(f"{at}: “{group}” is to be exclusive, but no label belongs to this group.")


def _named(names: list[str]) -> str:
    shown = [f"“{name}”" for name in dict.fromkeys(names)]
    return ", ".join(shown[:5]) + (f" and {len(shown) - 5:,} more" if shown[5:] else "")


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
