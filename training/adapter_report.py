"""What a run of `training.adapter` tells: its data, what it measured, examples, and sentences for people.

Questions are asked of held-out photos alone: a name is learned anew without the photo that is looked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core import runs
from core.adapters.candidates import Said
from core.adapters.encoding import NamedEncoder
from core.adapters.learned import LearnedName
from core.adapters.names import NameBook
from core.models.encoder import Encoder
from core.models.registry import ModelInfo
from core.search import joining
from core.search.seeking import Sought
from training.examples import better_and_worse
from training.general import General

if TYPE_CHECKING:
    from training.adapter import Lesson, Space
    from training.teaching import Left, Taught

FIRST = 10
MOST = 200
"""Sentences of the person's own that are asked."""
LONG_WORDS = 48


def data(said: Sequence[Said], photos: int, chosen: Sequence[Taught], left: Sequence[Left]) -> dict[str, Any]:
    """The report on what there is to learn from, before anything is learned."""
    captions = [one.text for one in said if not one.tag]
    return {
        "photos": photos,
        "captioned": len({one.content_id for one in said if not one.tag}),
        "captions": len(captions),
        "tags": len(said) - len(captions),
        "repeated": len(captions) - len(set(captions)),
        "empty": sum(not text.strip() for text in captions),
        "overlong": sum(len(text.split()) > LONG_WORDS for text in captions),
        "held_out": "each photo of a name once, with its near copies; the name is learned from the others",
        "names": [
            {"name": one.name, "photos": len(one.rows), "motifs": len(one.groups), "held_out": len(one.held())}
            for one in chosen
        ],
        "left_out": _left(left),
    }


def arrays(learned: Sequence[LearnedName]) -> dict[str, NDArray[Any]]:
    """What was learned, as arrays: ``names``, ``vectors`` float32[names, dim], ``curves`` float64[names, 3]."""
    curves = [(one.curve.slope, one.curve.intercept, one.curve.line) for one in learned]
    return {
        "names": np.array([one.name for one in learned], np.str_),
        "vectors": np.array([one.vector for one in learned], np.float32),
        "curves": np.array(curves, np.float64),
    }


def _left(left: Sequence[Left]) -> list[dict[str, Any]]:
    return [{"name": one.name, "photos": one.photos, "why": one.why} for one in left]


class Questions:
    """The person's own sentences that have a learned name and say something beside it, asked before and after."""

    def __init__(
        self,
        space: Space,
        lessons: Sequence[Lesson],
        said: Sequence[Said],
        ids: NDArray[np.int64],
        encoder: Encoder,
        model: ModelInfo,
    ) -> None:
        self._lessons = lessons
        self._model = model
        self._encoder = encoder
        self.asked: list[tuple[str, int, int, int]] = []
        """Each sentence, the content that it is about, and how many photos came before that, before and after."""
        book = NameBook(one.learned for one in lessons)
        place = {int(id): row for row, id in enumerate(ids)}
        known = {one.learned.key: one for one in lessons}
        cuts = [(one, book.cut(one.text)) for one in said if not one.tag and one.content_id in place]
        told = [(one, cut) for one, cut in cuts if cut.names and (cut.rest or len(cut.names) > 1)][:MOST]
        texts = encoder.encode_texts([text for one, cut in told for text in (one.text, cut.rest or one.text)])
        for number, (one, cut) in enumerate(told):
            whole, rest = texts[2 * number], texts[2 * number + 1]
            row = place[one.content_id]
            parts = [_part(known[name.key].without(space, row)) for name in cut.names]
            if cut.rest:
                parts.append(Sought(rest, model.calibration, "", text=cut.rest))
            rows = np.stack([space.own @ part.vector for part in parts])
            after = joining.as_cosines(rows, parts, model.calibration)
            self.asked.append((one.text, one.content_id, _before(space.own @ whole, row), _before(after, row)))

    def measured(
        self, general: General | None, learned: Sequence[LearnedName]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """What is found before and after: of held-out photos by name, of the person's own sentences, and of the general
        ones. Fractions of 1; None where nothing could be asked."""
        named = NamedEncoder(self._encoder, NameBook(learned), self._model.calibration)
        before = np.concatenate([one.found.by_words for one in self._lessons]) if self._lessons else np.empty(0)
        after = np.concatenate([one.found.ranks for one in self._lessons]) if self._lessons else np.empty(0)
        sentences = np.array([one[2:] for one in self.asked]).reshape(-1, 2)
        return (
            _figures(before, sentences[:, 0], None if general is None else general.recall()),
            _figures(after, sentences[:, 1], None if general is None else general.recall(named)),
        )

    def examples(self, general: General | None, learned: Sequence[LearnedName]) -> dict[str, Any]:
        """Queries that found their photo earlier, and later: places from 1."""
        rows: list[dict[str, Any]] = [
            {"query": one.taught.name, "before": int(before) + 1, "after": int(after) + 1, "of": "held-out photo"}
            for one in self._lessons
            for before, after in zip(one.found.by_words, one.found.ranks, strict=True)
        ]
        rows += [
            {"query": text, "content": content, "before": before + 1, "after": after + 1, "of": "held-out photo"}
            for text, content, before, after in self.asked
        ]
        if general is not None:
            named = NamedEncoder(self._encoder, NameBook(learned), self._model.calibration)
            places = zip(general.captions, general.files, general.ranks(), general.ranks(named), strict=True)
            rows += [
                {"query": text, "before": int(before) + 1, "after": int(after) + 1, "of": file}
                for text, file, before, after in places
                if before != after
            ]
        return better_and_worse(rows)


def _part(name: LearnedName) -> Sought:
    return Sought(name.vector, name.curve, "", text=name.name, learned=True)


def _before(scores: NDArray[np.floating], row: int) -> int:
    return int((scores >= scores[row]).sum()) - 1


def _figures(names: NDArray[Any], sentences: NDArray[Any], general: float | None) -> dict[str, Any]:
    def share(ranks: NDArray[Any], first: int) -> float | None:
        return round(float((ranks < first).mean()), 4) if len(ranks) else None

    return {
        "names_recall_at_1": share(names, 1),
        "names_recall_at_10": share(names, FIRST),
        "sentences_recall_at_10": share(sentences, FIRST),
        "general_recall_at_10": None if general is None else round(general, 4),
    }


def result(
    draft: runs.Draft,
    kept: Sequence[Lesson],
    left: Sequence[Left],
    measured: tuple[dict[str, Any], dict[str, Any]],
    chosen: dict[str, float],
    tolerance: float,
) -> dict[str, Any]:
    """The document that ends a run."""
    before, after = measured
    owner = {int(row): one.taught.name for one in kept for row in one.taught.rows}
    return {
        "run": draft.name,
        "kind": "adapter",
        "installed": bool(kept),
        "why": _why(kept, left, before, after, tolerance),
        "before": before,
        "after": after,
        "names": [_name(one, owner) for one in kept],
        "left_out": _left(left),
        "chosen": chosen,
    }


def _name(one: Lesson, owner: dict[int, str]) -> dict[str, Any]:
    """How well a name is told from others, and whom the model takes for it."""
    others = Counter(owner[int(row)] for rows in one.found.before for row in rows if int(row) in owner)
    ranks = one.found.ranks
    return {
        "name": one.taught.name,
        "photos": len(one.taught.rows),
        "held_out": len(ranks),
        "recall_at_10_before": round(float((one.found.by_words < FIRST).mean()), 4),
        "recall_at_10": round(float((ranks < FIRST).mean()), 4),
        "first": round(float((ranks < 1).mean()), 4),
        "look_alikes": [name for name, _ in others.most_common(3)],
        "said": _said(one.taught.name, ranks, [name for name, _ in others.most_common(3)]),
    }


def _said(name: str, ranks: NDArray[np.int64], others: Sequence[str]) -> str:
    if not ranks.any():
        return f"{name}: every photo that was held out came first."
    first = f"{int((ranks < 1).sum())} of {len(ranks)} photos that were held out came first"
    if others:
        return f"{name}: {first}; by the whole picture the model takes {' and '.join(others)} for {name} at times."
    return f"{name}: {first}; before the others came photos that say nothing of {name}, and may show it all the same."


def _why(
    kept: Sequence[Lesson], left: Sequence[Left], before: dict[str, Any], after: dict[str, Any], tolerance: float
) -> str:
    if not kept:
        if not left:
            return "No caption and no tag has a name in it: there is nothing to learn from yet."
        names = f"{len(left)} names are" if len(left) > 1 else "One name is"
        return f"{names} mentioned, and none could be learned; the first, “{left[0].name}”: {left[0].why}."
    number = "One name is" if len(kept) == 1 else f"{len(kept)} names are"
    lost = before["general_recall_at_10"] - after["general_recall_at_10"]
    general = "general sentences find as much as before"
    if lost > 0:
        general = f"general sentences lose {lost:.1%}, and {tolerance:.1%} is allowed"
    elif lost < 0:
        general = f"general sentences find {-lost:.1%} more"
    return (
        f"{number} learned: photos that were held out are among the first ten for "
        f"{after['names_recall_at_10']:.0%} of searches by name, {before['names_recall_at_10']:.0%} before; {general}."
    )
