"""The graph: as good as the exact index, in step with it, and a cache."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from core.search.exact import ExactIndex
from core.search.graph import Graph, HnswIndex
from core.search.index import VectorIndex
from core.search.store import VectorStore

from .conftest import World

DIM = 64
ROWS = 6000


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


@pytest.fixture(scope="module")
def graph() -> Graph:
    made = Graph.empty(DIM, "abc", 100)
    assert made.extend(PHOTOS[:5000].astype(np.float16))
    return made


def index(graph: Graph, ids: NDArray[np.int64] | None = None) -> tuple[HnswIndex, ExactIndex]:
    ids = np.arange(ROWS) * 3 + 1 if ids is None else ids
    exact = ExactIndex(ids[:5000], PHOTOS[:5000].astype(np.float16))
    exact.add(ids[5000:], PHOTOS[5000:])
    return HnswIndex(exact, graph), exact


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


def test_recall_beside_the_exact_index(graph: Graph) -> None:
    near, exact = index(graph)
    assert isinstance(near, VectorIndex) and len(near) == ROWS and near.dim == DIM
    assert recall(near, exact) >= 0.99
    assert recall(near, exact, k=100) >= 0.99


@pytest.mark.parametrize("share", [0.9, 0.5, 0.05, 0.001])
def test_recall_within_a_filter(graph: Graph, share: float) -> None:
    near, exact = index(graph)
    ids = exact.ids
    allowed = np.random.default_rng(2).choice(ids, int(share * len(ids)), replace=False)
    assert recall(near, exact, allowed=allowed) >= 0.99


def test_what_comes_and_goes_counts_at_once(graph: Graph) -> None:
    near, exact = index(graph)
    best, _ = near.search(SENTENCES[0], 300)
    near.remove(best[:200])
    left, _ = near.search(SENTENCES[0], 100)
    assert left.tolist() == best[200:300].tolist()
    near.add(np.array([10**6]), SENTENCES[:1])
    assert near.search(SENTENCES[0], 1)[0].tolist() == [10**6]
    assert recall(near, exact) >= 0.99
    everything, _ = near.search(SENTENCES[0], 10**6)
    assert len(everything) == len(near) == ROWS - 200 + 1


def test_both_give_the_same_scores(graph: Graph) -> None:
    near, exact = index(graph)
    np.testing.assert_array_equal(near.search(SENTENCES[1], 10)[1], exact.search(SENTENCES[1], 10)[1])


def test_a_graph_is_kept_and_extended(graph: Graph, tmp_path: Path) -> None:
    folder = tmp_path / "graph" / "Ünïcode"
    assert graph.save(folder)
    assert [file.name for file in folder.iterdir()] == ["abc-5000.hnsw"]
    again = Graph.load(folder, DIM, "abc")
    assert again is not None and again.rows == 5000
    assert Graph.load(folder, DIM, "other") is None
    assert again.extend(PHOTOS.astype(np.float16)) and again.rows == ROWS
    assert again.save(folder)
    assert [file.name for file in folder.iterdir()] == ["abc-6000.hnsw"]
    near, exact = index(again)
    assert recall(near, exact) >= 0.99


def test_a_damaged_graph_is_none(graph: Graph, tmp_path: Path) -> None:
    graph.save(tmp_path)
    file = tmp_path / "abc-5000.hnsw"
    file.write_bytes(file.read_bytes()[:-1000])
    assert Graph.load(tmp_path, DIM, "abc") is None
    file.write_bytes(b"")
    assert Graph.load(tmp_path, DIM, "abc") is None


def test_building_can_be_stopped() -> None:
    made = Graph.empty(DIM, "abc", ROWS)
    assert not made.extend(PHOTOS.astype(np.float16), cancelled=lambda: made.rows > 0)
    assert 0 < made.rows < ROWS


def test_where_it_cannot_be_kept_it_still_serves(graph: Graph, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert not graph.save(tmp_path / "file" / "graph")


def test_the_store_uses_one_above_the_crossover(world: World) -> None:
    vectors = np.random.default_rng(1).standard_normal((900, world.model.dim), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    world.add_many(vectors[:600])
    below = VectorStore(world.catalog, world.folder, world.model, crossover=601)
    assert not below.build_graph()
    assert isinstance(below.index(), ExactIndex) and not (world.folder / "cache" / "graph").exists()
    below.close()

    store = VectorStore(world.catalog, world.folder, world.model, crossover=600)
    store.warm()
    assert isinstance(store.index(), ExactIndex), "no graph was built yet"
    assert store.build_graph()
    assert isinstance(store.index(), HnswIndex)
    [file] = (world.folder / "cache" / "graph" / "small-1").iterdir()
    assert file.name.endswith("-600.hnsw")

    world.add_many(vectors[600:], 600)
    near = store.index()
    assert isinstance(near, HnswIndex) and len(near) == 900
    for vector in vectors[::100]:
        assert near.search(vector, 5)[0].tolist() == store.exact().search(vector, 5)[0].tolist()
    store.close()

    again = VectorStore(world.catalog, world.folder, world.model, crossover=600)
    assert isinstance(again.index(), ExactIndex), "a process that asks once loads no graph"
    again.warm()
    assert isinstance(again.index(), HnswIndex)
    file.write_bytes(b"damaged")
    again.close()
    once_more = VectorStore(world.catalog, world.folder, world.model, crossover=600)
    once_more.warm()
    assert isinstance(once_more.index(), ExactIndex)
    assert once_more.build_graph()
    assert isinstance(once_more.index(), HnswIndex)
    once_more.close()
