"""A label by its name, and by its path in the tree of a list."""

from __future__ import annotations

import pytest

from core.errors import CallError
from core.tagging.types import Label, LabelList, State
from tests.core.tagging.conftest import Album

PETS = LabelList("pets", (Label("Animals"), Label("Dog", parent="Animals"), Label("Dachshund", parent="Dog")))


@pytest.mark.parametrize("path", ["Animals > Dog", "animals >  DOG", "Dog"])
def test_a_path_is_the_label_at_its_end(album: Album, path: str) -> None:
    album.library.tagging.lists.put(PETS)
    album.add("a.jpg")
    assert album.decisions.knows(path)
    step = album.decisions.tag([album.ids["a.jpg"]], path)
    assert step is not None and step.said == "accepted “Dog” on 1 photo"
    assert album.tags("a.jpg") == {"Dog": ("accepted", "user")}
    assert album.decisions.label_id(path) == album.label("dog")
    [found] = album.decisions.listed([State.ACCEPTED], path)
    assert found.photo_id == album.ids["a.jpg"]


def test_a_step_may_be_left_out_but_not_turned_round(album: Album) -> None:
    album.library.tagging.lists.put(PETS)
    assert album.decisions.label_id("Animals > Dachshund") == album.label("Dachshund")
    assert album.decisions.label_id("Animals > Dog > Dachshund") == album.label("Dachshund")
    assert not album.decisions.knows("Dog > Animals")


@pytest.mark.parametrize("path", ["Animals > Cat", "Dog > Animals", "Plants > Dog"])
def test_a_path_that_no_list_has_makes_no_label(album: Album, path: str) -> None:
    album.library.tagging.lists.put(PETS)
    album.add("a.jpg")
    last = path.rpartition(" ")[2]
    for ask in (
        lambda: album.decisions.tag([album.ids["a.jpg"]], path),
        lambda: album.decisions.label_id(path),
        lambda: album.decisions.label_id(path, create=True),
        lambda: album.library.tagging.renaming.rename_everywhere("Dog", path),
    ):
        with pytest.raises(CallError, match=f"No label list has “{last}” below .* written in a label list"):
            ask()
    assert not album.tags("a.jpg") and not album.decisions.knows("Cat")


def test_a_name_may_have_a_sign_that_leads_nowhere(album: Album) -> None:
    album.add("a.jpg")
    album.decisions.tag([album.ids["a.jpg"]], "me>you")
    album.library.tagging.lists.put(LabelList("signs", (Label("a > b"),)))
    assert album.decisions.label_id("a > b") == album.library.tagging.decisions.label_id("A > B")
