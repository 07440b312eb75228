"""A real catalogue, real pictures, and an encoder in this process that notes what it was asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from core.catalog import captions, embeddings, failures, photos, roots, tags
from core.catalog.connection import Catalog
from core.catalog.thumbnails import ThumbnailCache
from core.errors import PhotoError
from core.indexing.indexer import Indexer
from core.models.wire import PhotoDone, PhotoFailed
from core.models.worker import stamp_of
from core.types import IndexReport, Phase

FAKES = Path(__file__).parents[1] / "models"


@pytest.fixture
def fakes(monkeypatch):
    monkeypatch.syspath_prepend(FAKES)
    import fake_worker

    return fake_worker


@dataclass
class Model:
    model_id: str = "colours"
    dim: int = 48


@dataclass
class Processor:
    """Keeps the promises of ``RemoteEncoder.process``, in this process."""

    fakes: object
    seen: list = field(default_factory=list)
    """Each job that came."""

    @property
    def encoded(self):
        return [job.path.name for job in self.seen if job.want_embedding]

    @property
    def metadata(self):
        return [job.path.name for job in self.seen if not job.want_embedding]

    def process(self, jobs):
        encoder = self.fakes.ColourEncoder()
        for job in jobs:
            if job is None:
                yield None
                continue
            self.seen.append(job)
            try:
                if not job.want_embedding:
                    found = self.fakes.read_metadata(job.path, job.sidecars)
                    yield PhotoDone(job.key, None, None, found, stamp_of(job.path, job.sidecars))
                    continue
                read = self.fakes.decode(job.path, min_side=self.fakes.SIZE, sidecars=job.sidecars)
                vector = encoder.encode_images([read.image])[0].astype(np.float16)
                stamp = stamp_of(job.path, job.sidecars)
                yield PhotoDone(job.key, vector, read.thumbnail, read.metadata, stamp)
            except PhotoError as error:
                yield PhotoFailed(job.key, error.reason)
            except OSError:
                yield PhotoFailed(job.key, "gone")


@dataclass
class Shelf:
    """A library and one or more roots to put photos in."""

    folder: Path
    catalog: Catalog
    thumbnails: ThumbnailCache
    fakes: object
    model: Model = field(default_factory=Model)
    encoder: Processor = None

    def add_root(self, path: Path, **kind):
        path.mkdir(exist_ok=True, parents=True)
        return self.catalog.write(lambda db: roots.add(db, path, None, **kind))

    def indexer(self, encoder=None):
        self.encoder = encoder or Processor(self.fakes)
        return Indexer(self.catalog, self.thumbnails, self.encoder, self.model)

    def index(self, encoder=None, **what) -> IndexReport:
        *_, last = self.indexer(encoder).run(**what)
        assert last.phase == Phase.DONE
        report = last.report
        assert report.scanned == report.encoded + report.reused + report.failed
        return report

    def counts(self, **what):
        report = self.index(**what)
        return report.encoded, report.reused, report.failed, report.forgotten

    def paths(self):
        with self.catalog.read() as db:
            return {photo.path: photo for photo in photos.by_ids(db, photos.ids_by_date(db))}

    def failures(self):
        with self.catalog.read() as db:
            return {failure.path: failure.reason for failure in failures.all(db)}

    def dump(self):
        """All that the catalogue holds, free of row numbers."""
        kept = {}
        with self.catalog.read() as db:
            [model] = embeddings.models(db) or [None]
            for photo in photos.by_ids(db, photos.ids_by_date(db)):
                vector = embeddings.get(db, model.id, photo.content_id)
                stamp = next(k.stamp for r in roots.all(db) for k in photos.known(db, r.id) if k.photo_id == photo.id)
                kept[str(photo.path)] = (
                    photo.content_hash,
                    None if vector is None else vector.tobytes(),
                    photo.metadata,
                    tuple(tags.of(db, photo.id)),
                    tuple(captions.of(db, photo.id)),
                    stamp,
                    self.thumbnails.get(photo.content_hash) is not None,
                )
            orphans = db.execute(
                "SELECT count(*) FROM content WHERE id NOT IN (SELECT content_id FROM photo)"
            ).fetchone()[0]
            folders = sorted(tuple(row) for row in db.execute("SELECT root_id, path FROM folder"))
            return kept, {str(f.path): f.reason for f in failures.all(db)}, orphans, folders

    def close(self):
        self.catalog.close()
        self.thumbnails.close()


@pytest.fixture
def open_shelf(fakes):
    def build(folder: Path) -> Shelf:
        folder.mkdir(parents=True, exist_ok=True)
        return Shelf(folder, Catalog.open(folder), ThumbnailCache(folder / "cache"), fakes)

    return build


@pytest.fixture
def shelf(tmp_path, open_shelf) -> Iterator[Shelf]:
    made = open_shelf(tmp_path / "library")
    yield made
    made.close()


@pytest.fixture
def album(shelf, tmp_path, fakes) -> Path:
    """A root with ten photos in two folders."""
    root = tmp_path / "photos"
    shelf.add_root(root)
    for number in range(10):
        fakes.draw(root / f"album {number % 2}" / f"{number}.png", number)
    return root
