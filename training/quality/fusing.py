"""What words written about photos add to looks: nDCG@10, by several ways of putting the two together.

Half of the photos have a sentence beside them, the other half nothing. A photo is asked for by another sentence than
the one beside it: in textbooks by its alternative text, where the caption below it is what is written; of `flickr8k` by
its second caption, where the first is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.search import fusion, ranking
from core.search.words import WordIndex
from training.quality.shelves import Item, Shelf, rows, shelf, strings
from training.starter.data import VALIDATION_BOOKS

CUT = 10
RRF = 60
"""The constant of reciprocal rank fusion, as its authors have it."""

Scores = NDArray[np.float64]
Way = Callable[[Scores, NDArray[np.float32], Scores], Scores]
"""From log-odds by looks, the share of the words and BM25, each [photos], to what is ranked by."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Items, the sentence that each is asked for by, and which of them have something written beside them."""

    name: str
    items: list[Item]
    sentences: list[str]

    @property
    def written(self) -> NDArray[np.bool_]:
        """bool[n]."""
        return np.array([item.sidecar is not None for item in self.items])


def books(data: Path) -> Asked:
    """The photos of the validation books that have both an alternative text and a caption."""
    items: list[Item] = []
    sentences: list[str] = []
    for row in rows(data / "openstax"):
        alternatives, captions = strings(row, "captions"), strings(row, "context")
        if row.get("book") in VALIDATION_BOOKS and alternatives and captions:
            sidecar = captions[0] if len(items) % 2 else None
            items.append(Item(data / "openstax" / str(row["file"]), sidecar))
            sentences.append(alternatives[0])
    return Asked("validation books", items, sentences)


def everyday(data: Path) -> Asked:
    """The validation photos of `flickr8k`."""
    items: list[Item] = []
    sentences: list[str] = []
    for row in rows(data / "flickr8k"):
        captions = strings(row, "captions")
        if row.get("split") == "val" and len(captions) > 1:
            items.append(Item(data / "flickr8k" / str(row["file"]), captions[0] if len(items) % 2 else None))
            sentences.append(captions[1])
    return Asked("flickr8k val", items, sentences)


def by_rank(looks: Scores, covered: NDArray[np.float32], words: Scores) -> Scores:
    """Reciprocal rank fusion (Cormack, Clarke and Büttcher 2009)."""
    merged = 1 / (RRF + 1 + np.argsort(np.argsort(-looks)))
    found = words > 0
    merged[found] += 1 / (RRF + 1 + np.argsort(np.argsort(-words[found])))
    return np.asarray(merged, np.float64)


WAYS: dict[str, Way] = {
    "looks alone": lambda looks, covered, words: looks,
    "words alone": lambda looks, covered, words: words,
    "reciprocal ranks": by_rank,
    "odds (what the program does)": lambda looks, covered, words: fusion.fused(looks, covered),
}


def measure(asked: Asked) -> dict[str, tuple[float, float, float]]:
    """nDCG@10 by way: over all photos, over those with something written beside them, and over the others."""
    with shelf(asked.items) as made:
        gains = {name: np.empty(len(asked.items)) for name in WAYS}
        vectors = made.encoder.encode_texts(asked.sentences)
        for place, sentence in enumerate(asked.sentences):
            looks, covered, words = _evidence(made, vectors[place], sentence)
            for name, way in WAYS.items():
                gains[name][place] = gain(way(looks, covered, words), place)
    written = asked.written
    return {name: (each.mean(), each[written].mean(), each[~written].mean()) for name, each in gains.items()}


def _evidence(made: Shelf, vector: NDArray[np.float32], sentence: str) -> tuple[Scores, NDArray[np.float32], Scores]:
    """Of each photo, in the order of the items: log-odds by looks, the share of the words, BM25."""
    ids, cosines = made.exact.scores(vector[None], made.contents)
    order = np.argsort(ids)[np.searchsorted(np.sort(ids), made.contents)]
    looks = ranking.log_odds(cosines[0][order], made.library.info.calibration)

    hits = WordIndex(made.library.catalog).search([sentence])
    covered = fusion.looked_up(made.contents, fusion.by_content(hits))
    words = np.zeros(len(made.contents))
    by_id = dict(zip(hits.content_ids.tolist(), hits.score.tolist(), strict=True))
    for place, id in enumerate(made.contents.tolist()):
        words[place] = by_id.get(id, 0.0)
    return looks, covered, words


def gain(scores: Scores, right: int) -> float:
    """nDCG@10 where one photo is right: 1 / log2(rank + 1), 0 beyond the tenth; a tie counts against it."""
    rank = int((scores >= scores[right]).sum())
    return 1 / float(np.log2(rank + 1)) if rank <= CUT else 0.0


def table(found: Sequence[tuple[str, dict[str, tuple[float, float, float]]]]) -> list[tuple[str, ...]]:
    """Rows for the page, nDCG@10 in per cent."""
    return [
        (f"{name}: {way}", *(f"{100 * value:.1f}" for value in values))
        for name, ways in found
        for way, values in ways.items()
    ]
