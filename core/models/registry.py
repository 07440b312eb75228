"""Model folders: what lies in one, whether it is whole, and which encoder runs it.

A folder is in OpenCLIP's local-dir format (``open_clip_config.json``, weights as safetensors, the text tower's
``config.json`` and ``tokenizer.json``) with our ``model.json`` beside it:

- ``name`` and ``weights_sha256``, which together name the embedding space, with ``config_sha256`` where that is there
  (see `config_hash`); ``dim`` of an embedding;
- ``calibration``: ``slope``, ``intercept`` and ``line`` (see Calibration), of a sentence and a photo;
  ``photo_calibration``, of two photos, where it is known;
- ``precisions``: those that passed the parity check, ``f32`` always;
- ``graphs``: the ONNX files of both towers, where there are any (``visual.onnx`` and ``textual.onnx`` by default);
- ``tokenizer``: how sentences are cut, where the config of OpenCLIP does not say it (see `core.models.tokenizing`);
- ``kind``: ``onnx`` for a model that is its graphs alone, without weights that OpenCLIP could read. Its ``files`` give
  the ``sha256`` and ``size`` of each file by its path in the folder, and ``weights_sha256`` is the hash of those;
- ``batch``: how many photos or sentences the graphs take at once, where that is fixed.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path, PurePosixPath
from typing import Any

from core.errors import ModelDamaged, ModelMissing
from core.models.encoder import Backend, Encoder, EncoderSpec
from core.models.preprocess import Preprocess

MODEL_FILE = "model.json"
PRECISIONS = ("f32", "bf16", "fp16")
"""What a model may be computed in."""
ONNX = "onnx"
"""The ``kind`` of a model that is its graphs alone."""
CONFIG_FILE = "open_clip_config.json"
WEIGHTS_FILES = (
    "open_clip_model.safetensors",
    "open_clip_pytorch_model.safetensors",
    "open_clip_pytorch_model.bin",
    "open_clip_pytorch_model.pth",
)
"""In the order that open_clip looks for them."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_HASH_CHARACTERS = 12


@dataclass(frozen=True, slots=True)
class Calibration:
    """From a cosine to the probability of a match: ``1 / (1 + exp(-(slope * cosine + intercept)))`` (Platt 1999).

    A match of ``line`` (0 to 1) and above is called strong.
    """

    slope: float
    intercept: float
    line: float


PHOTOS = Calibration(slope=15.0, intercept=-9.7, line=0.4)
"""Of two photos, for a model that does not say: as it was for version 0 of the bundled one."""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What a model folder says of itself. ``image_size`` is the side in pixels of what the image tower sees."""

    folder: Path
    name: str
    model_id: str
    """Names the embedding space: the name, and the beginning of the hash of the weights."""
    dim: int
    image_size: int
    context_length: int
    calibration: Calibration
    """Of a sentence and a photo."""
    preprocess: Preprocess
    precisions: tuple[str, ...] = ("f32",)
    visual: Path | None = None
    """The ONNX graph of the image tower; None where the model was never exported."""
    textual: Path | None = None
    weights: Path = Path()
    """The file of the weights, shared by OpenCLIP and the graphs."""
    raw: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """All of ``model.json``."""
    config: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """All of ``open_clip_config.json``."""
    photo_calibration: Calibration = PHOTOS
    """Of two photos, which are much nearer to each other than to any sentence."""

    @property
    def is_graphs_alone(self) -> bool:
        """Whether the model is a pair of ONNX graphs, without weights that OpenCLIP could read."""
        return self.raw.get("kind") == ONNX

    @property
    def batch(self) -> int | None:
        """How many photos or sentences the graphs take at once; None where any number will do."""
        said = self.raw.get("batch")
        return said if isinstance(said, int) and said > 0 else None


def starter_folder() -> Path:
    """The folder of the bundled model."""
    return Path(str(resources.files("resources"))) / "models" / "starter"


def load_info(folder: Path) -> ModelInfo:
    """Reads what a model folder says of itself, and checks that its files are there and complete. No weight is read.

    Raises ModelMissing or ModelDamaged, each with a sentence that names the file.
    """
    if not folder.is_dir():
        raise ModelMissing(f"There is no model in {folder}: the folder is not there.")
    raw = read_json(folder / MODEL_FILE)
    config = read_json(folder / CONFIG_FILE)
    name = raw.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ModelDamaged(f"{folder / MODEL_FILE} does not name the model in letters, digits, dots and dashes.")
    graphs = _graphs(folder, raw)
    weights = _weights_of_graphs(folder, raw, graphs) if raw.get("kind") == ONNX else _weights(folder)
    preprocess = Preprocess.from_config(_preprocess_config(folder, config))
    return ModelInfo(
        folder=folder,
        name=name,
        model_id=f"{name}-{_space_hash(folder, raw)[:_HASH_CHARACTERS]}",
        dim=_dim(folder, raw, config),
        image_size=preprocess.image_size,
        context_length=int((config["model_cfg"].get("text_cfg") or {}).get("context_length", 77)),
        calibration=_calibration(folder, raw, "calibration"),
        photo_calibration=_calibration(folder, raw, "photo_calibration") if "photo_calibration" in raw else PHOTOS,
        preprocess=preprocess,
        precisions=_precisions(folder, raw),
        visual=graphs[0],
        textual=graphs[1],
        weights=weights,
        raw=raw,
        config=config,
    )


def verify(info: ModelInfo) -> None:
    """Reads all of the weights and compares their hash (about 0.1 s for 70 MB). Raises ModelDamaged when it differs."""
    if info.is_graphs_alone:
        expected = {info.folder / path: said["sha256"] for path, said in info.raw["files"].items()}
    else:
        expected = {info.weights: info.raw.get("weights_sha256")}
    for path, said in expected.items():
        if said and file_hash(path) != said:
            raise ModelDamaged(f"The model's weights are not those that it was made with: {path}")


def spec_for(
    folder: Path, cache: Path | None, *, precision: str = "auto", threads: int | None = None, device: str | None = None
) -> EncoderSpec:
    """The way to run a model here: OpenVINO on its graphs where it has them, else OpenCLIP.

    ``cache`` is a folder for compiled graphs, which may be deleted at any time. ``device`` is as in EncoderSpec. Raises
    ModelMissing or ModelDamaged.
    """
    info = load_info(folder)
    exported = info.visual is not None and info.textual is not None
    backend = Backend.OPENVINO if exported else Backend.OPENCLIP
    return EncoderSpec(folder, backend, precision, threads, cache, device)


def build_encoder(spec: EncoderSpec) -> Encoder:
    """The encoder that ``spec`` describes. Raises ModelMissing, ModelDamaged, or TorchMissing for OpenCLIP."""
    from core.models import devices

    if devices.is_worth_trying(spec.device) and not load_info(spec.folder).is_graphs_alone:
        from core.models.gpu import GpuEncoder

        return GpuEncoder(spec, build_encoder(replace(spec, device=devices.CPU)))
    if spec.device == devices.AUTO:
        spec = replace(spec, device=None)
    if spec.backend is Backend.OPENCLIP:
        from core.models.openclip import OpenClipEncoder

        return OpenClipEncoder(spec)
    from core.models.openvino import OpenVinoEncoder

    return OpenVinoEncoder(spec)


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object of a model folder. Raises ModelMissing when there is no such file, else ModelDamaged."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelMissing(f"A file of the model is not there: {path}") from error
    except RecursionError as error:
        raise ModelDamaged(f"A file of the model cannot be read: {path} (it is nested too deeply).") from error
    except (OSError, ValueError) as error:
        raise ModelDamaged(f"A file of the model cannot be read: {path} ({error})") from error
    if not isinstance(found, dict):
        raise ModelDamaged(f"A file of the model does not hold what it should: {path}")
    return found


def _preprocess_config(folder: Path, config: Mapping[str, Any]) -> dict[str, Any]:
    """What the config says of preprocessing; the size is the image tower's own, as open_clip has it."""
    try:
        vision = config["model_cfg"]["vision_cfg"]
        found = dict(config.get("preprocess_cfg", {}))
        size = vision.get("image_size") or found.get("size") or 224
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelDamaged(f"{folder / CONFIG_FILE} does not describe an OpenCLIP model.") from error
    return found | {"size": size}


def hash_of_files(files: Mapping[str, Mapping[str, Any]]) -> str:
    """The hash that names a model of several files: of the lines ``sha256  path``, sorted by path."""
    lines = "".join(f"{files[path]['sha256']}  {path}\n" for path in sorted(files))
    return hashlib.sha256(lines.encode()).hexdigest()


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _dim(folder: Path, raw: Mapping[str, Any], config: Mapping[str, Any]) -> int:
    said = raw.get("dim")
    built = config["model_cfg"].get("embed_dim")
    if not isinstance(built, int) or built < 1 or (said is not None and said != built):
        raise ModelDamaged(f"{folder} disagrees with itself on the size of an embedding: {said} and {built}.")
    return built


def _precisions(folder: Path, raw: Mapping[str, Any]) -> tuple[str, ...]:
    """Those that passed the check. What else the card says of the model for people has to be words, too."""
    said = raw.get("precisions") or ["f32"]
    if not isinstance(said, list) or any(one not in PRECISIONS for one in said):
        raise ModelDamaged(f"{folder / MODEL_FILE} names precisions that there are not: {str(said)[:80]}.")
    for key, kinds in (("licence", str), ("source", str), ("architecture", str), ("languages", list), ("parity", dict)):
        if raw.get(key) is not None and not isinstance(raw[key], kinds):
            raise ModelDamaged(f"{folder / MODEL_FILE} does not say what it should under `{key}`.")
    return tuple(said)


def _calibration(folder: Path, raw: Mapping[str, Any], key: str) -> Calibration:
    try:
        said = raw[key]
        found = Calibration(float(said["slope"]), float(said["intercept"]), float(said["line"]))
    except (KeyError, TypeError, ValueError) as error:
        raise ModelDamaged(f"{folder / MODEL_FILE} does not say how its scores become probabilities.") from error
    if not (math.isfinite(found.slope) and math.isfinite(found.intercept) and found.slope > 0 and 0 < found.line < 1):
        raise ModelDamaged(f"{folder / MODEL_FILE} says nonsense of how its scores become probabilities.")
    return found


def _weights_hash(folder: Path, raw: Mapping[str, Any]) -> str:
    said = raw.get("weights_sha256")
    if not isinstance(said, str) or not re.fullmatch(r"[0-9a-f]{64}", said):
        raise ModelDamaged(f"{folder / MODEL_FILE} does not give the hash of the weights.")
    return said


def _space_hash(folder: Path, raw: Mapping[str, Any]) -> str:
    """The hash that names the embedding space: of the weights, and where the card says so, of how they are used too."""
    weights = _weights_hash(folder, raw)
    used = raw.get("config_sha256")
    if used is None:
        return weights
    return hashlib.sha256(f"{weights} {used}".encode()).hexdigest()


def config_hash(config: Mapping[str, Any]) -> str:
    """The ``config_sha256`` of a model that comes from elsewhere. The same weights scaled, cut or bent otherwise (by a
    config that was mended) are another space, and must not be filed under the same name."""
    return hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()


def _graphs(folder: Path, raw: Mapping[str, Any]) -> tuple[Path | None, Path | None]:
    """Both graphs. Without any the model was never exported; a graph that ``model.json`` names has to be there."""
    named = raw.get("graphs") or {}
    if not isinstance(named, dict):
        raise ModelDamaged(f"{folder / MODEL_FILE} does not name the graphs of both towers.")
    found: list[Path | None] = []
    for tower in ("visual", "textual"):
        path = _inside(folder, str(named.get(tower, f"{tower}.onnx")))
        if not path.is_file():
            if tower in named:
                raise ModelMissing(f"A file of the model is not there: {path}")
            found.append(None)
        else:
            found.append(path)
    return found[0], found[1]


def _inside(folder: Path, named: str) -> Path:
    """A file of this folder, or of one right in it, and no other: the folder may come from anywhere."""
    parts = [part for part in PurePosixPath(named.replace("\\", "/")).parts if part not in ("/", "..")]
    if len(parts) == 2 and ".." not in named:
        return folder.joinpath(*parts)
    return folder / (parts[-1] if parts else "no file of this name")


def _weights_of_graphs(folder: Path, raw: Mapping[str, Any], graphs: tuple[Path | None, Path | None]) -> Path:
    """The image tower's graph, of a model that is its graphs alone; all its files found to be complete."""
    files = raw.get("files")
    visual, textual = graphs
    if visual is None or textual is None:
        raise ModelMissing(f"The model in {folder} has not the graphs of both towers.")
    try:
        named = {path: int(said["size"]) for path, said in files.items()}  # type: ignore[union-attr]
        whole = hash_of_files(files) == raw.get("weights_sha256")  # type: ignore[arg-type]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ModelDamaged(f"{folder / MODEL_FILE} does not list the model's files.") from error
    if not whole or not {visual, textual} <= {_inside(folder, path) for path in named}:
        raise ModelDamaged(f"{folder / MODEL_FILE} does not give the hash of the weights.")
    for path, size in named.items():
        place = _inside(folder, path)
        if not place.is_file():
            raise ModelMissing(f"A file of the model is not there: {place}")
        if (found := place.stat().st_size) != size:
            raise ModelDamaged(f"The model's weights are damaged: {place} (it has {found:,} bytes instead of {size:,})")
    return visual


def _weights(folder: Path) -> Path:
    """The file that open_clip would take, found to be complete."""
    for path in (folder / name for name in WEIGHTS_FILES):
        if path.is_file():
            if path.suffix == ".safetensors":
                _check_length(path)
            return path
    raise ModelMissing(f"The model's weights are not there: {folder / WEIGHTS_FILES[0]}")


def _check_length(path: Path) -> None:
    """A safetensors file is as long as its header says; a download or a copy that was cut short is not."""
    try:
        with path.open("rb") as file:
            length = struct.unpack("<Q", file.read(8))[0]
            size = path.stat().st_size
            if length > size:
                raise ValueError("it is shorter than its header")
            header = json.loads(file.read(length))
        header.pop("__metadata__", None)
        end = 8 + length + max(entry["data_offsets"][1] for entry in header.values())
        if end != size:
            raise ValueError(f"it has {size:,} bytes instead of {end:,}")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, struct.error) as error:
        raise ModelDamaged(f"The model's weights are damaged: {path} ({error})") from error
