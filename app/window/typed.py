"""What a person has typed so far: what of it is still unfinished, and what of it was not understood."""

from __future__ import annotations

import re

from core.search.grammar import KEYS, misread, only_filters, parse

__all__ = ["finished", "is_listing", "misread"]

_KEY = rf"(?:f|{'|'.join(key.name for key in KEYS)}|[0-9]+(?:\.[0-9]+)?):"
_UNFINISHED = re.compile(rf"""(?:-?\()*(?:-?\(|-|-?{_KEY})["“„]?""", re.IGNORECASE)
"""A minus, an opening bracket, a key or a weight that nothing follows."""


def finished(text: str) -> str:
    """A query without what nothing follows yet at its end: it is still being typed.

    That is a minus, an opening bracket, a weight, a key such as ``folder:``, and an ``OR`` behind something.
    """
    text = text.strip()
    while text:
        *before, last = text.rsplit(None, 1)
        if _UNFINISHED.fullmatch(last) is None and not (before and last in ("OR", "|")):
            break
        text = before[0] if before else ""
    return text


def is_listing(text: str) -> bool:
    """Whether nothing has to be compared: filters alone, or nothing at all, give a list of photos by date."""
    query = parse(text)
    return all(map(only_filters, query.terms)) and bool(query or not text.strip())
