"""Pairs for training from scratch, wherever they lie, in an order that can be taken up again at any pair.

A source is a folder with ``captions.jsonl`` (`core.evaluation.folder` says what is in it), a webdataset tar (what
img2dataset writes: ``KEY.jpg`` and ``KEY.txt`` or ``KEY.json`` one after the other), a folder of such tars, or many at
once as ``shard-{00000..41399}.tar``. Tars are read from front to back, as disks and networks like it.

Each pass over the data takes the shards in another order; processes share them out. A process reads its shards into a
buffer, hands the pairs of that out in a random order, and fills it again. All of it follows from the seed and from
where the buffer began, which is why a `Position` says exactly where a run is.
"""

from __future__ import annotations

import hashlib
import json
import re
import tarfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from core.errors import TrainingError
from core.evaluation.folder import CAPTIONS, read_rows

ROWS = 64
"""Rows of a ``captions.jsonl`` that count as a shard."""
PHOTOS = {".jpg", ".jpeg", ".png", ".webp"}
_RANGE = re.compile(r"\{(\d+)\.\.(\d+)\}")


@dataclass(frozen=True, slots=True)
class Pair:
    """A photo, as its bytes or its file, and the sentences that are true of it."""

    photo: bytes | Path
    captions: tuple[str, ...]

    def read(self) -> bytes:
        """The photo's bytes. Raises OSError."""
        return self.photo if isinstance(self.photo, bytes) else self.photo.read_bytes()


@dataclass(frozen=True, slots=True)
class Shard:
    """A tar, or the rows of a ``captions.jsonl`` from ``first`` on."""

    path: Path
    first: int = 0


@dataclass(frozen=True, slots=True)
class Position:
    """Where a process is: the buffer was filled in pass ``turn`` over the data, from pair ``pair`` of its ``shard``-th
    shard on, and ``used`` pairs of it are used."""

    turn: int = 0
    shard: int = 0
    pair: int = 0
    used: int = 0


def find_shards(sources: Sequence[str]) -> list[Shard]:
    """All shards of some sources, in a fixed order. Raises `TrainingError`, `FolderError` for what cannot be used."""
    found: list[Shard] = []
    for source in [one for named in sources for one in expand(named)]:
        path = Path(source).expanduser().absolute()
        if path.is_file():
            found.append(Shard(path))
        elif (path / CAPTIONS).is_file():
            found += [Shard(path, first) for first in range(0, len(_rows(path)), ROWS)]
        elif path.is_dir() and (tars := sorted(path.glob("*.tar"))):
            found += [Shard(tar) for tar in tars]
        elif path.is_dir():
            raise TrainingError(f"{path} has neither {CAPTIONS} nor tars.")
        else:
            raise TrainingError(f"{path} is not there.")
    return found


def expand(source: str) -> list[str]:
    """``shard-{000..012}.tar`` to the names that it stands for, as webdataset has it; any other stays."""
    found = _RANGE.search(source)
    if found is None:
        return [source]
    first, last = found[1], found[2]
    numbers = range(int(first), int(last) + 1)
    tails = expand(source[found.end() :])
    return [f"{source[: found.start()]}{number:0{len(first)}d}{tail}" for number in numbers for tail in tails]


def _rows(folder: Path) -> list[tuple[Path, tuple[str, ...]]]:
    return _read(folder)[0]


@lru_cache(maxsize=8)
def _read(folder: Path) -> tuple[list[tuple[Path, tuple[str, ...]]], int]:
    """The rows of a folder, and how many lines say nothing usable."""
    broken: list[str] = []
    rows = [(row.path, row.captions) for row in read_rows(folder, {}, broken)]
    return rows, len(broken)


class Reader:
    """Reads shards. ``faults`` counts what could not be used, by reason."""

    def __init__(self) -> None:
        self.faults: Counter[str] = Counter()

    def pairs(self, shard: Shard) -> Iterator[Pair]:
        """The pairs of a shard, in its order. A tar that breaks off gives what is before that."""
        found: Iterator[Pair]
        if shard.path.is_dir():
            found = (Pair(path, captions) for path, captions in _rows(shard.path)[shard.first : shard.first + ROWS])
            if not shard.first and (broken := _read(shard.path)[1]):
                self.faults[f"a line of {CAPTIONS} that cannot be read"] += broken
        else:
            found = self._of_tar(shard.path)
        for pair in found:
            captions = tuple(caption.strip() for caption in pair.captions if caption.strip())
            if captions:
                yield replace(pair, captions=captions)
            else:
                self.faults["no caption"] += 1

    def _of_tar(self, path: Path) -> Iterator[Pair]:
        key, photo = "", b""
        captions: dict[str, bytes] = {}
        try:
            with tarfile.open(path, "r|*") as tar:
                for member in tar:
                    if not member.isfile():
                        continue
                    folder, _, name = member.name.rpartition("/")
                    stem, _, suffix = name.partition(".")
                    if f"{folder}/{stem}" != key:
                        if photo:
                            yield Pair(photo, _caption(captions))
                        key, photo, captions = f"{folder}/{stem}", b"", {}
                    suffix = f".{suffix.lower()}"
                    if suffix in PHOTOS or suffix in (".txt", ".json"):
                        file = tar.extractfile(member)
                        content = b"" if file is None else file.read()
                        if suffix in PHOTOS:
                            photo = content
                        else:
                            captions[suffix] = content
            if photo:
                yield Pair(photo, _caption(captions))
        except (OSError, tarfile.TarError, EOFError) as error:
            self.faults[f"the tar {path.name} breaks off: {error}"] += 1


def _caption(found: dict[str, bytes]) -> tuple[str, ...]:
    """The sentence of a webdataset sample: of its ``.txt``, else the ``caption`` of its ``.json``."""
    if ".txt" in found:
        return (found[".txt"].decode("utf-8", "replace"),)
    try:
        said = json.loads(found.get(".json", b"{}")).get("caption")
    except (ValueError, AttributeError):
        return ()
    return (said,) if isinstance(said, str) else ()


class HoldOut:
    """Which pairs are never trained on: a share of all, by the photo's bytes, so that copies stay together."""

    def __init__(self, share: float) -> None:
        self._below = int(share * 2**64)
        self._known: dict[Path, bool] = {}

    def __call__(self, pair: Pair) -> bool:
        """Whether it is held out. Of a file that is not there it is not: training says so when it comes to it."""
        if not self._below:
            return False
        if isinstance(pair.photo, bytes):
            return digest(pair.photo) < self._below
        if pair.photo not in self._known:
            try:
                self._known[pair.photo] = digest(pair.read()) < self._below
            except OSError:
                self._known[pair.photo] = False
        return self._known[pair.photo]


def digest(content: bytes) -> int:
    """64 bits that stand for some bytes."""
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "big")


class Stream:
    """The pairs of one process, pass after pass, without end. ``buffer`` pairs are in memory, as many being read."""

    def __init__(
        self, shards: Sequence[Shard], rank: int, size: int, seed: int, buffer: int, held: HoldOut, reader: Reader
    ) -> None:
        if len(shards) < size:
            raise TrainingError(f"{len(shards)} shards are too few for {size} processes: each needs one of its own.")
        self._shards, self._rank, self._size = shards, rank, size
        self._seed, self._buffer, self._held, self._reader = seed, max(buffer, 1), held, reader

    def after(self, start: Position) -> Iterator[tuple[Pair, Position, list[int]]]:
        """Each pair with the position after it and the seed of what is drawn for it. Raises `TrainingError` where a
        whole pass has no pair."""
        at, empty = start, 0
        with ThreadPoolExecutor(1, "retrouve-shards") as ahead:
            coming = ahead.submit(self._fill, at)
            while True:
                pairs, following = coming.result()
                coming = ahead.submit(self._fill, following)
                empty = 0 if pairs else empty + 1
                if empty > 1 + len(self._shards):
                    reasons = ", ".join(f"{why} ({count:,})" for why, count in self._reader.faults.most_common(3))
                    raise TrainingError(f"There is no pair to train on: {reasons or 'all are held out'}.")
                began = [self._seed, self._rank, at.turn, at.shard, at.pair]
                order = np.random.default_rng(began).permutation(len(pairs))
                for number in range(at.used, len(pairs)):
                    last = number + 1 == len(pairs)
                    yield pairs[order[number]], following if last else replace(at, used=number + 1), [*began, number]
                at = following

    def _fill(self, at: Position) -> tuple[list[Pair], Position]:
        """The pairs of the buffer that begins there, and where the next begins. It ends with the pass."""
        chosen = np.random.default_rng([self._seed, at.turn]).permutation(len(self._shards))[self._rank :: self._size]
        pairs: list[Pair] = []
        for place in range(at.shard, len(chosen)):
            skip = at.pair if place == at.shard else 0
            for number, pair in enumerate(self._reader.pairs(self._shards[chosen[place]])):
                if number < skip:
                    continue
                if len(pairs) == self._buffer:
                    return pairs, Position(at.turn, place, number)
                if not self._held(pair):
                    pairs.append(pair)
        return pairs, Position(at.turn + 1)


def held_out(shards: Sequence[Shard], held: HoldOut, most: int) -> list[Pair]:
    """The first ``most`` pairs that are held out."""
    reader, found = Reader(), []
    for shard in shards:
        for pair in reader.pairs(shard):
            if held(pair):
                found.append(pair)
                if len(found) == most:
                    return found
    return found


def survey(shards: Sequence[Shard], held: HoldOut) -> dict[str, object]:
    """What there is to learn from, in a reading of all: the run's report on its data."""
    reader, photos, sentences = Reader(), Counter[int](), Counter[str]()
    kept = apart = 0
    for shard in shards:
        for pair in reader.pairs(shard):
            try:
                photos[digest(pair.read())] += 1
            except OSError:
                reader.faults["the photo is not there"] += 1
                continue
            sentences.update(pair.captions)
            if held(pair):
                apart += 1
            else:
                kept += 1
    return {
        "shards": len(shards),
        "pairs": kept,
        "held_out": apart,
        "captions": sum(sentences.values()),
        "copies": sum(photos.values()) - len(photos),
        "captions_said_again": sum(sentences.values()) - len(sentences),
        "left_out": dict(reader.faults),
    }
