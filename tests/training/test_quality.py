"""The pieces of the figures in docs/quality.md, and what they are measured on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("open_clip")

from training.quality import fusing, pairing
from training.quality.pairing import Question
from training.quality.shelves import Item, shelf

pytestmark = pytest.mark.torch
DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


def test_the_first_counts_one_the_eleventh_nothing_and_a_tie_against() -> None:
    scores = np.arange(20.0)[::-1]
    assert fusing.gain(scores, 0) == 1
    assert fusing.gain(scores, 1) == pytest.approx(0.6309, abs=1e-4)
    assert fusing.gain(scores, 9) > 0 == fusing.gain(scores, 10)
    assert fusing.gain(np.zeros(20), 0) == 0


def test_reciprocal_ranks_add_up_over_both_lists() -> None:
    looks, words = np.array([3.0, 2.0, 1.0]), np.array([0.0, 5.0, 7.0])
    found = fusing.by_rank(looks, np.zeros(3, np.float32), words)
    assert np.allclose(found, [1 / 61, 1 / 62 + 1 / 62, 1 / 63 + 1 / 61])


@pytest.mark.parametrize(
    ("question", "captions", "true"),
    [
        (Question("a dog and no person", ("dog",), ("people",)), ["A dog runs.", "A brown dog"], True),
        (Question("a dog and no person", ("dog",), ("people",)), ["A dog runs.", "A man and his dog"], False),
        (Question("a red shirt", ("red shirt",)), ["He wears a red shirt."], True),
        (Question("a red shirt", ("red shirt",)), ["A red car, and a shirt."], False),
        (Question("two dogs", ("two dogs",)), ["Two dogs play", "dogs"], True),
        (Question("dog", ("dog",)), ["Hotdogs"], False),
        (Question("both", ("dog", "man")), ["A dog.", "A man."], False),
    ],
)
def test_a_question_is_true_where_one_caption_says_all_of_it(
    question: Question, captions: list[str], true: bool
) -> None:
    assert question.holds(captions) is true


def test_there_are_twenty_pairs_of_two_different_questions() -> None:
    assert len(pairing.PAIRS) == 20
    assert all(one != other for _, one, other in pairing.PAIRS)


@pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not beside this checkout")
def test_every_photo_is_asked_for_by_another_sentence_than_the_one_beside_it() -> None:
    for asked in (fusing.books(DATA), fusing.everyday(DATA)):
        assert len(asked.items) == len(asked.sentences) > 100
        assert abs(int(asked.written.sum()) - len(asked.items) / 2) < 1
        said = zip(asked.items, asked.sentences, strict=True)
        assert sum(item.sidecar == sentence for item, sentence in said) < 0.01 * len(asked.items)


def test_a_shelf_is_a_real_library_in_the_order_of_its_items(samples: Path) -> None:
    photos = sorted(samples.glob("*.jpg"))[:3][::-1]
    with shelf([Item(photos[0], "Grandma in the garden"), Item(photos[1]), Item(photos[2])]) as made:
        assert len(set(made.contents.tolist())) == 3
        [first, *_] = made.library.search("grandma").hits
        assert first.content_id == made.contents[0] and "caption: 'Grandma'" in first.reasons
        folder = made.library.folder
    assert not folder.exists()
