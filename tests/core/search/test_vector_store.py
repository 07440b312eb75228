"""The store's copy of the vectors: in step with the catalogue, whatever happens to either."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from core.catalog.connection import Catalog
from core.catalog.lock import IndexLock
from core.search import store as store_module
from core.search.mirror import Mirror, folder_name
from core.search.store import VectorStore

from .conftest import DIM, World


def unit(count: int, dim: int = DIM, seed: int = 3) -> NDArray[np.float32]:
    found = np.random.default_rng(seed).standard_normal((count, dim), dtype=np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def agrees(store: VectorStore, world: World) -> None:
    """The index holds the catalogue's vectors, no more and no less."""
    truth = world.stored()
    index = store.exact()
    assert len(index) == len(truth)
    ids, vectors = index.vectors(np.array(sorted(truth), np.int64))
    assert set(ids.tolist()) == set(truth)
    for id, vector in zip(ids.tolist(), vectors, strict=True):
        np.testing.assert_array_equal(vector.astype(np.float16), truth[id])


def cache(world: World) -> Path:
    return world.folder / "cache" / "vectors" / "small-1"


def stored_state(world: World) -> dict[str, object]:
    return json.loads((cache(world) / "state.json").read_text())


@pytest.fixture
def store(world: World):
    made = VectorStore(world.catalog, world.folder, world.model)
    yield made
    made.close()


def test_an_empty_library_has_no_vectors(world: World, store: VectorStore) -> None:
    assert len(store.index()) == 0
    ids, scores = store.index().search(unit(1)[0], 5)
    assert len(ids) == len(scores) == 0
    world.add("a.jpg", "dog")
    agrees(store, world)


def test_what_is_added_is_found_at_once_and_written_in_bulk(
    world: World, store: VectorStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "_WORTH_WRITING", 50)
    vectors = unit(400)
    world.add_many(vectors[:30])
    agrees(store, world)
    first = stored_state(world)
    assert first["rows"] == 30
    world.add_many(vectors[30:60], 30)
    agrees(store, world)
    assert stored_state(world) == first, "thirty new vectors stay in memory"
    world.add_many(vectors[60:], 60)
    agrees(store, world)
    grown = stored_state(world)
    assert grown["rows"] == 400 and grown["generation"] == first["generation"], "appended, not written anew"
    assert (cache(world) / f"matrix-{grown['generation']}.f16").stat().st_size == 400 * DIM * 2


def test_another_start_maps_what_was_written(world: World, store: VectorStore, monkeypatch: pytest.MonkeyPatch) -> None:
    world.add_many(unit(300))
    agrees(store, world)
    state = stored_state(world)
    world.add_many(unit(5, seed=8), 300)
    monkeypatch.setattr(Mirror, "rewrite", lambda *_: pytest.fail("there was nothing to write anew"))
    again = VectorStore(world.catalog, world.folder, world.model)
    agrees(again, world)
    assert stored_state(world) == state
    again.close()


def test_nothing_is_read_while_nothing_changes(
    world: World, store: VectorStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.add_many(unit(10))
    index = store.exact()
    monkeypatch.setattr(Catalog, "read", lambda _: pytest.fail("the catalogue was read"))
    assert store.exact() is index


def test_what_is_removed_is_found_no_more(world: World, store: VectorStore) -> None:
    kept = [world.add(f"{number}.jpg", unit(1, seed=number)[0]) for number in range(20)]
    agrees(store, world)
    world.remove(kept[:7])
    agrees(store, world)
    assert len(store.exact()) == 13
    # The highest content id is given again: the new vector counts, in this process and in one that starts now.
    world.remove([kept[-1]])
    world.add("new.jpg", unit(1, seed=99)[0])
    agrees(store, world)
    again = VectorStore(world.catalog, world.folder, world.model)
    agrees(again, world)
    again.close()


def test_a_content_id_given_again_within_the_file(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "_WORTH_WRITING", 1)
    store = VectorStore(world.catalog, world.folder, world.model)
    for turn in range(4):
        path = world.add(f"{turn}.jpg", unit(1, seed=turn)[0])
        agrees(store, world)
        if turn < 3:
            world.remove([path])
            agrees(store, world)
    assert stored_state(world)["rows"] == 4, "the earlier rows are still in the file"
    again = VectorStore(world.catalog, world.folder, world.model)
    agrees(again, world)
    again.close()
    store.close()


def test_rows_of_what_is_gone_are_swept_out(world: World, store: VectorStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "_WORTH_REWRITING", 10)
    world.add_many(unit(100))
    agrees(store, world)
    before = stored_state(world)
    world.remove([Path(f"/many/{number:06}.jpg") for number in range(9)])
    agrees(store, world)
    assert stored_state(world) == before
    world.remove([Path(f"/many/{number:06}.jpg") for number in range(9, 20)])
    agrees(store, world)
    after = stored_state(world)
    assert after["rows"] == 80 and after["generation"] != before["generation"]
    assert len(list(cache(world).glob("matrix-*"))) == 1


@pytest.mark.parametrize("how", ["all", "state", "matrix", "short", "nonsense", "numbers", "json", "swapped"])
def test_a_cache_that_is_gone_or_damaged_comes_back(world: World, store: VectorStore, how: str) -> None:
    world.add_many(unit(200))
    agrees(store, world)
    store.close()
    state = cache(world) / "state.json"
    [matrix], [contents] = cache(world).glob("matrix-*"), cache(world).glob("contents-*")
    match how:
        case "all":
            shutil.rmtree(world.folder / "cache")
        case "state":
            state.unlink()
        case "matrix":
            matrix.unlink()
        case "short":
            os.truncate(matrix, 17)
        case "nonsense":
            matrix.write_bytes(os.urandom(200 * 2 * DIM))
        case "numbers":
            contents.write_bytes(bytes(200 * 16))
        case "json":
            state.write_text('{"generation": "../../x", "dim": 64, "rows": 200, "last_id": 200}')
        case "swapped":
            state.write_text("[1, 2")
    again = VectorStore(world.catalog, world.folder, world.model)
    agrees(again, world)
    assert stored_state(world)["rows"] == 200
    assert len(list(cache(world).glob("matrix-*"))) == 1
    again.close()


def test_a_cache_deleted_while_it_is_in_use(world: World, store: VectorStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "_WORTH_WRITING", 10)
    world.add_many(unit(50))
    agrees(store, world)
    shutil.rmtree(world.folder / "cache", ignore_errors=True)
    world.add_many(unit(50, seed=4), 50)
    agrees(store, world)
    assert stored_state(world)["rows"] == 100


def test_a_catalogue_put_in_the_place_of_another(world: World, store: VectorStore, tmp_path: Path) -> None:
    """A backup that was put back and went on differently has the same ids for other photos."""
    world.add_many(unit(60))
    agrees(store, world)
    other = World(tmp_path / "other", world.model, world.encoder)
    other.add_many(unit(60, seed=77))
    shutil.copytree(world.folder / "cache", other.folder / "cache", dirs_exist_ok=True)
    swapped = VectorStore(other.catalog, other.folder, other.model)
    agrees(swapped, other)
    swapped.close()
    other.catalog.close()


def test_a_backup_with_fewer_photos(world: World, store: VectorStore, tmp_path: Path) -> None:
    world.add_many(unit(60))
    agrees(store, world)
    earlier = World(tmp_path / "earlier", world.model, world.encoder)
    earlier.add_many(unit(60)[:40])
    shutil.copytree(world.folder / "cache", earlier.folder / "cache", dirs_exist_ok=True)
    restored = VectorStore(earlier.catalog, earlier.folder, earlier.model)
    agrees(restored, earlier)
    restored.close()
    earlier.catalog.close()


def test_where_another_process_writes_memory_serves(
    world: World, store: VectorStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "_WORTH_WRITING", 10)
    cache(world).mkdir(parents=True)
    world.add_many(unit(50))
    with IndexLock(cache(world)):
        agrees(store, world)
        assert not (cache(world) / "state.json").exists()
        world.add_many(unit(50, seed=4), 50)
        agrees(store, world)
    other = VectorStore(world.catalog, world.folder, world.model)
    agrees(other, world)
    assert stored_state(world)["rows"] == 100
    world.add_many(unit(50, seed=5), 100)
    agrees(store, world)  # It maps what the other one wrote, and appends.
    agrees(other, world)
    assert stored_state(world)["rows"] == 150
    other.close()


def test_a_library_that_cannot_be_written(world: World, store: VectorStore) -> None:
    world.add_many(unit(30))
    world.catalog.close()
    catalog = Catalog.open(world.folder, read_only=True)
    reading = VectorStore(catalog, world.folder, world.model)
    assert len(reading.index()) == 30
    assert not (world.folder / "cache" / "vectors").exists()
    reading.close()
    catalog.close()


def test_a_cache_folder_that_cannot_be_made(world: World, store: VectorStore) -> None:
    (world.folder / "cache").write_text("a file in the way")
    world.add_many(unit(30))
    agrees(store, world)
    world.add_many(unit(30, seed=4), 30)
    agrees(store, world)


def test_a_full_disk_costs_the_copy_and_nothing_else(
    world: World, store: VectorStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "_WORTH_WRITING", 10)
    world.add_many(unit(30))
    agrees(store, world)
    before = stored_state(world)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        world.add_many(unit(30, seed=4), 30)
        agrees(store, world)
        assert stored_state(world) == before
    world.add_many(unit(30, seed=5), 60)
    agrees(store, world)
    assert stored_state(world)["rows"] == 90, "what a writer left half done is written over"


WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from core.catalog.connection import Catalog
from core.search import store as store_module
from core.search.store import VectorStore
from types import SimpleNamespace
store_module._WORTH_WRITING = 5
folder = Path(sys.argv[1])
catalog = Catalog.open(folder)
store = VectorStore(catalog, folder, SimpleNamespace(model_id="small-1", dim=64))
print("ready", flush=True)
while len(store.exact()) < int(sys.argv[2]):
    pass
print(len(store.exact()), flush=True)
store.close()
catalog.close()
"""


def test_several_processes_and_threads_at_once(
    world: World, store: VectorStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "_WORTH_WRITING", 5)
    project = Path(store_module.__file__).parents[2]
    vectors = unit(300)
    others = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(world.folder), "300", str(project)], stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    for other in others:
        assert other.stdout is not None and other.stdout.readline() == "ready\n"

    def look() -> int:
        looks = 1
        while len(store.index()) < 300:
            looks += 1
        return looks

    with ThreadPoolExecutor(2) as readers:
        looking = [readers.submit(look) for _ in range(2)]
        for start in range(0, 300, 20):
            world.add_many(vectors[start : start + 20], start)
        assert all(reader.result(60) > 0 for reader in looking)
    for other in others:
        out, _ = other.communicate(timeout=60)
        assert other.returncode == 0 and out == "300\n"
    agrees(store, world)
    again = VectorStore(world.catalog, world.folder, world.model)
    agrees(again, world)
    again.close()


def test_models_live_side_by_side(world: World, store: VectorStore) -> None:
    world.add_many(unit(10))
    agrees(store, world)
    from dataclasses import replace

    other = VectorStore(world.catalog, world.folder, replace(world.model, model_id="other/model", dim=8))
    assert len(other.index()) == 0
    assert folder_name("other/model") == "other%2Fmodel" and folder_name("..") == "%"
    other.close()


def test_vectors_of_another_length_are_left_out(world: World, store: VectorStore) -> None:
    world.add_many(unit(5))
    world.catalog.write(lambda db: db.execute("UPDATE embedding SET vector = x'00' WHERE id = 3"))
    assert len(store.exact()) == 4
    world.add_many(unit(2, seed=8), 5)
    assert len(store.exact()) == 6
