"""Writes keywords and a caption into XMP, and leaves all else as it is, byte for byte.

ISO 16684-1 is the form; the properties are those that photo programs read keywords from. A keyword is an ``rdf:li`` of
``dc:subject`` (every program), ``lr:hierarchicalSubject`` (Lightroom, Capture One, darktable: ``Animals|Dog``) and
``digiKam:TagsList`` (digiKam: ``Animals/Dog``); a caption is the ``x-default`` item of ``dc:description``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from core.errors import SidecarError
from core.photos import xmp_markup
from core.photos.xmp_markup import LANG, RDF, Element, blanks_before, replaced

DC = "{http://purl.org/dc/elements/1.1/}"
SUBJECT = f"{DC}subject"
TREE = "{http://ns.adobe.com/lightroom/1.0/}hierarchicalSubject"
LIST = "{http://www.digikam.org/ns/1.0/}TagsList"
DESCRIPTION = f"{DC}description"
_OURS = frozenset((SUBJECT, TREE, LIST, DESCRIPTION))
_PREFIXES = {SUBJECT: "dc", TREE: "lr", LIST: "digiKam", DESCRIPTION: "dc"}
_CONTAINERS = {SUBJECT: "Bag", TREE: "Bag", LIST: "Seq", DESCRIPTION: "Alt"}
_ANY_CONTAINER = tuple(f"{RDF}{kind}" for kind in ("Bag", "Seq", "Alt"))
_DEFAULT = "x-default"
_NOT_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to write."""

NEW = """\
<?xpacket begin='\ufeff' id='W5M0MpCehiHzreSzNTczkc9d'?>
<x:xmpmeta xmlns:x='adobe:ns:meta/' x:xmptk='Retrouve'>
 <rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>
  <rdf:Description rdf:about=''/>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end='w'?>
""".encode()
"""A sidecar that says nothing yet."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a packet says in the properties that are written here, and nothing else of it."""

    items: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Property (`SUBJECT`, `TREE`, `LIST`) to its values, each once, in their order."""
    caption: str = ""
    """The description for every language; empty where there is none."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What to write. A value that is removed goes once, and only if it is there in exactly that form."""

    add: Mapping[str, Sequence[str]] = field(default_factory=dict)
    remove: Mapping[str, Sequence[str]] = field(default_factory=dict)
    caption: str | None = None
    """The description to write in place of the one that is there; '' takes that away, None leaves it."""

    def __bool__(self) -> bool:
        return any(self.add.values()) or any(self.remove.values()) or self.caption is not None


def writable(text: str) -> str:
    """A text as XML can hold it: line ends as line feeds, without control characters and halves of letters."""
    return _NOT_XML.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def said(raw: bytes) -> Said:
    """What a packet says. Raises SidecarError for what could not be written either."""
    data, _ = xmp_markup.decode(raw)
    return _said(xmp_markup.parse(data))


def merged(raw: bytes, changes: Changes) -> bytes:
    """A packet with the changes in it. Raises SidecarError where they cannot be made without harm to the rest."""
    before, coding = xmp_markup.decode(raw)
    data = before
    for key in (SUBJECT, TREE, LIST):
        if values := changes.add.get(key):
            data = _with(data, key, values)
        for value in changes.remove.get(key, ()):
            data = _without(data, key, value)
    if changes.caption is not None:
        data = _captioned(data, changes.caption) if changes.caption else _uncaptioned(data)
    _prove(before, data, changes)
    written = coding.encode(data)
    xmp_markup.decode(written)  # refuses what has grown beyond what is read
    return written


# Looking


def _elements(root: Element, key: str) -> list[Element]:
    """A property where it is written as an element. Raises SidecarError where its form is none that we know."""
    found = [child for described in xmp_markup.descriptions(root) for child in described.children if child.name == key]
    for element in found:
        odd = any(name.startswith(RDF) for name in element.attributes)
        containers = [child for child in element.children if child.name in _ANY_CONTAINER]
        if odd or len(element.children) > 1 or len(containers) != len(element.children):
            raise SidecarError(f"It has {element.written} in a form that this program does not know.")
    return found


def _written_values(root: Element, key: str) -> Iterator[str]:
    for described in xmp_markup.descriptions(root):
        if key in described.attributes:
            yield described.attributes[key]
    for element in _elements(root, key):
        if element.children:
            yield from (item.text for item in element.children[0].children if not item.children)
        else:
            yield element.text


def _default(element: Element) -> Element | None:
    """The item of a description that is for every language."""
    if not element.children:
        return None
    items = [item for item in element.children[0].children if not item.children]
    return next((item for item in items if item.attributes.get(LANG, _DEFAULT).casefold() == _DEFAULT), None)


def _caption_of(root: Element) -> str:
    for described in xmp_markup.descriptions(root):
        if described.attributes.get(DESCRIPTION, "").strip():
            return described.attributes[DESCRIPTION]
    for element in _elements(root, DESCRIPTION):
        item = _default(element)
        text = item.text if item is not None else "" if element.children else element.text
        if text.strip():
            return text
    return ""


def _said(root: Element) -> Said:
    values = {key: tuple(filter(str.strip, _written_values(root, key))) for key in (SUBJECT, TREE, LIST)}
    return Said({key: tuple(dict.fromkeys(found)) for key, found in values.items()}, _caption_of(root))


# Changing. Each takes the bytes of a packet and gives them back with one thing changed, and reads them anew: what an
# edit moves needs no book-keeping.


def _with(data: bytes, key: str, values: Sequence[str]) -> bytes:
    """Items behind those that a property has."""
    root = xmp_markup.parse(data)
    elements = _elements(root, key)
    if not elements:
        for described in xmp_markup.descriptions(root):
            if key in described.attributes:
                # One value, written as an attribute: the property becomes an element, which alone can hold several.
                kept = described.attributes[key]
                data = _without_attribute(data, described, key)
                return _added(data, key, [*([kept] if kept.strip() else []), *values])
        return _added(data, key, values)
    element = next((found for found in elements if found.children), elements[0])
    if not element.children:
        return _wrapped(data, element, key, values)
    container = element.children[0]
    if container.empty:
        return _with(_opened(data, container), key, values)
    if container.children:
        last = container.children[-1]
        gap = blanks_before(data, last.start)
        at = last.end
    else:
        gap, at = b"", container.inside
    items = b"".join(gap + _item(container.prefix, value) for value in values)
    return replaced(data, at, at, items)


def _wrapped(data: bytes, element: Element, key: str, values: Sequence[str]) -> bytes:
    """A property that is plain text becomes a container, whose first item is that text as it is written."""
    if element.empty:
        return _with(_opened(data, element), key, values)
    owner = next(d for d in xmp_markup.descriptions(xmp_markup.parse(data)) if d.start < element.start < d.end)
    prefix = owner.prefix
    kept = data[element.inside : element.outside]
    first = b"<%sli>%s</%sli>" % (prefix.encode(), kept, prefix.encode()) if element.text.strip() else kept
    bag = f"{prefix}{_CONTAINERS[key]}".encode()
    items = b"".join(_item(prefix, value) for value in values)
    return replaced(data, element.inside, element.outside, b"<%s>%s%s</%s>" % (bag, first, items, bag))


def _without(data: bytes, key: str, value: str) -> bytes:
    """Take one item of exactly this value away; with the last one the property goes."""
    root = xmp_markup.parse(data)
    for described in xmp_markup.descriptions(root):
        if described.attributes.get(key) == value:
            return _without_attribute(data, described, key)
    for element in _elements(root, key):
        if not element.children:
            if element.text == value:
                return _cut(data, element)
            continue
        container = element.children[0]
        for item in container.children:
            if item.text == value and not item.children:
                return _without_item(data, element, container, item)
    return data


def _without_item(data: bytes, element: Element, container: Element, item: Element) -> bytes:
    rest = data[container.inside : item.start] + data[item.end : container.outside]
    return _cut(data, item if rest.strip() else element)


def _captioned(data: bytes, text: str) -> bytes:
    """Put a text in the place of the description for every language, or give a packet one."""
    root = xmp_markup.parse(data)
    for described in xmp_markup.descriptions(root):
        if DESCRIPTION in described.attributes:
            return _added(_without_attribute(data, described, DESCRIPTION), DESCRIPTION, [text])
    elements = _elements(root, DESCRIPTION)
    if not elements:
        return _added(data, DESCRIPTION, [text])
    element = next((found for found in elements if found.children), elements[0])
    target = _default(element)
    if target is None and element.children:
        container = element.children[0]
        if container.empty:
            return _captioned(_opened(data, container), text)
        gap = blanks_before(data, container.children[0].start) if container.children else b""
        return replaced(data, container.inside, container.inside, gap + _item(container.prefix, text, _DEFAULT))
    if target is None and not element.empty:
        return _added(_cut(data, element), DESCRIPTION, [text])
    target = target or element
    if target.empty:
        return _captioned(_opened(data, target), text)
    return replaced(data, target.inside, target.outside, _escaped(text))


def _uncaptioned(data: bytes) -> bytes:
    root = xmp_markup.parse(data)
    for described in xmp_markup.descriptions(root):
        if DESCRIPTION in described.attributes:
            return _without_attribute(data, described, DESCRIPTION)
    for element in _elements(root, DESCRIPTION):
        item = _default(element)
        if item is not None:
            return _without_item(data, element, element.children[0], item)
        if not element.children:
            return _cut(data, element)
    return data


def _added(data: bytes, key: str, values: Sequence[str]) -> bytes:
    """A property that the packet has not: at the end of its first description."""
    root = xmp_markup.parse(data)
    described = next(iter(xmp_markup.descriptions(root)), None)
    if described is None:
        return _added(_with_description(data, xmp_markup.rdf_of(root)), key, values)
    namespace, local = key[1:].split("}")
    prefix = _prefix(described.scope, namespace)
    if prefix is None:
        return _added(_declared(data, described, namespace, _PREFIXES[key]), key, values)
    gap, step = _indent(data, described)
    if described.empty:
        outer = blanks_before(data, described.start)
        data = _opened(data, described, outer if b"\n" in outer else b"")
        return _added(data, key, values)
    at = described.children[-1].end if described.children else described.inside
    name = f"{prefix}{local}".encode()
    bag = f"{described.prefix}{_CONTAINERS[key]}".encode()
    language = _DEFAULT if key == DESCRIPTION else None
    items = b"".join(gap + step * 2 + _item(described.prefix, value, language) for value in values)
    inner = b"%s%s<%s>%s%s%s</%s>" % (gap, step, bag, items, gap, step, bag)
    return replaced(data, at, at, b"%s<%s>%s%s</%s>" % (gap, name, inner, gap, name))


def _with_description(data: bytes, rdf: Element) -> bytes:
    if rdf.empty:
        data = _opened(data, rdf)
        rdf = xmp_markup.rdf_of(xmp_markup.parse(data))
    space = RDF[1:-1]
    named = next((prefix for prefix, uri in rdf.scope.items() if uri == space and prefix), None)
    declared = "" if named else f' xmlns:rdf="{space}"'
    about = f'<{rdf.prefix}Description{declared} {named or "rdf"}:about=""/>'
    at = rdf.children[-1].end if rdf.children else rdf.inside
    gap = blanks_before(data, rdf.children[-1].start) if rdf.children else b""
    return replaced(data, at, at, gap + about.encode())


# Bytes


def _indent(data: bytes, described: Element) -> tuple[bytes, bytes]:
    """What goes before a property of a description, and what each level below adds; nothing where all is one line."""
    if described.children:
        gap = blanks_before(data, described.children[-1].start)
    else:
        gap = blanks_before(data, described.start)
        gap += b" " if b"\n" in gap else b""
    if b"\n" not in gap:
        return b"", b""
    step = b"\t" if gap.endswith(b"\t") else b" "
    newline = b"\r\n" if b"\r\n" in gap else b"\n"
    return newline + gap.rpartition(b"\n")[2], step


def _prefix(scope: Mapping[str, str], namespace: str) -> str | None:
    """What a name of a namespace begins with where ``scope`` holds; None where no prefix stands for it."""
    found = sorted((prefix for prefix, uri in scope.items() if uri == namespace), key=lambda prefix: not prefix)
    return None if not found else f"{found[0]}:" if found[0] else ""


def _declared(data: bytes, element: Element, namespace: str, wish: str) -> bytes:
    """Declare a namespace in an element's start tag, under a prefix that stands for nothing there."""
    taken = element.scope
    prefix = next(name for number in range(len(taken) + 2) if (name := wish + str(number or "")) not in taken)
    at, gap = element.start + 1 + len(element.written.encode()), b" "
    for _, start, end in xmp_markup.attribute_spans(data, element):
        at, gap = end, data[start:end][: len(data[start:end]) - len(data[start:end].lstrip())]
    return replaced(data, at, at, gap + f'xmlns:{prefix}="{namespace}"'.encode())


def _opened(data: bytes, element: Element, between: bytes = b"") -> bytes:
    """``<a/>`` as ``<a></a>``."""
    tag = data[element.start : element.end - 2].rstrip()
    name = element.written.encode()
    return replaced(data, element.start, element.end, b"%s>%s</%s>" % (tag, between, name))


def _cut(data: bytes, element: Element) -> bytes:
    """Take an element away, with the blanks before it."""
    return replaced(data, element.start - len(blanks_before(data, element.start)), element.end, b"")


def _without_attribute(data: bytes, element: Element, key: str) -> bytes:
    for name, start, end in xmp_markup.attribute_spans(data, element):
        if name == key:
            return replaced(data, start, end, b"")
    raise AssertionError(f"{key} is no attribute of {element.written}")


def _item(prefix: str, value: str, language: str | None = None) -> bytes:
    tagged = f' xml:lang="{language}"' if language else ""
    return f"<{prefix}li{tagged}>".encode() + _escaped(value) + f"</{prefix}li>".encode()


def _escaped(text: str) -> bytes:
    return escape(text).encode("utf-8")


# Proving


def _prove(before: bytes, after: bytes, changes: Changes) -> None:
    """Whatever was not to be changed says what it said. Raises SidecarError, and nothing has been written."""
    old, new = xmp_markup.parse(before), xmp_markup.parse(after)
    same = xmp_markup.outline(before, _OURS) == xmp_markup.outline(after, _OURS)
    for key in (SUBJECT, TREE, LIST):
        wanted = Counter(filter(str.strip, _written_values(old, key)))
        wanted -= Counter(changes.remove.get(key, ()))
        wanted += Counter(changes.add.get(key, ()))
        same = same and wanted == Counter(filter(str.strip, _written_values(new, key)))
    caption = _caption_of(old) if changes.caption is None else changes.caption
    same = same and caption == _caption_of(new) and _translations(old) == _translations(new)
    if not same:
        raise SidecarError("What it says could not be kept beside the new keywords.")


def _translations(root: Element) -> list[tuple[str, str]]:
    """The descriptions in one language each."""
    return [
        (item.attributes[LANG], item.text)
        for element in _elements(root, DESCRIPTION)
        for container in element.children
        for item in container.children
        if item.attributes.get(LANG, _DEFAULT).casefold() != _DEFAULT
    ]
