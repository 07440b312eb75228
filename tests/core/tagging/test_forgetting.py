"""Labels that were made by mistake: cleared, forgotten, named rightly."""

from __future__ import annotations

import pytest

from core.errors import CallError
from core.tagging.types import Label, LabelList
from tests.core.tagging.conftest import Album


def test_a_label_that_nothing_has_any_more_is_not_there(album: Album) -> None:
    photo = album.add("a.jpg")
    album.decisions.tag([photo], "kat")
    album.decisions.tag([photo], "cat")
    album.decisions.clear([(photo, album.label("kat"))])
    with pytest.raises(CallError, match="no label “kit”"):
        album.decisions.label_id("kit")
    with pytest.raises(CallError, match="There is: cat"):
        album.decisions.label_id("zebra")
    with pytest.raises(CallError, match="There is no label “kat”"):
        album.decisions.tag([photo], "kat", accept=False)
    assert not album.decisions.knows("kat") and [row.label for row, _ in album.decisions.labels()] == ["cat"]
    # What undoes the clearing finds it again, and one that is made anew is spelled anew.
    album.decisions.undo()
    assert album.decisions.knows("kat") and set(album.tags("a.jpg")) == {"kat", "cat"}
    album.decisions.clear([(photo, album.label("kat"))])
    album.decisions.tag([photo], "KAT")
    assert set(album.tags("a.jpg")) == {"KAT", "cat"}


def test_a_forgotten_label_leaves_all_photos_and_comes_back_undone(album: Album) -> None:
    for name in ("a.jpg", "b.jpg", "c.jpg", "gone.jpg"):
        album.add(name)
    album.add("file.jpg", keywords=["kat"])
    kat = album.suggest("kat", **{"c.jpg": 0.8})
    album.decisions.tag([album.ids["a.jpg"], album.ids["gone.jpg"]], "kat")
    album.decisions.tag([album.ids["b.jpg"]], "kat", accept=False)
    album.forget("gone.jpg")
    done = album.decisions.forget("KAT")
    assert done.label == "kat" and done.stays == 1
    assert done.step is not None and done.step.said == "forgot “kat” on 3 photos"
    assert [album.tags(name) for name in ("a.jpg", "b.jpg", "c.jpg")] == [{}, {}, {}]
    assert album.tags("file.jpg") == {"kat": ("accepted", "file")}
    album.add("gone.jpg")
    assert album.tags("gone.jpg") == {}
    album.decisions.undo()
    assert album.tags("a.jpg") == {"kat": ("accepted", "user")}
    assert album.tags("b.jpg") == {"kat": ("rejected", "user")}
    assert album.tags("c.jpg") == {"kat": ("suggested", "auto")} and album.label("kat") == kat


def test_a_label_of_a_list_is_not_forgotten(album: Album) -> None:
    photo = album.add("a.jpg")
    album.library.tagging.lists.put(LabelList("pets", (Label("cat"),)))
    album.decisions.tag([photo], "cat")
    with pytest.raises(CallError, match="“cat” is in the label list “pets”: take it out there first"):
        album.decisions.forget("cat")
    assert album.tags("a.jpg") == {"cat": ("accepted", "user")}
    with pytest.raises(CallError, match="Did you mean “cat”"):
        album.decisions.forget("kat")


def test_labels_are_listed_with_their_lists(album: Album) -> None:
    photo = album.add("a.jpg")
    album.library.tagging.lists.put(LabelList("pets", (Label("cat"), Label("dog"))))
    album.decisions.tag([photo], "cat")
    album.decisions.tag([photo], "kat")
    found = [(row.label, row.accepted, lists) for row, lists in album.decisions.labels()]
    assert found == [("cat", 1, ("pets",)), ("kat", 1, ())]
    assert album.library.tagging.renaming.rename_everywhere("kat", "cat") is True
    assert [row.label for row, _ in album.decisions.labels()] == ["cat"]
    assert album.library.tagging.renaming.rename_everywhere("cat", "Kat") is False
    assert [(row.label, lists) for row, lists in album.decisions.labels()] == [("Kat", ("pets",))]
    assert [label.name for label in album.library.tagging.lists.get("pets").labels] == ["Kat", "dog"]
