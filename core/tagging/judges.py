"""What judges photos by labels now: the model that answers, its vectors, the backdrop, and what decisions taught."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.catalog import suggestions
from core.catalog.folding import fold
from core.errors import ModelError, WorkerError
from core.models import background
from core.search.asking import Samples, Sentences
from core.tagging import learning
from core.tagging.backdrop import Backdrop
from core.tagging.calibration import coefficients
from core.tagging.scoring import Scorer
from core.tagging.types import Label, LabelList
from core.tagging.vectors import Cancelled, LabelEncoder, LabelVectors

if TYPE_CHECKING:
    from core.library import Library
    from core.models.encoder import Encoder
    from core.models.registry import ModelInfo
    from core.search.exact import ExactIndex

_KEPT = 4
_FITS = 5000
"""What was learned of so many labels is kept: 2 KiB each at 512 dimensions."""
_COMPANY = 48
"""Labels of a list that one of them is compared with, where it is judged alone: the most alike."""


@dataclass(frozen=True, slots=True, eq=False)
class Judge:
    """A scorer, the vectors that it may judge (by content), and what gives a photo's vector (float32[dim])."""

    scorer: Scorer
    exact: ExactIndex
    sample: Callable[[Path], NDArray[np.float32]]


Learning = Generator[tuple[int, int], None, Judge]
"""Makes a judge, and tells before each label that is learned of how many are, out of how many."""


class Judges:
    """Makes them, and keeps the latest. May be called from any thread."""

    def __init__(self, library: Library) -> None:
        self._library = library
        folder = None if library.read_only else library.folder / "cache" / "labels"
        self._encoder = LabelEncoder(folder)
        self._guard = threading.Lock()
        self._scorers: OrderedDict[tuple[object, ...], Scorer] = OrderedDict()
        self._fits: OrderedDict[bytes, learning.Learned | None] = OrderedDict()
        self._backdrops: OrderedDict[tuple[str, int, int], Backdrop] = OrderedDict()

    def of(self, labels: LabelList) -> Judge:
        """Of all labels of a list, in their order."""
        return _end(self.learn(labels))

    def learn(self, labels: LabelList, cancelled: Callable[[], bool] = lambda: False) -> Learning:
        """As `of`, step by step: of labels with many decisions a second each. Raises `Cancelled`."""
        return self._ask(lambda model: self._whole(model, labels, cancelled))

    def of_one(self, label: Label, labels: LabelList) -> Judge:
        """Of one label, which is the first; others of the list are there as company alone."""
        return _end(self._ask(lambda model: self._alone(model, label, labels)))

    def forget(self) -> None:
        """Make all anew."""
        with self._guard:
            self._scorers.clear()
            self._fits.clear()

    def _ask(self, make: Callable[[ModelInfo], Learning]) -> Learning:
        """With the model that answers, and once more where another one does so by then."""
        while True:
            model = self._library.answering
            try:
                judge = yield from make(model)
            except (ModelError, WorkerError):
                if self._library.answering.model_id == model.model_id:
                    raise
                continue
            if self._library.answering.model_id == model.model_id:
                return judge

    def _whole(self, model: ModelInfo, labels: LabelList, cancelled: Callable[[], bool]) -> Learning:
        exact = self._library.vectors_of(model).exact()

        def build() -> Generator[tuple[int, int], None, Scorer]:
            vectors, count = self._vectors(model, labels, cancelled), len(labels.labels)
            return self._scorer(model, exact, labels, vectors, count, count, cancelled)

        return self._judge(model, exact, (model.model_id, labels), build)

    def _alone(self, model: ModelInfo, label: Label, labels: LabelList) -> Learning:
        exact = self._library.vectors_of(model).exact()

        def build() -> Generator[tuple[int, int], None, Scorer]:
            others = tuple(other for other in labels.labels if fold(other.name) != fold(label.name))
            whole = LabelList(labels.name, (label, *others), labels.templates, labels.exclusive)
            vectors = self._vectors(model, whole, lambda: False)
            near = vectors.labels @ vectors.labels[0]
            mates = np.array([bool(label.group) and other.group == label.group for other in whole.labels])
            near[mates] += 1
            near[0] = np.inf
            kept = np.argsort(-near, kind="stable")[: 1 + _COMPANY]
            some = LabelList(labels.name, tuple(whole.labels[place] for place in kept), (), labels.exclusive)
            few = vectors.of(kept, 1)
            return self._scorer(model, exact, some, few, len(whole.labels), 1, lambda: False)

        return self._judge(model, exact, (model.model_id, labels, label), build)

    def _judge(
        self,
        model: ModelInfo,
        exact: ExactIndex,
        key: tuple[object, ...],
        build: Callable[[], Generator[tuple[int, int], None, Scorer]],
    ) -> Learning:
        key = (*key, self._library.catalog.data_version(), len(exact), exact.rows)
        with self._guard:
            scorer = self._scorers.get(key)
        if scorer is None:
            scorer = yield from build()
            with self._guard:
                self._scorers[key] = scorer
                while len(self._scorers) > _KEPT:
                    self._scorers.popitem(last=False)
        samples = Samples(self._library.catalog, model, Sentences(partial(self._encoder_of, model)))
        return Judge(scorer, exact, lambda path: samples.find(path).vector)

    def _encoder_of(self, model: ModelInfo) -> Encoder:
        return self._library.encoder_now(model)

    def _vectors(self, model: ModelInfo, labels: LabelList, cancelled: Callable[[], bool]) -> LabelVectors:
        encoder = partial(self._encoder_of, model)
        return self._encoder.encode_list(labels, encoder, model.model_id, model.dim, cancelled)

    def _scorer(
        self,
        model: ModelInfo,
        exact: ExactIndex,
        labels: LabelList,
        vectors: LabelVectors,
        listed: int,
        taught: int,
        cancelled: Callable[[], bool],
    ) -> Generator[tuple[int, int], None, Scorer]:
        """With what decisions taught about the first ``taught`` labels."""
        backdrop = self._backdrop(model, exact)
        weights = coefficients(model.model_id)
        plain = Scorer(labels, vectors, backdrop, weights, listed=listed)
        with self._library.catalog.read() as db:
            ids = suggestions.label_ids(db, [label.name for label in labels.labels[:taught]])
            decisions = [None if id is None else suggestions.decided(db, id, learning.MOST) for id in ids]
        learned: list[learning.Learned | None] = [None] * len(labels.labels)
        due = [(place, decided) for place, decided in enumerate(decisions) if decided is not None and len(decided[0])]
        for done, (place, (contents, accepted)) in enumerate(due):
            if cancelled():
                raise Cancelled
            yield done, len(due)
            order = np.argsort(contents)
            known, photos = exact.vectors(contents)
            place_of = np.searchsorted(contents[order], known)
            taught_by = learning.Taught(photos, accepted[order][place_of])
            learned[place] = self._fit(model, known, taught_by, plain, backdrop, place)
        if not any(learned):
            return plain
        return plain.taught(learned)

    def _fit(
        self,
        model: ModelInfo,
        contents: NDArray[np.int64],
        taught: learning.Taught,
        plain: Scorer,
        backdrop: Backdrop,
        place: int,
    ) -> learning.Learned | None:
        """What decisions on ``contents`` teach of a label; from before, where the decisions, the sentences and what
        they are compared with are what they were: of a list in which one label was decided on, that one is learned."""
        said, usual = plain.alone(taught.photos, place), plain.alone(backdrop.usual, place)
        key = hashlib.blake2b(model.model_id.encode())
        for numbers in (contents, taught.accepted, said, usual):
            key.update(np.ascontiguousarray(numbers).tobytes())
        with self._guard:
            if key.digest() in self._fits:
                self._fits.move_to_end(key.digest())
                return self._fits[key.digest()]
        found = learning.learn(taught, said, backdrop.usual, usual)
        with self._guard:
            self._fits[key.digest()] = found
            while len(self._fits) > _FITS:
                self._fits.popitem(last=False)
        return found

    def _backdrop(self, model: ModelInfo, exact: ExactIndex) -> Backdrop:
        key = (model.model_id, len(exact), exact.rows)
        with self._guard:
            known = self._backdrops.get(key)
        if known is None:
            known = Backdrop.of(background.load(model), exact, model.dim)
            with self._guard:
                self._backdrops[key] = known
                while len(self._backdrops) > 2:
                    self._backdrops.popitem(last=False)
        return known


def _end(steps: Learning) -> Judge:
    """What comes of steps that nobody watches."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            judge: Judge = end.value
            return judge
