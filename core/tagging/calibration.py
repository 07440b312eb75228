"""The coefficients that turn what is known of a label and a photo into a probability.

They were fitted once, by ``training.tagging`` on photos whose labels are known (docs/tagging.md), and lie in
``resources/tagging/calibration.toml``. All that they weigh is counted in the model's own units (how cosines of its
background are spread), so that a model without coefficients of its own is served by the usual ones.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Coefficients:
    """Weights of a logistic regression (natural log of the odds); `core.tagging.scoring` says what each weighs."""

    intercept: float
    cosine: float
    cosine_far: float
    background: float
    background_far: float
    library: float
    library_far: float
    gap: float
    rival: float
    twin: float
    prior: float
    top: float
    shift: float
    common: float
    spread: float
    caution: float = 1.0
    """What log odds above 0 are multiplied with (over 0, up to 1) before a photo is called likely: the smaller, the
    less sure. Far above, they grow as they did."""

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """What is weighed, in order, the intercept first."""
        return tuple(field.name for field in fields(cls) if field.name != "caution")


@cache
def coefficients(model_id: str) -> Coefficients:
    """Those of a model, or the usual ones."""
    text = files("resources").joinpath("tagging", "calibration.toml").read_text(encoding="utf-8")
    tables = tomllib.loads(text)
    chosen = tables["models"].get(model_id) or tables["models"][tables["usual"]]
    weighed = {name: float(chosen[name]) for name in Coefficients.names()}
    return Coefficients(**weighed, caution=float(chosen["caution"]))
