"""From labels and photos as vectors to the probability that a photo shows what a label says.

What is weighed for a label and a photo (logistic regression; the weights are those of `core.tagging.calibration`):

``cosine``      the cosine, counted from the mean of what photos and sentences that are no pairs have, in their spread
``background``  the cosine, counted from the mean of just any photos with this label, in their spread
``library``     the same of the library's own photos: from a quantile that a label may be true of more than half of
                them without moving it, drawn towards the background where the library is small
``..._far``     the part of each of these beyond a knee: far out, one more step says something else than near the middle
``gap``         by how much another label of the list is nearer to the photo
``rival``       the same, weighed by how alike the two labels are: banjo against guitar, not person against guitar
``twin``        the same among labels so alike that a photo hardly shows both: one kind of pear against another
``prior``       how likely a label is before the photo was seen, as the list's length says (log odds)
``top``         how far out the label's best photos are: no photo of the library may show it
``shift``       by how much the library as a whole is nearer to the label than just any photos
``common``      how often sentences about everyday photos say something like the label: person, but not theremin
``spread``      how wide the label's scores are spread over just any photos

All but gap, rival and twin are the same piecewise linear function of the cosine for all photos of a label, so that a
hundred thousand photos and a thousand labels are little more than one product of matrices. What a label is not, and
the other labels of an exclusive group, compete with it: a photo's odds for all of them are one distribution. A
general word (person, outdoors) is there where it or one of its kinds is.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.tagging.backdrop import Backdrop, Vectors
from core.tagging.calibration import Coefficients
from core.tagging.types import LabelList
from core.tagging.vectors import LabelVectors

if TYPE_CHECKING:
    from core.search.exact import ExactIndex
    from core.tagging.learning import Learned

Floats = NDArray[np.float64]

_SHRINK = 30
"""Photos: a library of as many counts as much as the background, where a label's middle and spread are concerned."""
_LOW, _MIDDLE = 0.1, 0.4
_WIDTH, _BELOW = 1.02821, 0.25335
"""Quantiles of a label's scores, their distance in standard deviations of a normal one, and how far its mean is from
the upper of them."""
_NARROWEST = 1e-3
_BEST = 5
_FARTHEST = 8.0
_KNEES = (3.2, 3.0, 3.0)
"""Where ``cosine_far``, ``background_far`` and ``library_far`` begin."""
_SAYS, _SOFT, _RAREST = 2.7, 0.25, 0.003
"""A sentence says something like the label from this many spreads of any two sentences' cosine on."""
_TWIN = 0.5
"""How alike (cosine of their sentences) labels are at the least that are taken for twins."""
_SHARP = 2.0
"""What the log odds of kinds are multiplied with before they are joined: docs/tagging.md has what it does."""
_SURE = 3.0
"""Log odds (a probability of 0.95) up to which caution grows."""
_ROOM = 1.6
"""Log odds beyond `_SURE`: a probability of 0.99."""
_SUREST = 30.0
_HOPELESS = -4.0
"""Log odds (a probability of 0.018) below which a label takes nothing from the others of its exclusive group."""
MOST_LIKELY = 0.1
"""Of no label more is taken for granted before a photo was seen, however short the list."""


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """What is known of each label (all float64[labels]) before any photo is judged; see the module."""

    usual_mean: Floats
    usual_spread: Floats
    own_mean: Floats
    own_spread: Floats
    top: Floats
    shift: Floats
    common: Floats
    middle: float
    unit: float
    """Mean and spread of cosines of photos and sentences that are no pairs."""


def standing(labels: Vectors, backdrop: Backdrop) -> Standing:
    """How labels (float32[n, dim]) stand to a model's background and to a library."""
    sentences = backdrop.captions if len(backdrop.captions) else labels
    usual = backdrop.usual
    if len(usual) < 2:  # A model without background and a library without photos: the sentences are all there is.
        usual = sentences
    cross = sentences @ usual.T if len(usual) else np.zeros((1, 1), np.float32)
    middle, unit = float(cross.mean()), max(float(cross.std()), _NARROWEST)
    seen = (labels @ usual.T).astype(np.float64)
    usual_mean, usual_spread = seen.mean(axis=1), np.maximum(seen.std(axis=1), _NARROWEST)
    own = (labels @ backdrop.sample.T).astype(np.float64)
    own_mean, own_spread = usual_mean, usual_spread
    if own.shape[1]:
        low, half = np.quantile(own, [_LOW, _MIDDLE], axis=1)
        spread = np.maximum((half - low) / _WIDTH, _NARROWEST)
        weight = backdrop.size / (backdrop.size + _SHRINK)
        own_mean = weight * (half + _BELOW * spread) + (1 - weight) * usual_mean
        own_spread = weight * spread + (1 - weight) * usual_spread
    # A label that stands for all there is (one label, no background) would have no spread at all.
    together = np.concatenate([seen, own], axis=1)
    best = np.sort(together, axis=1)[:, -_BEST:].mean(axis=1) if together.shape[1] else usual_mean
    return Standing(
        usual_mean,
        usual_spread,
        own_mean,
        own_spread,
        np.clip((best - own_mean) / own_spread, 0, _FARTHEST),
        (own_mean - usual_mean) / usual_spread,
        _common(labels, sentences),
        middle,
        unit,
    )


def _common(labels: Vectors, sentences: Vectors) -> Floats:
    """The logarithm of the share of sentences that say something like each label."""
    among = sentences @ sentences.T
    apart = among[~np.eye(len(sentences), dtype=bool)] if len(sentences) > 1 else among.ravel()
    unit = max(float(apart.std()), _NARROWEST)
    far = ((labels @ sentences.T).astype(np.float64) - float(apart.mean())) / unit
    share = 1 / (1 + np.exp(-np.clip((far - _SAYS) / _SOFT, -_SUREST, _SUREST)))
    found: Floats = np.log(share.mean(axis=1) + _RAREST)
    return found


class Scorer:
    """Judges photos by the labels of one list. Nothing in it changes; calls may come from several threads."""

    def __init__(
        self,
        labels: LabelList,
        vectors: LabelVectors,
        backdrop: Backdrop,
        weights: Coefficients,
        *,
        listed: int | None = None,
    ) -> None:
        """``listed`` is how many labels the whole list has, where these are some of them."""
        self.count = len(labels.labels)
        """The number of labels. Columns beyond are what labels are not, and the kinds of general ones."""
        parts = [vectors.labels, vectors.negatives, vectors.kinds]
        self._all = np.ascontiguousarray(np.concatenate(parts), np.float32)
        self._kinds = _by_owner(vectors.general, self.count + len(vectors.negatives))
        self._weights = weights
        self.standing = standing(self._all, backdrop)
        likely = min(MOST_LIKELY, 1 / ((listed or self.count) + 1))
        self._prior = float(np.log(likely / (1 - likely)))
        self._alike = _alike(labels, vectors.labels)
        general = list(self._kinds)
        self._alike[general] = self._alike[:, general] = 0  # a general word is no rival of what it holds
        self._groups = _groups(labels)
        self._owners = vectors.owners
        self._slope, self._base, self._knees, self._bends = self._line()
        self._learned: list[Learned | None] = [None] * self.count
        self._taught: list[int] = []
        self._heed = np.ones(self.count)
        self._heed[general] = 0

    def taught(self, learned: Sequence[Learned | None]) -> Scorer:
        """The same with what was learned of each label (None: nothing)."""
        other = copy(self)
        other._learned = list(learned)
        other._taught = [place for place, one in enumerate(learned) if one is not None]
        return other

    # Single steps, which the fit in training/tagging takes apart

    def cosines(self, photos: Vectors) -> NDArray[np.float32]:
        """float32[n, labels and negatives] of photos float32[n, dim]."""
        return photos @ self._all.T

    def features(self, photos: Vectors) -> dict[str, Floats]:
        """Everything that is weighed, by its name, each float64[n, labels]."""
        found, count = self.standing, self.count
        near = self.cosines(photos)[:, :count].astype(np.float64)
        cosine = (near - found.middle) / found.unit
        background = (near - found.usual_mean[:count]) / found.usual_spread[:count]
        library = (near - found.own_mean[:count]) / found.own_spread[:count]
        rows, columns = np.divmod(np.arange(near.size), max(count, 1))
        gap, rival, twin = self._outdone(near.astype(np.float32), rows, columns)
        of_label = {
            "top": found.top[:count],
            "shift": found.shift[:count],
            "common": found.common[:count],
            "spread": found.usual_spread[:count] / found.unit,
            "prior": np.full(count, self._prior),
        }
        return {
            "cosine": cosine,
            "background": background,
            "library": library,
            "cosine_far": np.maximum(cosine - _KNEES[0], 0),
            "background_far": np.maximum(background - _KNEES[1], 0),
            "library_far": np.maximum(library - _KNEES[2], 0),
            "gap": gap.reshape(near.shape),
            "rival": rival.reshape(near.shape),
            "twin": twin.reshape(near.shape),
            **{name: np.broadcast_to(value, near.shape) for name, value in of_label.items()},
        }

    # Judging

    def alone(self, photos: Vectors, label: int) -> Floats:
        """The log odds that a label's sentences (and what was learned of it) give photos: float64[n]."""
        return self._alone(self.cosines(photos), photos)[:, label].astype(np.float64)

    def order(self, index: ExactIndex, label: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """All that an index holds, and the log odds that a label has there by itself: ids, float32[n]. One scan."""
        one = self._learned[label]
        columns = [label, *self._kinds.get(label, ())]
        asked = [*self._all[columns], *([] if one is None else [one.direction])]
        ids, found = index.scores(np.stack(asked))
        odds = _any_of(np.stack([self._bent(found[n][:, None], [c])[:, 0] for n, c in enumerate(columns)], axis=1))
        if one is not None:
            odds = odds + found[-1] + one.offset
        return ids, odds

    def probabilities(self, photos: Vectors) -> Floats:
        """float64[n, labels]: how likely each label is on each photo (float32[n, dim])."""
        near = self.cosines(photos)
        alone = self._alone(near, photos)
        rows, columns = np.divmod(np.arange(len(photos) * self.count), max(self.count, 1))
        odds = self._outdone_by(near, alone, rows, columns)
        return self._against(alone, rows, columns, odds).reshape(len(photos), self.count)

    def weighed(self, photos: Vectors, label: int) -> Floats:
        """The log odds of one label, other labels' nearness considered, without caution: float64[n]."""
        near = self.cosines(photos)
        rows, columns = np.arange(len(photos)), np.full(len(photos), label)
        return self._weighed(near, self._alone(near, photos), rows, columns)

    def careful(self, odds: Floats) -> Floats:
        """Log odds made smaller where they say yes, up to `_SURE` by a share, beyond by as much as there. From `_SURE`
        on they come near to `_ROOM` more, and never reach it: nobody is right in more than 99 of 100 cases."""
        less = odds - (1 - self._weights.caution) * np.clip(odds, 0, _SURE)
        return np.asarray(np.where(less > _SURE, _SURE + _ROOM * np.tanh((less - _SURE) / _ROOM), less))

    def likely(self, photos: Vectors, line: float) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
        """Those of photos (float32[n, dim]) and labels that are at least so probable (``line``, 0 to 1): rows, places
        of labels, and probabilities, by row. What is hopeless presses on nothing here (see `_HOPELESS`)."""
        near = self.cosines(photos)
        alone = self._alone(near, photos)
        least, caution = _odds(line), self._weights.caution
        if least > 0:  # What caution makes of it is asked for.
            least = min(least / caution, least + (1 - caution) * _SURE)
        cut = np.full(self.count, least)
        cut[self._groups >= 0] = min(least, _HOPELESS)
        rows, columns = np.nonzero(alone[:, : self.count] >= cut.astype(np.float32))
        odds = self._outdone_by(near, alone, rows, columns)
        kept = odds >= np.minimum(cut[columns], _odds(line))
        rows, columns = rows[kept], columns[kept]
        found = self._against(alone, rows, columns, odds[kept])
        kept = found >= line
        return rows[kept], columns[kept], found[kept]

    def _line(self) -> tuple[NDArray[np.float32], ...]:
        """The log odds of each label as a function of the cosine: slope, value at 0, and knees with their bends."""
        found, weights = self.standing, self._weights
        middle, unit = found.middle, found.unit
        slope = weights.cosine / unit + weights.background / found.usual_spread + weights.library / found.own_spread
        base = (
            weights.intercept
            - weights.cosine * middle / unit
            - weights.background * found.usual_mean / found.usual_spread
            - weights.library * found.own_mean / found.own_spread
            + weights.prior * self._prior
            + weights.top * found.top
            + weights.shift * found.shift
            + weights.common * found.common
            + weights.spread * found.usual_spread / unit
        )
        knees = np.stack(
            [
                np.full_like(slope, middle + _KNEES[0] * unit),
                found.usual_mean + _KNEES[1] * found.usual_spread,
                found.own_mean + _KNEES[2] * found.own_spread,
            ]
        )
        bends = np.stack(
            [
                np.full_like(slope, weights.cosine_far / unit),
                weights.background_far / found.usual_spread,
                weights.library_far / found.own_spread,
            ]
        )
        return tuple(part.astype(np.float32) for part in (slope, base, knees, bends))

    def _alone(self, near: NDArray[np.float32], photos: Vectors) -> NDArray[np.float32]:
        """The log odds without what other labels say, with what was learned: float32[n, labels and negatives]."""
        odds = self._bent(near, slice(None))
        for label, kinds in self._kinds.items():
            odds[:, label] = _any_of(odds[:, [label, *kinds]])
        if self._taught:
            learned = [one for one in self._learned if one is not None]
            shifts = photos @ np.stack([one.direction for one in learned]).T
            odds[:, self._taught] += shifts + np.array([one.offset for one in learned], np.float32)
        return odds

    def _bent(self, near: NDArray[np.float32], labels: slice | list[int]) -> NDArray[np.float32]:
        """The piecewise linear function of the cosine: float32[n, labels]."""
        odds = near * self._slope[labels]
        odds += self._base[labels]
        part = np.empty_like(odds)
        for knee, bend in zip(self._knees[:, labels], self._bends[:, labels], strict=True):
            if bend.any():
                np.subtract(near, knee, out=part)
                np.maximum(part, 0, out=part)
                part *= bend
                odds += part
        return odds

    def _outdone(
        self, near: NDArray[np.float32], rows: NDArray[np.int64], columns: NDArray[np.int64]
    ) -> tuple[Floats, Floats, Floats]:
        """``gap``, ``rival`` and ``twin`` of pairs of a photo and a label."""
        gap, rival, twin = np.zeros(len(rows)), np.zeros(len(rows)), np.zeros(len(rows))
        if self.count < 2 or not len(rows):
            return gap, rival, twin
        near = near[:, : self.count]
        gap = np.maximum(near.max(axis=1)[rows] - near[rows, columns], 0) / self.standing.unit
        block = max(1, (1 << 20) // self.count)
        for at in range(0, len(rows), block):
            some, labels = rows[at : at + block], columns[at : at + block]
            ahead = near[some] - near[some, labels][:, None]
            alike = self._alike[labels]
            rival[at : at + block] = (ahead * alike).max(axis=1)
            twin[at : at + block] = (ahead * np.maximum((alike - _TWIN) / (1 - _TWIN), 0)).max(axis=1)
        return gap, np.maximum(rival, 0) / self.standing.unit, np.maximum(twin, 0) / self.standing.unit

    def _outdone_by(
        self,
        near: NDArray[np.float32],
        alone: NDArray[np.float32],
        rows: NDArray[np.int64],
        columns: NDArray[np.int64],
    ) -> Floats:
        """The log odds of pairs, other labels' nearness considered, and with caution."""
        return self.careful(self._weighed(near, alone, rows, columns))

    def _weighed(
        self,
        near: NDArray[np.float32],
        alone: NDArray[np.float32],
        rows: NDArray[np.int64],
        columns: NDArray[np.int64],
    ) -> Floats:
        gap, rival, twin = self._outdone(near, rows, columns)
        odds: Floats = alone[rows, columns].astype(np.float64)
        weights = self._weights
        odds += self._heed[columns] * (weights.gap * gap + weights.rival * rival + weights.twin * twin)
        return odds

    def _against(
        self, alone: NDArray[np.float32], rows: NDArray[np.int64], columns: NDArray[np.int64], odds: Floats
    ) -> Floats:
        """Probabilities of pairs from their log odds: what a label is not, and those of the pairs that are of one
        exclusive group, share one distribution."""
        strength = np.exp(np.clip(odds, -_SUREST, _SUREST))
        against = np.zeros(len(rows))
        groups = int(self._groups.max(initial=-1)) + 1
        if groups:
            bound = np.flatnonzero(self._groups[columns] >= 0)
            place = rows[bound] * groups + self._groups[columns[bound]]
            together = np.bincount(place, strength[bound], len(alone) * groups)
            against[bound] += np.maximum(together[place] - strength[bound], 0)
        for number, owner in enumerate(self._owners.tolist()):
            mine = np.flatnonzero(columns == owner)
            theirs = alone[rows[mine], self.count + number].astype(np.float64)
            against[mine] += np.exp(np.clip(theirs, -_SUREST, _SUREST))
        found: Floats = strength / (1 + strength + against)
        return found


def _any_of(odds: NDArray[np.float32]) -> NDArray[np.float32]:
    """The log odds that one of several things is there, from those of each (float32[n, things]): a noisy or. Kinds that
    are taken for one another, a boy for a girl, make their general word the surer; what is a little likely of each of
    ten kinds does not add up (`_SHARP`)."""
    if odds.shape[1] == 1:
        return odds[:, 0]
    missing = np.logaddexp(0, _SHARP * odds.astype(np.float64)).sum(axis=1)
    return np.asarray(np.log(np.expm1(np.clip(missing, 1e-12, 500.0))), np.float32)


def _by_owner(owners: NDArray[np.int64], first: int) -> dict[int, list[int]]:
    """The columns of each owner; columns begin at ``first``, in the order of their owners."""
    found: dict[int, list[int]] = {}
    for number, owner in enumerate(owners.tolist()):
        found.setdefault(owner, []).append(first + number)
    return found


def _odds(probability: float) -> float:
    """The natural logarithm of its odds; for 1 as large as any that is calculated."""
    return float(np.log(probability / (1 - probability))) if probability < 1 else _SUREST


def _alike(labels: LabelList, vectors: Vectors) -> NDArray[np.float32]:
    """How alike labels are, 0 to 1: float32[labels, labels]. A label is no rival of itself, nor of those above and
    below it in the tree: a dachshund is a dog."""
    alike = np.clip(vectors @ vectors.T, 0, 1)
    places = {label.name.casefold(): place for place, label in enumerate(labels.labels)}
    for place, label in enumerate(labels.labels):
        alike[place, place] = 0
        above, seen = label.parent, {label.name.casefold()}
        while above is not None and above.casefold() in places and above.casefold() not in seen:
            seen.add(above.casefold())
            other = places[above.casefold()]
            alike[place, other] = alike[other, place] = 0
            above = labels.labels[other].parent
    return np.asarray(alike, np.float32)


def _groups(labels: LabelList) -> NDArray[np.int64]:
    """The number of the exclusive group of each label, -1 for none: int64[labels]."""
    numbers = {name.casefold(): number for number, name in enumerate(labels.exclusive)}
    return np.array([numbers.get((label.group or "").casefold(), -1) for label in labels.labels], np.int64)
