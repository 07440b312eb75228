"""Rules: what comes into a folder is suggested for by an index run, whatever way it comes, once and not lost."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace

import pytest

from core.catalog import tags
from core.catalog.tags import TagChange, TagRow
from core.errors import CallError, FolderError, ModelMissing
from core.library import Library
from core.search.calibration import Curve
from core.tagging import Tagging, steps
from core.tagging.suggesting import Suggester
from core.tagging.types import Label, LabelList, TagProgress, TagReport
from core.types import Phase
from tests.colours import ColourEncoder, paint
from tests.core.moving_models import MovingLibrary, finish, make_model

COLOURS = LabelList("Colours", (Label("red"), Label("blue")))
SURE = 0.97


class NameSuggester(Suggester):
    """Suggests a label for each photo in whose file's name it stands, and notes what it was asked."""

    def __init__(self, library: Library) -> None:
        super().__init__(library)
        self.asked: list[tuple[str, int, float | None]] = []
        self.broken = False

    def run(self, labels, photos=None, folder=None, accept_above=None, dry_run=False, cancelled=lambda: False):
        if self.broken:
            raise ModelMissing("The model is not there.")
        self.asked.append((labels.name, len(photos), accept_above))
        if cancelled():
            return
        accepts = accept_above is not None and accept_above <= SURE

        def work(db):
            changes = []
            for label in labels.labels:
                label_id = tags.label_id(db, label.name)
                known = tags.on_photos(db, label_id, photos)
                names = {row[0]: row[1] for row in db.execute("SELECT id, name FROM photo")}
                changes += [
                    TagChange(id, label_id, None, TagRow("accepted" if accepts else "suggested", "auto", SURE))
                    for id in photos
                    if label.name in names[id] and id not in known
                ]
            tags.put(db, changes)
            if accepts:
                steps.record(db, "accepted by a rule", changes)
            return len(changes)

        found = self._library.catalog.write(work)
        counts = {"accepted" if accepts else "suggested": found}
        yield TagProgress(len(photos), len(photos), TagReport(photos=len(photos), **counts))


class NameTagging(Tagging):
    @cached_property
    def suggester(self) -> NameSuggester:
        return NameSuggester(self._library)


class ColourLibrary(Library):
    """A library with the small encoder in place of the bundled model."""

    @cached_property
    def info(self):
        return SimpleNamespace(
            name="colours",
            model_id="colours-1",
            dim=4,
            image_size=32,
            calibration=Curve(20.0, -16.0, 0.5),
            photo_calibration=Curve(15.0, -9.7, 0.4),
            folder=self.folder / "no model",
        )

    @cached_property
    def encoder(self):
        return ColourEncoder()

    @cached_property
    def tagging(self):
        return NameTagging(self)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    paint(folder / "red 0.jpg", "red")
    paint(folder / "trips" / "red 1.jpg", "red", 1)
    paint(folder / "trips" / "italy" / "blue 2.jpg", "blue")
    return folder


@pytest.fixture
def library(tmp_path: Path, photos: Path) -> Iterator[ColourLibrary]:
    with ColourLibrary.open(tmp_path / "library") as opened:
        opened.add_root(photos)
        opened.tagging.lists.put(COLOURS)
        yield opened


def index(library: Library, folders=None):
    *_, last = library.index(folders)
    assert last.phase is Phase.DONE
    return last.report


def shown(library: Library) -> dict[str, dict[str, str]]:
    """State of each tag, by photo."""
    return {
        entry.path.name: {tag.label: tag.state.value for tag in entry.tags}
        for entry in library.tagging.decisions.listed()
    }


def due(library: Library) -> int:
    with library.catalog.read() as db:
        return db.execute("SELECT count(*) FROM rule_due").fetchone()[0]


def test_a_run_applies_the_rule_to_what_came_in_and_to_nothing_again(library, photos):
    rule = library.tagging.rules.add(photos, "colours")
    assert (rule.folder, rule.list_name, rule.accept_above) == (photos, "Colours", None)
    assert library.tagging.rules.all() == [rule]
    report = index(library)
    assert (report.suggested, report.accepted) == (3, 0)
    assert shown(library) == {
        "red 0.jpg": {"red": "suggested"},
        "red 1.jpg": {"red": "suggested"},
        "blue 2.jpg": {"blue": "suggested"},
    }
    assert due(library) == 0
    assert index(library).suggested == 0
    paint(photos / "red 3.jpg", "red", 3)
    assert index(library, [photos]).suggested == 1, "as the watcher does"
    assert [asked[1] for asked in library.tagging.suggester.asked] == [3, 1]


def test_a_rule_is_for_its_folder_and_accepts_above_its_line(library, photos):
    library.tagging.rules.add(photos / "trips", "Colours", accept_above=0.95)
    report = index(library)
    assert (report.suggested, report.accepted) == (0, 2)
    assert shown(library) == {"red 1.jpg": {"red": "accepted"}, "blue 2.jpg": {"blue": "accepted"}}
    assert library.tagging.decisions.undo().tags == 2
    assert shown(library) == {}


def test_the_inner_of_two_rules_with_one_list_holds(library, photos):
    library.tagging.rules.add(photos, "Colours")
    library.tagging.rules.add(photos / "trips" / "italy", "Colours", accept_above=0.9)
    index(library)
    assert shown(library)["blue 2.jpg"] == {"blue": "accepted"}
    assert shown(library)["red 1.jpg"] == {"red": "suggested"}
    assert sorted(library.tagging.suggester.asked) == [("Colours", 1, 0.9), ("Colours", 2, None)]


def test_a_photo_that_is_moved_into_the_folder_comes_in_and_one_that_moves_within_does_not(library, photos):
    index(library)
    library.tagging.rules.add(photos / "trips", "Colours")
    (photos / "red 0.jpg").rename(photos / "trips" / "red 0.jpg")
    (photos / "trips" / "red 1.jpg").rename(photos / "trips" / "italy" / "red 1.jpg")
    assert index(library).suggested == 1
    assert shown(library) == {"red 0.jpg": {"red": "suggested"}}


def test_what_was_rejected_is_not_brought_back_when_the_photo_comes_in_again(library, photos, tmp_path):
    library.tagging.rules.add(photos, "Colours", accept_above=0.5)
    index(library)
    decisions = library.tagging.decisions
    [entry] = [entry for entry in decisions.listed() if entry.path.name == "red 0.jpg"]
    decisions.reject([(entry.photo_id, entry.tags[0].label_id)])
    shutil.move(photos / "red 0.jpg", tmp_path / "away.jpg")
    assert index(library).forgotten == 1
    shutil.copy(tmp_path / "away.jpg", photos / "trips" / "red again.jpg")
    index(library)
    assert shown(library)["red again.jpg"] == {"red": "rejected"}


def test_a_run_that_is_stopped_leaves_the_photos_to_the_next_one(library, photos):
    library.tagging.rules.add(photos, "Colours")
    seen = []
    run = library.index()
    for progress in run:
        seen.append(progress.phase)
        if progress.phase is Phase.FINISHING:
            run.close()
    assert Phase.DONE not in seen and due(library) == 3 and shown(library) == {}
    assert index(library).suggested == 3


def test_a_rule_that_cannot_be_applied_ends_no_run_and_waits(library, photos, caplog):
    library.tagging.rules.add(photos, "Colours")
    library.tagging.suggester.broken = True
    with caplog.at_level(logging.WARNING):
        assert index(library).encoded == 3
    assert "The model is not there." in caplog.text and due(library) == 3
    library.tagging.suggester.broken = False
    assert index(library).suggested == 3


def test_a_list_that_is_removed_takes_its_rules_along_and_one_that_is_renamed_keeps_them(library, photos):
    library.tagging.rules.add(photos, "Colours")
    library.tagging.lists.put(LabelList("Paints", COLOURS.labels), replacing="Colours")
    assert [rule.list_name for rule in library.tagging.rules.all()] == ["Paints"]
    library.tagging.lists.remove("Paints")
    assert library.tagging.rules.all() == []
    assert index(library).suggested == 0 and due(library) == 0


def test_an_empty_list_keeps_no_other_from_being_applied(library, photos):
    library.tagging.lists.put(LabelList("A draft", ()))
    library.tagging.rules.add(photos, "A draft")
    library.tagging.rules.add(photos, "Colours")
    assert index(library).suggested == 3


def test_photos_that_wait_when_the_last_rule_goes_wait_no_more(library, photos):
    rule = library.tagging.rules.add(photos, "Colours")
    library.tagging.suggester.broken = True
    index(library)
    library.tagging.rules.remove(rule.id)
    index(library)
    assert due(library) == 0


def test_the_same_folder_and_list_is_one_rule(library, photos):
    one = library.tagging.rules.add(photos, "Colours")
    two = library.tagging.rules.add(photos, "COLOURS", accept_above=1)
    assert one.id == two.id and [rule.accept_above for rule in library.tagging.rules.all()] == [1.0]
    library.tagging.rules.remove(one.id)
    with pytest.raises(CallError, match="not there any more"):
        library.tagging.rules.remove(one.id)


def test_what_cannot_be_a_rule_is_told(library, photos, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    with pytest.raises(CallError, match="not in the library"):
        library.tagging.rules.add(tmp_path / "elsewhere", "Colours")
    with pytest.raises(FolderError, match="is not there"):
        library.tagging.rules.add(photos / "nowhere", "Colours")
    with pytest.raises(CallError, match="no label list"):
        library.tagging.rules.add(photos, "Nothing")
    for line in (0, -1, 1.01, float("nan")):
        with pytest.raises(CallError, match="no line to accept above"):
            library.tagging.rules.add(photos, "Colours", accept_above=line)
    assert library.tagging.rules.all() == []


def test_rules_go_with_a_root_that_another_takes_over_and_with_one_that_is_forgotten(tmp_path, photos):
    with ColourLibrary.open(tmp_path / "another library") as library:
        library.tagging.lists.put(COLOURS)
        library.add_root(photos / "trips")
        library.tagging.rules.add(photos / "trips", "Colours")
        library.tagging.rules.add(photos / "trips" / "italy", "Colours", accept_above=0.9)
        library.add_root(photos)
        assert [rule.folder for rule in library.tagging.rules.all()] == [photos / "trips", photos / "trips" / "italy"]
        report = index(library)
        assert (report.suggested, report.accepted) == (1, 1)
        library.forget(photos)
        assert library.tagging.rules.all() == []


def test_when_another_model_answers_the_rules_look_at_all_photos_of_their_folders_again(tmp_path, photos):
    models = {name: make_model(tmp_path / "models" / name, name) for name in ("one", "two")}

    def index_with(name: str) -> list[tuple[str, int, float | None]]:
        with MovingLibrary.open(tmp_path / "moving", model=models[name]) as library:
            library.tagging = NameTagging(library)
            library.add_root(photos)
            if not library.tagging.lists.names():
                library.tagging.lists.put(COLOURS)
            if not library.tagging.rules.all():
                library.tagging.rules.add(photos / "trips", "Colours")
            finish(library)
            assert shown(library)["red 1.jpg"] == {"red": "suggested"}
            return library.tagging.suggester.asked

    assert index_with("one") == [("Colours", 2, None)]
    assert index_with("one") == []
    assert index_with("two") == [("Colours", 2, None)]
    assert index_with("two") == []
