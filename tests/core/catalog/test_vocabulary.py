"""What a library knows by name, against counting it one by one."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from core.catalog import photos, vocabulary
from core.catalog.connection import Catalog
from core.catalog.folding import fold
from core.catalog.vocabulary import Known, Vocabularies, Vocabulary
from tests.core.search.filters.conftest import Made, draw, store


def counted(names: list[str]) -> tuple[Known, ...]:
    return tuple(
        Known(name, count) for name, count in sorted(Counter(names).items(), key=lambda one: (-one[1], one[0]))
    )


@pytest.mark.parametrize("seed", [1, 2])
def test_everything_is_counted(catalog: Catalog, seed: int) -> None:
    made = list(store(catalog, draw(random.Random(seed), 120)).values())
    found = Vocabularies(catalog).get()
    assert found.photos == 120
    assert found.cameras == counted([photo.metadata.camera for photo in made if photo.metadata.camera])
    assert found.lenses == counted([photo.metadata.lens for photo in made if photo.metadata.lens])
    assert found.formats == counted([photo.metadata.format for photo in made])
    accepted = [label for photo in made for label, state in photo.tags if state == "accepted"]
    assert found.tags == counted(accepted)
    months = Counter(photo.metadata.taken[:7] for photo in made if photo.metadata.taken)
    assert found.months == tuple(Known(month, months[month]) for month in sorted(months))
    paths: Counter[str] = Counter()
    for folder in found.folders:  # Two roots may end in the same names.
        paths[folder.path] += folder.count
    assert paths == Counter(map(_path, made))
    assert all(folder.folded == fold(folder.path) for folder in found.folders)
    assert list(found.folders) == sorted(found.folders, key=lambda folder: (-folder.count, folder.path))


def _path(photo: Made) -> str:
    own = photo.root.rsplit("/", 1)[1]
    return f"{own}/{photo.folder}" if own and photo.folder else own or photo.folder


def test_an_empty_library_knows_nothing(catalog: Catalog) -> None:
    assert Vocabularies(catalog).get() == Vocabulary()


def test_it_is_read_again_after_a_change_alone(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = list(store(catalog, draw(random.Random(1), 10)))
    vocabularies = Vocabularies(catalog)
    first = vocabularies.get()
    reads = []
    monkeypatch.setattr(vocabulary, "read", lambda db: reads.append(1) or Vocabulary(photos=photos.count(db)))
    assert vocabularies.get() is first and not reads
    catalog.write(lambda db: photos.remove(db, ids[:3]))
    assert vocabularies.get().photos == 7 and vocabularies.get().photos == 7 and len(reads) == 1


def test_what_another_process_writes_is_seen(tmp_path: Path) -> None:
    with Catalog.open(tmp_path / "library") as catalog, Catalog.open(tmp_path / "library") as other:
        vocabularies = Vocabularies(catalog)
        assert vocabularies.get().photos == 0
        store(other, draw(random.Random(1), 4))
        assert vocabularies.get().photos == 4
