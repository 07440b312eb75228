"""Queues, their order, and accepting above a line."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import CallError
from core.library import Library
from core.tagging.teaching import SPREAD, teaching_order
from core.tagging.types import Label, LabelList


def test_queues_have_what_waits_the_most_first(album):
    for name in "abc":
        album.add(name)
    cat, dog = album.suggest("cat", a=0.9), album.suggest("dog", a=0.9, b=0.8, c=0.5)
    album.decisions.accept([(album.ids["c"], dog)])
    reviewing = album.library.tagging.reviewing
    queues = [(queue.label, queue.waiting, queue.decided) for queue in reviewing.queues()]
    assert queues == [("dog", 2, 1), ("cat", 1, 0)]
    album.library.tagging.lists.put(LabelList("Pets", (Label("cat"), Label("horse"))))
    assert [queue.label_id for queue in reviewing.queues("pets")] == [cat]
    with pytest.raises(CallError, match="no label list"):
        reviewing.queues("nothing")
    album.decisions.reject([(album.ids["a"], cat)])
    assert [queue.label for queue in reviewing.queues()] == ["dog"], "nothing of the cat waits any more"


def test_photos_come_surest_first_and_a_copy_is_asked_about_once(album):
    album.add("a", shows=1)
    album.add("copy", shows=1)
    album.add("b", shows=2)
    dog = album.suggest("dog", a=0.6, copy=0.6, b=0.9)
    reviewing = album.library.tagging.reviewing
    assert reviewing.photos(dog) == [(album.ids["b"], 0.9), (album.ids["a"], 0.6)]
    assert reviewing.photos(dog, top=1) == [(album.ids["b"], 0.9)]
    album.decisions.reject([(album.ids["a"], dog)])
    assert reviewing.photos(dog) == [(album.ids["b"], 0.9)]
    assert reviewing.photos(999) == []


def test_all_above_a_line_are_accepted_in_one_step(album):
    for name in "abc":
        album.add(name)
    dog = album.suggest("dog", a=0.95, b=0.9, c=0.89)
    reviewing = album.library.tagging.reviewing
    step = reviewing.accept_above(dog, 0.9)
    assert step.said == "accepted “dog” on 2 photos" and step.tags == 2
    assert album.tags("c") == {"dog": ("suggested", "auto")}
    assert reviewing.accept_above(dog, 0.9) is None
    album.decisions.undo()
    assert [queue.waiting for queue in reviewing.queues()] == [3]
    for line in (-0.1, 1.1, float("nan")):
        with pytest.raises(CallError, match="no probability"):
            reviewing.accept_above(dog, line)


def test_teaching_begins_with_doubt_and_goes_round_what_is_alike():
    turn = np.deg2rad([0, 1, 2, 90, 91])
    vectors = np.stack([np.cos(turn), np.sin(turn)], axis=1).astype(np.float32)
    sure = np.array([0.5, 0.5, 0.5, 0.45, 0.99])
    order = teaching_order(sure, vectors)
    assert sorted(order) == [0, 1, 2, 3, 4]
    assert order[0] == 0 and order[1] == 3, "its neighbours would say the same again"
    assert teaching_order(np.empty(0), np.empty((0, 2), np.float32)).tolist() == []


def test_teaching_orders_more_than_it_spreads_by_doubt_alone():
    chance = np.random.default_rng(4)
    vectors = chance.normal(size=(SPREAD + 50, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    sure = chance.random(len(vectors))
    order = teaching_order(sure, vectors)
    assert sorted(order) == list(range(len(vectors)))
    doubt = np.abs(sure[order] - 0.5)
    assert (np.diff(doubt[SPREAD:]) >= 0).all()


def test_teaching_asks_the_model_as_it_is_now(sample_library):
    with Library.open(sample_library) as library:
        pets = library.tagging.lists.put(LabelList("pets", (Label("dog"), Label("flower"), Label("boat"))))
        for _ in library.tagging.suggester.run(pets):
            pass
        reviewing, decisions = library.tagging.reviewing, library.tagging.decisions
        dog = decisions.label_id("dog")
        surest, teaching = reviewing.photos(dog), reviewing.photos(dog, "teaching")
        assert {id for id, _ in surest} == {id for id, _ in teaching} and len(surest) > 3
        assert surest == sorted(surest, key=lambda pair: -pair[1])
        [first, *rest] = teaching
        assert all(abs(first[1] - 0.5) <= abs(sure - 0.5) for _, sure in rest)
        decisions.accept([(surest[0][0], dog)])
        decisions.reject([(surest[-1][0], dog)])
        after = dict(reviewing.photos(dog, "teaching"))
        assert after.keys() == {id for id, _ in surest[1:-1]}
        assert any(after[id] != sure for id, sure in teaching if id in after), "it learned from the two decisions"
        library.tagging.lists.put(LabelList("pets", (Label("flower"),)))
        assert reviewing.photos(dog, "teaching") == []
