"""``retrouve evaluate``: how well a model finds captioned photos, and tells sorted ones apart."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.calls import Call, absolute
from app.cli.progress import ProgressBar
from app.cli.wording import counted
from core.errors import CallError, CatalogMissing

if TYPE_CHECKING:
    from app.cli.console import Console
    from core.adapters.names import NameBook
    from core.errors import PhotoError
    from core.evaluation.folder import EvaluationReport
    from core.models.encoder import Encoder

TOLD = 5
"""Photos that could not be read and are named for a person; with ``--json`` all are."""


def evaluate(call: Call, console: Console) -> int:
    """Measure the bundled model, or the one in ``--model``, on a folder, with the names that the library has learned
    for it. Nothing of the library takes part but those, and where there is none it is the model alone."""
    from core.evaluation.folder import evaluate as measure

    folder = absolute(call.operands[0])
    where = read_where(call.options["where"])
    encoder, adapter = _encoder(call.options["model"], call.library, call.options["precision"])
    faults: list[PhotoError] = []
    with ProgressBar(console) as bar:
        report = measure(
            folder,
            encoder,
            where=where,
            on_progress=lambda done, total: bar.update("Encoding", done, total),
            faults=faults,
        )
    failures = [{"path": fault.path, "reason": fault.reason} for fault in faults]
    console.document(report.to_json() | {"adapter": adapter, "why": _why(report), "failures": failures})
    if not console.as_json:
        _tell(faults, console)
    _show(report, console)
    if adapter is not None:
        console.say(f"With the names of the adapter {adapter}: `retrouve adapters off {adapter}` leaves them out.")
    return 0


def read_where(options: list[str]) -> dict[str, list[str]]:
    """``KEY=VALUE`` options as the values of each key. Raises CallError for what has no key."""
    where: dict[str, list[str]] = {}
    for option in options:
        key, sign, value = option.partition("=")
        if not sign or not key:
            raise CallError(f"--where takes KEY=VALUE, not `{option}`.")
        where.setdefault(key, []).append(value)
    return where


def _encoder(model: str | None, library: Path, wanted: str | None) -> tuple[Encoder, str | None]:
    """The encoder, and the adapter of the library that is in it. Raises CallError where it would not run in the
    precision that is wanted: figures would be taken for what they are not."""
    from core.models import registry
    from core.models.encoder import precision_of

    folder = _folder_of(model) if model else registry.starter_folder()
    # `retrouve train` says fp32, as torch's users do; a model's description, and what is shown here, f32.
    precision = "auto" if wanted is None else wanted.replace("fp32", "f32")
    info = registry.load_info(folder)
    encoder = registry.build_encoder(registry.spec_for(folder, None, precision=precision))
    if wanted and (found := precision_of(encoder)) != precision:
        raise CallError(f"This machine runs the model in {found}, not in {precision}: leave --precision away.")
    book = _book(library, info.model_id)
    if not book:
        return encoder, None
    from core.adapters.encoding import NamedEncoder

    return NamedEncoder(encoder, book, info.calibration), book.adapter


def _book(library: Path, model_id: str) -> NameBook | None:
    """What the library has learned for a model; None where there is no library."""
    from core.library import Library

    try:
        with Library.open(library, create=False) as opened:
            return opened.adapters.book(model_id)
    except CatalogMissing:
        return None


def _folder_of(model: str) -> Path:
    """A folder, or the name of a model on the shelf."""
    folder = absolute(model)
    if folder.is_dir():
        return folder
    from core.models.shelf import Shelf

    return Shelf().find(model).folder


def _why(report: EvaluationReport) -> str | None:
    """Why there is no figure; None where there is one."""
    if report.captions or report.classes > 1:
        return None
    if report.classes:
        return (
            "There is no figure: all photos that could be read are of one class, and there is no other to tell it "
            "from. Add photos of another class (a sub-folder each), or captions (captions.jsonl)."
        )
    return "There is no figure: the photos that could be read have neither captions nor labels."


def _tell(faults: list[PhotoError], console: Console) -> None:
    """The first few photos that are left out, with their reasons, on stderr."""
    if not faults:
        return
    console.remark(f"{counted(len(faults), 'photo')} could not be read, and the figures leave them out:")
    for fault in faults[:TOLD]:
        console.remark(f"  {fault}")
    if len(faults) > TOLD:
        console.remark(f"  and {len(faults) - TOLD:,} more; --json names them all")


def _show(report: EvaluationReport, console: Console) -> None:
    """The figures, each with its interval, and why there is none."""
    rows: list[tuple[str, str]] = []
    said = report.to_json()
    for name, value in said.items():
        if isinstance(value, float):
            low, high = said[f"{name}_interval"]
            rows.append((name.replace("_", " "), f"{value:.1%} ({low:.1%} to {high:.1%})"))
        elif (isinstance(value, int) and value) or isinstance(value, str):
            rows.append((name.replace("_", " "), f"{value:,}" if isinstance(value, int) else value))
    console.table(rows)
    if why := _why(report):
        console.line(why)
