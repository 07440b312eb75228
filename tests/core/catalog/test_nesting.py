"""Where a folder lies among the roots."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from core.catalog.nesting import absolute, inner_path, place_of, roots_inside
from core.types import Root

links = pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")


def root(number: int, path: Path) -> Root:
    return Root(number, path, "2026-01-01T00:00:00+00:00")


def test_by_name(tmp_path: Path) -> None:
    assert inner_path(tmp_path / "a" / "b", tmp_path) == "a/b"
    assert inner_path(tmp_path, tmp_path) == ""
    assert inner_path(tmp_path, tmp_path / "a") is None
    assert inner_path(tmp_path / "ab", tmp_path / "a") is None


@links
def test_through_links(tmp_path: Path) -> None:
    real = tmp_path / "real"
    (real / "inner").mkdir(parents=True)
    (tmp_path / "link").symlink_to(real)
    (tmp_path / "deep").symlink_to(real / "inner")
    assert inner_path(tmp_path / "link" / "inner", real) == "inner"
    assert inner_path(real / "inner", tmp_path / "link") == "inner"
    assert inner_path(tmp_path / "deep", real) == "inner"
    assert inner_path(tmp_path / "deep" / "not there.jpg", tmp_path / "link") == "inner/not there.jpg"
    place = place_of(tmp_path / "deep" / "a.jpg", [root(1, tmp_path / "link")])
    assert place is not None
    assert place.path == tmp_path / "link" / "inner" / "a.jpg"


def test_the_innermost_root_counts(tmp_path: Path) -> None:
    roots = [root(1, tmp_path), root(2, tmp_path / "a" / "b"), root(3, tmp_path / "c")]
    place = place_of(tmp_path / "a" / "b" / "x.jpg", roots)
    assert place is not None
    assert (place.root.id, place.inner) == (2, "x.jpg")
    assert place_of(tmp_path.parent, roots) is None
    assert place_of(tmp_path, []) is None


def test_roots_inside_a_folder(tmp_path: Path) -> None:
    roots = [root(1, tmp_path), root(2, tmp_path / "a" / "b"), root(3, tmp_path.parent / "other")]
    assert [(place.root.id, place.inner) for place in roots_inside(tmp_path, roots)] == [(2, "a/b")]


def test_dots_go_and_links_stay(tmp_path: Path) -> None:
    assert absolute(tmp_path / "a" / ".." / "b") == tmp_path / "b"
    assert absolute(Path("x")) == Path.cwd() / "x"
