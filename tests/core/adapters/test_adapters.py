"""Adapters in a library: kept, switched, removed, and seen by whoever has it open."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest

from core.adapters.learned import LearnedName
from core.errors import CallError
from core.library import Library
from core.search.calibration import Curve


def name(text: str, at: int) -> LearnedName:
    return LearnedName(text, text.lower(), np.eye(8, dtype=np.float32)[at], Curve(20.5, -8.25, 0.5), 0.85, 3)


def test_one_of_a_model_is_on_and_switching_is_reversible(tmp_path: Path) -> None:
    with Library.open(tmp_path / "one") as library, Library.open(tmp_path / "one") as other:
        adapters = library.adapters
        adapters.install("adapter-1", "m", [name("Biscuit", 0)])
        adapters.install("elsewhere", "n", [name("Momo", 2)])
        assert other.adapters.book("m").adapter == "adapter-1"
        adapters.install("adapter-2", "m", [name("Biscuit", 1), name("Momo", 2)])
        assert [(one.name, one.active, one.names) for one in adapters.all()] == [
            ("adapter-1", False, 1),
            ("elsewhere", True, 1),
            ("adapter-2", True, 2),
        ]
        [found] = other.adapters.book("m").cut("biscuit asleep").names
        assert found == name("Biscuit", 1) and (found.vector == np.eye(8)[1]).all()
        other.adapters.switch("adapter-1", True)
        assert (library.adapters.book("m").cut("Biscuit").names[0].vector == np.eye(8)[0]).all()
        adapters.switch("adapter-1", False)
        assert not len(other.adapters.book("m")) and len(other.adapters.book("n")) == 1
        adapters.remove("adapter-2")
        assert [one.name for one in other.adapters.all()] == ["adapter-1", "elsewhere"]
        with library.catalog.read() as db:
            assert db.execute("SELECT count(*) FROM learned").fetchone()[0] == 2


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with Library.open(tmp_path / "one") as library:
        for call in (lambda: library.adapters.switch("x", True), lambda: library.adapters.remove("x")):
            with pytest.raises(CallError, match="no adapter “x”"):
                call()


def test_two_of_a_name_are_refused_and_nothing_changes(tmp_path: Path) -> None:
    with Library.open(tmp_path / "one") as library:
        library.adapters.install("adapter-1", "m", [name("Biscuit", 0)])
        with pytest.raises(sqlite3.IntegrityError):
            library.adapters.install("adapter-1", "m", [name("Momo", 0)])
        assert library.adapters.book("m").cut("Biscuit").names
