"""Learned names in sentences."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.adapters.encoding import NamedEncoder
from core.adapters.learned import LearnedName
from core.adapters.names import NameBook, key_of
from core.search.calibration import Curve
from tests.colours import ColourEncoder


def learned(name: str, vector: np.ndarray | None = None) -> LearnedName:
    at = np.eye(4, dtype=np.float32)[0] if vector is None else vector
    return LearnedName(name, key_of(name), at, Curve(20.0, -8.0, 0.5), 0.85, 3)


BOOK = NameBook(map(learned, ("Biscuit", "Oma Els", "Oma", "the blue cabin", "Café Zürich", "犬太郎", "ポチ")))


@pytest.mark.parametrize(
    ("sentence", "names", "rest"),
    [
        ("Biscuit", ["Biscuit"], ""),
        ("biscuit on the beach", ["Biscuit"], "on the beach"),
        ("Biscuit and Oma Els", ["Biscuit", "Oma Els"], ""),
        ("Biscuit & Oma Els on a sofa", ["Biscuit", "Oma Els"], "on a sofa"),
        ("a photo of Oma Els", ["Oma Els"], ""),
        ("OMA  els, with Biscuit in the snow", ["Oma Els", "Biscuit"], "in the snow"),
        ("Oma at home", ["Oma"], "at home"),
        ("Biscuit's ball", ["Biscuit"], "ball"),
        ("at the blue cabin in winter", ["the blue cabin"], "in winter"),
        ("blue cabin", ["the blue cabin"], ""),
        ("a blue wooden cabin", [], "a blue wooden cabin"),
        ("cafe zurich at night", ["Café Zürich"], "at night"),
        ("a girl and Biscuit", ["Biscuit"], "a girl"),
        ("biscuits with tea", [], "biscuits with tea"),
        ("Biscuit Biscuit", ["Biscuit"], ""),
        ("我的犬太郎在", ["犬太郎"], "我的 在"),
        ("ポチと海", ["ポチ"], "と海"),
        ("ポチャッコ", [], "ポチャッコ"),
        ("", [], ""),
    ],
)
def test_a_sentence_is_cut(sentence: str, names: list[str], rest: str) -> None:
    cut = BOOK.cut(sentence)
    assert ([one.name for one in cut.names], cut.rest) == (names, rest)


@given(st.text(max_size=60))
def test_no_text_makes_it_fall_and_one_without_names_stays(text: str) -> None:
    cut = BOOK.cut(text)
    if not cut.names:
        assert len(cut.rest) == len(text)
    assert not BOOK.cut(cut.rest).names or cut.names


def test_general_sentences_are_encoded_as_before_to_the_last_bit() -> None:
    plain = ColourEncoder()
    direction = np.roll(np.asarray(plain.encode_texts(["red"])[0]), 1)
    named = NamedEncoder(plain, NameBook([learned("Biscuit", direction)]), Curve(13.0, -7.0, 0.25))
    asked = ["red", "a blue one", "Biscuit", "Biscuit blue"]
    before, after = plain.encode_texts(asked), named.encode_texts(asked)
    assert (before[:2] == after[:2]).all()
    np.testing.assert_allclose(after[2], direction, atol=1e-6)
    both = after[3]
    assert both @ direction > before[3] @ direction and both @ before[1] > direction @ before[1]
    np.testing.assert_allclose(np.linalg.norm(after, axis=1), 1, atol=1e-5)
    assert (named.model_id, named.dim) == (plain.model_id, plain.dim)
