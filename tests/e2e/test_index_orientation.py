"""All eight EXIF orientations of one picture, indexed by the real program with the bundled model, mean the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.__main__ import main
from core.catalog import embeddings, photos
from core.library import Library

SAMPLES = Path(__file__).resolve().parents[2] / "resources" / "samples"
TURNED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""What a camera that was held so has stored: the orientation undoes it."""


@pytest.mark.parametrize("name", ["retrouve-059.jpg", "retrouve-024.jpg"])
def test_eight_orientations_give_one_embedding(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    with Image.open(SAMPLES / name) as sample:
        upright = sample.convert("RGB")
    for orientation, turn in TURNED.items():
        exif = Image.Exif()
        exif[0x0112] = orientation
        stored = upright if turn is None else upright.transpose(turn)
        stored.save(folder / f"{orientation}.jpg", exif=exif, quality=95, subsampling=0)
    assert main(["--library", str(tmp_path / "library"), "index", str(folder), "--json"]) == 0
    capsys.readouterr()
    with Library.open(tmp_path / "library") as library, library.catalog.read() as db:
        found = [photos.by_path(db, folder / f"{orientation}.jpg") for orientation in TURNED]
        model = embeddings.find_model(db, library.info.model_id)
        assert model is not None and all(found)
        vectors = np.stack([embeddings.get(db, model.id, photo.content_id) for photo in found if photo])
        sizes = {(photo.metadata.width, photo.metadata.height) for photo in found if photo}
    assert sizes == {upright.size}, "sizes are those after turning"
    assert (vectors @ vectors.T).min() > 0.99


def test_a_wrong_orientation_would_be_noticed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The test above can fail: the same pixels without the orientation that undoes the turn are another picture."""
    folder = tmp_path / "photos"
    folder.mkdir()
    with Image.open(SAMPLES / "retrouve-059.jpg") as sample:
        sample.save(folder / "upright.jpg", quality=95)
        sample.transpose(Image.Transpose.ROTATE_90).save(folder / "turned.jpg", quality=95)
    assert main(["--library", str(tmp_path / "library"), "similar", str(folder / "upright.jpg")]) == 3
    assert main(["--library", str(tmp_path / "library"), "index", str(folder)]) == 0
    capsys.readouterr()
    with Library.open(tmp_path / "library") as library:
        [hit] = library.similar(folder / "upright.jpg").hits
    assert hit.score < 0.95
