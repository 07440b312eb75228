"""Rows of ``label_list`` and ``listed``: which labels are in which list, and what each list says of them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from core.catalog import suggestions
from core.catalog.batches import batches, marks
from core.catalog.tags import folded
from core.tagging.types import Label, LabelList

_COLUMNS = (
    "t.label_id, l.name, p.name AS parent, t.grouped, t.prompts, t.synonyms, t.negatives "
    "FROM listed t JOIN label l ON l.id = t.label_id LEFT JOIN label p ON p.id = t.parent_id"
)


def names(db: sqlite3.Connection) -> list[tuple[str, int]]:
    """Each list's name, and how many labels it has; by name."""
    rows = db.execute(
        "SELECT name, (SELECT count(*) FROM listed WHERE list_id = label_list.id) FROM label_list ORDER BY folded"
    )
    return [(str(row[0]), int(row[1])) for row in rows]


def every(db: sqlite3.Connection) -> list[LabelList]:
    """All lists, by name, with their labels."""
    return [_filled(db, row) for row in db.execute("SELECT * FROM label_list ORDER BY folded").fetchall()]


def by_name(db: sqlite3.Connection, name: str) -> LabelList | None:
    """The list of this name, case and accents aside, if there is one."""
    row = db.execute("SELECT * FROM label_list WHERE folded = ?", [folded(name)]).fetchone()
    return None if row is None else _filled(db, row)


def by_id(db: sqlite3.Connection, id: int) -> LabelList | None:
    """The list with this id, if there is one."""
    row = db.execute("SELECT * FROM label_list WHERE id = ?", [id]).fetchone()
    return None if row is None else _filled(db, row)


def first_with(db: sqlite3.Connection, label_id: int) -> LabelList | None:
    """The oldest of the lists that have a label."""
    row = db.execute("SELECT min(list_id) FROM listed WHERE label_id = ?", [label_id]).fetchone()
    return None if row[0] is None else by_id(db, row[0])


def id_of(db: sqlite3.Connection, name: str) -> int | None:
    """The id of the list of this name, case and accents aside, if there is one."""
    row = db.execute("SELECT id FROM label_list WHERE folded = ?", [folded(name)]).fetchone()
    return None if row is None else int(row["id"])


def put(db: sqlite3.Connection, new: LabelList, id: int | None = None, *, ready: bool = False) -> int:
    """Keep a checked list, in place of the one with this id where one is named; the id that it has.

    Labels that exist keep their ids, and so their tags and decisions; and their spelling, unless nobody but this list
    has used it: the list takes it over ("dog" for "Dog"). What was suggested of labels that are in no list any more
    goes. ``ready``: the list comes with the program, and is nobody's own.
    """
    now = datetime.now(UTC).isoformat(timespec="seconds")
    values = [new.name, folded(new.name), _packed(new.templates), _packed(new.exclusive), int(ready), now]
    if id is None:
        row = db.execute(
            "INSERT INTO label_list (name, folded, templates, exclusive, ready, changed, added) "
            "VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
            [*values, now],
        ).fetchone()
        id = int(row["id"])
        before: set[int] = set()
    else:
        db.execute(
            "UPDATE label_list SET name = ?, folded = ?, templates = ?, exclusive = ?, ready = ?, changed = ? "
            "WHERE id = ?",
            [*values, id],
        )
        before = _label_ids(db, id)
        db.execute("DELETE FROM listed WHERE list_id = ?", [id])
    names = [label.name for label in new.labels]
    known = _in_use(db, [id for id, _ in _best(db, {folded(name): name for name in names}).values()]) if ready else ()
    ids = ensure(db, names, spell=not ready)
    db.executemany(
        "INSERT INTO listed (list_id, label_id, position, parent_id, grouped, prompts, synonyms, negatives, known) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (
                id,
                ids[folded(label.name)],
                position,
                None if label.parent is None else ids[folded(label.parent)],
                label.group,
                _packed(label.prompts),
                _packed(label.synonyms),
                _packed(label.negatives),
                int(ids[folded(label.name)] in known),
            )
            for position, label in enumerate(new.labels)
        ),
    )
    lost = before - set(ids.values())
    suggestions.leave_list(db, id, sorted(lost))
    _let_go(db, lost)
    return id


def remove(db: sqlite3.Connection, id: int) -> int:
    """Forget a list; how many suggestions that withdrew: those that no other list gives.

    Its labels stay where a photo, a decision, a step or another list has them.
    """
    before = _label_ids(db, id)
    withdrawn = suggestions.leave_list(db, id, sorted(before))
    db.execute("DELETE FROM label_list WHERE id = ?", [id])
    return withdrawn + _let_go(db, before)


def ensure(db: sqlite3.Connection, names: Sequence[str], *, spell: bool = False) -> dict[str, int]:
    """The ids of labels by their folded names; those that are new are added. ``names`` differ when folded.

    A label of the very name is taken before one that differs in case, and that before one that differs in accents.
    With ``spell`` those that are neither on photos nor in a list are spelled as ``names`` has them.
    """
    wanted = {folded(name): name for name in names}
    found = _best(db, wanted)
    missing = [(name, key) for key, name in wanted.items() if key not in found]
    db.executemany("INSERT INTO label (name, folded) VALUES (?, ?)", missing)
    if missing:
        found |= _best(db, {key: name for name, key in missing})
    if spell:
        # A spelling that another label has already (NOCASE folds ASCII alone) is left to it.
        others = {key: id for key, (id, name) in found.items() if name != wanted[key]}
        used = _in_use(db, list(others.values())) | _listed(db, list(others.values()))
        changed = [(wanted[key], id, wanted[key], id) for key, id in others.items() if id not in used]
        db.executemany(
            "UPDATE label SET name = ? WHERE id = ? AND NOT EXISTS (SELECT 1 FROM label WHERE name = ? AND id <> ?)",
            changed,
        )
    return {key: id for key, (id, _) in found.items()}


def below(db: sqlite3.Connection, label_id: int) -> set[int]:
    """The ids of all labels that are below one in any tree, of a list or of files; itself left out."""
    found = {int(row[0]) for row in db.execute(f"{below_all('SELECT ?')} SELECT id FROM below", [label_id])}
    return found - {label_id}


def below_all(select: str) -> str:
    """The beginning of a statement: ``below`` is then a table of the ids that ``select`` gives, and of those of all
    labels below them in any list's tree or in those of files, each once."""
    # UNION, which takes each row once, ends where two lists hold two labels the other way round.
    return (
        f"WITH RECURSIVE below(id) AS ({select} "
        "UNION SELECT c.label_id FROM below b CROSS JOIN listed c WHERE c.parent_id = b.id "
        "UNION SELECT f.label_id FROM below b CROSS JOIN file_parent f WHERE f.parent_id = b.id)"
    )


def _best(db: sqlite3.Connection, wanted: dict[str, str]) -> dict[str, tuple[int, str]]:
    """Of each folded name, the label that is spelled most like what was wanted: its id and its name."""
    found: dict[str, tuple[int, str]] = {}
    for batch in batches(list(wanted)):
        rows = db.execute(
            f"SELECT id, name, folded FROM label WHERE folded IN ({marks(len(batch))}) ORDER BY id", batch
        )
        for id, name, key in rows:
            best = found.get(key)
            if best is None or _nearness(name, wanted[key]) > _nearness(best[1], wanted[key]):
                found[key] = (int(id), str(name))
    return found


def _nearness(name: str, wanted: str) -> int:
    return 2 if name == wanted else int(name.casefold() == wanted.casefold())


def _in_use(db: sqlite3.Connection, ids: Sequence[int]) -> set[int]:
    """Those of the labels that were decided on, or that files have."""
    return _such(
        db,
        ids,
        "EXISTS (SELECT 1 FROM tag t WHERE t.label_id = l.id AND t.state <> 'suggested')"
        " OR EXISTS (SELECT 1 FROM decision d WHERE d.label_id = l.id)",
    )


def _listed(db: sqlite3.Connection, ids: Sequence[int]) -> set[int]:
    """Those of the labels that are in a list."""
    return _such(db, ids, "EXISTS (SELECT 1 FROM listed i WHERE i.label_id = l.id)")


def _such(db: sqlite3.Connection, ids: Sequence[int], condition: str) -> set[int]:
    found: set[int] = set()
    for batch in batches(ids):
        rows = db.execute(f"SELECT l.id FROM label l WHERE l.id IN ({marks(len(batch))}) AND ({condition})", batch)
        found.update(int(row[0]) for row in rows)
    return found


def _label_ids(db: sqlite3.Connection, id: int) -> set[int]:
    return {int(row[0]) for row in db.execute("SELECT label_id FROM listed WHERE list_id = ?", [id])}


def _let_go(db: sqlite3.Connection, ids: Iterable[int]) -> int:
    """Withdraw what was suggested of labels that no list has any more, and forget those that nothing else has.

    How many suggestions those were.
    """
    withdrawn = 0
    for batch in batches(sorted(ids)):
        free = f"IN ({marks(len(batch))}) AND NOT EXISTS (SELECT 1 FROM listed t WHERE t.label_id = "
        gone = db.execute(f"DELETE FROM tag WHERE state = 'suggested' AND label_id {free} tag.label_id)", batch)
        withdrawn += gone.rowcount
        db.execute(
            f"DELETE FROM label WHERE id {free} label.id)"
            " AND NOT EXISTS (SELECT 1 FROM tag WHERE label_id = label.id)"
            " AND NOT EXISTS (SELECT 1 FROM decision WHERE label_id = label.id)"
            " AND NOT EXISTS (SELECT 1 FROM file_parent WHERE label_id = label.id)"
            " AND NOT EXISTS (SELECT 1 FROM file_parent WHERE parent_id = label.id)"
            " AND NOT EXISTS (SELECT 1 FROM step_tag WHERE label_id = label.id)",
            batch,
        )
    return withdrawn


def _filled(db: sqlite3.Connection, row: sqlite3.Row) -> LabelList:
    rows = db.execute(f"SELECT {_COLUMNS} WHERE t.list_id = ? ORDER BY t.position", [row["id"]])
    labels = tuple(
        Label(
            name=found["name"],
            prompts=_unpacked(found["prompts"]),
            synonyms=_unpacked(found["synonyms"]),
            negatives=_unpacked(found["negatives"]),
            parent=found["parent"],
            group=found["grouped"],
        )
        for found in rows
    )
    return LabelList(row["name"], labels, _unpacked(row["templates"]), _unpacked(row["exclusive"]), int(row["id"]))


def _packed(texts: Sequence[str]) -> str:
    return json.dumps(list(texts), ensure_ascii=False) if texts else "[]"


def _unpacked(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text)) if text != "[]" else ()
