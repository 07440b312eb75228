"""The photos that ship with the program: small, credited each, and free."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image

from core.photos.decode import decode
from training.starter.samples import LONGEST_SIDE, Sample, check, licence_link, listed, make, write_photo

SAMPLES = Path(__file__).resolve().parents[3] / "resources" / "samples"
DATA = Path(__file__).resolve().parents[4] / "shared" / "data"


def photos() -> list[Path]:
    return sorted(SAMPLES.glob("*.jpg"))


def test_there_are_enough_and_they_are_small() -> None:
    assert 110 <= len(photos()) <= 140
    assert sum(path.stat().st_size for path in SAMPLES.iterdir()) < 8_000_000
    for path in photos():
        with Image.open(path) as photo:
            assert max(photo.size) <= LONGEST_SIDE and min(photo.size) >= 224, path.name


def test_each_is_credited_with_author_and_free_licence() -> None:
    rows = re.findall(r"^\| (retrouve-\d+\.jpg) \|(.*)\|$", (SAMPLES / "CREDITS.md").read_text(encoding="utf-8"), re.M)
    assert [name for name, _ in rows] == [path.name for path in photos()]
    for (name, row), sample in zip(rows, listed(), strict=True):
        _, author, _, licence, _ = (cell.strip() for cell in re.split(r"(?<!\\)\|", row))
        assert len(author) >= 3, name
        assert licence == f"[{sample.licence}]({licence_link(sample.licence)})", name
        with Image.open(SAMPLES / name) as photo:
            exif = photo.getexif()
        assert exif[0x013B].encode("latin-1").decode() == sample.author
        assert licence_link(sample.licence) in exif[0x8298]


def test_each_can_be_decoded_and_tells_nothing_of_what_it_shows() -> None:
    for path in photos():
        found = decode(path, min_side=224)
        assert found.metadata.captions == () and found.metadata.keywords == ()


def test_a_licence_that_is_not_free_is_refused() -> None:
    free = Sample("a.webp", "Ann Example", "Flickr", "CC BY 2.0", "")
    check(free, "(Credit: Ann Example / Flickr / Attribution 2.0 Generic (CC-BY 2.0))")
    for credit in (
        "(credit: Ann Example/Flickr, CC BY-NC 2.0)",
        "(credit: Ann Example/Flickr, CC BY-ND 2.0)",
        "(credit: Ann Example/Flickr)",
        "(credit: Flickr, CC BY 2.0)",
    ):
        with pytest.raises(ValueError, match="credit"):
            check(free, credit)
    with pytest.raises(ValueError, match="no licence"):
        licence_link("CC BY-NC 2.0")


def test_photos_are_shrunk_and_credited(tmp_path: Path) -> None:
    Image.new("RGB", (1280, 400), "red").save(tmp_path / "in.webp")
    write_photo(tmp_path / "in.webp", tmp_path / "out.jpg", Sample("in.webp", "Zoë Ö", "Flickr", "CC0 1.0", ""))
    with Image.open(tmp_path / "out.jpg") as photo:
        assert photo.size == (640, 200)
        assert photo.getexif()[0x013B].encode("latin-1").decode() == "Zoë Ö"


@pytest.mark.skipif(not DATA.is_dir(), reason="the photo collections (../shared/data) are not there")
def test_the_recipe_makes_what_ships(tmp_path: Path) -> None:
    assert make(DATA, tmp_path) == len(photos())
    assert (tmp_path / "CREDITS.md").read_text(encoding="utf-8") == (SAMPLES / "CREDITS.md").read_text(encoding="utf-8")
    assert [path.name for path in sorted(tmp_path.glob("*.jpg"))] == [path.name for path in photos()]
