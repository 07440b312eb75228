"""Webdataset tars as sources of captions: ``KEY.jpg`` with ``KEY.txt``, or ``caption`` in ``KEY.json``.

They are what img2dataset writes, and what `training.shards` learns from. Nothing is unpacked: the photo's bytes are
hashed as they pass, so that the library knows its own copy whatever the key is. The names in a tar are looked up, and
never opened.
"""

from __future__ import annotations

import hashlib
import json
import lzma
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from core.captioning.reading import Broken, Pair
from core.errors import CaptionsError
from core.photos import facts
from core.photos.hashing import HASH_BYTES
from core.photos.suffixes import is_photo_name

LARGEST_TEXT = 1 << 20
"""Bytes of a ``.txt`` or a ``.json``."""
LARGEST_PHOTO = 1 << 30
"""Bytes. What says to be larger is passed over: a sparse file can claim to be anything."""
_KEYS = ("caption", "captions", "text")
_BREAKS = (OSError, tarfile.TarError, EOFError, ValueError, OverflowError, zlib.error, lzma.LZMAError)
"""What reading a tar that is cut off, or made to harm, may raise."""


def is_tar_name(name: str) -> bool:
    """Whether a file's name ends as that of a tar does, compressed or not."""
    return name.lower().endswith((".tar", ".tar.gz", ".tgz"))


@dataclass(slots=True)
class _Sample:
    key: str = ""
    photo: str = ""
    hash: bytes = b""
    said: dict[str, bytes] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def read(path: Path) -> Iterator[Pair | Broken]:
    """The samples of a tar, in its order. One that breaks off gives what is before that. Raises `CaptionsError` for
    what is no tar."""
    number = 0
    try:
        with tarfile.open(path, "r|*") as tar:
            for sample in _samples(tar):
                number += 1
                yield from _pairs(sample, number)
    except FileNotFoundError as error:
        raise CaptionsError(f"{path} is not there.") from error
    except _BREAKS as error:
        if not number:
            raise CaptionsError(f"{path} cannot be read as a tar: {error}.") from error
        yield Broken(number, f"behind it the tar breaks off ({error})", "sample")


def _samples(tar: tarfile.TarFile) -> Iterator[_Sample]:
    """What lies together under one key."""
    sample = _Sample()
    try:
        for member in tar:
            if not member.isfile():
                continue
            folder, _, name = member.name.rpartition("/")
            stem, _, suffix = name.partition(".")
            key = f"{folder}/{stem}" if folder else stem
            if key != sample.key:
                if sample.key:
                    yield sample
                sample = _Sample(key)
            _take(tar, member, f".{suffix.lower()}", sample)
    except _BREAKS:
        # What was whole of it counts.
        if sample.photo or sample.said:
            yield sample
        raise
    if sample.key:
        yield sample


def _take(tar: tarfile.TarFile, member: tarfile.TarInfo, suffix: str, sample: _Sample) -> None:
    is_photo = is_photo_name(f"x{suffix}")
    if not is_photo and suffix not in (".txt", ".json"):
        return
    if member.size > (LARGEST_PHOTO if is_photo else LARGEST_TEXT):
        sample.faults.append(f"its {suffix} says that it has {member.size:,} bytes")
        return
    file = tar.extractfile(member)
    if file is None:
        return
    if is_photo:
        sample.hash, sample.photo = _hash(file), f"{sample.key}{suffix}"
    else:
        sample.said[suffix] = file.read(LARGEST_TEXT)


def _hash(file: IO[bytes]) -> bytes:
    """As `core.photos.hashing.content_hash` has it."""
    found = hashlib.sha256()
    while block := file.read(1 << 20):
        found.update(block)
    return found.digest()[:HASH_BYTES]


def _pairs(sample: _Sample, number: int) -> Iterator[Pair | Broken]:
    for fault in sample.faults:
        yield Broken(number, fault, "sample")
    if not (sample.photo or sample.said):
        return
    file = sample.photo or sample.key
    if "\0" in file:
        yield Broken(number, "it names no photo", "sample")
        return
    try:
        texts = _texts(sample.said)
    except ValueError as error:
        yield Broken(number, str(error), "sample")
        return
    for text in texts or [""]:
        yield Pair(file, facts.clean(text), hash=sample.hash, cut=len(text.strip()) > facts.LONGEST_TEXT)


def _texts(said: dict[str, bytes]) -> list[str]:
    """The sentences of a sample: of its ``.txt``, else of its ``.json``. Raises ValueError."""
    if ".txt" in said:
        return [facts.decode_text(said[".txt"])]
    if ".json" not in said:
        return []
    try:
        entry = json.loads(said[".json"])
    except (ValueError, RecursionError) as error:
        raise ValueError("its .json is not JSON") from error
    found = next((entry[key] for key in _KEYS if key in entry), None) if isinstance(entry, dict) else None
    items = found if isinstance(found, list) else [found]
    return [item for item in items if isinstance(item, str)]
