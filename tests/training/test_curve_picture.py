"""The picture of a run's curves."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from training.curve_picture import of_names, picture

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


def test_what_was_held_out_of_a_tuned_run_is_drawn_by_its_places() -> None:
    lines = [{"step": 0, "epoch": 0, "held_out": 4.0}, *({"step": at, "loss": 1.0} for at in range(1, 5))]
    lines += [{"step": 4, "fault": "no number"}, {"step": 4, "epoch": 1, "held_out": 1.0}]
    svg = picture("lora", lines)
    loss, _, places = points(svg)
    assert len(loss) == 4 and "photos before the right one" in svg
    assert [y for _, y in places] == pytest.approx([56, 56 + 200 * 0.75])


def test_what_was_tried_of_names_has_a_line_for_each_ridge() -> None:
    tried = [
        {"ridge": ridge, "strength": strength, "log2": 4 * strength, "margin": -2 * ridge}
        for ridge in (1.0, 0.3)
        for strength in (1.0, 0.5)
    ]
    svg = of_names("adapter", tried)
    one, other, margin, _ = points(svg)
    assert one == other == [(pytest.approx(56 + 170), pytest.approx(156)), (pytest.approx(396), pytest.approx(56))]
    assert "ridge 0.3" in svg and {y for _, y in margin} == {256.0}


def test_a_run_of_nothing_is_a_picture_too() -> None:
    assert points(picture("nothing", [])) == [[], [], []]
    assert "nothing" in picture("nothing", [])
