"""Look-alikes that meet on purpose, and sentences whose words are in the wrong place."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training import negatives
from training.data import Batches, Example
from training.swaps import swaps


def families(count: int, each: int = 4) -> tuple[list[Example], np.ndarray]:
    """Photos of some families: those of one are alike (cosine about 0.9), those of two are not."""
    chance = np.random.default_rng(0)
    centres = np.repeat(np.eye(count, count + 8, dtype=np.float32), each, axis=0)
    vectors = centres + 0.1 * chance.normal(size=centres.shape).astype(np.float32) / centres.shape[1] ** 0.5 * 3
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    some = [Example(Path(f"/{at}"), (f"sentence {at}",), "", at, row=at) for at in range(count * each)]
    return some, vectors


def test_look_alikes_are_the_nearest_that_are_another_picture_with_other_words() -> None:
    some, vectors = families(12)
    alike = negatives.look_alikes(some, vectors, block=7)
    for at, row in enumerate(alike):
        assert len(row) == negatives.MOST and at not in row
        assert {other // 4 for other in row[:3]} == {at // 4}, "its own family comes first"
        closeness = [float(vectors[at] @ vectors[other]) for other in row]
        assert closeness == sorted(closeness, reverse=True)
    assert alike == negatives.look_alikes(some, vectors)
    some[1] = Example(Path("/1"), ("Other", "SENTENCE 0"), "", 1, row=1)  # the same words as photo 0
    some[2] = Example(Path("/2"), ("x",), "", 0, row=2)  # a near copy of photo 0
    some[3] = Example(Path("/3"), ("y",), "", 3)  # not indexed
    alike = negatives.look_alikes(some, vectors)
    assert not {1, 2, 3} & set(alike[0]) and alike[3] == () and not any(3 in row for row in alike)
    assert negatives.look_alikes(some[3:4], vectors) == ((),) and negatives.look_alikes([], vectors) == ()


@given(st.integers(1, 30), st.floats(0, 1), st.randoms(use_true_random=False))
def test_each_photo_comes_once_whatever_the_share(count: int, share: float, chance: object) -> None:
    alike = tuple(tuple(chance.sample(range(count), min(count, 5))) for _ in range(count))  # type: ignore[attr-defined]
    assert sorted(negatives.in_company(range(count), alike, share)) == list(range(count))
    assert negatives.in_company(range(count), alike, 0) == list(range(count))


@pytest.mark.parametrize(("share", "least"), [(0.0, 0.0), (0.5, 0.45), (0.75, 0.7)])
def test_a_share_of_a_batch_look_like_others_of_it(share: float, least: float) -> None:
    some, vectors = families(100)
    alike = negatives.look_alikes(some, vectors)
    batches = Batches(some, 40, alike=alike, hard=share, seed=2)
    met, learned = 0, 0
    for step in range(batches.each):
        pairs = batches.at(step)
        assert pairs == Batches(some, 40, alike=alike, hard=share, seed=2).at(step), "from its number alone"
        sizes = Counter(one.row // 4 for one, _ in pairs)
        met += sum(size - 1 for size in sizes.values())
        learned += len(pairs)
    assert learned == len(some)
    assert met / learned >= least if share else met / learned < 0.2


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("a red ball on a blue box", {"a blue ball on a red box", "a blue box on a red ball"}),
        ("A black dog and a white dog", set()),
        ("a black dog and a white cat", {"a white dog and a black cat"}),
        ("Black and white dog, orange ball", {"Orange dog, black and white ball"}),
        ("an orange cat beside a small dog", set()),
        ("an old man and a young girl", {"a young man and an old girl"}),
        ("two dogs and three cats", {"three dogs and two cats"}),
        (
            "two black dogs and three brown dogs",
            {"two brown dogs and three black dogs", "three black dogs and two brown dogs"},
        ),
        ("A dog sitting on the brown sofa.", {"The brown sofa sitting on a dog."}),
        ("a man lays on a bench", {"a bench lays on a man"}),
        ("the dog on the left", {"the dog on the right"}),
        ("He left the house, right?", set()),
        ("a girl in a dress near the sea", {"a dress in a girl near the sea"}),
        ("a dog in the background", set()),
        ("a man in blue, woman in white", set()),
        ("ein Hund auf dem roten Sofa", set()),
        ("犬", set()),
        ("", set()),
        ("red", set()),
    ],
)
def test_words_change_places(sentence: str, found: set[str]) -> None:
    assert set(swaps(sentence)) == found


WORDS = ["a", "the", "red", "blue", "big", "two", "ball", "dogs", "on", "in", "of", "and", "left", ",", ".", "Sitting"]


@given(st.lists(st.sampled_from(WORDS), max_size=14))
def test_a_swap_has_the_same_words_and_is_another_sentence(words: list[str]) -> None:
    sentence = " ".join(words)
    for other in swaps(sentence):
        assert other.casefold() != sentence.casefold()
        plain = ["a" if word == "an" else word for word in other.casefold().split()]
        sides = [word for word in sentence.casefold().split() if word != "left"]
        assert sorted(word for word in plain if word not in ("left", "right")) == sorted(sides)


@given(st.text(max_size=80))
def test_any_text_at_all_can_be_asked(text: str) -> None:
    for sentence in (text, f"a red {text} on a blue {text}", f"{text} on the left"):
        assert all(isinstance(other, str) and other != sentence for other in swaps(sentence))
