"""Labels as vectors: every sentence of a label through the text tower, averaged (CLIP: Radford et al. 2021, 3.1.4).

A label is its name and synonyms in every template, and the sentences of its own. The mean of the one kind and the mean
of the other count the same, so that one sentence that says which crane is meant is not lost among a dozen templates.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.catalog.naming import readable
from core.errors import CallError
from core.evaluation.zero_shot import templates as usual_templates
from core.models.encoder import Encoder
from core.search.mirror import folder_name
from core.tagging.general import kinds_of
from core.tagging.types import Label, LabelList

_LOG = logging.getLogger(__name__)

PLACE = "{label}"
"""Where a list's template has the label."""
MOST_KEPT = 20_000
"""Vectors that the file keeps: 40 MB at 512 dimensions, and every list that comes with the program several times."""
_AT_ONCE = 256
"""Sentences that the text tower is given in one call; between two, a run can be stopped."""

Vectors = NDArray[np.float32]
"""float32[n, dim], each row of unit length."""


class Cancelled(Exception):
    """Encoding labels was stopped."""


@dataclass(frozen=True, slots=True, eq=False)
class LabelVectors:
    """The labels of a list as vectors.

    ``labels`` float32[n, dim] in the list's order; ``negatives`` float32[m, dim], each what some label is not, and
    ``owners`` int64[m] says of which label (its place in the list). ``kinds`` float32[k, dim] are what general words
    hold (`core.tagging.general`), and ``general`` int64[k] says of which label.
    """

    labels: Vectors
    negatives: Vectors
    owners: NDArray[np.int64]
    kinds: Vectors
    general: NDArray[np.int64]

    def of(self, places: Sequence[int] | NDArray[np.int64], full: int) -> LabelVectors:
        """Those of some labels, in this order; the first ``full`` with what they are not."""
        kept = {int(place): number for number, place in enumerate(places)}
        mine = [row for row, owner in enumerate(self.owners.tolist()) if kept.get(owner, full) < full]
        kinds = [row for row, owner in enumerate(self.general.tolist()) if owner in kept]
        return LabelVectors(
            self.labels[np.asarray(places, np.int64)],
            self.negatives[mine],
            np.array([kept[owner] for owner in self.owners[mine].tolist()], np.int64),
            self.kinds[kinds],
            np.array([kept[owner] for owner in self.general[kinds].tolist()], np.int64),
        )


class LabelEncoder:
    """Gives labels their vectors, and remembers them under ``folder`` (None: in memory alone), a file for each model.

    Its methods may be called from any thread. The file is a cache: what is damaged or gone is made again.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._guard = threading.Lock()
        self._known: dict[str, dict[str, NDArray[np.float32]]] = {}

    def encode(
        self,
        labels: Sequence[Label],
        templates: Sequence[str],
        encoder: Callable[[], Encoder],
        model_id: str,
        dim: int,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> LabelVectors:
        """The vectors of labels in these templates (those of a list, with ``{label}``; none stands for the usual ones).

        ``encoder`` is called where a label is new. Raises `Cancelled`, and what the encoder raises.
        """
        chosen = _templates(templates)
        groups = [_sentences(label, chosen) for label in labels]
        negatives = [(place, text) for place, label in enumerate(labels) for text in label.negatives if text.strip()]
        groups += [((readable(text).strip(),),) for _, text in negatives]
        kinds = [(place, kind) for place, label in enumerate(labels) for kind in kinds_of(label)]
        groups += [_sentences(Label(kind), usual_templates()) for _, kind in kinds]
        keys = [_key(group) for group in groups]
        known = self._of(model_id, dim)
        new = {key: group for key, group in zip(keys, groups, strict=True) if key not in known}
        if new:
            # Not read anew: of more than are kept, some of those that are wanted here may have gone.
            known |= self._learn(model_id, new, encoder(), cancelled)
        found = np.stack([known[key] for key in keys]) if keys else np.zeros((0, dim), np.float32)
        first, last = len(labels), len(labels) + len(negatives)
        owners = np.array([place for place, _ in negatives], np.int64)
        general = np.array([place for place, _ in kinds], np.int64)
        return LabelVectors(found[:first], found[first:last], owners, found[last:], general)

    def encode_list(
        self,
        labels: LabelList,
        encoder: Callable[[], Encoder],
        model_id: str,
        dim: int,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> LabelVectors:
        """`encode` for all labels of a list."""
        return self.encode(labels.labels, labels.templates, encoder, model_id, dim, cancelled)

    def _of(self, model_id: str, dim: int) -> dict[str, NDArray[np.float32]]:
        with self._guard:
            if model_id not in self._known:
                self._known[model_id] = _load(self._file(model_id), dim)
            return dict(self._known[model_id])

    def _learn(
        self,
        model_id: str,
        new: dict[str, tuple[tuple[str, ...], ...]],
        encoder: Encoder,
        cancelled: Callable[[], bool],
    ) -> dict[str, NDArray[np.float32]]:
        sentences = list(dict.fromkeys(text for group in new.values() for part in group for text in part))
        vectors: dict[str, NDArray[np.float32]] = {}
        for at in range(0, len(sentences), _AT_ONCE):
            if cancelled():
                raise Cancelled
            some = sentences[at : at + _AT_ONCE]
            vectors.update(zip(some, encoder.encode_texts(some), strict=True))
        made = {key: _mean([_mean([vectors[text] for text in part]) for part in group]) for key, group in new.items()}
        with self._guard:
            known = self._known.setdefault(model_id, {})
            known.update(made)
            while len(known) > MOST_KEPT:
                del known[next(iter(known))]
            kept = dict(known)
        # A label that is being typed is not worth a file of megabytes each time: a few are made again in no time.
        if len(made) >= _AT_ONCE // 8:
            _save(self._file(model_id), kept)
        return made

    def _file(self, model_id: str) -> Path | None:
        return None if self._folder is None else self._folder / f"{folder_name(model_id)}.npz"


def _templates(templates: Sequence[str]) -> tuple[str, ...]:
    """With ``{}`` for the label. Raises CallError for a list's template without its place."""
    for template in templates:
        if PLACE not in template:
            raise CallError(f"The template “{template}” has no {PLACE} in it.")
    return tuple(template.replace(PLACE, "{}") for template in templates) or usual_templates()


def _sentences(label: Label, templates: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """A label's sentences: those from templates, and where it has some, those of its own."""
    names = [readable(name).strip() for name in (label.name, *label.synonyms)]
    named = tuple(template.replace("{}", name) for name in names if name for template in templates)
    own = tuple(readable(prompt).strip() for prompt in label.prompts if prompt.strip())
    return tuple(part for part in (named, own) if part)


def _key(group: tuple[tuple[str, ...], ...]) -> str:
    return hashlib.sha256(json.dumps(group).encode()).hexdigest()[:32]


def _mean(vectors: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    mean = np.mean(vectors, axis=0)
    unit: NDArray[np.float32] = (mean / max(float(np.linalg.norm(mean)), 1e-12)).astype(np.float32)
    return unit


def _load(file: Path | None, dim: int) -> dict[str, NDArray[np.float32]]:
    if file is None or not file.is_file():
        return {}
    try:
        with file.open("rb") as opened, np.load(opened, allow_pickle=False) as stored:
            keys, vectors = stored["keys"].tolist(), stored["vectors"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        _LOG.warning("the kept vectors of labels are made again: %s", error)
        return {}
    if vectors.dtype != np.float32 or vectors.shape != (len(keys), dim) or not np.isfinite(vectors).all():
        return {}
    return dict(zip(keys, vectors, strict=True))


def _save(file: Path | None, known: dict[str, NDArray[np.float32]]) -> None:
    if file is None:
        return
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        aside = file.with_suffix(".tmp")
        with aside.open("wb") as opened:
            np.savez(opened, keys=np.array(list(known)), vectors=np.stack(list(known.values())))
        aside.replace(file)
    except OSError as error:  # A cache that cannot be written is one that is not there.
        _LOG.warning("the vectors of labels are not kept: %s", error)
