"""A tree of filters as one condition.

Negations are pushed inwards until they stand at a filter, so that brackets join conditions by AND and OR alone. A
negated filter keeps every photo that the filter does not, those that have no such value among them.

Filters that stand beside each other and ask the same table become one question to it: ``folder:Italy OR folder:France``
looks through the folders once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from core.errors import CallError
from core.search.filters import kinds, names, spans, when
from core.search.filters.condition import Clause, Condition, checked, joined, refuted
from core.search.filters.members import Captioned, Tagged, tagged
from core.search.filters.places import Placed
from core.search.grammar import (
    All,
    Any,
    Aperture,
    Camera,
    Caption,
    Filter,
    FocalLength,
    Has,
    InFolder,
    Is,
    Iso,
    Lens,
    Name,
    Near,
    Query,
    Rating,
    Size,
    Tag,
    TakenIn,
    TakenWhen,
    Term,
    Type,
    Without,
)

_DEEPEST = 200
"""How deep a tree may go. The grammar makes none that is half as deep."""


@dataclass(frozen=True, slots=True)
class Folders:
    """Photos in the folders that pass a clause over ``folder f`` and ``root r``."""

    folders: Clause

    @property
    def clause(self) -> Clause:
        """As a condition."""
        return names.in_folders(self.folders)

    @property
    def led(self) -> bool:
        """Whether an index leads to the photos that pass; the others are found by looking at all."""
        return True


@dataclass(frozen=True, slots=True)
class Plain:
    """Any other condition. ``led``: see `Folders.led`."""

    clause: Clause
    led: bool = False


Part = Plain | Folders | Tagged | Captioned | Placed


@dataclass(frozen=True, slots=True)
class _Asked:
    """When, and where, a query is asked."""

    today: date
    southern: bool


def compile(terms: Query | Sequence[Term], today: date | None = None, *, southern: bool = False) -> Condition:
    """Filters, bracketed and negated ones among them, all of which must hold, as one bound condition.

    Of a `Query` its terms that are filters alone. ``today`` is what ``date:yesterday`` counts from (None: the day that
    it is), ``southern`` turns the seasons round. Raises `CallError` for more filters, or deeper brackets, than SQLite
    takes, and `ValueError` for a term that is no filter.
    """
    part = whole(terms, today, southern)
    return Condition(None, ()) if part is None else checked(part.clause)


def whole(terms: Query | Sequence[Term], today: date | None, southern: bool) -> Part | None:
    """What `compile` makes a condition of; None without filters."""
    wanted = terms.where if isinstance(terms, Query) else tuple(terms)
    if not wanted:
        return None
    asked = _Asked(today or date.today(), southern)
    part = _together("AND", [_part(term, True, asked, 0) for term in dict.fromkeys(wanted)])
    return Plain(part.alone, led=part.wanted) if isinstance(part, Placed) else part


def _part(term: Term, wanted: bool, asked: _Asked, depth: int) -> Part:
    if depth > _DEEPEST:
        raise CallError("The brackets of this search are nested too deep. Take some of them away.")
    if isinstance(term, Without):
        return _part(term.term, not wanted, asked, depth + 1)
    if isinstance(term, All | Any):
        operator = "AND" if isinstance(term, All) == wanted else "OR"
        return _together(operator, [_part(inner, wanted, asked, depth + 1) for inner in dict.fromkeys(term.terms)])
    if not isinstance(term, Filter):
        raise ValueError(f"{term} is no filter")
    return _filter(term, wanted, asked)


def _together(operator: str, parts: Sequence[Part]) -> Part:
    """Parts joined; those that ask the same table are made one first, and alone stay what they are."""
    folders: list[Clause] = []
    tags: list[Tagged] = []
    others: list[Part] = []
    for part in parts:
        if isinstance(part, Folders):
            folders.append(part.folders)
        elif isinstance(part, Tagged) and part.wanted == (operator == "OR"):
            # One of several tags, and none of several, are questions to the table of tags; all of several are not.
            tags.append(part)
        else:
            others.append(part)
    if folders:
        others.append(Folders(joined(operator, folders)))
    if tags:
        others.append(Tagged(tuple(dict.fromkeys(name for part in tags for name in part.names)), operator == "OR"))
    if len(others) == 1:
        return others[0]
    led = (any if operator == "AND" else all)(part.led for part in others)
    return Plain(joined(operator, [part.clause for part in others]), led)


def _filter(term: Filter, wanted: bool, asked: _Asked) -> Part:
    match term:
        case InFolder(name):
            # A photo always lies in a folder, so that the other folders hold exactly the other photos.
            found = names.folder(name)
            return Folders(found if wanted else refuted(found))
        case Tag(name):
            return tagged(name, wanted)
        case Caption(text):
            return Captioned(text, wanted)
        case Near():
            return Placed(term, wanted)
        case Camera(text):
            return Plain(names.gear("camera", text, wanted))
        case Lens(text):
            return Plain(names.gear("lens", text, wanted))
    clause = _column(term, asked)
    return Plain(clause if wanted else refuted(clause))


def _column(term: Filter, asked: _Asked) -> Clause:
    """Filters that the columns of a photo answer."""
    match term:
        case TakenIn():
            return when.taken_in(term)
        case TakenWhen(words):
            return when.taken_when(words, asked.today, asked.southern)
        case FocalLength(span):
            return spans.rounded("p.focal_length", span)
        case Aperture(span):
            return spans.rounded("p.aperture", span, digits=1)
        case Iso(span):
            return spans.exact("p.iso", span)
        case Rating(span):
            return spans.exact("p.rating", span)
        case Type(name):
            return kinds.type_of(name)
        case Name(text):
            return names.file_name(text)
        case Has(what):
            return kinds.has(what)
        case Is(what):
            return kinds.is_a(what)
        case Size():
            return _size(term)
    raise ValueError(f"{term} is no filter that is known")


def _size(term: Size) -> Clause:
    """A photo whose size in pixels is not known (0) is in no span of them."""
    if term.unit == "mb":
        return spans.rounded("p.size", term.span, 1e6)
    px = term.unit == "px"
    found = spans.exact("p.longer_side", term.span) if px else spans.rounded("p.pixels", term.span, 1e6)
    return joined("AND", [found, Clause("p.pixels > 0")])
