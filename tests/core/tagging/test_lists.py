from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.catalog import label_lists, tags
from core.errors import CallError, TargetTaken
from core.library import Library
from core.tagging.formats import Format
from core.tagging.lists import LabelLists
from core.tagging.types import Label, LabelList

PETS = LabelList(
    "Pets",
    (
        Label("Animal"),
        Label("Dog", ("a dog playing in a park",), ("puppy", "hound"), ("a hot dog",), parent="Animal", group="kind"),
        Label("Dachshund", parent="Dog"),
        Label("Cat", parent="Animal", group="kind"),
    ),
    ("a photo of a {label}",),
    ("kind",),
)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.open(tmp_path / "library") as library:
        yield library


@pytest.fixture
def lists(library: Library) -> LabelLists:
    return library.tagging.lists


def names(lists: LabelLists) -> list[str]:
    return [name for name, _ in lists.names()]


def labels(library: Library) -> dict[str, int]:
    with library.catalog.read() as db:
        return {row["name"]: row["id"] for row in db.execute("SELECT id, name FROM label")}


def photo(library: Library) -> int:
    """The id of a photo that stands in the catalogue alone."""

    def work(db: sqlite3.Connection) -> int:
        db.execute("INSERT INTO root (path, added) VALUES ('/p', 'now')")
        db.execute("INSERT INTO folder (root_id, path) VALUES (1, '')")
        db.execute("INSERT INTO content (hash) VALUES (x'00')")
        row = db.execute(
            "INSERT INTO photo (folder_id, name, content_id, size, mtime_ns, inode) VALUES (1, 'a.jpg', 1, 1, 1, 1) "
            "RETURNING id"
        ).fetchone()
        return int(row[0])

    return library.catalog.write(work)


def tag(library: Library, photo_id: int, label: str, state: str, source: str = "auto") -> None:
    def work(db: sqlite3.Connection) -> None:
        db.execute(
            "INSERT INTO tag (photo_id, label_id, source, state, score) VALUES (?, ?, ?, ?, 0.9)",
            [photo_id, tags.label_id(db, label), source, state],
        )

    library.catalog.write(work)


def tagged(library: Library) -> dict[str, str]:
    with library.catalog.read() as db:
        return dict(db.execute("SELECT l.name, t.state FROM tag t JOIN label l ON l.id = t.label_id").fetchall())


def test_a_list_comes_back_as_it_was_put(lists: LabelLists, library: Library) -> None:
    kept = lists.put(PETS)
    assert kept.id is not None
    assert lists.get("pets") == kept == LabelList(PETS.name, PETS.labels, PETS.templates, PETS.exclusive, kept.id)
    assert lists.all() == [kept] and lists.names() == [("Pets", 4)]
    with Library.open(library.folder) as again:
        assert again.tagging.lists.get("PETS") == kept


def test_names_are_cleaned_and_what_is_repeated_is_left_out(lists: LabelLists) -> None:
    kept = lists.put(
        LabelList(
            "  My\tlist ",
            (
                Label(" big \n dog ", ("a", " a "), ("hound", "hound", "big dog", " "), ("",), "ANIMAL", " Kinds "),
                Label("Animal", group="kinds"),
            ),
            ("a {}", "a {label}"),
            ("KINDS", ""),
        )
    )
    assert kept.name == "My list"
    assert kept.labels[0] == Label("big dog", ("a",), ("hound",), (), "Animal", "KINDS")
    assert kept.labels[1].group == "KINDS" and kept.exclusive == ("KINDS",)
    assert kept.templates == ("a {label}",)


TURNING = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def test_marks_that_turn_letters_are_in_no_name_and_no_export(lists: LabelLists, tmp_path: Path) -> None:
    """They would make a name look like another, in the window, in a terminal and in whatever reads the export."""
    mark = TURNING.join
    given = Label(mark("dog"), (mark("a dog"),), (mark("hound"),), (mark("cat"),), mark("pet"), mark("kind"))
    kept = lists.put(LabelList(mark("pets"), (given, Label("pet")), (mark(("a ", "{label}")),)))
    assert kept.name == "pets" and kept.templates == ("a {label}",)
    assert kept.labels[0] == Label("dog", ("a dog",), ("hound",), ("cat",), "pet", "kind")
    assert lists.put(LabelList("hebrew", (Label("כֶּלֶב"),))).labels[0].name == "כֶּלֶב", "letters that run so stay"
    for format in Format:
        written = tmp_path / f"pets.{format}"
        lists.export("pets", written, format)
        assert "dog" in written.read_text("utf-8") and not set(TURNING) & set(written.read_text("utf-8"))


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (LabelList(" "), "needs a name"),
        (LabelList("x" * 201), "too long"),
        (LabelList("x", (Label("a"), Label(" \t"))), "Label 2"),
        (LabelList("x", (Label("\u0301"),)), "Label 1"),
        (LabelList("x", (Label("Dog"), Label("dog"))), "“dog” is there twice"),
        (LabelList("x", (Label("Zürich"), Label("ZURICH"))), "“ZURICH” is there twice"),
        (LabelList("x", (Label("y" * 201),)), "it can have 200 characters"),
        (LabelList("x", (Label("dog", prompts=("z" * 1001,)),)), "A prompt of the label “dog”"),
        (LabelList("x", (Label("dog", parent="animal"),)), "“dog” is to be below “animal”"),
        (LabelList("x", (Label("dog", parent="Dog"),)), "“dog” is below itself: dog > dog"),
        (
            LabelList("x", (Label("a", parent="c"), Label("b", parent="a"), Label("c", parent="b"))),
            "“a” is below itself: a > b > c > a",
        ),
        (LabelList("x", (Label("dog"),), ("a photo",)), "“a photo” has no {label}"),
        (
            LabelList("x", tuple(Label(f"n{i}", parent=f"n{i - 1}" if i else None) for i in range(51))),
            "lies too deep",
        ),
    ],
)
def test_a_list_that_cannot_be_is_refused_by_name_and_nothing_changes(
    lists: LabelLists, given: LabelList, sentence: str
) -> None:
    kept = lists.put(PETS)
    with pytest.raises(CallError, match=r".") as told:
        lists.put(given, replacing="Pets")
    assert sentence in str(told.value)
    assert lists.all() == [kept]


def test_a_list_of_the_same_name_is_replaced_and_keeps_its_id_and_its_labels(
    lists: LabelLists, library: Library
) -> None:
    first = lists.put(PETS)
    before = labels(library)
    second = lists.put(LabelList("PETS", (Label("dog"), Label("bird"))))
    assert second.id == first.id and [label.name for label in second.labels] == ["dog", "bird"]
    assert labels(library)["dog"] == before["Dog"]
    assert set(labels(library)) == {"dog", "bird"}


def test_a_list_is_renamed_but_not_over_another(lists: LabelLists) -> None:
    lists.put(PETS)
    lists.put(LabelList("Other"))
    with pytest.raises(CallError, match="“other” already"):
        lists.put(LabelList("other", PETS.labels), replacing="Pets")
    with pytest.raises(CallError, match="any more"):
        lists.put(PETS, replacing="gone")
    lists.put(LabelList("Beasts", PETS.labels), replacing="PETS")
    assert names(lists) == ["Beasts", "Other"]


def test_an_unknown_name_is_told_with_those_that_there_are(lists: LabelLists) -> None:
    lists.put(PETS)
    with pytest.raises(CallError, match="Did you mean “Pets”"):
        lists.get("petz")
    with pytest.raises(CallError, match=r"There are: .*Pets"):
        lists.get("qqqqqqqq")
    with pytest.raises(CallError, match="There is no label list"):
        lists.remove("qqqqqqqq")


def test_one_label_for_one_name_in_two_lists(lists: LabelLists, library: Library) -> None:
    lists.put(LabelList("a", (Label("Dog"),)))
    lists.put(LabelList("b", (Label("dog"), Label("cat"))))
    assert len(labels(library)) == 2
    lists.remove("b")
    assert [label.name for label in lists.get("a").labels] == ["Dog"] and set(labels(library)) == {"Dog"}


def test_what_was_decided_outlives_the_list_and_suggestions_do_not(lists: LabelLists, library: Library) -> None:
    wanted = ("accepted", "rejected", "suggested", "free")
    lists.put(LabelList("a", tuple(map(Label, wanted))))
    lists.put(LabelList("b", (Label("kept"),)))
    id = photo(library)
    for name in wanted[:3]:
        tag(library, id, name, name)
    tag(library, id, "kept", "suggested")
    lists.put(LabelList("a", (Label("other"),)))
    assert tagged(library) == {"accepted": "accepted", "rejected": "rejected", "kept": "suggested"}
    assert "free" not in labels(library)
    assert lists.remove("b") == 1
    assert "kept" not in tagged(library)
    assert set(labels(library)) == {"accepted", "rejected", "other"}


def test_a_suggestion_stays_while_another_list_has_its_label(lists: LabelLists, library: Library) -> None:
    lists.put(LabelList("a", (Label("dog"),)))
    lists.put(LabelList("b", (Label("dog"),)))
    tag(library, photo(library), "dog", "suggested")
    assert lists.remove("a") == 0
    assert tagged(library) == {"dog": "suggested"}


def test_a_keyword_of_a_file_is_the_label_of_its_name(lists: LabelLists, library: Library) -> None:
    id = photo(library)
    library.catalog.write(lambda db: tags.replace_from_file(db, id, ["Zürich"]))
    lists.put(LabelList("towns", (Label("zurich"),)))
    assert len(labels(library)) == 1
    lists.remove("towns")
    assert tagged(library) == {"Zürich": "accepted"}


def test_below_in_the_trees_of_all_lists(lists: LabelLists, library: Library) -> None:
    lists.put(PETS)
    lists.put(LabelList("b", (Label("dachshund"), Label("Waldi", parent="dachshund"), Label("Animal", parent="Waldi"))))
    ids = labels(library)
    with library.catalog.read() as db:
        assert label_lists.below(db, ids["Dog"]) == {ids["Dachshund"], ids["Waldi"], ids["Animal"], ids["Cat"]}
        assert label_lists.below(db, ids["Cat"]) == set()


def test_export_writes_a_file_that_is_read_back(lists: LabelLists, tmp_path: Path) -> None:
    kept = lists.put(PETS)
    target = tmp_path / "Pets.toml"
    assert lists.export("pets", target) == ()
    assert lists.read(target) == LabelList(kept.name, kept.labels, kept.templates, kept.exclusive)
    with pytest.raises(TargetTaken):
        lists.export("pets", target, "csv")
    lists.export("pets", target, "csv", overwrite=True)
    assert target.read_text().startswith("name,")
    with pytest.raises(CallError, match="toml, csv"):
        lists.export("pets", tmp_path / "x", "yaml")
    with pytest.raises(CallError, match="folder"):
        lists.export("pets", tmp_path, overwrite=True)
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["Pets.toml"]


def test_tens_of_thousands_of_labels_are_kept_and_changed(lists: LabelLists, library: Library) -> None:
    many = tuple(Label(f"label {number}", parent="label 0" if number % 3 else None) for number in range(30_000))
    kept = lists.put(LabelList("many", many))
    assert kept.labels == many
    assert lists.put(LabelList("many", many[:10])).labels == many[:10]
    assert len(labels(library)) == 10
