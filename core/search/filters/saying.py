"""Filters in words, as the reason why a photo was found."""

from __future__ import annotations

from collections.abc import Sequence

from core.search.grammar import All, Any, Query, Term, Without


def reasons(terms: Query | Sequence[Term]) -> tuple[str, ...]:
    """What every photo that passed has in common: ``folder: Italy``, ``date: 2019``, ``not folder: Work``, ``folder:
    Italy or folder: France``."""
    return tuple(_said(term) for term in (terms.where if isinstance(terms, Query) else terms))


def _said(term: Term, inside: bool = False) -> str:
    if isinstance(term, Without):
        return f"not {_said(term.term, inside=True)}"
    if isinstance(term, All | Any):
        link = " and " if isinstance(term, All) else " or "
        said = link.join(_said(inner, inside=True) for inner in term.terms)
        return f"({said})" if inside else said
    key, _, value = str(term).partition(":")
    if len(value) > 1 and value.startswith('"') and value.endswith('"'):
        value = value[1:-1].replace('""', '"')
    return f"{key}: {value}"
