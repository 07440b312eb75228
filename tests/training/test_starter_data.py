"""What is learned from, and what is kept out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

torch = pytest.importorskip("torch")
pytest.importorskip("timm")
pytest.importorskip("open_clip")

from core.errors import FolderError  # noqa: E402
from training.starter import __main__ as builder  # noqa: E402
from training.starter import data, features  # noqa: E402

pytestmark = pytest.mark.torch
SHARED = Path(__file__).resolve().parents[3] / "shared/data"


@pytest.mark.skipif(not SHARED.is_dir(), reason="the data folder is not beside this checkout")
def test_nothing_that_validates_is_trained_on() -> None:
    examples = data.read(SHARED)
    held = {example.path for example in examples if example.validation}
    assert len(held) == 511 + 899 + 204
    for name in ("flickr8k", "coco"):
        for line in (SHARED / name / "captions.jsonl").read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            assert (SHARED / name / row["file"] in held) == (row.get("split") == "val")
    assert not any(
        book in example.path.name and not example.validation for example in examples for book in data.VALIDATION_BOOKS
    )
    assert {example.source for example in examples} == {*data.CAPTIONED, *data.LABELLED, *data.FOLDERS_OF_CLASSES}


def test_labels_become_sentences() -> None:
    assert data.phrase("umbrella") == "an umbrella"
    assert data.phrase("faces easy") == "a person's face"
    assert len(set(data.label_sentences("dolphin"))) == len(data.TEMPLATES)
    assert "a photo of a dolphin." in data.label_sentences("dolphin")


def test_long_captions_fall_into_sentences() -> None:
    long = "Two men stand near a boat. Behind them is a wide blue lake. Sun."
    assert data.pieces(long) == ("Two men stand near a boat", "Behind them is a wide blue lake")
    assert data.pieces("A dog runs over the wet sand.") == ()


def test_a_missing_set_is_named(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="openstax"):
        data.read(tmp_path)


def test_views_are_square_and_flips_mirror() -> None:
    image = Image.new("RGB", (400, 300), "white")
    image.paste("red", (0, 0, 200, 300))
    plain, mirrored = (features.view(image, name, squashed=False) for name in ("squash", "squash_flip"))
    assert plain.size == mirrored.size == (260, 260)
    assert plain.getpixel((20, 130)) == mirrored.getpixel((239, 130)) == (255, 0, 0)


def test_a_crop_of_a_squashed_photo_is_drawn_out_first() -> None:
    stripes = Image.new("RGB", (300, 300), "white")
    stripes.paste("red", (0, 0, 37, 300))  # outside the middle once the photo is 400 wide
    assert features.view(stripes, "crop", squashed=True).getpixel((2, 130)) != (255, 0, 0)
    assert features.view(stripes, "crop", squashed=False).getpixel((2, 130)) == (255, 0, 0)


def test_a_part_at_random_is_the_same_for_a_photo_every_time_and_others_for_others() -> None:
    ramp = Image.linear_gradient("L").convert("RGB")
    parts = [features.view(ramp, name, squashed=False, key="coco/1.jpg") for name in features.PARTS]
    assert all(part.size == (260, 260) for part in parts)
    assert len({part.tobytes() for part in parts}) == len(parts)
    assert features.view(ramp, "part_0", squashed=False, key="coco/1.jpg").tobytes() == parts[0].tobytes()
    assert features.view(ramp, "part_0", squashed=False, key="coco/2.jpg").tobytes() != parts[0].tobytes()


def test_features_are_found_again_whatever_becomes_of_the_classifier_and_never_for_another_tower() -> None:
    body = torch.nn.ModuleDict({"stem": torch.nn.Linear(2, 2), "classifier": torch.nn.Linear(2, 2)})
    key, whole = features.weights_key(body, without="classifier."), features.weights_key(body)
    with torch.no_grad():
        body["classifier"].weight.mul_(1.5)
    assert features.weights_key(body, without="classifier.") == key
    assert features.weights_key(body) != whole
    with torch.no_grad():
        body["stem"].weight.mul_(1.5)
    assert features.weights_key(body, without="classifier.") != key


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["--steps", "0"], "--steps: 0 is no whole number of 1 or more"),
        (["--tries", "0"], "--tries: 0 is no whole number of 1 or more"),
        (["--tune-steps", "-5"], "--tune-steps: -5 is no whole number of 0 or more"),
        (["--seed", "many"], "--seed: many is no whole number of 0 or more"),
        (["--out", __file__], "is a file, not a folder"),
        (["--record", __file__], "is a file, not a folder"),
    ],
)
def test_wrong_calls_are_told_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], wrong: list[str], said: str
) -> None:
    with pytest.raises(SystemExit, match="2"):
        builder.main(["--data", str(tmp_path), *wrong])
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (b"", r"openstax.captions\.jsonl has no photos"),
        (b'{"file": "a.jpg", "captions": ["one"]}\nnot json\n', r"Line 2 of .*captions\.jsonl is not JSON"),
        (b'{"file": "\xff.jpg"}\n', "Line 1 of .* is not UTF-8 text"),
        (b'["a.jpg"]\n', "Line 1 of .* is no object with a `file`"),
        (b'{"file": "a.jpg", "captions": {"en": "one"}}\n', "`captions` is no list of sentences"),
    ],
)
def test_a_damaged_set_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], lines: bytes, said: str
) -> None:
    (tmp_path / "openstax").mkdir()
    (tmp_path / "openstax/captions.jsonl").write_bytes(lines)
    with pytest.raises(FolderError, match=said):
        data.read(tmp_path)
    assert builder.main(["--data", str(tmp_path), "--cache", str(tmp_path / "cache")]) == 3
    assert "Traceback" not in capsys.readouterr().err


def test_a_photo_without_a_label_is_named(tmp_path: Path) -> None:
    for name in data.CAPTIONED:
        (tmp_path / name).mkdir()
        (tmp_path / name / "captions.jsonl").write_text('{"file": "a.jpg", "captions": ["one"]}')
    (tmp_path / "caltech101").mkdir()
    (tmp_path / "caltech101/captions.jsonl").write_text('{"file": "b.jpg", "labels": []}')
    with pytest.raises(FolderError, match=r"b\.jpg has no label"):
        data.read(tmp_path)
