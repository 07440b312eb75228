"""A library that moves from one model to another: what answers meanwhile, what is left when it is interrupted."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core import health, moving
from core.catalog import answering, embeddings, room
from core.catalog.lock import IndexLock
from core.errors import LibraryBusy, ModelMissing, WorkerError
from core.models import kept, registry
from core.models.shelf import ENVIRONMENT
from core.search.searcher import Searcher
from core.types import PATIENCE_DAYS
from tests.colours import COLOURS, paint
from tests.core.moving_models import MovingLibrary, finish, make_model, shown

SENTENCES = ("red", "green", "blue", "yellow", "something else")
Open = Callable[..., MovingLibrary]


@pytest.fixture(autouse=True)
def no_bundled_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The update took it away: what the tests call bundled lies elsewhere."""
    monkeypatch.setattr(registry, "starter_folder", lambda: tmp_path / "nothing bundled")
    monkeypatch.setenv(ENVIRONMENT, str(tmp_path / "shelf"))


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commits of a few photos, and a progress after each photo, so that a run can be looked at on its way."""
    monkeypatch.setattr("core.indexing.store._MOST", 8)
    monkeypatch.setattr("core.indexing.progress._EVERY_S", 0)


@pytest.fixture
def models(tmp_path: Path) -> dict[str, Path]:
    return {name: make_model(tmp_path / "models" / name, name) for name in ("one", "two", "three")}


@pytest.fixture
def album(tmp_path: Path) -> Path:
    """Sixty photos of six colours."""
    for number in range(60):
        colour = list(COLOURS)[number % len(COLOURS)]
        paint(tmp_path / "album" / f"{colour} {number:02}.jpg", colour, number)
    return tmp_path / "album"


@pytest.fixture
def open_library(tmp_path: Path, models: dict[str, Path]) -> Iterator[Open]:
    opened: list[MovingLibrary] = []

    def build(name: str, place: str = "library") -> MovingLibrary:
        library = MovingLibrary.open(tmp_path / place, model=models[name])
        opened.append(library)
        return library

    yield build
    for library in opened:
        library.close()


@pytest.fixture
def old(open_library: Open, album: Path, models: dict[str, Path]) -> list[Any]:
    """Makes a library of the first model, whose folder is gone afterwards; what it answered."""
    with open_library("one") as library:
        library.add_root(album)
        finish(library)
        answers = answers_of(library)
    shutil.rmtree(models["one"])
    return answers


def answers_of(library: MovingLibrary, *, worker: bool = False) -> list[Any]:
    return [shown(library.search(sentence, top=60, worker=worker)) for sentence in SENTENCES]


def stored(library: MovingLibrary) -> dict[str, int]:
    """How many embeddings there are of each model, by its name."""
    with library.catalog.read() as db:
        return {model.name.split("-")[0]: embeddings.count(db, model.id) for model in embeddings.models(db)}


def places(library: MovingLibrary) -> dict[str, list[str]]:
    """What the library keeps and caches of each model."""
    folders = {"kept": library.folder / "models", "vectors": library.folder / "cache" / "vectors"}
    return {name: sorted(at.name.split("-")[0] for at in folder.glob("*")) for name, folder in folders.items()}


def chosen(library: MovingLibrary) -> str:
    with library.catalog.read() as db:
        found = answering.answering(db)
        assert found is not None
        return found.name.split("-")[0]


def test_the_old_model_answers_until_the_new_one_is_whole(old: list[Any], open_library: Open, album: Path) -> None:
    library = open_library("two")
    assert answers_of(library) == old, "nothing was encoded yet"
    assert library.answering.name == "one" and library.answering.folder.is_relative_to(library.folder)
    updating, moves = [], []
    for progress in library.index():
        updating.append(progress.updating)
        with library.catalog.read() as db:
            flagged = answering.answering(db)
        answers = answers_of(library, worker=True)
        if flagged is not None and flagged.name.startswith("one-"):
            assert answers == old
            moves.append(library.move())
        else:
            assert answers != old and library.move() is None
    assert any(updating) and not updating[-1]
    assert moves[0] is not None and moves[0].total == 60 and moves[0].old_is_there
    with open_library("two", "fresh") as fresh:
        fresh.add_root(album)
        finish(fresh)
        assert answers_of(library) == answers_of(fresh) != old
    assert stored(library) == {"two": 60}
    assert places(library) == {"kept": ["two"], "vectors": ["two"]}
    assert library.search("blue").hits[0].strong


def test_similar_photos_are_the_answering_models_too(old: list[Any], open_library: Open, album: Path) -> None:
    library = open_library("two")
    path = album / "green 01.jpg"
    before = shown(library.similar(path, 60))
    steps = library.index()
    for progress in steps:
        if progress.done > 20:
            break
    steps.close()
    assert shown(library.similar(path, 60, worker=True)) == before
    finish(library)
    assert {name[:5] for name, *_ in shown(library.similar(path, 9))} == {"green"}


def test_a_stopped_move_goes_on_where_it_was(old: list[Any], open_library: Open) -> None:
    library = open_library("two")
    for stop in (10, 25, 45):
        steps = library.index()
        for progress in steps:
            if progress.updating and progress.done >= stop:
                break
        steps.close()
        assert stop <= stored(library)["two"] < 60
        assert (chosen(library), answers_of(library)) == ("one", old)
        move = library.move()
        assert move is not None and (move.done, move.total) == (stored(library)["two"], 60)
    assert f"{move.done} of 60" in move.sentence
    [*_, last] = finish(library)
    assert last.report.reused >= 45 and last.report.encoded <= 15
    assert len(library.encoder_of("two").encoded) < 70, "what was encoded is not encoded again"
    assert (chosen(library), library.move()) == ("two", None)


def test_cancelling_keeps_the_old_model(old: list[Any], open_library: Open) -> None:
    library = open_library("two")
    asked = iter([False] * 12)
    for _ in library.index(cancelled=lambda: next(asked, True)):
        pass
    assert (chosen(library), answers_of(library)) == ("one", old)


def test_a_kill_between_the_last_photo_and_the_switch(
    old: list[Any], open_library: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = open_library("two")
    with monkeypatch.context() as patch:
        patch.setattr(answering, "choose", lambda db, id: pytest.fail("killed"))
        with pytest.raises(BaseException, match="killed"):
            finish(library)
    assert stored(library) == {"one": 60, "two": 60} and answers_of(library) == old
    finish(library)
    assert chosen(library) == "two" and stored(library) == {"two": 60}
    assert len(library.encoder_of("two").encoded) == 60


def test_a_kill_while_the_old_embeddings_are_removed(
    old: list[Any], open_library: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving, "_BATCH", 10)
    library = open_library("two")
    real, calls = answering.remove_embeddings, []

    def some(db: Any, model_id: int, most: int) -> int:
        calls.append(most)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(db, model_id, most)

    with monkeypatch.context() as patch:
        patch.setattr(answering, "remove_embeddings", some)
        with pytest.raises(KeyboardInterrupt):
            finish(library)
    assert stored(library) == {"one": 40, "two": 60} and chosen(library) == "two"
    answers = answers_of(library)
    assert answers != old
    finish(library)
    assert stored(library) == {"two": 60} and answers_of(library) == answers
    assert places(library)["kept"] == ["two"]


def test_new_photos_are_found_during_the_move(old: list[Any], open_library: Open, album: Path) -> None:
    library = open_library("two")
    paint(album / "green new.jpg", "green", 199)
    paint(album / "red 00.jpg", "yellow", 150)  # changed
    (album / "blue 02.jpg").unlink()
    found = None
    for progress in library.index():
        if progress.updating and found is None:
            found = answers_of(library)
            assert chosen(library) == "one"
    assert found is not None
    names = {answer[0] for answer in found[1]}
    assert "green new.jpg" in names and "blue 02.jpg" not in names
    assert {answer[0] for answer in found[3][:11]} >= {"red 00.jpg"}, "the changed photo is found as what it is now"
    assert library.encoder_of("one").encoded == ["red 00.jpg", "green new.jpg"]
    assert progress.report.forgotten == 1 and progress.report.encoded == 60


def test_many_new_photos_wait_for_the_move_and_do_not_hold_it_up(
    old: list[Any], open_library: Open, album: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving, "_FEW", 5)
    for number in range(40):
        paint(album / "a first folder" / f"green {number}.jpg", "green", 60 + number)
    library = open_library("two")
    early = None
    for _ in library.index():
        if early is None and chosen(library) == "two":
            early = len(library.encoder_of("two").encoded)
    assert early is not None and early < 85, "the new model answered before the new photos were encoded"
    assert "one" not in {id.split("-")[0] for id in library.encoders.known} or not library.encoder_of("one").encoded
    assert stored(library) == {"two": 100}


def test_a_library_whose_first_run_was_interrupted_at_once_does_not_wait(
    open_library: Open, album: Path, models: dict[str, Path]
) -> None:
    with open_library("one") as library:
        library.add_root(album)
        steps = library.index()
        next(steps), next(steps)
        steps.close()
    library = open_library("two")
    next(steps := library.index()), next(steps)
    assert chosen(library) == "two", "a model that knows nothing answers nothing"
    steps.close()


def test_without_the_old_models_files_the_new_one_answers_what_is_ready(
    old: list[Any], open_library: Open, tmp_path: Path
) -> None:
    shutil.rmtree(tmp_path / "library" / "models")
    library = open_library("two")
    assert library.search("red").hits == ()
    lost = library.lost()
    assert lost is not None and "is not there any more" in lost.sentence and "0 of 60" in lost.sentence
    assert health._embeddings(library).sentence.startswith(lost.sentence) and not health._embeddings(library).ok
    steps = library.index()
    for progress in steps:
        if progress.done >= 30:
            break
    steps.close()
    result = library.search("blue", top=60)
    assert 0 < result.total == stored(library)["two"] < 60
    scores = [hit.score > 0.9 for hit in result.hits if hit.path.name.startswith("blue")]
    assert scores and all(scores), "one model's vectors are compared with its own sentence"
    finish(library)
    assert library.lost() is None and library.move() is None and stored(library) == {"two": 60}


def test_a_damaged_old_model_is_said_to_be_that(
    old: list[Any], open_library: Open, tmp_path: Path, models: dict[str, Path]
) -> None:
    [copy] = (tmp_path / "library" / "models").iterdir()
    weights = copy / "open_clip_model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(bytes(len(whole)))
    library = open_library("two")
    assert library.search("red").hits == ()
    move = library.lost()
    assert move is not None and move.damaged == copy and not move.old_is_there
    assert "is damaged" in move.sentence and str(copy) in move.sentence and "0 of 60" in move.sentence
    assert "not there" not in move.sentence and library.status().note == move.sentence
    assert health._embeddings(library).sentence.startswith(move.sentence) and not health._embeddings(library).ok
    weights.write_bytes(whole)
    assert answers_of(library) == old and library.lost() is None, "what the sentence says helps"
    weights.write_bytes(bytes(len(whole)))
    library = open_library("two")
    make_model(models["one"], "one")
    shutil.copytree(models["one"], tmp_path / "shelf" / "one")
    assert answers_of(library) == old, "and so does the other thing"
    shutil.rmtree(tmp_path / "shelf")
    library = open_library("two")
    finish(library)
    assert chosen(library) == "two" and stored(library) == {"two": 60} and library.lost() is None
    assert places(library)["kept"] == ["two"], "a damaged copy goes like any other"


def test_weights_that_changed_in_the_kept_copy_are_told_with_what_helps(
    old: list[Any], open_library: Open, tmp_path: Path
) -> None:
    [copy] = (tmp_path / "library" / "models").iterdir()
    weights = copy / "open_clip_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"?")
    check = health._kept_model(open_library("two"))
    assert not check.ok and str(weights) in check.sentence and f"Delete the folder {copy}" in check.sentence
    shutil.rmtree(copy)
    library = open_library("two")
    finish(library)
    assert health._kept_model(library).ok and health._embeddings(library).ok


def test_a_move_that_a_third_model_overtakes(old: list[Any], open_library: Open, models: dict[str, Path]) -> None:
    with open_library("two") as library:
        steps = library.index()
        for progress in steps:
            if progress.updating and progress.done >= 20:
                break
        steps.close()
    shutil.rmtree(models["two"])
    library = open_library("three")
    assert answers_of(library) == old
    seen = []
    for progress in library.index():
        if progress.updating:
            seen.append(set(stored(library)))
            assert answers_of(library) == old
    assert all(names <= {"one", "three"} for names in seen) and seen
    assert stored(library) == {"three": 60} and places(library) == {"kept": ["three"], "vectors": ["three"]}


def test_back_to_the_model_before(old: list[Any], open_library: Open, models: dict[str, Path]) -> None:
    with open_library("two") as library:
        steps = library.index()
        for progress in steps:
            if progress.updating and progress.done >= 20:
                break
        steps.close()
    make_model(models["one"], "one")
    library = open_library("one")
    finish(library)
    assert (chosen(library), stored(library), answers_of(library)) == ("one", {"one": 60}, old)
    assert places(library)["kept"] == ["one"]


def test_photos_that_are_offline_are_waited_for_but_not_for_ever(
    open_library: Open, album: Path, models: dict[str, Path], tmp_path: Path
) -> None:
    for number in range(6):
        paint(tmp_path / "disk" / f"green far {number}.jpg", "green", 60 + number)
    with open_library("one") as library:
        library.add_root(album)
        library.add_root(tmp_path / "disk")
        finish(library)
        before = answers_of(library)
    shutil.move(tmp_path / "disk", tmp_path / "unplugged")
    library = open_library("two")
    finish(library)
    assert (chosen(library), answers_of(library)) == ("one", before)
    move = library.move()
    assert move is not None and (move.done, move.total, move.waits_for) == (60, 66, (tmp_path / "disk",))
    assert "offline" in move.sentence and str(PATIENCE_DAYS) in move.sentence

    late = (datetime.now(UTC) - timedelta(days=PATIENCE_DAYS + 1)).isoformat(timespec="seconds")
    library.catalog.write(lambda db: db.execute("UPDATE model SET added = ? WHERE answers = 0", [late]))
    finish(library, [album])
    assert chosen(library) == "one", "a run of some folders has not tried all that can be read"
    finish(library)
    assert (chosen(library), stored(library)) == ("two", {"two": 60})
    assert len(library.browse()) == 66, "they stay in the library"
    assert not [hit for hit in library.search("green", top=60).hits if "far" in hit.path.name]
    shutil.move(tmp_path / "unplugged", tmp_path / "disk")
    finish(library)
    assert stored(library) == {"two": 66}
    assert [hit for hit in library.search("green", top=60).hits if "far" in hit.path.name]


def test_a_disk_that_comes_back_completes_the_move(
    open_library: Open, album: Path, models: dict[str, Path], tmp_path: Path
) -> None:
    paint(tmp_path / "disk" / "green far.jpg", "green", 60)
    with open_library("one") as library:
        library.add_root(album)
        library.add_root(tmp_path / "disk")
        finish(library)
    shutil.move(tmp_path / "disk", tmp_path / "unplugged")
    library = open_library("two")
    finish(library)
    shutil.move(tmp_path / "unplugged", tmp_path / "disk")
    finish(library, [tmp_path / "disk"])
    assert (chosen(library), stored(library)) == ("two", {"two": 61})


def test_another_process_may_complete_the_move(old: list[Any], open_library: Open) -> None:
    window, indexer = open_library("two"), open_library("two")
    assert answers_of(window, worker=True) == old
    worker = window.encoder_of("one")
    with IndexLock(window.folder), pytest.raises(LibraryBusy):
        finish(window)
    finish(indexer)
    assert answers_of(window, worker=True) == answers_of(indexer) != old
    assert worker.closed, "the old model's worker is let go"


@pytest.mark.parametrize("fault", [None, WorkerError("The worker process was closed."), ModelMissing("gone")])
def test_a_search_that_the_switch_overtakes_is_asked_again(
    old: list[Any], open_library: Open, monkeypatch: pytest.MonkeyPatch, fault: Exception | None
) -> None:
    library, indexer = open_library("two"), open_library("two")
    real = Searcher.search
    asked: list[str] = []

    def overtaken(searcher: Searcher, text: str, **more: Any) -> Any:
        asked.append(searcher._info.model_id.split("-")[0])
        if len(asked) == 1:
            finish(indexer)
            if fault is not None:
                raise fault
        return real(searcher, text, **more)

    monkeypatch.setattr(Searcher, "search", overtaken)
    found = shown(library.search("green", top=60))
    assert asked == ["one", "two"]
    monkeypatch.undo()
    assert found == shown(library.search("green", top=60))


def test_a_fault_of_the_model_that_answers_is_told(
    old: list[Any], open_library: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = open_library("two")

    def broken(searcher: Searcher, text: str, **more: Any) -> Any:
        raise WorkerError("The worker process could not be started.")

    monkeypatch.setattr(Searcher, "search", broken)
    with pytest.raises(WorkerError, match="could not be started"):
        library.search("green")


def test_an_old_model_that_cannot_encode_does_not_hold_the_move_up(
    old: list[Any], open_library: Open, album: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = open_library("two")
    one = library.encoders.worker_of(library.answering)

    def broken(jobs: Any) -> Any:
        raise WorkerError("it stopped three times")
        yield

    monkeypatch.setattr(one, "process", broken)
    paint(album / "green new.jpg", "green", 199)
    finish(library)
    assert stored(library) == {"two": 61}


def test_a_library_that_cannot_be_written_is_searched_with_its_own_model(
    old: list[Any], open_library: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.catalog import connection

    monkeypatch.setattr(connection, "is_writable", lambda folder: False)
    library = open_library("two")
    assert library.read_only and answers_of(library) == old


def test_the_bundled_model_is_gone_and_the_kept_one_answers(
    old: list[Any], open_library: Open, models: dict[str, Path]
) -> None:
    shutil.rmtree(models["two"])
    library = open_library("two")
    assert answers_of(library) == old and library.move() is None and library.lost() is None
    status = library.status()
    assert status.model == "one" and status.embedded == 60
    with pytest.raises(ModelMissing):
        finish(library)


def test_a_copy_is_made_once_and_mended_when_damaged(open_library: Open, album: Path) -> None:
    library = open_library("one")
    library.add_root(album)
    finish(library)
    copy = library.kept.place_of(library.info.model_id)
    weights = copy / "open_clip_model.safetensors"
    first = weights.stat().st_ino, weights.stat().st_mtime_ns
    assert weights.stat().st_nlink == 1, "an update that writes into a linked file would change the copy"
    finish(library)
    assert (weights.stat().st_ino, weights.stat().st_mtime_ns) == first
    weights.write_bytes(weights.read_bytes()[:-1])
    (library.folder / "models" / ".draft-killed").mkdir()
    finish(library)
    assert library.kept.find(library.info.model_id) is not None
    assert [place.name for place in (library.folder / "models").iterdir()] == [copy.name]
    assert health._kept_model(library).ok and "keeps a copy" in health._kept_model(library).sentence


def test_a_full_disk_is_no_fault_of_indexing(
    open_library: Open, album: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(source: Path, target: Path) -> None:
        target.write_bytes(b"some")
        raise OSError(errno.ENOSPC, "No space left on device", str(target))

    monkeypatch.setattr(kept.shutil, "copyfile", full)
    library = open_library("one")
    library.add_root(album)
    [*_, last] = finish(library)
    assert last.report.encoded == 60
    assert "the disk is full" in caplog.text
    assert list((library.folder / "models").iterdir()) == []
    check = health._kept_model(library)
    assert check.ok and "retrouve index" in check.sentence
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: type("Usage", (), {"free": 0}))
    check = health._kept_model(library)
    assert not check.ok and "Make room" in check.sentence


def test_no_copy_is_made_that_leaves_the_catalogue_no_room(
    open_library: Open, album: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = open_library("one")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: type("Usage", (), {"free": room.NEARLY_FULL}))
    sentence = library.kept.keep(library.info)
    assert sentence is not None and "the disk is full" in sentence
    assert library.kept.all() == []
    monkeypatch.undo()
    assert library.kept.keep(library.info) is None and len(library.kept.all()) == 1


def test_a_model_that_is_replaced_under_our_hands_is_not_kept_under_its_name(
    open_library: Open, album: Path, models: dict[str, Path]
) -> None:
    library = open_library("one")
    assert library.info.name == "one"
    shutil.rmtree(models["one"])
    shutil.copytree(models["two"], models["one"])
    sentence = library.kept.keep(library.info)
    assert sentence is not None and "any more" in sentence
    assert library.kept.find(library.info.model_id) is None


def test_status_and_doctor_tell_of_a_move(old: list[Any], open_library: Open) -> None:
    library = open_library("two")
    steps = library.index()
    for progress in steps:
        if progress.updating and progress.done >= 20:
            break
    steps.close()
    status = library.status()
    assert status.model == "one" and status.embedded == 60
    assert status.next_model_id == library.info.model_id and status.next_embedded == stored(library)["two"]
    assert status.note is not None and "of 60 photos" in status.note
    check = health._embeddings(library)
    assert check.ok and "goes on" in check.sentence
    finish(library)
    assert (library.status().model, library.status().note) == ("two", None)
    assert health._embeddings(library).sentence == "Every photo is encoded."
