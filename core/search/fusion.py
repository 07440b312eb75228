"""Puts together what a photo looks like and what is written about it.

Both speak in log-odds: a calibrated cosine says how likely a photo is to be what was asked for by its looks, and the
share of the question's words that stand in its captions, tags and names says how much likelier that makes it, and how
likely it is by itself. So a name that is found in a caption beats a vague likeness, and a likeness beats a stray word.
Measured against reciprocal rank fusion (Cormack, Clarke and Büttcher 2009) in `docs/quality.md`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.search.index import Ids, Scores
from core.search.words import WordHits

ALL_WORDS = 9.0
"""Log-odds that a photo gains by having every word of the question."""
BEND = 2.0
"""How much less a part of the words is worth than its share: half of them give a quarter."""
NO_WORDS, BY_WORDS = -8.0, 2.0
"""Log-odds of a photo that looks like nothing of the kind, with none of the words and with all of them: what is written
is true of photos that the model knows nothing of, such as those of a person by name."""

Odds = NDArray[np.float64]
"""float64[n]: log-odds of a match."""
Shares = NDArray[np.float32]
"""float32[n], 0 to 1: the share of the question's words that a photo has (`WordHits.covered`)."""


def fused(looks: Odds, covered: Shares) -> Odds:
    """Log-odds by looks and words together; where no word was found it is the looks alone."""
    share = np.clip(covered.astype(np.float64), 0.0, 1.0) ** BEND
    written = NO_WORDS + (BY_WORDS - NO_WORDS) * share
    return np.asarray(np.where(share > 0, np.logaddexp(looks + ALL_WORDS * share, written), looks))


def by_content(hits: WordHits) -> tuple[Ids, Shares]:
    """The contents that have words of the question, ascending, and the share of them; of copies the best counts."""
    ids, places = np.unique(hits.content_ids, return_inverse=True)
    shares = np.zeros(len(ids), np.float32)
    np.maximum.at(shares, places, hits.covered)
    return ids, shares


def looked_up(ids: Ids, worded: tuple[Ids, Shares]) -> Shares:
    """The share of the words for each of ``ids``; 0 where there are none."""
    known, shares = worded
    if not len(known):
        return np.zeros(len(ids), np.float32)
    at = np.minimum(np.searchsorted(known, ids), len(known) - 1)
    return np.where(known[at] == ids, shares[at], np.float32(0))


def merged(near: tuple[Ids, Scores], also: tuple[Ids, Scores]) -> tuple[Ids, Scores]:
    """Two lists of contents with their cosines as one, each content once."""
    ids = np.concatenate([near[0], also[0]])
    scores = np.concatenate([near[1], also[1]])
    first = np.unique(ids, return_index=True)[1]
    first.sort()
    return ids[first], scores[first]
