"""``retrouve search QUERY --export FORMAT --to TARGET``: what was found, as a list or as copies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.calls import MOST, absolute
from app.cli.interrupts import StopRequest
from app.cli.progress import ProgressBar
from app.cli.wording import counted
from core.errors import CallError, TargetTaken

if TYPE_CHECKING:
    from app.cli.console import Console
    from core.exporting import ExportReport
    from core.library import Library
    from core.types import Hit, Order

STDOUT = "-"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to export, and where to; None stands for stdout."""

    format: str
    target: Path | None
    overwrite: bool


def wanted_export(options: Mapping[str, Any], console: Console) -> Wanted | None:
    """What the options ask for; None for no export. Raises CallError for options that do not fit each other."""
    format, to, overwrite = options["export"], options["to"], options["overwrite"]
    if format is None:
        if to is not None or overwrite:
            raise CallError("--to and --overwrite need --export, which says what to write: paths, csv, json or copies.")
        return None
    if format == "copies" and to in (None, STDOUT):
        raise CallError("Copies need a folder: `--export copies --to FOLDER`.")
    if to in (None, STDOUT):
        if console.as_json:
            raise CallError("--json has stdout to itself: name the file of the export with --to.")
        if overwrite:
            raise CallError("--overwrite needs a file: name it with --to.")
        return Wanted(format, None, False)
    return Wanted(format, absolute(to), overwrite)


def export(library: Library, query: str, order: Order, top: int | None, wanted: Wanted, console: Console) -> int | None:
    """Find and write: all good matches, or the first ``top`` photos. The exit code; None when nothing was found."""
    from core.exporting import Format, as_bytes, written

    hits, total, nearest = _found(library, query, order, top)
    if not total:
        if not nearest:
            return None
        sentence = f"No good match, so nothing was written. `--top {min(nearest, 20)}` exports the nearest photos."
        console.document({"written": 0, "note": sentence})
        console.say(sentence)
        return 1
    format = Format(wanted.format)
    if wanted.target is None:
        for piece in written(hits, format):
            console.data(as_bytes(piece))
        return 0
    with StopRequest(console) as stop:
        report, finished = _write(library, hits, format, wanted, total, console, stop)
    return _tell(report, format, finished, console)


def _found(library: Library, query: str, order: Order, top: int | None) -> tuple[Iterable[Hit], int, int]:
    """The hits to export and their number, and how many photos came near without being good matches."""
    from core.exporting import hits_of
    from core.search.grammar import only_filters, parse

    terms = parse(query).terms
    if terms and all(map(only_filters, terms)):
        ids = library.browse(query, order)[:top]
        return hits_of(library, ids, query), len(ids), 0
    result = library.search(query, top=top or MOST, order=order)
    chosen = result.hits if top else tuple(hit for hit in result.hits if hit.strong)
    return chosen, len(chosen), len(result.hits) - len(chosen)


def _write(
    library: Library,
    hits: Iterable[Hit],
    format: Any,
    wanted: Wanted,
    total: int,
    console: Console,
    stop: StopRequest,
) -> tuple[ExportReport, bool]:
    from core.exporting import ExportReport

    assert wanted.target is not None
    report, finished = ExportReport(wanted.target), False
    run = library.exporter.export(hits, format, wanted.target, total=total, overwrite=wanted.overwrite, cancelled=stop)
    with ProgressBar(console) as bar, closing(run) as steps:
        try:
            for step in steps:
                report, finished = step.report, step.finished
                if not finished:
                    bar.update("Writing", step.done, step.total)
        except KeyboardInterrupt:
            return report, False
        except TargetTaken as error:
            raise CallError(f"{wanted.target} is there already. Name another file, or add --overwrite.") from error
    return report, finished


def _tell(report: ExportReport, format: str, finished: bool, console: Console) -> int:
    """Say what was done. Exit 3 when every photo failed."""
    document = {
        "target": report.target,
        "format": str(format),
        "written": report.written,
        "renamed": report.renamed,
        "present": report.present,
        "failed": [{"path": path, "reason": reason} for path, reason in report.failed],
    }
    copies = format == "copies"
    if not finished:
        kept = f"{counted(report.written, 'copy', 'copies')} of this export stay" if copies else "nothing was written"
        console.fail(f"Interrupted: {kept}.", **document)
        return 130
    console.document(document)
    if not console.as_json:
        for path, reason in report.failed:
            console.remark(f"retrouve: {path}: {reason}")
    console.say(sentence(report, copies))
    return 3 if report.failed and not (report.written or report.present) else 0


def sentence(report: ExportReport, copies: bool) -> str:
    """What an export did, for people."""
    if not copies:
        return f"{counted(report.written, 'photo')} written to {report.target}."
    parts = [f"{counted(report.written, 'photo')} copied to {report.target}"]
    if report.renamed:
        parts.append(f"{report.renamed:,} under another name, since theirs was taken")
    if report.present:
        parts.append(f"{report.present:,} there already")
    if report.failed:
        parts.append(f"{len(report.failed):,} could not be copied")
    return f"{'; '.join(parts)}."
