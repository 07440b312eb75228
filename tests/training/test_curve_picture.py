"""The picture of a run's curves."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from training.curve_picture import picture

SVG = "{http://www.w3.org/2000/svg}"


def points(svg: str) -> list[list[tuple[float, float]]]:
    lines = ElementTree.fromstring(svg).iter(f"{SVG}polyline")
    return [[tuple(map(float, one.split(","))) for one in (line.get("points") or "").split()] for line in lines]  # type: ignore[misc]


def test_it_falls_and_rises_as_the_run_did() -> None:
    lines = [{"step": 0, "sentences_recall_at_10": 0.1}]
    lines += [{"step": step, "loss": 4 / step} for step in range(1, 5001)]
    lines += [{"step": 5000, "sentences_recall_at_10": 0.9}]
    loss, smooth, recall = points(picture("a <run>", lines))
    assert len(loss) <= 1001 and loss[0][1] < loss[-1][1] and smooth[0][1] < smooth[-1][1]
    assert [y for _, y in recall] == pytest.approx([56 + 200 * 0.9, 56 + 200 * 0.1])
    assert recall[1][0] - recall[0][0] == pytest.approx(340)


def test_a_run_of_nothing_is_a_picture_too() -> None:
    assert points(picture("nothing", [])) == [[], [], []]
    assert "nothing" in picture("nothing", [])
