"""An indexer that is killed at any point goes on where it was, and ends with the catalogue of an undisturbed run."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.catalog import captions, contents, embeddings, failures, photos, tags
from core.catalog.connection import Catalog

Call = Callable[[Path], list[str]]

PROJECT = Path(__file__).resolve().parents[2]
FAKES = PROJECT / "tests" / "core" / "models"

_DRIVER = """
import sys
sys.path.insert(0, {fakes!r})
import fake_worker
from pathlib import Path
from core.catalog import roots
from core.catalog.connection import Catalog
from core.catalog.thumbnails import ThumbnailCache
from core.indexing.indexer import Indexer
from core.models.encoder import EncoderSpec
from core.models.remote import RemoteEncoder

class Model:
    model_id, dim = "colours", fake_worker.DIM

def main():
    library, root = map(Path, sys.argv[1:])
    library.mkdir(exist_ok=True)
    with Catalog.open(library) as catalog, ThumbnailCache(library / "cache") as thumbnails:
        catalog.write(lambda db: roots.add(db, root, None))
        with RemoteEncoder(EncoderSpec(library), toolbox=fake_worker.slow_toolbox) as encoder:
            for progress in Indexer(catalog, thumbnails, encoder, Model).run():
                pass
    report = progress.report
    assert report.scanned == report.encoded + report.reused + report.failed, report

if __name__ == "__main__":
    main()
"""


def noise(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(seed)
    rough = Image.fromarray(generator.integers(0, 255, (6, 8, 3), np.uint8))
    rough.resize((320, 240), Image.Resampling.BICUBIC).save(path)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Photos, copies of some, sidecars, and files that are no pictures."""
    root = tmp_path / "photos"
    for number in range(120):
        noise(root / f"album {number % 4}" / f"{number:03}.jpg", number)
    shutil.copytree(root / "album 0", root / "copies")
    for number in range(4):
        (root / "album 1" / f"broken {number}.jpg").write_bytes(b"no picture %d" % number)
        (root / "album 2" / f"{number * 4 + 2:03}.txt").write_text(f"a sentence about {number}")
    return root


def rows(library: Path, root: Path):
    """All that a catalogue says, free of row numbers; embeddings apart."""
    with Catalog.open(library, create=False) as catalog:
        assert catalog.check() == []
        with catalog.read() as db:
            said, vectors = {}, {}
            [model] = embeddings.models(db)
            for photo in photos.by_ids(db, photos.ids_by_date(db)):
                name = str(photo.path.relative_to(root))
                texts = tuple(caption.text for caption in captions.of(db, photo.id))
                stamp = photos.stamp_of(db, photo.id)
                said[name] = (photo.content_hash, photo.metadata, texts, tuple(tags.of(db, photo.id)), stamp)
                vectors[name] = embeddings.get(db, model.id, photo.content_id)
            broken = {str(entry.path.relative_to(root)): entry.reason for entry in failures.all(db)}
            assert embeddings.count(db, model.id) == contents.count(db)
            return said, broken, vectors


def disturb(call: Call, library: Path, seconds: float, kills: int = 10) -> None:
    """Runs the call and kills it, again and again, until it was ``kills`` times alive to be killed. A run that was done
    sooner leaves nothing to disturb: the library goes, and the time that a run gets becomes less."""
    chance = random.Random(11)
    latest, hit = 0.6 * seconds, 0
    for _ in range(6 * kills):
        process = subprocess.Popen(
            call(library),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
            cwd=PROJECT,
        )
        try:
            process.wait(timeout=chance.uniform(0.1, latest))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            hit += 1
            if hit == kills:
                return
        else:
            latest = max(0.2, 0.8 * latest)
            shutil.rmtree(library)
    pytest.fail(f"it was alive to be killed {hit} times only")


def run(call: list[str]) -> float:
    begin = time.monotonic()
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    ended = subprocess.run(call, capture_output=True, text=True, env=environment, cwd=PROJECT)
    assert ended.returncode == 0 and "Traceback" not in ended.stderr, ended
    return time.monotonic() - begin


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is no thing of Windows")
@pytest.mark.slow
def test_ten_kills_end_in_the_same_catalogue(tmp_path, root):
    """With a quick encoder, so that the kills fall on every step, and often into a commit."""
    script = tmp_path / "driver.py"
    script.write_text(_DRIVER.format(fakes=str(FAKES)))

    def call(library: Path) -> list[str]:
        return [sys.executable, str(script), str(library), str(root)]

    seconds = run(call(tmp_path / "calm"))
    disturb(call, tmp_path / "killed", seconds)
    run(call(tmp_path / "killed"))
    said, broken, vectors = rows(tmp_path / "calm", root)
    assert (len(said), len(broken)) == (150, 4)
    killed = rows(tmp_path / "killed", root)
    assert killed[:2] == (said, broken)
    assert all(np.array_equal(vectors[name], killed[2][name]) for name in vectors)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is no thing of Windows")
@pytest.mark.slow
def test_ten_kills_of_the_real_program(tmp_path, root, starter):
    def call(library: Path) -> list[str]:
        return [sys.executable, "-m", "app", "--library", str(library), "--json", "index", str(root)]

    seconds = run(call(tmp_path / "calm"))
    disturb(call, tmp_path / "killed", seconds)
    run(call(tmp_path / "killed"))
    said, broken, vectors = rows(tmp_path / "calm", root)
    assert (len(said), len(broken)) == (150, 4)
    killed = rows(tmp_path / "killed", root)
    assert killed[:2] == (said, broken)
    # How photos fall into batches may change the last bits.
    assert min(float(vectors[name] @ killed[2][name]) for name in vectors) > 0.999
