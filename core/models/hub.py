"""What the Hugging Face hub says of a model: its files, their sizes and hashes, its licence. Nothing is fetched yet.

Asked through ``huggingface_hub``: ``HF_ENDPOINT``, ``HF_TOKEN``, proxies (``HTTPS_PROXY``) and ``HF_HUB_OFFLINE`` hold.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from core.errors import CallError, HubError, ModelDamaged, ModelMissing
from core.models.onnx_folder import TEXTUAL, VISUAL
from core.models.reasons import reason_of
from core.models.registry import CONFIG_FILE, MODEL_FILE

PREFIX = "hf-hub:"
HUB = "https://huggingface.co"
"""Hugging Face's own address."""
LISTING_SECONDS = 20.0
_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")
_WEIGHTS = (
    "open_clip_model.safetensors",
    "open_clip_pytorch_model.safetensors",
    "model.safetensors",
    "open_clip_pytorch_model.bin",
    "pytorch_model.bin",
)
"""In the order of preference: of what the hub has, one is fetched."""
_TEXT_FILES = {"config.json", "preprocess_cfg.json", "special_tokens_map.json", "added_tokens.json", "merges.txt"}
_TEXT_STEMS = ("tokenizer", "vocab", "sentencepiece", "spiece")
_NOT_WEIGHTS = (".armnn", ".rknn", ".md", ".tflite", ".xml")


class Kind(StrEnum):
    """What a repository holds."""

    OURS = "retrouve"
    ONNX = "onnx"
    OPENCLIP = "openclip"


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of a repository: its path there, its bytes, and the hash that it must have: SHA-256 of its content for
    large ones, else Git's own (SHA-1 of a header and the content). One of the two is there."""

    path: str
    size: int
    sha256: str | None
    blob: str | None


@dataclass(frozen=True, slots=True)
class Listing:
    """A repository at one commit, and what of it makes the model."""

    repository: str
    commit: str
    kind: Kind
    files: tuple[RemoteFile, ...]
    licence: str | None

    @property
    def bytes(self) -> int:
        """Of all the files that make the model."""
        return sum(file.size for file in self.files)


def repository_of(text: str) -> tuple[str, str | None]:
    """``hf-hub:organisation/name`` or ``hf-hub:organisation/name@revision``, taken apart. Raises CallError."""
    name, _, revision = text.removeprefix(PREFIX).rstrip("/").partition("@")
    if not text.startswith(PREFIX) or not _REPOSITORY.fullmatch(name) or ".." in name:
        raise CallError(f"`{text}` names no model of the hub: that is written hf-hub:organisation/name.")
    return name, revision or None


def endpoint() -> str:
    """The hub's address: ``HF_ENDPOINT``, else Hugging Face's own. Raises HubError where that is set to no address:
    asked before anything of ``huggingface_hub`` is imported, which would break on it."""
    said = os.environ.get("HF_ENDPOINT", "").strip().rstrip("/")
    if not said:
        return HUB
    try:
        parts = urlsplit(said)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable:
        raise HubError(f"HF_ENDPOINT is no address of a hub: {said}. It is written like {HUB}.")
    return said


def keep_to_oneself() -> None:
    """Let ``huggingface_hub`` tell nobody, in this process, what runs it: else it asks the hub which programs there are
    to look for, and writes the answer into the home folder."""
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    from huggingface_hub import constants

    constants.HF_HUB_DISABLE_TELEMETRY = True


def look(repository: str, revision: str | None = None) -> Listing:
    """Ask the hub for a model. Raises HubError when it cannot be asked, ModelMissing when it has no such model, or none
    that Retrouve can read, ModelDamaged when its answer makes no sense."""
    place = endpoint()
    keep_to_oneself()
    from huggingface_hub import HfApi

    with told(repository, place):
        try:
            found = HfApi(endpoint=place).model_info(
                repository, revision=revision, files_metadata=True, timeout=LISTING_SECONDS
            )
        except RecursionError as error:
            raise HubError(f"What answers at {place} is no hub: its answer is nested too deeply.") from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:  # no JSON, or another's: a proxy's page, say
            if "proxy" in str(error).casefold():
                raise HubError(
                    f"The proxy that is set (HTTPS_PROXY, HTTP_PROXY or ALL_PROXY) cannot be used: {reason_of(error)}."
                ) from error
            raise HubError(f"What answers at {place} is no hub: {reason_of(error)}.") from error
    # It becomes part of a folder's name.
    if not re.fullmatch(r"[0-9a-f]{40}", str(found.sha)):
        raise ModelDamaged(f"The hub's answer on {repository} makes no sense: it names no commit.")
    try:
        entries = {entry.rfilename: entry for entry in found.siblings or () if _is_safe(entry.rfilename)}
        kind, chosen = _choose(repository, entries)
        files = tuple(_remote(entries[path]) for path in chosen)
    except (AttributeError, TypeError, ValueError) as error:
        raise ModelDamaged(f"The hub's answer on {repository} makes no sense: {error}") from error
    return Listing(repository, str(found.sha), kind, files, _licence(found.card_data))


def _licence(card: Any) -> str | None:
    """What a model's card, which anybody may have written, says of its licence; None where that is nothing."""
    if not hasattr(card, "get"):
        return None
    said = card.get("license_name") or card.get("license")
    return said if isinstance(said, str) else None


def _remote(entry: Any) -> RemoteFile:
    if not isinstance(entry.size, int) or entry.size < 0:
        raise ValueError(f"it gives no size of {entry.rfilename}")
    sha256 = str(entry.lfs.sha256) if entry.lfs else None
    blob = str(entry.blob_id) if entry.blob_id else None
    if sha256 is None and blob is None:
        raise ValueError(f"it gives no hash of {entry.rfilename}")
    return RemoteFile(entry.rfilename, entry.size, sha256, blob)


def _is_safe(path: str) -> bool:
    """Whether a path stays in the folder that it is written to, on every system."""
    parts = PurePosixPath(path).parts
    return bool(parts) and "\\" not in path and ":" not in path and not path.startswith("/") and ".." not in parts


def _choose(repository: str, files: Collection[str]) -> tuple[Kind, list[str]]:
    """Which files make the model. Raises ModelMissing where none do."""
    names = sorted(files)
    if MODEL_FILE in files and CONFIG_FILE in files:
        return Kind.OURS, [name for name in names if name.count("/") <= 1 and not name.startswith(".")]
    if VISUAL in files and TEXTUAL in files:
        towers = [name for name in names if _is_tower(name)]
        return Kind.ONNX, [*(name for name in names if name in _TEXT_FILES or name == "tokenizer.json"), *towers]
    weights = next((name for name in _WEIGHTS if name in files), None)
    if CONFIG_FILE in files and weights is not None:
        return Kind.OPENCLIP, [CONFIG_FILE, *(name for name in names if _is_text(name)), weights]
    raise ModelMissing(
        f"{repository} holds no model that Retrouve can read: neither {CONFIG_FILE} with weights (OpenCLIP), nor "
        f"{VISUAL} and {TEXTUAL} (ONNX)."
    )


def _is_tower(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return len(parts) == 2 and parts[0] in ("visual", "textual") and not name.endswith(_NOT_WEIGHTS)


def _is_text(name: str) -> bool:
    return "/" not in name and not name.endswith(".py") and (name in _TEXT_FILES or name.startswith(_TEXT_STEMS))


@contextmanager
def told(repository: str, place: str, *, broken_lines: bool = False) -> Iterator[None]:
    """What goes wrong between here and the hub, as a sentence; with ``broken_lines`` what a broken line raises stays as
    it is, for somebody who tries again."""
    import httpx2
    from huggingface_hub import errors

    try:
        yield
    except errors.OfflineModeIsEnabled as error:
        raise HubError("The hub is not asked: HF_HUB_OFFLINE is set.") from error
    except errors.GatedRepoError as error:
        raise HubError(
            f"{repository} is given out to those who accept its terms: do that on {place}/{repository}, and put your "
            "token into HF_TOKEN."
        ) from error
    except errors.RevisionNotFoundError as error:
        raise ModelMissing(f"{repository} has no such revision.") from error
    except errors.RepositoryNotFoundError as error:
        raise ModelMissing(
            f"The hub at {place} has no model {repository}, or shows it to its owners only (HF_TOKEN says who you are)."
        ) from error
    except errors.HfHubHTTPError as error:
        raise HubError(_refused(repository, place, error.response.status_code)) from error
    except httpx2.TimeoutException as error:
        if broken_lines:
            raise
        raise HubError(f"The hub at {place} does not answer. Try again later.") from error
    except (httpx2.TooManyRedirects, httpx2.InvalidURL) as error:
        raise HubError(f"The hub at {place} sends from address to address and never to the file.") from error
    except (httpx2.HTTPError, httpx2.StreamError) as error:
        if broken_lines:
            raise
        raise HubError(f"The hub at {place} cannot be reached: {reason_of(error)}.") from error


def _refused(repository: str, place: str, status: int) -> str:
    if status == 429:
        return f"The hub at {place} has had too many requests from here: try again in some minutes."
    if status >= 500:
        return f"The hub at {place} has a fault of its own (HTTP {status}). Try again later."
    if status == 404:
        return f"The hub at {place} has lost a file of {repository}: it was changed a moment ago, perhaps. Fetch again."
    return f"The hub at {place} refuses {repository} (HTTP {status})."
