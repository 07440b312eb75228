"""How a library stands: its numbers, and what can be wrong with it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.catalog import contents, embeddings, failures, photos, room, word_checking, word_index
from core.catalog.faults import way_out
from core.catalog.linking import is_writable
from core.errors import ModelDamaged, ModelError, RetrouveError

if TYPE_CHECKING:
    from core.library import Library
    from core.models.encoder import Encoder

_LITTLE_SPACE = 1_000_000_000
"""Bytes of free disk from which on a library is in danger: less than 10,000 photos take."""
_UNIT_TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True)
class LibraryStatus:
    """A library in numbers. Sizes are bytes; ``embedded`` counts contents that the model has encoded.

    ``model`` and ``model_id`` name the model that answers; None where it is missing. ``index`` is what answers a
    search: ``exact``, or ``graph`` in a library above the crossover. While the library moves to another model,
    ``next_model_id`` names that, ``next_embedded`` counts what it has encoded, and ``note`` says so; else all are None.
    """

    library: Path
    read_only: bool
    roots: int
    photos: int
    contents: int
    embedded: int
    failures: int
    model: str | None
    model_id: str | None
    index: str
    index_bytes: int
    catalog_bytes: int
    cache_bytes: int
    version: str
    next_model_id: str | None = None
    next_embedded: int | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that the doctor looked at. ``sentence`` says how it is, and what to do where that is not well."""

    name: str
    ok: bool
    sentence: str


def status(library: Library) -> LibraryStatus:
    """The library in numbers. Costs a few counts and a look at the cache's files."""
    try:
        model = library.answering
        name, model_id = model.name, model.model_id
    except ModelError:
        name, model_id = None, None
    move = library.move()
    with library.catalog.read() as db:
        db.execute("BEGIN")
        roots = int(db.execute("SELECT count(*) FROM root").fetchone()[0])
        photo_count, content_count, failure_count = photos.count(db), contents.count(db), failures.count(db)
        stored = None if model_id is None else embeddings.find_model(db, model_id)
        embedded = 0 if stored is None else embeddings.count(db, stored.id)
        following = None if move is None else embeddings.find_model(db, move.new)
        next_embedded = 0 if following is None else embeddings.count(db, following.id)
    kind, index_bytes = _index(library, model_id, embedded)
    return LibraryStatus(
        library=library.folder,
        read_only=library.read_only,
        roots=roots,
        photos=photo_count,
        contents=content_count,
        embedded=embedded,
        failures=failure_count,
        model=name,
        model_id=model_id,
        index=kind,
        index_bytes=index_bytes,
        catalog_bytes=sum(
            _size(library.catalog.path.with_name(library.catalog.path.name + end)) for end in ("", "-wal")
        ),
        cache_bytes=_size(library.folder / "cache"),
        version=_version(),
        next_model_id=None if move is None else move.new,
        next_embedded=None if move is None else next_embedded,
        note=library.called_off or (None if move is None else move.sentence),
    )


def examine(library: Library, mend: bool = False) -> list[Check]:
    """Look at everything that can be wrong with a library. Reads all of the catalogue and of the model.

    With ``mend`` the word index is made anew where it is not in step; nothing else is ever changed.
    """
    checks: dict[str, Callable[[Library], Check | list[Check]]] = {
        "catalogue": _catalogue,
        "words": partial(_words_in_step, mend=mend),
        "folder": _folder,
        "disk": _disk,
        "model": _model,
        "kept model": _kept_model,
        "encoder": _encoder,
        "devices": _devices,
        "embeddings": _embeddings,
        "failures": _failures,
        "thumbnails": _thumbnails,
        "root": _roots,
    }
    found: list[Check] = []
    for name, look in checks.items():
        try:
            seen = look(library)
        except RetrouveError as error:
            seen = Check(name, False, str(error))
        found.extend(seen if isinstance(seen, list) else [seen])
    return found


def _catalogue(library: Library) -> Check:
    problems = library.catalog.check()
    if problems:
        return Check(
            "catalogue",
            False,
            f"The catalogue {library.catalog.path} is damaged ({problems[0]}). {way_out(library.catalog.path)}",
        )
    return Check("catalogue", True, f"The catalogue is sound ({_words(_size(library.catalog.path))}).")


def _words_in_step(library: Library, mend: bool = False) -> Check:
    """The word index: whether photos are found by what is written about them (see `core.catalog.word_checking`)."""
    seen, mended = word_checking.look(library.catalog), ""
    if mend and not seen.in_step:
        library.catalog.write(word_index.rebuild)
        seen, mended = word_checking.look(library.catalog), " The word index was made anew."
    if seen.damaged or seen.differing:
        fault = "is damaged" if seen.damaged else f"differs from the catalogue in {_places(seen.differing)}"
        return Check(
            "words",
            False,
            f"The index of what is written about photos {fault}: captions, tags and names find wrong photos, or miss "
            "some. `retrouve doctor --mend` makes it anew.",
        )
    if seen.waiting:
        return Check(
            "words",
            False,
            "The index of what is written about photos is behind the catalogue in "
            f"{_places(seen.waiting)} that another program changed: `retrouve index` brings it up to date.",
        )
    return Check("words", True, f"The index of captions, tags and names is in step with the catalogue.{mended}")


def _folder(library: Library) -> Check:
    if library.read_only or not is_writable(library.folder):
        return Check(
            "folder", False, f"Nothing can be written in {library.folder}: it can be searched, but not changed."
        )
    return Check("folder", True, f"The library in {library.folder} can be written.")


def _disk(library: Library) -> Check:
    try:
        free = shutil.disk_usage(library.folder).free
    except OSError as error:
        return Check("disk", False, f"The disk of {library.folder} does not say what is free ({error.strerror}).")
    if free < _LITTLE_SPACE:
        return Check("disk", False, f"Only {_words(free)} are free where the library lies: make some room.")
    return Check("disk", True, f"{_words(free)} are free where the library lies.")


def _model(library: Library) -> Check:
    from core.models.registry import verify

    verify(library.info)
    if library.called_off:
        return Check("model", False, library.called_off)
    return Check("model", True, f"The model {library.info.name} is whole ({library.info.dim} dimensions).")


def _kept_model(library: Library) -> Check:
    """The copy that lets the library be searched after an update, while the photos are encoded anew."""
    from core.models.registry import verify

    model = library.answering
    kept = library.kept.find(model.model_id)
    if kept is not None:
        try:
            verify(kept)
        except ModelDamaged as error:
            return Check(
                "kept model",
                False,
                f"{error}. Delete the folder {kept.folder}: `retrouve index` copies the model anew if it comes with "
                "the program or is on the shelf; else it encodes the photos with the model that is chosen.",
            )
        return Check("kept model", True, f"The library keeps a copy of {model.model_id}, for the time of an update.")
    try:
        size, free = _size(model.folder) + room.NEARLY_FULL, shutil.disk_usage(library.folder).free
    except OSError:
        size, free = 0, 0
    if size > free and not library.read_only:
        return Check(
            "kept model",
            False,
            f"The library keeps no copy of {model.model_id}, since {_words(size)} are not free. Make room and run "
            "`retrouve index`; else, after an update, photos can be found only once they are encoded anew.",
        )
    return Check("kept model", True, f"The library keeps no copy of {model.model_id} yet: `retrouve index` makes one.")


def _encoder(library: Library) -> Check:
    encoder = library.local_encoder()
    [vector] = encoder.encode_texts(["a photo of a dog"])
    length = float(np.linalg.norm(vector))
    if vector.shape != (library.info.dim,) or not abs(length - 1) < _UNIT_TOLERANCE:
        return Check("encoder", False, f"The model gives no usable embedding (length {length:.3f}): install it again.")
    return Check("encoder", True, f"The model encodes sentences. {_way(encoder)}".strip())


def _way(encoder: Encoder) -> str:
    """How photos are encoded, and why so."""
    from core.models.openvino import OpenVinoEncoder, cores

    if not isinstance(encoder, OpenVinoEncoder):
        return ""
    from core.models.stream import Limits, look_ahead

    most = look_ahead(Limits(), encoder.preferred_batch)
    ahead = f"{cores()} threads read photos, of which at most {most} are under way."
    choice = encoder.choice()
    if choice is not None:
        return f"{choice.sentence} {ahead}"
    passed = "bf16" in encoder.info.precisions
    reason = (
        "this processor computes with it, and the model passed its check in it"
        if encoder.precision == "bf16"
        else "the model passed its check in nothing else"
        if not passed
        else "this processor does not compute with bfloat16"
    )
    way = encoder.way
    return (
        f"Photos are encoded in {way.precision}: {reason}; {way.at_once} at once on each of {way.streams} streams, as "
        f"is best as a rule: what is best here is measured once five thousand are encoded. {ahead}"
    )


def _devices(library: Library) -> Check:
    from core.models.devices import standing

    try:
        from core.models.compiling import runtime

        core = runtime()
    except ImportError as error:
        return Check("devices", False, f"OpenVINO cannot be loaded ({error}): install Retrouve again.")
    names = [f"{device} ({core.get_property(device, 'FULL_DEVICE_NAME')})" for device in core.available_devices]
    if not names:
        return Check("devices", False, "OpenVINO finds no device to run the model on: install Retrouve again.")
    said = f"OpenVINO runs the model on {', '.join(names)}."
    gpu = ""
    with suppress(ModelError):  # which another check tells of
        gpu = standing(library.spec.cache, library.info.model_id)
    return Check("devices", True, f"{said} {gpu}".strip())


def _embeddings(library: Library) -> Check:
    move = library.move()
    if move is not None:
        return Check("embeddings", move.old_is_there, f"{move.sentence} `retrouve index` goes on with it.")
    with library.catalog.read() as db:
        stored = embeddings.find_model(db, library.info.model_id)
        missing = contents.count(db) if stored is None else len(embeddings.missing(db, stored.id))
    if missing:
        return Check("embeddings", False, f"{missing:,} photos are not encoded yet: `retrouve index` does it.")
    return Check("embeddings", True, "Every photo is encoded.")


def _failures(library: Library) -> Check:
    with library.catalog.read() as db:
        count = failures.count(db)
    if count:
        return Check("failures", True, f"{count:,} files could not be read: `retrouve failures` says why.")
    return Check("failures", True, "Every photo could be read.")


def _thumbnails(library: Library) -> Check:
    state = library.thumbnails.state()
    if state is None:
        return Check("thumbnails", False, "The thumbnails cannot be read: delete the library's cache folder.")
    count, size = state
    return Check("thumbnails", True, f"{count:,} thumbnails are kept ({_words(size)}).")


def _roots(library: Library) -> list[Check]:
    return [
        Check("root", True, f"{root.root.path} can be read ({root.photos:,} photos).")
        if root.online
        else Check("root", False, f"{root.why_offline} What is known of it is kept.")
        for root in library.roots()
    ]


def _index(library: Library, model_id: str | None, embedded: int) -> tuple[str, int]:
    if model_id is None:
        return "exact", 0
    from core.search.mirror import folder_name
    from core.search.store import CROSSOVER

    name = folder_name(model_id)
    matrix, graph = (_size(library.folder / "cache" / kind / name) for kind in ("vectors", "graph"))
    made = any((library.folder / "cache" / "graph" / name).glob("*.hnsw"))
    return ("graph" if made and embedded >= CROSSOVER else "exact"), matrix + graph


def _size(path: Path) -> int:
    """The bytes of a file, or of all files in a folder; those that go away meanwhile count nothing."""
    if path.is_dir():
        return sum(_size(inner) for inner in path.iterdir())
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _places(count: int) -> str:
    return "1 place" if count == 1 else f"{count:,} places"


def _words(size: int) -> str:
    value, unit = float(size), "bytes"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 1000:
            break
        value, unit = value / 1000, larger
    return f"{value:.0f} {unit}" if unit == "bytes" or value >= 10 else f"{value:.1f} {unit}"


def _version() -> str:
    try:
        return version("retrouve")
    except PackageNotFoundError:
        return "unknown"
