"""Several processes that train as one: who is there, what each sees of the others, and how they agree.

Started by ``torchrun``, which says in the environment who is who; without it there is one process. Between GPUs by
NCCL, between CPUs by gloo. With one process nothing here does anything, so that the trainer is written once.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import torch
import torch.distributed as dist
from torch import Tensor, nn

from core.errors import TrainingError

BUCKET = 25 << 20
"""Bytes of gradients that travel together: large enough for the network, small enough that backward goes on beside."""


@dataclass(frozen=True, slots=True)
class World:
    """This process (``rank``) among all (``size``), and what it computes on."""

    rank: int
    size: int
    device: torch.device

    @property
    def leads(self) -> bool:
        """Whether it is the one that speaks, measures and writes for all."""
        return self.rank == 0


@contextmanager
def joined(device: str | None = None) -> Iterator[World]:
    """Join the others that ``torchrun`` started, or be alone. ``device`` is ``cpu`` or ``cuda``; by default CUDA where
    it is. Raises `TrainingError` where the others cannot be reached."""
    kind = device or ("cuda" if torch.cuda.is_available() else "cpu")
    here = torch.device(kind, int(os.environ.get("LOCAL_RANK", "0"))) if kind == "cuda" else torch.device(kind)
    if kind == "cuda":
        torch.cuda.set_device(here)
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield World(0, 1, here)
        return
    try:
        dist.init_process_group("nccl" if kind == "cuda" else "gloo")
    except (RuntimeError, ValueError) as error:
        place = f"{os.environ.get('MASTER_ADDR', '?')}:{os.environ.get('MASTER_PORT', '?')}"
        raise TrainingError(f"The {size} processes did not find each other at {place}: {error}") from error
    try:
        yield World(dist.get_rank(), size, here)
    finally:
        dist.destroy_process_group()


class _Gather(torch.autograd.Function):
    """Rows of all processes, in the order of their ranks. What any process's loss says of a row comes back to the one
    that it came from: the sum over all."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor) -> Tensor:
        parts = [torch.empty_like(rows) for _ in range(dist.get_world_size())]
        dist.all_gather(parts, rows.contiguous())
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        summed = gradients[0].contiguous()
        dist.all_reduce(summed)
        return summed.chunk(dist.get_world_size())[dist.get_rank()]


def gathered(rows: Tensor, world: World) -> Tensor:
    """float[n, dim] of this process to float[n * size, dim] of all, with gradient. Every process has as many rows."""
    return rows if world.size == 1 else cast(Tensor, _Gather.apply(rows))


def same_everywhere(model: nn.Module, world: World) -> None:
    """Give all the weights and buffers of rank 0."""
    if world.size > 1:
        for tensor in model.state_dict().values():
            dist.broadcast(tensor, 0)


class Averaging:
    """Makes each gradient the mean over all processes while backward goes on, as DistributedDataParallel does (Li et
    al. 2020). Unlike that one's, buckets never change, so that a resumed run adds in the order of one that was not
    interrupted: to the bit.
    """

    def __init__(self, model: nn.Module, world: World, bucket: int = BUCKET) -> None:
        self._size = world.size
        self.armed = True
        """Whether gradients are whole after the backward that comes, and may travel beside it."""
        self._buckets: list[list[nn.Parameter]] = []
        self._of: dict[nn.Parameter, int] = {}
        self._travelling: list[tuple[Tensor, dist.Work]] = []
        self._missing: list[int] = []
        if world.size == 1:
            return
        full = bucket
        for parameter in reversed([one for one in model.parameters() if one.requires_grad]):
            size = parameter.numel() * parameter.element_size()
            if not self._buckets or full + size > bucket or self._buckets[-1][0].dtype != parameter.dtype:
                self._buckets.append([])
                full = 0
            full += size
            self._of[parameter] = len(self._buckets) - 1
            self._buckets[-1].append(parameter)
            parameter.register_post_accumulate_grad_hook(self._ready)  # type: ignore[no-untyped-call]
        self._missing = [len(bucket) for bucket in self._buckets]

    def _ready(self, parameter: Tensor) -> None:
        if not self.armed:
            return
        self._missing[self._of[cast(nn.Parameter, parameter)]] -= 1
        while len(self._travelling) < len(self._buckets) and self._missing[len(self._travelling)] <= 0:
            self._send()

    def _send(self) -> None:
        """The next bucket goes: always in the same order, lest one process waits for what another sends later."""
        bucket = self._buckets[len(self._travelling)]
        flat = torch.cat([(torch.zeros_like(one) if one.grad is None else one.grad).flatten() for one in bucket])
        self._travelling.append((flat, dist.all_reduce(flat, async_op=True)))

    def finish(self) -> None:
        """After backward: wait for all, and put the means where the gradients were."""
        while len(self._travelling) < len(self._buckets):
            self._send()
        for bucket, (flat, work) in zip(self._buckets, self._travelling, strict=True):
            work.wait()
            flat /= self._size
            for parameter, part in zip(bucket, torch.split(flat, [one.numel() for one in bucket]), strict=True):
                parameter.grad = part.view_as(parameter)
        self._travelling = []
        self._missing = [len(bucket) for bucket in self._buckets]


def mean(value: Tensor, world: World) -> float:
    """The mean of a scalar over all processes."""
    if world.size == 1:
        return float(value)
    found = value.detach().clone()
    dist.all_reduce(found)
    return float(found) / world.size


def any_of(flag: bool, world: World) -> bool:
    """Whether it holds for one process at least: what all must do alike is decided so."""
    if world.size == 1:
        return flag
    found = torch.tensor(int(flag), device=world.device)
    dist.all_reduce(found, op=dist.ReduceOp.MAX)
    return bool(found)


def told(value: Any, world: World) -> Any:
    """What rank 0 says, to all. JSON-like values alone."""
    if world.size == 1:
        return value
    box = [value]
    dist.broadcast_object_list(box, src=0, device=world.device if world.device.type == "cuda" else None)
    return box[0]


def wait_for_all(world: World) -> None:
    """Go on when all are here."""
    if world.size > 1:
        any_of(False, world)
