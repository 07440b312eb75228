"""Takes back what the word index found of a learned name inside a longer one: "Bello Junior" says nothing of Bello."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from core.search.index import Ids
from core.search.seeking import Sought
from core.search.words import WordHits, WordIndex

_ALL = 0.99
"""The share of a longer name's words that a photo has if it may have that name."""


def without_longer(words: WordIndex, hits: WordHits, parts: Sequence[Sought]) -> WordHits:
    """What was found for the texts of ``parts``, less what learned names among them owe to longer names alone."""
    texts = [one.text for one in parts if one.text is not None]
    for one in parts:
        if one.text is None or not one.longer or not len(hits):
            continue
        wrong = np.isin(hits.photo_ids, _only_longer(words, hits.photo_ids, one))
        if not wrong.any():
            continue
        rest = [text for text in texts if text is not one.text]
        share = np.zeros(len(hits), np.float32)
        if rest:
            # How much of the question the name is: by its words, all taken as equally rare.
            whole = sum(len(text.split()) for text in texts)
            left = sum(len(text.split()) for text in rest) / max(whole, 1)
            found = words.search(rest)
            known = dict(zip(found.photo_ids.tolist(), found.covered.tolist(), strict=True))
            share = np.array([left * known.get(id, 0.0) for id in hits.photo_ids.tolist()], np.float32)
        covered = np.where(wrong, np.minimum(hits.covered, share), hits.covered)
        kept = covered > 0
        hits = replace(
            hits,
            photo_ids=hits.photo_ids[kept],
            content_ids=hits.content_ids[kept],
            score=hits.score[kept],
            covered=covered[kept],
        )
    return hits


def _only_longer(words: WordIndex, photo_ids: Ids, part: Sought) -> list[int]:
    """The photos of which all that is written has the name inside longer ones alone."""
    found = [words.search([text]) for text in part.longer]
    may = np.intersect1d(photo_ids, np.concatenate([one.photo_ids[one.covered >= _ALL] for one in found]))
    return [id for id, texts in words.written(may.tolist()).items() if not any(map(part.means, texts))]
