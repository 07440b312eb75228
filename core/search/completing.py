"""What may be typed next, from the library's own names.

After a key (``tag:bi``) come the values that begin so, those that find the most photos first; at a plain word the keys
that begin with it, and the tags, folders, cameras and months. `suggesting` knows what these are; here is where they go.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from itertools import islice

from core.catalog.vocabulary import Vocabulary
from core.search import suggesting
from core.search.grammar.quoting import OPENING

MOST = 10
"""Completions at a time."""

_TOKEN = re.compile(r"(-?)(?:([A-Za-z]+):)?")
_AFTER_WORD = re.compile(r"[\s)]")


@dataclass(frozen=True, slots=True)
class Completion:
    """Puts ``insert`` in place of ``text[start:end]``. ``shown`` is what a list shows of it, ``detail`` what it says
    beside that: how many photos, or what a key is for."""

    start: int
    end: int
    insert: str
    shown: str
    detail: str


@dataclass(frozen=True, slots=True)
class _Typed:
    """The term that the cursor is in or right behind: ``text[start:end]``, a minus left off. ``key`` is in lower case,
    ``value`` what stands before the cursor."""

    start: int
    end: int
    key: str | None
    value: str


def complete(text: str, cursor: int, vocabulary: Vocabulary, today: date | None = None) -> tuple[Completion, ...]:
    """What may be typed at ``cursor`` (0 to the length of ``text``), the likeliest first; nothing within a phrase."""
    typed = _typed(text, min(cursor, len(text)))
    if typed is None:
        return ()
    source = suggesting.at_a_word if typed.key is None else suggesting.VALUES.get(typed.key, suggesting.nothing)
    present = text[typed.start : typed.end]
    space = "" if text[typed.end : typed.end + 1].isspace() else " "
    values = (value for value in source(typed.value, vocabulary, today or date.today()) if value.typed != present)
    return tuple(
        Completion(
            typed.start,
            typed.end,
            value.typed if value.typed.endswith(":") else value.typed + space,
            value.shown,
            value.detail,
        )
        for value in islice(values, MOST)
    )


def _typed(text: str, cursor: int) -> _Typed | None:
    """The term that the cursor is in; None between terms, in a phrase or a key, and behind a quotation's end."""
    at = 0
    while at < cursor:
        if text[at].isspace() or text[at] in "()":
            at += 1
            continue
        head = _TOKEN.match(text, at)
        assert head is not None  # It matches nothing at all, too.
        value = head.end()
        quoted = text[value : value + 1] != "" and text[value] in OPENING
        end, closed = _quotation(text, value) if quoted else (_word_end(text, value), False)
        if cursor > end or (cursor == end and closed):
            at = end
            continue
        key = None if head[2] is None else head[2].lower()
        if cursor < value or (quoted and (key is None or cursor == value)):
            return None
        start = at + len(head[1])
        return _Typed(start, end, key, text[value + quoted : cursor]) if key or cursor > start else None
    return None


def _word_end(text: str, at: int) -> int:
    """Where a word ends: at white space or a closing bracket."""
    found = _AFTER_WORD.search(text, at)
    return len(text) if found is None else found.start()


def _quotation(text: str, at: int) -> tuple[int, bool]:
    """Where a quotation ends, and whether anything closes it."""
    closing = OPENING[text[at]]
    at += 1
    while at < len(text):
        if text[at] in closing:
            if text[at : at + 2] != '""':
                return at + 1, True
            at += 1
        at += 1
    return len(text), False
