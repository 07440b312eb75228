"""The benchmark itself: that its libraries are real ones, and that its table says what was measured."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.catalog.connection import Catalog
from core.models.registry import starter_folder
from core.photos.hashing import content_hash
from core.search import filters
from core.search.grammar import parse
from tests.bench import filtering, kept, memory, million, profiling, querying, starting, varied
from tests.bench.indexing import copies_of
from tests.bench.libraries import Space, build
from tests.bench.measure import PROJECT, Row, table


def test_a_built_library_is_searched(tmp_path: Path) -> None:
    space = Space(64)
    built = build(tmp_path / "library", 500, "small-1", 64, space)
    assert built.bytes_of_vectors > 500 * 64 * 2
    rows = querying.measure(built, "small-1", space)
    assert all(math.isfinite(row.value) and row.value > 0 for row in rows)
    assert {row.baseline for row in rows if row.what.startswith("query")} != {None}


def test_a_library_is_kept_for_the_next_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built, was_there = kept.library(tmp_path / "place", 300, "small-1", Space(8))
    assert not was_there and built.photos == 300
    with monkeypatch.context() as patch:
        patch.setattr(kept, "build", lambda *_: pytest.fail("it is there already"))
        assert kept.library(tmp_path / "place", 300, "small-1", Space(8)) == (built, True)
    assert not kept.library(tmp_path / "place", 200, "small-1", Space(8))[1], "of another size"
    (tmp_path / "place" / "made.json").write_text("{")
    assert not kept.library(tmp_path / "place", 200, "small-1", Space(8))[1], "perhaps half built"


def test_graphs_are_measured_beside_the_scan(tmp_path: Path) -> None:
    """What is measured at a million, at ten thousand."""
    built = build(tmp_path / "library", 10_000, "small-1", 16, Space(16))
    rows = million.of_vectors(built, "small-1", tmp_path / "grown", crossover=5000)
    assert all(math.isfinite(row.value) and row.value >= 0 for row in rows)
    recall = [row for row in rows if row.what.startswith("recall")]
    assert len(recall) == 4 and all(row.within for row in recall)
    [added] = [row for row in rows if row.what.startswith("adding")]
    assert added.value > 0
    with closing(Catalog.open(built.folder)) as catalog, catalog.read() as db:
        assert db.execute("SELECT count(*) FROM photo").fetchone()[0] == 10_000, "a copy was added to"


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux says what a process holds")
def test_memory_is_that_of_a_process_beside_one_without_photos(tmp_path: Path) -> None:
    built = build(tmp_path / "library", 20_000, "small-1", 512, Space(512))
    whole, own, mapped = memory.measure(built, "small-1", tmp_path / "empty")
    assert 5 < mapped.value < 31, "20 MB of matrix, which the system may take back"
    assert whole.value > 15 and own.value < 60
    assert whole.baseline is not None and whole.baseline > 20


def test_as_many_photos_pass_a_filter_as_the_table_says(tmp_path: Path) -> None:
    built = build(tmp_path / "library", 10_000, "small-1", 8, Space(8))
    with closing(Catalog.open(built.folder)) as catalog, catalog.read() as db:
        for share, text in querying.SHARES.items():
            passing = filters.newest(db, parse(text), today=date(2024, 11, 25)).total
            assert passing == pytest.approx(10_000 * float(share.removesuffix(" %")) / 100, abs=1), share


def test_filters_are_asked_of_photos_that_differ(tmp_path: Path) -> None:
    """Each filter finds some photos and not all, but those that are there to find nothing, or everything."""
    rows = filtering.measure(tmp_path / "measured", 3000)
    assert all(math.isfinite(row.value) and row.value > 0 and (row.baseline or 0) > 0 for row in rows)
    varied.build(tmp_path / "library", 3000)
    with closing(Catalog.open(tmp_path / "library")) as catalog, catalog.read() as db:
        found = {text: filters.newest(db, parse(text), today=date(2024, 11, 25)).total for text in filtering.FILTERS}
    nothing = {"camera:nobody", "iso:77", "is:favourite"}
    assert {text for text, total in found.items() if not total} == nothing
    assert {text for text, total in found.items() if total == 3000} == {"folder:Photos"}


def test_photos_and_sentences_lie_in_two_cones() -> None:
    space = Space(64)
    photos, sentences = space.photos(200), space.sentences(200)
    assert np.allclose(np.linalg.norm(photos, axis=1), 1, atol=1e-5)
    assert (photos @ photos.T).mean() > (photos @ sentences.T).mean() + 0.2


def test_copies_are_photos_with_bytes_of_their_own(tmp_path: Path) -> None:
    for number, suffix in enumerate((".jpg", ".webp")):
        Image.new("RGB", (40, 30), (9 * number, 80, 90)).save(tmp_path / f"{number}{suffix}")
    made = copies_of(tmp_path, tmp_path / "made", 5)
    assert len({content_hash(path) for path in made}) == 5
    for path in made:
        with Image.open(path) as image:
            image.load()
            assert image.size == (40, 30)


def test_a_profile_has_every_step_of_a_photo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[int] = []

    def whole(_model: Path, photos: Sequence[Path], _place: Path) -> float:
        runs.append(len(photos))
        return 1000.0

    monkeypatch.setattr(profiling, "_whole", whole)
    photos = copies_of(PROJECT / "resources" / "samples", tmp_path / "photos", 12)
    found = profiling.profile("samples", starter_folder(), photos, tmp_path / "place")
    assert runs == [12]
    assert all(value >= 0 for value in found.steps.values())
    assert found.steps["encoding"] == max(found.steps.values())
    assert found.rest == pytest.approx(1000 - sum(found.steps.values()))
    assert [row.value for row in profiling.rows([found])] == [1000.0, *found.steps.values(), found.rest]
    page = tmp_path / "page.md"
    page.write_text(f"before\n{profiling.BEGIN}\nold\n{profiling.END}\nafter\n", encoding="utf-8")
    profiling.write_page(page, profiling.page([found, found]))
    text = page.read_text(encoding="utf-8")
    assert text.startswith("before\n") and text.endswith("\nafter\n") and "old" not in text
    assert "| **whole runs** | **1000.0** | **1000.0** |" in text
    (tmp_path / "bare.md").write_text("nothing", encoding="utf-8")
    with pytest.raises(ValueError, match="marks"):
        profiling.write_page(tmp_path / "bare.md", "")


def test_whole_runs_are_over_photos_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What starting takes falls out of the difference: here a second and a half, beside 20 ms for each photo."""
    seen: list[Path] = []

    def run(call: Sequence[str], **_named: object) -> subprocess.CompletedProcess[str]:
        photos = [path.read_bytes() for path in Path(call[-1]).iterdir()]
        seen.extend(Path(call[-1]).iterdir())
        assert Path(call[-3]) == tmp_path / "place" / "library"
        return subprocess.CompletedProcess(call, 0, json.dumps([len(set(photos)), 1.5 + 0.02 * len(photos)]), "")

    monkeypatch.setattr(profiling.subprocess, "run", run)
    photos = copies_of(PROJECT / "resources" / "samples", tmp_path / "photos", 20)
    (tmp_path / "place").mkdir()
    assert profiling._whole(starter_folder(), photos, tmp_path / "place") == pytest.approx(20)
    assert sorted(path.read_bytes() for path in seen) == sorted(path.read_bytes() for path in photos)


def test_a_start_is_a_whole_process() -> None:
    [row] = starting.imports(repeat=1)
    assert row.baseline is not None and row.value > row.baseline > 0


def test_the_table_tells_what_was_kept() -> None:
    rows = [
        Row("a query", 12.34, "ms", 4.5, "plain", 30.0),
        Row("a share", 0.5, "share", None, "", 0.85, at_least=True),
        Row("a size", 1234.5, "MB"),
    ]
    text = table(rows)
    assert "12.3 ms   4.50 ms  plain  <= 30.0 ms  kept" in text
    assert "50.0%" in text and ">= 85.0%  NOT KEPT" in text and "1,234 MB" in text


def test_a_wrong_part_is_named() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.bench", "--only", "nothing"], cwd=PROJECT, capture_output=True, text=True
    )
    assert ended.returncode == 2 and "nothing" in ended.stderr


@pytest.mark.parametrize("photos", ["0", "many"])
def test_a_wrong_number_is_refused(photos: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.bench", "--photos", photos], cwd=PROJECT, capture_output=True, text=True
    )
    assert ended.returncode == 2
