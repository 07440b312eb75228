"""From a picture to the numbers that an image tower wants, in Pillow and NumPy alone.

Equal, number for number, to open_clip's ``image_transform_v2(cfg, is_train=False)`` for upright RGB pictures: a test
compares the two over sizes, modes and interpolations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.errors import ModelDamaged

if TYPE_CHECKING:
    from PIL.Image import Image

OPENAI_MEAN = (0.48145466, 0.4578275, 0.40821073)
OPENAI_STD = (0.26862954, 0.26130258, 0.27577711)
"""What open_clip takes where a model's config says nothing."""
_INTERPOLATIONS = ("bicubic", "bilinear", "random")
_RESIZE_MODES = ("shortest", "longest", "squash")
_LONGEST_STRIP = 16
"""Of a picture more than so many times as long as the crop wants, only the middle is scaled: 1 x 60,000 pixels would
otherwise become gigabytes, of which all but a square is thrown away."""


@dataclass(frozen=True, slots=True)
class Preprocess:
    """How a picture is scaled, cut and normalised: the ``preprocess_cfg`` of an OpenCLIP model.

    ``size`` is (height, width) in pixels; ``mean`` and ``std`` are of channels in 0..1; ``resize_mode`` is

    - ``shortest``: the shorter side is scaled to fit, and the middle kept;
    - ``longest``: the longer side is scaled to fit, and the rest filled with ``fill_color`` (0..255);
    - ``squash``: both sides are scaled to fit, whatever the picture's shape.
    """

    size: tuple[int, int]
    mean: tuple[float, float, float] = OPENAI_MEAN
    std: tuple[float, float, float] = OPENAI_STD
    interpolation: str = "bicubic"
    resize_mode: str = "shortest"
    fill_color: int | tuple[int, int, int] = 0

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Preprocess:
        """Reads a ``preprocess_cfg``. What it leaves out is as in open_clip; ``size`` is needed.

        Raises ModelDamaged when a value is none that open_clip knows.
        """
        try:
            fill = config.get("fill_color") or 0
            found = cls(
                size=_pair(config["size"]),
                mean=_channels(config.get("mean") or OPENAI_MEAN),
                std=_channels(config.get("std") or OPENAI_STD),
                interpolation=config.get("interpolation") or "bicubic",
                resize_mode=config.get("resize_mode") or "shortest",
                fill_color=fill if isinstance(fill, int) else (int(fill[0]), int(fill[1]), int(fill[2])),
            )
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise ModelDamaged(f"The model's config does not say how photos are scaled ({error!r}).") from error
        if found.interpolation not in _INTERPOLATIONS or found.resize_mode not in _RESIZE_MODES:
            raise ModelDamaged(
                f"The model's config wants photos scaled in a way that is not known: {found.interpolation}, "
                f"{found.resize_mode}."
            )
        if not (np.isfinite(found.mean).all() and np.isfinite(found.std).all()):
            raise ModelDamaged("The model's config wants photos scaled by what is no number (mean, std).")
        if min(found.size) < 1 or 0 in np.asarray(found.std, np.float32):
            raise ModelDamaged("The model's config wants photos without pixels, or divided by zero.")
        return found

    @property
    def image_size(self) -> int:
        """The longer side in pixels of what the tower sees: a decoder need not give more than this on the shorter."""
        return max(self.size)

    def __call__(self, images: Sequence[Image]) -> NDArray[np.float32]:
        """Upright pictures of any size and mode to float32[n, 3, height, width]."""
        pixels = np.empty((len(images), 3, *self.size), np.float32)
        for image, target in zip(images, pixels, strict=True):
            self.into(image, target)
        return pixels

    def into(self, image: Image, target: NDArray[np.float32]) -> None:
        """Writes one picture into float32[3, height, width]."""
        fitted = self.fit(image)
        mean, std = np.asarray(self.mean, np.float32), np.asarray(self.std, np.float32)
        # The same three steps as torch takes, in the same order: anything smarter differs in the last bit.
        np.divide(np.asarray(fitted).transpose(2, 0, 1), np.float32(255), out=target)
        target -= mean[:, None, None]
        target /= std[:, None, None]

    def fit(self, image: Image) -> Image:
        """The picture as RGB of exactly ``size``: what the tower sees, before normalisation."""
        from PIL import Image as pillow

        if image.mode != "RGB":
            image = image.convert("RGB")
        height, width = self.size
        bicubic, chosen = pillow.Resampling.BICUBIC, pillow.Resampling.BICUBIC
        if self.interpolation == "bilinear":
            chosen = pillow.Resampling.BILINEAR
        if self.resize_mode == "squash":
            return image.resize((width, height), chosen)
        if self.resize_mode == "longest":
            return _centred(image.resize(self._kept_ratio(image, longest=True), chosen), self.size, self.fill_color)
        image = _without_far_ends(image, self.size)
        if height == width:
            scaled = image.resize(_short_side(image, height), chosen)
        else:
            # For such a target open_clip forgets the interpolation that was asked for.
            scaled = image.resize(self._kept_ratio(image, longest=False), bicubic)
        return _centred(scaled, self.size, 0)

    def _kept_ratio(self, image: Image, *, longest: bool) -> tuple[int, int]:
        """(width, height) with the picture's own ratio, within the target (``longest``) or covering it."""
        ratios = image.height / self.size[0], image.width / self.size[1]
        ratio = max(ratios) if longest else min(ratios)
        return max(1, round(image.width / ratio)), max(1, round(image.height / ratio))


def _short_side(image: Image, side: int) -> tuple[int, int]:
    """(width, height) with the shorter side as wanted and the longer cut to a whole number, as torchvision does."""
    width, height = image.size
    return (side, int(side * height / width)) if width <= height else (int(side * width / height), side)


def _without_far_ends(image: Image, size: tuple[int, int]) -> Image:
    """The middle of a picture that is very long or very wide; any other as it is."""
    longest_width = round(_LONGEST_STRIP * max(1.0, image.height * size[1] / size[0]))
    longest_height = round(_LONGEST_STRIP * max(1.0, image.width * size[0] / size[1]))
    if image.width <= longest_width and image.height <= longest_height:
        return image
    left = max(0, (image.width - longest_width) // 2)
    top = max(0, (image.height - longest_height) // 2)
    return image.crop((left, top, image.width - left, image.height - top))


def _centred(image: Image, size: tuple[int, int], fill: int | tuple[int, int, int]) -> Image:
    """The middle of the picture, cut or filled up to (height, width)."""
    from PIL import Image as pillow

    height, width = size
    if (image.height, image.width) == size:
        return image
    if width > image.width or height > image.height:
        colour = (fill, fill, fill) if isinstance(fill, int) else fill
        canvas = pillow.new("RGB", (max(width, image.width), max(height, image.height)), colour)
        canvas.paste(image, ((canvas.width - image.width) // 2, (canvas.height - image.height) // 2))
        image = canvas
    top, left = round((image.height - height) / 2.0), round((image.width - width) / 2.0)
    return image.crop((left, top, left + width, top + height))


def _pair(size: Any) -> tuple[int, int]:
    if isinstance(size, int):
        return size, size
    sides = [int(side) for side in size]
    return sides[0], sides[-1]


def _channels(values: Any) -> tuple[float, float, float]:
    if isinstance(values, int | float):
        return float(values), float(values), float(values)
    red, green, blue = (float(value) for value in values)
    return red, green, blue
