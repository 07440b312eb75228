"""A catalogue of a few hundred photos that differ in everything a filter asks for, and the same photos in Python."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from core.catalog import contents, favourites, folders, photos, roots, tags
from core.catalog.connection import Catalog
from core.types import FileStamp, FoundCaption, PhotoMetadata, TakenSource


@dataclass(frozen=True)
class Made:
    """A photo as it was put in. ``tags``: (label, state)."""

    root: str
    folder: str
    name: str
    size: int
    content: bytes
    metadata: PhotoMetadata
    tags: tuple[tuple[str, str], ...] = ()
    favourite: bool = False
    copied: bool = field(default=False, compare=False)

    @property
    def said(self) -> tuple[str, ...]:
        return tuple(caption.text for caption in self.metadata.captions)


ROOTS = ("/photos", "/media/Italy", "/media/My Photos", "/")
FOLDERS = (
    "",
    "Italy",
    "italy 2019/Rome",
    "2019-07 Italy",
    "Littleitaly",
    "Ärger/100%",
    "A[1]",
    "x*y?",
    "New York",
    "ΣΑΣ",
)
NAMES = (
    "IMG_12",
    "img_123",
    "DSC00012",
    "Zürich",
    "Zu\u0308rich",
    "straße",
    "STRASSE",
    "50% [a]*?",
    "東京タワー",
    "\udcffraw",
)
ENDINGS = {"JPEG": ".jpg", "PNG": ".PNG", "HEIF": ".heic", "TIFF": ".tif", "RAW": ".NEF", "AVIF": ".avif"}
TAKEN = (
    None,
    *(
        "2018-12-31T23:59:59",
        "2019-01-01T00:00:00",
        "2019-07-04T18:30:00",
        "2019-07-06T09:00:00",
        "2020-02-29T01:02:03",
    ),
    *(
        "2020-12-24T20:00:00",
        "2021-04-04T10:00:00",
        "2024-11-24T10:00:00",
        "2024-11-25T00:00:00",
        "1987-06-15T12:00:00",
    ),
)
CAMERAS = (
    None,
    "Canon EOS 5D Mark III",
    "Canon EOS 350D",
    "NIKON D90",
    "Leïca M10",
    "samsung SM-G973F",
    "Ricoh GR-III",
)
LENSES = (None, "EF24-70mm f/2.8L II USM", "SIGMA 30mm F1.4 DC DN", "Summilux-M 1:1.4/50", "Zörk 50mm")
FOCAL = (None, 4.2, 24.0, 30.0, 49.6, 50.0, 50.4, 50.5, 70.0, 70.00001)
APERTURE = (None, 1.4, 1.78, 1.8, 1.84, 2.0, 2.7999999, 2.8, 11.0)
ISO = (None, 50, 100, 400, 800, 801, 3200)
RATING = (None, -1, 0, 1, 3, 5)
SIDES = (
    (0, 0),
    (4000, 3000),
    (3000, 4000),
    (4032, 3024),
    (1000, 1000),
    (1000, 985),
    (981, 1000),
    (979, 1000),
    (1021, 1000),
    (6000, 2000),
    (1, 3000),
)
SIZES = (1, 499_999, 500_000, 4_600_000, 5_000_000, 12_000_000)
PLACES = (
    *((None, None), (48.85, 2.35), (48.9, 2.4), (41.9, 12.5), (-17.0, 179.99), (-17.0, -179.99), (0.0, 180.0)),
    *((90.0, 0.0), (89.99, 100.0), (-90.0, 12.0), (0.0, 0.0), (0.01, -0.01), (21.3, -157.8)),
)
WORDS = ("dog", "Großmutter", "birthday", "cake", "Zürich", "sea")
LABELS = ("cat", "Cat's eye", "Birthday party", "birthday", "Café", "Cafe", "強い")
STATES = ("accepted", "suggested", "rejected")


def draw(chance: random.Random, count: int) -> list[Made]:
    """Photos with everything drawn by itself. Some share their bytes; no two a path."""
    made = []
    for number in range(count):
        kind = chance.choice(list(ENDINGS))
        latitude, longitude = chance.choice(PLACES)
        captions = [" ".join(chance.sample(WORDS, chance.randint(1, 3))) for _ in range(chance.choice((0, 0, 1, 2)))]
        width, height = chance.choice(SIDES)
        taken = chance.choice(TAKEN)
        metadata = PhotoMetadata(
            width=width,
            height=height,
            format=kind,
            taken=taken,
            taken_source=None if taken is None else chance.choice(list(TakenSource)),
            camera=chance.choice(CAMERAS),
            lens=chance.choice(LENSES),
            focal_length=chance.choice(FOCAL),
            aperture=chance.choice(APERTURE),
            iso=chance.choice(ISO),
            latitude=latitude,
            longitude=longitude,
            rating=chance.choice(RATING),
            captions=tuple(FoundCaption(text, "xmp") for text in dict.fromkeys(captions)),
        )
        made.append(
            Made(
                chance.choice(ROOTS),
                chance.choice(FOLDERS),
                f"{number}{chance.choice(NAMES)}{ENDINGS[kind]}",
                chance.choice(SIZES),
                bytes([chance.randint(0, 1)] * 4 + [chance.randint(0, count % 251)] * 12),
                metadata,
                tuple((label, chance.choice(STATES)) for label in chance.sample(LABELS, chance.choice((0, 0, 1, 3)))),
                chance.random() < 0.2,
            )
        )
    shared = [photo.content for photo in made]
    return [Made(**{**_fields(photo), "copied": shared.count(photo.content) > 1}) for photo in made]


def _fields(photo: Made) -> dict[str, object]:
    return {name: getattr(photo, name) for name in Made.__dataclass_fields__}


def store(catalog: Catalog, made: Sequence[Made]) -> dict[int, Made]:
    """Put photos into a catalogue, through the functions that index runs use; they by their ids."""

    def work(db) -> dict[int, Made]:
        found = {}
        for photo in made:
            root = roots.get(db, Path(photo.root)) or roots.add(db, Path(photo.root), None)
            folder = folders.ensure(db, root.id, photo.folder)
            content = contents.ensure(db, photo.content)
            stamp = FileStamp(photo.size, 2, 3)
            id = photos.upsert(db, folder, photo.name, stamp, content, photo.metadata)
            for label, state in photo.tags:
                db.execute(
                    "INSERT INTO tag (photo_id, label_id, source, state) VALUES (?, ?, 'user', ?)",
                    [id, tags.label_id(db, label), state],
                )
            found[id] = photo
        favourites.set(db, [id for id, photo in found.items() if photo.favourite], True)
        return found

    return catalog.write(work)


@dataclass(frozen=True)
class Few:
    catalog: Catalog
    photos: dict[int, Made]


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Few]:
    """A hundred and fifty photos. Read only."""
    with Catalog.open(tmp_path_factory.mktemp("few")) as catalog:
        yield Few(catalog, store(catalog, draw(random.Random(7), 150)))
