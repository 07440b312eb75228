"""How a tuning goes: recall on the validation photos, seen whole, by the weights as they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from core.evaluation import retrieval
from training.starter.crops import to_pixels
from training.starter.curves import Recalls
from training.starter.data import Example
from training.starter.features import view
from training.starter.tune import Tuned

BLOCK = 64


def look(examples: Sequence[Example]) -> Callable[[Tuned], Recalls]:
    """A function that says how well towers find the validation photos among ``examples``: recall@10 by set."""
    kept = [example for example in examples if example.validation]

    def recalls(tuned: Tuned) -> Recalls:
        with torch.no_grad():
            words = tuned.heads.class_words(tuned.trunk.class_embedding)
            with ThreadPoolExecutor(2) as pool:
                blocks = [kept[start : start + BLOCK] for start in range(0, len(kept), BLOCK)]
                parts = [
                    tuned.encode_images(to_pixels(np.stack(list(pool.map(_whole, block)))), words)[0]
                    for block in blocks
                ]
            photos = torch.cat(parts).numpy()
            found = {}
            for name in sorted({example.source for example in kept}):
                rows = [index for index, example in enumerate(kept) if example.source == name]
                captions = [caption for index in rows for caption in kept[index].sentences]
                owner = [place for place, index in enumerate(rows) for _ in kept[index].sentences]
                ranks = retrieval.caption_ranks(photos[rows], tuned.encode_texts(captions).numpy(), owner)
                found[name] = retrieval.recall_at_k(ranks, 10)
        return found

    return recalls


def _whole(example: Example) -> NDArray[np.uint8]:
    with Image.open(example.path) as image:
        return np.asarray(view(image.convert("RGB"), "squash", example.squashed))
