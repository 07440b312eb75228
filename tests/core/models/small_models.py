"""Small models of every kind that people bring: OpenCLIP folders and checkpoints, and ONNX exports as Immich has them.

Weights are random, and spread so far that photos and sentences are told apart: at their usual size everything comes out
nearly the same, and a wrong graph too.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SMALL = {
    "embed_dim": 24,
    "quick_gelu": True,
    "vision_cfg": {"image_size": 32, "layers": 2, "width": 48, "head_width": 24, "patch_size": 8},
    "text_cfg": {"context_length": 20, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2},
}
SCALING = {"mean": [0.4, 0.5, 0.6], "std": [0.2, 0.3, 0.25], "interpolation": "bilinear", "resize_mode": "shortest"}


def build(config: dict[str, Any], seed: int = 5, gain: float = 2.0) -> Any:
    """The model of an OpenCLIP config, with random weights that tell things apart: ``gain`` times their usual size."""
    import open_clip
    import torch

    torch.manual_seed(seed)
    made = dict(config)
    kind = open_clip.CustomTextCLIP if made.pop("custom_text", False) else open_clip.CLIP
    if "multimodal_cfg" in made:
        kind = open_clip.CoCa
    return spread(kind(**json.loads(json.dumps(made))).eval(), gain)


def spread(model: Any, gain: float = 2.0) -> Any:
    """Weights ``gain`` times their usual size; batch norm statistics and biases that are not those of a new layer."""
    import torch

    with torch.no_grad():
        for name, value in model.state_dict().items():
            if not value.is_floating_point():
                continue
            if "running_var" in name:
                value.uniform_(0.5, 2.0)
            elif "running_mean" in name or (value.ndim == 1 and name.endswith("bias")):
                value.normal_(0, 0.1)
            elif value.ndim > 1 and "gamma" not in name:
                value.mul_(gain)
    return model


def local_dir(folder: Path, config: dict[str, Any] = SMALL, *, half: bool = False, pickled: bool = False) -> Path:
    """A folder in OpenCLIP's local-dir format, without anything of ours."""
    import torch
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": config, "preprocess_cfg": SCALING}))
    state = build(config).state_dict()
    kept = {k: (v.half() if half and v.is_floating_point() else v).contiguous().clone() for k, v in state.items()}
    if pickled:
        torch.save({"epoch": 3, "state_dict": {f"module.{k}": v for k, v in kept.items()}}, folder / "epoch_3.pt")
    else:
        save_file(kept, folder / "open_clip_model.safetensors")
    return folder


def immich(folder: Path, config: dict[str, Any] = SMALL, *, batch: int | None = None) -> Path:
    """An export as Immich publishes them: its names, its types, its fixed context, its normalised output."""
    import torch

    from core.models import clip_vocabulary, graphs

    model = build(config)
    for tower in ("visual", "textual"):
        (folder / tower).mkdir(parents=True, exist_ok=True)
    side, context = config["vision_cfg"]["image_size"], config["text_cfg"]["context_length"]

    class Visual(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, image: torch.Tensor) -> torch.Tensor:
            return self.model.encode_image(image, normalize=True)

    class Textual(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, text: torch.Tensor) -> torch.Tensor:
            return self.model.encode_text(text, normalize=True)

    free = {} if batch else {0: "batch_size"}
    text = torch.ones(batch or 2, context, dtype=torch.int32)
    pixels = torch.rand(batch or 2, 3, side, side)
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        graphs.trace(Visual(), {"image": pixels}, {"image": free}, folder / "visual" / "model.onnx")
        graphs.trace(Textual(), {"text": text}, {"text": free}, folder / "textual" / "model.onnx")
    finally:
        torch.backends.mha.set_fastpath_enabled(True)
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "visual" / "preprocess_cfg.json").write_text(json.dumps({"size": [side, side], "mode": "RGB", **SCALING}))
    merges = clip_vocabulary.read_merges(clip_vocabulary.merges_file())
    clip_vocabulary.tokenizer(merges).save(str(folder / "textual" / "tokenizer.json"))
    (folder / "textual" / "tokenizer_config.json").write_text(json.dumps({"pad_token": "!"}))
    (folder / "README.md").write_text("---\nlicense: mit\n---\n")
    return folder
