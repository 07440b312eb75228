"""``retrouve tags export --xmp``: accepted tags and captions, written into sidecars for every other program."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from app.cli.calls import Call
from app.cli.interrupts import StopRequest
from app.cli.opening import open_library
from app.cli.progress import ProgressBar
from app.cli.wording import counted
from core.errors import CallError

if TYPE_CHECKING:
    from app.cli.console import Console
    from core.library import Library
    from core.tagging.types import Planned, SidecarReport

_MOST_NOTES = 20
"""Notes that a person is shown."""
_CAPTION = 60
"""Characters of a caption that a person is shown."""

USAGE = "`retrouve tags export --xmp`, with --dry-run to see what would be written, or --undo to take it back"


def export(call: Call, console: Console) -> int:
    """Write sidecars, show what would be written, or undo the last export. Exit 3 when some sidecar was refused."""
    extra = call.operands[1:] if call.operands[:1] == ("export",) else call.operands
    if extra:
        raise CallError(f"`retrouve tags export` does not know what to do with `{extra[0]}`: it is {USAGE}.")
    if not call.options.get("xmp"):
        raise CallError(f"`retrouve tags export` needs --xmp: it is {USAGE}.")
    if call.options.get("undo") and call.options.get("dry_run"):
        raise CallError("--undo takes back what was written, and a dry run writes nothing: name one of the two.")
    with open_library(call.library) as library:
        if call.options.get("undo"):
            return _undo(library, console)
        return _write(library, bool(call.options.get("dry_run")), console)


def _write(library: Library, dry_run: bool, console: Console) -> int:
    from core.tagging.types import SidecarReport

    report, done, total = SidecarReport(), 0, 0
    interrupted = False
    with StopRequest(console) as stop, ProgressBar(console) as bar:
        run = library.tagging.sidecars.write(cancelled=stop, dry_run=dry_run)
        with closing(run) as steps:
            try:
                for step in steps:
                    report, done, total = step.report, step.done, step.total
                    bar.update("Looking" if dry_run else "Writing", done, total)
            except KeyboardInterrupt:
                interrupted = True
        interrupted = interrupted or stop()
    document = {**_as_document(report), "dry_run": dry_run, "sidecars": list(map(_sidecar, report.sidecars))}
    if interrupted:
        console.fail(f"Interrupted: {counted(report.written, 'sidecar')} of this export stay.", **document)
        return 130
    console.document(document)
    _tell_refused(report, console)
    if dry_run:
        _show_plans(report, console)
    _tell_notes(report, console)
    console.say(_sentence(report, dry_run))
    return _code(report, total)


def _undo(library: Library, console: Console) -> int:
    if not library.tagging.sidecars.can_undo():
        console.document({**_as_document(library.tagging.sidecars.undo()), "dry_run": False, "sidecars": []})
        console.say("No export is there to be undone.")
        return 1
    with StopRequest(console) as stop:
        report = library.tagging.sidecars.undo(stop)
        interrupted = stop()
    document = {**_as_document(report), "dry_run": False, "sidecars": []}
    if interrupted:
        console.fail("Interrupted: `retrouve tags export --xmp --undo` takes back the rest.", **document)
        return 130
    console.document(document)
    _tell_refused(report, console)
    left = f"; {len(report.refused):,} could not be" if report.refused else ""
    were = "it was" if report.written == 1 else "they were"
    console.say(f"{counted(report.written, 'sidecar')} put back as {were} before the last export{left}.")
    return _code(report, 1)


def _code(report: SidecarReport, total: int) -> int:
    if not total:
        return 1
    return 3 if report.refused else 0


def _sentence(report: SidecarReport, dry_run: bool) -> str:
    if not (report.written or report.unchanged or report.refused):
        return (
            "No photo has an accepted tag or a caption of yours to write. `retrouve tags accept PHOTO LABEL` makes one."
        )
    verb = "would be written" if dry_run else "written"
    parts = [f"{counted(report.written, 'sidecar')} {verb}"]
    if report.unchanged:
        parts.append(f"{report.unchanged:,} {'says' if report.unchanged == 1 else 'say'} it already")
    if report.refused:
        parts.append(
            f"{len(report.refused):,} could not be written"
            if not dry_run
            else f"{len(report.refused):,} cannot be written"
        )
    tail = " `retrouve tags export --xmp --undo` takes it back." if report.written and not dry_run else ""
    return f"{'; '.join(parts)}.{tail}"


def _tell_refused(report: SidecarReport, console: Console) -> None:
    if not console.as_json:
        for path, reason in report.refused:
            console.remark(f"retrouve: {path}: {reason}")


def _tell_notes(report: SidecarReport, console: Console) -> None:
    if console.as_json or console.quiet:
        return
    for path, note in report.notes[:_MOST_NOTES]:
        console.remark(f"retrouve: {path}: {note}")
    if len(report.notes) > _MOST_NOTES:
        console.remark(f"retrouve: ... and so for {len(report.notes) - _MOST_NOTES:,} more.")


def _show_plans(report: SidecarReport, console: Console) -> None:
    """A line a sidecar: in a pipe, which has no headings, each cell says what it is."""
    plans = [_row(plan) for plan in report.sidecars]
    if console.on_terminal:
        heads = ("sidecar", "adds keywords", "takes keywords away", "caption")
        used = [place for place in range(len(heads)) if not place or any(row[place] for row in plans)]
        head = [heads[place] for place in used]
        console.table([[row[place] for place in used] for row in plans], head=head if plans else ())
        return
    words = ("", "adds ", "takes away ", "caption: ")
    console.table([[f"{word}{cell}" if cell else "" for word, cell in zip(words, row, strict=True)] for row in plans])


def _row(plan: Planned) -> Sequence[str]:
    """With the whole path: it is a file in a folder of theirs that will be written, and names alone are alike."""
    return str(plan.sidecar), ", ".join(plan.adds_at), ", ".join(plan.removes_at), _caption(plan.caption)


def _caption(written: str | None) -> str:
    """The caption that a sidecar gets, in one line and shortened; that the one of before goes; empty where it stays."""
    if written is None:
        return ""
    line = " ".join(written.split())
    if len(line) > _CAPTION:
        line = f"{line[:_CAPTION].rstrip()}…"
    return f"“{line}”" if line else "that of before goes"


def _as_document(report: SidecarReport) -> dict[str, object]:
    return {
        "written": report.written,
        "unchanged": report.unchanged,
        "refused": [{"path": path, "reason": reason} for path, reason in report.refused],
    }


def _sidecar(plan: Planned) -> dict[str, object]:
    return {
        "path": plan.sidecar,
        "photo": plan.photo,
        "adds": plan.adds,
        "removes": plan.removes,
        "adds_at": plan.adds_at,
        "removes_at": plan.removes_at,
        "caption": plan.caption,
        "note": plan.note,
    }
