"""Which words everybody uses."""

from __future__ import annotations

import pytest

from core.adapters.ordinary import is_ordinary


@pytest.mark.parametrize("word", ["can", "toy", "toys", "man", "will", "may", "red", "dog", "boxer", "tench", "the"])
def test_words_that_everybody_uses(word: str) -> None:
    assert is_ordinary(word)


@pytest.mark.parametrize(
    "name", ["biscuit", "felix", "mabel", "hugo", "bernard", "blue cabin", "oma els", "our toy", ""]
)
def test_names_and_what_has_two_words(name: str) -> None:
    assert not is_ordinary(name)
