"""Trees of names, as other programs write them, and as the labels of a list: the way from one to the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from core.catalog.tags import folded
from core.tagging.checking import cleaned, is_empty
from core.tagging.types import Label


@dataclass(eq=False, slots=True)
class Branch:
    """A name at its place in a tree that is being read."""

    name: str
    parent: Branch | None
    synonyms: list[str] = field(default_factory=list)


class Grower:
    """Collects the branches of a tree, each once: what stands twice at one place is one label."""

    def __init__(self) -> None:
        self._branches: dict[tuple[int, str], Branch] = {}

    def grow(self, parent: Branch | None, name: str) -> Branch | None:
        """The branch of this name below ``parent`` (None: at the top), made where it is new. A name in which nothing
        can be seen leads nowhere: then it is ``parent``."""
        name = cleaned(name)
        if is_empty(name):
            return parent
        return self._branches.setdefault((id(parent), folded(name)), Branch(name, parent))

    def labels(self) -> tuple[Label, ...]:
        """The labels, in the order in which they were met.

        A list has each name once, a tree may have it at several places: from the second on it is told apart by what
        is above it, as in "crane (machines)".
        """
        names: dict[Branch, str] = {}
        taken: set[str] = set()
        for branch in self._branches.values():
            name = next(name for name in _names(branch) if folded(name) not in taken)
            names[branch] = name
            taken.add(folded(name))
        return tuple(
            Label(name, synonyms=tuple(branch.synonyms), parent=None if branch.parent is None else names[branch.parent])
            for branch, name in names.items()
        )


def walk(labels: Sequence[Label]) -> Iterator[tuple[int, Label]]:
    """Each label with its level, 0 at the top, and right behind it those below it; of one parent in their order."""
    below: dict[str | None, list[Label]] = {}
    for label in labels:
        below.setdefault(label.parent, []).append(label)
    waiting = [(0, label) for label in reversed(below.get(None, []))]
    while waiting:
        level, label = waiting.pop()
        yield level, label
        waiting += [(level + 1, child) for child in reversed(below.get(label.name, []))]


def _names(branch: Branch) -> Iterator[str]:
    """Names that a branch may get, the plainest first."""
    yield branch.name
    above: list[str] = []
    at = branch.parent
    while at is not None:
        above.append(at.name)
        yield f"{branch.name} ({', '.join(above)})"
        at = at.parent
    number = 2
    while True:
        yield f"{branch.name} ({number})"
        number += 1
