"""What the frozen towers say of every photo and every sentence, computed once and kept in ``.cache/starter``.

The heads see nothing else, so that they train in minutes. A photo is seen in several views: they stand in for the
augmentation that a frozen tower rules out. The pass runs in OpenVINO, stores parts of 1,024 photos, and goes on where
it was interrupted.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps
from torch import Tensor, nn

from core.models import graphs
from training.starter.crops import crop
from training.starter.data import Example
from training.starter.towers import CONTEXT_LENGTH, IMAGE_SIZE, tokenize

PART = 1024
BATCH = 32
Half = NDArray[np.float16]

VIEWS = ("squash", "squash_flip", "crop", "crop_flip")
"""Squash: the whole photo pressed into a square. Crop: its middle square. Flip: mirrored."""
PARTS = ("part_0", "part_1", "part_2", "part_3")
"""Further views to learn from: a part of the photo at random, as `crops` cuts it, the same for a photo every time."""


def view(image: Image.Image, name: str, squashed: bool, key: str = "") -> Image.Image:
    """One view of a photo, 260 pixels square. A photo that was squashed before is drawn out to 4:3 before a crop.

    ``key`` names the photo: it decides which part a view at random shows.
    """
    if name.startswith("part_"):
        seed = int.from_bytes(hashlib.sha256(f"{name}/{key}".encode()).digest()[:8])
        return Image.fromarray(crop(image, IMAGE_SIZE, np.random.default_rng(seed)))
    if name.endswith("_flip"):
        image = ImageOps.mirror(image)
    if name.startswith("crop"):
        if squashed:
            image = image.resize((image.width * 4 // 3, image.height), Image.Resampling.BICUBIC)
        width, height = image.size
        side = min(width, height)
        left, top = (width - side) // 2, (height - side) // 2
        image = image.crop((left, top, left + side, top + side))
    return image.resize((IMAGE_SIZE, IMAGE_SIZE), Image.Resampling.BICUBIC)


def pixels(image: Image.Image) -> NDArray[np.float32]:
    """float32[3, 260, 260] of a photo's view, from -1 to 1: mean and deviation of 0.5, as the tower wants it."""
    values = np.asarray(image.convert("RGB"), dtype=np.float32) / 127.5 - 1.0
    return np.ascontiguousarray(values.transpose(2, 0, 1))


class ImagePass:
    """The image tower's pooled features of photos, through a cache."""

    def __init__(self, model: open_clip.CustomTextCLIP, cache: Path) -> None:
        self._cache = cache
        self._key = weights_key(model.visual.trunk.body, without="classifier.")  # which has no part in them
        self._run = _compiled(_Pooled(model.visual.trunk), {"pixels": torch.zeros(2, 3, IMAGE_SIZE, IMAGE_SIZE)}, cache)

    def __call__(self, examples: Sequence[Example], name: str, tell: Callable[[str], None]) -> Half:
        """float16[n, POOLED]: one view of every photo."""
        parts = []
        for start in range(0, len(examples), PART):
            some = examples[start : start + PART]
            names = "\n".join(f"{example.source}/{example.path.name}{example.squashed}" for example in some)
            path = self._cache / f"{name}-{hashlib.sha256((self._key + names).encode()).hexdigest()[:16]}.npy"
            if not path.exists():
                began = time.perf_counter()
                features = np.concatenate(list(self._features(some, name))).astype(np.float16)
                _save(path, features)
                rate = len(some) / (time.perf_counter() - began)
                tell(f"{name}: {start + len(some)} of {len(examples)} photos, {rate:.0f} a second")
            parts.append(np.load(path))
        return np.concatenate(parts)

    def _features(self, examples: Sequence[Example], name: str) -> Iterator[NDArray[np.float32]]:
        def load(example: Example) -> NDArray[np.float32]:
            with Image.open(example.path) as image:
                key = f"{example.source}/{example.path.name}"
                return pixels(view(image.convert("RGB"), name, example.squashed, key))

        with ThreadPoolExecutor(2) as pool:
            for batch in _ahead(pool, load, examples):
                yield self._run(batch)


class TextPass:
    """The text tower's pooled output of sentences, through a cache."""

    def __init__(self, model: open_clip.CustomTextCLIP, cache: Path) -> None:
        self._cache = cache
        self._key = weights_key(model.text.transformer) + str(CONTEXT_LENGTH)
        ids = torch.ones(2, 8, dtype=torch.long)
        self._run = _compiled(_PooledText(model.text), {"input_ids": ids, "attention_mask": ids}, cache)

    def __call__(self, sentences: Sequence[str], tell: Callable[[str], None]) -> Half:
        """float16[n, 384]. Sentences of like length go together, so that little is spent on padding."""
        key = hashlib.sha256((self._key + "\n".join(sentences)).encode()).hexdigest()[:16]
        path = self._cache / f"text-{key}.npy"
        if not path.exists():
            began = time.perf_counter()
            features = np.zeros((len(sentences), 384), np.float16)
            order = sorted(range(len(sentences)), key=lambda index: len(sentences[index]))
            for start in range(0, len(order), 64):
                some = order[start : start + 64]
                ids, mask = tokenize([sentences[index] for index in some])
                features[some] = self._run(ids.numpy(), mask.numpy())
            _save(path, features)
            tell(f"text: {len(sentences)} sentences, {len(sentences) / (time.perf_counter() - began):.0f} a second")
        loaded: Half = np.load(path)
        return loaded


class _Pooled(nn.Module):
    """The part of the image tower that works on pixels."""

    def __init__(self, trunk: Any) -> None:
        super().__init__()
        self.trunk = trunk

    def forward(self, pixels: Tensor) -> Tensor:
        pooled: Tensor = self.trunk.pooled(pixels)
        return pooled


class _PooledText(nn.Module):
    """The text tower up to its head."""

    def __init__(self, text: Any) -> None:
        super().__init__()
        self.text = text

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        output = self.text.transformer(input_ids=input_ids, attention_mask=attention_mask)
        pooled: Tensor = self.text.pooler(output, attention_mask)
        return pooled


def _compiled(module: nn.Module, inputs: dict[str, Tensor], cache: Path) -> Callable[..., NDArray[np.float32]]:
    """A module as a function of NumPy arrays, run by OpenVINO in float32 with every axis of length free that may be."""
    import openvino

    cache.mkdir(parents=True, exist_ok=True)
    path = cache / f"{type(module).__name__}.onnx"
    free = {0: "n"} if "pixels" in inputs else {0: "n", 1: "length"}
    graphs.trace(module, inputs, dict.fromkeys(inputs, free), path)
    compiled = openvino.Core().compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})

    def run(*arrays: NDArray[Any]) -> NDArray[np.float32]:
        result: NDArray[np.float32] = compiled(list(arrays))[0].copy()
        return result

    return run


def _ahead(
    pool: ThreadPoolExecutor, load: Callable[[Example], NDArray[np.float32]], examples: Iterable[Example]
) -> Iterator[NDArray[np.float32]]:
    """Batches of pixels, the next one being decoded while one is in use."""
    items = list(examples)
    batches = [items[start : start + BATCH] for start in range(0, len(items), BATCH)]
    waiting = [pool.submit(load, item) for item in batches[0]] if batches else []
    for following in [*batches[1:], []]:
        ready, waiting = waiting, [pool.submit(load, item) for item in following]
        yield np.stack([future.result() for future in ready])


def weights_key(module: nn.Module, without: str | tuple[str, ...] = ()) -> str:
    """A fingerprint of a module's weights, so that features of other weights are never taken for these. Entries whose
    names begin with ``without`` are left out."""
    digest = hashlib.sha256()
    for name, value in sorted(module.state_dict().items()):
        if not name.startswith(without):
            digest.update(name.encode())
            digest.update(value.cpu().numpy().tobytes())
    return digest.hexdigest()


def _save(path: Path, array: Half) -> None:
    """Written aside and renamed, so that an interrupted run leaves no half of a part."""
    aside = path.with_suffix(".tmp")
    with aside.open("wb") as file:
        np.save(file, array)
    aside.replace(path)
