"""How many photos filters find by what a library's vocabulary says: no statement runs while somebody types."""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import chain

from core.catalog.folding import fold
from core.catalog.tags import folded as folded_label
from core.catalog.vocabulary import WORD, Known, Vocabulary
from core.search.filters.names import begins
from core.search.grammar.dates import DaySpan, When, resolve


def folder_names(vocabulary: Vocabulary, beginning: str) -> Iterator[str]:
    """What may stand after ``folder:`` where so much of it is typed: first the words of folders' names that begin so
    (``Italy`` of ``2019-07 Italy``), then the whole names; of both, those of the largest folders first."""
    if "/" in beginning or "\\" in beginning:
        yield from _paths(vocabulary, beginning.replace("\\", "/"))
        return
    wanted = "".join(f" {word}" for word in WORD.findall(fold(beginning)))
    fitting = [step for step in vocabulary.steps if wanted in step.words]
    words = (step.spelled(wanted) for step in fitting) if wanted else iter(())
    seen = set()
    for name in chain(words, (step.text for step in fitting)):
        if name and fold(name) not in seen:
            seen.add(fold(name))
            yield name


def _paths(vocabulary: Vocabulary, beginning: str) -> Iterator[str]:
    """As many steps of a path as were begun: ``Italy/Rome`` for ``italy/r``."""
    fits = begins(fold(beginning))
    count = 1 + beginning.count("/")
    seen = set()
    for folder in vocabulary.folders:
        steps, folded = folder.path.split("/"), folder.folded.split("/")
        for start in range(len(steps) - count + 1):
            name = "/".join(folded[start : start + count])
            if name not in seen and fits(f"/{name}"):
                seen.add(name)
                yield "/".join(steps[start : start + count])


def in_folder(vocabulary: Vocabulary, name: str) -> int:
    """How many photos ``folder:NAME`` finds, for a name that is no absolute path."""
    fits = begins(fold(name.replace("\\", "/")))
    return sum(folder.count for folder in vocabulary.folders if fits(f"/{folder.folded}/"))


def with_tag(vocabulary: Vocabulary, name: str) -> int:
    """How many photos ``tag:NAME`` finds, at the most: labels that are folded to one may be on the same photo."""
    return sum(known.count for known in vocabulary.tags if folded_label(known.text) == folded_label(name))


def with_gear(gear: Sequence[Known], text: str) -> int:
    """How many photos ``camera:TEXT`` or ``lens:TEXT`` finds."""
    fits = [begins(word) for word in fold(text).split()]
    return sum(known.count for known in gear if all(word(f" {fold(known.text)}") for word in fits))


def taken_when(vocabulary: Vocabulary, words: str, today: date) -> int | None:
    """How many photos ``date:WORDS`` finds; None for words that mean no time, or one that cuts through a month."""
    when = resolve(words, today)
    if when is None or when.days or when.weekdays or not all(map(_is_whole_months, when.spans)):
        return None
    return sum(known.count for known in vocabulary.months if _holds(when, known.text))


def _is_whole_months(span: DaySpan) -> bool:
    return span.first.day == 1 and span.last.day == calendar.monthrange(span.last.year, span.last.month)[1]


def _holds(when: When, month: str) -> bool:
    """Whether a month, ``2019-07``, is one that is meant. A date that the calendar does not have is in none."""
    try:
        return when.holds(date.fromisoformat(f"{month}-01"))
    except ValueError:
        return False
