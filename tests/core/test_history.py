"""The history: newest first, each once, nothing while it is off."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.catalog.connection import Catalog
from core.errors import CatalogReadOnly
from core.history import LONGEST, History
from core.library import Library


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    with Library.open(tmp_path / "library") as library:
        assert library.history is library.history
        yield library.history


def test_the_newest_come_first_and_each_once(history: History) -> None:
    for query in ("dog", "  cat ", "dog -people", "dog", "dog"):
        history.note(query)
    assert history.recent() == ["dog", "dog -people", "cat"]
    assert history.recent(2) == ["dog", "dog -people"]


def test_what_nobody_would_pick_from_a_list_is_not_noted(history: History) -> None:
    for query in ("", "   ", "\0", "x" * (LONGEST + 1)):
        history.note(query)
    assert history.recent() == []
    history.note("\udcff" + "x" * (LONGEST - 1))
    assert history.recent() == ["\ufffd" + "x" * (LONGEST - 1)]


def test_off_means_that_nothing_is_written_and_nothing_shown(history: History) -> None:
    history.note("dog")
    assert history.enabled
    history.set_enabled(False)
    history.note("cat")
    assert not history.enabled and history.recent() == []
    history.set_enabled(True)
    assert history.recent() == ["dog"]


def test_one_query_and_all_of_them_can_be_forgotten(history: History) -> None:
    for query in ("dog", "cat", "bird"):
        history.note(query)
    history.forget("cat")
    assert history.recent() == ["bird", "dog"]
    history.clear()
    history.clear()
    assert history.recent() == []


def test_asking_the_same_again_writes_nothing(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    history.note("dog")
    monkeypatch.setattr(Catalog, "write", lambda *_: pytest.fail("written"))
    history.note("dog")


def test_a_library_that_can_only_be_read_is_asked_without_a_trace(tmp_path: Path) -> None:
    with Library.open(tmp_path / "library") as library:
        library.history.note("dog")
    with Catalog.open(tmp_path / "library", read_only=True) as catalog:
        history = History(catalog)
        history.note("cat")
        assert history.recent() == ["dog"]
        with pytest.raises(CatalogReadOnly):
            history.clear()
        with pytest.raises(CatalogReadOnly):
            history.set_enabled(False)
