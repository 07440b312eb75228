"""The first stages of an image tower run by themselves give the tower's own embeddings and gradients."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from core.models.openclip import LoadedModel
from core.models.registry import ModelInfo, load_info, starter_folder
from tests.core.models.small_models import SMALL, build
from training import early, lora, surgery
from training.early import Early
from training.judging import Encoding
from training.tuning import Options

OPTIONS = Options(rank=2)


@pytest.fixture(scope="module")
def info() -> ModelInfo:
    return load_info(starter_folder())


@pytest.fixture
def learning(info: ModelInfo) -> LoadedModel:
    """The bundled model, as `train lora` opens it."""
    torch.manual_seed(3)
    loaded = surgery.load(info, "cpu")
    lora.attach(loaded.model, OPTIONS)
    surgery.rest(loaded.model)
    return loaded


def pixels(count: int) -> NDArray[np.float32]:
    return np.random.default_rng(5).uniform(-1, 1, (count, 3, 260, 260)).astype(np.float32)


def factors(model: torch.nn.Module) -> list[torch.Tensor]:
    return [one.grad.flatten() for one in model.visual.parameters() if one.grad is not None]


def test_embeddings_and_gradients_are_those_of_the_whole_tower(info: ModelInfo, learning: LoadedModel) -> None:
    stages = early.at_rest(learning.model.visual)
    assert stages == 3, "what lies before `lora.FROM`"
    seen, found, gradients = pixels(3), [], []
    for first in (None, Early(learning.model.visual, stages, info.preprocess, "fp32")):
        learning.model.zero_grad(set_to_none=True)
        vectors = Encoding(learning, "cpu", "fp32", first).images(seen)
        (vectors @ vectors.T.detach()[:, :1]).sum().backward()
        found.append(vectors.detach())
        gradients.append(torch.cat(factors(learning.model)))
    assert torch.allclose(*found, atol=1e-4)
    assert float(torch.nn.functional.cosine_similarity(*gradients, dim=0)) > 0.999


def test_a_whole_photo_is_read_once(info: ModelInfo, learning: LoadedModel) -> None:
    first = Early(learning.model.visual, 3, info.preprocess, "fp32")
    asked: list[str] = []

    def read(paths: Sequence[Path]) -> NDArray[np.float32]:
        asked.extend(path.name for path in paths)
        return pixels(3)[[int(path.name) for path in paths]]

    once = first.of([Path("0"), Path("1")], read)
    again = first.of([Path("1"), Path("2"), Path("0")], read)
    assert asked == ["0", "1", "2"]
    for before, now in zip(once, again, strict=True):
        assert torch.equal(before[0], now[2]) and torch.equal(before[1], now[0])


def test_a_tower_that_learns_at_once_or_cannot_be_cut_has_no_first_stages(learning: LoadedModel) -> None:
    learning.model.visual.trunk.body.conv_stem.weight.requires_grad_(True)
    assert early.at_rest(learning.model.visual) == 0
    small = build(SMALL).requires_grad_(False)
    assert early.at_rest(small.visual) == 0


def test_what_is_computed_twice_gives_the_same_gradients(info: ModelInfo, learning: LoadedModel) -> None:
    encoding = Encoding(learning, "cpu", "fp32", Early(learning.model.visual, 3, info.preprocess, "fp32"))
    gradients = []
    for twice in (False, True):
        learning.model.visual.set_grad_checkpointing(twice)
        learning.model.zero_grad(set_to_none=True)
        encoding.images(pixels(2))[:, :9].sum().backward()
        gradients.append(torch.cat(factors(learning.model)))
    assert torch.allclose(*gradients, atol=1e-6) and float(gradients[0].abs().max()) > 0


def test_batch_norm_at_rest_makes_the_same_with_less_kept(info: ModelInfo) -> None:
    torch.manual_seed(3)
    model = surgery.load(info, "cpu").model
    lora.attach(model, OPTIONS)
    model.eval()
    seen, found, gradients, kept = torch.from_numpy(pixels(1)), [], [], []
    for rests in (False, True):
        if rests:
            surgery.rest(model)
        model.zero_grad(set_to_none=True)
        sizes: dict[int, int] = {}

        def note(one: torch.Tensor, sizes: dict[int, int] = sizes) -> torch.Tensor:
            sizes[one.untyped_storage().data_ptr()] = one.untyped_storage().nbytes()
            return one

        with torch.autograd.graph.saved_tensors_hooks(note, lambda one: one):
            vectors = model.encode_image(seen)
        vectors[:, :9].sum().backward()
        found.append(vectors.detach())
        gradients.append(torch.cat(factors(model)))
        kept.append(sum(sizes.values()))
    assert torch.allclose(*found, atol=1e-5)
    plain, still = gradients  # a few units lie at the corner of their activation, and fall on this side or that
    assert float((plain - still).norm()) < 1e-2 * float(plain.norm())
    assert kept[1] < kept[0] - 10_000_000
