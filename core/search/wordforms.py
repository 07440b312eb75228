"""The words of a question: which of them mean something, and how else each may be written in a caption.

The index holds words as they stand (folded, see `core.catalog.word_folding`); what belongs together is known here, so
that a better rule needs no new index. English alone has forms: others are found as they are typed, or by their
beginning (see `core.search.words`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from core.catalog.word_folding import Standing, settled, standing
from core.catalog.word_index import phrase

_SAYING_NOTHING = """
a about above across after again against all along also although am among an and another any are around as at away
back be because been before behind being below beneath beside between both but by did do does doing done down during
each either else even every few for from had has have having he her here hers him his how i if in inside into is it
its itself just like many me more most much my near next no nor not of off on onto or other our out outside over own
per she since so some such than that the their them then there these they this those through to together too toward
towards under until up upon very was we were what when where which while who whom whose why with within without you
your photo photos photograph photographs picture pictures image images pic pics
"""
FUNCTION_WORDS = frozenset(_SAYING_NOTHING.split())
"""Words that say nothing of a photo by themselves. "Will", "May" and "US" are names too, and stay out."""

_MOST = 64
_LONGEST = 5000
"""Words of a question that are looked up, and characters of it that are read: more than anybody types."""

_SHORTEST_BEGINNING = 3
"""Letters. Fewer begin nearly everything."""

_JOINING = re.compile(r"[-_./'’&+@#\\]+")
"""What stands between two words that are written as one: ``well-known``, ``IMG_12``."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One word to look up, or several (``words``) that have to stand side by side.

    ``forms`` are other ways to write the one word; ``begins``: it may be the beginning of a word; ``unspaced``: these
    are characters of a script without spaces.
    """

    words: tuple[str, ...]
    forms: tuple[str, ...] = ()
    begins: bool = False
    unspaced: bool = False

    @property
    def asked(self) -> str:
        """The words as they were typed, in the language of FTS5."""
        return phrase(self.words) + (" *" if self.begins else "")

    @property
    def other(self) -> str:
        """The other forms, in the language of FTS5; empty without any."""
        return " OR ".join(phrase([form]) for form in self.forms)

    def looser(self) -> tuple[Unit, ...]:
        """What to look for where this stands nowhere: each word by itself, or words that begin like this one."""
        if self.unspaced or self.begins:
            return ()
        if len(self.words) > 1:
            return tuple(_single(word) for word in self.words if word not in FUNCTION_WORDS)
        return (replace(self, forms=(), begins=True),) if len(self.words[0]) >= _SHORTEST_BEGINNING else ()


def units(texts: Sequence[str]) -> tuple[Unit, ...]:
    """What is to be looked up for some words and sentences, each thing once.

    Function words are left out; where there is nothing else, they are looked up after all.
    """
    found = [unit for text in texts for unit in _units(text)]
    meant = [unit for unit in found if unit.words[0] not in FUNCTION_WORDS or len(unit.words) > 1]
    return tuple(dict.fromkeys(meant or found))[:_MOST]


def _units(text: str) -> Iterator[Unit]:
    plain = settled(text[:_LONGEST])
    for together in _together(plain):
        if not together[0].unspaced:
            yield Unit(tuple(found.word for found in together)) if len(together) > 1 else _single(together[0].word)
        elif len(together) == 1:
            yield Unit((together[0].word,), unspaced=True)
        else:
            # Nobody tells where words end in these scripts: any two characters side by side are looked for, and the
            # more of them a caption has, the more of the question it has.
            yield from (Unit((one.word, other.word), unspaced=True) for one, other in pairwise(together))


def _together(text: str) -> Iterator[list[Standing]]:
    """The words of a text, those together that are written as one; characters without spaces by themselves."""
    joined: list[Standing] = []
    for found in standing(text):
        if joined:
            last = joined[-1]
            between = text[last.end : found.start]
            if last.unspaced and found.unspaced:
                belongs = not between
            else:
                belongs = not (last.unspaced or found.unspaced) and _JOINING.fullmatch(between) is not None
            if not belongs:
                yield joined
                joined = []
        joined.append(found)
    if joined:
        yield joined


def _single(word: str) -> Unit:
    return Unit((word,), forms(word))


# English forms

_IRREGULAR = [
    group.split()
    for group in (
        "person people persons",
        "foot feet",
        "tooth teeth",
        "goose geese",
        "mouse mice",
        "ox oxen",
        "leaf leaves",
        "wolf wolves",
        "knife knives",
        "wife wives",
        "life lives",
        "half halves",
        "shelf shelves",
        "calf calves",
        "loaf loaves",
        "thief thieves",
        "scarf scarves scarfs",
        "hoof hooves hoofs",
        "bus buses",
        "lens lenses",
        "iris irises",
        "gas gases",
        "cactus cacti cactuses",
    )
]
_IRREGULAR_OF = {word: group for group in _IRREGULAR for word in group}
_ENDINGS = (("man", "men"), ("child", "children"))
_HISSING = ("s", "x", "z", "ch", "sh")
_VOWELS = frozenset("aeiou")
_WORD = re.compile("[a-z]{3,}")
_DOUBLING = re.compile("[^aeiou][aeiou][bdglmnprt]$")
"""The end of words like "run" and "swim", which double it: "running"."""


def forms(word: str) -> tuple[str, ...]:
    """How else an English word is written: ``dogs`` for ``dog`` and back, ``running`` and ``runs`` for ``run``.

    Rules make forms that no dictionary has; they stand in no caption, and do no harm. A word that is too short, or has
    other letters than English, has none.
    """
    if not _WORD.fullmatch(word):
        return ()
    found = _IRREGULAR_OF.get(word) or list(_by_ending(word)) or list(_regular(word))
    return tuple(dict.fromkeys(form for form in found if form != word and form not in FUNCTION_WORDS))


def _by_ending(word: str) -> Iterator[str]:
    for one, many in _ENDINGS:
        if word.endswith(many):
            yield word[: -len(many)] + one
        elif word.endswith(one):
            yield word[: -len(one)] + many
            yield from _plurals(word)


def _regular(word: str) -> Iterator[str]:
    acts = list(_infinitives(word))
    if acts:
        yield from _plurals(word)  # Buildings, paintings.
    for base in [*_singulars(word), *acts] or [word]:
        yield base
        yield from _plurals(base)
        yield from _verbs(base)


def _singulars(word: str) -> Iterator[str]:
    if word.endswith("ies") and len(word) > 4:
        yield word[:-3] + "y"
    if word.endswith("es") and word[:-2].endswith((*_HISSING, "o")):
        yield word[:-2]
    if word.endswith("s") and not word.endswith("ss") and len(word) > 3:
        yield word[:-1]


def _plurals(word: str) -> Iterator[str]:
    if word.endswith(_HISSING):
        yield word + "es"
    elif word.endswith("y") and word[-2] not in _VOWELS:
        yield word[:-1] + "ies"
    else:
        yield word + "s"
        if word.endswith("o"):
            yield word + "es"


def _infinitives(word: str) -> Iterator[str]:
    if word.endswith("ied") and len(word) > 4:
        yield word[:-3] + "y"
    for ending in ("ing", "ed"):
        start = word.removesuffix(ending)
        if start != word and len(start) >= 3 and not _VOWELS.isdisjoint(start):
            yield start
            yield start + "e"
            if start[-1] == start[-2]:
                yield start[:-1]


def _verbs(word: str) -> Iterator[str]:
    if word.endswith("e"):
        yield word[:-1] + "ing"
        yield word + "d"
    elif word.endswith("y") and word[-2] not in _VOWELS:
        yield word + "ing"
        yield word[:-1] + "ied"
    else:
        yield word + "ing"
        yield word + "ed"
        if _DOUBLING.search(word):
            yield word + word[-1] + "ing"
            yield word + word[-1] + "ed"
