"""``retrouve duplicates``: what a person and a script are told, and the exit code of nothing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from app.__main__ import main


def test_groups_are_told_to_people_and_scripts_and_nothing_is_exit_1(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, photos: Path, starter: Path
) -> None:
    one = next(photos.rglob("*.jpg"))
    call = ["--library", str(tmp_path / "library")]
    assert main([*call, "--json", "index", str(photos)]) == 0
    capsys.readouterr()
    assert main([*call, "--json", "duplicates"]) == 1
    assert json.loads(capsys.readouterr().out) == {"groups": []}
    assert main([*call, "duplicates"]) == 1
    assert capsys.readouterr().out == "No photo is there twice.\n"

    copy = photos / "a copy.jpg"
    shutil.copy(one, copy)
    assert main([*call, "--json", "index"]) == 0
    capsys.readouterr()
    assert main([*call, "--json", "duplicates"]) == 0
    [group] = json.loads(capsys.readouterr().out)["groups"]
    assert group == {"kind": "copies", "paths": sorted([str(copy), str(one)])}
    assert main([*call, "duplicates"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines == [f"copies\t1\t{path}" for path in group["paths"]]
    assert copy.read_bytes() == one.read_bytes()


def test_without_a_library_it_is_said_how_to_make_one(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["--library", str(tmp_path / "none"), "duplicates"]) == 3
    assert "`retrouve index FOLDER`" in capsys.readouterr().err and not (tmp_path / "none").exists()
