"""The two heads, and the loss that they learn from."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from timm.layers.mlp import Mlp
from torch import Tensor, nn
from torch.nn import functional

from core.models.towers import FEATURES, HIDDEN

TEXT_WIDTH = 384
CLASS_SHARE = 0.5
"""How much of the classes' names is added to the heads' unit vector once they are trained. While they are trained
nothing is: heads that lean on it learn less of the classes themselves (docs/model.md)."""
LOWEST, HIGHEST = math.log(10.0), math.log(50.0)
"""The learned temperature's bounds, as the logarithm of what cosines are multiplied by. CLIP clamps at 100; with few
photos a lower bound keeps the heads from growing too sure."""


class Heads(nn.Module):
    """The image tower's heads and open_clip's own text projection (``hf_proj_type: mlp``, the same entries by the same
    names), over features: float32[n, FEATURES] and float32[n, 384] to unit vectors float32[n, dim].

    The image heads (``branches`` of them) start differently and are trained side by side against one text head. Their
    mean finds more than any of them, and is again one head, as wide as all of them together.
    """

    def __init__(self, dim: int, dropout: float, branches: int = 1, width: int | None = None) -> None:
        super().__init__()
        width = HIDDEN // branches if width is None else width
        self.images = nn.ModuleList(
            Mlp(FEATURES, width, dim, drop=(dropout, 0.0), bias=(True, False)) for _ in range(branches)
        )
        middle = (TEXT_WIDTH + dim) // 2
        self.text = nn.Sequential(
            nn.Linear(TEXT_WIDTH, middle, bias=False), nn.GELU(), nn.Linear(middle, dim, bias=False)
        )
        self.logit_scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))

    def encode_images(self, features: Tensor, probabilities: Tensor, class_words: Tensor) -> Tensor:
        """float32[n, FEATURES] -> float32[n, dim], unit-length, by all branches together. ``probabilities`` are the
        classifier's, float32[n, 1000]; ``class_words`` are as the method of that name gives them.
        """
        learned = torch.stack([branch(features).float() for branch in self.images]).sum(dim=0)
        return functional.normalize(functional.normalize(learned, dim=1) + probabilities @ class_words, dim=1)

    def class_words(self, classes: Tensor) -> Tensor:
        """float32[1000, 384] -> float32[1000, dim]: what the image tower adds for each class that it is sure of.

        Nothing is learned through it: the classes' names stand where their sentences put them. What all of them share
        says nothing of a photo, and is taken out.
        """
        words = self.encode_texts(classes).detach()
        return CLASS_SHARE * (words - words.mean(dim=0))

    def encode_texts(self, pooled: Tensor) -> Tensor:
        """float32[n, 384] -> float32[n, dim], unit-length."""
        return functional.normalize(self.text(pooled).float(), dim=1)

    def scale(self) -> Tensor:
        """What cosines are multiplied by before the softmax."""
        return self.logit_scale.clamp(LOWEST, HIGHEST).exp()


def same_meaning(owner: Tensor, pooled: Tensor, threshold: float) -> Tensor:
    """bool[n, n]: pairs whose caption is true of the other photo as well, the diagonal left out.

    ``owner`` (int64[n]) names what photos of one label share, or the photo itself; ``pooled`` (float32[n, 384]) is the
    frozen text tower's output, whose cosine says that two captions mean the same.
    """
    unit = functional.normalize(pooled, dim=1)
    same = (owner[:, None] == owner[None, :]) | (unit @ unit.T > threshold)
    return same.fill_diagonal_(False)


def info_nce(images: Tensor, texts: Tensor, scale: Tensor, same: Tensor) -> Tensor:
    """The symmetric InfoNCE loss of CLIP. Pairs in ``same`` (bool[n, n]) are neither positives nor negatives."""
    logits = (scale * images @ texts.T).masked_fill(same, float("-inf"))
    target = torch.arange(len(images))
    return (functional.cross_entropy(logits, target) + functional.cross_entropy(logits.T, target)) / 2


def distillation(images: Tensor, classes: Tensor, probabilities: Tensor, scale: Tensor) -> Tensor:
    """How far the photos' closeness to the class names is from what the ImageNet classifier said of them.

    Cross-entropy against the teacher's soft classes (Hinton et al. 2015): ``images`` float32[n, dim], ``classes``
    float32[1000, dim], ``probabilities`` float32[n, 1000].
    """
    return -(probabilities * (scale * images @ classes.T).log_softmax(dim=1)).sum(dim=1).mean()


@dataclass(frozen=True, slots=True)
class Recipe:
    """The numbers of one training run. `docs/model.md` lists those that were tried."""

    seed: int = 0
    dim: int = 512
    branches: int = 3
    width: int = HIDDEN // 3
    steps: int = 700
    tries: int = 3
    """Seeds that the last heads are trained from; the best are kept (`training.starter.train.best_of`)."""
    batch: int = 1024
    rate: float = 1e-3
    weight_decay: float = 0.05
    dropout: float = 0.4
    noise: float = 0.05
    text_noise: float = 0.05
    same_above: float = 0.85
    distill: float = 1.5
    extra: float = 0.3
    words: float = 0.2
    average: float = 0.995
