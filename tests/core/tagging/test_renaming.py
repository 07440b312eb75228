"""A label under another name: its decisions go with it, and what other lists say stays theirs."""

from __future__ import annotations

import pytest

from core.errors import CallError
from core.tagging.types import Label, LabelList, State


def states(album, name: str) -> dict[str, State]:
    return {tag.label: tag.state for tag in album.decisions.of(album.ids[name])}


def decided(album) -> None:
    """Two photos with a decision on Dog, and a list that has it."""
    for name in ("a", "b", "c"):
        album.add(name)
    album.library.tagging.lists.put(LabelList("Pets", (Label("Dog"), Label("Cat"))))
    album.decisions.accept([(album.ids["a"], album.label("Dog"))])
    album.decisions.reject([(album.ids["b"], album.label("Dog"))])


def test_a_new_name_keeps_every_decision_and_the_row(album) -> None:
    decided(album)
    before = album.label("Dog")
    album.library.tagging.renaming.rename("pets", {"Dog": "  Hound "})
    album.library.tagging.lists.put(LabelList("Pets", (Label("Hound"), Label("Cat"))))
    assert album.label("Hound") == before
    assert states(album, "a") == {"Hound": State.ACCEPTED} and states(album, "b") == {"Hound": State.REJECTED}
    album.decisions.undo()
    assert states(album, "b") == {}, "a step of before is still undone"


def test_names_are_exchanged(album) -> None:
    decided(album)
    album.decisions.accept([(album.ids["c"], album.label("Cat"))])
    album.library.tagging.renaming.rename("Pets", {"Dog": "Cat", "Cat": "Dog"})
    assert states(album, "a") == {"Cat": State.ACCEPTED} and states(album, "c") == {"Dog": State.ACCEPTED}


def test_a_label_that_another_list_has_stays_theirs(album) -> None:
    decided(album)
    album.library.tagging.lists.put(LabelList("Farm", (Label("Dog"),)))
    album.library.tagging.renaming.rename("Pets", {"Dog": "Hound"})
    assert states(album, "a") == {"Dog": State.ACCEPTED, "Hound": State.ACCEPTED}
    assert states(album, "b") == {"Dog": State.REJECTED, "Hound": State.REJECTED}


def test_two_labels_become_one_and_the_one_that_had_the_name_is_right(album) -> None:
    decided(album)
    album.decisions.accept([(album.ids["b"], album.label("Hound")), (album.ids["c"], album.label("Hound"))])
    album.library.tagging.renaming.rename("Pets", {"Dog": "hound"})
    assert states(album, "a") == {"Hound": State.ACCEPTED}
    assert states(album, "b") == {"Hound": State.ACCEPTED}, "what was decided of Hound itself holds"
    assert states(album, "c") == {"Hound": State.ACCEPTED}


def test_a_decision_takes_the_place_of_a_suggestion(album) -> None:
    decided(album)
    album.suggest("Hound", a=0.9, b=0.8)
    album.library.tagging.renaming.rename_everywhere("Dog", "Hound")
    assert states(album, "a") == {"Hound": State.ACCEPTED} and states(album, "b") == {"Hound": State.REJECTED}


def test_renamed_everywhere_the_lists_follow(album) -> None:
    lists = album.library.tagging.lists
    lists.put(LabelList("Pets", (Label("Animal"), Label("Dog", parent="Animal"), Label("Puppy", parent="Dog"))))
    lists.put(LabelList("Farm", (Label("Dog"), Label("Hound", parent="Dog"))))
    album.library.tagging.renaming.rename_everywhere("dog", "Hound")
    assert [(label.name, label.parent) for label in lists.get("Pets").labels] == [
        ("Animal", None),
        ("Hound", "Animal"),
        ("Puppy", "Hound"),
    ]
    assert [(label.name, label.parent) for label in lists.get("Farm").labels] == [("Hound", None)]


def test_the_decision_comes_back_with_the_photo_under_the_new_name(album) -> None:
    album.add("a", shows=7)
    album.decisions.tag([album.ids["a"]], "Dog")
    album.library.tagging.renaming.rename_everywhere("Dog", "Hound")
    album.forget("a")
    album.add("again", shows=7)
    assert states(album, "again") == {"Hound": State.ACCEPTED}


def test_what_is_no_name_changes_nothing(album) -> None:
    decided(album)
    with pytest.raises(CallError, match="needs a name"):
        album.library.tagging.renaming.rename("Pets", {"Cat": "Tiger", "Dog": " "})
    with pytest.raises(CallError, match="no label “Bird”"):
        album.library.tagging.renaming.rename_everywhere("Bird", "Owl")
    album.library.tagging.renaming.rename("Pets", {"Bird": "Owl"})
    assert states(album, "a") == {"Dog": State.ACCEPTED} and album.decisions.label_id("Cat")


@pytest.mark.parametrize("everywhere", [False, True])
def test_what_was_done_before_two_labels_became_one_is_undone_and_done_again(album, everywhere: bool) -> None:
    for name in ("a", "b"):
        album.add(name)
    album.library.tagging.lists.put(LabelList("Pets", (Label("Dog"), Label("Cat"))))
    album.decisions.accept([(album.ids["a"], album.label("Dog"))])
    album.decisions.accept([(album.ids["b"], album.label("Hound"))])
    if everywhere:
        album.library.tagging.renaming.rename_everywhere("Dog", "Hound")
    else:
        album.library.tagging.renaming.rename("Pets", {"Dog": "Hound"})
    assert states(album, "a") == states(album, "b") == {"Hound": State.ACCEPTED}
    album.decisions.undo()
    album.decisions.undo()
    assert states(album, "a") == states(album, "b") == {}
    album.decisions.redo()
    assert states(album, "a") == {"Hound": State.ACCEPTED}
    with album.library.catalog.read() as db:
        names = {row[0] for row in db.execute("SELECT name FROM label")}
    assert "Dog" not in names and all(name.isprintable() for name in names)
