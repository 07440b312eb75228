"""Label lists as TOML: everything that a list can say. The format of the ready lists in ``resources/labels``.

    templates = ["a photo of a {label}"]
    exclusive = ["place"]

    [[labels]]
    name = "dog"
    synonyms = ["puppy", "hound"]
    prompts = ["a dog playing in a park"]
    not = ["a hot dog"]
    parent = "animal"
    group = "place"

A label that has nothing but its name may stand as a text: ``labels = ["dog", "cat"]``.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable

from core.errors import CallError
from core.tagging.types import Label, LabelList

_OF_A_LIST = ("labels", "templates", "exclusive")
_OF_A_LABEL = ("name", "parent", "group", "synonyms", "prompts", "not")
_TABLE = re.compile(r"\s*\[\[\s*labels\s*\]\]")
_TEXTS = ("synonyms", "prompts", "not")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}


def parsed(text: str, where: str) -> LabelList:
    """The list in a TOML text, without a name of its own. Raises `CallError` that begins with ``where``."""
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CallError(f"{where} is no TOML: {_said(error)}.") from error
    _refuse_unknown(found, _OF_A_LIST, where, "a label list")
    labels = found.get("labels", [])
    if not isinstance(labels, list):
        raise CallError(f'{where}: labels must be a list, as in labels = ["dog", "cat"], or tables under [[labels]].')
    return LabelList(
        name="",
        labels=tuple(_label(label, at) for at, label in zip(_places(text, where, len(labels)), labels, strict=True)),
        templates=_texts(found, "templates", where),
        exclusive=_texts(found, "exclusive", where),
    )


def written(given: LabelList) -> str:
    """The list as TOML."""
    lines = [f"{key} = {_array(texts)}" for key, texts in _of_list(given) if texts]
    plain = all(label == Label(label.name) for label in given.labels)
    if plain:
        lines += ["labels = [", *(f"  {_quoted(label.name)}," for label in given.labels), "]"]
        return "\n".join(lines) + "\n"
    for label in given.labels:
        lines += ["", "[[labels]]", f"name = {_quoted(label.name)}"]
        lines += [
            f"{key} = {_quoted(text)}" for key, text in (("parent", label.parent), ("group", label.group)) if text
        ]
        texts = (("synonyms", label.synonyms), ("prompts", label.prompts), ("not", label.negatives))
        lines += [f"{key} = {_array(values)}" for key, values in texts if values]
    return "\n".join(lines).lstrip("\n") + "\n"


def _places(text: str, where: str, count: int) -> list[str]:
    """Where each label is: with its line, where each is a table of its own."""
    lines = [number for number, line in enumerate(text.split("\n"), 1) if _TABLE.match(line)]
    if len(lines) != count:
        return [f"{where}, label {place:,}" for place in range(1, count + 1)]
    return [f"{where}, line {line:,}, label {place:,}" for place, line in enumerate(lines, 1)]


def _of_list(given: LabelList) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return ("templates", given.templates), ("exclusive", given.exclusive)


def _label(found: object, where: str) -> Label:
    if isinstance(found, str):
        return Label(found)
    if not isinstance(found, dict):
        raise CallError(f"{where} is neither a name nor a table with one.")
    name = found.get("name")
    if name is not None and not isinstance(name, str):
        raise CallError(f"{where}: name must be one text, in quotation marks.")
    if name is None or not name.strip():
        raise CallError(f"{where} has no name.")
    where = f"{where} (“{name}”)"
    _refuse_unknown(found, _OF_A_LABEL, where, "a label")
    for key in ("parent", "group"):
        if not isinstance(found.get(key, ""), str):
            raise CallError(f"{where}: {key} must be one text.")
    synonyms, prompts, negatives = (_texts(found, key, where) for key in _TEXTS)
    return Label(name, prompts, synonyms, negatives, found.get("parent") or None, found.get("group") or None)


def _texts(found: dict[str, object], key: str, where: str) -> tuple[str, ...]:
    texts = found.get(key, [])
    if isinstance(texts, str):
        return (texts,)
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise CallError(f"{where}: {key} must be a list of texts.")
    return tuple(texts)


def _refuse_unknown(found: Iterable[str], known: tuple[str, ...], where: str, what: str) -> None:
    for key in found:
        if key not in known:
            near = difflib.get_close_matches(key.lower(), known, 1)
            hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(known)}."
            raise CallError(f"{where}: {what} has no “{key}”. {hint}")


def _said(error: tomllib.TOMLDecodeError) -> str:
    """What Python says of the text, ``(at line 3, column 5)``, as people say it."""
    said = str(error)
    return said[:1].lower() + said[1:].replace("(at line ", "(line ")


def _array(texts: Iterable[str]) -> str:
    return f"[{', '.join(map(_quoted, texts))}]"


def _quoted(text: str) -> str:
    marks = (
        _ESCAPES.get(mark) or (f"\\u{ord(mark):04x}" if ord(mark) < 32 or ord(mark) == 127 else mark) for mark in text
    )
    return f'"{"".join(marks)}"'
