r"""The query language: text to a tree of frozen dataclasses, and back.

``parse`` never fails: what is not grammar is words. Printing a tree and parsing the print gives the same tree.

===========================  ==========================================================================
``dog beach``                words; together they are one sentence
``"birthday cake"``          a phrase; a quote inside is doubled (``"a ""b"" c"``), one left open ends with the text
``-people`` ``-"a crowd"``   without this
``folder:Italy``             in a folder (``folder:"New York"``, ``folder:2019/Italy``, ``folder:/media/photos``)
``date:2019-07``             taken then: a year, a month, a day, or a span ``a..b``, ``a..``, ``..b``
``like:"C:\photo.jpg"``      looks like this photo
``-folder:x`` ``-date:2019`` none of those
===========================  ==========================================================================

A key that is not known, or a value that makes no sense for its key, is words again (``http://x``, ``date:soon``).
Weights, ``OR``, brackets and further filters become further kinds of ``Term``; the tree's other readers match on the
kinds that they know.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_OPENING = {'"': '"', "“": '”"', "„": '“”"'}
"""What opens a quotation, and what then closes it: phones and word processors type curved quotes."""

_KEY = re.compile(r"([A-Za-z]+):")
_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")


@dataclass(frozen=True, slots=True)
class Word:
    """One word of the sentence. Never empty, no white space in it."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that belong together, one space between each."""

    text: str

    def __str__(self) -> str:
        return _quoted(self.text)


@dataclass(frozen=True, slots=True)
class Like:
    """A photo to compare with: its path as it was written."""

    path: str

    def __str__(self) -> str:
        return f"like:{_quoted(self.path)}"


@dataclass(frozen=True, slots=True)
class InFolder:
    """Photos in folders of this name, or below them. See ``filters`` for what a name matches."""

    name: str

    def __str__(self) -> str:
        return f"folder:{_value(self.name)}"


@dataclass(frozen=True, slots=True)
class TakenIn:
    """Photos taken from ``first`` to ``last``, both included; None leaves that end open.

    Each is ``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``. At least one is given.
    """

    first: str | None
    last: str | None

    def __str__(self) -> str:
        if self.first == self.last:
            return f"date:{self.first}"
        return f"date:{self.first or ''}..{self.last or ''}"


Filter = InFolder | TakenIn
"""What the catalogue answers exactly, with SQL."""


@dataclass(frozen=True, slots=True)
class Without:
    """Leaves out what ``term`` stands for."""

    term: Word | Phrase | Like | InFolder | TakenIn

    def __str__(self) -> str:
        return f"-{self.term}"


Term = Word | Phrase | Like | InFolder | TakenIn | Without


@dataclass(frozen=True, slots=True)
class Query:
    """All that was asked for, in the order in which it was written. Every term counts."""

    terms: tuple[Term, ...] = ()

    def __str__(self) -> str:
        return " ".join(map(str, self.terms))

    def __bool__(self) -> bool:
        return bool(self.terms)

    @property
    def sentence(self) -> str:
        """The words and phrases to look for, as one sentence for the text tower; empty without any."""
        return " ".join(term.text for term in self.terms if isinstance(term, Word | Phrase))

    @property
    def likes(self) -> tuple[str, ...]:
        """The paths of the photos to compare with."""
        return tuple(term.path for term in self.terms if isinstance(term, Like))

    @property
    def without(self) -> tuple[str, ...]:
        """The words and phrases to leave out, each a sentence of its own."""
        return tuple(
            term.term.text for term in self.terms if isinstance(term, Without) and isinstance(term.term, Word | Phrase)
        )

    @property
    def unlike(self) -> tuple[str, ...]:
        """The paths of the photos whose likenesses are left out."""
        return tuple(term.term.path for term in self.terms if isinstance(term, Without) and isinstance(term.term, Like))

    @property
    def filters(self) -> tuple[tuple[Filter, bool], ...]:
        """Each filter, and whether it must hold (True) or must not (False)."""
        found: list[tuple[Filter, bool]] = []
        for term in self.terms:
            if isinstance(term, Filter):
                found.append((term, True))
            elif isinstance(term, Without) and isinstance(term.term, Filter):
                found.append((term.term, False))
        return tuple(found)


def parse(text: str) -> Query:
    """Any string to its tree. Never fails; white space alone, or empty quotes, give the empty query."""
    return Query(tuple(_terms(text)))


def _terms(text: str) -> Iterator[Term]:
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        negative = text[at] == "-" and _may_negate(text, at + 1)
        term, at = _term(text, at + negative)
        if term is not None:
            yield Without(term) if negative else term


def _may_negate(text: str, at: int) -> bool:
    """A minus leaves out what follows at once; ``-`` alone and ``--word`` are words."""
    return at < len(text) and not text[at].isspace() and text[at] != "-"


def _term(text: str, at: int) -> tuple[Word | Phrase | Like | InFolder | TakenIn | None, int]:
    """The term that starts at ``at``, and where the next one may start. None for empty quotes."""
    if text[at] in _OPENING:
        inside, at = _quotation(text, at)
        return _phrase(inside), at
    key = _KEY.match(text, at)
    if key is not None and key[1].lower() in _KEYS:
        read = _KEYS[key[1].lower()]
        if key.end() < len(text) and text[key.end()] in _OPENING:
            inside, at = _quotation(text, key.end())
            # What makes no sense stays together, so that a minus before it leaves out all of it.
            return read(inside) or _phrase(f"{key[0]} {inside}"), at
        word, end = _word(text, at)
        return read(word[len(key[0]) :]) or Word(word), end
    word, at = _word(text, at)
    return Word(word), at


def _word(text: str, at: int) -> tuple[str, int]:
    end = at
    while end < len(text) and not text[end].isspace():
        end += 1
    return text[at:end], end


def _quotation(text: str, at: int) -> tuple[str, int]:
    """What the quotation that opens at ``at`` holds, and where it ends."""
    closing = _OPENING[text[at]]
    inside: list[str] = []
    at += 1
    while at < len(text):
        if text[at] in closing:
            if not (text[at] == '"' and text[at : at + 2] == '""'):
                return "".join(inside), at + 1
            at += 1
        inside.append(text[at])
        at += 1
    return "".join(inside), at


def _phrase(inside: str) -> Phrase | None:
    words = " ".join(inside.split())
    return Phrase(words) if words else None


def _like(value: str) -> Like | None:
    return Like(value) if value.strip() else None


def _in_folder(value: str) -> InFolder | None:
    return InFolder(value) if value.strip().strip("/\\") or value.strip() == "/" else None


def _taken_in(value: str) -> TakenIn | None:
    first, dots, last = value.strip().partition("..")
    if not dots:
        return TakenIn(first, first) if _is_date(first) else None
    if not (first or last) or (first and not _is_date(first)) or (last and not _is_date(last)):
        return None
    if first and last and last < first and not first.startswith(last):
        first, last = last, first  # "2020..2019" means the years between all the same.
    return TakenIn(first or None, last or None)


def _is_date(value: str) -> bool:
    """Whether this is a year, a month or a day that the calendar has."""
    found = _DATE.fullmatch(value)
    if found is None:
        return False
    year, month, day = int(found[1]), int(found[2] or 1), int(found[3] or 1)
    return year >= 1 and 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]


_KEYS: dict[str, Callable[[str], Like | InFolder | TakenIn | None]] = {
    "like": _like,
    "folder": _in_folder,
    "date": _taken_in,
}


def _quoted(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'


def _value(value: str) -> str:
    """A filter's value as it may stand after its key: quoted where it would not survive otherwise."""
    plain = not any(character.isspace() for character in value) and value[0] not in _OPENING
    return value if plain else _quoted(value)
