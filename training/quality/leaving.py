"""What `-word` does to photos that show the word and to photos that do not, from several probabilities of a match on.

A word shows in a photo of `flickr8k` when one of its five captions says so, in any of its forms. Captions do not name
all that is there, so that some of the photos that count as lost do show it. The words are those that `words_precision`
asks (two captions of at least 20 photos agree on them), one for each set of forms; each is encoded as
`core.search.seeking` does it, and weighs the same.

Then the words are asked in pairs, ``dog -grass``, all in which 20 photos show both and 20 the first alone: how many of
the first ten show the one without the other? And of the first n, where n photos do?
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.search import calibration
from core.search.seeking import MEANT
from core.search.wordforms import forms
from training.quality.shelves import Item, rows, shelf, strings
from training.starter.keywords import agreed
from training.starter.measure import WORD_PHOTOS

CHANCES = (None, 0.3, 0.2, 0.15, 0.1, 0.05, 0.02)
"""Nothing left out, then less and less sure."""
FIRST = 10
FEWEST = 20
"""Photos that show both words of a pair, and photos that show the first alone."""

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Left:
    """What leaving photos out from ``chance`` on does (None: nothing is left out). All shares are means, 0 to 1.

    ``out`` is the share that is left out of the photos that show the word; ``clearly`` the same of those where two
    captions say so; ``lost`` the share that is left out of all others. Of pairs, ``first`` is the share that is right
    of the first ten, ``found`` of the first n, where n photos are right.
    """

    chance: float | None
    out: float
    clearly: float
    lost: float
    first: float
    found: float


def measure(data: Path) -> tuple[list[Left], int, int]:
    """What each chance does, over the validation photos of `flickr8k`; the number of words, and of pairs."""
    items, captions = [], []
    for row in rows(data / "flickr8k"):
        if row.get("split") == "val":
            items.append(Item(data / "flickr8k" / str(row["file"])))
            captions.append(strings(row, "captions"))
    words = chosen(captions)
    said = np.array([[says(word, caption) for caption in captions] for word in words])
    with shelf(items) as made:
        curve = made.library.info.calibration
        meant = [MEANT.get(word, (word,)) for word in words]
        asked = [*words, *(one for some in meant for one in some)]
        ids, cosines = made.exact.scores(made.encoder.encode_texts(asked), made.contents)
        order = np.argsort(ids)[np.searchsorted(np.sort(ids), made.contents)]
        cosines = cosines[:, order]
    stops = np.cumsum([len(words), *map(len, meant)])
    near = np.stack([cosines[start:stop].max(axis=0) for start, stop in pairwise(stops)])
    edges = [np.inf if chance is None else calibration.cosine_at(chance, curve) for chance in CHANCES]
    pairs = paired(said > 0)
    found = [
        Left(chance, *shares(near >= edge, said), *served(cosines[: len(words)], near >= edge, said > 0, pairs))
        for chance, edge in zip(CHANCES, edges, strict=True)
    ]
    return found, len(words), len(pairs)


def chosen(captions: Sequence[Sequence[str]]) -> list[str]:
    """The words that two captions of many photos agree on, the commonest first, one of each set of forms."""
    common = Counter(word for said in captions for word in agreed(said))
    words: list[str] = []
    for word, count in sorted(common.items(), key=lambda item: (-item[1], item[0])):
        if count >= WORD_PHOTOS and not any(word in forms(other) for other in words):
            words.append(word)
    return words


def says(word: str, captions: Sequence[str]) -> int:
    """How many of a photo's captions say a word, or what is meant by it, in any of its forms."""
    meant = {form for one in MEANT.get(word, (word,)) for form in (one, *forms(one))}
    return sum(not meant.isdisjoint(re.findall("[a-z]+", caption.lower())) for caption in captions)


def shares(out: Flags, said: NDArray[np.int64]) -> tuple[float, float, float]:
    """Means over words. ``out`` bool[words, photos]: what is left out; ``said`` int64[words, photos]: by how many
    captions."""
    each = [
        (row[count > 0].mean(), row[count > 1].mean(), row[count == 0].mean())
        for row, count in zip(out, said, strict=True)
    ]
    one, two, none = np.mean(each, axis=0).tolist()
    return one, two, none


def paired(shows: Flags) -> list[tuple[int, int]]:
    """The pairs (a, b) of ``a -b`` that enough photos are right and wrong for. ``shows`` is bool[words, photos]."""
    both = shows.astype(np.int64) @ shows.T.astype(np.int64)
    alone = shows.sum(axis=1)[:, None] - both
    return [(int(a), int(b)) for a, b in np.argwhere((both >= FEWEST) & (alone >= FEWEST)) if a != b]


def served(
    cosines: NDArray[np.float32], out: Flags, shows: Flags, pairs: Sequence[tuple[int, int]]
) -> tuple[float, float]:
    """What comes first of each pair: the share that is right of the first ten, and of as many as are right."""
    order = np.argsort(-cosines, axis=1)
    first, found = [], []
    for a, b in pairs:
        right = shows[a] & ~shows[b]
        listed = right[order[a][~out[b][order[a]]]]
        first.append(listed[:FIRST].sum() / FIRST)
        found.append(listed[: right.sum()].sum() / right.sum())
    return float(np.mean(first)), float(np.mean(found))


def table(found: Sequence[Left]) -> list[tuple[str, ...]]:
    """Rows for the page, in per cent."""
    return [
        (
            "nothing left out" if one.chance is None else f"{one.chance:.2f}",
            *(f"{100 * share:.0f}" for share in (one.out, one.clearly)),
            *(f"{100 * share:.1f}" for share in (one.lost, one.first, one.found)),
        )
        for one in found
    ]
