"""The loss leaves false negatives out, the heads learn what they are shown, and start by knowing the classifier."""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("open_clip")

from core.models import towers  # noqa: E402
from core.models.towers import FEATURES  # noqa: E402
from tests.training import starter_corpus  # noqa: E402
from training.starter import curves, train  # noqa: E402
from training.starter.export import fold  # noqa: E402
from training.starter.heads import (  # noqa: E402
    CLASS_SHARE,
    Heads,
    Recipe,
    distillation,
    info_nce,
    same_meaning,
)
from training.starter.keywords import Keywords  # noqa: E402

pytestmark = pytest.mark.torch


def test_photos_of_one_label_and_captions_that_mean_the_same_are_no_negatives() -> None:
    pooled = torch.eye(384)[:4].clone()
    pooled[3] = pooled[0] + 0.1 * pooled[1]
    same = same_meaning(torch.tensor([0, 1, 1, 2]), pooled, threshold=0.9)
    expected = torch.zeros(4, 4, dtype=torch.bool)
    expected[1, 2] = expected[2, 1] = True
    expected[0, 3] = expected[3, 0] = True
    assert torch.equal(same, expected)


def test_the_loss_does_not_see_masked_pairs() -> None:
    torch.manual_seed(0)
    images, texts = torch.randn(2, 5, 8).unbind()
    images, texts = (torch.nn.functional.normalize(x, dim=1) for x in (images, texts))
    none = torch.zeros(5, 5, dtype=torch.bool)
    masked = none.clone()
    masked[0, 1] = masked[1, 0] = True
    scale = torch.tensor(10.0)

    logits = scale * images @ texts.T
    by_hand = 0.0
    for scores in (logits, logits.T):
        for row in range(5):
            kept = [column for column in range(5) if not masked[row, column]]
            by_hand -= float(scores[row, row] - torch.logsumexp(scores[row, kept], 0)) / 10
    assert float(info_nce(images, texts, scale, masked)) == pytest.approx(by_hand, abs=1e-5)
    assert info_nce(images, texts, scale, masked) < info_nce(images, texts, scale, none)


def test_a_false_negative_gets_no_push() -> None:
    images = torch.nn.functional.normalize(torch.randn(3, 8), dim=1).requires_grad_()
    texts = torch.nn.functional.normalize(torch.randn(3, 8), dim=1).requires_grad_()
    masked = ~torch.eye(3, dtype=torch.bool)
    torch.autograd.backward(info_nce(images, texts, torch.tensor(10.0), masked))
    assert images.grad is not None
    assert float(images.grad.abs().max()) < 1e-6


def test_distillation_is_least_where_the_classes_agree() -> None:
    classes = torch.eye(8)
    teacher = torch.softmax(10 * torch.eye(8), dim=1)
    right = distillation(torch.eye(8), classes, teacher, torch.tensor(10.0))
    wrong = distillation(torch.eye(8).roll(1, 0), classes, teacher, torch.tensor(10.0))
    assert right < wrong


def test_temperature_stays_within_its_bounds() -> None:
    heads = Heads(16, dropout=0.0)
    for wild in (-100.0, 100.0):
        with torch.no_grad():
            heads.logit_scale.fill_(wild)
        assert 10.0 - 1e-3 <= heads.scale().item() <= 50.0 + 1e-3


def test_schedule_warms_up_and_ends_at_nothing() -> None:
    rates = [train.schedule(step, 100) for step in range(100)]
    assert rates[0] == pytest.approx(0.2)
    assert max(rates) == 1.0
    assert rates[-1] < 0.01
    assert all(math.isfinite(rate) for rate in [train.schedule(0, 1), train.schedule(5, 2)])


def small_corpus() -> train.Corpus:
    """Forty photos whose features are a fixed mixture of what their sentence says."""
    rng = np.random.default_rng(0)
    text = rng.normal(size=(40, 384)).astype(np.float32) * 0.25
    mixture = rng.normal(size=(384, FEATURES)).astype(np.float32) / 5
    said = torch.zeros(40, 1, dtype=torch.bool)
    said[:2] = True
    return train.Corpus(
        views=torch.from_numpy((text @ mixture)[None]).half(),
        teacher=torch.full((1, 40, 1000), 0.001).half(),
        text=torch.from_numpy(text),
        written=[f"sentence {number}" for number in range(40)],
        sentences=[[index] for index in range(40)],
        extra=[[] for _ in range(40)],
        owner=torch.arange(40),
        classes=torch.from_numpy(rng.normal(size=(1000, 384)).astype(np.float32)),
        keywords=Keywords(["dog"], [[0], [0], *([] for _ in range(38))], said, torch.ones(1, 1, dtype=torch.bool)),
        keyword_text=torch.from_numpy(text[:2].mean(axis=0, keepdims=True)),
    )


def test_heads_learn_and_the_same_recipe_gives_the_same_heads() -> None:
    corpus = small_corpus()
    recipe = Recipe(dim=32, steps=40, batch=40, average=0.9, dropout=0.1, branches=2)
    lines: list[str] = []
    one, two = (train.train(corpus, recipe, lines.append) for _ in range(2))
    with torch.no_grad():
        photos = train.embed(one, corpus.views[0], corpus.teacher[0], one.class_words(corpus.classes))
        captions = one.encode_texts(corpus.text).numpy()
    assert np.mean((photos @ captions.T).argmax(axis=1) == np.arange(40)) > 0.9
    assert "step 40" in lines[0]
    assert all(torch.allclose(a, b, atol=1e-4) for a, b in zip(one.parameters(), two.parameters(), strict=True))


def test_of_several_seeds_the_heads_that_find_the_most_are_kept() -> None:
    corpus, recipe = small_corpus(), Recipe(seed=4, dim=32, steps=2, tries=3, batch=40, branches=1, width=64)
    shares = iter([0.5, 0.5, 0.9, 0.9, 0.7, 0.7])  # each is looked at after its last step, and when it is judged
    noted: list[tuple[int, int]] = []
    lines: list[str] = []

    def watch(heads: Heads) -> dict[str, float]:
        share = next(shares)
        return {"coco": share, "openstax": share / 2}

    def note_of(seed: int) -> curves.Note:
        return lambda step, loss, recalls: noted.append((seed, step))

    heads, seed = train.best_of(corpus, recipe, lines.append, watch, note_of)
    assert seed == 5 and lines[-1] == "the heads of seed 5 find the most"
    assert noted == [(seed, step) for seed in (4, 5, 6) for step in (1, 2)]
    again = train.train(corpus, replace(recipe, seed=5), lines.append)
    assert all(torch.allclose(a, b, atol=1e-4) for a, b in zip(heads.parameters(), again.parameters(), strict=True))
    with pytest.raises(ValueError, match="once at least"):
        train.best_of(corpus, replace(recipe, tries=0), lines.append, watch, note_of)


def test_heads_side_by_side_become_one_that_needs_no_logits() -> None:
    """The tower's own head, over features without logits, says what the branches say together."""
    torch.manual_seed(0)
    heads = Heads(16, dropout=0.0, branches=2).eval()
    trunk = towers.retrouve_lite2(num_classes=16).eval()
    old = SimpleNamespace(body=trunk.body, feature_mean=torch.randn(FEATURES), feature_scale=torch.rand(FEATURES) + 0.5)
    pooled = torch.rand(5, towers.POOLED)
    with torch.no_grad():
        trunk.class_embedding.copy_(torch.randn(towers.CLASSES, towers.CLASS_DIM))
        logits = trunk.body.classifier(pooled[:, : towers.LAST])
        seen = torch.cat([pooled, logits, logits.softmax(dim=1) @ trunk.class_embedding], dim=1)
        features = (seen - old.feature_mean) * old.feature_scale
        words = heads.class_words(trunk.class_embedding)
        expected = heads.encode_images(features, logits.softmax(dim=1), words)

        kept = [*range(towers.POOLED), *range(towers.POOLED + towers.CLASSES, FEATURES)]
        trunk.feature_mean.copy_(old.feature_mean[kept])
        trunk.feature_scale.copy_(old.feature_scale[kept])
        trunk.class_words.copy_(words)
        trunk.head.load_state_dict(fold(heads, old))
        trunk.pooled = lambda pixels: pooled
        made = torch.nn.functional.normalize(trunk(torch.zeros(5, 3, 8, 8)), dim=1)
    assert torch.allclose(made, expected, atol=1e-4)


def test_branches_learn_apart() -> None:
    heads = Heads(16, dropout=0.0, branches=3)
    first, second = heads.images[0].fc1.weight, heads.images[1].fc1.weight
    assert len(heads.images) == 3
    assert not torch.equal(first, second)
    assert sum(len(branch.fc1.bias) for branch in heads.images) == towers.HIDDEN


def test_what_all_class_names_share_is_taken_out_of_what_they_add() -> None:
    torch.manual_seed(0)
    heads = Heads(16, 0.0, width=8)
    classes = torch.randn(1000, 384) + 3
    words = heads.class_words(classes)
    assert float(words.sum(dim=0).abs().max()) < 1e-2
    apart = heads.encode_texts(classes)
    assert torch.allclose(words[0] - words[1], CLASS_SHARE * (apart[0] - apart[1]), atol=1e-5)


def test_a_photo_is_asked_for_by_bare_words_or_by_its_sentence_and_each_says_what_it_needs() -> None:
    corpus = starter_corpus.small_corpus(torch.eye(6, 384))
    corpus.keyword_text[0, 300] = 1.0
    corpus.keywords.of_photo[2].append(0)  # the third photo alone may be asked for by "paper"
    drawn = train.draw(corpus, np.array([1, 2]), extra=0.0, words=1.0, random=np.random.default_rng(0))
    assert drawn.written == ["green paper", "paper"]
    assert drawn.needs.tolist() == [[False], [True]]
    assert torch.equal(drawn.pooled, torch.stack([corpus.text[1], corpus.keyword_text[0]]))
    never = train.draw(corpus, np.array([1, 2]), extra=0.0, words=0.0, random=np.random.default_rng(0))
    assert never.written == ["green paper", "blue paper"] and not never.needs.any()
