"""The pieces of learning a name, on vectors that are drawn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.adapters.candidates import Candidate, Said, candidates
from core.search.calibration import Curve, match
from training import adapter, teaching
from training.adapter import Found, Space
from training.teaching import Taught

DIM = 64


def unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)


def space(seed: int = 0, names: int = 3, each: int = 6) -> tuple[Space, list[np.ndarray]]:
    """Photos that share a strong common direction, with a few clusters among them that lie close to each other."""
    chance = np.random.default_rng(seed)
    common, dogs = chance.normal(size=(2, DIM))
    others = common + chance.normal(size=(600, DIM)) + (chance.random((600, 1)) < 0.3) * dogs
    clusters = [common + dogs + chance.normal(size=DIM) + 0.6 * chance.normal(size=(each, DIM)) for _ in range(names)]
    own = unit(np.concatenate([others, *clusters]))
    rows = [600 + each * number + np.arange(each) for number in range(names)]
    return Space(own, unit(common + chance.normal(size=(200, DIM)))), rows


def taught(rows: np.ndarray, where: Space, words: np.ndarray | None = None) -> Taught:
    vector = unit(np.random.default_rng(9).normal(size=DIM)) if words is None else words
    groups = tuple(rows[group] for group in teaching.motifs(where.own[rows]))
    return Taught(Candidate("Biscuit", "biscuit", tuple(rows.tolist()), False), rows, groups, vector)


def held_out(where: Space, *names: Taught) -> Found:
    """The last name's, all going through the photos at once."""
    return [found for _, [found] in adapter.hold_out(where, names, 1.0, [0.85], few=False)][-1]


def silent(what: str, done: int, total: int, **more: object) -> None:
    assert done <= total and what


def test_a_direction_finds_photos_that_it_was_not_learned_from() -> None:
    where, clusters = space()
    for rows in clusters:
        direction = adapter.learn(where, taught(rows[:3], where), 1.0, 0.85)
        assert np.isclose(np.linalg.norm(direction), 1, atol=1e-5)
        scores = where.own @ direction
        scores[rows[:3]] = -1
        assert set(np.argsort(-scores)[:3]) == set(rows[3:])
        plain = where.own @ unit(where.own[rows[:3]].mean(axis=0))
        others = np.delete(np.arange(len(plain)), rows)
        assert abs(scores[others].mean()) < 0.1 < plain[others].mean(), "what all photos have in common is taken out"


def test_held_out_photos_take_no_part_in_what_they_judge() -> None:
    where, clusters = space()
    name = taught(clusters[0], where)
    found = held_out(where, name)
    assert len(found.ranks) == 6
    for number in range(6):
        direction = adapter.learn(where, name, 1.0, 0.85, without=number)
        row = name.groups[number][0]
        assert found.scores[number] == pytest.approx(float(where.own[row] @ direction), abs=1e-5)
        others = np.delete(np.arange(len(where.own)), name.rows)
        before = (where.own[others] @ direction >= found.scores[number] - 1e-7).sum()
        before += (where.general @ direction >= found.scores[number] - 1e-7).sum()
        assert abs(int(found.ranks[number]) - int(before)) <= 1
    assert (found.by_words > found.ranks).all()
    together = held_out(where, taught(clusters[1], where), taught(clusters[2], where), name)
    assert (together.ranks == found.ranks).all() and (together.by_words == found.by_words).all()


def test_photos_of_a_longer_name_are_not_this_name() -> None:
    where, clusters = space(names=2)
    rows, other = clusters
    # The two look alike: half of what sets the one apart is the other's as well.
    alike = where.own[rows].mean(axis=0)
    where.own[other] = unit(where.own[other] + alike)
    name = taught(rows[:3], where)
    against = replace(name, namesakes=other[:3])

    def lead(one: Taught) -> float:
        """By how much the name's other photos stand above the longer name's that were not learned from."""
        scores = where.own @ adapter.learn(where, one, 1.0, 0.85)
        return float(scores[rows[3:]].mean() - scores[other[3:]].mean())

    assert lead(against) > 1.1 * lead(name) > 0
    found = held_out(where, against)
    direction = adapter.learn(where, against, 1.0, 0.85)
    curve = adapter.calibrate(where, against, direction, found)
    assert match(float((where.own[other[:3]] @ direction).mean()), curve) < 0.02
    said = [Said(1, "Bello"), Said(2, "Bello Junior"), Said(3, "Bello"), Said(4, "Bello Junior"), Said(2, "Bello")]
    assert teaching.longer_ones(candidates(said))["bello"] == {2, 4}


def test_near_copies_are_one_motif_and_left_out_together() -> None:
    chance = np.random.default_rng(1)
    first, second = unit(chance.normal(size=(2, DIM)))
    shots = unit(np.stack([first, first + 0.01 * second, second, first + 0.012 * second]))
    assert [group.tolist() for group in teaching.motifs(shots)] == [[0, 1, 3], [2]]


def test_what_is_chosen_is_best_for_held_out_photos() -> None:
    where, clusters = space()
    tried = adapter.choose(where, [taught(rows, where) for rows in clusters], silent)
    assert len(tried) == len(adapter.RIDGES) * len(adapter.STRENGTHS)
    chosen = adapter.best(tried)
    assert chosen["log2"] <= min(one["log2"] for one in tried) + 0.1
    assert chosen["log2"] < max(one["log2"] for one in tried), "with this much of meaningless words less is found"


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ([900, 800, 700], [0, 2, 3], ""),
        ([900, 800, 700], [12, 14, 11], ""),
        ([2, 1, 900], [3, 2, 800], "the words alone"),
        ([900, 800, 700], [300, 350, 500], "place 351 of 5,000"),
        ([12, 13, 14], [11, 12, 13], "place 13 of 5,000"),
    ],
)
def test_what_is_judged(before: list[int], after: list[int], says: str) -> None:
    why = adapter.judge(np.array(before), np.array(after), 5000)
    assert (says in why) if says else not why


def test_what_is_not_even_tried() -> None:
    where, clusters = space()
    rows = clusters[0]
    words = unit(np.random.default_rng(9).normal(size=DIM))
    one = Candidate("Biscuit", "biscuit", (1,), False)
    curve = Curve(13.0, -7.0, 0.25)

    def why(rows: np.ndarray, groups: int, words: np.ndarray = words, candidate: Candidate = one) -> str:
        return teaching.refuse_early(candidate, rows, groups, words, where.own, curve)

    assert why(rows, 6) == ""
    assert "indexed" in why(rows[:0], 0)
    assert "one photo" in why(rows[:1], 1)
    assert "one picture" in why(rows[:3], 1)
    assert "more than half" in why(np.arange(400), 400)
    shown = unit(where.own[rows].mean(axis=0))
    assert "knows this word" in why(rows, 6, shown)
    assert why(rows, 6, shown, Candidate("the blue cabin", "blue cabin", (1,), True)) == ""


def test_the_curve_is_sure_of_held_out_photos_and_of_others() -> None:
    where, clusters = space()
    name = taught(clusters[0], where)
    found = held_out(where, name)
    direction = adapter.learn(where, name, 1.0, 0.85)
    curve = adapter.calibrate(where, name, direction, found)
    assert match(found.scores.mean(), curve) == pytest.approx(1 / (1 + np.exp(-2.0)), abs=1e-3)
    others = np.delete(where.own, name.rows, axis=0) @ direction
    assert np.median(match(others, curve)) < 0.01 and (match(others, curve) > 0.5).mean() < 0.01


def test_vectors_that_are_all_equal_give_finite_numbers() -> None:
    same = np.repeat(unit(np.ones((1, DIM))), 30, axis=0)
    where = Space(same, same[:0])
    assert np.isfinite(where.discriminant(same[:2].astype(np.float64), 1.0)).all()
