"""What each option of `train lora` is worth: ``python -m training.ablation DATA --page docs/training.md``.

The bundled model is taught a kind of photo that it is weak in: old prints (`training/worn.py`), made of everyday photos
that there are captions for. Each variant differs from the first in one thing. From top to bottom:

1. `Place`: prints to learn from, prints of photos marked ``val`` to judge by (nothing ever learned those), and plain
   photos marked ``val`` beside the samples, for what is known in general; a library that knows the first.
2. `VARIANTS`, and `learn`: one of them, with what it finds for each share of new weights (WiSE-FT).
3. `page`: the table, from all results that there are.

Results are files, one a variant and seed: what is there is not learned again, so that it can be stopped at any time.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import FolderError, RetrouveError
from core.evaluation import retrieval
from core.library import Library
from training import finishing, judging, lora, pages, tuning
from training.data import Example
from training.tuning import Lesson, Options
from training.worn import print_of

PART = "ablation"
CAPTIONS = 2
"""Captions of a photo that are taken."""
ROUNDS = 2000
"""Of the bootstrap."""
Ranks = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Size:
    """How large it is: photos to learn from (a fifth of them is held out to choose by), and to judge by."""

    photos: int
    judged: int
    general: int


# 1. The photos


@dataclass(frozen=True, slots=True)
class Place:
    """Where prints, the library and the results lie, and what is judged by."""

    folder: Path
    judged: tuple[Example, ...]
    general: tuple[Example, ...]


def prepare(data: Path, folder: Path, size: Size) -> Place:
    """Make the prints and the library, unless they are there. Raises `RetrouveError`."""
    everyday = _rows(data / "flickr8k")
    learned = [row for row in everyday if row.get("split") != "val"][: size.photos]
    strange = [row for row in everyday if row.get("split") == "val"][: size.judged]
    plain = [row for row in _rows(data / "coco") if row.get("split") == "val"][: size.general]
    prints = folder / "prints"
    if not (folder / "library").is_dir():
        prints.mkdir(parents=True, exist_ok=True)
        (folder / "judged").mkdir(exist_ok=True)
        lines = [{"file": print_of(row["file"], prints).name, "captions": row["captions"]} for row in learned]
        (prints / "captions.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n", encoding="utf-8")
        for row in strange:
            print_of(row["file"], folder / "judged")
        with Library.open(folder / "library.new") as library:
            library.add_root(prints)
            for _ in library.index():
                pass
            library.captioning.take_in(prints / "captions.jsonl")
        (folder / "library.new").rename(folder / "library")
    places = [folder / "judged" / f"{row['file'].stem}.jpg" for row in strange]
    judged = [
        Example(at, row["captions"], "judged", -(10**6) - n)
        for n, (at, row) in enumerate(zip(places, strange, strict=True))
    ]
    general = [Example(row["file"], row["captions"], "plain", -(10**7) - n) for n, row in enumerate(plain)]
    return Place(folder, tuple(judged), tuple(general))


def _rows(folder: Path) -> list[dict[str, Any]]:
    """A set's photos, in an order of chance that is always the same, with their first captions."""
    file = folder / "captions.jsonl"
    if not file.is_file():
        raise FolderError(f"{file} is not there: docs/model.md says where each data set comes from.")
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    random.Random(0).shuffle(rows)
    return [row | {"file": folder / row["file"], "captions": tuple(row["captions"][:CAPTIONS])} for row in rows]


# 2. The variants

VARIANTS: Mapping[str, Mapping[str, Any]] = {
    "as it is": {},
    "no replay": {"replay": 0.0},
    "no old similarities": {"keep": 0.0},
    "neither of both": {"replay": 0.0, "keep": 0.0},
    "look-alikes in a batch": {"hard_negatives": 0.5},
    "swapped words": {"swapped": 1.0},
    "image tower locked": {"locked": "image"},
    "text tower locked": {"locked": "text"},
    "a batch of 4 parts (GradCache)": {"parts": 4},
    "a fourth of the batch": {"batch": 4},
    "no moving average": {"average": 0.0},
    "sigmoid loss": {"loss": "sigmoid"},
    "rank 32": {"rank": 32},
}
"""What each has other than the first; ``batch`` divides, ``parts`` multiplies the batch too."""


def options_of(name: str, first: Options) -> Options:
    """The options of a variant."""
    changed = dict(VARIANTS[name])
    if "batch" in changed:
        changed["batch"] = max(8, first.batch // changed["batch"])
    elif "parts" in changed:
        changed["batch"] = first.batch * changed["parts"]
    return replace(first, **changed)


def learn(place: Place, options: Options) -> dict[str, Any]:
    """What a variant finds, for each share of the new weights. Raises `RetrouveError`."""
    began, clock = time.process_time(), time.perf_counter()
    with Library.open(place.folder / "library", create=False) as library:
        for kind, _ in library.runs.stopped():  # a variant that was stopped is learned from its beginning
            library.runs.remove(kind)
        lesson = tuning.begin(library, lora.KIND, options, resume=False, tell=_tell)
        if not isinstance(lesson, Lesson):
            raise FolderError(str(lesson["why"]))
        # What a run judges by is learned from no more than the rest here, so that all runs are judged by the same.
        parts = replace(lesson.parts, judging=place.judged)
        lesson = replace(lesson, parts=parts, general=(*lesson.general, *place.general))
        try:
            fitted, plain = lora.learn(lesson, _tell)
            tried = finishing.mixtures(lesson, fitted, plain, _tell)
        finally:
            lesson.draft.drop()
    share = judging.choose(tried, options.tolerance)
    return {
        "share": share,
        "epoch": fitted.epoch,
        "photos": {part: lesson.ruler.photos_of(part) for part in ("judging", "general")},
        "ranks": {
            str(at): {"judging": found.judging.tolist(), "general": found.general.tolist()}
            for at, found in tried.items()
        },
        "processor_seconds": round(time.process_time() - began, 1),
        "seconds": round(time.perf_counter() - clock, 1),
    }


def _tell(what: str, done: int, total: int, **more: Any) -> None:
    if "loss" in more:
        print(f"    {what} {done} of {total}, loss {more['loss']:.3f}", file=sys.stderr, flush=True)


# 3. The table


def page(results: Mapping[str, Sequence[Mapping[str, Any]]], said: str) -> str:
    """The table of some variants' results (one a seed), which begin with the first variant's."""
    first = results[next(iter(VARIANTS))]
    rows = [_row("the bundled model", first, "0.0", first)]
    rows += [_row(name, some, "", first) for name, some in results.items()]
    rows[2:2] = [_row(f"... {float(at):.0%} of the way, always", first, at, first) for at in ("1.0", "0.5")]
    head = (
        *("", "own, recall@10", "own, places", "places against the first", "general, recall@1", "recall@10", "share"),
        *("half of the way: own, general first", "the whole way: own, general first"),
    )
    return f"{said}\n\n{pages.table(head, rows)}"


def _row(
    name: str, some: Sequence[Mapping[str, Any]], share: str, first: Sequence[Mapping[str, Any]]
) -> tuple[str, ...]:
    """A line: of each seed the chosen share's figures, or those of ``share``."""
    ranks = {part: _joined(some, part, share) for part in ("judging", "general")}
    groups = {part: [*some[0]["photos"][part]] * len(some) for part in ranks}
    own = retrieval.recall_interval(ranks["judging"], 10, groups["judging"], rounds=ROUNDS)
    general = [retrieval.recall_interval(ranks["general"], k, groups["general"], rounds=ROUNDS) for k in (1, 10)]
    against = ""
    if some is not first or share:
        mine, theirs = (
            np.asarray(np.mean([np.log2(1 + _of(one, "judging", at)) for one in of], axis=0), np.float64)
            for of, at in ((some, share), (first, ""))
        )
        against = "{:+.2f} ({:+.2f} to {:+.2f})".format(*difference(mine, theirs, some[0]["photos"]["judging"]))
    kept = share or ", ".join(f"{one['share']:.0%}" for one in some)
    return (
        name,
        *(_percent(own), f"{judging.middle(ranks['judging']):.2f}", against),
        *(_percent(one) for one in general),
        f"{float(share):.0%}" if share else kept,
        *("" if share else _both(some, at) for at in ("0.5", "1.0")),
    )


def _both(some: Sequence[Mapping[str, Any]], share: str) -> str:
    """Own recall@10 and general recall@1 of a share of the new weights, whatever was chosen."""
    own, general = (float((_joined(some, part, share) < k).mean()) for part, k in (("judging", 10), ("general", 1)))
    return f"{own:.1%}, {general:.1%}"


def difference(some: NDArray[np.float64], other: NDArray[np.float64], photos: Sequence[int]) -> tuple[float, ...]:
    """The mean of ``some - other``, and its bootstrap 95 % interval over photos (Efron 1979)."""
    _, member = np.unique(np.asarray(photos), return_inverse=True)
    count = int(member.max()) + 1
    sums, sizes = np.bincount(member, some - other, count), np.bincount(member, minlength=count)
    drawn = np.random.default_rng(0).integers(0, count, size=(ROUNDS, count))
    means = sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    return float((some - other).mean()), *(float(at) for at in np.percentile(means, [2.5, 97.5]))


def _of(one: Mapping[str, Any], part: str, share: str) -> Ranks:
    return np.array(one["ranks"][share or str(float(one["share"]))][part], np.int64)


def _joined(some: Sequence[Mapping[str, Any]], part: str, share: str) -> Ranks:
    return np.concatenate([_of(one, part, share) for one in some])


def _percent(found: retrieval.Interval) -> str:
    return f"{found.value:.1%} ({100 * found.low:.1f} to {100 * found.high:.1f})"


# The command


def main(argv: Sequence[str] | None = None) -> int:
    """Learn what is asked and not there yet, and write the table; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m training.ablation", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path, help="the data folder that docs/model.md describes")
    parser.add_argument("--place", type=Path, default=Path(".cache/ablation"), help="where results are kept")
    parser.add_argument("--page", type=Path, help="a page that the table is written into")
    parser.add_argument("--only", default=",".join(VARIANTS), help="some of the variants, with commas between them")
    parser.add_argument("--seeds", type=int, default=1)
    for name, many in (("photos", 300), ("judged", 150), ("general", 60), ("batch", 32)):
        parser.add_argument(f"--{name}", type=int, default=many)
    parser.add_argument("--epochs", type=float, default=2.0)
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="fp32")
    asked = parser.parse_args(argv)
    wanted = asked.only.split(",")
    if not set(wanted) <= set(VARIANTS):
        parser.error(f"--only takes some of {', '.join(VARIANTS)}")
    first = Options(epochs=asked.epochs, batch=asked.batch, precision=asked.precision)
    size = Size(asked.photos, asked.judged, asked.general)
    try:
        if asked.page is not None:
            pages.check(asked.page, [PART])
        place = prepare(asked.data, asked.place.absolute() / f"{size.photos}-{size.judged}-{size.general}", size)
        results = {}
        for name in VARIANTS:
            files = [place.folder / f"{name}, {_key(first)}, seed {seed}.json" for seed in range(asked.seeds)]
            if name in wanted:
                for seed, file in enumerate(files):
                    _once(file, place, replace(options_of(name, first), seed=seed))
            if all(file.is_file() for file in files):
                results[name] = [json.loads(file.read_text(encoding="utf-8")) for file in files]
        if next(iter(VARIANTS)) in results:
            said = page(results, _said(asked, results))
            print(said)
            if asked.page is not None:
                pages.into_page(asked.page, PART, said)
    except RetrouveError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


def _once(file: Path, place: Place, options: Options) -> None:
    if file.is_file():
        return
    print(f"... {file.stem}", file=sys.stderr, flush=True)
    found = learn(place, options)
    aside = file.with_name(f"{file.name}.new")
    aside.write_text(json.dumps(found), encoding="utf-8")
    aside.replace(file)


def _key(first: Options) -> str:
    return f"{first.epochs:g} epochs of {first.batch}, {first.precision}"


def _said(asked: argparse.Namespace, results: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    spent = sum(one["processor_seconds"] for some in results.values() for one in some)
    seeds = "one seed" if asked.seeds == 1 else f"{asked.seeds} seeds"
    return (
        f"{asked.photos} prints, two captions each, {asked.epochs:g} epochs in batches of {asked.batch}, "
        f"{asked.precision}, {seeds}; own: {asked.judged} prints of other photos, which neither the bundled model nor "
        f"any run learned from; general: half of the samples and {asked.general} photos of `coco`, all in one gallery. "
        f"{spent / 60:.0f} minutes of processor time. 95 % intervals: photos drawn anew (bootstrap)."
    )


if __name__ == "__main__":
    sys.exit(main())
