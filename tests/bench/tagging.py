"""Suggesting from stored embeddings: a whole run of the list of a thousand labels, a re-run, and the preview of one.

The library's photos are those of the model's background, each many times over and a little moved, so that as many
labels fit as in a real one. What encoding the sentences costs is a figure of its own: that is done once for each label.
"""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path

import numpy as np

from core.library import Library
from core.models import background
from core.models.encoder import Embeddings
from core.models.registry import ModelInfo
from core.tagging.types import Label, LabelList, TagReport
from tests.bench.libraries import Space, build
from tests.bench.measure import Row, timed

_LIST = "imagenet-1000"
_BUDGET_S = 30.0
_BUDGET_MS = 100.0
_PREVIEWED = ("dog", "harbour", "birthday cake", "person", "snow", "guitar", "sunset", "bicycle")
_BLOCK = 4096
_MOVED = 0.35
"""As long a vector, drawn at random, is added to each photo of the background."""


class Moved(Space):
    """Photos near to those of a model's background."""

    def __init__(self, photos: Embeddings, seed: int = 1) -> None:
        super().__init__(photos.shape[1], seed)
        self._known = photos
        self._chance = np.random.default_rng(seed)

    def photos(self, count: int) -> Embeddings:
        own = self._chance.standard_normal((count, self._known.shape[1]), dtype=np.float32)
        own *= _MOVED / np.linalg.norm(own, axis=1, keepdims=True)
        moved = self._known[self._chance.integers(0, len(self._known), count)] + own
        return np.asarray(moved / np.linalg.norm(moved, axis=1, keepdims=True), np.float32)


def measure(place: Path, photos: int, info: ModelInfo) -> list[Row]:
    """Everything named above. Raises FileNotFoundError where the model has no background."""
    found = background.load(info)
    if found is None:
        raise FileNotFoundError(f"{info.folder} has no background")
    build(place, photos, info.model_id, info.dim, Moved(found.photos))
    with closing(Library.open(place)) as library:
        labels = library.tagging.lists.get(_LIST)
        library.store.exact()
        began = time.perf_counter()
        _run(library, LabelList(labels.name, labels.labels, labels.templates), photos=[1])
        encoding = time.perf_counter() - began
        first = _run(library, labels)
        again = _run(library, labels)
        product = _product(library, found.captions, len(labels.labels))
        name = f"{photos:,} photos x {len(labels.labels):,} labels"
        previewed = [Label(one) for one in _PREVIEWED]
        shown = LabelList("previewed", tuple(previewed))
        suggester = library.tagging.suggester
        for label in previewed:
            suggester.preview(label, shown)  # its sentences are encoded
        suggester.refresh()
        times = timed([lambda label=label: suggester.preview(label, shown) for label in previewed])
    bound, bound_ms = (_BUDGET_S, _BUDGET_MS) if photos >= 100_000 else (None, None)
    return [
        Row(f"tagging {name}", first.seconds, "s", product, "their matrix product", bound),
        Row("  suggestions a photo", first.suggested / max(1, photos), ""),
        Row("  again, nothing new", again.seconds, "s", product, "their matrix product", bound),
        Row("  sentences of all labels, once", encoding, "s"),
        Row(f"preview of a label, {photos:,} photos, p95", times.p95, "ms", times.p50, "p50", bound_ms),
    ]


def _run(library: Library, labels: LabelList, photos: list[int] | None = None) -> TagReport:
    *_, last = library.tagging.suggester.run(labels, photos=photos)
    return last.report


def _product(library: Library, some: Embeddings, count: int) -> float:
    """Seconds that the products of all photos with so many vectors take, and nothing else."""
    exact = library.store.exact()
    labels = np.resize(some, (count, some.shape[1])).T.copy()
    ids = exact.ids
    began = time.perf_counter()
    for at in range(0, len(ids), _BLOCK):
        exact.vectors(ids[at : at + _BLOCK])[1] @ labels
    return time.perf_counter() - began
