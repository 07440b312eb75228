"""Pairs, how they are held out, how they meet, and what the towers see of them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.library import Library
from core.models.preprocess import Preprocess
from training import data
from training.data import Batches, Example, Pictures


def examples(count: int, albums: int = 1, texts: int | None = None) -> list[Example]:
    return [
        Example(Path(f"/p/{at}.jpg"), (f"sentence {at % (texts or count)}",), f"album {at % albums}", at)
        for at in range(count)
    ]


def test_captions_and_accepted_tags_become_pairs(sample_library: Path, tmp_path: Path) -> None:
    rows = [{"file": f"retrouve-{at:03}.jpg", "captions": [f"our  day {at}", "the same"]} for at in range(1, 13)]
    (tmp_path / "mine.jsonl").write_text("\n".join(map(json.dumps, rows)))
    with Library.open(sample_library) as library:
        library.captioning.take_in(tmp_path / "mine.jsonl")
        found, report, vectors = data.own(library, library.answering)
    assert len(found) == 12 and report["captioned"] == 12 and report["captions"] == 24
    assert found[0].texts[0].startswith("our day") and report["different"] == 13 and report["repeated"] == 11
    assert len(vectors) == report["photos"] and {one.row for one in found} <= set(range(len(vectors)))
    assert report["missing"] == report["not_indexed"] == 0 and report["albums"] == 1
    again, general = data.replayed(found)
    names = [one.path.name for one in again + general]
    assert len(names) == len(set(names)) == 131 - 12, "what is one's own is not measured as something general"


def test_copies_of_copies_are_one_group() -> None:
    vectors = np.eye(4, 8, dtype=np.float32)
    chain = [vectors[0], vectors[0] + 0.15 * vectors[1], vectors[0] + 0.3 * vectors[1], vectors[2], vectors[3]]
    stacked = np.stack([one / np.linalg.norm(one) for one in chain]).astype(np.float32)
    assert stacked[0] @ stacked[2] < data.SAME < stacked[0] @ stacked[1]
    for block in (2, 100):
        groups = data.near(stacked, [0, 1, 2, 3, -1, 4, -1], block)
        assert groups[0] == groups[1] == groups[2] and len(set(groups)) == 5


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 30)), min_size=20, max_size=200), st.integers(0, 3))
def test_no_copy_and_no_album_is_on_both_sides(rows: list[tuple[int, int]], seed: int) -> None:
    some = [Example(Path(f"/{at}"), ("x",), f"a{album}", group) for at, (album, group) in enumerate(rows)]
    parts = data.split(some, seed=seed)
    sides = [parts.learned, parts.choosing, parts.judging]
    assert sorted(one.path for side in sides for one in side) == sorted(one.path for one in some)
    for key in ("group", "album") if "whole albums" in parts.said else ("group",):
        held = [{getattr(one, key) for one in side} for side in sides]
        assert not held[0] & held[1] and not held[0] & held[2] and not held[1] & held[2]
    assert parts == data.split(some, seed=seed)


def test_whole_albums_are_held_out_where_there_are_many() -> None:
    parts = data.split(examples(200, albums=20))
    assert "whole albums" in parts.said and len(parts.choosing) == len(parts.judging) == 20
    parts = data.split(examples(200, albums=2))
    assert "every album" in parts.said and len(parts.choosing) == len(parts.judging) == 20
    assert len(data.split(examples(9000)).judging) == data.MOST_HELD / 2


@pytest.mark.parametrize("texts", [500, 40, 7])
def test_no_two_of_a_batch_are_true_of_each_other(texts: int) -> None:
    some = [replace(one, group=at // 2) for at, one in enumerate(examples(500, texts=texts))]
    again = [Example(Path("/s"), ("old", "sentence 1"), "samples", -2), Example(Path("/t"), ("older",), "samples", -3)]
    batches = Batches(some, 32, again=again, replay=0.1, seed=1)
    assert batches.each >= 1
    for step in range(2 * batches.each):
        pairs = batches.at(step)
        assert pairs == Batches(some, 32, again=again, replay=0.1, seed=1).at(step), "from its number alone"
        said = [text for _, text in pairs]
        assert len(set(said)) == len(said) and len({one.group for one, _ in pairs}) == len(pairs)
    assert batches.at(0) != batches.at(batches.each), "each epoch is another"
    if texts == 500:
        first = [one.path for step in range(batches.each) for one, _ in batches.at(step) if one.group >= 0]
        assert len(first) == len(set(first)) > 450
    assert len(Batches(examples(50, texts=1), 32).at(0)) == 1


def test_pictures_vary_by_their_seed_alone(samples: Path) -> None:
    rows = [json.loads(line) for line in (samples / "captions.jsonl").read_text().splitlines()[:4]]
    some = [Example(samples / row["file"], tuple(row["captions"])) for row in rows]
    pictures = Pictures(Preprocess((64, 64), resize_mode="squash"))
    kept, faults = pictures.readable([*some, Example(samples / "captions.jsonl", ("no photo",))], lambda *_: None)
    assert kept == some and len(faults) == 1 and "captions.jsonl" in faults[0]
    pairs = [(one, one.texts[0]) for one in some]
    first, again, other = (pictures.varied(pairs, seed) for seed in ("1 1", "1 1", "1 2"))
    assert first.shape == (4, 3, 64, 64) and (first == again).all() and (first != other).any()
    plain = pictures.plain([one.path for one in some])
    assert (
        np.corrcoef(plain.ravel(), pictures.preprocess([pictures.read(one.path) for one in some]).ravel())[0, 1] > 0.999
    )
    small = pictures.read(some[0].path)
    assert min(small.size) == round(64 * 1.15)


def test_a_sentence_that_knows_left_from_right_is_not_mirrored(samples: Path) -> None:
    pictures = Pictures(Preprocess((48, 48), resize_mode="squash"))
    photo = Example(samples / "retrouve-001.jpg", ("x",))
    plain = pictures.plain([photo.path])[0]

    def mirrored(text: str) -> int:
        count = 0
        for seed in range(12):
            seen = pictures.varied([(photo, text)], str(seed))[0]
            count += (
                np.corrcoef(seen.ravel(), plain[:, :, ::-1].ravel())[0, 1]
                > np.corrcoef(seen.ravel(), plain.ravel())[0, 1]
            )
        return count

    assert mirrored("the dog on the left") == 0 < mirrored("a dog")
