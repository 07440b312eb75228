"""`train lora` and `train full` from captions to another model, with a small model on pictures that it has to learn."""

from __future__ import annotations

import errno
import itertools
import json
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from core.errors import CallError, DiskFull, LibraryBusy, TrainingError
from core.library import Library
from core.models.importing import ImportRequest, import_model
from core.models.shelf import Shelf
from tests.core.models.small_models import local_dir
from training import data, finishing, full, judging, lora, surgery, tuning
from training.judging import Measured
from training.tuning import Options

COLOURS = {
    "red": (220, 30, 30),
    "green": (30, 180, 40),
    "blue": (40, 50, 220),
    "yellow": (230, 220, 40),
    "black": (10, 10, 10),
    "white": (245, 245, 245),
    "pink": (250, 150, 190),
    "grey": (128, 128, 128),
    "brown": (110, 60, 20),
    "orange": (250, 130, 10),
    "purple": (120, 20, 150),
}
PICTURES = len(COLOURS) ** 2
# What a model of random weights finds in general is chance: it may lose that.
SMALL_RUN = Options(
    tolerance=1.0, epochs=4, batch=48, rate=0.01, rank=4, average=0.5, replay=0.1, keep=0.0, patience=99
)


def draw(folder: Path) -> list[dict[str, Any]]:
    """Every two colours above each other, with grain: pictures that hold what their sentences say."""
    chance, rows = np.random.default_rng(3), []
    for upper, lower in itertools.product(COLOURS, COLOURS):
        pixels = np.empty((48, 64, 3), np.float32)
        pixels[:24], pixels[24:] = COLOURS[upper], COLOURS[lower]
        pixels += chance.normal(0, 12, pixels.shape)
        name = f"{upper}-{lower}.png"
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / name)
        rows.append({"file": name, "captions": [f"a {upper} sky over a {lower} field"]})
    return rows


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a ``shelf`` that has a small model, and a ``library`` that uses it, with captioned pictures."""
    place = tmp_path_factory.mktemp("tuning")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RETROUVE_MODELS", str(place / "shelf"))
        source = local_dir(place / "small", half=True)
        import_model(Shelf(), ImportRequest(source, name="small"))
        (place / "photos").mkdir()
        rows = draw(place / "photos")
        (place / "photos" / "captions.jsonl").write_text("\n".join(map(json.dumps, rows)))
        with Library.open(place / "library") as library:
            library.use_model("small")
            library.add_root(place / "photos")
            for _ in library.index():
                pass
            library.captioning.take_in(place / "photos" / "captions.jsonl")
            assert library.answering.name == "small"
        yield place


@pytest.fixture
def library(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Library]:
    """The test's own library and shelf."""
    for name in ("library", "shelf"):
        shutil.copytree(made / name, tmp_path / name)
    monkeypatch.setenv("RETROUVE_MODELS", str(tmp_path / "shelf"))
    with Library.open(tmp_path / "library") as opened:
        yield opened


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """So small a model is slower on several threads, and far slower where others want them too."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each run is refused at its end: for tests of what comes before, without seconds for graphs that they need not."""
    monkeypatch.setattr(judging, "refusal", lambda *_: "the test wants it so")


class Heard:
    """What a run told, and perhaps a Ctrl-C on the way."""

    def __init__(self, stop_at: int = 0) -> None:
        self.steps: list[tuple[str, int, int, dict[str, Any]]] = []
        self._stop_at = stop_at

    def __call__(self, what: str, done: int, total: int, **more: Any) -> None:
        self.steps.append((what, done, total, more))
        if what == "Training" and done == self._stop_at:
            os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize(("kind", "rate"), [(lora, 0.02), (full, 0.003)])
def test_what_was_learned_is_installed_and_answers(kind: Any, rate: float, library: Library) -> None:
    heard = Heard()
    before = library.answering
    result = kind.train(library, replace(SMALL_RUN, epochs=16, rate=rate), heard)
    assert result["installed"] is True, result
    assert result["after"]["sentences_recall_at_10"] >= result["before"]["sentences_recall_at_10"]
    assert result["chosen"]["share"] > 0 and set(result) >= {"run", "before", "after", "installed", "why"}
    run = library.runs.find(result["run"])
    assert run.installed and run.kind == kind.KIND and run.model == before.model_id
    details = library.runs.details(result["run"])
    assert details["data"]["captioned"] == PICTURES and details["data"]["held_out"]
    assert details["examples"]["better"] and {"query", "before", "after"} <= set(details["examples"]["better"][0])
    assert (run.folder / "curves.svg").read_text().count("<polyline") == 3
    curve = [json.loads(line) for line in (run.folder / "curves.jsonl").read_text().splitlines()]
    losses = [line["loss"] for line in curve if "loss" in line]
    assert len(losses) == 16 * 2 and losses[-1] < losses[0]
    assert not (run.folder / "checkpoint.pt").exists()
    assert (run.folder / "model" / "open_clip_model.safetensors").is_file()
    files = (place / "open_clip_model.safetensors" for place in (before.folder, run.folder / "model"))
    scales = [load_file(file)["logit_scale"] for file in files]
    assert not torch.equal(*(scale.float() for scale in scales)), "the temperature is learned too"
    assert [more["data"] for *_, more in heard.steps if "data" in more] == [details["data"]], "before the first step"
    tuned = [more for what, *_, more in heard.steps if what == "Training"]
    assert set(tuned[0]) == {"loss", "rate", "left_s"}
    # The library wants it, the old one answers until all is encoded anew, and back is one call away.
    assert library.info.name == result["run"] and library.answering.model_id == before.model_id
    for _ in library.index():
        pass
    assert library.answering.name == result["run"]
    assert library.search("a red sky over a blue field", top=3).hits
    assert library.use_model("small").model_id == before.model_id


HARD = replace(SMALL_RUN, hard_negatives=0.5, swapped=0.8)


@pytest.mark.usefixtures("not_installed")
def test_stopped_and_resumed_it_comes_to_the_same(made: Path, library: Library, tmp_path: Path) -> None:
    whole = lora.train(library, HARD, Heard())
    report = library.runs.details(whole["run"])["data"]
    assert report["swappable"] >= 0.85 * report["learned"] > 0, "all but those of one colour have two to exchange"
    assert report["look_alikes"] == report["learned"]
    shutil.copytree(made / "library", tmp_path / "second")
    with Library.open(tmp_path / "second") as second:
        with pytest.raises(KeyboardInterrupt):
            lora.train(second, HARD, Heard(stop_at=3))
        assert not second.runs.all() and second.info.name == "small"
        heard = Heard()
        resumed = lora.train(second, Options(), heard, resume=True)
        assert [done for what, done, *_ in heard.steps if what == "Training"] == list(range(4, 9)), (
            "two batches an epoch"
        )
        for key in ("before", "after", "mixed", "chosen"):
            assert resumed[key] == whole[key], key
        with pytest.raises(CallError, match="nothing to resume"):
            lora.train(second, Options(), Heard(), resume=True)


def test_nothing_that_loses_is_installed(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    worse = Measured(np.zeros(4, np.int64), np.full(4, 50), np.zeros(4, np.int64))
    fine = Measured(np.ones(4, np.int64), np.zeros(4, np.int64), np.zeros(4, np.int64))
    answers = iter([fine, *[worse] * 4])
    monkeypatch.setattr(judging.Ruler, "measure", lambda self, encoding, tell: next(answers))
    monkeypatch.setattr(judging.Ruler, "examples", lambda self, before, after: {"better": [], "worse": []})
    result = lora.train(library, Options(epochs=1, batch=48), Heard())
    assert result["installed"] is False and "less often" in result["why"] and result["model"] is None
    assert f"`retrouve runs remove {result['run']}` frees them" in result["remarks"][0]
    assert library.info.name == "small" and [one.name for one in Shelf().all()] == ["starter", "small"]
    assert library.runs.find(result["run"]).why == result["why"]


@pytest.mark.usefixtures("not_installed")
def test_a_full_disk_installs_nothing_and_can_be_resumed(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.fsync
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(os, "fsync", real)
        lora.train(library, SMALL_RUN, Heard(stop_at=2))

    def full_disk(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch, pytest.raises(DiskFull, match="--resume"):
        patch.setattr(os, "fsync", full_disk)
        lora.train(library, Options(), Heard(stop_at=4), resume=True)
    heard = Heard()
    assert lora.train(library, Options(), heard, resume=True)["run"]
    assert next(done for what, done, *_ in heard.steps if what == "Training") == 3


def test_too_little_is_said_and_nothing_is_tried(made: Path, library: Library) -> None:
    with library.catalog.read() as db:
        ids = [row[0] for row in db.execute("SELECT id FROM caption")]

    def only(sentences: Callable[[int], str], count: int) -> None:
        def change(db: Any) -> None:
            db.execute("DELETE FROM caption")
            for at, row in enumerate(db.execute("SELECT id FROM photo ORDER BY id LIMIT ?", [count]).fetchall()):
                db.execute(
                    "INSERT INTO caption (photo_id, text, source) VALUES (?, ?, 'user')", [row[0], sentences(at)]
                )

        library.catalog.write(change)

    assert len(ids) == PICTURES
    for sentences, count, why in [
        (str, 0, "0 photos"),
        (str, 1, "1 photo has"),
        (lambda at: "the same", PICTURES, "captions are equal"),
    ]:
        only(sentences, count)
        result = lora.train(library, SMALL_RUN, Heard())
        assert result["installed"] is False and why in result["why"], result
    assert len(library.runs.all()) == 3 and library.info.name == "small"


def test_of_what_was_tried_the_best_that_keeps_the_general_is_chosen() -> None:
    def found(choosing: int, general: list[int]) -> Measured:
        return Measured(np.array([choosing]), np.array([choosing]), np.array(general))

    tried = {0.0: found(9, [0, 0]), 0.5: found(4, [0, 0]), 1.0: found(0, [0, 30])}
    assert judging.choose(tried, 0.01) == 0.5 and judging.choose(tried, 0.5) == 1.0
    assert judging.choose({0.0: tried[0.0], 1.0: found(20, [0, 0])}, 0.01) == 0.0
    assert judging.refusal(tried[0.0], tried[0.5], 0.5, 0.01) == ""
    assert "lose 50.0%" in judging.refusal(tried[0.0], tried[1.0], 1.0, 0.01)
    assert "nothing finds" in judging.refusal(tried[0.0], tried[0.0], 0.0, 0.01)
    assert "no earlier" in judging.refusal(tried[0.5], tried[0.5], 1.0, 0.01)
    why = finishing._why("", tried[0.0], tried[0.5], 0.01)
    assert "100.0% before" in why and "their middle place is 5.0, 10.0 before; general sentences find as much" in why
    assert "nothing general" in judging.refusal(found(1, []), found(0, []), 1.0, 0.01)


def test_a_sentence_of_several_photos_is_asked_once_and_any_of_them_is_right() -> None:
    from training.data import Example

    gallery = [Example(Path(f"/{at}"), texts) for at, texts in enumerate([("Dog", "a"), ("dog",), ("cat",)])]
    asked = judging.questions(gallery, gallery[:1])
    assert asked.texts == ("Dog", "a") and asked.right == ((0, 1), (0,))
    photos, texts = torch.eye(3), torch.tensor([[0.1, 0.9, 0.5], [0.1, 0.9, 0.5]])
    assert judging.ranks(photos, texts, asked.right).tolist() == [0, 2]


def test_a_sentence_that_another_photo_has_too_is_not_wrong_for_it() -> None:
    from training.data import Example

    one, two = Example(Path("/1"), ("a dog", "A Beach")), Example(Path("/2"), ("a beach",))
    assert tuning.true_too([(one, "a dog"), (two, "a beach")]).tolist() == [[True, True], [False, True]]


def test_swapped_sentences_are_learned_to_be_wrong(library: Library) -> None:
    """The loss of the same batches is higher with them, by what they are to be learned from."""
    found = []
    for swapped in (0.0, 1.0):
        begun = tuning.begin(library, "lora", replace(SMALL_RUN, swapped=swapped), resume=False, tell=Heard())
        assert isinstance(begun, tuning.Lesson)
        torch.manual_seed(0)
        encoding = judging.Encoding(surgery.load(begun.model, begun.device), begun.device, "fp32")
        batches = data.Batches(begun.parts.learned, 48)
        objective = tuning.Objective(begun, encoding, batches, Heard())
        pairs = batches.at(0)
        found.append(float(objective.gradients(0)))
        begun.draft.drop()
    assert found[1] > found[0] + 0.1
    one, two = pairs[:2]
    wrong = [two[1], "a sentence of nobody"]
    assert tuning.true_too([one, two], wrong).tolist() == [[True, False, False, False], [False, True, True, False]]


def test_what_is_missing_or_broken_when_a_run_goes_on_is_said(library: Library, made: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        lora.train(library, SMALL_RUN, Heard(stop_at=2))
    (draft,) = library.runs.folder.glob(".draft-lora-*")
    moved = next((made / "photos").glob("*.png"))
    saved = (draft / "pairs.json").read_text()
    # A photo that is gone (a disk that is not mounted): the run is kept, and goes on when it is back.
    (draft / "pairs.json").write_text(saved.replace(moved.name, f"gone-{moved.name}"))
    with pytest.raises(TrainingError, match=f"gone-{moved.name} could be read when the run began"):
        lora.train(library, Options(), Heard(), resume=True)
    assert (draft / "checkpoint.pt").is_file()
    for broken in ('{"learned": 3}', "{", ""):
        (draft / "pairs.json").write_text(broken)
        with pytest.raises(TrainingError, match="without --resume"):
            lora.train(library, Options(), Heard(), resume=True)
    (draft / "pairs.json").write_text(saved)
    with (draft / "curves.jsonl").open("a") as curves:
        curves.write('{"step": 1, "lo\n[1]\n\0\0\0')
    heard = Heard(stop_at=3)
    with pytest.raises(KeyboardInterrupt):
        lora.train(library, Options(), heard, resume=True)
    steps = [json.loads(line).get("step") for line in (draft / "curves.jsonl").read_text().splitlines()]
    assert steps == sorted(steps) and steps[-1] == 3


def test_two_at_a_time_do_not_take_each_others_run(library: Library) -> None:
    begun = tuning.begin(library, "lora", SMALL_RUN, resume=False, tell=Heard())
    assert isinstance(begun, tuning.Lesson)
    (begun.draft.folder / "checkpoint.pt").write_bytes(b"saved")
    with Library.open(library.folder) as second:
        for resume in (False, True):
            with pytest.raises(LibraryBusy, match="`train lora` is going on"):
                lora.train(second, SMALL_RUN, Heard(), resume=resume)
    assert (begun.draft.folder / "checkpoint.pt").read_bytes() == b"saved"
    begun.draft.drop()


@pytest.mark.usefixtures("not_installed")
def test_the_sigmoid_loss_trains_a_bias_too(library: Library) -> None:
    options = Options(epochs=1, batch=48, parts=3, loss="sigmoid", keep=0.5, locked="image", precision="bf16")
    result = lora.train(library, options, Heard())
    assert result["chosen"]["epochs"] == 1 and result["why"]
    assert tuning.Options.read({"epochs": 3, "unknown": 1}).epochs == 3
