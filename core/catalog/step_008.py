"""Migration m008: which list suggests what."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

_TABLE = """
CREATE TABLE suggested_by (
    photo_id INTEGER NOT NULL REFERENCES photo(id) ON DELETE CASCADE,
    label_id INTEGER NOT NULL,
    list_id INTEGER NOT NULL REFERENCES label_list(id) ON DELETE CASCADE,
    score REAL NOT NULL,
    PRIMARY KEY (photo_id, label_id, list_id)
) WITHOUT ROWID
"""
_BEFORE = """
INSERT INTO suggested_by (photo_id, label_id, list_id, score)
SELECT t.photo_id, t.label_id, min(i.list_id), coalesce(t.score, 0)
FROM tag t JOIN listed i ON i.label_id = t.label_id
WHERE t.state = 'suggested' AND t.source = 'auto' GROUP BY t.photo_id, t.label_id
"""


def m008_suggested_by(db: Database) -> None:
    """What the last run of each list gave: a label that stands in several lists is suggested while one of them gives
    it, with the best of their probabilities. What was suggested before is put down to the oldest list that has the
    label. ``label_id`` is one of the list's (`label_lists` sees to that): a key on it would need an index of its own.
    """
    db.execute(_TABLE)
    db.execute(_BEFORE)
