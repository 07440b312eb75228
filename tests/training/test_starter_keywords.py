"""Words as queries: those that captions agree on, and no photo that says them is taken for a wrong answer."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from training.starter import keywords  # noqa: E402
from training.starter.data import Example  # noqa: E402

pytestmark = pytest.mark.torch


def example(number: int, *sentences: str, group: str | None = None) -> Example:
    return Example(Path(f"{number}.png"), "flickr8k", sentences, group=group)


def test_words_that_two_captions_share() -> None:
    found = keywords.agreed(["A brown dog runs on the beach.", "The dog is at the beach", "Sand and an animal"])
    assert found == {"dog", "beach"}


def test_a_single_caption_agrees_with_itself_if_it_is_short() -> None:
    assert keywords.agreed(["A diver in the coral reef"]) == {"diver", "coral", "reef"}
    assert keywords.agreed(["A diver " + "swims and swims " * 10]) == set()


def test_rare_words_are_left_out_and_labels_ask_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keywords, "FEWEST_PHOTOS", 2)
    found = keywords.keywords(
        [
            example(0, "a dog on grass"),
            example(1, "a dog on sand"),
            example(2, "dog", group="a dog"),
            example(3, "a cat"),
        ]
    )
    assert found.queries == ["dog", "a dog", "a photo of a dog."]
    assert found.of_photo == [[0, 0, 1, 2], [0, 0, 1, 2], [], []]
    assert found.needs.tolist() == [[True]] * 3
    assert found.said[:, 0].tolist() == [True, True, True, False]


def test_words_are_asked_for_with_the_article_that_they_take() -> None:
    assert keywords.asked_for("orange") == ["orange", "orange", "an orange", "a photo of an orange."]
    assert keywords.asked_for("dogs") == ["dogs", "dogs", "some dogs", "a photo of dogs."]
    assert keywords.asked_for("grass") == ["grass", "grass", "a grass", "a photo of a grass."]


def test_pairs_need_both_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keywords, "FEWEST_PHOTOS", 1)
    found = keywords.keywords([example(0, "a brown dog on grass")])
    pairs = [row for row, query in enumerate(found.queries) if found.needs[row].sum() == 2]
    assert pairs and all(len(found.queries[row].split()) == 2 for row in pairs)
    assert all(found.of_photo[0].count(row) % 2 == 0 for row in pairs)


def test_a_photo_that_says_all_the_words_is_no_negative() -> None:
    said = torch.tensor([[True, True], [True, False], [False, False]])
    needs = torch.tensor([[True, False], [True, True], [False, False]])
    assert keywords.also_true(said, needs).tolist() == [
        [True, True, False],
        [True, False, False],
        [False, False, False],
    ]
