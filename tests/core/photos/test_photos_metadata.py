"""EXIF, IPTC and XMP: what is read, which wins, and that nothing broken ever fails a photo."""

from __future__ import annotations

import os
import struct
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from core.photos import exif as exif_room
from core.photos import facts, iptc, xmp, xmp_markup
from core.photos.decode import decode
from core.photos.metadata import read
from core.types import FoundCaption, PhotoMetadata, TakenSource
from tests.core.photos.drawn import jpeg_bytes, jpeg_with_iptc, scene, xmp_packet


def full_exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x010E] = "Two boats on a lake"
    exif[0x010F] = "NIKON CORPORATION"
    exif[0x0110] = "NIKON D90"
    exif[0x0132] = "2022:02:02 02:02:02"
    exif[0x4746] = 4
    exif[0x9C9B] = "Évening on the lake\0".encode("utf-16-le")
    exif[0x9C9E] = "boat;lake; Löwe ;boat\0".encode("utf-16-le")
    exif.get_ifd(0x8769).update(
        {
            0x9003: "2019:07:04 18:30:00",
            0x9004: "2020:01:01 00:00:01",
            0x829A: 0.004,
            0x829D: 2.8,
            0x8827: 400,
            0x920A: 50.0,
            0xA434: "AF-S 50mm f/1.8",
            0x9286: b"UNICODE\0" + "Ein See im Abendlicht".encode("utf-16-le"),
        }
    )
    exif.get_ifd(0x8825).update({1: "S", 2: (33.0, 51.0, 54.0), 3: "E", 4: (151.0, 12.0, 36.0)})
    return exif


def saved(path: Path, exif: Image.Exif | bytes | None = None, **options: object) -> Path:
    if exif is not None:
        options["exif"] = exif
    scene(64, 48).save(path, **options)
    return path


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif", ".heic", ".avif"])
def test_exif_is_read_from_every_format(tmp_path: Path, suffix: str) -> None:
    from core.photos import opening

    opening.prepare()
    path = saved(tmp_path / f"photo{suffix}", full_exif().tobytes())
    said = read(path)
    assert said == decode(path, min_side=32).metadata
    assert (said.taken, said.taken_source) == ("2019-07-04T18:30:00", TakenSource.EXIF)
    assert (said.camera, said.lens) == ("NIKON D90", "AF-S 50mm f/1.8")
    assert said.focal_length == 50 and said.iso == 400 and said.rating == 4
    assert said.aperture == pytest.approx(2.8) and said.exposure == pytest.approx(0.004)
    assert (said.latitude, said.longitude) == (pytest.approx(-33.865, abs=1e-4), pytest.approx(151.21, abs=1e-4))
    assert [c.text for c in said.captions] == ["Two boats on a lake", "Ein See im Abendlicht", "Évening on the lake"]
    assert {c.source for c in said.captions} == {"exif"}
    assert said.keywords == ("boat", "lake", "Löwe")


def tags(
    image: dict[int, Any] | None = None, exposure: dict[int, Any] | None = None, place: dict[int, Any] | None = None
) -> facts.Facts:
    return exif_room.facts_of(exif_room.Tags(image or {}, exposure or {}, place or {}))


@pytest.mark.parametrize(
    "text",
    [
        "OLYMPUS DIGITAL CAMERA         ", "SONY DSC", "<MINOLTA DIGITAL CAMERA>", "Exif_JPEG_PICTURE", "untitled",
        "CREATOR: gd-jpeg v1.0 (using IJG JPEG v62), quality = 90", "DCIM\\100MEDIA\\DJI_0001.JPG", "", "   ", "\0\0",
        "IMG_1234.JPG", "module: photo; hw-remosaic: false; touch: (-1.0, -1.0);", "123456", "----", "{\"a\": 1}",
    ],
)  # fmt: skip
def test_what_cameras_write_into_every_file_is_no_caption(text: str) -> None:
    assert tags({0x010E: text}).captions == ()


def test_a_file_name_is_no_caption_of_itself(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = "holiday lake"
    assert read(saved(tmp_path / "Holiday Lake.jpg", exif)).captions == ()
    assert read(saved(tmp_path / "other.jpg", exif)).captions == (FoundCaption("holiday lake", "exif"),)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("Café au lait".encode().decode("latin-1"), "Café au lait"),
        ("Café au lait", "Café au lait"),
        (b"Caf\xe9 au lait\0junk", "Café au lait"),
        ("A lake\0\0\0", "A lake"),
        ("A  lake\r\nat\tnight", "A lake at night"),
        (("A lake", "x"), "A lake"),
    ],
)
def test_texts_in_wrong_encodings_are_mended(raw: object, text: str) -> None:
    assert tags({0x010E: raw}).captions == (text,)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"ASCII\0\0\0A red house\0\0\0", "A red house"),
        (b"\0" * 8 + b"A red house", "A red house"),
        (b"UNICODE\0" + "A red house".encode("utf-16-be"), "A red house"),
        (b"UNICODE\0" + "A red house".encode("utf-16"), "A red house"),
        (b"JIS\0\0\0\0\0" + "赤い家です".encode("iso2022_jp"), "赤い家です"),
        (b"A red house, plainly written", "A red house, plainly written"),
        (tuple(b"ASCII\0\0\0A red house"), "A red house"),
    ],
)
def test_user_comments_name_their_encoding(raw: object, text: str) -> None:
    assert tags(exposure={0x9286: raw}).captions == (text,)


def test_odd_values_cost_themselves_alone() -> None:
    said = tags(
        {0x010F: 5, 0x0110: "Cam", 0x4746: "x", 0x0132: "0000:00:00 00:00:00", 0x9C9E: (300, -1)},
        {
            0x9003: "0000:00:00 00:00:00", 0x9004: "    :  :     :  :  ", 0x829A: IFDRational(1, 0),
            0x829D: float("nan"), 0x8827: (0, 0), 0x920A: "zero/zero", 0xA434: "----", 0x9286: 17,
        },
        {1: "N", 2: (float("nan"), 1, 2), 3: None, 4: ()},
    )  # fmt: skip
    assert said == facts.Facts(camera="Cam")


def test_apex_values_and_wide_iso_stand_in() -> None:
    said = tags(exposure={0x9201: 8.0, 0x9202: 4.0, 0x8827: 65535, 0x8832: 102400})
    assert (said.exposure, said.aperture, said.iso) == (1 / 256, 4.0, 102400)


@pytest.mark.parametrize(
    ("make", "model", "name"),
    [
        ("Canon", "Canon EOS 5D", "Canon EOS 5D"),
        ("Apple", "iPhone 12", "Apple iPhone 12"),
        ("NIKON CORPORATION", "NIKON D90", "NIKON D90"),
        ("OLYMPUS IMAGING CORP.", "E-M5", "OLYMPUS E-M5"),
        ("", "X100", "X100"),
        ("SONY", "", "SONY"),
        ("", "", None),
        ("SONY\0\0", "ILCE-7M3\0", "SONY ILCE-7M3"),
    ],
)
def test_camera_names(make: str, model: str, name: str | None) -> None:
    assert facts.camera_name(make, model) == name


@pytest.mark.parametrize(
    ("place", "wanted"),
    [
        ({1: "N", 2: (48.0, 30.0, 0.0), 3: "W", 4: (2.0, 15.0, 0.0)}, (48.5, -2.25)),
        ({1: "N\0", 2: (48.5,), 3: "E", 4: 2.25}, (48.5, 2.25)),
        ({2: (48.5, 0, 0), 4: (2.25, 0, 0)}, (48.5, 2.25)),
        ({1: "N", 2: (0.0, 0.0, 0.0), 3: "E", 4: (0.0, 0.0, 0.0)}, (None, None)),
        ({1: "N", 2: (95.0, 0.0, 0.0), 3: "E", 4: (2.0, 0.0, 0.0)}, (None, None)),
        ({1: "N", 2: (48.0, 0.0, 0.0)}, (None, None)),
    ],
)
def test_places(place: dict[int, Any], wanted: tuple[float | None, float | None]) -> None:
    said = tags(place=place)
    assert (said.latitude, said.longitude) == wanted


def test_the_date_comes_from_the_most_trusted_source(tmp_path: Path) -> None:
    dated = xmp_packet("<xmp:CreateDate>2018-03-02T01:00:00</xmp:CreateDate>")
    original = Image.Exif()
    original.get_ifd(0x8769)[0x9003] = "2019:07:04 18:30:00"
    digitized = Image.Exif()
    digitized.get_ifd(0x8769).update({0x9003: "0000:00:00 00:00:00", 0x9004: "2019:07:05 18:30:00"})
    changed = Image.Exif()
    changed[0x0132] = "2017:01:02 03:04:05"
    name = tmp_path / "IMG-20160506-WA0001.jpg"
    for exif, packet, date, source in (
        (original, dated, "2019-07-04T18:30:00", TakenSource.EXIF),
        (digitized, dated, "2019-07-05T18:30:00", TakenSource.EXIF),
        (changed, dated, "2018-03-02T01:00:00", TakenSource.XMP),
        (changed, b"", "2016-05-06T00:00:00", TakenSource.NAME),
    ):
        said = read(saved(name, exif, xmp=packet))
        assert (said.taken, said.taken_source) == (date, source)
    said = read(saved(tmp_path / "plain.jpg", changed))
    assert (said.taken, said.taken_source) == ("2017-01-02T03:04:05", TakenSource.EXIF)
    plain = saved(tmp_path / "plain.jpg")
    os.utime(plain, (1_500_000_000, 1_500_000_000))
    said = read(plain)
    assert (said.taken, said.taken_source) == (datetime.fromtimestamp(1_500_000_000).isoformat(), TakenSource.FILE)
    os.utime(plain, (0, 0))
    assert (read(plain).taken, read(plain).taken_source) == (None, None)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif", ".heic", ".avif"])
def test_embedded_xmp_is_read_from_every_format(tmp_path: Path, suffix: str) -> None:
    from core.photos import opening

    opening.prepare()
    packet = xmp_packet(
        """<dc:description><rdf:Alt><rdf:li xml:lang="de">Ein Hund am Strand</rdf:li>
        <rdf:li xml:lang="x-default">A dog on the beach</rdf:li></rdf:Alt></dc:description>
        <dc:subject><rdf:Bag><rdf:li>dog</rdf:li><rdf:li>Strand</rdf:li></rdf:Bag></dc:subject>
        <lr:hierarchicalSubject><rdf:Bag><rdf:li>Places|Italy|Rimini</rdf:li></rdf:Bag></lr:hierarchicalSubject>
        <digiKam:TagsList><rdf:Seq><rdf:li>People/Anna</rdf:li></rdf:Seq></digiKam:TagsList>
        <MicrosoftPhoto:LastKeywordXMP><rdf:Bag><rdf:li>DOG</rdf:li><rdf:li>sea</rdf:li></rdf:Bag></MicrosoftPhoto:LastKeywordXMP>
        <Iptc4xmpExt:PersonInImage><rdf:Bag><rdf:li>Ben</rdf:li></rdf:Bag></Iptc4xmpExt:PersonInImage>
        <mwg-rs:Regions rdf:parseType="Resource"><mwg-rs:RegionList><rdf:Bag><rdf:li>
        <rdf:Description mwg-rs:Name="Clara" mwg-rs:Type="Face"/></rdf:li><rdf:li rdf:parseType="Resource">
        <mwg-rs:Name>Dora</mwg-rs:Name></rdf:li></rdf:Bag></mwg-rs:RegionList></mwg-rs:Regions>""",
        'xmp:Rating="5" exif:GPSLatitude="51,30.5N" exif:GPSLongitude="0,7,30W" exif:FNumber="28/10" tiff:Model="X1"',
    )
    if suffix == ".png":
        from PIL.PngImagePlugin import PngInfo

        info = PngInfo()
        info.add_itxt("XML:com.adobe.xmp", packet.decode())
        path = saved(tmp_path / "photo.png", pnginfo=info)
    elif suffix == ".tif":
        path = saved(tmp_path / "photo.tif", tiffinfo={700: packet})
    else:
        path = saved(tmp_path / f"photo{suffix}", xmp=packet)
    said = read(path)
    assert said == decode(path, min_side=32).metadata
    assert said.captions == (FoundCaption("A dog on the beach", "xmp"), FoundCaption("Ein Hund am Strand", "xmp"))
    assert said.keywords[:2] == ("dog", "Strand")
    assert set(said.keywords) == {
        "dog",
        "Strand",
        "sea",
        "Places",
        "Italy",
        "Rimini",
        "People",
        "Anna",
        "Ben",
        "Clara",
        "Dora",
    }
    assert said.rating == 5 and said.aperture == pytest.approx(2.8) and said.camera == "X1"
    assert (said.latitude, said.longitude) == (pytest.approx(51.508333, abs=1e-5), pytest.approx(-0.125))


def test_iptc_is_read_in_both_encodings(tmp_path: Path) -> None:
    path = jpeg_with_iptc(
        tmp_path / "a.jpg",
        [
            (1, 90, b"\x1b%G"), (2, 120, "Ein Löwe im Gras".encode()), (2, 25, "Löwe".encode()), (2, 25, b"zoo"),
            (2, 55, b"20110203"), (2, 60, b"101112+0100"),
        ],
    )  # fmt: skip
    said = read(path)
    assert said.captions == (FoundCaption("Ein Löwe im Gras", "iptc"),)
    assert said.keywords == ("Löwe", "zoo")
    assert (said.taken, said.taken_source) == ("2011-02-03T10:11:12", TakenSource.XMP)
    old = read(jpeg_with_iptc(tmp_path / "b.jpg", [(2, 120, "Ein Löwe".encode("latin-1"))]))
    assert old.captions == (FoundCaption("Ein Löwe", "iptc"),)


def test_the_same_words_from_several_sources_are_kept_once(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = "A lake"
    exif[0x9C9E] = "Lake\0".encode("utf-16-le")
    packet = xmp_packet(
        "<dc:description>a LAKE</dc:description><dc:subject><rdf:Bag><rdf:li>lake</rdf:li></rdf:Bag></dc:subject>"
    )
    said = read(saved(tmp_path / "photo.jpg", exif, xmp=packet))
    assert said.captions == (FoundCaption("A lake", "exif"),)
    assert said.keywords == ("Lake",)


BOMB = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">]><x>&d;</x>"""
OUTSIDE = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>"""


@pytest.mark.parametrize(
    "packet",
    [
        BOMB, OUTSIDE, b"<x", b"\0\0\0", b"not xml", b"\xff\xfe\xff", b"<x>" * 50_000,
        b"<x>" + b"a" * (xmp_markup.LARGEST + 1) + b"</x>", b"<?xml version='1.0' encoding='martian'?><x/>",
    ],
)  # fmt: skip
def test_bad_xmp_says_nothing_and_fails_nothing(tmp_path: Path, packet: bytes) -> None:
    assert xmp.parse(packet) == facts.NOTHING
    if len(packet) < 60_000:
        said = read(saved(tmp_path / "photo.jpg", full_exif(), xmp=packet))
        assert said.camera == "NIKON D90"
    sidecar = tmp_path / "photo2.jpg.xmp"
    sidecar.write_bytes(packet)
    assert decode(saved(tmp_path / "photo2.jpg", full_exif()), min_side=32, sidecars=(sidecar,)).metadata.rating == 4


@pytest.mark.parametrize(("text", "stars"), [("3", 3), ("-1", -1), ("0", 0), ("9", None), ("x", None), ("4.0", 4)])
def test_ratings(text: str, stars: int | None) -> None:
    assert xmp.parse(xmp_packet("", f'xmp:Rating="{text}"')).rating == stars


@pytest.mark.parametrize(("percent", "stars"), [(1, 1), (25, 2), (50, 3), (75, 4), (99, 5)])
def test_microsofts_ratings(percent: int, stars: int) -> None:
    assert xmp.parse(xmp_packet("", f'MicrosoftPhoto:Rating="{percent}"')).rating == stars
    assert tags({0x4749: percent}).rating == stars


def test_exif_that_is_broken_throughout_leaves_a_photo(tmp_path: Path) -> None:
    for number, block in enumerate(
        (
            b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + bytes(40),
            b"Exif\0\0garbage",
            b"Exif\0\0II*\0\x08\0\0\0\x01\0" + struct.pack("<HHII", 0x8769, 4, 1, 8) + bytes(4),
            b"Exif\0\0II*\0\x08\0\0\0\x02\0" + struct.pack("<HHII", 0x9003, 99, 7, 8)
            + struct.pack("<HHII", 0x110, 2, 1 << 31, 8),
        )
    ):  # fmt: skip
        path = saved(tmp_path / f"{number}.jpg", block)
        said = read(path)
        assert (said.width, said.height, said.camera) == (64, 48, None)
        assert decode(path, min_side=32).image.size == (64, 48)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 700), values=st.binary(min_size=1, max_size=6))
def test_any_damage_to_exif_leaves_a_photo(tmp_path: Path, at: int, values: bytes) -> None:
    block = bytearray(full_exif().tobytes())
    block[6 + at % (len(block) - 6) :][: len(values)] = values
    start = 6 + at % (len(block) - 6)
    block[start : start + len(values)] = values
    path = saved(tmp_path / "photo.jpg", bytes(block))
    check(read(path))


@given(st.binary(max_size=300))
def test_any_iptc_and_xmp_bytes_are_survived(raw: bytes) -> None:
    iptc.parse(b"\x1c\x02" + raw)
    xmp.parse(raw)
    xmp.parse(xmp_packet(raw.decode("latin-1").replace("<", "").replace("&", "")))


values = st.one_of(
    st.none(), st.integers(), st.floats(), st.text(max_size=20), st.binary(max_size=30),
    st.tuples(st.integers(), st.integers()), st.lists(st.floats(), max_size=4).map(tuple),
    st.tuples(st.text(max_size=4)),
)  # fmt: skip
known = st.sampled_from(
    [0x010E, 0x010F, 0x0110, 0x0132, 0x4746, 0x4749, 0x9003, 0x9286, 0x829A, 0x829D, 0x8827, 0x920A, 0x9201, 0x9202,
     0xA434, 0x9C9B, 0x9C9E, 1, 2, 3, 4]
)  # fmt: skip


@given(st.dictionaries(known, values), st.dictionaries(known, values), st.dictionaries(known, values))
def test_any_exif_values_are_survived(image: dict[int, Any], exposure: dict[int, Any], place: dict[int, Any]) -> None:
    tags(image, exposure, place)


def check(said: PhotoMetadata) -> None:
    """Whatever was read can be stored and shown."""
    assert (said.width, said.height) in ((64, 48), (48, 64))
    for text in (*(c.text for c in said.captions), *said.keywords, said.camera or "x", said.lens or "x"):
        assert text.strip() == text and "\0" not in text
        text.encode("utf-8")
    assert said.rating is None or -1 <= said.rating <= 5
    assert said.latitude is None or (-90 <= said.latitude <= 90 and said.longitude is not None)


def test_sizes_are_those_of_the_file_not_of_the_shrunken_picture(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(jpeg_bytes(scene(4000, 3000)))
    assert (read(tmp_path / "photo.jpg").width, read(tmp_path / "photo.jpg").height) == (4000, 3000)


LONG = "a" * 5_000_000


@pytest.mark.timeout(20)
def test_a_text_without_end_costs_neither_time_nor_the_photo(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E], exif[0x0110], exif[0x0132] = LONG, LONG, LONG
    exif[0x9C9E] = LONG.encode("utf-16-le")
    exif.get_ifd(0x8769)[0x9286] = b"ASCII\0\0\0" + LONG.encode()
    texts = "".join(f"<{tag}>{LONG}</{tag}>" for tag in ("exif:GPSLatitude", "tiff:Model"))
    exif[700] = xmp_packet(texts, f'dc:title="{"b" * 1_000_000}"')
    path = saved(tmp_path / "photo.tif", exif)
    beside = tmp_path / "photo.xmp"
    beside.write_bytes(xmp_packet(f"<dc:description>c{LONG}</dc:description>", 'xmp:Rating="3"'))
    said = read(path, (beside,))
    assert said.rating == 3 and said.keywords == ()
    assert len(said.camera or "") == 80
    assert {caption.source for caption in said.captions} >= {"exif", "sidecar"}
    assert {len(caption.text) for caption in said.captions} == {facts.LONGEST_TEXT}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("unit", ["a", "a:", "a: ", "-", " ", "a;", "a.jpg", "1", "1,", ":", "\u0301"])
def test_every_reader_of_texts_takes_any_length(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))
    facts.is_caption(text)
    assert facts.number(text, 0, 9) is None and facts.number(text.encode(), 0, 9) is None
    assert len(facts.clean(text)) <= facts.LONGEST_TEXT
    packet = xmp_packet("".join(f"<{tag}>{text}</{tag}>" for tag in ("exif:GPSLatitude", "dc:subject", "dc:title")))
    assert len(xmp.parse(packet).keywords) <= facts.MOST_KEYWORDS
    tags({0x010E: text, 0x0132: text, 0x010F: text, 0x9C9E: text.encode("utf-16-le")}, {0x829A: text, 0xA434: text})


@pytest.mark.timeout(20)
def test_captions_without_number_are_cut() -> None:
    items = "".join(f"<rdf:li>A caption {number}</rdf:li>" for number in range(100_000))
    said = xmp.parse(xmp_packet(f"<dc:description><rdf:Alt>{items}</rdf:Alt></dc:description>"))
    assert len(said.captions) == facts.MOST_CAPTIONS
    assert said.captions[0] == "A caption 0"


def test_pairs_of_a_vendor_are_no_caption_and_one_colon_is_fine() -> None:
    assert not facts.is_caption("mode: photo; touch: none; more words to come")
    assert not facts.is_caption("a=b;c =d;")
    assert facts.is_caption("Evening: two boats; a lake: calm")
    assert facts.is_caption("two boats; a lake; evening")


@pytest.mark.parametrize("room", ["exif.facts_of", "iptc.parse", "xmp.parse"])
@pytest.mark.parametrize("error", [RuntimeError("odd"), MemoryError(), RecursionError(), ZeroDivisionError()])
def test_a_fault_in_metadata_costs_that_metadata_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: str, error: Exception
) -> None:
    path = saved(tmp_path / "photo.jpg", full_exif(), xmp=xmp_packet("<dc:subject>boat</dc:subject>"))

    def failing(*_: object) -> facts.Facts:
        raise error

    monkeypatch.setattr(f"core.photos.{room}", failing)
    found = decode(path, min_side=32)
    assert (found.metadata.width, found.metadata.height) == (64, 48)
    assert found.metadata == read(path)
    assert (found.metadata.camera is None) == (room == "exif.facts_of")
    assert ("boat" in found.metadata.keywords) == (room != "xmp.parse" or found.metadata.camera is not None)


@pytest.mark.parametrize("year", ["1825", "0001", "9999", str(datetime.now().year + 2)])
def test_years_that_cannot_be_are_refused(tmp_path: Path, year: str) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = f"{year}:01:01 10:00:00"
    said = read(saved(tmp_path / "photo.jpg", exif))
    assert said.taken_source == TakenSource.FILE
