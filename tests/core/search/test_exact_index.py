"""The exact index against brute force, whatever was added and removed before."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.search.exact import ExactIndex
from core.search.index import VectorIndex, best


def unit(rng: np.random.Generator, count: int, dim: int) -> NDArray[np.float32]:
    found = rng.standard_normal((count, dim), dtype=np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(3) as threads:
        yield threads


def expect(known: dict[int, NDArray[np.float16]], vector: NDArray[np.float32], allowed: set[int] | None):
    """Ids and cosines by the definition, in float64."""
    pairs = [
        (float(row.astype(np.float64) @ vector.astype(np.float64)), id)
        for id, row in known.items()
        if allowed is None or id in allowed
    ]
    return sorted(pairs, reverse=True)


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_it_answers_like_brute_force_whatever_happened_before(data: st.DataObject) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    dim = data.draw(st.sampled_from([1, 3, 8, 65]))
    ids = st.integers(-5, 40) | st.integers(2**40, 2**40 + 9)
    first = data.draw(st.lists(ids, unique=True, max_size=30))
    vectors = unit(rng, len(first), dim).astype(np.float16)
    index = ExactIndex(np.array(first, np.int64), vectors)
    known = dict(zip(first, vectors, strict=True))
    for _ in range(data.draw(st.integers(0, 5))):
        some = data.draw(st.lists(ids, max_size=12))
        if data.draw(st.booleans()):
            new = unit(rng, len(some), dim).astype(np.float16)
            index.add(np.array(some, np.int64), new)
            known.update(zip(some, new, strict=True))
        else:
            index.remove(np.array(some, np.int64))
            for id in some:
                known.pop(id, None)
        assert len(index) == len(known)
        assert set(index.ids.tolist()) == set(known)
    vector = unit(rng, 1, dim)[0]
    allowed = data.draw(st.none() | st.lists(ids, max_size=60))
    k = data.draw(st.integers(0, 50))
    found, scores = index.search(vector, k, None if allowed is None else np.array(allowed, np.int64))
    expected = expect(known, vector, None if allowed is None else set(allowed))
    assert len(found) == min(k, len(expected)) == len(set(found.tolist()))
    np.testing.assert_allclose(scores, [score for score, _ in expected[:k]], atol=2e-6)
    by_id = {id: score for score, id in expected}
    np.testing.assert_allclose(scores, [by_id[id] for id in found.tolist()], atol=2e-6)
    there, rows = index.vectors(np.array([*first, 10**12], np.int64))
    assert set(there.tolist()) == set(first) & set(known)
    np.testing.assert_array_equal(rows, np.array([known[id] for id in there.tolist()]).reshape(-1, dim))


def test_every_float16_is_read_exactly() -> None:
    """All finite values, zeros and the smallest ones among them: integers stand in for the processor's conversion."""
    values = np.arange(65536, dtype=np.uint16).view(np.float16)
    values = values[np.isfinite(values)]
    index = ExactIndex(np.arange(len(values)), values[:, None].copy())
    ids, scores = index.scores(np.ones((1, 1), np.float32))
    np.testing.assert_array_equal(scores[0], values.astype(np.float32))
    assert len(ids) == 63488


def test_threads_and_blocks_change_nothing(pool: ThreadPoolExecutor) -> None:
    rng = np.random.default_rng(4)
    vectors = unit(rng, 40_000, 128)
    alone = ExactIndex(np.arange(40_000), vectors.astype(np.float16))
    shared = ExactIndex(np.arange(30_000), vectors[:30_000].astype(np.float16), pool=pool, threads=3)
    shared.add(np.arange(30_000, 40_000), vectors[30_000:])
    assert isinstance(shared, VectorIndex)
    query = unit(rng, 3, 128)
    for allowed in (None, np.arange(0, 40_000, 3), np.arange(9_000), np.array([39_999, 1, 1]), np.empty(0, np.int64)):
        first, second = alone.scores(query, allowed), shared.scores(query, allowed)
        np.testing.assert_array_equal(first[0], second[0])
        np.testing.assert_allclose(first[1], second[1], atol=1e-6)
    ids, scores = shared.search(query[0], 10)
    exact = vectors.astype(np.float16).astype(np.float32) @ query[0]
    np.testing.assert_allclose(scores, np.sort(exact)[::-1][:10], atol=1e-6)
    assert set(ids.tolist()) == set(np.argsort(-exact)[:10].tolist())


def test_searches_go_on_while_vectors_come_and_go(pool: ThreadPoolExecutor) -> None:
    rng = np.random.default_rng(5)
    vectors = unit(rng, 6000, 16).astype(np.float16)
    index = ExactIndex(np.arange(100), vectors[:100], pool=pool, threads=3)
    stop = threading.Event()

    def look() -> int:
        looks = 0
        while not stop.is_set():
            ids, scores = index.search(vectors[7].astype(np.float32), 5)
            assert ids[0] == 7 and np.all(np.diff(scores) <= 0) and scores[0] > 0.99
            looks += 1
        return looks

    with ThreadPoolExecutor(2) as readers:
        looking = [readers.submit(look) for _ in range(2)]
        try:
            for start in range(100, 6000, 50):
                index.add(np.arange(start, start + 50), vectors[start : start + 50])
                index.remove(np.arange(start, start + 25))
        finally:
            stop.set()
        assert all(reader.result(30) > 0 for reader in looking)
    assert len(index) == 100 + 5900 // 2


def test_what_does_not_fit_is_refused() -> None:
    index = ExactIndex(np.arange(2), np.zeros((2, 4), np.float16))
    with pytest.raises(ValueError, match="dimensions"):
        index.search(np.zeros(5, np.float32), 1)
    with pytest.raises(ValueError, match="do not go"):
        index.add(np.arange(2), np.zeros((2, 5), np.float16))
    with pytest.raises(ValueError, match="do not go"):
        ExactIndex(np.arange(3), np.zeros((2, 4), np.float16))


def test_best_keeps_the_order_of_equal_scores() -> None:
    scores = np.array([1, 2, 2, 0, 2], np.float32)
    assert best(scores, 4).tolist() == [1, 2, 4, 0]
    assert best(scores, 9).tolist() == [1, 2, 4, 0, 3]
    assert best(scores, 0).tolist() == []
