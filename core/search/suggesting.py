"""What a library's names offer after each key of the query language, and at a plain word.

Names are compared as filters compare them: case and accents make no difference, and any word of a name may be begun.
Those that find the most photos come first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from types import MappingProxyType

from core.catalog.folding import fold
from core.catalog.vocabulary import Known, Vocabulary
from core.search import known
from core.search.filters.kinds import type_name
from core.search.filters.names import begins
from core.search.grammar import Camera, Filter, InFolder, Lens, Tag, TakenIn, TakenWhen
from core.search.grammar.dates import resolve
from core.search.grammar.values import THINGS_TO_BE, THINGS_TO_HAVE, TYPES
from core.search.grammar.wording import KEYS
from core.search.grammar.yearly import MONTH_NAMES

_LOOKED_AT = 30
"""Names whose photos are counted, to put those with the most first."""

_SHORTEST_WORD = 2
"""Letters of a plain word from which names are offered."""

_WORDS_OF_TIME = [
    "today",
    "yesterday",
    "this week",
    "last week",
    "this month",
    "last month",
    "this year",
    "last year",
    "weekends",
    "spring",
    "summer",
    "autumn",
    "winter",
    "last spring",
    "last summer",
    "last autumn",
    "last winter",
    "christmas",
    "easter",
    "new year",
]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What may stand there: a filter as it is typed, its name as it is shown, and what is said of it."""

    typed: str
    shown: str
    detail: str


Source = Callable[[str, Vocabulary, date], Iterator[Suggestion]]
"""From what was typed of a value, what the library knows, and the day that it is."""


def nothing(value: str, vocabulary: Vocabulary, today: date) -> Iterator[Suggestion]:
    """For keys whose values the library does not know."""
    return iter(())


def at_a_word(word: str, vocabulary: Vocabulary, today: date) -> Iterator[Suggestion]:
    """Keys that begin so, and filters whose values have a word that does."""
    folded = fold(word)
    for key in KEYS:
        if key.name.startswith(folded):
            yield Suggestion(f"{key.name}:", f"{key.name}:", f"{key.says}: {key.example}")
    if len(word) < _SHORTEST_WORD:
        return
    kinds: tuple[Source, ...] = (_tags, _folders, _cameras, _months)
    for values in kinds:
        for value in islice(values(word, vocabulary, today), 3):
            yield Suggestion(value.typed, value.typed, value.detail)


def _folders(value: str, vocabulary: Vocabulary, today: date) -> Iterator[Suggestion]:
    names = islice(known.folder_names(vocabulary, value), _LOOKED_AT)
    found = [Known(name, known.in_folder(vocabulary, name)) for name in names]
    # A word that stands in one name alone says less than the name.
    told = [
        name
        for name in found
        if name.count
        and not any(
            other.count == name.count and len(other.text) > len(name.text) and name.text in other.text
            for other in found
        )
    ]
    yield from _counted(told, InFolder)


def _tags(value: str, vocabulary: Vocabulary, today: date) -> Iterator[Suggestion]:
    yield from _counted(_beginning(value, vocabulary.tags), Tag)


def _cameras(value: str, vocabulary: Vocabulary, today: date) -> Iterator[Suggestion]:
    yield from _counted(_gear(value, vocabulary.cameras), Camera)


def _lenses(value: str, vocabulary: Vocabulary, today: date) -> Iterator[Suggestion]:
    yield from _counted(_gear(value, vocabulary.lenses), Lens)


def _gear(value: str, gear: Sequence[Known]) -> Iterator[Known]:
    """A camera's filter may find others whose names go on: ``camera:"Canon EOS R"`` finds an R5."""
    for one in islice(_beginning(value, gear), _LOOKED_AT):
        yield Known(one.text, known.with_gear(gear, one.text))


def _dates(value: str, vocabulary: Vocabulary, today: date) -> Iterator[Suggestion]:
    """Years and months that have photos, as digits are typed; times in words, as letters are."""
    if value[:1].isdigit() or not value:
        years: dict[str, int] = {}
        for month in vocabulary.months:
            years[month.text[:4]] = years.get(month.text[:4], 0) + month.count
        spans = [Known(year, count) for year, count in reversed(years.items())]
        if len(value) >= 4:
            spans += reversed(vocabulary.months)
        for span in spans:
            if span.text.startswith(value) and span.text != value:
                yield _said(TakenIn(span.text, span.text), span.text, span.count)
    yield from _months(value, vocabulary, today)
    for words in _WORDS_OF_TIME:
        if words.startswith(fold(value)) and resolve(words, today) is not None:
            yield Suggestion(str(TakenWhen(words)), words, "")


def _months(value: str, vocabulary: Vocabulary, today: date) -> Iterator[Suggestion]:
    for name in MONTH_NAMES:
        if value and name.startswith(fold(value)):
            count = known.taken_when(vocabulary, name, today)
            if count:
                yield _said(TakenWhen(name), name, count)


def _types(value: str, vocabulary: Vocabulary, today: date) -> Iterator[Suggestion]:
    for format in vocabulary.formats:
        name = type_name(format.text)
        if name.startswith(TYPES.get(fold(value), fold(value))):
            yield Suggestion(f"type:{name}", name, _photos(format.count))


def _listed(key: str, names: Mapping[str, str]) -> Source:
    """The values of a key that has only so many."""

    def values(value: str, vocabulary: Vocabulary, today: date) -> Iterator[Suggestion]:
        for name in dict.fromkeys(meant for typed, meant in names.items() if typed.startswith(fold(value))):
            yield Suggestion(f"{key}:{name}", name, "")

    return values


def _beginning(value: str, names: Iterable[Known]) -> Iterator[Known]:
    """The names with a word that begins so; all of them for nothing typed."""
    fits = begins(fold(" ".join(value.split())))
    return (name for name in names if fits(f" {fold(name.text)}"))


def _counted(names: Iterable[Known], filter: Callable[[str], Filter]) -> Iterator[Suggestion]:
    for name in sorted(names, key=lambda name: (-name.count, name.text)):
        yield _said(filter(name.text), name.text, name.count)


def _said(filter: Filter, shown: str, count: int) -> Suggestion:
    return Suggestion(str(filter), shown, _photos(count))


def _photos(count: int) -> str:
    return "1 photo" if count == 1 else f"{count:,} photos"


VALUES: Mapping[str, Source] = MappingProxyType(
    {
        "folder": _folders,
        "tag": _tags,
        "camera": _cameras,
        "lens": _lenses,
        "date": _dates,
        "type": _types,
        "has": _listed("has", THINGS_TO_HAVE),
        "is": _listed("is", THINGS_TO_BE),
    }
)
"""Each key whose values the library knows."""
