"""What became of the tags of a step, as the review page asks after it."""

from __future__ import annotations

from typing import Any

from core.tagging.types import State


def test_the_tags_of_a_step_as_they_are_after_it_its_undoing_and_its_redoing(album: Any) -> None:
    for name in ("a", "b", "c"):
        album.add(name)
    dog = album.suggest("dog", a=0.9, b=0.8)
    a, b, c = (album.ids[name] for name in ("a", "b", "c"))
    step = album.decisions.reject([(b, dog), (a, dog), (c, dog)])
    assert album.decisions.outcome(step) == [(photo, dog, State.REJECTED) for photo in (b, a, c)]
    album.decisions.undo()
    assert album.decisions.outcome(step) == [(b, dog, State.SUGGESTED), (a, dog, State.SUGGESTED), (c, dog, None)]
    album.decisions.redo()
    album.forget("a")
    assert album.decisions.outcome(step) == [(b, dog, State.REJECTED), (c, dog, State.REJECTED)]


def test_an_accepted_label_takes_the_suggestions_of_its_rivals_along(album: Any) -> None:
    album.add("a")
    indoor, outdoor = album.suggest("indoor", a=0.7), album.suggest("outdoor", a=0.6)
    album.group("places", "indoor", "outdoor")
    step = album.decisions.accept([(album.ids["a"], indoor)])
    assert album.decisions.outcome(step) == [(album.ids["a"], indoor, State.ACCEPTED), (album.ids["a"], outdoor, None)]
