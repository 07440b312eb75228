"""Contents in the order in which a query shows them, as a list that can be made longer.

A branch of a query (see `grammar.branches`) is ranked by the cosine of its parts together; what is written about a
photo moves it up (`fusion`). Several branches become one list: a photo is as good as its best branch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.search import fusion
from core.search.calibration import Calibration
from core.search.fusion import Odds, Shares
from core.search.index import Ids, Scores, best

Worded = tuple[Ids, Scores, Shares]
"""Contents that have words of a question, ascending, their cosines, and the share of the words that each has."""

SURE = 20.0
"""The log-odds of a photo that passes a branch of filters alone."""


@dataclass(frozen=True, slots=True, eq=False)
class Listed:
    """The beginning of an order, the best first: contents, their cosines, log-odds, and the branch of each."""

    ids: Ids
    scores: Scores
    odds: Odds
    branch: NDArray[np.int64]

    def first(self, k: int) -> Listed:
        """The first ``k`` of them."""
        return Listed(self.ids[:k], self.scores[:k], self.odds[:k], self.branch[:k])

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class Ranking:
    """``first(k)`` gives the beginning of the order; asked for more it repeats what it gave before. ``total`` is how
    many contents there are in all; ``reach`` which ones, None for all that the index has."""

    first: Callable[[int], Listed]
    total: int
    reach: Ids | None = None


def ranked(
    nearest: Callable[[int], tuple[Ids, Scores]],
    worded: Worded,
    curve: Calibration,
    total: int,
    branch: int = 0,
    reach: Ids | None = None,
) -> Ranking:
    """The order of one branch. ``nearest(k)`` gives the ``k`` contents that look most like it; ``worded`` are those
    that have its words, ascending, with their cosines and what the words are worth.

    What is not among the nearest ``k`` and has no word cannot come before what is: so nothing is missed.
    """
    ids, scores, covered = worded

    def first(k: int) -> Listed:
        near = nearest(k)
        found, cosines = fusion.merged(near, (ids, scores)) if len(ids) else near
        odds = fusion.fused(log_odds(cosines, curve), fusion.looked_up(found, (ids, covered)))
        order = best(odds, k)
        return Listed(found[order], cosines[order], odds[order], np.full(len(order), branch))

    return Ranking(first, total, reach)


def among(worded: Worded, ids: Ids, scores: Scores) -> Worded:
    """Those of ``worded`` that are among ``ids`` (in any order), with the scores that stand there."""
    order = np.argsort(ids, kind="stable")
    known = ids[order]
    at = np.minimum(np.searchsorted(known, worded[0]), max(len(known) - 1, 0))
    kept = known[at] == worded[0] if len(known) else np.zeros(len(worded[0]), np.bool_)
    return worded[0][kept], scores[order][at[kept]], worded[2][kept]


def certain(ids: Ids, branch: int = 0) -> Ranking:
    """What passes filters alone, in the order given."""
    everything = Listed(ids, np.zeros(len(ids), np.float32), np.full(len(ids), SURE), np.full(len(ids), branch))
    return Ranking(everything.first, len(ids), ids)


def either(rankings: Sequence[Ranking]) -> Ranking:
    """Several orders as one, each content where it stands best."""
    if len(rankings) == 1:
        return rankings[0]

    def first(k: int) -> Listed:
        parts = [ranking.first(k) for ranking in rankings]
        together = Listed(
            *(np.concatenate([getattr(part, name) for part in parts]) for name in ("ids", "scores", "odds", "branch"))
        )
        order = np.argsort(-together.odds, kind="stable")
        once = np.sort(np.unique(together.ids[order], return_index=True)[1])
        chosen = order[once][:k]
        return Listed(together.ids[chosen], together.scores[chosen], together.odds[chosen], together.branch[chosen])

    whole = [ranking.total for ranking in rankings if ranking.reach is None]
    if whole:
        return Ranking(first, max(whole))
    reach = np.unique(np.concatenate([ranking.reach for ranking in rankings if ranking.reach is not None]))
    return Ranking(first, len(reach), reach)


def log_odds(cosines: NDArray[np.floating], curve: Calibration) -> Odds:
    """float64[n]: the log-odds of a match for each cosine."""
    return np.asarray(curve.slope * np.asarray(cosines, np.float64) + curve.intercept, np.float64)


def as_score(odds: Odds, curve: Calibration) -> NDArray[np.float64]:
    """Log-odds in the unit of a cosine: what the cosine would have to be for them by looks alone, 1 at the most."""
    return np.minimum((odds - curve.intercept) / curve.slope, 1.0)
