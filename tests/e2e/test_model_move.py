"""A library made with an older model moves to the bundled one: real photos, real model, and searches all the way.

The older model is the bundled one with its axes in another order: its own rankings are the same, and set against the
other's embeddings they are noise, so that a ranking with both would show. Version 0 of the bundled model is no other
model yet than the one that ships; a test with both belongs here as soon as there is a next one.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest

from core.health import status
from core.library import Library
from core.types import Phase, SearchResult

COUNT = 12
QUERY = "people in a crowd"
TURNED = (
    "visual.head.mlp.fc2.weight",
    "visual.trunk.head.fc2.weight",
    "visual.trunk.class_words",
    "text.proj.2.weight",
)


def turned(starter: Path, folder: Path) -> Path:
    """A copy of a model whose space has its axes in another order."""
    shutil.copytree(starter, folder)
    path = folder / "open_clip_model.safetensors"
    raw = bytearray(path.read_bytes())
    length = struct.unpack("<Q", raw[:8])[0]
    header = json.loads(raw[8 : 8 + length])
    order = np.random.default_rng(0).permutation(json.loads((folder / "model.json").read_text())["dim"])
    changed = 0
    for name in TURNED:
        if name not in header:
            continue
        start, end = (8 + length + offset for offset in header[name]["data_offsets"])
        values = np.frombuffer(bytes(raw[start:end]), np.float16).reshape(header[name]["shape"])
        moved = values[:, order] if name.endswith("class_words") else values[order]
        raw[start:end] = np.ascontiguousarray(moved).tobytes()
        changed += 1
    assert changed >= 2
    path.write_bytes(raw)
    card = json.loads((folder / "model.json").read_text())
    digest = hashlib.sha256(raw).hexdigest()
    card |= {"weights_sha256": digest, "model_id": f"{card['name']}-{digest[:12]}"}
    (folder / "model.json").write_text(json.dumps(card))
    return folder


@pytest.fixture
def photos(tmp_path: Path, samples: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for path in sorted(samples.glob("*.jpg"))[:COUNT]:
        shutil.copy(path, folder)
    return folder


@pytest.fixture
def moved_on(tmp_path: Path, starter: Path, photos: Path) -> Path:
    """A library that an older model has indexed; that model's own folder is gone, as after an update."""
    older, folder = turned(starter, tmp_path / "older"), tmp_path / "library"
    with Library.open(folder, model=older) as library:
        library.add_root(photos)
        for _ in library.index():
            pass
    shutil.rmtree(older)
    return folder


def ranking(found: SearchResult) -> list[tuple[str, float]]:
    return [(hit.path.name, round(hit.score, 3)) for hit in found.hits]


def test_the_old_model_answers_until_the_new_one_knows_every_photo(
    moved_on: Path, photos: Path, tmp_path: Path
) -> None:
    fresh = tmp_path / "fresh"
    with Library.open(fresh) as library:
        library.add_root(photos)
        for _ in library.index():
            pass
        expected = ranking(library.search(QUERY))
    with Library.open(moved_on) as library:
        old = library.answering.model_id
        assert old != library.info.model_id
        assert "Until it has encoded all" in str(status(library).note)
        assert ranking(library.search(QUERY)) == expected
        seen = set()
        for progress in library.index():
            move = library.move()
            if progress.phase is Phase.ENCODING and move is not None:
                assert library.answering.model_id == old
                seen.add(move.done)
            assert ranking(library.search(QUERY)) == expected
        assert seen
        assert library.move() is None
        assert library.answering.model_id == library.info.model_id
        assert ranking(library.search(QUERY)) == expected
        with library.catalog.read() as db:
            assert [row[0] for row in db.execute("SELECT count(*) FROM model")] == [1]
            assert [row[0] for row in db.execute("SELECT count(*) FROM embedding")] == [COUNT]
        assert [folder.name for folder in (moved_on / "models").iterdir()] == [library.info.model_id]


def test_a_move_that_is_broken_off_goes_on_where_it_was(moved_on: Path) -> None:
    with Library.open(moved_on) as library:
        old = library.answering.model_id
        steps = library.index()
        for progress in steps:
            if progress.phase is Phase.ENCODING:
                break
        steps.close()
        assert library.answering.model_id == old
    with Library.open(moved_on) as library:
        for _ in library.index():
            pass
        assert library.move() is None
        assert library.answering.model_id != old
        assert len(library.search(QUERY).hits) > 0


def test_without_the_old_models_files_the_new_one_answers_and_says_so(moved_on: Path) -> None:
    shutil.rmtree(moved_on / "models")
    with Library.open(moved_on) as library:
        assert library.answering.model_id == library.info.model_id
        assert "is not there any more" in str(status(library).note)
        for _ in library.index():
            pass
        assert status(library).note is None
        assert len(library.search(QUERY).hits) > 0
