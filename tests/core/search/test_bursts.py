"""Bursts are what follows within seconds in one folder and looks the same: nothing more, and nothing less."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.catalog.moments import UNKNOWN
from core.errors import ModelMissing
from core.search import bursts
from core.search.grouping import Grouping
from core.search.store import VectorStore
from tests.core.search.conftest import World


@st.composite
def photos(draw: st.DrawFn) -> tuple[np.ndarray, ...]:
    """Ids, folders, seconds, whether they are timed, and vectors: few values of each, so that they meet."""
    count = draw(st.integers(0, 24))
    ids = np.array(draw(st.permutations(range(1, count + 1))), np.int64)
    numbers = [draw(st.lists(st.integers(0, most), min_size=count, max_size=count)) for most in (1, 14, 3, 2)]
    folders, seconds, timed, looks = (np.array(column, np.int64) for column in numbers)
    return ids, folders, seconds, timed > 0, np.eye(3, dtype=np.float32)[looks]


def told_by_the_definition(
    ids: np.ndarray, folders: np.ndarray, seconds: np.ndarray, timed: np.ndarray, vectors: np.ndarray
) -> list[int]:
    """What hangs together by pairs of one folder that are within three seconds and alike, looked at one by one."""
    lead = list(range(len(ids)))
    for _ in ids:
        for one, other in itertools.permutations(np.flatnonzero(timed).tolist(), 2):
            near = folders[one] == folders[other] and abs(seconds[one] - seconds[other]) <= 3
            if near and vectors[one] @ vectors[other] >= 0.9:
                lead[one] = min(lead[one], lead[other])
    return lead


@settings(deadline=None)
@given(photos())
def test_bursts_are_what_hangs_together_in_a_folder(made: tuple[np.ndarray, ...]) -> None:
    ids, folders, seconds, timed, vectors = made
    asked: list[tuple[int, int]] = []

    def cosines(near: np.ndarray) -> np.ndarray:
        asked.extend(map(tuple, near.tolist()))
        return np.einsum("ij,ij->i", vectors[near[:, 0]], vectors[near[:, 1]])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bursts, "STEPS", 30)
        found = bursts.find(ids, folders, seconds, timed, cosines)
    assert found.tolist() == told_by_the_definition(*made)
    assert len(set(asked)) == len(asked)


def test_a_long_burst_is_one() -> None:
    count = 1000
    ids, nothing = np.arange(count)[::-1].copy(), np.zeros(count, np.int64)
    found = bursts.find(ids, nothing, ids // 2, np.ones(count, np.bool_), lambda near: np.ones(len(near), np.float32))
    assert set(found.tolist()) == {0}


def grouping_of(world: World) -> Grouping:
    store = VectorStore(world.catalog, world.folder, world.model)
    return Grouping(world.catalog, lambda: store)


def all_ids(world: World) -> np.ndarray:
    with world.catalog.read() as db:
        return np.array([row[0] for row in db.execute("SELECT id FROM photo ORDER BY id")], np.int64)


def test_a_burst_of_a_catalogue(world: World) -> None:
    near = world.encoder.sentence("dog") + 0.1 * world.encoder.sentence("beach")
    near /= np.linalg.norm(near)
    world.add("a/1.jpg", "dog", taken="2020-01-01T12:00:00")
    world.add("a/2.jpg", near, taken="2020-01-01T12:00:03")
    world.add("a/3.jpg", "cat", taken="2020-01-01T12:00:04")
    world.add("a/4.jpg", "cat", taken="2020-01-01T12:00:08")
    world.add("b/5.jpg", "dog", taken="2020-01-01T12:00:01")
    world.add("a/8.jpg", "tree", taken="2020-01-01T12:00:02")
    world.add("c/6.jpg", "dog", taken="2020-05-01T00:00:00")
    world.add("c/7.jpg", "dog", taken="2020-05-01T00:00:00")
    grouping = grouping_of(world)
    moments = grouping.moments(all_ids(world))
    assert grouping.bursts(moments).tolist() == [0, 0, 2, 3, 4, 5, 6, 7]
    backwards = grouping.moments(all_ids(world)[::-1].copy())
    assert grouping.bursts(backwards).tolist() == [0, 1, 2, 3, 4, 5, 6, 6]


def test_what_is_encoded_later_is_compared_later(world: World) -> None:
    world.add("a/1.jpg", "dog", taken="2020-01-01T12:00:00")
    world.add("a/2.jpg", None, taken="2020-01-01T12:00:01")
    grouping = grouping_of(world)
    assert grouping.bursts(grouping.moments(all_ids(world))).tolist() == [0, 1]
    world.add("a/2.jpg", "dog", taken="2020-01-01T12:00:01")
    world.add("a/3.jpg", "dog", taken="2020-01-01T12:00:02")
    for _ in range(2):
        assert grouping.bursts(grouping.moments(all_ids(world))).tolist() == [0, 0, 0]


def test_without_a_model_there_are_no_bursts(world: World) -> None:
    for number in (1, 2):
        world.add(f"a/{number}.jpg", "dog", taken="2020-01-01T12:00:00")

    def missing() -> VectorStore:
        raise ModelMissing("There is no model.")

    grouping = Grouping(world.catalog, missing)
    assert grouping.bursts(grouping.moments(all_ids(world))).tolist() == [0, 1]


def test_photos_that_are_gone_have_no_moment(world: World) -> None:
    path = world.add("a/1.jpg", "dog")
    world.add("a/2.jpg", "dog", taken=None)
    ids = all_ids(world)
    world.remove([path])
    grouping = grouping_of(world)
    moments = grouping.moments(ids)
    assert moments.seconds.tolist() == [UNKNOWN, UNKNOWN]
    assert (moments.folders[0], moments.contents[0], moments.timed.any()) == (-1, -1, False)
    assert grouping.folders([int(moments.folders[1])]) == {int(moments.folders[1]): Path("/photos/a")}
    assert len(grouping.moments(ids[:0]).ids) == 0
