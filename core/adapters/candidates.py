"""The names that a library's captions and tags mention, and the photos of each: what could be learned.

A name is

- a tag that is accepted,
- a caption that says nothing else: one word ("Biscuit"), something definite ("the blue cabin"), or a few words that
  several photos have ("oma els"); such a caption says how far the name goes, so that "oma els at the door" mentions all
  of it; or
- words that captions write with capitals inside a sentence ("at the beach with Oma Els"), unless they are written
  without more often; at a sentence's beginning only where the same word is never written without one.

Names of files, addresses and who took a photo are passed over (`core.adapters.unsaid`). Once a name is known, all
captions that have it count, however they are written. Whether it can be learned, and whether it is a name at all and
not a word that the model knows, is for held-out photos to say (`training/adapter.py`).
"""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from core.adapters import unsaid
from core.adapters.names import ARTICLES, Keys, is_unspaced, key_of, tokens
from core.adapters.ordinary import is_ordinary
from core.search.wordforms import FUNCTION_WORDS

SHORT = 4
"""Words of a caption that may be a name and nothing else."""
SHORT_UNSPACED = 8
"""Characters of a caption in a script without spaces that may be a name and nothing else."""
MOST = 1_000
"""Names that are given back: those with the most photos."""

_WORD = re.compile(r"[^\W\d_][^\W_]*(?:['’-][^\W_]+)*")
_JOINTS = re.compile(r"[.!?,;:&+/]")
"""What stands between things that are two."""
_ENDS = re.compile(r"[.!?:;]\s*$")
_NUMBERS = frozenset(
    [
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "several",
        "many",
        "some",
        "another",
        "each",
        "every",
    ]
)
_OWN = frozenset(
    ["my", "our", "mein", "meine", "unser", "unsere", "mijn", "onze", "mon", "ma", "notre", "mi", "mio", "mia"]
)


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence, or a tag, about a content."""

    content_id: int
    text: str
    tag: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """A name, as it is written most, and the contents whose captions or tags have it, ascending."""

    name: str
    key: str
    contents: tuple[int, ...]
    proper: bool
    """Whether it is surely meant as a name: several words with capitals, or somebody's own ("my cat", "the blue
    cabin"). Of a single word only the model can tell: "Beach" is a word that it knows."""


def said(db: sqlite3.Connection) -> list[Said]:
    """All captions and accepted tags of a library, by content."""
    captions = db.execute(
        "SELECT DISTINCT p.content_id, c.text FROM caption c JOIN photo p ON p.id = c.photo_id ORDER BY p.content_id"
    )
    found = [Said(row[0], row[1]) for row in captions]
    tagged = db.execute(
        "SELECT DISTINCT p.content_id, l.name FROM tag t JOIN label l ON l.id = t.label_id "
        "JOIN photo p ON p.id = t.photo_id WHERE t.state = 'accepted' ORDER BY p.content_id"
    )
    return found + [Said(row[0], row[1], tag=True) for row in tagged]


def candidates(texts: Sequence[Said]) -> list[Candidate]:
    """The names in what was said, those with the most photos first, `MOST` at the most."""
    texts = [replace(one, text=said) for one in texts if (said := unsaid.meant(one.text, one.tag))]
    repeated = _repeated(texts)
    wholes = _wholes(texts, repeated)
    writing = _writing(texts, Keys(wholes) if wholes else None)
    spellings: dict[str, Counter[str]] = {}
    for one in texts:
        for name in _names(one, writing, repeated, wholes):
            key = key_of(name)
            if len(key) > 1 and not all(word in FUNCTION_WORDS | _NUMBERS or word.isdigit() for word in key.split()):
                spellings.setdefault(key, Counter())[name] += 1
    kept = _kept(texts, spellings)
    found = _contents(texts, kept)
    listed = [
        Candidate(name, key, tuple(sorted(found[key])), _is_proper(name))
        for key in kept
        if found[key]
        for name in [max(spellings[key], key=lambda one: _worth(one, spellings[key][one]))]
    ]
    listed.sort(key=lambda one: (-len(one.contents), one.key))
    return listed[:MOST]


def _kept(texts: Sequence[Said], spellings: Mapping[str, Counter[str]]) -> list[str]:
    """The keys that stay: a longer name hides the shorter ones in it, so that it has to have several photos."""
    keys = Keys(spellings)
    found: dict[str, set[int]] = {key: set() for key in spellings}
    for one in texts:
        for key in keys.all_in(one.text):
            found[key].add(one.content_id)
    return [key for key, contents in found.items() if len(contents) > 1 or len(keys.all_in(key)) == 1]


def _contents(texts: Sequence[Said], keys: Iterable[str]) -> dict[str, set[int]]:
    """For each key the contents whose texts have it."""
    found: dict[str, set[int]] = {key: set() for key in keys}
    look = Keys(found)
    for one in texts:
        for span in look.spans(one.text):
            found[span.key].add(one.content_id)
    return found


def _plain(text: str) -> str:
    return text.strip().rstrip(".!,;: ")


def _worth(spelling: str, times: int) -> tuple[int, int]:
    """How good a spelling is: as often as it is there, and among equals with capitals, but not with these alone."""
    return times, 0 if spelling.isupper() or spelling.islower() else 1


def _repeated(texts: Sequence[Said]) -> set[str]:
    """The keys of the short captions that several contents have, however they are written."""
    short = (one for one in texts if not one.tag and len(one.text.split()) <= SHORT)
    times = Counter(key for key, _ in {(key_of(_plain(one.text)), one.content_id) for one in short})
    return {key for key, number in times.items() if number > 1}


def _wholes(texts: Sequence[Said], repeated: set[str]) -> set[str]:
    """The keys of captions that are a name of several words and nothing else: each with a capital, and on several
    contents."""
    found = set()
    for one in texts:
        text = _plain(one.text)
        words = text.split()
        if one.tag or not 1 < len(words) <= SHORT or _JOINTS.search(text):
            continue
        inner = [word.casefold() for word in words if word[0].isupper()]
        if len(inner) == len(words) and not any(word in FUNCTION_WORDS | _NUMBERS for word in inner):
            found.add(key_of(text))
    return found & repeated


@dataclass(frozen=True, slots=True)
class _Writing:
    """How often each word, casefolded, is written without a capital, and with one."""

    small: Counter[str]
    high: Counter[str]

    def is_name(self, word: str, first: bool) -> bool:
        """Whether a word with a capital may be one of a name."""
        folded = word.casefold()
        if not word[0].isupper() or word == "I" or folded in FUNCTION_WORDS | _NUMBERS:
            return False
        return not self.small[folded] if first else self.small[folded] <= self.high[folded]


def _writing(texts: Sequence[Said], wholes: Keys | None) -> _Writing:
    """A whole name in small letters counts for no word: it is that name."""
    small: Counter[str] = Counter()
    high: Counter[str] = Counter()
    for one in texts:
        spans = wholes.spans(one.text) if wholes else []
        for word in _WORD.finditer(one.text):
            if word[0][0].isupper():
                high[word[0].casefold()] += 1
            elif not any(span.start <= word.start() < span.end for span in spans):
                small[word[0].casefold()] += 1
    return _Writing(small, high)


def _names(one: Said, writing: _Writing, repeated: set[str], wholes: set[str]) -> Iterator[str]:
    text = _plain(one.text)
    words = text.split()
    if one.tag:
        if len(words) <= SHORT + 1:
            yield text
        return
    if len(words) == 1:
        if len(text) <= SHORT_UNSPACED or len(tokens(text)) == 1 or not is_unspaced(text):
            yield text
        return
    key = key_of(text)
    if key in wholes:
        yield text
        return
    runs = list(_capitals(one.text, writing))
    if _is_told_apart(words, runs) and not _JOINTS.search(text):
        yield text
        return
    if 1 < len(words) <= SHORT and not _JOINTS.search(text) and not runs:
        definite = words[0].casefold() in _OWN | {"the"}
        inside = words[1:] if definite else words
        if (definite or key in repeated) and not any(word.casefold() in FUNCTION_WORDS | _NUMBERS for word in inside):
            yield text
    yield from runs


def _is_told_apart(words: Sequence[str], runs: Sequence[str]) -> bool:
    """Whether a short caption gives an ordinary word something that makes it a name: "our Toy", "Toy the duck"."""
    if not 1 < len(words) <= SHORT or len(runs) != 1 or not is_ordinary(key_of(runs[0])):
        return False
    return (words[1:] == runs[0].split() and words[0].casefold() in _OWN) or (words[0] == runs[0] and words[1] == "the")


def _capitals(text: str, writing: _Writing) -> Iterator[str]:
    """Runs of words with capitals. A text that writes most of its words so is a title, and says nothing by it."""
    words = list(_WORD.finditer(text))
    high = [word[0][0].isupper() for word in words]
    if len(words) > SHORT and sum(high) > 0.6 * len(words):
        return
    run: list[re.Match[str]] = []
    for before, word in pairwise([None, *words]):
        assert word is not None
        first = before is None or _ENDS.search(text[before.end() : word.start()]) is not None
        counts = writing.is_name(word[0], first)
        joined = bool(run) and not text[run[-1].end() : word.start()].strip() and not first
        if run and not (counts and joined):
            yield text[run[0].start() : run[-1].end()]
            run = []
        if counts:
            run.append(word)
    if run:
        yield text[run[0].start() : run[-1].end()]


def _is_proper(name: str) -> bool:
    words = _WORD.findall(name)
    rest = [word for word in words if word.casefold() not in ARTICLES]
    if words and words[0].casefold() in _OWN:
        return True
    if len(rest) < len(words):
        return len(rest) > 1
    return len(tokens(name)) > 1 and bool(words) and words[0][0].isupper()
