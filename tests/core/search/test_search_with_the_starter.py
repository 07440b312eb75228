"""The bundled model on real photos: what a person types, and what comes first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.catalog import contents, embeddings, folders, photos, roots
from core.catalog.connection import Catalog
from core.models.encoder import EncoderSpec
from core.models.registry import build_encoder, load_info
from core.photos.decode import decode
from core.photos.hashing import content_hash
from core.search.searcher import Searcher
from core.search.store import VectorStore
from core.types import FileStamp, SearchResult

KINDS = ("sunflower", "panda", "airplanes", "grand_piano", "butterfly", "pizza")
EACH = 8


@pytest.fixture(scope="module")
def searcher(tmp_path_factory: pytest.TempPathFactory, shared_data: Path, starter: Path) -> Iterator[Searcher]:
    """Six kinds of things; the photos of people are for leaving out."""
    info = load_info(starter)
    encoder = build_encoder(EncoderSpec(starter))
    collection = shared_data / "caltech101"
    files = [file for kind in KINDS for file in sorted(collection.rglob(f"{kind}*"))[:EACH]]
    files += sorted(collection.rglob("faces*"))[:EACH]
    assert len(files) >= (len(KINDS) + 1) * EACH - EACH
    vectors = encoder.encode_images([decode(file, min_side=info.image_size, thumbnail=False).image for file in files])
    catalog = Catalog.open(tmp_path_factory.mktemp("starter") / "library")

    def fill(db) -> None:
        root = roots.add(db, collection, None)
        model = embeddings.model_id(db, info.model_id, info.dim)
        for file, vector in zip(files, vectors, strict=True):
            folder = folders.ensure(db, root.id, file.parent.relative_to(collection).as_posix())
            content = contents.ensure(db, content_hash(file))
            photos.upsert(db, folder, file.name, FileStamp(1, 2, 3), content, decode(file, min_side=32).metadata)
            embeddings.add(db, model, [(content, vector)])

    catalog.write(fill)
    store = VectorStore(catalog, catalog.path.parent, info)
    yield Searcher(catalog, store, encoder, info)
    store.close()
    catalog.close()


def kinds(result: SearchResult, top: int = 5) -> list[str]:
    return [hit.path.name.rsplit("_", 1)[0] for hit in result.hits[:top]]


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        ("a sunflower", "sunflower"),
        ("a panda", "panda"),
        ("an airplane", "airplanes"),
        ("a grand piano", "grand_piano"),
        ("a butterfly", "butterfly"),
        ("pizza", "pizza"),
    ],
)
def test_a_sentence_finds_its_kind(searcher: Searcher, sentence: str, kind: str) -> None:
    result = searcher.search(sentence)
    assert sum(found.startswith(kind) for found in kinds(result)) >= 4, kinds(result)
    assert result.hits[0].strong and result.hits[0].match > result.hits[-1].match
    assert not result.hits[-1].strong


@pytest.mark.parametrize("kind", KINDS)
def test_a_photo_finds_its_kind(searcher: Searcher, kind: str, shared_data: Path) -> None:
    file = sorted((shared_data / "caltech101").rglob(f"{kind}*"))[0]
    result = searcher.similar(file)
    assert sum(found.startswith(kind) for found in kinds(result)) >= 3, kinds(result)
    assert file not in [hit.path for hit in result.hits]
    assert result.hits[0].strong and not result.hits[-1].strong


def test_leaving_out_a_word(searcher: Searcher) -> None:
    plants = searcher.search("a flower or an insect in a garden -butterfly")
    assert not any(found.startswith("butterfly") for found in kinds(plants, 50))
    assert kinds(plants)[0] == "sunflower"
    left = searcher.search("-airplane")
    assert sum(found.startswith("airplanes") for found in kinds(left, 100)) <= 1
    assert left.total >= len(KINDS) * EACH - 2 * EACH


def test_what_is_not_there_matches_less_than_what_is(searcher: Searcher) -> None:
    there = min(searcher.search(f"a photo of {thing}").hits[0].match for thing in ("a panda", "a pizza", "a butterfly"))
    missing = max(searcher.search(text).hits[0].match for text in ("a submarine under the ice", "tax forms on a desk"))
    assert missing < there
