"""``retrouve tag`` and ``retrouve classify``: labels for the photos of a library, and for any photos at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.calls import Call, absolute
from app.cli.indexing import require_folder
from app.cli.interrupts import StopRequest
from app.cli.opening import any_library, open_library, root_paths
from app.cli.progress import ProgressBar
from app.cli.wording import beside_root, counted, duration, percent
from core.errors import CallError

if TYPE_CHECKING:
    from app.cli.console import Console
    from core.library import Library
    from core.tagging.types import Classified, LabelList, Suggestion, TagReport

_SHOWN = 40
"""Lines of a dry run that a person is shown."""
_NAMED = 5
"""Labels that a sentence names."""
_LIKELIEST = 5
"""Labels of a photo that a person is shown, and all that would be suggested."""


def tag(call: Call, console: Console) -> int:
    """Suggest labels of a list for the photos of a folder, or of the whole library."""
    name, dry_run = call.options["labels"], call.options["dry_run"]
    if not name:
        raise CallError("Say which labels: `retrouve tag --labels LIST`. `retrouve labels list` shows the lists.")
    folder = absolute(call.operands[0]) if call.operands else None
    with open_library(call.library) as library:
        if folder is not None:
            require_folder(folder)
        lists = library.tagging.lists
        # A dry run changes nothing: a ready list, which using keeps in the library, is only looked at.
        labels = (lists.find(name) if dry_run else None) or lists.get(name)
        with StopRequest(console) as stop:
            report, found, finished = _run(library, labels, folder, call, console, stop)
        document = _document(labels, report) | ({"would": _by_photo(found, library)} if dry_run else {})
        if not finished:
            kept = "Nothing was written." if dry_run else "What was suggested so far stays."
            console.fail(f"Interrupted after {counted(report.photos, 'photo')}. {kept}", **document)
            return 130
        console.document(document)
        if dry_run:
            _show_dry(found, library, console)
        for sentence in _sentences(labels, report, call.options["accept_above"], dry_run):
            console.say(sentence)
    return 0


def classify(call: Call, console: Console) -> int:
    """How likely each label is on each photo. The photos need not be in the library, nor need there be one."""
    if not call.options["labels"]:
        raise CallError("Say which labels: `retrouve classify PHOTO --labels dog,cat`.")
    paths = [absolute(text) for text in call.operands]
    folder = next((path for path in paths if path.is_dir()), None)
    if folder is not None:
        raise CallError(f"{folder} is a folder. Name photos; `retrouve tag FOLDER --labels LIST` is for folders.")
    with any_library(call.library) as library:
        labels = _labels(call.options["labels"], library)
        answers = library.tagging.suggester.classify(paths, labels)
        line = library.tagging.suggester.line
    failed = [answer for answer in answers if answer.reason is not None]
    readable = [answer for answer in answers if answer.reason is None]
    document: dict[str, Any] = {
        "photos": [{"path": answer.path, "tags": _tags(answer, line)} for answer in readable],
        "failed": [{"path": answer.path, "reason": answer.reason} for answer in failed],
    }
    if not readable:
        first = failed[0]
        console.fail(f"{first.path}: {str(first.reason).rstrip('.')}.", **document)
        return 3
    console.document(document)
    for answer in readable:
        _show_answer(answer, line, len(paths) > 1, console)
    if not console.as_json:
        for answer in failed:
            console.remark(f"{answer.path}: {answer.reason}")
    return 0


def _run(
    library: Library,
    labels: LabelList,
    folder: Path | None,
    call: Call,
    console: Console,
    cancelled: Callable[[], bool],
) -> tuple[TagReport, list[Suggestion], bool]:
    """The counts, what a dry run found, and whether it came to its end."""
    from core.tagging.types import TagReport

    report, found, finished = TagReport(), list[Any](), False
    first: tuple[int, float] | None = None
    run = library.tagging.suggester.run(
        labels,
        folder=folder,
        accept_above=call.options["accept_above"],
        dry_run=call.options["dry_run"],
        cancelled=cancelled,
    )
    with ProgressBar(console) as bar, closing(run) as steps:
        try:
            for step in steps:
                report, finished = step.report, step.done == step.total and not step.learning
                if step.learning:
                    bar.update("Learning", step.done, step.total, amount=f"{step.done:,} of {step.total:,} labels")
                    continue
                found.extend(step.found)
                first = first or (step.done, report.seconds)  # what came before is the labels' texts
                seconds = report.seconds - first[1]
                rate = (step.done - first[0]) / seconds if seconds > 0 else 0.0
                left = (step.total - step.done) / rate if rate > 0 else None
                bar.update("Tagging", step.done, step.total, rate=rate, seconds_left=left)
        except KeyboardInterrupt:
            return report, found, False
    return report, found, finished and not cancelled()


def _document(labels: LabelList, report: TagReport) -> dict[str, Any]:
    return {
        "list": labels.name,
        "photos": report.photos,
        "suggested": report.suggested,
        "accepted": report.accepted,
        "withdrawn": report.withdrawn,
        "unencoded": report.unencoded,
        "seconds": report.seconds,
    }


def _by_photo(found: list[Suggestion], library: Library) -> list[dict[str, Any]]:
    """What a dry run found, by path, each photo's likeliest label first."""
    mine: dict[int, list[Suggestion]] = {}
    for one in found:
        mine.setdefault(one.photo_id, []).append(one)
    photos = sorted(library.photos(list(mine)), key=lambda photo: str(photo.path))
    return [
        {
            "path": photo.path,
            "tags": [
                {"label": one.label, "score": one.score, "source": "auto", "state": one.state}
                for one in sorted(mine[photo.id], key=lambda one: -one.score)
            ],
        }
        for photo in photos
    ]


def _show_dry(found: list[Suggestion], library: Library, console: Console) -> None:
    if console.as_json:
        return
    entries = _by_photo(found, library)
    lines = [(percent(tag["score"]), tag["label"], entry["path"]) for entry in entries for tag in entry["tags"]]
    if not console.on_terminal:
        console.table([(score, label, str(path)) for score, label, path in lines])
        return
    roots = root_paths(library)
    console.table([(score, label, beside_root(path, roots)) for score, label, path in lines[:_SHOWN]], right=(0,))
    if len(lines) > _SHOWN:
        console.say(f"... and {len(lines) - _SHOWN:,} more.")


def _sentences(labels: LabelList, report: TagReport, above: float | None, dry_run: bool) -> Iterator[str]:
    """What was done, and what to do next."""
    if not report.photos and not report.unencoded:
        yield "There is no photo to tag. `retrouve index FOLDER` adds photos."
        return
    would = "would be " if dry_run else ""
    parts = [f"{report.suggested:,} {would}suggested"]
    if above is not None:
        parts.append(f"{report.accepted:,} {would}accepted (above {above:g})")
    if report.withdrawn:
        of = [f"{name} {count:,}" for name, count in report.withdrawn_of[:_NAMED]]
        of += ["…"] if report.withdrawn_of[_NAMED:] else []
        parts.append(f"{report.withdrawn:,} of before {would}withdrawn ({', '.join(of)})")
    looked = counted(report.photos, "photo")
    yield f"Looked at {looked} in {duration(report.seconds)}, list “{labels.name}”: {', '.join(parts)}."
    if report.unencoded:
        are = "is" if report.unencoded == 1 else "are"
        yield f"{counted(report.unencoded, 'photo')} {are} not encoded yet: `retrouve index` does that."
    if dry_run:
        yield "Nothing was written: leave out --dry-run to keep this."
    elif report.suggested:
        yield (
            "`retrouve tags list --state suggested` shows them; `retrouve tags accept PHOTO LABEL`, or `reject`, "
            "decides, and so does the window."
        )


def _labels(text: str, library: Library) -> LabelList:
    """``a,b,c``, or the name of a list."""
    from core.catalog.tags import folded
    from core.tagging.checking import cleaned
    from core.tagging.types import Label, LabelList

    known = library.tagging.lists.find(text) if "," not in text else None
    if known is not None:
        return known
    typed = filter(None, map(cleaned, text.split(",")))
    names: dict[str, str] = {}
    for name in typed:
        names.setdefault(folded(name), name)
    if not names:
        raise CallError("There is no label between the commas: `retrouve classify PHOTO --labels dog,cat`.")
    return LabelList("asked", tuple(Label(name) for name in names.values()))


def _tags(answer: Classified, line: float) -> list[dict[str, Any]]:
    return [
        {"label": label, "score": score, "source": "auto", "state": "suggested" if score >= line else None}
        for label, score in answer.tags
    ]


def _show_answer(answer: Classified, line: float, named: bool, console: Console) -> None:
    shown = [
        (percent(score), label)
        for place, (label, score) in enumerate(answer.tags)
        if place < _LIKELIEST or score >= line
    ]
    if not console.on_terminal:
        console.table([(*row, str(answer.path)) for row in shown])
        return
    if named:
        console.line(f"{answer.path}")
    console.table(shown, right=(0,))
    if not any(score >= line for _, score in answer.tags):
        console.say("None of them is likely enough to be suggested.")
