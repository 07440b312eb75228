"""How good a model is on a folder of captioned or sorted photos: what ``retrouve evaluate`` and the builder both run.

A folder with ``captions.jsonl`` has one object a line: ``file`` (relative to the folder), ``captions`` and, if you
like, ``labels`` and more keys to choose by; lines that name one file are one photo. Without it, each sub-folder is a
class of the photos in it.
"""

from __future__ import annotations

import codecs
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.errors import CallError, FileNamed, FolderError, PhotoError
from core.evaluation import retrieval, zero_shot
from core.models.encoder import precision_of

if TYPE_CHECKING:
    from PIL.Image import Image

    from core.models.encoder import Encoder

CAPTIONS = "captions.jsonl"
BATCH = 32
MIN_SIDE = 384
"""Pixels that the shorter side keeps when a JPEG is decoded at reduced size: more than any bundled encoder takes in."""

Progress = Callable[[int, int], None]
"""Called with the number of photos that are done, and of all."""


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """What was measured; fractions of 1, None where the folder has nothing to measure it by (DESIGN, section 11).

    What ends in ``interval`` is the bootstrap 95 % interval of the figure before it, over photos.
    """

    photos: int
    captions: int
    text_to_photo_recall_at_1: float | None = None
    text_to_photo_recall_at_1_interval: tuple[float, float] | None = None
    text_to_photo_recall_at_5: float | None = None
    text_to_photo_recall_at_5_interval: tuple[float, float] | None = None
    text_to_photo_recall_at_10: float | None = None
    text_to_photo_recall_at_10_interval: tuple[float, float] | None = None
    photo_to_text_recall_at_1: float | None = None
    photo_to_text_recall_at_1_interval: tuple[float, float] | None = None
    photo_to_text_recall_at_5: float | None = None
    photo_to_text_recall_at_5_interval: tuple[float, float] | None = None
    photo_to_text_recall_at_10: float | None = None
    photo_to_text_recall_at_10_interval: tuple[float, float] | None = None
    zero_shot_top1: float | None = None
    zero_shot_top1_interval: tuple[float, float] | None = None
    classes: int = 0
    failed: int = 0
    """Photos that could not be read and were left out."""
    model_id: str = ""
    precision: str | None = None
    """What the image tower computed in, such as ``f32`` or ``bf16``; None where the encoder does not say."""

    def to_json(self) -> dict[str, Any]:
        """The report as one JSON object."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Row:
    """A photo to be found, with the captions and labels that are true of it."""

    path: Path
    captions: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


def evaluate(
    folder: Path,
    encoder: Encoder,
    *,
    where: Mapping[str, Sequence[str]] | None = None,
    on_progress: Progress | None = None,
    faults: list[PhotoError] | None = None,
) -> EvaluationReport:
    """Encode the photos of ``folder`` and measure how well sentences find them.

    ``where`` keeps the rows whose value of every key is one of those named; a key that a row lacks is ``false``. Photos
    that cannot be read are left out, with their captions, counted, and told in ``faults``. Raises FolderError when the
    folder cannot be used, CallError when ``where`` keeps nothing.
    """
    rows = read_rows(folder, where or {})
    kept, photos = encode_photos(rows, encoder, on_progress, faults)
    return replace(measure(kept, photos, encoder), failed=len(rows) - len(kept))


def measure(rows: Sequence[Row], photos: NDArray[np.float32], encoder: Encoder) -> EvaluationReport:
    """The report for photos that are encoded already: float32[len(rows), dim], unit-length."""
    captions = [caption for row in rows for caption in row.captions]
    classes = sorted({row.labels[0] for row in rows if row.labels})
    figures: dict[str, Any] = {"classes": len(classes), "precision": precision_of(encoder)}
    if captions:
        figures |= _recalls(rows, photos, captions, encoder)
    if len(classes) > 1:
        labelled = [index for index, row in enumerate(rows) if row.labels]
        truth = [classes.index(rows[index].labels[0]) for index in labelled]
        hits = zero_shot.hits(photos[labelled], zero_shot.class_embeddings(encoder, classes), truth)
        figures |= _figure("zero_shot_top1", retrieval.rate_interval(hits))
    return EvaluationReport(photos=len(rows), captions=len(captions), model_id=encoder.model_id, **figures)


def _figure(name: str, found: retrieval.Interval) -> dict[str, Any]:
    return {name: found.value, f"{name}_interval": (found.low, found.high)}


def _recalls(
    rows: Sequence[Row], photos: NDArray[np.float32], captions: Sequence[str], encoder: Encoder
) -> dict[str, Any]:
    """Recall both ways. Photos without a caption stand in the gallery, but ask for nothing."""
    owner = [index for index, row in enumerate(rows) for _ in row.captions]
    sentences = encoder.encode_texts(captions)
    ranks = retrieval.caption_ranks(photos, sentences, owner)
    asking = sorted(set(owner))
    place = {row: index for index, row in enumerate(asking)}
    back = retrieval.photo_ranks(photos[asking], sentences, [place[row] for row in owner])
    figures: dict[str, Any] = {}
    for k in retrieval.CUTS:
        figures |= _figure(f"text_to_photo_recall_at_{k}", retrieval.recall_interval(ranks, k, owner))
        figures |= _figure(f"photo_to_text_recall_at_{k}", retrieval.recall_interval(back, k))
    return figures


def read_rows(folder: Path, where: Mapping[str, Sequence[str]], broken: list[str] | None = None) -> list[Row]:
    """The photos of a folder with what is true of them, each once: rows of one file are joined. Errors as `evaluate`;
    with ``broken`` a line that cannot be read is told there, and the others count."""
    if not folder.is_dir():
        raise FileNamed(folder) if folder.exists() else FolderError(f"{folder} is not there.")
    try:
        if (folder / CAPTIONS).is_file():
            rows = _joined(_captioned_rows(folder, where, broken))
        elif where:
            raise CallError(f"--where needs a {CAPTIONS}, and {folder} has none.")
        else:
            rows = list(_class_rows(folder))
    except OSError as error:
        raise FolderError(f"{folder} cannot be read: {error.strerror or error}.") from error
    if not rows and where:
        chosen = " and ".join(f"{key}={'|'.join(values)}" for key, values in where.items())
        raise CallError(f"No row of {folder / CAPTIONS} has {chosen}.")
    if not any(row.captions or row.labels for row in rows):
        if broken:
            raise FolderError(broken[0])
        raise FolderError(f"{folder} holds neither captioned photos nor one sub-folder of photos a class.")
    return rows


def _captioned_rows(folder: Path, where: Mapping[str, Sequence[str]], broken: list[str] | None = None) -> Iterator[Row]:
    # Split as bytes, so that one which is no UTF-8 has a line; no other character of UTF-8 holds those that end lines.
    content = (folder / CAPTIONS).read_bytes().removeprefix(codecs.BOM_UTF8)
    lines = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    for number, line in enumerate(lines, 1):
        try:
            row = _captioned_row(folder, line, number, where) if line.strip() else None
        except FolderError as error:
            if broken is None:
                raise
            broken.append(str(error))
            continue
        if row is not None:
            yield row


def _joined(rows: Iterable[Row]) -> list[Row]:
    """One row for each file, in the place of its first: the captions of all in order, none of them twice, and labels
    likewise. A photo that stood in the gallery twice would tie with itself, and never come first."""
    found: dict[str, Row] = {}
    for row in rows:
        key = os.path.normcase(os.path.normpath(row.path))
        if (before := found.get(key)) is not None:
            captions = tuple(dict.fromkeys(before.captions + row.captions))
            row = Row(before.path, captions, tuple(dict.fromkeys(before.labels + row.labels)))
        found[key] = row
    return list(found.values())


def _captioned_row(folder: Path, line: bytes, number: int, where: Mapping[str, Sequence[str]]) -> Row | None:
    """The photo of a line, None for one that is not asked for. Raises `FolderError`."""
    file = folder / CAPTIONS
    entry = entry_of(line, number, file)
    if not all(_holds(entry.get(key, False), values) for key, values in where.items()):
        return None
    captions = strings_of(entry, "captions", number, file)
    return Row(folder / entry["file"], captions, strings_of(entry, "labels", number, file))


def entry_of(line: bytes, number: int, file: Path) -> dict[str, Any]:
    """The object of a line of ``captions.jsonl``, which names a ``file``. Raises `FolderError` with its number."""
    try:
        entry = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise FolderError(f"Line {number} of {file} is not UTF-8 text.") from error
    except json.JSONDecodeError as error:
        raise FolderError(f"Line {number} of {file} is not JSON: {error.msg}.") from error
    except (ValueError, RecursionError) as error:
        raise FolderError(f"Line {number} of {file} has too many digits or is nested too deep.") from error
    if not isinstance(entry, dict) or not isinstance(entry.get("file"), str):
        raise FolderError(f"Line {number} of {file} is no object with a `file`.")
    return entry


def _holds(value: object, wanted: Sequence[str]) -> bool:
    """Whether a row's value is one of those wanted; of a list, whether one of its items is. ``true`` is written so."""
    items = value if isinstance(value, list) else [value]
    return any((item if isinstance(item, str) else json.dumps(item)) in wanted for item in items)


def strings_of(entry: Mapping[str, Any], key: str, number: int, file: Path) -> tuple[str, ...]:
    """The sentences under a key of such an object, or the one that stands there; none where it has no such key. Raises
    `FolderError`."""
    value = entry.get(key)
    items = [value] if isinstance(value, str) else (value or [])
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise FolderError(f"Line {number} of {file}: `{key}` is no list of sentences.")
    return tuple(item.strip() for item in items if item.strip())


def _class_rows(folder: Path) -> Iterator[Row]:
    from core.photos.scan import is_photo_name

    for label in sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")):
        for path in sorted(label.rglob("*")):
            if is_photo_name(path.name) and path.is_file():
                yield Row(path, labels=(label.name.replace("_", " "),))


def encode_photos(
    rows: Sequence[Row],
    encoder: Encoder,
    on_progress: Progress | None = None,
    faults: list[PhotoError] | None = None,
) -> tuple[list[Row], NDArray[np.float32]]:
    """The rows whose photo can be read, and float32[rows, dim] of them. ``faults`` gets what is wrong with the others.

    A batch is in memory at a time, decoded on as many threads as there are cores. Raises FolderError when no photo can
    be read, with the reason of the first.
    """
    faults = [] if faults is None else faults
    kept: list[Row] = []
    embeddings = np.empty((len(rows), encoder.dim), np.float32)
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        for start in range(0, len(rows), BATCH):
            some = rows[start : start + BATCH]
            images: list[Image] = []
            before = len(kept)
            for row, found in zip(some, pool.map(_load, some), strict=True):
                if isinstance(found, PhotoError):
                    faults.append(found)
                else:
                    kept.append(row)
                    images.append(found)
            embeddings[before : len(kept)] = encoder.encode_images(images)
            if on_progress is not None:
                on_progress(start + len(some), len(rows))
    if not kept:
        raise FolderError(f"None of the {len(rows)} photos can be read. The first is {str(faults[0]).rstrip('.')}.")
    return kept, embeddings[: len(kept)]


def _load(row: Row) -> Image | PhotoError:
    from core.photos.decode import decode

    try:
        return decode(row.path, min_side=MIN_SIDE, thumbnail=False).image
    except PhotoError as error:
        return error
