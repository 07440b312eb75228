"""The store above the crossover: the index with graphs says what the catalogue holds, whatever comes and goes."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.search import store as store_module
from core.search.exact import ExactIndex
from core.search.graph import HnswIndex
from core.search.shard import Shard
from core.search.store import VectorStore
from core.search.tending import Sizes

from .conftest import Model, WordEncoder, World
from .test_vector_store import agrees, stored_state, unit

SMALL = Sizes(rows=200, worth=40)


def opened(world: World, crossover: int = 300) -> VectorStore:
    return VectorStore(world.catalog, world.folder, world.model, crossover=crossover, sizes=SMALL)


@pytest.fixture(autouse=True)
def written_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Graphs are made of what is in the file."""
    monkeypatch.setattr(store_module, "_WORTH_WRITING", 10)


@pytest.fixture
def store(world: World):
    made = opened(world)
    yield made
    made.close()


def says_the_same(store: VectorStore, world: World) -> None:
    """The index with graphs finds what a comparison with each of the catalogue's vectors finds."""
    near, truth = store.index(), world.stored()
    assert isinstance(near, HnswIndex) and len(near) == len(truth)
    ids = np.array(sorted(truth), np.int64)
    matrix = np.array([truth[id] for id in ids.tolist()], np.float32)
    found = 0
    asked = np.concatenate((unit(10, seed=6), matrix[:: max(1, len(matrix) // 10)]))
    for vector in asked:
        best, scores = near.search(vector, 10)
        cosines = matrix @ vector
        assert len(best) == 10 and set(best.tolist()) <= set(truth)
        np.testing.assert_allclose(scores, cosines[np.searchsorted(ids, best)], atol=1e-5)
        found += len(set(best.tolist()) & set(ids[np.argsort(-cosines)[:10]].tolist()))
    assert found >= 0.99 * 10 * len(asked)


def many(*numbers: int) -> list[Path]:
    return [Path(f"/many/{number:06}.jpg") for number in numbers]


def test_graphs_are_used_above_the_crossover_alone(world: World) -> None:
    world.add_many(unit(300))
    below = opened(world, crossover=301)
    assert not below.build_graph()
    below.warm()
    assert isinstance(below.index(), ExactIndex) and not (world.folder / "cache" / "graph").exists()
    below.close()

    store = opened(world)
    store.warm()
    assert isinstance(store.index(), ExactIndex), "no graph was built yet"
    assert store.build_graph()
    says_the_same(store, world)
    assert store.index() is store.index()

    world.add_many(unit(39, seed=4), 300)
    says_the_same(store, world)
    store.close()

    again = opened(world)
    assert isinstance(again.index(), ExactIndex), "a process that asks once loads no graph"
    again.warm()
    says_the_same(again, world)
    again.close()


def test_adding_is_cheap_and_grows_one_graph_at_times(
    world: World, store: VectorStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.add_many(unit(500))
    assert store.build_graph()
    says_the_same(store, world)
    with monkeypatch.context() as patch:
        for change in ("build", "extended"):
            patch.setattr(Shard, change, lambda *_, **__: pytest.fail("39 new ones are worth no graph"))
        world.add_many(unit(39, seed=4), 500)
        says_the_same(store, world)
        assert store.build_graph()
    world.add_many(unit(20, seed=5), 539)
    with monkeypatch.context() as patch:
        patch.setattr(Shard, "build", lambda *_, **__: pytest.fail("the last one has room"))
        assert store.build_graph()
    says_the_same(store, world)


def test_the_graphs_outlive_a_matrix_that_is_written_anew(
    world: World, store: VectorStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows change their numbers when what is gone is swept out; embeddings keep their ids."""
    monkeypatch.setattr(store_module, "_WORTH_REWRITING", 10)
    world.add_many(unit(500))
    assert store.build_graph()
    before = stored_state(world)
    world.remove(many(*range(0, 500, 6)))
    says_the_same(store, world)
    assert sum(map(len, store._graphs.shards)) == 416, "what is gone is marked, and proposed no more"
    after = stored_state(world)
    assert after["generation"] != before["generation"] and after["rows"] == 416
    with monkeypatch.context() as patch:
        patch.setattr(Shard, "build", lambda *_, **__: pytest.fail("less than a third of each is gone"))
        assert store.build_graph()
    says_the_same(store, world)
    agrees(store, world)


def test_a_photo_that_goes_and_comes_back(world: World, store: VectorStore) -> None:
    """The content's id is given again, the embedding's never: the new vector counts."""
    world.add_many(unit(400))
    last = world.add("last.jpg", unit(1, seed=50)[0])
    assert store.build_graph()
    says_the_same(store, world)
    [before], _ = store.index().search(unit(1, seed=50)[0], 1)
    world.remove([last])
    says_the_same(store, world)
    world.add("last.jpg", unit(1, seed=51)[0])
    says_the_same(store, world)
    [after], [score] = store.index().search(unit(1, seed=51)[0], 1)
    assert after == before and score > 0.99
    again = opened(world)
    again.warm()
    says_the_same(again, world)
    again.close()


def test_searches_go_on_while_graphs_are_made_anew(world: World, store: VectorStore) -> None:
    """A third of the first graph goes, and more than one graph's worth comes, while two threads ask without a pause."""
    world.add_many(unit(600))
    assert store.build_graph()
    vectors, done = unit(20, seed=6), []

    def ask() -> int:
        asked = 0
        while not done or asked < 50:
            ids, scores = store.index().search(vectors[asked % 20], 10)
            assert len(set(ids.tolist())) == 10 and np.all(np.diff(scores) <= 0)
            asked += 1
        return asked

    with ThreadPoolExecutor(2) as pool:
        asking = [pool.submit(ask) for _ in range(2)]
        try:
            for turn in range(3):
                world.remove(many(*range(200 * turn, 200 * turn + 100)))
                world.add_many(unit(250, seed=turn), 600 + 250 * turn)
                assert store.build_graph()
        finally:
            done.append(True)
        assert all(one.result(60) >= 50 for one in asking)
    says_the_same(store, world)


def test_two_processes_on_one_library(world: World, store: VectorStore) -> None:
    world.add_many(unit(500))
    other = opened(world)
    assert other.build_graph()
    store.warm()
    says_the_same(store, world)
    world.add_many(unit(300, seed=4), 500)
    assert other.build_graph()
    says_the_same(other, world)
    assert store.build_graph(cancelled=lambda: True), "the other one has done it all"
    says_the_same(store, world)
    other.close()


def test_a_catalogue_put_in_the_place_of_another_has_no_graphs(world: World, store: VectorStore) -> None:
    world.add_many(unit(400))
    assert store.build_graph()
    says_the_same(store, world)
    world.catalog.write(
        lambda db: db.executemany(
            "UPDATE embedding SET vector = ? WHERE id = ?",
            [(vector.astype("<f2").tobytes(), number + 1) for number, vector in enumerate(unit(400, seed=9))],
        )
    )
    again = opened(world)
    again.warm()
    assert isinstance(again.index(), ExactIndex)
    assert again.build_graph()
    says_the_same(again, world)
    again.close()


def test_what_grows_is_a_copy_of_one_graph(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside the graphs that answer lies one more, whatever the size of the library: 45 MB and not a gigabyte."""
    world.add_many(unit(2000))
    store = VectorStore(world.catalog, world.folder, world.model, crossover=300, sizes=Sizes(rows=500, worth=100))
    assert store.build_graph()
    made: list[int] = []

    def counting(known: Callable[..., Shard]) -> Callable[..., Shard]:
        def counted(*args: object, **more: object) -> Shard:
            found = known(*args, **more)
            made.append(len(found.names))
            return found

        return counted

    for name in ("build", "load", "extended"):
        monkeypatch.setattr(Shard, name, counting(getattr(Shard, name)))
    world.add_many(unit(100, seed=4), 2000)
    assert store.build_graph() and made == [100], "2,000 fill four graphs: the new ones get their own"
    world.add_many(unit(100, seed=5), 2100)
    assert store.build_graph() and made == [100, 100, 200], "its copy is loaded, and grows"
    says_the_same(store, world)
    store.close()


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("add"), st.integers(1, 120)),
            st.tuples(st.just("remove"), st.integers(0, 400)),
            st.tuples(st.just("tend"), st.just(0)),
            st.tuples(st.just("start"), st.just(0)),
        ),
        min_size=3,
        max_size=9,
    )
)
def test_whatever_happens_in_whatever_order(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]]
) -> None:
    world = World(tmp_path_factory.mktemp("world") / "library", Model(), WordEncoder())
    world.add_many(unit(320))
    count, seed = 320, 10
    store = opened(world, crossover=100)
    assert store.build_graph()
    try:
        for what, number in steps:
            match what:
                case "add":
                    world.add_many(unit(number, seed=seed), count)
                    count, seed = count + number, seed + 1
                case "remove":  # A stretch of them, but not all.
                    world.remove(many(*range(number, min(number + 60, count - 1))))
                case "tend":
                    store.build_graph()
                case "start":
                    store.close()
                    store = opened(world, crossover=100)
                    store.warm()
            if isinstance(store.index(), HnswIndex):
                says_the_same(store, world)
            agrees(store, world)
        assert store.build_graph() == (len(world.stored()) >= 100)
        if isinstance(store.index(), HnswIndex):
            says_the_same(store, world)
    finally:
        store.close()
        world.catalog.close()
