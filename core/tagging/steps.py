"""Steps: what was done to tags, undone and done again without limit, in this session or a later one.

Steps are one line of history for the library: what was done last is undone first, whoever did it. A new step after
undoing forgets what was undone.

Undoing puts every tag back as it was, and with it the decision that is kept for its content. Photos that were forgotten
meanwhile have no tags, but what was decided of them is taken back all the same, so that they do not bring it along when
they come back; copies that came in after a step follow it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from core.catalog import decisions_rows, steps_rows, tags
from core.catalog.connection import Catalog
from core.catalog.steps_rows import StepLine, StepRow
from core.catalog.tags import TagChange, TagRow
from core.tagging.types import Source, State, Step
from core.types import ContentHash


def record(db: sqlite3.Connection, said: str, changes: Sequence[TagChange], step: int | None = None) -> int | None:
    """Note a step, within the transaction that makes its ``changes`` (`tags.put` writes them); its id.

    A run that commits in batches gives the id that it got for the batch before: the batches are one step, which is
    called what the last one said. If that was undone meanwhile, a new one begins. None where nothing changed.
    """
    real = [change for change in changes if change.old != change.new]
    hashes = decisions_rows.hashes(db, sorted({change.photo_id for change in real}))
    real = [change for change in real if change.photo_id in hashes]
    if step is not None and not steps_rows.rename(db, step, said):
        step = None
    if real:
        step = steps_rows.begin(db, said) if step is None else step
        steps_rows.extend(db, step, real, hashes)
    return step


class Steps:
    """The steps of a library. May be called from any thread; writing raises `CatalogReadOnly`, `LibraryBusy`,
    `DiskFull`."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def newest(self, top: int = 50) -> list[Step]:
        """The newest first; those that are undone, and can be done again, are among them."""
        with self._catalog.read() as db:
            return [as_step(row) for row in steps_rows.newest(db, top)]

    def next_undo(self) -> Step | None:
        """The step that `undo` would take back."""
        with self._catalog.read() as db:
            row = steps_rows.newest_done(db)
        return None if row is None else as_step(row)

    def next_redo(self) -> Step | None:
        """The step that `redo` would do again."""
        with self._catalog.read() as db:
            row = steps_rows.oldest_undone(db)
        return None if row is None else as_step(row)

    def undo(self) -> Step | None:
        """Take back the newest step that stands; None where there is none."""
        return self._catalog.write(lambda db: _turn(db, steps_rows.newest_done(db), undone=True))

    def redo(self) -> Step | None:
        """Do again what was undone last; None where there is nothing."""
        return self._catalog.write(lambda db: _turn(db, steps_rows.oldest_undone(db), undone=False))


def as_step(row: StepRow) -> Step:
    """A step as it crosses rooms."""
    return Step(row.id, row.said, row.made, row.tags, row.undone)


def read_step(db: sqlite3.Connection, id: int) -> Step:
    """The step of this id, which is there."""
    row = steps_rows.by_id(db, id)
    assert row is not None
    return as_step(row)


class _Target(NamedTuple):
    """What a tag is to become, what the step left, and whether a person's decision is part of it."""

    row: TagRow | None
    left: TagRow | None
    decided: bool


_ByPhoto = dict[tuple[int, int], _Target]
_ByContent = dict[tuple[ContentHash, int], _Target]


def _turn(db: sqlite3.Connection, step: StepRow | None, *, undone: bool) -> Step | None:
    if step is None:
        return None
    lines = steps_rows.lines(db, step.id)
    by_photo: _ByPhoto = {}
    by_content: _ByContent = {}
    for line in lines:
        target = _target(line, undone=undone)
        if line.photo_id is not None:
            by_photo[line.photo_id, line.label_id] = target
        if target.decided:
            by_content.setdefault((line.hash, line.label_id), target)
    _follow(db, by_photo, by_content)
    tags.put(db, _changes(db, by_photo))
    decisions_rows.keep(db, [(hash, label_id, _decision(to.row)) for (hash, label_id), to in by_content.items()])
    steps_rows.mark(db, step.id, undone)
    return read_step(db, step.id)


def _follow(db: sqlite3.Connection, by_photo: _ByPhoto, by_content: _ByContent) -> None:
    """Add the contents that photos of the step hold by now (they were edited), and the photos that hold a content of
    the step now, and are not in it themselves (they came in since, or came back)."""
    hashes = decisions_rows.hashes(db, sorted({photo_id for photo_id, _ in by_photo}))
    for (photo_id, label_id), target in by_photo.items():
        if target.decided:
            by_content.setdefault((hashes[photo_id], label_id), target)
    holders = decisions_rows.holders(db, sorted({hash for hash, _ in by_content}))
    for (hash, label_id), target in by_content.items():
        for photo_id in holders.get(hash, ()):
            by_photo.setdefault((photo_id, label_id), target)


def _changes(db: sqlite3.Connection, targets: _ByPhoto) -> list[TagChange]:
    by_label: dict[int, list[int]] = {}
    for photo_id, label_id in targets:
        by_label.setdefault(label_id, []).append(photo_id)
    changes = []
    for label_id, photo_ids in by_label.items():
        current = tags.on_photos(db, label_id, photo_ids)
        words = tags.words_of_files(db, label_id, photo_ids)
        for photo_id in photo_ids:
            target, now = targets[photo_id, label_id], current.get(photo_id)
            if target.decided or _may_turn(now, target):
                named = photo_id in words or (now is not None and now.source == Source.FILE)
                changes.append(TagChange(photo_id, label_id, now, undecided(target.row, named)))
    return changes


def undecided(row: TagRow | None, named: bool) -> TagRow | None:
    """What a tag is that was ``row`` before: a keyword where its file names it now, and none where it no longer does.
    What somebody decided stays."""
    if row is not None and row.source != Source.FILE and row.state != State.SUGGESTED:
        return row
    if named:
        return TagRow(str(State.ACCEPTED), str(Source.FILE))
    return None if row is None or row.source == Source.FILE else row


def _target(line: StepLine, *, undone: bool) -> _Target:
    row, left = (line.old, line.new) if undone else (line.new, line.old)
    decided = any(side is not None and side.source == Source.USER for side in (line.old, line.new))
    return _Target(row, left, decided)


def _decision(row: TagRow | None) -> str | None:
    return row.state if row is not None and row.source == Source.USER else None


def _may_turn(now: TagRow | None, target: _Target) -> bool:
    """Whether a tag that the program accepted or took away is still as it was left, whatever later runs suggested: by
    now its file may name it."""
    left = target.left
    if left is not None and left.state != State.SUGGESTED:
        return now is not None and (now.state, now.source) == (left.state, left.source)
    if now is None:
        return True
    suggested_anew = target.row is not None and target.row.state == State.SUGGESTED
    return now.state == State.SUGGESTED and not suggested_anew
