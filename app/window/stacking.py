"""Bursts folded onto one of their photos each: which rows are shown, and what moves when one is opened."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.window.grid_layout import Section

Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Stacks:
    """The bursts of an answer. Places are those of its photos, in order, before anything is folded.

    ``leads``, int64[n], is for each photo the place of the one on top of its burst, its own where it is in none;
    ``tops``, int64[k], are the places of those, ascending, and ``sizes``, int32[n], says of them how many photos each
    stands for. ``folded`` are the headings where nothing is open. All is made in a worker thread.
    """

    leads: Ids
    tops: Ids
    sizes: NDArray[np.int32]
    folded: tuple[Section, ...]

    @classmethod
    def of(cls, leads: Ids, runs: tuple[Section, ...]) -> Stacks:
        """From the places of the photos on top, and the headings over all photos."""
        tops = np.flatnonzero(leads == np.arange(len(leads)))
        sizes = np.bincount(leads, minlength=len(leads)).astype(np.int32)
        return cls(leads, tops, sizes, moved(runs, tops))

    def places_of(self, ids: Ids, photo_ids: Collection[int]) -> Ids:
        """int64[m]: where photos lie, as far as they are on top of a burst."""
        if not photo_ids:
            return np.zeros(0, np.int64)
        places = np.flatnonzero(np.isin(ids, list(photo_ids)))
        on_top = (self.leads[places] == places) & (self.sizes[places] > 1)
        return np.asarray(places[on_top], np.int64)

    def rows(self, count: int, opened: Ids) -> Ids:
        """int64[rows]: the places that are shown of the first ``count``, where the bursts under ``opened`` are open.

        The others of a burst come right behind the one on top.
        """
        tops = self.tops[: np.searchsorted(self.tops, count)]
        if not len(opened):
            return tops
        mask = np.zeros(len(self.leads), np.bool_)
        mask[opened] = True
        inside = mask[self.leads[:count]]
        inside[opened[opened < count]] = False
        others = np.flatnonzero(inside)
        return np.insert(tops, np.searchsorted(tops, self.leads[others], side="right"), others)


def moved(runs: tuple[Section, ...], leads: Ids) -> tuple[Section, ...]:
    """The headings over what is shown: ``leads`` of the rows, which ascend, tell what each stands for."""
    ends = np.searchsorted(leads, [run.start + run.count for run in runs]).tolist()
    starts = [0, *ends][: len(ends)]
    return tuple(
        Section(start, end - start, run.title, run.note, run.button, run.ruled)
        for run, start, end in zip(runs, starts, ends, strict=True)
    )
