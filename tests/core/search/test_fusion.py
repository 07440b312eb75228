"""Looks and words in one order: what more of either does, and what never may come before what."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.search import fusion, ranking
from core.search.calibration import Curve
from core.search.words import WordHits

LOOKS = st.floats(-20, 20)
SHARES = st.floats(0, 1, width=32)
CURVE = Curve(13.0, -7.0, 0.25)


def fused(looks: float, share: float) -> float:
    return float(fusion.fused(np.array([looks]), np.array([share], np.float32))[0])


@given(LOOKS, LOOKS, SHARES)
def test_a_better_look_never_counts_less(one: float, other: float, share: float) -> None:
    low, high = sorted((one, other))
    assert fused(low, share) <= fused(high, share) + 1e-9


@given(LOOKS, SHARES, SHARES)
def test_more_words_never_count_less_and_none_change_nothing(looks: float, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert fused(looks, low) <= fused(looks, high) + 1e-9
    assert fused(looks, 0.0) == looks


def test_a_name_beats_a_vague_likeness_and_a_likeness_a_stray_word() -> None:
    unlike, vague, alike = -8.0, -2.0, 1.0
    assert fused(unlike, 1.0) > vague
    assert alike > fused(vague, 0.3)
    assert alike > fused(unlike, 0.5)


def test_of_copies_the_one_that_says_more_counts() -> None:
    hits = WordHits(
        np.array([1, 2, 3]), np.array([7, 9, 7]), np.array([3.0, 2.0, 1.0]), np.array([0.2, 0.5, 0.9], np.float32)
    )
    ids, shares = fusion.by_content(hits)
    assert ids.tolist() == [7, 9] and np.allclose(shares, [0.9, 0.5])
    assert np.allclose(fusion.looked_up(np.array([9, 8, 7]), (ids, shares)), [0.5, 0, 0.9])


@dataclass(frozen=True)
class World:
    """Contents with a cosine each, some with words."""

    cosines: tuple[float, ...]
    covered: tuple[float, ...]

    def ranking(self) -> ranking.Ranking:
        ids, scores = np.arange(len(self.cosines)) * 3 + 5, np.array(self.cosines, np.float32)
        covered = np.array(self.covered, np.float32)
        order = np.argsort(-scores, kind="stable")
        said = np.flatnonzero(covered > 0)
        return ranking.ranked(
            lambda k: (ids[order[:k]], scores[order[:k]]), (ids[said], scores[said], covered[said]), CURVE, len(ids)
        )


worlds = st.lists(st.tuples(st.floats(-1, 1, width=32), st.sampled_from([0.0, 0.0, 0.3, 1.0])), min_size=1, max_size=30)


@given(worlds, st.integers(1, 30))
def test_the_beginning_of_an_order_is_that_of_all_of_it(made: list[tuple[float, float]], k: int) -> None:
    """Though only the nearest and those with words were looked at."""
    world = World(tuple(c for c, _ in made), tuple(w for _, w in made))
    order = world.ranking()
    whole = fusion.fused(
        ranking.log_odds(np.array(world.cosines, np.float32), CURVE), np.array(world.covered, np.float32)
    )
    found = order.first(k)
    assert np.allclose(found.odds, np.sort(whole)[::-1][:k])
    assert len(set(found.ids.tolist())) == len(found) == min(k, len(made))


@given(worlds, worlds, st.integers(1, 40))
def test_alternatives_show_each_content_once_where_it_stands_best(
    one: list[tuple[float, float]], other: list[tuple[float, float]], k: int
) -> None:
    parts = [World(tuple(c for c, _ in made), tuple(w for _, w in made)).ranking() for made in (one, other)]
    best: dict[int, float] = {}
    for part in parts:
        everything = part.first(part.total)
        for id, odds in zip(everything.ids.tolist(), everything.odds.tolist(), strict=True):
            best[id] = max(odds, best.get(id, -1e9))
    found = ranking.either(parts).first(k)
    assert len(set(found.ids.tolist())) == len(found)
    assert np.allclose(found.odds, sorted(best.values(), reverse=True)[:k])
