"""The index that asks graphs: as good as the exact one, and in step with it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from core.search import graph as graph_module
from core.search.exact import ExactIndex
from core.search.graph import HnswIndex, loose
from core.search.index import VectorIndex
from core.search.shard import Shard, Span, principal

DIM = 64
ROWS = 6000
IN_GRAPHS = 5000
BOUNDS = (0, 2000, 4100, IN_GRAPHS)


def photos_and_sentences(count: int, sentences: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Vectors as a CLIP model gives them: two narrow cones that face different ways, with the same things in both."""
    rng = np.random.default_rng(11)
    spread = (np.arange(1, DIM + 1) ** -0.4).astype(np.float32)
    things = rng.standard_normal((300, DIM)).astype(np.float32) * spread

    def cone(count: int) -> NDArray[np.float32]:
        middle = rng.standard_normal(DIM).astype(np.float32)
        found = things[rng.integers(0, 300, count)] * 0.7
        found += 0.7 * rng.standard_normal((count, DIM)).astype(np.float32) * spread
        found = found / np.linalg.norm(found, axis=1, keepdims=True) + middle / np.linalg.norm(middle)
        return found / np.linalg.norm(found, axis=1, keepdims=True)

    return cone(count), cone(sentences)


PHOTOS, SENTENCES = photos_and_sentences(ROWS, 60)
STORED = PHOTOS.astype(np.float16)
NAMES = np.arange(ROWS) * 2 + 5
"""The ids of the embeddings, by row: some are missing, as in a library where photos went."""


def shard_of(start: int, stop: int) -> Shard:
    after = int(NAMES[start - 1]) if start else 0
    made = Shard.build(Span(after, int(NAMES[stop - 1])), NAMES[start:stop], STORED[start:stop])
    assert made is not None
    return made


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Shard, Path]]:
    made = []
    for start, stop in pairwise(BOUNDS):
        made.append((shard_of(start, stop), tmp_path_factory.mktemp("graphs") / f"{start}.hnsw"))
        made[-1][0].save(made[-1][1])
    return made


@pytest.fixture
def shards(built: list[tuple[Shard, Path]]) -> list[Shard]:
    """Copies: a test may mark what it likes."""
    return [Shard.load(file, shard.projection, shard.span) for shard, file in built]


def index(shards: list[Shard], **more: object) -> tuple[HnswIndex, ExactIndex]:
    ids = np.arange(ROWS) * 3 + 1
    exact = ExactIndex(ids[:5500], STORED[:5500])
    exact.add(ids[5500:], PHOTOS[5500:])
    return HnswIndex(exact, shards, NAMES, **more), exact


def recall(near: VectorIndex, exact: VectorIndex, k: int = 10, allowed: NDArray[np.int64] | None = None) -> float:
    found = total = 0
    for sentence in SENTENCES:
        ids, scores = near.search(sentence, k, allowed)
        true_ids, _ = exact.search(sentence, k, allowed)
        assert len(ids) == len(true_ids) == len(set(ids.tolist()))
        assert np.all(np.diff(scores) <= 0)
        if allowed is not None:
            assert set(ids.tolist()) <= set(allowed.tolist())
        found += len(set(ids.tolist()) & set(true_ids.tolist()))
        total += len(true_ids)
    return found / total


def test_recall_beside_the_exact_index(shards: list[Shard], monkeypatch: pytest.MonkeyPatch) -> None:
    near, exact = index(shards)
    assert isinstance(near, VectorIndex) and len(near) == ROWS and near.dim == DIM
    with monkeypatch.context() as patch:
        patch.setattr(ExactIndex, "search", lambda *_: pytest.fail("the graphs were passed by"))
        near.search(SENTENCES[0], 100)
    assert recall(near, exact) >= 0.99
    assert recall(near, exact, k=100) >= 0.99


@pytest.mark.parametrize("share", [0.9, 0.5, 0.05, 0.001])
def test_recall_within_a_filter(shards: list[Shard], share: float) -> None:
    near, exact = index(shards)
    ids = exact.ids
    allowed = np.random.default_rng(2).choice(ids, int(share * len(ids)), replace=False)
    assert recall(near, exact, allowed=allowed) >= 0.99


@pytest.mark.parametrize("most", [1.0, 0.1])
def test_a_filter_that_leaves_out_what_lies_nearest(
    shards: list[Shard], most: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the graphs propose first does not count: they are asked for more, or every survivor is compared."""
    monkeypatch.setattr(graph_module, "LOOK", 100)
    monkeypatch.setattr(graph_module, "_TOO_MANY", most)
    near, exact = index(shards)
    found = 0
    for sentence in SENTENCES[:20]:
        allowed = np.setdiff1d(exact.ids, exact.search(sentence, 2000)[0])
        ids, _ = near.search(sentence, 10, allowed)
        found += len(np.intersect1d(ids, exact.search(sentence, 10, allowed)[0]))
    assert found >= 0.99 * 200


def test_several_graphs_asked_at_once_say_the_same(shards: list[Shard]) -> None:
    alone, _ = index(shards)
    with ThreadPoolExecutor(2) as pool:
        together, _ = index(shards, pool=pool, threads=2)
        for sentence in SENTENCES[:10]:
            np.testing.assert_array_equal(together.search(sentence, 20)[0], alone.search(sentence, 20)[0])


def test_what_comes_and_goes_counts_at_once(shards: list[Shard]) -> None:
    near, exact = index(shards)
    best, _ = near.search(SENTENCES[0], 300)
    near.remove(best[:200])
    left, _ = near.search(SENTENCES[0], 100)
    assert left.tolist() == best[200:300].tolist()
    near.add(np.array([10**6]), SENTENCES[:1])
    assert near.search(SENTENCES[0], 1)[0].tolist() == [10**6]
    assert recall(near, exact) >= 0.99
    everything, _ = near.search(SENTENCES[0], 10**6)
    assert len(everything) == len(near) == ROWS - 200 + 1


def test_an_id_that_went_and_came_back_has_its_new_vector(shards: list[Shard]) -> None:
    near, exact = index(shards)
    [best], [old] = near.search(SENTENCES[0], 1)
    near.remove(np.array([best]))
    assert best not in near.search(SENTENCES[0], 50)[0]
    near.add(np.array([best]), -SENTENCES[:1])
    assert best not in near.search(SENTENCES[0], 50)[0]
    [again], [score] = near.search(-SENTENCES[0], 1)
    assert again == best and score > 0.99 > old
    assert len(near) == len(exact) == ROWS


def test_a_graph_of_which_much_is_marked(shards: list[Shard]) -> None:
    """Half of the photos are gone, in one graph all of them: the rest is found as before."""
    near, exact = index(shards)
    gone = np.r_[0:2000, 2000:6000:4]
    near.remove(exact.ids[gone])
    left = np.setdiff1d(NAMES, NAMES[gone])
    for shard in shards:
        shard.mark(left)
    assert len(shards[0]) == 0 and sum(map(len, shards)) == len(left[left <= NAMES[IN_GRAPHS - 1]])
    assert not set(shards[1].propose(SENTENCES[0], 100).tolist()) - set(left.tolist())
    assert recall(near, exact) >= 0.99


def test_both_give_the_same_scores(shards: list[Shard]) -> None:
    near, exact = index(shards)
    np.testing.assert_array_equal(near.search(SENTENCES[1], 10)[1], exact.search(SENTENCES[1], 10)[1])


def test_what_is_in_no_graph_is_compared_wherever_it_lies(shards: list[Shard]) -> None:
    near, exact = index([shards[0], shards[2]])
    assert loose(NAMES, [shards[2], shards[0]]) == [(2000, 4100), (IN_GRAPHS, ROWS)]
    assert recall(near, exact) >= 0.99
    without, _ = index([])
    assert recall(without, exact) == 1.0


def test_searches_while_another_thread_marks(shards: list[Shard]) -> None:
    """hnswlib is not safe for that by itself: a lock is."""
    near, exact = index(shards)
    order = np.random.default_rng(4).permutation(ROWS)
    with ThreadPoolExecutor(3) as pool:
        looking = [pool.submit(recall, near, near) for _ in range(2)]
        for stop in range(100, 1500, 100):
            left = np.delete(NAMES, order[:stop])
            for shard in shards:
                shard.mark(left)
            near.remove(exact.ids[: stop // 50])
        assert all(one.result(60) > 0.9 for one in looking)


def test_components_are_those_in_which_the_vectors_differ() -> None:
    flat = np.zeros((500, 40), np.float32)
    flat[:, 3:9] = np.random.default_rng(3).standard_normal((500, 6))
    found = principal(flat.astype(np.float16), 6)
    assert found.shape == (40, 6)
    np.testing.assert_allclose(found.T @ found, np.eye(6), atol=1e-5)
    np.testing.assert_allclose((flat @ found) @ found.T, flat, atol=1e-2)
    assert principal(flat[:3].astype(np.float16)).shape == (40, 40)


def test_building_can_be_stopped() -> None:
    asked = []

    def enough() -> bool:
        asked.append(0)
        return len(asked) > 2

    span = Span(0, int(NAMES[-1]))
    assert Shard.build(span, NAMES, STORED, cancelled=enough) is None and len(asked) == 3
