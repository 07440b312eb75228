"""From trained heads to the folder that ships: OpenCLIP's local-dir format, and the graphs for OpenVINO beside it."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import open_clip
import torch
from safetensors.torch import save
from torch import Tensor, nn

from core.models import graphs
from core.models.towers import CLASS_DIM, CLASSES, FEATURES, LAST, POOLED
from training.starter import sources, towers
from training.starter.heads import Heads

WEIGHTS = "open_clip_model.safetensors"
CONFIG = "open_clip_config.json"
CARD = "model.json"
WORDS = "text.transformer.embeddings.word_embeddings.weight"
"""Whole numbers (`towers.round_words`), of which open_clip makes floats again when it loads them."""
TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")


class Visual(nn.Module):
    """``pixels`` float32[n, 3, 260, 260] -> ``embedding`` float32[n, dim], not normalised."""

    def __init__(self, model: open_clip.CustomTextCLIP) -> None:
        super().__init__()
        self.visual = model.visual

    def forward(self, pixels: Tensor) -> Tensor:
        """As the class says."""
        embedding: Tensor = self.visual(pixels)
        return embedding


class Textual(nn.Module):
    """``input_ids``, ``attention_mask`` int64[n, length] -> ``embedding`` float32[n, dim], not normalised."""

    def __init__(self, model: open_clip.CustomTextCLIP) -> None:
        super().__init__()
        self.text = model.text

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """As the class says."""
        output = self.text.transformer(input_ids=input_ids, attention_mask=attention_mask)
        embedding: Tensor = self.text.proj(self.text.pooler(output, attention_mask))
        return embedding


@torch.no_grad()
def complete(model: open_clip.CustomTextCLIP, heads: Heads) -> open_clip.CustomTextCLIP:
    """The model that ships: the towers of ``model``, which has no image head, with trained heads in place."""
    made = towers.build(sources.text_folder(), model.text.output_dim)
    made.text.transformer.load_state_dict(model.text.transformer.state_dict())
    made.text.proj.load_state_dict(heads.text.state_dict())
    old, new = model.visual.trunk, made.visual.trunk
    new.body.load_state_dict(old.body.state_dict())
    new.class_embedding.copy_(old.class_embedding)
    new.class_words.copy_(heads.class_words(old.class_embedding))
    kept = torch.tensor([*range(POOLED), *range(POOLED + CLASSES, FEATURES)])
    new.feature_mean.copy_(old.feature_mean[kept])
    new.feature_scale.copy_(old.feature_scale[kept])
    new.head.load_state_dict(fold(heads, old))
    made.logit_scale.fill_(float(heads.scale().log()))
    towers.round_to_half(made)
    return made


@torch.no_grad()
def fold(heads: Heads, trunk: Any) -> dict[str, Tensor]:
    """All image heads as one, as wide as they are together, that does without the logits: these are a linear function
    of the last features, and so is what a head's first layer makes of them.
    """
    rows, shifts, seconds = [], [], []
    classifier = trunk.body.classifier
    mean, scale = trunk.feature_mean, trunk.feature_scale
    branches: list[Any] = list(heads.images)
    for branch in branches:
        weight, bias = branch.fc1.weight, branch.fc1.bias
        last, middle, logits, known = weight.split([LAST, POOLED - LAST, CLASSES, CLASS_DIM], dim=1)
        logit_mean, logit_scale = mean[POOLED : POOLED + CLASSES], scale[POOLED : POOLED + CLASSES]
        through = (logits * logit_scale) @ classifier.weight
        rows.append(torch.cat([last + through / scale[:LAST], middle, known], dim=1))
        at_mean = classifier.weight @ mean[:LAST] + classifier.bias - logit_mean
        shifts.append(bias + (logits * logit_scale) @ at_mean)
        seconds.append(branch.fc2.weight)
    return {"fc1.weight": torch.cat(rows), "fc1.bias": torch.cat(shifts), "fc2.weight": torch.cat(seconds, dim=1)}


def write(model: open_clip.CustomTextCLIP, folder: Path) -> str:
    """Write weights, configs, tokenizer and graphs; returns the SHA-256 of the weights. `card.write` completes it."""
    folder.mkdir(parents=True, exist_ok=True)
    state = {
        name: (value.half() if value.is_floating_point() else value).contiguous()
        for name, value in model.state_dict().items()
    }
    state[WORDS] = model.state_dict()[WORDS].to(torch.int8)
    # Not `save_file`, which makes a file that nobody else may read.
    (folder / WEIGHTS).write_bytes(save(state, metadata={"format": "pt"}))
    write_json(folder / CONFIG, towers.config(model.text.output_dim))
    text = json.loads((sources.text_folder() / "config.json").read_text(encoding="utf-8"))
    write_json(folder / "config.json", {key: value for key, value in text.items() if not key.startswith("_")})
    for name in TOKENIZER_FILES:
        shutil.copyfile(sources.text_folder() / name, folder / name)
    write_graphs(model, folder)
    return hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()


def write_graphs(model: open_clip.CustomTextCLIP, folder: Path) -> None:
    """``visual.onnx`` and ``textual.onnx``, a few hundred kilobytes: their weights lie in the safetensors file."""
    pixels = torch.zeros(2, 3, towers.IMAGE_SIZE, towers.IMAGE_SIZE)
    graphs.trace(Visual(model), {"pixels": pixels}, {"pixels": {0: "n"}}, folder / "visual.onnx")
    ids = torch.ones(2, 8, dtype=torch.long)
    free = {0: "n", 1: "length"}
    inputs = {"input_ids": ids, "attention_mask": ids}
    graphs.trace(Textual(model), inputs, dict.fromkeys(inputs, free), folder / "textual.onnx")
    for name in ("visual.onnx", "textual.onnx"):
        graphs.externalize(folder / name, folder / WEIGHTS)


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Indented, in the order given, ending in a newline."""
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
