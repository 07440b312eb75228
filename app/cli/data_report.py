"""What a run of training has to learn from, in sentences: before it begins, and in ``retrouve runs show``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.cli.wording import counted


def sentences(report: Mapping[str, Any]) -> list[str]:
    """For people, the ``data.json`` of a run of any kind: how many pairs there are, what of them cannot be used, and
    what is held out."""
    if "shards" in report:
        return _of_shards(report)
    return [*_of_captions(report), *(_of_names(report) if "names" in report else _of_pairs(report))]


def _of_captions(report: Mapping[str, Any]) -> list[str]:
    said = [
        f"To learn from: {counted(report['captions'], 'caption')} and {counted(report['tags'], 'tag')} on "
        f"{counted(report['captioned'], 'photo')}, of {report['photos']:,} that are indexed."
    ]
    doubts = [
        _some(report, "repeated", "repeats another", "repeat others"),
        _some(report, "empty", "is empty", "are empty"),
        _some(report, "overlong", "is too long to be read whole", "are too long to be read whole"),
    ]
    if any(doubts):
        said.append(f"Of these {_listed([doubt for doubt in doubts if doubt])}.")
    return said


def _some(report: Mapping[str, Any], key: str, one: str, more: str) -> str:
    count = report.get(key, 0)
    return f"{count:,} {one if count == 1 else more}" if count else ""


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _of_names(report: Mapping[str, Any]) -> list[str]:
    names, left = report["names"], report.get("left_out", ())
    if not names:
        return [f"None of the {counted(len(left), 'name')} in them can be learned."] if left else []
    photos = [name["photos"] for name in names]
    each = f"{min(photos)}" if min(photos) == max(photos) else f"{min(photos)} to {max(photos)}"
    rest = f"; {len(left):,} more cannot" if left else ""
    return [
        f"{counted(len(names), 'name')} can be tried, with {each} photos each{rest}. Held out: {report['held_out']}."
    ]


def _of_pairs(report: Mapping[str, Any]) -> list[str]:
    lost = [
        _some(report, "missing", "is not there", "are not there"),
        _some(report, "not_indexed", "is not indexed yet", "are not indexed yet"),
        _some(report, "near_copies", "is nearly the same as another", "are nearly the same as others"),
    ]
    faults = report.get("unreadable", ())
    if faults:
        lost.append(f"{len(faults)}{' or more' if len(faults) == 20 else ''} cannot be read, the first {faults[0]}")
    said = [f"Of the photos {_listed([one for one in lost if one])}."] if any(lost) else []
    if "learned" in report:
        said.append(
            f"{report['learned']:,} photos of {counted(report['albums'], 'folder')} are learned from, and "
            f"{report['replayed']:,} sample photos again, so that nothing is forgotten. "
            f"Held out, {report['held_out']}: {report['choosing']:,} to choose by, {report['judging']:,} to judge by."
        )
    return said


def _of_shards(report: Mapping[str, Any]) -> list[str]:
    if "pairs" not in report:
        return [f"{counted(report['shards'], 'shard')} are read as they come; with --epochs they are counted before."]
    said = [
        f"To learn from: {counted(report['pairs'], 'pair')} of a photo and its captions in "
        f"{counted(report['shards'], 'shard')}; {report['held_out']:,} more held out."
    ]
    doubts = [
        _some(report, "copies", "photo is a copy of another", "photos are copies of others"),
        _some(report, "captions_said_again", "caption repeats another", "captions repeat others"),
    ]
    if any(doubts):
        said.append(f"Of these {_listed([doubt for doubt in doubts if doubt])}.")
    said += [f"Left out: {why} ({count:,})." for why, count in report.get("left_out", {}).items()]
    return said
