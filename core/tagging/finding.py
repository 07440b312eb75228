"""Which label a person means by what they type: a name, or a path in the tree of a list, as in ``Animals > Dog``."""

from __future__ import annotations

import difflib
import re
import sqlite3
from collections.abc import Sequence
from itertools import pairwise

from core.catalog import label_lists, tag_lists, tags
from core.errors import CallError

_STEP = re.compile(r"\s+>\s+")
"""What stands between two steps of a path, as in a list that is written as plain text."""


def find(db: sqlite3.Connection, name: str, *, create: bool) -> int:
    """The id of a label, by its name or by its path in the tree of any list; with ``create`` a new one is made.

    Raises `CallError` for a path that no list has, and, with the names that are near, where there is no such label.
    """
    known = known_as(db, name)
    if known is not None:
        return known
    refuse_path(name)
    if create:
        unused = tags.find_label(db, name)
        if unused is None:
            return tags.label_id(db, name)
        db.execute("UPDATE label SET name = ?, folded = ? WHERE id = ?", [name, tags.folded(name), unused])
        return unused
    raise CallError(f"There is no label “{name}”. {_hint(name, tag_lists.all_names(db))}")


def known_as(db: sqlite3.Connection, name: str) -> int | None:
    """The id of the label of this name, or at the end of this path; None where there is none, or nothing has it."""
    known = tags.find_label(db, name)
    if known is not None and tag_lists.is_used(db, known):
        return known
    steps = _STEP.split(name)
    if len(steps) == 1:
        return None
    ids = [tags.find_label(db, step) for step in steps]
    found: int | None = None
    for above, label in pairwise(ids):
        if above is None or label is None or label not in label_lists.below(db, above):
            return None
        found = label
    return found


def refuse_path(name: str) -> None:
    """Raise `CallError`, with how trees are written, for a name that is a path."""
    *above, last = _STEP.split(name)
    if above:
        raise CallError(
            f"No label list has “{last}” below “{' > '.join(above)}”. A label is called by its own name, “{last}”; "
            "what it lies below is written in a label list."
        )


def _hint(name: str, names: Sequence[str]) -> str:
    if not names:
        return "None is there yet: `retrouve tags accept PHOTO LABEL` makes one."
    by_fold = {tags.folded(known): known for known in names}
    near = [by_fold[found] for found in difflib.get_close_matches(tags.folded(name), by_fold, 3)]
    if near:
        return f"Did you mean {' or '.join(f'“{found}”' for found in near)}?"
    if len(names) > 10:
        return "`retrouve tags labels` lists those on photos."
    return f"There {'is' if len(names) == 1 else 'are'}: {', '.join(names)}."
