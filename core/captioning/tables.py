"""Tables of text, CSV and TSV, record by record: what is wrong with one costs none of the others.

A record may go over several lines where a cell is in quotation marks (RFC 4180). A mark that is never closed would take
in all that follows; the record is given up then, and the next line begins another.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator

MOST_LINES = 1_000
"""Lines of one record. More are no caption, but a mark that was forgotten."""

_BREAK = re.compile("\r\n|\r|\n")
_UNCLOSED = "a quotation mark in it is never closed"


def lines(text: str) -> list[str]:
    """The lines of a text, whichever system wrote them."""
    return _BREAK.split(text)


def delimiter(text: str, tabs: bool) -> str:
    """A tab where the first line has one or it is known; else what separates more of that line."""
    first = _BREAK.split(text, maxsplit=1)[0]
    if "\t" in first or tabs:
        return "\t"
    return ";" if first.count(";") > first.count(",") else ","


def rows(text: str, between: str) -> Iterator[tuple[int, list[str] | str]]:
    """The line where each record begins, from 1, and its cells; or a sentence that says what is wrong with it."""
    found = lines(text)
    at = 0
    while at < len(found):
        cells = _cells(found[at], between)
        end = at + 1
        if cells is None:
            end, cells = _over_lines(found, at, between)
        if cells is None:
            yield at + 1, _leniently(found[at], between)
        elif cells:
            yield at + 1, cells
        at = end


def _leniently(line: str, between: str) -> list[str] | str:
    """A line in which a cell begins with a quoted word and goes on: ``"Biscuit" asleep``; else what is wrong."""
    if line.count('"') % 2:
        return _UNCLOSED
    try:
        return next(csv.reader([line], delimiter=between), [])
    except csv.Error as error:
        return f"it cannot be read ({error})"


def _over_lines(found: list[str], at: int, between: str) -> tuple[int, list[str] | None]:
    """A record of several lines, and the line behind it; None, and the next line, where it is none."""
    marks = found[at].count('"')
    if marks % 2:
        for end in range(at + 1, min(at + MOST_LINES, len(found))):
            marks += found[end].count('"')
            if marks % 2 == 0:
                cells = _cells("\n".join(found[at : end + 1]), between)
                return (end + 1, cells) if cells is not None else (at + 1, None)
    return at + 1, None


def _cells(record: str, between: str) -> list[str] | None:
    """The cells of a record, None where its quotation marks do not fit. Empty for an empty line."""
    if '"' not in record:
        return record.split(between) if record else []
    cells: list[str] = []
    at = 0
    cell = re.compile(rf'"((?:[^"]++|"")*+)"(?={re.escape(between)}|\Z)|(?!")([^{re.escape(between)}]*)', re.S)
    while True:
        match = cell.match(record, at)
        if match is None or (match.end() < len(record) and record[match.end()] != between):
            return None
        cells.append(match[2] if match[1] is None else match[1].replace('""', '"'))
        if match.end() >= len(record):
            return cells
        at = match.end() + 1
