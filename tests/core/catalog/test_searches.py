"""Saved searches and the history as rows: what is kept, replaced and forgotten."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from core.catalog import migrations, schema, searches
from core.catalog.connection import Catalog
from core.types import Order


def test_a_search_is_kept_and_one_of_the_same_name_replaced(catalog: Catalog) -> None:
    first = catalog.write(lambda db: searches.save(db, "Dogs", "dog -people", Order.DATE))
    second = catalog.write(lambda db: searches.save(db, "DOGS", "puppy", Order.MATCH))
    assert first.id == second.id and second.added == first.added
    with catalog.read() as db:
        assert searches.saved(db) == [second]
        assert (second.name, second.query, second.order) == ("DOGS", "puppy", Order.MATCH)
        assert searches.by_name(db, "dogs") == second == searches.by_id(db, first.id)
        assert searches.by_name(db, "cats") is None and searches.by_id(db, 99) is None


def test_names_that_look_the_same_are_the_same_and_others_are_not(catalog: Catalog) -> None:
    for name in ("Caf\u00e9", "Cafe\u0301", "Cafe"):
        catalog.write(lambda db, name=name: searches.save(db, name, "coffee", Order.MATCH))
    with catalog.read() as db:
        assert [search.name for search in searches.saved(db)] == ["Cafe", "Cafe\u0301"]


def test_an_order_that_is_not_known_is_that_of_the_match(catalog: Catalog) -> None:
    kept = catalog.write(lambda db: searches.save(db, "Dogs", "dog", Order.SIZE))
    catalog.write(lambda db: db.execute("UPDATE saved_search SET sort = 'by colour'"))
    with catalog.read() as db:
        found = searches.by_id(db, kept.id)
    assert found is not None and found.order is Order.MATCH


def test_the_history_has_each_query_once_and_ends_somewhere(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searches, "KEPT", 3)

    def ask(db: sqlite3.Connection) -> None:
        for query in ("a", "b", "a", "c", "d"):
            searches.note(db, query)

    catalog.write(ask)
    with catalog.read() as db:
        assert searches.asked(db, 10) == ["d", "c", "a"]
        assert searches.asked(db, 1) == ["d"]
    catalog.write(lambda db: searches.forget(db, "c"))
    with catalog.read() as db:
        assert searches.asked(db, 10) == ["d", "a"]


def test_what_is_forgotten_is_gone_from_the_file(folder: Path) -> None:
    secret = "the surprise party for Anna"
    with Catalog.open(folder) as catalog:
        catalog.write(lambda db: searches.note(db, secret))
    file = folder / "catalog.sqlite"
    assert secret.encode() in file.read_bytes()
    with Catalog.open(folder) as catalog:
        catalog.write(lambda db: searches.forget(db))
    assert secret.encode() not in file.read_bytes()
    assert not file.with_name("catalog.sqlite-wal").exists()


def test_the_history_is_kept_until_that_is_switched_off(catalog: Catalog) -> None:
    for on in (False, True, False):
        catalog.write(lambda db, on=on: searches.keep_history(db, on))
        with catalog.read() as db:
            assert searches.keeps_history(db) is on


def test_a_library_of_before_gets_its_tables_and_keeps_a_history(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    older = tuple(step for step in migrations.STEPS if step.__name__ < "m005")
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "STEPS", older)
        patch.setattr(schema, "NAMES", tuple(step.__name__ for step in older))
        Catalog.open(folder).close()
    with Catalog.open(folder) as catalog:
        catalog.write(lambda db: searches.note(db, "dog"))
        with catalog.read() as db:
            assert searches.keeps_history(db) and searches.saved(db) == [] and searches.asked(db, 5) == ["dog"]
    assert len(list((folder / "backups").iterdir())) == 1
