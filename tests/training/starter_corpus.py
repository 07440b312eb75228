"""A corpus of six photos at the most, for tests of the tunings."""

from __future__ import annotations

import torch

from training.starter.keywords import Keywords
from training.starter.train import Corpus


def small_corpus(text: torch.Tensor, features: int = 1) -> Corpus:
    """Photos of one sentence each; the first two are of one label, the third says the only word."""
    count = len(text)
    said = torch.zeros(count, 1, dtype=torch.bool)
    said[2] = True
    return Corpus(
        views=torch.zeros(1, count, features),
        teacher=torch.full((1, count, 1000), 0.001).half(),
        text=text,
        written=[f"{colour} paper" for colour in ("red", "green", "blue", "white", "black", "yellow")[:count]],
        sentences=[[row] for row in range(count)],
        extra=[[] for _ in range(count)],
        owner=torch.tensor([0, 0, *range(2, count)]),
        classes=torch.randn(1000, 384, generator=torch.Generator().manual_seed(1)),
        keywords=Keywords(["paper"], [[] for _ in range(count)], said, torch.ones(1, 1, dtype=torch.bool)),
        keyword_text=torch.zeros(1, 384),
    )
