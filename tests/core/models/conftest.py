"""Model folders for the tests of this room: a tiny one of the whole format, made here, and the bundled one."""

import hashlib
import json
import random
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from core.models.registry import starter_folder

TINY_DIM = 32
TINY_SIZE = 64
TINY_CONTEXT = 16
WORDS = """a the two of in on with and photo dog cat car red blue green house beach runs sits people boy girl"""
SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder with random weights: a small timm tower and a two-layer BERT, exported as the starter is."""
    for name in ("torch", "open_clip", "timm", "transformers", "onnx", "safetensors"):
        pytest.importorskip(name, reason="a model is made with the [torch] extra")
    folder = tmp_path_factory.mktemp("models") / "tiny"
    folder.mkdir()
    write_tokenizer(folder)
    write_model(folder)
    return folder


@pytest.fixture(scope="session")
def starter() -> Path:
    """The folder of the bundled model."""
    folder = starter_folder()
    if not (folder / "model.json").is_file():
        pytest.skip("the bundled model has not been built: make starter")
    return folder


@pytest.fixture(scope="session")
def drawn_photos() -> list[Image.Image]:
    """Forty pictures of many shapes: gradients, noise and figures."""
    return [draw(number) for number in range(40)]


@pytest.fixture(scope="session")
def real_photos() -> list[tuple[Image.Image, list[str]]]:
    """A hundred photos that lie beside the project where it is developed, each with five captions."""
    listing = SHARED / "flickr8k" / "captions.jsonl"
    if not listing.is_file():
        pytest.skip("../shared/data/flickr8k is not here")
    rows = [json.loads(line) for line in listing.read_text(encoding="utf-8").splitlines()]
    chosen = random.Random(7).sample([row for row in rows if row.get("split") == "val"], 100)
    return [(Image.open(listing.parent / row["file"]).convert("RGB"), row["captions"]) for row in chosen]


def draw(number: int) -> Image.Image:
    """A picture that is like no other: its size, colours, figures and grain follow from ``number``."""
    chance = random.Random(number)
    size = chance.randint(40, 700), chance.randint(40, 700)
    image = Image.linear_gradient("L").resize(size).rotate(chance.randint(0, 3) * 90).resize(size)
    shades = [chance.uniform(0.2, 1) for _ in range(3)]
    image = Image.merge("RGB", [image.point([int(value * shade) for value in range(256)]) for shade in shades])
    pen = ImageDraw.Draw(image)
    for _ in range(chance.randint(1, 12)):
        x, y, w, h = (chance.randint(0, 400) for _ in range(4))
        colour = tuple(chance.randint(0, 255) for _ in range(3))
        chance.choice([pen.ellipse, pen.rectangle])((x, y, x + w, y + h), fill=colour)
    return Image.blend(image, Image.effect_noise(size, 80).convert("RGB"), chance.uniform(0, 0.4))


def write_tokenizer(folder: Path) -> None:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    letters = [chr(code) for code in range(33, 127) if not chr(code).isupper()] + list("éüßñ中文😀")
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *("##" + letter for letter in letters)]
    vocabulary = list(dict.fromkeys([*vocabulary, *WORDS.split()]))
    numbers = {token: number for number, token in enumerate(vocabulary)}
    tokenizer = Tokenizer(models.WordPiece(numbers, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.add_special_tokens(vocabulary[:5])
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.save(str(folder / "tokenizer.json"))
    special = {f"{name}_token": f"[{name.upper()}]" for name in ("pad", "unk", "cls", "sep", "mask")}
    settings = {"tokenizer_class": "BertTokenizer", "do_lower_case": True, "model_max_length": 512, **special}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    bert = {
        "model_type": "bert",
        "architectures": ["BertModel"],
        "vocab_size": len(vocabulary),
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 64,
        "max_position_embeddings": 64,
        "pad_token_id": 0,
    }
    (folder / "config.json").write_text(json.dumps(bert))


def write_model(folder: Path) -> None:
    import open_clip
    import torch
    from safetensors.torch import save_file
    from torch import nn

    from core.models import graphs

    torch.manual_seed(11)
    config = {
        "model_cfg": {
            "embed_dim": TINY_DIM,
            "vision_cfg": {
                "timm_model_name": "test_efficientnet",
                "timm_model_pretrained": False,
                "timm_pool": "avg",
                "timm_proj": "mlp",
                "image_size": TINY_SIZE,
            },
            "text_cfg": {
                "hf_model_name": ".",
                "hf_tokenizer_name": ".",
                "hf_model_pretrained": False,
                "hf_pooler_type": "mean_pooler",
                "hf_proj_type": "mlp",
                "context_length": TINY_CONTEXT,
            },
        },
        "preprocess_cfg": {"mean": [0.5] * 3, "std": [0.25] * 3, "interpolation": "bicubic", "resize_mode": "squash"},
    }
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    model_cfg = json.loads(json.dumps(config["model_cfg"]))
    model_cfg["text_cfg"]["hf_model_name"] = str(folder)
    model = open_clip.CustomTextCLIP(**model_cfg).eval()
    with torch.no_grad():
        for name, value in model.state_dict().items():
            if value.is_floating_point():
                if "running" not in name and value.ndim > 1:
                    value.mul_(1.5)  # random weights at their usual size tell pictures hardly apart
                value.copy_(value.half())
    weights = folder / "open_clip_model.safetensors"
    save_file({k: v.half() if v.is_floating_point() else v for k, v in model.state_dict().items()}, weights)

    class Visual(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.visual = model.visual

        def forward(self, pixels: torch.Tensor) -> torch.Tensor:
            return self.visual(pixels)

    class Textual(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.text = model.text

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            found = self.text.transformer(input_ids=input_ids, attention_mask=attention_mask)
            return self.text.proj(self.text.pooler(found, attention_mask))

    pixels = torch.rand(2, 3, TINY_SIZE, TINY_SIZE)
    ids = torch.tensor([[2, 40, 41, 3, 0, 0], [2, 42, 43, 44, 45, 3]])
    graphs.trace(Visual(), {"pixels": pixels}, {"pixels": {0: "n"}}, folder / "visual.onnx")
    free = {0: "n", 1: "length"}
    graphs.trace(
        Textual(),
        {"input_ids": ids, "attention_mask": (ids != 0).long()},
        {"input_ids": free, "attention_mask": free},
        folder / "textual.onnx",
    )
    graphs.externalize(folder / "visual.onnx", weights)
    graphs.externalize(folder / "textual.onnx", weights)
    description = {
        "name": "tiny",
        "weights_sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
        "dim": TINY_DIM,
        "calibration": {"slope": 40.0, "intercept": -10.0, "line": 0.5},
        "precisions": ["f32"],
    }
    (folder / "model.json").write_text(json.dumps(description))
