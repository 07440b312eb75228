"""Lists in every order, and the moments that they are grouped by, against the same done in Python."""

from __future__ import annotations

import itertools
import random
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from core.catalog import by_order, contents, folders, moments, photos, roots
from core.catalog.connection import Catalog
from core.types import FileStamp, Order, Photo, PhotoMetadata, TakenSource

FOLDERS = ("", "Italy", "Italy/Rome", "Italy 2019", "italy/Äpfel", "zoo")


@pytest.fixture
def filled(catalog: Catalog) -> list[Photo]:
    """Two hundred photos under two roots, some without a date, some with that of their file."""
    chance = random.Random(5)

    def work(db):
        for root in ("/photos", "/Media"):
            place = roots.add(db, Path(root), None)
            for number in range(100):
                folder = folders.ensure(db, place.id, chance.choice(FOLDERS))
                taken = datetime(2019, 1, 1) + timedelta(seconds=chance.randrange(10**8))
                about = PhotoMetadata(
                    taken=None if chance.random() < 0.1 else taken.isoformat(),
                    taken_source=chance.choice([TakenSource.EXIF, TakenSource.FILE]),
                )
                id = contents.ensure(db, chance.randbytes(16))
                stamp = FileStamp(chance.choice([10, 20, 30]) * number, 1, 1)
                photos.upsert(db, folder, f"{chance.choice('aBcÄ')}{number}.jpg", stamp, id, about)

    catalog.write(work)
    with catalog.read() as db:
        return photos.by_ids(db, [row[0] for row in db.execute("SELECT id FROM photo")])


def ordered(catalog: Catalog, order: Order, where: str | None = None) -> list[int]:
    with catalog.read() as db:
        return by_order.every(db, order, where, []).tolist()


def test_by_date_both_ways(catalog: Catalog, filled: list[Photo]) -> None:
    dated = [photo for photo in filled if photo.metadata.taken]
    dated.sort(key=lambda photo: (photo.metadata.taken, photo.content_id, photo.id))
    undated = {photo.id for photo in filled if not photo.metadata.taken}
    oldest, newest = ordered(catalog, Order.OLDEST), ordered(catalog, Order.DATE)
    assert oldest[: len(dated)] == [photo.id for photo in dated]
    assert set(oldest[len(dated) :]) == undated and undated
    assert newest[: len(dated)] == [photo.id for photo in reversed(dated)]
    assert ordered(catalog, Order.MATCH) == newest
    some = [id for id in oldest if id % 3 == 0]
    assert ordered(catalog, Order.OLDEST, "p.id % 3 = 0")[: len(some) // 2] == some[: len(some) // 2]


def test_by_folder_keeps_each_folder_together(catalog: Catalog, filled: list[Photo]) -> None:
    by_id = {photo.id: photo.path for photo in filled}
    found = [by_id[id] for id in ordered(catalog, Order.FOLDER)]
    assert len(found) == len(filled)
    walked = list(dict.fromkeys(path.parent for path in found))
    assert [str(folder.relative_to("/Media")) for folder in walked[: len(walked) // 2]] == [
        ".",
        "Italy",
        "Italy/Rome",
        "italy/Äpfel",
        "Italy 2019",
        "zoo",
    ]
    assert sum(a.parent != b.parent for a, b in itertools.pairwise(found)) == len(walked) - 1
    inside = [path.name for path in found if path.parent == Path("/photos/zoo")]
    assert inside == sorted(inside, key=lambda name: name.casefold().replace("ä", "a"))


def test_by_size_the_largest_first(catalog: Catalog, filled: list[Photo]) -> None:
    size = {photo.id: photo.size for photo in filled}
    found = [size[id] for id in ordered(catalog, Order.SIZE)]
    assert found == sorted(size.values(), reverse=True)


def test_an_empty_catalogue_has_every_order(catalog: Catalog) -> None:
    assert [ordered(catalog, order) for order in Order] == [[]] * len(Order)
    with catalog.read() as db:
        found = moments.of(db, np.array([5], np.int64))
    assert found.seconds.tolist() == [moments.UNKNOWN]


@pytest.mark.parametrize("some", [moments.SOME, 10])
def test_moments_are_those_of_the_photos(
    catalog: Catalog, filled: list[Photo], some: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moments, "SOME", some)
    ids = np.array([photo.id for photo in filled][::-1], np.int64)
    with catalog.read() as db:
        found = moments.of(db, ids)
        paths = moments.folder_paths(db)
    for place, photo in enumerate(reversed(filled)):
        taken = photo.metadata.taken
        seconds = (datetime.fromisoformat(taken) - datetime(1970, 1, 1)).total_seconds() if taken else moments.UNKNOWN
        assert found.seconds[place] == seconds
        assert found.timed[place] == (bool(taken) and photo.metadata.taken_source != TakenSource.FILE)
        assert found.contents[place] == photo.content_id
        assert paths[int(found.folders[place])] == photo.path.parent


def test_a_date_that_is_none_is_unknown(catalog: Catalog, filled: list[Photo]) -> None:
    def spoil(db):
        for number, said in enumerate(["2019-13-01T00:00:00", "soon", "2019-02-03", "Ärger-02-03T00:00:00"], 1):
            db.execute("UPDATE photo SET taken = ? WHERE id = ?", [said, number])

    catalog.write(spoil)
    with catalog.read() as db:
        found = moments.of(db, np.arange(1, 5))
    assert found.seconds.tolist() == [moments.UNKNOWN] * 4
    assert not found.timed.any()
