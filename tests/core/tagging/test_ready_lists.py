"""The lists that come with the program: whole, and such that every format can hold their names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import CallError
from core.library import Library
from core.tagging import formats
from core.tagging.checking import checked
from core.tagging.formats import Format
from core.tagging.types import Label, LabelList

NAMES = [
    "activities",
    "animals",
    "documents",
    "everyday",
    "food",
    "imagenet-1000",
    "occasions",
    "problems",
    "scenes",
]


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.open(tmp_path / "library") as library:
        yield library


@pytest.fixture
def ready(library: Library) -> dict[str, LabelList]:
    return {found.name: found for found in library.tagging.lists.ready()}


def test_all_are_there_and_none_is_in_the_library(ready: dict[str, LabelList], library: Library) -> None:
    assert list(ready) == NAMES
    assert library.tagging.lists.names() == []
    for found in ready.values():
        assert checked(found) == found and found.id is None
        assert len(found.labels) >= 20


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("format", Format)
def test_each_can_be_written_in_every_format(ready: dict[str, LabelList], name: str, format: Format) -> None:
    text = formats.written(ready[name], format)
    assert all(label.name in text for label in ready[name].labels)


def test_trees_and_groups(ready: dict[str, LabelList]) -> None:
    animals = {label.name: label for label in ready["animals"].labels}
    assert animals["dachshund"].parent == "dog" and animals["dog"].parent == "mammal"
    assert animals["mammal"].parent == "animal"
    scenes = {label.name: label for label in ready["scenes"].labels}
    assert ready["scenes"].exclusive == ("place", "light")
    assert scenes["indoors"].group == scenes["outdoors"].group == "place"


def test_one_is_kept_when_it_is_asked_for_and_then_is_the_persons_own(library: Library) -> None:
    lists = library.tagging.lists
    kept = lists.get("Everyday")
    assert kept.id is not None and lists.names() == [("everyday", len(kept.labels))]
    assert lists.get("everyday") == kept
    mine = lists.put(LabelList("everyday", (Label("my thing"),)))
    assert mine.id == kept.id and lists.get("everyday") == mine
    assert next(ready for ready in lists.ready() if ready.name == "everyday").labels == kept.labels
    lists.remove("everyday")
    assert lists.get("everyday").labels == kept.labels


def test_a_list_of_a_persons_own_may_have_the_name_of_a_ready_one(library: Library, tmp_path: Path) -> None:
    lists = library.tagging.lists
    (tmp_path / "Food.txt").write_text("haggis\n")
    lists.put(lists.read(tmp_path / "Food.txt"))
    assert [label.name for label in lists.get("food").labels] == ["haggis"]


def test_one_that_was_never_kept_cannot_be_removed(library: Library) -> None:
    with pytest.raises(CallError, match="comes with the program"):
        library.tagging.lists.remove("everyday")


def test_keeping_one_leaves_the_spelling_of_a_persons_labels(library: Library) -> None:
    lists = library.tagging.lists
    lists.put(LabelList("mine", (Label("DOG"),)))
    assert "DOG" in {label.name for label in lists.get("animals").labels}
    assert {label.parent for label in lists.get("animals").labels if label.name == "poodle"} == {"DOG"}


@pytest.mark.torch
def test_imagenet_has_the_names_and_templates_of_clip(ready: dict[str, LabelList]) -> None:
    metadata = pytest.importorskip("open_clip.zero_shot_metadata")
    found = ready["imagenet-1000"]
    names = [" / ".join((label.name, *label.synonyms)) for label in found.labels]
    changed = [place for place, name in enumerate(metadata.IMAGENET_CLASSNAMES) if names[place] != name]
    assert changed == [744, 836] and len(names) == 1000
    assert found.templates == tuple(template("{label}") for template in metadata.SIMPLE_IMAGENET_TEMPLATES)
