"""What an import of captions did, in sentences: for the command line and for the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.cli.wording import counted

if TYPE_CHECKING:
    from core.captioning.captions import CaptionReport


def sentences(report: CaptionReport) -> list[str]:
    """What an import did, for people: first what was taken, then what was not and why."""
    said = [
        f"{counted(report.pairs, 'pair')} of a photo and a sentence read: {report.added:,} added, "
        f"{report.known:,} known already. {counted(report.photos, 'photo')} of the library have captions of this file."
    ]
    if report.repeated:
        said.append(f"{report.repeated:,} stand there twice.")
    if report.empty:
        said.append(f"{report.empty:,} have no words.")
    if report.overlong:
        said.append(f"{report.overlong:,} are long: kept whole, but a model reads their beginning alone.")
    if report.unknown:
        some = ", ".join(report.unknown_photos[:3])
        more = ", ..." if report.unknown > 3 else ""
        said.append(f"{report.unknown:,} are of photos that are not in the library ({some}{more}).")
    if report.ambiguous:
        said.append(f"{report.ambiguous:,} name a photo by a name that several have: give its path.")
    if report.broken:
        said.append(f"{counted(report.broken, 'row')} could not be read ({report.broken_rows[0]}).")
    return said
