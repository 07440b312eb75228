"""The shelf: what is on it is found by name, arrives whole or not at all, and leaves for good."""

import errno
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from core.errors import CallError, DiskFull, ModelDamaged, ModelError, ModelMissing
from core.models.importing import change_card
from core.models.registry import load_info, starter_folder
from core.models.shelf import Shelf, default_shelf


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "data" / "shelf")


def put(shelf: Shelf, model: Path, name: str):
    with shelf.draft() as draft:
        shutil.copytree(model, draft, dirs_exist_ok=True)
        change_card(draft, name=name)
        return shelf.put(draft)


def test_lies_in_the_users_data_folder_beside_the_library(own_home, monkeypatch):
    from core.library import default_folder

    assert default_shelf().is_relative_to(own_home)
    assert default_shelf().parent == default_folder()
    assert default_shelf() != default_folder() / "models"  # a library's own copies
    monkeypatch.setenv("RETROUVE_MODELS", "elsewhere/models")
    assert default_shelf() == Path.cwd() / "elsewhere" / "models"


def test_a_new_shelf_holds_the_bundled_model_alone(shelf):
    assert [info.folder for info in shelf.all()] == [starter_folder()]
    assert shelf.find("starter").folder == starter_folder()
    assert shelf.unusable() == []
    assert not shelf.folder.exists()


def test_found_by_name_and_by_id_in_any_case(shelf, tiny_model):
    info = put(shelf, tiny_model, "Tiny-2")
    assert info.folder == shelf.folder / "Tiny-2"
    assert [found.name for found in shelf.all()] == ["starter", "Tiny-2"]
    for name in ("Tiny-2", "tiny-2", info.model_id):
        assert shelf.find(name) == info
    with pytest.raises(ModelMissing, match="Did you mean `Tiny-2`"):
        shelf.find("tiny2")
    with pytest.raises(ModelMissing, match=r"There is: starter, Tiny-2\."):
        shelf.find("something else")
    assert list(shelf.folder.iterdir()) == [info.folder]


@pytest.mark.parametrize("name", ["../up", "a/b", "", ".hidden", "x" * 65, "a b", "Grüße"])
def test_names_that_are_none(shelf, name):
    with pytest.raises(CallError, match="cannot name a model: use up to 64 of the letters a to z"):
        shelf.place_of(name)
    with pytest.raises(ModelMissing):
        shelf.find(name)
    with pytest.raises(ModelMissing):
        shelf.remove(name)


def test_nothing_is_put_in_the_place_of_another(shelf, tiny_model):
    first = put(shelf, tiny_model, "one")
    for taken in ("one", "ONE", "starter", "Starter"):
        with pytest.raises(CallError, match="already"):
            put(shelf, tiny_model, taken)
    assert load_info(first.folder) == first
    assert [path.name for path in shelf.folder.iterdir()] == ["one"]


def test_a_draft_that_is_no_model_leaves_nothing(shelf, tiny_model):
    with pytest.raises(ModelMissing), shelf.draft() as draft:
        shutil.copyfile(tiny_model / "model.json", draft / "model.json")
        shelf.put(draft)
    assert list(shelf.folder.iterdir()) == []


def test_many_threads_put_one(shelf, tiny_model):
    said = []

    def one() -> None:
        try:
            put(shelf, tiny_model, "same")
            said.append("put")
        except CallError:
            said.append("taken")

    threads = [threading.Thread(target=one) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == ["put", *["taken"] * 4]
    assert [path.name for path in shelf.folder.iterdir()] == ["same"]


def test_removing(shelf, tiny_model):
    info = put(shelf, tiny_model, "gone")
    assert shelf.remove("GONE") == info.folder
    assert not info.folder.exists()
    with pytest.raises(ModelMissing):
        shelf.remove("gone")
    with pytest.raises(CallError, match="comes with the program"):
        shelf.remove("starter")


def test_what_cannot_be_used_is_named_and_can_be_removed(shelf, tiny_model):
    info = put(shelf, tiny_model, "broken")
    (info.folder / "model.json").write_text("{")
    (shelf.folder / "empty").mkdir()
    assert [(entry.folder.name, "model.json" in entry.reason) for entry in shelf.unusable()] == [
        ("broken", True),
        ("empty", True),
    ]
    assert [found.name for found in shelf.all()] == ["starter"]
    with pytest.raises(ModelDamaged, match=r"model\.json"):
        shelf.find("broken")
    with pytest.raises(CallError, match="already"):
        shelf.check_free("broken")
    shelf.remove("broken")
    shelf.remove("empty")
    assert shelf.unusable() == []


def test_old_drafts_are_cleared_and_young_ones_left(shelf):
    old, young = shelf.folder / ".draft-0001", shelf.folder / ".draft-0002"
    for draft in (old, young):
        draft.mkdir(parents=True)
        (draft / "part").write_bytes(b"x")
    long_ago = time.time() - 90_000
    for path in (old / "part", old):
        os.utime(path, (long_ago, long_ago))
    with shelf.draft():
        assert not old.exists()
        assert young.exists()


KILLED = """
import os, sys
from pathlib import Path
from core.models.shelf import Shelf
with Shelf(Path(sys.argv[1])).draft() as draft:
    (draft / "weights").write_bytes(b"x" * 1000)
    print(draft.name, flush=True)
    sys.stdin.read()
"""


def test_a_draft_goes_once_its_process_is_dead(shelf, tmp_path):
    command = [sys.executable, "-c", KILLED, str(shelf.folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        name = process.stdout.readline().strip()
        shelf.clear_drafts()
        assert (shelf.folder / name / "weights").is_file(), "it is being made"
        process.kill()
        process.wait()
    assert (shelf.folder / name / "weights").is_file()
    shelf.clear_drafts()
    assert list(shelf.folder.iterdir()) == []


def test_a_copy_that_cannot_be_written_is_said_of_where_it_goes(shelf, tmp_path):
    with pytest.raises(ModelError, match=r"written to .*weights: File too large"), shelf.draft() as draft:
        raise OSError(errno.EFBIG, "File too large", str(tmp_path / "source"), None, str(draft / "weights"))


def test_a_full_disk_is_a_sentence(shelf):
    with pytest.raises(DiskFull, match="disk is full"), shelf.draft() as draft:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(draft / "weights"))
    assert list(shelf.folder.iterdir()) == []


def test_a_shelf_that_cannot_be_written_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(ModelError, match="cannot be written"), Shelf(tmp_path / "file" / "shelf").draft():
        pytest.fail("a draft was made in a file")


def test_the_description_goes_first(shelf, tiny_model, monkeypatch):
    """A removal that is stopped half way leaves no folder that looks like a model."""
    info = put(shelf, tiny_model, "half")
    monkeypatch.setattr(shutil, "rmtree", lambda *_rest, **_more: None)
    with pytest.raises(ModelError, match="could not all be removed"):
        shelf.remove("half")
    assert not (info.folder / "model.json").exists()
    assert json.loads((tiny_model / "model.json").read_text())["name"] == "tiny"
