"""From an OpenCLIP checkpoint to a model folder with graphs that the light install runs. Needs the [torch] extra.

Weights are written once, as safetensors (`core.models.checkpoints`); the graphs of both towers refer to those bytes. A
model whose graphs do not come out as OpenCLIP itself does (`core.models.parity`) is kept without them: it runs on
PyTorch alone then.

One of the files of core that touch torch, inside functions only.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import logging
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import ModelDamaged, ModelError, TorchMissing
from core.models import checkpoints, graphs
from core.models.checkpoints import WEIGHTS
from core.models.encoder import Backend, Embeddings, EncoderSpec
from core.models.fitting import check_embeddings, probes
from core.models.importing import ImportRequest, Progress, Step, change_card
from core.models.openclip import OpenClipEncoder
from core.models.openvino import OpenVinoEncoder
from core.models.parity import ParityReport, compare
from core.models.reasons import reason_of
from core.models.registry import CONFIG_FILE, MODEL_FILE, ModelInfo, config_hash, file_hash, load_info, read_json

if TYPE_CHECKING:
    from PIL.Image import Image

_NEEDED = ("torch", "open_clip", "timm", "transformers", "onnx", "safetensors")
_SENTENCES = ("", "dog", "two dogs run on the beach", "Ä café, 3 €! " * 60, "the red house " * 9)
"""Probes of many lengths: nothing, a word, and more than any context holds."""
_LOG = logging.getLogger(__name__)


def convert(
    request: ImportRequest, draft: Path, name: str, about: Mapping[str, Any], tell: Progress
) -> tuple[str, ...]:
    """Make a model folder in the empty folder ``draft``; sentences that a person may want to know.

    Raises TorchMissing, CallError for an architecture or tag that OpenCLIP does not know, ModelMissing or ModelDamaged.
    """
    _check_installed(f"Importing the OpenCLIP checkpoint {request.path}")
    tell(Step.CONVERT, 0, 4)
    source = request.path if request.path.is_dir() else request.path.parent
    config = read_json(source / CONFIG_FILE) if request.path.is_dir() else checkpoints.described(request)
    if not isinstance(config.get("model_cfg"), dict):
        raise ModelDamaged(f"{source / CONFIG_FILE} does not describe an OpenCLIP model.")
    (draft / CONFIG_FILE).write_text(json.dumps(config, indent=2), encoding="utf-8")
    weights = checkpoints.checkpoint_in(source) if request.path.is_dir() else request.path
    checkpoints.copy_tokenizer(source, draft, config["model_cfg"].get("text_cfg") or {})
    checkpoints.write_weights(weights, draft, config)
    tell(Step.CONVERT, 1, 4)
    card: dict[str, Any] = {
        "name": name,
        "weights_sha256": file_hash(draft / WEIGHTS),
        "config_sha256": config_hash(config),
        "dim": config["model_cfg"].get("embed_dim"),
        "precisions": ["f32"],
        **about,
    }
    if request.architecture:
        card["architecture"] = request.architecture
    (draft / MODEL_FILE).write_text(json.dumps(card, indent=2), encoding="utf-8")
    return write_graphs(draft, tell)


def write_graphs(folder: Path, tell: Progress) -> tuple[str, ...]:
    """Write the graphs of a model folder that has weights, compare them with OpenCLIP, and say so in ``model.json``;
    sentences about what did not come out. Raises ModelDamaged when OpenCLIP itself cannot load the model.
    """
    reference = OpenClipEncoder(EncoderSpec(folder, Backend.OPENCLIP, "f32"), "cpu")
    cutting = _cutting(reference)
    if cutting is None:
        return (_NO_GRAPHS.format("its sentences are cut in a way that only OpenCLIP knows"),)
    tell(Step.CONVERT, 2, 4)
    recorded = _record(reference)
    fault = ""
    # A text tower that takes sentences of any length is several times faster; where that does not come out, it gets
    # its whole context.
    for whole in (True,) if cutting["whole"] else (False, True):
        change_card(folder, tokenizer=cutting | {"whole": whole})
        fault = _export(reference, folder, whole=whole) or _judge(recorded, folder)
        tell(Step.CONVERT, 3, 4)
        if not fault:
            tell(Step.CONVERT, 4, 4)
            return ()
    for name in ("visual.onnx", "textual.onnx"):
        (folder / name).unlink(missing_ok=True)
    change_card(folder, graphs={})
    return (_NO_GRAPHS.format(fault),)


_NO_GRAPHS = "The model runs on PyTorch alone, and not in the light install: {}."


def _export(reference: OpenClipEncoder, folder: Path, *, whole: bool) -> str:
    """Write both graphs; what went wrong, or nothing."""
    try:
        trace_towers(reference, folder, whole=whole)
    except Exception as error:  # noqa: BLE001 - the exporter raises anything; the model stays usable with PyTorch
        _LOG.warning("the model in %s was not exported: %s", folder, error)
        return f"its towers cannot be exported ({reason_of(error)})"
    change_card(folder, graphs={"visual": "visual.onnx", "textual": "textual.onnx"})
    return ""


def _record(reference: OpenClipEncoder) -> _Recorded:
    photos, sentences = probes().photos, [*probes().sentences, *_SENTENCES]
    images, texts = reference.encode_images(photos), reference.encode_texts(sentences)
    check_embeddings(images, "photo")
    check_embeddings(texts, "sentence")
    return _Recorded(reference.info, photos, images, texts)


def _judge(recorded: _Recorded, folder: Path) -> str:
    """Compare the graphs with OpenCLIP: in float32 probe by probe, in bfloat16, where this CPU has it, by ranking.
    What is wrong in float32, or nothing; which precisions passed is written down."""
    from core.models.compiling import has_bf16

    sentences = [*probes().sentences, *_SENTENCES]
    reports: dict[str, ParityReport] = {}
    try:
        for precision in ("f32", "bf16") if has_bf16() else ("f32",):
            candidate = OpenVinoEncoder(EncoderSpec(folder, Backend.OPENVINO, precision))
            reduced = precision != "f32"
            reports[precision] = compare(recorded, candidate, recorded.photos, sentences, reduced=reduced)
            if not reduced and not reports[precision].ok:
                worst = min(reports["f32"].photo_cosine_worst, reports["f32"].sentence_cosine_worst)
                return f"its graphs do not come out as OpenCLIP does (worst cosine {worst:.6f})"
    except (ModelError, RuntimeError) as error:
        _LOG.warning("the graphs in %s cannot be run: %s", folder, error)
        return f"its graphs cannot be run ({reason_of(error, last=True)})"
    said_of = {name: {"ok": report.ok, "said": report.sentence} for name, report in reports.items()}
    change_card(folder, parity=said_of, precisions=[name for name, report in reports.items() if report.ok])
    return ""


@dataclass(frozen=True, slots=True)
class _Recorded:
    """A reference that was asked once: it gives the same probes' embeddings again."""

    info: ModelInfo
    photos: Sequence[Image]
    images: Embeddings
    texts: Embeddings

    @property
    def model_id(self) -> str:
        """The reference's own."""
        return self.info.model_id

    @property
    def dim(self) -> int:
        """The reference's own."""
        return self.info.dim

    def encode_images(self, images: Sequence[Image]) -> Embeddings:
        """What was recorded, of the same photos."""
        return self.images

    def encode_texts(self, texts: Sequence[str]) -> Embeddings:
        """What was recorded, of the same sentences."""
        return self.texts


def _cutting(reference: OpenClipEncoder) -> dict[str, Any] | None:
    """How sentences are cut, as ``model.json`` says it; None for a way that `core.models.tokenizing` does not know.

    A tower that looks at the end of its context, or at places that padding moves, wants it whole; one that looks at the
    end of the sentence, or at a mask, does not.
    """
    text = reference.info.config["model_cfg"].get("text_cfg") or {}
    settings = text.get("tokenizer_kwargs") or {}
    if text.get("tokenizer_mode") or set(settings) - {"clean", "strip_sep_token"}:
        return None
    if text.get("hf_model_name"):
        whole = False
    else:
        ends = text.get("pool_type", "argmax") in ("argmax", "eos")
        whole = bool(text.get("no_causal_mask")) or not ends or bool(text.get("embed_cls"))
    if not text.get("hf_tokenizer_name"):
        return {"clean": settings.get("clean", "lower"), "pad_id": 0, "whole": whole}
    theirs = reference.tokenizer.tokenizer
    found = {"clean": settings.get("clean", "whitespace"), "pad_id": int(theirs.pad_token_id or 0), "whole": whole}
    if settings.get("strip_sep_token"):
        found["strip"] = int(theirs.sep_token_id)
    return found


def trace_towers(reference: OpenClipEncoder, folder: Path, *, whole: bool) -> None:
    """Write both towers as ``visual.onnx`` and ``textual.onnx``, their weights in the safetensors file."""
    import torch

    model = reference.model.eval()

    class Visual(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, pixels: torch.Tensor) -> Any:
            return self.model.encode_image(pixels)

    class Textual(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: torch.Tensor) -> Any:
            tower = getattr(self.model, "text", self.model)
            if whole or not hasattr(tower, "attn_mask"):  # a tower of Hugging Face's takes any length as it is
                return self.model.encode_text(input_ids)
            return _encode_short(tower, input_ids)

    ids = reference.tokenizer(["a photo of two dogs", "cat"])
    if not whole:
        from core.models.tokenizing import Tokenizer

        ids = torch.tensor(Tokenizer.from_folder(folder)(["a photo of two dogs", "cat"]).input_ids)
    height, width = reference.info.preprocess.size
    pixels = torch.rand(2, 3, height, width)
    free = {0: "n"} if whole else {0: "n", 1: "length"}
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)  # its fused operators have no form in ONNX
    aside = folder / ".traced"
    try:
        for module, inputs, dynamic, name in (
            (Visual(), {"pixels": pixels}, {"pixels": {0: "n"}}, "visual.onnx"),
            (Textual(), {"input_ids": ids}, {"input_ids": free}, "textual.onnx"),
        ):
            # In a folder of its own: above two gigabytes the exporter writes every weight into a file.
            aside.mkdir(exist_ok=True)
            with _any_length(module) if name == "textual.onnx" and not whole else contextlib.nullcontext():
                graphs.trace(module, inputs, dynamic, aside / name)
            graphs.externalize(aside / name, folder / WEIGHTS, "model.", strict=False)
            (aside / name).replace(folder / name)
            shutil.rmtree(aside)
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
        shutil.rmtree(aside, ignore_errors=True)


@contextlib.contextmanager
def _any_length(module: Any) -> Iterator[None]:
    """Put an attention in the place of torch's that computes the same from the same weights, and does not write the
    length of the sentence that it was traced with into the graph."""
    import torch

    class Attention(torch.nn.Module):
        def __init__(self, theirs: Any) -> None:
            super().__init__()
            self.heads = theirs.num_heads
            self.in_proj_weight, self.in_proj_bias = theirs.in_proj_weight, theirs.in_proj_bias
            self.out_proj = theirs.out_proj

        def forward(self, query: Any, key: Any, value: Any, attn_mask: Any = None, **more: Any) -> tuple[Any, None]:
            mixed = torch.nn.functional.linear(query, self.in_proj_weight, self.in_proj_bias)
            parts: Any = mixed.chunk(3, dim=-1)
            q, k, v = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in parts)
            seen = torch.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=attn_mask)
            return self.out_proj(seen.transpose(1, 2).flatten(-2)), None

    swapped = [
        (parent, name, child)
        for parent in module.modules()
        for name, child in parent.named_children()
        if isinstance(child, torch.nn.MultiheadAttention) and child.batch_first and child.in_proj_weight is not None
    ]
    try:
        for parent, name, child in swapped:
            setattr(parent, name, Attention(child).eval())
        yield
    finally:
        for parent, name, child in swapped:
            setattr(parent, name, child)


def _encode_short(tower: Any, ids: Any) -> Any:
    """What open_clip's own text towers compute, for sentences of any length up to the context: they want it whole,
    though a mask hides from each token those behind it. int64[n, length] -> float32[n, dim]."""
    from open_clip.transformer import text_global_pool

    length = ids.shape[1]
    pool_type = getattr(tower, "text_pool_type", None) or tower.pool_type
    eos_id = getattr(tower, "text_eos_id", getattr(tower, "eos_id", None))
    x = tower.token_embedding(ids) + tower.positional_embedding[:length]
    x = tower.ln_final(tower.transformer(x, attn_mask=tower.attn_mask[:length, :length]))
    x = text_global_pool(x, ids, pool_type, eos_token_id=eos_id)
    if tower.text_projection is None:
        return x
    return tower.text_projection(x) if callable(tower.text_projection) else x @ tower.text_projection


def export_graphs(info: ModelInfo, tell: Progress) -> ModelInfo:
    """Give a model folder its graphs. Raises TorchMissing, or ModelError when they do not come out as OpenCLIP does."""
    _check_installed(f"Writing the graphs of `{info.name}`")
    remarks = write_graphs(info.folder, tell)
    if remarks:
        raise ModelError(remarks[0])
    return load_info(info.folder)


def _check_installed(what: str) -> None:
    if any(importlib.util.find_spec(needed) is None for needed in _NEEDED):
        raise TorchMissing(what)
