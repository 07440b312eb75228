"""The background that ships with the model (see `core.models.background`): embeddings of training photos and captions.

Drawn at random from all that was learned from, no photo with its own caption, by the written model itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.evaluation.folder import MIN_SIDE
from core.models.background import Background, save
from core.models.encoder import Backend, EncoderSpec
from core.models.registry import build_encoder
from core.photos.decode import decode
from training.starter.data import Example

PHOTOS, CAPTIONS = 1_200, 1_000
"""How many of each, a kilobyte apiece: as many as a folder has room for that has to stay under 70 MB."""
BLOCK = 64


def write(folder: Path, examples: Sequence[Example], seed: int = 0) -> Background:
    """Embed the background of the model in ``folder`` and write it there."""
    learned = [example for example in examples if not example.validation]
    order = [learned[index] for index in np.random.default_rng(seed).permutation(len(learned))]
    shown = order[: min(PHOTOS, len(order) // 2)]
    spoken = [example for example in order[len(shown) :] if example.group is None][:CAPTIONS]
    encoder = build_encoder(EncoderSpec(folder, Backend.OPENVINO, "f32"))
    photos = [
        encoder.encode_images(
            [decode(e.path, min_side=MIN_SIDE, thumbnail=False).image for e in shown[at : at + BLOCK]]
        )
        for at in range(0, len(shown), BLOCK)
    ]
    captions = encoder.encode_texts([example.sentences[0] for example in spoken])
    made = Background(np.concatenate(photos), captions)
    save(folder, made)
    return made
