"""XMP as text whose every byte has a place: the tree of a packet with the spans of its tags, so that it can be edited
without being written anew.

A parser that builds a tree and writes it again loses what it does not model: prefixes, the order and quotes of
attributes, comments, CDATA, line ends, the padding of the packet's wrapper. Here the packet is parsed by expat, which
says where each tag stands, and an edit replaces those bytes alone.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from core.errors import SidecarError

LARGEST = 8 << 20
"""Bytes of XMP that are read. darktable keeps a photo's whole history in its sidecar; more than this is no XMP."""

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_META = ("{adobe:ns:meta/}xmpmeta", "{adobe:ns:meta/}xapmeta")
_DEEPEST = 8
"""Levels of elements that are kept: packet, RDF, description, property, container, item, and what an item holds."""
_PADDING = b"\x00 \t\r\n"
_DECLARED = re.compile(rb"""<\?xml[^>]*?\bencoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]*)["']""")
_ATTRIBUTE = re.compile(rb"""(\s+)([^\s=/>"']+)\s*=\s*("[^"]*"|'[^']*')""")
_TAG = re.compile(rb"""<[^"'>]*(?:(?:"[^"]*"|'[^']*')[^"'>]*)*>""")
_NAME = re.compile(rb"[^\s/>]+")
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


@dataclass(slots=True, eq=False)
class Element:
    """An element: its name as ``{namespace}local``, as it is written, and where it stands in the bytes."""

    name: str
    written: str
    start: int
    """Of its start tag."""
    inside: int
    """Where its content begins."""
    attributes: dict[str, str]
    scope: dict[str, str]
    """Prefixes to namespaces, as they hold inside its start tag; '' is the default one."""
    empty: bool
    """Written as one tag, ``<a/>``."""
    outside: int = 0
    """Where its content ends."""
    end: int = 0
    children: list[Element] = field(default_factory=list)
    text: str = ""

    @property
    def prefix(self) -> str:
        """What its written name has before the colon, and the colon; '' for none."""
        head, colon, _ = self.written.rpartition(":")
        return head + colon


@dataclass(frozen=True, slots=True)
class Coding:
    """How the text of a file is written as bytes. ``before`` and ``after`` are a mark and padding, kept as they are."""

    codec: str
    before: bytes
    after: bytes

    def encode(self, data: bytes) -> bytes:
        """UTF-8 in the file's own encoding; letters that it lacks become references."""
        text = data.decode("utf-8")
        return self.before + text.encode(self.codec, "xmlcharrefreplace") + self.after


def decode(raw: bytes) -> tuple[bytes, Coding]:
    """A file's text in UTF-8, and the way back. Raises SidecarError where the way back would lead elsewhere."""
    if len(raw) > LARGEST:
        raise SidecarError(f"It is larger than {LARGEST >> 20} MiB, which no XMP is.")
    if not raw.strip(_PADDING):
        raise SidecarError("It is empty.")
    if raw.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise SidecarError("It is written in UTF-32, which XMP cannot be.")
    mark, codec = next(((mark, codec) for mark, codec in _MARKS if raw.startswith(mark)), (b"", ""))
    body = raw[len(mark) :]
    if not codec:
        codec = {b"<\0": "utf-16-le", b"\0<": "utf-16-be"}.get(body[:2], "")
    if codec.startswith("utf-16"):
        inner, before, after = body, mark, b""
    else:
        inner = body.strip(_PADDING)
        start = body.find(inner)
        before, after = mark + body[:start], body[start + len(inner) :]
        codec = codec or _declared(inner)
    try:
        text = inner.decode(codec)
        if text.encode(codec) != inner:
            raise ValueError("no way back")
    except ValueError as error:
        raise SidecarError("Its letters are not in the encoding that it names.") from error
    if codec.startswith("utf-16"):
        bare = text.strip("\0 \t\r\n")
        start = text.find(bare)
        before += text[:start].encode(codec)
        after = text[start + len(bare) :].encode(codec)
        text = bare
    return text.encode("utf-8"), Coding(codec, before, after)


def _declared(body: bytes) -> str:
    """The encoding that the XML declaration names, if ASCII is a part of it; UTF-8 without one."""
    found = _DECLARED.match(body)
    if found is None:
        return "utf-8"
    try:
        codec = codecs.lookup(found[1].decode("ascii"))
        if "<?xml".encode(codec.name) == b"<?xml":
            return codec.name
    except (LookupError, ValueError, TypeError):  # TypeError: a codec that is none of text
        pass
    raise SidecarError(f"It names an encoding that is not its own, or is unknown ({found[1].decode('ascii')[:40]}).")


def parse(data: bytes) -> Element:
    """The tree of a packet in UTF-8. Raises SidecarError for what is no XML, and for XML with a DTD."""
    builder = _Builder(data)
    try:
        builder.parser.Parse(data, True)
    except expat.ExpatError as error:
        raise SidecarError(f"It is no sound XML ({expat.ErrorString(error.code)}, line {error.lineno}).") from error
    assert builder.root is not None
    return builder.root


class _Builder:
    """Takes expat's events to `Element` s. Nothing here goes deeper with the depth of the file."""

    def __init__(self, data: bytes) -> None:
        self.root: Element | None = None
        self._data = data
        self._open: list[Element] = []
        self._depth = 0
        self._declared: dict[str, str] = {}
        self.parser = parser = expat.ParserCreate("utf-8", "}")
        parser.buffer_text = True
        parser.StartNamespaceDeclHandler = self._declare
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = _refuse_dtd

    def _declare(self, prefix: str | None, uri: str | None) -> None:
        self._declared[prefix or ""] = uri or ""

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        declared, self._declared = self._declared, {}
        if self._depth > _DEEPEST:
            return
        start = self.parser.CurrentByteIndex
        inside = _end_of_tag(self._data, start)
        outer = self._open[-1].scope if self._open else {}
        found = _NAME.match(self._data, start + 1)
        assert found is not None
        element = Element(
            _clark(name),
            found[0].decode("utf-8"),
            start,
            inside,
            {_clark(key): value for key, value in attributes.items()},
            {**outer, **declared} if declared else outer,
            self._data[inside - 2 : inside] == b"/>",
        )
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)

    def _end(self, name: str) -> None:
        self._depth -= 1
        if self._depth >= _DEEPEST:
            return
        element = self._open.pop()
        if element.empty:
            element.outside = element.end = element.inside
        else:
            element.outside = self.parser.CurrentByteIndex
            element.end = self._data.index(b">", element.outside) + 1

    def _text(self, text: str) -> None:
        if self._open and self._depth <= _DEEPEST:
            self._open[-1].text += text


def _refuse_dtd(*_: object) -> None:
    raise SidecarError("It has a DTD, which XMP must not have.")


def _clark(name: str) -> str:
    return "{" + name if "}" in name else name


def _end_of_tag(data: bytes, start: int) -> int:
    """Behind the ``>`` of the start tag at ``start``; one inside quotes does not count."""
    found = _TAG.match(data, start)
    assert found is not None
    return found.end()


def rdf_of(root: Element) -> Element:
    """The ``rdf:RDF`` of a packet. Raises SidecarError where there is none, or more than one."""
    found = [root] if root.name == f"{RDF}RDF" else []
    if root.name in _META:
        found = [child for child in root.children if child.name == f"{RDF}RDF"]
    if len(found) != 1:
        raise SidecarError(
            "It holds more than one packet of XMP." if found else "It is XML, but no XMP: it has no rdf:RDF."
        )
    return found[0]


def descriptions(root: Element) -> list[Element]:
    """What speaks of the photo itself: the descriptions right below ``rdf:RDF``, none that lies deeper."""
    return [child for child in rdf_of(root).children if child.name == f"{RDF}Description"]


def attribute_spans(data: bytes, element: Element) -> Iterator[tuple[str, int, int]]:
    """The attributes of a start tag in their order: each name as ``{namespace}local``, and its span with the blanks
    before it. Declarations of namespaces have the name that they are written with."""
    at = element.start + 1 + len(element.written.encode("utf-8"))
    while found := _ATTRIBUTE.match(data, at, element.inside):
        written = found[2].decode("utf-8")
        prefix, colon, local = written.rpartition(":")
        space = element.scope.get(prefix) if colon and prefix != "xmlns" else None
        yield (f"{{{space}}}{local}" if space else written), found.start(), found.end()
        at = found.end()


def blanks_before(data: bytes, at: int) -> bytes:
    """The white space that ends at ``at``."""
    start = at
    while start and data[start - 1] in b" \t\r\n":
        start -= 1
    return data[start:at]


def replaced(data: bytes, start: int, end: int, by: bytes) -> bytes:
    """``data`` with other bytes in place of those from ``start`` to ``end``."""
    return data[:start] + by + data[end:]


def outline(data: bytes, left_out: frozenset[str]) -> list[tuple[str, ...]]:
    """All that a packet in UTF-8 says, in its order: tags with their attributes, texts, comments, instructions.

    White space between tags counts for nothing. Of the descriptions right below ``rdf:RDF`` the properties in
    ``left_out`` are left out, and one that then says nothing is left out too.
    """
    parser = expat.ParserCreate("utf-8", "}")
    parser.buffer_text = True
    parser.ordered_attributes = False
    found: list[tuple[str, ...]] = []
    names: list[str] = []
    skipped = 0

    def in_description(depth: int) -> bool:
        return depth <= 3 and names[:depth][-2:] == [f"{RDF}RDF", f"{RDF}Description"]

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal skipped
        name = _clark(name)
        if skipped or (in_description(len(names)) and name in left_out):
            skipped += 1
            return
        names.append(name)
        said = {_clark(key): value for key, value in attributes.items()}
        if in_description(len(names)):
            said = {key: value for key, value in said.items() if key not in left_out}
        found.append(("start", name, *(f"{key}={value}" for key, value in sorted(said.items()))))

    def end(_: str) -> None:
        nonlocal skipped
        if skipped:
            skipped -= 1
            return
        described = in_description(len(names))
        name = names.pop()
        if described and found[-1] in (("start", name), ("start", name, f"{RDF}about=")):
            found.pop()
        else:
            found.append(("end", name))

    def note(kind: str, *texts: str) -> None:
        if not skipped and (kind != "text" or texts[0].strip()):
            found.append((kind, *texts))

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = lambda text: note("text", text)
    parser.CommentHandler = lambda text: note("comment", text)
    parser.ProcessingInstructionHandler = lambda target, text: note("instruction", target, text)
    parser.Parse(data, True)
    return found
