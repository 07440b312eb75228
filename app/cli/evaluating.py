"""``retrouve evaluate``: how well a model finds captioned photos, and tells sorted ones apart."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.calls import Call, absolute
from app.cli.progress import ProgressBar
from core.errors import CallError, CatalogMissing

if TYPE_CHECKING:
    from app.cli.console import Console
    from core.adapters.names import NameBook
    from core.evaluation.folder import EvaluationReport
    from core.models.encoder import Encoder


def evaluate(call: Call, console: Console) -> int:
    """Measure the bundled model, or the one in ``--model``, on a folder, with the names that the library has learned
    for it. Nothing of the library takes part but those, and where there is none it is the model alone."""
    from core.evaluation.folder import evaluate as measure

    folder = absolute(call.operands[0])
    where = read_where(call.options["where"])
    encoder, adapter = _encoder(call.options["model"], call.library)
    with ProgressBar(console) as bar:
        report = measure(
            folder, encoder, where=where, on_progress=lambda done, total: bar.update("Encoding", done, total)
        )
    console.document(report.to_json() | {"adapter": adapter})
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


def _encoder(model: str | None, library: Path) -> tuple[Encoder, str | None]:
    """The encoder, and the adapter of the library that is in it."""
    from core.models import registry

    folder = _folder_of(model) if model else registry.starter_folder()
    info, encoder = registry.load_info(folder), registry.build_encoder(registry.spec_for(folder, None))
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


def _show(report: EvaluationReport, console: Console) -> None:
    rows: list[tuple[str, str]] = []
    for name, value in report.to_json().items():
        if isinstance(value, float):
            rows.append((name.replace("_", " "), f"{value:.1%}"))
        elif isinstance(value, (tuple, list)) and value:
            rows.append((name.replace("_", " "), " to ".join(f"{part:.1%}" for part in value)))
        elif (isinstance(value, int) and value) or isinstance(value, str):
            rows.append((name.replace("_", " "), f"{value:,}" if isinstance(value, int) else value))
    console.table(rows)
