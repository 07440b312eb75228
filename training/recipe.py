"""CLIP's recipe (Radford et al. 2021), as OpenCLIP trains it (Cherti et al. 2023): what `training.scratch` repeats.

AdamW with CLIP's decay, a cosine with a warm-up, mixed precision, and one step: the features of all processes gathered
with their gradients, the symmetric loss over the global batch, the learned temperature clamped. Its state is saved by
all processes together (`training.sharded`), and taken up again to the bit.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from core.errors import CallError, PhotoError, TrainingError
from core.evaluation import retrieval
from training import building, losses, sharded
from training.building import Built
from training.decoding import Batch, open_photo
from training.distributed import Averaging, World, gathered, same_everywhere
from training.loop import gradients_in_parts, rate_at
from training.shards import Pair, Position

KINDS = {"fp64": torch.float64, "fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass(frozen=True, slots=True)
class Options:
    """What a run does. ``batch`` is the global one, over all processes; ``rate`` the highest one; ``steps`` of 0 are
    counted from ``epochs``, for which the data is read once before; ``parts`` is how many pieces a process's share of
    the batch goes through the towers in (GradCache: Gao et al. 2021). CLIP's own values are the defaults."""

    sources: tuple[str, ...]
    architecture: str = "ViT-B-32"
    batch: int = 1024
    epochs: float = 32
    steps: int = 0
    rate: float = 5e-4
    warm_up: int = 2000
    decay: float = 0.2
    beta: float = 0.98
    epsilon: float = 1e-6
    precision: str = "fp32"
    checkpointing: bool = False
    parts: int = 1
    hold_out: float = 0.02
    buffer: int = 5000
    workers: int = 4
    save_every: int = 1000
    measure_every: int = 0
    seed: int = 0

    def check(self, world: World) -> None:
        """Raises `CallError` for what makes no sense."""
        if self.batch < 2 or self.batch % world.size:
            raise CallError(f"The batch of {self.batch} cannot be shared by {world.size} processes evenly.")
        if self.parts < 1 or self.batch // world.size % self.parts:
            raise CallError(f"{self.batch // world.size} pairs of a process cannot be cut into {self.parts} parts.")
        if self.precision not in KINDS:
            raise CallError(f"The precision is one of {', '.join(KINDS)}.")
        if self.precision == "fp16" and world.device.type != "cuda":
            raise CallError("fp16 is for GPUs: take bf16 or fp32 here.")
        if not 0 <= self.hold_out < 1:
            raise CallError("What is held out is a share from 0 to below 1.")
        if self.steps < 0 or self.epochs <= 0 or self.rate <= 0 or self.save_every < 1:
            raise CallError("Steps, epochs, the rate and --save-every are positive numbers.")


def groups(model: nn.Module, decay: float) -> list[dict[str, Any]]:
    """Parameters for AdamW. As CLIP has it, gains, biases and the temperature are not decayed: whatever is no matrix,
    and norms by their names."""

    def spared(name: str, value: Tensor) -> bool:
        return value.ndim < 2 or any(part in name for part in ("bn", "ln", "bias", "logit_scale"))

    named = [(name, value) for name, value in model.named_parameters() if value.requires_grad]
    return [
        {"params": [value for name, value in named if spared(name, value)], "weight_decay": 0.0},
        {"params": [value for name, value in named if not spared(name, value)], "weight_decay": decay},
    ]


class Learning:
    """A model that learns, with all that its next step depends on."""

    def __init__(self, built: Built, world: World, options: Options, steps: int) -> None:
        self.model, self.world = built.model, world
        self.step, self.faults, self.position = 0, 0, Position()
        self.steps = steps
        self._built, self._options = built, options
        self._warm_up = min(options.warm_up, max(steps // 10, 1))
        if options.parts > 1 and building.has_batch_norm(self.model):
            raise CallError("This architecture has batch norm, which has to see the batch at once: leave out --parts.")
        if options.precision == "fp64":
            self.model.double()
        same_everywhere(self.model, world)
        self._averaging = Averaging(self.model, world)
        self._optimizer = torch.optim.AdamW(
            groups(self.model, options.decay), lr=options.rate, betas=(0.9, options.beta), eps=options.epsilon
        )
        self._scaler = torch.amp.GradScaler(world.device.type, enabled=options.precision == "fp16")

    def features(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Unit vectors of photos and sentences, float[n, dim] each. The towers run in the reduced precision; features,
        similarities and the loss do not."""
        device, kind = self.world.device, KINDS[self._options.precision]
        whole = torch.float64 if kind is torch.float64 else torch.float32
        with torch.autocast(device.type, kind, enabled=kind in (torch.bfloat16, torch.float16)):
            photos = building.in_floats(batch.photos.to(device, non_blocking=True), self._built, whole)
            images = self.model.encode_image(photos)  # type: ignore[operator]
            texts = self.model.encode_text(batch.tokens.to(device, non_blocking=True))  # type: ignore[operator]
        return functional.normalize(images.to(whole), dim=-1), functional.normalize(texts.to(whole), dim=-1)

    def loss(self, images: Tensor, texts: Tensor) -> Tensor:
        """This process's part of the global batch's loss, whose mean over all processes is the loss itself."""
        return losses.info_nce(
            images,
            texts,
            self._logarithm.exp(),
            every_image=gathered(images, self.world),
            every_text=gathered(texts, self.world),
            first=self.world.rank * len(images),
        )

    def gradients(self, batch: Batch) -> Tensor:
        """The loss of this process's part; every parameter has the gradient of the whole afterwards, times the
        scaler's factor."""
        self._optimizer.zero_grad(set_to_none=True)
        parts = batch.split(self._options.parts)
        encodings = len(parts) if len(parts) == 1 else 2 * len(parts)

        def encode(part: Batch) -> tuple[Tensor, Tensor]:
            nonlocal encodings
            encodings -= 1
            self._averaging.armed = encodings == 0  # gradients are whole in the last part alone
            return self.features(part)

        loss = gradients_in_parts(encode, parts, lambda *both: self._scaler.scale(self.loss(*both)))
        self._averaging.finish()
        return loss / self._scaler.get_scale()

    def learn(self, batch: Batch) -> Tensor:
        """Take one step; the loss of this process's part before it."""
        for group in self._optimizer.param_groups:
            group["lr"] = self.rate
        loss = self.gradients(batch)
        self._scaler.step(self._optimizer)
        self._scaler.update()
        losses.clamp_scale(self._logarithm)
        self.step, self.position = self.step + 1, batch.position
        return loss

    @property
    def is_finite(self) -> bool:
        """Whether every weight is a number."""
        return all(bool(torch.isfinite(one).all()) for one in self.model.parameters())

    @property
    def rate(self) -> float:
        """Of the next step."""
        share: float = rate_at(self.step, self.steps, self._warm_up) / 2.0**self.faults
        return self._options.rate * share

    @property
    def scale(self) -> float:
        """The inverse temperature."""
        return float(self._logarithm.detach().exp())

    @property
    def _logarithm(self) -> nn.Parameter:
        found = self.model.logit_scale
        assert isinstance(found, nn.Parameter)
        return found

    def save(self, folder: Path) -> None:
        """Write everything down, together with the other processes. Raises `RetrouveError`."""
        shared = {f"model.{name}": value for name, value in self.model.state_dict().items()}
        shared |= {f"optimizer.{name}": value for name, value in sharded.flat(self._optimizer).items()}
        mine = {"chance": torch.get_rng_state()}
        if self.world.device.type == "cuda":
            mine["chance_gpu"] = torch.cuda.get_rng_state(self.world.device)
        about = {"position": astuple(self.position), "faults": self.faults, "scaler": self._scaler.state_dict()}
        sharded.save(folder, self.step, self.world, shared, mine, about)

    def resume(self, folder: Path) -> bool:
        """Go on from the last whole set; False where there is none. Raises `TrainingError`."""
        saved = sharded.load(folder, self.world)
        if saved is None:
            return False
        parts: dict[str, dict[str, Tensor]] = {"model": {}, "optimizer": {}}
        for name, value in saved.shared.items():
            kind, _, rest = name.partition(".")
            parts[kind][rest] = value
        try:
            self.model.load_state_dict(parts["model"])
        except RuntimeError as error:
            raise TrainingError(f"The checkpoint in {folder} is one of another architecture.") from error
        sharded.unflatten(self._optimizer, parts["optimizer"])
        torch.set_rng_state(saved.mine["chance"])
        if self.world.device.type == "cuda":
            torch.cuda.set_rng_state(saved.mine["chance_gpu"], self.world.device)
        self._scaler.load_state_dict(dict(saved.about["scaler"]))
        self.step, self.faults = saved.step, int(saved.about["faults"])
        self.position = Position(*saved.about["position"])
        return True


class Examination:
    """The pairs that are held out, read once and kept small."""

    def __init__(self, pairs: Sequence[Pair], built: Built) -> None:
        self._built = built
        self.photos: list[Tensor] = []
        self.captions: list[str] = []
        self._owner: list[int] = []
        for pair in pairs:
            with contextlib.suppress(PhotoError, OSError):  # the report on the data counts them
                self.photos.append(built.transform(open_photo(pair.read(), built.side)))
                self._owner += [len(self.photos) - 1] * len(pair.captions)
                self.captions += pair.captions

    def ranks(self, model: nn.Module, device: torch.device) -> NDArray[np.int64]:
        """How many photos come before the right one, for each held-out sentence: int64[captions], of none where there
        is nothing to mistake a photo for."""
        if len(self.photos) < 2:
            return np.empty(0, np.int64)
        kind = next(model.parameters()).dtype
        was = model.training
        model.eval()
        with torch.inference_mode():
            images = torch.cat(
                [
                    model.encode_image(torch.stack(self.photos[start : start + 64]).to(device, kind), normalize=True)  # type: ignore[operator]
                    for start in range(0, len(self.photos), 64)
                ]
            )
            texts = torch.cat(
                [
                    model.encode_text(  # type: ignore[operator]
                        self._built.tokenize(self.captions[start : start + 256]).to(device), normalize=True
                    )
                    for start in range(0, len(self.captions), 256)
                ]
            )
        model.train(was)
        found, asked = (np.asarray(rows.float().cpu().numpy(), np.float32) for rows in (images, texts))
        return retrieval.caption_ranks(found, asked, self._owner)


def recalls(ranks: NDArray[np.int64]) -> dict[str, float]:
    """The share of held-out sentences whose photo is found first, and among the first ten; nothing of none."""
    return {f"sentences_recall_at_{k}": retrieval.recall_at_k(ranks, k) for k in (1, 10) if len(ranks)}
