"""How likely a photo is what was asked for, and why it was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.search import calibration, ranking
from core.search.calibration import Calibration
from core.search.seeking import Sought
from core.types import Photo

_SAME = 0.9995
"""The cosine from which two photos count as one picture: what saving it again in another format leaves."""


@dataclass(frozen=True, slots=True)
class Found:
    """A content that is a hit: its cosine, the log-odds that it is ranked by, the number of its branch, and its photos
    that may be shown, by path."""

    content_id: int
    cosine: float
    odds: float
    branch: int
    photos: list[Photo]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said of a hit: see `core.types.Hit`."""

    score: float
    match: float
    strong: bool
    reasons: tuple[str, ...]


def judge(
    found: Sequence[Found],
    wanted: Sequence[Sought],
    curve: Calibration,
    cosines: NDArray[np.float32],
    why: Mapping[int, tuple[str, ...]],
) -> list[Verdict]:
    """A verdict on each hit of one branch. ``cosines`` are float32[wanted, found], ``why`` the words that were found,
    by photo.

    All of what is wanted was asked for: the geometric mean of the parts, so that one that fails lets the whole fail.
    What is asked for less counts the other way. Words then add their odds to the whole.
    """
    odds = np.array([one.odds for one in found])
    words = odds - ranking.log_odds(np.array([one.cosine for one in found]), curve)
    matches = np.ones(len(found))
    clear = np.ones((len(wanted), len(found)), np.bool_)
    heavy = sum(abs(one.weight) for one in wanted)
    for place, (part, row) in enumerate(zip(wanted, cosines, strict=True)):
        probability = calibration.match(row, part.curve)
        if part.weight < 0:
            probability = 1.0 - probability
        matches *= probability ** (abs(part.weight) / heavy)
        clear[place] = probability >= part.curve.line
    if wanted:
        matches = _moved(matches, words)
    line = max((one.curve.line for one in wanted if one.weight > 0), default=0.0)
    strong = clear.all(axis=0) | ((words > 0) & (matches >= line))
    scores = ranking.as_score(odds, curve) if wanted else np.zeros(len(found))
    # Why it is there comes before what counts against it.
    order = sorted(range(len(wanted)), key=lambda at: wanted[at].weight < 0)
    verdicts = []
    for place, one in enumerate(found):
        looks = [_reason(wanted[at], one, float(cosines[at, place]), bool(clear[at, place])) for at in order]
        said = (*why.get(one.photos[0].id, ()), *looks)
        verdicts.append(Verdict(float(scores[place]), float(matches[place]), bool(strong[place]), said))
    return verdicts


def _moved(matches: NDArray[np.float64], odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities, their log-odds moved."""
    inside = np.clip(matches, 1e-12, 1 - 1e-12)
    return np.asarray(np.where(odds == 0, matches, 1 / (1 + (1 - inside) / inside * np.exp(-odds))))


def _reason(one: Sought, found: Found, cosine: float, clear: bool) -> str:
    if one.sample is not None and one.sample.part is None:
        copy = one.sample.photo is not None and one.sample.photo.content_id == found.content_id
        if copy or cosine >= _SAME:
            return "same picture"
    if one.weight < 0:
        return f"less like {one.said}"
    return f"looks like {one.said}" if clear else f"a little like {one.said}"
