"""``retrouve labels`` as a person calls it."""

from __future__ import annotations

import codecs
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.__main__ import main
from core.library import Library

Call = Callable[..., tuple[int, str, str]]

PETS = """\
# mine
animal
  dog
    {puppy}
  cat
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "library"


@pytest.fixture
def call(capfdbinary: pytest.CaptureFixture[bytes], place: Path) -> Call:
    """Runs a call on a library that is not there yet, in this process: its exit code and both streams."""

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        code = main(["--library", str(place), *map(str, arguments)])
        sys.stdout.flush()
        shown = capfdbinary.readouterr()
        return code, shown.out.decode(), shown.err.decode()

    return run


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    file = tmp_path / "pets.txt"
    file.write_text(PETS)
    return file


def document(ran: tuple[int, str, str], code: int = 0) -> dict[str, Any]:
    assert ran[0] == code, ran
    assert ran[2] == "", ran
    found: dict[str, Any] = json.loads(ran[1])
    return found


def test_an_import_says_which_labels_keep_their_spelling(call: Call, pets: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("Dog\nCAT\nCow\n")
    assert "spells" not in call("labels", "import", pets)[1]
    said = call("labels", "import", other)[1]
    assert "Your library spells “dog” for “Dog”, “cat” for “CAT”: photos or another list have it so" in said
    shown = document(call("--json", "labels", "show", "other"))
    assert [label["name"] for label in shown["labels"]] == ["dog", "cat", "Cow"]


def test_a_list_is_imported_shown_exported_and_removed(call: Call, pets: Path, tmp_path: Path, place: Path) -> None:
    [imported] = document(call("labels", "import", pets, "--json"))["imported"]
    assert (imported["name"], imported["replaced"], len(imported["labels"])) == ("pets", False, 3)
    shown = document(call("labels", "show", "Pets", "--json"))
    assert shown["in_library"] is True
    assert shown["labels"][1] == {
        "name": "dog",
        "parent": "animal",
        "group": None,
        "synonyms": ["puppy"],
        "prompts": [],
        "not": [],
    }
    target = tmp_path / "out.csv"
    exported = document(call("labels", "export", "pets", "--to", target, "--json"))
    assert exported == {"list": "pets", "labels": 3, "format": "csv", "target": str(target), "left_out": []}
    assert target.read_text().splitlines() == ["name,parent,synonyms", "animal,,", "dog,animal,puppy", "cat,animal,"]
    assert document(call("labels", "import", target, "--name", "PETS", "--json"))["imported"][0]["replaced"] is True
    assert document(call("labels", "remove", "pets", "nobody", "--json"), 2)["error"].startswith(
        "There is no label list"
    )
    assert document(call("labels", "show", "pets", "--json"))["in_library"] is True, "all or none"
    assert call("labels", "remove", "pets")[0] == 0
    assert document(call("labels", "remove", "pets", "--json"), 2)["error"].startswith("There is no label list “pets”")


def test_lists_that_come_along_need_no_library_and_make_none(call: Call, place: Path) -> None:
    found = document(call("labels", "list", "--json"))["lists"]
    assert {"name": "everyday", "labels": 96, "in_library": False, "ready": True} in found
    assert document(call("labels", "show", "everyday", "--json"))["in_library"] is False
    assert call("labels", "export", "animals", "--format", "digikam")[1].splitlines()[2] == "animal/mammal/dog"
    assert call("labels")[0] == 0
    assert not place.exists()


def test_own_lists_come_first_and_hide_a_ready_one_of_their_name(call: Call, tmp_path: Path) -> None:
    (tmp_path / "Food.txt").write_text("haggis\n")
    code, out, _ = call("labels", "import", tmp_path / "Food.txt")
    assert code == 0 and "with 1 label from Food.txt" in out
    lines = call("labels", "list")[1].splitlines()
    assert lines[0] == "Food\t1\tin your library"
    assert len(lines) == 9 and not any(line.startswith("food\t") for line in lines)


def test_export_to_stdout_is_the_file_alone(call: Call, pets: Path) -> None:
    call("labels", "import", pets)
    assert call("labels", "export", "pets", "--format", "txt") == (0, PETS.removeprefix("# mine\n"), "")
    code, out, err = call("labels", "export", "pets", "--format", "digikam")
    assert (code, out) == (0, "animal\nanimal/dog\nanimal/cat\n")
    assert err == "This format has no place for synonyms: they are left out. TOML and CSV hold everything.\n"
    assert call("labels", "export", "pets", "--format", "digikam", "--quiet")[2] == ""


def test_a_file_that_is_there_is_overwritten_when_asked(call: Call, pets: Path) -> None:
    before = pets.read_text()
    call("labels", "import", pets)
    assert call("labels", "export", "pets", "--to", pets)[::2] == (
        2,
        f"retrouve: {pets} is there already. Name another file, or add --overwrite.\n",
    )
    assert pets.read_text() == before
    assert call("labels", "export", "pets", "--to", pets, "--overwrite")[0] == 0
    assert pets.read_text() != before


def test_several_files_are_imported_together_or_not_at_all(call: Call, pets: Path, tmp_path: Path, place: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text("labels = [")
    assert call("labels", "import", pets, broken)[0] == 2
    assert not place.exists()
    twin = tmp_path / "PETS.csv"
    twin.write_text("dog\n")
    assert "would both be the list" in document(call("labels", "import", pets, twin, "--json"), 2)["error"]
    assert not place.exists()
    other = tmp_path / "other.txt"
    other.write_bytes(codecs.BOM_UTF8 + b"dog\r\n")
    assert len(document(call("labels", "import", pets, other, "--json"))["imported"]) == 2


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("labels", "frobnicate"), 2, "does not know `frobnicate`"),
        (("labels", "import"), 2, "is called otherwise"),
        (("labels", "show"), 2, "is called otherwise"),
        (("labels", "show", "evryday"), 2, "Did you mean “everyday”?"),
        (("labels", "list", "--to", "x"), 2, "--to belongs to `retrouve labels export`"),
        (("labels", "show", "food", "--name", "x"), 2, "--name belongs to `retrouve labels import`"),
        (("labels", "import", "{pets}", "{pets}", "--name", "x"), 2, "--name names one list"),
        (("labels", "import", "{pets}", "--name", " "), 2, "needs a name"),
        (("labels", "import", "{folder}"), 2, "is a folder"),
        (("labels", "import", "{folder}/none.txt"), 3, "There is no file"),
        (("labels", "import", "{pets}", "--format", "yaml"), 2, "invalid choice"),
        (("labels", "import", "{pets}", "--format", "toml"), 2, "is no TOML"),
        (("labels", "export", "food"), 2, "--json has stdout to itself"),
        (("labels", "export", "food", "--to", "{folder}"), 2, "is a folder"),
        (("labels", "export", "food", "--to", "{folder}/no/x.toml"), 3, "the folder"),
        (("labels", "remove", "food"), 3, "There is no library"),
    ],
)
def test_a_wrong_call_says_why(
    call: Call, pets: Path, place: Path, words: tuple[str, ...], code: int, sentence: str
) -> None:
    typed = [word.format(folder=pets.parent, pets=pets) for word in words]
    assert sentence in document(call(*typed, "--json"), code)["error"]
    assert not place.exists()


def test_removing_a_list_tells_of_its_rules_and_leaves_decisions(
    call: Call, place: Path, pets: Path, photos: Path
) -> None:
    call("labels", "import", pets)
    with Library.open(place) as library:
        library.add_root(photos)
        library.tagging.rules.add(photos, "pets")
    assert document(call("labels", "remove", "pets", "--json")) == {
        "removed": ["pets"],
        "withdrawn": 0,
        "rules_removed": 1,
    }
