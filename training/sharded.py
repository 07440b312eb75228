"""Checkpoints that many processes write together: each a part, so that none has to write all, and no host waits.

A set is a folder ``step-00001000`` with ``part-00000-of-00008.safetensors`` ... in it. The tensors that are equal
everywhere (weights, the optimizer's moments) are shared out by size; what is a process's own (its chance, its place in
the data) lies in its part. A part is written aside, down to the disk, and renamed: a set counts when all its parts are
there, and the one before it is kept until then and beyond. All processes have to see one file system.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from core.copying import refused
from core.errors import RetrouveError, TrainingError
from training.distributed import World, any_of, told, wait_for_all

KEPT = 2
"""Whole sets that stay: should the last one not be readable, there is one before it."""
_STEP = re.compile(r"step-(\d{8,})")
_PART = re.compile(r"part-(\d{5})-of-(\d{5})\.safetensors")


@dataclass(frozen=True, slots=True)
class Saved:
    """A set that was read: ``shared`` tensors, and what this process wrote of its own: ``mine`` and ``about``."""

    step: int
    shared: Mapping[str, Tensor]
    mine: Mapping[str, Tensor]
    about: Mapping[str, Any]


def share_out(tensors: Mapping[str, Tensor], size: int) -> list[list[str]]:
    """The names of tensors for each of ``size`` processes, about as many bytes each; alike wherever it is computed."""
    shares: list[list[str]] = [[] for _ in range(size)]
    loads = [0] * size
    for name in sorted(tensors, key=lambda one: (-tensors[one].nbytes, one)):
        least = loads.index(min(loads))
        shares[least].append(name)
        loads[least] += tensors[name].nbytes
    return shares


def save(
    folder: Path,
    step: int,
    world: World,
    shared: Mapping[str, Tensor],
    mine: Mapping[str, Tensor],
    about: Mapping[str, Any],
) -> None:
    """Write this process's part of a set; all processes call it together. ``about`` is JSON.

    Raises `RetrouveError` in all of them where one could not write (a full disk): the sets before stay as they are.
    """
    place = folder / f"step-{step:08d}"
    part = place / f"part-{world.rank:05d}-of-{world.size:05d}.safetensors"
    tensors = {f"shared.{name}": shared[name] for name in share_out(shared, world.size)[world.rank]}
    tensors |= {f"mine.{name}": value for name, value in mine.items()}
    fault: RetrouveError | None = None
    aside = part.with_suffix(".new")
    try:
        place.mkdir(parents=True, exist_ok=True)
        # Copies of their own: safetensors refuses tensors that share their bytes.
        whole = {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}
        save_file(whole, aside, metadata={"about": json.dumps(dict(about), allow_nan=False)})
        with aside.open("rb+") as file:
            os.fsync(file.fileno())
        aside.replace(part)
    except (OSError, SafetensorError) as error:
        with contextlib.suppress(OSError):
            aside.unlink(missing_ok=True)
        if isinstance(error, OSError):
            fault = refused(error, part)
        else:  # it tells what the disk said as words alone
            fault = TrainingError(f"The checkpoint cannot be written: {part} ({error}). Those before it stay.")
    if any_of(fault is not None, world):
        if world.leads:
            shutil.rmtree(place, ignore_errors=True)
        raise fault or TrainingError(f"Another process could not write its part of the checkpoint in {place}.")
    if world.leads:
        kept = {f"step-{one:08d}" for one in whole_sets(folder)[:KEPT]}
        for old in folder.glob("step-*"):  # also what a killed run left half written
            if old.name not in kept:
                shutil.rmtree(old, ignore_errors=True)
    wait_for_all(world)


def whole_sets(folder: Path) -> list[int]:
    """The steps of all sets that are whole, the last first."""
    found = []
    for place in folder.glob("step-*"):
        step = _STEP.fullmatch(place.name)
        parts = [match for path in place.iterdir() if (match := _PART.fullmatch(path.name))] if place.is_dir() else []
        sizes = {int(part[2]) for part in parts}
        if step and len(sizes) == 1 and len(parts) == sizes.pop():
            found.append(int(step[1]))
    return sorted(found, reverse=True)


def load(folder: Path, world: World) -> Saved | None:
    """The last whole set that can be read, alike for all processes; None where there is none.

    Raises `TrainingError` where another number of processes wrote it: the data would be shared out otherwise.
    """
    for step in told(whole_sets(folder), world):
        place = folder / f"step-{step:08d}"
        parts = len(list(place.glob("part-*.safetensors")))
        if parts != world.size:
            raise TrainingError(
                f"The run was begun by {parts} process{'es' if parts != 1 else ''}, and goes on with as many alone: "
                f"now there {'are' if world.size != 1 else 'is'} {world.size}."
            )
        found = None
        with contextlib.suppress(OSError, SafetensorError, ValueError, KeyError):
            found = _read(place, step, world)
        if not any_of(found is None, world):
            return found
    return None


def _read(place: Path, step: int, world: World) -> Saved:
    shared: dict[str, Tensor] = {}
    mine: dict[str, Tensor] = {}
    about: dict[str, Any] = {}
    for rank in range(world.size):
        with safe_open(place / f"part-{rank:05d}-of-{world.size:05d}.safetensors", framework="pt") as file:
            for name in file.keys():  # noqa: SIM118 - it is no mapping
                kind, _, rest = name.partition(".")
                if kind == "shared":
                    shared[rest] = file.get_tensor(name)
                elif rank == world.rank:
                    mine[rest] = file.get_tensor(name)
            if rank == world.rank:
                about = json.loads(file.metadata()["about"])
    return Saved(step, shared, mine, about)


def flat(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """An optimizer's tensors by name: ``12.exp_avg``."""
    state: Mapping[int, Mapping[str, Tensor]] = optimizer.state_dict()["state"]
    return {f"{number}.{name}": value for number, found in state.items() for name, value in found.items()}


def unflatten(optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Put back what `flat` gave."""
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        number, _, rest = name.partition(".")
        state.setdefault(int(number), {})[rest] = value
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
