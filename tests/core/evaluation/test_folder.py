"""`evaluate` on folders of drawn photos: what is kept, what is measured, and what is said of a bad folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.adapters.encoding import NamedEncoder
from core.adapters.names import NameBook
from core.errors import CallError, FolderError, PhotoError
from core.evaluation.folder import evaluate, read_rows
from core.models.encoder import Embeddings, Encoder
from core.search.calibration import Curve

COLOURS = {"red": (220, 30, 30), "green": (30, 200, 30), "blue": (30, 30, 220)}


class ColourEncoder:
    """A real encoder of a very small world: a photo is its mean colour, a sentence the colours that it names."""

    model_id, dim = "colours", 3

    def encode_images(self, images: Sequence[Image.Image]) -> Embeddings:
        rows = [np.asarray(image.convert("RGB"), np.float32).mean(axis=(0, 1)) for image in images]
        return self._unit(rows)

    def encode_texts(self, texts: Sequence[str]) -> Embeddings:
        return self._unit([[float(name in text) + 0.01 for name in COLOURS] for text in texts])

    def _unit(self, rows: Sequence[object]) -> Embeddings:
        array = np.asarray(rows, np.float32).reshape(len(rows), 3)
        return array / np.linalg.norm(array, axis=1, keepdims=True)


def paint(path: Path, colour: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (400, 300), COLOURS[colour]).save(path)


@pytest.fixture
def captioned(tmp_path: Path) -> Path:
    rows = [
        {"file": "a.png", "captions": ["a red wall", "red"], "book": "one", "split": "val"},
        {"file": "b.png", "captions": ["a green wall"], "book": "two"},
        {"file": "c.png", "captions": ["a blue wall"], "book": "three", "split": "val", "squashed": True},
    ]
    for row, colour in zip(rows, COLOURS, strict=True):
        paint(tmp_path / str(row["file"]), colour)
    (tmp_path / "captions.jsonl").write_text("\n".join(json.dumps(row) for row in rows) + "\n\n", encoding="utf-8")
    return tmp_path


def test_the_stand_in_keeps_the_protocol() -> None:
    assert isinstance(ColourEncoder(), Encoder)


def test_every_caption_asks_and_every_kept_photo_is_in_the_gallery(captioned: Path) -> None:
    told: list[tuple[int, int]] = []
    report = evaluate(captioned, ColourEncoder(), on_progress=lambda done, total: told.append((done, total)))
    assert (report.photos, report.captions, report.failed) == (3, 4, 0)
    assert report.text_to_photo_recall_at_1 == report.photo_to_text_recall_at_1 == 1.0
    assert report.zero_shot_top1 is None
    assert told[-1] == (3, 3)
    assert json.loads(json.dumps(report.to_json()))["text_to_photo_recall_at_10"] == 1.0


def test_every_rate_has_its_interval(captioned: Path, tmp_path: Path) -> None:
    content = (captioned / "captions.jsonl").read_text().replace('"book": "one"', '"labels": ["red"]')
    content = content.replace('"book": "two"', '"labels": ["blue"]').replace("a blue wall", "a green wall")
    (captioned / "captions.jsonl").write_text(content)
    found = evaluate(captioned, ColourEncoder()).to_json()
    rates = [key for key in found if "recall" in key or "top1" in key]
    rates = [key for key in rates if not key.endswith("_interval")]
    assert len(rates) == 7
    for key in rates:
        low, high = found[f"{key}_interval"]
        assert 0 <= low <= found[key] <= high <= 1, key
    # Of two photos one is named rightly: among a thousand draws of two there are all that are right, and none.
    assert (found["zero_shot_top1"], found["zero_shot_top1_interval"]) == (0.5, (0.0, 1.0))
    assert found["text_to_photo_recall_at_1"] == pytest.approx(0.75)
    low, high = found["text_to_photo_recall_at_1_interval"]
    assert low < 0.75 < high
    assert found["text_to_photo_recall_at_5_interval"] == (1.0, 1.0)
    assert evaluate(captioned, ColourEncoder()).to_json() == found


def test_the_report_names_the_precision_where_the_encoder_does(captioned: Path) -> None:
    class Half(ColourEncoder):
        precision = "bf16"

    assert evaluate(captioned, Half()).precision == "bf16"
    assert evaluate(captioned, NamedEncoder(Half(), NameBook(), Curve(13.0, -7.0, 0.25))).precision == "bf16"
    assert evaluate(captioned, ColourEncoder()).precision is None


def test_rows_of_one_file_are_one_photo(captioned: Path) -> None:
    more = [
        {"file": "./a.png", "captions": []},
        {"file": "b.png", "captions": ["a green wall", "green"], "labels": ["leaf"]},
        {"file": "deep/../b.png", "captions": ["green again", "green"]},
    ]
    with (captioned / "captions.jsonl").open("a") as file:
        file.write("\n".join(map(json.dumps, more)))
    rows = read_rows(captioned, {})
    assert [row.path.name for row in rows] == ["a.png", "b.png", "c.png"]
    assert rows[0].captions == ("a red wall", "red")
    assert (rows[1].captions, rows[1].labels) == (("a green wall", "green", "green again"), ("leaf",))
    assert evaluate(captioned, ColourEncoder()).photos == 3
    kept = read_rows(captioned, {"book": ["two"]})
    assert [row.captions for row in kept] == [("a green wall",)], "a row that is not asked for says nothing"


@pytest.mark.parametrize(
    ("where", "photos"),
    [
        ({"book": ["one"]}, 1),
        ({"book": ["one", "two"]}, 2),
        ({"book": ["one", "two"], "split": ["val"]}, 1),
        ({"squashed": ["true"]}, 1),
        ({"squashed": ["false"]}, 2),
        ({"squashed": ["false"], "split": ["val"]}, 1),
        ({"squashed": ["false", "true"]}, 3),
        ({}, 3),
    ],
)
def test_where_keeps_rows(captioned: Path, where: dict[str, list[str]], photos: int) -> None:
    assert evaluate(captioned, ColourEncoder(), where=where).photos == photos


def test_where_that_keeps_nothing_is_a_wrong_call(captioned: Path) -> None:
    with pytest.raises(CallError, match="book=nine"):
        evaluate(captioned, ColourEncoder(), where={"book": ["nine"]})


def test_a_wrong_answer_counts_as_one(captioned: Path) -> None:
    rows = (captioned / "captions.jsonl").read_text().replace("a green wall", "a blue wall")
    (captioned / "captions.jsonl").write_text(rows)
    report = evaluate(captioned, ColourEncoder())
    assert report.text_to_photo_recall_at_1 == pytest.approx(0.75)
    assert report.text_to_photo_recall_at_5 == 1.0


def test_labels_are_told_apart(tmp_path: Path) -> None:
    for colour in COLOURS:
        paint(tmp_path / "images" / f"{colour}.png", colour)
    rows = [{"file": f"images/{colour}.png", "labels": [colour]} for colour in COLOURS]
    (tmp_path / "captions.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    report = evaluate(tmp_path, ColourEncoder())
    assert (report.zero_shot_top1, report.classes, report.captions) == (1.0, 3, 0)
    assert report.text_to_photo_recall_at_10 is None


def test_each_sub_folder_is_a_class(tmp_path: Path) -> None:
    for colour in COLOURS:
        paint(tmp_path / colour / "deep" / "photo.png", colour)
    paint(tmp_path / "red" / "really green.png", "green")
    (tmp_path / "red" / "notes.txt").write_text("no photo")
    report = evaluate(tmp_path, ColourEncoder())
    assert (report.photos, report.classes) == (4, 3)
    assert report.zero_shot_top1 == pytest.approx(0.75)


def test_a_photo_that_cannot_be_read_is_left_out_and_counted(captioned: Path) -> None:
    (captioned / "b.png").write_bytes(b"not a picture")
    report = evaluate(captioned, ColourEncoder())
    assert (report.photos, report.captions, report.failed) == (2, 3, 1)
    assert report.text_to_photo_recall_at_1 == 1.0


def test_what_could_not_be_read_is_told_with_its_reason(captioned: Path) -> None:
    (captioned / "a.png").unlink()
    (captioned / "b.png").write_bytes(b"not a picture")
    faults: list[PhotoError] = []
    assert evaluate(captioned, ColourEncoder(), faults=faults).failed == 2
    assert [fault.path.name for fault in faults] == ["a.png", "b.png"]
    assert all(fault.reason for fault in faults)


def test_a_folder_without_one_readable_photo(captioned: Path) -> None:
    for name in "abc":
        (captioned / f"{name}.png").unlink()
    with pytest.raises(FolderError, match=r"None of the 3 photos .*a\.png: .*[^.]\.$"):
        evaluate(captioned, ColourEncoder())


def test_one_class_has_nothing_to_be_told_from(tmp_path: Path) -> None:
    paint(tmp_path / "red" / "photo.png", "red")
    report = evaluate(tmp_path, ColourEncoder())
    assert (report.photos, report.classes, report.zero_shot_top1) == (1, 1, None)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{broken", "Line 1 .* not JSON"),
        ("[1, 2]", "Line 1 .* `file`"),
        ('{"file": "a.png", "captions": [1]}', "Line 1 .* no list of sentences"),
        ('{"file": "a.png", "captions": {"en": "x"}}', "Line 1 .* no list of sentences"),
        ('{"file": "a.png"}', "neither captioned"),
        ("", "neither captioned"),
    ],
)
def test_a_bad_line_is_named(captioned: Path, content: str, said: str) -> None:
    (captioned / "captions.jsonl").write_text(content)
    with pytest.raises(FolderError, match=said):
        evaluate(captioned, ColourEncoder())


def test_bytes_that_are_no_text(captioned: Path) -> None:
    (captioned / "captions.jsonl").write_bytes(b"\xff\xfe\x00\xd8")
    with pytest.raises(FolderError, match=r"Line 1 .* UTF-8"):
        evaluate(captioned, ColourEncoder())


@pytest.mark.parametrize("ends", [b"\n", b"\r\n", b"\r"])
def test_a_bad_byte_is_named_by_its_line(captioned: Path, ends: bytes) -> None:
    lines = [
        b'\xef\xbb\xbf{"file": "a.png", "captions": ["r\xc3\xa9d"]}',
        b"",
        b'{"file": "b.png", "captions": ["\xe9"]}',
    ]
    (captioned / "captions.jsonl").write_bytes(ends.join(lines))
    with pytest.raises(FolderError, match=r"Line 3 .* not UTF-8"):
        evaluate(captioned, ColourEncoder())
    broken: list[str] = []
    rows = read_rows(captioned, {}, broken)
    assert [row.captions for row in rows] == [("réd",)], "the others count where broken lines are passed over"
    assert len(broken) == 1 and "Line 3" in broken[0]


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="is not there"):
        evaluate(tmp_path / "nowhere", ColourEncoder())
    (tmp_path / "file.jpg").write_bytes(b"x")
    with pytest.raises(CallError, match="a file, not a folder"):
        evaluate(tmp_path / "file.jpg", ColourEncoder())
    with pytest.raises(FolderError, match="neither captioned"):
        evaluate(tmp_path, ColourEncoder())


def test_where_without_captions_is_a_wrong_call(tmp_path: Path) -> None:
    paint(tmp_path / "red" / "photo.png", "red")
    with pytest.raises(CallError, match=r"captions\.jsonl"):
        evaluate(tmp_path, ColourEncoder(), where={"split": ["val"]})
