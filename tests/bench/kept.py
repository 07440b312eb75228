"""A large library that is built once and kept for the next run, since building it takes longer than measuring it."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.bench.libraries import Built, Space, build

_CARD = "made.json"
_LAYOUT = 1
"""How `build` lays a library out. Raise it when what it writes changes, so that no kept library is taken for a new one;
whatever else changes in the program, the library is migrated and goes on."""


@dataclass(frozen=True, slots=True)
class _Card:
    """What a kept library is, written beside it when it is whole."""

    layout: int
    photos: int
    model_id: str
    dim: int
    bytes_of_vectors: int = 0


def library(place: Path, photos: int, model_id: str, space: Space) -> tuple[Built, bool]:
    """The library in ``place/library``, and whether it was there: built anew where none is that was made this way."""
    wanted = _Card(_LAYOUT, photos, model_id, space.dim)
    found = _read(place / _CARD)
    if found is not None and asdict(found) | {"bytes_of_vectors": 0} == asdict(wanted):
        return Built(place / "library", photos, space.dim, found.bytes_of_vectors), True
    (place / _CARD).unlink(missing_ok=True)
    shutil.rmtree(place / "library", ignore_errors=True)
    place.mkdir(parents=True, exist_ok=True)
    built = build(place / "library", photos, model_id, space.dim, space)
    card = _Card(_LAYOUT, photos, model_id, space.dim, built.bytes_of_vectors)
    (place / _CARD).write_text(json.dumps(asdict(card), indent=1) + "\n", encoding="utf-8")
    return built, False


def _read(card: Path) -> _Card | None:
    try:
        return _Card(**json.loads(card.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
