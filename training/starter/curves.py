"""How a build went: the loss of every stage and what validation said meanwhile, kept as it goes, and drawn.

With the recipe and the figures it is the record of an experiment: one file a model in ``training/starter/runs``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from training.curve_picture import LINE, SMOOTH, THIRD, Chart, Line, smooth, svg

EVERY = 10
"""Steps between two points of a curve."""
PART, PICTURE = "curves", "model-curves.svg"
"""The part of the page that shows them, and their picture."""
FIRST, BOTH, BEFORE_TEXT, TEXT, LAST = (
    "first heads",
    "both towers",
    "heads before the text tower",
    "text tower",
    "heads",
)
"""The stages of a build."""
SETS = (("coco", THIRD), ("flickr8k", SMOOTH), ("openstax", LINE))

Recalls = Mapping[str, float]
"""Recall@10 (0 to 1) on the validation photos of each set."""
Note = Callable[[int, float, Recalls], None]
"""Told after a step: how many are done, its loss, and recall where it was measured."""


def nowhere(step: int, loss: float, recalls: Recalls) -> None:
    """A note that nobody keeps."""


def said(recalls: Recalls) -> str:
    """Recall in words, for the person who waits."""
    return ", ".join(f"{name} {value:.3f}" for name, value in recalls.items())


class Curves:
    """The points of a build in a file, a line each, so that a run that is interrupted keeps those it has.

    A step that is done again replaces what was noted of it, and a stage that was done before keeps its points.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.read_bytes().endswith(b"\n"):
            with path.open("ab") as file:
                file.write(b"\n")  # the last line was cut off: the next one is not to hang on to it

    def of(self, stage: str) -> Note:
        """What notes the points of a stage: every `EVERY` steps, and whenever recall was measured."""

        def note(step: int, loss: float, recalls: Recalls) -> None:
            if step % EVERY == 0 or recalls:
                point = {"stage": stage, "step": step, "loss": round(loss, 4)}
                if recalls:
                    point["recall_at_10"] = {name: round(value, 4) for name, value in recalls.items()}
                with self._path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(point) + "\n")

        return note

    def points(self) -> list[dict[str, Any]]:
        """All points, by stage in the order of their first, and by step. A last line that was cut off is left out."""
        if not self._path.exists():
            return []
        found: dict[str, dict[int, dict[str, Any]]] = {}
        for line in self._path.read_text(encoding="utf-8").splitlines():
            try:
                point = json.loads(line)
            except json.JSONDecodeError:
                continue  # the run was killed while it wrote
            steps = found.setdefault(point["stage"], {})
            steps[point["step"]] = {**steps.get(point["step"], {}), **point}
        return [steps[step] for steps in found.values() for step in sorted(steps)]


def write_record(folder: Path, card: Mapping[str, Any], curves: Curves) -> Path:
    """The record of a build: ``<model_id>.json`` with the recipe, the figures and the curves. Returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = ("model_id", "version", "date", "recipe", "figures", "words_precision_at_10")
    record = {key: card[key] for key in kept}
    head = json.dumps(record, ensure_ascii=False, indent=2).removesuffix("\n}")
    lines = ",\n".join("    " + json.dumps(point) for point in curves.points())
    path = folder / f"{card['model_id']}.json"
    path.write_text(f'{head},\n  "curves": [\n{lines}\n  ]\n}}\n', encoding="utf-8")
    return path


def heads_of(seed: int) -> str:
    """The stage in which the last heads of a seed are trained."""
    return f"{LAST} of seed {seed}"


def picture(title: str, curves: Curves, seed: int) -> str:
    """The SVG: the loss of both tunings, and recall on the validation photos while the towers learn, and the heads of
    ``seed``, which are those that were kept."""
    points = curves.points()
    charts = [*_losses(points, (BOTH, TEXT)), *_recalls(points, (BOTH, heads_of(seed)))]
    return svg(title, charts)


def _losses(points: list[dict[str, Any]], stages: tuple[str, ...]) -> list[Chart]:
    charts = []
    for stage in stages:
        of_stage = [(float(p["step"]), float(p["loss"])) for p in points if p["stage"] == stage]
        if of_stage:
            losses = [value for _, value in of_stage]
            low, top = float(math.floor(min(losses))), float(math.floor(max(losses)) + 1)
            lines = (Line(of_stage, opacity=0.45), Line(smooth(of_stage), SMOOTH))
            charts.append(Chart(f"{stage}: loss", lines, top, low))
    return charts


def _recalls(points: list[dict[str, Any]], stages: tuple[str, ...]) -> list[Chart]:
    charts = []
    for stage in stages:
        of_stage = [p for p in points if p["stage"] == stage and "recall_at_10" in p]
        lines = [
            Line([(float(p["step"]), p["recall_at_10"][name]) for p in of_stage], colour, name=name)
            for name, colour in SETS
            if all(name in p["recall_at_10"] for p in of_stage)
        ]
        if of_stage and lines:
            charts.append(Chart(f"{stage}: validation recall@10", tuple(lines), 1.0, 0.4, "{:.0%}"))
    return charts


def shown(model_id: str) -> str:
    """The picture as the page shows it, and where the numbers are."""
    return (
        f"![Loss of both tunings by step, and recall on the validation photos]({PICTURE})\n\n"
        f"The numbers, with the recipe and the figures: `training/starter/runs/{model_id}.json`."
    )
