"""What contrastive training makes small: how badly photos and their sentences find each other in a batch.

All functions take unit vectors, images and texts float[n, dim], row i of the one belonging to row i of the other, and
give a scalar. A batch that is spread over processes hands on, as ``every_image`` and ``every_text``, float[m, dim], the
rows of all of them (gathered with their gradients) and as ``first`` the row that its own begin at; the mean of the
processes' losses is then the loss of the whole batch.

``same`` bool[n, m] marks photos and sentences that are no pair of the batch and true all the same (a sentence that a
photo has too): they count as neither right nor wrong. In a batch that is spread over processes it has to be symmetric.

``wrong`` float[k, dim] are sentences that no photo of the batch has (`training/swaps.py`): wrong answers for all
photos, asked for by none (NegCLIP: Yuksekgonul et al. 2023). ``same`` has k more columns then, for what is true of a
photo by chance. Not for a batch that is spread over processes.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

MOST_SCALE = 100.0
"""The temperature never falls below 1/100, as in CLIP: beyond it the loss looks at single pairs alone, and bursts."""


def info_nce(
    images: Tensor,
    texts: Tensor,
    scale: Tensor,
    *,
    every_image: Tensor | None = None,
    every_text: Tensor | None = None,
    first: int = 0,
    same: Tensor | None = None,
    wrong: Tensor | None = None,
) -> Tensor:
    """Symmetric InfoNCE (van den Oord et al. 2018; Radford et al. 2021), as `open_clip.loss.ClipLoss` computes it.

    ``scale`` is the inverse temperature.
    """
    by_image = scale * images @ _answers(texts if every_text is None else every_text, wrong).T
    by_text = scale * texts @ (images if every_image is None else every_image).T
    right = torch.arange(first, first + len(images), device=images.device)
    if same is not None:
        hidden = same.clone()
        hidden[torch.arange(len(images), device=images.device), right] = False
        by_image = by_image.masked_fill(hidden, -math.inf)
        asked = hidden[:, : by_text.shape[1]]
        by_text = by_text.masked_fill(asked.T if every_image is None else asked, -math.inf)
    return (functional.cross_entropy(by_image, right) + functional.cross_entropy(by_text, right)) / 2


def sigmoid(
    images: Tensor,
    texts: Tensor,
    scale: Tensor,
    bias: Tensor,
    *,
    every_text: Tensor | None = None,
    first: int = 0,
    same: Tensor | None = None,
    wrong: Tensor | None = None,
) -> Tensor:
    """The sigmoid loss (Zhai et al. 2023), as `open_clip.loss.SigLipLoss` computes it: each pair is judged by itself,
    and ``bias`` says how seldom one is right."""
    logits = scale * images @ _answers(texts if every_text is None else every_text, wrong).T + bias
    right = torch.full_like(logits, -1)
    rows = torch.arange(len(images), device=images.device)
    right[rows, first + rows] = 1
    each = -functional.logsigmoid(right * logits)
    if same is not None:
        hidden = same.clone()
        hidden[rows, first + rows] = False
        each = each.masked_fill(hidden, 0)
    return each.sum() / len(images)


def _answers(texts: Tensor, wrong: Tensor | None) -> Tensor:
    return texts if wrong is None else torch.cat([texts, wrong])


def similarity(images: Tensor, texts: Tensor, old_images: Tensor, old_texts: Tensor, scale: float) -> Tensor:
    """How far the similarities within a batch have left those of the old model: the Kullback-Leibler divergence of the
    new distributions from the old ones, both ways (learning without forgetting: Li and Hoiem 2016).

    ``scale`` is the inverse temperature of both, which nothing here learns.
    """

    def one_way(new: Tensor, old: Tensor) -> Tensor:
        return functional.kl_div(
            functional.log_softmax(scale * new, dim=1),
            functional.log_softmax(scale * old, dim=1),
            reduction="batchmean",
            log_target=True,
        )

    new, old = images @ texts.T, old_images @ old_texts.T
    return (one_way(new, old) + one_way(new.T, old.T)) / 2


def clamp_scale(logarithm: Tensor) -> None:
    """Keep the logarithm of a scale between those of 1 and `MOST_SCALE`. In place; call it after each step."""
    with torch.no_grad():
        logarithm.clamp_(0, math.log(MOST_SCALE))
