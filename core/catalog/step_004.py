"""Migration m004: the word index (see `core.catalog.word_index`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.catalog.word_index import refresh

if TYPE_CHECKING:
    from sqlite_utils import Database


def _due(kind: str, id: str) -> str:
    """Notes that the words of a thing have to be looked at. OR IGNORE would yield to the statement that fired this."""
    return (
        f"INSERT INTO words_due (kind, id) SELECT '{kind}', {id} "
        f"WHERE NOT EXISTS (SELECT 1 FROM words_due WHERE kind = '{kind}' AND id = {id});"
    )


_WORDS = (
    *(
        f"CREATE VIRTUAL TABLE {name} USING fts5(text, columnsize = 0, tokenize = 'ascii')"
        for name in ("caption_words", "name_words", "folder_words", "label_words")
    ),
    "CREATE TABLE caption_size (photo_id INTEGER PRIMARY KEY, words INTEGER NOT NULL)",
    "CREATE TABLE words_due (kind TEXT NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (kind, id)) WITHOUT ROWID",
    f"CREATE TRIGGER words_photo_added AFTER INSERT ON photo BEGIN {_due('photo', 'NEW.id')} END",
    "CREATE TRIGGER words_photo_renamed AFTER UPDATE OF name ON photo WHEN OLD.name <> NEW.name "
    f"BEGIN {_due('photo', 'NEW.id')} END",
    f"CREATE TRIGGER words_photo_gone AFTER DELETE ON photo BEGIN {_due('photo', 'OLD.id')} END",
    f"CREATE TRIGGER words_caption_added AFTER INSERT ON caption BEGIN {_due('photo', 'NEW.photo_id')} END",
    "CREATE TRIGGER words_caption_changed AFTER UPDATE OF text, photo_id ON caption "
    f"BEGIN {_due('photo', 'OLD.photo_id')} {_due('photo', 'NEW.photo_id')} END",
    f"CREATE TRIGGER words_caption_gone AFTER DELETE ON caption BEGIN {_due('photo', 'OLD.photo_id')} END",
    f"CREATE TRIGGER words_folder_added AFTER INSERT ON folder BEGIN {_due('folder', 'NEW.id')} END",
    f"CREATE TRIGGER words_folder_renamed AFTER UPDATE OF path, root_id ON folder BEGIN {_due('folder', 'NEW.id')} END",
    f"CREATE TRIGGER words_folder_gone AFTER DELETE ON folder BEGIN {_due('folder', 'OLD.id')} END",
    "CREATE TRIGGER words_root_renamed AFTER UPDATE OF path ON root WHEN OLD.path <> NEW.path "
    "BEGIN INSERT INTO words_due (kind, id) SELECT 'folder', f.id FROM folder f WHERE f.root_id = NEW.id "
    "AND NOT EXISTS (SELECT 1 FROM words_due d WHERE d.kind = 'folder' AND d.id = f.id); END",
    f"CREATE TRIGGER words_label_added AFTER INSERT ON label BEGIN {_due('label', 'NEW.id')} END",
    f"CREATE TRIGGER words_label_renamed AFTER UPDATE OF name ON label BEGIN {_due('label', 'NEW.id')} END",
    f"CREATE TRIGGER words_label_gone AFTER DELETE ON label BEGIN {_due('label', 'OLD.id')} END",
    # From photos to their contents without reading the rows of photos, which are long.
    "CREATE INDEX photo_contents ON photo(id, content_id)",
)


def m004_words(db: Database) -> None:
    """The word index, filled (see `core.catalog.word_index`, which keeps it in step by these triggers).

    A row of `caption_words` and its like is words folded by `core.catalog.word_folding`, with a space between each: the
    tokenizer has nothing left to do. Whoever builds ``photo``, ``caption``, ``folder``, ``root`` or ``label`` anew has
    to make their triggers anew too. Filling is done by the code of today: when that no longer fits these tables, the
    migration that changes them fills them, and this one stops doing it.
    """
    for statement in _WORDS:
        db.execute(statement)
    refresh(db.conn)
