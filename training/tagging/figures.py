"""The figures of ``docs/tagging.md``: nothing here changes what ships."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.evaluation.zero_shot import class_embeddings, templates
from core.models.background import Background
from core.models.encoder import Encoder
from core.tagging import learning
from core.tagging.backdrop import Backdrop
from core.tagging.calibration import Coefficients
from core.tagging.scoring import Scorer
from core.tagging.suggesting import LINE
from core.tagging.types import Label, LabelList
from core.tagging.vectors import LabelEncoder
from training.tagging.fitting import scorer
from training.tagging.sets import Known

STEPS = (0, 1, 3, 10, 30)
"""Decisions on a label."""
LINES = (LINE, 0.5, 0.8, 0.95)
_LABELS = 25
_FEWEST = 3

Vectors = NDArray[np.float32]
Floats = NDArray[np.float64]

BROAD: Mapping[str, str] = {
    "person": "man men woman women boy boys girl girls people person child children kid kids baby lady guy guys player "
    "players crowd couple toddler biker skateboarder surfer climber rider cyclist skier family snowboarder hiker",
    "animal": "dog dogs cat cats horse horses bird birds animal animals puppy cow cows sheep goat goats",
    "outdoors": "beach forest street mountain mountains field snow lake sea park grass river ocean outside outdoors "
    "road tree trees sky yard woods sand waves trail hill rock rocks sidewalk water surf surfer snowy grassy",
    "water": "water lake sea river ocean pool waves wave surf surfer surfing beach swimming swims swim",
    "vehicle": "car cars bus buses truck train bicycle bicycles bike bikes motorcycle boat airplane plane van",
    "sport": "football basketball tennis skiing surfing baseball skateboarding soccer skateboard surfer skier "
    "snowboarder snowboarding player players rugby hockey volleyball race racing racer",
}
"""General labels, and the words of captions that say that a photo shows one."""


@dataclass(frozen=True, slots=True)
class Told:
    """How well photos of one set are told apart with one way of writing the labels."""

    top_1: float
    macro_f1: float


def zero_shot(known: Known, encoder: Encoder, prompts: Sequence[str] | None) -> Told:
    """Top-1 accuracy, and the mean over classes of F1, of the nearest label."""
    labels = class_embeddings(encoder, known.labels, prompts)
    nearest = (known.photos @ labels.T).argmax(axis=1)
    truth = known.truth.argmax(axis=0)
    scores = []
    for place in range(len(known.labels)):
        right = int(((nearest == place) & (truth == place)).sum())
        scores.append(2 * right / max(1, int((nearest == place).sum() + (truth == place).sum())))
    return Told(float((nearest == truth).mean()), float(np.mean(scores)))


def ways() -> list[tuple[str, Sequence[str]]]:
    """The ways of writing a label that are compared."""
    return [("the word alone", ("{}",)), ("“a photo of a ...”", ("a photo of a {}.",)), ("ensemble", templates())]


def broad(known: Known, encoder: Encoder, background: Background, weights: Coefficients) -> list[tuple[str, ...]]:
    """What general labels get on captioned photos, by their own sentences and with their kinds; in per cent."""
    rows = []
    for name, words in BROAD.items():
        said = set(words.split())
        truth = np.array([not said.isdisjoint(re.findall("[a-z]+", text)) for text in known.captions])
        labels = LabelList("general", tuple(Label(one) for one in (name, "dog", "beach", "bicycle", "tree", "night")))
        vectors = LabelEncoder(None).encode_list(labels, lambda: encoder, encoder.model_id, encoder.dim)
        backdrop = Backdrop(background.photos, background.captions, known.photos, len(known.photos))
        with_kinds = Scorer(labels, vectors, backdrop, weights).probabilities(known.photos)[:, 0]
        alone = scorer(known.photos, vectors.labels, background, weights).probabilities(known.photos)[:, 0]
        cells = [name, f"{100 * truth.mean():.0f}"]
        for sure, line in ((alone, LINE), (with_kinds, LINE), (with_kinds, 0.8)):
            chosen = sure >= line
            right = f"{100 * truth[chosen].mean():.0f}" if chosen.any() else "-"
            cells.append(f"{right} ({100 * (chosen & truth).sum() / truth.sum():.0f})")
        rows.append(tuple(cells))
    return rows


def curve(
    known: Known, labels: Vectors, background: Background, weights: Coefficients, seed: int = 0
) -> dict[int, float]:
    """F1 of what is suggested on the half of the photos that nobody decides on, after so many decisions a label: the
    mean over labels. A person is shown the surest photo of the other half and the least sure one by turns."""
    chance = np.random.default_rng(seed)
    order = chance.permutation(len(known.photos))
    asked, rest = order[: len(order) // 2], order[len(order) // 2 :]
    plain = scorer(known.photos, labels, background, weights)
    fit = [
        place
        for place, row in enumerate(known.truth)
        if min((row[asked] == 1).sum(), (row[rest] == 1).sum()) >= _FEWEST
    ]
    if len(fit) > _LABELS:
        fit = sorted(chance.choice(fit, _LABELS, replace=False).tolist())
    found: dict[int, list[float]] = {step: [] for step in STEPS}
    for place in fit:
        for step, score in _taught(known, place, plain, background, asked, rest):
            found[step].append(score)
    return {step: float(np.mean(scores)) for step, scores in found.items()}


def _taught(
    known: Known, place: int, plain: Scorer, background: Background, asked: NDArray[np.int64], rest: NDArray[np.int64]
) -> list[tuple[int, float]]:
    """F1 after each number of decisions on one label. It is learned anew before each of the first, then now and then,
    as a page of a review does."""
    truth = known.truth[place]
    asked, rest = asked[~np.isnan(truth[asked])], rest[~np.isnan(truth[rest])]
    sentences, unasked = plain.alone(known.photos, place), plain.alone(background.photos, place)
    judge = _judge(known.photos, plain, place)
    decided: list[int] = []
    sure, scores = judge(None), []
    for number in range(max(STEPS) + 1):
        if decided and (number in STEPS or number % 5 == 0 or number < 5):
            rows = np.array(decided)
            taught = learning.Taught(known.photos[rows], truth[rows])
            sure = judge(learning.learn(taught, sentences[rows], background.photos, unasked))
        if number in STEPS:
            chosen, true = sure[rest] >= LINE, truth[rest] == 1
            scores.append((number, 2 * int((chosen & true).sum()) / max(1, int(chosen.sum() + true.sum()))))
        left = np.setdiff1d(asked, decided)
        if len(left):
            near = -sure[left] if number % 2 == 0 else np.abs(sure[left] - 0.5)
            decided.append(int(left[near.argmin()]))
    return scores


def _judge(photos: Vectors, plain: Scorer, place: int) -> Callable[[learning.Learned | None], Floats]:
    """How likely a label is on all photos, with what was learned of it."""

    odds = plain.weighed(photos, place)

    def judge(learned: learning.Learned | None) -> Floats:
        moved = odds if learned is None else odds + photos @ learned.direction + learned.offset
        sure: Floats = 1 / (1 + np.exp(-np.clip(plain.careful(moved), -30, 30)))
        return sure

    return judge
