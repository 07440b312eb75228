"""What the review page asks of the library; runs in worker threads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from app.window.review_model import VERDICTS
from core.tagging.types import Queue

if TYPE_CHECKING:
    from core.tagging import Tagging


@dataclass(frozen=True, slots=True)
class Shown:
    """The photos of a label, as they are to be shown: int64[n], float64[n] (NaN: no score) and int8[n]."""

    label_id: int
    ids: NDArray[np.int64]
    scores: NDArray[np.float64]
    verdicts: NDArray[np.int8]


def counts(list_name: str | None, core: Tagging) -> list[Queue]:
    """The labels of a list, or of all, with what waits and what is decided."""
    return core.reviewing.queues(list_name)


_STEPS = 50


def can_move(core: Tagging) -> tuple[bool, bool]:
    """Whether there is a step to undo, and one to do again."""
    newest = core.decisions.steps(_STEPS)
    # What is undone is newer than what stands: a new step drops all that was undone.
    return not all(step.undone for step in newest) or len(newest) == _STEPS, bool(newest) and newest[0].undone


def counts_and_lists(list_name: str | None, core: Tagging) -> tuple[list[Queue], list[str]]:
    """As `counts`, with the names of all label lists."""
    return core.reviewing.queues(list_name), [name for name, _ in core.lists.names()]


def photos_of(label_id: int, order: str, top: int, also: Sequence[int], core: Tagging) -> Shown:
    """The photos of a label that wait, and those of ``also`` (they came back) whatever is decided of them by now."""
    found = core.reviewing.photos(label_id, order, top)
    ids = [photo_id for photo_id, _ in found]
    scores = [np.nan if score is None else score for _, score in found]
    verdicts = [0] * len(ids)
    missing = set(also).difference(ids)
    for photo_id, tags in core.decisions.of_photos(sorted(missing)).items() if missing else ():
        for tag in tags:
            if tag.label_id == label_id:
                ids.append(photo_id)
                scores.append(np.nan if tag.score is None else tag.score)
                verdicts.append(int(VERDICTS[tag.state]))
    shown = Shown(label_id, np.array(ids, np.int64), np.array(scores, np.float64), np.array(verdicts, np.int8))
    if len(ids) == len(found):
        return shown
    # Where it belongs among the surest; among those that teach most, what came back is in front.
    places = (
        np.argsort(-shown.scores, kind="stable")
        if order == "surest"
        else np.roll(np.arange(len(ids)), len(ids) - len(found))
    )
    return Shown(label_id, shown.ids[places], shown.scores[places], shown.verdicts[places])
