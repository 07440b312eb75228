"""How photos are encoded fastest: measured, kept, and forgotten where it says nothing any more."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.models import openvino, probing
from core.models.encoder import EncoderSpec
from core.models.openvino import OpenVinoEncoder
from core.models.probing import Choice
from core.models.registry import load_info

COSTS = {
    ("f32", 1, 2): 0.010,
    ("f32", 2, 2): 0.008,
    ("bf16", 1, 2): 0.007,
    ("bf16", 4, 2): 0.0039,
    ("bf16", 8, 2): 0.004,
}
"""Seconds a photo, by precision, photos at once and streams; every other way takes 0.02."""


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr(probing.time, "perf_counter", lambda: now[0])
    return now


def measured(clock: list[float], ways: list[str], costs: dict[tuple[str, int, int], float]) -> Choice:
    def build(*way: Any) -> probing.Encode:
        def encode(pixels: np.ndarray) -> None:
            clock[0] += len(pixels) * costs.get(way, 0.02)

        return encode

    return probing.measure(ways, build, (4, 4), "this machine", (2, 1))


def test_the_fastest_way_is_chosen_and_says_why(clock: list[float]) -> None:
    choice = measured(clock, ["f32", "bf16"], COSTS)
    assert (choice.precision, choice.at_once) == ("bf16", 4)
    assert choice.rate == pytest.approx(1 / 0.0039, rel=0.01)
    assert choice.streams == 2
    assert "bf16, 4 at once on each of 2 streams" in choice.sentence and "f32 125" in choice.sentence


@pytest.mark.parametrize("at_once", [4, 8])
def test_all_cores_on_one_stream_are_tried_too(clock: list[float], at_once: int) -> None:
    """With as many photos at once as on each of the others, and with as many as on all."""
    choice = measured(clock, ["f32", "bf16"], {**COSTS, ("bf16", at_once, 1): 0.003})
    assert (choice.precision, choice.at_once, choice.streams) == ("bf16", at_once, 1)
    assert "on one stream of all cores" in choice.sentence and "bf16 333" in choice.sentence


def test_streams_that_are_hardly_faster_stay_as_they_are(clock: list[float]) -> None:
    assert measured(clock, ["f32", "bf16"], {**COSTS, ("bf16", 4, 1): 0.0038}).streams == 2


def test_every_number_of_cores_has_its_streams(clock: list[float]) -> None:
    assert [probing.layouts(threads, 8) for threads in (1, 2, 3, 8, 64)] == [(1,), (2, 1), (3, 1), (8, 4, 1), (8, 4, 1)]
    for threads in (1, 3, 5, 7):
        best = {("f32", 1, threads): 0.001}
        on_streams = probing.layouts(threads, 8)
        tried: list[tuple[int, int]] = []

        def build(precision: str, at_once: int, streams: int, best: Any = best, tried: Any = tried) -> probing.Encode:
            tried.append((at_once, streams))

            def encode(pixels: np.ndarray) -> None:
                assert len(pixels) == at_once * streams
                clock[0] += len(pixels) * best.get((precision, at_once, streams), 0.02)

            return encode

        choice = probing.measure(["f32"], build, (4, 4), "this machine", on_streams)
        assert (choice.at_once, choice.streams) == (1, threads)
        assert {streams for _, streams in tried} == set(on_streams)
        assert {at_once for at_once, _ in tried} <= {1, 2, 4, 8}


def test_one_tower_is_there_at_a_time(clock: list[float]) -> None:
    alive: list[int] = []

    class Tower:
        def __init__(self) -> None:
            alive.append(1)
            assert len(alive) <= 2, "all of them together would take gigabytes"

        def __call__(self, pixels: np.ndarray) -> None:
            clock[0] += len(pixels) * 0.01

        def __del__(self) -> None:
            alive.pop()

    probing.measure(["f32", "bf16"], lambda *_way: Tower(), (4, 6), "this machine", (2, 1))


def test_what_is_hardly_faster_is_not_worth_its_memory(clock: list[float]) -> None:
    assert measured(clock, ["f32"], {("f32", 1, 2): 0.0100, ("f32", 8, 2): 0.0097}).at_once == 1


def test_a_moment_in_which_the_machine_was_busy_does_not_count(clock: list[float]) -> None:
    costs = dict(COSTS)
    calls = 0

    def build(*way: Any) -> probing.Encode:
        def encode(pixels: np.ndarray) -> None:
            nonlocal calls
            calls += 1
            busy = 10 if way == ("bf16", 4, 2) and calls < 40 else 1
            clock[0] += busy * len(pixels) * costs.get(way, 0.02)

        return encode

    assert probing.measure(["f32", "bf16"], build, (4, 4), "this machine", (2, 1)).precision == "bf16"


def test_it_is_kept_for_this_machine_and_model_alone(tiny_model: Path, tmp_path: Path) -> None:
    info = load_info(tiny_model)
    choice = Choice("f32", 2, 1, "this machine", (("f32/1x1", 1.0), ("f32/2x1", 2.0)))
    assert probing.kept(tmp_path / "cache", info, "this machine") is None
    probing.keep(tmp_path / "cache", info, choice)
    assert probing.kept(tmp_path / "cache", info, "this machine") == choice
    assert probing.kept(tmp_path / "cache", info, "another machine") is None
    assert probing.kept(tmp_path / "cache", replace(info, model_id="other-1"), "this machine") is None
    assert probing.kept(None, info, "this machine") is None


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{",
        b"[]",
        b'{"precision": "f32"}',
        b'{"precision": "int4", "at_once": 1, "streams": 1, "machine": "this machine", "rates": [["int4/1x1", 3]]}',
        b'{"precision": "f32", "at_once": 99, "streams": 1, "machine": "this machine", "rates": [["f32/99x1", 3]]}',
        b'{"precision": "f32", "at_once": 1, "streams": 0, "machine": "this machine", "rates": [["f32/1x0", 3]]}',
        b'{"precision": "f32", "at_once": 1, "streams": 1, "machine": "this machine", "rates": []}',
        b'{"precision": "f32", "at_once": 1, "machine": "this machine", "rates": [["f32/1", 3]]}',
    ],
)
def test_a_damaged_note_counts_for_nothing(tiny_model: Path, tmp_path: Path, damage: bytes) -> None:
    info = load_info(tiny_model)
    (tmp_path / f"choice-{info.model_id}.json").write_bytes(damage)
    assert probing.kept(tmp_path, info, "this machine") is None


def test_where_nothing_can_be_written_nothing_is_kept(tiny_model: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    probing.keep(tmp_path / "file", load_info(tiny_model), Choice("f32", 1, 1, "m", (("f32/1x1", 1.0),)))
    assert (tmp_path / "file").read_text() == "in the way"


def test_an_encoder_measures_once_so_many_photos_were_encoded(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openvino, "_MEASURE_AFTER", 5)
    monkeypatch.setattr(probing, "_SECONDS", 0.001)
    cache = tmp_path / "cache"
    encoder = OpenVinoEncoder(EncoderSpec(tiny_model, cache=cache))
    pictures = [Image.new("RGB", (40, 30), (40 * number, 20, 90)) for number in range(4)]
    before = encoder.encode_images(pictures)
    assert encoder.choice() is None and encoder.preferred_batch == encoder.way.at_once * encoder.way.streams
    again = encoder.encode_images(pictures)
    choice = encoder.choice()
    assert choice is not None
    assert encoder.way == openvino.Way(choice.precision, choice.at_once, choice.streams)
    assert encoder.preferred_batch == choice.at_once * choice.streams
    assert np.allclose(before, again, atol=1e-3)
    streams = min(openvino.cores(), 8)
    assert [name for name, _ in choice.rates][:4] == [f"f32/{at_once}x{streams}" for at_once in (1, 2, 4, 8)]
    assert streams == 1 or any(name.endswith("x1") for name, _ in choice.rates)
    said = json.loads(next(cache.glob("choice-*.json")).read_text())
    assert said["machine"] == openvino.machine()

    def never(*_: object) -> None:
        raise AssertionError("it is measured once")

    monkeypatch.setattr(probing, "measure", never)
    other = OpenVinoEncoder(EncoderSpec(tiny_model, cache=cache))
    assert other.way == encoder.way
    other.encode_images(pictures * 3)


def test_what_was_asked_for_is_never_measured(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openvino, "_MEASURE_AFTER", 1)
    encoder = OpenVinoEncoder(EncoderSpec(tiny_model, precision="f32", cache=tmp_path))
    encoder.encode_images([Image.new("RGB", (40, 30))] * 3)
    assert not list(tmp_path.glob("choice-*"))
