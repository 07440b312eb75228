"""``retrouve models``: what is on the shelf, and how models get there and leave it."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from app.cli import models_use
from app.cli.calls import Call, absolute
from app.cli.opening import open_library, root_paths
from app.cli.progress import ProgressBar
from app.cli.wording import percent, size
from core.errors import CallError, RetrouveError

if TYPE_CHECKING:
    from pathlib import Path

    from app.cli.console import Console
    from core.models.importing import ImportReport, Step
    from core.models.shelf import Shelf
    from core.types import ModelChoice

USAGE = (
    "`retrouve models list`, `fetch NAME`, `import PATH`, `export NAME FOLDER`, `remove NAME`, `use NAME` or "
    "`tidy [NAME]`"
)


def models(call: Call, console: Console) -> int:
    """Do what the first word says; without a word, list."""
    verb, *operands = call.operands or ("list",)
    if verb not in _VERBS:
        raise CallError(f"`retrouve models` does not know `{verb}`: it is {USAGE}.")
    words, options, act = _VERBS[verb]
    if not (len(operands) == words or (verb == "tidy" and len(operands) == 1)):
        raise CallError(f"`retrouve models {verb}` is called otherwise: {USAGE}.")
    for option in ("name", "architecture", "tag", "at_once", "probe", "accept_licence", "graphs"):
        if call.options[option] not in (None, False) and option not in options:
            raise CallError(f"--{option.replace('_', '-')} says nothing to `retrouve models {verb}`.")
    return act(call, operands, console)


def _list(call: Call, _operands: list[str], console: Console) -> int:
    from core.models.choices import choices
    from core.models.kept import KeptModels
    from core.models.shelf import Shelf
    from core.types import Place

    shelf = Shelf()
    shelf.clear_drafts()
    if call.options["probe"]:
        _probe(shelf, console)
    found = choices(shelf, KeptModels(call.library).all())
    models = [choice for choice in found if choice.place is not Place.BROKEN]
    broken = [choice for choice in found if choice.place is Place.BROKEN]
    answering, wanted, used = _used(call)
    console.document(
        {
            "models": [as_document(choice) for choice in models],
            "unusable": [{"folder": choice.folder, "reason": choice.reason} for choice in broken],
            "answering": answering,
            "wanted": wanted,
        }
    )
    console.table([_row(choice) for choice in models], head=_HEAD, right=(2, 4, 5, 6))
    for choice in broken:
        console.say(f"{choice.name} cannot be used: {choice.reason}")
    if used:
        console.say(used)
    if console.on_terminal:
        console.say("")
        console.say(
            "ImageNet: how often it names a photo right, of 1,000 names. COCO: how often the photo of a sentence"
        )
        console.say("comes first among 5,000. Both in percent, as published: --json says where.")
        if all(choice.photos_a_second is None for choice in models):
            console.say("`retrouve models list --probe` measures how many photos a second each would take in here.")
    return 0


def _used(call: Call) -> tuple[str | None, str | None, str]:
    """The ids of the models that answer in this library and are wanted in it, and that as a sentence; None and nothing
    where there is no library yet, or it cannot be opened."""
    with suppress(RetrouveError), open_library(call.library) as library:
        answering, wanted = library.answering, library.info
        said = f"This library is searched with {answering.name}"
        if wanted.model_id != answering.model_id:
            said += f", until {wanted.name} has encoded all photos"
        return answering.model_id, wanted.model_id, f"{said}."
    return None, None, ""


_HEAD = ("name", "here", "size", "licence", "ImageNet", "COCO", "photos/s", "languages")


def _row(choice: ModelChoice) -> tuple[str, ...]:
    from core.types import Place

    rate = choice.photos_a_second
    here = {Place.KEPT: "in this library", Place.HUB: "in part" if choice.fetched else ""}
    return (
        choice.name,
        here.get(choice.place, "yes"),
        size(choice.bytes),
        "research only" if choice.research_only else choice.licence,
        _share(choice.imagenet),
        _share(choice.coco),
        "" if rate is None else f"{rate:.0f}" if rate >= 10 else f"{rate:.1f}",
        ", ".join(choice.languages),
    )


def _share(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f}"


def _probe(shelf: Shelf, console: Console) -> None:
    """Measure photos a second of each model on this machine, and keep it for this list and the next."""
    from core.models import estimating
    from core.models.curated import curated

    with ProgressBar(console) as bar:
        rates = estimating.probe(
            curated(),
            shelf.all(),
            on_progress=lambda done, total: bar.update("Measuring", done, total, amount=f"{done} of {total}"),
        )
    estimating.keep(shelf, rates)


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
    try:
        with ProgressBar(console) as bar:
            report = fetch(shelf, chosen, steps_of(bar))
    except KeyboardInterrupt:
        console.fail("Interrupted. What is fetched already is kept: the same command goes on from there.")
        return 130
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
    from core.models.choices import choice_of
    from core.models.shelf import Shelf

    info, fitted = report.info, report.fitted
    console.document({"model": as_document(choice_of(info, Shelf())), "remarks": list(report.remarks)})
    console.say(f"`{info.name}` is on the shelf: {info.folder}")
    if fitted is not None and fitted.measured:
        console.say(
            f"It puts {percent(fitted.found_at_5)} of the sample photos among the first five for their caption."
        )
    for remark in report.remarks:
        console.say(remark)


def _export(call: Call, operands: list[str], console: Console) -> int:
    from core.models.choices import choice_of
    from core.models.exporting import export_model
    from core.models.shelf import Shelf

    shelf = Shelf()
    info = shelf.find(operands[0])
    with ProgressBar(console) as bar:
        written = export_model(info, absolute(operands[1]), steps_of(bar), _not_for_exports(call, shelf))
    choice = choice_of(written, shelf)
    console.document({"model": as_document(choice)})
    console.say(f"`{written.name}` is written to {written.folder}: {size(choice.bytes)}.")
    return 0


def _not_for_exports(call: Call, shelf: Shelf) -> dict[Path, str]:
    """The folders that hold what is not to be mixed with an export, and what each is."""
    found = {shelf.folder: f"the shelf, {shelf.folder}", call.library: f"the library, {call.library}"}
    with suppress(RetrouveError), open_library(call.library) as library:
        found |= {root: f"a folder of your photos, {root}" for root in root_paths(library)}
    return found


def _remove(_call: Call, operands: list[str], console: Console) -> int:
    from core.models.shelf import Shelf

    folder = Shelf().remove(operands[0])
    console.document({"removed": operands[0], "folder": folder})
    console.say(f"`{operands[0]}` is off the shelf. A library that uses it keeps its own copy.")
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


def as_document(choice: ModelChoice) -> dict[str, Any]:
    """A model as ``--json`` has it, at hand or not: what cannot be known yet is null."""
    from core.models.hub import PREFIX
    from core.types import Place

    to_fetch = choice.place is Place.HUB
    return {
        "name": choice.name,
        "model_id": choice.model_id,
        "folder": choice.folder,
        "here": not to_fetch,
        "place": choice.place.name.lower(),
        "runs_on": None if choice.runs_on is None else choice.runs_on.name.lower(),
        "dim": choice.dim,
        "image_size": choice.image_size,
        "context_length": choice.context_length,
        "precisions": list(choice.precisions) or None,
        "bytes": choice.bytes,
        "fetched": choice.fetched,
        "licence": choice.licence or None,
        "languages": list(choice.languages) or None,
        "source": f"{PREFIX}{choice.source}" if to_fetch else choice.source or None,
        "imagenet": choice.imagenet,
        "coco": choice.coco,
        "figures": choice.figures or None,
        "photos_per_second": choice.photos_a_second,
        "about": choice.about or None,
        "research_only": choice.research_only,
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
