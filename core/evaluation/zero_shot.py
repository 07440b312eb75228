"""Telling classes apart that were never trained for: each becomes sentences, the nearest wins (CLIP paper, 3.1)."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from core.models.encoder import Encoder


@cache
def templates() -> tuple[str, ...]:
    """The prompt templates of ``resources/templates.toml``; ``{}`` stands for the class."""
    text = files("resources").joinpath("templates.toml").read_text(encoding="utf-8")
    return tuple(tomllib.loads(text)["photo"])


def class_embeddings(
    encoder: Encoder, classes: Sequence[str], prompts: Sequence[str] | None = None
) -> NDArray[np.float32]:
    """float32[classes, dim], unit-length: each class's sentences embedded, averaged and normalised again.

    ``prompts`` are templates with ``{}``; by default those of the resources.
    """
    chosen = tuple(prompts) if prompts is not None else templates()
    if not classes:
        return np.zeros((0, encoder.dim), np.float32)
    sentences = [prompt.replace("{}", name) for name in classes for prompt in chosen]
    embeddings = encoder.encode_texts(sentences).reshape(len(classes), len(chosen), -1)
    mean = embeddings.mean(axis=1)
    unit: NDArray[np.float32] = mean / np.linalg.norm(mean, axis=1, keepdims=True)
    return unit


def hits(photos: NDArray[np.float32], classes: NDArray[np.float32], truth: Sequence[int]) -> NDArray[np.bool_]:
    """bool[n]: of which photos (float32[n, dim]) the nearest class (float32[c, dim]) is the true one.

    Raises ValueError without a photo.
    """
    if len(photos) == 0:
        raise ValueError("accuracy needs a photo at least")
    right: NDArray[np.bool_] = (photos @ classes.T).argmax(axis=1) == np.asarray(truth)
    return right
