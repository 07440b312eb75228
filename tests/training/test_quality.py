"""The pieces of the figures in docs/quality.md, and what they are measured on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("open_clip")

from core.search.seeking import CHANCE
from training import pages
from training.quality import __main__ as quality
from training.quality import fusing, leaving, pairing
from training.quality.pairing import Question
from training.quality.shelves import Item, shelf

pytestmark = pytest.mark.torch
PROJECT = Path(__file__).resolve().parents[2]
DATA = PROJECT.parent / "shared" / "data"


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


def test_words_that_leave_out_are_those_that_many_photos_agree_on_one_of_each_set_of_forms() -> None:
    photos = [["A dog runs on grass", "The dog running"], ["Two dogs", "dogs on grass"], ["A cat", "A dog"]]
    captions = [photos[0]] * 30 + [photos[1]] * 21 + [photos[2]] * 50
    assert leaving.chosen(captions) == ["dog"], "dogs is a form of it, cat and grass no two captions agree on"
    assert [leaving.says("dog", said) for said in photos] == [2, 2, 1]
    assert leaving.says("grass", photos[0]) == 1 and leaving.says("gras", photos[0]) == 0
    assert leaving.says("people", ["Two men walk", "a crowd", "a dog"]) == 2, "what else is meant by it counts too"


def test_shares_of_what_is_left_out_and_lost() -> None:
    out = np.array([[1, 1, 0, 0, 1, 0], [0, 0, 0, 0, 0, 0]], np.bool_)
    said = np.array([[5, 1, 2, 1, 0, 0], [2, 2, 1, 0, 0, 0]])
    assert leaving.shares(out, said) == pytest.approx((0.5 / 2, 0.5 / 2, 0.5 / 2))
    assert leaving.shares(out[:1], said[:1]) == pytest.approx((2 / 4, 1 / 2, 1 / 2))


def test_pairs_are_asked_as_the_program_lists_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaving, "FEWEST", 2)
    monkeypatch.setattr(leaving, "FIRST", 2)
    shows = np.array([[1, 1, 1, 1, 0, 0], [1, 1, 0, 0, 0, 0]], np.bool_)
    pairs = leaving.paired(shows)
    assert pairs == [(0, 1)], "of the other way round no photo is right"
    cosines = np.array([[0.9, 0.8, 0.7, 0.6, 0.65, 0.1], [0.9, 0.1, 0.2, 0.1, 0.1, 0.1]], np.float32)
    nothing, first = np.zeros((2, 6), np.bool_), np.zeros((2, 6), np.bool_)
    first[1, 0] = True
    assert leaving.served(cosines, nothing, shows, pairs) == (0, 0)
    assert leaving.served(cosines, first, shows, pairs) == (0.5, 0.5)
    first[1, 1] = True
    assert leaving.served(cosines, first, shows, pairs) == (0.5, 0.5), "one that shows neither comes between"


def test_the_pages_say_in_words_what_was_measured_at_the_chance_that_the_program_takes() -> None:
    page = (PROJECT / "docs/quality.md").read_text(encoding="utf-8")
    pages.check(PROJECT / "docs/quality.md", list(quality.PARTS))
    [row] = [line for line in page.splitlines() if line.startswith(f"| {CHANCE:.2f} | ") and line.count("|") == 7]
    out, _, lost, *_ = (float(cell) for cell in row.split("|")[2:-1])
    assert CHANCE in leaving.CHANCES and 35 < out < 45 and 2.9 < lost < 3.8
    for name in ("docs/quality.md", "docs/search.md", "README.md"):
        said = " ".join((PROJECT / name).read_text(encoding="utf-8").split())
        assert "two in five of the photos that show" in said and "one in thirty" in said, name


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
