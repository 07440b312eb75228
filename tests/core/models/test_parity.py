"""The light encoder equals the reference: on a tiny model, and on the bundled one with drawn and real photos."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.models import compiling
from core.models.encoder import Backend, Embeddings, Encoder, EncoderSpec
from core.models.openclip import OpenClipEncoder
from core.models.openvino import OpenVinoEncoder
from core.models.parity import FEWEST_PHOTOS, ParityReport, compare
from core.models.registry import load_info

SENTENCES = [
    "a dog runs on the beach",
    "Two people sit in front of a red house.",
    "",
    "schöne Straße &amp; Meer 😀",
    "a photo of a cat " * 60,
    "KITCHEN, 1950s; black-and-white",
    "mojibake: schÃ¶n â€™",
    "日本の写真",
]


class Turned(Encoder):
    """An encoder that repeats another's embeddings, each turned away a little: a real one with a fault."""

    def __init__(self, base: Encoder, by: float) -> None:
        self.base, self.by = base, by
        self.chance = np.random.default_rng(5)

    @property
    def model_id(self) -> str:
        return self.base.model_id

    @property
    def dim(self) -> int:
        return self.base.dim

    def encode_images(self, images: Sequence[Image.Image]) -> Embeddings:
        return self._turned(self.base.encode_images(images))

    def encode_texts(self, texts: Sequence[str]) -> Embeddings:
        return self._turned(self.base.encode_texts(texts))

    def _turned(self, found: Embeddings) -> Embeddings:
        found = found + self.by * self.chance.standard_normal(found.shape).astype(np.float32) / np.sqrt(self.dim)
        return found / np.linalg.norm(found, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def tiny(tiny_model: Path) -> OpenVinoEncoder:
    return OpenVinoEncoder(EncoderSpec(tiny_model, precision="f32"))


@pytest.fixture(scope="module")
def reference(starter: Path) -> OpenClipEncoder:
    pytest.importorskip("open_clip", reason="the reference comes with the [torch] extra")
    return OpenClipEncoder(EncoderSpec(starter, Backend.OPENCLIP), "cpu")


def probes(pairs: list[tuple[Image.Image, list[str]]]) -> tuple[list[Image.Image], list[str], list[int]]:
    """Photos, all their captions, and which photo each caption describes."""
    said = [(caption, place) for place, (_, captions) in enumerate(pairs) for caption in captions]
    return [photo for photo, _ in pairs], [caption for caption, _ in said], [place for _, place in said]


@pytest.mark.torch
def test_a_tiny_model_is_the_same_in_both(tiny_model, tiny, drawn_photos):
    report = compare(OpenClipEncoder(EncoderSpec(tiny_model, Backend.OPENCLIP), "cpu"), tiny, drawn_photos, SENTENCES)
    assert report.ok, report
    assert "agrees with" in report.sentence


@pytest.mark.torch
def test_the_bundled_model_is_the_same_in_both(reference, starter, drawn_photos):
    encoder = OpenVinoEncoder(EncoderSpec(starter, precision="f32"))
    report = compare(reference, encoder, drawn_photos, SENTENCES)
    assert report.ok, report


@pytest.mark.torch
def test_the_bundled_model_is_the_same_on_real_photos(reference, starter, real_photos):
    photos, captions, photo_of = probes(real_photos[:FEWEST_PHOTOS])
    encoder = OpenVinoEncoder(EncoderSpec(starter, precision="f32"))
    report = compare(reference, encoder, photos, captions, photo_of=photo_of)
    assert report.ok, report
    assert report.recall_loss == 0
    assert report.overlap is not None and report.overlap > 0.999


def test_bfloat16_ranks_as_float32_does(starter, real_photos):
    if not compiling.has_bf16():
        pytest.skip("this CPU has no bfloat16")
    if "bf16" not in load_info(starter).precisions:
        pytest.skip("the bundled model does not claim to have passed in bfloat16")
    photos, captions, photo_of = probes(real_photos)
    encoder = OpenVinoEncoder(EncoderSpec(starter))
    assert encoder.precision == "bf16"
    # In float32 OpenVINO equals the reference, as the tests above say, and takes a fraction of its time.
    exact = OpenVinoEncoder(EncoderSpec(starter, precision="f32"))
    report = compare(exact, encoder, photos, captions, reduced=True, photo_of=photo_of)
    assert report.ok, report


def test_a_turned_encoder_is_found_out(tiny, drawn_photos):
    same = compare(tiny, Turned(tiny, 0.0), drawn_photos, SENTENCES)
    assert same.ok and same.photo_cosine_worst > 0.99999
    turned = compare(tiny, Turned(tiny, 0.03), drawn_photos, SENTENCES)
    assert not turned.ok
    assert "differs too much" in turned.sentence
    assert 0.999 < turned.photo_cosine_median < 0.9999


def test_reduced_precision_is_judged_by_ranking(tiny, drawn_photos):
    assert len(drawn_photos) == FEWEST_PHOTOS
    places = [0] * len(SENTENCES)
    same = compare(tiny, Turned(tiny, 0.0), drawn_photos, SENTENCES, reduced=True, photo_of=places)
    assert same.ok and same.overlap == 1 and same.recall_loss == 0
    assert "100.0%" in same.sentence
    turned = compare(tiny, Turned(tiny, 1.0), drawn_photos, SENTENCES, reduced=True, photo_of=places)
    assert not turned.ok and turned.overlap is not None and turned.overlap < 0.95
    few = compare(tiny, Turned(tiny, 0.0), drawn_photos[:20], SENTENCES, reduced=True)
    assert not few.ok and few.overlap is None
    assert "too few" in few.sentence


def test_lost_recall_alone_is_enough_to_refuse():
    cosines = {"photo_cosine_worst": 0.98, "photo_cosine_median": 0.999}
    cosines |= {"sentence_cosine_worst": 1.0, "sentence_cosine_median": 1.0}
    numbers = {"photos": 400, "sentences": 400, "reduced": True, "overlap": 0.97, **cosines}
    assert ParityReport(**numbers, recall_loss=0.005).ok
    assert ParityReport(**numbers, recall_loss=-0.1).ok
    assert not ParityReport(**numbers, recall_loss=0.0051).ok


def test_what_is_not_finite_never_passes(tiny, drawn_photos):
    class Broken(Turned):
        def _turned(self, found: Embeddings) -> Embeddings:
            return np.full_like(found, np.nan)

    report = compare(tiny, Broken(tiny, 0), drawn_photos[:3], SENTENCES)
    assert not report.ok and report.photo_cosine_worst == -1


def test_without_probes_nothing_is_judged(tiny, drawn_photos):
    with pytest.raises(ValueError, match="at least one"):
        compare(tiny, tiny, [], ["a dog"])
    with pytest.raises(ValueError, match="at least one"):
        compare(tiny, tiny, drawn_photos[:1], [])
