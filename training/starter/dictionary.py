"""What words mean: names of things with their definitions, so that the text tower puts a rare word where it belongs.

Captions never say most words: no photo that we have is told to show a sitar. MiniLM knows what that is, but a bare name
lies elsewhere than the sentence that explains it, and heads that never met the name do not find the way. So each name
is drawn towards the middle of itself, its synonyms and its definition (`tune_text`): labels that are explained are told
apart better (Menon and Vondrick 2023), and this way the explanation is in the weights, and nobody has to write it.

The names are those of the 21,841 kinds of the full ImageNet, which are WordNet's nouns for what can be photographed
(timm carries them with their definitions). No photo belongs to them here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from timm.data.imagenet_info import ImageNetInfo
from torch import Tensor
from torch.nn import functional

from training.starter.data import TEMPLATES

OWN = 2.0
"""How much a name's own place counts, beside one for its synonyms and one for its definition."""
BARE = 0.3
"""How often a name stands in its sentence without an article, as people type it."""


@dataclass(frozen=True, slots=True)
class Dictionary:
    """Names (small letters, in order), and what each is drawn towards: ``meanings`` float32[names, 384] of length 1."""

    names: list[str]
    meanings: Tensor

    def some(self, count: int, random: np.random.Generator) -> tuple[list[str], Tensor]:
        """That many names at random, each in a sentence, and their meanings."""
        chosen = random.integers(len(self.names), size=count)
        return [_sentence(self.names[index], random) for index in chosen], self.meanings[chosen]


def entries() -> list[tuple[tuple[str, ...], str]]:
    """Every kind's names and its definition."""
    info = ImageNetInfo("imagenet-22k")
    found = []
    for index in range(info.num_classes()):  # type: ignore[no-untyped-call]
        names = info.index_to_description(index)
        definition = info.index_to_description(index, detailed=True).removeprefix(names).removeprefix(": ")
        found.append((tuple(names.split(", ")), definition))
    return found


def dictionary(
    embed: Callable[[Sequence[str]], Tensor], kinds: Sequence[tuple[tuple[str, ...], str]] | None = None
) -> Dictionary:
    """The dictionary as a text tower sees it. ``embed`` gives float32[n, 384] for sentences; ``kinds`` are `entries`.

    A name of several kinds (*drum*) is drawn towards all of them.
    """
    kinds = entries() if kinds is None else kinds
    kinds_of: dict[str, list[int]] = {}
    for index, (together, _) in enumerate(kinds):
        for name in dict.fromkeys(name.lower() for name in together):
            kinds_of.setdefault(name, []).append(index)
    names = sorted(kinds_of)
    own = _unit(_unit(embed(names)) + _unit(embed([f"a photo of a {name}." for name in names])))
    synonyms = _unit(embed([", ".join(together) for together, _ in kinds]))
    explained = _unit(embed([f"{together[0]}: {definition}" for together, definition in kinds]))
    around = torch.stack([(synonyms[kinds_of[name]] + explained[kinds_of[name]]).mean(dim=0) for name in names])
    return Dictionary(names, _unit(OWN * own + around))


def _sentence(name: str, random: np.random.Generator) -> str:
    article = "" if random.random() < BARE else "a "
    return TEMPLATES[random.integers(len(TEMPLATES))].format(article + name)


def _unit(vectors: Tensor) -> Tensor:
    return functional.normalize(vectors, dim=1)
