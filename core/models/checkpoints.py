"""OpenCLIP checkpoints as people have them: what is in one, read as data, and written as one safetensors file.

Weights are safetensors, or a pickle that is read with ``weights_only=True``, which refuses whatever could run code.

One of the files of core that touch torch, inside functions only.
"""

from __future__ import annotations

import json
import pickle
import shutil
import warnings
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from core.errors import CallError, ModelDamaged, ModelError, ModelMissing
from core.models import clip_vocabulary, graphs
from core.models.importing import ImportRequest
from core.models.openclip import quietly_offline, text_config
from core.models.reasons import reason_of

WEIGHTS = "open_clip_model.safetensors"
_SCALING = ("mean", "std", "interpolation", "resize_mode")
_TOKENIZER_FILES = 64_000_000
"""Bytes that a file of a tokenizer has at the most: what is larger beside a checkpoint is something else."""


def described(request: ImportRequest) -> dict[str, Any]:
    """The ``open_clip_config.json`` of a bare file: OpenCLIP's own of the architecture, and how photos are
    scaled. Raises CallError for an architecture or a tag that it does not know, or where a tag has to be given."""
    with quietly_offline():
        import open_clip

    architecture = str(request.architecture)
    known = open_clip.get_model_config(architecture)
    if known is None:
        import difflib

        near = difflib.get_close_matches(architecture, open_clip.list_models(), 3)
        hint = f" Did you mean {' or '.join(near)}?" if near else ""
        raise CallError(f"OpenCLIP knows no architecture `{architecture}`.{hint}")
    tags = {tag: open_clip.get_pretrained_cfg(architecture, tag) for tag in _tags(architecture)}
    if request.tag is not None and request.tag not in tags:
        listed = f"it knows {', '.join(tags)}" if tags else "it knows none"
        raise CallError(f"OpenCLIP knows no checkpoint `{request.tag}` of {architecture}: {listed}.")
    chosen = [tags[request.tag]] if request.tag is not None else list(tags.values())
    ways = {json.dumps({key: found.get(key) for key in _SCALING}) for found in chosen}
    if len(ways) > 1:
        raise CallError(
            f"Checkpoints of {architecture} do not all scale photos alike: say with --tag which one this is like "
            f"({', '.join(tags)})."
        )
    if request.tag is not None and chosen[0].get("quick_gelu"):
        known["quick_gelu"] = True
    scaling = json.loads(ways.pop()) if ways else {}
    return {"model_cfg": known, "preprocess_cfg": {key: value for key, value in scaling.items() if value is not None}}


def _tags(architecture: str) -> list[str]:
    import open_clip

    found: list[str] = open_clip.pretrained.list_pretrained_tags_by_model(architecture)
    return found


def checkpoint_in(folder: Path) -> Path:
    """The weights that OpenCLIP would take, safetensors first."""
    preferred = [
        *(f"{stem}.safetensors" for stem in ("open_clip_model", "open_clip_pytorch_model", "model")),
        *("open_clip_pytorch_model.bin", "open_clip_pytorch_model.pth", "pytorch_model.bin"),
    ]
    for name in preferred:
        if (folder / name).is_file():
            return folder / name
    found = sorted(path for suffix in ("safetensors", "bin", "pth", "pt") for path in folder.glob(f"*.{suffix}"))
    if len(found) != 1:
        raise ModelMissing(f"The model's weights are not there: {folder / preferred[0]}")
    return found[0]


def read_checkpoint(path: Path) -> dict[str, Any]:
    """The tensors of a checkpoint, by name, without running anything that it may hold. Raises ModelDamaged."""
    import torch
    from safetensors.torch import load_file

    try:
        found = load_file(path) if path.suffix == ".safetensors" else _unpickled(path)
    except ModelError:
        raise
    except Exception as error:  # a damaged pickle raises anything
        if "TorchScript" in str(error):
            raise ModelDamaged(
                f"{path} is a TorchScript archive, which holds code. Fetch the same weights as safetensors."
            ) from error
        said = reason_of(error)
        if not any(letter.isalpha() for letter in said):  # the number of a byte that means nothing
            said = "it is no checkpoint"
        raise ModelDamaged(f"The model's weights cannot be read: {path} ({said}).") from error
    if isinstance(found, dict) and isinstance(found.get("state_dict"), dict):
        found = found["state_dict"]
    tensors = {} if not isinstance(found, dict) else {k: v for k, v in found.items() if isinstance(v, torch.Tensor)}
    if not tensors:
        raise ModelDamaged(f"There are no weights in {path}.")
    if all(key.startswith("module.") for key in tensors):
        tensors = {key.removeprefix("module."): value for key, value in tensors.items()}
    return tensors


def _unpickled(path: Path) -> Any:
    import torch

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of pickles that torch does not write itself; what it cannot read, it says
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ModelDamaged(
            f"{path} holds more than weights: what would run when it is loaded. It was not loaded. Fetch the same "
            "weights as safetensors, or from somebody whom you trust."
        ) from error


def write_weights(source: Path, draft: Path, config: Mapping[str, Any]) -> None:
    """Write the weights as one safetensors file of OpenCLIP's own names: the very file that came, where it is one."""
    import torch
    from safetensors.torch import save

    target = draft / WEIGHTS
    if source.suffix == ".safetensors":
        shutil.copyfile(source, target)
        _check_header(target, source)
    else:
        tensors = {name: value.contiguous().clone() for name, value in read_checkpoint(source).items()}
        target.write_bytes(save(tensors, metadata={"format": "pt"}))
    model = _loaded(draft, source, config)
    state = model.state_dict()
    stored = graphs.places(target)
    floats = [name for name, value in state.items() if value.is_floating_point()]
    if all(name in stored and stored[name].shape == list(value.shape) for name, value in state.items()) and all(
        stored[name].dtype in graphs.STORED for name in floats
    ):
        return
    kinds = {place.dtype for place in stored.values() if place.dtype.startswith(("F", "BF")) and place.shape}
    kind = torch.float16 if kinds == {"F16"} else torch.float32
    # Cloned: safetensors refuses tensors that share their bytes.
    whole = {n: (v.to(kind) if v.is_floating_point() else v).contiguous().clone() for n, v in state.items()}
    target.write_bytes(save(whole, metadata={"format": "pt"}))


def _check_header(path: Path, source: Path) -> None:
    """A safetensors file that cannot be read has to be named as the person knows it."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            if not list(file.keys()):
                raise ModelDamaged(f"There are no weights in {source}.")
    except (SafetensorError, OSError) as error:
        raise ModelDamaged(f"The model's weights are damaged: {source} ({error})") from error


def _loaded(draft: Path, source: Path, config: Mapping[str, Any]) -> Any:
    """The model that the config describes, with the weights in the draft. Raises ModelDamaged where they do not fit."""
    with quietly_offline():
        import open_clip

        from core.models.towers import register_towers

        register_towers()
        held = draft / f"{WEIGHTS}.held"
        (draft / WEIGHTS).rename(held)  # so that OpenCLIP builds the towers first, and names what does not fit
        try:
            text = text_config(draft, deepcopy(dict(config["model_cfg"].get("text_cfg") or {})))
            model = open_clip.create_model(
                f"local-dir:{draft}", load_weights=False, pretrained_text=False, text_cfg=text
            )
        except ModelError:
            raise
        except Exception as error:
            raise ModelDamaged(f"OpenCLIP cannot build what the config describes: {reason_of(error)}.") from error
        finally:
            held.rename(draft / WEIGHTS)
        try:
            open_clip.load_checkpoint(model, str(draft / WEIGHTS))
        except Exception as error:
            raise ModelDamaged(f"The weights in {source} are those of another architecture: {_first(error)}") from error
    return model.eval()


def _first(error: Exception) -> str:
    """What of torch's long list a person needs: the first thing that does not fit."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    chosen = lines[1] if len(lines) > 1 else (lines or [type(error).__name__])[0]
    return chosen[:200].rstrip(",. ") + "."


def copy_tokenizer(source: Path, draft: Path, text: Mapping[str, Any]) -> None:
    """The files that cut sentences, and the text tower's own config. CLIP's tokenizer is written from its
    vocabulary. Raises ModelMissing."""
    if text.get("hf_model_name"):
        if not (source / "config.json").is_file():
            raise ModelMissing(f"The text tower's config is not there: {source / 'config.json'}")
        shutil.copyfile(source / "config.json", draft / "config.json")
    if not text.get("hf_tokenizer_name"):
        merges = clip_vocabulary.read_merges(clip_vocabulary.merges_file())
        clip_vocabulary.tokenizer(merges).save(str(draft / "tokenizer.json"))
        return
    if not (source / "tokenizer.json").is_file():
        raise ModelMissing(
            f"The model's tokenizer is not there: {source / 'tokenizer.json'} ({text['hf_tokenizer_name']})"
        )
    for pattern in ("tokenizer*", "special_tokens_map.json", "added_tokens.json", "vocab.*", "merges.txt", "*.model"):
        for path in source.glob(pattern):
            if path.is_file() and path.suffix != ".py" and path.stat().st_size <= _TOKENIZER_FILES:
                shutil.copyfile(path, draft / path.name)
