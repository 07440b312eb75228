"""All models that a person can choose between, at hand or not, each with what helps to choose: one row a model.

What lies here (`core.models.shelf`, and the copies that a library keeps) is joined with the curated list
(`core.models.curated`), where it was fetched from there, and with the speed that was measured on this machine
(`core.models.estimating`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from core.models import curated as listed
from core.models import estimating
from core.models.curated import Curated
from core.models.registry import ModelInfo
from core.models.shelf import FETCHED, Shelf, Unusable
from core.types import ModelChoice, Place, RunsOn


def choices(shelf: Shelf, kept: Sequence[ModelInfo] = ()) -> tuple[ModelChoice, ...]:
    """Every model: those at hand, then those to be fetched, then what is broken. Reads no weights.

    ``kept`` are a library's own copies. Raises ModelDamaged when the curated list cannot be read.
    """
    offered, rates = listed.curated(), estimating.kept(shelf)
    here = shelf.all()
    ids = {info.model_id for info in here}
    copies = [info for info in kept if info.model_id not in ids]
    rows = []
    for info in (*here, *copies):
        rows.append(_at_hand(info, _place(info, shelf, copies), offered, rates))
    names = {row.name.casefold() for row in rows}
    rows += [_to_fetch(model, shelf, rates) for model in offered if model.name.casefold() not in names]
    return (*rows, *(_broken(entry) for entry in shelf.unusable()))


def choice_of(info: ModelInfo, shelf: Shelf) -> ModelChoice:
    """One model that is at hand, as `choices` lists it."""
    return _at_hand(info, _place(info, shelf, ()), listed.curated(), estimating.kept(shelf))


def runs_on(info: ModelInfo) -> RunsOn:
    """What runs a model that is here."""
    return RunsOn.OPENVINO if info.visual is not None and info.textual is not None else RunsOn.TORCH


def bytes_of(folder: Path) -> int:
    """How much of the disk a model takes."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _place(info: ModelInfo, shelf: Shelf, copies: Sequence[ModelInfo]) -> Place:
    if info in copies:
        return Place.KEPT
    return Place.SHELF if shelf.folder in info.folder.parents else Place.BUNDLED


def _at_hand(info: ModelInfo, place: Place, offered: Sequence[Curated], rates: Mapping[str, float]) -> ModelChoice:
    said, known = info.raw, listed.behind(info.raw, offered)
    taken = known is None and info.name.casefold() in {model.name.casefold() for model in offered}
    return ModelChoice(
        name=info.name,
        place=place,
        model_id=info.model_id,
        bytes=bytes_of(info.folder),
        languages=_languages(said.get("languages")) or (known.languages if known else ()),
        licence=str(said.get("licence") or (known.licence if known else "")),
        runs_on=runs_on(info),
        source=str(said.get("source") or ""),
        # What is called like one of the list and is another was not measured.
        photos_a_second=None if taken else rates.get(known.name if known else info.name),
        folder=info.folder,
        dim=info.dim,
        image_size=info.image_size,
        context_length=info.context_length,
        precisions=info.precisions,
        **_figures(known),
    )


def _to_fetch(model: Curated, shelf: Shelf, rates: Mapping[str, float]) -> ModelChoice:
    # As `core.models.fetching` chooses: where PyTorch is installed, the checkpoint.
    source = model.source if model.onnx is None or find_spec("torch") is not None else model.onnx
    return ModelChoice(
        name=model.name,
        place=Place.HUB,
        model_id=None,
        bytes=model.bytes,
        languages=model.languages,
        licence=model.licence,
        runs_on=RunsOn.OPENVINO if model.onnx else RunsOn.CONVERTED,
        source=source,
        fetched=_fetched(shelf, source),
        photos_a_second=rates.get(model.name),
        dim=model.dim,
        image_size=model.image_size,
        **_figures(model),
    )


def _fetched(shelf: Shelf, repository: str) -> int:
    """Bytes that an interrupted fetch has left of a repository."""
    return max(
        (bytes_of(folder) for folder in shelf.folder.glob(f"{FETCHED}{repository.replace('/', '--')}-*")), default=0
    )


def _broken(entry: Unusable) -> ModelChoice:
    return ModelChoice(entry.folder.name, Place.BROKEN, None, 0, (), "", None, reason=entry.reason, folder=entry.folder)


def _figures(model: Curated | None) -> dict[str, Any]:
    if model is None:
        return {}
    return {
        "research_only": model.research_only,
        "warning": model.warning,
        "imagenet": model.imagenet,
        "coco": model.coco,
        "figures": model.figures,
        "about": model.about,
    }


def _languages(said: object) -> tuple[str, ...]:
    return tuple(str(one) for one in said) if isinstance(said, list | tuple) else ()
