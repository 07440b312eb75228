"""Texts as a person compares them: neither case nor accents count, in any script."""

from __future__ import annotations

import unicodedata

_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th"})
"""Letters that Unicode does not take apart, though people type them without their strokes."""

_HEBREW_TO_ARABIC = range(10, 36)
_ABOVE_AND_BELOW = 200
"""Combining classes of the marks that are left out. Those of other scripts (a Japanese dakuten, a Thai tone, the vowel
signs of India) have lower classes, and make another letter of theirs."""


def fold(text: str) -> str:
    """``Zürich`` and ``ZURICH`` as ``zurich``, ``Straße`` as ``strasse``; full-width letters as plain ones."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    kept = "".join(mark for mark in apart if not _is_accent(mark))
    return unicodedata.normalize("NFC", kept.translate(_LETTERS))


def _is_accent(mark: str) -> bool:
    kind = unicodedata.combining(mark)
    return kind >= _ABOVE_AND_BELOW or kind in _HEBREW_TO_ARABIC
