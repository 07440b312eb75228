"""Small models for the tests of a move: real folders, and encoders whose embedding spaces have nothing in common."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.catalog.connection import Catalog
from core.library import Library
from core.models import registry
from core.models.encoders import Encoders
from core.models.registry import ModelInfo
from core.models.shelf import ENVIRONMENT
from core.types import IndexProgress, Phase, SearchResult
from tests.colours import ColourEncoder

SPACES = {"one": (4, 0), "two": (4, 1), "three": (6, 2)}
"""Of each model the number of dimensions, and by how many of them its space is turned."""


def make_model(folder: Path, name: str) -> Path:
    """A model folder that the registry reads; its weights are a few bytes."""
    folder.mkdir(parents=True)
    header = json.dumps({"of": {"dtype": "U8", "shape": [len(name)], "data_offsets": [0, len(name)]}}).encode()
    weights = struct.pack("<Q", len(header)) + header + name.encode()
    (folder / "open_clip_model.safetensors").write_bytes(weights)
    dim, turn = SPACES[name]
    said = {
        "name": name,
        "version": turn,
        "weights_sha256": hashlib.sha256(weights).hexdigest(),
        "calibration": {"slope": 20.0 + turn, "intercept": -16.0, "line": 0.5},
    }
    (folder / "model.json").write_text(json.dumps(said))
    config = {"model_cfg": {"embed_dim": dim, "vision_cfg": {"image_size": 32}}}
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    return folder


def shelved(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shelf below ``place``: model one comes with the program, two is on it."""
    one = make_model(place / "bundled", "one")
    make_model(place / "shelf" / "two", "two")
    monkeypatch.setattr(registry, "starter_folder", lambda: one)
    monkeypatch.setattr("core.models.shelf.starter_folder", lambda: one)
    monkeypatch.setattr("core.engines._check_it_runs", lambda model: None)
    monkeypatch.setenv(ENVIRONMENT, str(place / "shelf"))
    return place / "shelf"


class TurnedEncoder(ColourEncoder):
    """A photo is its mean colour, a sentence the colour that it names, in a space of the model's own."""

    def __init__(self, info: ModelInfo) -> None:
        super().__init__()
        self.model_id, self.dim = info.model_id, info.dim
        self._turn = SPACES[info.name][1]
        self.closed = False

    def close(self) -> None:
        self.closed = True

    def direction(self, colour: Any) -> np.ndarray:
        return np.roll(super().direction(colour), self._turn)


class TurnedEncoders(Encoders):
    """The small encoders in place of those that the model folders would give, here and in the worker alike."""

    def __init__(self) -> None:
        super().__init__(None)
        self.known: dict[str, TurnedEncoder] = {}

    def worker_of(self, model: ModelInfo) -> Any:
        return self.known.setdefault(model.model_id, TurnedEncoder(model))

    local_of = worker_of

    def keep_only(self, model_ids: Collection[str]) -> None:
        for id, encoder in self.known.items():
            encoder.closed |= id not in model_ids


class MovingLibrary(Library):
    """The real library with small encoders."""

    def __init__(self, folder: Path, catalog: Catalog, model: Path | None) -> None:
        super().__init__(folder, catalog, model)
        self.encoders = TurnedEncoders()
        self._encoders = self.encoders

    def encoder_of(self, name: str) -> TurnedEncoder:
        """The encoder of a model by its name. Raises StopIteration for one that was never asked."""
        return next(found for id, found in self.encoders.known.items() if id.startswith(f"{name}-"))


def finish(library: Library, folders: Sequence[Path] | None = None) -> list[IndexProgress]:
    """Index to the end; what was told on the way."""
    told = list(library.index(folders))
    assert told[-1].phase is Phase.DONE
    report = told[-1].report
    assert report.scanned == report.encoded + report.reused + report.failed
    return told


def shown(result: SearchResult) -> list[tuple[str, float, float, bool]]:
    """What a person sees of an answer."""
    return [(hit.path.name, hit.score, hit.match, hit.strong) for hit in result.hits]
