"""Every command on the sample photos with the bundled model: what people read and what programs get."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from app.__main__ import main

SAMPLES = Path(__file__).resolve().parents[2] / "resources" / "samples"
IMAGES = (".jpg", ".jpeg", ".png", ".webp")


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], sample_library: Path) -> Callable[..., tuple[int, str, str]]:
    """Runs a call on the sample library in this process: its exit code and both streams."""

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        code = main(["--library", str(sample_library), *map(str, arguments)])
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return run


def document(ran: tuple[int, str, str], code: int = 0) -> dict[str, Any]:
    assert ran[0] == code, ran
    assert ran[2] == "", "nothing goes to stderr in a pipe with --json"
    found: dict[str, Any] = json.loads(ran[1])
    return found


def sample_photos(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in IMAGES)


def test_search_gives_hits_with_all_that_the_design_promises(call) -> None:
    found = document(call("search", "a", "dog", "--top", "5", "--json"))
    assert set(found) >= {"hits", "total", "seconds"}
    assert len(found["hits"]) == 5 and found["total"] >= 5 and 0 < found["seconds"] < 60
    for hit in found["hits"]:
        assert set(hit) >= {"path", "score", "match", "strong", "reasons"}
        assert Path(hit["path"]).is_absolute() and Path(hit["path"]).is_file()
        assert 0 <= hit["match"] <= 1 and isinstance(hit["strong"], bool)
    matches = [hit["match"] for hit in found["hits"]]
    assert matches == sorted(matches, reverse=True)


def test_words_need_no_quotes(call) -> None:
    quoted = document(call("search", "people on a street", "--json"))
    unquoted = document(call("search", "people", "on", "--json", "a", "street"))
    assert [hit["path"] for hit in quoted["hits"]] == [hit["path"] for hit in unquoted["hits"]]


def test_in_a_pipe_a_hit_is_one_line_with_tabs(call) -> None:
    code, out, err = call("search", "food", "--top", "3")
    assert (code, err) == (0, "")
    lines = [line.split("\t") for line in out.splitlines()]
    assert len(lines) == 3
    assert all(line[0].endswith(" %") and Path(line[1]).is_file() for line in lines)


def test_similar_never_shows_the_photo_itself(call, indexed_samples: Path) -> None:
    photo = sample_photos(indexed_samples / "photos")[0]
    found = document(call("similar", photo, "--top", "7", "--json"))
    assert len(found["hits"]) == 7
    assert str(photo) not in {hit["path"] for hit in found["hits"]}


def test_like_a_photo_from_outside_the_library(call, indexed_samples: Path, tmp_path: Path) -> None:
    photo = sample_photos(indexed_samples / "photos")[3]
    outside = shutil.copy(photo, tmp_path / f"outside{photo.suffix}")
    found = document(call("search", "--like", outside, "--top", "3", "--json"))
    assert found["hits"][0]["path"] == str(photo), "its copy in the library looks most like it"
    moved = document(call("search", "at night", "--like", outside, "--top", "3", "--json"))
    assert moved["hits"]


def test_indexing_again_encodes_nothing(call) -> None:
    found = document(call("index", "--json"))
    assert found["encoded"] == 0 and found["failed"] == 0 and found["scanned"] == found["reused"] > 50
    code, out, err = call("index")
    assert code == 0 and err == ""
    assert out.startswith(f"Looked at {found['scanned']} photos in ") and "0 encoded" in out


def test_nothing_failed_is_exit_1_and_says_so(call) -> None:
    assert document(call("failures", "--json"), code=1) == {"failures": []}
    code, out, _ = call("failures")
    assert code == 1 and "every photo and sidecar could be read" in out


def test_status_counts(call, indexed_samples: Path, sample_library: Path) -> None:
    found = document(call("status", "--json"))
    assert found["photos"] == len(sample_photos(indexed_samples / "photos"))
    assert found["library"] == str(sample_library) and found["roots"] == 1
    assert found["versions"]["python"]
    code, out, _ = call("status")
    assert code == 0 and str(sample_library) in out


def test_roots_and_forget(call, indexed_samples: Path) -> None:
    photos = indexed_samples / "photos"
    [root] = document(call("roots", "--json"))["roots"]
    assert root["path"] == str(photos) and root["online"] is True and root["photos"] > 50
    assert str(photos) in call("roots")[1]
    found = document(call("forget", photos, "--json"))
    assert found == {"path": str(photos), "forgotten": root["photos"]}
    assert len(sample_photos(photos)) == root["photos"], "the files stay"
    assert document(call("roots", "--json"))["roots"] == []
    code, out, _ = call("search", "a dog")
    assert code == 1 and "`retrouve index FOLDER` adds one" in out
    code, _, err = call("index")
    assert code == 2 and "`retrouve index FOLDER` adds one" in err


def test_forgetting_what_was_never_added_is_a_wrong_call(call, tmp_path: Path) -> None:
    code, out, err = call("forget", tmp_path)
    assert code == 2 and out == "" and err.startswith("retrouve: ")


def test_doctor_finds_everything_well(call) -> None:
    found = document(call("doctor", "--json"))
    assert found["healthy"] is True
    assert all(check["ok"] and check["sentence"] and check["name"] for check in found["checks"]), found
    assert found["versions"]["retrouve"]


def words(found: dict[str, Any]) -> dict[str, Any]:
    """What the doctor says of the word index."""
    [check] = [check for check in found["checks"] if check["name"] == "words"]
    return check


def test_words_that_are_behind_or_damaged_are_mended_as_the_doctor_says(call, sample_library: Path) -> None:
    def write(sql: str) -> None:
        with closing(sqlite3.connect(sample_library / "catalog.sqlite", isolation_level=None)) as db:
            db.execute(sql)

    assert words(document(call("doctor", "--json")))["ok"]
    write("INSERT INTO caption (photo_id, text, source) VALUES (1, 'Zanzibar', 'user')")
    behind = words(document(call("doctor", "--json"), 1))
    assert not behind["ok"] and "`retrouve index`" in behind["sentence"]
    assert call("index")[0] == 0
    assert words(document(call("doctor", "--json")))["ok"]
    write("UPDATE caption_words_content SET c0 = 'nonsense'")
    damaged = words(document(call("doctor", "--json"), 1))
    assert not damaged["ok"] and "`retrouve doctor --mend`" in damaged["sentence"]
    assert words(document(call("doctor", "--mend", "--json")))["sentence"].endswith("made anew.")
    assert document(call("doctor", "--json"))["healthy"]
    assert "caption: 'Zanzibar'" in document(call("search", "zanzibar", "--json"))["hits"][0]["reasons"]


def test_evaluate_on_captions_and_on_classes(call, indexed_samples: Path, tmp_path: Path) -> None:
    photos = sample_photos(indexed_samples / "photos")[:8]
    rows = [
        {"file": str(photo), "captions": [f"photo number {number}"], "book": "even" if number % 2 == 0 else "odd"}
        for number, photo in enumerate(photos)
    ]
    (tmp_path / "captions.jsonl").write_text("\n".join(map(json.dumps, rows)))
    found = document(call("evaluate", tmp_path, "--json"))
    assert found["photos"] == 8 and found["captions"] == 8
    assert 0 <= found["text_to_photo_recall_at_1"] <= found["text_to_photo_recall_at_10"] <= 1
    assert document(call("evaluate", tmp_path, "--where", "book=even", "--json"))["photos"] == 4
    both = ("--where", "book=even", "--where", "book=odd")
    assert document(call("evaluate", tmp_path, *both, "--json"))["photos"] == 8
    code, out, _ = call("evaluate", tmp_path)
    assert code == 0 and "text to photo recall at 10" in out


def test_evaluate_shows_each_rate_with_its_interval_and_the_precision(
    call, indexed_samples: Path, tmp_path: Path
) -> None:
    for number, photo in enumerate(sample_photos(indexed_samples / "photos")[:6]):
        (tmp_path / f"{number % 2}").mkdir(exist_ok=True)
        shutil.copy(photo, tmp_path / f"{number % 2}" / photo.name)
    found = document(call("evaluate", tmp_path, "--json", "--precision", "fp32"))
    assert found["precision"] == "f32" and found["why"] is None and found["failures"] == []
    low, high = found["zero_shot_top1_interval"]
    shown = dict(line.split("\t") for line in call("evaluate", tmp_path, "--precision", "fp32")[1].splitlines())
    assert shown["zero shot top1"] == f"{found['zero_shot_top1']:.1%} ({low:.1%} to {high:.1%})"
    assert shown["precision"] == "f32"
    assert document(call("evaluate", tmp_path, "--json"))["precision"] in ("f32", "bf16")
    assert call("evaluate", tmp_path, "--precision", "int4")[0] == 2


def test_evaluate_refuses_a_precision_that_it_would_not_run_in(
    call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.models.openvino.has_bf16", lambda: False)
    code, out, err = call("evaluate", tmp_path, "--precision", "bf16")
    assert (code, out) == (2, "") and "f32" in err and "bf16" in err


def test_evaluate_says_why_there_is_no_figure_and_what_failed(call, indexed_samples: Path, tmp_path: Path) -> None:
    alone = tmp_path / "alone"
    alone.mkdir()
    shutil.copy(sample_photos(indexed_samples / "photos")[0], alone / "good.jpg")
    for number in range(7):
        (alone / f"bad{number}.jpg").write_text("dear friend")
    code, out, err = call("evaluate", tmp_path)
    assert code == 0 and "of one class" in out
    told = [line for line in err.splitlines() if "bad" in line]
    assert "7 photos could not be read" in err and "and 2 more" in err
    assert len(told) == 5 and all(len(line.split(": ", 1)[1]) > 10 for line in told)
    assert "of one class" in call("--quiet", "evaluate", tmp_path)[1], "it stands where the figures would"
    found = document(call("evaluate", tmp_path, "--json"))
    assert "of one class" in found["why"] and found["classes"] == 1
    assert [Path(one["path"]).name for one in found["failures"]] == [f"bad{number}.jpg" for number in range(7)]
    (alone / "good.jpg").unlink()
    code, _, err = call("evaluate", tmp_path)
    assert code == 3 and err.rstrip().endswith(".") and ".." not in err


def test_evaluate_takes_a_missing_key_for_false(call, indexed_samples: Path, tmp_path: Path) -> None:
    one, other = map(str, sample_photos(indexed_samples / "photos")[:2])
    rows = [{"file": one, "captions": ["a"], "squashed": True}, {"file": other, "captions": ["b"]}]
    (tmp_path / "captions.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert document(call("evaluate", tmp_path, "--json", "--where", "squashed=false"))["photos"] == 1
    assert "false" in call("evaluate", "--help")[1]


def test_evaluate_tells_wrong_calls_from_what_is_not_there(call, tmp_path: Path) -> None:
    (tmp_path / "captions.jsonl").write_text('{"file": "a.jpg", "captions": ["a"]}\n')
    assert call("evaluate", tmp_path, "--where", "book")[0] == 2
    assert call("evaluate", tmp_path, "--where", "book=none")[0] == 2
    assert call("evaluate", tmp_path / "nowhere")[0] == 3
    assert call("evaluate", tmp_path)[0] == 3, "the photo of the row is not there"
    assert call("evaluate", tmp_path, "--model", tmp_path / "no model")[0] == 3


def test_quiet_prints_results_alone(call) -> None:
    assert call("index", "--quiet") == (0, "", "")
    assert len(call("search", "a dog", "--top", "2", "-q")[1].splitlines()) == 2


def test_filters_can_leave_nothing(call) -> None:
    assert document(call("search", "dog date:1901", "--json"), code=1)["hits"] == []
    code, out, _ = call("search", "dog", "date:1901")
    assert code == 1 and "Take away a filter" in out


@pytest.mark.parametrize("words", [["x " * 5000], ["-dog"], ['"'], ["folder:"], ["\u202e\x1b[31m"]])
def test_odd_queries_are_answered(call, words: list[str]) -> None:
    code, out, err = call("search", "--json", "--top", "2", "--", *words)
    assert code in (0, 1, 2) and "Traceback" not in out + err
    assert isinstance(json.loads(out), dict)


def test_an_empty_name_is_a_wrong_call_and_not_the_current_folder(call) -> None:
    for arguments in (("index", ""), ("similar", "")):
        code, _, err = call(*arguments)
        assert code == 2 and "empty" in err, arguments


def test_a_search_that_finds_nothing_says_why_in_json_too(call) -> None:
    found = document(call("search", "date:1850", "--json"), code=1)
    assert found["hits"] == [] and "filter" in found["note"]


def test_what_is_ignored_is_left_out_from_then_on(call, tmp_path: Path) -> None:
    photos = tmp_path / "mine"
    for name in ("keep/a.jpg", "drafts/b.jpg"):
        (photos / name).parent.mkdir(parents=True)
        shutil.copy(SAMPLES / "retrouve-001.jpg", photos / name)
    assert document(call("index", photos, "--json"))["scanned"] == 2
    assert document(call("index", photos, "--ignore", "drafts", "--json"))["forgotten"] == 1
    assert document(call("index", photos, "--json"))["scanned"] == 1
    assert call("index", "--ignore", "drafts")[0] == 2


def test_doctor_without_a_library_looks_at_the_model_and_at_the_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--library", str(tmp_path / "none"), "--json", "doctor"]) == 0
    assert {check["name"] for check in json.loads(capsys.readouterr().out)["checks"]} == {"library", "model"}
    (tmp_path / "file").write_text("no library")
    assert main(["--library", str(tmp_path / "file"), "--json", "doctor"]) == 1
    assert "is a file" in json.loads(capsys.readouterr().out)["checks"][0]["sentence"]


def test_a_gentle_run_finds_the_same_and_changes_no_habit(retrouve, photos, tmp_path):
    library = tmp_path / "library"
    ran = retrouve("--library", library, "--json", "index", photos, "--gentle")
    assert ran.code == 0 and ran.document["encoded"] == 12
    from core.library import Library

    with Library.open(library) as opened:
        assert opened.gentle is False
