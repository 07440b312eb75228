"""From examples to tensors: what the heads train on, and what watches them meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import open_clip
import torch
from torch import Tensor

from core.evaluation import retrieval
from core.models.towers import LAST
from training.starter import towers
from training.starter.curves import Recalls
from training.starter.data import Example
from training.starter.features import VIEWS, ImagePass, TextPass
from training.starter.heads import Heads
from training.starter.keywords import keywords
from training.starter.train import BLOCK, Corpus, embed, owners


@dataclass(frozen=True, slots=True)
class Held:
    """A validation set as features: float16[photos, FEATURES], what the classifier says, float16[photos, 1000], the
    captions, float32[captions, 384], and each caption's photo."""

    name: str
    features: Tensor
    probabilities: Tensor
    captions: Tensor
    owner: list[int]


def assemble(
    model: open_clip.CustomTextCLIP,
    examples: Sequence[Example],
    cache: Path,
    tell: Callable[[str], None],
    teacher: Tensor | None = None,
    parts: Sequence[str] = (),
    whole: Sequence[str] = VIEWS,
) -> tuple[Corpus, list[Held]]:
    """Compute all features (or find them in the cache), fit the tower's normalisation, and split off validation.

    ``teacher`` is the corpus's of that name where the classifier is not to be asked again: tuning blurs its opinions.
    It is asked about the whole photo; what is in a part is taken to be what is in that. ``whole`` are the views that
    validation photos have as well, `VIEWS` or the first of them, and ``parts`` further ones to learn from.
    """
    trunk = model.visual.trunk
    image_pass, text_pass = ImagePass(model, cache), TextPass(model, cache)
    sentences = sorted({sentence for example in examples for sentence in (*example.sentences, *example.extra)})
    row = {sentence: index for index, sentence in enumerate(sentences)}
    text = torch.from_numpy(text_pass(sentences, tell)).float()
    views = [torch.from_numpy(image_pass(examples, name, tell)) for name in whole]
    train = [index for index, example in enumerate(examples) if not example.validation]
    normalise(model, views[0][train])
    learned = [examples[index] for index in train]
    seen = [view[train] for view in views] + [torch.from_numpy(image_pass(learned, name, tell)) for name in parts]
    said = classes_of(trunk, views[0][train])[None] if teacher is None else teacher[:1]
    words = keywords(learned)
    corpus = Corpus(
        views=torch.stack([expand(trunk, view) for view in seen]),
        teacher=said.expand(len(seen), -1, -1),
        text=text,
        written=sentences,
        sentences=[[row[sentence] for sentence in example.sentences] for example in learned],
        extra=[[row[sentence] for sentence in example.extra] for example in learned],
        owner=owners(learned),
        classes=trunk.class_embedding.clone(),
        keywords=words,
        keyword_text=torch.from_numpy(text_pass(words.queries, tell)).float(),
    )
    held = []
    for name in sorted({example.source for example in examples if example.validation}):
        some = [index for index, example in enumerate(examples) if example.validation and example.source == name]
        owner = [place for place, index in enumerate(some) for _ in examples[index].sentences]
        captions = [row[sentence] for index in some for sentence in examples[index].sentences]
        held.append(Held(name, expand(trunk, views[0][some]), classes_of(trunk, views[0][some]), text[captions], owner))
    return corpus, held


@torch.no_grad()
def normalise(model: open_clip.CustomTextCLIP, pooled: Tensor) -> None:
    """Give the tower the mean and scale of its own features over the training photos, rounded as they will ship."""
    trunk = model.visual.trunk
    trunk.feature_mean.zero_()  # what an earlier call has left would be normalised again
    trunk.feature_scale.fill_(1.0)
    features = torch.cat([trunk.expand(part.float())[0] for part in torch.split(pooled, BLOCK)])
    trunk.feature_mean.copy_(features.mean(dim=0))
    trunk.feature_scale.copy_(1 / (features.std(dim=0, correction=0) + 1e-3))
    towers.round_to_half(model)


@torch.no_grad()
def expand(trunk: Any, pooled: Tensor) -> Tensor:
    """float16[n, POOLED] -> float16[n, FEATURES], normalised."""
    return torch.cat([trunk.expand(part.float())[0].half() for part in torch.split(pooled, BLOCK)])


@torch.no_grad()
def classes_of(trunk: Any, pooled: Tensor) -> Tensor:
    """float16[n, POOLED] -> float16[n, 1000]: the classifier's own probabilities, which the heads learn to repeat."""
    return torch.cat(
        [trunk.body.classifier(part[:, :LAST].float()).softmax(1).half() for part in torch.split(pooled, BLOCK)]
    )


def watch(held: Sequence[Held], classes: Tensor) -> Callable[[Heads], Recalls]:
    """A function that says how well heads find the validation photos: recall@10 by set. ``classes`` is the corpus's."""

    def recalls(heads: Heads) -> Recalls:
        found = {}
        for one in held:
            with torch.no_grad():
                class_words = heads.class_words(classes)
                photos = embed(heads, one.features, one.probabilities, class_words)
                captions = heads.encode_texts(one.captions).numpy()
            ranks = retrieval.caption_ranks(photos, captions, one.owner)
            found[one.name] = retrieval.recall_at_k(ranks, 10)
        return found

    return recalls
