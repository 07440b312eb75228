"""Pairs of photos and sentences to learn from: where they come from, which are held out, and how they meet in batches.

- `own`: the photos of a library that have captions or accepted tags. A tag becomes a sentence through a template.
- `replayed`: the sample photos with their captions, half to be learned again so that nothing is forgotten, half to
  measure by; no photo is in both.
- `split`: what is held out, by album where there are enough of them, and never a copy on each side.
- `Batches`: which photos meet. No two of a batch have the same sentence or are near copies: each would be the other's
  wrong answer, and is right. Look-alikes may meet on purpose (`negatives`). Everything follows from a seed and a step's
  number.
- `Pictures`: pixels, cut and turned a little differently each time.
"""

from __future__ import annotations

import random
import re
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.catalog import embeddings, photos
from core.errors import PhotoError
from core.evaluation.folder import read_rows
from core.library import Library
from core.models.preprocess import Preprocess
from core.models.registry import ModelInfo
from core.photos.decode import decode
from core.photos.hashing import content_hash
from training import negatives
from training.negatives import LookAlikes
from training.teaching import SAME, gather
from training.teaching import unit as to_unit

if TYPE_CHECKING:
    from PIL.Image import Image

TEMPLATE = "a photo of {}."
ALBUMS = 5
"""Albums that there must be at the least for whole ones to be held out."""
MOST_HELD = 500
"""Photos that are held out at the most: more would be measured for longer, and no better."""
IN_MEMORY = 1_000_000_000
"""Bytes of pictures that are kept; what is beyond is read again each time."""
_SPACE = 1.15
"""How much larger than the tower sees a picture is kept, so that a part of it is not blurred."""
_SIDES = re.compile(r"\b(left|right|links|rechts|gauche|droite|izquierda|derecha|sinistra|destra)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Example:
    """A photo with the sentences that are true of it. ``album`` is its folder; near copies share their ``group``."""

    path: Path
    texts: tuple[str, ...]
    album: str = ""
    group: int = -1
    hash: bytes = b""
    """The content's, where it is known."""
    row: int = -1
    """Of the embeddings that `own` gives with it, where it has one."""


def own(library: Library, model: ModelInfo) -> tuple[list[Example], dict[str, Any], NDArray[np.float32]]:
    """The photos that something is said about, a report on them, and the embeddings of all that are indexed,
    float32[contents, dim]. Photos that are not there now are left out."""
    said, ids, vectors = gather(library, model)
    texts: dict[int, list[str]] = {}
    labels: dict[int, list[str]] = {}
    for one in said:
        (labels if one.tag else texts).setdefault(one.content_id, []).append(" ".join(one.text.split()))
    for content, names in labels.items():
        texts.setdefault(content, []).extend(TEMPLATE.format(name) for name in names)
    with library.catalog.read() as db:
        places = photos.by_content(db, list(texts))
    row_of = {int(id): row for row, id in enumerate(ids)}
    examples: list[Example] = []
    empty, missing, unindexed = 0, 0, 0
    for content, sentences in sorted(texts.items()):
        kept = tuple(dict.fromkeys(text for text in sentences if text))
        photo = next((photo for photo in places.get(content, ()) if photo.path.is_file()), None)
        empty += not kept
        missing += bool(kept) and photo is None
        if kept and photo is not None:
            unindexed += content not in row_of
            row = row_of.get(content, -1)
            examples.append(Example(photo.path, kept, str(photo.path.parent), hash=photo.content_hash, row=row))
    groups = near(vectors, [one.row for one in examples])
    found = [replace(one, group=group) for one, group in zip(examples, groups, strict=True)]
    counts = Counter(text.casefold() for one in found for text in one.texts)
    report = {
        "photos": len(ids),
        "captioned": len(found),
        "captions": sum(len(one) for one in texts.values()),
        "tags": sum(len(one) for one in labels.values()),
        "repeated": sum(count - 1 for count in counts.values()),
        "different": len(counts),
        "empty": empty,
        "overlong": sum(len(text.split()) > 48 for one in found for text in one.texts),
        "missing": missing,
        "not_indexed": unindexed,
        "albums": len({one.album for one in found}),
        "near_copies": len(found) - len({one.group for one in found}),
    }
    return found, report, vectors


def stored(library: Library, model: ModelInfo, examples: Sequence[Example]) -> dict[Path, NDArray[np.float32]]:
    """The embeddings that a library has of some photos, each a unit vector float32[dim]; of others there is none."""
    found = {}
    with library.catalog.read() as db:
        space = embeddings.find_model(db, model.model_id)
        if space is None:
            return {}
        for one in examples:
            photo = photos.by_path(db, one.path)
            vector = None if photo is None else embeddings.get(db, space.id, photo.content_id)
            if vector is not None and len(vector) == model.dim and np.isfinite(vector).all():
                found[one.path] = to_unit(vector)
    return found


def near(vectors: NDArray[np.float32], rows: Sequence[int], block: int = 1024) -> list[int]:
    """A group's number for each of some rows of ``vectors``: near copies (`SAME`), and copies of copies, share one. A
    row of -1 has no embedding, and is a group of its own."""
    parent = list(range(len(rows)))

    def top(at: int) -> int:
        while parent[at] != at:
            parent[at] = parent[parent[at]]
            at = parent[at]
        return at

    known = np.array([at for at, row in enumerate(rows) if row >= 0], np.int64)
    mine = vectors[[rows[at] for at in known]]
    for start in range(0, len(known), block):
        close = mine[start : start + block] @ mine[start:].T >= SAME
        for one, other in zip(*np.nonzero(close), strict=True):
            parent[top(int(known[start + other]))] = top(int(known[start + one]))
    return [top(at) for at in range(len(rows))]


def replayed(mine: Sequence[Example]) -> tuple[list[Example], list[Example]]:
    """The sample photos: those that are learned again, and those that are measured by, every second either. What is
    among the person's own captioned photos (``mine``) too is left out: nothing is measured that was learned."""
    rows = read_rows(Path(str(resources.files("resources"))) / "samples", {})
    taken = {one.hash for one in mine}
    found = [Example(row.path, row.captions, "samples", -2 - number) for number, row in enumerate(rows)]
    found = [one for one in found if content_hash(one.path) not in taken]
    return found[::2], found[1::2]


@dataclass(frozen=True, slots=True)
class Split:
    """What is learned from, and what is held out: one part to choose by (when to stop, how much to keep), one to judge
    by, which nothing else looks at. ``said`` says how it was done."""

    learned: tuple[Example, ...]
    choosing: tuple[Example, ...]
    judging: tuple[Example, ...]
    said: str


def split(examples: Sequence[Example], share: float = 0.2, seed: int = 0) -> Split:
    """Hold out about a ``share`` (0 to 1) of some photos, `MOST_HELD` at the most, half of it for each part. Near
    copies stay together, and so do albums, where no few of them hold most photos."""
    chance = random.Random(seed)
    wanted = min(share * len(examples), MOST_HELD) / 2
    sizes = Counter(one.album for one in examples)
    by_album = len(sizes) >= ALBUMS and max(sizes.values()) <= wanted * 2
    units = _joined(examples, by_album)
    if by_album and len(units) < ALBUMS:
        by_album, units = False, _joined(examples, False)
    order = sorted(units)
    chance.shuffle(order)
    parts: list[list[Example]] = [[], []]
    learned: list[Example] = []
    for unit in order:
        members = units[unit]
        part = min(parts, key=len)
        fits = len(part) + len(members) <= max(wanted * 1.5, 1) and len(part) < wanted
        (part if fits else learned).extend(members)
    said = "whole albums, with their near copies" if by_album else "photos of every album, near copies together"
    return Split(tuple(learned), tuple(parts[0]), tuple(parts[1]), said)


def _joined(examples: Sequence[Example], by_album: bool) -> dict[int, list[Example]]:
    """Photos that have to stay together: of a group, and of an album, and what these share."""
    parent: dict[str, str] = {}

    def top(key: str) -> str:
        parent.setdefault(key, key)
        while parent[key] != key:
            key = parent[key]
        return key

    for one in examples:
        mine = top(f"group {one.group}")
        if by_album:
            parent[top(f"album {one.album}")] = mine
    units: dict[str, list[Example]] = {}
    for one in examples:
        units.setdefault(top(f"group {one.group}"), []).append(one)
    return dict(enumerate(units.values()))


class Batches:
    """Which photos meet in which step, and with which of their sentences: the same for the same seed.

    ``size`` photos a batch, of which a share of ``replay`` (0 to 1) come from ``again``. A share of ``hard`` follow one
    that they look like (``alike``, as `negatives.look_alikes` gives it).
    """

    def __init__(
        self,
        examples: Sequence[Example],
        size: int,
        *,
        again: Sequence[Example] = (),
        replay: float = 0.0,
        alike: LookAlikes = (),
        hard: float = 0.0,
        seed: int = 0,
    ) -> None:
        self._again = again
        self._alike, self._hard = alike, hard if alike else 0.0
        self._more = min(len(again), round(size * replay)) if again else 0
        self._examples, self._size, self._seed = examples, max(2, size - self._more), seed
        self._epochs: dict[int, list[list[tuple[Example, str]]]] = {}
        self.each = len(self._epoch(0))
        """Batches an epoch."""

    def at(self, step: int) -> list[tuple[Example, str]]:
        """The pairs of a step's batch, those of `own` photos first."""
        epoch, place = divmod(step, max(1, self.each))
        batches = self._epoch(epoch)
        return batches[place % len(batches)]

    def _epoch(self, epoch: int) -> list[list[tuple[Example, str]]]:
        if epoch not in self._epochs:
            chance = random.Random(f"{self._seed} {epoch}")
            batches = list(self._apart(self._drawn(chance), self._size))
            if self._more:
                batches = [self._with_old(batch, chance) for batch in batches]
            self._epochs = {epoch: batches}
        return self._epochs[epoch]

    def _drawn(self, chance: random.Random) -> list[tuple[Example, str]]:
        drawn = [(one, chance.choice(one.texts)) for one in self._examples]
        order = list(range(len(drawn)))
        chance.shuffle(order)
        return [drawn[at] for at in negatives.in_company(order, self._alike, self._hard)]

    @staticmethod
    def _apart(pairs: Sequence[tuple[Example, str]], size: int) -> Iterator[list[tuple[Example, str]]]:
        """Batches without equal sentences and near copies. What fits into none waits for the next; a last batch under
        half the size is left out, unless it is the only one."""
        waiting, yielded = deque(pairs), False
        while waiting:
            batch: list[tuple[Example, str]] = []
            texts: set[str] = set()
            groups: set[int] = set()
            put_off = []
            while waiting and len(batch) < size:
                one, text = waiting.popleft()
                if text.casefold() in texts or one.group in groups:
                    put_off.append((one, text))
                    continue
                batch.append((one, text))
                texts.add(text.casefold())
                groups.add(one.group)
            waiting.extendleft(reversed(put_off))
            if yielded and 2 * len(batch) < size:
                return
            yielded = True
            yield batch

    def _with_old(self, batch: list[tuple[Example, str]], chance: random.Random) -> list[tuple[Example, str]]:
        texts = {text.casefold() for _, text in batch}
        drawn = [(one, chance.choice(one.texts)) for one in chance.sample(list(self._again), self._more)]
        return batch + [pair for pair in drawn if pair[1].casefold() not in texts]


class Pictures:
    """Reads photos, and makes what a tower sees of them. Small copies of as many as `IN_MEMORY` holds are kept."""

    def __init__(self, preprocess: Preprocess, threads: int = 2) -> None:
        self.preprocess = preprocess
        self._threads = threads
        self._side = round(preprocess.image_size * _SPACE)
        self._kept: dict[Path, Image] = {}
        self._bytes = 0

    def readable(
        self, examples: Sequence[Example], tell: Callable[[int, int], None]
    ) -> tuple[list[Example], list[str]]:
        """Those of some photos that can be read, and of the others why not. ``tell`` hears how many are done."""
        kept, faults = [], []
        with ThreadPoolExecutor(self._threads) as pool:
            for number, (one, fault) in enumerate(zip(examples, pool.map(self._try, examples), strict=True)):
                tell(number, len(examples))
                if fault:
                    faults.append(fault)
                else:
                    kept.append(one)
        return kept, faults

    def plain(self, paths: Sequence[Path]) -> NDArray[np.float32]:
        """Whole photos as the model is shown them when it is used: float32[n, 3, height, width]."""
        with ThreadPoolExecutor(self._threads) as pool:
            return self.preprocess(list(pool.map(self.read, paths)))

    def varied(self, pairs: Sequence[tuple[Example, str]], seed: str) -> NDArray[np.float32]:
        """Parts of photos (60 % of them and more), mirrored half of the time unless the sentence knows left from
        right: float32[n, 3, height, width]. Equal seeds give equal pixels."""
        with ThreadPoolExecutor(self._threads) as pool:
            return self.preprocess(list(pool.map(lambda at: self._part(*pairs[at], f"{seed} {at}"), range(len(pairs)))))

    def read(self, path: Path) -> Image:
        """A photo, a little larger than the tower sees it. Raises `PhotoError`."""
        kept = self._kept.get(path)
        if kept is not None:
            return kept
        image = decode(path, min_side=self._side, thumbnail=False).image
        ratio = self._side / min(image.size)
        if ratio < 1:
            image = image.resize(
                (max(1, round(image.width * ratio)), max(1, round(image.height * ratio))), reducing_gap=2
            )
        size = 3 * image.width * image.height
        if self._bytes + size <= IN_MEMORY:
            self._kept[path] = image
            self._bytes += size
        return image

    def _try(self, example: Example) -> str:
        try:
            self.read(example.path)
        except PhotoError as error:
            return f"{example.path}: {error}"
        return ""

    def _part(self, example: Example, text: str, seed: str) -> Image:
        from PIL import Image as pillow

        chance = random.Random(seed)
        image = self.read(example.path)
        area, ratio = chance.uniform(0.6, 1), np.exp(chance.uniform(np.log(3 / 4), np.log(4 / 3)))
        side = (area * image.width * image.height) ** 0.5
        width = min(image.width, max(1, round(side * ratio**0.5)))
        height = min(image.height, max(1, round(side / ratio**0.5)))
        left, upper = chance.randint(0, image.width - width), chance.randint(0, image.height - height)
        cut = image.crop((left, upper, left + width, upper + height))
        if chance.random() < 0.5 and not _SIDES.search(text):
            cut = cut.transpose(pillow.Transpose.FLIP_LEFT_RIGHT)
        # Every tower's picture is filled, also of a model that is shown the middle or a frame.
        size = self.preprocess.size
        return cut.resize((size[1], size[0]), pillow.Resampling.BICUBIC)
