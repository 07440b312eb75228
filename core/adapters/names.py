"""Finds learned names in a sentence, and what the sentence asks for beside them.

"Biscuit and Oma Els on the beach" has the names Biscuit and Oma Els, and asks for "on the beach" beside them. Case and
accents make no difference, and the longest name counts: where "Oma Els" was learned, "Oma" in it is no name. Scripts
without spaces tell nobody where a name ends: there it is found between any others, but in katakana, which a name has to
itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from core.adapters.learned import LearnedName
from core.catalog.folding import fold
from core.catalog.naming import readable
from core.catalog.word_folding import UNSPACED
from core.search.wordforms import FUNCTION_WORDS

_KATAKANA = "\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"
_WORD = re.compile(rf"[{_KATAKANA}]+|[{UNSPACED}][\u3099\u309a]*|(?:(?![{UNSPACED}])[^\W_])+")
_UNSPACED = re.compile(f"[{UNSPACED}]")
_POSSESSIVE = re.compile(r"['’]s\b", re.I)
ARTICLES = frozenset({"the", "a", "an"})
_FOLLOWING = frozenset(["and", "und", "et", "y", "e", "en"])
_NOTHING = FUNCTION_WORDS | _FOLLOWING | {"van", "von", "mit", "de"}
"""Words that lead to the name behind them, and say nothing where it is taken out."""


class Token(NamedTuple):
    """A word of a text, folded, and where it stands."""

    word: str
    start: int
    end: int


def tokens(text: str) -> list[Token]:
    """The words of a text, in their order."""
    if text.isascii():
        return [Token(found[0], found.start(), found.end()) for found in _WORD.finditer(text.lower())]
    return [Token(fold(found[0]), found.start(), found.end()) for found in _WORD.finditer(readable(text))]


def is_unspaced(text: str) -> bool:
    """Whether a text has characters of a script without spaces."""
    return _UNSPACED.search(text) is not None


def key_of(name: str) -> str:
    """How a name is looked up: its words, folded, without an article before them. Empty where nothing is left."""
    words = tokens(name)
    while len(words) > 1 and words[0].word in ARTICLES:
        words.pop(0)
    key, end = "", -1
    for token in words:
        key += token.word if token.start == end or not key else f" {token.word}"
        end = token.end
    return key


@dataclass(frozen=True, slots=True)
class Span:
    """A key that stands in a text: from which character to which, a possessive ``'s`` included."""

    key: str
    start: int
    end: int


class Keys:
    """A set of keys that texts are searched for."""

    def __init__(self, keys: Iterable[str]) -> None:
        self._by_first: dict[str, list[tuple[list[str], str]]] = {}
        for key in keys:
            words = [token.word for token in tokens(key)]
            if words:
                self._by_first.setdefault(words[0], []).append((words, key))
        for several in self._by_first.values():
            several.sort(key=lambda one: len(one[0]), reverse=True)

    def spans(self, text: str) -> list[Span]:
        """The keys in a text, from left to right, none inside another; of two that begin alike the longer."""
        found: list[Span] = []
        words = tokens(text) if self._by_first else []
        at = 0
        while at < len(words):
            found_here = next(self._at(words, at), None)
            if found_here is None:
                at += 1
                continue
            length, key = found_here
            end = words[at + length - 1].end
            owned = _POSSESSIVE.match(text, end)
            found.append(Span(key, words[at].start, owned.end() if owned else end))
            at += length + bool(owned)
        return found

    def all_in(self, text: str) -> set[str]:
        """Every key in a text, also those inside others."""
        words = tokens(text)
        return {key for at in range(len(words)) for _, key in self._at(words, at)}

    def _at(self, words: Sequence[Token], at: int) -> Iterator[tuple[int, str]]:
        """The keys that begin at a word, the longest first, with how many words each has."""
        for several, key in self._by_first.get(words[at].word, ()):
            if [token.word for token in words[at : at + len(several)]] == several:
                yield len(several), key


@dataclass(frozen=True, slots=True)
class Cut:
    """A sentence taken apart: the names in it, each once, and what it asks for beside them (empty for nothing)."""

    names: tuple[LearnedName, ...]
    rest: str


class NameBook:
    """The names that an adapter has learned. ``adapter`` is the adapter's name, None where none is on."""

    def __init__(self, learned: Iterable[LearnedName] = (), adapter: str | None = None) -> None:
        self._known = {one.key: one for one in learned}
        self._keys = Keys(self._known)
        self.adapter = adapter

    def __len__(self) -> int:
        return len(self._known)

    def longer(self, name: LearnedName) -> tuple[str, ...]:
        """The learned names that have another one in them: "Bello Junior" for "Bello"."""
        return tuple(
            one.name for key, one in self._known.items() if key != name.key and name.key in self._keys.all_in(key)
        )

    def means(self, name: LearnedName, text: str) -> bool:
        """Whether a text has a name by itself, and not only inside a longer one."""
        return any(span.key == name.key for span in self._keys.spans(text))

    def cut(self, sentence: str) -> Cut:
        """The names in a sentence, and the rest of it."""
        sentence = readable(sentence)
        spans = self._keys.spans(sentence) if self._known else []
        if not spans:
            return Cut((), sentence)
        names = tuple(self._known[key] for key in dict.fromkeys(span.key for span in spans))
        return Cut(names, rest_of(sentence, spans))


def rest_of(sentence: str, spans: Sequence[Span]) -> str:
    """What a sentence says without the names in it; empty where that is nothing."""
    edges = [0, *(edge for span in spans for edge in (span.start, span.end)), len(sentence)]
    pieces = [sentence[start:end] for start, end in list(pairwise(edges))[::2]]
    kept = []
    for place, piece in enumerate(pieces):
        words = piece.split()
        if place < len(pieces) - 1:
            while words and _bare(words[-1]) in _NOTHING | {""}:
                words.pop()
        if place:
            while words and _bare(words[0]) in _FOLLOWING | {""}:
                words.pop(0)
        kept += words
    rest = " ".join(kept).strip(" ,;:&+")
    return rest if any(token.word not in _NOTHING for token in tokens(rest)) else ""


def _bare(word: str) -> str:
    return " ".join(token.word for token in tokens(word))
