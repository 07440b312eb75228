"""File names as SQLite can keep them: the one place that knows how.

A name on Linux is bytes, and Python shows those that are no UTF-8 as lone surrogates (PEP 383); a name on Windows may
hold lone surrogates outright. SQLite's TEXT is UTF-8, which has no place for either. So each lone surrogate is written
as U+FDD0 and four hexadecimal digits, and a U+FDD0 that was there before likewise. U+FDD0 is one of the code points
that Unicode sets aside for a program's own use ("noncharacters"), so that names which people can read stay as they are,
and every name comes back exactly as it was.
"""

from __future__ import annotations

import re

_ESCAPE = "\ufdd0"
_UNKEEPABLE = re.compile(f"[\ud800-\udfff{_ESCAPE}]")
_KEPT = re.compile(f"{_ESCAPE}([0-9a-f]{{4}})")
_SURROGATE = re.compile("[\ud800-\udfff]")


def to_text(name: str) -> str:
    """A file name or path as SQLite can keep it. `to_name` gives it back, whatever it holds."""
    if name.isascii():
        return name
    return _UNKEEPABLE.sub(lambda found: f"{_ESCAPE}{ord(found[0]):04x}", name)


def to_name(text: str) -> str:
    """The file name or path that `to_text` wrote."""
    if _ESCAPE not in text:
        return text
    return _KEPT.sub(lambda found: chr(int(found[1], 16)), text)


def readable(text: str) -> str:
    """Words of people (captions, cameras, labels), which need no way back: a lone surrogate becomes U+FFFD."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)
