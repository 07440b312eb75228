"""A catalogue of any size whose photos differ in everything that a filter asks for: twenty years of a family's photos.

Everything is drawn from one seed and written by the functions that index runs use. There are no vectors and no files.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from core.catalog import contents, folders, photos, roots, tags
from core.catalog.connection import Catalog
from core.types import FileStamp, FoundCaption, PhotoMetadata, TakenSource

_BATCH = 20_000
_IN_A_FOLDER = 80
_YEARS = 20
_FIRST = datetime(2005, 1, 1)
_PLACES = ("Italy", "Paris", "Zürich", "Home", "Grandma", "Birthday", "Beach", "Alps", "Work", "Garden")
_TOWNS = np.array([(48.85, 2.35), (47.37, 8.54), (41.9, 12.5), (-36.8, 174.7), (21.3, -157.8), (64.1, -21.9)])
_GEAR = (
    ("Canon EOS 350D", "EF-S18-55mm f/3.5-5.6", "IMG_{:04}.JPG"),
    ("NIKON D90", "18.0-105.0 mm f/3.5-5.6", "DSC_{:04}.JPG"),
    ("Canon EOS 5D Mark III", "EF24-70mm f/2.8L II USM", "_MG_{:04}.CR2"),
    ("SONY ILCE-7M3", "FE 24-105mm F4 G OSS", "DSC{:05}.ARW"),
    ("Apple iPhone 12 Pro", "iPhone 12 Pro back triple camera 4.2mm f/1.6", "IMG_{:04}.HEIC"),
    ("Google Pixel 7", "Pixel 7 back camera 6.81mm f/1.85", "PXL_2022{:09}.jpg"),
    ("FUJIFILM X-T3", "XF35mmF1.4 R", "DSCF{:04}.JPG"),
    ("OLYMPUS E-M1", "SIGMA 30mm F1.4 DC DN", "P{:07}.JPG"),
    (None, None, "Scan {}.png"),
)
_FORMATS = {"JPG": "JPEG", "jpg": "JPEG", "CR2": "RAW", "ARW": "RAW", "HEIC": "HEIF", "png": "PNG"}
_WORDS = [
    "dog",
    "cat",
    "beach",
    "grandma",
    "birthday",
    "cake",
    "sunset",
    "mountain",
    "river",
    "bridge",
    "party",
    "wedding",
    "garden",
    "snow",
    "child",
]
_LABELS = ("person", *_WORDS, *(f"label {number:03}" for number in range(300)))


def build(folder: Path, count: int) -> None:
    """A library of ``count`` photos in ``folder``: some 80 to a folder, half of them with a place, one in twenty with a
    caption, one in fifty a copy; labels and places are as uneven as they are in life."""
    chance = np.random.default_rng(5)
    with closing(Catalog.open(folder)) as catalog:
        for start in range(0, count, _BATCH):
            catalog.write(lambda db, start=start: _write(db, chance, start, min(start + _BATCH, count), count))


def _write(db: sqlite3.Connection, chance: np.random.Generator, start: int, stop: int, count: int) -> None:
    path = Path("/nowhere/Photos").absolute()
    root = roots.get(db, path) or roots.add(db, path, None)
    labels = [tags.label_id(db, label) for label in _LABELS]
    for number, metadata, name, size in _photos(chance, start, stop, count):
        album = number // _IN_A_FOLDER
        year = 2005 + number * _YEARS // count
        folder = folders.ensure(db, root.id, f"{year}/{year}-{1 + album % 12:02} {_PLACES[album % 10]} {album}")
        copied = number % 50 == 1
        content = contents.ensure(db, (number - copied).to_bytes(16, "big"))
        id = photos.upsert(db, folder, name, FileStamp(size, number, number), content, metadata)
        found = set(np.minimum(chance.zipf(1.4, chance.integers(0, 5)) - 1, len(labels) - 1).tolist())
        db.executemany(
            "INSERT INTO tag (photo_id, label_id, source, state) VALUES (?, ?, 'auto', ?)",
            [(id, labels[place], "accepted" if chance.random() < 0.6 else "suggested") for place in found],
        )


def _photos(
    chance: np.random.Generator, start: int, stop: int, count: int
) -> Iterator[tuple[int, PhotoMetadata, str, int]]:
    many = stop - start
    gear = chance.choice(len(_GEAR), many, p=np.array([10, 10, 18, 14, 20, 12, 6, 4, 6]) / 100)
    town = _TOWNS[chance.choice(len(_TOWNS), many, p=[0.5, 0.2, 0.2, 0.04, 0.04, 0.02])]
    places = town + chance.normal(0, 0.07, (many, 2))
    sides = np.array([(3456, 2304), (4288, 2848), (5760, 3840), (4032, 3024), (1080, 1080), (8000, 2000)])[
        chance.choice(6, many, p=[0.2, 0.2, 0.25, 0.3, 0.03, 0.02])
    ]
    sizes = chance.lognormal(15, 0.6, many).astype(int)
    drawn = chance.random((many, 5))
    for row, number in enumerate(range(start, stop)):
        camera, lens, pattern = _GEAR[gear[row]]
        name = f"{number % _IN_A_FOLDER:02} {pattern.format(number % 10_000)}"
        width, height = sides[row].tolist()[:: 1 if drawn[row, 0] < 0.7 else -1]
        latitude, longitude = places[row].tolist() if drawn[row, 1] < 0.55 else (None, None)
        words = f"{_WORDS[number % 15]} and {_WORDS[number % 7]}"
        seconds = (number + drawn[row, 4]) * _YEARS * 365.25 * 86_400 / count
        yield (
            number,
            PhotoMetadata(
                width=width,
                height=height,
                format=_FORMATS[name.rpartition(".")[2]],
                taken=(_FIRST + timedelta(seconds=int(seconds))).isoformat() if number % 500 else None,
                taken_source=TakenSource.EXIF if camera else TakenSource.FILE,
                camera=camera,
                lens=lens,
                focal_length=(4.2, 18.0, 24.0, 35.0, 50.0, 70.0, 105.0)[number % 7] if camera else None,
                aperture=(1.4, 1.6, 1.85, 2.8, 4.0, 5.6, 8.0, 11.0)[number % 8] if camera else None,
                iso=(50, 64, 100, 200, 400, 800, 1600, 3200, 6400)[number % 9] if camera else None,
                latitude=latitude,
                longitude=longitude,
                rating=number % 6 if drawn[row, 2] < 0.14 else None,
                captions=(FoundCaption(words, "xmp"),) if number % 20 == 0 else (),
            ),
            name,
            sizes[row].item(),
        )
