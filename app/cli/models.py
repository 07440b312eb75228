"""``retrouve models``: what is on the shelf, and how models get there and leave it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from app.cli import models_use
from app.cli.calls import Call, absolute
from app.cli.progress import ProgressBar
from app.cli.wording import percent, size
from core.errors import CallError

if TYPE_CHECKING:
    from app.cli.console import Console
    from core.models.curated import Curated
    from core.models.importing import ImportReport, Step
    from core.models.registry import ModelInfo
    from core.models.shelf import Shelf

USAGE = "`retrouve models list`, `fetch NAME`, `import PATH`, `export NAME FOLDER`, `remove NAME`, `use NAME` or `tidy`"


def models(call: Call, console: Console) -> int:
    """Do what the first word says; without a word, list."""
    verb, *operands = call.operands or ("list",)
    if verb not in _VERBS:
        raise CallError(f"`retrouve models` does not know `{verb}`: it is {USAGE}.")
    words, options, act = _VERBS[verb]
    if len(operands) != words:
        raise CallError(f"`retrouve models {verb}` is called otherwise: {USAGE}.")
    for option in ("name", "architecture", "tag", "at_once", "probe", "accept_licence", "graphs"):
        if call.options[option] not in (None, False) and option not in options:
            raise CallError(f"--{option.replace('_', '-')} says nothing to `retrouve models {verb}`.")
    return act(call, operands, console)


def _list(call: Call, _operands: list[str], console: Console) -> int:
    from core.models.curated import curated
    from core.models.shelf import Shelf

    shelf = Shelf()
    here, broken, choice = shelf.all(), shelf.unusable(), curated()
    rates = _rates(call, shelf, choice, here, console)
    by_name = {model.name.casefold(): model for model in choice}
    models = [as_document(info) | _figures(info.name, by_name.get(info.name.casefold()), rates) for info in here]
    names = {info.name.casefold() for info in here}
    models += [
        _as_offer(model) | _figures(model.name, model, rates) for model in choice if model.name.casefold() not in names
    ]
    console.document(
        {
            "models": models,
            "unusable": [{"folder": entry.folder, "reason": entry.reason} for entry in broken],
        }
    )
    console.table([_row(model) for model in models], head=_HEAD, right=(2, 4, 5, 6))
    for entry in broken:
        console.say(f"{entry.folder.name} cannot be used: {entry.reason}")
    if console.on_terminal:
        console.say("")
        console.say(
            "ImageNet: how often it names a photo right, of 1,000 names. COCO: how often the photo of a sentence"
        )
        console.say("comes first among 5,000. Both in percent, as published: --json says where.")
        if not rates:
            console.say("`retrouve models list --probe` measures how many photos a second each would take in here.")
    return 0


_HEAD = ("name", "here", "size", "licence", "ImageNet", "COCO", "photos/s", "languages")


def _row(model: Mapping[str, Any]) -> tuple[str, ...]:
    languages = model["languages"] or []
    rate = model["photos_per_second"]
    return (
        model["name"],
        "yes" if model["here"] else "",
        size(model["bytes"]),
        "research only" if model["research_only"] else str(model["licence"] or ""),
        _share(model["imagenet"]),
        _share(model["coco"]),
        "" if rate is None else f"{rate:.0f}" if rate >= 10 else f"{rate:.1f}",
        ", ".join(languages),
    )


def _share(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f}"


def _rates(
    call: Call, shelf: Shelf, choice: Sequence[Curated], here: Sequence[ModelInfo], console: Console
) -> dict[str, float]:
    """Photos a second of each model on this machine: measured now, if that is asked for, else what was kept."""
    from core.models import estimating

    if not call.options["probe"]:
        return estimating.kept(shelf)
    with ProgressBar(console) as bar:
        rates = estimating.probe(
            choice,
            here,
            on_progress=lambda done, total: bar.update("Measuring", done, total, amount=f"{done} of {total}"),
        )
    estimating.keep(shelf, rates)
    return rates


def _figures(name: str, model: Curated | None, rates: Mapping[str, float]) -> dict[str, Any]:
    """What is known of a model before it is fetched."""
    if model is None:
        unknown: dict[str, Any] = dict.fromkeys(("imagenet", "coco", "figures", "about"))
        return unknown | {"photos_per_second": rates.get(name), "research_only": False}
    return {
        "imagenet": model.imagenet,
        "coco": model.coco,
        "figures": model.figures,
        "photos_per_second": rates.get(model.name),
        "about": model.about,
        "research_only": model.research_only,
    }


def _as_offer(model: Curated) -> dict[str, Any]:
    """A curated model that is not here, with the same keys as one that is; what cannot be known yet is null."""
    return {
        "name": model.name,
        "model_id": None,
        "folder": None,
        "here": False,
        "runs_on": None,
        "dim": model.dim,
        "image_size": model.image_size,
        "context_length": None,
        "precisions": None,
        "bytes": model.bytes,
        "licence": model.licence,
        "languages": list(model.languages),
        "source": f"hf-hub:{model.source}",
    }


def _fetch(call: Call, operands: list[str], console: Console) -> int:
    from core.models.fetching import FetchRequest, fetch, plan
    from core.models.shelf import Shelf

    shelf, options = Shelf(), call.options
    request = FetchRequest(operands[0], options["name"], options["accept_licence"], options["graphs"])
    chosen = plan(shelf, request)
    licence = chosen.about.get("licence") or "none that its card names"
    console.say(f"{chosen.listing.repository}: {size(chosen.listing.bytes)}, licence: {licence}")
    if chosen.warning:
        console.say(chosen.warning)
    with ProgressBar(console) as bar:
        report = fetch(shelf, chosen, steps_of(bar))
    tell_import(report, console)
    return 0


def _import(call: Call, operands: list[str], console: Console) -> int:
    from core.models.importing import ImportRequest, import_model
    from core.models.shelf import Shelf

    options = call.options
    request = ImportRequest(absolute(operands[0]), options["name"], options["architecture"], options["tag"])
    with ProgressBar(console) as bar:
        report = import_model(Shelf(), request, steps_of(bar))
    tell_import(report, console)
    return 0


def tell_import(report: ImportReport, console: Console) -> None:
    """The document and the sentences of a model that came to the shelf."""
    info, fitted = report.info, report.fitted
    console.document({"model": as_document(info), "remarks": list(report.remarks)})
    console.say(f"`{info.name}` is on the shelf: {info.folder}")
    if fitted is not None and fitted.measured:
        console.say(
            f"It puts {percent(fitted.found_at_5)} of the sample photos among the first five for their caption."
        )
    for remark in report.remarks:
        console.say(remark)


def _export(_call: Call, operands: list[str], console: Console) -> int:
    from core.models.choices import bytes_of
    from core.models.exporting import export_model
    from core.models.shelf import Shelf

    info = Shelf().find(operands[0])
    with ProgressBar(console) as bar:
        written = export_model(info, absolute(operands[1]), steps_of(bar))
    console.document({"model": as_document(written)})
    console.say(f"`{written.name}` is written to {written.folder}: {size(bytes_of(written.folder))}.")
    return 0


def _remove(_call: Call, operands: list[str], console: Console) -> int:
    from core.models.shelf import Shelf

    folder = Shelf().remove(operands[0])
    console.document({"removed": operands[0], "folder": folder})
    console.say(f"`{operands[0]}` is off the shelf. A library that is indexed with it keeps its own copy.")
    return 0


def steps_of(bar: ProgressBar) -> Callable[[Step, int, int], None]:
    """What a fetch, an import or an export tells, as a bar: bytes with their rate, steps, or photos."""
    from core.models.importing import Step

    began: tuple[float, int] | None = None

    def tell(step: Step, done: int, total: int) -> None:
        nonlocal began
        if step is not Step.FETCH:
            bar.update(step.value, done, total, amount=f"{done} of {total}" if total else "")
            return
        now = time.monotonic()
        since, first = began = began or (now, done)
        amount, left = f"{size(done)} of {size(total)}", None
        if now - since >= 1 and done > first:
            rate = (done - first) / (now - since)
            amount, left = f"{amount}, {size(round(rate))}/s", (total - done) / rate
        bar.update(step.value, done, total, amount=amount, seconds_left=left)

    return tell


def as_document(info: ModelInfo) -> dict[str, Any]:
    """A model as ``--json`` has it."""
    from core.models.choices import bytes_of, runs_on

    raw = info.raw
    return {
        "name": info.name,
        "model_id": info.model_id,
        "folder": info.folder,
        "here": True,
        "runs_on": runs_on(info).name.lower(),
        "dim": info.dim,
        "image_size": info.image_size,
        "context_length": info.context_length,
        "precisions": list(info.precisions),
        "bytes": bytes_of(info.folder),
        "licence": raw.get("licence"),
        "languages": raw.get("languages"),
        "source": raw.get("source"),
    }


_VERBS: dict[str, tuple[int, tuple[str, ...], Callable[[Call, list[str], Console], int]]] = {
    "list": (0, ("probe",), _list),
    "fetch": (1, ("name", "accept_licence", "graphs"), _fetch),
    "import": (1, ("name", "architecture", "tag"), _import),
    "export": (2, (), _export),
    "remove": (1, (), _remove),
    "use": (1, ("at_once",), models_use.use),
    "tidy": (0, (), models_use.tidy),
}
"""Each verb: how many words it takes, which options, and what does it."""
