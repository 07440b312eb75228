"""Ready ONNX exports, as Immich publishes them: a folder a tower, and what each wants beside its graph.

::

    config.json                   the OpenCLIP config: embed_dim, vision_cfg, text_cfg
    visual/model.onnx             one input of four axes, one output: the embedding
    visual/preprocess_cfg.json    as OpenCLIP has it
    textual/model.onnx            token ids, perhaps an attention mask
    textual/tokenizer.json        as Hugging Face's tokenizers write it; tokenizer_config.json names the padding

``tokenizer.json`` and ``preprocess_cfg.json`` may lie at the top as well. Large graphs have their weights in files
beside them. No torch is needed: the light install runs such a model as it is.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import ModelDamaged, ModelMissing
from core.models.compiling import import_openvino
from core.models.graph_tower import len_of
from core.models.reasons import reason_of
from core.models.registry import CONFIG_FILE, MODEL_FILE, ONNX, config_hash, file_hash, hash_of_files, read_json

VISUAL, TEXTUAL = "visual/model.onnx", "textual/model.onnx"
_LEFT = {".armnn", ".rknn", ".xml", ".md", ".tflite"}
"""Other forms of the same graphs, which Immich publishes beside them: not copied."""
_LONGEST_CONTEXT = 1024
_SCALING = {"mean", "std"}
_NOT_SAID = (
    "The export does not say how photos are scaled (visual/preprocess_cfg.json): they are scaled as for OpenAI's CLIP. "
    "If it wants them otherwise, it finds less than it could."
)


@dataclass(frozen=True, slots=True)
class _Shape:
    """What a graph says of itself: the axes of its first input and the width of its embedding; 0 is open."""

    axes: tuple[int, ...]
    width: int


def is_onnx_folder(folder: Path) -> bool:
    """Whether both towers lie there as graphs in folders of their own."""
    return (folder / VISUAL).is_file() or (folder / TEXTUAL).is_file()


def draft(source: Path, target: Path, name: str, about: Mapping[str, Any]) -> tuple[str, ...]:
    """Make a model folder of an ONNX export, in the empty folder ``target``; sentences that a person may want to know.
    ``about`` goes into ``model.json``.

    Raises ModelMissing or ModelDamaged with the file's name; OSError where it cannot be copied.
    """
    for path in (VISUAL, TEXTUAL):
        if not (source / path).is_file():
            raise ModelMissing(f"The model in {source} lacks a tower: there is no {path}.")
    tokenizer = _one_of(source, "tokenizer.json", "textual")
    visual, textual = _look(source / VISUAL, 4), _look(source / TEXTUAL, 2)
    config = _config(source, visual, textual)
    for tower in ("visual", "textual"):
        _copy_tower(source / tower, target / tower)
    shutil.copyfile(tokenizer, target / "tokenizer.json")
    settings = _optional(source, "tokenizer_config.json", "textual")
    if settings is not None:
        (target / "tokenizer_config.json").write_text(json.dumps(settings, indent=2), encoding="utf-8")
    (target / CONFIG_FILE).write_text(json.dumps(config, indent=2), encoding="utf-8")
    files = {
        path.relative_to(target).as_posix(): {"sha256": file_hash(path), "size": path.stat().st_size}
        for path in sorted(target.glob("*/*"))
    }
    text = config["model_cfg"]["text_cfg"]
    card: dict[str, Any] = {
        "name": name,
        "kind": ONNX,
        "weights_sha256": hash_of_files(files),
        "config_sha256": config_hash(config | {"tokenizer": file_hash(tokenizer)}),
        "dim": config["model_cfg"]["embed_dim"],
        "graphs": {"visual": VISUAL, "textual": TEXTUAL},
        "files": files,
        "tokenizer": _cutting(tokenizer, settings or {}, text),
        "precisions": ["f32"],
        **about,
    }
    batches = {shape.axes[0] for shape in (visual, textual) if shape.axes[0]}
    if batches - {1}:
        raise ModelDamaged(f"The graphs in {source} take {max(batches)} photos at once, no more and no less.")
    if batches:
        card["batch"] = 1
    (target / MODEL_FILE).write_text(json.dumps(card, indent=2), encoding="utf-8")
    return () if _SCALING & set(config["preprocess_cfg"]) else (_NOT_SAID,)


def _copy_tower(source: Path, target: Path) -> None:
    target.mkdir()
    for path in sorted(source.iterdir()):
        if path.is_file() and path.suffix not in _LEFT and not path.name.startswith("."):
            described = path.suffix == ".json" or path.name in ("merges.txt", "vocab.txt")
            if not described:
                shutil.copyfile(path, target / path.name)


def _look(path: Path, axes: int) -> _Shape:
    """Read a graph's inputs and outputs. Raises ModelDamaged when it is no graph, or not one of a tower."""
    # As ONNX, and as nothing else: asked to find out what a file is, OpenVINO lets the reader of each format try, and
    # those complain on the terminal.
    reader = import_openvino().frontend.FrontEndManager().load_by_framework("onnx")
    try:
        model = reader.convert(reader.load(str(path)))
    except Exception as error:  # its faults have no other base
        raise ModelDamaged(f"The model's graph cannot be used: {path} ({reason_of(error, last=True)}).") from error
    inputs = [port.partial_shape for port in model.inputs if "mask" not in port.get_any_name()]
    outputs = [port.partial_shape for port in model.outputs if len_of(port.partial_shape) == 2]
    if len(inputs) != 1 or len_of(inputs[0]) != axes or not outputs:
        raise ModelDamaged(f"The model's graph is not one of an image or a text tower: {path}")
    return _Shape(tuple(_length(axis) for axis in inputs[0]), _length(outputs[0][-1]))


def _length(axis: Any) -> int:
    return 0 if axis.is_dynamic else int(axis.get_length())


def _config(source: Path, visual: _Shape, textual: _Shape) -> dict[str, Any]:
    """The OpenCLIP config, with what it leaves out filled in from the graphs, which are right."""
    said = read_json(source / "config.json") if (source / "config.json").is_file() else {}
    said = said.get("model_cfg", said)
    vision, text = dict(said.get("vision_cfg") or {}), dict(said.get("text_cfg") or {})
    preprocess = _optional(source, "preprocess_cfg.json", "visual") or {}
    size = list(visual.axes[2:]) if all(visual.axes[2:]) else vision.get("image_size") or preprocess.get("size")
    context = textual.axes[1] or text.get("context_length") or 77
    dim = visual.width or said.get("embed_dim")
    if not size or not dim:
        raise ModelMissing(f"The model in {source} does not say how large its photos and embeddings are: config.json")
    if not isinstance(context, int) or not 1 <= context <= _LONGEST_CONTEXT:
        raise ModelDamaged(f"The model in {source} does not say how long a sentence may be: {context}")
    return {
        "model_cfg": {
            "embed_dim": int(dim),
            "vision_cfg": vision | {"image_size": size},
            "text_cfg": text | {"context_length": context},
        },
        "preprocess_cfg": preprocess | {"size": size},
    }


def _cleaning(text: Mapping[str, Any]) -> str:
    """What open_clip does to a sentence first: with CLIP's own tokenizer small letters, else what the config says."""
    said = (text.get("tokenizer_kwargs") or {}).get("clean")
    return str(said or ("whitespace" if text.get("hf_tokenizer_name") else "lower"))


def _cutting(tokenizer: Path, settings: Mapping[str, Any], text: Mapping[str, Any]) -> dict[str, Any]:
    """How sentences are cut, as ``model.json`` says it. What fills them up is what ``tokenizer_config.json`` names (as
    Immich does it), else the tokenizer's own choice, else 0."""
    try:
        described = json.loads(tokenizer.read_text(encoding="utf-8"))
        pad_id = _token_id(described, settings.get("pad_token"))
        if pad_id is None:
            pad_id = int((described.get("padding") or {}).get("pad_id", 0))
        found = {"clean": _cleaning(text), "pad_id": pad_id, "whole": True}
        if (text.get("tokenizer_kwargs") or {}).get("strip_sep_token"):
            found["strip"] = _token_id(described, settings.get("sep_token") or "[SEP]")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ModelDamaged(f"The model's tokenizer cannot be read: {tokenizer} ({reason_of(error)}).") from error
    return found


def _token_id(described: Mapping[str, Any], named: Any) -> int | None:
    """The id of a token that a tokenizer's settings name, as its text or as an object that has it as ``content``."""
    token = named.get("content") if isinstance(named, dict) else named
    if token is None:
        return None
    for added in described.get("added_tokens") or []:
        if added["content"] == token:
            return int(added["id"])
    vocabulary = described["model"]["vocab"]
    return int(vocabulary[token]) if isinstance(vocabulary, dict) and token in vocabulary else None


def _one_of(source: Path, name: str, tower: str) -> Path:
    for path in (source / tower / name, source / name):
        if path.is_file():
            return path
    raise ModelMissing(f"A file of the model is not there: {source / tower / name}")


def _optional(source: Path, name: str, tower: str) -> dict[str, Any] | None:
    for path in (source / tower / name, source / name):
        if path.is_file():
            return read_json(path)
    return None
