"""Suggestions for photos of known kinds: what the acceptance of the command line asks, and what decisions teach."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.library import Library
from core.tagging.types import Label, LabelList

KINDS = ("sunflower", "panda", "airplanes", "grand_piano", "butterfly", "pizza")
NAMES = {"airplane": "airplanes", "grand piano": "grand_piano"}
LIST = LabelList(
    "things", tuple(Label(name) for name in ("sunflower", "panda", "airplane", "grand piano", "butterfly"))
)


@pytest.fixture(scope="module")
def kinds(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Library, dict[int, str]]]:
    """A library of twelve photos each of six kinds, and the kind of each."""
    place = tmp_path_factory.mktemp("kinds")
    lines = (shared_data / "caltech101" / "captions.jsonl").read_text(encoding="utf-8").splitlines()
    files = [shared_data / "caltech101" / json.loads(line)["file"] for line in lines]
    (place / "photos").mkdir()
    for kind in KINDS:
        for number, file in enumerate([file for file in files if file.name.startswith(kind)][:12]):
            shutil.copyfile(file, place / "photos" / f"{KINDS.index(kind)}-{number}{file.suffix}")
    with Library.open(place / "library") as library:
        library.add_root(place / "photos")
        for _ in library.index():
            pass
        ids = library.browse().tolist()
        yield library, {photo.id: KINDS[int(photo.path.name[0])] for photo in library.photos(ids)}


def test_nearly_all_right_ones_are_suggested_and_few_wrong_ones(kinds: tuple[Library, dict[int, str]]) -> None:
    library, kind_of = kinds
    found = [one for step in library.tagging.suggester.run(LIST, dry_run=True) for one in step.found]
    right = [one for one in found if kind_of[one.photo_id] == NAMES.get(one.label, one.label)]
    assert len(right) >= 55 and len(found) - len(right) < 5


def test_a_list_of_one_label(kinds: tuple[Library, dict[int, str]]) -> None:
    library, kind_of = kinds
    shown = library.tagging.suggester.preview(Label("pizza"), LabelList("new"), top=12)
    assert sum(kind_of[one.photo_id] == "pizza" for one in shown if one.score >= 0.4) >= 10


def test_decisions_teach_a_word_that_the_model_has_wrong(kinds: tuple[Library, dict[int, str]]) -> None:
    library, kind_of = kinds
    # "Grandpa's" are the pianos here, which no sentence says.
    label, pianos = Label("grandpa's"), [id for id, kind in kind_of.items() if kind == "grand_piano"]
    others = [id for id, kind in kind_of.items() if kind != "grand_piano"]
    suggester, one = library.tagging.suggester, LabelList("mine", (Label("grandpa's"),))
    before = suggester.probabilities(label, one, pianos[4:])
    library.tagging.decisions.tag(pianos[:4], "grandpa's")
    library.tagging.decisions.tag(others[:4], "grandpa's", accept=False)
    after = suggester.probabilities(label, one, pianos[4:])
    assert before.max() < 0.4 < after.min()
    assert suggester.probabilities(label, one, others[4:]).max() < after.min()
    while library.tagging.decisions.undo() is not None:
        pass
    assert suggester.probabilities(label, one, pianos[4:]) == pytest.approx(before, abs=1e-6)
