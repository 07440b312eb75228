"""What lies beside a photo: XMP sidecars, texts, and Google Takeout's JSON under all its names."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.photos import sidecars, takeout, xmp_markup
from core.photos.decode import decode
from core.photos.facts import NOTHING
from core.photos.metadata import read
from core.types import FoundCaption, TakenSource
from tests.core.photos.drawn import scene, xmp_packet

SECONDS = 1_562_265_000
LOCAL = datetime.fromtimestamp(SECONDS).isoformat()


def takeout_json(**more: object) -> bytes:
    return json.dumps({"title": "photo.jpg", "photoTakenTime": {"timestamp": str(SECONDS)}, **more}).encode()


def beside(*names: str) -> dict[str, Path]:
    return sidecars.index_of(Path("folder") / name for name in names)


@pytest.mark.parametrize(
    ("photo", "json_name"),
    [
        ("photo.jpg", "photo.jpg.json"),
        ("photo.jpg", "photo.jpg.supplemental-metadata.json"),
        ("photo.jpg", "photo.jpg.supplemental-meta.json"),
        ("photo.jpg", "photo.jpg.s.json"),
        ("photo.jpg", "photo.json"),
        ("photo(1).jpg", "photo.jpg(1).json"),
        ("photo(12).jpg", "photo.jpg.supplemental-metadata(12).json"),
        ("PXL_20230101_123456789.jpg", "PXL_20230101_123456789.jpg.supplemental-metada.json"),
        ("PXL_20230101_123456789(2).jpg", "PXL_20230101_123456789.jpg.supplemental-metada(2).json"),
        ("a" * 47 + ".jpg", "a" * 46 + ".json"),
        ("Screenshot_20230405-123456_Some Application.jpg", "Screenshot_20230405-123456_Some Application.jp.json"),
        ("photo-edited.jpg", "photo.jpg.json"),
        ("photo-bearbeitet.jpg", "photo.jpg.supplemental-metadata.json"),
        ("photo-edited(1).jpg", "photo.jpg(1).json"),
        ("IMG_1.JPG", "img_1.jpg.json"),
    ],
)
def test_takeouts_names_are_found(photo: str, json_name: str) -> None:
    found = sidecars.sidecars_of(photo, beside(json_name, "metadata.json", "other.jpg.json"))
    assert [path.name for path in found] == [json_name]


@pytest.mark.parametrize(
    ("photo", "json_name"),
    [
        ("photo.jpg", "photo.jpg(1).json"),
        ("photo(1).jpg", "photo.jpg.json"),
        ("photo.jpg", "photo2.jpg.json"),
        ("photo.jpg", "phot.json"),
        ("photo.jpg", "metadata.json"),
    ],
)
def test_takeouts_json_of_another_photo_is_not_taken(photo: str, json_name: str) -> None:
    assert sidecars.sidecars_of(photo, beside(json_name)) == ()


@given(st.text(min_size=1, max_size=80), st.lists(st.text(min_size=1, max_size=60), max_size=4))
def test_any_names_are_survived(photo: str, others: list[str]) -> None:
    listing = {name.casefold(): Path("x") for name in others}
    sidecars.sidecars_of(photo, listing)


def test_takeout_tells_date_place_people_and_description(tmp_path: Path) -> None:
    photo, beside_it = tmp_path / "photo.jpg", tmp_path / "photo.jpg.json"
    scene(64, 48).save(photo)
    beside_it.write_bytes(
        takeout_json(
            description="Grandmother's birthday",
            geoData={"latitude": 0.0, "longitude": 0.0},
            geoDataExif={"latitude": 48.5, "longitude": -2.25},
            people=[{"name": "Anna"}, {"name": "Ben"}, {}, "x"],
        )
    )
    said = read(photo, (beside_it,))
    assert (said.taken, said.taken_source) == (LOCAL, TakenSource.TAKEOUT)
    assert (said.latitude, said.longitude) == (48.5, -2.25)
    assert said.captions == (FoundCaption("Grandmother's birthday", "takeout"),)
    assert said.keywords == ("Anna", "Ben")
    assert said == decode(photo, min_side=32, sidecars=(beside_it,)).metadata


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"[]", b"3", b"{", b'{"photoTakenTime": 5}', b'{"photoTakenTime": {"timestamp": "soon"}}', b"\xff\xfe\x00",
        b'{"photoTakenTime": {"timestamp": "99999999999999"}, "people": {"name": 3}, "geoData": []}', b"[" * 100_000,
        b'{"description": 5, "geoData": {"latitude": "x"}}', b'{"photoTakenTime": {"timestamp": "0"}}',
    ],
)  # fmt: skip
def test_json_that_is_not_takeouts_says_nothing(raw: bytes) -> None:
    assert takeout.parse(raw) == NOTHING


def test_sidecars_wins_and_losses(tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    scene(64, 48).save(photo, xmp=xmp_packet("", 'xmp:Rating="2" xmp:CreateDate="2015-01-01"'))
    first, second = tmp_path / "photo.jpg.xmp", tmp_path / "photo.xmp"
    first.write_bytes(
        xmp_packet("<dc:description>A dog</dc:description>", 'xmp:Rating="5" xmp:CreateDate="2016-01-01"')
    )
    second.write_bytes(xmp_packet("<dc:subject>dog</dc:subject>", 'xmp:Rating="1" xmp:CreateDate="2017-01-01"'))
    words, json_file = tmp_path / "photo.txt", tmp_path / "photo.jpg.json"
    words.write_bytes("A dog\n\nEin Hund auf der Wiese\r\n".encode("utf-16"))
    json_file.write_bytes(takeout_json())
    said = read(photo, sidecars.sidecars_of("photo.jpg", sidecars.index_of([first, second, words, json_file])))
    assert said.rating == 5
    assert (said.taken, said.taken_source) == ("2016-01-01T00:00:00", TakenSource.XMP)
    assert said.captions == (FoundCaption("A dog", "sidecar"), FoundCaption("Ein Hund auf der Wiese", "text"))
    assert said.keywords == ("dog",)


def test_a_sidecar_that_is_gone_or_huge_never_fails_the_photo(tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    scene(64, 48).save(photo)
    huge = tmp_path / "photo.txt"
    huge.write_bytes(b"word " * 1_000_000)
    said = read(photo, (tmp_path / "gone.xmp", tmp_path / "gone.json", tmp_path / "gone.txt", huge, tmp_path))
    assert sum(len(caption.text) for caption in said.captions) < 10_000
    huge.unlink()
    assert read(photo, (huge,)).captions == ()


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
@pytest.mark.parametrize("end", ["", "\n", "\x00\x00"])
def test_an_xmp_sidecar_in_utf_16_is_read(tmp_path: Path, codec: str, end: str) -> None:
    photo, beside_it = tmp_path / "photo.jpg", tmp_path / "photo.xmp"
    scene(64, 48).save(photo)
    declared = "<?xml version='1.0' encoding='UTF-16'?>\n" if codec != "utf-8-sig" else ""
    text = declared + xmp_packet("<dc:subject>Löwe</dc:subject>").decode() + end
    mark = "\ufeff" if codec in ("utf-16-le", "utf-16-be") else ""
    beside_it.write_bytes((mark + text).encode(codec))
    assert read(photo, (beside_it,)).keywords == ("Löwe",)


@pytest.mark.parametrize("room", ["xmp.read", "takeout.read", "sidecars.read_text"])
def test_a_fault_in_a_sidecar_costs_that_sidecar_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: str
) -> None:
    photo = tmp_path / "photo.jpg"
    scene(64, 48).save(photo)
    files = [tmp_path / f"photo.{suffix}" for suffix in ("xmp", "txt", "json")]
    for file, content in zip(
        files, (xmp_packet("", 'xmp:Rating="5"'), b"A dog", takeout_json(people=[{"name": "Anna"}])), strict=True
    ):
        file.write_bytes(content)

    def failing(_: Path) -> object:
        raise RuntimeError("odd")

    monkeypatch.setattr(f"core.photos.{room}", failing)
    said = decode(photo, min_side=32, sidecars=files).metadata
    assert (said.rating == 5) == (room != "xmp.read")
    assert (said.captions != ()) == (room != "sidecars.read_text")
    assert (said.keywords == ("Anna",)) == (room != "takeout.read")


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"<x:xmpmeta", "It is no sound XML"),
        (b"", "It is empty."),
        (b'<!DOCTYPE x [<!ENTITY a "b">]>' + xmp_packet("<dc:subject>dog</dc:subject>"), "It has a DTD"),
        (
            xmp_packet("<dc:subject>dog</dc:subject>") + b" " * xmp_markup.LARGEST + b"<!-- -->",
            "It is larger than 8 MiB",
        ),
        (b"<a><rdf:RDF xmlns:rdf='http://example.org/rdf'/></a>", "It is no XMP"),
    ],
)
def test_a_sidecar_that_cannot_be_read_says_why_and_the_photo_is_well(tmp_path: Path, raw: bytes, why: str) -> None:
    photo, beside = tmp_path / "a.jpg", tmp_path / "a.jpg.xmp"
    scene(64, 48).save(photo)
    beside.write_bytes(raw)
    found = read(photo, (beside,))
    assert found.width == 64
    [(name, reason)] = found.unread
    assert name == "a.jpg.xmp"
    assert reason.startswith(why)
    beside.write_bytes(xmp_packet("<dc:subject>dog</dc:subject>"))
    assert read(photo, (beside,)).unread == ()
