"""Rows of ``preference``: a person's choices about the library itself. What has no row is as it comes."""

from __future__ import annotations

import sqlite3

GENTLE = "gentle"
"""Whether indexing leaves room for other work."""


MODEL = "model"
"""The id of the model that the person chose for this library; without a row it is the bundled one."""
BUNDLED = "bundled"
"""What it says where the person went back to the bundled model: whichever comes with the program."""


def is_on(db: sqlite3.Connection, name: str, otherwise: bool = False) -> bool:
    """Whether a choice is ``on``; ``otherwise`` where nobody has chosen."""
    said = value(db, name)
    return otherwise if said is None else said != "off"


def set(db: sqlite3.Connection, name: str, on: bool) -> None:
    """Choose ``on`` or ``off``."""
    put(db, name, "on" if on else "off")


def value(db: sqlite3.Connection, name: str) -> str | None:
    """What was chosen, None where nobody has."""
    row = db.execute("SELECT value FROM preference WHERE name = ?", [name]).fetchone()
    return None if row is None else str(row[0])


def model(db: sqlite3.Connection) -> str | None:
    """The id of the model that was chosen; None stands for the bundled one, chosen or not."""
    said = value(db, MODEL)
    return None if said == BUNDLED else said


def put(db: sqlite3.Connection, name: str, value: str | None) -> None:
    """Choose something; None takes the choice back."""
    if value is None:
        db.execute("DELETE FROM preference WHERE name = ?", [name])
    else:
        db.execute("INSERT OR REPLACE INTO preference (name, value) VALUES (?, ?)", [name, value])
