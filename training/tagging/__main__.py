"""Fit the calibration and write its figures: ``python -m training.tagging ../shared/data --page docs/tagging.md``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import ModelMissing, RetrouveError
from core.evaluation.zero_shot import class_embeddings
from core.models import background, registry
from core.models.background import Background
from core.models.encoder import Encoder
from core.tagging.calibration import Coefficients, coefficients
from training import pages
from training.tagging import figures, fitting, sets
from training.tagging.sets import Known

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "resources" / "tagging" / "calibration.toml"
_HEAD = """\
# Written by `make tagging`; core/tagging/calibration.py reads it, docs/tagging.md says how it was fitted and how good
# it is. Models that are not named here use the weights of the usual one.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """All that the tables are made from."""

    known: dict[str, Known]
    vectors: dict[str, NDArray[np.float32]]
    background: Background
    encoder: Encoder
    weights: Coefficients


def _zero_shot(measured: Measured) -> str:
    rows = []
    for name in (*sets.EVALUATION, "labelled/clothing", "labelled/grocery", "labelled/materials"):
        one = measured.known[name]
        cells = [f"{name} ({len(one.photos)} photos, {len(one.labels)} labels)"]
        for _, prompts in figures.ways():
            told = figures.zero_shot(one, measured.encoder, prompts)
            cells.append(f"{100 * told.top_1:.1f} / {100 * told.macro_f1:.1f}")
        rows.append(cells)
    return pages.table(("top-1 / macro-F1, %", *(way for way, _ in figures.ways())), rows)


def _suggested(measured: Measured) -> str:
    rows = []
    for name, one in measured.known.items():
        cells = [f"{name} ({len(one.photos)}, {len(one.labels)})"]
        for line in figures.LINES:
            right, found, count = fitting.precision(
                one, measured.vectors[name], measured.background, measured.weights, line
            )
            cells.append(f"{100 * right:.0f} ({100 * found:.0f}; {count})" if count else "- (0; 0)")
        rows.append(cells)
    return pages.table(("set (photos, labels)", *(f"from {line:g}" for line in figures.LINES)), rows)


def _broad(measured: Measured) -> str:
    rows = []
    for name in sets.UNSEEN:
        for cells in figures.broad(measured.known[name], measured.encoder, measured.background, measured.weights):
            rows.append((name, *cells))
    head = ("set", "label", "of all photos, %", "its sentences, from 0.4", "with its kinds, from 0.4", "from 0.8")
    return pages.table(head, rows)


def _learning(measured: Measured) -> str:
    rows, every = [], []
    for name, one in measured.known.items():
        found = figures.curve(one, measured.vectors[name], measured.background, measured.weights)
        every.append([found[step] for step in figures.STEPS])
        rows.append((name, *(f"{found[step]:.2f}" for step in figures.STEPS)))
    rows.append(("mean", *(f"{value:.3f}" for value in np.mean(every, axis=0))))
    return pages.table(("F1 after so many decisions a label", *map(str, figures.STEPS)), rows)


PARTS: dict[str, Callable[[Measured], str]] = {
    "zero-shot": _zero_shot,
    "suggested": _suggested,
    "general words": _broad,
    "learning": _learning,
}
"""The parts of the page, each with what measures and words it."""


def main(arguments: list[str] | None = None) -> int:
    """Fit, write the weights, and write all tables into the page. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m training.tagging", description=__doc__)
    parser.add_argument("data", type=Path, help="the data folder that docs/model.md describes")
    parser.add_argument("--page", type=Path, default=ROOT / "docs/tagging.md", help="the page to write into")
    parser.add_argument("--model", type=Path, default=registry.starter_folder(), help="the model's folder")
    parser.add_argument("--weights", type=Path, default=FILE, help="the file to write the weights into")
    parser.add_argument("--keep", type=Path, help="a folder to keep embeddings in, for the next time")
    parser.add_argument(
        "--careful", action="store_true", help="keep the weights that are usual now, and fit for this model how careful"
    )
    parser.add_argument("--only", choices=PARTS, action="append", help="measure this part alone, and fit nothing")
    chosen = parser.parse_args(arguments)
    wanted = chosen.only or list(PARTS)
    try:
        pages.check(chosen.page, wanted)
        measured = _measured(chosen.data, chosen.model, chosen.keep, fit=not chosen.only, careful=chosen.careful)
        if not chosen.only:
            _write(chosen.weights, measured.encoder.model_id, measured.weights)
        for name in wanted:
            pages.into_page(chosen.page, name, PARTS[name](measured))
    except RetrouveError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


def _measured(data: Path, model: Path, keep: Path | None, *, fit: bool, careful: bool = False) -> Measured:
    info = registry.load_info(model)
    found = background.load(info)
    if found is None:
        raise ModelMissing(f"{model} has no {background.FILE}: nothing can be fitted to it.")
    encoder = registry.build_encoder(registry.spec_for(model, None, precision="f32"))
    names = (*sets.UNSEEN, *sets.CLASSES, *sets.EVALUATION)
    known = {name: sets.read(data, name, encoder, keep) for name in names}
    vectors = {name: class_embeddings(encoder, one.labels) for name, one in known.items()}
    learned = [one for name, one in known.items() if name not in sets.EVALUATION]
    weights = coefficients(info.model_id)
    if fit:
        weights = fitting.careful(weights, learned, vectors, found) if careful else fitting.fit(learned, vectors, found)
    return Measured(known, vectors, found, encoder, weights)


def _write(file: Path, model_id: str, weights: Coefficients) -> None:
    """The weights of this model, which are the usual ones from now on."""
    lines = [f"{name} = {getattr(weights, name):.4f}" for name in (*Coefficients.names(), "caution")]
    text = f'{_HEAD}usual = "{model_id}"\n\n[models."{model_id}"]\n' + "\n".join(lines) + "\n"
    file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
