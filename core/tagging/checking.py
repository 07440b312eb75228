"""What a label list has to be before it is kept: its names cleaned, its tree a tree, its templates templates."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import replace

from core.catalog.naming import readable
from core.catalog.tags import folded
from core.errors import CallError
from core.photos.facts import straight
from core.tagging.types import Label, LabelList

LONGEST_NAME = 200
"""Characters of the name of a list, of a label, of a group, and of a synonym."""
LONGEST_PROMPT = 1000
"""Characters of a prompt, of what a label is not, and of a template. Text towers read the first fifty words or so."""
DEEPEST = 50
"""Levels of a tree."""
SLOT = "{label}"
"""What stands for the label in a template."""


class ListFault(CallError):
    """A list cannot be so; ``about`` is the name or the text that is wrong, ``last`` where the later of two is."""

    def __init__(self, sentence: str, about: str, last: bool = False) -> None:
        super().__init__(sentence)
        self.about = about
        self.last = last


_INVISIBLE = ("Cc", "Zl", "Zp")


def cleaned(text: str) -> str:
    """A name on one line, with single spaces and nothing that cannot be seen or kept."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    shown = (" " if unicodedata.category(mark) in _INVISIBLE else mark for mark in readable(straight(text)))
    return " ".join(unicodedata.normalize("NFC", "".join(shown)).split())


def is_empty(name: str) -> bool:
    """Whether there is nothing to see in a name: spaces, marks that join or turn letters, accents without one."""
    return all(unicodedata.category(mark)[0] in "MZ" or unicodedata.category(mark) == "Cf" for mark in name)


def checked(given: LabelList) -> LabelList:
    """The list as it is kept: names cleaned, repeated prompts and synonyms left out, parents spelled as they are named.

    Raises `CallError` with a sentence that names the label: an empty or endless name, two of one name, a parent that is
    not in the list, labels that are each other's parents, a tree that is too deep, a template without ``{label}``.
    """
    name = valid_name(given.name)
    groups = _groups(given)
    labels = tuple(_label(label, place, groups) for place, label in enumerate(given.labels, 1))
    named = _by_name(labels)
    labels = tuple(_with_parent(label, named) for label in labels)
    _refuse_rings(labels)
    exclusive = tuple(
        dict.fromkeys(groups[folded(cleaned(group))] for group in given.exclusive if not is_empty(cleaned(group)))
    )
    return replace(given, name=name, labels=labels, templates=_templates(given.templates), exclusive=exclusive)


def valid_name(name: str) -> str:
    """The name of a list as it is kept. Raises `CallError` for one that cannot be."""
    name = cleaned(name)
    if is_empty(name):
        raise CallError("A label list needs a name.")
    _refuse_long(name, LONGEST_NAME, f"The name of the label list “{_start(name)}”")
    return name


def valid_label(name: str) -> str:
    """The name of a label as it is kept. Raises `CallError` for one that cannot be."""
    name = cleaned(name)
    if is_empty(name):
        raise CallError("A label needs a name.")
    _refuse_long(name, LONGEST_NAME, f"The name of the label “{_start(name)}”")
    return name


def _groups(given: LabelList) -> dict[str, str]:
    """Each group, folded, as it is spelled where it is named first; the list's own naming counts before a label's."""
    found: dict[str, str] = {}
    for group in (*given.exclusive, *(label.group for label in given.labels if label.group)):
        name = cleaned(group)
        if not is_empty(name):
            _refuse_long(name, LONGEST_NAME, f"The name of the group “{_start(name)}”")
            found.setdefault(folded(name), name)
    return found


def _label(label: Label, place: int, groups: dict[str, str]) -> Label:
    name = cleaned(label.name)
    if is_empty(name):
        raise CallError(f"Label {place:,} of the list has no name.")
    _refuse_long(name, LONGEST_NAME, f"The name of the label “{_start(name)}”")
    whose = f"of the label “{name}”"
    synonyms = _texts(label.synonyms, LONGEST_NAME, f"A synonym {whose}")
    group = cleaned(label.group or "")
    return Label(
        name=name,
        prompts=_texts(label.prompts, LONGEST_PROMPT, f"A prompt {whose}"),
        synonyms=tuple(synonym for synonym in synonyms if synonym != name),
        negatives=_texts(label.negatives, LONGEST_PROMPT, f"What is said not to be the label “{name}”"),
        parent=cleaned(label.parent or "") or None,
        group=None if is_empty(group) else groups[folded(group)],
    )


def _by_name(labels: Iterable[Label]) -> dict[str, Label]:
    named: dict[str, Label] = {}
    for label in labels:
        other = named.setdefault(folded(label.name), label)
        if other is not label:
            same = (
                "" if other.name == label.name else f" (“{other.name}” is the same name: case and accents do not count)"
            )
            sentence = f"The label “{label.name}” is there twice{same}. Rename one of the two."
            raise ListFault(sentence, label.name, last=True)
    return named


def _with_parent(label: Label, named: dict[str, Label]) -> Label:
    if label.parent is None:
        return label
    parent = named.get(folded(label.parent))
    if parent is None:
        raise ListFault(
            f"The label “{label.name}” is to be below “{label.parent}”, which is not in the list. "
            f"Add “{label.parent}”, or take the parent away.",
            label.name,
        )
    return replace(label, parent=parent.name)


def _refuse_rings(labels: Iterable[Label]) -> None:
    above = {label.name: label.parent for label in labels}
    depths: dict[str, int] = {}
    for name in above:
        path: list[str] = []
        at: str | None = name
        while at is not None and at not in depths:
            if at in path:
                ring = " > ".join(reversed([*path[path.index(at) :], at]))
                raise ListFault(f"The label “{at}” is below itself: {ring}. Give one of them another parent.", at)
            path.append(at)
            if len(path) > DEEPEST:
                break
            at = above[at]
        depth = depths[at] if at is not None and at in depths else 0
        if depth + len(path) > DEEPEST:
            raise ListFault(f"The label “{name}” lies too deep: a tree of labels can have {DEEPEST} levels.", name)
        for step in reversed(path):
            depth += 1
            depths[step] = depth


def _templates(given: Iterable[str]) -> tuple[str, ...]:
    found = []
    for template in _texts(given, LONGEST_PROMPT, "A template"):
        whole = template if SLOT in template else template.replace("{}", SLOT)
        if SLOT not in whole:
            raise ListFault(f"The template “{_start(template)}” has no {SLOT} in it, where the label goes.", template)
        found.append(whole)
    return tuple(dict.fromkeys(found))


def _texts(given: Iterable[str], longest: int, what: str) -> tuple[str, ...]:
    """Cleaned, each once, none empty."""
    texts = tuple(dict.fromkeys(text for text in map(cleaned, given) if not is_empty(text)))
    for text in texts:
        _refuse_long(text, longest, what)
    return texts


def _refuse_long(text: str, longest: int, what: str) -> None:
    if len(text) > longest:
        raise ListFault(f"{what} is too long: it can have {longest:,} characters, and has {len(text):,}.", text)


def _start(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:60]}…"
