"""Photos as prints that lay in a drawer for fifty years: brown, faded, soft and grainy.

A kind of photo that a person may have a thousand of and that the bundled model is weak in, made of photos that there
are captions for. What `training/ablation.py` teaches.
"""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

SIDE = 300
"""The shorter side of a print, in pixels."""
BROWN = ((60, 200), (48, 178), (38, 150))
"""What black and white have become, in red, green and blue."""
SOFT = (1.5, 2.5)
"""The radius of the blur, in pixels: from, to."""
GRAIN = (12, 22)
"""The deviation of the grain, of 255: from, to."""


def worn(image: Image.Image, name: str) -> Image.Image:
    """A photo as an old print. Equal names give equal prints."""
    chance = np.random.default_rng(zlib.crc32(name.encode()))
    ratio = SIDE / min(image.size)
    grey = image.convert("L").resize(
        (round(image.width * ratio), round(image.height * ratio)), Image.Resampling.BICUBIC
    )
    grey = grey.filter(ImageFilter.GaussianBlur(float(chance.uniform(*SOFT))))
    values = np.asarray(grey, np.float32) / 255
    light = values + float(chance.uniform(*GRAIN)) / 255 * chance.standard_normal(values.shape, np.float32)
    corner = np.hypot(*np.meshgrid(np.linspace(-1, 1, grey.width), np.linspace(-1, 1, grey.height)))
    light *= 1 - float(chance.uniform(0, 0.35)) * corner**2 / 2
    channels = [low + (high - low) * light for low, high in BROWN]
    return Image.fromarray(np.stack(channels, axis=-1).clip(0, 255).astype(np.uint8))


def print_of(source: Path, place: Path) -> Path:
    """Write a photo's old print, a JPEG; its path."""
    made = place / f"{source.stem}.jpg"
    with Image.open(source) as image:
        worn(image, source.name).save(made, quality=90)
    return made
