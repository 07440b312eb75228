"""Learns the names of one's own people, pets, places and things: ``python -m training.adapter --library FOLDER``.

Needs NumPy alone, encodes no photo anew, and takes seconds. What it does, from top to bottom:

1. `gather` reads which names captions and tags mention, and the embeddings of all photos.
2. `Space` knows how photos in general look: the person's own, and the background that came with the model.
3. `learn` gives a name a direction: linear discriminant analysis (Fisher 1936) with a ridge, of the name's few photos
   against all others, mixed with what the name's words meant to the model already.
4. `hold_out` leaves each photo of a name out once, learns from the others, and looks where it is found.
5. `choose` takes the ridge and the strength of the mixture with which held-out photos are found best.
6. `judge` says of each name whether it is installed, and why not.
7. `calibrate` gives a name a curve from cosines to probabilities (Platt 1999), from the scores of held-out photos.
8. `general` measures the sample photos with and without the names: general words must stay where they were.
9. `train` puts it all into a run's folder, and into the catalogue where it is better.

Progress goes to stdout, a JSON object a line; the last is the result.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core import runs
from core.adapters import candidates
from core.adapters.candidates import Candidate, Said
from core.adapters.encoding import NamedEncoder
from core.adapters.learned import LearnedName
from core.adapters.names import NameBook, key_of
from core.catalog import embeddings
from core.errors import CallError
from core.library import Library
from core.models import background
from core.models.encoder import Encoder
from core.models.registry import ModelInfo
from core.search import calibration
from core.search.calibration import Calibration, Curve
from training import adapter_report as report
from training import progress
from training.general import General, Remembering

Floats = NDArray[np.float32]
Tell = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and of how much."""

RIDGES = (3.0, 1.0, 0.3)
"""Added to each direction's variance, in units of the mean one. Low: what sets a name apart counts, however seldom it
is seen; high: what its photos have in common."""
STRENGTHS = (1.0, 0.85, 0.7, 0.5, 0.3)
"""The share of a direction that is learned. The rest is what the words meant."""
SAME = 0.98
"""The cosine from which two photos of a name are one motif, shot twice: they are held out together, and count once."""
HELD_OUT = 8
"""Motifs of a name that are held out, one after the other."""
PHOTOS = 200
"""Photos of a name that are learned from at the most."""
SAMPLE = 20_000
"""Own photos that ridge and strength are chosen on, and that say how photos look in general."""
CHOOSE_ON = 200
"""Names that ridge and strength are chosen on."""
FIRST = 10
TOLERANCE = 0.01
"""What general recall@10 may lose: a point."""


@dataclass(frozen=True, slots=True)
class Taught:
    """A name with its photos: ``rows`` among all embeddings, and ``groups``, those rows by motif."""

    candidate: Candidate
    rows: NDArray[np.int64]
    groups: tuple[NDArray[np.int64], ...]
    words: Floats
    """What the name's words mean to the model: float32[dim]."""

    @property
    def name(self) -> str:
        """As it is written most."""
        return self.candidate.name

    def held(self) -> list[int]:
        """The motifs that are held out: their numbers, spread evenly over all."""
        count = len(self.groups)
        return sorted({int(at) for at in np.linspace(0, count - 1, min(count, HELD_OUT))})


@dataclass(slots=True)
class Left:
    """A name that is not learned, and why."""

    name: str
    photos: int
    why: str


# 1. What there is


def gather(library: Library, model: ModelInfo) -> tuple[list[Said], NDArray[np.int64], Floats]:
    """Captions and tags; the contents that have a sound embedding, and float32[contents, dim] of them."""
    with library.catalog.read() as db:
        said = candidates.said(db)
        stored = embeddings.find_model(db, model.model_id)
        rows = [] if stored is None else list(embeddings.after(db, stored.id, 0))
    sound = [row for row in rows if len(row[2]) == 2 * model.dim]
    ids = np.array([row[1] for row in sound], np.int64)
    vectors = np.frombuffer(b"".join(row[2] for row in sound), embeddings.STORED).reshape(len(sound), model.dim)
    finite = np.isfinite(vectors).all(axis=1)
    return said, ids[finite], _unit(vectors[finite].astype(np.float32))


def motifs(vectors: Floats) -> list[NDArray[np.int64]]:
    """Which of a name's photos are the same motif (`SAME`), chains of them included: lists of their numbers."""
    near = vectors @ vectors.T >= SAME
    group = np.arange(len(vectors))
    for _ in range(len(vectors)):
        spread = np.where(near, group[None, :], len(group)).min(axis=1)
        if (spread == group).all():
            break
        group = spread
    return [np.flatnonzero(group == number) for number in np.unique(group)]


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
        spread, self._axes = np.linalg.eigh(centred.T @ centred / max(len(some) - 1, 1))
        self._spread = np.maximum(spread, 0)

    def discriminant(self, means: NDArray[np.floating], ridge: float) -> Floats:
        """For the means of some photos, float[k, dim], the directions that set them apart: float32[k, dim], unit.

        ``(covariance + ridge * mean variance) ** -1 @ (mean - general mean)``.
        """
        inverse = 1.0 / (self._spread + ridge * max(float(self._spread.mean()), 1e-12))
        return _unit(((means - self.mean) @ self._axes * inverse @ self._axes.T).astype(np.float32))


# 3. Learning


def learn(space: Space, name: Taught, ridge: float, strength: float, without: int | None = None) -> Floats:
    """A name's direction, float32[dim]; ``without`` one of its motifs. Each motif counts once."""
    kept = [group for number, group in enumerate(name.groups) if number != without]
    mean = np.mean([space.own[group].mean(axis=0) for group in kept], axis=0)
    direction: Floats = _mixed(space.discriminant(mean[None], ridge), name.words, strength)[0]
    return direction


def _mixed(learned: Floats, words: Floats, strength: float) -> Floats:
    return _unit(strength * learned + (1 - strength) * words)


# 4. Holding out


@dataclass(slots=True)
class Found:
    """Where held-out motifs of a name were found: how many other photos came before each, and by how much it stood
    apart from the best of them, in standard deviations of all. ``scores`` are the cosines of the held-out photos."""

    ranks: NDArray[np.int64]
    margins: Floats
    scores: Floats
    before: list[NDArray[np.int64]] = field(default_factory=list)
    """Rows of the own photos that came before each, where they were asked for."""


def hold_out(space: Space, name: Taught, ridge: float, strengths: Sequence[float], few: bool) -> list[Found]:
    """Leave each motif out once, for each strength. ``few`` ranks among the sample of the own photos, else among all;
    the background is always there, so that a small library has something to be mistaken for."""
    held = name.held()
    sums = np.stack([space.own[group].mean(axis=0) for group in name.groups])
    means = (sums.sum(axis=0) - sums[held]) / max(len(sums) - 1, 1)
    learned = space.discriminant(means, ridge)
    others = np.setdiff1d(space.sample if few else np.arange(len(space.own)), name.rows)
    directions = np.concatenate([learned, name.words[None]])
    gallery = np.concatenate([space.own[others], space.general]) if few else None
    scores = (
        gallery @ directions.T
        if gallery is not None
        else np.concatenate([np.delete(space.own @ directions.T, name.rows, axis=0), space.general @ directions.T])
    )
    photos = np.stack([space.own[name.groups[number][0]] for number in held])
    found = []
    for strength in strengths:
        length = np.linalg.norm(strength * learned + (1 - strength) * name.words, axis=1)
        mixed = (strength * scores[:, :-1] + (1 - strength) * scores[:, -1:]) / length
        own = np.sum(photos * _mixed(learned, name.words, strength), axis=1)
        before = mixed >= own
        few_best = min(FIRST, len(mixed))
        top = np.partition(mixed, -few_best, axis=0)[-few_best:].mean(axis=0)
        one = Found(before.sum(axis=0), (own - top) / np.maximum(mixed.std(axis=0), 1e-6), own)
        if not few:
            one.before = [others[np.flatnonzero(column[: len(others)])[:1000]] for column in before.T]
        found.append(one)
    return found


def by_words(space: Space, name: Taught) -> NDArray[np.int64]:
    """Where the same motifs are found by the words alone: int64[held]."""
    scores = np.concatenate([np.delete(space.own @ name.words, name.rows), space.general @ name.words])
    photos = np.stack([space.own[name.groups[number][0]] for number in name.held()])
    return np.array([int((scores >= score).sum()) for score in photos @ name.words], np.int64)


# 5. Choosing


def choose(space: Space, names: Sequence[Taught], tell: Tell) -> list[dict[str, float]]:
    """What every ridge and strength gives: the mean of ``log2(1 + photos before a held-out one)``, and the margin."""
    tried: list[dict[str, float]] = []
    few = names[:CHOOSE_ON]
    for place, ridge in enumerate(RIDGES):
        sums = [[0.0, 0.0] for _ in STRENGTHS]
        count = 0
        for number, name in enumerate(few):
            tell("Choosing", place * len(few) + number, len(RIDGES) * len(few))
            for total, found in zip(sums, hold_out(space, name, ridge, STRENGTHS, few=True), strict=True):
                total[0] += float(np.log2(1 + found.ranks).sum())
                total[1] += float(found.margins.sum())
            count += len(name.held())
        for strength, (ranks, margin) in zip(STRENGTHS, sums, strict=True):
            tried.append({"ridge": ridge, "strength": strength, "log2": ranks / count, "margin": margin / count})
    return tried


def best(tried: Sequence[dict[str, float]]) -> dict[str, float]:
    """What `choose` decides for: few photos before held-out ones, and among about equals the widest margin."""
    return min(tried, key=lambda one: (round(one["log2"] / 0.1), -one["margin"])) if tried else {}


# 6. Judging


def refuse_early(
    candidate: Candidate, rows: NDArray[np.int64], groups: int, words: Floats, own: Floats, curve: Calibration
) -> str:
    """Why a name is not even tried; empty where it is."""
    if not len(rows):
        return "none of its photos is indexed by this model"
    if len(rows) == 1:
        return "one photo: two are needed at the least, so that one can be held out, and three are better"
    if groups == 1:
        return f"its {len(rows)} photos are one picture, shot several times: there is nothing to hold out"
    if 2 * len(rows) > len(own):
        return "more than half of all photos have it: there is too little to tell it from"
    if not candidate.proper and float(np.median(calibration.match(own[rows] @ words, curve))) >= curve.line:
        return "the model knows this word already, and its photos show it"
    return ""


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
    stands out from all others by three standard deviations."""
    few = np.setdiff1d(space.sample, name.rows)
    scores = np.concatenate([space.own[few], space.general]) @ direction
    spread = max(float(scores.std()), 1e-4)
    low = float(np.median(scores)) + 3 * spread
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
    before: NDArray[np.int64]
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


def train(library: Library, options: Options, tell: Tell) -> dict[str, Any]:
    """Learn what the library's captions and tags say, and install it where held-out photos are found better and general
    sentences lose no more than `Options.tolerance`. The result, as `retrouve train --json` has it.

    Raises `RetrouveError`.
    """
    started = time.perf_counter()
    model = library.answering
    draft = library.runs.begin("adapter")
    try:
        tell("Reading", 0, 0)
        said, ids, own = gather(library, model)
        ground = background.load(model)
        space = Space(own, np.empty((0, model.dim), np.float32) if ground is None else ground.photos)
        encoder = Remembering(library.answering_encoder())
        chosen, left = _sorted_out(said, ids, own, encoder, model, options)
        draft.write(runs.CONFIG, _config(model, options))
        draft.write(runs.DATA, report.data(said, len(ids), chosen, left))
        lessons, tried = _lessons(space, chosen, left, tell)
        draft.write_lines(runs.CURVES, tried)
        learned = [one.learned for one in lessons]
        general = General(encoder, space.general, lambda done, total: tell("Looking at the samples", done, total))
        learned, harmful = spare_general(general, learned, model.calibration, options.tolerance)
        left += harmful
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


def _sorted_out(
    said: Sequence[Said], ids: NDArray[np.int64], own: Floats, encoder: Encoder, model: ModelInfo, options: Options
) -> tuple[list[Taught], list[Left]]:
    """The names that can be tried, and those that cannot."""
    listed = candidates.candidates(said)
    if options.names:
        asked = {key_of(name): name for name in options.names}
        listed = [one for one in listed if one.key in asked]
        missing = [name for key, name in asked.items() if key not in {one.key for one in listed}]
        if missing:
            raise CallError(f"No caption and no tag has the name “{missing[0]}”.")
    place = {int(id): row for row, id in enumerate(ids)}
    words = encoder.encode_texts([one.name for one in listed]) if listed else np.empty((0, model.dim), np.float32)
    chosen: list[Taught] = []
    left: list[Left] = []
    for candidate, vector in zip(listed, words, strict=True):
        rows = np.array([place[id] for id in candidate.contents if id in place], np.int64)
        if len(rows) > PHOTOS:
            rows = rows[np.linspace(0, len(rows) - 1, PHOTOS).astype(np.int64)]
        groups = tuple(rows[group] for group in motifs(own[rows])) if len(rows) else ()
        why = refuse_early(candidate, rows, len(groups), vector, own, model.calibration)
        if why:
            left.append(Left(candidate.name, len(candidate.contents), why))
        else:
            chosen.append(Taught(candidate, rows, groups, vector))
    return chosen, left


def _lessons(
    space: Space, chosen: Sequence[Taught], left: list[Left], tell: Tell
) -> tuple[list[Lesson], list[dict[str, float]]]:
    """Learn every name, and keep those that held-out photos speak for; and what was tried for all."""
    if not chosen:
        return [], []
    tried = choose(space, chosen, tell)
    ridge, strength = best(tried)["ridge"], best(tried)["strength"]
    lessons = []
    for number, name in enumerate(chosen):
        tell("Learning", number, len(chosen))
        [found] = hold_out(space, name, ridge, [strength], few=False)
        before = by_words(space, name)
        why = judge(before, found.ranks, len(space.own) - len(name.rows) + len(space.general))
        if why:
            left.append(Left(name.name, len(name.rows), why))
            continue
        direction = learn(space, name, ridge, strength)
        curve = calibrate(space, name, direction, found)
        learned = LearnedName(name.name, name.candidate.key, direction, curve, strength, len(name.rows))
        lessons.append(Lesson(name, learned, before, found, ridge))
    return lessons, tried


def _unit(vectors: NDArray[np.floating]) -> Floats:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    unit: Floats = np.asarray(vectors / np.maximum(lengths, 1e-12), np.float32)
    return unit


def main(argv: Sequence[str] | None = None) -> int:
    """Train, and write progress and the result as JSON lines; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m training.adapter", description="Learn names from captions.")
    parser.add_argument("--library", type=Path, required=True)
    parser.add_argument("--name", action="append", default=[], help="learn this name alone; may be given again")
    parser.add_argument("--tolerance", type=float, default=TOLERANCE)
    asked = parser.parse_args(argv)
    options = Options(tuple(asked.name), asked.tolerance)

    def work(lines: progress.Lines) -> dict[str, Any]:
        with Library.open(asked.library, create=False) as library:
            return train(library, options, lines.tell)

    return progress.run(work)


if __name__ == "__main__":
    sys.exit(main())
