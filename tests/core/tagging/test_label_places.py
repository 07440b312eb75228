"""Where a label lies: by the person's lists, by the trees of other programs in files, by the ready lists."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.catalog import label_lists, photos
from core.photos import sidecars, xmp_writing
from core.photos.metadata import read
from core.tagging.types import Label, LabelList
from tests.core.photos.drawn import scene, xmp_packet

DIGIKAM = "<digiKam:TagsList><rdf:Seq>{}</rdf:Seq></digiKam:TagsList>"
LIGHTROOM = "<lr:hierarchicalSubject><rdf:Bag>{}</rdf:Bag></lr:hierarchicalSubject>"
MICROSOFT = "<MicrosoftPhoto:LastKeywordXMP><rdf:Bag>{}</rdf:Bag></MicrosoftPhoto:LastKeywordXMP>"


@pytest.fixture
def shelf(album: Any, tmp_path: Path) -> Any:
    """An album whose photos are files, read with their sidecars."""

    def put(name: str, beside: str = "", inside: str = "") -> Path:
        path = tmp_path / "photos" / name
        shade = len(album.ids)
        scene(64 + shade, 48).save(path, **({"xmp": xmp_packet(inside)} if inside else {}))
        album.ids[name] = album.add(name, shows=shade)
        if beside:
            path.with_name(f"{name}.xmp").write_bytes(xmp_packet(beside))
        reread(name)
        return path

    def reread(name: str) -> None:
        path = tmp_path / "photos" / name
        found = read(path, sidecars.sidecars_of(name, sidecars.index_of(path.parent.iterdir())))
        album.library.catalog.write(lambda db: photos.set_metadata(db, album.ids[name], found))

    album.put, album.reread = put, reread
    return album


def items(*values: str) -> str:
    return "".join(f"<rdf:li>{value}</rdf:li>" for value in values)


def shape(shelf: Any) -> list[Any]:
    def plain(nodes: Any) -> list[Any]:
        return [(node.label, plain(node.below)) if node.below else node.label for node in nodes]

    return plain(shelf.library.tagging.overview.tree())


def export(shelf: Any) -> Any:
    *_, last = shelf.library.tagging.sidecars.write()
    return last.report


def paths(photo: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    found = xmp_writing.said(photo.with_name(f"{photo.name}.xmp").read_bytes())
    return found.items[xmp_writing.TREE], found.items[xmp_writing.LIST]


@pytest.mark.parametrize(
    ("beside", "inside"),
    [
        (DIGIKAM.format(items("Animals/Cow", "Places/Brittany/Tréguier")), ""),
        (MICROSOFT.format(items("Animals/Cow", "Places/Brittany/Tréguier")), ""),
        ("", LIGHTROOM.format(items("Animals|Cow", "Places|Brittany|Tréguier"))),
    ],
)
def test_the_trees_of_other_programs_are_kept(shelf: Any, beside: str, inside: str) -> None:
    shelf.put("digi.jpg", beside, inside)
    plain = shelf.put("b.jpg")
    assert shape(shelf) == [("Animals", ["Cow"]), ("Places", [("Brittany", ["Tréguier"])])]
    shelf.decisions.tag([shelf.ids["b.jpg"]], "Cow")
    assert export(shelf).sidecars[0].adds_at == ("Animals > Cow",)
    assert paths(plain) == (("Animals|Cow",), ("Animals/Cow",))
    with shelf.library.catalog.read() as db:
        assert label_lists.below(db, shelf.label("Animals")) == {shelf.label("Cow")}
    shelf.reread("b.jpg")
    assert shelf.tags("b.jpg") == {"Cow": ("accepted", "user")}


def test_a_place_goes_with_the_last_file_that_tells_it(shelf: Any) -> None:
    """What this program wrote itself tells nothing."""
    first = shelf.put("a.jpg", DIGIKAM.format(items("Animals/Cow")))
    shelf.put("b.jpg")
    shelf.decisions.tag([shelf.ids["b.jpg"]], "Cow")
    export(shelf)
    shelf.reread("b.jpg")
    first.with_name("a.jpg.xmp").write_bytes(xmp_packet(DIGIKAM.format(items("Farm/Cow"))))
    shelf.reread("a.jpg")
    assert shape(shelf) == [("Farm", ["Cow"])]
    shelf.forget("a.jpg")
    assert shape(shelf) == ["Cow"]


def test_most_files_decide_and_rings_are_none(shelf: Any) -> None:
    shelf.put("a.jpg", DIGIKAM.format(items("x/y")))
    shelf.put("b.jpg", DIGIKAM.format(items("y/x")))
    shelf.put("c.jpg", DIGIKAM.format(items("y/x", "Dog/Dog")))
    assert shape(shelf) == ["Dog", ("y", ["x"])]


def test_a_list_of_the_person_goes_before_files_and_those_before_a_ready_one(shelf: Any) -> None:
    lists = shelf.library.tagging.lists
    shelf.put("a.jpg", DIGIKAM.format(items("Farm/dog")))
    lists.get("animals")
    assert shape(shelf) == [("Farm", ["dog"])]
    lists.put(LabelList("mine", (Label("Pets"), Label("dog", parent="Pets"))))
    lists.put(LabelList("aaa", (Label("Zoo"), Label("dog", parent="Zoo"))))
    assert shape(shelf) == ["Farm", ("Pets", ["dog"])], "the oldest of the person's"


def test_a_sidecar_keeps_the_place_that_its_own_program_gave(shelf: Any) -> None:
    lists = shelf.library.tagging.lists
    photo = shelf.put("a.jpg", LIGHTROOM.format(items("Farm|Dog")))
    lists.put(LabelList("mine", (Label("Pets"), Label("Dog", parent="Pets"))))
    dog = shelf.label("Dog")
    shelf.decisions.reject([(shelf.ids["a.jpg"], dog)])
    shelf.decisions.accept([(shelf.ids["a.jpg"], dog)])
    export(shelf)
    assert paths(photo) == (("Farm|Dog",), ("Farm/Dog",))


def test_a_ready_list_moves_nothing_that_the_person_made(shelf: Any) -> None:
    lists = shelf.library.tagging.lists
    photo = shelf.put("a.jpg")
    shelf.decisions.tag([shelf.ids["a.jpg"]], "Dog")
    lists.get("animals")
    export(shelf)
    assert paths(photo) == (("Dog",), ("Dog",))
    shelf.decisions.tag([shelf.ids["a.jpg"]], "cat")
    export(shelf)
    assert "animal/mammal/cat" in paths(photo)[1], "a label of the ready list's own"
    before = paths(photo)
    lists.remove("animals")
    assert export(shelf).written == 0, "what was accepted stays where it is"
    assert paths(photo) == before


def test_a_list_of_the_person_at_the_root_goes_before_a_ready_one(shelf: Any) -> None:
    lists = shelf.library.tagging.lists
    photo = shelf.put("a.jpg")
    lists.put(LabelList("mine", (Label("cat"),)))
    lists.get("animals")
    shelf.decisions.tag([shelf.ids["a.jpg"]], "cat")
    export(shelf)
    assert paths(photo)[1] == ("cat",)


def test_a_move_says_both_places(shelf: Any) -> None:
    lists = shelf.library.tagging.lists
    photo = shelf.put("a.jpg")
    lists.put(LabelList("mine", (Label("Food"), Label("Farm"), Label("Cow", parent="Food"))))
    shelf.decisions.tag([shelf.ids["a.jpg"]], "Cow")
    export(shelf)
    lists.put(LabelList("mine", (Label("Food"), Label("Farm"), Label("Cow", parent="Farm"))))
    [plan] = shelf.library.tagging.sidecars.plan()
    assert (plan.adds, plan.removes) == (("Cow",), ())
    assert (plan.adds_at, plan.removes_at) == (("Farm > Cow",), ("Food > Cow",))
    export(shelf)
    assert paths(photo) == (("Farm|Cow",), ("Farm/Cow",))


def test_a_list_respells_nothing_that_is_in_use(shelf: Any) -> None:
    lists = shelf.library.tagging.lists
    shelf.put("a.jpg")
    shelf.decisions.tag([shelf.ids["a.jpg"]], "Dog")
    export(shelf)
    lists.put(LabelList("one", (Label("dog"), Label("cat"))))
    assert [label.name for label in lists.get("one").labels] == ["Dog", "cat"]
    assert shelf.tags("a.jpg").keys() == {"Dog"}
    assert export(shelf).written == 0
    lists.put(LabelList("one", (Label("dog"), Label("Cat"))))
    assert [label.name for label in lists.get("one").labels] == ["Dog", "Cat"], "Cat is nobody else's"
    shelf.library.tagging.renaming.rename("one", {"Dog": "DOG"})
    assert shelf.tags("a.jpg").keys() == {"DOG"}, "the person may"


def test_labels_that_become_one_take_their_places_along(shelf: Any) -> None:
    shelf.put("a.jpg", DIGIKAM.format(items("Animals/Cow", "Cow/Calf")))
    shelf.put("b.jpg", DIGIKAM.format(items("Animals/Cattle")))
    shelf.library.tagging.renaming.rename_everywhere("Cow", "Cattle")
    assert shape(shelf) == [("Animals", [("Cattle", ["Calf"])])]
