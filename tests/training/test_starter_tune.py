"""What the tuning of the towers stands on: crops, epochs, and what is remembered of the last batches."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")
pytest.importorskip("open_clip")

from training.starter.crops import SMALLEST, crop, to_pixels  # noqa: E402
from training.starter.tune import Asked, TuneRecipe, _epochs, fingerprint  # noqa: E402

pytestmark = pytest.mark.torch


def asked(first: int, count: int) -> Asked:
    photos = torch.arange(first, first + count)
    values = photos[:, None].float()
    return Asked(photos, values, values > 0, values.clone().requires_grad_(), values.clone())


@pytest.mark.parametrize("size", [(1, 1), (7, 400), (320, 240)])
def test_a_crop_is_a_square_of_any_photo_and_the_same_for_one_seed(size: tuple[int, int]) -> None:
    image = Image.new("RGB", size, (10, 200, 30))
    one, two = (crop(image, 32, np.random.default_rng(3)) for _ in range(2))
    assert one.shape == (32, 32, 3)
    assert np.array_equal(one, two)
    pixels = to_pixels(np.stack([one, two]))
    assert pixels.shape == (2, 3, 32, 32)
    assert -1 <= float(pixels.min()) <= float(pixels.max()) <= 1


def test_a_crop_keeps_enough_to_be_what_the_sentence_says() -> None:
    ramp = Image.fromarray(np.tile(np.arange(256, dtype=np.uint8)[:, None, None], (1, 256, 3)))
    for seed in range(20):
        rows = crop(ramp, 64, np.random.default_rng(seed)).astype(float).mean(axis=(1, 2))
        assert len(np.unique(rows.round())) > 20 * SMALLEST


def test_an_epoch_shows_every_photo_once() -> None:
    photos = _epochs(40, TuneRecipe(batch=10))
    first, second = ([photos(step) for step in steps] for steps in (range(4), range(4, 8)))
    assert sorted(np.concatenate(first)) == sorted(np.concatenate(second)) == list(range(40))
    assert not np.array_equal(np.concatenate(first), np.concatenate(second))
    assert np.array_equal(photos(2), first[2])


def test_the_newest_are_remembered_without_gradients() -> None:
    memory = asked(10, 4).remembered(asked(0, 6).remembered(None, 8), 8)
    assert memory.photos.tolist() == [10, 11, 12, 13, 0, 1, 2, 3]
    assert not memory.images.requires_grad


def test_another_recipe_has_another_state() -> None:
    assert fingerprint(TuneRecipe()) == fingerprint(TuneRecipe())
    assert fingerprint(TuneRecipe()) != fingerprint(TuneRecipe(image_rate=2e-5))
