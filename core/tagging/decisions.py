"""Decisions: what a person says of labels on photos. Each call is one step, which can be undone.

A decision is about what a photo shows, so it holds for every copy of it (see `core.catalog.decisions_rows`): the
numbers in what a step says count the copies too. Only a person decides; what the program accepts by itself, above a
line that they drew, is noted as a step too, but a person's word goes over it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from core import membership
from core.catalog import decisions_rows, label_groups, steps_rows, tag_lists, tags
from core.catalog.connection import Catalog
from core.catalog.tags import TagChange, TagRow
from core.errors import CallError
from core.tagging import finding
from core.tagging.checking import valid_label
from core.tagging.forgetting import Forgotten, forget
from core.tagging.steps import Steps, read_step, record, undecided
from core.tagging.types import LabelCount, PhotoTags, Source, State, Step, Tag, TagStats

Pair = tuple[int, int]
"""A photo's id and a label's."""


class Decisions:
    """What a person decides of a library's photos. May be called from any thread; writing raises `CatalogReadOnly`,
    `LibraryBusy`, `DiskFull`. Photos that are gone are left out."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._steps = Steps(catalog)

    # Deciding

    def accept(self, pairs: Sequence[Pair], said: str | None = None) -> Step | None:
        """Say that photos have labels: ``pairs`` of a photo's id and a label's. None when nothing changed.

        ``said`` is what the step is called. Where a label belongs to an exclusive group, what is suggested of the
        others of the group on that photo is taken away; what a person accepted of them stays. Raises `CallError` for a
        label that is not there.
        """
        return self._catalog.write(lambda db: decide(db, pairs, State.ACCEPTED, said))

    def reject(self, pairs: Sequence[Pair], said: str | None = None) -> Step | None:
        """Say that photos do not have labels: no run suggests them again. None when nothing changed."""
        return self._catalog.write(lambda db: decide(db, pairs, State.REJECTED, said))

    def clear(self, pairs: Sequence[Pair], said: str | None = None) -> Step | None:
        """Make it as if nobody had decided: a suggestion waits again, a keyword of the file's own is what it was, and
        everything else is no tag any more. None when nothing changed."""
        return self._catalog.write(lambda db: decide(db, pairs, None, said))

    def tag(self, photo_ids: Sequence[int], label_name: str, accept: bool = True) -> Step | None:
        """Accept (or reject) one label on many photos. A label whose name is new is made, where it is accepted.

        ``Animals > Dog`` is the label at this place in the tree of a list (`core.tagging.finding`). Raises `CallError`
        for an empty or endless name, for a path that no list has, and for a new name that is to be rejected.
        """
        name = valid_label(label_name)

        def work(db: sqlite3.Connection) -> Step | None:
            label = finding.find(db, name, create=accept and bool(decisions_rows.hashes(db, photo_ids)))
            state = State.ACCEPTED if accept else State.REJECTED
            return decide(db, [(photo_id, label) for photo_id in photo_ids], state, None)

        return self._catalog.write(work) if photo_ids else None

    # Steps

    def undo(self) -> Step | None:
        """Take back the newest step that stands; see `Steps.undo`."""
        return self._steps.undo()

    def redo(self) -> Step | None:
        """Do again the step that was undone last; see `Steps.redo`."""
        return self._steps.redo()

    def steps(self, top: int = 50) -> list[Step]:
        """The newest steps first, undone ones among them."""
        return self._steps.newest(top)

    def outcome(self, step: Step) -> list[tuple[int, int, State | None]]:
        """What the tags that a step changed are now: (photo id, label id, state, or None for no tag), in the order in
        which they were changed. Photos that are gone are left out."""
        with self._catalog.read() as db:
            db.execute("BEGIN")
            pairs = [(line.photo_id, line.label_id) for line in steps_rows.lines(db, step.id)]
            by_label: dict[int, list[int]] = {}
            for photo_id, label_id in pairs:
                if photo_id is not None:
                    by_label.setdefault(label_id, []).append(photo_id)
            now = {
                (photo_id, label_id): State(row.state)
                for label_id, photo_ids in by_label.items()
                for photo_id, row in tags.on_photos(db, label_id, photo_ids).items()
            }
        return [(photo_id, label_id, now.get((photo_id, label_id))) for photo_id, label_id in pairs if photo_id]

    # Looking

    def of(self, photo_id: int) -> tuple[Tag, ...]:
        """The tags of one photo, in whatever state, by name."""
        return self.of_photos([photo_id]).get(photo_id, ())

    def of_photos(self, photo_ids: Sequence[int]) -> dict[int, tuple[Tag, ...]]:
        """The tags of each of the photos that has any, by name."""
        with self._catalog.read() as db:
            return {photo_id: tuple(map(_tag, rows)) for photo_id, rows in tag_lists.of(db, photo_ids).items()}

    def listed(
        self, states: Iterable[State] = State, label: str | None = None, folder: Path | None = None
    ) -> Iterator[PhotoTags]:
        """The photos that have tags in these states, by path, each with those of its tags.

        ``label`` and ``folder`` (any folder in a root) leave out all others. Raises `CallError` for a label that is not
        there, a folder in no root and a file, `FolderError` for a folder that is not there.
        """
        wanted = [str(state) for state in states]
        label_id = None if label is None else self.label_id(label)
        place = None if folder is None else membership.locate_known(self._catalog, folder)
        within = None if place is None else (place.root.id, place.inner)
        with self._catalog.read() as db:
            for photo_id, path, rows in tag_lists.by_path(db, wanted, label_id, within):
                yield PhotoTags(photo_id, path, tuple(map(_tag, rows)))

    def stats(self) -> TagStats:
        """How many tags there are in each state, and of each label."""
        with self._catalog.read() as db:
            db.execute("BEGIN")
            found = tag_lists.counts(db)
            photos = tag_lists.photos_tagged(db)
            steps = steps_rows.count(db)
        labels = tuple(map(_count, found))
        return TagStats(
            photos,
            sum(label.suggested for label in labels),
            sum(label.accepted for label in labels),
            sum(label.rejected for label in labels),
            labels,
            steps,
        )

    def forget(self, name: str) -> Forgotten:
        """Take a label off all photos, as one step; see `core.tagging.forgetting`. Raises `CallError` for a label that
        is not there, or that is in a list."""
        name = valid_label(name)
        return self._catalog.write(lambda db: forget(db, finding.find(db, name, create=False)))

    def knows(self, name: str) -> bool:
        """Whether there is a label of this name, case and accents aside, or at this path in the tree of a list."""
        with self._catalog.read() as db:
            return finding.known_as(db, valid_label(name)) is not None

    def labels(self) -> list[tuple[LabelCount, tuple[str, ...]]]:
        """The labels that are on photos or in no list, by name, each with the names of the lists that have it."""
        with self._catalog.read() as db:
            found = tag_lists.counts_with_lists(db)
        return [(_count(row), lists) for row, lists in found]

    def label_id(self, name: str, create: bool = False) -> int:
        """The id of the label of this name, case and accents aside; with ``create`` one that is new is made.

        Raises `CallError`, with the names that are near, where there is none, and for a name that cannot be one.
        """
        name = valid_label(name)
        with self._catalog.read() as db:
            known = finding.known_as(db, name)
            if known is not None or not create:
                return known if known is not None else finding.find(db, name, create=False)
        return self._catalog.write(lambda db: finding.find(db, name, create=True))


def decide(db: sqlite3.Connection, pairs: Sequence[Pair], state: State | None, said: str | None) -> Step | None:
    """Make a decision, within a transaction; None stands for none. The step, or None when nothing changed."""
    by_label: dict[int, dict[int, None]] = {}
    for photo_id, label_id in pairs:
        by_label.setdefault(int(label_id), {})[int(photo_id)] = None
    names = _names(db, list(by_label))
    hashes = decisions_rows.copies(db, sorted({photo_id for photos in by_label.values() for photo_id in photos}))
    alike = _alike(hashes)
    decided: dict[Pair, TagChange] = {}
    for label_id, chosen in by_label.items():
        photo_ids = list(dict.fromkeys(copy for id in chosen if id in hashes for copy in alike[hashes[id]]))
        current = tags.on_photos(db, label_id, photo_ids)
        words = tags.words_of_files(db, label_id, photo_ids) if state is None else set()
        for photo_id in photo_ids:
            old = current.get(photo_id)
            if state is not None:
                new: TagRow | None = _decided(old, state)
            else:
                new = undecided(_cleared(db, photo_id, label_id, old), photo_id in words or _of_file(old))
            if new != old:
                decided[photo_id, label_id] = TagChange(photo_id, label_id, old, new)
    if not decided:
        return None
    rivals = _rivals(db, decided) if state is State.ACCEPTED else []
    tags.put(db, [*decided.values(), *rivals])
    kept = None if state is None else str(state)
    decisions_rows.keep(
        db,
        {(hashes[photo_id], label_id): (hashes[photo_id], label_id, kept) for photo_id, label_id in decided}.values(),
    )
    step = record(db, said or _said(state, decided, names), [*decided.values(), *rivals])
    assert step is not None
    return read_step(db, step)


def _decided(old: TagRow | None, state: State) -> TagRow:
    return TagRow(str(state), str(Source.USER), None if old is None else old.score)


def _cleared(db: sqlite3.Connection, photo_id: int, label_id: int, old: TagRow | None) -> TagRow | None:
    """What a tag is without the decision on it, a keyword of the file aside."""
    if old is None or _of_file(old) or old.state == State.SUGGESTED:
        return old
    if old.source == Source.USER:
        before = steps_rows.before_decision(db, photo_id, label_id)
        if before is None or _of_file(before):
            return None
        old = replace(before, score=old.score if before.score is None else before.score)
    return None if old.score is None else TagRow(str(State.SUGGESTED), str(Source.AUTO), old.score)


def _of_file(row: TagRow | None) -> bool:
    return row is not None and row.source == Source.FILE


def _alike(hashes: dict[int, bytes]) -> dict[bytes, list[int]]:
    found: dict[bytes, list[int]] = {}
    for photo_id, hash in hashes.items():
        found.setdefault(hash, []).append(photo_id)
    return found


def _rivals(db: sqlite3.Connection, decided: dict[Pair, TagChange]) -> list[TagChange]:
    """The suggestions of other labels of exclusive groups, on photos on which one of the group is accepted now."""
    by_label: dict[int, list[int]] = {}
    for photo_id, label_id in decided:
        by_label.setdefault(label_id, []).append(photo_id)
    changes: dict[Pair, TagChange] = {}
    for label_id, photo_ids in by_label.items():
        for rival in label_groups.rivals(db, label_id):
            for photo_id, row in tags.on_photos(db, rival, photo_ids).items():
                if row.state == State.SUGGESTED and (photo_id, rival) not in decided:
                    changes[photo_id, rival] = TagChange(photo_id, rival, row, None)
    return list(changes.values())


def _said(state: State | None, decided: Iterable[Pair], names: dict[int, str]) -> str:
    pairs = list(decided)
    labels = {label_id for _, label_id in pairs}
    photos = len({photo_id for photo_id, _ in pairs})
    what = f"“{names[labels.pop()]}”" if len(labels) == 1 else f"{len(labels):,} labels"
    verb = "cleared" if state is None else str(state)
    return f"{verb} {what} on {photos:,} {'photo' if photos == 1 else 'photos'}"


def _names(db: sqlite3.Connection, label_ids: Sequence[int]) -> dict[int, str]:
    names = tag_lists.names(db, label_ids)
    if len(names) < len(set(label_ids)):
        raise CallError("The label is not there any more: look at the list of labels again.")
    return names


def _count(row: tag_lists.Counted) -> LabelCount:
    return LabelCount(row.label_id, row.label, row.suggested, row.accepted, row.rejected)


def _tag(row: tag_lists.TagOn) -> Tag:
    return Tag(row.label_id, row.label, State(row.row.state), Source(row.row.source), row.row.score)
