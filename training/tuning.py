"""What `training/lora.py` and `training/full.py` share: their data, the steps, and what comes of them.

Both read captions as `training/data.py` finds them, learn by the losses of `training/losses.py` in the loop of
`training/loop.py`, and are judged by `training/judging.py`. They differ in what of the model is trained.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from core import runs
from core.errors import CallError, TrainingError
from core.library import Library
from core.models.openclip import require_torch
from core.models.photo_tower import best_device
from core.models.registry import ModelInfo, load_info
from training import data, losses, negatives, surgery, swaps
from training.data import Batches, Example, Pictures, Split
from training.judging import Encoding, Ruler
from training.loop import Course, Loop, Told, gradients_in_parts
from training.negatives import LookAlikes

PAIRS = "pairs.json"
LEAST = 16
"""Captioned photos that there must be: fewer can neither be learned from nor judged by."""
TOO_LITTLE = "There is too little to learn"
SIMILARITY_SCALE = 20.0
Tell = Callable[..., None]
"""Called with what is being done, how much is done, of how much, and what else there is to tell by name."""


@dataclass(frozen=True, slots=True)
class Options:
    """What may be asked of a run. ``rate`` is that of the last layers; a layer before has ``layer_decay`` times it.

    ``batch`` photos are compared at once, and computed in so many ``parts``; ``locked`` is a tower that stays as it is
    (LiT: Zhai et al. 2022). ``replay`` is the share of a batch that are sample photos, ``keep`` how much the old
    model's similarities count. ``hard_negatives`` is the share of a batch that follow a photo that they look like, and
    ``swapped`` the share of sentences that meet their swapped self as a wrong answer, of those that have one
    (`training/negatives.py`, `training/swaps.py`). ``patience`` epochs without a gain end a run.
    """

    epochs: float = 3.0
    batch: int = 64
    parts: int = 1
    rate: float = 1e-3
    rank: int = 8
    layer_decay: float = 0.8
    weight_decay: float = 0.05
    loss: str = "clip"
    locked: str = ""
    replay: float = 0.2
    keep: float = 0.5
    hard_negatives: float = 0.0
    swapped: float = 0.0
    average: float = 0.9
    patience: int = 2
    precision: str = "fp32"
    save_memory: bool = False
    tolerance: float = 0.01
    seed: int = 0

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> Options:
        """From what a run wrote down."""
        known = {one.name for one in fields(cls)}
        return cls(**{key: value for key, value in said.items() if key in known})


@dataclass(frozen=True, slots=True)
class Lesson:
    """All that a run begins with: the model, what it is asked, the photos, and where it is written down."""

    draft: runs.Draft
    model: ModelInfo
    options: Options
    parts: Split
    again: tuple[Example, ...]
    general: tuple[Example, ...]
    pictures: Pictures
    device: str
    alike: LookAlikes = ()
    """Of the photos that are learned from."""
    stored: Mapping[Path, NDArray[np.float32]] = field(default_factory=dict)
    """What the library has of these photos: the old model's unit vectors, float32[dim]."""

    @property
    def ruler(self) -> Ruler:
        """What measures before and after."""
        return Ruler(self.pictures, self.parts, self.again, self.general)


# The beginning


def begin(library: Library, kind: str, options: Options, *, resume: bool, tell: Tell) -> Lesson | dict[str, Any]:
    """Gather what there is to learn from, or take up a run that was stopped, with its own options and photos.

    A dictionary says that nothing can be learned, and why: the run's result. Raises `RetrouveError`.
    """
    require_torch(f"`retrouve train {kind}`")
    if resume:
        return _taken_up(library, library.runs.resume(kind))
    model = library.answering
    draft = library.runs.begin(kind)
    try:
        config = {
            "kind": kind,
            "model": model.model_id,
            "folder": str(model.folder),
            "made": datetime.now(UTC).isoformat(timespec="seconds"),
            "options": asdict(options),
        }
        draft.write(runs.CONFIG, config)
        found = look(library, options, tell)
        draft.write(runs.DATA, found.report)
        if found.why:
            return _nothing(draft, found.why)
        draft.write(PAIRS, found.pairs)
        return _lesson(library, draft, model, options, found.pairs, found.pictures)
    except BaseException:
        draft.drop()
        raise


@dataclass(frozen=True, slots=True)
class Material:
    """What there is to learn from: the report on it, the very photos (as `PAIRS` has them), and why they are too few or
    too alike, where that is so."""

    report: dict[str, Any]
    pairs: dict[str, Any]
    pictures: Pictures
    why: str


def look(library: Library, options: Options, tell: Tell) -> Material:
    """Gather it, and read each photo once; ``tell`` hears the report. Raises `CallError`."""
    model = library.answering
    if model.is_graphs_alone:
        raise CallError(
            f"{model.name} is its graphs alone, without weights to train. `retrouve models use` chooses another model."
        )
    tell("Reading", 0, 0)
    examples, report, vectors = data.own(library, model)
    pictures = Pictures(model.preprocess)
    readable, faults = pictures.readable(examples, lambda done, total: tell("Reading photos", done, total))
    again, general = data.replayed(examples)
    parts = data.split(readable, seed=options.seed)
    report |= {"unreadable": faults[:20], "learned": len(parts.learned), "held_out": parts.said}
    report |= {"choosing": len(parts.choosing), "judging": len(parts.judging), "replayed": len(again)}
    pairs = _pairs(parts, again, general)
    if options.hard_negatives:
        pairs["alike"] = negatives.look_alikes(parts.learned, vectors)
        report["look_alikes"] = sum(bool(row) for row in pairs["alike"])
    if options.swapped:
        report["swappable"] = sum(bool(swaps.swaps(text)) for one in parts.learned for text in one.texts)
    tell("Reading photos", len(examples), len(examples), data=report)
    return Material(report, pairs, pictures, too_little(readable, parts, options))


def _taken_up(library: Library, draft: runs.Draft) -> Lesson:
    """What a run that was stopped had begun with. Raises `TrainingError`, `ModelError`; it stays as it is then."""
    broken = "What was saved of the run cannot be read: start it anew, without --resume."
    try:
        try:
            config, pairs = (runs.read_json(draft.folder / file) for file in (runs.CONFIG, PAIRS))
        except TrainingError as error:
            raise TrainingError(broken) from error
        model = load_info(Path(config["folder"]))
        if model.model_id != config["model"]:
            raise TrainingError(f"The model {config['model']} has changed since the run was stopped: start it anew.")
        return _lesson(library, draft, model, Options.read(config["options"]), pairs)
    except (KeyError, TypeError, AttributeError) as error:
        draft.release()
        raise TrainingError(broken) from error
    except BaseException:
        draft.release()
        raise


def too_little(examples: Sequence[Example], parts: Split, options: Options) -> str:
    """Why nothing can be learned from some photos; empty where it can be tried."""
    if len(examples) < LEAST:
        have = "1 photo has" if len(examples) == 1 else f"{len(examples)} photos have"
        return f"{have} a caption or a tag, and it takes {LEAST} at the least"
    if not parts.choosing or not parts.judging:
        return "the captioned photos are all near copies of each other: there is nothing to hold out"
    meet = max(len(Batches(parts.learned, options.batch, seed=options.seed).at(step)) for step in range(3))
    if meet < LEAST // 2:
        return "nearly all captions are equal: photos are learned by what tells them apart"
    return ""


def _nothing(draft: runs.Draft, why: str) -> dict[str, Any]:
    result = {"run": draft.name, "kind": draft.kind, "installed": False, "why": f"{TOO_LITTLE}: {why}."}
    result |= {"before": {}, "after": {}}
    draft.write(runs.RESULT, result)
    draft.finish()
    return result


def _pairs(parts: Split, again: Sequence[Example], general: Sequence[Example]) -> dict[str, Any]:
    """The photos of a run, as `PAIRS` has them: `_lesson` reads it."""
    named = {"learned": parts.learned, "choosing": parts.choosing, "judging": parts.judging}
    named |= {"again": tuple(again), "general": tuple(general)}
    return {name: [_row(one) for one in some] for name, some in named.items()} | {"said": parts.said}


def _row(one: Example) -> dict[str, Any]:
    return {"path": str(one.path), "texts": list(one.texts), "album": one.album, "group": one.group}


def _lesson(
    library: Library,
    draft: runs.Draft,
    model: ModelInfo,
    options: Options,
    pairs: Mapping[str, Any],
    pictures: Pictures | None = None,
) -> Lesson:
    def some(name: str) -> tuple[Example, ...]:
        rows = pairs[name]
        return tuple(Example(Path(one["path"]), tuple(one["texts"]), one["album"], one["group"]) for one in rows)

    parts = Split(some("learned"), some("choosing"), some("judging"), str(pairs["said"]))
    pictures = pictures or Pictures(model.preprocess)
    alike = tuple(tuple(row) for row in pairs.get("alike", ()))
    stored = data.stored(library, model, parts.learned) if options.keep else {}
    return Lesson(draft, model, options, parts, some("again"), some("general"), pictures, best_device(), alike, stored)


# The steps


@dataclass(frozen=True, slots=True)
class Fitted:
    """What the steps led to: the weights, as an untouched model names them, and after which epoch they were best."""

    weights: dict[str, Tensor]
    epoch: int
    epochs: int
    faults: int


def fit(lesson: Lesson, encoding: Encoding, groups: list[dict[str, Any]], *, resume: bool, tell: Tell) -> Fitted:
    """Train what ``groups`` (of an optimizer) name, and keep what found the held-out photos best after an epoch.

    Raises `KeyboardInterrupt` behind a saved step, `TrainingError`, `DiskFull`.
    """
    options, model = lesson.options, encoding.model
    batches = Batches(
        lesson.parts.learned,
        options.batch,
        again=lesson.again,
        replay=options.replay,
        alike=lesson.alike,
        hard=options.hard_negatives,
        seed=options.seed,
    )
    torch.manual_seed(options.seed)
    objective = Objective(lesson, encoding, batches, tell)
    # The temperature (and the bias of the sigmoid loss) belongs to neither tower.
    shared = [one for name, one in model.named_parameters() if name.startswith("logit_") and one.requires_grad]
    groups = [*groups, {"params": shared, "lr": options.rate, "weight_decay": 0.0}]
    groups = [*groups, {"params": objective.own, "lr": options.rate, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW([group for group in groups if group["params"]], betas=(0.9, 0.98), eps=1e-6)
    steps = max(1, round(options.epochs * batches.each))
    course = Course(steps, max(1, steps // 10), average=options.average, save_every=max(10, batches.each))
    kept = {name: one for name, one in model.named_parameters() if one.requires_grad}
    kept |= {f"objective {at}": one for at, one in enumerate(objective.own)}
    loop = Loop(kept, optimizer, course, lesson.draft.folder, objective.clamp)
    ruler = lesson.ruler
    if resume:
        loop.resume()
    best: dict[str, Any] = loop.memory or {"score": ruler.quick(encoding), "epoch": 0, "bad": 0, "best": {}}
    loop.memory = best
    if not resume:
        loop.note(epoch=0, held_out=round(best["score"], 4))

    def told(now: Told) -> bool:
        tell("Training", now.step, now.steps, loss=now.loss, rate=now.rate * options.rate, left_s=round(now.left_s))
        if now.step % batches.each and now.step < now.steps:
            return False
        with loop.averaged():
            score = ruler.quick(encoding)
            epoch = -(-now.step // batches.each)
            loop.note(epoch=epoch, held_out=round(score, 4))
            if score < best["score"] or not best["best"]:
                found = {name: value.detach().cpu().clone() for name, value in kept.items()}
                best.update(score=min(score, best["score"]), epoch=epoch, bad=0, best=found)
            else:
                best["bad"] += 1
        return bool(best["bad"] >= options.patience)

    if best["bad"] < options.patience:
        loop.run(objective.gradients, told)
    with torch.no_grad():
        for name, value in kept.items():
            value.copy_(best["best"].get(name, value))
    return Fitted(surgery.plain_state(model), best["epoch"], -(-loop.step // batches.each), loop.faults)


class Objective:
    """A step's loss and its gradients. The old model's embeddings are those of the library; what it has none of is
    computed once, when this is made."""

    def __init__(self, lesson: Lesson, encoding: Encoding, batches: Batches, tell: Tell) -> None:
        self._lesson, self._encoding, self._batches = lesson, encoding, batches
        model, options = encoding.model, lesson.options
        self._scale: nn.Parameter = model.logit_scale
        self.own: list[nn.Parameter] = []
        """Parameters that the loss needs and the model has not."""
        self._bias: Tensor | None = None
        if options.loss == "sigmoid":
            self._bias = model.logit_bias
            if self._bias is None:
                # As many pairs are wrong as there are photos for one that is right (Zhai et al. 2023).
                self._bias = nn.Parameter(torch.tensor(-10.0, device=encoding.device))
                self.own.append(self._bias)
        self._old_images: dict[Path, Tensor] = {}
        self._old_texts: dict[str, Tensor] = {}
        if options.keep:
            examples = [*lesson.parts.learned, *lesson.again]
            new = [one for one in examples if one.path not in lesson.stored]
            found = encoding.plain(new, lesson.pictures, lambda done: tell("Asking the old model", done, len(new)))
            self._old_images = {path: torch.from_numpy(row) for path, row in lesson.stored.items()}
            self._old_images |= {one.path: row for one, row in zip(new, found, strict=True)}
            texts = list(dict.fromkeys(text for one in examples for text in one.texts))
            self._old_texts = dict(zip(texts, encoding.plain_texts(texts), strict=True))

    def clamp(self) -> None:
        """After each step."""
        losses.clamp_scale(self._scale)

    def gradients(self, step: int) -> Tensor:
        """Add the gradients of a step's batch; its loss."""
        options, device = self._lesson.options, self._encoding.device
        pairs = self._batches.at(step)
        model = self._encoding.model.train()
        surgery.rest(model)
        size = -(-len(pairs) // options.parts)
        parts = [(at, pairs[at : at + size]) for at in range(0, len(pairs), size)]
        untrue = [self._untrue(text, f"{options.seed} {step} {at}") for at, (_, text) in enumerate(pairs)]

        def encode(part: tuple[int, Sequence[tuple[Example, str]]]) -> tuple[Tensor, Tensor, Tensor]:
            at, some = part
            pixels = self._lesson.pictures.varied(some, f"{options.seed} {step} {at}")
            wrong = [text for text in untrue[at : at + len(some)] if text]
            texts = self._encoding.texts([*(text for _, text in some), *wrong])
            return self._encoding.images(pixels), texts[: len(some)], texts[len(some) :]

        def loss(images: Tensor, texts: Tensor, wrong: Tensor) -> Tensor:
            same = true_too(pairs, [text for text in untrue if text]).to(device)
            if self._bias is not None:
                value = losses.sigmoid(images, texts, self._scale.exp(), self._bias, same=same, wrong=wrong)
            else:
                value = losses.info_nce(images, texts, self._scale.exp(), same=same, wrong=wrong)
            if options.keep:
                old = (
                    torch.stack([self._old_images[one.path] for one, _ in pairs]).to(device),
                    torch.stack([self._old_texts[text] for _, text in pairs]).to(device),
                )
                value = value + options.keep * losses.similarity(images, texts, *old, SIMILARITY_SCALE)
            return value

        return gradients_in_parts(encode, parts, loss)

    def _untrue(self, text: str, seed: str) -> str:
        """One of the swaps of a sentence, or none: the same for the same seed."""
        chance = random.Random(seed)
        if chance.random() >= self._lesson.options.swapped:
            return ""
        found = swaps.swaps(text)
        return chance.choice(found) if found else ""


def true_too(pairs: Sequence[tuple[Example, str]], wrong: Sequence[str] = ()) -> Tensor:
    """Which photos of a batch (rows) have which of its sentences, and of ``wrong`` ones behind them: bool[n, n + k]. A
    photo with five captions is asked for by one, and must not be the wrong answer to another."""
    known = [{text.casefold() for text in one.texts} for one, _ in pairs]
    said = [text.casefold() for text in (*(text for _, text in pairs), *wrong)]
    return torch.tensor([[text in texts for text in said] for texts in known], dtype=torch.bool)


def layered(options: Options, parts: Sequence[Sequence[tuple[str, nn.Parameter]]]) -> list[dict[str, Any]]:
    """An optimizer's groups: the rate of each layer, falling towards the input of its tower. Vectors (biases, scales)
    are not pulled to zero. ``parts`` are the parameters of each tower."""
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for part in parts:
        deep = surgery.depths(name for name, _ in part)
        steps = max(1, len(set(deep.values())) - 1)
        for name, parameter in part:
            if parameter.requires_grad:
                rate = options.rate * options.layer_decay ** round((1 - deep[name]) * steps)
                decay = options.weight_decay if parameter.ndim > 1 else 0.0
                groups.setdefault((rate, decay), []).append(parameter)
    return [{"params": some, "lr": rate, "weight_decay": decay} for (rate, decay), some in groups.items()]
