"""From an ONNX graph to a compiled one, kept in a cache of ours that may be deleted at any time."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import sys
import tempfile
from collections.abc import Mapping
from functools import cache as kept
from pathlib import Path
from typing import Any

from core.catalog.room import AMPLE, has_room
from core.models.registry import ModelInfo

_TIMES = 2
"""How much larger than the file of weights a compiled tower may be: of float16 weights, in float32."""


def compile_graph(graph: Path, properties: Mapping[str, str], cache: Path | None, info: ModelInfo) -> Any:
    """OpenVINO's compiled model, from the cache where it is there. Raises RuntimeError as OpenVINO does.

    What OpenVINO finds damaged or cut short in the cache it compiles anew. A new entry is written under another name
    and then renamed, so that no process sees half of what another one writes. On a disk that gets full nothing is kept:
    what cannot be made again needs the room (see `core.catalog.room`).
    """
    core = runtime()
    if cache is None:
        return core.compile_model(str(graph), "CPU", dict(properties))
    family, entry = _cache_entry(graph, properties, info)
    folder = cache / entry
    if folder.is_dir():
        with contextlib.suppress(RuntimeError):
            return core.compile_model(str(graph), "CPU", {**properties, "CACHE_DIR": str(folder)})
    if not has_room(cache, _TIMES * info.weights.stat().st_size + AMPLE):
        return core.compile_model(str(graph), "CPU", dict(properties))
    try:
        cache.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix="draft-", dir=cache))
    except OSError:  # a library that cannot be written, or a full disk: a cache is never needed
        return core.compile_model(str(graph), "CPU", dict(properties))
    try:
        try:
            compiled = core.compile_model(str(graph), "CPU", {**properties, "CACHE_DIR": str(draft)})
        except RuntimeError:
            compiled = core.compile_model(str(graph), "CPU", dict(properties))
        _forget_stale(cache, family, entry)
        if has_room(cache, AMPLE):
            with contextlib.suppress(OSError):  # another process was first
                draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return compiled


def import_openvino() -> Any:
    """The openvino package without its conversion tools, which nobody here uses: they take 0.1 s to import, and load
    a package for telemetry (which stays silent unless something is converted; here it is not even loaded)."""
    tools = "openvino.tools.ovc"
    if "openvino" in sys.modules or tools in sys.modules:
        import openvino

        return openvino
    sys.modules[tools] = None  # type: ignore[assignment]  # openvino does without what cannot be imported
    try:
        import openvino
    finally:
        del sys.modules[tools]
    return openvino


@kept
def runtime() -> Any:
    """OpenVINO's core, one for the whole process and never let go.

    Its CPU plug-in gives the thread that makes it a stack for signals, and frees that stack when it goes: of two that
    overlap, the second puts the freed stack of the first back, and the next signal (a Ctrl-C) ends the process with a
    segmentation fault (seen with OpenVINO 2026.4).
    """
    return import_openvino().Core()


def has_bf16() -> bool:
    """Whether this CPU computes with bfloat16."""
    return "BF16" in runtime().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def _cache_entry(graph: Path, properties: Mapping[str, str], info: ModelInfo) -> tuple[str, str]:
    """The beginning and the whole of an entry's name: changed files, another OpenVINO or other settings make another.

    OpenVINO itself looks at the graph's file alone, not at the weights beside it.
    """
    # By the whole path in the folder: an ONNX model has two files of one name.
    family = f"{info.model_id}-{'-'.join(graph.with_suffix('').relative_to(info.folder).parts)}-"
    files = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in (graph, info.weights)]
    version = import_openvino().get_version()
    made_from = hashlib.sha256(repr((str(graph.resolve()), files, version)).encode()).hexdigest()[:12]
    settings = hashlib.sha256(repr(sorted(properties.items())).encode()).hexdigest()[:8]
    return family, f"{family}{made_from}-{settings}"


def _forget_stale(cache: Path, family: str, entry: str) -> None:
    """Removes what was compiled from earlier files or by another OpenVINO, and drafts that were never finished."""
    current = entry.rpartition("-")[0]
    with contextlib.suppress(OSError):
        for folder in cache.iterdir():
            if folder.name.startswith(family) and not folder.name.startswith(current):
                shutil.rmtree(folder, ignore_errors=True)
