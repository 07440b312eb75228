"""Files of label lists: what is written is read back, and what other programs and people write is understood."""

from __future__ import annotations

import codecs
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.catalog.tags import folded
from core.errors import CallError, LabelFileError
from core.library import Library
from core.tagging import formats
from core.tagging.checking import checked, cleaned, is_empty
from core.tagging.formats import Format, csv_table, outline, paths, toml_file
from core.tagging.formats.tree import walk
from core.tagging.types import Label, LabelList

ODD = st.text(st.sampled_from("ab ,;|/\\'\"#>{}[]=.:äЖ日\t\n\u0301\ud800"), min_size=1, max_size=12)
TEXTS = st.one_of(st.text(min_size=1, max_size=30), ODD).map(cleaned).filter(lambda text: not is_empty(text))
SEVERAL = st.lists(TEXTS, max_size=3, unique=True).map(tuple)
ROUNDS = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def lists(draw: st.DrawFn, names: st.SearchStrategy[str] = TEXTS) -> LabelList:
    chosen = draw(st.lists(names, min_size=1, max_size=8, unique_by=folded))
    groups = draw(st.lists(TEXTS, max_size=2, unique_by=folded))
    labels = []
    for place, name in enumerate(chosen):
        # Below one that comes before: so there is no ring.
        parent = draw(st.one_of(st.none(), st.sampled_from(chosen[:place]))) if place else None
        group = draw(st.one_of(st.none(), st.sampled_from(groups))) if groups else None
        synonyms = draw(st.lists(names, max_size=3).map(tuple))
        labels.append(Label(name, draw(SEVERAL), synonyms, draw(SEVERAL), parent, group))
    labels = draw(st.permutations(labels))
    used = {label.group for label in labels}
    exclusive = tuple(group for group in groups if group in used and draw(st.booleans()))
    templates = draw(st.lists(TEXTS.map(lambda text: f"{text} {{label}}"), max_size=2, unique=True).map(tuple))
    return checked(LabelList("list", tuple(labels), templates, exclusive))


def again(given_list: LabelList, text: str, module: object, **more: bool) -> LabelList:
    return checked(replace(module.parsed(text, "here", **more), name="list"))  # type: ignore[attr-defined]


def in_tree_order(given_list: LabelList, *, synonyms: bool = True) -> tuple[Label, ...]:
    """The labels as a tree writes them: names, places, and synonyms."""
    return tuple(
        Label(label.name, synonyms=label.synonyms if synonyms else (), parent=label.parent)
        for _, label in walk(given_list.labels)
    )


@ROUNDS
@given(lists())
def test_toml_holds_all_of_a_list(given_list: LabelList) -> None:
    assert again(given_list, toml_file.written(given_list), toml_file) == given_list


@ROUNDS
@given(lists())
def test_csv_holds_all_of_a_list(given_list: LabelList) -> None:
    found = again(given_list, csv_table.written(given_list), csv_table)
    assert found == replace(given_list, exclusive=found.exclusive)
    assert set(found.exclusive) == set(given_list.exclusive)


@ROUNDS
@given(lists())
def test_plain_text_holds_names_synonyms_and_the_tree(given_list: LabelList) -> None:
    text = outline.written(given_list)
    assert formats.told(Path("list.txt"), text) is Format.TXT
    assert again(given_list, text, outline).labels == in_tree_order(given_list)


@ROUNDS
@given(
    lists(
        TEXTS.map(lambda text: text.translate(str.maketrans("", "", ",;|")).lstrip("[{ ")).filter(
            lambda text: not is_empty(text)
        )
    )
)
def test_lightroom_holds_names_synonyms_and_the_tree(given_list: LabelList) -> None:
    text = outline.as_lightroom(given_list)
    assert again(given_list, text, outline, lightroom=True).labels == in_tree_order(given_list)


@ROUNDS
@given(lists(TEXTS.map(lambda text: text.replace("/", "")).filter(lambda text: not is_empty(text))))
def test_digikam_holds_names_and_the_tree(given_list: LabelList) -> None:
    found = again(given_list, paths.written(given_list), paths)
    assert found.labels == in_tree_order(given_list, synonyms=False)


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(st.text(max_size=200), st.lists(ODD, max_size=12).map("\n".join)),
    st.sampled_from([toml_file, csv_table, outline, paths]),
)
def test_no_text_is_more_than_a_sentence(text: str, module: object) -> None:
    """What is no label list is refused in one sentence; nothing else is raised."""
    try:
        found = module.parsed(text, "x.txt")  # type: ignore[attr-defined]
        if found.labels:
            checked(replace(found, name="x"))
    except CallError as error:
        assert "\n" not in str(error) or "\n" in text


OUTLINE = """\
# my animals

Animals
    Dog
      {puppy}
\tDachshund
   Cat
Vehicles > Car > Estate car
#beach
Vehicles > Car > Sports car
C\\# \\> C
"""


def test_plain_text_as_people_write_it() -> None:
    found = checked(replace(outline.parsed(OUTLINE, "x"), name="x"))
    assert [(label.name, label.parent) for label in found.labels] == [
        ("Animals", None),
        ("Dog", "Animals"),
        ("Dachshund", "Animals"),
        ("Cat", "Animals"),
        ("Vehicles", None),
        ("Car", "Vehicles"),
        ("Estate car", "Car"),
        ("#beach", None),
        ("Sports car", "Car"),
        ("C# > C", None),
    ]
    assert found.labels[1].synonyms == ("puppy",)


LIGHTROOM = """\
[Animals]
\tBirds
\t\tCrane
\t\t\t{Grus grus}
\t\t\t{crane bird}
\t\tOwl
[Machines]
\tCrane
\tCar
"""


def test_lightrooms_keyword_text(tmp_path: Path) -> None:
    file = tmp_path / "Keywords.txt"
    file.write_bytes(codecs.BOM_UTF8 + LIGHTROOM.replace("\n", "\r\n").encode())
    found = formats.read(file)
    assert found.name == "Keywords"
    assert [(label.name, label.parent, label.synonyms) for label in found.labels] == [
        ("Animals", None, ()),
        ("Birds", "Animals", ()),
        ("Crane", "Birds", ("Grus grus", "crane bird")),
        ("Owl", "Birds", ()),
        ("Machines", None, ()),
        ("Crane (Machines)", "Machines", ()),
        ("Car", "Machines", ()),
    ]


def test_digikams_paths(tmp_path: Path) -> None:
    file = tmp_path / "tags.txt"
    file.write_text("Animals/Dog\nAnimals/Cat\n\nPlaces/Italy/Rome\n")
    assert [(label.name, label.parent) for label in formats.read(file).labels] == [
        ("Animals", None),
        ("Dog", "Animals"),
        ("Cat", "Animals"),
        ("Places", None),
        ("Italy", "Places"),
        ("Rome", "Italy"),
    ]


def test_a_slash_in_one_name_makes_no_tree(tmp_path: Path) -> None:
    file = tmp_path / "bands.txt"
    file.write_text("AC/DC concert\nblack/white\n")
    assert formats.found(file).format is Format.TXT
    assert [label.name for label in formats.read(file).labels] == ["AC/DC concert", "black/white"]
    file.write_text("Queen\nAC/DC\n")
    assert [label.name for label in formats.read(file).labels] == ["Queen", "AC/DC"]
    assert [label.name for label in formats.read(file, Format.DIGIKAM).labels] == ["Queen", "AC", "DC"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("cat, dog,horse\n", ["cat", "dog", "horse"]),
        ("# pets\n\ncat, Pets > dog,", ["cat", "Pets", "dog"]),
        ("Paris, France\nRome, Italy\n", ["Paris, France", "Rome, Italy"]),
        ("Paris\\, France\n", ["Paris, France"]),
    ],
)
def test_one_line_alone_may_hold_several_labels(tmp_path: Path, text: str, names: list[str]) -> None:
    file = tmp_path / "x.txt"
    file.write_text(text)
    found = formats.read(file).labels
    assert [label.name for label in found] == names
    assert {label.name: label.parent for label in found if label.parent} == ({"dog": "Pets"} if "Pets" in names else {})


def test_what_a_person_may_not_expect_is_said(tmp_path: Path) -> None:
    file = tmp_path / "x.txt"
    file.write_text("dog\ndog\nDOG\ncat\n")
    found = formats.found(file)
    assert len(found.list.labels) == 2 and found.notes == ("“dog” stood there more than once, and is one label.",)
    file.write_text("[Private]\n\tdog\n")
    [note] = formats.found(file).notes
    assert "“Private” stood in brackets" in note and "sidecars" in note
    file.write_text("Cars > Van\nCars > Bus\n")
    assert formats.found(file).notes == ()


@pytest.mark.parametrize(
    ("suffix", "text", "sentence"),
    [
        ("csv", "name,parent\ndog,cat\ncat,dog\n", ", line 2: The label “dog” is below itself"),
        ("csv", "name,parent\nhorse,\ndog,animal\n", ", line 3: The label “dog” is to be below “animal”"),
        ("csv", "name\ndog\ncat\ndog\n", ", line 4: The label “dog” is there twice"),
        ("toml", f"labels = [\n'dog',\n'{'x' * 201}'\n]", ", line 3: The name of the label “xxx"),
        (
            "toml",
            "[[labels]]\nname = 'a'\nparent = 'dog'\n[[labels]]\nname='dog'\nparent='zoo'",
            ", line 5: The label “dog”",
        ),
        ("toml", "templates = ['x']\nlabels = ['dog']", ", line 1: The template “x” has no"),
        ("txt", "dog\n" + "y" * 201, ", line 2: The name of the label"),
    ],
)
def test_what_cannot_be_in_a_list_is_said_with_its_line(tmp_path: Path, suffix: str, text: str, sentence: str) -> None:
    file = tmp_path / f"x.{suffix}"
    file.write_text(text)
    with Library.open(tmp_path / "library") as library, pytest.raises(CallError) as told:
        library.tagging.lists.read(file)
    assert sentence in str(told.value)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Name;Synonyms\ndog;puppy | hound\n", ("puppy", "hound")),
        ("sep=;\r\nname;synonyms\r\ndog;puppy|hound\r\n", ("puppy", "hound")),
        ("Keyword\tsynonyms\ndog\tpuppy\\|hound\n", ("puppy|hound",)),
        ("dog,puppy,hound\n", ("puppy", "hound")),
        ('"dog","puppy, small"\n', ("puppy, small",)),
        ("name,synonyms,parent,\n\n,,,\ndog,puppy,,\n", ("puppy",)),
    ],
)
def test_tables_as_people_write_them(tmp_path: Path, text: str, names: tuple[str, ...]) -> None:
    file = tmp_path / "x.csv"
    file.write_text(text, newline="")
    assert formats.read(file).labels == (Label("dog", synonyms=names),)


@pytest.mark.parametrize(
    ("suffix", "text", "sentence"),
    [
        ("csv", "name,colour\ndog,red\n", "a label has no “colour”"),
        ("csv", "name,promts\ndog,red\n", "Did you mean prompts?"),
        ("csv", "name,name\n", ", line 1: the column “name” is there twice"),
        ("csv", "name,group,exclusive\na,g,vielleicht\n", "line 2: “exclusive” is yes or no, and not “vielleicht”"),
        ("csv", "name,group,exclusive\na,g,yes\nb,g,\nc,G,no\n", "line 4: the group “G” is exclusive in one row"),
        ("toml", "exclusive = ['nowhere']\nlabels = ['dog']", ", line 1: “nowhere” is to be exclusive, but no label"),
        ("toml", "labels = [{name = 5}]", "label 1: name must be one text"),
        ("toml", "\n[[labels]]\nname = 'a'\n\n[[labels]]\nparent = 'a'\n", ", line 5, label 2 has no name"),
        ("txt", "dog\0cat", "is no text"),
        ("txt", "dog\0cats", "is no text"),
        ("csv", "name\nParis, France\n", "line 2 has 2 cells"),
        ("csv", 'name\n\n"dog\n', "line 3 is no row"),
        ("csv", "name,parent\n,animal\n", "line 2 has no name"),
        ("csv", "dog\n,puppy\n", "line 2 has no name"),
        ("csv", "name\n", "has no labels"),
        ("txt", "", "has no labels"),
        ("txt", "# nothing\n", "has no labels"),
        ("txt", "{puppy}\n", "line 1: the synonym {puppy} stands below no label"),
        ("txt", "dog\n\u200d\u0301\n", "line 2: there is no label"),
        ("toml", "labels = [", "is no TOML: invalid value (at end of document)"),
        ("toml", "a = 1\nlabels = x", "line 2, column"),
        ("toml", "", "has no labels"),
        ("toml", "labels = 3", "labels must be a list"),
        ("toml", "labels = [3]", "label 1 is neither"),
        ("toml", 'labels = ["a", {prompts = []}]', "label 2 has no name"),
        ("toml", 'name = "x"\nlabels = ["dog"]', "a label list has no “name”"),
        ("toml", "[[labels]]\nname = 'dog'\nnegative = 'cat'", "label 1 (“dog”): a label has no “negative”"),
        ("toml", "[[labels]]\nname = 'dog'\nsynonyms = [1]", "synonyms must be a list of texts"),
        ("toml", "[[labels]]\nname = 'dog'\nparent = ['x']", "parent must be one text"),
        ("toml", "templates = 1\nlabels=['dog']", "templates must be a list of texts"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, suffix: str, text: str, sentence: str) -> None:
    file = tmp_path / f"x.{suffix}"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CallError) as told:
        formats.read(file)
    assert sentence in str(told.value) and str(file) in str(told.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
@pytest.mark.parametrize("suffix", ["txt", "csv", "toml"])
def test_encodings(tmp_path: Path, encoding: str, suffix: str) -> None:
    text = 'labels = ["Bär", "Zürich"]\n' if suffix == "toml" else "Bär\r\nZürich\r\n"
    file = tmp_path / f"x.{suffix}"
    file.write_bytes(text.encode(encoding))
    assert [label.name for label in formats.read(file).labels] == ["Bär", "Zürich"]


def test_what_is_no_file_of_text(tmp_path: Path, samples: Path) -> None:
    photo = next(path for path in samples.iterdir() if path.suffix == ".jpg")
    with pytest.raises(CallError, match="is no text"):
        formats.read(photo)
    (tmp_path / "x.csv").write_bytes(bytes(range(256)) * 9)
    with pytest.raises(CallError, match="is no text"):
        formats.read(tmp_path / "x.csv")
    with pytest.raises(CallError, match="is a folder"):
        formats.read(tmp_path)
    with pytest.raises(LabelFileError, match="There is no file"):
        formats.read(tmp_path / "none.txt")
    with pytest.raises(LabelFileError):
        formats.read(tmp_path / ("n" * 300))
    with pytest.raises(LabelFileError, match="no file that a label list"):
        formats.read(Path("/dev/null"))


@pytest.mark.parametrize(
    ("name", "format", "sentence"),
    [
        ("Paris, France", Format.LIGHTROOM, "“Paris, France” cannot be written"),
        ("[x]", Format.LIGHTROOM, "begin with no bracket"),
        ("AC/DC", Format.DIGIKAM, "“AC/DC” cannot be written"),
    ],
)
def test_a_name_that_a_format_cannot_hold(name: str, format: Format, sentence: str) -> None:
    with pytest.raises(CallError, match=r".") as told:
        formats.written(LabelList("x", (Label(name),)), format)
    assert sentence in str(told.value)


def test_what_a_format_leaves_out() -> None:
    full = LabelList("x", (Label("a", ("p",), ("s",), ("n",), None, "g"),), ("a {label}",), ("g",))
    assert formats.left_out(full, Format.TOML) == formats.left_out(full, Format.CSV) == ()
    assert formats.left_out(full, Format.TXT) == ("templates", "prompts", "what labels are not", "groups")
    assert "synonyms" in formats.left_out(full, Format.DIGIKAM)
    assert formats.left_out(LabelList("x", (Label("a"),)), Format.DIGIKAM) == ()
