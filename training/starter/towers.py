"""The model before its heads have learned anything: two pretrained towers inside open_clip's own classes.

Every weight is rounded here, at the beginning, to the float16 (word vectors: int8) that will be written: what the heads
learn from are the features of the very weights that ship, and nothing changes when they are written down.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import open_clip
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from timm.data.imagenet_info import ImageNetInfo
from torch import Tensor, nn

from core.errors import ModelDamaged
from core.models.towers import CLASSES, NAME, register_towers
from training.starter import sources

IMAGE_SIZE = 260
CONTEXT_LENGTH = 64
DIM = 512
RESIZE_MODE = "squash"
NAMES = 4
"""Names of an ImageNet class that count. That of trumpets calls them so in the third place, after cornet and horn."""


def config(dim: int = DIM) -> dict[str, Any]:
    """What ``open_clip_config.json`` says. ``.`` stands for the model's own folder: its loader fills in the path.

    ``timm_proj`` is empty because the image tower has its head inside (`core.models.towers`).
    """
    return {
        "model_cfg": {
            "embed_dim": dim,
            "vision_cfg": {
                "timm_model_name": NAME,
                "timm_model_pretrained": False,
                "timm_pool": "avg",
                "timm_proj": "",
                "image_size": IMAGE_SIZE,
            },
            "text_cfg": {
                "hf_model_name": ".",
                "hf_tokenizer_name": ".",
                "hf_model_pretrained": False,
                "hf_pooler_type": "mean_pooler",
                "hf_proj_type": "mlp",
                "context_length": CONTEXT_LENGTH,
            },
        },
        "preprocess_cfg": {
            "size": [IMAGE_SIZE, IMAGE_SIZE],
            "mode": "RGB",
            "mean": [0.5, 0.5, 0.5],
            "std": [0.5, 0.5, 0.5],
            "interpolation": "bicubic",
            "resize_mode": RESIZE_MODE,
            "fill_color": 0,
        },
    }


def build(text_folder: Path, dim: int = DIM, image_head: bool = True) -> open_clip.CustomTextCLIP:
    """An open_clip model of our configuration with weights at random. ``text_folder`` holds the text tower's config.

    Without its head the image tower hands on the features that heads are trained on.
    """
    register_towers()
    model_cfg = config(dim)["model_cfg"]
    model_cfg["text_cfg"] |= {"hf_model_name": str(text_folder), "hf_tokenizer_name": str(text_folder)}
    if not image_head:
        model_cfg["vision_cfg"] |= {"timm_proj": "none"}
    return open_clip.CustomTextCLIP(**model_cfg).eval()


def pretrained(dim: int = DIM) -> open_clip.CustomTextCLIP:
    """Both towers with their pretrained weights, and the vectors of the ImageNet classes filled in; no image head."""
    model = build(sources.text_folder(), dim, image_head=False)
    model.visual.trunk.body.load_state_dict(sources.image_body().state_dict())
    missing, unexpected = model.text.transformer.load_state_dict(sources.text_weights(), strict=False)
    if unexpected or missing:
        raise RuntimeError(f"MiniLM's weights do not fit: missing {missing}, unexpected {unexpected}")
    round_words(model)
    round_to_half(model)
    name_classes(model)
    return model


def of_folder(folder: Path, dim: int = DIM) -> open_clip.CustomTextCLIP:
    """The towers of a model folder that this recipe made before, as they stood when its heads were trained.

    Raises ModelDamaged when the folder holds something else.
    """
    model = build(sources.text_folder(), dim, image_head=False)
    try:
        card = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        state = {name: value.float() for name, value in load_file(folder / "open_clip_model.safetensors").items()}
        for prefix, part in (
            ("visual.trunk.body.", model.visual.trunk.body),
            ("text.transformer.", model.text.transformer),
        ):
            own = {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
            part.load_state_dict(own)
        sharpen(model, 1 / float(card["recipe"].get("sharper", 1.0)))
    except (OSError, ValueError, KeyError, AttributeError, RuntimeError, SafetensorError) as error:
        raise ModelDamaged(f"{folder} is no model folder that this recipe made: {error}") from error
    name_classes(model)
    return model


@torch.no_grad()
def sharpen(model: open_clip.CustomTextCLIP, factor: float) -> None:
    """Make the classifier surer of itself: its logits times ``factor``, which is 1 over the softmax's temperature.

    It spreads its probabilities widely; what it adds to a photo's embedding is clearer when it says less of all that a
    photo is not (docs/model.md).
    """
    classifier = model.visual.trunk.body.classifier
    classifier.weight.mul_(factor)
    classifier.bias.mul_(factor)
    round_to_half(model)


def name_classes(model: open_clip.CustomTextCLIP) -> None:
    """Give the image tower the vectors of the ImageNet classes, as the text tower has them now."""
    model.visual.trunk.class_embedding.copy_(class_vectors(model))
    round_to_half(model)


@torch.no_grad()
def round_words(model: open_clip.CustomTextCLIP) -> None:
    """Make the text tower's word vectors whole numbers of up to 127, which fit into a byte: half of its size.

    A layer normalisation follows at once, and takes what all three vectors of a token are multiplied by out again.
    Sentences keep a cosine of 0.9996 and more with what they were.
    """
    embeddings = model.text.transformer.embeddings
    factor = 127 / float(embeddings.word_embeddings.weight.abs().max())
    for part in (embeddings.word_embeddings, embeddings.position_embeddings, embeddings.token_type_embeddings):
        part.weight.mul_(factor)
    embeddings.word_embeddings.weight.round_()


@torch.no_grad()
def round_to_half(model: nn.Module) -> None:
    """Round every weight to the float16 that will be written. Whole numbers of up to 127 stay as they are."""
    for value in model.state_dict().values():
        if value.is_floating_point():
            value.copy_(value.half())


@torch.no_grad()
def part_way(model: open_clip.CustomTextCLIP, share: float) -> None:
    """Leave the image tower at ``share`` of its way from where it began to where tuning led it, weight by weight.

    WiSE-FT (Wortsman et al. 2022): what lies between keeps what the classifier knew, and has learned all the same.
    """
    began = sources.image_body().state_dict()
    for name, value in model.visual.trunk.body.state_dict().items():
        if value.is_floating_point():
            value.copy_(torch.lerp(began[name].half().float(), value, share))
    round_to_half(model)


def class_names() -> list[tuple[str, ...]]:
    """The words for each of the 1,000 ImageNet classes, the common ones first (`NAMES` at the most)."""
    info = ImageNetInfo("imagenet-1k")
    names = [tuple(info.index_to_description(index).split(", ")[:NAMES]) for index in range(CLASSES)]
    names[134], names[517] = ("crane, a bird",), ("crane, a machine",)
    return names


@torch.no_grad()
def class_vectors(model: open_clip.CustomTextCLIP) -> Tensor:
    """float32[1000, 384]: the text tower's pooled output for each class, a mean over its words and two templates."""
    classes = [[each.format(name) for name in names for each in ("{}", "a photo of a {}.")] for names in class_names()]
    sentences = sorted({sentence for some in classes for sentence in some}, key=len)
    blocks = [pooled_text(model, sentences[start : start + 256]) for start in range(0, len(sentences), 256)]
    row = {sentence: index for index, sentence in enumerate(sentences)}
    pooled = torch.cat(blocks)
    return torch.stack([pooled[[row[sentence] for sentence in some]].mean(dim=0) for some in classes])


@torch.no_grad()
def pooled_text(model: open_clip.CustomTextCLIP, sentences: list[str]) -> Tensor:
    """float32[n, 384]: what the text tower hands to its head."""
    ids, mask = tokenize(sentences)
    pooled: Tensor = model.text.pooler(model.text.transformer(input_ids=ids, attention_mask=mask), mask)
    return pooled


def tokenize(sentences: Sequence[str]) -> tuple[Tensor, Tensor]:
    """int64[n, length] token ids and attention mask, by open_clip's own tokenizer, padding cut to the longest."""
    ids = _tokenizer()(list(sentences))
    mask = (ids != 0).long()
    length = int(mask.sum(dim=1).max())
    return ids[:, :length], mask[:, :length]


@cache
def _tokenizer() -> open_clip.tokenizer.HFTokenizer:
    return open_clip.tokenizer.HFTokenizer(str(sources.text_folder()), context_length=CONTEXT_LENGTH)
