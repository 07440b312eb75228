"""Recall on made embeddings equals what counting by hand gives; intervals hold what they promise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.evaluation import calibration, retrieval, zero_shot


def unit(rng: np.random.Generator, count: int, dim: int = 8) -> np.ndarray:
    rows = rng.normal(size=(count, dim)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), photos=st.integers(1, 30), captions=st.integers(1, 60), k=st.integers(1, 12))
def test_recall_equals_brute_force(seed: int, photos: int, captions: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    owner = np.concatenate([np.arange(photos), rng.integers(0, photos, captions)]).tolist()
    gallery, sentences = unit(rng, photos), unit(rng, len(owner))

    hits = []
    for sentence, own in zip(sentences, owner, strict=True):
        order = sorted(range(photos), key=lambda index: -float(gallery[index] @ sentence))
        hits.append(own in order[:k])
    ranks = retrieval.caption_ranks(gallery, sentences, owner)
    assert retrieval.recall_at_k(ranks, k) == pytest.approx(np.mean(hits))

    back = []
    for index, photo in enumerate(gallery):
        order = sorted(range(len(owner)), key=lambda caption: -float(sentences[caption] @ photo))
        # The first of its own captions counts: others of its own before it take no place away.
        foreign = 0
        for caption in order:
            if owner[caption] == index:
                break
            foreign += 1
        back.append(foreign < k)
    assert retrieval.recall_at_k(retrieval.photo_ranks(gallery, sentences, owner), k) == pytest.approx(np.mean(back))


def test_blocks_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    gallery, sentences = unit(rng, 25), unit(rng, 25)
    whole = (
        retrieval.caption_ranks(gallery, sentences, range(25)),
        retrieval.photo_ranks(gallery, sentences, range(25)),
    )
    monkeypatch.setattr(retrieval, "BLOCK", 4)
    parts = (
        retrieval.caption_ranks(gallery, sentences, range(25)),
        retrieval.photo_ranks(gallery, sentences, range(25)),
    )
    assert all(np.array_equal(a, b) for a, b in zip(whole, parts, strict=True))


def test_equal_embeddings_earn_nothing() -> None:
    same = np.tile(np.float32([[1, 0]]), (20, 1))
    ranks = retrieval.caption_ranks(same, same, range(20))
    assert retrieval.recall_at_k(ranks, 10) == 0


def test_recall_needs_a_query() -> None:
    with pytest.raises(ValueError, match="query"):
        retrieval.recall_at_k(np.array([], np.int64), 10)


def test_interval_surrounds_the_rate_and_shrinks_with_more_queries() -> None:
    ranks = np.array([0, 99] * 50)
    few, many = retrieval.recall_interval(ranks[:20], 10), retrieval.recall_interval(np.tile(ranks, 20), 10)
    assert few.low < few.value == 0.5 < few.high
    assert many.high - many.low < (few.high - few.low) / 4


def test_captions_of_one_photo_are_drawn_together() -> None:
    ranks = np.repeat([0, 99], 50)
    apart = retrieval.recall_interval(ranks, 10)
    together = retrieval.recall_interval(ranks, 10, np.repeat(np.arange(4), 25).tolist())
    assert together.high - together.low > 2 * (apart.high - apart.low)


def test_an_interval_is_the_same_however_many_draws_are_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    ranks, groups = np.arange(60) % 17, (np.arange(60) // 3).tolist()
    whole = retrieval.recall_interval(ranks, 10, groups)
    monkeypatch.setattr(retrieval, "DRAWN", 70)
    assert retrieval.recall_interval(ranks, 10, groups) == whole


def test_the_interval_of_a_share_is_that_of_chance() -> None:
    hits = np.arange(400) % 4 > 0
    found = retrieval.rate_interval(hits)
    away = 1.96 * np.sqrt(0.75 * 0.25 / 400)
    assert found.value == 0.75
    assert (found.low, found.high) == pytest.approx((0.75 - away, 0.75 + away), abs=0.01)


def test_nearest_class_wins() -> None:
    photos = np.float32([[1, 0], [0, 1], [0.8, 0.6]])
    assert zero_shot.hits(photos, np.float32([[1, 0], [0, 1]]), [0, 1, 1]).tolist() == [True, True, False]
    with pytest.raises(ValueError, match="a photo"):
        zero_shot.hits(photos[:0], np.float32([[1, 0], [0, 1]]), [])


def test_templates_come_from_the_resources() -> None:
    assert len(zero_shot.templates()) >= 3
    assert all("{}" in template for template in zero_shot.templates())


def test_calibration_finds_the_map_that_made_the_pairs() -> None:
    rng = np.random.default_rng(0)
    cosines = rng.uniform(-0.2, 0.8, 40_000)
    matched = rng.random(len(cosines)) < 1 / (1 + np.exp(-(12 * cosines - 5)))
    found = calibration.fit(cosines[matched], cosines[~matched], prior=float(matched.mean()))
    assert found.slope == pytest.approx(12, rel=0.05)
    assert found.intercept == pytest.approx(-5, rel=0.05)


def test_calibration_stays_finite_where_pairs_do_not_overlap() -> None:
    found = calibration.fit(np.array([0.5, 0.6, 0.7]), np.array([0.0, 0.1, 0.2]))
    assert np.isfinite([found.slope, found.intercept]).all()
    assert found(np.array([0.7]))[0] > 0.5 > found(np.array([0.0]))[0]


def test_calibration_lowers_with_the_prior() -> None:
    rng = np.random.default_rng(0)
    matches, others = rng.normal(0.5, 0.1, 500), rng.normal(0.1, 0.1, 5000)
    often, seldom = calibration.fit(matches, others, prior=0.5), calibration.fit(matches, others, prior=0.01)
    assert seldom(np.array([0.3]))[0] < often(np.array([0.3]))[0]


def test_calibration_needs_both_kinds() -> None:
    with pytest.raises(ValueError, match="pairs"):
        calibration.fit(np.array([]), np.array([0.1]))
