"""The loop: rates, cached gradients, exact resumption, and what goes wrong on the way."""

from __future__ import annotations

import errno
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from core.errors import DiskFull, TrainingError
from training import losses
from training.loop import Checkpoint, Course, Loop, Told, gradients_in_parts, rate_at


def go_on(_: Told) -> bool:
    return False


def towers(dropout: float = 0.0, kind: torch.dtype = torch.float64) -> nn.ModuleDict:
    torch.manual_seed(0)
    parts = {name: nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Dropout(dropout), nn.Linear(8, 4)) for name in "it"}
    return nn.ModuleDict(parts).to(kind)


def encoder(model: nn.ModuleDict) -> Callable[[tuple[Tensor, Tensor]], tuple[Tensor, Tensor]]:
    return lambda part: tuple(functional.normalize(model[name](x), dim=1) for name, x in zip("it", part, strict=True))


def test_the_rate_rises_and_falls() -> None:
    rates = [rate_at(step, 100, 10) for step in range(101)]
    assert rates[0] == pytest.approx(0.1) and rates[9] == rates[10] == 1
    assert rates[55] == pytest.approx(0.5) and rates[100] == pytest.approx(0, abs=1e-9)
    assert rates[9:] == sorted(rates[9:], reverse=True)


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_gradients_in_parts_are_those_of_the_whole(dropout: float) -> None:
    model = towers(dropout)
    scale = nn.Parameter(torch.tensor(2.0, dtype=torch.float64))
    batch = torch.randn(2, 9, 6, dtype=torch.float64)
    parts = [(batch[0, rows], batch[1, rows]) for rows in (slice(0, 4), slice(4, 8), slice(8, 9))]

    def loss(images: Tensor, texts: Tensor) -> Tensor:
        return losses.info_nce(images, texts, scale.exp())

    def gradients() -> list[Tensor]:
        return [p.grad.clone() for p in [*model.parameters(), scale]]

    torch.manual_seed(3)
    value = gradients_in_parts(encoder(model), parts, loss)
    cached = gradients()
    model.zero_grad()
    scale.grad = None
    torch.manual_seed(3)
    found = [torch.cat(rows) for rows in zip(*map(encoder(model), parts), strict=True)]
    plain = loss(*found)
    plain.backward()
    assert value.item() == pytest.approx(plain.item(), 1e-12)
    assert all(torch.allclose(one, other, atol=1e-13) for one, other in zip(cached, gradients(), strict=True))


def make(folder: Path, steps: int = 8, **course: Any) -> tuple[Loop, nn.ModuleDict, Callable[[int], Tensor]]:
    folder.mkdir(exist_ok=True)
    model = towers(0.2)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    loop = Loop(dict(model.named_parameters()), optimizer, Course(steps, 2, average=0.9, **course), folder)

    def gradients(step: int) -> Tensor:
        chance = torch.Generator().manual_seed(step)
        part = torch.randn(2, 5, 6, generator=chance, dtype=torch.float64)
        return gradients_in_parts(
            encoder(model), [(part[0], part[1])], lambda i, t: losses.info_nce(i, t, torch.tensor(5.0))
        )

    return loop, model, gradients


def test_stopped_and_resumed_is_as_if_never_stopped(tmp_path: Path) -> None:
    whole, model, gradients = make(tmp_path / "whole")
    whole.run(gradients, go_on)
    first, _, gradients = make(tmp_path / "halves")

    def interrupted(told: Told) -> bool:
        if told.step == 3:
            os.kill(os.getpid(), signal.SIGINT)
        return False

    first.memory["best"] = 2.5
    held = first.memory
    with pytest.raises(KeyboardInterrupt):
        first.run(gradients, interrupted)
    assert first.step == 3
    first.note(loss=1.0, late=True)
    second, other, gradients = make(tmp_path / "halves")
    torch.manual_seed(99)
    first.resume()
    assert first.memory is held, "whoever writes into it goes on with the same one"
    second.resume()
    assert second.step == 3 and second.memory == {"best": 2.5}
    second.run(gradients, go_on)
    for one, two in zip(model.parameters(), other.parameters(), strict=True):
        assert torch.equal(one, two)
    with whole.averaged(), second.averaged():
        for one, two in zip(model.parameters(), other.parameters(), strict=True):
            assert torch.equal(one, two)
    lines = [json.loads(line) for line in (tmp_path / "halves" / "curves.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines if "gradient" in line] == list(range(1, 9))


def test_a_loss_that_is_no_number_goes_back_and_at_last_ends(tmp_path: Path) -> None:
    loop, model, gradients = make(tmp_path, good_every=2)
    bad = {5: 2}

    def at_times(step: int) -> Tensor:
        loss = gradients(step)
        if bad.get(step, 0):
            bad[step] -= 1
            next(model.parameters()).grad.fill_(float("nan"))
        return loss

    seen: list[Told] = []
    loop.run(at_times, lambda told: seen.append(told) or False)
    assert loop.faults == 2 and loop.step == 8
    assert all(bool(torch.isfinite(p).all()) for p in model.parameters())
    assert [told.step for told in seen] == [1, 2, 3, 4, 5, 5, 5, 6, 7, 8]
    assert seen[-1].rate == pytest.approx(rate_at(7, 8, 2) / 4)
    assert (tmp_path / "curves.jsonl").read_text().count("half the rate") == 2

    loop, model, gradients = make(tmp_path / "always")
    with pytest.raises(TrainingError, match="no number at step 1,"):
        loop.run(lambda step: gradients(step) * float("inf"), go_on)


def test_a_full_disk_leaves_the_last_good_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Checkpoint(tmp_path / "checkpoint.pt")
    kept.save({"step": 1})

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFull, match="stays"):
        kept.save({"step": 2})
    assert kept.load() == {"step": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint.pt"]
    kept.path.write_bytes(kept.path.read_bytes()[:100])
    with pytest.raises(TrainingError, match="cannot be read"):
        kept.load()


def test_a_state_of_another_model_is_refused(tmp_path: Path) -> None:
    loop, _, gradients = make(tmp_path, steps=2)
    loop.run(gradients, go_on)
    state = loop.state()
    state["kept"] = {"x": torch.zeros(1)}
    with pytest.raises(TrainingError, match="another model"):
        loop.restore(state)


def test_the_one_who_is_told_can_end_it(tmp_path: Path) -> None:
    loop, _, gradients = make(tmp_path)
    loop.run(gradients, lambda told: told.step == 4)
    assert loop.step == 4
