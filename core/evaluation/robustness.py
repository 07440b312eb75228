"""How a model bears photos that came out badly: six faults, each at five strengths, in the manner of ImageNet-C.

After Hendrycks and Dietterich, *Benchmarking Neural Network Robustness to Common Corruptions and Perturbations* (2019).
Their numbers are for photos of 224 pixels. Here blurs grow with the shorter side, so that a strength blurs the same
share of a photo whatever its size is; noise, JPEG, contrast and darkness are of single pixels and stay as they are.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.evaluation.retrieval import Interval, drawn_ends

if TYPE_CHECKING:
    from PIL.Image import Image

STRENGTHS = (1, 2, 3, 4, 5)
SIDE = 224
"""The shorter side, in pixels, of a photo that the radii below are for."""
MODES = ("L", "RGB")
BATCH = 32


class Corruption(StrEnum):
    """What can be wrong with a photo."""

    BLUR = "Gaussian blur"
    DEFOCUS = "out of focus"
    NOISE = "noise"
    JPEG = "JPEG"
    CONTRAST = "low contrast"
    DARKNESS = "darkness"


AMOUNTS: Mapping[Corruption, tuple[float, float, float, float, float]] = {
    Corruption.BLUR: (1, 2, 3, 4, 6),  # deviation in pixels
    Corruption.DEFOCUS: (3, 4, 6, 8, 10),  # radius in pixels of the disc that a point becomes
    Corruption.NOISE: (0.08, 0.12, 0.18, 0.26, 0.38),  # deviation, of a range of 1; its own for each pixel and channel
    Corruption.JPEG: (25, 18, 15, 10, 7),  # quality as libjpeg counts it
    Corruption.CONTRAST: (0.4, 0.3, 0.2, 0.1, 0.05),  # what is left of the distance from each channel's mean
    Corruption.DARKNESS: (1, 2, 3, 4, 5),  # stops: each halves the light (ImageNet-C has brightness alone)
}
"""What the strengths 1 to 5 mean. All but darkness are ImageNet-C's own numbers."""


def corrupt(image: Image, kind: Corruption, strength: int, seed: int = 0) -> Image:
    """The photo with one fault: a new picture of the same size and mode (``L`` or ``RGB``).

    Equal arguments give equal pixels; ``seed`` moves noise alone. Raises ValueError for another mode or strength.
    """
    if image.mode not in MODES:
        raise ValueError(f"only {' and '.join(MODES)} pictures can be corrupted, not {image.mode}")
    if strength not in STRENGTHS:
        raise ValueError(f"strength goes from {STRENGTHS[0]} to {STRENGTHS[-1]}, not {strength}")
    amount = AMOUNTS[kind][strength - 1]
    match kind:
        case Corruption.BLUR:
            return _blurred(image, amount * min(image.size) / SIDE)
        case Corruption.DEFOCUS:
            return _out_of_focus(image, amount * min(image.size) / SIDE)
        case Corruption.NOISE:
            return _noisy(image, amount, seed)
        case Corruption.JPEG:
            return _packed(image, int(amount))
        case Corruption.CONTRAST:
            return _flat(image, amount)
        case Corruption.DARKNESS:
            return _dark(image, amount)


def _blurred(image: Image, deviation: float) -> Image:
    from PIL import ImageFilter

    return image.filter(ImageFilter.GaussianBlur(deviation))


def _out_of_focus(image: Image, radius: float) -> Image:
    """Every point becomes an even disc. Beyond the edge the outermost pixels go on."""
    kernel = _disc(radius)
    reach = len(kernel) // 2
    pixels = _pixels(image)
    padded = np.pad(pixels, ((reach, reach), (reach, reach), (0, 0)), mode="edge")
    # Sides that are multiples of 32 are transformed fast; what is added lies beyond what is kept.
    shape = (-(-padded.shape[0] // 32) * 32, -(-padded.shape[1] // 32) * 32)
    spectrum = np.fft.rfft2(padded, shape, axes=(0, 1)) * np.fft.rfft2(kernel, shape)[:, :, None]
    blurred = np.fft.irfft2(spectrum, shape, axes=(0, 1))
    return _picture(blurred[2 * reach :, 2 * reach :][: pixels.shape[0], : pixels.shape[1]], image.mode)


@cache
def _disc(radius: float) -> NDArray[np.float32]:
    """float32[n, n], n odd, of sum 1: how much of each pixel a disc covers, by 8 x 8 points in it."""
    reach = max(0, int(np.ceil(radius - 0.5)))
    points = (np.arange((2 * reach + 1) * 8) + 0.5) / 8 - reach - 0.5
    inside = points[:, None] ** 2 + points[None, :] ** 2 <= max(radius, 0.25) ** 2
    cover = inside.reshape(2 * reach + 1, 8, 2 * reach + 1, 8).sum(axis=(1, 3))
    disc: NDArray[np.float32] = (cover / cover.sum()).astype(np.float32)
    return disc


def _noisy(image: Image, deviation: float, seed: int) -> Image:
    pixels = _pixels(image)
    noise = np.random.default_rng(seed).standard_normal(pixels.shape, np.float32)
    return _picture(pixels + noise * np.float32(255 * deviation), image.mode)


def _packed(image: Image, quality: int) -> Image:
    from PIL import Image as pillow

    packed = io.BytesIO()
    image.save(packed, "JPEG", quality=quality)
    with pillow.open(packed) as picture:
        return picture.convert(image.mode)


def _flat(image: Image, left: float) -> Image:
    values = np.arange(256, dtype=np.float32)
    means = _pixels(image).mean(axis=(0, 1))
    return image.point([int(value) for mean in means for value in np.rint((values - mean) * left + mean)])


def _dark(image: Image, stops: float) -> Image:
    """As if exposed for 1 / 2**stops of the time: light is halved, not the sRGB values that stand for it."""
    values = np.arange(256) / 255
    light = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4) / 2**stops
    seen = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return image.point([int(value) for value in np.rint(255 * seen)] * len(image.getbands()))


def _pixels(image: Image) -> NDArray[np.float32]:
    """float32[height, width, channels], 0 to 255."""
    return np.asarray(image, np.float32).reshape(image.height, image.width, -1)


def _picture(pixels: NDArray[np.floating], mode: str) -> Image:
    from PIL import Image as pillow

    values = np.clip(np.rint(pixels), 0, 255).astype(np.uint8)
    return pillow.fromarray(values[:, :, 0] if mode == "L" else values)


@dataclass(frozen=True, slots=True)
class Robustness:
    """How often a model is right on clean and on corrupted photos; rates are 0 to 1."""

    clean: float
    at: Mapping[Corruption, tuple[float, ...]]
    """The rate at each strength."""
    clean_hits: NDArray[np.float64]
    """For each query whether it was answered rightly on clean photos: float64[queries], 0 or 1."""
    corrupted_hits: NDArray[np.float64]
    """For each query how often it was on corrupted ones, a mean over all kinds and strengths: float64[queries]."""
    photo_of: NDArray[np.int64]
    """The photo that each query is about. Queries of one photo are drawn together."""

    def mean(self, kind: Corruption) -> float:
        """The rate under one fault, a mean over its strengths."""
        return float(np.mean(self.at[kind]))

    @property
    def corrupted(self) -> float:
        """The rate over all faults and strengths."""
        return float(np.mean(self.corrupted_hits))

    def kept(self, *, rounds: int = 1000, seed: int = 0) -> Interval:
        """What is left on corrupted photos of the rate on clean ones, with a bootstrap 95 % interval over photos."""
        _, member = np.unique(self.photo_of, return_inverse=True)
        count = int(member.max()) + 1
        clean = np.bincount(member, weights=self.clean_hits, minlength=count)
        hurt = np.bincount(member, weights=self.corrupted_hits, minlength=count)
        low, high = drawn_ends(hurt, clean, rounds=rounds, seed=seed)
        return Interval(float(hurt.sum() / max(clean.sum(), 1e-9)), low, high)


Embed = Callable[[Sequence["Image"]], NDArray[np.float32]]
"""Photos to float32[n, any]: embeddings, or a classifier's scores."""
Judge = Callable[[NDArray[np.float32]], NDArray[np.bool_]]
"""What `Embed` gave for all photos, to bool[queries]: which queries are answered rightly."""


def measure_robustness(
    images: Sequence[Image],
    embed: Embed,
    judge: Judge,
    photo_of: Sequence[int] | None = None,
    *,
    on_progress: Callable[[int, int], None] | None = None,
) -> Robustness:
    """Embed the photos clean and with every fault at every strength, and judge each time.

    ``photo_of`` names the photo of each query; without it there is one query a photo. ``on_progress`` gets the number
    of passes done, and of all. Each photo's noise is seeded by its place. Raises ValueError without photos.
    """
    if not images:
        raise ValueError("robustness needs a photo at least")
    passes: list[tuple[Corruption, int] | None] = [None, *((kind, s) for kind in Corruption for s in STRENGTHS)]
    hits: list[NDArray[np.float64]] = []
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        for number, fault in enumerate(passes, 1):
            blocks = [embed(block) for block in _blocks(images, fault, pool)]
            hits.append(judge(np.concatenate(blocks)).astype(np.float64))
            if on_progress is not None:
                on_progress(number, len(passes))
    rates = [float(found.mean()) for found in hits]
    count = len(STRENGTHS)
    at = {kind: tuple(rates[1 + place * count :][:count]) for place, kind in enumerate(Corruption)}
    owner = np.arange(len(images)) if photo_of is None else np.asarray(photo_of, np.int64)
    return Robustness(rates[0], at, hits[0], np.mean(hits[1:], axis=0), owner)


def _blocks(
    images: Sequence[Image], fault: tuple[Corruption, int] | None, pool: ThreadPoolExecutor
) -> Iterator[list[Image]]:
    """The photos, corrupted, a batch at a time; the next batch is made while one is being used."""
    if fault is None:
        for start in range(0, len(images), BATCH):
            yield list(images[start : start + BATCH])
        return
    kind, strength = fault
    waiting: list[Future[Image]] = []
    for start in range(0, len(images) + BATCH, BATCH):
        coming = [
            pool.submit(corrupt, image, kind, strength, start + place)
            for place, image in enumerate(images[start : start + BATCH])
        ]
        if waiting:
            yield [future.result() for future in waiting]
        waiting = coming
