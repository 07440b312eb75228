"""Ten queries on the sample photos by two models, side by side in one picture: what a better figure looks like.

The queries and the photos that are right were written down before either model was asked, by looking at all 131 photos.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFont, ImageOps

from core.errors import FolderError
from core.evaluation import folder
from core.evaluation.folder import Row
from core.models.encoder import Encoder
from core.photos.decode import open_full
from core.photos.scan import is_photo_name

EXPLAINED = (
    "Ten queries on the sample photos, by the model before (left) and by this one (right). Queries and right answers "
    "were written down before either model was asked. In all"
)
TOP = 4
LARGEST = 600_000
"""Bytes of the picture at the most."""
THUMB = (156, 117)
GAP, MARGIN, GUTTER = 8, 28, 44
HEAD, ASKED, BETWEEN, FOOT = 84, 34, 20, 40
SIDE = TOP * THUMB[0] + (TOP - 1) * GAP
PAPER, MOUNT, INK, FAINT, GOOD, WRONG = "#ffffff", "#eaeef2", "#1f2328", "#656d76", "#1a7f37", "#6e7781"


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked, and the numbers of the sample photos that show it."""

    text: str
    right: frozenset[int]


QUERIES = (
    Query("dog", frozenset({39, 44, 64, 73, 108, 115, 126})),
    Query("beach", frozenset({18, 41})),
    Query("sunset", frozenset({25, 51, 58, 77, 119})),
    Query("city at night", frozenset({15, 23, 51, 123})),
    Query("mountain lake", frozenset({59, 74})),
    Query("vegetables at a market", frozenset({24, 56, 80})),
    Query("children riding bikes", frozenset({40})),
    Query("someone reading a book outdoors", frozenset({84})),
    Query("a red car", frozenset({124})),
    Query("a man with a dog at a desk", frozenset({44})),
)


@dataclass(frozen=True, slots=True)
class Answered:
    """The numbers of the photos that one model shows first, the best first: a row for each query."""

    photos: tuple[tuple[int, ...], ...]

    def hits(self, number: int) -> int:
        """How many of the photos shown for a query are right."""
        return sum(photo in QUERIES[number].right for photo in self.photos[number])


def draw(samples: Path, before: Encoder, now: Encoder, target: Path) -> str:
    """Ask both models and draw what they find into a JPEG. Returns one sentence on it.

    Raises FolderError when a photo that a query is about is not among the samples, or one cannot be read.
    """
    photos = numbered(samples)
    answers = [answer(photos, encoder) for encoder in (before, now)]
    found = picture(photos, answers, (before.model_id, now.model_id))
    target.write_bytes(as_jpeg(found))
    could = sum(min(TOP, len(query.right)) for query in QUERIES)
    counts = [sum(one.hits(number) for number in range(len(QUERIES))) for one in answers]
    return f"{counts[0]} of {could} right photos before, {counts[1]} now"


def numbered(samples: Path) -> dict[int, Path]:
    """The sample photos by their numbers (``retrouve-039.jpg`` is 39). Raises FolderError when one is missing."""
    if not samples.is_dir():
        raise FolderError(f"{samples} is not a folder.")
    names = (path for path in sorted(samples.iterdir()) if is_photo_name(path.name))
    found = {int(path.stem.rpartition("-")[2]): path for path in names if path.stem.rpartition("-")[2].isdecimal()}
    missing = sorted(set().union(*(query.right for query in QUERIES)) - set(found))
    if missing:
        raise FolderError(f"{samples} lacks the sample photos {', '.join(map(str, missing))}.")
    return found


def answer(photos: dict[int, Path], encoder: Encoder) -> Answered:
    """The first photos for every query."""
    numbers = list(photos)
    rows, embeddings = folder.encode_photos([Row(path) for path in photos.values()], encoder)
    if len(rows) < len(numbers):
        raise FolderError(f"{len(numbers) - len(rows)} of the sample photos cannot be read.")
    scores = encoder.encode_texts([query.text for query in QUERIES]) @ embeddings.T
    first = np.argsort(-scores, axis=1, kind="stable")[:, :TOP]
    return Answered(tuple(tuple(numbers[place] for place in row) for row in first))


def picture(photos: dict[int, Path], answers: Sequence[Answered], names: Sequence[str]) -> Image.Image:
    """The whole picture: a row for each query, the earlier model on the left."""
    step = ASKED + THUMB[1] + BETWEEN
    size = (2 * MARGIN + 2 * SIDE + GUTTER, HEAD + len(QUERIES) * step - BETWEEN + FOOT)
    canvas = Image.new("RGB", size, PAPER)
    pen = ImageDraw.Draw(canvas)
    lefts = (MARGIN, MARGIN + SIDE + GUTTER)
    for left, title, name in zip(lefts, ("before", "now"), names, strict=True):
        pen.text((left, 18), title, INK, _font(30))
        pen.text((left, 54), name, FAINT, _font(17))
    for number, query in enumerate(QUERIES):
        top = HEAD + number * step
        for left, one in zip(lefts, answers, strict=True):
            pen.text((left, top + 4), query.text, INK, _font(22))
            said = f"{one.hits(number)} of {min(TOP, len(query.right))}"
            pen.text((left + SIDE, top + 8), said, FAINT, _font(18), anchor="ra")
            for place, photo in enumerate(one.photos[number]):
                where = (left + place * (THUMB[0] + GAP), top + ASKED)
                canvas.paste(thumbnail(photos[photo], photo in query.right), where)
    middle = lefts[1] - GUTTER // 2
    pen.line((middle, 24, middle, size[1] - FOOT), "#d0d7de", 1)
    note = "green: shows what was asked for; pale: does not; x of y: right ones here, of those that could be"
    pen.text((MARGIN, size[1] - 29), note, FAINT, _font(17))
    return canvas


def thumbnail(path: Path, right: bool) -> Image.Image:
    """The whole photo with a green frame and a tick when it is right; pale, with a cross, when it is not."""
    image = ImageOps.pad(open_full(path, longest=2 * THUMB[0]), THUMB, Image.Resampling.LANCZOS, color=MOUNT)
    if not right:
        image = Image.blend(ImageEnhance.Color(image).enhance(0.5), Image.new("RGB", THUMB, PAPER), 0.3)
    # Drawn four times as large and scaled down, since Pillow's own lines have rough edges.
    scale = 4
    large = Image.new("RGBA", (THUMB[0] * scale, THUMB[1] * scale))
    pen = ImageDraw.Draw(large)
    if right:
        pen.rectangle((0, 0, large.width - 1, large.height - 1), outline=GOOD, width=4 * scale)
    x, y, radius = large.width - 19 * scale, large.height - 19 * scale, 12 * scale
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), GOOD if right else WRONG, "white", 2 * scale)
    strokes = (((-5, 0), (-1.5, 4), (5.5, -4)),) if right else (((-4, -4), (4, 4)), ((-4, 4), (4, -4)))
    for stroke in strokes:
        pen.line([(x + dx * scale, y + dy * scale) for dx, dy in stroke], "white", round(2.4 * scale), joint="curve")
    small = large.resize(THUMB, Image.Resampling.LANCZOS)
    image.paste(small, (0, 0), small)
    return image


def as_jpeg(image: Image.Image) -> bytes:
    """The picture as a JPEG of as good a quality as fits into `LARGEST` bytes. Raises ValueError when none does."""
    for quality in range(88, 30, -4):
        packed = io.BytesIO()
        image.save(packed, "JPEG", quality=quality, optimize=True, progressive=True, subsampling=0)
        if packed.tell() <= LARGEST:
            return packed.getvalue()
    raise ValueError(f"no JPEG of {image.size} fits into {LARGEST} bytes")


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
