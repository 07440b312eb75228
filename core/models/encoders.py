"""The encoders that a library has built: of each model one in a worker process and one here, as they are asked for."""

from __future__ import annotations

import threading
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.models.encoder import Encoder, EncoderSpec
    from core.models.registry import ModelInfo
    from core.models.remote import RemoteEncoder


class Encoders:
    """Builds encoders and keeps them. May be called from any thread. ``cache`` is where compiled graphs are kept."""

    def __init__(self, cache: Path | None) -> None:
        self._cache = cache
        self._guard = threading.RLock()
        self._workers: dict[str, RemoteEncoder] = {}
        self._locals: dict[str, Encoder] = {}
        self._folders: dict[str, Path] = {}
        self._gentle = False

    def spec_of(self, model: ModelInfo) -> EncoderSpec:
        """What builds a model's encoder in this process; on the processor if it has graphs, not to wait for PyTorch."""
        from core.models.registry import spec_for

        return spec_for(model.folder, self._cache)

    def worker_spec_of(self, model: ModelInfo) -> EncoderSpec:
        """What builds a model's encoder in the worker: on a GPU, where there is one and nobody refuses it. Without a
        cache nothing can be written here, and so nothing is encoded either."""
        from core.models.devices import CPU, wanted

        return replace(self.spec_of(model), device=CPU if self._cache is None else wanted())

    def worker_of(self, model: ModelInfo) -> RemoteEncoder:
        """A model's encoder in a worker process, which starts with the first call to it."""
        from core.models.remote import RemoteEncoder

        self._let_go_elsewhere(model)
        with self._guard:
            if model.model_id not in self._workers:
                self._workers[model.model_id] = RemoteEncoder(self.worker_spec_of(model), info=model)
                self._workers[model.model_id].gentle = self._gentle
            return self._workers[model.model_id]

    def running(self, model: ModelInfo) -> RemoteEncoder | None:
        """A model's encoder in a worker process that runs now."""
        with self._guard:
            worker = self._workers.get(model.model_id)
        return worker if worker is not None and worker.worker_pid is not None else None

    def _let_go_elsewhere(self, model: ModelInfo) -> None:
        """An encoder whose files lie elsewhere than the model's do now may lose them: another takes its place."""
        with self._guard:
            before = self._folders.setdefault(model.model_id, model.folder)
            if before == model.folder:
                return
            self._folders[model.model_id] = model.folder
            self._locals.pop(model.model_id, None)
            worker = self._workers.pop(model.model_id, None)
        if worker is not None:
            worker.close()

    def set_gentle(self, on: bool) -> None:
        """Let all workers, those to come too, work gently or as hard as they can, from now on."""
        with self._guard:
            self._gentle = on
            for worker in self._workers.values():
                worker.gentle = on

    def local_of(self, model: ModelInfo) -> Encoder:
        """A model's encoder in this process. Raises `ModelError`."""
        from core.models.registry import build_encoder

        self._let_go_elsewhere(model)
        with self._guard:
            if model.model_id not in self._locals:
                self._locals[model.model_id] = build_encoder(self.spec_of(model))
            return self._locals[model.model_id]

    def keep_only(self, model_ids: Collection[str]) -> None:
        """Let go of all other models' encoders; their workers end."""
        with self._guard:
            workers = [self._workers.pop(id) for id in list(self._workers) if id not in model_ids]
            for id in [id for id in self._locals if id not in model_ids]:
                del self._locals[id]
        for worker in workers:
            worker.close()
