"""A query's filters, compiled to one bound SQL condition.

The condition speaks of the table ``photo`` as ``p`` and looks up the rest itself, so that it fits any statement over
``photo p``, joined with ``folder f`` and ``root r`` or not. Nothing that a person typed becomes part of the SQL text.

``folder:NAME``
    The folders whose path has NAME at the start of a word, and all below them: ``folder:italy`` finds ``Italy``,
    ``Italy 2019/Rome`` and ``2019-07 Italy``, but not ``Littleitaly``. NAME may be several steps (``2019/Italy``,
    with either slash); a slash at its end asks for that very name (``Italy/`` does not find ``Italy 2019``). The path
    is the root's own name and what lies below it; a NAME that is an absolute path is compared with the whole path,
    step by step. Case never matters, in any script, nor does the way in which an accent is encoded.
``date:A..B``
    ``photo.taken`` is ISO 8601 in local time, so strings compare as times do. A photo without a date is in no span.

A negated filter keeps every photo that the filter does not, those without a date among them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import NamedTuple

from core.catalog.naming import to_text
from core.search.grammar import Filter, InFolder, Query, TakenIn

_LONGEST_NAME = 1000
"""Characters. SQLite refuses patterns of over 50,000 bytes; no folder's path comes near this."""

_BEFORE_WORD = "[/ _.,;()+&=#@-]"
"""GLOB: what may stand before a word in a path."""

_ROOT = "replace(r.path, '\\', '/')"
# rtrim drops all trailing characters that are no slash: what is left is the parent, and what comes after it the name.
_ROOT_NAME = f"substr({_ROOT}, length(rtrim({_ROOT}, replace({_ROOT}, '/', ''))) + 1)"
_BELOW = f"('/' || {_ROOT_NAME} || '/' || f.path || '/')"
_WHOLE = f"(rtrim({_ROOT}, '/') || '/' || f.path || '/')"


class Condition(NamedTuple):
    """A WHERE condition over ``photo p`` with the values of its ``?``. ``sql`` is None where nothing is filtered."""

    sql: str | None
    params: tuple[str, ...]


def compile(query: Query) -> Condition:
    """All filters of a query, each of which must hold (or, negated, must not)."""
    parts: list[str] = []
    params: list[str] = []
    for term, wanted in dict.fromkeys(query.filters):
        sql, values = _condition(term)
        parts.append(f"({sql})" if wanted else f"NOT ({sql})")
        params.extend(values)
    return Condition(_all_of(parts) or None, tuple(params))


def _all_of(parts: list[str]) -> str:
    """The parts joined by AND, bracketed in halves: SQLite refuses a chain of a thousand."""
    if len(parts) <= 2:
        return " AND ".join(parts)
    middle = len(parts) // 2
    return f"({_all_of(parts[:middle])}) AND ({_all_of(parts[middle:])})"


def reasons(query: Query) -> tuple[str, ...]:
    """What every photo that passed has in common, in words: ``folder: Italy``, ``date: 2019``, ``not folder: Work``."""
    found = []
    for term, wanted in query.filters:
        said = f"folder: {term.name}" if isinstance(term, InFolder) else str(term).replace(":", ": ", 1)
        found.append(said if wanted else f"not {said}")
    return tuple(found)


def _condition(term: Filter) -> tuple[str, list[str]]:
    if isinstance(term, TakenIn):
        return _taken_in(term)
    return _in_folder(term.name)


def _taken_in(term: TakenIn) -> tuple[str, list[str]]:
    parts, params = ["p.taken IS NOT NULL"], []
    if term.first is not None:
        parts.append("p.taken >= ?")
        params.append(term.first)
    if term.last is not None:
        parts.append("p.taken < ?")
        params.append(term.last + "~")  # "~" sorts after all that may follow a date in ISO 8601.
    return " AND ".join(parts), params


def _in_folder(name: str) -> tuple[str, list[str]]:
    path = re.sub(r"(?<=.)/+", "/", to_text(name.strip().replace("\\", "/")))
    if len(path) > _LONGEST_NAME:
        return "0", []
    absolute = path.startswith("/") or re.match(r"[A-Za-z]:/", path) is not None
    if absolute:
        subject = _WHOLE
        patterns = _patterns(path.rstrip("/"), lambda glob: f"{glob}/*")
    else:
        subject = _BELOW
        patterns = _patterns(path, lambda glob: f"*{_BEFORE_WORD}{glob}*")
    test = " OR ".join(f"{subject} GLOB ?" for _ in patterns)
    return f"p.folder_id IN (SELECT f.id FROM folder f JOIN root r ON r.id = f.root_id WHERE {test})", patterns


def _patterns(path: str, around: Callable[[str], str]) -> list[str]:
    """GLOB patterns for a path: as typed, and with accents composed and taken apart (macOS writes them apart)."""
    forms = {path, unicodedata.normalize("NFC", path), unicodedata.normalize("NFD", path)}
    return [around("".join(map(_any_case, form))) for form in sorted(forms)]


def _any_case(character: str) -> str:
    """A GLOB class that matches a character in either case. LIKE would fold the case of ASCII only."""
    cases = {character, character.lower(), character.upper(), character.title()}
    single = sorted(case for case in cases if len(case) == 1)
    if len(single) == 1 and character not in "*?[":
        return character
    return f"[{''.join(single)}]"
