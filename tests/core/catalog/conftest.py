"""Catalogues to test on, and small ways to fill them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.catalog.connection import Catalog


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a library may be made."""
    return tmp_path / "library"


@pytest.fixture
def catalog(folder: Path) -> Iterator[Catalog]:
    """A new catalogue."""
    with Catalog.open(folder) as catalog:
        yield catalog
