"""Make the bundled model: ``python -m training.starter --data ../shared/data``.

Reads from top to bottom: towers, features, both towers tuned, the text tower tuned on, heads, folder, figures.
Features, the states of the tunings and their curves are kept in ``.cache/starter``, so that an interrupted run goes on
where it was. With ``--record`` recipe, curves and figures are written down as an experiment of their own.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import open_clip
import torch

from core.errors import RetrouveError
from training import pages
from training.starter import background, card, corpus, curves, data, export, towers, watching
from training.starter.curves import Curves
from training.starter.dictionary import dictionary
from training.starter.features import PARTS, VIEWS, TextPass, weights_key
from training.starter.heads import Recipe
from training.starter.measure import measure
from training.starter.train import Corpus, best_of, train
from training.starter.tune import TuneRecipe, fingerprint, tune
from training.starter.tune_text import TextRecipe, tune_text

FIRST_STEPS = 300
"""Steps of the heads that the tuning starts from. More make them surer of features that are about to change."""
FIRST_WIDTH = 768
"""Width of the hidden layer of these first heads. After the tuning they are replaced: those that ship are trained anew
on what the towers have become, and have `Recipe.width` and `Recipe.branches` for their own."""
SHARPER = 1.5
"""What the classifier's logits are multiplied by once everything is tuned (`towers.sharpen`)."""
ROOT = Path(__file__).resolve().parents[2]
BEGAN = time.perf_counter()


def tell(line: str) -> None:
    """A line for the person who waits, with the seconds since the start."""
    print(f"{time.perf_counter() - BEGAN:6.0f} s  {line}", flush=True)


def options(arguments: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m training.starter", description=__doc__)
    said = "the data folder that docs/model.md describes"
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("folder", type=Path, nargs="?", help=said)
    where.add_argument("--data", type=Path, help=said)
    parser.add_argument("--out", type=Path, default=ROOT / "resources/models/starter", help="the model folder to write")
    parser.add_argument("--cache", type=Path, default=ROOT / ".cache/starter", help="where features are kept")
    parser.add_argument("--page", type=Path, default=None, help="a page whose table of figures is brought up to date")
    parser.add_argument("--record", type=Path, default=None, help="a folder for the record of this run")
    some, any_number = partial(_at_least, 1), partial(_at_least, 0)
    parser.add_argument("--steps", type=some, default=Recipe().steps, help="steps of the heads on the tuned towers")
    parser.add_argument("--tries", type=some, default=Recipe().tries, help="seeds of these heads; the best are kept")
    parser.add_argument(
        "--tune-steps",
        type=any_number,
        default=TuneRecipe().steps,
        help="steps of both towers; 0 leaves them as they came",
    )
    parser.add_argument(
        "--text-steps", type=any_number, default=TextRecipe().steps, help="further steps of the text tower"
    )
    parser.add_argument(
        "--from", dest="earlier", type=Path, default=None, metavar="FOLDER", help="take an earlier model's towers"
    )
    parser.add_argument("--seed", type=any_number, default=Recipe().seed, help="where chance begins")
    chosen = parser.parse_args(arguments)
    chosen.data = chosen.data or chosen.folder
    for folder in (chosen.out, chosen.cache, chosen.record):
        if folder is not None and folder.exists() and not folder.is_dir():
            parser.error(f"{folder} is a file, not a folder")
    return chosen


def _at_least(least: int, given: str) -> int:
    """A whole number of ``least`` or more, as argparse asks for it."""
    try:
        number = int(given)
    except ValueError:
        number = least - 1
    if number < least:
        raise argparse.ArgumentTypeError(f"{given} is no whole number of {least} or more")
    return number


def tune_towers(
    model: open_clip.CustomTextCLIP,
    examples: Sequence[data.Example],
    learned: Corpus,
    held: Sequence[corpus.Held],
    tuning: TuneRecipe,
    cache: Path,
    noted: Curves,
) -> None:
    """Train first heads on the frozen towers, then the towers themselves, and keep what is worth keeping of it."""
    first = Recipe(steps=FIRST_STEPS, seed=tuning.seed, branches=1, width=FIRST_WIDTH, distill=tuning.distill)
    heads = train(learned, first, tell, corpus.watch(held, learned.classes), noted.of(curves.FIRST))
    photos = [example for example in examples if not example.validation]
    checkpoint = cache / f"tune-{fingerprint(tuning, photos, learned.keywords.queries)}.pt"
    watch, note = watching.look(examples), noted.of(curves.BOTH)
    tune(model, heads, learned, photos, tuning, checkpoint, tell, watch, note)
    towers.part_way(model, tuning.kept)
    towers.name_classes(model)


def tune_text_tower(
    model: open_clip.CustomTextCLIP,
    learned: Corpus,
    held: Sequence[corpus.Held],
    tuning: TextRecipe,
    photos: Sequence[data.Example],
    cache: Path,
    noted: Curves,
) -> None:
    """Train heads on the image features as they stand, and the text tower with them."""
    first = Recipe(steps=FIRST_STEPS, seed=tuning.seed)
    heads = train(learned, first, tell, corpus.watch(held, learned.classes), noted.of(curves.BEFORE_TEXT))
    text_pass = TextPass(model, cache)
    words = dictionary(lambda sentences: torch.from_numpy(text_pass(sentences, tell)).float())
    towers_of = weights_key(torch.nn.ModuleList([model.visual.trunk.body, model.text.transformer]))[:12]
    checkpoint = cache / f"text-{fingerprint(tuning, photos, learned.keywords.queries)}-{towers_of}.pt"
    tune_text(model, heads, learned, words, tuning, checkpoint, tell, noted.of(curves.TEXT))
    towers.round_to_half(model)
    towers.name_classes(model)


def write_down(written: Mapping[str, Any], noted: Curves, record: Path | None, page: Path | None) -> None:
    """Keep the record of a build, and bring a page up to date, each where it is asked for."""
    seed = written["recipe"]["heads_seed"]
    if record is not None:
        curves.write_record(record, written, noted)
    if page is not None:
        pages.into_page(page, card.PART, card.table(written))
        drawn = curves.picture(f"How {written['model_id']} was made", noted, seed)
        (page.parent / curves.PICTURE).write_text(drawn, encoding="utf-8")
        pages.into_page(page, curves.PART, curves.shown(written["model_id"]))


def main(arguments: list[str] | None = None) -> int:
    """Build the model. Returns the exit code."""
    chosen = options(arguments)
    recipe = Recipe(steps=chosen.steps, tries=chosen.tries, seed=chosen.seed)
    tuning = TuneRecipe(steps=chosen.tune_steps, seed=chosen.seed)
    further = TextRecipe(steps=chosen.text_steps, seed=chosen.seed)
    torch.manual_seed(recipe.seed)
    try:
        how = card.recipe(recipe, None if chosen.earlier else tuning, further, SHARPER, chosen.earlier)
        if chosen.page is not None:
            pages.check(chosen.page, [card.PART, curves.PART])
        examples = data.read(chosen.data)
        tell(f"{len(examples)} photos, {sum(example.validation for example in examples)} of them for validation only")
        noted = Curves(chosen.cache / f"curves-{fingerprint(how, examples, [])}.jsonl")
        model = towers.pretrained(recipe.dim)
        whole = VIEWS if chosen.earlier is None else VIEWS[:1]
        learned, held = corpus.assemble(model, examples, chosen.cache, tell, whole=whole)
        tell(f"features of {learned.views.shape[1]} photos in {len(learned.views)} views are there")
        teacher = learned.teacher  # what the classifier said before anything was tuned
        if chosen.earlier is not None:
            model = towers.of_folder(chosen.earlier, recipe.dim)
        elif tuning.steps:
            tune_towers(model, examples, learned, held, tuning, chosen.cache, noted)
        if further.steps:
            learned, held = corpus.assemble(model, examples, chosen.cache, tell, teacher, PARTS)
            photos = [example for example in examples if not example.validation]
            tune_text_tower(model, learned, held, further, photos, chosen.cache, noted)
        towers.sharpen(model, SHARPER)
        learned, held = corpus.assemble(model, examples, chosen.cache, tell, teacher, PARTS)
        watch = corpus.watch(held, learned.classes)
        heads, seed = best_of(learned, recipe, tell, watch, lambda seed: noted.of(curves.heads_of(seed)))
        sha256 = export.write(export.complete(model, heads), chosen.out)
        written = card.draft(sha256, recipe.dim)
        card.write(chosen.out, written)
        tell(f"written to {chosen.out}; measuring what lies there")
        background.write(chosen.out, examples)
        written = card.complete(written, measure(chosen.data, chosen.out, tell), how | {"heads_seed": seed})
        card.write(chosen.out, written)
        write_down(written, noted, chosen.record, chosen.page)
    except RetrouveError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    tell(f"{written['model_id']} is done")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
