"""Camera RAW: previews, their orientation, the demosaic where there is none, metadata."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from PIL import Image

from core.errors import PhotoError
from core.photos import metadata
from core.photos.decode import decode, open_full
from core.types import TakenSource
from tests.core.photos.drawn import jpeg_bytes, near, scene, write_dng


def test_the_embedded_preview_is_the_picture(tmp_path: Path) -> None:
    path = write_dng(tmp_path / "photo.dng", preview=jpeg_bytes(scene(1200, 900)))
    found = decode(path, min_side=200)
    assert near(found.image, scene(1200, 900)) < 12
    assert 200 <= min(found.image.size) < 900
    assert max(open_full(path).size) == 1200


def test_a_preview_without_orientation_is_turned_as_the_raw_says(tmp_path: Path) -> None:
    sensor = scene(900, 1200).transpose(Image.Transpose.ROTATE_90)
    path = write_dng(tmp_path / "photo.dng", preview=jpeg_bytes(sensor), orientation=6)
    assert near(decode(path, min_side=200).image, scene(900, 1200)) < 12
    assert (decode(path, min_side=200).metadata.width, decode(path, min_side=200).metadata.height) == (240, 320)


def test_a_preview_with_its_own_orientation_is_turned_once(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    sensor = scene(900, 1200).transpose(Image.Transpose.ROTATE_90)
    path = write_dng(tmp_path / "photo.dng", preview=jpeg_bytes(sensor, exif=exif), orientation=6)
    assert near(decode(path, min_side=200).image, scene(900, 1200)) < 12


def test_a_preview_that_the_camera_turned_already_stays(tmp_path: Path) -> None:
    path = write_dng(tmp_path / "photo.dng", preview=jpeg_bytes(scene(900, 1200)), orientation=6)
    assert near(decode(path, min_side=200).image, scene(900, 1200)) < 12


@pytest.mark.parametrize("preview", [None, jpeg_bytes(scene(120, 90))])
def test_without_a_useful_preview_the_sensor_is_developed(tmp_path: Path, preview: bytes | None) -> None:
    found = decode(write_dng(tmp_path / "photo.dng", preview=preview, side=(800, 600)), min_side=200)
    assert found.image.mode == "RGB" and min(found.image.size) >= 200
    assert found.metadata.format == "RAW"


def test_a_preview_that_cannot_be_decoded_gives_way_to_the_sensor(tmp_path: Path) -> None:
    whole = jpeg_bytes(scene(1200, 900))
    path = write_dng(tmp_path / "photo.dng", preview=whole[: len(whole) // 3] + bytes(len(whole) * 2 // 3))
    assert min(decode(path, min_side=100).image.size) >= 100


@pytest.mark.parametrize("name", ["Fête ü 写真.dng", "caf\udce9.dng"])
def test_names_of_any_kind(tmp_path: Path, name: str) -> None:
    if "\udce9" in name and sys.platform != "linux":
        pytest.skip("only Linux' file systems take names in no encoding")
    path = write_dng(tmp_path / name, preview=jpeg_bytes(scene(1200, 900)))
    assert near(decode(path, min_side=200).image, scene(1200, 900)) < 12


def test_metadata_of_a_raw_file(tmp_path: Path) -> None:
    path = write_dng(tmp_path / "photo.dng", preview=jpeg_bytes(scene(1200, 900)))
    said = decode(path, min_side=200).metadata
    assert metadata.read(path) == said
    assert (said.taken, said.taken_source) == ("2018-05-06T07:08:09", TakenSource.EXIF)
    assert (said.camera, said.lens) == ("Testcam T1", "Testar 50mm f/2.8")
    assert (said.focal_length, said.aperture, said.exposure, said.iso) == (50, 2.8, 0.004, 400)


def test_a_raw_file_cut_short_has_a_plain_reason(tmp_path: Path) -> None:
    path = write_dng(tmp_path / "photo.dng", preview=None)
    content = path.read_bytes()
    for share in (0.1, 0.5, 0.9):
        path.write_bytes(content[: int(len(content) * share)])
        try:
            decode(path, min_side=200)
        except PhotoError as error:
            assert len(error.reason) > 10


def test_canons_cr3_directories_are_read() -> None:
    from core.photos.exif import facts_of
    from core.photos.raw import _tags_of_cr3

    def box(name: bytes, tags: dict[int, object]) -> bytes:
        exif = Image.Exif()
        for tag, value in tags.items():
            exif[tag] = value
        body = exif.tobytes()[6:]
        return (len(body) + 8).to_bytes(4, "big") + name + body

    head = b"\0\0\0\x18ftypcrx " + box(b"CMT1", {0x010F: "Canon", 0x0110: "Canon EOS R5"})
    head += box(b"CMT2", {0x9003: "2021:02:03 04:05:06", 0xA434: "RF50mm F1.2 L USM"})
    head += box(b"CMT4", {1: "N", 2: (48.0, 30.0, 0.0), 3: "E", 4: (2.0, 15.0, 0.0)})
    said = facts_of(_tags_of_cr3(head))
    assert (said.camera, said.taken, said.lens) == ("Canon EOS R5", "2021-02-03T04:05:06", "RF50mm F1.2 L USM")
    assert (said.latitude, said.longitude) == (48.5, 2.25)
    assert facts_of(_tags_of_cr3(b"CMT1CMT2" + bytes(50))).camera is None
