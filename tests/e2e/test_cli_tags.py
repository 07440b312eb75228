"""Tags and rules from the command line, on the sample photos with the bundled model."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.__main__ import main
from core.library import Library
from core.tagging.types import Label, LabelList

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(capfdbinary: pytest.CaptureFixture[bytes], sample_library: Path) -> Call:
    """Runs a call on the sample library in this process: its exit code and both streams."""

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        code = main(["--library", str(sample_library), *map(str, arguments)])
        sys.stdout.flush()
        shown = capfdbinary.readouterr()
        return code, shown.out.decode(), shown.err.decode()

    return run


@pytest.fixture
def folder(indexed_samples: Path) -> Path:
    return indexed_samples / "photos"


@pytest.fixture
def pets(sample_library: Path) -> None:
    """A label list of one's own."""
    with Library.open(sample_library) as library:
        library.tagging.lists.put(LabelList("pets", (Label("dog"), Label("cat"))))


def document(ran: tuple[int, str, str], code: int = 0) -> dict[str, Any]:
    assert ran[0] == code, ran
    assert ran[2] == "", ran
    found: dict[str, Any] = json.loads(ran[1])
    return found


def states(call: Call, *more: str | Path) -> dict[tuple[str, str], tuple[str, str]]:
    """State and source of each tag, by photo and label."""
    found = json.loads(call("tags", "list", *more, "--json")[1])["photos"]
    return {(photo["path"], tag["label"]): (tag["state"], tag["source"]) for photo in found for tag in photo["tags"]}


def test_suggestions_are_accepted_rejected_and_undone_and_stay_decided(call: Call, pets: None) -> None:
    assert call("tag", "--labels", "pets")[0] == 0
    suggested = {key: row for key, row in states(call).items() if row[0] == "suggested"}
    (one, _), (two, _) = [key for key in suggested if key[1] == "dog"][:2]
    accepted = document(call("tags", "accept", one, "dog", "--json"))
    [entry] = accepted["photos"]
    assert entry["path"] == one and Path(one).is_absolute() and accepted["step"]["tags"] == 1
    [tag] = [tag for tag in entry["tags"] if tag["label"] == "dog"]
    assert set(tag) == {"label", "score", "source", "state"} and 0 < tag["score"] < 1
    assert (tag["source"], tag["state"]) == ("user", "accepted")
    assert call("tags", "reject", two, "DOG")[1] == "Rejected “dog” on 1 photo.\n"
    assert call("tag", "--labels", "pets", "--accept-above", "0.01")[0] == 0
    after = states(call)
    assert after[two, "dog"] == ("rejected", "user"), "no run brings back what was rejected"
    assert after[one, "dog"] == ("accepted", "user")
    assert [hit["path"] for hit in document(call("search", "tag:dog", "--json", "--top", "1000"))["hits"]].count(
        two
    ) == 0
    assert document(call("tags", "undo", "3", "--json"))["steps"][-1]["said"] == "accepted “dog” on 1 photo"
    assert states(call)[one, "dog"] == states(call)[two, "dog"] == ("suggested", "auto")
    assert document(call("tags", "redo", "--json"))["steps"][0]["undone"] is False
    steps = document(call("tags", "steps", "--json"))["steps"]
    assert [step["undone"] for step in steps] == [True, True, False]


def test_a_label_of_ones_own_goes_on_several_photos_and_off_again(call: Call, folder: Path) -> None:
    one, two = sorted(folder.glob("*.jpg"))[:2]
    assert call("tags", "accept", one, two, "Our  Dog")[1].splitlines() == [
        "Accepted “Our Dog” on 2 photos.",
        "“Our Dog” is a new label.",
    ]
    assert call("tags", "accept", one, "our dog")[1] == "Nothing changed: it was so already.\n"
    assert states(call, "--label", "our dog") == {(str(path), "Our Dog"): ("accepted", "user") for path in (one, two)}
    assert call("tags", "clear", one, "our dog")[0] == 0
    assert set(states(call, "--label", "our dog", "--state", "accepted")) == {(str(two), "Our Dog")}
    assert call("tags", "list", folder / "nowhere")[0] == 3, "a folder that is not there"
    stats = document(call("tags", "stats", "--json"))
    assert {"label": "Our Dog", "suggested": 0, "accepted": 1, "rejected": 0} in stats["labels"]
    assert stats["steps"] == 2


def test_a_search_for_a_tag_that_there_is_not_says_so(call: Call, folder: Path) -> None:
    call("tags", "accept", min(folder.glob("*.jpg")), "cat")
    note = document(call("search", "tag:kat", "--json"), 1)["note"]
    assert note == "There is no label “kat”. Did you mean “cat”?"


def test_a_label_made_by_mistake_is_found_renamed_and_forgotten(call: Call, folder: Path) -> None:
    one, two = sorted(folder.glob("*.jpg"))[:2]
    call("tags", "accept", one, "kat")
    call("tags", "accept", two, "kot")
    known = {row["label"]: row for row in document(call("tags", "labels", "--json"))["labels"]}
    assert known["kat"] == {"label": "kat", "suggested": 0, "accepted": 1, "rejected": 0, "lists": []}
    assert "in no list" in call("tags", "labels")[1]
    assert document(call("tags", "rename", "kat", "kot", "--json")) == {"label": "kot", "was": "kat", "merged": True}
    assert len(states(call, "--label", "kot")) == 2
    assert call("tags", "forget", "kot")[1] == "Forgot “kot” on 2 photos. `retrouve tags undo` brings it back.\n"
    assert "no label “kot”" in document(call("tags", "list", "--label", "kot", "--json"), 2)["error"]
    assert call("tags", "undo")[0] == 0 and len(states(call, "--label", "kot")) == 2


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("tags", "frobnicate"), 2, "does not know `frobnicate`"),
        (("tags", "accept", "dog"), 2, "is called otherwise: `retrouve tags accept PHOTO... LABEL`."),
        (("tags", "stats", "dog"), 2, "is called otherwise: `retrouve tags stats`."),
        (("labels", "show"), 2, "is called otherwise: `retrouve labels show LIST`."),
        (("labels", "export", "food", "--to", "/proc/x.toml"), 3, "the folder /proc takes no new file"),
        (("tags", "reject", "{photo}", "unheard of"), 2, "There is no label “unheard of”"),
        (("tags", "accept", "{photo}", "Animals > Dog"), 2, "No label list has “Dog” below “Animals”"),
        (("tags", "rename", "unheard of", "heard of"), 2, "There is no label “unheard of”"),
        (("tags", "forget", "unheard of"), 2, "There is no label “unheard of”"),
        (("tags", "accept", "{folder}", "dog"), 2, "is a folder"),
        (("tags", "accept", "{folder}/none.jpg", "dog"), 3, "is not there"),
        (("tags", "accept", "{folder}/CREDITS.md", "dog"), 2, "is no photo of the library"),
        (("tags", "accept", "{photo}", " "), 2, "needs a name"),
        (("tags", "undo", "0"), 2, "no number of steps"),
        (("tags", "stats", "--state", "accepted"), 2, "belongs to `retrouve tags list`"),
        (("tags", "list", "--dry-run"), 2, "belongs to `retrouve tags export`"),
        (("tags", "list", "/"), 2, "not in the library"),
        (("rules", "add", "{folder}"), 2, "needs a label list"),
        (("rules", "add", "{folder}", "--labels", "no such list"), 2, "no label list"),
        (("rules", "add", "/", "--labels", "everyday"), 2, "not in the library"),
        (("rules", "add", "{folder}/none", "--labels", "everyday"), 3, "is not there"),
        (("rules", "add", "{folder}", "--labels", "everyday", "--accept-above", "2"), 2, "--accept-above"),
        (("rules", "remove", "{folder}"), 2, "There is no rule"),
        (("rules", "list", "--accept-above", "0.5"), 2, "belongs to `retrouve rules add`"),
    ],
)
def test_a_wrong_call_changes_nothing_and_says_why(
    call: Call, folder: Path, words: tuple[str, ...], code: int, sentence: str
) -> None:
    photo = min(folder.glob("*.jpg"))
    typed = [word.format(folder=folder, photo=photo) for word in words]
    before = states(call)
    got = call(*typed, "--json")
    assert sentence in document(got, code)["error"]
    assert states(call) == before
    assert call("tags", "undo")[:2] == (1, "There is nothing to undo.\n")


def test_a_rule_tags_what_comes_in_with_the_next_index(call: Call, pets: None, folder: Path, tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    assert call("tag", folder, "--labels", "pets")[0] == 0
    dogs = [path for (path, label), row in states(call).items() if label == "dog" and row[0] == "suggested"]
    assert call("index", inbox)[0] == 0
    assert call("rules")[0] == 1
    rule = document(call("rules", "add", inbox, "--labels", "Pets", "--accept-above", "0.999", "--json"))["rule"]
    assert rule == {"folder": str(inbox), "labels": "pets", "accept_above": 0.999}
    assert call("rules", "list")[1] == f"{inbox}\tpets\taccepted from 99 %, suggested below\n"
    for path in dogs:
        shutil.copy(path, inbox / Path(path).name)
    told = call("index", inbox)[1]
    assert f"By your rules: {len(dogs)} tag" in told and "tags list --state suggested" in told
    assert set(states(call, inbox).values()) == {("suggested", "auto")}
    assert document(call("rules", "remove", inbox, "--json"))["removed"] == [rule]
    assert call("rules")[0] == 1
