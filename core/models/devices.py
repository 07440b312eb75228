"""What encodes photos here: the processor, or a GPU where there is one, and why. Nothing here imports torch.

A person says it with ``RETROUVE_DEVICE``: ``cpu`` refuses a GPU, ``cuda``, ``cuda:1`` or ``mps`` names one; without it
a GPU is used where there seems to be one and PyTorch is installed. The worker tries it (`core.models.gpu`), and writes
down beside the compiled graphs what came of that, for itself and for ``retrouve doctor``.
"""

from __future__ import annotations

import importlib.util
import json
import logging
import os
import platform
import re
import secrets
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from core.errors import TorchMissing

ENVIRONMENT = "RETROUVE_DEVICE"
AUTO, CPU = "auto", "cpu"
_KNOWN = re.compile(r"auto|cpu|(cuda|mps)(:\d+)?")
_SIGNS = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")
"""What NVIDIA's driver, AMD's, and either under Windows' Linux put there."""
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of trying a GPU with a model. ``sentence`` is for people.

    ``machine`` is the GPU and torch's version: the verdict holds for these alone, and where it is empty (memory ran
    out, the driver is gone) for this once. ``pays`` says whether a compiled tower was faster, where that was tried.
    """

    used: bool
    sentence: str
    device: str = ""
    precision: str = "f32"
    batch: int = 1
    machine: str = ""
    pays: bool | None = None


def wanted() -> str:
    """``cpu``, a device of torch's, or ``auto``: as ``RETROUVE_DEVICE`` says. What makes no sense there is left out."""
    said = os.environ.get(ENVIRONMENT, "").strip().lower() or AUTO
    if not _KNOWN.fullmatch(said):
        _LOG.warning("%s is %r, which names no device: it is cpu, cuda, cuda:1, mps or auto.", ENVIRONMENT, said)
        return AUTO
    return said


def seems_to_have_gpu() -> bool:
    """Whether a look at the system gives hope of a GPU that PyTorch can use. Takes no time and loads nothing."""
    if sys.platform == "darwin":
        return platform.machine() == "arm64"
    if sys.platform == "win32":
        return (Path(os.environ.get("SYSTEMROOT", r"C:\Windows")) / "System32" / "nvcuda.dll").is_file()
    return any(Path(sign).exists() for sign in _SIGNS)


def has_torch() -> bool:
    """Whether the [torch] extra is installed."""
    return all(importlib.util.find_spec(name) is not None for name in ("torch", "open_clip"))


def is_worth_trying(device: str | None) -> bool:
    """Whether a GPU is to be tried for what an `EncoderSpec` says of the device."""
    if device is None or device == CPU:
        return False
    return has_torch() and (device != AUTO or seems_to_have_gpu())


def standing(cache: Path | None, model_id: str) -> str:
    """What doctor says of a GPU: one sentence, or nothing where none is there and nobody asked for one."""
    wish = wanted()
    if wish == CPU:
        return f"No GPU is used: {ENVIRONMENT} is cpu." if seems_to_have_gpu() else ""
    if wish == AUTO and not seems_to_have_gpu():
        return ""
    if not has_torch():
        return str(TorchMissing("A GPU seems to be here; encoding photos on it"))
    verdict = kept(cache, model_id)
    if verdict is None:
        return "A GPU seems to be here: it is checked and measured when photos are encoded next."
    return verdict.sentence


def kept(cache: Path | None, model_id: str) -> Verdict | None:
    """What came of the last try with this model; None where nothing was tried, or it cannot be read."""
    if cache is None:
        return None
    try:
        said = json.loads(_file(cache, model_id).read_text(encoding="utf-8"))
        verdict = Verdict(**said)
    except (OSError, ValueError, TypeError):
        return None
    return verdict if isinstance(verdict.batch, int) and verdict.batch > 0 else None


def keep(cache: Path, model_id: str, verdict: Verdict) -> None:
    """Write it down, whole or not at all. It is a cache: where nothing can be written, it is tried again."""
    unfinished = cache / f"draft-{secrets.token_hex(4)}.json"
    try:
        cache.mkdir(parents=True, exist_ok=True)
        unfinished.write_text(json.dumps(asdict(verdict)), encoding="utf-8")
        unfinished.replace(_file(cache, model_id))
    except OSError as error:
        _LOG.info("what came of the GPU could not be kept in %s: %s", cache, error)
        with suppress(OSError):
            unfinished.unlink()


def forget(cache: Path, model_id: str) -> None:
    """Forget what was kept of a model."""
    with suppress(OSError):
        _file(cache, model_id).unlink(missing_ok=True)


def _file(cache: Path, model_id: str) -> Path:
    return cache / f"gpu-{model_id}.json"
