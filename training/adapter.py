"""Learns the names of one's own people, pets, places and things: ``python -m training.adapter --library FOLDER``.

Needs NumPy alone, encodes no photo anew, and takes seconds. What it does, from top to bottom:

1. `training.teaching` reads which names captions and tags mention, and the embeddings of all photos.
2. `Space` knows how photos in general look: the person's own, and the background that came with the model.
3. `learn` gives a name a direction: linear discriminant analysis (Fisher 1936) with a ridge, of the name's few photos
   against all others, mixed with what the name's words meant to the model already. Photos that have only a longer name
   ("Bello Junior" for "Bello") are a quarter of these.
4. `hold_out` leaves each photo of a name out once, learns from the others, and looks where it is found.
5. `choose` takes the ridge and the strength of the mixture with which held-out photos are found best.
6. `judge` says of each name whether it is installed, and why not.
7. `calibrate` gives a name a curve from cosines to probabilities (Platt 1999), from the scores of held-out photos.
8. `spare_words` takes no ordinary word over, and `spare_general` measures the sample photos with and without the names:
   general words must stay where they were.
9. `train` puts it all into a run's folder, and into the catalogue where it is better.

Progress goes to stdout, a JSON object a line; the last is the result.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core import runs
from core.adapters.candidates import Said
from core.adapters.encoding import NamedEncoder
from core.adapters.learned import LearnedName
from core.adapters.names import NameBook
from core.library import Library
from core.models import background
from core.models.registry import ModelInfo
from core.search.calibration import Calibration, Curve
from training import adapter_report as report
from training import curve_picture, progress
from training.general import General, Remembering
from training.plain_words import spare_words
from training.teaching import Floats, Left, Taught, gather, sort_out, unit

Tell = Callable[..., None]
"""Called with what is being done, how much of it is done, and of how much. By name it gets what else is known by then:
``tried``, as `choose` gives it back, and ``name`` with the share of its held-out photos among the first ten, ``before``
and ``after``, and ``why`` it is not installed (empty where it is)."""

RIDGES = (3.0, 1.0, 0.3)
"""Added to each direction's variance, in units of the mean one. Low: what sets a name apart counts, however seldom it
is seen; high: what its photos have in common."""
STRENGTHS = (1.0, 0.85, 0.7, 0.5, 0.3)
"""The share of a direction that is learned. The rest is what the words meant."""
SAMPLE = 20_000
"""Own photos that ridge and strength are chosen on, and that say how photos look in general."""
CHOOSE_ON = 200
"""Names that ridge and strength are chosen on."""
NAMESAKES = 0.25
"""The share that photos of longer names have among those that a name is told from. With two dogs called "Bello" and
"Bello Junior" in 400 photos, a quarter is enough to take the other out of the first ten; half of it costs more of the
own photos' margin (8.0 standard deviations without, 7.8 with a quarter, 7.3 with half)."""
AT_ONCE = 16
"""Names that go through all photos at once: reading 100,000 embeddings costs more than comparing them."""
FIRST = 10
TOLERANCE = 0.01
"""What general recall@10 may lose: a point."""


# 2. How photos look


class Space:
    """The photos that a name is learned against, with their mean and covariance."""

    def __init__(self, own: Floats, general: Floats, seed: int = 0) -> None:
        self.own = own
        self.general = general
        chance = np.random.default_rng(seed)
        few = np.arange(len(own)) if len(own) <= SAMPLE else np.sort(chance.choice(len(own), SAMPLE, replace=False))
        self.sample = few.astype(np.int64)
        """Rows of ``own`` that stand for all."""
        some = np.concatenate([own[self.sample], general]).astype(np.float64)
        self.mean = some.mean(axis=0)
        centred = some - self.mean
        spread, axes = np.linalg.eigh(centred.T @ centred / max(len(some) - 1, 1))
        self._spread, self._axes = np.maximum(spread, 0), axes.astype(np.float32)

    def discriminant(self, means: NDArray[np.floating], ridge: float) -> Floats:
        """For the means of some photos, float[k, dim], the directions that set them apart: float32[k, dim], unit.

        ``(covariance + ridge * mean variance) ** -1 @ (mean - general mean)``.
        """
        inverse = 1.0 / (self._spread + ridge * max(float(self._spread.mean()), 1e-12))
        turned = (means - self.mean).astype(np.float32) @ self._axes
        return unit((turned * inverse).astype(np.float32) @ self._axes.T)

    def towards(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """How far the mean of all others moves where some of them (`NAMESAKES`) are these photos: float64[dim]."""
        if not len(rows):
            return np.zeros_like(self.mean)
        return np.asarray(NAMESAKES * (self.own[rows].mean(axis=0, dtype=np.float64) - self.mean))

    def scores(self, directions: Floats, few: bool) -> tuple[NDArray[np.int64], Floats]:
        """The cosines of the own photos (or of the sample alone), and behind them of the background, with some
        directions: the own rows int64[n], and float32[n + background, k]."""
        rows = self.sample if few else np.arange(len(self.own))
        own = self.own[rows] if few and len(rows) < len(self.own) else self.own
        return rows, np.concatenate([own @ directions.T, self.general @ directions.T])


# 3. Learning


def learn(space: Space, name: Taught, ridge: float, strength: float, without: int | None = None) -> Floats:
    """A name's direction, float32[dim]; ``without`` one of its motifs. Each motif counts once."""
    kept = [group for number, group in enumerate(name.groups) if number != without]
    mean = np.mean([space.own[group].mean(axis=0) for group in kept], axis=0)
    mean = mean - space.towards(name.namesakes)
    direction: Floats = _mixed(space.discriminant(mean[None], ridge), name.words, strength)[0]
    return direction


def _mixed(learned: Floats, words: Floats, strength: float) -> Floats:
    return unit(strength * learned + (1 - strength) * words)


# 4. Holding out


@dataclass(slots=True)
class Found:
    """Where held-out motifs of a name were found: how many other photos came before each, also by the name's words
    alone, and by how much it stood apart from the best of them, in standard deviations of all. ``scores`` are the
    cosines of the held-out photos."""

    ranks: NDArray[np.int64]
    by_words: NDArray[np.int64]
    margins: Floats
    scores: Floats
    before: list[NDArray[np.int64]]
    """Rows of the own photos that came before each, a thousand at the most."""


def hold_out(space: Space, names: Sequence[Taught], ridge: float, strengths: Sequence[float], few: bool) -> Founds:
    """Leave each motif of each name out once. ``few`` ranks among the sample of the own photos, else among all; the
    background is always there, so that a small library has something to be mistaken for. For each name, and in it for
    each strength, what was found; several names go through all photos at once."""
    for start in range(0, len(names), AT_ONCE):
        some = names[start : start + AT_ONCE]
        means = [_means_without_each(space, name) for name in some]
        directions = space.discriminant(np.concatenate(means), ridge)
        learned = np.split(directions, np.cumsum([len(one) for one in means])[:-1])
        stacked = np.concatenate([directions, np.stack([name.words for name in some])])
        rows, scores = space.scores(stacked, few)
        at = 0
        for number, (name, own) in enumerate(zip(some, learned, strict=True)):
            mine = np.zeros(len(space.own), np.bool_)
            mine[name.rows] = True
            others = np.concatenate([~mine[rows], np.ones(len(space.general), np.bool_)])
            chosen = [*range(at, at + len(own)), len(directions) + number]
            at += len(own)
            columns = scores[:, chosen][others]
            yield name, [_found(space, name, own, columns, rows[~mine[rows]], one) for one in strengths]


Founds = Iterator[tuple[Taught, list[Found]]]


def _means_without_each(space: Space, name: Taught) -> NDArray[np.float64]:
    """The mean of all other motifs, for each that is held out: float64[held, dim]."""
    means = np.stack([space.own[group].mean(axis=0, dtype=np.float64) for group in name.groups])
    left = (means.sum(axis=0) - means[name.held()]) / max(len(means) - 1, 1)
    return np.asarray(left - space.towards(name.namesakes))


def _found(
    space: Space, name: Taught, learned: Floats, scores: Floats, rows: NDArray[np.int64], strength: float
) -> Found:
    """Where each held-out motif stands. ``scores`` are those of all others, with each direction and with the words."""
    photos = np.stack([space.own[name.groups[number][0]] for number in name.held()])
    length = np.linalg.norm(strength * learned + (1 - strength) * name.words, axis=1)
    mixed = (strength * scores[:, :-1] + (1 - strength) * scores[:, -1:]) / length
    own = np.sum(photos * _mixed(learned, name.words, strength), axis=1)
    before = mixed >= own
    most = min(FIRST, len(mixed))
    top = np.partition(mixed, -most, axis=0)[-most:].mean(axis=0)
    words = np.array([int((scores[:, -1] >= score).sum()) for score in photos @ name.words], np.int64)
    nearer = [rows[np.flatnonzero(column[: len(rows)])[:1000]] for column in before.T]
    return Found(before.sum(axis=0), words, (own - top) / np.maximum(mixed.std(axis=0), 1e-6), own, nearer)


# 5. Choosing


def choose(space: Space, names: Sequence[Taught], tell: Tell) -> list[dict[str, float]]:
    """What every ridge and strength gives: the mean of ``log2(1 + photos before a held-out one)``, and the margin."""
    tried: list[dict[str, float]] = []
    few = names[:CHOOSE_ON]
    for place, ridge in enumerate(RIDGES):
        sums = [[0.0, 0.0] for _ in STRENGTHS]
        count = 0
        for number, (name, found) in enumerate(hold_out(space, few, ridge, STRENGTHS, few=True)):
            tell("Choosing", place * len(few) + number, len(RIDGES) * len(few))
            for total, one in zip(sums, found, strict=True):
                total[0] += float(np.log2(1 + one.ranks).sum())
                total[1] += float(one.margins.sum())
            count += len(name.held())
        for strength, (ranks, margin) in zip(STRENGTHS, sums, strict=True):
            tried.append({"ridge": ridge, "strength": strength, "log2": ranks / count, "margin": margin / count})
        tell("Choosing", (place + 1) * len(few), len(RIDGES) * len(few), tried=tried)
    return tried


def best(tried: Sequence[dict[str, float]]) -> dict[str, float]:
    """What `choose` decides for: few photos before held-out ones, and among about equals the widest margin."""
    return min(tried, key=lambda one: (round(one["log2"] / 0.1), -one["margin"])) if tried else {}


# 6. Judging


def judge(before: NDArray[np.int64], after: NDArray[np.int64], gallery: int) -> str:
    """Why a name is not installed; empty where it is.

    Held-out photos have to be found clearly better than by the words alone: more of them among the first ten, or, where
    many photos show the name without saying so and fill these, in the first hundredth and at half the place.
    """
    hits, hits_before = float((after < FIRST).mean()), float((before < FIRST).mean())
    middle = float(np.median(after))
    nearer = float(np.mean(np.log2(1 + before)) - np.mean(np.log2(1 + after)))
    if (hits > hits_before and hits >= 0.5) or (nearer >= 1 and middle < max(FIRST, gallery / 100)):
        return ""
    if hits_before >= 0.5 and hits <= hits_before:
        return "the words alone find its photos as well"
    return f"a photo that was held out came on place {middle + 1:,.0f} of {gallery:,}: its photos look too different"


# 7. Calibrating


def calibrate(space: Space, name: Taught, direction: Floats, found: Found) -> Curve:
    """A curve with seven to one for a photo as near as those that were held out, and seven thousandths for one that
    stands out from all others by three standard deviations, or is as near as photos of longer names, if that is more.
    """
    rows, columns = space.scores(direction[None], few=True)
    scores = np.delete(columns[:, 0], np.flatnonzero(np.isin(rows, name.rows)))
    spread = max(float(scores.std()), 1e-4)
    low = float(np.median(scores)) + 3 * spread
    if len(name.namesakes):
        low = max(low, float((space.own[name.namesakes] @ direction).mean()))
    high = max(float(found.scores.mean()), low + 0.5 * spread)
    slope = (2.0 + 5.0) / (high - low)
    return Curve(slope, 2.0 - slope * high, 0.5)


# 8. General words


def spare_general(
    general: General, learned: list[LearnedName], slopes: Calibration, tolerance: float
) -> tuple[list[LearnedName], list[Left]]:
    """Leave out names, those that harm most first, until general sentences lose no more than ``tolerance``: the names
    that stay, and those that do not."""
    left: list[Left] = []

    def recall(names: Sequence[LearnedName]) -> float:
        return general.recall(NamedEncoder(general.encoder, NameBook(names), slopes)) if names else general.recall()

    floor = recall(()) - tolerance - 1e-9
    while learned and recall(learned) < floor:
        book = NameBook(learned)
        said = {one.key for caption in general.captions for one in book.cut(caption).names}
        cost = {one.key: recall([one]) for one in learned if one.key in said}
        worst = min(learned, key=lambda one: cost.get(one.key, 2.0))
        learned = [one for one in learned if one.key != worst.key]
        left.append(Left(worst.name, worst.photos, "general sentences have this word, and with it they find less"))
    return learned, left


# 9. A run


@dataclass(frozen=True, slots=True)
class Options:
    """What may be asked of a run. ``names`` are the only ones to learn; none stands for all."""

    names: tuple[str, ...] = ()
    tolerance: float = TOLERANCE


@dataclass(frozen=True, slots=True)
class Lesson:
    """A name that was learned: where its held-out photos were found before and after, and the ridge that it took."""

    taught: Taught
    learned: LearnedName
    found: Found
    ridge: float

    def without(self, space: Space, row: int) -> LearnedName:
        """The name as it is learned without the motif of a photo: what that photo may be asked for with."""
        for number, group in enumerate(self.taught.groups):
            if row in group and len(self.taught.groups) > 1:
                return replace(
                    self.learned, vector=learn(space, self.taught, self.ridge, self.learned.strength, number)
                )
        return self.learned


@dataclass(frozen=True, slots=True)
class Material:
    """What there is to learn from: what is said of which photos, the names that can be tried, those that cannot, and
    the report on all that."""

    said: list[Said]
    ids: NDArray[np.int64]
    space: Space
    encoder: Remembering
    chosen: list[Taught]
    left: list[Left]
    report: dict[str, Any]


def look(library: Library, options: Options, tell: Tell) -> Material:
    """Gather it; ``tell`` hears the report. Raises `CallError` for a name that nothing has."""
    model = library.answering
    tell("Reading", 0, 0)
    said, ids, own = gather(library, model)
    ground = background.load(model)
    space = Space(own, np.empty((0, model.dim), np.float32) if ground is None else ground.photos)
    encoder = Remembering(library.answering_encoder())
    chosen, left = sort_out(said, ids, own, encoder, model, options.names)
    found = report.data(said, len(ids), chosen, left)
    tell("Reading", 1, 1, data=found)
    return Material(said, ids, space, encoder, chosen, left, found)


def train(library: Library, options: Options, tell: Tell) -> dict[str, Any]:
    """Learn what the library's captions and tags say, and install it where held-out photos are found better and general
    sentences lose no more than `Options.tolerance`. The result, as `retrouve train --json` has it.

    Raises `RetrouveError`.
    """
    started = time.perf_counter()
    model = library.answering
    draft = library.runs.begin("adapter")
    try:
        found = look(library, options, tell)
        said, ids, space, encoder, left = found.said, found.ids, found.space, found.encoder, found.left
        draft.write(runs.CONFIG, _config(model, options))
        draft.write(runs.DATA, found.report)
        lessons, tried = _lessons(space, found.chosen, left, tell)
        draft.write_lines(runs.CURVES, tried)
        if tried:
            draft.write_text(runs.PICTURE, curve_picture.of_names(draft.name, tried))
        # Without a lesson there is nothing to compare, and no photo has to be encoded.
        general = General(encoder, space.general, partial(tell, "Looking at the samples")) if lessons else None
        learned = [one.learned for one in lessons]
        if general is not None:
            learned, taken = spare_words(general, space, lessons, model.calibration)
            learned, harmful = spare_general(general, learned, model.calibration, options.tolerance)
            left += taken + harmful
        kept = [one for one in lessons if one.learned in learned]
        asked = report.Questions(space, kept, said, ids, encoder, model)
        draft.write(runs.EXAMPLES, asked.examples(general, learned))
        measured = asked.measured(general, learned)
        result = report.result(draft, kept, left, measured, best(tried), options.tolerance)
        result["seconds"] = round(time.perf_counter() - started, 2)
        draft.write_arrays(runs.VECTORS, report.arrays(learned))
        draft.write(runs.RESULT, result)
        _finish(library, draft, model, learned)
        return result
    finally:
        draft.drop()


def _config(model: ModelInfo, options: Options) -> dict[str, Any]:
    made = datetime.now(UTC).isoformat(timespec="seconds")
    return {"kind": "adapter", "model": model.model_id, "made": made, "options": asdict(options)}


def _finish(library: Library, draft: runs.Draft, model: ModelInfo, learned: Sequence[LearnedName]) -> None:
    """Install what was learned, and give the run its name: both, or neither."""
    if not learned:
        draft.finish()
        return
    before = [one.name for one in library.adapters.all() if one.active and one.model == model.model_id]
    library.adapters.install(draft.name, model.model_id, learned)
    try:
        draft.finish()
    except BaseException:
        library.adapters.remove(draft.name)
        for name in before:
            library.adapters.switch(name, True)
        raise


def _lessons(
    space: Space, chosen: Sequence[Taught], left: list[Left], tell: Tell
) -> tuple[list[Lesson], list[dict[str, float]]]:
    """Learn every name, and keep those that held-out photos speak for; and what was tried for all."""
    if not chosen:
        return [], []
    tried = choose(space, chosen, tell)
    ridge, strength = best(tried)["ridge"], best(tried)["strength"]
    lessons = []
    for number, (name, [found]) in enumerate(hold_out(space, chosen, ridge, [strength], few=False)):
        why = judge(found.by_words, found.ranks, len(space.own) - len(name.rows) + len(space.general))
        shares = {"before": float((found.by_words < FIRST).mean()), "after": float((found.ranks < FIRST).mean())}
        tell("Learning", number + 1, len(chosen), name=name.name, why=why, **shares)
        if why:
            left.append(Left(name.name, len(name.rows), why))
            continue
        direction = learn(space, name, ridge, strength)
        curve = calibrate(space, name, direction, found)
        learned = LearnedName(name.name, name.candidate.key, direction, curve, strength, len(name.rows))
        lessons.append(Lesson(name, learned, found, ridge))
    return lessons, tried


def main(argv: Sequence[str] | None = None) -> int:
    """Train, and write progress and the result as JSON lines; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m training.adapter", description="Learn names from captions.")
    parser.add_argument("--library", type=Path, required=True)
    parser.add_argument("--name", action="append", default=[], help="learn this name alone; may be given again")
    parser.add_argument("--tolerance", type=float, default=TOLERANCE)
    parser.add_argument("--dry-run", action="store_true", help="report on the data alone")
    asked = parser.parse_args(argv)
    options = Options(tuple(asked.name), asked.tolerance)

    def work(lines: progress.Lines) -> dict[str, Any]:
        with Library.open(asked.library, create=False) as library:
            if asked.dry_run:
                return progress.looked("adapter", look(library, options, lines.tell).report)
            return train(library, options, lines.tell)

    return progress.run(work)


if __name__ == "__main__":
    sys.exit(main())
