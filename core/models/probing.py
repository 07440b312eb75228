"""How photos are encoded fastest on this machine: measured once, kept beside the compiled graphs, and looked up.

What is tried: every precision that the model passed its parity check in (`core.models.parity`) and that the processor
computes with, how many photos go through the graph at once, and on how many streams the cores work: each with a thread
of its own, or several of them together on one photo. The photos that the worker decodes ahead follow from these: as
many as keep every stream busy (`core.models.stream`). bfloat16 on a processor that has it is faster as a
rule, but not on each: some only emulate parts of it. Without a measurement `core.models.openvino` takes what was
fastest on the machine that it was written on.
"""

from __future__ import annotations

import json
import logging
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.models.registry import ModelInfo

_LOG = logging.getLogger(__name__)
_AT_ONCE = (1, 2, 4, 8)
_SECONDS = 0.15
"""How long each way is measured, twice, after it has run once."""
_MARGIN = 1.05
"""What uses less memory, or computes more exactly, stays unless another way is faster by more than this."""

Encode = Callable[[NDArray[np.float32]], object]
"""Encodes float32[n, 3, size, size]."""
Tried = tuple[str, int, int]
"""A precision, photos at once on each stream, and streams."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The fastest way to encode photos: ``rates`` has what each way reached, in photos a second, by its name."""

    precision: str
    at_once: int
    streams: int
    machine: str
    """The processor, its cores and OpenVINO's version: on another one the choice says nothing."""
    rates: tuple[tuple[str, float], ...]

    @property
    def rate(self) -> float:
        """Photos a second of the chosen way."""
        return dict(self.rates)[name_of(self.precision, self.at_once, self.streams)]

    @property
    def sentence(self) -> str:
        """The choice and its reason, for people."""
        best: dict[str, float] = {}
        for name, rate in self.rates:
            precision = name.partition("/")[0]
            best[precision] = max(best.get(precision, 0.0), rate)
        rates = ", ".join(f"{precision} {rate:.0f}" for precision, rate in best.items())
        where = "on one stream of all cores" if self.streams == 1 else f"on each of {self.streams} streams"
        return (
            f"Photos are encoded in {self.precision}, {self.at_once} at once {where}: measured here, photos a second: "
            f"{rates}."
        )


def name_of(precision: str, at_once: int, streams: int) -> str:
    """The name of a way, as ``rates`` has it."""
    return f"{precision}/{at_once}x{streams}"


def layouts(threads: int, most: int) -> tuple[int, ...]:
    """Numbers of streams to try: a thread for each of ``most`` at the most, as is best as a rule; half of them; one."""
    streams = min(threads, most)
    return tuple(dict.fromkeys((streams, max(1, streams // 2), 1)))


def measure(
    ways: Sequence[str],
    encoder: Callable[[str, int, int], Encode],
    size: tuple[int, int],
    machine: str,
    on_streams: Sequence[int],
) -> Choice:
    """Try each precision of ``ways`` (the most exact first) with batches of several sizes on the first number of
    streams of ``on_streams``, then the best of these on the others; some seconds.

    ``encoder`` builds what encodes in a precision, so many photos at once on so many streams; pictures are noise of
    ``size`` (height, width) pixels. Raises what building raises.
    """
    noise = np.random.default_rng(0).standard_normal((max(_AT_ONCE) * max(on_streams), 3, *size), np.float32)
    first = [(precision, at_once, on_streams[0]) for precision in ways for at_once in _AT_ONCE]
    rates = _rates(first, encoder, noise)
    precision, at_once, streams = _best(rates)
    # As many photos in all as were best on the streams before, and as many on each.
    others = [
        (precision, together, other)
        for other in on_streams[1:]
        for together in dict.fromkeys((at_once, _at_most(at_once * streams // other)))
    ]
    rates |= _rates(others, encoder, noise)
    named = tuple((name_of(*way), round(rate, 1)) for way, rate in rates.items())
    precision, at_once, streams = _best(rates)
    return Choice(precision, at_once, streams, machine, named)


def _rates(
    tried: Sequence[Tried], encoder: Callable[[str, int, int], Encode], noise: NDArray[np.float32]
) -> dict[Tried, float]:
    """Photos a second of each way, in its place."""
    rates = dict.fromkeys(tried, 0.0)
    # Twice, and the better one counts: what else the machine does at the moment falls on one of them. One tower at a
    # time: all of them together would take gigabytes.
    for _ in range(2):
        for way in tried:
            encode, pixels = encoder(*way), noise[: way[1] * way[2]]
            encode(pixels)  # compiles, and shapes the graph for this many
            rates[way] = max(rates[way], _rate(encode, pixels))
    return rates


def _at_most(count: int) -> int:
    """The largest batch of those that are tried with no more than ``count``, 1 or more, photos."""
    return max(at_once for at_once in _AT_ONCE if at_once <= count)


def _best(rates: Mapping[Tried, float]) -> Tried:
    """The fastest way; one before it in the order stays where it is hardly slower."""
    best, *others = rates
    for way in others:
        if rates[way] > rates[best] * _MARGIN:
            best = way
    return best


def _rate(encode: Encode, pixels: NDArray[np.float32]) -> float:
    count, start = 0, time.perf_counter()
    while (spent := time.perf_counter() - start) < _SECONDS or not count:
        encode(pixels)
        count += len(pixels)
    return count / max(spent, 1e-9)


def kept(cache: Path | None, info: ModelInfo, machine: str) -> Choice | None:
    """What was measured for this model on this machine; None where nothing was, or it cannot be read."""
    if cache is None:
        return None
    try:
        said = json.loads(_file(cache, info).read_text(encoding="utf-8"))
        rates = tuple((str(name), float(rate)) for name, rate in said["rates"])
        numbers = int(said["at_once"]), int(said["streams"])
        choice = Choice(str(said["precision"]), *numbers, str(said["machine"]), rates)
        known = name_of(choice.precision, *numbers) in dict(rates)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    usable = known and choice.precision in info.precisions and choice.at_once in _AT_ONCE and choice.streams > 0
    return choice if usable and choice.machine == machine else None


def keep(cache: Path, info: ModelInfo, choice: Choice) -> None:
    """Write it down, whole or not at all. It is a cache: where nothing can be written, it is measured again."""
    said = {
        "precision": choice.precision,
        "at_once": choice.at_once,
        "streams": choice.streams,
        "machine": choice.machine,
        "rates": choice.rates,
    }
    unfinished = cache / f"draft-{secrets.token_hex(4)}.json"
    try:
        cache.mkdir(parents=True, exist_ok=True)
        unfinished.write_text(json.dumps(said), encoding="utf-8")
        unfinished.replace(_file(cache, info))
    except OSError as error:
        _LOG.info("what was measured could not be kept in %s: %s", cache, error)
        with suppress(OSError):
            unfinished.unlink()


def _file(cache: Path, info: ModelInfo) -> Path:
    return cache / f"choice-{info.model_id}.json"
