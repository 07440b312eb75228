"""What a dictionary draws names towards."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("timm")

from training.starter.dictionary import Dictionary, dictionary, entries  # noqa: E402

pytestmark = pytest.mark.torch
KINDS = (
    (("sitar",), "a stringed instrument of India"),
    (("drum", "Tympan"), "a percussion instrument"),
    (("metal drum", "drum"), "a container for liquids"),
)


def embed(sentences: Sequence[str]) -> torch.Tensor:
    """A sentence is the words it is made of: one dimension each."""
    rows = torch.zeros(len(sentences), 384)
    for row, sentence in zip(rows, sentences, strict=True):
        for word in sentence.lower().replace(",", " ").replace(":", " ").replace(".", " ").split():
            row[sum(map(ord, word)) % 384] += 1
    return rows


def near(made: Dictionary, name: str, word: str) -> float:
    return float(made.meanings[made.names.index(name)] @ torch.nn.functional.normalize(embed([word]), dim=1)[0])


def test_a_name_is_drawn_to_its_definition_and_stays_near_itself() -> None:
    made = dictionary(embed, KINDS)
    assert made.names == ["drum", "metal drum", "sitar", "tympan"]
    assert torch.allclose(made.meanings.norm(dim=1), torch.ones(4))
    assert near(made, "sitar", "sitar") > near(made, "sitar", "India") > 0
    assert near(made, "sitar", "liquids") == 0


def test_a_name_of_two_kinds_is_drawn_to_both_and_synonyms_to_each_other() -> None:
    made = dictionary(embed, KINDS)
    assert near(made, "drum", "percussion") > 0 and near(made, "drum", "liquids") > 0
    assert near(made, "tympan", "drum") > 0
    assert near(made, "tympan", "liquids") == 0


def test_names_stand_in_sentences_and_bring_their_own_meaning() -> None:
    made = dictionary(embed, KINDS)
    sentences, meanings = made.some(200, np.random.default_rng(0))
    assert meanings.shape == (200, 384)
    assert {"a photo of a sitar.", "a photo of sitar."} <= set(sentences)
    for sentence, meaning in zip(sentences, meanings, strict=True):
        names = [index for index, name in enumerate(made.names) if name in sentence]
        assert any(torch.equal(meaning, made.meanings[index]) for index in names)


def test_the_entries_are_names_and_definitions_apart() -> None:
    found = entries()
    assert len(found) == 21_841
    known = dict(found)
    assert known["sitar",].startswith("a stringed instrument of India")
    assert all(names and all(names) for names in known)
