"""``tag:`` finds what is tagged with a label, or with one below it in the tree of any list."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from core.catalog import label_lists
from core.catalog.connection import Catalog
from core.search import filters
from core.search.grammar import parse
from core.tagging.checking import checked
from core.tagging.types import Label, LabelList
from tests.core.search.filters.conftest import Made, draw, store

BELOW = {
    "animal": {"animal", "dog", "cat", "poodle", "pet"},
    "dog": {"dog", "poodle"},
    "poodle": {"poodle"},
    "pet": {"animal", "dog", "cat", "poodle", "pet"},
}
"""What is below what: one list has pets below animals, another has it the other way round."""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Catalog, dict[int, set[str]]]]:
    """Photos in a catalogue with two lists, and their accepted tags."""
    chance = random.Random(5)
    names = ["animal", "dog", "cat", "poodle", "pet", "tree"]
    made = []
    for photo in draw(chance, 60):
        fields = {name: getattr(photo, name) for name in Made.__dataclass_fields__}
        chosen = chance.sample(names, chance.randrange(4))
        fields["tags"] = tuple(
            (name, chance.choice(["accepted", "accepted", "suggested", "rejected"])) for name in chosen
        )
        made.append(Made(**fields))
    one = LabelList(
        "one",
        (
            Label("poodle", parent="dog"),
            Label("dog", parent="animal"),
            Label("animal"),
            Label("cat", parent="animal"),
            Label("pet", parent="animal"),
        ),
    )
    other = LabelList("other", (Label("Pet"), Label("animal", parent="pet"), Label("tree")))
    with Catalog.open(tmp_path_factory.mktemp("tree")) as catalog:
        for given in (one, other):
            catalog.write(lambda db, given=given: label_lists.put(db, checked(given)))
        stored = store(catalog, made)
        yield (
            catalog,
            {id: {label for label, state in photo.tags if state == "accepted"} for id, photo in stored.items()},
        )


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize("name", [*BELOW, "ANIMAL", "tree"])
def test_a_label_stands_for_those_below_it(tree: tuple[Catalog, dict[int, set[str]]], name: str, sign: str) -> None:
    catalog, tags = tree
    wanted = BELOW.get(name.lower(), {name})
    expected = {id for id, have in tags.items() if bool(have & wanted) == (sign == "")}
    with catalog.read() as db:
        found = filters.newest(db, parse(f"{sign}tag:{name}"), 1000)
        assert set(found.ids.tolist()) == expected and found.total == len(expected)
        assert 0 < len(expected) < len(tags)


def test_one_of_two_trees_counts_a_photo_once(tree: tuple[Catalog, dict[int, set[str]]]) -> None:
    catalog, tags = tree
    expected = {id for id, have in tags.items() if have & {"dog", "poodle", "tree"}}
    with catalog.read() as db:
        found = filters.newest(db, parse("tag:dog OR tag:tree"), 1)
        both = filters.newest(db, parse("tag:dog tag:tree"), 1000)
    assert found.total == len(expected)
    assert set(both.ids.tolist()) == {id for id, have in tags.items() if have & {"dog", "poodle"} and "tree" in have}
