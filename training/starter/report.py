"""What the bundled model is worth beyond its headline figures, measured on the written folder.

    python -m training.starter.report DATA --model resources/models/starter --page docs/model.md --out docs/

Writes its parts into the page, each between marks of its own, and the pictures that they show into ``--out``. With
``--before`` an earlier model is shown beside it: in the part on word order, and in ten queries on the sample photos.
Without it the part with those queries stays as it is.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import FolderError, RetrouveError
from core.evaluation import folder
from core.evaluation.folder import Row
from core.models.encoder import Backend, Encoder, EncoderSpec
from core.models.registry import build_encoder
from training import pages
from training.starter import apart, before_after, bias, classifier, composition, corrupted, plot, sources

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("robustness", "bare classifier", "apart", "word order", "people and jobs", "before and after")
QUICK = 24
"""Photos of each set for a quick look. The figures then say nothing."""
SETS_PLOT, COMPARED_PLOT = "model-robustness.svg", "model-robustness-classifier.svg"
PICTURE = "model-before-after.jpg"
BEGAN = time.perf_counter()


@dataclass(frozen=True, slots=True)
class Judged:
    """A model under report."""

    folder: Path
    encoder: Encoder


@dataclass(frozen=True, slots=True)
class Place:
    """Where the report is written: the page, and the folder of its pictures."""

    page: Path
    out: Path

    def picture(self, name: str, said: str) -> str:
        """A picture of ``out`` as the page shows it; ``said`` is for who cannot see it."""
        path = os.path.relpath(self.out / name, self.page.parent)
        return f"![{said}]({Path(path).as_posix()})"


def tell(line: str) -> None:
    """A line for the person who waits, with the seconds since the start."""
    print(f"{time.perf_counter() - BEGAN:6.0f} s  {line}", flush=True)


def options(arguments: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m training.starter.report", description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path, help="the data folder that docs/model.md describes")
    parser.add_argument("--model", type=Path, default=ROOT / "resources/models/starter", help="the folder to measure")
    parser.add_argument("--before", type=Path, default=None, help="an earlier model's folder, to compare with")
    parser.add_argument("--page", type=Path, default=ROOT / "docs/model.md", help="the page with the marks")
    parser.add_argument("--out", type=Path, default=ROOT / "docs", help="where the pictures go")
    parser.add_argument("--samples", type=Path, default=ROOT / "resources/samples", help="photos for the ten queries")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} photos of each set, to see that it works")
    return parser.parse_args(arguments)


def judged(model: Path) -> Judged:
    """A model folder, run as the builder measures it: OpenVINO in float32."""
    return Judged(model, build_encoder(EncoderSpec(model, Backend.OPENVINO, "f32")))


def robustness(data: Path, model: Judged, place: Place, most: int | None) -> dict[str, str]:
    """Corrupted photos: our sets, and the bare classifier beside us. Writes both plots."""
    sets = corrupted.robustness(data, model.encoder, tell, most)
    compared = corrupted.comparison(data, model.folder, model.encoder, tell, most)
    lines = [plot.Line(name, corrupted.rate_lines(one)) for name, one in sets.items()]
    title = "Recall@10 (coco, flickr8k) and top-1 (scenes, instruments) on photos that came out badly"
    (place.out / SETS_PLOT).write_text(plot.charts(title, lines), encoding="utf-8")
    shown = [f"{corrupted.sets_table(sets)}\n\n{place.picture(SETS_PLOT, title)}"]
    lines = []
    for one in compared:
        lines.append(plot.Line(f"ours, {one.name}", corrupted.kept_lines(one.ours)))
        lines.append(plot.Line(f"bare classifier, {one.name}", corrupted.kept_lines(one.bare), dashed=True))
    title = "What is kept of the top-1 on clean photos: ours and the bare ImageNet classifier"
    (place.out / COMPARED_PLOT).write_text(plot.charts(title, lines), encoding="utf-8")
    shown.append(f"{corrupted.comparison_table(compared)}\n\n{place.picture(COMPARED_PLOT, title)}")
    return dict(zip(PARTS, shown, strict=False))


def taken_apart(data: Path, encoder: Encoder) -> str:
    """Headline figures for parts of their sets."""
    met = {name for names in classifier.names() for name in names}
    met |= {row.labels[0] for row in folder.read_rows(data / "caltech101", {})}
    kinds, unmet = apart.instruments(data, encoder, met)
    return apart.apart_table([apart.unsquashed(data, encoder), *kinds], unmet)


def word_order(data: Path, model: Judged, before: Judged | None, most: int | None) -> str:
    """Swapped captions, by this model and by the earlier one."""

    def heard(one: Judged) -> dict[str, composition.Heard]:
        rows, photos = encoded(composition.read_val(data, most), one.encoder)
        return composition.listen(rows, photos, one.encoder)

    return composition.composition_table(heard(model), heard(before) if before else None)


def people(data: Path, encoder: Encoder, most: int | None) -> str:
    """Jobs, and photos of women and of men."""
    return bias.bias_table(bias.look(*encoded(bias.read_people(data, most), encoder), encoder))


def encoded(rows: list[Row], encoder: Encoder) -> tuple[list[Row], NDArray[np.float32]]:
    """The rows and float32[rows, dim] of their photos. Raises FolderError when one cannot be read."""
    kept, photos = folder.encode_photos(rows, encoder)
    if len(kept) < len(rows):
        raise FolderError(f"{len(rows) - len(kept)} of {len(rows)} photos cannot be read: the figures would be off.")
    return kept, photos


def queries(samples: Path, before: Judged, model: Judged, place: Place) -> str:
    """Ten queries on the sample photos by both models, as a picture."""
    said = before_after.draw(samples, before.encoder, model.encoder, place.out / PICTURE)
    tell(f"ten queries: {said}")
    shown = place.picture(PICTURE, f"The first {before_after.TOP} photos for ten queries, by both models")
    return f"### Ten queries, before and after\n\n{before_after.EXPLAINED}: {said}.\n\n{shown}"


def measured(chosen: argparse.Namespace, place: Place) -> dict[str, str]:
    """Every part that can be measured, as it stands in the page."""
    most = QUICK if chosen.quick else None
    # What needs this comes last, and nobody should wait for minutes to hear that it is not installed.
    sources.locate(*sources.IMAGE_WEIGHTS)
    model = judged(chosen.model)
    before = judged(chosen.before) if chosen.before else None
    found = {"apart": taken_apart(chosen.data, model.encoder)}
    tell("headline figures are taken apart")
    found["word order"] = word_order(chosen.data, model, before, most)
    tell("word order is heard")
    found["people and jobs"] = people(chosen.data, model.encoder, most)
    tell("people and jobs are looked at")
    if before:
        found["before and after"] = queries(chosen.samples, before, model, place)
    found |= robustness(chosen.data, model, place, most)
    tell(f"{model.encoder.model_id} is measured")
    return found


def main(arguments: list[str] | None = None) -> int:
    """Measure, draw and write. Returns the exit code. The page is changed at the end, when all has gone well."""
    chosen = options(arguments)
    place = Place(chosen.page, chosen.out)
    try:
        pages.check(place.page, PARTS)
        if not place.out.is_dir():
            raise FolderError(f"{place.out} is not a folder: --out names where the pictures go.")
        for name, content in measured(chosen, place).items():
            pages.into_page(place.page, name, content)
    except RetrouveError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    tell(f"reported in {place.page}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
