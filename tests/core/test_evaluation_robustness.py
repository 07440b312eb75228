"""Faults done to photos: what they keep, that they are the same every time, and that strength means something."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from core.evaluation import robustness
from core.evaluation.robustness import AMOUNTS, STRENGTHS, Corruption, corrupt, measure_robustness

KINDS = pytest.mark.parametrize("kind", list(Corruption))


def distance(one: Image.Image, other: Image.Image) -> float:
    """The root mean square difference of pixels."""
    return float(np.sqrt(np.mean((np.asarray(one, np.float64) - np.asarray(other, np.float64)) ** 2)))


def photo(samples: Path, mode: str = "RGB") -> Image.Image:
    with Image.open(samples / "retrouve-070.jpg") as image:
        return image.convert(mode).reduce(2)


@KINDS
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_more_strength_is_farther_from_the_clean_photo(kind: Corruption, mode: str, samples: Path) -> None:
    clean = photo(samples, mode)
    away = [distance(clean, corrupt(clean, kind, strength)) for strength in STRENGTHS]
    assert away == sorted(away)
    assert len(set(away)) == len(STRENGTHS)
    assert away[0] > 1


@KINDS
def test_equal_arguments_give_equal_pixels_and_leave_the_photo_alone(kind: Corruption, samples: Path) -> None:
    clean = photo(samples)
    before = clean.tobytes()
    assert corrupt(clean, kind, 3, seed=7).tobytes() == corrupt(clean, kind, 3, seed=7).tobytes()
    assert clean.tobytes() == before


def test_the_seed_moves_noise_alone(samples: Path) -> None:
    clean = photo(samples)
    for kind in Corruption:
        moved = corrupt(clean, kind, 2, seed=1).tobytes() != corrupt(clean, kind, 2, seed=2).tobytes()
        assert moved == (kind is Corruption.NOISE), kind


@settings(deadline=None, max_examples=60)
@given(
    width=st.integers(1, 70),
    height=st.integers(1, 70),
    mode=st.sampled_from(robustness.MODES),
    kind=st.sampled_from(list(Corruption)),
    strength=st.sampled_from(STRENGTHS),
    seed=st.integers(0, 1000),
)
def test_size_and_mode_are_kept(width: int, height: int, mode: str, kind: Corruption, strength: int, seed: int) -> None:
    values = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    clean = Image.fromarray(values).convert(mode)
    found = corrupt(clean, kind, strength, seed)
    assert (found.size, found.mode) == ((width, height), mode)


@KINDS
@pytest.mark.parametrize("size", [(1, 1), (1, 400), (400, 1), (3, 2)])
def test_tiny_and_thin_pictures_work(kind: Corruption, size: tuple[int, int]) -> None:
    for mode, colour in (("RGB", (200, 90, 10)), ("L", 128)):
        for strength in STRENGTHS:
            assert corrupt(Image.new(mode, size, colour), kind, strength).size == size


@pytest.mark.parametrize("kind", [Corruption.BLUR, Corruption.DEFOCUS, Corruption.CONTRAST])
def test_an_even_picture_has_nothing_to_blur_or_to_flatten(kind: Corruption) -> None:
    clean = Image.new("RGB", (224, 224), (200, 90, 10))
    assert np.abs(np.asarray(corrupt(clean, kind, 5), int) - np.asarray(clean, int)).max() <= 1


def test_a_point_out_of_focus_becomes_an_even_disc_around_it() -> None:
    clean = Image.new("L", (224, 224))
    clean.paste(255, (101, 91, 122, 112))
    values = np.asarray(corrupt(clean, Corruption.DEFOCUS, 5), np.float64)
    down, across = (np.average(np.arange(224), weights=values.sum(axis=axis)) for axis in (1, 0))
    assert (down, across) == pytest.approx((101, 111), abs=0.1)
    assert values.sum() == pytest.approx(255 * 21 * 21, rel=0.02)
    assert values[101, 111 + 10 + 12] == 0 and values[101, 111 + 15] > 0


def test_blurs_grow_with_the_photo_so_that_its_size_does_not_matter(samples: Path) -> None:
    with Image.open(samples / "retrouve-070.jpg") as image:
        large = image.convert("RGB")
    small = large.reduce(2)
    for kind in (Corruption.BLUR, Corruption.DEFOCUS):
        assert (
            distance(corrupt(large, kind, 4).reduce(2), corrupt(small, kind, 4))
            < distance(corrupt(small, kind, 4), small) / 4
        )


def test_darkness_halves_light_a_stop() -> None:
    # sRGB 188 stands for half of full light, 137 for a quarter.
    seen = [corrupt(Image.new("L", (1, 1), 255), Corruption.DARKNESS, strength).getpixel((0, 0)) for strength in (1, 2)]
    assert seen == [188, 137]


def test_what_cannot_be_done_is_refused() -> None:
    with pytest.raises(ValueError, match="RGBA"):
        corrupt(Image.new("RGBA", (2, 2)), Corruption.BLUR, 1)
    for strength in (0, 6):
        with pytest.raises(ValueError, match="strength"):
            corrupt(Image.new("L", (2, 2)), Corruption.BLUR, strength)
    assert set(AMOUNTS) == set(Corruption)


def brightness(images: Sequence[Image.Image]) -> np.ndarray:
    return np.array([[np.asarray(image, np.float32).mean()] for image in images], np.float32)


def test_a_judge_of_brightness_is_fooled_by_darkness_alone() -> None:
    images = [Image.new("RGB", (20, 20), (level, level, level)) for level in (255, 240, 10)] * 15
    truth = np.array([True, True, False] * 15)
    told: list[tuple[int, int]] = []
    found = measure_robustness(
        images,
        brightness,
        lambda means: (means[:, 0] > 100) == truth,
        on_progress=lambda done, of: told.append((done, of)),
    )
    assert found.clean == 1.0
    # After two stops white is 137 and 240 is 129; after three they are 99 and 92: taken for dark ones.
    assert found.at[Corruption.DARKNESS] == pytest.approx((1, 1, 1 / 3, 1 / 3, 1 / 3))
    assert found.mean(Corruption.DARKNESS) == pytest.approx(3 / 5)
    assert all(found.mean(kind) == 1 for kind in (Corruption.BLUR, Corruption.DEFOCUS, Corruption.CONTRAST))
    assert found.corrupted == pytest.approx(np.mean([found.mean(kind) for kind in Corruption]))
    kept = found.kept()
    assert kept.value == pytest.approx(found.corrupted)
    assert kept.low < kept.value < kept.high
    assert told[-1] == (31, 31)


def test_queries_of_one_photo_are_drawn_together(photos: Path) -> None:
    images = [Image.open(path).convert("RGB") for path in sorted(photos.rglob("*.jpg"))]
    assert len(images) > 2
    owner = [index for index in range(len(images)) for _ in range(3)]
    right = np.array([index % 2 == 0 for index in owner])
    found = measure_robustness(images, brightness, lambda means: right, owner)
    assert found.clean == pytest.approx(0.5)
    assert found.kept().value == pytest.approx(1.0)
    assert found.photo_of.tolist() == owner


def test_no_photo_is_nothing_to_measure() -> None:
    with pytest.raises(ValueError, match="a photo"):
        measure_robustness([], brightness, lambda means: np.zeros(0, bool))
