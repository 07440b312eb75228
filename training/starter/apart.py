"""The report's second part: headline figures taken apart where a part of the set may be easier or harder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.evaluation import folder, retrieval, zero_shot
from core.evaluation.retrieval import Interval
from core.models.encoder import Encoder
from training import pages
from training.starter import chance, classifier


@dataclass(frozen=True, slots=True)
class Apart:
    """Part of a set: what it is, how many photos, which figure, and how good."""

    what: str
    photos: int
    figure: str
    value: Interval


def unsquashed(data: Path, encoder: Encoder) -> Apart:
    """Recall@10 among the `flickr8k` validation photos alone that kept their own shape."""
    # Where nothing was pressed into a square the row does not say so at all.
    where = {"split": ("val",), "squashed": ("null", "false")}
    rows, photos = folder.encode_photos(folder.read_rows(data / "flickr8k", where), encoder)
    owner = [index for index, row in enumerate(rows) for _ in row.captions]
    sentences = encoder.encode_texts([caption for row in rows for caption in row.captions])
    ranks = retrieval.caption_ranks(photos, sentences, owner)
    found = retrieval.recall_interval(ranks, 10, owner)
    return Apart("`flickr8k` val, not squashed (queries and gallery)", len(rows), "recall@10", found)


def instruments(data: Path, encoder: Encoder, met: set[str]) -> tuple[list[Apart], list[str]]:
    """Top-1 among all kinds, over the photos of kinds that the model has a name for in ``met``, and over the others.

    ``met`` are the words of ImageNet's and `caltech101`'s classes. Returns the kinds that it never met beside it.
    """
    rows, photos = folder.encode_photos(folder.read_rows(data / "eval/instruments", {}), encoder)
    kinds = sorted({row.labels[0] for row in rows})
    unmet = [kind for kind, names in classifier.related(kinds, met).items() if not names]
    named = zero_shot.class_embeddings(encoder, kinds)
    truth = np.array([kinds.index(row.labels[0]) for row in rows])
    hits = (photos @ named.T).argmax(axis=1) == truth
    new = np.isin(truth, [kinds.index(kind) for kind in unmet])
    parts = (
        (f"instruments: the {len(unmet)} kinds that are in neither", new),
        (f"instruments: the {len(kinds) - len(unmet)} kinds of ImageNet or `caltech101`", ~new),
    )
    found = [Apart(what, int(at.sum()), "top-1", chance.share(hits[at])) for what, at in parts if at.any()]
    return found, unmet


def apart_table(found: list[Apart], unmet: list[str]) -> str:
    """The figures with their intervals, and the kinds that were never met."""
    rows = [[one.what, str(one.photos), one.figure, chance.percent(one.value)] for one in found]
    said = f"In neither (all 30 kinds may be answered): {', '.join(unmet)}."
    return pages.table(["part", "photos", "figure", "per cent"], rows) + "\n\n" + said
