"""``retrouve evaluate``: how well a model finds captioned photos, and tells sorted ones apart."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.calls import Call, absolute
from app.cli.progress import ProgressBar
from core.errors import CallError

if TYPE_CHECKING:
    from app.cli.console import Console
    from core.evaluation.folder import EvaluationReport
    from core.models.encoder import Encoder


def evaluate(call: Call, console: Console) -> int:
    """Measure the bundled model, or the one in ``--model``, on a folder. The library takes no part."""
    from core.evaluation.folder import evaluate as measure

    folder = absolute(call.operands[0])
    where = read_where(call.options["where"])
    encoder = _encoder(call.options["model"])
    with ProgressBar(console) as bar:
        report = measure(
            folder, encoder, where=where, on_progress=lambda done, total: bar.update("Encoding", done, total)
        )
    console.document(report.to_json())
    _show(report, console)
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


def _encoder(model: str | None) -> Encoder:
    from core.models import registry

    folder = _folder_of(model) if model else registry.starter_folder()
    return registry.build_encoder(registry.spec_for(folder, None))


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
