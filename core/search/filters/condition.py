"""Conditions over ``photo p``, and how they are put together without a limit of SQLite's being met."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count
from typing import NamedTuple

from core.errors import CallError

Value = str | float | int

MOST_VALUES = 5_000
"""SQLite would bind 32,766 values to a statement, but takes seconds to prepare one of that length."""

DEEPEST = 75
"""SQLite's parser (before 3.46) keeps a hundred things in mind at the most, some of them for the statement around."""


class Condition(NamedTuple):
    """A WHERE condition over ``photo p`` with the values of its ``?``. ``sql`` is None where nothing is filtered."""

    sql: str | None
    params: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Clause:
    """A condition that is there, as SQL. It is true, false, or unknown (NULL), which counts as false.

    ``depth`` is what the parser has to keep in mind at once to read it; ``operator`` what it was joined by, if it was.
    """

    sql: str
    params: tuple[Value, ...] = ()
    depth: int = 4
    operator: str = ""


NOTHING = Clause("0")
EVERYTHING = Clause("1")


def refuted(clause: Clause) -> Clause:
    """True where a clause is not: where it is false, and where it is unknown."""
    if clause in (NOTHING, EVERYTHING):
        return EVERYTHING if clause == NOTHING else NOTHING
    return Clause(f"({clause.sql}) IS NOT TRUE", clause.params, clause.depth + 1)


def joined(operator: str, clauses: Iterable[Clause]) -> Clause:
    """Clauses joined by ``AND`` or ``OR``, each once; none at all hold together, and none of them holds.

    The least deep are joined first, two at a time: SQLite refuses a chain of a thousand. The deeper of two stands on
    the left, where it costs the parser less. Raises `CallError` for more than `checked` lets through.
    """
    waiting = [(clause.depth, place, clause) for place, clause in enumerate(dict.fromkeys(clauses))]
    if not waiting:
        return EVERYTHING if operator == "AND" else NOTHING
    _refuse_too_many(sum(len(clause.params) for _, _, clause in waiting))
    heapq.heapify(waiting)
    places = count(len(waiting))
    while len(waiting) > 1:
        (_, _, right), (_, _, left) = heapq.heappop(waiting), heapq.heappop(waiting)
        both = _both(left, operator, right)
        heapq.heappush(waiting, (both.depth, next(places), both))
    return waiting[0][2]


def _both(left: Clause, operator: str, right: Clause) -> Clause:
    """AND binds closer than OR, and both bind to the left: not every bracket is needed."""
    closer = operator == "OR"
    bare_left = left.operator == operator or (closer and left.operator == "AND")
    bare_right = closer and right.operator == "AND"
    sides = [clause.sql if bare else f"({clause.sql})" for clause, bare in ((left, bare_left), (right, bare_right))]
    depth = max(left.depth + (not bare_left), right.depth + 2 + (not bare_right))
    return Clause(f" {operator} ".join(sides), (*left.params, *right.params), depth, operator)


def checked(clause: Clause) -> Condition:
    """A finished condition. Raises `CallError` where it has more values, or goes deeper, than SQLite takes."""
    _refuse_too_many(len(clause.params))
    if clause.depth > DEEPEST:
        raise CallError("The brackets of this search are nested too deep. Take some of them away.")
    return Condition(clause.sql, clause.params)


def _refuse_too_many(values: int) -> None:
    if values > MOST_VALUES:
        raise CallError("This search has too many filters. Leave some of them out.")
