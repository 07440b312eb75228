"""Sidecars that nobody foresaw: drawn by chance, written, and read again by others."""

from __future__ import annotations

import string
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import SidecarError
from core.photos import xmp, xmp_writing
from core.photos.xmp_writing import DESCRIPTION, LIST, SUBJECT, TREE, Changes
from tests.core.photos import reading_tools as tools

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
NAMESPACES = {SUBJECT: "http://purl.org/dc/elements/1.1/", TREE: "http://ns.adobe.com/lightroom/1.0/"}
OURS = (SUBJECT, TREE, LIST, DESCRIPTION)
PREFIXES = ["dc", "lr", "digiKam", "a", "ns1", "Dc", "_x", "x.y", "é", "lr2", "dc1"]
LETTERS = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Co"), exclude_characters="\ufffe\uffff")
TEXTS = st.text(LETTERS, min_size=1, max_size=12).filter(lambda text: text.strip() == text and text)
PLAIN = st.text(string.ascii_letters + "<>&\"' éŁ", min_size=1, max_size=12).filter(lambda text: text.strip() == text)
LOCALS = st.sampled_from([f"p{number}" for number in range(40)])
BLANKS = st.sampled_from(["", " ", "\n  ", "\n\t", "\n"])
BETWEEN = st.sampled_from(["", "", "<!-- a > b -->", "<?keep me?>", "\n"])


def _text(text: str, way: int) -> str:
    if way == 0 and "]]>" not in text:
        return f"<![CDATA[{text}]]>"
    return escape(text) if way == 1 else "".join(f"&#{ord(letter)};" for letter in text)


@st.composite
def container(draw: st.DrawFn, r: str, values: st.SearchStrategy[str] = TEXTS, most: int = 4) -> str:
    kind = draw(st.sampled_from(["Bag", "Seq", "Alt"]))
    items = draw(st.lists(st.tuples(values, st.sampled_from([1, 1, 0, 2])), max_size=most, unique_by=lambda x: x[0]))
    gap = draw(BLANKS)
    if not items and draw(st.booleans()):
        return f"<{r}:{kind}/>"
    inner = "".join(f"{gap}<{r}:li>{_text(*item)}</{r}:li>{draw(BETWEEN)}" for item in items)
    return f"<{r}:{kind}>{inner}{gap}</{r}:{kind}>"


@st.composite
def foreign_property(draw: st.DrawFn, r: str, prefix: str, local: str) -> str:
    name = f"{prefix}:{local}"
    form = draw(st.integers(0, 6))
    if form == 0:
        return f"<{name}>{_text(draw(TEXTS), draw(st.sampled_from([0, 1, 2])))}</{name}>"
    if form == 1:
        return f"<{name}>{draw(BLANKS)}{draw(container(r))}{draw(BLANKS)}</{name}>"
    if form == 2:
        return f"<{name} {r}:parseType='Resource'><{prefix}:in>{escape(draw(TEXTS))}</{prefix}:in></{name}>"
    if form == 3:
        return f"<{name}><{r}:Description {prefix}:at={quoteattr(draw(PLAIN))}/></{name}>"
    if form == 4:
        return f"<{name}/>"
    if form == 5:
        return f"<{name} {r}:resource='urn:some:thing'/>"
    deep = draw(st.integers(1, 12))
    return f"<{name}>" + f"<{prefix}:d>" * deep + "x" + f"</{prefix}:d>" * deep + f"</{name}>"


@st.composite
def packet(draw: st.DrawFn, plain: bool = False) -> str:
    """A whole packet. ``plain``: of the forms that exiftool reads whole."""
    r = "rdf" if plain else draw(st.sampled_from(["rdf", "r", "RDF", "dc"]))
    texts = PLAIN if plain else TEXTS
    prefixes = [prefix for prefix in PREFIXES if prefix != r and (not plain or prefix in ("a", "ns1", "lr2", "dc1"))]
    described = []
    used: set[str] = set()
    known_left = list(range(3))
    for number in range(draw(st.integers(0 if not plain else 1, 3))):
        bound = draw(st.lists(st.sampled_from(prefixes), min_size=1, max_size=3, unique=True))
        declared = {prefix: f"http://example.org/{prefix.encode().hex()}/{number}/" for prefix in bound}
        body, attributes = [], []
        for local in draw(st.lists(LOCALS, max_size=4, unique=True)):
            prefix = draw(st.sampled_from(bound))
            if (declared[prefix], local) in used:
                continue
            used.add((declared[prefix], local))
            if draw(st.booleans()):
                attributes.append(f"{prefix}:{local}={quoteattr(draw(PLAIN))}")
            else:
                body.append(draw(foreign_property(r, prefix, local)) if not plain else draw(_plain(r, prefix, local)))
        if known_left and draw(st.booleans()):
            key = (SUBJECT, TREE, LIST)[known_left.pop(0)]
            space, local = key[1:].split("}")
            free = [prefix for prefix in [*PREFIXES, "k"] if prefix not in (r, *declared)]
            prefix = "k" if plain else draw(st.sampled_from(free))
            declared[prefix] = space
            if draw(st.integers(0, 5)) == 0:
                attributes.append(f"{prefix}:{local}={quoteattr(draw(PLAIN))}")
            else:
                inside = draw(st.one_of(container(r, texts), texts.map(escape)))
                body.append(
                    f"<{prefix}:{local}>{draw(BLANKS)}{inside}</{prefix}:{local}>"
                    if "<" in inside
                    else (f"<{prefix}:{local}>{inside}</{prefix}:{local}>")
                )
        gap, quote = draw(BLANKS), draw(st.sampled_from("'\""))
        head = "".join(f"{gap or ' '}xmlns:{prefix}={quote}{uri}{quote}" for prefix, uri in declared.items())
        about = f" {r}:about={quote}{quote}"
        tag = f"<{r}:Description{about}{head}" + "".join(f"{gap or ' '}{attribute}" for attribute in attributes)
        if not body and draw(st.booleans()):
            described.append(f"{tag}{draw(st.sampled_from(['', ' ']))}/>")
        else:
            inner = "".join(f"{gap}{draw(BETWEEN)}{part}" for part in draw(st.permutations(body)))
            described.append(f"{tag}>{inner}{gap}</{r}:Description>")
    outer = draw(BLANKS)
    rdf = f"<{r}:RDF xmlns:{r}='{RDF[1:-1]}'>{outer}{outer.join(described)}{outer}</{r}:RDF>"
    if draw(st.booleans()) or plain:
        rdf = f"<x:xmpmeta xmlns:x='adobe:ns:meta/' x:xmptk='t'>{outer}{rdf}{outer}</x:xmpmeta>"
    if draw(st.booleans()):
        padding = draw(st.sampled_from(["", "\n" + " " * 100 + "\n"]))
        rdf = f"<?xpacket begin='\ufeff' id='W5M0MpCehiHzreSzNTczkc9d'?>\n{rdf}{padding}<?xpacket end='w'?>"
    return rdf


@st.composite
def _plain(draw: st.DrawFn, r: str, prefix: str, local: str) -> str:
    name = f"{prefix}:{local}"
    if draw(st.booleans()):
        return f"<{name}>{escape(draw(PLAIN))}</{name}>"
    return f"<{name}>{draw(container(r, PLAIN))}</{name}>"


def _utf8(text: str) -> bytes:
    return text.encode()


def _marked(text: str) -> bytes:
    return text.encode("utf-8-sig")


def _utf16(text: str) -> bytes:
    return text.encode("utf-16")


def _crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


def _latin(text: str) -> bytes:
    head = '<?xml version="1.0" encoding="ISO-8859-1"?>'
    return (head + text).encode("iso-8859-1", "xmlcharrefreplace") if text.isascii() else text.encode()


CODINGS: list[Callable[[str], bytes]] = [_utf8, _marked, _utf16, _crlf, _latin]


def others(raw: bytes) -> list[object]:
    """All but our four properties, told by another parser than the writer's: in order, with comments."""
    codec = "utf-16" if raw[:2] == b"\xff\xfe" else "latin-1" if b"ISO-8859-1" in raw[:60] else "utf-8-sig"
    text = raw.decode(codec)
    if text.startswith("<?xml"):
        text = text.partition("?>")[2]
    builder = ElementTree.TreeBuilder(insert_comments=True, insert_pis=True)
    root = ElementTree.fromstring(text.lstrip("\ufeff"), ElementTree.XMLParser(target=builder))
    found: list[object] = []
    [rdf] = list(root.iter(f"{RDF}RDF"))
    top = [child for child in rdf if child.tag == f"{RDF}Description"]
    skipped = {id(part) for described in top for child in described if child.tag in OURS for part in child.iter()}
    for element in root.iter():
        if id(element) in skipped:
            continue
        attributes = {key: value for key, value in element.attrib.items() if element not in top or key not in OURS}
        found.append((str(element.tag), sorted(attributes.items()), (element.text or "").strip()))
    return found


CHANGES = st.builds(
    lambda subjects, trees, caption: Changes({SUBJECT: subjects, TREE: trees, LIST: trees}, caption=caption),
    st.lists(TEXTS.map(lambda text: f"new {text}"), max_size=3, unique=True),
    st.lists(TEXTS.map(lambda text: f"new|{text}"), max_size=2, unique=True),
    st.none() | TEXTS,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(packet(), st.sampled_from(CODINGS), CHANGES)
def test_any_packet_says_afterwards_what_it_said_and_the_new_keywords(
    text: str, coding: Callable[[str], bytes], changes: Changes
) -> None:
    raw = coding(text)
    before = xmp_writing.said(raw)
    after = xmp_writing.merged(raw, changes)
    new = xmp_writing.said(after)
    for key in (SUBJECT, TREE, LIST):
        assert set(new.items[key]) == {*before.items[key], *changes.add[key]}
    assert new.caption == (before.caption if changes.caption is None else changes.caption)
    old, now = others(raw), others(after)
    if f"{RDF}Description" in str(old):
        assert now == old
    else:  # it had no description at all, and got one
        assert [entry for entry in now if entry[0] != f"{RDF}Description"] == old
    assert _begins(raw) == _begins(after)
    back = xmp_writing.merged(after, Changes({}, changes.add, "" if changes.caption is not None else None))
    again = xmp_writing.said(back)
    assert {key: set(found) for key, found in again.items.items()} == {
        key: set(found) for key, found in before.items.items()
    }
    added = {word.casefold() for word in xmp.parse(after).keywords} - {w.casefold() for w in xmp.parse(raw).keywords}
    assert not added or changes.add[SUBJECT] or changes.add[TREE]


def _begins(raw: bytes) -> bytes:
    return raw[:2] if raw[:2] == b"\xff\xfe" else raw[:3]


@settings(max_examples=150, deadline=None)
@given(packet(), st.data())
def test_a_broken_packet_is_refused_or_read_but_never_fails_otherwise(text: str, data: st.DataObject) -> None:
    raw = bytearray(text.encode())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 5))] = data.draw(
            st.sampled_from([b"", b"<", b">", b"&", b'"', b"\xff", b":"])
        )
        if not raw:
            raw = bytearray(b" ")
    try:
        after = xmp_writing.merged(bytes(raw), Changes({SUBJECT: ["new"]}))
    except SidecarError as refused:
        assert str(refused).endswith(".")
    else:
        assert "new" in xmp_writing.said(after).items[SUBJECT]


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_refused_or_read(raw: bytes) -> None:
    try:
        xmp_writing.said(raw)
    except SidecarError as refused:
        assert str(refused).endswith(".")


@tools.needs_exiftool
@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(packet(plain=True), st.sampled_from([_utf8, _crlf])), min_size=25, max_size=25))
def test_exiftool_tells_the_same_of_every_foreign_property(drawn: list[tuple[str, Callable[[str], bytes]]]) -> None:
    changes = Changes({SUBJECT: ["new"], TREE: ["above|new"], LIST: ["above/new"]}, caption="A caption")
    with TemporaryDirectory() as folder:
        paths = []
        for number, (text, coding) in enumerate(drawn):
            raw = coding(text)
            for name, content in (("before", raw), ("after", xmp_writing.merged(raw, changes))):
                paths.append(Path(folder) / f"{number}.{name}.xmp")
                paths[-1].write_bytes(content)
        said = tools.exiftool(paths)
    for (text, _), before, after in zip(drawn, said[::2], said[1::2], strict=True):
        for found in (before, after):
            found.pop("ExifTool:Warning", None)  # of an empty list, which may be no more
        assert tools.foreign(after) == tools.foreign(before), text
        assert "new" in tools.listed(after, "dc:Subject"), text
