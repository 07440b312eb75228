"""What the written model is worth: the figures, the calibration and the parity that ``model.json`` carries.

Nothing here looks at cached features. The folder is loaded as the program will load it, the photos are decoded as the
program decodes them, and the evaluation is the code behind ``retrouve evaluate``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image

from core.evaluation import calibration, folder, zero_shot
from core.evaluation.calibration import Logistic
from core.evaluation.folder import EvaluationReport, Row
from core.models.compiling import has_bf16
from core.models.encoder import Backend, Encoder, EncoderSpec
from core.models.parity import ParityReport, compare
from core.models.registry import PHOTOS, build_encoder, load_info
from core.photos.decode import decode
from training.starter.data import VALIDATION_BOOKS
from training.starter.keywords import agreed, words_in

NEGATIVES = 50
"""Mismatched photos that each sentence is paired with for the calibration."""
NEIGHBOURS = 50
"""Photos that each photo of `caltech101` is compared with for the calibration of two photos."""
SAME_ABOVE = 0.8
"""Captions whose embeddings are closer than this may well be true of each other's photos: such a pair says nothing."""
WORD_PHOTOS = 20
"""A word counts as a query where so many validation photos have it in two captions or more."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One set that the model is measured on: a folder, which of its rows, and what it is called."""

    name: str
    folder: str
    where: Mapping[str, Sequence[str]] = field(default_factory=dict)


MEASURES = (
    Measure("validation books", "openstax", {"book": VALIDATION_BOOKS}),
    Measure("flickr8k val", "flickr8k", {"split": ("val",)}),
    Measure("coco val", "coco", {"split": ("val",)}),
    Measure("scenes", "eval/scenes"),
    Measure("instruments", "eval/instruments"),
)


@dataclass(frozen=True, slots=True)
class Findings:
    """All that was measured on a written model folder."""

    reports: dict[str, EvaluationReport]
    calibration: Logistic
    photo_calibration: Logistic
    parity: dict[str, ParityReport]
    words_precision_at_10: float
    """Of the ten `flickr8k` photos that a bare word finds first, the share with a caption that says it; a mean over
    the words that `words` chooses."""

    @property
    def precisions(self) -> list[str]:
        """The precisions that passed."""
        return [name for name, report in self.parity.items() if report.ok]


def measure(data: Path, model: Path, tell: Callable[[str], None]) -> Findings:
    """Measure a written model folder on every validation set, fit its calibration, check its graphs against torch."""
    encoder = build_encoder(EncoderSpec(model, Backend.OPENVINO, "f32"))
    reports: dict[str, EvaluationReport] = {}
    kept: dict[str, tuple[list[Row], NDArray[np.float32]]] = {}
    pairs: list[tuple[NDArray[np.float32], NDArray[np.float32]]] = []
    for one in MEASURES:
        rows, photos = folder.encode_photos(folder.read_rows(data / one.folder, one.where), encoder)
        reports[one.name] = folder.measure(rows, photos, encoder)
        pairs.append(_pairs(rows, photos, encoder))
        kept[one.name] = rows, photos
        tell(f"{one.name}: {headline(reports[one.name])}")
    # Every set weighs the same in the calibration, however many captions it has; one without two sentences that differ
    # has nothing to say.
    pairs = [(own, others) for own, others in pairs if len(own) and len(others)]
    rng = np.random.default_rng(0)
    size = max(len(matches) for matches, _ in pairs)
    matches = np.concatenate([rng.choice(found, size) for found, _ in pairs])
    mismatches = np.concatenate([rng.choice(found, size * 10) for _, found in pairs])
    fitted = calibration.fit(matches, mismatches)
    words = words_precision(*kept["flickr8k val"], encoder)
    tell(f"bare words: precision@10 {words:.3f}")
    parity = dict(_parity(data, model, encoder))
    for name, report in parity.items():
        tell(f"{name}: {report.sentence}")
    return Findings(reports, fitted, neighbours(data, encoder), parity, words)


def neighbours(data: Path, encoder: Encoder) -> Logistic:
    """From the cosine of two photos to the probability that they show one kind of thing, as it is among the nearest
    neighbours of every photo of `caltech101`: what "more like this" shows."""
    rows, photos = folder.encode_photos(folder.read_rows(data / "caltech101", {}), encoder)
    kinds = np.array([row.labels[0] for row in rows])
    cosines = photos @ photos.T
    np.fill_diagonal(cosines, -2.0)
    nearest = np.argsort(-cosines, axis=1)[:, : min(NEIGHBOURS, len(rows) - 1)]
    found = np.take_along_axis(cosines, nearest, axis=1)
    same = kinds[nearest] == kinds[:, None]
    share = float(np.clip(same.mean(), 0.01, 0.99)) if same.size else 0.5
    if same.all() or not same.any():
        return Logistic(PHOTOS.slope, PHOTOS.intercept)
    return calibration.fit(found[same], found[~same], prior=share)


def headline(report: EvaluationReport) -> str:
    """The figure that a set is known by."""
    if report.text_to_photo_recall_at_10 is None:
        low, high = report.zero_shot_top1_interval or (0.0, 1.0)
        share = report.zero_shot_top1 or 0.0
        return f"zero-shot top-1 {share:.3f} ({low:.3f} to {high:.3f}) over {report.photos} photos"
    low, high = report.text_to_photo_recall_at_10_interval or (0.0, 1.0)
    return f"recall@10 {report.text_to_photo_recall_at_10:.3f} ({low:.3f} to {high:.3f}) over {report.photos} photos"


def words_precision(rows: Sequence[Row], photos: NDArray[np.float32], encoder: Encoder) -> float:
    """How well bare words find photos: precision@10 (0 to 1), a mean over words that many photos' captions agree on."""
    common = Counter(word for row in rows for word in agreed(row.captions))
    chosen = sorted(word for word, count in common.items() if count >= WORD_PHOTOS)
    said = [{word for caption in row.captions for word in words_in(caption)} for row in rows]
    nearest = np.argsort(-(encoder.encode_texts(chosen) @ photos.T), axis=1)[:, :10]
    hits = [[word in said[index] for index in first] for word, first in zip(chosen, nearest, strict=True)]
    return float(np.mean(hits)) if hits else 0.0


def _pairs(
    rows: Sequence[Row], photos: NDArray[np.float32], encoder: Encoder
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Cosines of sentences with photos that they are true of, and with photos that they are not."""
    if any(row.captions for row in rows):
        sentences = encoder.encode_texts([caption for row in rows for caption in row.captions])
        owner = np.array([index for index, row in enumerate(rows) for _ in row.captions])
    else:
        classes = sorted({row.labels[0] for row in rows})
        named = zero_shot.class_embeddings(encoder, classes)
        owner = np.arange(len(rows))
        sentences = named[[classes.index(row.labels[0]) for row in rows]]
    matches = np.einsum("nd,nd->n", sentences, photos[owner])
    rng = np.random.default_rng(0)
    asked = np.repeat(np.arange(len(sentences)), NEGATIVES)
    shown = rng.integers(0, len(sentences), len(asked))
    # The other photo is drawn through one of its own sentences, which tells whether the two mean the same.
    alike = np.einsum("nd,nd->n", sentences[asked], sentences[shown]) > SAME_ABOVE
    foreign = (owner[asked] != owner[shown]) & ~alike
    mismatches = np.einsum("nd,nd->n", sentences[asked[foreign]], photos[owner[shown[foreign]]])
    return matches, mismatches


def _parity(data: Path, model: Path, encoder: Encoder) -> Iterator[tuple[str, ParityReport]]:
    """The graphs against torch: float32 vector by vector on the COCO validation photos.

    bfloat16, where this CPU has it, is judged by ranking. Half a point of recall takes thousands of sentences to tell
    from chance, so that it is compared on all of `flickr8k` val, with the graphs in float32, which passed by then.
    """
    rows = folder.read_rows(data / "coco", {"split": ("val",)})
    sentences = [caption for row in rows for caption in row.captions]
    reference = build_encoder(EncoderSpec(model, Backend.OPENCLIP, "f32"))
    exact = compare(reference, encoder, _photos(rows, model), sentences)
    yield "f32", exact
    if has_bf16() and exact.ok:
        rows = folder.read_rows(data / "flickr8k", {"split": ("val",)})
        sentences = [caption for row in rows for caption in row.captions]
        owner = [index for index, row in enumerate(rows) for _ in row.captions]
        reduced = build_encoder(EncoderSpec(model, Backend.OPENVINO, "bf16"))
        yield "bf16", compare(encoder, reduced, _photos(rows, model), sentences, reduced=True, photo_of=owner)


def _photos(rows: Sequence[Row], model: Path) -> list[Image]:
    """Photos as the tower sees them, 260 pixels square, so that hundreds fit in memory. Fitting again is harmless."""
    fit = load_info(model).preprocess.fit
    return [fit(decode(row.path, min_side=folder.MIN_SIDE, thumbnail=False).image) for row in rows]
