"""Where a run looks, and what has truly gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.catalog.photos import KnownFile
from core.errors import FolderError
from core.indexing.diff import Known
from core.indexing.scope import Scope, scopes_of
from core.photos.scan import UnreadableFolder
from core.types import FileStamp, Root


@pytest.fixture
def root(tmp_path):
    return Root(1, tmp_path / "photos", "2026-01-01")


def known(root: Root, folder: str, name: str) -> Known:
    return Known(root, KnownFile(1, False, 1, folder, name, FileStamp(1, 1, 1), 1))


def touch(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


def test_folders_are_looked_at_once(root, tmp_path):
    other = Root(2, tmp_path / "other", "2026-01-01")
    folders = [root.path / "a" / "b", root.path / "a", root.path / "ab", other.path]
    assert scopes_of([root, other], folders) == [Scope(root, ("a", "ab")), Scope(other, ("",))]
    assert scopes_of([root, other], None) == [Scope(root), Scope(other)]
    with pytest.raises(FolderError):
        scopes_of([root], [other.path])


def test_a_folder_is_covered_with_all_below_it(root):
    scope = Scope(root, ("a",))
    assert scope.covers("a") and scope.covers("a/b")
    assert not scope.covers("ab") and not scope.covers("")
    assert Scope(root).covers("anything")
    assert not Scope(root, ()).covers("")


def test_what_has_gone(root):
    for name in ("a/there.png", "b/there.png"):
        touch(root.path / name)
    scope = Scope(root, ("a",))
    assert scope.has_gone(known(root, "a", "gone.png"))
    assert scope.has_gone(known(root, "a/no such folder", "gone.png"))
    assert scope.has_gone(known(root, "a", "there.png"))  # it was not found, and so is left out now
    assert scope.has_gone(known(root, "b", "gone.png"))
    assert not scope.has_gone(known(root, "b", "there.png"))  # nobody looked


def test_what_lies_in_an_unreadable_folder_has_not_gone(root):
    touch(root.path / "x.png")
    scope = Scope(root)
    scope.unreadable.append(UnreadableFolder(root.path / "a", "a", "You have no permission to read this folder."))
    assert not scope.has_gone(known(root, "a", "gone.png"))
    assert not scope.has_gone(known(root, "a/b", "gone.png"))
    assert scope.has_gone(known(root, "ab", "gone.png"))


def test_what_the_system_cannot_say_has_not_gone(root):
    touch(root.path / "x.png")
    assert not Scope(root).has_gone(known(root, "", "n" * 5000))
