"""The curated models of ``resources/models.toml``: what helps to choose one before it is fetched."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from core.errors import ModelDamaged, ModelMissing

MANY = "many"
"""What stands for a hundred languages or so."""


@dataclass(frozen=True, slots=True)
class Curated:
    """A model that is worth choosing. Accuracies are fractions; None where nobody published them."""

    name: str
    architecture: str
    """OpenCLIP's name of it."""
    source: str
    """The repository on the Hugging Face hub that holds the OpenCLIP checkpoint."""
    licence: str
    languages: tuple[str, ...]
    dim: int
    image_size: int
    bytes: int
    """Of the weights, roughly."""
    probe: str
    """The graph in ``resources/probes`` that is as fast as the image tower."""
    figures: str
    """Where ``imagenet`` and ``coco`` are published."""
    about: str
    onnx: str | None = None
    """The repository that holds it as graphs for the light install; None where there is none."""
    research_only: bool = False
    imagenet: float | None = None
    """Zero-shot top-1 on ImageNet-1k."""
    coco: float | None = None
    """Text-to-photo recall@1 on COCO's 5,000 test photos."""

    @property
    def warning(self) -> str | None:
        """What has to be said of the licence before anything is fetched."""
        if not self.research_only:
            return None
        return (
            f"The weights of `{self.name}` may be used for research only: {self.licence}. Its card on the hub, "
            f"{self.source}, has the terms."
        )


def curated(path: Path | None = None) -> tuple[Curated, ...]:
    """All curated models, in the order of the file. Raises ModelDamaged when it cannot be read."""
    place = path or Path(str(resources.files("resources"))) / "models.toml"
    try:
        rows: list[dict[str, Any]] = tomllib.loads(place.read_text(encoding="utf-8"))["model"]
        found = tuple(Curated(**{**row, "languages": tuple(row["languages"])}) for row in rows)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelDamaged(f"The list of models cannot be read: {place} ({error})") from error
    if len({model.name.casefold() for model in found}) != len(found):
        raise ModelDamaged(f"The list of models names one twice: {place}")
    return found


def behind(card: Mapping[str, Any], offered: Iterable[Curated]) -> Curated | None:
    """The curated model that a model at hand is, by what its ``model.json`` says of where it came from. None for any
    other, whatever it is called: what is published of the one says nothing of the other."""
    said, source = card.get("curated"), str(card.get("source") or "").removeprefix("hf-hub:")
    for model in offered:
        if said == model.name or (said is None and source and source in (model.source, model.onnx)):
            return model
    return None


def find(name: str) -> Curated:
    """The curated model of this name, in any case. Raises ModelMissing with the names that are near."""
    models = curated()
    for model in models:
        if model.name.casefold() == name.casefold():
            return model
    near = difflib.get_close_matches(name, [model.name for model in models], 1, 0.4)
    hint = f"Did you mean `{near[0]}`? " if near else ""
    if "/" in name:
        hint = f"Did you mean `hf-hub:{name}`? "
    raise ModelMissing(
        f"There is no model `{name}` in the list. {hint}`retrouve models list` shows it; any other model of the hub is "
        "named as hf-hub:organisation/name."
    )
