"""Captions say "a brown dog runs along the beach"; people type "dog" or "beach dog".

MiniLM puts a bare word elsewhere than a sentence, and heads that only ever saw sentences find little by it. So some of
the training sentences are words: those that two captions of a photo agree on, alone or in pairs. Half of the single
ones are asked for as people ask who have used search engines for long (*dog*), the others as those who write sentences:
*a dog*, *a photo of a dog*. Without these an article alone cost seven of seventy right photos, and a quarter of the
cosine.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from training.starter.data import Example

FEWEST_PHOTOS = 15
"""A word has to be agreed on in so many photos to be one that people look for."""
SINGLE, SEVERAL = ("{}", "{}", "{article} {}", "a photo of {article} {}."), ("{}", "{}", "some {}", "a photo of {}.")
"""What a word is asked for by, each as often as it stands here; those of a plural are the second."""
STOP = frozenset(
    re.findall(
        "[a-z]+",
        "the and with are his her their its two three one four for from that this while into near over another other "
        "some who has have had being there they them him she was were which what very onto off out down through around "
        "behind front top next side back towards toward along across under beside between against about above where "
        "each does doing wearing looking holding standing stands shown seen image photo picture",
    )
)


@dataclass(frozen=True, slots=True)
class Keywords:
    """Words as queries. ``queries`` are all of them; ``of_photo`` names for each photo those that it may be asked by.

    A query that is asked for more often stands there more than once.
    ``said`` is bool[photos, words], whether any sentence of the photo says the word; ``needs`` is bool[queries, words],
    which words a query is made of. A photo that says them all is no negative of it.
    """

    queries: list[str]
    of_photo: list[list[int]]
    said: Tensor
    needs: Tensor


def words_in(sentence: str) -> set[str]:
    """The words of a sentence that mean something by themselves: three letters and more, no function words."""
    return {word for word in re.findall(r"[a-z]+", sentence.lower()) if len(word) > 2 and word not in STOP}


def agreed(sentences: Sequence[str]) -> set[str]:
    """The words that two sentences about one photo share, or all of a single short one."""
    if len(sentences) == 1:
        return words_in(sentences[0]) if len(sentences[0].split()) <= 12 else set()
    counts = Counter(word for sentence in sentences for word in words_in(sentence))
    return {word for word, count in counts.items() if count > 1}


def keywords(examples: Sequence[Example], seed: int = 0) -> Keywords:
    """Every photo's words in all their forms, and two pairs of them where it has three words or more.

    Labels are sentences already."""
    random = np.random.default_rng(seed)
    own = [agreed(example.sentences) if example.group is None else set() for example in examples]
    common = Counter(word for words in own for word in words)
    vocabulary = sorted(word for word, count in common.items() if count >= FEWEST_PHOTOS)
    column = {word: index for index, word in enumerate(vocabulary)}
    queries: dict[str, int] = {}
    needed: list[tuple[str, ...]] = []
    of_photo: list[list[int]] = []
    said = torch.zeros(len(examples), len(vocabulary), dtype=torch.bool)
    for index, (example, words) in enumerate(zip(examples, own, strict=True)):
        known = sorted(word for word in words if word in column)
        chosen: list[tuple[str, tuple[str, ...]]] = [(query, (word,)) for word in known for query in asked_for(word)]
        if len(known) > 2:
            for _ in range(2):
                pair = tuple(str(word) for word in random.choice(known, 2, replace=False))
                chosen += [(" ".join(pair), pair)] * 2
        for query, parts in chosen:
            if query not in queries:
                queries[query] = len(needed)
                needed.append(parts)
        of_photo.append([queries[query] for query, _ in chosen])
        mentioned = {word for sentence in example.sentences for word in words_in(sentence)}
        said[index, [column[word] for word in mentioned if word in column]] = True
    needs = torch.zeros(len(queries), len(vocabulary), dtype=torch.bool)
    for row, parts in enumerate(needed):
        needs[row, [column[word] for word in parts]] = True
    return Keywords(list(queries), of_photo, said, needs)


def asked_for(word: str) -> list[str]:
    """What a single word is asked for by: *dog* twice, *a dog* and *a photo of a dog.* each once."""
    several = word.endswith("s") and not word.endswith("ss")
    article = "an" if word[0] in "aeiou" else "a"
    return [form.format(word, article=article) for form in (SEVERAL if several else SINGLE)]


def also_true(said: Tensor, needs: Tensor) -> Tensor:
    """bool[photos, sentences]: whether a photo says all words that a sentence needs. One that needs none is a caption.

    ``said`` is bool[photos, words], ``needs`` bool[sentences, words].
    """
    missing = (~said).float() @ needs.float().T
    return (missing == 0) & needs.any(dim=1)[None, :]
