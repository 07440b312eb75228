"""The broken and odd pictures of other projects' own tests, and eight orientations of one picture."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from core.errors import PhotoError
from core.photos import metadata
from core.photos.decode import decode
from tests.core.photos.drawn import near


@pytest.fixture(scope="module")
def data() -> Path:
    folder = Path(__file__).resolve().parents[4] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the photo collections (../shared/data) are not there")
    return folder


@pytest.mark.timeout(240)
def test_hostile_files_decode_or_say_why(data: Path) -> None:
    decoded, slowest = 0, 0.0
    for path in sorted(p for p in (data / "hostile").rglob("*") if p.is_file()):
        started = time.perf_counter()
        try:
            found = decode(path, min_side=256)
            decoded += 1
            assert found.image.mode == "RGB" and found.thumbnail.startswith(b"\xff\xd8")
            said = metadata.read(path)
            assert (said.width, said.height) == (found.metadata.width, found.metadata.height), path.name
        except PhotoError as error:
            assert len(error.reason) > 10 and error.reason.endswith((".", ").")), (path.name, error.reason)
            assert "Error" not in error.reason
        slowest = max(slowest, time.perf_counter() - started)
    assert decoded >= 600
    assert slowest < 20


@pytest.mark.parametrize("name", ["Landscape", "Portrait"])
def test_all_orientations_of_a_picture_look_the_same(data: Path, name: str) -> None:
    pictures = [decode(data / "orientation" / f"{name}_{number}.jpg", min_side=224) for number in range(9)]
    assert len({found.image.size for found in pictures}) == 1
    assert len({(found.metadata.width, found.metadata.height) for found in pictures}) == 1
    for found in pictures[1:]:
        assert near(found.image, pictures[0].image) < 4
