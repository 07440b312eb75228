"""Migration m006: label lists, decisions, the steps that can be undone, rules, and sidecars that were written."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

_TAGGING = """
CREATE TABLE label_list (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    folded TEXT NOT NULL UNIQUE,
    templates TEXT NOT NULL DEFAULT '[]',
    exclusive TEXT NOT NULL DEFAULT '[]',
    ready INTEGER NOT NULL DEFAULT 0,
    added TEXT NOT NULL,
    changed TEXT NOT NULL
);
CREATE TABLE listed (
    list_id INTEGER NOT NULL REFERENCES label_list(id) ON DELETE CASCADE,
    label_id INTEGER NOT NULL REFERENCES label(id),
    position INTEGER NOT NULL,
    parent_id INTEGER REFERENCES label(id),
    grouped TEXT,
    prompts TEXT NOT NULL DEFAULT '[]',
    synonyms TEXT NOT NULL DEFAULT '[]',
    negatives TEXT NOT NULL DEFAULT '[]',
    known INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (list_id, label_id)
) WITHOUT ROWID;
CREATE INDEX listed_label ON listed(label_id);
CREATE INDEX listed_parent ON listed(parent_id) WHERE parent_id IS NOT NULL;
CREATE TABLE decision (
    hash BLOB NOT NULL,
    label_id INTEGER NOT NULL REFERENCES label(id),
    state TEXT NOT NULL CHECK (state IN ('accepted', 'rejected')),
    decided TEXT NOT NULL,
    PRIMARY KEY (hash, label_id)
) WITHOUT ROWID;
CREATE INDEX decision_label ON decision(label_id, state);
CREATE TABLE file_word (
    photo_id INTEGER NOT NULL REFERENCES photo(id) ON DELETE CASCADE,
    label_id INTEGER NOT NULL REFERENCES label(id),
    PRIMARY KEY (photo_id, label_id)
) WITHOUT ROWID;
CREATE TABLE file_place (
    photo_id INTEGER NOT NULL REFERENCES photo(id) ON DELETE CASCADE,
    label_id INTEGER NOT NULL,
    parent_id INTEGER NOT NULL,
    PRIMARY KEY (photo_id, label_id, parent_id)
) WITHOUT ROWID;
CREATE TABLE file_parent (
    label_id INTEGER NOT NULL REFERENCES label(id),
    parent_id INTEGER NOT NULL REFERENCES label(id),
    photos INTEGER NOT NULL,
    PRIMARY KEY (label_id, parent_id)
) WITHOUT ROWID;
CREATE INDEX file_parent_above ON file_parent(parent_id);
CREATE TABLE unread_sidecar (
    photo_id INTEGER NOT NULL REFERENCES photo(id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    reason TEXT NOT NULL,
    tried TEXT NOT NULL,
    PRIMARY KEY (photo_id, name)
) WITHOUT ROWID;
CREATE INDEX file_word_label ON file_word(label_id);
CREATE TABLE step (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    said TEXT NOT NULL,
    made TEXT NOT NULL,
    undone INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE step_tag (
    id INTEGER PRIMARY KEY,
    step_id INTEGER NOT NULL REFERENCES step(id) ON DELETE CASCADE,
    photo_id INTEGER REFERENCES photo(id) ON DELETE SET NULL,
    hash BLOB NOT NULL,
    label_id INTEGER NOT NULL REFERENCES label(id),
    old_state TEXT, old_source TEXT, old_score REAL,
    new_state TEXT, new_source TEXT, new_score REAL
);
CREATE INDEX step_tag_step ON step_tag(step_id);
CREATE INDEX step_tag_photo ON step_tag(photo_id, label_id) WHERE photo_id IS NOT NULL;
CREATE INDEX step_tag_label ON step_tag(label_id);
CREATE TABLE rule (
    id INTEGER PRIMARY KEY,
    root_id INTEGER NOT NULL REFERENCES root(id) ON DELETE CASCADE,
    folder TEXT NOT NULL,
    list_id INTEGER NOT NULL REFERENCES label_list(id) ON DELETE CASCADE,
    accept_above REAL,
    UNIQUE (root_id, folder, list_id)
);
CREATE TABLE rule_due (
    photo_id INTEGER PRIMARY KEY REFERENCES photo(id) ON DELETE CASCADE
);
CREATE TABLE written (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run INTEGER NOT NULL,
    path TEXT NOT NULL,
    before BLOB,
    after_hash BLOB NOT NULL,
    owned TEXT NOT NULL DEFAULT '[]',
    photo_id INTEGER,
    made TEXT NOT NULL
);
CREATE INDEX written_run ON written(run);
CREATE INDEX label_folded ON label(folded);
CREATE TABLE travelled (
    photo_id INTEGER NOT NULL REFERENCES photo(id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('subject', 'tree', 'list', 'caption', 'word')),
    value TEXT NOT NULL,
    PRIMARY KEY (photo_id, kind, value)
) WITHOUT ROWID;
CREATE INDEX tag_suggested ON tag(label_id, score DESC, photo_id) WHERE state = 'suggested';
"""
_COUNTING = (
    "CREATE TRIGGER file_place_told AFTER INSERT ON file_place BEGIN "
    "INSERT INTO file_parent (label_id, parent_id, photos) VALUES (NEW.label_id, NEW.parent_id, 1) "
    "ON CONFLICT (label_id, parent_id) DO UPDATE SET photos = photos + 1; END",
    "CREATE TRIGGER file_place_gone AFTER DELETE ON file_place BEGIN "
    "UPDATE file_parent SET photos = photos - 1 WHERE label_id = OLD.label_id AND parent_id = OLD.parent_id; "
    "DELETE FROM file_parent WHERE label_id = OLD.label_id AND parent_id = OLD.parent_id AND photos < 1; END",
)


def m006_tagging(db: Database) -> None:
    """Everything that tagging keeps beside ``label`` and ``tag``.

    ``label_list.ready``: it came with the program, and nobody changed it. ``listed`` is a label's place in a list;
    ``parent_id`` names another label of the same list; ``known``: it was on photos before the list came. ``decision``
    is what a person decided of a content: by its hash, since the row of a photo that is gone goes too, and the photo
    may come back; ``file_word`` has the keywords of files whose tags were decided on, for when that is undone.
    ``file_place`` has, of the trees in which other programs keep keywords, which label lies below which by a photo's
    file; ``file_parent`` counts its photos, and is kept by its triggers; ``unread_sidecar`` has why a sidecar of a
    photo could not be read. A ``step`` has in ``step_tag`` what each tag was before and after, NULL for none, with
    the photo's hash, so that a step can be undone after its photos were forgotten and came back. ``rule.folder`` is
    relative to its root, in POSIX form; ``rule_due`` has the photos that came in and wait for the rules, so that a
    run that is killed loses none. ``written`` holds what a sidecar was before a run of an export wrote it (NULL:
    there was none), the SHA-256 of what it was after, and as JSON the rows of ``travelled`` that its photo had.
    ``travelled`` holds what this program put into a photo's sidecar, by property, and which words a reader takes from
    that alone: they are no keywords of the file's own.
    """
    # Keywords of files have places in trees from now on: the next index run reads those photos' metadata again.
    db.execute("UPDATE photo SET sidecar_ns = -1 WHERE id IN (SELECT photo_id FROM tag WHERE source = 'file')")
    for statement in _TAGGING.split(";"):
        if statement.strip():
            db.execute(statement)
    for statement in _COUNTING:
        db.execute(statement)
