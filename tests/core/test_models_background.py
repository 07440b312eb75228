"""The embeddings that come with a model."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import ModelDamaged
from core.models import background
from core.models.background import Background
from core.models.registry import ModelInfo, load_info, starter_folder


@pytest.fixture
def info(tmp_path: Path) -> ModelInfo:
    return replace(load_info(starter_folder()), folder=tmp_path)


def some(count: int, dim: int) -> np.ndarray:
    vectors = np.random.default_rng(count).standard_normal((count, dim)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_what_is_saved_is_loaded_as_unit_vectors(info: ModelInfo) -> None:
    given = Background(some(7, info.dim), some(5, info.dim))
    background.save(info.folder, given)
    found = background.load(info)
    assert found is not None
    for before, after in ((given.photos, found.photos), (given.captions, found.captions)):
        assert after.dtype == np.float32
        assert np.allclose(np.linalg.norm(after, axis=1), 1, atol=1e-6)
        assert np.allclose(before, after, atol=1e-3)
    assert [path.name for path in info.folder.iterdir()] == [background.FILE]


def test_a_model_without_one_has_none(info: ModelInfo) -> None:
    assert background.load(info) is None


def test_a_file_that_is_cut_short_is_named(info: ModelInfo) -> None:
    background.save(info.folder, Background(some(7, info.dim), some(5, info.dim)))
    path = info.folder / background.FILE
    path.write_bytes(path.read_bytes()[:900])
    with pytest.raises(ModelDamaged, match=r"background\.npz"):
        background.load(info)


def test_the_background_of_another_model_is_refused(info: ModelInfo) -> None:
    background.save(info.folder, Background(some(7, info.dim // 2), some(5, info.dim // 2)))
    with pytest.raises(ModelDamaged, match="does not belong"):
        background.load(info)


def test_objects_are_not_unpickled(info: ModelInfo) -> None:
    np.savez(info.folder / background.FILE, photos=np.array([{}], dtype=object), captions=np.zeros((1, info.dim)))
    with pytest.raises(ModelDamaged):
        background.load(info)


def test_the_bundled_model_has_one(tmp_path: Path) -> None:
    shutil.copy(starter_folder() / background.FILE, tmp_path)
    found = background.load(replace(load_info(starter_folder()), folder=tmp_path))
    assert found is not None
    assert min(len(found.photos), len(found.captions)) >= 800
    assert (tmp_path / background.FILE).stat().st_size < 5_000_000
    # Photos and sentences of one space, no pairs: most have little to do with each other.
    assert abs(float((found.photos @ found.captions.T).mean())) < 0.2
