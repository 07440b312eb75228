"""The indexing rate beside its bound: the photos that the cores could decode and encode if they did nothing else."""

from __future__ import annotations

import io
import time
from contextlib import closing
from itertools import cycle, islice
from pathlib import Path

from PIL import Image

from core.library import Library
from core.models.registry import build_encoder
from core.photos.decode import decode
from tests.bench.measure import Row, cores

_ALONE = 64
_INDEXED = 480


def copies_of(photos: Path, target: Path, count: int, note: str = "copy") -> list[Path]:
    """``count`` JPEGs with bytes of their own: the samples over and over, each with a comment that no other has."""
    sources = sorted(path for path in photos.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".webp"))
    if not sources:
        raise FileNotFoundError(f"no photos in {photos}")
    made = []
    for number, source in enumerate(islice(cycle(sources), count)):
        path = target / f"{number // 100:02}" / f"{number:04}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        kept = source.read_bytes()
        if source.suffix.lower() == ".webp":
            stream = io.BytesIO()
            Image.open(source).convert("RGB").save(stream, "JPEG", quality=90)
            kept = stream.getvalue()
        comment = f"{note} {number}".encode()
        # A COM segment behind the start of the image: two bytes of marker, two of length.
        path.write_bytes(kept[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2) + comment + kept[2:])
        made.append(path)
    return made


def measure(photos: Path, place: Path) -> list[Row]:
    """Rate of a whole run with a warm worker, its bound, and what the parts of the bound are."""
    files = copies_of(photos, place / "photos", _INDEXED)
    with closing(Library.open(place / "library")) as library:
        decoding, encoding = _alone(library, files[:_ALONE])
        bound = cores() / (decoding + encoding)
        library.encoder.encode_texts(["a first sentence, so that the worker is there"])
        warm_up = copies_of(photos, place / "warm", 16, "warm-up")
        library.add_root(warm_up[0].parents[1])
        for _ in library.index():
            pass
        library.add_root(files[0].parents[1])
        start = time.perf_counter()
        report = None
        for progress in library.index(folders=[files[0].parents[1]]):
            report = progress.report
        seconds = time.perf_counter() - start
    if report is None or report.encoded < _INDEXED * 0.99:
        raise RuntimeError(f"the run did not encode what was there: {report}")
    rate = report.encoded / seconds
    return [
        Row("indexing rate", rate, "photos/s", bound, f"bound: {cores()} cores / (decode + encode)"),
        Row("indexing rate as a share of its bound", rate / bound, "share", None, "", 0.85, at_least=True),
        Row("  decoding one photo, alone", decoding * 1e3, "core-ms"),
        Row("  encoding one photo, alone", encoding * 1e3, "core-ms"),
    ]


def _alone(library: Library, files: list[Path]) -> tuple[float, float]:
    """Core-seconds a photo for decoding (thumbnail and metadata with it) and for encoding, each alone."""
    size = library.info.image_size
    decode(files[0], min_side=size)
    start = time.process_time()
    images = [decode(file, min_side=size).image for file in files]
    decoding = (time.process_time() - start) / len(files)
    encoder = build_encoder(library.spec)
    encoder.encode_images(images[:16])
    start = time.process_time()
    encoder.encode_images(images)
    encoding = (time.process_time() - start) / len(files)
    return decoding, encoding
