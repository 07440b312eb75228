"""Label lists as digiKam writes tags: a path a line, ``Animals/Dog``, as in its TagsList property in XMP.

digiKam has no tag with a slash in its name, and so neither has this format.
"""

from __future__ import annotations

import re
from collections import Counter

from core.errors import CallError
from core.tagging.formats.tree import Grower, walk
from core.tagging.types import LabelList

_SLASH = re.compile(r"(?<!\\)/")


def parsed(text: str, where: str) -> LabelList:
    """The list in a text, without a name of its own. Raises `CallError` that begins with ``where`` and the line."""
    grower = Grower()
    for number, line in enumerate(text.split("\n"), 1):
        branch = None
        for step in line.split("/"):
            branch = grower.grow(branch, step)
        if branch is None and line.strip():
            raise CallError(f"{where}, line {number:,}: there is no label in “{line.strip()}”.")
    return LabelList("", grower.labels())


def written(given: LabelList) -> str:
    """The list as digiKam's paths, a label a line. Raises `CallError` for a name with a slash."""
    lines: list[str] = []
    path: list[str] = []
    for level, label in walk(given.labels):
        if "/" in label.name:
            raise CallError(
                f"“{label.name}” cannot be written as a tag of digiKam's: those have no slashes. "
                "Rename it first, or choose another format."
            )
        path[level:] = [label.name]
        lines.append("/".join(path))
    return "\n".join(lines) + "\n"


def looks_like_paths(text: str) -> bool:
    """Whether a text is a list of paths: what stands before a slash is a line of its own, or stands before another one.

    A list of plain names may have some with a slash, as AC/DC and black/white; one behind a backslash is no such sign.
    """
    lines = [line.rstrip() for line in text.split("\n") if line.strip()]
    slashed = [line for line in lines if _SLASH.search(line)]
    if not slashed or any(line[0].isspace() or line.startswith("# ") for line in lines):
        return False
    known = set(lines)
    tops = Counter(line.partition("/")[0] for line in slashed)
    shared = len(slashed) == len(lines) and max(tops.values()) > 1
    return shared or any(line.rpartition("/")[0] in known for line in slashed)
