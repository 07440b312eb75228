"""How a label and a photo become a probability, on the vectors that came with the bundled model."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from core.models import background
from core.models.background import Background
from core.models.registry import load_info
from core.search.exact import ExactIndex
from core.tagging.backdrop import SAMPLE, Backdrop
from core.tagging.calibration import Coefficients, coefficients
from core.tagging.learning import Learned, Taught, learn
from core.tagging.scoring import Scorer
from core.tagging.types import Label, LabelList
from core.tagging.vectors import LabelVectors

NONE = np.zeros((0, 512), np.float32)
NOBODY = np.zeros(0, np.int64)


@pytest.fixture(scope="module")
def known(starter: Path) -> Background:
    found = background.load(load_info(starter))
    assert found is not None
    return found


@pytest.fixture
def weights(starter: Path) -> Coefficients:
    return coefficients(load_info(starter).model_id)


def made(known: Background, count: int = 6, **more: tuple[str, ...]) -> tuple[LabelList, LabelVectors, Backdrop]:
    """A list whose labels are captions of the background; its photos are the library."""
    labels = LabelList("some", tuple(Label(f"label {number}") for number in range(count)), **more)
    vectors = LabelVectors(known.captions[:count], NONE, NOBODY, NONE, NOBODY)
    return labels, vectors, Backdrop(known.photos, known.captions, known.photos[:300], 300)


def logit(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.log(probabilities / (1 - probabilities)))


def test_the_quick_way_gives_what_the_weighed_features_say(known: Background, weights: Coefficients) -> None:
    weights = replace(weights, caution=1.0)
    scorer = Scorer(*made(known), weights)
    photos = known.photos[300:500]
    features = scorer.features(photos)
    assert features.keys() == set(Coefficients.names()) - {"intercept"}
    slow = weights.intercept + sum(getattr(weights, name) * value for name, value in features.items())
    quick = logit(scorer.probabilities(photos))
    assert np.allclose(quick[slow < 3], slow[slow < 3], atol=2e-3)
    settled = scorer.careful(np.array([-9.0, 2.0, 3.0, 3.5, 8.0, 400.0]))
    assert np.allclose(settled[:3], [-9.0, 2.0, 3.0]) and (np.diff(settled[:5]) > 0).all()
    assert 1 / (1 + np.exp(-settled[-1])) == pytest.approx(0.99, abs=1e-3), "nothing is called surer than that"
    assert np.allclose(scorer.weighed(photos, 2), slow[:, 2], atol=2e-3)
    careful = Scorer(*made(known), replace(weights, caution=0.5)).probabilities(photos)
    less = slow - 0.5 * np.clip(slow, 0, 3)
    assert np.allclose(logit(careful)[less < 3], less[less < 3], atol=2e-3)


@pytest.mark.parametrize("caution", [0.4, 1.0])
@pytest.mark.parametrize("line", [0.05, 0.4, 0.5, 0.6, 0.9, 0.97, 1.0])
def test_the_likely_ones_are_those_above_the_line(
    known: Background, weights: Coefficients, line: float, caution: float
) -> None:
    weights = replace(weights, caution=caution)
    scorer = Scorer(*made(known, 40), weights)
    every = scorer.probabilities(known.photos)
    rows, columns, sure = scorer.likely(known.photos, line)
    assert set(zip(rows.tolist(), columns.tolist(), strict=True)) == set(
        map(tuple, np.argwhere(every >= line).tolist())
    )
    assert np.allclose(sure, every[rows, columns])
    assert np.all(np.diff(rows) >= 0)


def test_labels_of_an_exclusive_group_share_one_distribution(known: Background, weights: Coefficients) -> None:
    labels, vectors, backdrop = made(known, 4, exclusive=("kind",))
    free = Scorer(labels, vectors, backdrop, weights).probabilities(known.photos)
    bound = tuple(replace(label, group="Kind") for label in labels.labels[:3])
    grouped = Scorer(replace(labels, labels=(*bound, labels.labels[3])), vectors, backdrop, weights)
    found = grouped.probabilities(known.photos)
    assert found[:, :3].sum(axis=1).max() <= 1
    assert np.all(found[:, :3] <= free[:, :3] + 1e-9) and np.allclose(found[:, 3], free[:, 3])
    rows, columns, sure = grouped.likely(known.photos, 0.3)
    assert np.allclose(sure, found[rows, columns], atol=0.03)


def test_what_a_label_is_not_takes_from_it(known: Background, weights: Coefficients) -> None:
    labels, vectors, backdrop = made(known, 2)
    free = Scorer(labels, vectors, backdrop, weights).probabilities(known.photos)
    against = replace(vectors, negatives=known.captions[:1], owners=np.array([0], np.int64))
    found = Scorer(labels, against, backdrop, weights).probabilities(known.photos)
    # What it is not is the label itself here: at the most every other photo is one.
    assert found[:, 0].max() <= 0.5 and np.all(found[:, 0] < free[:, 0])
    assert np.allclose(found[:, 1], free[:, 1])


def test_a_general_word_is_there_where_one_of_its_kinds_is(known: Background, weights: Coefficients) -> None:
    weights = replace(weights, caution=1.0)  # how careful a model's numbers are is no matter here
    labels, vectors, backdrop = made(known, 1)
    alone = Scorer(labels, vectors, backdrop, weights).probabilities(known.photos)[:, 0]
    kinds = replace(vectors, kinds=known.captions[10:14], general=np.zeros(4, np.int64))
    scorer = Scorer(labels, kinds, backdrop, weights)
    found = scorer.probabilities(known.photos)[:, 0]
    each = Scorer(*made(known, 14)[:1], replace(vectors, labels=known.captions[:14]), backdrop, weights, listed=1)
    surest = np.max([each.alone(known.photos, place) for place in range(10, 14)], axis=0)
    sure = surest > 1
    assert sure.any() and np.all(found[sure] > 0.65)
    assert (found > 0.5).sum() > (alone > 0.5).sum()
    index = ExactIndex(np.arange(len(known.photos), dtype=np.int64), known.photos.astype(np.float16))
    ids, odds = scorer.order(index, 0)
    assert np.allclose(odds, scorer.alone(known.photos[ids], 0), atol=0.05)


def test_a_label_is_no_rival_of_those_above_it(known: Background, weights: Coefficients) -> None:
    labels, vectors, backdrop = made(known, 2)
    near = replace(vectors, labels=known.captions[[0, 0]] + np.float32(0.02) * known.captions[[1, 2]])
    near = replace(near, labels=near.labels / np.linalg.norm(near.labels, axis=1, keepdims=True))
    apart = Scorer(labels, near, backdrop, weights).features(known.photos)["rival"]
    tree = replace(labels, labels=(labels.labels[0], replace(labels.labels[1], parent="LABEL 0")))
    assert apart.max() > 0
    assert Scorer(tree, near, backdrop, weights).features(known.photos)["rival"].max() == 0


@pytest.mark.parametrize("size", [0, 1, 3])
@pytest.mark.parametrize("with_background", [True, False])
def test_the_smallest_libraries_and_models_without_a_background(
    known: Background, weights: Coefficients, size: int, with_background: bool
) -> None:
    labels, vectors, _ = made(known, 1)
    own = Backdrop(known.photos, known.captions, known.photos[:size], size)
    backdrop = own if with_background else Backdrop(NONE, NONE, known.photos[:size], size)
    found = Scorer(labels, vectors, backdrop, weights).probabilities(known.photos)
    assert found.shape == (len(known.photos), 1) and np.isfinite(found).all()
    assert Scorer(labels, vectors, backdrop, weights).probabilities(NONE).shape == (0, 1)


def test_the_sample_of_a_library_is_always_the_same(known: Background) -> None:
    chance = np.random.default_rng(1)
    vectors = chance.standard_normal((SAMPLE + 500, 512)).astype(np.float16)
    index = ExactIndex(chance.permutation(len(vectors)).astype(np.int64), vectors)
    one, two = Backdrop.of(known, index, 512), Backdrop.of(None, index, 512)
    assert len(one.sample) == SAMPLE and one.size == len(vectors) and np.array_equal(one.sample, two.sample)
    assert two.usual is two.sample and one.usual is known.photos


def test_decisions_move_a_label_and_none_moves_nothing(known: Background, weights: Coefficients) -> None:
    plain = Scorer(*made(known), weights)
    photos, unasked = known.photos, plain.alone(known.photos, 0)
    empty = Taught(NONE, np.zeros(0))
    assert learn(empty, np.zeros(0), photos, unasked) is None
    # A person takes photos near to one photo for the label, and refuses those that its sentences name.
    near = np.argsort(-(photos @ photos[7]))[:5]
    far = np.argsort(-unasked)[:5]
    rows = np.concatenate([near, np.setdiff1d(far, near)])
    accepted = np.isin(rows, near).astype(np.float64)
    learned = learn(Taught(photos[rows], accepted), unasked[rows], photos, unasked)
    assert isinstance(learned, Learned)
    scorer = plain.taught([learned, *[None] * 5])
    before, after = plain.probabilities(photos), scorer.probabilities(photos)
    assert after[near, 0].min() > max(0.3, after[rows[accepted == 0], 0].max())
    assert np.allclose(before[:, 1:], after[:, 1:])
    others = np.setdiff1d(np.arange(len(photos)), np.argsort(-(photos @ photos[7]))[:60])
    assert after[others, 0].mean() < 0.1  # five photos do not make a label of everything


@pytest.mark.parametrize("same", [0.0, 1.0])
def test_a_hundred_decisions_of_one_kind_stay_finite(known: Background, weights: Coefficients, same: float) -> None:
    plain = Scorer(*made(known), weights)
    unasked = plain.alone(known.photos, 0)
    rows = np.argsort(-unasked)[:100]
    learned = learn(Taught(known.photos[rows], np.full(100, same)), unasked[rows], known.photos, unasked)
    assert learned is not None and np.isfinite(learned.direction).all() and math.isfinite(learned.offset)
    found = plain.taught([learned, *[None] * 5]).probabilities(known.photos)[:, 0]
    assert (found[rows].mean() > 0.6) if same else (found.max() < 0.4)
    assert found.min() >= 0 and found.max() <= 1


def test_a_model_without_weights_of_its_own_uses_the_usual_ones(weights: Coefficients) -> None:
    assert coefficients("some-other-model") == weights
