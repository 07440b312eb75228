"""Keeps ordinary words from being taken over by a name: "Can", "Toy" and "Man" stand in what other people ask for.

A sum over all general sentences hides one word that is lost altogether. So each such name is judged by its own word: by
the sample sentences that have it, with the name's photos among the others, and by what the word alone finds now.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.adapters.encoding import NamedEncoder
from core.adapters.learned import LearnedName
from core.adapters.names import NameBook
from core.adapters.ordinary import is_ordinary, says_nothing
from core.search.calibration import Calibration, match
from training.general import General
from training.teaching import Left, Taught

if TYPE_CHECKING:
    from training.adapter import Lesson, Space

FIRST = 10
KEPT = 0.8
"""The share of what the word finds first that has to stay in front: among the first ten, or soon behind."""
LATER = 0.1
"""Doublings of a place that its sentences may lose in the mean."""


def spare_words(
    general: General, space: Space, lessons: Sequence[Lesson], slopes: Calibration
) -> tuple[list[LearnedName], list[Left]]:
    """The names that take no ordinary word over, and those that would."""
    kept: list[LearnedName] = []
    left: list[Left] = []
    for one in lessons:
        if is_ordinary(one.learned.key) and not (
            _word_stays(space, one.taught, one.learned, slopes) and _sentences_stay(general, space, one, slopes)
        ):
            left.append(Left(one.learned.name, one.learned.photos, _why(one.learned.name)))
        else:
            kept.append(one.learned)
    return kept, left


def _why(name: str) -> str:
    return (
        "an ordinary word: searches that have it would find this in place of what it means, and nobody types the "
        f"capital; write a name of two words in the captions, such as “our {name}”"
    )


def _word_stays(space: Space, taught: Taught, learned: LearnedName, slopes: Calibration) -> bool:
    """Whether what the word alone finds now stays in front, the name's own photos aside.

    A word that means a thing, and finds none of it here, has nothing to lose: who has no daisies and a dog called Daisy
    asks for the dog. What helps a verb stands in questions about anything.
    """
    others = np.delete(np.arange(len(space.own)), taught.rows)
    pair = np.stack([taught.words, learned.vector]).T
    before, after = np.concatenate([space.own[others] @ pair, space.general @ pair]).T
    first = np.argsort(-before, kind="stable")[:FIRST]
    if not says_nothing(learned.key):
        first = first[match(before[first], slopes) >= slopes.line]
        if not len(first):
            return True
    places = np.array([int((after > after[row]).sum()) for row in first], np.int64)
    return bool(len(places)) and float((places < 2 * FIRST).mean()) >= KEPT


def _sentences_stay(general: General, space: Space, one: Lesson, slopes: Calibration) -> bool:
    """Whether the sample sentences with this word find their photos as early as before. True without any."""
    book = NameBook([one.learned])
    said = np.array([bool(book.cut(caption).names) for caption in general.captions], np.bool_)
    if not said.any():
        return True
    own = space.own[one.taught.rows]
    before: NDArray[np.int64] = general.ranks(also=own)[said]
    after = general.ranks(NamedEncoder(general.encoder, book, slopes), also=own)[said]
    lost = ((before < FIRST) & (after >= FIRST)).any()
    return not lost and float(np.mean(np.log2(1 + after) - np.log2(1 + before))) <= LATER
