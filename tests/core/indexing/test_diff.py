"""The diff by itself, and any sequence of what people do to folders against an index that starts anew."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.catalog.photos import KnownFile
from core.indexing.diff import Diff, Kind, Known
from core.types import FileStamp, FoundFile, Root

ROOT = Root(1, Path("/photos"), "2026-01-01")
OTHER = Root(2, Path("/other"), "2026-01-01")


def stamp(number: int, sidecar: int = 0) -> FileStamp:
    return FileStamp(1000 + number, 5_000 + number, 70 + number, sidecar)


def known(number: int, name: str, folder: str = "a", root: Root = ROOT, **change) -> Known:
    made = KnownFile(number, False, 1, folder, name, stamp(number), 100 + number)
    return Known(root, replace(made, **change))


def found(number: int, name: str, folder: str = "a", root: Root = ROOT, sidecar: int = 0) -> FoundFile:
    return FoundFile(root.path / folder / name, folder, name, stamp(number, sidecar))


def test_kinds():
    diff = Diff(
        [
            known(1, "same"),
            known(2, "edited"),
            known(3, "sidecar"),
            known(4, "lacking"),
            known(5, "bad", photo_id=None, failure=True, content_id=None),
            known(6, "bad changed", photo_id=None, failure=True, content_id=None),
        ],
        lacking={104},
    )
    assert diff.meet(ROOT, found(1, "same")) is Kind.UNCHANGED
    assert diff.meet(ROOT, found(20, "edited")) is Kind.READ
    assert diff.meet(ROOT, found(3, "sidecar", sidecar=9)) is Kind.METADATA
    assert diff.meet(ROOT, found(4, "lacking")) is Kind.READ
    assert diff.meet(ROOT, found(5, "bad")) is Kind.FAILED
    assert diff.meet(ROOT, found(60, "bad changed")) is Kind.READ
    assert diff.meet(ROOT, found(7, "new")) is Kind.READ
    plan = diff.finish(lambda _: True)
    assert [task.found.name for task in plan.tasks] == ["edited", "sidecar", "lacking", "bad changed", "new"]
    assert plan.moves == plan.gone == []


def test_a_move_needs_an_empty_place():
    diff = Diff([known(1, "old")])
    diff.meet(ROOT, found(1, "new"))
    assert diff.finish(lambda _: False).moves == []
    diff = Diff([known(1, "old")])
    diff.meet(OTHER, found(1, "new", root=OTHER))
    plan = diff.finish(lambda _: True)
    assert [(move.source.file.name, move.root.id, move.found.name) for move in plan.moves] == [("old", 2, "new")]
    assert plan.tasks == plan.gone == []


def test_two_links_to_one_moved_file():
    diff = Diff([known(1, "old")])
    diff.meet(ROOT, found(1, "new"))
    diff.meet(ROOT, found(1, "link"))
    plan = diff.finish(lambda _: True)
    assert len(plan.moves) == len(plan.tasks) == 1


def test_a_file_system_without_numbers_moves_nothing():
    diff = Diff([known(1, "old", stamp=replace(stamp(1), inode=0))])
    diff.meet(ROOT, replace(found(1, "new"), stamp=replace(stamp(1), inode=0)))
    plan = diff.finish(lambda _: True)
    assert (len(plan.moves), len(plan.tasks), len(plan.gone)) == (0, 1, 1)


def test_moves_from_elsewhere_are_never_forgotten():
    diff = Diff([])
    diff.meet(ROOT, found(1, "new"))
    assert diff.wanted() == {(71, 1001, 5001)}
    plan = diff.finish(lambda _: True, [known(1, "old", "b"), known(2, "gone", "b")])
    assert len(plan.moves) == 1 and plan.gone == []


def test_an_edited_file_is_no_source():
    """The inode stays: nothing was moved away."""
    diff = Diff([known(1, "x")])
    diff.meet(ROOT, replace(found(1, "x"), stamp=replace(stamp(1), mtime_ns=9)))
    diff.meet(ROOT, found(1, "y"))
    assert diff.finish(lambda _: True).moves == []


# Any sequence of what people do to folders

NAMES = st.sampled_from(["a.png", "b.png", "c.png", "d.png"])
FOLDERS = st.sampled_from(["", "x", "y", "x/z"])
SEEDS = st.integers(0, 5)
PLACES = st.tuples(st.sampled_from(["one", "two"]), FOLDERS, NAMES)
STEPS = st.one_of(
    st.tuples(st.just("draw"), PLACES, SEEDS),
    st.tuples(st.just("break"), PLACES, SEEDS),
    st.tuples(st.just("rename"), PLACES, PLACES),
    st.tuples(st.just("copy"), PLACES, PLACES),
    st.tuples(st.just("delete"), PLACES, SEEDS),
    st.tuples(st.just("touch"), PLACES, SEEDS),
    st.tuples(st.just("sidecar"), PLACES, SEEDS),
    st.tuples(st.just("rename folder"), PLACES, PLACES),
    st.tuples(st.just("index"), PLACES, SEEDS),
)


def take_step(base: Path, fakes, step) -> None:
    what, place, extra = step
    path = base.joinpath(*place)
    if what in ("draw", "break", "rename", "copy"):
        path.parent.mkdir(parents=True, exist_ok=True)
    match what:
        case "draw":
            fakes.draw(path, extra, side=8)
        case "break":
            path.write_bytes(b"broken %d" % extra)
        case "rename" if path.exists():
            target = base.joinpath(*extra)
            target.parent.mkdir(parents=True, exist_ok=True)
            path.replace(target)
        case "copy" if path.exists() and path != base.joinpath(*extra):
            target = base.joinpath(*extra)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
        case "delete":
            path.unlink(missing_ok=True)
        case "touch" if path.exists():
            os.utime(path)
        case "sidecar" if path.exists():
            path.with_suffix(".txt").write_text(f"words {extra}")
        case "rename folder" if place[1] and path.parent.is_dir():
            target = base / extra[0] / f"moved {extra[2]}"
            if not target.exists():
                path.parent.rename(target)


@settings(
    max_examples=int(os.environ.get("EXAMPLES", "40")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(STEPS, min_size=1, max_size=14))
def test_any_history_ends_in_the_catalogue_of_a_fresh_index(fakes, open_shelf, steps):
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        shelf, fresh = open_shelf(base / "library"), open_shelf(base / "fresh")
        try:
            for root in ("one", "two"):
                for each in (shelf, fresh):
                    each.add_root(base / root)
                (base / root / "always.txt").write_text("so that no root is ever empty")
            for step in steps:
                take_step(base, fakes, step)
                if step[0] == "index":
                    shelf.index()
            report = shelf.index()
            whole = fresh.index()
            assert shelf.dump() == fresh.dump()
            assert (report.scanned, report.failed) == (whole.scanned, whole.failed)
            again = shelf.index()
            assert (again.encoded, shelf.encoder.seen, again.forgotten) == (0, [], 0)
        finally:
            shelf.close()
            fresh.close()
