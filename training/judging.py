"""How well a model finds photos while it is trained and after: held-out photos of the person's own, and general ones.

One gallery holds all of them, so that each is looked for among the others. A sentence that several photos have is asked
once, and any of these is right.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from open_clip.hf_model import HFTextEncoder
from torch import Tensor
from torch.nn import functional
from torch.nn.utils import parametrize

from core.models.openclip import LoadedModel
from training.data import Example, Pictures, Split
from training.early import Early
from training.examples import better_and_worse
from training.loop import reduced

Tell = Callable[[str, int, int], None]
FIRST = 10
MOST = 500
"""Sentences of a part that are asked."""
TOGETHER = 32
LIKE = 16
"""Sentences of like length that go through the text tower together."""


class Encoding:
    """A loaded model's towers, with the device and the precision that they are run with. ``early`` computes the first
    stages of the image tower where these never change."""

    def __init__(self, loaded: LoadedModel, device: str, precision: str, early: Early | None = None) -> None:
        self.model = loaded.model
        self.device = device
        self._tokenize = loaded.tokenize
        self._precision = precision
        self._early = early
        # A tower of Hugging Face's masks what pads a sentence, so that nothing changes without it.
        self._short = isinstance(getattr(loaded.model, "text", None), HFTextEncoder)

    def images(self, pixels: NDArray[np.float32]) -> Tensor:
        """float32[n, 3, height, width] to unit vectors float32[n, dim], with gradients where these are wanted."""
        if self._early is not None:
            return self._late(self._early(pixels))
        with reduced(self.device, self._precision):
            found = self.model.encode_image(torch.from_numpy(pixels).to(self.device))
        return functional.normalize(found.float(), dim=1)

    def texts(self, sentences: Sequence[str]) -> Tensor:
        """Sentences to unit vectors float32[n, dim], as `images`. Those of like length go together, so that little is
        spent on what pads the others."""
        ids = self._tokenize(list(sentences))
        if not self._short or not len(ids):
            return self._said(ids)
        lengths = (ids != (self.model.text.config.pad_token_id or 0)).sum(dim=1)
        order = lengths.argsort(stable=True)
        # What was learned is added to the weights once, not for each part.
        with parametrize.cached():
            parts = [self._said(ids[some, : max(1, int(lengths[some].max()))]) for some in order.split(LIKE)]
        return torch.cat(parts)[order.argsort()]

    def plain(self, examples: Sequence[Example], pictures: Pictures, tell: Callable[[int], None]) -> Tensor:
        """Photos as a search sees them, without gradients: float32[n, dim] on the CPU."""

        def whole(some: Sequence[Example]) -> Tensor:
            paths = [one.path for one in some]
            if self._early is not None:
                return self._late(self._early.of(paths, pictures.plain))
            return self.images(pictures.plain(paths))

        return self._all(whole, examples, tell)

    def plain_texts(self, sentences: Sequence[str]) -> Tensor:
        """Sentences without gradients: float32[n, dim] on the CPU."""
        return self._all(self.texts, sentences, lambda done: None)

    def _said(self, ids: Tensor) -> Tensor:
        with reduced(self.device, self._precision):
            found = self.model.encode_text(ids.to(self.device))
        return functional.normalize(found.float(), dim=1)

    def _late(self, begun: list[Tensor]) -> Tensor:
        assert self._early is not None
        with reduced(self.device, self._precision):
            found = self._early.encode(self.model.visual, begun)
        return functional.normalize(found.float(), dim=1)

    def _all(self, encode: Callable[[Any], Tensor], items: Sequence[Any], tell: Callable[[int], None]) -> Tensor:
        was = self.model.training
        self.model.eval()
        rows = []
        with torch.no_grad():
            for start in range(0, len(items), TOGETHER):
                rows.append(encode(items[start : start + TOGETHER]).cpu())
                tell(min(start + TOGETHER, len(items)))
        self.model.train(was)
        return torch.cat(rows) if rows else torch.empty(0, 0)


@dataclass(frozen=True, slots=True)
class Questions:
    """Sentences, and for each the rows of the gallery that are right."""

    texts: tuple[str, ...]
    right: tuple[tuple[int, ...], ...]


def questions(gallery: Sequence[Example], asked: Sequence[Example]) -> Questions:
    """What some photos of a gallery are asked for by: each of their sentences once, `MOST` at the most."""
    mine = {id(one) for one in asked}
    rows: dict[str, list[int]] = {}
    wanted: dict[str, str] = {}
    for row, one in enumerate(gallery):
        for text in one.texts:
            rows.setdefault(text.casefold(), []).append(row)
            if id(one) in mine:
                wanted.setdefault(text.casefold(), text)
    keys = list(wanted)
    if len(keys) > MOST:
        keys = [keys[int(at)] for at in np.linspace(0, len(keys) - 1, MOST)]
    return Questions(tuple(wanted[key] for key in keys), tuple(tuple(rows[key]) for key in keys))


def ranks(photos: Tensor, texts: Tensor, right: Sequence[Sequence[int]]) -> NDArray[np.int64]:
    """For each sentence, how many wrong photos come before the best right one; ties count: int64[sentences]."""
    scores = (texts @ photos.T).numpy()
    found = np.empty(len(scores), np.int64)
    for number, rows in enumerate(right):
        mine = scores[number, list(rows)]
        before = int((scores[number] >= mine.max()).sum())
        found[number] = before - int((mine >= mine.max()).sum())
    return found


def middle(found: NDArray[np.int64]) -> float:
    """The mean of ``log2(1 + photos before the right one)``: 0 is perfect. Finer than recall."""
    return float(np.log2(1 + found).mean()) if len(found) else 0.0


def recall(found: NDArray[np.int64], first: int = FIRST) -> float | None:
    """The share of sentences whose photo is among the first; None without one."""
    return round(float((found < first).mean()), 4) if len(found) else None


class Ruler:
    """Asks models for the photos that were held out, and for the general ones that were not learned again."""

    def __init__(self, pictures: Pictures, parts: Split, again: Sequence[Example], general: Sequence[Example]) -> None:
        self._pictures = pictures
        self._choosing = list(parts.choosing)
        self._gallery = [*parts.choosing, *parts.judging, *general, *again]
        self._asked = {
            "choosing": questions(self._gallery, parts.choosing),
            "judging": questions(self._gallery, parts.judging),
            "general": questions(self._gallery, general),
        }
        self._quick = questions(self._choosing, self._choosing)

    def photos_of(self, part: str) -> list[int]:
        """For each sentence of a part (``choosing``, ``judging``, ``general``) the number of its photo, by which those
        of one photo can be told."""
        return [rows[0] for rows in self._asked[part].right]

    def quick(self, encoding: Encoding) -> float:
        """`middle` of the photos that are chosen by, among themselves: for a look after each epoch."""
        photos = encoding.plain(self._choosing, self._pictures, lambda done: None)
        return middle(ranks(photos, encoding.plain_texts(self._quick.texts), self._quick.right))

    def measure(self, encoding: Encoding, tell: Tell) -> Measured:
        """Where all photos are found. A second for thirty of them, on two cores with the bundled model."""
        total = len(self._gallery)
        photos = encoding.plain(self._gallery, self._pictures, lambda done: tell("Measuring", done, total))
        found = {
            part: ranks(photos, encoding.plain_texts(one.texts), one.right) if one.texts else np.empty(0, np.int64)
            for part, one in self._asked.items()
        }
        return Measured(**found)

    def examples(self, before: Measured, after: Measured) -> dict[str, Any]:
        """Sentences that find their photo earlier than before, and later: places from 1."""
        rows: list[dict[str, Any]] = []
        for part, of in (("judging", "held-out photo"), ("general", "general photo")):
            for text, was, now in zip(
                self._asked[part].texts, getattr(before, part), getattr(after, part), strict=True
            ):
                rows.append({"query": text, "before": int(was) + 1, "after": int(now) + 1, "of": of})
        return better_and_worse(rows)


@dataclass(frozen=True, slots=True)
class Measured:
    """How many wrong photos came before the right one, for each sentence of each part: int64[sentences]."""

    choosing: NDArray[np.int64]
    judging: NDArray[np.int64]
    general: NDArray[np.int64]

    def figures(self) -> dict[str, Any]:
        """As a run's ``before`` and ``after`` have them: fractions of 1, None where nothing could be asked."""
        return {
            "sentences_recall_at_1": recall(self.judging, 1),
            "sentences_recall_at_10": recall(self.judging),
            "general_recall_at_1": recall(self.general, 1),
            "general_recall_at_10": recall(self.general),
        }


def lost(before: Measured, after: Measured) -> float:
    """What general recall falls by, at 10 or at 1, whichever is more. Of the few photos here nearly all are among the
    first ten, as of a large library few are: the first place stands for the latter."""
    if not len(before.general):
        return 0.0
    return max(float((before.general < first).mean() - (after.general < first).mean()) for first in (1, FIRST))


def choose(tried: Mapping[float, Measured], tolerance: float) -> float:
    """The share of the way from old (0) to new (1) weights with which the photos that are chosen by are found best, of
    those with which general sentences lose no more than ``tolerance``."""
    allowed = [share for share, one in tried.items() if lost(tried[0.0], one) <= tolerance + 1e-9]
    return min(allowed, key=lambda share: (round(middle(tried[share].choosing), 3), share))


def refusal(before: Measured, after: Measured, share: float, tolerance: float) -> str:
    """Why what was learned is not installed; empty where it is: own photos that were held out have to be found better,
    and general ones as well as before, but for the tolerance."""
    if not len(before.general):
        return (
            "every sample photo is among your own captioned photos: there is nothing general left to measure whether "
            "it forgot something"
        )
    if share == 0:
        return "of what was tried, nothing finds the photos that were held out better without losing in general"
    if lost(before, after) > tolerance + 1e-9:
        return f"general sentences would lose {lost(before, after):.1%}, and {tolerance:.1%} is allowed"
    hits, was = recall(after.judging) or 0.0, recall(before.judging) or 0.0
    if hits < was:
        return f"photos that were held out would be among the first ten less often: {hits:.1%}, {was:.1%} before"
    if middle(after.judging) >= middle(before.judging):
        return "photos that were held out are found no earlier than before"
    return ""
