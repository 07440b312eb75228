"""Names of folders, cameras and lenses: whether one has a word that begins so. All texts are folded.

``folder:NAME``
    The folders whose path has NAME at the start of a word, and all below them: ``folder:italy`` finds ``Italy``,
    ``Italy 2019/Rome`` and ``2019-07 Italy``, but not ``Littleitaly``. NAME may be several steps (``2019/Italy``,
    with either slash); a slash at its end asks for that very name (``Italy/`` does not find ``Italy 2019``). The path
    is the root's own name and what lies below it; a NAME that is an absolute path is compared with the whole path,
    step by step.
``camera:NAME``
    Each word of NAME begins a word of the camera's name: ``camera:"canon 5d"`` finds ``Canon EOS 5D Mark III``.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from core.catalog.folding import fold
from core.catalog.gear import Kind
from core.catalog.naming import readable, to_text
from core.search.filters.condition import NOTHING, Clause, joined

LONGEST = 1000
"""Characters. SQLite refuses patterns of over 50,000 bytes; no name comes near this."""

_BEFORE_WORD = "[/ _.,;()+&=#@-]"
"""GLOB: what may stand before a word."""

_BELOW = "('/' || r.folded_name || '/' || f.folded || '/')"
_WHOLE = "(r.folded || '/' || f.folded || '/')"


def folder(name: str) -> Clause:
    """A clause over ``folder f`` and its ``root r``, never unknown: whether a folder's photos are meant."""
    path = re.sub(r"(?<=.)/+", "/", fold(to_text(name.strip().replace("\\", "/"))))
    if not _may_be(path):
        return NOTHING
    if path.startswith("/") or re.match(r"[a-z]:/", path):
        return Clause(f"{_WHOLE} GLOB ?", (f"{_literally(path.rstrip('/'))}/*",))
    return Clause(f"{_BELOW} GLOB ?", (_starts_a_word(path),))


def in_folders(clause: Clause) -> Clause:
    """Photos in the folders that pass a clause over ``folder f`` and ``root r``."""
    return Clause(
        f"p.folder_id IN (SELECT f.id FROM folder f JOIN root r ON r.id = f.root_id WHERE {clause.sql})",
        clause.params,
        clause.depth + 10,
    )


def gear(kind: Kind, text: str, wanted: bool) -> Clause:
    """Photos by a camera or lens that is called so, or, not ``wanted``, all others, those that name none among them.

    The plus keeps SQLite from reading photo by photo through the index of cameras: a camera has taken too many.
    """
    words = fold(readable(text)).split()
    if not words or not all(map(_may_be, words)):
        return NOTHING if wanted else Clause("1")
    named = joined("AND", [Clause("(' ' || g.folded) GLOB ?", (_starts_a_word(word),)) for word in words])
    return Clause(
        f"+p.{kind}_id {'IN' if wanted else 'NOT IN'} "
        f"(SELECT g.id FROM gear g WHERE g.kind = '{kind}' AND ({named.sql}))",
        named.params,
        named.depth + 12,
    )


def begins(text: str) -> Callable[[str], bool]:
    """What a clause of `folder` or `gear` asks of a name, in Python: whether a word of it begins with ``text``.

    Both are folded, and a name has a slash or a space before its first word.
    """
    start = re.compile(_BEFORE_WORD + re.escape(text))
    return lambda name: text in name and start.search(name) is not None


def file_name(text: str) -> Clause:
    """Photos whose file's name has this in it."""
    part = fold(to_text(text))
    return Clause("instr(p.folded_name, ?) > 0", (part,)) if _may_be(part) else NOTHING


def _may_be(text: str) -> bool:
    """Whether a name can have this in it. SQLite's patterns end at a zero byte."""
    return bool(text) and len(text) <= LONGEST and "\0" not in text


def _starts_a_word(text: str) -> str:
    return f"*{_BEFORE_WORD}{_literally(text)}*"


def _literally(text: str) -> str:
    """A GLOB pattern for this text itself."""
    return re.sub(r"[*?[]", r"[\g<0>]", text)
