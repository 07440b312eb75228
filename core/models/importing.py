"""From files that a person has to a model on the shelf.

Three kinds are known: a folder of ours (``model.json``), copied as it is; an ONNX folder as Immich publishes them
(`core.models.onnx_folder`); and OpenCLIP checkpoints, which need the [torch] extra to be turned into graphs
(`core.models.conversion`): a folder in OpenCLIP's local-dir format, or a bare file whose architecture is named.
What an import writes is whole and measured (`core.models.fitting`) before it is put on the shelf.
"""

from __future__ import annotations

import contextlib
import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from core.errors import CallError, ModelDamaged, ModelError, ModelMissing, TorchMissing
from core.models import onnx_folder
from core.models.encoder import Encoder, EncoderSpec
from core.models.fitting import Fitted, check_embeddings, fit_scores
from core.models.kept import copy_files
from core.models.reasons import reason_of
from core.models.registry import (
    CONFIG_FILE,
    MODEL_FILE,
    ModelInfo,
    build_encoder,
    load_info,
    read_json,
    spec_for,
    verify,
)
from core.models.shelf import Shelf

CHECKPOINTS = (".safetensors", ".pt", ".pth", ".bin", ".ckpt")
_NAME_CHARACTERS = re.compile(r"[^A-Za-z0-9._-]+")
PLAIN = {"calibration": {"slope": 60.0, "intercept": -15.0, "line": 0.25}}
"""What a draft says of its scores before it is measured."""
Progress = Callable[["Step", int, int], None]


class Step(StrEnum):
    """What an import is at."""

    FETCH = "Fetching"
    """Counted in bytes."""
    COPY = "Copying"
    CONVERT = "Converting"
    CHECK = "Checking"
    MEASURE = "Measuring"


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """What to import: a folder or a file. ``architecture`` is OpenCLIP's name of what a bare file holds, ``tag`` one of
    its published checkpoints, whose photos were scaled as this one's are. ``about`` is kept in ``model.json``: source,
    licence, languages."""

    path: Path
    name: str | None = None
    architecture: str | None = None
    tag: str | None = None
    about: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """A model that was put on the shelf. ``remarks`` are sentences about what a person may want to know of it."""

    info: ModelInfo
    fitted: Fitted | None
    """None for a folder of ours, which brings its own calibration."""
    remarks: tuple[str, ...] = ()


def import_model(shelf: Shelf, request: ImportRequest, on_progress: Progress | None = None) -> ImportReport:
    """Put a model on the shelf. ``on_progress`` hears what is done of how much; what it raises ends the import, and
    nothing is left of it.

    Raises CallError when the call does not fit what is there, ModelMissing or ModelDamaged with the file's name,
    TorchMissing for what needs PyTorch, DiskFull.
    """
    tell = on_progress or silent
    path = request.path
    if not path.exists():
        raise ModelMissing(f"There is no model in {path}: it is not there.")
    if path.is_dir() and (path / MODEL_FILE).is_file():
        return _copy_ours(shelf, request, tell)
    name = name_of(path) if request.name is None else request.name
    shelf.check_free(name)
    with shelf.draft() as draft, _named_as(draft, path):
        about = {**PLAIN, **request.about, "imported": _today()}
        remarks: tuple[str, ...] = ()
        if path.is_dir() and onnx_folder.is_onnx_folder(path):
            tell(Step.COPY, 0, 0)
            remarks = onnx_folder.draft(path, draft, name, about)
        else:
            from core.models import conversion

            _check_checkpoint(request)
            remarks = conversion.convert(request, draft, name, about, tell)
        fitted = _measure(draft, tell)
        if not fitted.measured:
            remarks = (*remarks, _LOST)
        return ImportReport(shelf.put(draft), fitted, remarks)


_LOST = (
    "The model tells the sample photos hardly apart by their English captions: its matches are estimates. It may know "
    "another language, or nobody trained it."
)


_NOT_TRIED = "It has no graphs, and was not tried: that takes PyTorch."
_SENTENCES = ("two dogs run on the beach", "a red car", "people at a table in the evening")
"""What a folder of ours encodes before it is taken, with some pictures that are drawn."""


def name_of(path: Path) -> str:
    """A model's name from a file's or folder's: letters, digits, dots and dashes, at most 64. Letters lose what stands
    above and below them."""
    stem = (path.stem if path.suffix in CHECKPOINTS else path.name).replace("ß", "ss")
    stem = "".join(letter for letter in unicodedata.normalize("NFKD", stem) if not unicodedata.combining(letter))
    return _NAME_CHARACTERS.sub("-", stem).strip("-._")[:64] or "model"


def change_card(folder: Path, **values: Any) -> None:
    """Write values into a model folder's ``model.json``."""
    card = read_json(folder / MODEL_FILE) | values
    (folder / MODEL_FILE).write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _copy_ours(shelf: Shelf, request: ImportRequest, tell: Progress) -> ImportReport:
    """A folder that Retrouve made, here or elsewhere: nothing of it is changed but its name, if that is asked for."""
    info = load_info(request.path)
    name = info.name if request.name is None else request.name
    shelf.check_free(name)
    calibrated = info.raw.get("calibrated_on")
    remarks = [_LOST] if isinstance(calibrated, dict) and calibrated.get("measured") is False else []
    with shelf.draft() as draft, _named_as(draft, request.path):
        tell(Step.COPY, 0, 0)
        copy_files(info.folder, draft)
        change_card(draft, **request.about, name=name, model_id=f"{name}-{info.raw['weights_sha256'][:12]}")
        tell(Step.CHECK, 0, 0)
        verify(load_info(draft))
        try:
            _try_both(draft)
        except TorchMissing:
            remarks.append(_NOT_TRIED)
        return ImportReport(shelf.put(draft), None, tuple(remarks))


def _check_checkpoint(request: ImportRequest) -> None:
    path = request.path
    if path.is_dir():
        if not (path / CONFIG_FILE).is_file():
            raise ModelMissing(
                f"There is no model in {path}: neither {CONFIG_FILE} (OpenCLIP), nor {onnx_folder.VISUAL} and "
                f"{onnx_folder.TEXTUAL} (ONNX), nor {MODEL_FILE} (Retrouve)."
            )
        if request.architecture:
            raise CallError(f"{path} says itself what it is: leave --architecture out.")
        return
    if path.suffix.lower() not in CHECKPOINTS:
        hint = " Name the folder that it lies in." if path.suffix == ".onnx" else ""
        raise CallError(f"{path} is no checkpoint: those end in {', '.join(CHECKPOINTS)}.{hint}")
    if not request.architecture:
        raise CallError(f"{path} does not say what it is: add --architecture NAME, for instance ViT-B-32.")


def _measure(draft: Path, tell: Progress) -> Fitted:
    """Encode the samples, and write into the draft what its scores mean."""
    encoder = _encoder(draft)
    try:
        fitted = fit_scores(encoder, lambda done, total: tell(Step.MEASURE, done, total))
    except ModelError:
        raise
    except (RuntimeError, ValueError) as error:
        raise ModelDamaged(f"The model cannot encode the sample photos: {reason_of(error, last=True)}.") from error
    change_card(draft, **fitted.as_card())
    return fitted


def _try_both(draft: Path) -> None:
    """Let both towers encode something: what only fails in use would fail once all photos are encoded. Raises
    ModelMissing, ModelDamaged, or TorchMissing for what has no graphs."""
    from PIL import Image

    gradients = [Image.linear_gradient("L").convert("RGB"), Image.radial_gradient("L").convert("RGB")]
    pictures = [*gradients, *(Image.new("RGB", (256, 256), colour) for colour in ("firebrick", "navy"))]
    try:
        encoder = _encoder(draft)
        check_embeddings(encoder.encode_images(pictures), "photo")
        check_embeddings(encoder.encode_texts(_SENTENCES), "sentence")
    except ModelError:
        raise
    except (RuntimeError, ValueError) as error:
        raise ModelDamaged(f"The model cannot encode photos and sentences: {reason_of(error, last=True)}.") from error


@contextlib.contextmanager
def _named_as(draft: Path, source: Path) -> Iterator[None]:
    """What is wrong with a draft's files, said of those that the person knows."""
    try:
        yield
    except (ModelDamaged, ModelMissing) as error:
        if str(draft) not in str(error):
            raise
        raise type(error)(str(error).replace(str(draft), str(source))) from error


def _encoder(draft: Path) -> Encoder:
    spec = spec_for(draft, None, precision="f32")
    return build_encoder(EncoderSpec(spec.folder, spec.backend, "f32"))


def silent(step: Step, done: int, total: int) -> None:
    """Nobody listens."""


def _today() -> str:
    return datetime.now(UTC).date().isoformat()
