"""How a library moves from one model to another: an update of the program brings one, or the user chooses one.

The model that *answers* is written down in the catalogue; the one that is *wanted* is what the library is opened with.
While they differ, each index run encodes what the wanted model has not seen, and searches go on with the old model over
the old embeddings. When every photo that the old model knows has an embedding of the new one, one transaction makes the
new one answer, and then what was the old one's is removed: rows, caches, files. A kill at any point loses a batch.

**New photos** are encoded for the old model too, before the run goes on with the move, so that they are found at once;
where they are more than a tenth of what is known, that would cost too much, and they are found after the move.

**Photos that cannot be read** now (their disk is unplugged) can be found by the old model alone, so the move waits for
them, `PATIENCE_DAYS` at the most. Then the new model answers without them; they are encoded when they are back.

**Without the old model's files** its embeddings say nothing: the new model answers at once, over what is encoded.

Everything that writes here is called by the one who holds the index lock.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Collection, Generator, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from core.catalog import answering as rows
from core.catalog import embeddings, preferences, roots
from core.catalog.connection import Catalog
from core.catalog.room import compiled_models
from core.errors import ModelError, WorkerError
from core.models.kept import KeptModels, removed
from core.types import PATIENCE_DAYS, IndexProgress, IndexReport, LeftModel, ModelMove, Phase

if TYPE_CHECKING:
    from core.indexing.indexer import Indexer
    from core.models.registry import ModelInfo

_LOG = logging.getLogger(__name__)
_BATCH = 2000
"""Embeddings that are removed in one transaction: other writers wait a few milliseconds for it."""
_FEW = 256
_SHARE = 10
"""New photos are encoded for the old model too while they are at most `_FEW`, or one in so many of what it knows."""


def look(
    catalog: Catalog, kept: KeptModels, wanted: ModelInfo | None, find: Callable[[str], ModelInfo | None]
) -> ModelMove | None:
    """The move that a library is on; None when the model that answers is the wanted one. Looks at the disks.

    ``find`` gives a model by its id, None where its files are not there. A ``wanted`` of None is a model that is not
    there itself: nothing moves.
    """
    from core.photos.scan import why_offline

    if wanted is None:
        return None
    with catalog.read() as db:
        db.execute("BEGIN")
        old = rows.answering(db)
        if old is None or old.name == wanted.model_id:
            return None
        new = embeddings.find_model(db, wanted.model_id)
        new_id = 0 if new is None else new.id  # no row has that id
        total, left = rows.known(db, old.id), rows.left(db, old.id, new_id)
        if not total:
            return None  # the old model knows nothing that one could wait for
        holders = set(rows.roots_left(db, old.id, new_id)) if left else set()
        counts = roots.counts(db)
        places = [(root, counts[root.id][0]) for root in roots.all(db) if root.id in holders]
    away = [root.path for root, photos in places if why_offline(root, photos) is not None]
    there = find(old.name) is not None
    waits = tuple(away) if there and away and len(away) == len(holders) else ()
    damaged = None if there else kept.damaged(old.name)
    return ModelMove(old.name, wanted.model_id, total - left, total, there, waits, damaged)


class Mover:
    """Index runs of one library that bring it to the wanted model.

    ``indexer`` makes the indexer of a model; ``get_ready`` is called just before the wanted model begins to answer.
    Where the person ever chose a model, those that can be gone back to keep what they have. Another process may choose
    one while a run goes on: then the run switches to none, and leaves alone what belongs to the new choice.
    """

    def __init__(
        self,
        catalog: Catalog,
        kept: KeptModels,
        wanted: ModelInfo,
        find: Callable[[str], ModelInfo | None],
        indexer: Callable[[ModelInfo], Indexer],
        get_ready: Callable[[], None],
    ) -> None:
        self._catalog = catalog
        self._kept = kept
        self._wanted = wanted
        self._find = find
        self._indexer = indexer
        self._get_ready = get_ready
        self._old: embeddings.StoredModel | None = None
        with catalog.read() as db:
            self._asked = preferences.model(db)
        """Which model the person had chosen when the run began: where they chose anew since, this one is not switched
        to."""
        self._left = 0
        """What the wanted model had still to encode when that was counted last."""

    def run(
        self, folders: Sequence[Path] | None, cancelled: Callable[[], bool]
    ) -> Generator[IndexProgress, None, None]:
        """One index run, or two where a move is under way; the last progress is ``DONE``."""
        yield IndexProgress(Phase.SCANNING, 0, 0, IndexReport())
        self._begin(cancelled)
        before = IndexReport()
        if self._old is not None:
            before = yield from self._keep_up(self._old, folders, cancelled)
        done: IndexProgress | None = None
        with closing(self._indexer(self._wanted).steps(folders=folders, cancelled=cancelled)) as steps:
            for progress in steps:
                told = _after(before, progress, self._old is not None)
                if told.phase is Phase.DONE:
                    done = told
                    continue
                yield told
                if self._old is not None and progress.report.encoded >= self._left:
                    self._switch_if_whole(progress.report.encoded)
        if not cancelled():
            if self._old is not None:
                self._switch_if_whole(0, or_late=folders is None)
            self._tidy(cancelled)
        if done is not None:
            yield replace(done, updating=self._old is not None and cancelled())

    # The steps of a run

    def _begin(self, cancelled: Callable[[], bool]) -> None:
        """Find out what answers; remove what is left of other moves; keep the wanted model's files."""
        self._old = self._catalog.write(self._choose)
        self._tidy(cancelled)
        self._kept.clear_drafts()
        why_not = self._kept.keep(self._wanted)
        if why_not is not None:
            _LOG.warning("%s", why_not)
        self._left = 0

    def _choose(self, db: sqlite3.Connection) -> embeddings.StoredModel | None:
        """The old model of a move, None without one. In a library that knows nothing yet the wanted model answers."""
        wanted = embeddings.model_id(db, self._wanted.model_id, self._wanted.dim)
        old = rows.answering(db)
        if old is not None and old.id != wanted and rows.known(db, old.id):
            return old
        if old is None or old.id != wanted:
            rows.choose(db, wanted)
        return None

    def _keep_up(
        self, old: embeddings.StoredModel, folders: Sequence[Path] | None, cancelled: Callable[[], bool]
    ) -> Generator[IndexProgress, None, IndexReport]:
        """Bring the library up to date with the old model, so that new photos are found by it; what that counted."""
        model = self._find(old.name)
        if model is None:
            return IndexReport()
        with self._catalog.read() as db:
            most = max(_FEW, rows.known(db, old.id) // _SHARE)
        report = IndexReport()
        try:
            run = self._indexer(model).steps(folders=folders, cancelled=cancelled, most=most)
            with closing(run) as steps:
                for progress in steps:
                    report = progress.report
                    if progress.phase is not Phase.DONE:
                        yield progress
        except (ModelError, WorkerError) as error:
            _LOG.warning("new photos are found after the move, since the model before cannot be used: %s", error)
        return report

    def _switch_if_whole(self, encoded: int, *, or_late: bool = False) -> None:
        """Let the wanted model answer if nothing of the old one's is left, or (``or_late``) has been waited for enough.

        ``encoded``: what this run has encoded so far, so that it is counted again only when that can have changed.
        """
        assert self._old is not None
        old = self._old
        new, left = self._count(old)
        self._left = encoded + left
        late = or_late and _is_late(new)
        if left and not late:
            return
        self._get_ready()

        def switch(db: sqlite3.Connection) -> bool:
            if not late and rows.left(db, old.id, new.id):
                return False
            if preferences.model(db) != self._asked:
                return False
            rows.choose(db, new.id)
            return True

        if self._catalog.write(switch):
            _LOG.info("the model %s answers now, after %s", new.name, old.name)
            self._old = None

    def _count(self, old: embeddings.StoredModel) -> tuple[embeddings.StoredModel, int]:
        with self._catalog.read() as db:
            new = embeddings.find_model(db, self._wanted.model_id)
            assert new is not None
            return new, rows.left(db, old.id, new.id)

    def _tidy(self, cancelled: Callable[[], bool]) -> None:
        """Remove what belongs to models that nobody needs."""
        with self._catalog.read() as db:
            strays = rows.strays(db, [self._wanted.model_id])
        for model in strays:
            if not self._is_spared(model, cancelled):
                _remove(self._catalog, self._kept, model, partial(self._is_spared, model, cancelled))

    def _is_spared(self, model: embeddings.StoredModel, cancelled: Callable[[], bool]) -> bool:
        """Whether a model keeps what it has: it is chosen by now, or can be gone back to where the person chooses; or
        the run ends here."""
        if cancelled():
            return True
        with self._catalog.read() as db:
            said = preferences.value(db, preferences.MODEL)
        return said == model.name or (said is not None and self._find(model.name) is not None)


def left_models(
    catalog: Catalog, kept: KeptModels, needed: Collection[str], find: Callable[[str], ModelInfo | None]
) -> list[LeftModel]:
    """What is left of models that are not ``needed`` (model ids) and do not answer. ``find`` is as for `look`."""
    with catalog.read() as db:
        strays = rows.strays(db, needed)
        counted = [(model, embeddings.count(db, model.id)) for model in strays]
        answers = rows.answering(db)
        # Without its files a model finds nothing.
        alone = {
            model.name: rows.left(db, model.id, answers.id)
            for model in strays
            if answers is not None and find(model.name) is not None
        }
    most = max(reversed(alone), key=alone.__getitem__, default=None)
    found = []
    for model, count in counted:
        files = sum(_size(path) for path in (*_caches(catalog.path.parent, model.name), *kept.places(model.name)))
        room = count * model.dim * embeddings.STORED.itemsize + files
        found.append(LeftModel(model.name, count, room, alone[model.name] if model.name == most else 0))
    return found


def remove_model(catalog: Catalog, kept: KeptModels, model_id: str) -> None:
    """Remove all that a library holds of a model which neither answers nor is wanted."""
    with catalog.read() as db:
        model = embeddings.find_model(db, model_id)
    if model is not None:
        _remove(catalog, kept, model, lambda: False)


def _remove(catalog: Catalog, kept: KeptModels, model: embeddings.StoredModel, cancelled: Callable[[], bool]) -> bool:
    """Remove embeddings, caches and files of a model; whether it came to its end. The row goes last: as long as it is
    there, there is something to do."""
    while not cancelled() and catalog.write(partial(rows.remove_embeddings, model_id=model.id, most=_BATCH)):
        pass
    if cancelled():
        return False
    cached = _remove_caches(catalog.path.parent, model.name)
    if kept.remove(model.name) and cached:
        catalog.write(partial(rows.forget, model_id=model.id))
    return True


def _is_late(new: embeddings.StoredModel) -> bool:
    """Whether a move to this model began so long ago that it waits no more."""
    return datetime.now(UTC) - datetime.fromisoformat(new.added) > timedelta(days=PATIENCE_DAYS)


def _after(before: IndexReport, progress: IndexProgress, moving: bool) -> IndexProgress:
    """The progress of the second of two runs, which looks at every photo again: only what has gone adds up."""
    report = replace(
        progress.report,
        forgotten=progress.report.forgotten + before.forgotten,
        seconds=progress.report.seconds + before.seconds,
    )
    return replace(progress, report=report, updating=moving and progress.phase is Phase.ENCODING)


def _remove_caches(library: Path, model_id: str) -> bool:
    """Remove what was computed for one model alone: vectors, graph, compiled towers; whether all of it is gone."""
    gone = [removed(folder) for folder in _caches(library, model_id)]
    return all(gone)


def _caches(library: Path, model_id: str) -> list[Path]:
    from core.search.mirror import folder_name

    cache, name = library / "cache", folder_name(model_id)
    compiled = compiled_models(library).glob(f"{model_id}-*") if compiled_models(library).is_dir() else ()
    return [cache / "vectors" / name, cache / "graph" / name, *compiled]


def _size(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    sizes = 0
    for file in files:
        with suppress(OSError):
            sizes += file.stat().st_size if file.is_file() else 0
    return sizes
