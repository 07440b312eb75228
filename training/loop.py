"""The loop of training: steps, their rates, what is kept of them, and what happens when something goes wrong.

It knows neither photos nor towers: a step's gradients are computed by a function that it is given, from the step's
number alone, so that a run that is stopped and resumed sees what it would have seen (`training/data.py`).

- `rate_at`: a cosine with a warm-up (Loshchilov and Hutter 2017).
- `gradients_in_parts`: the gradients of a batch of any size with a part of it in memory (GradCache: Gao et al. 2021).
- `Checkpoint`: state on disk, written aside and renamed; a full disk leaves the last good one.
- `Loop`: the steps themselves. A loss that is no number goes back to the last good step, at half the rate.
"""

from __future__ import annotations

import contextlib
import errno
import json
import math
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

import torch
from torch import Tensor

from core.errors import DiskFull, ExportError, TrainingError
from core.runs import CHECKPOINT

MOST_FAULTS = 3
"""How often the rate is halved before a run gives up."""
Part = TypeVar("Part")
_FULL_DISK = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}


def rate_at(step: int, steps: int, warmup: int) -> float:
    """The share of the highest rate that a step (from 0) is taken with: 0 to 1."""
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * min(1.0, (step - warmup) / max(1, steps - warmup))))


def reduced(device: str, precision: str) -> torch.autocast:
    """Computes in bfloat16 where torch thinks it safe, if ``precision`` is ``bf16``; the weights stay float32."""
    return torch.autocast(torch.device(device).type, torch.bfloat16, enabled=precision == "bf16")


def gradients_in_parts(
    encode: Callable[[Part], tuple[Tensor, ...]], parts: Sequence[Part], loss: Callable[..., Tensor]
) -> Tensor:
    """Add the gradients of ``loss(*encode(whole batch))`` to the parameters; the loss.

    Each part of the batch is encoded twice: without gradients, until the loss of all embeddings says what it wants of
    each, then with them (Gao et al. 2021). Chance (dropout) falls alike both times. Equal to doing it at once, in the
    memory of a part; one part is done at once.
    """
    if len(parts) == 1:
        value = loss(*encode(parts[0]))
        value.backward()  # type: ignore[no-untyped-call]
        return value.detach()
    chances, found = [], []
    with torch.no_grad():
        for part in parts:
            chances.append(_chance())
            found.append(encode(part))
    whole = [torch.cat(rows).requires_grad_() for rows in zip(*found, strict=True)]
    value = loss(*whole)
    value.backward()  # type: ignore[no-untyped-call]
    after = _chance()
    at = [0] * len(whole)
    for number, part in enumerate(parts):
        _set_chance(chances[number])
        outputs, wanted = [], []
        for place, rows in enumerate(encode(part)):
            gradient = whole[place].grad
            if len(rows) and rows.requires_grad and gradient is not None:
                outputs.append(rows)
                wanted.append(gradient[at[place] : at[place] + len(rows)])
            at[place] += len(rows)
        torch.autograd.backward(outputs, wanted)
    _set_chance(after)
    return value.detach()


def _chance() -> dict[str, Tensor]:
    state = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        state["cuda"] = torch.cuda.get_rng_state()
    return state


def _set_chance(state: Mapping[str, Tensor]) -> None:
    torch.set_rng_state(state["cpu"])
    if "cuda" in state:
        torch.cuda.set_rng_state(state["cuda"])


class Checkpoint:
    """One file with the state of a run. What is read can hold no code (``weights_only``)."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def save(self, state: Mapping[str, Any]) -> None:
        """Write it aside, down to the disk, and put it in the place of the one before. Raises `DiskFull` or
        `ExportError`; the one before stays then."""
        aside = self.path.with_name(self.path.name + ".new")
        try:
            with aside.open("wb") as file:
                torch.save(dict(state), file)
                file.flush()
                os.fsync(file.fileno())
            aside.replace(self.path)
        except (OSError, RuntimeError) as error:  # torch's writer wraps what the disk says
            with contextlib.suppress(OSError):
                aside.unlink(missing_ok=True)
            there = "What was saved before stays" if self.path.is_file() else "Nothing was saved yet"
            if _is_full(error):
                raise DiskFull(
                    f"The disk is full: the run could not be saved in {self.path.parent}. {there}; make room, and go "
                    "on with --resume."
                ) from error
            raise ExportError(f"The run cannot be saved in {self.path.parent}: {error}. {there}.") from error

    def load(self) -> dict[str, Any]:
        """The state. Raises `TrainingError` where it cannot be read."""
        try:
            found: dict[str, Any] = torch.load(self.path, map_location="cpu", weights_only=True)
        except Exception as error:
            raise TrainingError(
                f"What was saved of the run cannot be read: {self.path}. Start it anew, without --resume."
            ) from error
        return found


def _is_full(error: BaseException | None) -> bool:
    while error is not None:
        if getattr(error, "errno", None) in _FULL_DISK:
            return True
        error = error.__cause__ or error.__context__
    return False


@dataclass(frozen=True, slots=True)
class Course:
    """How a run goes. ``average``: the share of the moving average that stays in each step (0: none); ``clip``: the
    longest gradient that is followed; ``save_every`` and ``good_every`` in steps: to disk, and in memory."""

    steps: int
    warmup: int
    clip: float = 1.0
    average: float = 0.0
    save_every: int = 200
    good_every: int = 20


@dataclass(frozen=True, slots=True)
class Told:
    """How far it is after a step: ``rate`` is the share of the highest, ``left_s`` seconds to go."""

    step: int
    steps: int
    loss: float
    rate: float
    left_s: float


class Loop:
    """The steps of one run. ``kept`` are the tensors that training changes, by name: parameters and buffers, on any
    device; they are written in place. ``optimizer`` has the highest rate in each group's ``lr``."""

    def __init__(
        self,
        kept: Mapping[str, Tensor],
        optimizer: torch.optim.Optimizer,
        course: Course,
        folder: Path,
        after_step: Callable[[], None] = lambda: None,
    ) -> None:
        self.kept = kept
        self.course = course
        self.memory: dict[str, Any] = {}
        """What else is to be remembered across a stop: numbers, words and tensors."""
        self.step = 0
        """The next step's number, from 0."""
        self.faults = 0
        """How often the loss was no number."""
        self.checkpoint = Checkpoint(folder / CHECKPOINT)
        self._curves = folder / "curves.jsonl"
        self._optimizer = optimizer
        self._highest = [float(group["lr"]) for group in optimizer.param_groups]
        self._after_step = after_step
        self._share = 1.0
        self._parameters = [one for group in optimizer.param_groups for one in group["params"]]
        self._average = {name: kept[name].detach().clone() for name in self._averaged()} if course.average else {}

    # State

    def state(self) -> dict[str, Any]:
        """All that another process needs to go on exactly here."""
        return {
            "step": self.step,
            "faults": self.faults,
            "share": self._share,
            "kept": {name: value.detach().clone() for name, value in self.kept.items()},
            "average": {name: value.clone() for name, value in self._average.items()},
            "optimizer": _copied(self._optimizer.state_dict()),
            "chance": _chance(),
            "memory": dict(self.memory),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a state. Raises `TrainingError` where it is that of another model."""
        there = state["kept"]
        if set(there) != set(self.kept) or any(there[name].shape != self.kept[name].shape for name in self.kept):
            raise TrainingError("What was saved is the state of another model: start the run anew, without --resume.")
        with torch.no_grad():
            for name, value in self.kept.items():
                value.copy_(there[name])
            for name, value in self._average.items():
                value.copy_(state["average"][name])
        self._optimizer.load_state_dict(_copied(state["optimizer"]))
        _set_chance(state["chance"])
        self.step, self.faults, self._share = int(state["step"]), int(state["faults"]), float(state["share"])
        # In its place: whoever writes into it goes on with the same one.
        self.memory.clear()
        self.memory.update(state["memory"])

    def save(self) -> None:
        """Write the state down. Raises `DiskFull`, `ExportError`."""
        self.checkpoint.save(self.state())

    def resume(self) -> None:
        """Go on from what was saved, if anything was; the curve is cut there. Raises `TrainingError`."""
        if self.checkpoint.path.is_file():
            self.restore(self.checkpoint.load())
        if self._curves.is_file():
            lines = self._curves.read_text(encoding="utf-8", errors="replace").splitlines()
            kept = [line for line in lines if _step_of(line) <= self.step]
            self._curves.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")

    @contextlib.contextmanager
    def averaged(self) -> Iterator[None]:
        """Inside, the parameters are their moving averages, where such are kept."""
        before = {name: self.kept[name].detach().clone() for name in self._average}
        with torch.no_grad():
            for name, value in self._average.items():
                self.kept[name].copy_(value)
        try:
            yield
        finally:
            with torch.no_grad():
                for name, value in before.items():
                    self.kept[name].copy_(value)

    def note(self, **line: Any) -> None:
        """Add a line to the run's curves. Raises `DiskFull`, `ExportError`."""
        try:
            with self._curves.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"step": self.step, **line}, allow_nan=False) + "\n")
        except OSError as error:
            if _is_full(error):
                raise DiskFull(f"The disk is full: {self._curves} cannot be written.") from error
            raise ExportError(f"{self._curves} cannot be written: {error.strerror or error}.") from error

    # Steps

    def run(self, gradients: Callable[[int], Tensor], told: Callable[[Told], bool]) -> None:
        """Take the steps that are left. ``gradients`` adds those of a step's batch, and gives its loss; ``told`` hears
        of each step, and ends the run by saying True.

        Ctrl-C ends it behind a whole step that is saved, with `KeyboardInterrupt`. Raises `TrainingError` where the
        loss is no number however small the rate, `DiskFull`, `ExportError`.
        """
        good = self.state()
        began, taken = time.monotonic(), 0
        with _Interrupts() as interrupts:
            while self.step < self.course.steps:
                self._optimizer.zero_grad(set_to_none=True)
                loss = float(gradients(self.step))
                length = float(torch.nn.utils.clip_grad_norm_(self._parameters, self.course.clip))
                if not (math.isfinite(loss) and math.isfinite(length)):
                    self._go_back(good)
                    continue
                if self.step % self.course.good_every == 0:
                    good = self.state()  # this forward pass has shown that it is sound
                rate = self._take_step()
                taken += 1
                left = (time.monotonic() - began) / taken * (self.course.steps - self.step)
                self.note(loss=round(loss, 5), rate=round(rate, 6), gradient=round(length, 4))
                ended = told(Told(self.step, self.course.steps, loss, rate, left))
                if interrupts.asked:
                    self.save()
                    raise KeyboardInterrupt
                if ended:
                    break
                if self.step % self.course.save_every == 0:
                    self.save()

    def _take_step(self) -> float:
        rate = rate_at(self.step, self.course.steps, self.course.warmup) * self._share
        for group, highest in zip(self._optimizer.param_groups, self._highest, strict=True):
            group["lr"] = highest * rate
        self._optimizer.step()
        self._after_step()
        self.step += 1
        # The average is young at first: it would remember nothing but where it began.
        share = min(self.course.average, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for name, value in self._average.items():
                value.lerp_(self.kept[name].detach(), 1 - share)
        return rate

    def _go_back(self, good: Mapping[str, Any]) -> None:
        at, faults, share = self.step, self.faults + 1, self._share / 2
        if faults > MOST_FAULTS:
            raise TrainingError(
                f"The loss is no number at step {at + 1}, at an eighth of the rate still: the run stopped, and nothing "
                "was installed. Try a smaller --rate; if that does not help, a photo or a weight is not sound."
            )
        self.restore(good)
        self.faults, self._share = faults, share
        self.note(fault=f"the loss was no number at step {at + 1}: back to step {self.step}, at half the rate")

    def _averaged(self) -> list[str]:
        ours = {id(one) for one in self._parameters}
        return [name for name, value in self.kept.items() if id(value) in ours]


def _step_of(line: str) -> float:
    """The step of a line of the curves; of one that was cut off none is early enough."""
    try:
        return float(json.loads(line).get("step", 0))
    except (ValueError, TypeError, AttributeError):
        return math.inf


def _copied(state: Mapping[str, Any]) -> dict[str, Any]:
    """An optimizer's state with tensors of its own: those that it hands out go on changing."""

    def copy(value: Any) -> Any:
        if isinstance(value, Tensor):
            return value.detach().clone()
        if isinstance(value, dict):
            return {key: copy(one) for key, one in value.items()}
        return [copy(one) for one in value] if isinstance(value, list | tuple) else value

    copied: dict[str, Any] = copy(dict(state))
    return copied


class _Interrupts:
    """Waits with Ctrl-C until a step is whole; the second one is not waited with."""

    def __init__(self) -> None:
        self.asked = False
        self._before: Any = None

    def __enter__(self) -> _Interrupts:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
