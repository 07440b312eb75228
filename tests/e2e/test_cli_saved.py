"""Saved searches, history and export from the command line, on the sample photos with the bundled model."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.__main__ import main

PROJECT = Path(__file__).resolve().parents[2]
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(capfdbinary: pytest.CaptureFixture[bytes], sample_library: Path) -> Call:
    """Runs a call on the sample library in this process: its exit code and both streams."""

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        code = main(["--library", str(sample_library), *map(str, arguments)])
        sys.stdout.flush()
        shown = capfdbinary.readouterr()
        return code, shown.out.decode(), shown.err.decode()

    return run


def document(ran: tuple[int, str, str], code: int = 0) -> dict[str, Any]:
    assert ran[0] == code, ran
    assert ran[2] == "", ran
    found: dict[str, Any] = json.loads(ran[1])
    return found


def test_saved_searches_are_kept_run_renamed_and_removed(call: Call) -> None:
    assert document(call("saved", "list", "--json"), 1) == {"saved": []}
    code, out, _ = call("saved")
    assert code == 1 and "No search is saved yet" in out
    added = document(call("saved", "add", "Dogs", "a dog", "-people", "--json"), 2)
    assert "--" in added["error"], "words with a dash go in quotes, and it says so"
    added = document(call("saved", "add", "Dogs", "a dog -people", "--json"))
    assert added["saved"]["query"] == "a dog -people" and not added["replaced"]
    assert document(call("saved", "add", "dogs", "a dog", "--json"))["replaced"]
    [kept] = document(call("saved", "list", "--json"))["saved"]
    assert set(kept) == {"name", "query", "order", "added"} and kept["query"] == "a dog"
    run, typed = (document(call("search", *words, "--json")) for words in (("--saved", "DOGS"), ("a dog",)))
    assert [hit["path"] for hit in run["hits"]] == [hit["path"] for hit in typed["hits"]]
    narrowed = document(call("search", "--saved", "dogs", "name:nothing_is_called_so", "--json"), 1)
    assert narrowed["hits"] == []
    assert call("saved", "rename", "dogs", "Our dogs")[0] == 0
    assert "Our dogs\ta dog" in call("saved", "list")[1]
    assert document(call("saved", "remove", "our dogs", "--json"))["removed"]["name"] == "Our dogs"
    assert call("saved", "list")[0] == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("saved", "ad", "x", "y"), "does not know `ad`"),
        (("saved", "add", "x"), "called otherwise"),
        (("saved", "remove"), "called otherwise"),
        (("saved", "list", "x"), "called otherwise"),
        (("saved", "add", " ", "dog"), "needs a name"),
        (("saved", "add", "x", " "), "nothing to save"),
        (("saved", "remove", "x"), "no saved search"),
        (("search", "--saved", "x"), "no saved search"),
        (("history", "of"), "does not know `of`"),
        (("history", "on", "off"), "does not know what to do with `off`"),
        (("search", "dog", "--export", "xml"), "invalid choice"),
        (("search", "dog", "--to", "/x"), "need --export"),
    ],
)
def test_wrong_calls_are_told_in_a_sentence(call: Call, arguments: tuple[str, ...], words: str) -> None:
    code, out, err = call(*arguments)
    assert (code, out) == (2, "") and words in err and err.count("\n") == 1


def test_the_history_is_kept_switched_off_and_cleared(call: Call) -> None:
    assert document(call("history", "list", "--json"), 1) == {"history": [], "enabled": True}
    for words in ("a dog", "food", "a dog"):
        call("search", words)
    call("search", "--saved", "x")
    assert document(call("history", "--json")) == {"history": ["a dog", "food"], "enabled": True}
    assert call("history", "list")[1] == "a dog\nfood\n"
    assert document(call("history", "off", "--json")) == {"enabled": False}
    call("search", "a secret")
    code, out, _ = call("history")
    assert code == 1 and "off" in out
    call("history", "on")
    assert document(call("history", "--json"))["history"] == ["a dog", "food"]
    assert document(call("history", "clear", "--json")) == {"cleared": True}
    assert document(call("history", "--json"), 1)["history"] == []


def test_what_a_script_asks_is_not_noted(call: Call, tmp_path: Path) -> None:
    call("search", "a dog")
    assert document(call("search", "food", "--json"))["hits"]
    assert document(call("--json", "search", "food", "--like", PROJECT / "resources/samples/retrouve-001.jpg"))["hits"]
    assert call("search", "food", "--export", "paths")[0] == 0
    assert call("search", "food", "--export", "csv", "--to", tmp_path / "found.csv", "--json")[0] == 0
    assert document(call("history", "--json"))["history"] == ["a dog"]
    assert call("search", "food")[0] == 0
    assert document(call("history", "--json"))["history"] == ["food", "a dog"]


def test_lists_are_exported_to_a_file_and_to_stdout(call: Call, tmp_path: Path) -> None:
    good = [hit["path"] for hit in document(call("search", "food", "--top", "100", "--json"))["hits"] if hit["strong"]]
    assert good
    assert call("search", "food", "--export", "paths") == (0, "".join(f"{path}\n" for path in good), "")
    table = call("search", "food", "--export", "csv", "--to", "-")[1]
    assert [row["path"] for row in csv.DictReader(io.StringIO(table, newline=""))] == good
    target = tmp_path / "found.json"
    told = document(call("search", "food", "--export", "json", "--to", target, "--json"))
    assert told["written"] == len(good) and told["target"] == str(target) and told["failed"] == []
    assert [hit["path"] for hit in json.loads(target.read_bytes())["hits"]] == good
    code, _, err = call("search", "food", "--export", "json", "--to", target)
    assert code == 2 and "--overwrite" in err
    assert call("search", "food", "--top", "2", "--export", "json", "--to", target, "--overwrite")[0] == 0
    assert len(json.loads(target.read_bytes())["hits"]) == 2


def test_filters_alone_export_every_photo(call: Call, indexed_samples: Path) -> None:
    out = call("search", "folder:photos", "--export", "paths")[1]
    assert len(out.splitlines()) == len(list((indexed_samples / "photos").glob("*.jpg"))) > 20


def test_copies_go_to_a_folder(call: Call, tmp_path: Path) -> None:
    folder = tmp_path / "album"
    code, out, err = call("search", "food", "--top", "3", "--export", "copies", "--to", folder)
    assert (code, err) == (0, "") and out == f"3 photos copied to {folder}.\n"
    assert len(list(folder.iterdir())) == 3
    again = document(call("search", "food", "--top", "3", "--export", "copies", "--to", folder, "--json"))
    assert (again["written"], again["present"]) == (0, 3)


def test_nothing_found_writes_nothing(call: Call, tmp_path: Path) -> None:
    target = tmp_path / "found.txt"
    for query in ("food folder:nowhere", "folder:nowhere"):
        code, out, _ = call("search", query, "--export", "paths", "--to", target)
        assert code == 1 and "No photo fits" in out and not target.exists()


def test_without_a_good_match_it_says_how_to_get_the_nearest(call: Call, tmp_path: Path) -> None:
    query = "qwertz asdf -(a photo of nothing at all)"
    found = document(call("search", query, "--json"))
    if any(hit["strong"] for hit in found["hits"]):
        pytest.skip("the model takes this for something")
    code, out, _ = call("search", query, "--export", "paths", "--to", tmp_path / "x.txt")
    assert code == 1 and "--top 20" in out and not (tmp_path / "x.txt").exists()


def test_a_reader_that_leaves_early_is_no_error(sample_library: Path) -> None:
    command = f'"{sys.executable}" -m app --library "{sample_library}" search folder:photos --export csv | head -n 2'
    ended = subprocess.run(["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, cwd=PROJECT, timeout=120)
    assert ended.returncode == 0 and ended.stderr == b"" and ended.stdout.count(b"\n") == 2


def test_hits_are_sorted_as_asked_and_a_saved_order_gives_way(call: Call) -> None:
    def sizes(*arguments: str) -> list[int]:
        hits = document(call("search", "type:jpeg", "--top", "12", *arguments, "--json"))["hits"]
        return [Path(hit["path"]).stat().st_size for hit in hits]

    largest = sizes("--sort", "size")
    assert len(largest) == 12 and largest == sorted(largest, reverse=True) != sizes()
    document(call("saved", "add", "Pictures", "type:jpeg", "--json"))
    assert sizes("--saved", "Pictures", "--sort", "size") == largest
    code, _, told = call("search", "a dog", "--sort", "colour")
    assert code == 2 and "--sort" in told
