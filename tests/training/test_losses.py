"""Losses: equal to open_clip's own, and their gradients to differences, in float64."""

from __future__ import annotations

import math

import pytest
import torch
from open_clip.loss import ClipLoss, SigLipLoss
from torch import Tensor
from torch.nn import functional

from training import losses
from training.loop import gradients_in_parts


def pairs(count: int = 6, dim: int = 5, seed: int = 0) -> tuple[Tensor, Tensor]:
    chance = torch.Generator().manual_seed(seed)
    both = torch.randn(2, count, dim, generator=chance, dtype=torch.float64)
    images, texts = functional.normalize(both, dim=2)
    return images, texts


SCALE = torch.tensor(7.0, dtype=torch.float64)
BIAS = torch.tensor(-3.0, dtype=torch.float64)


def test_they_are_open_clips() -> None:
    images, texts = pairs()
    assert losses.info_nce(images, texts, SCALE).item() == pytest.approx(ClipLoss()(images, texts, SCALE).item(), 1e-12)
    theirs = SigLipLoss()(images, texts, SCALE, BIAS).item()
    assert losses.sigmoid(images, texts, SCALE, BIAS).item() == pytest.approx(theirs, 1e-12)


@pytest.mark.parametrize("kind", ["info_nce", "sigmoid", "similarity", "masked", "wrong", "sigmoid_wrong"])
def test_gradients_are_what_differences_say(kind: str) -> None:
    images, texts = (one.requires_grad_() for one in pairs(4, 3))
    old = pairs(4, 3, seed=1)
    wrong = pairs(2, 3, seed=2)[0].requires_grad_()
    scale, bias = SCALE.clone().requires_grad_(), BIAS.clone().requires_grad_()
    same = torch.zeros(4, 4, dtype=torch.bool)
    same[0, 2] = same[3, 1] = True
    calls = {
        "info_nce": (losses.info_nce, (images, texts, scale)),
        "sigmoid": (losses.sigmoid, (images, texts, scale, bias)),
        "similarity": (lambda i, t: losses.similarity(i, t, *old, 5.0), (images, texts)),
        "masked": (lambda i, t, s: losses.info_nce(i, t, s, same=same), (images, texts, scale)),
        "wrong": (lambda i, t, s, w: losses.info_nce(i, t, s, wrong=w), (images, texts, scale, wrong)),
        "sigmoid_wrong": (
            lambda i, t, s, b, w: losses.sigmoid(i, t, s, b, wrong=w),
            (images, texts, scale, bias, wrong),
        ),
    }
    function, arguments = calls[kind]
    assert torch.autograd.gradcheck(function, arguments)


@pytest.mark.parametrize("kind", ["info_nce", "sigmoid"])
def test_parts_of_a_batch_make_the_whole(kind: str) -> None:
    images, texts = (one.requires_grad_() for one in pairs(6))
    whole = losses.info_nce(images, texts, SCALE) if kind == "info_nce" else losses.sigmoid(images, texts, SCALE, BIAS)
    parts = []
    for first in (0, 3):
        own = slice(first, first + 3)
        if kind == "info_nce":
            parts.append(
                losses.info_nce(images[own], texts[own], SCALE, every_image=images, every_text=texts, first=first)
            )
        else:
            parts.append(losses.sigmoid(images[own], texts[own], SCALE, BIAS, every_text=texts, first=first))
    together = torch.stack(parts).mean()
    assert together.item() == pytest.approx(whole.item(), 1e-12)
    for one, other in zip(
        torch.autograd.grad(together, [images, texts]), torch.autograd.grad(whole, [images, texts]), strict=True
    ):
        assert torch.allclose(one, other, atol=1e-12)


def test_what_is_true_as_well_counts_as_neither() -> None:
    images, texts = pairs(3)
    texts = texts.clone()
    texts[1] = texts[0]
    same = torch.zeros(3, 3, dtype=torch.bool)
    same[0, 1] = same[1, 0] = same[0, 0] = True
    kept = losses.info_nce(images[[0, 2]], texts[[0, 2]], SCALE)
    masked = losses.info_nce(images, texts, SCALE, same=same)
    rows = SCALE * images @ texts.T
    by_hand = torch.stack([torch.logsumexp(rows[0, [0, 2]], 0) - rows[0, 0], torch.logsumexp(rows[2], 0) - rows[2, 2]])
    assert torch.isfinite(masked) and torch.isfinite(kept)
    assert masked < losses.info_nce(images, texts, SCALE)
    assert torch.allclose(by_hand[0], functional.cross_entropy(rows[0, [0, 2]][None], torch.tensor([0])))
    one_way = torch.zeros(3, 3, dtype=torch.bool)
    one_way[0, 1] = True  # the first photo has the second sentence too; the second photo has not the first
    by_photo = torch.stack([torch.logsumexp(rows[0, [0, 2]], 0), rows[1].logsumexp(0), rows[2].logsumexp(0)])
    columns = rows.T
    by_text = torch.stack([columns[0].logsumexp(0), torch.logsumexp(columns[1, [1, 2]], 0), columns[2].logsumexp(0)])
    wanted = ((by_photo - rows.diag()).mean() + (by_text - rows.diag()).mean()) / 2
    assert losses.info_nce(images, texts, SCALE, same=one_way).item() == pytest.approx(wanted.item(), 1e-12)
    less = losses.sigmoid(images, texts, SCALE, BIAS, same=same)
    hidden = -functional.logsigmoid(-(rows + BIAS))
    assert less.item() == pytest.approx(
        (losses.sigmoid(images, texts, SCALE, BIAS) - (hidden[0, 1] + hidden[1, 0]) / 3).item(), 1e-10
    )


def test_old_similarities_cost_nothing_where_they_are_kept() -> None:
    images, texts = pairs()
    assert losses.similarity(images, texts, images, texts, 20).item() == pytest.approx(0, abs=1e-12)
    turned, _ = torch.linalg.qr(torch.randn(5, 5, dtype=torch.float64))
    assert losses.similarity(images @ turned, texts @ turned, images, texts, 20).item() == pytest.approx(0, abs=1e-9)
    assert losses.similarity(images, texts, texts, images.flip(0), 20) > 0.1


def test_the_temperature_stays_within_its_bounds() -> None:
    for before, after in [(9.0, math.log(100)), (-1.0, 0.0), (2.0, 2.0)]:
        logarithm = torch.nn.Parameter(torch.tensor(before, dtype=torch.float64))
        losses.clamp_scale(logarithm)
        assert logarithm.item() == pytest.approx(after)


def test_wrong_sentences_are_wrong_for_every_photo() -> None:
    images, texts = pairs(4)
    wrong, _ = pairs(3, seed=5)
    rows, extra = SCALE * images @ texts.T, SCALE * images @ wrong.T
    by_photo = functional.cross_entropy(torch.cat([rows, extra], 1), torch.arange(4))
    wanted = (by_photo + functional.cross_entropy(rows.T, torch.arange(4))) / 2
    assert losses.info_nce(images, texts, SCALE, wrong=wrong).item() == pytest.approx(wanted.item(), 1e-12)
    plain = losses.sigmoid(images, texts, SCALE, BIAS)
    more = -functional.logsigmoid(-(extra + BIAS)).sum() / 4
    found = losses.sigmoid(images, texts, SCALE, BIAS, wrong=wrong)
    assert found.item() == pytest.approx((plain + more).item(), 1e-12)
    # One that is true of a photo by chance is not wrong for it.
    same = torch.zeros(4, 7, dtype=torch.bool)
    same[2, 5] = True
    left = torch.cat([rows, extra], 1)
    left[2, 5] = -math.inf
    wanted = (functional.cross_entropy(left, torch.arange(4)) + functional.cross_entropy(rows.T, torch.arange(4))) / 2
    assert losses.info_nce(images, texts, SCALE, same=same, wrong=wrong).item() == pytest.approx(wanted.item(), 1e-12)
    less = -functional.logsigmoid(-(extra[2, 1] + BIAS)) / 4
    found = losses.sigmoid(images, texts, SCALE, BIAS, same=same, wrong=wrong)
    assert found.item() == pytest.approx((plain + more - less).item(), 1e-12)
    none = losses.info_nce(images, texts, SCALE, wrong=wrong[:0])
    assert none.item() == losses.info_nce(images, texts, SCALE).item()


@pytest.mark.parametrize("kind", ["info_nce", "sigmoid"])
def test_wrong_sentences_go_through_the_towers_in_parts_too(kind: str) -> None:
    torch.manual_seed(0)
    towers = torch.nn.ModuleList([torch.nn.Linear(6, 5), torch.nn.Linear(7, 5)]).double()
    photos, sentences = torch.randn(7, 6, dtype=torch.float64), torch.randn(7, 7, dtype=torch.float64)
    untrue = {0: torch.randn(7, dtype=torch.float64), 4: torch.randn(7, dtype=torch.float64), 5: sentences[1]}

    def encode(part: slice) -> tuple[Tensor, Tensor, Tensor]:
        wrong = [untrue[at] for at in range(7)[part] if at in untrue]
        said = functional.normalize(towers[1](torch.stack([*sentences[part], *wrong])), dim=1)
        count = len(range(7)[part])
        return functional.normalize(towers[0](photos[part]), dim=1), said[:count], said[count:]

    def loss(images: Tensor, texts: Tensor, wrong: Tensor) -> Tensor:
        if kind == "info_nce":
            return losses.info_nce(images, texts, SCALE, wrong=wrong)
        return losses.sigmoid(images, texts, SCALE, BIAS, wrong=wrong)

    def gradients(parts: list[slice]) -> list[Tensor]:
        towers.zero_grad()
        value = gradients_in_parts(encode, parts, loss)
        return [value, *(one.grad.clone() for one in towers.parameters())]

    whole = gradients([slice(0, 7)])
    for parts in ([slice(0, 3), slice(3, 6), slice(6, 7)], [slice(0, 1), slice(1, 4), slice(4, 7)]):  # some without one
        assert all(torch.allclose(one, other, atol=1e-13) for one, other in zip(gradients(parts), whole, strict=True))
