"""The models of a library: the one that is wanted, the one that answers meanwhile, their encoders and their vectors."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from core.catalog import answering, contents, embeddings, preferences
from core.catalog.connection import Catalog
from core.catalog.lock import IndexLock
from core.catalog.room import compiled_models
from core.errors import CallError, LibraryBusy, ModelDamaged, ModelError, ModelMissing
from core.models.encoders import Encoders
from core.types import LeftModel, ModelMove

if TYPE_CHECKING:
    from core.adapters.adapters import Adapters
    from core.models.encoder import Encoder, EncoderSpec
    from core.models.kept import KeptModels
    from core.models.registry import ModelInfo
    from core.models.remote import RemoteEncoder
    from core.search.searcher import Searcher
    from core.search.store import VectorStore

_LOG = logging.getLogger(__name__)


class Engines:
    """What a `core.library.Library` encodes and searches with. All of it is loaded by the first call that needs it."""

    folder: Path
    """The library's folder."""

    def __init__(self, folder: Path, catalog: Catalog, model: Path | None) -> None:
        self.folder = folder
        self.catalog = catalog
        self._model = model
        self._guard = threading.RLock()
        self._wanted: dict[str | None, ModelInfo] = {}
        self._found: dict[str, ModelInfo] = {}
        self._encoders = Encoders(None if catalog.read_only else compiled_models(folder))
        self._stores: dict[str, VectorStore] = {}
        self._searchers: dict[tuple[str, bool], Searcher] = {}
        self._stays = False
        """Whether this process was warmed up to be searched again and again."""

    # The one that is wanted, and the one that answers while the library moves to it (see `core.moving`)

    @property
    def info(self) -> ModelInfo:
        """The model that is wanted: photos are encoded with it, and when all are, it answers. Raises ModelMissing or
        ModelDamaged."""
        from core.models.registry import load_info, starter_folder

        chosen = None if self._model is not None else self.chosen_model
        with self._guard:
            if chosen not in self._wanted:
                if chosen is None:
                    self._wanted[chosen] = load_info(self._model if self._model is not None else starter_folder())
                else:
                    found = self._chosen(chosen)
                    if found.model_id != chosen:
                        return found  # and asked again the next time: the chosen one may come back
                    self._wanted[chosen] = found
            return self._wanted[chosen]

    @property
    def called_off(self) -> str:
        """That the chosen model is not there and another one goes on answering, as a sentence; empty otherwise."""
        chosen = None if self._model is not None else self.chosen_model
        with suppress(ModelError):
            if chosen is not None and (found := self.info).model_id != chosen:
                return (
                    f"The model {chosen}, which was chosen for this library, is {self._where_not(chosen)}: "
                    f"{found.model_id} goes on answering. Bring it to the shelf again, or choose another."
                )
        return ""

    def _look_again(self) -> None:
        """Find a chosen model anew when it is asked for next: an index run has made the library's own copy, and the one
        on the shelf may go."""
        with self._guard:
            self._wanted = {chosen: info for chosen, info in self._wanted.items() if chosen is None}
            self._found.clear()

    @property
    def chosen_model(self) -> str | None:
        """The id of the model that was chosen for this library; None where it is the bundled one, whichever that is.
        Asked each time: another process may have chosen."""
        with self.catalog.read() as db:
            return preferences.model(db)

    def use_model(self, name: str, *, at_once: bool = False) -> ModelInfo:
        """Want another model from now on: one of the shelf by its name, or one that this library keeps.

        The library keeps a copy of it from now on: it may leave the shelf. The next index run encodes with it, and
        until all is encoded the one before answers (see `core.moving`); with ``at_once``, or where it has encoded all
        that the one before has, it answers from now on, over what it has encoded. Naming the one that is chosen
        takes nothing from an index run that moves there. Raises what `Shelf.find` raises, and `CatalogReadOnly`.
        """
        model = self._named(name)
        _check_it_runs(model)
        chosen = None if model.folder == _bundled() else model.model_id
        if chosen is not None and not self.catalog.read_only and (why_not := self.kept.keep(model)) is not None:
            _LOG.warning("%s", why_not)

        def choose(db: sqlite3.Connection) -> None:
            if preferences.model(db) != chosen:
                preferences.put(db, preferences.MODEL, chosen or preferences.BUNDLED)
            new, old = embeddings.model_id(db, model.model_id, model.dim), answering.answering(db)
            if at_once or (old is not None and not answering.left(db, old.id, new)):
                answering.choose(db, new)

        self.catalog.write(choose)
        self._look_again()
        self._let_go(self.answering)
        return model

    @property
    def is_being_indexed(self) -> bool:
        """Whether an index run goes on now, in another process or in this one. Raises `CatalogReadOnly`."""
        try:
            with IndexLock(self.folder):
                return False
        except LibraryBusy:
            return True

    def known(self) -> tuple[int, int]:
        """How many photos (contents) the model that answers has encoded, of how many there are."""
        with self.catalog.read() as db:
            stored = embeddings.find_model(db, self.answering.model_id)
            return 0 if stored is None else answering.known(db, stored.id), contents.count(db)

    def left_models(self) -> list[LeftModel]:
        """The models that answer no more and are not wanted, whose embeddings this library still has."""
        from core.moving import left_models

        wanted = {self.info.model_id, self.answering.model_id}
        return left_models(self.catalog, self.kept, [id for id in wanted if id], self._find)

    def remove_left_models(self, name: str | None = None) -> list[LeftModel]:
        """Remove what `left_models` tells of: embeddings, caches and the kept files. What is still needed stays, but
        where it is named (by the model's name or id), and then nothing else goes.

        Raises `CallError` for a name of which nothing is left, `LibraryBusy` while an index run goes on, and
        `CatalogReadOnly`.
        """
        from core.moving import remove_model

        left = self.left_models()
        gone = [one for one in left if (not one.needed if name is None else _is_called(one.model_id, name))]
        if name is not None and not gone:
            names = ", ".join(one.model_id for one in left) or "nothing of any model"
            raise CallError(f"Nothing is left in this library of a model `{name}`. There is {names}.")
        with IndexLock(self.folder):
            for model in gone:
                remove_model(self.catalog, self.kept, model.model_id)
        return gone

    def _named(self, name: str) -> ModelInfo:
        """A model by its name or id: on the shelf, or kept by this library alone."""
        from core.models.shelf import Shelf

        try:
            return Shelf().find(name)
        except ModelMissing:
            for model in self.kept.all():
                if name.casefold() in (model.name.casefold(), model.model_id.casefold()):
                    return model
            raise

    def _chosen(self, model_id: str) -> ModelInfo:
        """The chosen model: this library's own copy, or what lies on the shelf under that id. Where there is neither,
        the one that answers: a move to nowhere is called off. Raises ModelMissing when that is not there either,
        ModelDamaged where the library's copy is there and cannot be used."""
        from core.models.shelf import Shelf

        kept = self.kept.find(model_id)
        if kept is not None:
            return kept
        for model in Shelf().all():
            if model.model_id == model_id:
                return model
        with self.catalog.read() as db:
            answers = answering.answering(db)
        if answers is not None and answers.name != model_id:
            for model in self._elsewhere(answers.name):
                if model.model_id == answers.name:
                    return model
        raise (ModelMissing if self.kept.damaged(model_id) is None else ModelDamaged)(
            f"This library uses the model {model_id}, which is {self._where_not(model_id)}. Import or fetch it again, "
            "or use another: `starter` is always there."
        )

    def _where_not(self, model_id: str) -> str:
        """Why a model cannot be used that is nowhere to be found whole: the end of a sentence."""
        damaged = self.kept.damaged(model_id)
        if damaged is None:
            return "neither on the shelf nor kept with it"
        return f"not on the shelf, and the copy that was kept with it is damaged ({damaged})"

    @property
    def spec(self) -> EncoderSpec:
        """What builds the encoder of the wanted model, here or in the worker."""
        return self._encoders.spec_of(self.info)

    @property
    def encoder(self) -> RemoteEncoder:
        """The wanted model's encoder in the worker process, which starts with the first call to it."""
        return self._encoders.worker_of(self.info)

    @property
    def remark(self) -> str:
        """What the worker has to say of what encodes the photos: why a GPU that is there is not used. Nothing else."""
        try:
            worker = self._encoders.running(self.info)
        except ModelError:
            return ""
        return "" if worker is None else worker.remark

    def local_encoder(self) -> Encoder:
        """The wanted model's encoder in this process: a second sooner than the worker, for who asks once."""
        return self._encoders.local_of(self.info)

    def answering_encoder(self) -> Encoder:
        """The encoder of the model that answers, in this process."""
        return self._local_for(self.answering)

    @property
    def answering(self) -> ModelInfo:
        """The model that answers a search now: the wanted one, or while the library moves to it the one before, as long
        as its files are there. Raises ModelMissing or ModelDamaged when there is neither."""
        with self.catalog.read() as db:
            chosen = answering.answering(db)
        return (None if chosen is None else self._find(chosen.name)) or self.info

    def move(self) -> ModelMove | None:
        """How far the library is on its way from the model that answers to the wanted one; None when that is the same.
        Looks at the disks."""
        from core.moving import look

        try:
            wanted = self.info
        except ModelError:
            return None
        return look(self.catalog, self.kept, wanted, self._find)

    def lost(self) -> ModelMove | None:
        """The move of a library whose old model is not there any more: its answers lack what is not encoded yet.
        None where nothing lacks for that."""
        with suppress(ModelError):
            if self.answering.model_id == self.info.model_id:
                return self.move()
        return None

    def warm_up(self) -> None:
        """Start the worker of the model that answers, and have it answer once, so that a query finds it ready; then
        hold the graphs of a large library."""
        self._stays = True
        model = self.answering
        encoder = self._worker_for(model)
        encoder.start()
        encoder.encode_texts(["a photo"])
        self._store_of(model).warm()

    @property
    def kept(self) -> KeptModels:
        """The copies of models that this library keeps."""
        from core.models.kept import KeptModels

        return KeptModels(self.folder)

    def vectors_of(self, model: ModelInfo) -> VectorStore:
        """The vectors that are stored of a model, in step with the catalogue."""
        return self._store_of(model)

    def encoder_now(self, model: ModelInfo) -> Encoder:
        """A model's encoder where it is loaded already: in the worker, if that runs; else in this process."""
        return self._encoders.running(model) or self._local_for(model)

    @property
    def store(self) -> VectorStore:
        """The vectors that a search reads now, in step with the catalogue."""
        return self._store_of(self.answering)

    @cached_property
    def adapters(self) -> Adapters:
        """What was learned from the person's own captions, and whether it is on."""
        from core.adapters.adapters import Adapters

        return Adapters(self.catalog)

    def _find(self, model_id: str) -> ModelInfo | None:
        """A model by its id: the wanted one, the bundled one, a copy that was kept, or one on the shelf. None where
        none is that."""
        if model_id not in self._found:
            found = next((info for info in self._at_hand(model_id) if info.model_id == model_id), None)
            if found is not None:
                self._found[model_id] = found
        return self._found.get(model_id)

    def _at_hand(self, model_id: str) -> Iterator[ModelInfo]:
        with suppress(ModelError):
            yield self.info
        yield from self._elsewhere(model_id)

    def _elsewhere(self, model_id: str) -> Iterator[ModelInfo]:
        """What may be the model of this id, beside the wanted one."""
        from core.models.registry import load_info, starter_folder
        from core.models.shelf import Shelf

        with suppress(ModelError):
            yield load_info(starter_folder())
        kept = self.kept.find(model_id)
        if kept is not None:
            yield kept
        yield from Shelf().all()

    def _is_wanted(self, model: ModelInfo) -> bool:
        try:
            return model.model_id == self.info.model_id
        except ModelError:
            return False

    def _worker_for(self, model: ModelInfo) -> RemoteEncoder:
        return self.encoder if self._is_wanted(model) else self._encoders.worker_of(model)

    def _local_for(self, model: ModelInfo) -> Encoder:
        return self.local_encoder() if self._is_wanted(model) else self._encoders.local_of(model)

    def _store_of(self, model: ModelInfo) -> VectorStore:
        from core.search.store import VectorStore

        with self._guard:
            if model.model_id not in self._stores:
                self._stores[model.model_id] = VectorStore(self.catalog, self.folder, model)
            return self._stores[model.model_id]

    def _let_go(self, answers: ModelInfo) -> None:
        """Let go of models that answer no more. A search that is under way with one notices, and asks again."""
        needed = {answers.model_id}
        with suppress(ModelError):
            needed.add(self.info.model_id)
        with self._guard:
            # Not closed: a search may be reading them. What they hold goes with the last who knows them.
            for id in [id for id in self._stores if id not in needed]:
                del self._stores[id]
            for key in [key for key in self._searchers if key[0] != answers.model_id]:
                del self._searchers[key]
        self._encoders.keep_only(needed)

    def _searcher(self, model: ModelInfo, worker: bool) -> Searcher:
        """One for each model and way to ask it: it remembers the sentences that it was asked."""
        from core.search.searcher import Searcher

        key = (model.model_id, worker)
        with self._guard:
            known = self._searchers.get(key)
            news = any(model_id != model.model_id for model_id, _ in self._searchers)
        if news:
            self._let_go(model)
        if known is None:
            encoder = self._worker_for(model) if worker else partial(self._local_for, model)
            names = partial(self.adapters.book, model.model_id)
            known = Searcher(self.catalog, self._store_of(model), encoder, model, names)
            with self._guard:
                known = self._searchers.setdefault(key, known)
        return known

    def _end(self) -> None:
        """End the workers and close the vectors."""
        with self._guard:
            stores, self._stores = self._stores, {}
            self._searchers.clear()
        self._encoders.keep_only(())
        for store in stores.values():
            store.close()


def _is_called(model_id: str, name: str) -> bool:
    """Whether a model of this id may be meant by a name: its id, or what stands before the hash in it."""
    return name.casefold() in (model_id.casefold(), model_id.rpartition("-")[0].casefold())


def _bundled() -> Path:
    from core.models.registry import starter_folder

    return starter_folder()


def _check_it_runs(model: ModelInfo) -> None:
    """Raises `TorchMissing` where a model would need the extra that is not installed."""
    if model.visual is None or model.textual is None:
        from core.models.openclip import require_torch

        require_torch(f"Running the model {model.name}, which has no graphs,")
