"""Photos whose labels are known: sorted into classes, or said by their captions.

A word of captions is true of a photo of `flickr8k` where two of its five captions say it, unknown where one does, and
false where none does; in `coco`, most of whose photos have one caption, one is enough. Captions do not name all that is
there: what counts as wrong below is sometimes right.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.evaluation.folder import Row, encode_photos, read_rows
from core.models.encoder import Encoder
from core.search.wordforms import forms

CLASSES = ("caltech101", "flower_photos", "labelled/clothing", "labelled/grocery", "labelled/materials")
"""The model learned from these photos: they teach how labels of one list share photos, no more."""
UNSEEN = ("flickr8k", "coco")
"""Their validation photos were never learned from."""
EVALUATION = ("eval/scenes", "eval/instruments")
"""For figures alone: nothing is fitted to them."""

PLAIN = {
    "airplanes": "airplane",
    "car side": "car",
    "cougar body": "cougar",
    "cougar face": "cougar",
    "crocodile head": "crocodile",
    "faces": "face",
    "faces easy": "face",
    "flamingo head": "flamingo",
    "leopards": "leopard",
    "motorbikes": "motorbike",
    "roses": "rose",
    "sunflowers": "sunflower",
    "tulips": "tulip",
    "water lilly": "water lily",
}
"""Classes as a person would write the label."""

_FEWEST = {"flickr8k": 8, "coco": 5}
_SPOKEN = {"flickr8k": 2, "coco": 1}
_NO_LABELS = frozenset(
    re.findall(
        "[a-z]+",
        """
    the and with are his her their its for from that this while into over out near who there through behind off
    under around very each has have another other two three some one all them him she they being been white black
    brown blue red green yellow orange pink purple colored dark light young old little large small big long next
    top front side middle back background edge area several group picture shown outside wearing running standing
    sitting playing looking holding taking made tan wooden air mouth body trick
""",
    )
)
"""Words that nobody would make a label of."""


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """A set: ``photos`` float32[n, dim], its labels, and ``truth`` float64[labels, n]: 1, 0, or NaN where unknown.

    ``told`` is where at least one caption says a label, 1 or 0; of sorted photos it is the truth."""

    name: str
    photos: NDArray[np.float32]
    labels: tuple[str, ...]
    truth: NDArray[np.float64]
    told: NDArray[np.float64]
    captions: tuple[str, ...] = ()
    """All that is said of each photo, in small letters."""


def read(data: Path, name: str, encoder: Encoder, kept: Path | None = None) -> Known:
    """One of the sets above. ``kept`` is a folder in which embeddings wait for the next time."""
    captioned = name in UNSEEN
    rows = read_rows(data / name, {"split": ["val"]} if captioned else {})
    rows, photos = _encoded(rows, name, encoder, kept)
    if captioned:
        return _spoken(name, rows, photos)
    told = [PLAIN.get(row.labels[0], row.labels[0]) for row in rows]
    labels = tuple(sorted(set(told)))
    truth = np.array([[float(one == label) for one in told] for label in labels])
    return Known(name, photos, labels, truth, truth)


def _encoded(rows: list[Row], name: str, encoder: Encoder, kept: Path | None) -> tuple[list[Row], NDArray[np.float32]]:
    file = None if kept is None else kept / f"{encoder.model_id}-{name.replace('/', '-')}.npz"
    if file is not None and file.is_file():
        with np.load(file) as stored:
            paths, photos = stored["paths"].tolist(), stored["photos"]
        by_path = {row.path.name + row.path.parent.name: row for row in rows}
        return [by_path[path] for path in paths], photos
    rows, photos = encode_photos(rows, encoder)
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        np.savez(file, paths=np.array([row.path.name + row.path.parent.name for row in rows]), photos=photos)
    return rows, photos


def _spoken(name: str, rows: Sequence[Row], photos: NDArray[np.float32]) -> Known:
    words = [[set(re.findall("[a-z]+", caption.lower())) for caption in row.captions] for row in rows]
    counts = Counter(
        word
        for said in words
        for word, number in Counter(word for one in said for word in one).items()
        if number >= _SPOKEN[name] and len(word) > 2 and word not in _NO_LABELS
    )
    labels: list[str] = []
    for word, number in counts.most_common():
        if number >= _FEWEST[name] and not any(word in forms(other) for other in labels):
            labels.append(word)
    said = np.array([[sum(not _forms(label).isdisjoint(one) for one in each) for each in words] for label in labels])
    truth = np.where(said >= _SPOKEN[name], 1.0, np.where(said > 0, np.nan, 0.0))
    captions = tuple(" ".join(row.captions).lower() for row in rows)
    return Known(name, photos, tuple(labels), truth, (said > 0).astype(np.float64), captions)


def _forms(word: str) -> set[str]:
    return {word, *forms(word)}
