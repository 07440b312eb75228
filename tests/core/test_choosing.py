"""A person chooses another model for a library, goes back, and removes what the other one left."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core import moving
from core.catalog import embeddings
from core.catalog.lock import IndexLock
from core.errors import CallError, LibraryBusy, ModelDamaged, ModelMissing
from core.library import Library
from core.models import registry
from core.models.shelf import ENVIRONMENT, Shelf
from tests.colours import COLOURS, paint
from tests.core.moving_models import MovingLibrary, finish, make_model, shown


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Model one comes with the program, two and three are on the shelf."""
    one = make_model(tmp_path / "bundled", "one")
    shelf = tmp_path / "shelf"
    for name in ("two", "three"):
        make_model(shelf / name, name)
    monkeypatch.setattr(registry, "starter_folder", lambda: one)
    monkeypatch.setattr("core.models.shelf.starter_folder", lambda: one)
    monkeypatch.setenv(ENVIRONMENT, str(shelf))
    # Their encoders are small ones in this process: no graph is needed.
    monkeypatch.setattr("core.engines._check_it_runs", lambda model: None)
    return shelf


@pytest.fixture
def open_library(tmp_path: Path) -> Iterator[Callable[[], MovingLibrary]]:
    opened: list[MovingLibrary] = []

    def build() -> MovingLibrary:
        opened.append(MovingLibrary.open(tmp_path / "library"))
        return opened[-1]

    yield build
    for library in opened:
        library.close()


@pytest.fixture
def library(open_library: Callable[[], MovingLibrary], tmp_path: Path) -> MovingLibrary:
    for number in range(12):
        colour = list(COLOURS)[number % len(COLOURS)]
        paint(tmp_path / "album" / f"{colour} {number:02}.jpg", colour, number)
    library = open_library()
    library.add_root(tmp_path / "album")
    finish(library)
    return library


def stored(library: Library) -> dict[str, int]:
    with library.catalog.read() as db:
        return {model.name.partition("-")[0]: embeddings.count(db, model.id) for model in embeddings.models(db)}


def test_the_old_model_answers_until_the_chosen_one_has_encoded_all(library: MovingLibrary) -> None:
    before = shown(library.search("red"))
    assert library.use_model("two").name == "two"
    assert (library.info.name, library.answering.name) == ("two", "one")
    move = library.move()
    assert move is not None and (move.done, move.total) == (0, 12)
    assert shown(library.search("red")) == before
    finish(library)
    assert library.answering.name == "two" and library.move() is None
    assert {name for name, *_ in shown(library.search("red", top=2))} <= {"red 00.jpg", "red 06.jpg"}


def test_going_back_takes_no_encoding_and_what_is_left_can_be_removed(library: MovingLibrary) -> None:
    library.use_model("two")
    finish(library)
    assert stored(library) == {"one": 12, "two": 12}, "the embeddings of the model before are kept"
    assert [(left.model_id, left.embeddings) for left in library.left_models()] == [(_id("one", library), 12)]
    library.use_model("one")
    [*_, last] = finish(library)
    assert last.report.encoded == 0 and library.answering.name == "one"
    finish(library)
    assert stored(library) == {"one": 12, "two": 12}, "nor does a later run remove what one may go back to"
    [gone] = library.remove_left_models()
    assert gone.embeddings == 12 and gone.bytes >= 12 * 4 * 2
    assert stored(library) == {"one": 12} and library.left_models() == []
    assert not list((library.folder / "models").glob("two-*"))


def test_at_once_it_answers_over_what_it_has_encoded(library: MovingLibrary) -> None:
    library.use_model("two", at_once=True)
    assert library.answering.name == "two" and library.search("red").hits == ()
    finish(library)
    assert len(library.search("red").hits) == 12


def test_another_process_is_told(library: MovingLibrary, open_library: Callable[[], MovingLibrary]) -> None:
    other = open_library()
    assert other.info.name == "one"
    library.use_model("two")
    assert other.info.name == "two" and other.answering.name == "one"
    finish(other)
    assert library.answering.name == "two"


def test_a_model_that_left_the_shelf_goes_on_with_the_librarys_copy(
    library: MovingLibrary, models: Path, open_library: Callable[[], MovingLibrary]
) -> None:
    library.use_model("two")
    finish(library)
    shutil.rmtree(models / "two")
    again = open_library()
    assert again.info.folder.parent == again.folder / "models" and again.answering.name == "two"
    assert again.use_model("two").name == "two"


def test_a_model_may_leave_the_shelf_while_the_library_is_open(library: MovingLibrary, models: Path) -> None:
    library.use_model("two")
    finish(library)
    shutil.rmtree(models / "two")
    assert library.info.folder.parent == library.folder / "models"
    assert library.answering.folder.parent == library.folder / "models"
    assert len(library.search("red").hits) == 12


def test_a_chosen_model_may_leave_the_shelf_before_anything_is_encoded_with_it(
    library: MovingLibrary, models: Path, open_library: Callable[[], MovingLibrary]
) -> None:
    library.use_model("two")
    Shelf().remove("two")
    again = open_library()
    assert again.info.name == "two" and again.info.folder.parent == again.folder / "models"
    finish(again)
    assert again.answering.name == "two"


def test_a_chosen_model_that_is_nowhere_is_moved_to_no_more(
    library: MovingLibrary, models: Path, open_library: Callable[[], MovingLibrary]
) -> None:
    library.use_model("two")
    shutil.rmtree(models / "two")
    shutil.rmtree(library.folder / "models")
    again = open_library()
    assert again.info.name == "one" and again.answering.name == "one" and again.move() is None
    assert "two-" in again.called_off and "one-" in again.called_off
    assert again.status().note == again.called_off
    assert [check.sentence for check in again.doctor() if not check.ok and "two-" in check.sentence]
    paint(models.parent / "album" / "red new.jpg", "red", 77)
    finish(again)
    assert len(again.search("red").hits) == 13
    make_model(models / "two", "two")
    assert again.info.name == "two" and again.called_off == "", "it came back, and so does the move"
    again.use_model("one")
    assert again.info.name == "one"


def test_a_library_whose_own_model_is_nowhere_says_what_to_do(
    library: MovingLibrary, models: Path, open_library: Callable[[], MovingLibrary]
) -> None:
    library.use_model("two")
    finish(library)
    shutil.rmtree(models / "two")
    shutil.rmtree(library.folder / "models")
    again = open_library()
    with pytest.raises(ModelMissing, match="`starter` is always there"):
        _ = again.info
    again.use_model("one")
    assert again.info.name == "one" and again.answering.name == "one"


def test_a_damaged_copy_of_the_chosen_model_is_said_to_be_that(
    library: MovingLibrary, models: Path, open_library: Callable[[], MovingLibrary]
) -> None:
    library.use_model("two")
    shutil.rmtree(models / "two")
    copy = library.kept.place_of(library.info.model_id)
    weights = copy / "open_clip_model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(bytes(len(whole)))
    again = open_library()
    assert again.info.name == "one" and f"is damaged ({copy})" in again.called_off
    weights.write_bytes(whole)
    finish(again)
    assert again.answering.name == "two" and again.called_off == ""
    weights.write_bytes(bytes(len(whole)))
    with pytest.raises(ModelDamaged, match="is damaged"):
        _ = open_library().info


def test_going_back_to_a_model_that_has_encoded_all_answers_at_once(library: MovingLibrary) -> None:
    library.use_model("two")
    finish(library)
    before = shown(library.search("red"))
    library.use_model("one")
    assert library.answering.name == "one" and library.move() is None
    assert shown(library.search("red")) != before
    assert library.known() == (12, 12)


def test_going_back_waits_for_what_only_the_model_before_knows(library: MovingLibrary, tmp_path: Path) -> None:
    library.use_model("two")
    paint(tmp_path / "album" / "red new.jpg", "red", 77)
    finish(library)
    with library.catalog.read() as db:
        one = embeddings.models(db)[0]
    library.catalog.write(
        lambda db: db.execute(
            "DELETE FROM embedding WHERE model_id = ? AND content_id = (SELECT max(content_id) FROM embedding)",
            [one.id],
        )
    )
    library.use_model("one")
    assert library.answering.name == "two"
    move = library.move()
    assert move is not None and (move.done, move.total) == (12, 13)


def test_the_last_whole_embeddings_are_not_tidied_away(library: MovingLibrary) -> None:
    library.use_model("two", at_once=True)
    [left] = library.left_models()
    assert (left.model_id, left.needed) == (_id("one", library), 12)
    assert library.remove_left_models() == [] and stored(library) == {"one": 12, "two": 0}
    library.use_model("one")
    assert library.answering.name == "one" and len(library.search("red").hits) == 12
    library.use_model("two", at_once=True)
    finish(library)
    [left] = library.left_models()
    assert left.needed == 0 and library.remove_left_models() == [left], "the other one is whole by now"


def test_a_choice_that_is_taken_back_while_a_run_goes_on_is_heeded(
    library: MovingLibrary, open_library: Callable[[], MovingLibrary]
) -> None:
    other = open_library()
    library.use_model("two")
    steps = library.index()
    next(steps)
    other.use_model("one")
    for _ in steps:
        pass
    assert library.answering.name == "one" and library.info.name == "one"
    assert library.move() is None


@pytest.fixture
def updated(models: Path, library: MovingLibrary, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An update of the program brings model three in place of model one, and nobody has chosen; its folder."""
    three = models.parent / "updated" / "three"
    shutil.move(make_model(three, "three"), three)
    monkeypatch.setattr(registry, "starter_folder", lambda: three)
    monkeypatch.setattr("core.models.shelf.starter_folder", lambda: three)
    return three


def test_naming_the_model_that_a_run_moves_to_does_not_stop_it(
    updated: Path, open_library: Callable[[], MovingLibrary]
) -> None:
    running, other = open_library(), open_library()
    steps = running.index()
    next(step for step in steps if step.updating)
    assert other.use_model("three").name == "three"
    assert (other.info.name, other.answering.name, other.chosen_model) == ("three", "one", None)
    for _ in steps:
        pass
    assert running.answering.name == "three" and running.move() is None
    assert stored(running) == {"three": 12}, "nor is anything kept that nobody asked for"


def test_a_choice_that_comes_back_to_where_it_was_is_the_same_choice(
    updated: Path, open_library: Callable[[], MovingLibrary]
) -> None:
    running, other = open_library(), open_library()
    steps = running.index()
    next(step for step in steps if step.updating)
    other.use_model("two")
    other.use_model("three")
    for _ in steps:
        pass
    assert running.answering.name == "three" and running.move() is None
    assert stored(running) == {"one": 12, "two": 0, "three": 12}, "who chooses may go back"


def test_another_model_that_is_chosen_during_a_run_is_moved_to_after_it(
    updated: Path, models: Path, open_library: Callable[[], MovingLibrary]
) -> None:
    running, other = open_library(), open_library()
    before = shown(running.search("red"))
    steps = running.index()
    next(step for step in steps if step.updating)
    other.use_model("two")
    shutil.rmtree(models / "two")
    for _ in steps:
        pass
    assert running.answering.name == "one" and shown(running.search("red")) == before
    assert running.info.name == "two" and running.called_off == "", "its copy was left alone"
    move = running.move()
    assert move is not None and (move.done, move.total) == (0, 12)
    finish(running)
    assert running.answering.name == "two" and stored(running) == {"one": 12, "two": 12, "three": 12}


def test_the_model_before_stays_when_it_is_chosen_while_it_is_removed(
    updated: Path, open_library: Callable[[], MovingLibrary], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving, "_BATCH", 5)
    running, other = open_library(), open_library()
    seen = set()

    def look() -> bool:
        """Asked between two batches: the person changes their mind when the first is gone."""
        if stored(running)["one"] == 7 and other.info.name != "one":
            other.use_model("one")
        seen.add(stored(running)["one"])
        return False

    for _ in running.index(cancelled=look):
        pass
    assert seen == {12, 7} and running.answering.name == "three"
    assert running.info.name == "one" and running.called_off == ""
    finish(running)
    assert running.answering.name == "one" and stored(running) == {"one": 12, "three": 12}


def test_they_are_removed_by_name(library: MovingLibrary) -> None:
    library.use_model("two", at_once=True)
    with pytest.raises(CallError, match="three"):
        library.remove_left_models("three")
    [gone] = library.remove_left_models("one")
    assert gone.embeddings == 12 and stored(library) == {"two": 0}
    library.use_model("three")
    assert library.move() is None, "of nothing, nothing is left to encode"


def test_an_unknown_name_changes_nothing(library: MovingLibrary) -> None:
    with pytest.raises(ModelMissing, match="no model `tow`"):
        library.use_model("tow")
    assert library.info.name == "one" and library.chosen_model is None


def test_nothing_is_removed_while_a_run_goes_on(library: MovingLibrary) -> None:
    library.use_model("two")
    finish(library)
    with IndexLock(library.folder), pytest.raises(LibraryBusy):
        library.remove_left_models()
    assert stored(library) == {"one": 12, "two": 12}


def test_an_update_of_the_bundled_model_leaves_nothing_where_nobody_chose(
    library: MovingLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, open_library: Callable[[], MovingLibrary]
) -> None:
    monkeypatch.setattr(registry, "starter_folder", lambda: tmp_path / "shelf" / "three")
    again = open_library()
    finish(again)
    assert stored(again) == {"three": 12}


def _id(name: str, library: MovingLibrary) -> str:
    return next(id for id in library.encoders.known if id.startswith(f"{name}-"))
