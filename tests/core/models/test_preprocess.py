"""Preprocessing equals open_clip's, and is kind to odd pictures."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from core.errors import ModelDamaged
from core.models.preprocess import OPENAI_MEAN, OPENAI_STD, Preprocess

SIDES = st.integers(1, 300)
CHANNELS = st.tuples(*[st.floats(0.05, 1.0)] * 3)


def noise(width: int, height: int, seed: int = 0, mode: str = "RGB") -> Image.Image:
    """A picture of nothing in particular: every interpolation has something to get wrong."""
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    return Image.fromarray(pixels).convert(mode)


def open_clips(preprocess: Preprocess, image: Image.Image) -> np.ndarray:
    transform = pytest.importorskip("open_clip.transform", reason="open_clip comes with the [torch] extra")
    size = preprocess.size[0] if preprocess.size[0] == preprocess.size[1] else preprocess.size
    config = transform.PreprocessCfg(
        size=size,
        mean=preprocess.mean,
        std=preprocess.std,
        interpolation=preprocess.interpolation,
        resize_mode=preprocess.resize_mode,
        fill_color=preprocess.fill_color,
    )
    return transform.image_transform_v2(config, is_train=False)(image).numpy()


@pytest.mark.torch
@settings(max_examples=150, deadline=None)
@given(
    width=SIDES,
    height=SIDES,
    size=st.one_of(
        st.integers(1, 96).map(lambda side: (side, side)), st.tuples(st.integers(1, 96), st.integers(1, 96))
    ),
    mean=CHANNELS,
    std=CHANNELS,
    interpolation=st.sampled_from(["bicubic", "bilinear", "random"]),
    resize_mode=st.sampled_from(["shortest", "longest", "squash"]),
    fill=st.integers(0, 255),
    seed=st.integers(0, 9),
)
@example(300, 200, (224, 224), OPENAI_MEAN, OPENAI_STD, "bicubic", "shortest", 0, 0)
@example(200, 301, (224, 224), OPENAI_MEAN, OPENAI_STD, "bicubic", "longest", 0, 1)
@example(1024, 768, (260, 260), (0.5,) * 3, (0.5,) * 3, "bicubic", "squash", 0, 2)
@example(260, 260, (260, 260), (0.5,) * 3, (0.5,) * 3, "bicubic", "shortest", 0, 3)
@example(299, 300, (255, 254), (0.5,) * 3, (0.5,) * 3, "bilinear", "shortest", 0, 4)
def test_equals_open_clip(width, height, size, mean, std, interpolation, resize_mode, fill, seed):
    if resize_mode != "squash":
        # Beyond this we cut the far ends off first, and open_clip asks Pillow for a side of no pixel.
        width, height = max(width, height // 7 + 1), max(height, width // 7 + 1)
        size = max(size[0], size[1] // 2, 16), max(size[1], size[0] // 2, 16)
    preprocess = Preprocess(size, mean, std, interpolation, resize_mode, fill)
    image = noise(width, height, seed)
    found = preprocess([image])
    assert found.dtype == np.float32
    assert found.shape == (1, 3, *size)
    np.testing.assert_array_equal(found[0], open_clips(preprocess, image))


def test_a_batch_is_one_array_of_what_each_gives_alone():
    preprocess = Preprocess((40, 40))
    images = [noise(50, 70), noise(200, 41, 1), noise(40, 40, 2)]
    found = preprocess(images)
    for image, pixels in zip(images, found, strict=True):
        np.testing.assert_array_equal(pixels, preprocess([image])[0])
    assert preprocess([]).shape == (0, 3, 40, 40)


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK", "1", "LA", "I;16", "F"])
@pytest.mark.parametrize("resize_mode", ["shortest", "longest", "squash"])
def test_any_mode_is_taken_as_rgb(mode, resize_mode):
    image = Image.new("I;16", (64, 50), 900) if mode == "I;16" else noise(64, 50, 3).convert(mode)
    preprocess = Preprocess((32, 32), resize_mode=resize_mode)
    np.testing.assert_array_equal(preprocess([image]), preprocess([image.convert("RGB")]))


@pytest.mark.parametrize("resize_mode", ["shortest", "longest", "squash"])
@pytest.mark.parametrize("size", [(1, 60_000), (60_000, 1), (1, 1), (7, 20_000)])
def test_a_strip_costs_no_gigabytes(resize_mode, size):
    image = Image.new("RGB", size, (255, 0, 0))
    found = Preprocess((224, 224), (0.5,) * 3, (0.5,) * 3, resize_mode=resize_mode)([image])
    red = (found[0] == np.array([1, -1, -1]).reshape(3, 1, 1)).all(axis=0)
    assert red.any() if resize_mode == "longest" else red.all()


def test_the_strip_that_is_kept_is_the_middle():
    image = Image.new("RGB", (40_000, 10), (0, 0, 0))
    image.paste((255, 255, 255), (19_990, 0, 20_010, 10))
    found = Preprocess((64, 64), (0.0,) * 3, (1.0,) * 3)([image])
    assert found.min() == 1.0


def test_reads_a_config_and_fills_in_what_it_leaves_out():
    assert Preprocess.from_config({"size": 224}) == Preprocess((224, 224), OPENAI_MEAN, OPENAI_STD)
    found = Preprocess.from_config(
        {"size": [260, 200], "mode": "RGB", "mean": 0.5, "std": [0.1, 0.2, 0.3], "interpolation": "bilinear"}
        | {"resize_mode": "longest", "fill_color": [1, 2, 3]}
    )
    assert found == Preprocess((260, 200), (0.5,) * 3, (0.1, 0.2, 0.3), "bilinear", "longest", (1, 2, 3))
    assert found.image_size == 260


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"size": "wide"},
        {"size": [0, 10]},
        {"size": 10, "mean": [1, 2]},
        {"size": 10, "std": [0, 1, 1]},
        {"size": 10, "interpolation": "nearest"},
        {"size": 10, "resize_mode": "stretch"},
        {"size": 10, "fill_color": [1]},
    ],
)
def test_a_config_that_is_none_is_refused(config):
    with pytest.raises(ModelDamaged, match="model's config"):
        Preprocess.from_config(config)
