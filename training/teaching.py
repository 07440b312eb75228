"""What there is to learn names from: those that captions and tags mention, with the embeddings of their photos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.adapters import candidates
from core.adapters.candidates import Candidate, Said
from core.adapters.names import Keys, key_of
from core.catalog import embeddings
from core.errors import CallError
from core.library import Library
from core.models.encoder import Encoder
from core.models.registry import ModelInfo
from core.search import calibration
from core.search.calibration import Calibration
from core.search.copies import NEAR

Floats = NDArray[np.float32]

SAME = NEAR
"""The cosine from which two photos of a name are one motif, shot twice: they are held out together, and count once."""
HELD_OUT = 8
"""Motifs of a name that are held out, one after the other."""
PHOTOS = 200
"""Photos of a name that are learned from at the most."""


@dataclass(frozen=True, slots=True)
class Taught:
    """A name with its photos: ``rows`` among all embeddings, and ``groups``, those rows by motif."""

    candidate: Candidate
    rows: NDArray[np.int64]
    groups: tuple[NDArray[np.int64], ...]
    words: Floats
    """What the name's words mean to the model: float32[dim]."""
    namesakes: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    """Rows of photos that have only longer names with this one in them, "Bello Junior" for "Bello": not its own."""

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
    return said, ids[finite], unit(vectors[finite].astype(np.float32))


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


def sort_out(
    said: Sequence[Said], ids: NDArray[np.int64], own: Floats, encoder: Encoder, model: ModelInfo, names: Sequence[str]
) -> tuple[list[Taught], list[Left]]:
    """The names that can be tried (of `names`, if any are given), and those that cannot, with the reason.

    Raises `CallError` for one of `names` that no caption and no tag has.
    """
    listed = candidates.candidates(said)
    if names:
        asked = {key_of(name): name for name in names}
        listed = [one for one in listed if one.key in asked]
        missing = [name for key, name in asked.items() if key not in {one.key for one in listed}]
        if missing:
            raise CallError(f"No caption and no tag has the name “{missing[0]}”.")
    place = {int(id): row for row, id in enumerate(ids)}
    words = encoder.encode_texts([one.name for one in listed]) if listed else np.empty((0, model.dim), np.float32)
    chosen: list[Taught] = []
    left: list[Left] = []
    longer = longer_ones(candidates.candidates(said) if names else listed)
    for candidate, vector in zip(listed, words, strict=True):
        rows = np.array([place[id] for id in candidate.contents if id in place], np.int64)
        if len(rows) > PHOTOS:
            rows = rows[np.linspace(0, len(rows) - 1, PHOTOS).astype(np.int64)]
        groups = tuple(rows[group] for group in motifs(own[rows])) if len(rows) else ()
        why = refuse_early(candidate, rows, len(groups), vector, own, model.calibration)
        if why:
            left.append(Left(candidate.name, len(candidate.contents), why))
        else:
            others = longer.get(candidate.key, set()) - set(candidate.contents)
            namesakes = np.array(sorted(place[id] for id in others if id in place), np.int64)
            chosen.append(Taught(candidate, rows, groups, vector, namesakes))
    return chosen, left


def longer_ones(listed: Sequence[Candidate]) -> dict[str, set[int]]:
    """For each name that stands in longer ones, the contents that have these."""
    keys = Keys(one.key for one in listed)
    found: dict[str, set[int]] = {}
    for one in listed:
        for key in keys.all_in(one.key) - {one.key}:
            found.setdefault(key, set()).update(one.contents)
    return found


def unit(vectors: NDArray[np.floating]) -> Floats:
    """Vectors of length one, along the last axis; zeros stay."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    one: Floats = np.asarray(vectors / np.maximum(lengths, 1e-12), np.float32)
    return one
