"""The model's surgery, on small towers of every kind."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import open_clip
import pytest
import torch
from torch import Tensor, nn

from core.models.towers import register_towers
from tests.core.models.small_models import SMALL, build, local_dir
from training import full, lora, surgery
from training.tuning import Options, layered

CONV = {
    "embed_dim": 24,
    "vision_cfg": {"timm_model_name": "test_efficientnet", "timm_proj": "linear", "image_size": 32},
    "text_cfg": SMALL["text_cfg"],
    "custom_text": True,
}


def small(kind: str) -> Any:
    register_towers()
    return build(SMALL if kind == "vit" else CONV)


def outputs(model: Any) -> tuple[Tensor, Tensor]:
    torch.manual_seed(4)
    pixels = torch.randn(3, 3, 32, 32)
    with torch.no_grad():
        return model.eval().encode_image(pixels), model.encode_text(open_clip.tokenize(["a dog", "two cats"], 20))


@pytest.mark.parametrize("kind", ["vit", "conv"])
def test_lora_begins_with_nothing_learns_and_merges(kind: str) -> None:
    plain = small(kind)
    model = copy.deepcopy(plain)
    count = lora.attach(model, Options(rank=2))
    assert count > 4
    for one, other in zip(outputs(model), outputs(plain), strict=True):
        assert torch.allclose(one, other, atol=1e-4)
    learning = [name for name, p in model.named_parameters() if p.requires_grad]
    assert all(name.endswith((".up", ".down")) or name == "logit_scale" for name in learning)
    towers = {"image" if name.startswith("visual.") else "text" for name in learning if "logit" not in name}
    assert towers == {"image", "text"}
    loss = sum(((one - 1) ** 2).sum() for one in _with_gradients(model))
    loss.backward()
    with torch.no_grad():
        for name, p in model.named_parameters():
            if p.requires_grad and "logit" not in name:
                assert p.grad is not None, name
                p.add_(torch.randn_like(p) * 0.1)
    merged = copy.deepcopy(plain)
    state = surgery.plain_state(model)
    merged.load_state_dict(state, strict=True)
    for one, other, before in zip(outputs(merged), outputs(model), outputs(plain), strict=True):
        assert torch.allclose(one, other, atol=1e-4) and not torch.allclose(one, before, atol=1e-3)
    factors = surgery.lora_factors(model)
    assert len(factors) == 2 * count
    for name, value in plain.state_dict().items():
        if f"{name}.up" in factors:
            added = (factors[f"{name}.up"] @ factors[f"{name}.down"]).view_as(value)
            assert torch.allclose(state[name], value + added, atol=1e-5), name


def _with_gradients(model: Any) -> tuple[Tensor, Tensor]:
    return model.encode_image(torch.randn(2, 3, 32, 32)), model.encode_text(open_clip.tokenize(["a dog"], 20))


def test_a_locked_tower_gets_nothing() -> None:
    for locked, stays in (("image", "visual."), ("text", "transformer.")):
        model = small("vit")
        lora.attach(model, Options(rank=2, locked=locked))
        assert not any(p.requires_grad and name.startswith(stays) for name, p in model.named_parameters())
        model = small("vit")
        full.open_up(model, locked)
        assert not any(p.requires_grad and name.startswith(stays) for name, p in model.named_parameters())
        assert any(p.requires_grad for p in model.parameters())


def test_full_leaves_batch_norm_and_word_vectors_where_they_are() -> None:
    model = small("conv")
    full.open_up(model, "")
    before = copy.deepcopy(model.state_dict())
    optimizer = torch.optim.AdamW(layered(Options(rate=1e-2), list(surgery.towers(model).values())))
    model.train()
    surgery.rest(model)
    sum(one.sum() for one in _with_gradients(model)).backward()
    optimizer.step()
    norms = {name for name, part in model.named_modules() if isinstance(part, nn.BatchNorm2d)}
    still = [name for name in before if name.rpartition(".")[0] in norms or "token_embedding" in name]
    assert norms and still
    assert all(torch.equal(before[name], model.state_dict()[name]) for name in still)
    assert not torch.equal(before["visual.trunk.conv_stem.weight"], model.state_dict()["visual.trunk.conv_stem.weight"])


def test_layers_nearer_to_the_input_learn_more_slowly() -> None:
    model = small("vit")
    image = surgery.towers(model)["image"]
    deep = surgery.depths(name for name, _ in image)
    assert deep["visual.conv1.weight"] == 0 and deep["visual.proj"] in (0, 1)
    first, second = (deep[f"visual.transformer.resblocks.{at}.mlp.c_fc.weight"] for at in (0, 1))
    assert 0 < first < second < deep["visual.ln_post.weight"] == 1
    rates: dict[int, float] = {}
    for group in layered(Options(rate=1.0, layer_decay=0.5), [image]):
        for parameter in group["params"]:
            rates[id(parameter)] = group["lr"]
            assert group["weight_decay"] == (0.0 if parameter.ndim < 2 else Options().weight_decay)
    named = dict(image)
    place = "visual.transformer.resblocks.{}.mlp.c_fc.weight"
    assert rates[id(named[place.format(1)])] == 2 * rates[id(named[place.format(0)])] == 0.5
    assert rates[id(named["visual.conv1.weight"])] == 0.125


def test_gradient_checkpointing_changes_no_gradient() -> None:
    found = []
    for saving in (False, True):
        model = small("vit")
        lora.attach(model, Options(rank=2))
        if saving:
            model.set_grad_checkpointing()
        torch.manual_seed(1)
        for p in model.parameters():
            if p.requires_grad and p.ndim:
                p.data.normal_(0, 0.1)
        torch.manual_seed(2)
        sum(one.square().sum() for one in _with_gradients(model.train())).backward()
        found.append([p.grad for p in model.parameters() if p.requires_grad and p.grad is not None])
    assert len(found[0]) == len(found[1]) > 4
    assert all(torch.allclose(one, other, atol=1e-5) for one, other in zip(*found, strict=True))


def test_mixing_goes_from_old_to_new_and_rounds(tmp_path: Path) -> None:
    old = {"w": torch.tensor([0.0, 1.0]), "n": torch.tensor(3)}
    new = {"w": torch.tensor([1.0, 1.1]), "n": torch.tensor(9)}
    mixed = surgery.mix(old, new, 0.25, torch.float16)
    assert mixed["w"][0] == 0.25 and mixed["w"].dtype == torch.float32 and mixed["n"] == 3
    assert mixed["w"][1] == torch.tensor(1.025).half().float()
    assert torch.equal(surgery.mix(old, new, 1.0, torch.float32)["w"], new["w"])
    for half, kind in ((True, torch.float16), (False, torch.float32)):
        folder = local_dir(tmp_path / str(half), half=half)
        assert surgery.stored_kind(folder / "open_clip_model.safetensors") == kind
