"""From the hub to the shelf: a curated model, or any of the hub that OpenCLIP or the light install can run.

What is fetched lies in a folder beside the shelf's models until it is whole and imported (`core.models.importing`): an
interrupted fetch goes on where it was. Before a byte is fetched it is known what will be, whether the disk has room for
it and for what is made of it, and what the licence says.
"""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.catalog.lock import IndexLock
from core.errors import CallError, DiskFull, LibraryBusy, ModelDamaged, ModelError, ModelMissing, TorchMissing
from core.models import curated
from core.models.downloading import PART, download
from core.models.hub import PREFIX, Kind, Listing, look, repository_of
from core.models.importing import ImportReport, ImportRequest, Progress, Step, import_model, name_of, silent
from core.models.shelf import FETCHED, Shelf

ROOM = 50_000_000
"""Bytes that the disk has to have beyond what is fetched and made."""


@dataclass(frozen=True, slots=True)
class FetchRequest:
    """What to fetch: a curated model's name, or ``hf-hub:organisation/name``, perhaps with ``@revision``.

    ``accepted`` says that the person has read a licence that allows research only. ``graphs`` takes a curated model's
    ONNX export even where PyTorch is installed.
    """

    what: str
    name: str | None = None
    accepted: bool = False
    graphs: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What a fetch will do: known before it begins. ``warning`` is a sentence about the licence."""

    listing: Listing
    name: str
    about: dict[str, Any]
    warning: str | None


def _about(model: curated.Curated) -> dict[str, Any]:
    return {
        "licence": model.licence,
        "languages": list(model.languages),
        "research_only": model.research_only,
        "curated": model.name,
    }


def plan(shelf: Shelf, request: FetchRequest) -> Plan:
    """Ask the hub what there is, and check that it can be fetched and used here.

    Raises CallError for a wrong name or a licence that was not accepted, ModelMissing, HubError, TorchMissing, or
    DiskFull.
    """
    if request.what.startswith(PREFIX):
        repository, revision = repository_of(request.what)
        if request.graphs:
            raise CallError("--graphs is for models of the list: one that is named by hf-hub: comes as it lies there.")
        known = next((one for one in curated.curated() if repository in (one.source, one.onnx)), None)
        name, warning = name_of(Path(repository.partition("/")[2])), known.warning if known else None
        about = {} if known is None else _about(known)
    else:
        model = curated.find(request.what)
        name, warning, revision = model.name, model.warning, None
        has_torch = importlib.util.find_spec("torch") is not None
        if model.onnx is None and (request.graphs or not has_torch):
            if request.graphs:
                raise ModelMissing(f"Nobody publishes `{model.name}` as ONNX graphs: leave --graphs out.")
            raise TorchMissing(f"`{model.name}` comes as an OpenCLIP checkpoint, which")
        repository = str(model.onnx) if request.graphs or not has_torch else model.source
        about = _about(model)
    name = name if request.name is None else request.name
    if warning is not None and not request.accepted:
        raise CallError(f"{warning} If that is what you do, add --accept-licence.")
    shelf.check_free(name)
    listing = look(repository, revision)
    if listing.kind is Kind.OPENCLIP and importlib.util.find_spec("open_clip") is None:
        raise TorchMissing(f"{repository} is an OpenCLIP checkpoint, which")
    if "licence" not in about and listing.licence:
        about = about | {"licence": listing.licence}
    about = about | {"source": f"{PREFIX}{repository}", "commit": listing.commit}
    if listing.kind is Kind.OURS:  # its own description says the rest
        about = {key: about[key] for key in ("source", "commit")}
    _check_room(shelf, listing)
    return Plan(listing, name, about, warning)


def fetch(shelf: Shelf, chosen: Plan, on_progress: Progress | None = None) -> ImportReport:
    """Fetch what was planned and put it on the shelf. ``on_progress`` hears bytes of all bytes while it is fetched,
    then what an import says; what it raises ends the fetch, and the next one goes on where it was.

    Raises what `plan` does, and what an import does; HubError and DiskFull keep what was fetched.
    """
    tell = on_progress or silent
    folder = folder_of(shelf, chosen.listing)
    with _alone(folder):
        done = 0
        for file in chosen.listing.files:
            before = done
            download(
                chosen.listing.repository,
                chosen.listing.commit,
                file,
                folder / file.path,
                lambda count, before=before: tell(Step.FETCH, before + count, chosen.listing.bytes),  # type: ignore[misc]
            )
            done += file.size
        tell(Step.FETCH, chosen.listing.bytes, chosen.listing.bytes)
        try:
            report = import_model(shelf, ImportRequest(folder, chosen.name, about=chosen.about), tell)
        except (ModelDamaged, ModelMissing):
            # The same bytes would be refused again.
            shutil.rmtree(folder, ignore_errors=True)
            raise
    shutil.rmtree(folder, ignore_errors=True)
    return report


def folder_of(shelf: Shelf, listing: Listing) -> Path:
    """Where a repository's files lie until they are imported; another commit has another."""
    return shelf.folder / f"{FETCHED}{listing.repository.replace('/', '--')}-{listing.commit[:12]}"


def _check_room(shelf: Shelf, listing: Listing) -> None:
    """Raises DiskFull when the disk has no room for what is missing of the files, and for the model made of them."""
    place = next(path for path in (shelf.folder, *shelf.folder.parents) if path.exists())
    folder = folder_of(shelf, listing)
    missing = listing.bytes - sum(_there(folder / file.path) for file in listing.files)
    needed = missing + listing.bytes + ROOM
    free = shutil.disk_usage(place).free
    if free < needed:
        raise DiskFull(
            f"{listing.repository} needs {needed / 1e6:,.0f} MB while it is fetched and put on the shelf, and {place} "
            f"has {free / 1e6:,.0f} MB left."
        )


def _there(path: Path) -> int:
    for candidate in (path, path.with_name(path.name + PART)):
        if candidate.is_file():
            return candidate.stat().st_size
    return 0


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Only one process fetches a model at a time."""
    try:
        held = folder / ".lock"
        held.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ModelError(f"The model cannot be written to {folder}: {error.strerror or error}.") from error
    lock = IndexLock(held)
    try:
        lock.__enter__()
    except LibraryBusy as error:
        raise ModelError("Another process is fetching this model. Wait until it is done.") from error
    try:
        yield
    finally:
        lock.__exit__(None, None, None)
