"""A tree spread into what a search can answer: one of several branches, in each of which everything must hold.

Negations are pushed inwards (``-(dog OR cat)`` is without both) and alternatives outwards. A part of the tree that is
made of filters alone stays whole: one SQL statement answers it, however it is nested.

What is written side by side and left out together is one sentence: ``-(dog beach)`` leaves out what shows a dog on a
beach, not every dog. "Not less of it" (``-(-1:people)``) is more of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from core.errors import CallError
from core.search.grammar.tree import (
    All,
    Any,
    Like,
    Phrase,
    Query,
    Soft,
    Term,
    Weighted,
    Without,
    Word,
    only_filters,
)

MOST = 16
"""Branches that one query may have."""


@dataclass(frozen=True, slots=True)
class Branch:
    """What one kind of answer has: it is like all that is ``wanted``, like none of what is ``unwanted``, and passes
    ``where``, terms made of filters alone, each of which must hold."""

    wanted: tuple[Soft, ...]
    unwanted: tuple[Word | Phrase | Like, ...]
    where: tuple[Term, ...]


def branches(query: Query) -> tuple[Branch, ...]:
    """The branches of a query, in the order in which they were written; the empty query is one that wants nothing.

    Raises `CallError` where there are more than `MOST`.
    """
    # What a later term adds may make two alternatives one.
    return tuple(dict.fromkeys(draft.done() for draft in _both(query.terms)))


@dataclass(slots=True)
class _Draft:
    """A branch that grows."""

    wanted: list[Soft] = field(default_factory=list)
    unwanted: list[Word | Phrase | Like] = field(default_factory=list)
    where: list[Term] = field(default_factory=list)

    def add(self, other: _Draft) -> None:
        self.wanted += other.wanted
        self.unwanted += other.unwanted
        self.where += other.where

    def with_other(self, other: _Draft) -> _Draft:
        return _Draft(self.wanted + other.wanted, self.unwanted + other.unwanted, self.where + other.where)

    def done(self) -> Branch:
        # To ask for a thing twice asks for more of it; to leave it out twice, or to filter twice, does not.
        return Branch(tuple(self.wanted), tuple(dict.fromkeys(self.unwanted)), tuple(dict.fromkeys(self.where)))


def _spread(term: Term) -> list[_Draft]:
    """The branches in which a term holds."""
    if only_filters(term):
        return [_Draft(where=[term])]
    if isinstance(term, Without):
        return _spread_without(term.term)
    if isinstance(term, All):
        return _both(term.terms)
    if isinstance(term, Any):
        return _either(term.terms)
    assert isinstance(term, Soft)
    return [_Draft(wanted=[term])]


def _spread_without(term: Term) -> list[_Draft]:
    """The branches in which a term does not hold."""
    if only_filters(term):
        return [_Draft(where=[Without(term)])]
    if isinstance(term, Without):
        return _spread(term.term)
    if isinstance(term, All):
        parts = _sentence_and_rest(term.terms)
        return _spread_without(parts[0]) if len(parts) == 1 else _either([Without(part) for part in parts])
    if isinstance(term, Any):
        return _both([Without(part) for part in term.terms])
    if isinstance(term, Weighted):
        less = term.weight < 0
        return [_Draft(wanted=[Weighted(-term.weight, term.term)]) if less else _Draft(unwanted=[term.term])]
    assert isinstance(term, Word | Phrase | Like)
    return [_Draft(unwanted=[term])]


def _both(terms: Sequence[Term]) -> list[_Draft]:
    """The branches in which all of several terms hold."""
    found = [_Draft()]
    for term in terms:
        more = _spread(term)
        if len(more) == 1:
            for draft in found:
                draft.add(more[0])
        else:
            found = _few([draft.with_other(other) for draft in found for other in more])
    return found


def _either(terms: Sequence[Term]) -> list[_Draft]:
    """The branches in which one of several terms holds. Those made of filters alone stay together."""
    found: list[_Draft] = []
    filters = [term for term in terms if only_filters(term)]
    for term in terms:
        if not only_filters(term):
            found = _few([*found, *_spread(term)])
        elif term is filters[0]:
            found = _few([*found, _Draft(where=[term if len(filters) == 1 else Any(tuple(filters))])])
    return found


def _few(drafts: Sequence[_Draft]) -> list[_Draft]:
    """Each of them once. Raises CallError where they are too many."""
    found = list({draft.done(): draft for draft in drafts}.values())
    if len(found) > MOST:
        raise CallError(
            f"These ORs multiply to more than {MOST} searches: ask for fewer alternatives at once, "
            "or make several searches of it."
        )
    return found


def _sentence_and_rest(terms: Sequence[Term]) -> list[Term]:
    """What is side by side: its words as one sentence, its filters as one term, and everything else for itself."""
    words: list[Word | Phrase] = []
    filters: list[Term] = []
    rest: list[Term] = []
    for term in _flat(terms):
        if isinstance(term, Word | Phrase):
            words.append(term)
        elif only_filters(term):
            filters.append(term)
        else:
            rest.append(term)
    sentence: list[Term] = (
        [words[0] if len(words) == 1 else Phrase(" ".join(word.text for word in words))] if words else []
    )
    where = [filters[0] if len(filters) == 1 else All(tuple(filters))] if filters else []
    return [*sentence, *rest, *where]


def _flat(terms: Sequence[Term]) -> Iterator[Term]:
    for term in terms:
        if isinstance(term, All):
            yield from _flat(term.terms)
        else:
            yield term
