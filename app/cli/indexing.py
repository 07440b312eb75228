"""``retrouve index``: adding folders and bringing the library up to date."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.calls import Call, absolute
from app.cli.interrupts import StopRequest
from app.cli.opening import open_library
from app.cli.progress import ProgressBar
from app.cli.wording import counted, duration, size
from core.errors import CallError, CatalogMissing, FileNamed, FolderError
from core.types import IndexReport, Phase

if TYPE_CHECKING:
    from app.cli.console import Console
    from core.library import Library
    from core.types import ModelMove

LABELS = {
    Phase.SCANNING: "Looking",
    Phase.READING: "Reading",
    Phase.ENCODING: "Encoding",
    Phase.FINISHING: "Finishing",
    Phase.DONE: "Done",
}

NO_FOLDER = "The library has no folder yet. `retrouve index FOLDER` adds one and indexes the photos in it."


def index(call: Call, console: Console) -> int:
    """Add the folders named, and index them; without one, update all."""
    folders = [absolute(text) for text in call.operands]
    patterns: list[str] = call.options["ignore"]
    if patterns and not folders:
        raise CallError("--ignore needs the folder that it is for: `retrouve index FOLDER --ignore PATTERN`.")
    for folder in folders:
        require_folder(folder)
    try:
        library = open_library(call.library, create=bool(folders))
    except CatalogMissing as error:
        raise CallError(NO_FOLDER) from error
    with library:
        for folder in folders:
            library.add_root(folder)
            library.ignore(folder, patterns)
        if not folders and not library.roots():
            raise CallError(NO_FOLDER)
        before = library.move()
        with StopRequest(console) as stop:
            gently = call.options["gentle"] or None
            report, finished = run_index(library, folders or None, console, stop, gently=gently)
        if not finished:
            console.fail(_interrupted(report), **as_document(report))
            return 130
        return _finish(report, library, _moved(before, library), console)


def require_folder(folder: Path) -> None:
    """Raise `FolderError` for what is not there and `FileNamed` for a file, before anything else is touched."""
    if not folder.exists():
        raise FolderError(f"{folder} is not there.")
    if not folder.is_dir():
        raise FileNamed(folder)


def run_index(
    library: Library,
    folders: list[Path] | None,
    console: Console,
    cancelled: Callable[[], bool],
    *,
    gently: bool | None = None,
) -> tuple[IndexReport, bool]:
    """Run the indexer with its progress shown: the counts, and whether it came to its end."""
    report, finished = IndexReport(), False
    run = library.index(folders, cancelled=cancelled, gently=gently)
    with ProgressBar(console) as bar, closing(run) as steps:
        try:
            for step in steps:
                report, finished = step.report, step.phase is Phase.DONE
                if not finished:
                    label = "Updating" if step.updating else LABELS[step.phase]
                    bar.update(label, step.done, step.total, rate=step.rate, seconds_left=step.seconds_left)
        except KeyboardInterrupt:
            return report, False
    return report, finished and not cancelled()


def as_document(report: IndexReport) -> dict[str, object]:
    """The counts as JSON has them."""
    return asdict(report)


def _moved(before: ModelMove | None, library: Library) -> str | None:
    """What came of a move to another model; None where there was and is none."""
    after = library.move()
    if after is not None:
        return after.sentence if after.waits_for else f"{after.sentence} `retrouve index` goes on with it."
    if before is None:
        return None
    said = f"All photos are encoded by the model {before.new}, and it answers now."
    left = [one for one in library.left_models() if not one.needed]
    if not left:
        return said
    names, room = " and ".join(one.model_id for one in left), size(sum(one.bytes for one in left))
    return f"{said} What is left of {names}, to go back to it, takes {room}: `retrouve models tidy` removes that."


def _finish(report: IndexReport, library: Library, moved: str | None, console: Console) -> int:
    """Say what was done. Exit 3 when nothing could be looked at: all that was asked for is away."""
    online = [status for status in library.roots() if status.online]
    if report.offline and not report.scanned and not online:
        away = ", ".join(str(path) for path in report.offline)
        console.fail(f"Not there at the moment, and kept as it was: {away}.", **as_document(report))
        return 3
    remark = library.remark
    note = " ".join(words for words in (library.called_off, moved, remark) if words)
    console.document(as_document(report) | ({"note": note} if note else {}))
    console.say(summary(report))
    if report.suggested or report.accepted:
        console.say(_ruled(report))
    for words in (library.called_off, moved):
        if words:
            console.say(words)
    if remark:
        console.say(remark)
    if unread := library.unread_sidecars():
        were = "its keywords are" if unread == 1 else "their keywords are"
        console.say(f"{counted(unread, 'sidecar')} could not be read; {were} not known. `retrouve failures` says why.")
    if report.failed:
        console.say("`retrouve failures` lists what could not be read, and why.")
    for path in report.offline:
        console.say(f"Offline, and kept as it was: {path}")
    return 0


def summary(report: IndexReport) -> str:
    """The counts of a run as a sentence."""
    parts = [f"{report.encoded:,} encoded", f"{report.reused:,} known already"]
    if report.failed:
        parts.append(f"{report.failed:,} could not be read")
    if report.forgotten:
        parts.append(f"{report.forgotten:,} forgotten, since they are gone")
    rate = f" ({report.encoded / report.seconds:,.0f} a second)" if report.encoded > 9 and report.seconds > 1 else ""
    looked = counted(report.scanned, "photo")
    return f"Looked at {looked} in {duration(report.seconds)}: {', '.join(parts)}{rate}."


def _ruled(report: IndexReport) -> str:
    """What the rules for folders did."""
    accepted = f", {counted(report.accepted, 'tag')} accepted" if report.accepted else ""
    waiting = " `retrouve tags list --state suggested` lists what waits for you." if report.suggested else ""
    return f"By your rules: {counted(report.suggested, 'tag')} suggested{accepted}.{waiting}"


def _interrupted(report: IndexReport) -> str:
    stored = report.encoded + report.reused
    kept = f"{counted(stored, 'photo')} of this run {'is' if stored == 1 else 'are'} stored"
    return f"Interrupted. {kept}; `retrouve index` goes on where it was."
