"""Small runs of `training.scratch` for tests, and what two processes do in one: ``python scratch_runs.py OUT DATA``."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from training import building, scratch
from training.decoding import Batch
from training.distributed import World, joined
from training.recipe import Learning, Options
from training.shards import Position

TINY = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": 16, "layers": 1, "width": 32, "head_width": 16, "patch_size": 8},
    "text_cfg": {"context_length": 16, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1},
}
ALONE = World(0, 1, torch.device("cpu"))


class Killed(BaseException):
    """What a test ends a run with, as abruptly as a test can."""


def tiny(folder: Path) -> str:
    """An architecture of 0.8 million weights, nearly all of them words."""
    path = folder / "tiny.json"
    path.write_text(json.dumps(TINY))
    return str(path)


def options(data: Path, **more: Any) -> Options:
    return replace(
        Options((str(data),), batch=8, steps=8, buffer=40, workers=1, save_every=3, hold_out=0.2, rate=1e-3), **more
    )


def silent(*_: Any, **__: Any) -> None:
    """Nobody listens."""


def kill_at(step: int) -> Callable[..., None]:
    def tell(what: str, done: int, total: int, **_: Any) -> None:
        if done == step:
            raise Killed

    return tell


def weights(run: Path) -> dict[str, torch.Tensor]:
    return load_file(run / "model" / "open_clip_model.safetensors")


def curves(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "curves.jsonl").read_text().splitlines()]


def whole_batch(size: int = 12, side: int = 16) -> Batch:
    chance = torch.Generator().manual_seed(5)
    photos = torch.randint(0, 256, (size, 3, side, side), generator=chance, dtype=torch.uint8)
    tokens = torch.randint(1, 40_000, (size, 16), generator=chance)
    tokens[:, -1] = 49_407
    return Batch(photos, tokens, Position())


def gradients(folder: Path, world: World, parts: int = 1, tower: dict[str, Any] | None = None) -> dict[str, Any]:
    """The loss and every gradient of the tiny model in float64, of this process's share of the whole batch."""
    if world.rank == 0:
        building.write_config(folder, TINY if tower is None else {**TINY, "vision_cfg": tower})
    if world.size > 1:
        torch.distributed.barrier()
    torch.manual_seed(1 + world.rank)  # the weights of rank 0 are to reach the others
    asked = Options((), precision="fp64", batch=12, parts=parts)
    built = building.build(folder, world)
    learning = Learning(built, world, asked, 10)
    mine = whole_batch(side=built.side).split(world.size)[world.rank]
    loss = learning.gradients(mine).double()
    if world.size > 1:
        torch.distributed.all_reduce(loss)
    found = {name: value.grad for name, value in learning.model.named_parameters() if value.grad is not None}
    return {"loss": loss / world.size, **found}


def main(out: Path, data: Path) -> None:
    """What is compared with one process: gradients; and a run that is killed and goes on, with one that was not."""
    torch.set_num_threads(1)
    with joined("cpu") as world:
        for parts in (1, 2):
            found = gradients(out / "gradients", world, parts)
            save_file({name: value.contiguous() for name, value in found.items()}, out / f"{parts}-{world.rank}.st")
        asked = options(data, architecture=str(out / "tiny.json"))
        scratch.train(out / "straight", asked, world, silent)
        scratch.LOOK = 1
        try:
            scratch.train(out / "killed", asked, world, kill_at(5))
        except Killed:
            scratch.train(out / "killed", asked, world, silent)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
