"""Plain words that may mean a filter: ``italy`` where a folder is called so. Offered, never forced.

A word, or up to four that follow each other, is offered as the folder, tag, camera or time that it names, with the
number of photos that the filter finds: only whole words count (``it`` is no ``Italy``), and a filter that finds
nothing, or everything, is none. Filters are spelled as the library does: ``folder:Italy`` for ``italy``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from core.catalog.folding import fold
from core.catalog.tags import folded as folded_label
from core.catalog.vocabulary import WORD, Vocabulary
from core.search import known
from core.search.grammar import Camera, Filter, InFolder, Tag, TakenIn, TakenWhen
from core.search.grammar.yearly import MONTHS
from core.search.wordforms import FUNCTION_WORDS

MOST = 8
"""Offers for one query."""

_LONGEST = 4
"""Words of a name."""

_MOST_WORDS = 24
"""Words of a query that are looked at."""

_YEAR = re.compile(r"(?:18|19|20)[0-9]{2}")
_SEASONS = frozenset(("spring", "summer", "autumn", "winter"))


@dataclass(frozen=True, slots=True)
class Offer:
    """Words of a query, the filter that they may mean, as it is typed, and how many photos it finds."""

    text: str
    filter_text: str
    count: int


def offers(words: Sequence[str], vocabulary: Vocabulary, today: date | None = None) -> tuple[Offer, ...]:
    """What the words of a sentence may mean, in their order; of two that begin together the longer comes first.

    What is offered for several words is not offered for one of them as well.
    """
    found: list[tuple[int, int, Offer]] = []
    shown = list(words[:_MOST_WORDS])
    names = _Names(vocabulary, today or date.today())
    for length in range(min(_LONGEST, len(shown)), 0, -1):
        for start in range(len(shown) - length + 1):
            text = " ".join(shown[start : start + length])
            for filter, count in names.meant(text):
                offer = Offer(text, str(filter), count)
                covered = any(
                    first <= start and start + length <= end and _key(longer) == _key(offer)
                    for first, end, longer in found
                )
                if 0 < count < vocabulary.photos and not covered:
                    found.append((start, start + length, offer))
    found.sort(key=lambda one: (one[0], -one[1]))
    return tuple(offer for _, _, offer in found[:MOST])


def _key(offer: Offer) -> str:
    return offer.filter_text.partition(":")[0]


class _Names:
    """The names of a vocabulary, taken apart once for all the words of a query."""

    def __init__(self, vocabulary: Vocabulary, today: date) -> None:
        self._vocabulary = vocabulary
        self._today = today
        self._tags = {folded_label(tag.text): tag.text for tag in reversed(vocabulary.tags)}
        self._cameras = [{fold(word): word for word in WORD.findall(camera.text)} for camera in vocabulary.cameras]

    def meant(self, text: str) -> Iterator[tuple[Filter, int]]:
        """Each filter that these words may mean, spelled as the library does, and how many photos it finds."""
        folded = folded_label(text)
        words = WORD.findall(folded)
        if not words or all(word in FUNCTION_WORDS or (len(word) == 1 and word.isascii()) for word in words):
            return
        if folded in self._tags:
            yield Tag(self._tags[folded]), known.with_tag(self._vocabulary, folded)
        when = self._when(folded)
        if when is not None:
            yield when
        # A year is no name, though folders are called after years.
        if not _YEAR.fullmatch(folded) and (folder := self._folder(words)):
            yield InFolder(folder), known.in_folder(self._vocabulary, folder)
        camera = next((names for names in self._cameras if names.keys() >= set(words)), None)
        if camera is not None and any(word.isalpha() for word in words):
            spelled = " ".join(camera[word] for word in words)
            yield Camera(spelled), known.with_gear(self._vocabulary.cameras, spelled)

    def _folder(self, words: Sequence[str]) -> str | None:
        """What of a folder's name these words are, as it is written there."""
        wanted = f" {' '.join(words)} "
        found = (step.spelled(wanted) for step in self._vocabulary.steps if wanted in step.words)
        return next((text for text in found if text), None)

    def _when(self, folded: str) -> tuple[Filter, int] | None:
        """A year, or words with the name of a month or a season among them."""
        words = folded.split()
        if len(words) == 1 and _YEAR.fullmatch(folded):
            return TakenIn(folded, folded), known.taken_when(self._vocabulary, folded, self._today) or 0
        if not any(word in MONTHS or word in _SEASONS for word in words):
            return None
        count = known.taken_when(self._vocabulary, folded, self._today)
        return None if count is None else (TakenWhen(folded), count)
