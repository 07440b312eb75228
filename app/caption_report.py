"""What an import of captions did, in sentences: for the command line and for the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.cli.wording import counted
from core.photos.facts import LONGEST_TEXT

if TYPE_CHECKING:
    from core.captioning.captions import CaptionReport


def sentences(report: CaptionReport) -> list[str]:
    """What an import did, for people: first what was taken, then what was not and why."""
    said = [
        f"{counted(report.pairs, 'pair')} of a photo and a sentence read: {report.added:,} added, "
        f"{report.known:,} known already. {counted(report.photos, 'photo')} of the library have captions of this file."
    ]
    if report.repeated:
        said.append(f"{_some(report.repeated, 'stands', 'stand')} there twice.")
    if report.empty:
        said.append(f"{_some(report.empty, 'has', 'have')} no words.")
    if report.overlong:
        said.append(f"{_some(report.overlong, 'is', 'are')} long: a model reads the beginning alone.")
    if report.cut:
        said.append(f"{_some(report.cut, 'is', 'are')} cut: {LONGEST_TEXT:,} characters of a caption are kept.")
    if report.unknown:
        some = ", ".join(report.unknown_photos[:3])
        more = ", ..." if report.unknown > 3 else ""
        said.append(
            f"{_some(report.unknown, 'is of a photo', 'are of photos')} that the library does not have ({some}{more})."
        )
    if report.ambiguous:
        said.append(f"{_some(report.ambiguous, 'names', 'name')} a photo by a name that several have: give its path.")
    if report.broken:
        said.append(f"{counted(report.broken, 'row')} could not be read ({report.broken_rows[0]}).")
    return said


def _some(count: int, one: str, more: str) -> str:
    return f"{count:,} {one if count == 1 else more}"
