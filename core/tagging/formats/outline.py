"""Label lists as plain text, and as Lightroom's keyword text: a label a line, those below it indented.

Plain text, as people write it::

    # what stands behind a number sign and a space is a comment
    Animals
      Dog
        {puppy}             a synonym of the line above it
        Dachshund
    Vehicles > Car          a path makes what is above, where that is not there yet

One line alone may name several labels, with commas between: ``cat, dog, horse``. A tab counts as the step to the next
multiple of four columns. A backslash takes from the next character what it means.

Lightroom (Metadata > Export Keywords; "Import and export keywords" of Adobe's help) indents by tabs, writes a synonym
in braces on a line below its keyword, and in brackets a keyword that it leaves out of exported photos. It has no
comments, paths or backslashes, and the same name may stand below several others.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from core.errors import CallError
from core.tagging.formats.tree import Branch, Grower, walk
from core.tagging.types import LabelList

_TAB = 4
_COMMENT = re.compile(r"#(?:[#\s]|$)")
_SYNONYM = re.compile(r"\{(.*)\}$")
_BRACKETED = re.compile(r"\[(.+)\]$")
_STEP = re.compile(r"\s+>\s+")
_ESCAPED = re.compile(r"\\([\\#>{}\[\]/,])")
_COMMA = re.compile(r"(?<!\\),")
_FORBIDDEN = re.compile("[,;|]")


def parsed(text: str, where: str, *, lightroom: bool = False, again: list[str] | None = None) -> LabelList:
    """The list in a text, without a name of its own. Raises `CallError` that begins with ``where`` and the line.

    ``again`` is given the names that stand at one place more than once."""
    ends: set[Branch] = set()
    grower = Grower()
    above: list[tuple[int, Branch]] = []
    for number, line in _numbered(text, lightroom):
        said = line.strip()
        if not said or (not lightroom and _COMMENT.match(said)):
            continue
        indent = _indent(line)
        synonym = _SYNONYM.match(said)
        if synonym:
            if not above:
                raise CallError(f"{where}, line {number:,}: the synonym {said} stands below no label.")
            # Of what it is indented below, or, where it is not indented, of what it stands beside.
            owner = next((branch for column, branch in reversed(above) if column < indent), above[0][1])
            owner.synonyms.append(synonym[1] if lightroom else _plain(synonym[1]))
            continue
        while above and above[-1][0] >= indent:
            above.pop()
        branch = above[-1][1] if above else None
        for step in _steps(said, lightroom):
            branch = grower.grow(branch, step)
        if branch is None:
            raise CallError(f"{where}, line {number:,}: there is no label in “{said}”.")
        above.append((indent, branch))
        if branch in ends and again is not None:
            again.append(branch.name)
        ends.add(branch)
    return LabelList("", grower.labels())


def written(given: LabelList) -> str:
    """The list as plain text, two spaces a level. What plain text has no place for is left out."""
    text = _lines(given, "  ", _escaped)
    if text.count("\n") == 1:
        text = text.replace(",", "\\,")
    # What would be taken for another format when it is read again gets its slashes marked.
    from core.tagging.formats.paths import looks_like_paths

    return text.replace("/", "\\/") if looks_like_paths(text) else text


def as_lightroom(given: LabelList) -> str:
    """The list as Lightroom reads it. Raises `CallError` for a name that no keyword of Lightroom's can have."""
    return _lines(given, "\t", _allowed)


def looks_like_lightroom(text: str) -> bool:
    """Whether a text is indented by tabs alone, or has bracketed keywords, and nothing that Lightroom does not know."""
    lines = [line for line in text.split("\n") if line.strip()]
    if any(line.startswith(" ") or _COMMENT.match(line) for line in lines):
        return False
    return any(line.startswith(("\t", "[")) for line in lines)


def in_brackets(text: str) -> list[str]:
    """The keywords that Lightroom leaves out of exported photos."""
    found = (_BRACKETED.match(line.strip()) for line in text.split("\n"))
    return [match[1] for match in found if match]


def _numbered(text: str, lightroom: bool) -> list[tuple[int, str]]:
    """The lines with their numbers; of one line alone what stands between its commas."""
    lines = list(enumerate(text.split("\n"), 1))
    said = [(number, line) for number, line in lines if line.strip() and not _COMMENT.match(line.strip())]
    if lightroom or len(said) != 1:
        return lines
    [(number, line)] = said
    return [(number, part.strip()) for part in _COMMA.split(line.strip()) if part.strip()]


def _lines(given: LabelList, indent: str, spelled: Callable[[str], str]) -> str:
    lines = []
    for level, label in walk(given.labels):
        lines.append(indent * level + spelled(label.name))
        lines += [f"{indent * (level + 1)}{{{spelled(synonym)}}}" for synonym in label.synonyms]
    return "\n".join(lines) + "\n"


def _indent(line: str) -> int:
    column = 0
    for mark in line:
        if mark == "\t":
            column += _TAB - column % _TAB
        elif mark.isspace():
            column += 1
        else:
            break
    return column


def _steps(said: str, lightroom: bool) -> list[str]:
    """The names on a line: one, or those of a path."""
    if lightroom:
        bracketed = _BRACKETED.match(said)
        return [bracketed[1] if bracketed else said]
    return [_plain(step) for step in _STEP.split(said)]


def _plain(name: str) -> str:
    return _ESCAPED.sub(lambda found: found[1], name)


def _escaped(name: str) -> str:
    """A name that stands in plain text for nothing else: no comment, no path, no synonym, no keyword in brackets."""
    name = re.sub(r"\s>(?=\s)", lambda found: f"{found[0][0]}\\>", name.replace("\\", "\\\\"))
    return f"\\{name}" if name.startswith(("[", "{")) or _COMMENT.match(name) else name


def _allowed(name: str) -> str:
    if _FORBIDDEN.search(name) or name.startswith(("[", "{")):
        raise CallError(
            f"“{name}” cannot be written as a keyword of Lightroom's: those have no commas, semicolons and vertical "
            "bars, and begin with no bracket. Rename it first, or choose TOML or CSV."
        )
    return name
