"""Where a photo's time goes: what each step of indexing takes of a core, beside what whole runs take of all cores.

usage: python -m tests.bench.profiling [--page FILE] [--photos N]

Every figure is processor time, the system's own accounts, so that a busy machine changes little about it: each step
alone, in one process; and a photo's share of whole runs, of one that indexes many less one that indexes few, so that
starting and loading the model are no part of it. What the steps do not explain is threads that wait for each other's
turn at the interpreter, queues, the scan, and that two cores at work slow each other down.
"""

from __future__ import annotations

import argparse
import json
import pickle
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import numpy as np

from core.catalog import embeddings, roots
from core.catalog.connection import Catalog
from core.catalog.thumbnails import ThumbnailCache
from core.indexing.store import Place, ReadPhoto, Store
from core.models.compiling import has_bf16
from core.models.encoder import EncoderSpec
from core.models.importing import change_card
from core.models.openvino import OpenVinoEncoder
from core.models.registry import starter_folder
from core.models.wire import Finished, PhotoDone, PhotoJob, Read, Started, WasDecoded
from core.models.worker import stamp_of
from core.photos import decode as decoding
from core.photos import metadata, pixels
from core.photos.hashing import content_hash
from tests.bench.compare_rclip import ARCHITECTURE, imported, large_photos, random_weights
from tests.bench.indexing import copies_of
from tests.bench.measure import PROJECT, Row

BEGIN, END = "<!-- a photo's time: written by tests.bench.profiling -->", "<!-- end of a photo's time -->"
_FIRST = 4
_LEAST = 4 * _FIRST
_SMALL = 240

_WHOLE_RUN = """
import json, os, sys
from contextlib import closing
from pathlib import Path
from core.library import Library
folder, model, photos = map(Path, sys.argv[1:])
with closing(Library.open(folder, model=model)) as library:
    library.add_root(photos)
    library.encoder.encode_texts(["a photo"])
    for progress in library.index(folders=[photos]):
        encoded = progress.report.encoded
print(json.dumps([encoded, sum(os.times()[:4])]))
"""
"""Prints how many photos were encoded, and the processor seconds of the process and of its worker. A sentence comes
first: a worker gets ready for one when it has nothing to do, which must happen in every run or in none."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A photo's core-milliseconds by step, in the order of the run, and those of whole runs."""

    case: str
    steps: dict[str, float]
    whole: float

    @property
    def rest(self) -> float:
        """What the steps do not explain."""
        return self.whole - sum(self.steps.values())


def profile(case: str, model: Path, photos: Sequence[Path], place: Path) -> Profile:
    """Each step of ``photos`` (JPEGs, sixteen or more) with the model in the folder ``model``, then whole runs."""
    encoder = OpenVinoEncoder(EncoderSpec(model, cache=place / "compiled"))
    steps, images, done = _decoded(photos, encoder.info.image_size)
    count = len(photos)
    start = time.process_time()
    ready = [encoder.preprocess([image])[0] for image in images]
    steps["scaling to what the model sees"] = _per_photo(start, count)
    batch = encoder.preferred_batch
    parts = [ready[first : first + batch] for first in range(0, count, batch)]
    for part in (parts[0], parts[-1]):
        encoder.encode_pixels(np.stack(part))
    start = time.process_time()
    vectors = np.concatenate([encoder.encode_pixels(np.stack(part)) for part in parts])
    steps["encoding"] = _per_photo(start, count)
    half = vectors.astype(np.float16)
    outcomes = [
        PhotoDone(key, half[key], one.thumbnail, one.metadata, stamp_of(path, ()))
        for key, (path, one) in enumerate(zip(photos, done, strict=True))
    ]
    steps["messages between the processes"] = _messages(photos, outcomes)
    steps["storing"] = _storing(photos, outcomes, place / "stored", encoder)
    return Profile(case, steps, _whole(model, photos, place))


@contextmanager
def _watched(functions: dict[str, tuple[object, str]]) -> Iterator[Counter[str]]:
    """Adds up the processor seconds of functions of modules, by the names that they are given."""
    spent: Counter[str] = Counter()

    def watch(what: str, function: Callable[..., object]) -> Callable[..., object]:
        def call(*values: object, **named: object) -> object:
            start = time.process_time()
            try:
                return function(*values, **named)
            finally:
                spent[what] += time.process_time() - start  # type: ignore[assignment]  # a Counter of seconds

        return call

    patches = [
        mock.patch.object(module, name, watch(what, getattr(module, name)))
        for what, (module, name) in functions.items()
    ]
    for patch in patches:
        patch.start()
    try:
        yield spent
    finally:
        for patch in patches:
            patch.stop()


def _decoded(photos: Sequence[Path], size: int) -> tuple[dict[str, float], list[object], list[decoding.Decoded]]:
    decoding.decode(photos[0], min_side=size)
    start = time.process_time()
    for path in photos:
        content_hash(path)
    hashing = _per_photo(start, len(photos))
    functions: dict[str, tuple[object, str]] = {
        "decoding the pixels": (decoding, "_load"),
        "making the thumbnail": (pixels, "thumbnail_jpeg"),
        "metadata": (metadata, "assemble"),
    }
    with _watched(functions) as spent:
        start = time.process_time()
        done = [decoding.decode(path, min_side=size) for path in photos]
        whole = _per_photo(start, len(photos))
    steps = {"reading and hashing the file": hashing}
    steps |= {what: spent[what] / len(photos) * 1e3 for what in functions}
    steps["opening, EXIF, turning and shrinking"] = whole - sum(steps[what] for what in functions)
    return steps, [one.image for one in done], done


def _messages(photos: Sequence[Path], outcomes: Sequence[PhotoDone]) -> float:
    """What goes to and fro for each photo, pickled and unpickled."""
    start = time.process_time()
    for path, outcome in zip(photos, outcomes, strict=True):
        job = PhotoJob(outcome.key, path, outcome.stamp)
        for message in (Read(1, job), Started(1, job.key), WasDecoded(1, job.key), Finished(1, outcome)):
            pickle.loads(pickle.dumps(message))
    return _per_photo(start, len(photos))


def _storing(photos: Sequence[Path], outcomes: Sequence[PhotoDone], place: Path, encoder: OpenVinoEncoder) -> float:
    """The catalogue's rows and the thumbnails, in transactions as large as a run's."""
    with closing(Catalog.open(place)) as catalog:
        root = catalog.write(lambda db: roots.add(db, photos[0].parent, None))
        model = catalog.write(lambda db: embeddings.model_id(db, encoder.model_id, encoder.dim))
        store = Store(catalog, ThumbnailCache(place), model)
        start = time.process_time()
        for path, outcome in zip(photos, outcomes, strict=True):
            named = outcome.key.to_bytes(16, "big")
            where = Place(root.id, "", f"{outcome.key} {path.name}")
            store.add(
                ReadPhoto(
                    where,
                    outcome.stamp,
                    named,
                    outcome.metadata,
                    embedding=outcome.embedding,
                    thumbnail=outcome.thumbnail,
                )
            )
            if store.due:
                store.flush()
        store.flush()
        return _per_photo(start, len(photos))


def _whole(model: Path, photos: Sequence[Path], place: Path) -> float:
    """A photo's core-milliseconds of whole runs, each a process: one over many photos, less one over few. A first one
    has copied the model into the library, and compiled it."""
    runs = []
    few = _FIRST + len(photos) // 4
    for name, chosen in (("first", photos[:_FIRST]), ("few", photos[_FIRST:few]), ("many", photos[few:])):
        folder = place / name
        folder.mkdir()
        for number, path in enumerate(chosen):
            shutil.copy(path, folder / f"{number:04}{path.suffix}")
        call = [sys.executable, "-c", _WHOLE_RUN, place / "library", model, folder]
        ended = subprocess.run([str(word) for word in call], cwd=PROJECT, capture_output=True, text=True, check=False)
        if ended.returncode:
            raise RuntimeError(f"an index run exited {ended.returncode}: {ended.stderr.strip()[-400:]}")
        runs.append(json.loads(ended.stdout))
    (_, (less, least), (more, most)) = runs
    return float((most - least) / (more - less) * 1e3)


def _per_photo(start: float, count: int) -> float:
    return (time.process_time() - start) / count * 1e3


def measure(place: Path, count: int) -> list[Profile]:
    """The bundled model over small photos and over ``count`` of 12 megapixels, and over those a ViT-B-32-256 of random
    weights in every precision that this processor has. Without the [torch] extra the last are left out."""
    place.mkdir()
    small = copies_of(PROJECT / "resources" / "samples", place / "small", _SMALL)
    large = sorted(large_photos(place / "large", count).glob("*.jpg"))
    found = [
        profile("bundled model, small photos", starter_folder(), small, place / "bundled small"),
        profile("bundled model", starter_folder(), large, place / "bundled large"),
    ]
    try:
        model = imported(random_weights(place), place / "shelf")
    except ImportError:
        return found
    for way in ["bf16", "f32"] if has_bf16() else ["f32"]:
        change_card(model, precisions=["f32"] if way == "f32" else ["f32", way])
        found.append(profile(f"{ARCHITECTURE}, {way}", model, large, place / way))
    return found


def rows(profiles: Sequence[Profile]) -> list[Row]:
    """As `make bench` shows them."""
    found = []
    for one in profiles:
        found.append(Row(f"a photo, {one.case}", one.whole, "core-ms"))
        found += [Row(f"  {step}", value, "core-ms") for step, value in one.steps.items()]
        found.append(Row("  all else", one.rest, "core-ms"))
    return found


def page(profiles: Sequence[Profile]) -> str:
    """The table in Markdown."""
    lines = [
        f"| core-milliseconds of a photo | {' | '.join(one.case for one in profiles)} |",
        f"| --- |{' ---: |' * len(profiles)}",
    ]
    for step in profiles[0].steps:
        lines.append(f"| {step} | {' | '.join(_figure(one.steps[step]) for one in profiles)} |")
    lines.append(f"| all else | {' | '.join(_figure(one.rest) for one in profiles)} |")
    lines.append(f"| **whole runs** | {' | '.join(f'**{_figure(one.whole)}**' for one in profiles)} |")
    return "\n".join(lines)


def _figure(value: float) -> str:
    return f"{value:.1f}" if abs(value) >= 1 else f"{value:.2f}"


def write_page(file: Path, table: str) -> None:
    """Put the table between its marks. Raises ValueError where they are not there."""
    text = file.read_text(encoding="utf-8")
    before, begin, after = text.partition(BEGIN)
    _, end, after = after.partition(END)
    if not (begin and end):
        raise ValueError(f"{file} needs the marks {BEGIN} and {END}")
    file.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", encoding="utf-8")


def main(arguments: Sequence[str]) -> int:
    """Measure, print the table, and write it into a page."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.profiling")
    parser.add_argument("--page", type=Path, metavar="FILE", help="write the table between its marks here")
    parser.add_argument("--photos", type=int, default=64, help="photos of 12 megapixels")
    chosen = parser.parse_args(arguments)
    if chosen.photos < _LEAST:
        parser.error(f"--photos takes {_LEAST} or more")
    with tempfile.TemporaryDirectory(prefix="retrouve-profile-") as place:
        table = page(measure(Path(place) / "profile", chosen.photos))
    print(table)
    if chosen.page:
        write_page(chosen.page, table)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
