"""Tags and captions that travel: written into XMP sidecars, where every other program finds them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from core.catalog import label_places, photos, travelled, written
from core.catalog.batches import batches
from core.catalog.connection import Catalog
from core.catalog.faults import read_only
from core.catalog.travelled import Kept
from core.catalog.written import Written
from core.errors import SidecarError
from core.photos import sidecar_files, xmp_writing
from core.photos.faults import GONE
from core.photos.sidecar_files import Beside
from core.tagging.keywords import Wishes, wishes
from core.tagging.types import Planned, SidecarProgress, SidecarReport
from core.types import Photo

_AT_ONCE = 64
"""Photos whose sidecars are noted in one transaction before they are written: what a kill may leave half done."""
CHANGED_SINCE = "It was changed after Retrouve wrote it, so it stays as it is."


@dataclass(frozen=True, slots=True)
class _Draft:
    """A plan with the bytes that go with it: ``after`` is None where nothing is to be written."""

    planned: Planned
    kept: Kept
    will_keep: Kept
    before: bytes | None = None
    after: bytes | None = None
    newest_ns: int = 0


class Sidecars:
    """Writes the sidecars of a library's photos, and undoes that. May be called from any thread.

    No photo is ever written. A sidecar is replaced whole, and only after it was proven that it says all that it said
    before; one that cannot be written so stays as it is, and costs itself alone.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def plan(self, photo_ids: Sequence[int] | None = None) -> Iterator[Planned]:
        """What would be written, folder by folder: for these photos, or for all that have something to carry.

        Photos with neither accepted tags nor captions of the person's own are left out, unless they had some before.
        """
        for drafts in self._drafts(self._ids(photo_ids)):
            for draft, _ in drafts:
                yield draft.planned

    def write(
        self,
        photo_ids: Sequence[int] | None = None,
        cancelled: Callable[[], bool] = lambda: False,
        dry_run: bool = False,
    ) -> Generator[SidecarProgress, None, None]:
        """Write them; with ``dry_run`` only say what would be written.

        May be closed at any point: what was written is a run of its own, and can be undone. Raises `CatalogReadOnly`,
        `DiskFull`, `LibraryBusy` before a file is touched.
        """
        if self._catalog.read_only and not dry_run:
            raise read_only(self._catalog.path.parent)
        ids = self._ids(photo_ids)
        report, done, run = SidecarReport(), 0, 0
        yield SidecarProgress(0, len(ids), report)
        for drafts in self._drafts(ids):
            if cancelled():
                return
            plans = [draft.planned for draft, _ in drafts]
            if not dry_run:
                run, plans = self._write_batch(drafts, run, cancelled)
            report, done = _counted(report, plans), done + len(drafts)
            yield SidecarProgress(done, len(ids), report)

    def undo(self, cancelled: Callable[[], bool] = lambda: False) -> SidecarReport:
        """Put back what the sidecars of the last run were, and take away those that it made.

        One that was changed since stays as it is. Called again, the run before goes. Raises `CatalogReadOnly`,
        `DiskFull`, `LibraryBusy`.
        """
        if self._catalog.read_only:
            raise read_only(self._catalog.path.parent)
        with self._catalog.read() as db:
            rows = written.last_run(db)
        restored = 0
        refused: list[tuple[Path, str]] = []
        for batch in batches(rows, _AT_ONCE):
            if cancelled():
                break
            back: list[Written] = []
            over: list[int] = []
            for row in batch:
                try:
                    restored += _put_back(row)
                    back.append(row)
                    over.append(row.id)
                except SidecarError as error:
                    refused.append((row.path, str(error)))
                    if str(error) == CHANGED_SINCE:  # it never can be put back: the run before may be undone next
                        over.append(row.id)
            self._catalog.write(lambda db, back=back, over=over: _forget(db, back, over))  # type: ignore[misc]
        return SidecarReport(restored, 0, tuple(refused))

    def can_undo(self) -> int:
        """How many sidecars the last run wrote that was not undone."""
        with self._catalog.read() as db:
            return len(written.last_run(db))

    def _ids(self, photo_ids: Sequence[int] | None) -> list[int]:
        with self._catalog.read() as db:
            return travelled.photo_ids(db, photo_ids)

    def _drafts(self, ids: Sequence[int]) -> Iterator[list[tuple[_Draft, Beside | None]]]:
        with self._catalog.read() as db:
            lines = label_places.lines(db)
        beside: Beside | None = None
        for batch in batches(ids, _AT_ONCE):
            with self._catalog.read() as db:
                found = photos.by_ids(db, batch)
                carried = travelled.carried(db, batch)
            drafts: list[tuple[_Draft, Beside | None]] = []
            for photo in found:
                wanted = wishes(carried[photo.id], lines)
                kept = carried[photo.id].kept
                planned = Planned(photo.id, photo.path, photo.path.with_name(f"{photo.path.name}.xmp"))
                try:
                    if beside is None or beside.folder != photo.path.parent:
                        beside = None
                        beside = Beside(photo.path.parent)
                    drafts.append((_draft(photo, wanted, kept, beside), beside))
                except SidecarError as error:
                    refused = replace(planned, refused=str(error))
                    drafts.append((_Draft(refused, kept, kept), None))
            yield drafts

    def _write_batch(
        self, drafts: Sequence[tuple[_Draft, Beside | None]], run: int, cancelled: Callable[[], bool]
    ) -> tuple[int, list[Planned]]:
        """Note what is about to be written, write it, and note what became of it. The run's number, and the plans as
        they turned out."""
        run, noted = self._catalog.write(lambda db: _announce(db, [draft for draft, _ in drafts], run))
        plans: list[Planned] = []
        failed: list[_Draft] = []
        done: list[tuple[_Draft, int]] = []
        for draft, beside in drafts:
            plan = draft.planned
            if draft.after is None or beside is None:
                plans.append(plan)
            elif cancelled():
                failed.append(draft)
            else:
                try:
                    sidecar_files.write(plan.sidecar, draft.before, draft.after)
                except SidecarError as error:
                    plan = replace(plan, refused=str(error))
                    failed.append(draft)
                else:
                    beside.has(plan.sidecar.name)
                    done.append((draft, beside.newest_ns(plan.photo.name)))
                plans.append(plan)
        self._catalog.write(lambda db: _conclude(db, done, failed, noted))
        return run, plans


def _draft(photo: Photo, wanted: Wishes, kept: Kept, beside: Beside) -> _Draft:
    """What is to be written for one photo. Raises SidecarError where that cannot be."""
    name = photo.path.name
    choice = beside.choose(name)
    planned = Planned(photo.id, photo.path, beside.folder / choice.name, note=choice.note)
    if name not in beside.photos:
        return _Draft(replace(planned, refused=GONE), kept, kept)
    newest_ns = beside.newest_ns(name)
    try:
        before = sidecar_files.read(planned.sidecar)
        base = xmp_writing.NEW if before is None else before
        outcome = wanted.against(base, kept)
        notes = " ".join(filter(None, (choice.note, outcome.note)))
        planned = replace(
            planned,
            adds=outcome.adds,
            removes=outcome.removes,
            adds_at=outcome.adds_at,
            removes_at=outcome.removes_at,
            caption=outcome.changes.caption,
            note=notes,
        )
        if not outcome.changes:
            return _Draft(replace(planned, unchanged=True), kept, outcome.keeps)
        after = xmp_writing.merged(base, outcome.changes)
    except SidecarError as error:
        return _Draft(replace(planned, refused=str(error)), kept, kept)
    return _Draft(planned, kept, outcome.keeps, before, after, newest_ns)


def _announce(db: sqlite3.Connection, drafts: Sequence[_Draft], run: int) -> tuple[int, dict[int, int]]:
    """Before the files: what each is now, and what will be ours in it. The run, and the rows by their photos."""
    rows: dict[int, int] = {}
    for draft in drafts:
        plan = draft.planned
        if draft.after is not None:
            run = run or written.next_run(db)
            rows[plan.photo_id] = written.add(
                db, run, plan.sidecar, draft.before, draft.after, plan.photo_id, draft.kept
            )
        if draft.will_keep != draft.kept:
            both = draft.kept | draft.will_keep if draft.after is not None else draft.will_keep
            travelled.keep(db, {plan.photo_id: both})
    return run, rows


def _conclude(
    db: sqlite3.Connection, done: Sequence[tuple[_Draft, int]], failed: Sequence[_Draft], noted: dict[int, int]
) -> None:
    for draft, newest_ns in done:
        travelled.keep(db, {draft.planned.photo_id: draft.will_keep})
        travelled.restamp(db, draft.planned.photo_id, draft.newest_ns, newest_ns)
    for draft in failed:
        travelled.keep(db, {draft.planned.photo_id: draft.kept})
    written.remove(db, [noted[draft.planned.photo_id] for draft in failed])


def _forget(db: sqlite3.Connection, back: Sequence[Written], over: Sequence[int]) -> None:
    there = {photo.id: photo.path for photo in photos.by_ids(db, [row.photo_id for row in back])}
    # The id of a photo that was forgotten may be another's by now.
    ours = [row for row in back if row.photo_id in there and _is_of(row.path, there[row.photo_id])]
    travelled.keep(db, {row.photo_id: row.kept for row in ours})
    written.remove(db, over)


def _is_of(sidecar: Path, photo: Path) -> bool:
    names = (f"{photo.name}.xmp".casefold(), f"{photo.stem}.xmp".casefold())
    return sidecar.parent == photo.parent and sidecar.name.casefold() in names


def _put_back(row: Written) -> bool:
    """Make a sidecar what it was; False where it is that already. Raises SidecarError, and it stays as it is."""
    raw = sidecar_files.read(row.path)
    if raw is None:
        if row.before is None:
            return False
        raise SidecarError(CHANGED_SINCE)
    if sha256(raw).digest() != row.after_hash:
        if row.before is not None and written.is_before(row.before, raw):
            return False  # a run that was killed had announced it, and never wrote it
        raise SidecarError(CHANGED_SINCE)
    if row.before is None:
        sidecar_files.take_away(row.path, row.after_hash)
    else:
        sidecar_files.write(row.path, raw, written.unpacked(row.before, raw))
    return True


def _counted(report: SidecarReport, plans: Sequence[Planned]) -> SidecarReport:
    refused = tuple((plan.sidecar, plan.refused) for plan in plans if plan.refused is not None)
    changed = tuple(plan for plan in plans if plan.refused is None and not plan.unchanged)
    return SidecarReport(
        report.written + len(changed),
        report.unchanged + sum(plan.unchanged for plan in plans if plan.refused is None),
        report.refused + refused,
        report.sidecars + changed,
        report.notes + tuple((plan.photo, plan.note) for plan in plans if plan.note and plan.refused is None),
    )
