"""Queries of a warm library: the whole of ``Searcher.search`` with sentences that are encoded already."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from PIL.Image import Image

from core.catalog.connection import Catalog
from core.models.encoder import Embeddings, Encoder
from core.search.calibration import Curve
from core.search.searcher import Searcher
from core.search.store import VectorStore
from tests.bench.libraries import Built, Space
from tests.bench.measure import Row, Times, timed

_QUERIES = 60
_TOP = 50
_CURVE = Curve(20.0, -6.0, 0.5)
_BUDGET_MS = {100_000: 30.0}
SHARES = {
    "50 %": "date:2018-01-01..2019-05-15",
    "5 %": "date:2018-01-01..2018-02-19",
    "0.5 %": "date:2018-01-01..2018-01-05",
    # Of one day, on which the names end in 679, every other photo.
    "0.05 %": "date:2018-01-02 (name:1679 OR name:3679 OR name:5679 OR name:7679 OR name:9679)",
}
"""How many photos of a built library pass, whatever its size, and what is asked for that."""


@dataclass(frozen=True, slots=True)
class Model:
    """What search asks of a model."""

    model_id: str
    dim: int
    image_size: int = 224
    calibration: Curve = field(default=_CURVE)
    photo_calibration: Curve = field(default=_CURVE)


class Prepared(Encoder):
    """Sentences whose embeddings were drawn beforehand: what encoding costs is another figure."""

    def __init__(self, model_id: str, vectors: Embeddings) -> None:
        self._model_id = model_id
        self._vectors = vectors

    @property
    def model_id(self) -> str:
        return self._model_id

    @property
    def dim(self) -> int:
        return int(self._vectors.shape[1])

    def encode_texts(self, texts: Sequence[str]) -> Embeddings:
        return self._vectors[[int(text.removeprefix("sentence")) for text in texts]]

    def encode_images(self, images: Sequence[Image]) -> Embeddings:
        raise NotImplementedError("no photo is encoded here")


def measure(built: Built, model_id: str, space: Space) -> list[Row]:
    """Query times, and the size of what search maps, beside one product of a float32 matrix in memory."""
    encoder = Prepared(model_id, space.sentences(_QUERIES))
    count = f"{built.photos:,} photos"
    with (
        closing(Catalog.open(built.folder)) as catalog,
        closing(VectorStore(catalog, built.folder, Model(model_id, built.dim))) as store,
    ):
        searcher = Searcher(catalog, store, encoder, Model(model_id, built.dim))
        sentences = [f"sentence{number}" for number in range(_QUERIES)]
        for sentence in sentences:
            searcher.search(sentence, top=_TOP)  # Encodes it, and reads the mapped pages once.
        plain = _plain(store, encoder.encode_texts(sentences))
        index = timed([lambda v=v: store.index().search(v, _TOP) for v in encoder.encode_texts(sentences)])
        whole = search(searcher, sentences)
        rows = [
            Row(f"query, {count}, p50", whole.p50, "ms", plain.p50, "NumPy float32 product and sort, p50"),
            Row(f"query, {count}, p95", whole.p95, "ms", plain.p95, "the same, p95", _BUDGET_MS.get(built.photos)),
            Row(f"  of it the vector index, {count}, p95", index.p95, "ms", plain.p95, "the same, p95"),
        ]
        if built.photos >= 100_000:
            for share, said in SHARES.items():
                filtered = search(searcher, [f"{sentence} {said}" for sentence in sentences])
                rows.append(
                    Row(
                        f"query, {share} pass a filter, {count}, p95",
                        filtered.p95,
                        "ms",
                        plain.p95,
                        "the same, p95",
                        30.0,
                    )
                )
            without = search(searcher, [f"{a} -{b}" for a, b in pairwise(sentences)])
            rows.append(Row(f"query with -word, {count}, p95", without.p95, "ms", plain.p95, "the same, p95", 30.0))
            alone = search(searcher, ["date:2019", "folder:0042", "-date:2018"] * 10)
            rows.append(Row(f"filter alone, {count}, p95", alone.p95, "ms"))
            rows += sizes(built)
    return rows


def search(searcher: Searcher, queries: Sequence[str]) -> Times:
    """The times of whole searches."""
    return timed([lambda query=query: searcher.search(query, top=_TOP) for query in queries])


def _plain(store: VectorStore, vectors: Embeddings) -> Times:
    exact = store.exact()
    matrix = exact.vectors(exact.ids)[1]

    def product(vector: np.ndarray) -> np.ndarray:
        scores = matrix @ vector
        top = np.argpartition(scores, -_TOP)[-_TOP:]
        return top[np.argsort(-scores[top])]

    return timed([lambda v=v: product(v) for v in vectors])


def sizes(built: Built) -> list[Row]:
    """What the vectors take on the disk, for each 100,000 photos."""
    scale = 100_000 / built.photos * 512 / built.dim / 1e6
    raw = built.photos * built.dim * 2 * scale
    mapped = sum(file.stat().st_size for file in (built.folder / "cache" / "vectors").rglob("*") if file.is_file())
    where = "float16 numbers alone"
    return [
        Row("vectors in the catalogue, 100,000 x 512", built.bytes_of_vectors * scale, "MB", raw, where, 115.0),
        Row("vectors that search maps, 100,000 x 512", mapped * scale, "MB", raw, where, 105.0),
    ]
