"""Any OpenCLIP architecture from random weights, and the folder that it is exported to when it has learned.

The folder comes first: ``open_clip_config.json`` and the tokenizer are written, and the model is built from them, so
that what is exported is what was trained.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import open_clip
import torch
from PIL import Image
from safetensors.torch import save_file
from timm.layers.norm_act import convert_sync_batchnorm
from torch import Tensor, nn

from core.copying import refused
from core.errors import CallError, TrainingError
from core.models import checkpoints
from core.models.openclip import quietly_offline
from training.distributed import World

OURS = Path(__file__).parent / "architectures"
CONFIG = "open_clip_config.json"


@dataclass(frozen=True, slots=True)
class Built:
    """A model with what goes before its towers. ``side`` is in pixels, ``mean`` and ``std`` of a channel from 0 to 1;
    ``transform`` prepares a photo as searching will."""

    model: nn.Module
    tokenize: Callable[[list[str]], Tensor]
    transform: Callable[[Image.Image], Tensor]
    side: int
    mean: tuple[float, ...]
    std: tuple[float, ...]


def architecture(name: str) -> dict[str, Any]:
    """The config of an architecture: a name that OpenCLIP knows, one of ours, or a JSON file like theirs.

    Raises `CallError`.
    """
    path = OURS / f"{name}.json" if (OURS / f"{name}.json").is_file() else Path(name).expanduser()
    if path.suffix == ".json":
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise CallError(f"The architecture {path} cannot be read: {error}.") from error
        if not isinstance(found, dict) or not {"embed_dim", "vision_cfg", "text_cfg"} <= set(found):
            raise CallError(f"{path} is no architecture: it has embed_dim, vision_cfg and text_cfg.")
    else:
        known = open_clip.get_model_config(name)
        if known is None:
            import difflib

            near = difflib.get_close_matches(name, [*open_clip.list_models(), *(one.stem for one in OURS.iterdir())], 3)
            hint = f" Did you mean {' or '.join(near)}?" if near else ""
            raise CallError(f"OpenCLIP knows no architecture `{name}`.{hint}")
        found = dict(known)
    if found["text_cfg"].get("hf_model_name") or found["text_cfg"].get("hf_tokenizer_name"):
        raise CallError(f"The text tower of {name} is one of Hugging Face's, which scratch training does not build.")
    if found.get("multimodal_cfg"):
        raise CallError(f"{name} writes captions (CoCa), which scratch training does not teach.")
    return found


def write_config(folder: Path, config: Mapping[str, Any]) -> None:
    """Begin the folder of a model: its config and its tokenizer. Raises `ExportError`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        content = {"model_cfg": dict(config), "preprocess_cfg": {}}
        (folder / CONFIG).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        checkpoints.copy_tokenizer(folder, folder, config["text_cfg"])
    except OSError as error:
        raise refused(error, folder) from error


def build(folder: Path, world: World, *, checkpointing: bool = False) -> Built:
    """The model that a folder describes, with random weights, on the process's device. Raises `TrainingError`.

    With several processes batch norm is synchronised (it sees the whole batch); torch can do that on GPUs alone.
    """
    source = f"local-dir:{folder}"
    with quietly_offline():
        try:
            model = open_clip.create_model(source, load_weights=False, pretrained_text=False)
            tokenize = open_clip.get_tokenizer(source)
        except Exception as error:
            said = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise TrainingError(f"OpenCLIP cannot build the architecture: {said}") from error
        scaling = open_clip.transform.PreprocessCfg(**model.visual.preprocess_cfg)
        transform = open_clip.transform.image_transform_v2(scaling, is_train=False)
    if checkpointing:
        model.set_grad_checkpointing(True)
    if world.size > 1 and has_batch_norm(model):
        if world.device.type == "cpu":
            raise TrainingError(
                "This architecture has batch norm, which several processes have to compute together; PyTorch does that "
                "on GPUs alone. Train it in one process, or take an architecture without (ViT, ConvNeXt)."
            )
        model = convert_sync_batchnorm(model)  # type: ignore[no-untyped-call]
    side = scaling.size if isinstance(scaling.size, int) else scaling.size[0]
    return Built(
        cast(nn.Module, model.to(world.device)), tokenize, transform, side, tuple(scaling.mean), tuple(scaling.std)
    )


def has_batch_norm(model: nn.Module) -> bool:
    """Whether what a photo gives depends on the others of its batch."""
    return any(isinstance(one, nn.modules.batchnorm._BatchNorm) for one in model.modules())


def export(model: nn.Module, folder: Path) -> None:
    """Put the weights into the folder, float32, whole or not at all. Raises `ExportError`."""
    state = {name: value.detach().cpu() for name, value in model.state_dict().items()}
    whole = {n: (v.float() if v.is_floating_point() else v).contiguous().clone() for n, v in state.items()}
    aside = folder / f"{checkpoints.WEIGHTS}.new"
    try:
        save_file(whole, aside, metadata={"format": "pt"})
        aside.replace(folder / checkpoints.WEIGHTS)
    except OSError as error:
        raise refused(error, folder) from error
    finally:
        aside.unlink(missing_ok=True)


def in_floats(photos: Tensor, built: Built, kind: torch.dtype) -> Tensor:
    """uint8[n, 3, side, side] to what the tower takes: scaled by the mean and the deviation of its config."""
    mean = torch.tensor(built.mean, dtype=kind, device=photos.device).view(1, -1, 1, 1)
    std = torch.tensor(built.std, dtype=kind, device=photos.device).view(1, -1, 1, 1)
    return (photos.to(kind) / 255 - mean) / std
