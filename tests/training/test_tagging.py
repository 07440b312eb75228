"""The fit of label probabilities and its figures, on photos that are drawn: no data and no model is needed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from core.errors import FolderError
from core.models.background import Background
from core.tagging.calibration import Coefficients
from training import pages
from training.tagging import __main__ as program
from training.tagging import figures, fitting, sets
from training.tagging.sets import Known

DIM = 64
PAGE = Path(__file__).resolve().parents[2] / "docs" / "tagging.md"


def unit(vectors: NDArray[np.floating]) -> NDArray[np.float32]:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def drawn(name: str, seed: int, kinds: int = 12, each: int = 20) -> tuple[Known, NDArray[np.float32]]:
    """Photos around the direction of their label."""
    chance = np.random.default_rng(seed)
    labels = unit(chance.standard_normal((kinds, DIM)))
    truth = np.repeat(np.eye(kinds), each, axis=1)
    photos = unit(labels.repeat(each, axis=0) + 0.25 * chance.standard_normal((kinds * each, DIM)))
    return Known(name, photos, tuple(f"{name} {place}" for place in range(kinds)), truth, truth), labels


@pytest.fixture(scope="module")
def background() -> Background:
    chance = np.random.default_rng(9)
    return Background(unit(chance.standard_normal((200, DIM))), unit(chance.standard_normal((200, DIM))))


def test_the_fit_tells_true_pairs_from_others_and_is_careful(
    background: Background, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitting, "EPISODES", 30)
    known, vectors = [], {}
    for seed, name in enumerate(("flickr8k", "caltech101", "flower_photos")):
        one, labels = drawn(name, seed)
        known.append(one)
        vectors[name] = labels
    weights = fitting.fit(known, vectors, background)
    assert 0 < weights.caution <= 1
    other, labels = drawn("other", 7)
    right, found, count = fitting.precision(other, labels, background, weights, 0.5)
    assert right > 0.9 and found > 0.5 and count > 100
    curve = figures.curve(other, labels, background, weights)
    assert list(curve) == list(figures.STEPS) and curve[30] >= curve[0] > 0.5


def test_weights_of_another_model_are_kept_and_made_as_careful_as_this_one_needs(
    background: Background, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitting, "EPISODES", 30)
    one, labels = drawn("flickr8k", 0)
    fitted = fitting.fit([one], {"flickr8k": labels}, background)
    assert fitting.careful(replace(fitted, caution=0.1), [one], {"flickr8k": labels}, background) == fitted

    bold = Coefficients(*([0.0] * len(Coefficients.names())))
    sure = fitting.careful(replace(bold, intercept=3.0), [one], {"flickr8k": labels}, background)
    assert replace(sure, caution=1.0) == replace(bold, intercept=3.0), "the weights stay what they were"
    assert fitting.precision(one, labels, background, sure, fitting.SURE)[2] == 0, "all looked likely, most are wrong"


@pytest.mark.parametrize(("pairs", "caution"), [(16, 1.0), (5000, 1 / fitting._STEPS)])
def test_a_set_with_a_handful_of_likely_pairs_does_not_decide(
    background: Background, monkeypatch: pytest.MonkeyPatch, pairs: int, caution: float
) -> None:
    sets_of = {name: drawn(name, seed) for seed, name in enumerate(("flickr8k", "coco", "caltech101"))}
    told = {"flickr8k": (0.96, 0.1, 5000), "coco": (0.8, 0.1, pairs), "caltech101": (0.96, 0.1, 5000)}
    monkeypatch.setattr(fitting, "precision", lambda known, *_: told[known.name])
    bold = Coefficients(*([0.0] * len(Coefficients.names())))
    known, vectors = [one for one, _ in sets_of.values()], {name: labels for name, (_, labels) in sets_of.items()}
    assert fitting.careful(bold, known, vectors, background).caution == pytest.approx(caution)


def test_captions_say_labels(tmp_path: Path) -> None:
    said = [["A dog runs.", "Black dog and a man."], ["One dog."], ["The sea."]]
    rows = [sets.Row(tmp_path / f"{place}.jpg", tuple(captions)) for place, captions in enumerate(said * 8)]
    found = sets._spoken("flickr8k", rows, np.zeros((24, DIM), np.float32))
    assert found.labels == ("dog",)  # said twice of eight photos; "the" and what one caption says make no label
    assert found.truth[0, 0] == 1 and np.isnan(found.truth[0, 1]) and found.truth[0, 2] == 0
    assert found.told[0, :3].tolist() == [1, 1, 0]


def test_the_page_has_a_place_for_every_table_and_a_missing_one_is_said(tmp_path: Path) -> None:
    pages.check(PAGE, list(program.PARTS))
    (tmp_path / "page.md").write_text("nothing")
    assert program.main([str(tmp_path), "--page", str(tmp_path / "page.md")]) == FolderError.exit_code
