"""How photos are encoded fastest on this machine: measured once, kept beside the compiled graphs, and looked up.

What is tried: every precision that the model passed its parity check in (`core.models.parity`) and that the processor
computes with, and how many photos go through the graph at once. bfloat16 on a processor that has it is faster as a
rule, but not on each: some only emulate parts of it. Without a measurement `core.models.openvino` takes what was
fastest on the machine that it was written on.
"""

from __future__ import annotations

import json
import logging
import secrets
import time
from collections.abc import Callable, Sequence
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
"""Encodes float32[n, 3, size, size], n photos at once on each stream."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The fastest way to encode photos: ``rates`` has what each way reached, in photos a second, by its name."""

    precision: str
    at_once: int
    machine: str
    """The processor, its cores and OpenVINO's version: on another one the choice says nothing."""
    rates: tuple[tuple[str, float], ...]

    @property
    def rate(self) -> float:
        """Photos a second of the chosen way."""
        return dict(self.rates)[name_of(self.precision, self.at_once)]

    @property
    def sentence(self) -> str:
        """The choice and its reason, for people."""
        best: dict[str, float] = {}
        for name, rate in self.rates:
            precision = name.partition("/")[0]
            best[precision] = max(best.get(precision, 0.0), rate)
        rates = ", ".join(f"{precision} {rate:.0f}" for precision, rate in best.items())
        return (
            f"Photos are encoded in {self.precision}, {self.at_once} at once: measured here, photos a second: {rates}."
        )


def name_of(precision: str, at_once: int) -> str:
    """The name of a way, as ``rates`` has it."""
    return f"{precision}/{at_once}"


def measure(
    ways: Sequence[str], encoder: Callable[[str, int], Encode], size: tuple[int, int], machine: str, streams: int
) -> Choice:
    """Try each precision of ``ways`` (the most exact first) with batches of several sizes; some seconds.

    ``encoder`` builds what encodes in a precision, so many photos at once; pictures are noise of ``size``
    (height, width) pixels. Raises what building raises.
    """
    noise = np.random.default_rng(0).standard_normal((max(_AT_ONCE) * streams, 3, *size), np.float32)
    tried = [(precision, at_once) for precision in ways for at_once in _AT_ONCE]
    rates = [0.0] * len(tried)
    # Twice, and the better one counts: what else the machine does at the moment falls on one of them. One tower at a
    # time: all of them together would take gigabytes.
    for _ in range(2):
        for place, (precision, at_once) in enumerate(tried):
            encode, pixels = encoder(precision, at_once), noise[: at_once * streams]
            encode(pixels)  # compiles, and shapes the graph for this many
            rates[place] = max(rates[place], _rate(encode, pixels))
    best = 0
    for place, rate in enumerate(rates):
        if rate > rates[best] * _MARGIN:
            best = place
    named = [(name_of(*way), round(rate, 1)) for way, rate in zip(tried, rates, strict=True)]
    return Choice(*tried[best], machine, tuple(named))


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
        choice = Choice(str(said["precision"]), int(said["at_once"]), str(said["machine"]), rates)
        known = name_of(choice.precision, choice.at_once) in dict(rates)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    usable = known and choice.precision in info.precisions and choice.at_once in _AT_ONCE
    return choice if usable and choice.machine == machine else None


def keep(cache: Path, info: ModelInfo, choice: Choice) -> None:
    """Write it down, whole or not at all. It is a cache: where nothing can be written, it is measured again."""
    said = {
        "precision": choice.precision,
        "at_once": choice.at_once,
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
