"""Keywords in all the places where programs write them: each word once, and of a path in a tree every step."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from core.photos import xmp
from core.photos.metadata import read
from tests.core.photos import reading_tools as tools
from tests.core.photos.drawn import jpeg_with_iptc, scene, xmp_packet

SHAPES = Path(__file__).parent / "sidecar_shapes"


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ("darktable", {"harbour", "morning", "places"}),
        ("digikam", {"Anna", "garden", "People"}),
        ("lightroom", {"snow", "Emil", "season", "winter", "people"}),
        ("camera_raw_bare", set()),
        ("capture_one", {"boat", "fjord", "things", "places"}),
        ("microsoft", {"picnic", "Tante Käthe"}),
        ("exiftool", {"beach", "Ben"}),
        ("by_hand", {"a lone word"}),
    ],
)
def test_the_sidecars_of_each_program(shape: str, words: set[str]) -> None:
    found = xmp.read(SHAPES / f"{shape}.xmp").keywords
    assert set(found) == words
    assert len(found) == len(words)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("<dc:subject><rdf:Bag><rdf:li>a</rdf:li><rdf:li>A</rdf:li></rdf:Bag></dc:subject>", ("a",)),
        ("<lr:hierarchicalSubject>Animals|Dog|Dachshund</lr:hierarchicalSubject>", ("Animals", "Dog", "Dachshund")),
        ("<digiKam:TagsList>Animals/Dog</digiKam:TagsList>", ("Animals", "Dog")),
        ("<MicrosoftPhoto:LastKeywordXMP>Animals/Dog; cat</MicrosoftPhoto:LastKeywordXMP>", ("Animals", "Dog", "cat")),
        ("<digiKam:TagsList>_Digikam_Internal_Tags_/Need Resolving History</digiKam:TagsList>", ()),
        ("<lr:hierarchicalSubject>_Digikam_Internal_Tags_|Color Label None</lr:hierarchicalSubject>", ()),
        ("<lr:hierarchicalSubject>darktable|exported</lr:hierarchicalSubject>", ()),
        ("<dc:subject>do\u202eg\u200e</dc:subject>", ("dog",)),
        ("<lr:hierarchicalSubject>Ani\u2066mals|Dog\u2069</lr:hierarchicalSubject>", ("Animals", "Dog")),
        ("<lr:hierarchicalSubject>darktables|dark</lr:hierarchicalSubject>", ("darktables", "dark")),
    ],
)
def test_each_property_of_xmp(written: str, words: tuple[str, ...]) -> None:
    assert xmp.parse(xmp_packet(written)).keywords == words


def test_the_marks_of_darktable_are_no_keywords() -> None:
    """darktable writes each step of them as a plain keyword as well; what is a person's word besides stays."""
    plain = "".join(
        f"<rdf:li>{word}</rdf:li>" for word in ("darktable", "exported", "format", "jpg", "boat", "changed")
    )
    paths = ("darktable|exported", "darktable|format|jpg", "darktable|changed", "boat", "things|changed")
    tree = "".join(f"<rdf:li>{path}</rdf:li>" for path in paths)
    packet = xmp_packet(
        f"<dc:subject><rdf:Bag>{plain}</rdf:Bag></dc:subject>"
        f"<lr:hierarchicalSubject><rdf:Bag>{tree}</rdf:Bag></lr:hierarchicalSubject>"
    )
    assert set(xmp.parse(packet).keywords) == {"boat", "changed", "things"}


def test_iptc(tmp_path: Path) -> None:
    records = [(1, 90, b"\x1b%G"), (2, 25, "Löwe".encode()), (2, 25, b"zoo"), (2, 25, b"Zoo")]
    assert read(jpeg_with_iptc(tmp_path / "a.jpg", records)).keywords == ("Löwe", "zoo")


def test_a_word_that_only_sidecars_have_is_told_from_the_photos_own(tmp_path: Path) -> None:
    photo, beside = tmp_path / "a.jpg", tmp_path / "a.jpg.xmp"
    scene(64, 48).save(photo, xmp=xmp_packet("<dc:subject>dog</dc:subject>"))
    beside.write_bytes(
        xmp_packet("<dc:subject><rdf:Bag><rdf:li>Dog</rdf:li><rdf:li>Paris</rdf:li></rdf:Bag></dc:subject>")
    )
    found = read(photo, (beside,))
    assert (found.keywords, found.beside) == (("dog", "Paris"), ("Paris",))


@tools.needs_exiftool
def test_a_photo_that_exiftool_wrote(tmp_path: Path) -> None:
    photo = tmp_path / "a.jpg"
    scene(64, 48).save(photo)
    tags = {
        "EXIF:XPKeywords": "tree;Straße",
        "IPTC:Keywords": "lake",
        "XMP-dc:Subject": "boat",
        "XMP-lr:HierarchicalSubject": "Animals|Dog",
        "XMP-digiKam:TagsList": "People/Anna",
        "XMP-microsoft:LastKeywordXMP": "Trips/Rome",
    }
    options = [f"-{name}={value}" for name, value in tags.items()]
    subprocess.run(
        ["exiftool", "-q", "-overwrite_original", "-codedcharacterset=utf8", *options, str(photo)],
        check=True,
        timeout=60,
    )
    words = {"tree", "Straße", "lake", "boat", "Animals", "Dog", "People", "Anna", "Trips", "Rome"}
    found = read(photo).keywords
    assert set(found) == words
    assert len(found) == len(words)
