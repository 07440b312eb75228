"""The labels on photos as trees: each photo counts once, and lists that contradict each other make no ring."""

from __future__ import annotations

from core.tagging.overview import TagNode
from core.tagging.types import Label, LabelList


def plain(nodes: tuple[TagNode, ...]) -> list[tuple[str, int, int, list]]:
    return [(node.label, node.photos, node.waiting, plain(node.below)) for node in nodes]


def test_a_photo_with_several_tags_below_counts_once(album) -> None:
    for name in ("a", "b", "c"):
        album.add(name)
    album.library.tagging.lists.put(
        LabelList("Pets", (Label("Animal"), Label("Dog", parent="Animal"), Label("Cat", parent="Animal"), Label("Car")))
    )
    ids = album.ids
    album.decisions.tag([ids["a"], ids["b"]], "Dog")
    album.decisions.tag([ids["a"]], "Cat")
    album.decisions.tag([ids["c"]], "Zebra")
    album.suggest("Cat", b=0.7, c=0.8)
    assert plain(album.library.tagging.overview.tree()) == [
        ("Animal", 2, 0, [("Cat", 1, 2, []), ("Dog", 2, 0, [])]),
        ("Zebra", 1, 0, []),
    ], "Car is on no photo; Animal is shown for what is below it"


def test_what_is_rejected_alone_is_not_shown(album) -> None:
    album.add("a")
    album.decisions.tag([album.ids["a"]], "Dog")
    album.decisions.reject([(album.ids["a"], album.label("Dog"))])
    assert album.library.tagging.overview.tree() == ()


def test_lists_that_contradict_each_other_make_no_ring(album) -> None:
    album.add("a")
    lists = album.library.tagging.lists
    lists.put(LabelList("One", (Label("x"), Label("y", parent="x"))))
    lists.put(LabelList("Two", (Label("y"), Label("x", parent="y"))))
    album.decisions.tag([album.ids["a"]], "x")
    album.decisions.tag([album.ids["a"]], "y")
    found = plain(album.library.tagging.overview.tree())
    names = [found[0][0], *(below[0] for below in found[0][3])] if len(found) == 1 else [one[0] for one in found]
    assert sorted(names) == ["x", "y"], "each is shown once"


def test_known_names_are_those_of_lists_too(album) -> None:
    album.add("a")
    album.library.tagging.lists.put(LabelList("Pets", (Label("Dog"), Label("Ant"))))
    album.decisions.tag([album.ids["a"]], "Zebra")
    known = [(one.name, one.photos, one.list_name) for one in album.library.tagging.overview.known()]
    assert known == [("Zebra", 1, None), ("Ant", 0, "Pets"), ("Dog", 0, "Pets")]
