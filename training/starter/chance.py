"""How sure a figure is: bootstrap 95 % intervals (percentiles over resampled photos; Efron 1979)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.evaluation.retrieval import Interval

ROUNDS = 2000


def share(hits: Sequence[float] | NDArray[np.floating], groups: Sequence[int] | None = None) -> Interval:
    """The mean of ``hits`` (each 0 to 1). What is about one photo (``groups``) is drawn together.

    Raises ValueError without a hit or a miss.
    """
    values = np.asarray(hits, np.float64)
    if not len(values):
        raise ValueError("a share needs a case at least")
    _, member = np.unique(np.arange(len(values)) if groups is None else np.asarray(groups), return_inverse=True)
    count = int(member.max()) + 1
    sums = np.bincount(member, weights=values, minlength=count)
    sizes = np.bincount(member, minlength=count)
    drawn = np.random.default_rng(0).integers(0, count, size=(ROUNDS, count))
    low, high = np.percentile(sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1), [2.5, 97.5])
    return Interval(float(values.mean()), float(low), float(high))


def effect_size(first: NDArray[np.floating], second: NDArray[np.floating]) -> Interval:
    """WEAT's effect size: the difference of two means in deviations of all values together (Caliskan et al. 2017).

    Runs from -2 to 2; 0.2 is called small, 0.5 middling, 0.8 large. Each side is resampled by itself. Raises ValueError
    where a side has fewer than two values.
    """
    if min(len(first), len(second)) < 2:
        raise ValueError("an effect size needs two values at least on both sides")
    random = np.random.default_rng(0)
    found = [_effect(random.choice(first, len(first)), random.choice(second, len(second))) for _ in range(ROUNDS)]
    low, high = np.percentile(found, [2.5, 97.5])
    return Interval(_effect(first, second), float(low), float(high))


def _effect(first: NDArray[np.floating], second: NDArray[np.floating]) -> float:
    deviation = float(np.concatenate([first, second]).std(ddof=1))
    return float(first.mean() - second.mean()) / deviation if deviation > 0 else 0.0


def percent(found: Interval) -> str:
    """A share as the pages write it: ``61.3 (56.9 to 65.5)``."""
    return f"{100 * found.value:.1f} ({100 * found.low:.1f} to {100 * found.high:.1f})"
