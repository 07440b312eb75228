"""Whether one encoder may stand in for another: the check that an exported model passes before it is used.

In float32 every probe has to come out the same (cosine >= 0.9999). In reduced precision single vectors may differ more
without harm, so that ranking is judged: the ten photos nearest to each sentence stay the same ten (overlap >= 0.95),
and no more than half a point of recall is lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.models.encoder import Embeddings, Encoder

if TYPE_CHECKING:
    from PIL.Image import Image

COSINE = 0.9999
OVERLAP = 0.95
RECALL_LOSS = 0.005
TOP = 10
FEWEST_PHOTOS = 4 * TOP
"""Among fewer, ten are found by chance too often to say anything."""


@dataclass(frozen=True, slots=True)
class ParityReport:
    """How far a candidate differs from its reference. Cosines are of the same probe through both."""

    photos: int
    sentences: int
    reduced: bool
    """Whether ranking was judged (reduced precision), or single vectors (float32)."""
    photo_cosine_worst: float
    photo_cosine_median: float
    sentence_cosine_worst: float
    sentence_cosine_median: float
    overlap: float | None
    """The mean share of each sentence's ten nearest photos that both agree on; None without enough photos."""
    recall_loss: float | None
    """recall@10 of the reference less that of the candidate, as a fraction; None where no sentence has a photo."""

    @property
    def ok(self) -> bool:
        """Whether the candidate may be used."""
        if not self.reduced:
            return min(self.photo_cosine_worst, self.sentence_cosine_worst) >= COSINE
        if self.overlap is None:
            return False
        return self.overlap >= OVERLAP and (self.recall_loss is None or self.recall_loss <= RECALL_LOSS)

    @property
    def sentence(self) -> str:
        """The report in words, for doctor."""
        verdict = "agrees with" if self.ok else "differs too much from"
        seen = f"{self.photos} photos and {self.sentences} sentences"
        if not self.reduced:
            worst = min(self.photo_cosine_worst, self.sentence_cosine_worst)
            return f"The encoder {verdict} its reference on {seen}: the worst cosine is {worst:.6f}."
        if self.overlap is None:
            return f"{seen} are too few to judge a reduced precision by: it takes {FEWEST_PHOTOS} photos."
        said = f"The encoder {verdict} its reference on {seen}: the ten nearest agree by {self.overlap:.1%}"
        return (
            f"{said}."
            if self.recall_loss is None
            else f"{said}, recall@10 falls by {100 * self.recall_loss:.2f} points."
        )


def compare(
    reference: Encoder,
    candidate: Encoder,
    photos: Sequence[Image],
    sentences: Sequence[str],
    *,
    reduced: bool = False,
    photo_of: Sequence[int] | None = None,
) -> ParityReport:
    """Encodes all probes with both and compares.

    ``reduced`` judges by ranking, as is right for bf16; it takes at least 40 photos. ``photo_of`` gives for each
    sentence the place of the photo that it describes, so that recall can be compared.

    Raises ValueError without any probe.
    """
    if not photos or not sentences:
        raise ValueError("Parity is judged on at least one photo and one sentence.")
    images = reference.encode_images(photos), candidate.encode_images(photos)
    texts = reference.encode_texts(sentences), candidate.encode_texts(sentences)
    photo_cosines, sentence_cosines = _cosines(*images), _cosines(*texts)
    nearest = [_nearest(text, image) for text, image in zip(texts, images, strict=True)]
    loss = None
    if photo_of is not None:
        loss = _recall(nearest[0], photo_of) - _recall(nearest[1], photo_of)
    return ParityReport(
        photos=len(photos),
        sentences=len(sentences),
        reduced=reduced,
        photo_cosine_worst=float(photo_cosines.min()),
        photo_cosine_median=float(np.median(photo_cosines)),
        sentence_cosine_worst=float(sentence_cosines.min()),
        sentence_cosine_median=float(np.median(sentence_cosines)),
        overlap=_overlap(*nearest) if len(photos) >= FEWEST_PHOTOS else None,
        recall_loss=loss,
    )


def _cosines(one: Embeddings, other: Embeddings) -> NDArray[np.float64]:
    """The cosine of each row with its counterpart; -1 where either is not finite, or of another width."""
    if one.shape != other.shape:
        return np.full(len(one), -1.0)
    cosines = np.einsum("nd,nd->n", one.astype(np.float64), other.astype(np.float64))
    return np.where(np.isfinite(cosines), cosines, -1.0)


def _nearest(texts: Embeddings, images: Embeddings) -> NDArray[np.intp]:
    """intp[sentences, 10]: the photos nearest to each sentence."""
    return np.argsort(-(texts @ images.T), axis=1, kind="stable")[:, :TOP]


def _overlap(one: NDArray[np.intp], other: NDArray[np.intp]) -> float:
    return float(np.mean([len(np.intersect1d(a, b)) / len(a) for a, b in zip(one, other, strict=True)]))


def _recall(nearest: NDArray[np.intp], photo_of: Sequence[int]) -> float:
    return float((nearest == np.asarray(photo_of)[:, None]).any(axis=1).mean())
