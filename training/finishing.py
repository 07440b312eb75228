"""What comes of trained weights: mixed with the old ones as held-out photos say, judged, and put on the shelf."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from core import runs
from core.copying import refused
from core.errors import ModelError
from core.library import Library
from core.models.checkpoints import WEIGHTS
from core.models.importing import ImportRequest, import_model
from core.models.registry import CONFIG_FILE, ModelInfo
from core.models.shelf import Shelf
from training import curve_picture, judging, surgery
from training.judging import Encoding, Measured
from training.tuning import Fitted, Lesson, Tell

SHARES = (0.25, 0.5, 0.75, 1.0)
"""Of the way from the old to the new weights, that are tried."""
MODEL = "model"
"""The folder of a run that has the weights, in OpenCLIP's local-dir format."""


def finish(library: Library, lesson: Lesson, fitted: Fitted, encoding: Encoding, tell: Tell) -> dict[str, Any]:
    """Choose how much of what was learned is kept, judge it, install it where it is better, and end the run; the
    result. ``encoding`` is of an untouched model. Raises `RetrouveError`; nothing is installed then."""
    draft, options = lesson.draft, lesson.options
    kind = surgery.stored_kind(lesson.model.weights)
    old = {name: value.detach().clone() for name, value in encoding.model.state_dict().items()}
    tried = mixtures(lesson, fitted, encoding, tell)
    share = judging.choose(tried, options.tolerance)
    before, after = tried[0.0], tried[share]
    why = judging.refusal(before, after, share, options.tolerance)
    chosen = surgery.mix(old, fitted.weights, share or 1.0, kind)
    write_model(lesson.model, draft.folder / MODEL, chosen, kind)
    draft.write(runs.EXAMPLES, lesson.ruler.examples(before, after))
    draft.write_text(runs.PICTURE, curve_picture.picture(draft.name, draft.curves()))
    result = {
        "run": draft.name,
        "kind": draft.kind,
        "installed": not why,
        "why": _why(why, before, after, options.tolerance),
        "before": before.figures(),
        "after": after.figures(),
        "chosen": {"share": share, "epoch": fitted.epoch, "epochs": fitted.epochs, "faults": fitted.faults},
        "mixed": {str(one): found.figures() | _choosing(found) for one, found in tried.items()},
        "model": None if why else draft.name,
        "based_on": lesson.model.name,
    }
    if why:
        size = sum(file.stat().st_size for file in (draft.folder / MODEL).iterdir()) / 1e6
        kept = f"What was learned stays with the run, {size:,.0f} MB: `retrouve runs remove {draft.name}` frees them."
        result["remarks"] = [kept]
        draft.write(runs.RESULT, result)
        _end(lesson)
        return result
    _install(library, lesson, result, tell)
    return result


def mixtures(lesson: Lesson, fitted: Fitted, encoding: Encoding, tell: Tell) -> dict[float, Measured]:
    """What is found with each share of the way from the old weights, which ``encoding`` has, to the new ones. It has
    the new ones afterwards."""
    ruler, kind = lesson.ruler, surgery.stored_kind(lesson.model.weights)
    old = {name: value.detach().clone() for name, value in encoding.model.state_dict().items()}
    tried = {0.0: ruler.measure(encoding, tell)}
    for share in SHARES:
        encoding.model.load_state_dict(surgery.mix(old, fitted.weights, share, kind))
        tried[share] = ruler.measure(encoding, tell)
    return tried


def _choosing(found: Measured) -> dict[str, Any]:
    return {"choosing_recall_at_10": judging.recall(found.choosing), "choosing_places": judging.middle(found.choosing)}


def _install(library: Library, lesson: Lesson, result: dict[str, Any], tell: Tell) -> None:
    """Put the model on the shelf, end the run, and let the library move to it: all of it, or nothing."""
    draft = lesson.draft
    about: dict[str, Any] = {
        "source": f"trained from {lesson.model.name} ({lesson.model.model_id}) by `retrouve train {draft.kind}`",
        "date": datetime.now(UTC).date().isoformat(),
    }
    about |= {key: lesson.model.raw[key] for key in ("licence", "languages") if key in lesson.model.raw}
    request = ImportRequest(draft.folder / MODEL, name=draft.name, about=about)
    shelf = Shelf()
    report = import_model(shelf, request, lambda step, done, total: tell(f"{step} the model", done, total))
    try:
        result["remarks"] = list(report.remarks)
        result["why"] += (
            f" The library moves to the model {draft.name} with the next `retrouve index`; names that an adapter knows "
            "are learned anew for it by `retrouve train adapter`."
        )
        draft.write(runs.RESULT, result)
        library.use_model(draft.name)
        _end(lesson)
    except BaseException:
        with contextlib.suppress(ModelError):
            library.use_model(lesson.model.model_id)
        with contextlib.suppress(ModelError):
            shelf.remove(draft.name)
        raise


def _end(lesson: Lesson) -> None:
    """The run gets its name; what it could have gone on from is needed no more."""
    lesson.draft.finish()
    with contextlib.suppress(OSError):
        (lesson.draft.folder / runs.CHECKPOINT).unlink()


def write_model(model: ModelInfo, folder: Path, weights: Mapping[str, Tensor], kind: torch.dtype) -> None:
    """A folder in OpenCLIP's local-dir format with other weights. Raises `DiskFull`, `ExportError`."""
    try:
        folder.mkdir(exist_ok=True)
        for path in sorted(model.folder.iterdir()):
            if path.is_file() and path.suffix in (".json", ".txt", ".model") and path.name != "model.json":
                shutil.copyfile(path, folder / path.name)
        (folder / CONFIG_FILE).write_text(json.dumps(model.config, indent=2), encoding="utf-8")
        whole = {
            name: (value.to(kind) if value.is_floating_point() else value).cpu().contiguous().clone()
            for name, value in weights.items()
        }
        save_file(whole, folder / WEIGHTS, metadata={"format": "pt"})
    except OSError as error:
        raise refused(error, folder) from error


def _why(why: str, before: Measured, after: Measured, tolerance: float) -> str:
    if why:
        return f"{why[0].upper()}{why[1:]}."
    was, now = before.figures(), after.figures()
    lost = judging.lost(before, after)
    general = "general sentences find as much as before"
    if lost > 0:
        general = f"general sentences lose {lost:.1%}, and {tolerance:.1%} is allowed"
    elif lost < 0:
        general = f"general sentences find {-lost:.1%} more"
    places = 2 ** judging.middle(before.judging), 2 ** judging.middle(after.judging)
    return (
        f"Photos that were held out are among the first ten for {now['sentences_recall_at_10']:.1%} of their "
        f"sentences, {was['sentences_recall_at_10']:.1%} before, and first for {now['sentences_recall_at_1']:.1%}, "
        f"{was['sentences_recall_at_1']:.1%} before; their middle place is {places[1]:.1f}, {places[0]:.1f} before; "
        f"{general}."
    )
