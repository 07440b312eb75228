"""What the world can do to a call: one clear sentence, the exit code of the design, and nothing lost."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from app.__main__ import main

PROJECT = Path(__file__).resolve().parents[2]
CALLS = (["search", "a dog"], ["index"], ["failures"], ["status"], ["roots"])


@pytest.fixture
def fault(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs a call that must end with one sentence and the code named; both ways of asking must agree."""

    def run(code: int, *arguments: str | Path) -> str:
        argv = [str(argument) for argument in arguments]
        assert main(["--json", *argv]) == code, capsys.readouterr()
        shown = capsys.readouterr()
        assert shown.err == ""
        sentence = json.loads(shown.out)["error"]
        assert main(argv) == code
        shown = capsys.readouterr()
        assert shown.out == "" and shown.err.count("\n") == 1 and shown.err.startswith("retrouve: ")
        assert "Traceback" not in shown.err
        assert isinstance(sentence, str) and sentence[-1] in ".?"
        return sentence

    return run


def test_no_library_yet(fault, tmp_path: Path) -> None:
    library = tmp_path / "none"
    for arguments in CALLS:
        code = 2 if arguments == ["index"] else 3
        assert "`retrouve index FOLDER`" in fault(code, "--library", library, *arguments)
    assert not library.exists(), "asking makes no library"


def test_doctor_without_a_library_says_how_to_make_one(capsys, tmp_path: Path) -> None:
    assert main(["--library", str(tmp_path / "none"), "doctor", "--json"]) == 0
    check, model = json.loads(capsys.readouterr().out)["checks"]
    assert model["name"] == "model" and model["ok"]
    assert check["ok"] and "`retrouve index FOLDER`" in check["sentence"]


def test_a_folder_that_is_not_there_and_one_that_is_a_file(fault, tmp_path: Path) -> None:
    library = tmp_path / "library"
    (tmp_path / "file.jpg").write_bytes(b"x")
    assert "is not there" in fault(3, "--library", library, "index", tmp_path / "nowhere")
    assert "is a file" in fault(2, "--library", library, "index", tmp_path / "file.jpg")
    assert not library.exists(), "a wrong call makes no library"


def test_one_wrong_folder_adds_none(fault, tmp_path: Path, photos: Path) -> None:
    fault(3, "--library", tmp_path / "library", "index", photos, tmp_path / "nowhere")
    assert not (tmp_path / "library").exists()


def test_the_library_is_a_file(fault, tmp_path: Path, photos: Path) -> None:
    (tmp_path / "library").write_text("mine")
    for place in (tmp_path / "library", tmp_path / "library" / "below"):
        assert "is a file" in fault(2, "--library", place, "index", photos)
        assert "is a file" in fault(2, "--library", place, "search", "x")
    assert (tmp_path / "library").read_text() == "mine"


def test_an_empty_query(fault, tmp_path: Path) -> None:
    fault(2, "--library", tmp_path, "search", "  ")
    fault(2, "--library", tmp_path, "search")


def test_a_newer_catalogue_is_left_untouched(fault, sample_library: Path) -> None:
    catalog = sample_library / "catalog.sqlite"
    with sqlite3.connect(catalog) as db:
        db.execute("INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('retrouve', '9999_x', '')")
        db.execute("PRAGMA user_version = 9999")
    db.close()
    before = catalog.read_bytes()
    for arguments in CALLS:
        assert "newer" in fault(3, "--library", sample_library, *arguments)
    assert catalog.read_bytes() == before


def test_a_damaged_catalogue_is_left_untouched(fault, sample_library: Path, capsys) -> None:
    catalog = sample_library / "catalog.sqlite"
    for beside in ("-wal", "-shm"):
        catalog.with_name(catalog.name + beside).unlink(missing_ok=True)
    catalog.write_bytes(b"this is no database, it is a letter to a friend\n" * 1000)
    before = catalog.read_bytes()
    for arguments in CALLS:
        fault(3, "--library", sample_library, *arguments)
    assert main(["--library", str(sample_library), "doctor", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert not found["healthy"] and not found["checks"][0]["ok"]
    assert catalog.read_bytes() == before


def test_what_is_no_photo(fault, sample_library: Path, tmp_path: Path) -> None:
    letter = tmp_path / "letter.jpg"
    letter.write_text("dear friend")
    for wrong, code in ((tmp_path / "nowhere.jpg", 3), (letter, 3), (tmp_path, 2)):
        fault(code, "--library", sample_library, "similar", wrong)
        fault(code, "--library", sample_library, "search", "x", "--like", wrong)


FOLDERS = [
    ("tag", "{}", "--labels", "food"),
    ("tags", "list", "{}"),
    ("rules", "add", "{}", "--labels", "food"),
    ("evaluate", "{}"),
]
FILES = [
    ("tags", "accept", "{}", "dog"),
    ("classify", "{}", "--labels", "dog"),
    ("captions", "import", "{}"),
    ("captions", "list", "{}"),
    ("labels", "import", "{}"),
    ("labels", "export", "food", "--to", "{}"),
]


@pytest.mark.parametrize("call", [*FOLDERS, *FILES], ids=lambda call: " ".join(call))
def test_a_file_for_a_folder_and_the_other_way_round_is_a_wrong_call_and_what_is_gone_is_the_worlds(
    fault, sample_library: Path, indexed_samples: Path, call: tuple[str, ...]
) -> None:
    photos = indexed_samples / "photos"
    photo = next(photos.rglob("*.jpg"))
    wrong, said = (photo, "is a file") if call in FOLDERS else (photos, "a folder")

    def with_path(path: Path) -> list[str]:
        return ["--library", str(sample_library), *(word.format(path) for word in call)]

    assert said in fault(2, *with_path(wrong))
    if "export" not in call:
        fault(3, *with_path(photos / "nowhere" / "at all.txt"))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows forbids such names")
def test_odd_file_names_are_exact_in_json_and_harmless_in_a_pipe(capsys, tmp_path: Path, photos: Path, starter) -> None:
    odd = [
        b"a\nnew line.jpg",
        b"\x1b[2Jclear.jpg",
        "right\u202egpj.jpg".encode(),
        b"no utf-8 \xff\xe9.jpg",
        b"-dash.jpg",
    ]
    one = next(photos.rglob("*.jpg"))
    for name in odd:
        try:
            shutil.copy(one, os.path.join(os.fsencode(photos), name))  # noqa: PTH118 - bytes
        except OSError:
            pytest.skip("this file system takes no such names")
    library = str(tmp_path / "library")
    assert main(["--library", library, "--json", "index", str(photos)]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["failed"] == 0 and report["scanned"] == 17
    assert main(["--library", library, "--json", "similar", str(one), "--top", "50"]) == 0
    out = capsys.readouterr().out
    assert out.isascii()
    hits = json.loads(out)["hits"]
    told = {path for hit in hits for path in [hit["path"], *hit["copies"]]}
    names = {os.fsencode(path).rsplit(b"/", 1)[1] for path in told}
    assert set(odd) <= names
    assert main(["--library", library, "similar", str(one), "--top", "50"]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out and "\u202e" not in out and len(out.splitlines()) == len(hits)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_output_to_a_full_disk_is_said(sample_library: Path) -> None:
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "app", "--library", sample_library, "--json", "roots"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
            check=False,
        )
    assert ended.returncode == 3
    assert ended.stderr == "retrouve: The output could not be written: No space left on device.\n"


READ_ONLY_MOUNT = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'
"""A mount that only the process sees, and that goes with it."""


def _without_writing(library: Path) -> list[str]:
    """What goes before a call so that it cannot write in the library. Root may write everywhere: it gets a mount."""
    if os.geteuid() != 0:
        return []
    ahead = ["unshare", "--mount", "--propagation", "private", "sh", "-c", READ_ONLY_MOUNT, str(library)]
    try:
        subprocess.run([*ahead, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("root may write everywhere, and cannot mount here")
    return ahead


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of folders differ there")
def test_a_read_only_library_can_be_searched_and_not_changed(sample_library: Path, indexed_samples: Path) -> None:
    ahead = _without_writing(sample_library)
    root = indexed_samples / "photos"
    everything = [sample_library, *sample_library.rglob("*")]
    for path in everything:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        for call, code in (
            (["search", "a dog"], 0),
            (["similar", next(root.rglob("*.jpg"))], 0),
            (["status"], 0),
            (["doctor"], 1),
            (["index"], 3),
            (["index", root], 3),
            (["forget", root], 3),
        ):
            ended = subprocess.run(
                [*ahead, sys.executable, "-m", "app", "--library", sample_library, "--json", *call],
                capture_output=True,
                text=True,
                env={**os.environ, "PYTHONPATH": str(PROJECT)},
                check=False,
            )
            assert ended.returncode == code, (call, ended)
            assert ended.stderr == "" and isinstance(json.loads(ended.stdout), dict)
            assert ("error" in json.loads(ended.stdout)) == (code == 3)
    finally:
        for path in everything:
            path.chmod(0o755 if path.is_dir() else 0o644)
