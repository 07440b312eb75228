"""A label under another name: what was decided of it goes with it."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from core.catalog import label_places, tag_lists, tags
from core.catalog.connection import Catalog
from core.tagging import finding
from core.tagging.checking import valid_label
from core.tagging.finding import refuse_path


class Renaming:
    """Renames labels. May be called from any thread; raises what `Catalog.write` raises."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def rename(self, list_name: str, names: Mapping[str, str]) -> None:
        """Give labels of a list other names: ``names`` has the new one by the old one. Names may be exchanged.

        A label that other lists have too stays theirs under its old name, and what was decided of it holds for both.
        Where there is a label of the new name already, both become one: of two decisions on a photo, that of the label
        that had the name holds. Old names that there are not are passed over. Raises `CallError` for what is no name.
        """
        wanted = {old: valid_label(new) for old, new in names.items()}
        if wanted:
            self._catalog.write(lambda db: _rename(db, tags.folded(list_name), wanted))

    def rename_everywhere(self, old: str, new: str) -> bool:
        """Give a label another name, in every list. Where there is a label of that name already, both become one.

        Whether that was so. Raises `CallError` where there is no label of the old name, and for what is no name.
        """
        name = valid_label(new)
        refuse_path(name)

        def work(db: sqlite3.Connection) -> bool:
            label = finding.find(db, valid_label(old), create=False)
            taken = tags.find_label(db, name)
            merges = taken is not None and taken != label and tag_lists.is_used(db, taken)
            _name(db, label, name)
            if taken is not None and not merges:
                db.execute("UPDATE label SET name = ? WHERE id = ?", [name, taken])
            return merges

        return self._catalog.write(work)


def _rename(db: sqlite3.Connection, folded_list: str, names: Mapping[str, str]) -> None:
    own: dict[int, str] = {}
    for old, new in names.items():
        label = tags.find_label(db, old)
        if label is None:
            continue
        shared = db.execute(
            "SELECT 1 FROM listed i JOIN label_list l ON l.id = i.list_id WHERE i.label_id = ? AND l.folded <> ?",
            [label, folded_list],
        ).fetchone()
        if shared is None or tags.folded(old) == tags.folded(new):
            own[label] = new
        else:
            known = tags.find_label(db, new)
            _merge(db, label, tags.label_id(db, new) if known is None else known)
    for label in own:
        # Out of the way first: two labels may exchange their names. (NOCASE would end at a zero byte.)
        db.execute("UPDATE label SET name = ?, folded = ? WHERE id = ?", [f"\x01{label}", f"\x01{label}", label])
    for label, new in own.items():
        _name(db, label, new)


def _name(db: sqlite3.Connection, label: int, name: str) -> None:
    """Name a label, or make it one with the label that has the name."""
    taken = tags.find_label(db, name)
    if taken is None or taken == label:
        db.execute("UPDATE label SET name = ?, folded = ? WHERE id = ?", [name, tags.folded(name), label])
    else:
        _take_over(db, label, taken)


def _merge(db: sqlite3.Connection, label: int, into: int) -> None:
    """What was decided of a label holds for another one too, where nothing was decided of that."""
    db.execute(
        "INSERT INTO tag (photo_id, label_id, source, state, score) "
        "SELECT photo_id, ?, source, state, score FROM tag WHERE label_id = ? AND state <> 'suggested' "
        "ON CONFLICT (photo_id, label_id) DO UPDATE SET source = excluded.source, state = excluded.state, "
        "score = excluded.score WHERE tag.state = 'suggested'",
        [into, label],
    )
    db.execute(
        "INSERT INTO decision (hash, label_id, state, decided) "
        "SELECT hash, ?, state, decided FROM decision WHERE label_id = ? ON CONFLICT DO NOTHING",
        [into, label],
    )


def _take_over(db: sqlite3.Connection, label: int, into: int) -> None:
    """A label becomes one with another, in the lists and in what can be undone too. Its row goes."""
    _merge(db, label, into)
    label_places.hand_over(db, label, into)
    for table in ("tag", "decision", "suggested_by"):
        db.execute(f"DELETE FROM {table} WHERE label_id = ?", [label])
    db.execute("UPDATE listed SET parent_id = ? WHERE parent_id = ? AND label_id <> ?", [into, label, into])
    db.execute("UPDATE listed SET parent_id = NULL WHERE parent_id = ? AND label_id = ?", [label, into])
    db.execute("UPDATE OR IGNORE listed SET label_id = ? WHERE label_id = ?", [into, label])
    db.execute("DELETE FROM listed WHERE label_id = ?", [label])
    db.execute("UPDATE listed SET parent_id = NULL WHERE parent_id = label_id")
    db.execute("UPDATE step_tag SET label_id = ? WHERE label_id = ?", [into, label])
    db.execute("UPDATE OR IGNORE file_word SET label_id = ? WHERE label_id = ?", [into, label])
    db.execute("DELETE FROM file_word WHERE label_id = ?", [label])
    db.execute("DELETE FROM label WHERE id = ?", [label])
