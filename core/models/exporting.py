"""A model as a folder that others can use: the graphs, the tokenizer, the weights, and a card that says what it is.

The folder is what lies on the shelf: any ONNX runtime opens ``visual.onnx`` and ``textual.onnx`` (their weights are in
the file beside them), `open_clip` reads it as ``local-dir``, and ``retrouve models import`` takes it as it is, without
PyTorch. A model that has no graphs yet gets them, which needs the [torch] extra.
"""

from __future__ import annotations

import errno
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from core.catalog.nesting import inner_path
from core.errors import CallError, DiskFull, ExportError
from core.models.importing import Progress, Step, silent
from core.models.kept import copy_files
from core.models.registry import ModelInfo, load_info, verify

CARD = "README.md"
_FULL_DISK = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}


def export_model(
    info: ModelInfo,
    target: Path,
    on_progress: Progress | None = None,
    keep_out: Mapping[Path, str] = MappingProxyType({}),
) -> ModelInfo:
    """Write a model into ``target``, a folder that is not there or empty; what lies there afterwards.

    Nothing is written into the folders of ``keep_out``, which gives what each is for people. Made aside and renamed:
    ``target`` never holds half a model. Raises CallError when something is in the way,
    TorchMissing or ModelError when graphs have to be made and cannot, ExportError or DiskFull when the disk refuses.
    """
    tell = on_progress or silent
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise CallError(f"{target} is there already and not empty: name a new folder.")
    if target.resolve().is_relative_to(info.folder.resolve()):
        raise CallError(f"{target} lies in the model's own folder: name another.")
    for folder, what in keep_out.items():
        if inner_path(target, folder) is not None:
            raise CallError(f"{target} lies in {what}: name another folder.")
    aside = target.with_name(f".{target.name}-{secrets.token_hex(4)}")
    try:
        aside.mkdir(parents=True)
        tell(Step.COPY, 0, 0)
        copy_files(info.folder, aside)
        copied = load_info(aside)
        verify(copied)
        if copied.visual is None or copied.textual is None:
            from core.models import conversion

            copied = conversion.export_graphs(copied, tell)
        if not (aside / CARD).is_file():
            (aside / CARD).write_text(card(copied), encoding="utf-8")
        if target.is_dir():
            target.rmdir()
        aside.rename(target)
    except OSError as error:
        if error.errno in _FULL_DISK:
            raise DiskFull(f"The disk is full: the model could not be written to {target}.") from error
        raise ExportError(f"The model cannot be written to {target}: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return load_info(target)


def card(info: ModelInfo) -> str:
    """The card for people, in Markdown (Mitchell et al. 2019), from what ``model.json`` says. What it does not say is
    left out."""
    raw = info.raw
    about = {
        "architecture": raw.get("architecture"),
        "source": raw.get("source"),
        "licence": raw.get("licence"),
        "languages": ", ".join(raw["languages"]) if raw.get("languages") else None,
        "embedding": f"{info.dim} numbers",
        "photos": " x ".join(map(str, reversed(info.preprocess.size))) + " pixels",
        "sentences": f"at most {info.context_length} tokens",
        "precisions that passed": ", ".join(info.precisions),
        "hash": raw["weights_sha256"],
    }
    lines = [f"# {info.name}", "", "| what | value |", "| --- | --- |"]
    lines += [f"| {what} | {value} |" for what, value in about.items() if value]
    lines += ["", "## Files", "", _files(info), ""]
    parity = [entry["said"] for entry in (raw.get("parity") or {}).values() if isinstance(entry, dict)]
    if parity and all(isinstance(said, str) for said in parity):
        lines += ["## How near the graphs come to OpenCLIP", "", *parity, ""]
    calibration = info.calibration
    on = raw.get("calibrated_on")
    how = (
        "an estimate from sentences and sample photos that do not belong together: the model tells the sample photos "
        "that come with Retrouve hardly apart by their English captions."
        if isinstance(on, dict) and on.get("measured") is False
        else "measured on the sample photos that come with Retrouve and their captions."
    )
    lines += [
        "## From a cosine to a probability",
        "",
        f"`1 / (1 + exp(-({calibration.slope} * cosine + {calibration.intercept})))`, {how}",
        "",
    ]
    return "\n".join(lines)


def _files(info: ModelInfo) -> str:
    height, width = info.preprocess.size
    graphs = [path.relative_to(info.folder).as_posix() for path in (info.visual, info.textual) if path is not None]
    said = (
        f"`{graphs[0]}` takes pixels, float32[n, 3, {height}, {width}], scaled and normalised as `preprocess_cfg` of "
        f"`open_clip_config.json` says; `{graphs[1]}` takes token ids, int64[n, length], as `tokenizer.json` cuts them "
        f"and `tokenizer` of `model.json` pads them. Both give float32[n, {info.dim}], whose length is to be made one."
    )
    if info.is_graphs_alone:
        return said
    return f"{said} Their weights are in `{info.weights.name}`, which OpenCLIP reads as well."
