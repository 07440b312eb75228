"""Labels as vectors, with an encoder whose sentences are counted."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL.Image import Image

from core.errors import CallError
from core.models.encoder import Embeddings, Encoder
from core.tagging.general import kinds_of
from core.tagging.types import Label, LabelList
from core.tagging.vectors import Cancelled, LabelEncoder, LabelVectors

DIM = 16


class Counted(Encoder):
    """Each sentence has a direction of its own; ``asked`` has every sentence that was encoded."""

    model_id = "counted"
    dim = DIM

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode_images(self, images: Sequence[Image]) -> Embeddings:
        raise NotImplementedError

    def encode_texts(self, texts: Sequence[str]) -> Embeddings:
        self.asked += texts
        return np.stack([direction(text) for text in texts])


def direction(text: str) -> Embeddings:
    seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4])
    found = np.random.default_rng(seed).standard_normal(DIM).astype(np.float32)
    return np.asarray(found / np.linalg.norm(found), np.float32)


def mean(*vectors: Embeddings) -> Embeddings:
    total = np.mean(vectors, axis=0)
    return np.asarray(total / np.linalg.norm(total), np.float32)


def encode(kept: LabelEncoder, labels: LabelList, encoder: Counted) -> LabelVectors:
    return kept.encode_list(labels, lambda: encoder, encoder.model_id, DIM)


def test_names_in_templates_and_own_sentences_count_the_same() -> None:
    crane = Label("crane", prompts=("a tall grey bird",), synonyms=("heron",), negatives=("a machine", " "))
    found = encode(LabelEncoder(None), LabelList("x", (crane,), ("a {label}", "{label} here")), Counted())
    named = mean(*map(direction, ("a crane", "crane here", "a heron", "heron here")))
    assert np.allclose(found.labels[0], mean(named, direction("a tall grey bird")), atol=1e-6)
    assert np.allclose(found.negatives, direction("a machine"), atol=1e-6) and found.owners.tolist() == [0]


def test_general_words_bring_their_kinds() -> None:
    labels = LabelList("x", (Label("dog"), Label("PERSON"), Label("Leute", synonyms=("people",))))
    found = encode(LabelEncoder(None), labels, Counted())
    kinds = kinds_of(Label("people"))
    assert len(kinds) > 5 and not kinds_of(Label("dog"))
    assert found.general.tolist() == [1] * len(kinds) + [2] * len(kinds)
    some = found.of([2, 0], 1)
    assert some.general.tolist() == [0] * len(kinds) and np.array_equal(some.labels, found.labels[[2, 0]])


def test_what_is_known_is_not_encoded_again_nor_by_another_process(tmp_path: Path) -> None:
    labels = LabelList("x", tuple(Label(f"label {number}") for number in range(40)), ("{label}",))
    encoder, kept = Counted(), LabelEncoder(tmp_path)
    first = encode(kept, labels, encoder)
    assert len(encoder.asked) == 40
    assert np.array_equal(encode(kept, labels, encoder).labels, first.labels) and len(encoder.asked) == 40
    assert np.array_equal(encode(LabelEncoder(tmp_path), labels, encoder).labels, first.labels)
    assert len(encoder.asked) == 40
    [file] = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:100])  # damaged: made again
    assert np.array_equal(encode(LabelEncoder(tmp_path), labels, encoder).labels, first.labels)
    assert len(encoder.asked) == 80


def test_a_template_without_its_place_is_refused_and_a_stop_is_obeyed() -> None:
    with pytest.raises(CallError, match=r"\{label\}"):
        encode(LabelEncoder(None), LabelList("x", (Label("dog"),), ("a photo",)), Counted())
    with pytest.raises(Cancelled):
        LabelEncoder(None).encode((Label("dog"),), (), Counted, "counted", DIM, lambda: True)


def test_an_empty_list_has_no_vectors() -> None:
    assert encode(LabelEncoder(None), LabelList("x"), Counted()).labels.shape == (0, DIM)


def test_more_labels_than_are_kept_still_have_their_vectors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.tagging.vectors.MOST_KEPT", 4)
    kept, encoder = LabelEncoder(None), Counted()
    for names in (("a", "b"), ("c", "d", "e"), ("a", "b", "f"), tuple("ghijklm")):
        found = encode(kept, LabelList("some", tuple(Label(name) for name in names), ("{label}",)), encoder)
        assert np.allclose(found.labels, np.stack([direction(name) for name in names]), atol=1e-6)
