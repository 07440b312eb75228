"""Training on a library of samples: what is learned, what is refused, what is left behind."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core import runs
from core.adapters.candidates import Candidate
from core.adapters.encoding import NamedEncoder
from core.adapters.learned import LearnedName
from core.adapters.names import NameBook
from core.errors import CallError, ExportError
from core.library import Library
from core.models import background
from core.runs import Draft
from core.search.calibration import Curve
from training.adapter import Found, Lesson, Options, Space, spare_general, train
from training.general import General, Remembering
from training.plain_words import spare_words
from training.teaching import Floats, Taught, gather

STALLS = ("024", "056", "080")
"""Three market stalls with vegetables; 009 and 050 are near."""


@pytest.fixture
def library(sample_library: Path) -> Iterator[Library]:
    with Library.open(sample_library) as opened:
        yield opened


def caption(library: Library, tmp_path: Path, **said: Sequence[str]) -> None:
    """Give photos captions: ``_024=["..."]``."""
    rows = [{"file": f"retrouve-{number[1:]}.jpg", "captions": list(texts)} for number, texts in said.items()]
    (tmp_path / "mine.jsonl").write_text("\n".join(map(json.dumps, rows)))
    library.captioning.take_in(tmp_path / "mine.jsonl")


def silent(what: str, done: int, total: int, **more: object) -> None:
    pass


def left_out(result: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["why"] for one in result["left_out"]}


def test_a_name_is_learned_and_the_run_tells_all(library: Library, tmp_path: Path) -> None:
    caption(library, tmp_path, _024=["Korver"], _056=["Korver in summer"], _080=["At Korver"])
    result = train(library, Options(), silent)
    assert result["installed"] and [one["name"] for one in result["names"]] == ["Korver"]
    assert result["before"]["names_recall_at_10"] < result["after"]["names_recall_at_10"]
    assert result["after"]["general_recall_at_10"] == result["before"]["general_recall_at_10"]
    [adapter] = library.adapters.all()
    assert adapter.active and adapter.name == result["run"] and adapter.names == 1
    run = library.runs.find(result["run"])
    assert run.installed and run.after["general_recall_at_10"] == result["after"]["general_recall_at_10"]
    details = library.runs.details(run.name)
    assert details["config"]["model"] == library.answering.model_id
    assert details["data"]["names"] == [{"name": "Korver", "photos": 3, "motifs": 3, "held_out": 3}]
    assert details["examples"]["better"][0]["before"] > details["examples"]["better"][0]["after"]
    assert len((run.folder / runs.CURVES).read_text().splitlines()) == 15
    with np.load(run.folder / runs.VECTORS) as stored:
        assert stored["names"].tolist() == ["Korver"] and stored["vectors"].shape == (1, 512)
    assert not list(library.runs.folder.glob(".draft*")), "no draft is left"


def test_what_is_learned_finds_a_photo_that_has_no_caption(library: Library, tmp_path: Path) -> None:
    caption(library, tmp_path, _024=["Korver"], _056=["Korver"])
    before = [hit.path.stem[-3:] for hit in library.search("Korver", top=6).hits]
    train(library, Options(), silent)
    after = [hit.path.stem[-3:] for hit in library.search("Korver", top=6).hits]
    assert "080" in after and "080" not in before
    hit = next(hit for hit in library.search("Korver", top=6).hits if hit.path.stem.endswith("080"))
    assert "as it was learned" in hit.reasons[0]
    without = [hit.path.stem[-3:] for hit in library.search("vegetables -Korver", top=4).hits]
    assert not set(without) & set(STALLS)


def test_tags_teach_as_captions_do(library: Library) -> None:
    with library.catalog.read() as db:
        ids = [
            db.execute("SELECT id FROM photo WHERE name = ?", [f"retrouve-{number}.jpg"]).fetchone()[0]
            for number in STALLS
        ]
    from core.catalog import tags

    def tag(db: Any) -> None:
        for photo in ids:
            tags.replace_from_file(db, photo, ["Korver"])

    library.catalog.write(tag)
    assert train(library, Options(), silent)["installed"]


def test_what_cannot_be_learned_is_refused_with_its_reason(library: Library, tmp_path: Path) -> None:
    caption(
        library,
        tmp_path,
        _024=["Market", "Once"],
        _056=["Market"],
        _080=["Market"],
        _016=["Nobody"],
        _058=["Nobody"],
        _116=["Nobody"],
        _065=["Nobody"],
    )
    result = train(library, Options(), silent)
    why = left_out(result)
    assert not result["installed"] and not library.adapters.all()
    assert "knows this word" in why["Market"] and why["Once"].startswith("one photo")
    assert "look too different" in why["Nobody"]
    assert "none could be learned" in result["why"] and library.runs.all()[0].installed is False


def test_without_any_caption_there_is_a_sentence(library: Library) -> None:
    result = train(library, Options(), silent)
    assert result["installed"] is False and "nothing to learn from" in result["why"]


def test_one_caption_on_all_photos_teaches_nothing(library: Library, tmp_path: Path) -> None:
    caption(library, tmp_path, **{f"_{number:03}": ["Familie Jansen"] for number in range(1, 132)})
    result = train(library, Options(), silent)
    assert not result["installed"] and "more than half" in left_out(result)["Familie Jansen"]


def test_one_photo_with_one_name(library: Library, tmp_path: Path) -> None:
    caption(library, tmp_path, _024=["Korver"])
    result = train(library, Options(), silent)
    assert not result["installed"] and "two are needed" in result["why"]


def test_only_the_names_that_are_asked_for(library: Library, tmp_path: Path) -> None:
    caption(library, tmp_path, _024=["Korver"], _056=["Korver"], _080=["Korver"], _114=["Bonno"], _122=["Bonno"])
    with pytest.raises(CallError, match="has the name “Nix”"):
        train(library, Options(names=("Nix",)), silent)
    assert not library.runs.all() and not list(library.runs.folder.glob(".draft*"))
    result = train(library, Options(names=("korver",)), silent)
    assert [one["name"] for one in result["names"]] == ["Korver"] and not result["left_out"]


def test_a_full_disk_installs_nothing_and_keeps_what_was_on(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    caption(library, tmp_path, _024=["Korver"], _056=["Korver"], _080=["Korver"])
    first = train(library, Options(), silent)["run"]

    def full(draft: Draft) -> Path:
        raise ExportError("The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(Draft, "finish", full)
        with pytest.raises(ExportError):
            train(library, Options(), silent)
    assert [(one.name, one.active) for one in library.adapters.all()] == [(first, True)]
    assert [run.name for run in library.runs.all()] == [first] and not list(library.runs.folder.glob(".draft*"))


def test_a_killed_run_leaves_a_draft_that_the_next_one_clears(library: Library, tmp_path: Path) -> None:
    draft = library.runs.begin("adapter")
    draft.write(runs.CONFIG, {"kind": "adapter"})
    draft.release()  # as the end of its process does
    assert not library.runs.all()
    caption(library, tmp_path, _024=["Korver"])
    train(library, Options(), silent)
    assert not draft.folder.exists() and len(library.runs.all()) == 1


def test_names_that_harm_general_sentences_are_left_out_and_no_others(library: Library) -> None:
    model, encoder = library.answering, Remembering(library.answering_encoder())
    ground = background.load(model)
    assert ground is not None
    general = General(encoder, ground.photos, lambda done, total: None)
    chance = np.random.default_rng(0).normal(size=(2, model.dim)).astype(np.float32)
    vectors = chance / np.linalg.norm(chance, axis=1, keepdims=True)
    curve = Curve(40.0, -10.0, 0.5)
    red, korver = (
        LearnedName(name, name.lower(), vector, curve, 1.0, 3)
        for name, vector in zip(("Red", "Korver"), vectors, strict=True)
    )
    named = NamedEncoder(encoder, NameBook([red, korver]), model.calibration)
    assert general.recall(named) < general.recall() - 0.01, "a general word that points elsewhere does harm"
    kept, left = spare_general(general, [red, korver], model.calibration, 0.01)
    assert kept == [korver] and [one.name for one in left] == ["Red"] and "general sentences" in left[0].why
    assert spare_general(general, [red, korver], model.calibration, 1.0) == ([red, korver], [])


@pytest.mark.parametrize("word", ["Can", "Toy", "Will"])
def test_an_ordinary_word_is_not_taken_over(library: Library, tmp_path: Path, word: str) -> None:
    caption(library, tmp_path, _024=[word], _056=[word], _080=[word])
    result = train(library, Options(), silent)
    assert not result["installed"] and "ordinary word" in left_out(result)[word]
    assert f"“our {word}”" in left_out(result)[word]


def test_an_ordinary_word_that_keeps_its_meaning_may_be_a_name(library: Library) -> None:
    model, encoder = library.answering, Remembering(library.answering_encoder())
    ground = background.load(model)
    assert ground is not None
    general = General(encoder, ground.photos, lambda done, total: None)
    _, _, own = gather(library, model)
    space, rows = Space(own, ground.photos), np.arange(3)
    words, other, flower = encoder.encode_texts(["beaver", "a market stall with vegetables", "anemone"])

    def lesson(vector: Floats, name: str = "Beaver", words: Floats = words) -> Lesson:
        candidate = Candidate(name, name.lower(), (1, 2, 3), False)
        taught = Taught(candidate, rows, tuple(rows[:, None]), words)
        none = np.zeros(3, np.int64)
        found = Found(none, none, np.zeros(3, np.float32), np.zeros(3, np.float32), [])
        return Lesson(taught, LearnedName(name, name.lower(), vector, Curve(40.0, -10.0, 0.5), 1.0, 3), found, 1.0)

    same, else_ = lesson(words), lesson(other)
    assert spare_words(general, space, [same], model.calibration) == ([same.learned], [])
    kept, left = spare_words(general, space, [else_], model.calibration)
    assert not kept and [one.name for one in left] == ["Beaver"]
    person = lesson(other, "Anemone", flower)
    assert spare_words(general, space, [person], model.calibration) == ([person.learned], []), "none is here to lose"


def test_two_words_make_a_name_of_an_ordinary_one(library: Library, tmp_path: Path) -> None:
    caption(library, tmp_path, _024=["our Toy"], _056=["Our Toy", "Blue Cabin"], _080=["our Toy", "Blue Cabin"])
    result = train(library, Options(), silent)
    assert {one["name"] for one in result["names"]} == {"our Toy", "Blue Cabin"}
    model = library.answering.model_id
    assert not library.adapters.book(model).cut("a toy car").names and library.adapters.book(model).cut("our toy").names
