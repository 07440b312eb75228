"""Which model answers: one at a time, also in libraries of before."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from core.catalog import answering, contents, embeddings, linking, migrations, schema
from core.catalog.connection import Catalog


def fill(db: sqlite3.Connection, name: str, count: int) -> int:
    model = embeddings.model_id(db, name, 2)
    ids = [contents.ensure(db, number.to_bytes(16, "big")) for number in range(count)]
    embeddings.add(db, model, [(id, np.array([1.0, 0.0])) for id in ids])
    return model


def test_one_model_answers_at_a_time(folder: Path) -> None:
    with Catalog.open(folder) as catalog:
        one, two = catalog.write(lambda db: (fill(db, "one", 3), fill(db, "two", 2)))
        with catalog.read() as db:
            assert answering.answering(db) is None
            assert {model.name for model in answering.strays(db, ["two"])} == {"one"}
        for model, name in ((one, "one"), (two, "two"), (two, "two")):
            catalog.write(lambda db, model=model: answering.choose(db, model))
            with catalog.read() as db:
                chosen = answering.answering(db)
                assert chosen is not None and chosen.name == name
        with pytest.raises(sqlite3.IntegrityError):
            catalog.write(lambda db: db.execute("UPDATE model SET answers = 1"))
        catalog.write(lambda db: answering.forget(db, two))
        catalog.write(lambda db: answering.forget(db, one))
        with catalog.read() as db:
            assert [model.name for model in embeddings.models(db)] == ["two"], "the one that answers stays"
            assert (embeddings.count(db, one), embeddings.count(db, two)) == (0, 2)


def test_only_what_a_photo_has_is_left(folder: Path) -> None:
    with Catalog.open(folder) as catalog:
        one, two = catalog.write(lambda db: (fill(db, "one", 3), fill(db, "two", 1)))
        with catalog.read() as db:
            assert (answering.known(db, one), answering.left(db, one, two), answering.roots_left(db, one, two)) == (
                0,
                0,
                [],
            )


def test_a_library_of_before_is_answered_by_the_model_that_encoded_last(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr(migrations, "STEPS", (migrations.m001_first,))
        before.setattr(schema, "NAMES", ("m001_first",))
        Catalog.open(folder).close()
        # Not through the writer of today, which keeps tables in step that come later.
        with closing(linking.connect(folder / "catalog.sqlite", linking.Mode.WRITE, 1)) as db:
            fill(db, "one", 3), fill(db, "two", 3), fill(db, "never used", 0)
    with Catalog.open(folder) as catalog, catalog.read() as db:
        chosen = answering.answering(db)
        assert chosen is not None and chosen.name == "two"


def test_a_library_of_before_that_was_never_indexed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as before:
        before.setattr(migrations, "STEPS", (migrations.m001_first,))
        before.setattr(schema, "NAMES", ("m001_first",))
        Catalog.open(folder).close()
    with Catalog.open(folder) as catalog, catalog.read() as db:
        assert answering.answering(db) is None


def test_each_question_is_answered_by_indexes_alone(folder: Path) -> None:
    """Reading a vector's page for each photo would read all of the catalogue."""
    Catalog.open(folder).close()
    with closing(sqlite3.connect(folder / "catalog.sqlite")) as db:
        plan = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN SELECT {answering._LEFT}", [1, 2])]
    assert plan and all("COVERING INDEX" in step for step in plan if "embedding" in step or " old" in step), plan
