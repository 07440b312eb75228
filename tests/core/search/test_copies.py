"""Copies and near copies: all of them, in groups that hold together, and nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.library import Library
from core.search import copies
from core.search.copies import CopiesProgress, Kind


def groups_of(label: np.ndarray) -> list[list[int]]:
    return [np.flatnonzero(label == number).tolist() for number in np.unique(label) if (label == number).sum() > 1]


def last_label(vectors: np.ndarray, least: float = copies.NEAR) -> np.ndarray:
    *_, (done, total, label) = copies._joined(len(vectors), lambda start, stop: vectors[start:stop], least)
    assert done == total
    return label


@pytest.mark.parametrize("tile", [(1, 1), (3, 2), (7, 50), (1024, 4096)])
def test_groups_are_those_that_a_walk_over_all_pairs_finds(tile: tuple[int, int], monkeypatch) -> None:
    monkeypatch.setattr(copies, "ROWS", tile[0])
    monkeypatch.setattr(copies, "COLUMNS", tile[1])
    chance = np.random.default_rng(3)
    centres = chance.normal(size=(12, 16))
    vectors = (centres[chance.integers(0, 12, 40)] + 0.3 * chance.normal(size=(40, 16))).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    near = vectors @ vectors.T >= 0.93
    reach = near.copy()
    for _ in range(40):
        reach = (reach.astype(int) @ near.astype(int)) > 0
    expected = sorted({tuple(np.flatnonzero(row).tolist()) for row in reach if row.sum() > 1})
    assert sorted(map(tuple, groups_of(last_label(vectors, 0.93)))) == expected and len(expected) > 3


def test_a_chain_in_any_order_is_one_group() -> None:
    angles = np.random.default_rng(5).permutation(300) * 0.015
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    assert groups_of(last_label(vectors, float(np.cos(0.016)))) == [list(range(300))]
    assert groups_of(last_label(vectors, float(np.cos(0.014)))) == []


@pytest.fixture
def library(sample_library: Path, tmp_path: Path, samples: Path):
    """The samples, and beside them a copy of one and another one saved again, smaller."""
    first, second, *_ = sorted(samples.rglob("*.jpg"))
    more = tmp_path / "more"
    more.mkdir()
    shutil.copy(first, more / "copied.jpg")
    shutil.copy(first, more / "copied again.jpg")
    with Image.open(second) as picture:
        smaller = picture.resize((picture.width * 3 // 4, picture.height * 3 // 4), Image.Resampling.LANCZOS)
        smaller.save(more / "smaller.jpg", quality=92)
    with Library.open(sample_library) as opened:
        opened.add_root(more)
        for _ in opened.index():
            pass
        yield opened


def find(library: Library) -> CopiesProgress:
    *_, last = library.copies.find()
    return last


def test_copies_and_a_picture_saved_again_are_found(library: Library, samples: Path, indexed_samples: Path) -> None:
    found = find(library)
    assert found.done == found.total and found.unencoded == 0
    told = [(group.kind, {path.name for path in group.paths}) for group in found.groups]
    first, second, *_ = sorted(samples.rglob("*.jpg"))
    assert told[0] == (Kind.COPIES, {first.name, "copied.jpg", "copied again.jpg"})
    assert (Kind.NEAR, {second.name, "smaller.jpg"}) in told[1:]
    assert all(kind is Kind.NEAR for kind, _ in told[1:]) and len(told) < 6, "other samples are different pictures"
    assert all(path.is_absolute() and path.is_file() for group in found.groups for path in group.paths)
    assert [group.paths for group in found.groups] == [tuple(sorted(group.paths)) for group in found.groups]


def test_a_photo_without_an_embedding_is_counted_and_its_copies_are_known(library: Library) -> None:
    library.catalog.write(lambda db: db.execute("DELETE FROM embedding").rowcount)
    found = find(library)
    assert [group.kind for group in found.groups] == [Kind.COPIES]
    assert found.unencoded == 134


def test_comparing_can_be_stopped(library: Library, monkeypatch) -> None:
    monkeypatch.setattr(copies, "ROWS", 32)
    asked = iter([False, True])
    steps = list(library.copies.find(cancelled=lambda: next(asked, True)))
    assert [(step.done, step.total, step.groups) for step in steps] == [(1, 6, ())]
