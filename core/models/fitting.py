"""What a new model's scores mean, measured on the photos that come with the program and on their captions.

No published calibration exists for most models. Captions of the sample photos give pairs that match and pairs that do
not; a logistic map through both (Platt 1999) makes a cosine a probability. A model that cannot tell the samples apart
(another language, weights that nobody trained) is mapped by its mismatches alone: a match has to stand far out of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.errors import ModelDamaged
from core.evaluation.calibration import fit
from core.models.registry import PHOTOS, Calibration, build_encoder, load_info, spec_for, starter_folder

if TYPE_CHECKING:
    from PIL.Image import Image

    from core.models.encoder import Encoder

SAMPLES = 48
"""Photos that a model is measured on: parity in reduced precision takes 40."""
LINE = 0.25
"""The probability from which a result is called strong, as for the bundled model."""
_LEAST = 0.75
"""How often a caption must prefer its own photo to another one before its pairs say anything (0.5 is chance)."""
_FAR = 3.0
"""Standard deviations above the mismatches at which a pair counts as even odds, where nothing better is known."""
_SIDE = 512
_ALIKE = 1e-6
"""Embeddings (of unit length) that differ by less in every place are the same, but for rounding."""


@dataclass(frozen=True, slots=True)
class Probes:
    """Sample photos, upright RGB of at most 512 pixels, and a caption for each, in the same order."""

    photos: list[Image]
    sentences: list[str]


@dataclass(frozen=True, slots=True)
class Fitted:
    """What a model's scores mean: of a sentence and a photo, and of two photos.

    ``measured`` is whether the captions' own photos took part; ``found_at_5`` the share of captions whose photo is
    among the five nearest; ``auc`` how often a caption prefers its own photo to another one.
    """

    text: Calibration
    photo: Calibration
    measured: bool
    found_at_5: float
    auc: float

    def as_card(self) -> dict[str, object]:
        """As ``model.json`` has it."""
        return {
            "calibration": _rounded(self.text),
            "photo_calibration": _rounded(self.photo),
            "calibrated_on": {
                "photos": SAMPLES,
                "measured": self.measured,
                "found_at_5": round(self.found_at_5, 4),
                "auc": round(self.auc, 4),
            },
        }


@cache
def probes(count: int = SAMPLES) -> Probes:
    """Sample photos spread over all of them, with the first caption of each. Raises OSError when they are not there."""
    from PIL import Image, ImageOps

    folder = Path(str(resources.files("resources"))) / "samples"
    rows = [json.loads(line) for line in (folder / "captions.jsonl").read_text(encoding="utf-8").splitlines()]
    chosen = [rows[int(place)] for place in np.linspace(0, len(rows) - 1, min(count, len(rows)))]
    photos = []
    for row in chosen:
        with Image.open(folder / row["file"]) as image:
            image.draft("RGB", (_SIDE, _SIDE))
            photo = ImageOps.exif_transpose(image).convert("RGB")
        photo.thumbnail((_SIDE, _SIDE))
        photos.append(photo)
    return Probes(photos, [str(row["captions"][0]) for row in chosen])


def fit_scores(encoder: Encoder, on_progress: Callable[[int, int], None] | None = None) -> Fitted:
    """Measure a model on the samples. ``on_progress`` hears how many photos of how many are encoded; what it raises
    ends the work. Raises ModelError as the encoder does, and as `check_embeddings` does.
    """
    seen = probes()
    rows = []
    for part in _parts(len(seen.photos)):
        rows.append(encoder.encode_images(seen.photos[part]))
        if on_progress is not None:
            on_progress(min(part.stop, len(seen.photos)), len(seen.photos))
    photos, texts = np.concatenate(rows).astype(np.float64), encoder.encode_texts(seen.sentences).astype(np.float64)
    check_embeddings(photos, "photo")
    check_embeddings(texts, "sentence")
    cosines = texts @ photos.T
    own = np.eye(len(cosines), dtype=bool)
    matches, mismatches = cosines[own], cosines[~own]
    auc = float((matches[:, None] > cosines).sum() / mismatches.size)
    places = (cosines > matches[:, None]).sum(axis=1)
    text = _from_pairs(matches, mismatches) if auc >= _LEAST else None
    return Fitted(
        text or _from_mismatches(mismatches),
        _of_photos(_upper(photos)),
        text is not None,
        float((places < 5).mean()),
        auc,
    )


def check_embeddings(rows: NDArray[np.floating[Any]], what: str) -> None:
    """Raises ModelDamaged where a model gives no embeddings, [n, dim], of several different photos or sentences
    (``what`` they are): none that are numbers, or the same for all."""
    if not np.isfinite(rows).all():
        raise ModelDamaged(f"The model gives no numbers for a {what}: its weights hold none, or are not meant for it.")
    if len(rows) > 1 and np.ptp(rows, axis=0).max() < _ALIKE:
        raise ModelDamaged(f"The model gives the same for every {what}: its weights are empty, or not meant for it.")


def _parts(count: int, size: int = 8) -> Iterator[slice]:
    for start in range(0, count, size):
        yield slice(start, start + size)


def _from_pairs(matches: NDArray[np.float64], mismatches: NDArray[np.float64]) -> Calibration | None:
    """The map through both kinds; None where it comes out flat or falling."""
    found = fit(matches, mismatches)
    if not (np.isfinite([found.slope, found.intercept]).all() and found.slope > 0):
        return None
    return Calibration(found.slope, found.intercept, LINE)


def _from_mismatches(mismatches: NDArray[np.float64]) -> Calibration:
    """A map for which a pair must stand out of what does not match: even odds three deviations above the mean."""
    mean, spread = float(mismatches.mean()), max(float(mismatches.std()), 1e-4)
    slope = _FAR / spread
    return Calibration(slope, -slope * (mean + _FAR * spread), LINE)


def _of_photos(cosines: NDArray[np.float64]) -> Calibration:
    """The bundled model's map of two photos, moved and stretched to where this model's photos lie."""
    mean, spread = _starter_photos()
    known = load_info(starter_folder()).photo_calibration
    ratio = max(float(cosines.std()), 1e-4) / spread
    middle = -known.intercept / known.slope
    slope = known.slope / ratio
    return Calibration(slope, -slope * (float(cosines.mean()) + (middle - mean) * ratio), known.line or PHOTOS.line)


@cache
def _starter_photos() -> tuple[float, float]:
    """Mean and deviation of the cosines of two sample photos in the bundled model's space."""
    encoder = build_encoder(spec_for(starter_folder(), None, precision="f32"))
    cosines = _upper(encoder.encode_images(probes().photos).astype(np.float64))
    return float(cosines.mean()), max(float(cosines.std()), 1e-4)


def _upper(photos: NDArray[np.float64]) -> NDArray[np.float64]:
    """The cosines of each two different photos, once."""
    cosines: NDArray[np.float64] = (photos @ photos.T)[np.triu_indices(len(photos), 1)]
    return cosines


def _rounded(calibration: Calibration) -> dict[str, float]:
    return {
        "slope": round(calibration.slope, 4),
        "intercept": round(calibration.intercept, 4),
        "line": round(calibration.line, 4),
    }
