"""The table of `training.ablation`: what is drawn again, what is compared, and what is not learned twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from training import ablation, pages
from training.ablation import VARIANTS
from training.tuning import Options
from training.worn import SIDE, worn

PAGE = "\n".join(["# Page", *pages.marks(ablation.PART)])


def found(places: list[int], share: float = 1.0) -> dict[str, Any]:
    """A result whose own sentences, two a photo, find their photos at these places (from 0) with new weights."""
    old = {"judging": [50] * len(places), "general": [0, 3]}
    new = {"judging": places, "general": [0, 3]}
    return {
        "share": share,
        "photos": {"judging": [at // 2 for at in range(len(places))], "general": [0, 1]},
        "ranks": {"0.0": old, "0.5": old, "1.0": new},
        "processor_seconds": 60.0,
    }


def data(folder: Path) -> Path:
    """A data folder with two photos that are not there: nothing is to be read."""
    for name in ("flickr8k", "coco"):
        (folder / name).mkdir(parents=True)
        rows = [{"file": f"{at}.jpg", "captions": ["a"], "split": "val"} for at in range(2)]
        (folder / name / "captions.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return folder


def test_every_variant_differs_in_what_it_says_and_keeps_the_rest() -> None:
    first = Options(batch=32)
    seen = [ablation.options_of(name, first) for name in VARIANTS]
    assert seen[0] == first and len(set(map(repr, seen))) == len(VARIANTS)
    assert ablation.options_of("a batch of 4 parts (GradCache)", first).batch == 128
    assert ablation.options_of("a fourth of the batch", first).batch == 8


def test_the_table_compares_with_the_first_and_draws_photos_anew() -> None:
    names = list(VARIANTS)
    said = ablation.page({names[0]: [found([0, 0, 1, 1])], names[1]: [found([3, 3, 3, 3])]}, "Said.")
    lines = [line.split(" | ") for line in said.splitlines() if line.startswith("| ")][2:]
    assert [line[0].removeprefix("| ") for line in lines[:2]] == ["the bundled model", names[0]]
    before, first, *_, other = lines
    assert before[1].startswith("0.0%") and first[1].startswith("100.0%")
    assert first[2] == "0.50" and first[3] == "", "the mean of log2(1 + place)"
    assert other[2] == "2.00" and other[3] == "+1.50 (+1.00 to +2.00)"
    assert before[4].startswith("50.0%"), "general, the first place"
    assert first[7] == "0.0%, 50.0%" and first[8].startswith("100.0%, 50.0%"), "whatever was chosen"


def test_what_is_there_is_not_learned_again_and_goes_into_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    learned: list[Options] = []

    def learn(_: object, options: Options) -> dict[str, Any]:
        learned.append(options)
        return found([0, 0, 1, 1])

    monkeypatch.setattr(ablation, "learn", learn)
    page, place = tmp_path / "page.md", tmp_path / "place"
    page.write_text(PAGE)
    for name in ("2-2-2/library", "2-2-2/judged"):
        (place / name).mkdir(parents=True)
    two = ",".join(list(VARIANTS)[:2])
    call = [str(data(tmp_path / "data")), "--place", str(place), "--page", str(page), "--only", two]
    call += ["--photos", "2", "--judged", "2", "--general", "2", "--seeds", "2"]
    for _ in range(2):
        assert ablation.main(call) == 0
    assert [one.seed for one in learned] == [0, 1, 0, 1], "two variants, two seeds, once"
    assert "the bundled model" in page.read_text() and "2 seeds" in capsys.readouterr().out
    page.write_text("no marks")
    assert ablation.main(call) != 0


def test_a_print_is_the_same_each_time_and_brown() -> None:
    photo = Image.new("RGB", (400, 600), (40, 90, 220))
    one, again, other = worn(photo, "a"), worn(photo, "a"), worn(photo, "b")
    assert one.size == (SIDE, 450) and one.tobytes() == again.tobytes() != other.tobytes()
    red, green, blue = np.asarray(one, np.float32).mean(axis=(0, 1))
    assert red > green > blue
