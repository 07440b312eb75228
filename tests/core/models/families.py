"""The families of models that OpenCLIP lists: of each the smallest, and one of the same parts that a test can afford.

Weights are random (`small_models.spread`). Tokenizers that lie on the hub are made here instead, of the same make and
with the same special tokens, from the captions of the sample photos: what is compared is how they are read, not their
words.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.core.models import small_models

SAMPLES = Path(__file__).resolve().parents[3] / "resources" / "samples" / "captions.jsonl"
TEXT = {"context_length": 20, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2}
VIT = {"image_size": 32, "layers": 2, "width": 48, "head_width": 24, "patch_size": 8}


@dataclass(frozen=True)
class Family:
    """``whole`` is OpenCLIP's name of the smallest; ``small`` a config of the same parts; ``tokenizer`` makes what cuts
    its sentences, where that is not CLIP's own; ``tower`` is the config of a text tower of Hugging Face's, small and
    whole."""

    name: str
    whole: str
    small: dict[str, Any]
    tokenizer: Callable[[Path], None] | None = None
    tower: tuple[dict[str, Any], dict[str, Any]] | None = None
    tag: str | None = None
    """One of its published checkpoints, where they do not all scale photos alike."""
    gain: float = 2.0
    """How many times their usual size the random weights of the whole one are, so that it tells photos apart."""
    small_gain: float = 2.0
    """The same of the small one."""
    quick: bool = True
    """Whether the small one takes part in ``make test``, where the time of all tests is short."""


def write(folder: Path, family: Family, *, whole: bool) -> Path:
    """A folder in OpenCLIP's local-dir format with random weights, as if it had been fetched."""
    import open_clip
    from safetensors.torch import save_file

    folder.mkdir(parents=True)
    config = open_clip.get_model_config(family.whole) if whole else json.loads(json.dumps(family.small))
    scaling: dict[str, Any] = small_models.SCALING
    if whole:
        tags = open_clip.pretrained._PRETRAINED.get(family.whole, {})
        entry = tags.get(family.tag) or next(iter(tags.values()), {})
        scaling = {key: entry[key] for key in ("mean", "std", "interpolation", "resize_mode") if key in entry}
    if family.tokenizer is not None:
        family.tokenizer(folder)
    if family.tower is not None:
        (folder / "config.json").write_text(json.dumps(family.tower[1 if whole else 0]))
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": config, "preprocess_cfg": scaling}))
    built = json.loads(json.dumps(config))
    if family.tower is not None:
        built["text_cfg"] |= {"hf_model_name": str(folder), "hf_model_pretrained": False}
        built["custom_text"] = True
    state = small_models.build(built, gain=family.gain if whole else family.small_gain).state_dict()
    save_file({k: v.contiguous().clone() for k, v in state.items()}, folder / "open_clip_model.safetensors")
    return folder


# Tokenizers


def _captions() -> list[str]:
    rows = [json.loads(line) for line in SAMPLES.read_text(encoding="utf-8").splitlines()]
    return [caption for row in rows for caption in row["captions"]]


def _save(made: Any, folder: Path, **special: str) -> None:
    made.save(str(folder / "tokenizer.json"))
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 512, **special}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))


def unigram(folder: Path, first: list[str], template: str, **special: str) -> None:
    """SentencePiece's kind, as T5, XLM-R and SigLIP have it."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

    made: Any = Tokenizer(models.Unigram())
    made.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace("  ", " ")])
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(vocab_size=400, special_tokens=first, unk_token="<unk>", show_progress=False)
    made.train_from_iterator(_captions(), trainer)
    named = [(token, made.token_to_id(token)) for token in first if token in template]
    made.post_processor = processors.TemplateProcessing(single=template, special_tokens=named)
    _save(made, folder, **special)


def xlm_roberta(folder: Path) -> None:
    first = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    names = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>", "sep_token": "</s>"}
    unigram(folder, first, "<s> $A </s>", **names)


def t5(folder: Path) -> None:
    unigram(folder, ["<pad>", "</s>", "<unk>"], "$A </s>", pad_token="<pad>", eos_token="</s>", unk_token="<unk>")


def siglip(folder: Path) -> None:
    """T5's, padded with the end of a sentence."""
    unigram(folder, ["<pad>", "</s>", "<unk>"], "$A </s>", pad_token="</s>", eos_token="</s>", unk_token="<unk>")


def gemma(folder: Path) -> None:
    """BPE with bytes for what it does not know, spaces made visible, as SigLIP2 has it."""
    from tokenizers import Tokenizer, decoders, models, normalizers, processors, trainers

    made: Any = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    made.normalizer = normalizers.Replace(" ", "▁")
    first = ["<pad>", "<eos>", "<bos>", "<unk>", *(f"<0x{byte:02X}>" for byte in range(256))]
    made.train_from_iterator(
        [caption.replace(" ", "▁") for caption in _captions()],
        trainers.BpeTrainer(vocab_size=700, special_tokens=first, show_progress=False),
    )
    made.decoder = decoders.ByteFallback()
    made.post_processor = processors.TemplateProcessing(single="$A <eos>", special_tokens=[("<eos>", 1)])
    _save(made, folder, pad_token="<pad>", eos_token="<eos>", unk_token="<unk>")


def roberta(folder: Path) -> None:
    """GPT-2's bytes, as RoBERTa has them."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers

    made: Any = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    first = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=500, special_tokens=first, initial_alphabet=alphabet, show_progress=False)
    made.train_from_iterator(_captions(), trainer)
    made.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    names = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>", "sep_token": "</s>"}
    _save(made, folder, **names)


def bert(folder: Path) -> None:
    """WordPiece, as CLIPA has it."""
    from tests.core.models.conftest import write_tokenizer

    write_tokenizer(folder)
    (folder / "config.json").unlink()


# Families


def _timm(name: str, size: int, **more: Any) -> dict[str, Any]:
    return {"timm_model_name": name, "timm_model_pretrained": False, "image_size": size, **more}


def _tower(kind: str, vocabulary: int, **more: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """RoBERTa's config: a small one, and the published one."""
    shared = {"model_type": kind, "type_vocab_size": 1, "pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2}
    small = {"vocab_size": 500, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    whole = {"vocab_size": vocabulary, "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12}
    return (
        shared | small | {"intermediate_size": 64, "max_position_embeddings": 84} | more,
        shared | whole | {"intermediate_size": 3072, "max_position_embeddings": 514, "layer_norm_eps": 1e-5} | more,
    )


MT5 = {"model_type": "mt5", "feed_forward_proj": "gated-gelu", "pad_token_id": 0, "is_encoder_decoder": True}
MT5_SMALL = MT5 | {"vocab_size": 500, "d_model": 32, "d_kv": 16, "d_ff": 64, "num_layers": 2, "num_heads": 2}
MT5_BASE = MT5 | {"vocab_size": 250112, "d_model": 768, "d_kv": 64, "d_ff": 2048, "num_layers": 12, "num_heads": 12}
HF_TEXT = {"hf_model_name": "somebody/something", "hf_tokenizer_name": "somebody/something"}
SIGLIP_TEXT = {
    "context_length": 16,
    "vocab_size": 1000,
    "hf_tokenizer_name": "somebody/something",
    "tokenizer_kwargs": {"clean": "canonicalize"},
    "width": 32,
    "heads": 2,
    "layers": 2,
    "no_causal_mask": True,
    "proj_bias": True,
    "pool_type": "last",
    "norm_kwargs": {"eps": 1e-6},
}
COCA_TEXT = TEXT | {"context_length": 19, "embed_cls": True, "output_tokens": True}
MULTIMODAL = {"context_length": 19, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2, "attn_pooler_heads": 2}

FAMILIES = (
    Family("ViT", "ViT-S-32-alt", {"embed_dim": 24, "vision_cfg": VIT, "text_cfg": TEXT}),
    Family(
        "ViT, quick GELU",
        "ViT-B-32-quickgelu",
        {"embed_dim": 24, "quick_gelu": True, "vision_cfg": VIT, "text_cfg": TEXT},
        tag="openai",
        quick=False,  # what tests/core/models/test_importing.py imports is of this family
    ),
    Family(
        "ResNet",
        "RN50",
        {"embed_dim": 24, "vision_cfg": {"image_size": 64, "layers": [1, 1, 1, 1], "width": 16}, "text_cfg": TEXT},
    ),
    Family(
        "ConvNeXt",
        "convnext_tiny",
        {
            "embed_dim": 24,
            "vision_cfg": _timm("test_convnext", 64, timm_pool="", timm_proj="linear"),
            "text_cfg": TEXT,
        },
    ),
    Family(
        "SigLIP",
        "ViT-B-16-SigLIP",
        {
            "embed_dim": 64,
            "init_logit_bias": -10,
            "custom_text": True,
            "vision_cfg": _timm("test_vit", 160, timm_pool="map", timm_proj="none"),
            "text_cfg": SIGLIP_TEXT,
        },
        siglip,
    ),
    Family(
        "SigLIP2",
        "ViT-B-32-SigLIP2-256",
        {
            "embed_dim": 64,
            "init_logit_bias": -10,
            "custom_text": True,
            "vision_cfg": _timm("test_vit", 160, timm_pool="map", timm_proj="none"),
            "text_cfg": SIGLIP_TEXT | {"act_kwargs": {"approximate": "tanh"}},
        },
        gemma,
    ),
    Family(
        "MobileCLIP",
        "MobileCLIP2-S0",
        {
            "embed_dim": 24,
            "custom_text": True,
            "vision_cfg": _timm("fastvit_t8", 64, timm_pool="avg", timm_proj="linear"),
            "text_cfg": TEXT | {"no_causal_mask": True},
        },
    ),
    Family(
        "EVA",
        "EVA02-B-16",
        {
            "embed_dim": 24,
            "custom_text": True,
            "vision_cfg": _timm("eva02_tiny_patch14_224", 224, timm_pool="token", timm_proj="linear"),
            "text_cfg": TEXT,
        },
        gain=8.0,
    ),
    Family(
        "CLIPA",
        "ViT-L-14-CLIPA",
        {
            "embed_dim": 24,
            "vision_cfg": VIT | {"no_ln_pre": True, "pool_type": "avg", "final_ln_after_pool": True},
            "text_cfg": TEXT
            | {
                "vocab_size": 1000,
                "hf_tokenizer_name": "somebody/something",
                "tokenizer_kwargs": {"strip_sep_token": True},
                "pool_type": "last",
                "no_causal_mask": True,
            },
        },
        bert,
    ),
    Family(
        "Perception Encoder",
        "PE-Core-T-16-384",
        {
            "embed_dim": 24,
            "custom_text": True,
            "vision_cfg": _timm("vit_pe_core_tiny_patch16_384", 384, timm_pool="map", timm_proj=None),
            "text_cfg": TEXT,
        },
        gain=6.0,
        small_gain=10.0,
    ),
    Family(
        "CoCa",
        "coca_ViT-B-32",
        {
            "embed_dim": 24,
            "custom_text": True,
            "vision_cfg": VIT | {"attentional_pool": True, "attn_pooler_heads": 2, "output_tokens": True},
            "text_cfg": COCA_TEXT,
            "multimodal_cfg": MULTIMODAL,
        },
    ),
    Family(
        "XLM-R text",
        "xlm-roberta-base-ViT-B-32",
        {"embed_dim": 24, "vision_cfg": VIT, "text_cfg": HF_TEXT | {"hf_pooler_type": "mean_pooler"}},
        xlm_roberta,
        _tower("xlm-roberta", 250002),
    ),
    Family(
        "RoBERTa text",
        "roberta-ViT-B-32",
        {"embed_dim": 24, "vision_cfg": VIT, "text_cfg": HF_TEXT | {"hf_pooler_type": "mean_pooler"}},
        roberta,
        _tower("roberta", 50265),
    ),
    Family(
        "mT5 text",
        "mt5-base-ViT-B-32",
        {
            "embed_dim": 24,
            "vision_cfg": VIT,
            "text_cfg": HF_TEXT | {"hf_pooler_type": "mean_pooler", "hf_proj_type": "linear"},
        },
        t5,
        (MT5_SMALL, MT5_BASE),
        quick=False,
    ),
)
