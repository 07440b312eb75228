"""What a person marked as favourite."""

from __future__ import annotations

from pathlib import Path

from core.catalog import contents, favourites, folders, photos, roots
from core.catalog.connection import Catalog
from core.types import FileStamp, PhotoMetadata

STAMP = FileStamp(1, 2, 3)


def fill(catalog: Catalog, count: int) -> list[int]:
    def work(db) -> list[int]:
        root = roots.add(db, Path("/photos").absolute(), None)
        folder = folders.ensure(db, root.id, "")
        content = contents.ensure(db, b"h" * 16)
        return [photos.upsert(db, folder, f"{n}.jpg", STAMP, content, PhotoMetadata()) for n in range(count)]

    return catalog.write(work)


def test_they_are_set_and_taken_back(catalog: Catalog) -> None:
    ids = fill(catalog, 2000)
    assert catalog.write(lambda db: favourites.set(db, [*ids, 10**9], True)) == 2000
    assert catalog.write(lambda db: favourites.set(db, ids[:5], True)) == 0
    assert catalog.write(lambda db: favourites.set(db, ids[3:], False)) == 1997
    with catalog.read() as db:
        assert favourites.count(db) == 3
        assert favourites.among(db, [*reversed(ids), 10**9]) == set(ids[:3])
        assert favourites.among(db, []) == frozenset()


def test_nothing_that_a_file_says_changes_them(catalog: Catalog) -> None:
    [first, second] = fill(catalog, 2)
    catalog.write(lambda db: favourites.set(db, [first], True))

    def work(db) -> None:
        folder, content = db.execute("SELECT folder_id, content_id FROM photo WHERE id = ?", [first]).fetchone()
        photos.upsert(db, folder, "0.jpg", STAMP, content, PhotoMetadata(rating=3))
        photos.set_metadata(db, first, PhotoMetadata(rating=4))
        photos.move(db, first, folder, "elsewhere.jpg", STAMP)

    catalog.write(work)
    with catalog.read() as db:
        assert favourites.among(db, [first, second]) == {first}
    catalog.write(lambda db: photos.remove(db, [first]))
    with catalog.read() as db:
        assert favourites.count(db) == 0
