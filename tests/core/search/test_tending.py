"""Graphs in step with a library's vectors: what is planned, and what is left of it when somebody is killed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.catalog.lock import IndexLock
from core.search import graph_files, tending
from core.search.graph import loose
from core.search.graph_files import Entry, GraphFiles
from core.search.shard import Shard
from core.search.tending import Graphs, Sizes, Stored, Task, plan

DIM = 16
SMALL = Sizes(rows=200, worth=40)


def stored(count: int, gone: NDArray[np.int64] | None = None, seed: int = 1) -> Stored:
    vectors = np.random.default_rng(seed).standard_normal((count, DIM), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    alive = np.ones(count, np.bool_)
    if gone is not None:
        alive[gone] = False
    return Stored(np.arange(count) * 3 + 7, vectors.astype(np.float16), alive)


def files_in(folder: Path) -> set[str]:
    return {file.suffix for file in folder.iterdir()} | {str(len(list(folder.glob("*.hnsw"))))}


def finds_its_own(graphs: Graphs, some: Stored) -> None:
    """Every vector that is left is proposed for itself, by the one graph whose span it lies in, and nothing twice."""
    left = some.left
    for shard in graphs.shards:
        shard.mark(left)
    names = [name for shard in graphs.shards for name in shard.propose(some.matrix[0].astype(np.float32), 10**6)]
    assert len(names) == len(set(names)) and set(names) <= set(left.tolist())
    covered = [shard for shard in graphs.shards if len(shard)]
    missing = sum(stop - start for start, stop in loose(left, covered))
    assert len(names) + missing == len(left)


# What is planned


def carried_out(entries: list[Entry], tasks: list[Task], left: NDArray[np.int64]) -> list[Entry]:
    for task in tasks:
        entries = [one for one in entries if one not in task.replaces]
        rows = tending._within(left, task.span.after, task.span.last)
        if task.base is not None:  # A copy keeps what is gone.
            rows = task.base.rows + tending._within(left, task.base.last, task.span.last)
        if rows:
            entries.append(Entry(f"{len(entries)}", task.span.after, task.span.last, rows, 0))
        entries.sort(key=lambda one: one.after)
    return entries


STEPS = st.lists(st.tuples(st.integers(0, 700), st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=8)


@given(STEPS)
def test_whatever_comes_and_goes_the_graphs_follow(steps: list[tuple[int, float, float]]) -> None:
    """Each step adds photos, and removes a share of a stretch of those that there are."""
    chance = np.random.default_rng(0)
    left, newest = np.empty(0, np.int64), 0
    entries: list[Entry] = []
    for added, where, share in steps:
        left = np.concatenate((left, newest + 1 + np.arange(added)))
        newest += added
        start = int(where * len(left))
        keep = np.ones(len(left), np.bool_)
        keep[start : start + 300] = chance.random(len(keep[start : start + 300])) >= share
        left = left[keep]

        entries = carried_out(entries, plan(left, entries, SMALL), left)

        assert all(one.last <= other.after for one, other in pairwise(entries)), "spans lie one behind the other"
        assert all(0 < one.rows <= SMALL.rows for one in entries)
        for one in entries:
            assert 3 * (one.rows - tending._within(left, one.after, one.last)) < one.rows, "a third is gone"
        ends = [0, *(end for one in entries for end in (one.after, one.last)), newest]
        for after, last in list(pairwise(ends))[::2]:
            assert tending._within(left, after, last) < SMALL.worth, "worth taking in"
        assert plan(left, entries, SMALL) == [], "nothing is left to do"


def test_new_ones_wait_then_the_last_graph_grows_then_another_is_made() -> None:
    first = Entry("a", 0, 100, 100, 0)
    ids = np.arange(1, 1000)
    assert plan(ids[:139], [first], SMALL) == []
    [grown] = plan(ids[:140], [first], SMALL)
    assert grown == Task(tending.Span(0, 140), (first,), first)
    grown, fresh = plan(ids[:300], [first], SMALL)
    assert grown.span == tending.Span(0, 200) and fresh == Task(tending.Span(200, 300))
    full = replace(first, last=190, rows=190)
    assert plan(ids[:230], [full], SMALL) == [Task(tending.Span(190, 230))], "ten more are not worth a copy"


def test_a_graph_is_made_anew_when_a_third_of_it_is_gone() -> None:
    one, other = Entry("a", 0, 150, 150, 0), Entry("b", 150, 330, 180, 0)
    ids = np.arange(1, 331)
    assert plan(ids[49:], [one, other], SMALL) == []
    assert plan(ids[50:], [one, other], SMALL) == [Task(tending.Span(0, 150), (one,))]
    both = np.concatenate((ids[60:150], ids[240:]))
    assert plan(both, [one, other], SMALL) == [Task(tending.Span(0, 330), (one, other))], "both fit into one"
    assert plan(ids[150:], [one, other], SMALL) == [Task(tending.Span(0, 150), (one,))], "nothing is left of it"


# What is done


def test_graphs_are_made_kept_and_loaded_by_another_process(tmp_path: Path) -> None:
    some = stored(500)
    made = Graphs(tmp_path / "Ünïcode", DIM, SMALL)
    assert made.tend(some)
    assert [len(shard) for shard in made.shards] == [200, 200, 100]
    finds_its_own(made, some)
    assert files_in(tmp_path / "Ünïcode") == {".hnsw", ".npy", ".json", ".lock", "3"}
    other = Graphs(tmp_path / "Ünïcode", DIM, SMALL)
    assert other.shards == ()
    other.load(some)
    assert [shard.span for shard in other.shards] == [shard.span for shard in made.shards]
    finds_its_own(other, some)
    other.forget()
    assert other.shards == ()


def test_only_what_changed_is_made_and_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graphs = Graphs(tmp_path, DIM, SMALL)
    assert graphs.tend(stored(500))
    before, times = graphs.shards, {file: file.stat().st_mtime_ns for file in tmp_path.glob("*.hnsw")}
    with monkeypatch.context() as patch:
        patch.setattr(GraphFiles, "save", lambda *_: pytest.fail("39 new ones are not worth a file"))
        assert graphs.tend(stored(539)) and graphs.shards == before
    assert graphs.tend(stored(550))
    assert graphs.shards[:2] == before[:2] and len(graphs.shards[2]) == 150
    assert len(before[2]) == 100, "who searches the old one still can"
    assert sum(file.stat().st_mtime_ns == times.get(file) for file in tmp_path.glob("*.hnsw")) == 2
    finds_its_own(graphs, stored(550))


def test_a_third_gone_is_swept_out_while_the_old_graph_answers(tmp_path: Path) -> None:
    graphs = Graphs(tmp_path, DIM, SMALL)
    assert graphs.tend(stored(500))
    old = graphs.shards
    fewer = stored(500, np.arange(0, 80))
    for shard in old:
        shard.mark(fewer.left)
    seen: list[tuple[Shard, ...]] = []

    def look() -> bool:
        """Asked while the new one is being made."""
        seen.append(graphs.shards)
        assert len(graphs.shards[0].propose(fewer.matrix[100].astype(np.float32), 30)) == 30
        return False

    assert graphs.tend(fewer, cancelled=look)
    assert set(seen) == {old}
    assert [len(shard.names) for shard in graphs.shards] == [120, 200, 100] and graphs.shards[1:] == old[1:]
    finds_its_own(graphs, fewer)
    nothing = stored(500, np.arange(500))
    assert graphs.tend(nothing) and graphs.shards == () and not list(tmp_path.glob("*.hnsw"))


def test_who_loads_waits_for_nobody_who_makes_one(tmp_path: Path) -> None:
    """A window that starts while graphs are made would not answer for minutes."""
    some = stored(1000)
    making, starting = Graphs(tmp_path, DIM, SMALL), []
    with ThreadPoolExecutor(1) as pool:

        def look() -> bool:
            pool.submit(making.load, some).result(60)
            starting.append(len(making.shards))
            return False

        assert making.tend(some, hold=False, cancelled=look)
    assert starting == [0, 1, 2, 3, 4], "it holds what is done"
    assert [len(shard) for shard in making.shards] == [200] * 5, "and from then on what is made"
    finds_its_own(making, some)


def test_whoever_is_stopped_goes_on_where_it_was(tmp_path: Path) -> None:
    some = stored(1000)
    graphs = Graphs(tmp_path, DIM, SMALL)
    assert not graphs.tend(some, cancelled=lambda: len(graphs.shards) == 2)
    assert [len(shard) for shard in graphs.shards] == [200, 200]
    finds_its_own(graphs, some)
    again = Graphs(tmp_path, DIM, SMALL)
    assert again.tend(some) and len(again.shards) == 5
    assert again.shards[0].span == graphs.shards[0].span
    finds_its_own(again, some)


def test_a_process_that_does_not_stay_reads_no_graph_that_is_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Graphs(tmp_path, DIM, SMALL).tend(stored(500))
    once = Graphs(tmp_path, DIM, SMALL)
    with monkeypatch.context() as patch:
        patch.setattr(GraphFiles, "load", lambda *_: pytest.fail("there was nothing to do"))
        assert once.tend(stored(510), hold=False)
    assert once.tend(stored(600), hold=False) and once.shards == ()
    staying = Graphs(tmp_path, DIM, SMALL)
    staying.load(stored(600))
    assert [len(shard) for shard in staying.shards] == [200, 200, 200]
    finds_its_own(staying, stored(600))


KILLED = """
import os, sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
import hnswlib
from core.search import graph_files
from core.search.tending import Graphs, Sizes
from tests.core.search.test_tending import DIM, SMALL, stored

def die(*_, **__):
    os._exit(9)

class Halfway(hnswlib.Index):
    def save_index(self, path):
        super().save_index(path)
        os.truncate(path, os.path.getsize(path) // 2)
        os._exit(9)

match sys.argv[2]:
    case "writing": hnswlib.Index = Halfway
    case "written": os.fsync = die
    case "listing": Path.write_text = die
    case "cleaning": graph_files.forget = die
Graphs(Path(sys.argv[1]), DIM, SMALL).tend(stored(550))
"""


@pytest.mark.parametrize("when", ["writing", "written", "listing", "cleaning"])
def test_killed_while_it_saves(tmp_path: Path, when: str) -> None:
    first = Graphs(tmp_path, DIM, SMALL)
    assert first.tend(stored(500))
    project = Path(graph_files.__file__).parents[2]
    ended = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), when, str(project)], cwd=project)
    assert ended.returncode == 9
    after = Graphs(tmp_path, DIM, SMALL)
    after.load(stored(550))
    assert [len(shard) for shard in after.shards] == [200, 200, 150 if when == "cleaning" else 100]
    finds_its_own(after, stored(550))
    assert after.tend(stored(590))
    assert [len(shard) for shard in after.shards] == [200, 200, 190]
    assert files_in(tmp_path) == {".hnsw", ".npy", ".json", ".lock", "3"}, "what it left is swept out"


@pytest.mark.parametrize("how", ["graph", "short", "projection", "missing", "list", "version", "names"])
def test_what_is_damaged_is_made_again(tmp_path: Path, how: str) -> None:
    some = stored(500)
    assert Graphs(tmp_path, DIM, SMALL).tend(some)
    listed = tmp_path / "graphs.json"
    said = json.loads(listed.read_text())
    graph, projection = (tmp_path / f"{said['shards'][1]['name']}.{end}" for end in ("hnsw", "npy"))
    content = bytearray(graph.read_bytes())
    match how:
        case "graph":  # hnswlib would follow the links, and end the process.
            content[2000:2400] = b"\xff" * 400
            graph.write_bytes(content)
        case "short":
            graph.write_bytes(content[:-1000])
        case "projection":
            projection.write_bytes(b"nonsense")
        case "missing":
            graph.unlink()
        case "list":
            listed.write_text("{[")
        case "version":
            listed.write_text(json.dumps(said | {"format": 99}))
        case "names":
            said["shards"][1]["name"] = "../../elsewhere"
            listed.write_text(json.dumps(said))
    again = Graphs(tmp_path, DIM, SMALL)
    again.load(some)
    assert len(again.shards) == (2 if how in ("graph", "short", "projection", "missing") else 0)
    finds_its_own(again, some)
    assert again.tend(some)
    assert [len(shard) for shard in again.shards] == [200, 200, 100]
    finds_its_own(again, some)


def test_graphs_of_another_library_are_made_again(tmp_path: Path) -> None:
    """A catalogue that was put in the place of another has the same ids for other photos."""
    assert Graphs(tmp_path, DIM, SMALL).tend(stored(500))
    other = stored(500, seed=2)
    graphs = Graphs(tmp_path, DIM, SMALL)
    graphs.load(other)
    assert graphs.shards == ()
    assert graphs.tend(other)
    finds_its_own(graphs, other)
    smaller = Graphs(tmp_path, 8, SMALL)
    smaller.load(other)
    assert smaller.shards == (), "vectors of another length"


def test_while_another_process_is_at_it_this_one_reads(tmp_path: Path) -> None:
    assert Graphs(tmp_path, DIM, SMALL).tend(stored(500))
    graphs = Graphs(tmp_path, DIM, SMALL)
    with IndexLock(tmp_path):
        assert not graphs.tend(stored(550))
        assert [len(shard) for shard in graphs.shards] == [200, 200, 100]
        assert graphs.tend(stored(510)), "there is nothing to do"


def test_a_full_disk_costs_nothing_but_the_graphs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graphs = Graphs(tmp_path, DIM, SMALL)
    assert graphs.tend(stored(500))

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(graph_files.os, "fsync", full)
        assert not graphs.tend(stored(550))
    assert [len(shard) for shard in graphs.shards] == [200, 200, 100]
    assert files_in(tmp_path) == {".hnsw", ".npy", ".json", ".lock", "3"}
    assert graphs.tend(stored(550)) and len(graphs.shards[2]) == 150
    (tmp_path / "file").write_text("in the way")
    assert not Graphs(tmp_path / "file" / "graph", DIM, SMALL).tend(stored(500))


def test_graphs_that_were_deleted_while_they_are_held(tmp_path: Path) -> None:
    graphs = Graphs(tmp_path / "graph", DIM, SMALL)
    assert graphs.tend(stored(500))
    shutil.rmtree(tmp_path / "graph")
    finds_its_own(graphs, stored(500))
    assert graphs.tend(stored(500))
    assert len(list((tmp_path / "graph").glob("*.hnsw"))) == 3
