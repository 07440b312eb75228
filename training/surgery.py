"""What is done to a model's towers before and after training: opened, locked, made to learn in few numbers, mixed.

It works on any open_clip model: towers of open_clip's own (ViT, ResNet), of timm (ConvNeXt, EfficientNet, ours), and
text towers of Hugging Face's transformers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MethodType
from typing import Any, cast

import torch
from timm.layers.norm_act import BatchNormAct2d
from torch import Tensor, nn
from torch.nn.utils import parametrize

from core.models.openclip import LoadedModel, load_folder
from core.models.registry import ModelInfo

_BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)
_NUMBERED = re.compile(r"^(.*?)\.(\d+)(?:\.|$)")
IMAGE, TEXT = "image", "text"


def load(info: ModelInfo, device: str) -> LoadedModel:
    """A model to be trained, in float32. Raises `ModelMissing`, `ModelDamaged`."""
    loaded = load_folder(info, device)
    loaded.model.float()
    return loaded


def towers(model: nn.Module) -> dict[str, list[tuple[str, nn.Parameter]]]:
    """The parameters of the image and the text tower, with their full names. The temperature is in neither."""
    parts: dict[str, list[tuple[str, nn.Parameter]]] = {IMAGE: [], TEXT: []}
    for name, parameter in model.named_parameters():
        if not name.startswith("logit_"):
            parts[IMAGE if name.startswith("visual.") else TEXT].append((name, parameter))
    return parts


def depths(names: Iterable[str]) -> dict[str, float]:
    """How deep in its tower each parameter lies: 0 at the input, 1 behind the last of the numbered layers.

    The layers are the numbered parts that hold most of a tower: the blocks of a Transformer, the stages of a
    convolutional network. What has no number lies at the input if it comes before them, else behind them.
    """
    names = list(names)
    held: dict[str, set[int]] = {}
    weight: dict[str, int] = {}
    for name in names:
        found = _NUMBERED.match(name)
        if found:
            held.setdefault(found[1], set()).add(int(found[2]))
            weight[found[1]] = weight.get(found[1], 0) + 1
    if not held:
        return dict.fromkeys(names, 1.0)
    stem = max(held, key=lambda key: weight[key] if len(held[key]) > 1 else 0)
    count = max(held[stem]) + 1
    result, seen = {}, False
    for name in names:
        found = _NUMBERED.match(name)
        if found and found[1] == stem:
            seen = True
            result[name] = (int(found[2]) + 1) / (count + 1)
        else:
            result[name] = 1.0 if seen else 0.0
    return result


def rest(model: nn.Module) -> None:
    """Batch norm stands still: neither its averages nor its scales are trained, whatever mode the model is in.

    What stands still is one factor and one summand a channel, for whose gradients nothing has to be kept. In the stages
    of the bundled tower that LoRA trains that takes 37 MB in place of 55 for a photo, and a tenth of the time less.
    """
    for part in model.modules():
        if isinstance(part, _BATCH_NORMS) or "BatchNorm" in type(part).__name__:
            part.eval()
            for parameter in part.parameters():
                parameter.requires_grad_(False)
            if type(part) in (nn.BatchNorm2d, BatchNormAct2d) and part.affine and part.track_running_stats:
                part.forward = MethodType(_still, part)


def _still(norm: Any, x: Tensor) -> Tensor:
    """What a batch norm at rest makes of float[n, channels, height, width]."""
    if x.dtype != torch.float32:  # in bfloat16 its factors stay more precise than what they are multiplied with
        return cast(Tensor, type(norm).forward(norm, x))
    factor = norm.weight * torch.rsqrt(norm.running_var + norm.eps)
    summand = norm.bias - norm.running_mean * factor
    x = torch.addcmul(summand.view(1, -1, 1, 1), x, factor.view(1, -1, 1, 1))
    return cast(Tensor, norm.act(norm.drop(x))) if isinstance(norm, BatchNormAct2d) else x


def freeze(parameters: Iterable[tuple[str, nn.Parameter]]) -> None:
    """Train none of these."""
    for _, parameter in parameters:
        parameter.requires_grad_(False)


# LoRA


class LowRank(nn.Module):
    """Adds ``scale * up @ down`` to a weight (Hu et al. 2022): ``down`` float[rank, in], ``up`` float[out, rank], of
    which ``up`` begins at zero, so that nothing changes at first."""

    def __init__(self, weight: Tensor, rank: int, scale: float) -> None:
        super().__init__()
        out, into = weight.flatten(1).shape
        self.scale = scale / rank
        self.down = nn.Parameter(torch.empty(rank, into, device=weight.device))
        self.up = nn.Parameter(torch.zeros(out, rank, device=weight.device))
        nn.init.kaiming_uniform_(self.down, a=5**0.5)

    def forward(self, weight: Tensor) -> Tensor:
        """The weight with what was learned."""
        with torch.autocast(weight.device.type, enabled=False):
            return weight + self.scale * (self.up @ self.down).view_as(weight)


def add_lora(model: nn.Module, rank: int, scale: float, chosen: Mapping[str, Any]) -> int:
    """Freeze a model, and give those of its linear and 1 x 1 convolution weights that are ``chosen`` (by full name) a
    `LowRank` that is trained in their stead; how many. The temperature goes on learning.

    As a parametrization of the weight itself, so that it reaches attention layers, which read their weights directly.
    """
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name.startswith("logit_"))
    found = [(part, name) for part, name, full in _weights(model) if full in chosen]
    for part, name in found:
        parametrize.register_parametrization(part, name, LowRank(getattr(part, name), rank, scale))
    return len(found)


def _weights(model: nn.Module) -> Iterator[tuple[nn.Module, str, str]]:
    """The weights that can be given a `LowRank`: the module, the weight's name in it, its full name."""
    for path, part in model.named_modules():
        if isinstance(part, nn.MultiheadAttention) and part.in_proj_weight is not None:
            yield part, "in_proj_weight", f"{path}.in_proj_weight"
        if isinstance(part, nn.Linear) or (
            isinstance(part, nn.Conv2d) and part.kernel_size == (1, 1) and part.groups == 1
        ):
            yield part, "weight", f"{path}.weight"


def lora_factors(model: nn.Module) -> dict[str, Tensor]:
    """What was learned, by the weight's name: ``NAME.down``, ``NAME.up`` (their product is to be added)."""
    found = {}
    for path, part in model.named_modules():
        if not isinstance(part, LowRank):
            continue
        name = path.replace("parametrizations.", "").rsplit(".", 1)[0]
        found[f"{name}.down"] = part.down.detach().clone()
        found[f"{name}.up"] = part.scale * part.up.detach()
    return found


def plain_state(model: nn.Module) -> dict[str, Tensor]:
    """The weights as an untouched model of this kind names them, what was learned added to them: copies."""
    learned = {f"{path}.{name}" for path, part in model.named_modules() for name in _parametrized(part)}
    modules = dict(model.named_modules())
    found = {}
    for key, value in model.state_dict().items():
        if ".parametrizations." not in key:
            found[key] = value.detach().clone()
    with torch.no_grad():
        for full in learned:
            path, _, name = full.rpartition(".")
            found[full] = getattr(modules[path], name).detach().clone()
    return found


def _parametrized(part: nn.Module) -> list[str]:
    return list(part.parametrizations) if parametrize.is_parametrized(part) else []  # type: ignore[arg-type]


# Mixing, and writing down


def mix(old: Mapping[str, Tensor], new: Mapping[str, Tensor], share: float, kind: torch.dtype) -> dict[str, Tensor]:
    """Weights on the way from old to new (WiSE-FT: Wortsman et al. 2022): 0 is old, 1 is new. Rounded to ``kind``, as
    they will be stored, so that what is measured is what is kept."""
    mixed = {}
    for name, value in old.items():
        if value.is_floating_point():
            both = torch.lerp(value, new[name].to(value), share)
            mixed[name] = both.to(kind).to(value.dtype)
        else:
            mixed[name] = value
    return mixed


def stored_kind(weights: Path) -> torch.dtype:
    """What most numbers of a safetensors file are stored as: float16 or float32."""
    from core.models.graphs import places

    kinds = [place.dtype for place in places(weights).values() if place.shape]
    return torch.float16 if kinds and all(kind in ("F16", "BF16") for kind in kinds if "F" in kind) else torch.float32
