"""What a library knows by name, with counts: what completion offers, and what plain words may mean.

Each part is counted along an index: at a million photos it takes some hundredths of a second. All of it is kept until
something is committed, by whatever process.
"""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

from core.catalog.connection import Catalog
from core.catalog.gear import Kind
from core.catalog.naming import to_name

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
"""A word in a name."""


@dataclass(frozen=True, slots=True)
class Known:
    """A name, and how many photos have it."""

    text: str
    count: int


@dataclass(frozen=True, slots=True)
class KnownFolder:
    """A folder that has photos of its own: its path from its root's own name on (``Photos/2019/Italy``), and the same
    folded. ``count`` photos lie in it, those below it left out."""

    path: str
    folded: str
    count: int


@dataclass(frozen=True, slots=True)
class KnownStep:
    """A name that folders have, as one of them is called. ``words`` are its words, folded, with a space before, between
    and after them: `` new york ``."""

    text: str
    words: str

    def spelled(self, words: str) -> str | None:
        """What of the name such words are, as they are written in it: ``New York`` for `` new y`` or `` new york ``.
        None where it has no such words."""
        at = self.words.find(words)
        places = [found.span() for found in WORD.finditer(self.text)]
        # A letter may be folded to what is no letter: then nobody can tell which word is which.
        if at < 0 or len(places) != self.words.count(" ") - 1:
            return None
        first = self.words.count(" ", 0, at)
        return self.text[places[first][0] : places[first + len(words.split()) - 1][1]]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What a library knows. Names are as they were written; of each kind the one with the most photos comes first."""

    photos: int = 0
    folders: tuple[KnownFolder, ...] = ()
    steps: tuple[KnownStep, ...] = ()
    """The names of all folders, and of those that they lie in, each once."""
    tags: tuple[Known, ...] = ()
    cameras: tuple[Known, ...] = ()
    lenses: tuple[Known, ...] = ()
    formats: tuple[Known, ...] = ()
    """As ``photo.format`` has them: ``JPEG``, ``HEIF``."""
    months: tuple[Known, ...] = ()
    """``2019-07``, the earliest first."""


class Vocabularies:
    """The vocabulary of a catalogue, read when it is asked for after a change. May be called from any thread."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._guard = threading.Lock()
        self._read: tuple[int, Vocabulary] | None = None

    def get(self) -> Vocabulary:
        """The vocabulary as it is now. Takes up to a few tenths of a second where something changed."""
        with self._guard:
            version = self._catalog.data_version()
            if self._read is None or self._read[0] != version:
                with self._catalog.read() as db:
                    self._read = version, read(db)
            return self._read[1]


def read(db: sqlite3.Connection) -> Vocabulary:
    """Everything that the catalogue knows by name."""
    found = folders(db)
    return Vocabulary(
        photos=int(db.execute("SELECT count(*) FROM photo").fetchone()[0]),
        folders=found,
        steps=steps(found),
        tags=tags(db),
        cameras=gear(db, "camera"),
        lenses=gear(db, "lens"),
        formats=formats(db),
        months=months(db),
    )


def folders(db: sqlite3.Connection) -> tuple[KnownFolder, ...]:
    """The folders that hold photos."""
    named = {}
    for id, path, folded_name in db.execute("SELECT id, path, folded_name FROM root"):
        own = path.replace("\\", "/").rstrip("/").rpartition("/")[2]
        named[id] = (to_name(own), folded_name)
    cursor = db.cursor()
    cursor.row_factory = None
    rows = cursor.execute(
        "SELECT f.root_id, f.path, f.folded, (SELECT count(*) FROM photo p WHERE p.folder_id = f.id) FROM folder f"
    )
    found = []
    for root_id, path, folded, count in rows:
        if not count:
            continue
        own, own_folded = named[root_id]
        found.append(KnownFolder(_joined(own, to_name(path)), _joined(own_folded, folded), count))
    return tuple(sorted(found, key=lambda folder: (-folder.count, folder.path)))


def steps(folders: Iterable[KnownFolder]) -> tuple[KnownStep, ...]:
    """The names in the paths of folders, in the order of these."""
    found: dict[str, str] = {}
    pairs = (zip(folder.path.split("/"), folder.folded.split("/"), strict=False) for folder in folders)
    for text, folded in dict.fromkeys(chain.from_iterable(pairs)):
        found.setdefault(f" {' '.join(WORD.findall(folded))} ", text)
    return tuple(KnownStep(text, words) for words, text in found.items() if words.strip())


def tags(db: sqlite3.Connection) -> tuple[Known, ...]:
    """The labels that are accepted on photos."""
    # A count for each label walks along the index; GROUP BY takes twice as long.
    return _known(
        db,
        "SELECT l.name, (SELECT count(*) FROM tag t WHERE t.label_id = l.id AND t.state = 'accepted') FROM label l",
    )


def gear(db: sqlite3.Connection, kind: Kind) -> tuple[Known, ...]:
    """The cameras, or the lenses."""
    return _known(
        db,
        f"SELECT g.name, (SELECT count(*) FROM photo p WHERE p.{kind}_id = g.id) FROM gear g WHERE g.kind = '{kind}'",
    )


def formats(db: sqlite3.Connection) -> tuple[Known, ...]:
    """The formats of files."""
    return _known(db, "SELECT format, count(*) FROM photo WHERE format <> '' GROUP BY format")


def months(db: sqlite3.Connection) -> tuple[Known, ...]:
    """The months in which photos were taken, the earliest first."""
    # From one month to the first date after it: to cut each date to its month would take five times as long.
    rows = db.execute(
        "WITH RECURSIVE step (month) AS ("
        "SELECT substr(min(taken), 1, 7) FROM photo WHERE taken IS NOT NULL UNION ALL "
        "SELECT substr((SELECT min(p.taken) FROM photo p WHERE p.taken >= step.month || '~'), 1, 7) FROM step "
        "WHERE step.month IS NOT NULL) "
        "SELECT month, (SELECT count(*) FROM photo p WHERE p.taken >= month AND p.taken < month || '~') FROM step "
        "WHERE month IS NOT NULL"
    )
    return tuple(Known(month, count) for month, count in rows)


def _known(db: sqlite3.Connection, statement: str) -> tuple[Known, ...]:
    found = [Known(text, count) for text, count in db.execute(statement) if count]
    return tuple(sorted(found, key=lambda known: (-known.count, known.text)))


def _joined(root: str, path: str) -> str:
    return f"{root}/{path}" if root and path else root or path
