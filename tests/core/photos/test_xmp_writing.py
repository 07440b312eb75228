"""Keywords written into sidecars of other programs' shapes: nothing else of what they say changes."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from core.errors import SidecarError
from core.photos import xmp, xmp_markup, xmp_writing
from core.photos.xmp_writing import LIST, NEW, SUBJECT, TREE, Changes
from tests.core.photos import reading_tools as tools

SHAPES = sorted((Path(__file__).parent / "sidecar_shapes").glob("*.xmp"))
CODINGS = {
    "as it is": lambda raw: raw,
    "marked": lambda raw: b"\xef\xbb\xbf" + raw,
    "CRLF": lambda raw: raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"),
    "UTF-16 little": lambda raw: _renamed(raw).encode("utf-16-le"),
    "UTF-16 big": lambda raw: _renamed(raw).encode("utf-16-be"),
    "one line": lambda raw: b" ".join(raw.split()) if b"CDATA" not in raw else raw,
    "padded": lambda raw: b"\n  " + raw + b"\n\x00\x00\x00" if not raw.startswith(b"<?xml ") else raw + b"\n\0\0",
}
ADDED = Changes({SUBJECT: ["Dog", "Ł & <b>"], TREE: ["Animals|Dog", "Ł & <b>"], LIST: ["Animals/Dog", "Ł & <b>"]})


def _renamed(raw: bytes) -> str:
    """As UTF-16 says what it is: by the mark in a packet's wrapper, else by one before the declaration."""
    text = raw.decode().replace('encoding="UTF-8"', 'encoding="UTF-16"')
    if text.startswith("<?xpacket"):
        return text
    return "\ufeff" + (text if text.startswith("<?x") else f'<?xml version="1.0" encoding="UTF-16"?>\n{text}')


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], tuple[Path, Path]]:
    """Each shape in each coding, before and after."""
    folder = tmp_path_factory.mktemp("shapes")
    made = {}
    for number, (shape, coding) in enumerate((shape, coding) for shape in SHAPES for coding in CODINGS):
        before, after = folder / f"{number}.before.xmp", folder / f"{number}.after.xmp"
        before.write_bytes(CODINGS[coding](shape.read_bytes()))
        after.write_bytes(xmp_writing.merged(before.read_bytes(), ADDED))
        made[shape.name, coding] = before, after
    return made


def test_there_are_shapes() -> None:
    assert len(SHAPES) >= 8


@tools.needs_exiftool
def test_exiftool_reads_the_same_beside_the_new_keywords(written) -> None:
    pairs = list(written.values())
    said = tools.exiftool(path for pair in pairs for path in pair)
    for (name, coding), before, after in zip(written, said[::2], said[1::2], strict=True):
        assert len(before) > 2, (name, coding)
        if coding == "marked":  # of a mark beside the packet's own exiftool says the one or the other thing
            before.pop("ExifTool:Warning", None)
            after.pop("ExifTool:Warning", None)
        assert tools.foreign(after) == tools.foreign(before), (name, coding)
        assert after.get("XMP-dc:Description") == before.get("XMP-dc:Description")
        for key, prop in (("dc:Subject", SUBJECT), ("lr:HierarchicalSubject", TREE), ("digiKam:TagsList", LIST)):
            assert tools.listed(after, key) == tools.listed(before, key) + ADDED.add[prop], (name, coding)


@tools.needs_exiv2
def test_exiv2_reads_the_same_beside_the_new_keywords(written) -> None:
    read = 0
    for (name, coding), (before, after) in written.items():
        old, new = tools.exiv2(before), tools.exiv2(after)
        if old:  # it knows sidecars by their beginning, and reads none in UTF-16
            read += 1
            assert tools.exiv2_foreign(new) == tools.exiv2_foreign(old), (name, coding)
            assert any(line.startswith("Xmp.dc.subject XmpBag") and line.endswith("Dog, Ł & <b>") for line in new)
    assert read >= 20


def test_our_own_reader_reads_the_new_keywords(written) -> None:
    for (name, coding), (before, after) in written.items():
        old, new = xmp.read(before), xmp.read(after)
        assert set(new.keywords) == {*old.keywords, "Dog", "Animals", "Ł & <b>"}, (name, coding)
        assert (new.captions, new.rating, new.taken) == (old.captions, old.rating, old.taken)


def test_the_bytes_of_others_stay_in_their_order(written) -> None:
    """What was there is there still, letter for letter, with more between; but for tags that had to be opened, and
    one word that was an attribute."""
    for (name, coding), (before, after) in written.items():
        if name != "by_hand.xmp":
            old, new = before.read_bytes(), iter(after.read_bytes())
            left_out = b"/" if "UTF-16" not in coding else b"/\0"
            assert all(letter in left_out or letter in new for letter in old), (name, coding)


def test_what_was_added_goes_again_and_leaves_what_was_there(written) -> None:
    for (name, coding), (before, after) in written.items():
        back = xmp_writing.merged(after.read_bytes(), Changes({}, ADDED.add))
        assert xmp_writing.said(back) == xmp_writing.said(before.read_bytes()), (name, coding)
        assert xmp.parse(back) == xmp.read(before), (name, coding)


def test_the_look_of_a_file_is_kept() -> None:
    shape = next(path for path in SHAPES if path.name == "capture_one.xmp")
    text = xmp_writing.merged(shape.read_bytes(), ADDED).decode()
    assert "               <rdf:li>fjord</rdf:li>\n               <rdf:li>Dog</rdf:li>\n" in text, (
        "items stand below each other"
    )
    assert "<lightroom:hierarchicalSubject>" in text
    assert "xmlns:lr=" not in text


@pytest.mark.parametrize("shape", SHAPES, ids=lambda path: path.stem)
@tools.needs_exiftool
def test_a_description_is_written_where_there_is_none(shape: Path, tmp_path: Path) -> None:
    before = xmp_writing.said(shape.read_bytes()).caption
    after = tmp_path / "after.xmp"
    after.write_bytes(xmp_writing.merged(shape.read_bytes(), Changes(caption="Café & \nsea")))
    [old, new] = tools.exiftool([shape, after])
    assert tools.foreign(new) == tools.foreign(old)
    assert new["XMP-dc:Description"] in ("Café & \nsea", {"x-default": "Café & \nsea", "da-DK": "Båd på fjorden"}) or (
        isinstance(new["XMP-dc:Description"], dict) and new["XMP-dc:Description"]["x-default"] == "Café & \nsea"
    )
    without = xmp_writing.merged(after.read_bytes(), Changes(caption=""))
    assert xmp_writing.said(without).caption == ""
    assert xmp_writing.merged(without, Changes(caption=before)) if before else True


@tools.needs_exiftool
def test_a_new_sidecar_is_understood(tmp_path: Path) -> None:
    made = tmp_path / "new.xmp"
    made.write_bytes(xmp_writing.merged(NEW, Changes(ADDED.add, caption="A dog")))
    [said] = tools.exiftool([made])
    assert "ExifTool:Warning" not in said
    assert said["XMP-dc:Subject"] == ["Dog", "Ł & <b>"]
    assert said["XMP-lr:HierarchicalSubject"] == ["Animals|Dog", "Ł & <b>"]
    assert said["XMP-digiKam:TagsList"] == ["Animals/Dog", "Ł & <b>"]
    assert said["XMP-dc:Description"] == {"x-default": "A dog"} or said["XMP-dc:Description"] == "A dog"


@pytest.mark.parametrize(
    ("inside", "values"),
    [
        ("<dc:subject>a; b</dc:subject>", ("a; b",)),
        ("<dc:subject/>", ()),
        ("<dc:subject> <!-- none yet --> </dc:subject>", ()),
        ("<dc:subject><![CDATA[a & b]]></dc:subject>", ("a & b",)),
        ("<dc:subject><rdf:Bag/></dc:subject>", ()),
        ("<dc:subject><rdf:Seq></rdf:Seq></dc:subject>", ()),
        ("<dc:subject><rdf:Bag><!-- a --><rdf:li>a</rdf:li></rdf:Bag></dc:subject>", ("a",)),
        ("<dc:subject><rdf:Alt><rdf:li xml:lang='x-default'>a</rdf:li></rdf:Alt></dc:subject>", ("a",)),
        ("<dc:subject><rdf:Bag><rdf:li rdf:resource='urn:a'/></rdf:Bag></dc:subject>", ()),
    ],
)
def test_keywords_in_any_form_keep_it_and_get_more(inside: str, values: tuple[str, ...]) -> None:
    raw = packet(inside)
    after = xmp_writing.merged(raw, Changes({SUBJECT: ["new"]}))
    assert xmp_writing.said(after).items[SUBJECT] == (*values, "new")
    assert after.count(b"<!--") == raw.count(b"<!--")
    assert after.count(b"CDATA") == raw.count(b"CDATA")
    assert xmp_writing.said(xmp_writing.merged(after, Changes({}, {SUBJECT: ["new"]}))).items[SUBJECT] == values


def packet(inside: str, attributes: str = "", before: str = "", head: str = "") -> bytes:
    return (
        f'{head}<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
        f' xmlns:dc="http://purl.org/dc/elements/1.1/">{before}<rdf:Description rdf:about="" {attributes}>{inside}'
        "</rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()


@pytest.mark.parametrize(
    "raw",
    [
        packet("<dc:subject rdf:resource='urn:a'/>"),
        packet("<dc:subject rdf:parseType='Resource'><rdf:value>a</rdf:value></dc:subject>"),
        packet("<dc:subject><rdf:Bag/><rdf:Bag/></dc:subject>"),
        packet("<dc:subject><dc:other/></dc:subject>"),
        packet("<dc:subject><rdf:Description/></dc:subject>"),
    ],
)
def test_keywords_in_a_form_that_nobody_writes_are_left_alone(raw: bytes) -> None:
    with pytest.raises(SidecarError, match="in a form that this program does not know"):
        xmp_writing.merged(raw, Changes({SUBJECT: ["new"]}))


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {chr(98 + n)} "{("&" + chr(97 + n) + ";") * 10}">' for n in range(9)
)
HOSTILE = {
    "empty": (b"", "It is empty"),
    "blank": (b" \n\x00", "It is empty"),
    "cut short": (packet("<dc:subject><rdf:Bag>")[:-40], "no sound XML"),
    "text": (b"keywords: dog", "no sound XML"),
    "picture": (b"\xff\xd8\xff\xe0\x00\x10JFIF", "not in the encoding"),
    "two roots": (packet("") + packet(""), "no sound XML"),
    "two packets": (
        packet("").replace(
            b"</x:xmpmeta>", b'<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></x:xmpmeta>'
        ),
        "more than one packet",
    ),
    "other XML": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no rdf:RDF"),
    "wrong namespace": (packet("").replace(b"1999/02/22-rdf", b"2099/02/22-rdf"), "no rdf:RDF"),
    "no namespace": (b"<x:xmpmeta><rdf:RDF/></x:xmpmeta>", "no sound XML"),
    "bomb": (packet("<dc:subject>&j;</dc:subject>", head=BOMB + "]>"), "DTD"),
    "DTD": (packet("", head='<!DOCTYPE x SYSTEM "file:///etc/passwd">'), "DTD"),
    "entity": (packet("<dc:subject>&undefined;</dc:subject>"), "no sound XML"),
    "latin letters in UTF-8": (
        packet("<dc:subject>caf\u00e9</dc:subject>").decode().encode("latin-1"),
        "not in the encoding",
    ),
    "declared otherwise": (packet("", head='<?xml version="1.0" encoding="UTF-16"?>'), "names an encoding"),
    "unknown encoding": (packet("", head='<?xml version="1.0" encoding="martian"?>'), "names an encoding"),
    "no text encoding": (packet("", head='<?xml version="1.0" encoding="base64"?>'), "names an encoding"),
    "UTF-32": (packet("").decode().encode("utf-32"), "UTF-32"),
    "half a letter": (b"\xff\xfe" + packet("").decode().encode("utf-16-le") + b"\x00\xd8", "not in the encoding"),
    "huge": (packet("<dc:title>" + "a" * xmp_markup.LARGEST + "</dc:title>"), "larger than 8 MiB"),
    "control letter": (packet("<dc:title>\x01</dc:title>"), "no sound XML"),
    "attribute twice": (packet("", "dc:title='a' dc:title='b'"), "no sound XML"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_sound_xmp_is_refused_with_a_sentence(name: str) -> None:
    raw, sentence = HOSTILE[name]
    for ask in (lambda: xmp_writing.merged(raw, ADDED), lambda: xmp_writing.said(raw)):
        with pytest.raises(SidecarError, match=sentence) as refused:
            ask()
        assert str(refused.value).endswith(".")


def test_a_file_that_would_grow_too_large_to_be_read_is_refused() -> None:
    raw = packet("<dc:title>" + "a" * (xmp_markup.LARGEST - 400) + "</dc:title>")
    with pytest.raises(SidecarError, match="larger than"):
        xmp_writing.merged(raw, Changes({SUBJECT: ["a" * 400]}))


def test_a_file_of_any_depth_is_survived() -> None:
    deep = packet("<dc:x>" * 50_000 + "</dc:x>" * 50_000)
    assert xmp_writing.said(xmp_writing.merged(deep, Changes({SUBJECT: ["new"]}))).items[SUBJECT] == ("new",)


def test_another_encoding_is_kept_and_what_it_lacks_is_written_as_a_reference() -> None:
    raw = packet("<dc:title>caf\u00e9</dc:title>", head='<?xml version="1.0" encoding="ISO-8859-1"?>')
    raw = raw.decode().encode("latin-1")
    after = xmp_writing.merged(raw, Changes({SUBJECT: ["Łódź é"]}))
    assert b"caf\xe9" in after
    assert b"&#321;\xf3d&#378; \xe9" in after
    assert xmp.parse(after).keywords == ("Łódź é",)


def test_prefixes_that_stand_for_something_else_are_left_to_it() -> None:
    raw = packet("<dc:subject>theirs</dc:subject>").replace(b"purl.org/dc/elements/1.1", b"example.org/dc")
    after = xmp_writing.merged(raw, Changes({SUBJECT: ["new"]}, caption="A dog"))
    assert b"<dc:subject>theirs</dc:subject>" in after
    assert xmp.parse(after).keywords == ("new",)
    assert xmp.parse(after).captions == ("A dog",)


def test_the_properties_of_a_picture_within_the_picture_are_not_those_of_the_photo() -> None:
    raw = next(path for path in SHAPES if path.name == "by_hand.xmp").read_bytes()
    assert xmp_writing.said(raw).items[SUBJECT] == ("a lone word",)
    assert xmp.parse(raw).keywords == ("a lone word",)


REWRITERS = {
    "exiftool": ("exiftool", "-q", "-overwrite_original", "-XMP-dc:Subject+=theirs", "-XMP:Rating=4"),
    "exiv2": ("exiv2", "-M", "set Xmp.dc.subject XmpBag theirs", "-M", "set Xmp.xmp.Rating 4"),
}


@pytest.mark.parametrize("program", REWRITERS)
@pytest.mark.parametrize("shape", [path for path in SHAPES if path.stem != "by_hand"], ids=lambda path: path.stem)
def test_a_sidecar_goes_there_and_back_through_another_program(shape: Path, program: str, tmp_path: Path) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not here")
    sidecar = tmp_path / "a.xmp"
    sidecar.write_bytes(xmp_writing.merged(shape.read_bytes(), ADDED))
    before = xmp.read(sidecar)
    subprocess.run([*REWRITERS[program], str(sidecar)], check=True, timeout=60, capture_output=True)
    rewritten = xmp.read(sidecar)
    assert set(rewritten.keywords) == {*before.keywords, "theirs"}
    assert rewritten.rating == 4
    sidecar.write_bytes(xmp_writing.merged(sidecar.read_bytes(), Changes({SUBJECT: ["once more"]}, ADDED.add)))
    found = xmp_writing.said(sidecar.read_bytes()).items[SUBJECT]
    assert {"theirs", "once more"} <= set(found)
    assert set(ADDED.add[SUBJECT]).isdisjoint(found)
    assert set(xmp.read(sidecar).keywords) == {*xmp.read(shape).keywords, "theirs", "once more"}
