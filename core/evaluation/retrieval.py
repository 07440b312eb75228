"""How often the right photo is among the first: recall at k, both ways, with an interval that says how sure it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CUTS = (1, 5, 10)
BLOCK = 2048
"""Queries ranked at once: their scores against 10,000 photos take 80 MB."""
DRAWN = 2_000_000
"""What is drawn at once for an interval: 16 MB of numbers."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A rate (0 to 1) with the ends of its 95 % interval."""

    value: float
    low: float
    high: float


def caption_ranks(
    photos: NDArray[np.float32], captions: NDArray[np.float32], owner: Sequence[int]
) -> NDArray[np.int64]:
    """For each caption, how many photos rank before its own: int64[captions], 0 is the best.

    ``photos`` is float32[p, dim], ``captions`` float32[c, dim], both unit-length; ``owner[i]`` is the row of caption
    i's photo. A photo that ties with the right one counts as before it, so that equal embeddings earn nothing.
    """
    owners = np.asarray(owner, dtype=np.int64)
    ranks = np.empty(len(captions), dtype=np.int64)
    for start in range(0, len(captions), BLOCK):
        scores = captions[start : start + BLOCK] @ photos.T
        right = scores[np.arange(len(scores)), owners[start : start + BLOCK]]
        ranks[start : start + BLOCK] = (scores >= right[:, None]).sum(axis=1) - 1
    return ranks


def photo_ranks(photos: NDArray[np.float32], captions: NDArray[np.float32], owner: Sequence[int]) -> NDArray[np.int64]:
    """For each photo, how many foreign captions rank before the best of its own: int64[photos], 0 is the best.

    Every photo must own a caption at least. Shapes as in `caption_ranks`.
    """
    owners = np.asarray(owner, dtype=np.int64)
    ranks = np.empty(len(photos), dtype=np.int64)
    for start in range(0, len(photos), BLOCK):
        scores = photos[start : start + BLOCK] @ captions.T
        own = owners[None, :] == np.arange(start, start + len(scores))[:, None]
        best = np.where(own, scores, -np.inf).max(axis=1)
        ranks[start : start + BLOCK] = ((scores >= best[:, None]) & ~own).sum(axis=1)
    return ranks


def recall_at_k(ranks: NDArray[np.int64], k: int) -> float:
    """The share of queries whose right answer is among the first ``k``: 0 to 1. Raises ValueError without a query."""
    if len(ranks) == 0:
        raise ValueError("recall needs a query at least")
    return float(np.mean(ranks < k))


def recall_interval(
    ranks: NDArray[np.int64], k: int, groups: Sequence[int] | None = None, *, rounds: int = 1000, seed: int = 0
) -> Interval:
    """Recall at ``k`` with its 95 % interval, as `rate_interval` has it. Raises ValueError without a query."""
    if len(ranks) == 0:
        raise ValueError("recall needs a query at least")
    return rate_interval(ranks < k, groups, rounds=rounds, seed=seed)


def rate_interval(
    hits: NDArray[np.bool_], groups: Sequence[int] | None = None, *, rounds: int = 1000, seed: int = 0
) -> Interval:
    """The share of ``hits`` (bool[n], n > 0) with its bootstrap 95 % interval.

    ``groups`` names the photo of each: what was asked of one photo is drawn together, since it is not independent.
    """
    _, member = np.unique(np.arange(len(hits)) if groups is None else np.asarray(groups), return_inverse=True)
    sums = np.bincount(member, weights=hits.astype(np.float64))
    low, high = drawn_ends(sums, np.bincount(member), rounds=rounds, seed=seed)
    return Interval(float(np.mean(hits)), low, high)


def drawn_ends(
    over: NDArray[np.floating | np.integer],
    under: NDArray[np.floating | np.integer],
    *,
    rounds: int = 1000,
    seed: int = 0,
) -> tuple[float, float]:
    """The ends of the bootstrap 95 % interval of ``over.sum() / under.sum()`` (any number[photos] each): percentiles
    over photos that are drawn anew, with replacement (Efron 1979). Equal arguments give equal ends.

    A draw of which nothing is under the line, which tiny sets allow, says nothing: where nothing is over it either, it
    counts as nothing.
    """
    count = len(over)
    random = np.random.default_rng(seed)
    block = max(1, DRAWN // count)
    rates = np.empty(rounds)
    for start in range(0, rounds, block):
        # Numbers come from one stream: blocks hold less in memory and change nothing.
        drawn = random.integers(0, count, size=(min(block, rounds - start), count))
        rates[start : start + block] = over[drawn].sum(axis=1) / np.maximum(under[drawn].sum(axis=1), 1e-9)
    low, high = np.percentile(rates, [2.5, 97.5])
    return float(low), float(high)
