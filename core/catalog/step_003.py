"""Migration m003: what every filter of a search is answered from (see `core.catalog.derived`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from core.catalog import derived, tags
from core.catalog.folding import fold
from core.catalog.roots import folded

if TYPE_CHECKING:
    from sqlite_utils import Database

_COLUMNS = {
    "root": ("folded TEXT NOT NULL DEFAULT ''", "folded_name TEXT NOT NULL DEFAULT ''"),
    "folder": ("folded TEXT NOT NULL DEFAULT ''",),
    "label": ("folded TEXT NOT NULL DEFAULT ''",),
    "photo": (
        "favourite INTEGER NOT NULL DEFAULT 0",
        "folded_name TEXT NOT NULL DEFAULT ''",
        *(f"{name} INTEGER NOT NULL DEFAULT 0" for name in ("camera_id", "lens_id", "month_day", "weekday", "dated")),
        *(f"{name} INTEGER NOT NULL DEFAULT 0" for name in ("pixels", "aspect", "longer_side")),
        *(f"{name} INTEGER NOT NULL DEFAULT 0" for name in ("captioned", "tagged", "copied")),
        *(f"{name} REAL" for name in ("x", "y", "z")),
    ),
}
_FILLED = """
CREATE TABLE gear (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('camera', 'lens')),
    name TEXT NOT NULL,
    folded TEXT NOT NULL,
    UNIQUE (kind, name)
);
INSERT INTO gear (kind, name, folded)
    SELECT DISTINCT 'camera', camera, fold(camera) FROM photo WHERE camera <> '';
INSERT INTO gear (kind, name, folded) SELECT DISTINCT 'lens', lens, fold(lens) FROM photo WHERE lens <> '';
UPDATE root SET folded = folded_path(path), folded_name = folded_step(path);
UPDATE folder SET folded = fold(path);
UPDATE label SET folded = folded_label(name);
UPDATE photo SET
    folded_name = fold(name),
    camera_id = coalesce((SELECT g.id FROM gear g WHERE g.kind = 'camera' AND g.name = camera), 0),
    lens_id = coalesce((SELECT g.id FROM gear g WHERE g.kind = 'lens' AND g.name = lens), 0),
    month_day = month_day(taken),
    weekday = weekday(taken),
    pixels = width * height,
    aspect = aspect(width, height),
    longer_side = max(width, height),
    dated = taken IS NOT NULL AND coalesce(taken_source, '') <> 'file',
    captioned = EXISTS (SELECT 1 FROM caption c WHERE c.photo_id = photo.id),
    tagged = EXISTS (SELECT 1 FROM tag t WHERE t.photo_id = photo.id AND t.state = 'accepted'),
    copied = EXISTS (SELECT 1 FROM photo q WHERE q.content_id = photo.content_id AND q.id <> photo.id),
    x = place(latitude, longitude, 0),
    y = place(latitude, longitude, 1),
    z = place(latitude, longitude, 2);
DROP INDEX photo_taken;
CREATE INDEX photo_by_date ON photo(
    taken, content_id, id, folded_name, month_day, weekday, pixels, aspect, longer_side, size, z, x, y, iso, aperture,
    focal_length, rating, format, folder_id, camera_id, lens_id, favourite, captioned, tagged, copied, dated
);
CREATE INDEX photo_place ON photo(z, x, y, content_id) WHERE z IS NOT NULL;
CREATE INDEX photo_camera ON photo(camera_id);
CREATE INDEX photo_lens ON photo(lens_id);
CREATE INDEX photo_format ON photo(format);
DROP INDEX tag_label;
CREATE INDEX tag_label ON tag(label_id, state, photo_id)
"""
_COPIES = (
    "UPDATE photo SET copied = 1 WHERE copied = 0 AND (id = new.id OR id IN "
    "(SELECT q.id FROM photo q WHERE q.content_id = new.content_id LIMIT 2)); ",
    "UPDATE photo SET copied = 0 WHERE content_id = old.content_id AND copied = 1; ",
)
_OTHER_HAS_IT = "EXISTS (SELECT 1 FROM photo q WHERE q.content_id = new.content_id AND q.id <> new.id)"
_ONE_IS_LEFT = "NOT EXISTS (SELECT 1 FROM photo q WHERE q.content_id = old.content_id LIMIT 1 OFFSET 1)"
_ALONE = "UPDATE photo SET copied = 0 WHERE id = new.id AND copied = 1; "
_TAGGED = (
    "UPDATE photo SET tagged = EXISTS (SELECT 1 FROM tag t WHERE t.photo_id = {0}.photo_id AND t.state = 'accepted') "
    "WHERE id = {0}.photo_id; "
)
_TRIGGERS = {
    "photo_copied": f"INSERT ON photo WHEN {_OTHER_HAS_IT} BEGIN {_COPIES[0]}",
    "photo_uncopied": f"DELETE ON photo WHEN {_ONE_IS_LEFT} BEGIN {_COPIES[1]}",
    "photo_changed": f"UPDATE OF content_id ON photo WHEN new.content_id <> old.content_id AND {_OTHER_HAS_IT} "
    f"BEGIN {_COPIES[0]}",
    "photo_changed_alone": "UPDATE OF content_id ON photo WHEN new.content_id <> old.content_id "
    f"AND NOT {_OTHER_HAS_IT} BEGIN {_ALONE}",
    "photo_changed_from": "UPDATE OF content_id ON photo WHEN new.content_id <> old.content_id "
    f"AND {_ONE_IS_LEFT} BEGIN {_COPIES[1]}",
    "caption_added": "INSERT ON caption BEGIN "
    "UPDATE photo SET captioned = 1 WHERE id = new.photo_id AND captioned = 0; ",
    "caption_removed": "DELETE ON caption WHEN NOT EXISTS (SELECT 1 FROM caption c WHERE c.photo_id = old.photo_id) "
    "BEGIN UPDATE photo SET captioned = 0 WHERE id = old.photo_id; ",
    "tag_added": "INSERT ON tag WHEN new.state = 'accepted' BEGIN "
    "UPDATE photo SET tagged = 1 WHERE id = new.photo_id AND tagged = 0; ",
    "tag_changed": f"UPDATE OF state ON tag WHEN new.state <> old.state BEGIN {_TAGGED.format('new')}",
    "tag_removed": f"DELETE ON tag WHEN old.state = 'accepted' BEGIN {_TAGGED.format('old')}",
}
"""Each keeps one of photo's columns that follow from other rows. None walks along all copies of a content, of which
there may be thousands: only the first two can have been alone, and only the last one can be."""


def m003_filters(db: Database) -> None:
    """What every filter of a search is answered from by a walk along one index (see `core.catalog.derived`).

    ``photo_by_date`` takes the place of ``photo_taken``, whose columns it begins with. What is dear to look at comes
    first in it: SQLite finds a column by going through those before.
    """
    for name, (count, function) in _functions().items():
        db.conn.create_function(name, count, function, deterministic=True)
    for table, columns in _COLUMNS.items():
        for column in columns:
            db.execute(f"ALTER TABLE {table} ADD COLUMN {column}")
    for statement in _FILLED.split(";"):
        db.execute(statement)
    for name, body in _TRIGGERS.items():
        db.execute(f"CREATE TRIGGER {name} AFTER {body}END")


def _functions() -> dict[str, tuple[int, Callable[..., str | int | float | None]]]:
    """What the migration fills columns with, under the names that its statements call them by."""

    def place(latitude: float | None, longitude: float | None, axis: int) -> float | None:
        found = derived.place(latitude, longitude)
        return None if found is None else found[axis]

    return {
        "fold": (1, fold),
        "folded_label": (1, tags.folded),
        "folded_path": (1, lambda path: folded(path)[0]),
        "folded_step": (1, lambda path: folded(path)[1]),
        "month_day": (1, derived.month_day),
        "weekday": (1, derived.weekday),
        "aspect": (2, derived.aspect),
        "place": (3, place),
    }
