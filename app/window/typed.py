"""What a person has typed so far: what of it is still unfinished, and what of it was not understood."""

from __future__ import annotations

import re

from core.search.grammar import Without, Word, parse

_THINGS = {"date": "date", "folder": "folder", "like": "photo"}
"""The keys of the query language, and what has to follow each."""

_DANGLING = re.compile(rf"""(?:^|\s)(?:-|-?(?:{"|".join(_THINGS)}):)["“„]?$""", re.IGNORECASE)


def finished(text: str) -> str:
    """A query without a minus, or a key such as ``folder:``, that nothing follows yet: it is still being typed."""
    text = text.strip()
    while (dangling := _DANGLING.search(text)) is not None:
        text = text[: dangling.start()].rstrip()
    return text


def is_listing(text: str) -> bool:
    """Whether nothing has to be compared: filters alone, or nothing at all, give a list of photos by date."""
    query = parse(text)
    only_filters = not (query.sentence or query.likes or query.without or query.unlike)
    return only_filters and bool(query.filters or not text.strip())


def misread(text: str) -> str:
    """A sentence about the first filter that makes no sense, and is searched for as words; empty without one."""
    for term in parse(text).terms:
        word = term.term if isinstance(term, Without) else term
        if isinstance(word, Word):
            key, colon, _ = word.text.partition(":")
            thing = _THINGS.get(key.lower()) if colon else None
            if thing is not None:
                return f"{word.text} is no {thing}, so it counts as words"
    return ""
