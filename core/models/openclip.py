"""The reference encoder: any OpenCLIP architecture and checkpoint, on CUDA, MPS or the CPU.

Preprocessing and tokenizing are open_clip's own, so that a comparison with OpenVinoEncoder judges those as well; photos
that come as numbers go through the same tower without them (`core.models.photo_tower`). One of the files of core that
touch torch, inside functions only; it comes with the [torch] extra.
"""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.errors import ModelDamaged, ModelMissing, TorchMissing
from core.models.described import DescribedEncoder
from core.models.encoder import Embeddings, EncoderSpec
from core.models.photo_tower import PRECISIONS, PhotoTower, best_device
from core.models.reasons import reason_of
from core.models.registry import ModelInfo, load_info

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

_TOKENIZER_OPTIONS = {"clean", "strip_sep_token"}
"""What the configs that come with open_clip ask of their tokenizers."""
_NEEDED = ("torch", "open_clip", "timm", "transformers")
_SENTENCES = 64


def require_torch(what: str) -> None:
    """Raises TorchMissing, which says what needs it, where a package of the [torch] extra is not there."""
    if any(importlib.util.find_spec(name) is None for name in _NEEDED):
        raise TorchMissing(what)


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model as open_clip built it. ``transform`` makes float32[3, height, width] of a picture, ``tokenize`` int64
    [n, context] of sentences."""

    model: Any
    transform: Callable[[Image], Tensor]
    tokenize: Callable[[list[str]], Tensor]


class OpenClipEncoder(DescribedEncoder):
    """An Encoder on torch. Calls may come from several threads."""

    def __init__(self, spec: EncoderSpec, device: str | None = None) -> None:
        """Loads the whole model. ``device`` is torch's name of one; by default what ``spec`` says, else the best that
        is there.

        Photos are computed in bfloat16 with a ``precision`` of ``bf16``, in float16 with ``fp16``, where torch thinks
        that safe; with any other in float32, as sentences always are. ``threads`` holds for all of torch in this
        process. Raises TorchMissing, ModelMissing or ModelDamaged.
        """
        require_torch(f"Running the model in {spec.folder} with OpenCLIP")
        import torch

        if spec.threads:
            torch.set_num_threads(spec.threads)
        super().__init__(load_info(spec.folder))
        self.device = device or spec.device or best_device()
        if self.info.is_graphs_alone:
            raise ModelMissing(f"The model in {spec.folder} is its graphs alone: OpenCLIP has nothing to load.")
        self._loaded = load_folder(self.info, self.device)
        precision = spec.precision if spec.precision in PRECISIONS else "f32"
        self.photo_tower = self.tower_in(precision)

    def tower_in(self, precision: str) -> PhotoTower:
        """The image tower, which computes in ``f32``, ``bf16`` or ``fp16``."""
        size = self.info.preprocess.size
        return PhotoTower(self._loaded.model.encode_image, self.device, precision, size, self.dim)

    @property
    def preferred_batch(self) -> int:
        """How many photos go through at once."""
        return self.photo_tower.batch

    @property
    def precision(self) -> str:
        """``f32``, ``bf16`` or ``fp16``: what photos are computed in."""
        return self.photo_tower.precision

    @property
    def model(self) -> Any:
        """The towers, as open_clip built them."""
        return self._loaded.model

    @property
    def tokenizer(self) -> Any:
        """What makes int64[n, context] of sentences: open_clip's own."""
        return self._loaded.tokenize

    def encode_images(self, images: Sequence[Image]) -> Embeddings:
        """Upright pictures of any size, to float32[n, dim] of unit length."""
        rows = [np.empty((0, self.dim), np.float32)]
        for start in range(0, len(images), self.preferred_batch):
            part = images[start : start + self.preferred_batch]
            scaled = [self._loaded.transform(image.convert("RGB")).numpy() for image in part]
            rows.append(self.photo_tower.encode(scaled))
        return np.concatenate(rows)

    def encode_pixels(self, pixels: Sequence[NDArray[np.float32]] | NDArray[np.float32]) -> Embeddings:
        """float32[3, height, width] of each photo as ``preprocess`` gives it, to float32[n, dim] of unit length."""
        return self.photo_tower.encode(pixels)

    def encode_texts(self, texts: Sequence[str]) -> Embeddings:
        """Sentences to float32[n, dim] of unit length; what is longer than the context is cut."""
        import torch

        rows = [torch.empty((0, self.dim))]
        with torch.inference_mode():
            for start in range(0, len(texts), _SENTENCES):
                ids = self._loaded.tokenize(list(texts[start : start + _SENTENCES])).to(self.device)
                rows.append(self._loaded.model.encode_text(ids).float().cpu())
        # A row of zeros stays one: the length is never taken for less than this.
        found: Embeddings = torch.nn.functional.normalize(torch.cat(rows), dim=1, eps=1e-30).numpy()
        return found


def load_folder(info: ModelInfo, device: str) -> LoadedModel:
    """A model from a folder in OpenCLIP's local-dir format, without asking the network for anything.

    Weights are safetensors, or a checkpoint that is read with ``weights_only=True``: neither can run code. Raises
    ModelMissing or ModelDamaged.
    """
    with quietly_offline():
        import open_clip

        from core.models.towers import register_towers

        register_towers()
        source = f"local-dir:{info.folder}"
        text_cfg = text_config(info.folder, info.config["model_cfg"].get("text_cfg", {}))
        try:
            model = open_clip.create_model(
                source, device=device, weights_only=True, require_pretrained=True, text_cfg=text_cfg
            )
            tokenize = open_clip.get_tokenizer(source)
        except Exception as error:
            raise ModelDamaged(f"OpenCLIP cannot load the model in {info.folder}: {reason_of(error)}.") from error
        config = open_clip.transform.PreprocessCfg(**model.visual.preprocess_cfg)
        transform = open_clip.transform.image_transform_v2(config, is_train=False)
    return LoadedModel(model.eval(), transform, tokenize)


def text_config(folder: Path, said: Mapping[str, Any]) -> dict[str, Any]:
    """The config of the text tower, with the absolute path that open_clip's Hugging Face tower reads its own from.

    The folder itself says ``.``, or the name of a model on a hub: then its ``config.json`` is in the folder too. Raises
    ModelMissing when it is not, rather than ask the network, and ModelDamaged for a tokenizer that wants more than the
    known options.
    """
    found: dict[str, Any] = deepcopy(dict(said))
    # open_clip hands these on to a loader that, asked by them, would run Python that lies in the folder.
    if set(found.get("tokenizer_kwargs") or {}) - _TOKENIZER_OPTIONS:
        raise ModelDamaged(f"The model in {folder} wants its sentences cut in a way that is not known here.")
    named = found.get("hf_model_name")
    if not named:
        return found
    place = next((place for place in (folder / str(named), folder) if _describes_a_tower(place)), None)
    if place is None:
        raise ModelMissing(f"The model's text tower has no config of its own: {folder / 'config.json'}")
    return found | {"hf_model_name": str(place.resolve()), "hf_model_pretrained": False}


def _describes_a_tower(folder: Path) -> bool:
    path = folder / "config.json"
    return path.is_file() and '"model_type"' in path.read_text(encoding="utf-8", errors="replace")


@contextlib.contextmanager
def quietly_offline() -> Iterator[None]:
    """Loads without a look at the network, and without the deprecation warnings of the libraries among themselves."""
    from core.models.hub import endpoint, keep_to_oneself

    endpoint()  # what is no address breaks the imports
    keep_to_oneself()
    from huggingface_hub import constants

    # Here, and not in the environment: another part of the process may be about to fetch a model.
    before, constants.HF_HUB_OFFLINE = constants.HF_HUB_OFFLINE, True
    try:
        with warnings.catch_warnings(), _without_chatter():
            for kind in (DeprecationWarning, FutureWarning, PendingDeprecationWarning):
                warnings.simplefilter("ignore", kind)
            yield
    finally:
        constants.HF_HUB_OFFLINE = before


@contextlib.contextmanager
def _without_chatter() -> Iterator[None]:
    """open_clip tells the root logger of each step, and makes it write to stderr where nobody has set it up."""
    root, nowhere = logging.getLogger(), logging.NullHandler()

    def is_ours(record: logging.LogRecord) -> bool:
        return record.name != root.name

    root.addHandler(nowhere)
    root.addFilter(is_ours)
    try:
        yield
    finally:
        root.removeFilter(is_ours)
        root.removeHandler(nowhere)
