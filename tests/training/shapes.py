"""A small world to learn from nothing: two coloured shapes on a coloured ground, and a sentence that says which."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

COLOURS = {
    "red": (210, 40, 40),
    "green": (40, 160, 60),
    "blue": (50, 70, 210),
    "yellow": (230, 210, 50),
    "purple": (140, 60, 170),
    "orange": (240, 140, 30),
    "white": (245, 245, 245),
    "black": (20, 20, 20),
}
SHAPES = ("circle", "square", "triangle", "ring")


def draw(number: int, side: int = 64) -> tuple[Image.Image, str]:
    """The ``number``-th picture and its sentence: a big and a small shape, left and right."""
    chance = np.random.default_rng([7, number])
    ground, left, right = chance.choice(list(COLOURS), 3, replace=False)
    shapes = chance.choice(SHAPES, 2)
    image = Image.new("RGB", (side, side), COLOURS[ground])
    pen = ImageDraw.Draw(image)
    for place, colour, shape in ((0, left, shapes[0]), (1, right, shapes[1])):
        size = int(chance.integers(side * 5 // 16, side * 7 // 16))
        x = place * side // 2 + int(chance.integers(0, side // 2 - size + 1))
        y = int(chance.integers(0, side - size))
        box, ink = (x, y, x + size, y + size), COLOURS[colour]
        if shape == "circle":
            pen.ellipse(box, fill=ink)
        elif shape == "square":
            pen.rectangle(box, fill=ink)
        elif shape == "ring":
            pen.ellipse(box, outline=ink, width=max(2, size // 5))
        else:
            pen.polygon([(x, y + size), (x + size, y + size), (x + size // 2, y)], fill=ink)
    return image, f"a {left} {shapes[0]} and a {right} {shapes[1]} on {ground}"


def write_folder(folder: Path, count: int, side: int = 64, first: int = 0) -> Path:
    """A folder with ``captions.jsonl``."""
    folder.mkdir(parents=True)
    lines = []
    for number in range(first, first + count):
        image, sentence = draw(number, side)
        image.save(folder / f"{number:05d}.png")
        lines.append(json.dumps({"file": f"{number:05d}.png", "captions": [sentence]}))
    (folder / "captions.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def write_tars(folder: Path, tars: int, pairs: int, side: int = 64) -> Path:
    """Webdataset tars as img2dataset writes them: every other sentence as ``.txt``, the others in ``.json``."""
    folder.mkdir(parents=True)
    for shard in range(tars):
        with tarfile.open(folder / f"shard-{shard:05d}.tar", "w") as tar:
            for number in range(shard * pairs, (shard + 1) * pairs):
                image, sentence = draw(number, side)
                content = io.BytesIO()
                image.save(content, "PNG")
                _add(tar, f"{number:09d}.png", content.getvalue())
                if number % 2:
                    _add(tar, f"{number:09d}.txt", sentence.encode())
                _add(tar, f"{number:09d}.json", json.dumps({"caption": sentence, "width": side}).encode())
    return folder


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    about = tarfile.TarInfo(name)
    about.size = len(content)
    tar.addfile(about, io.BytesIO(content))
