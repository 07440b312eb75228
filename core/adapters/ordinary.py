"""Words that everybody uses: a name that is one of them must not take it over.

Those of the ready label lists (ImageNet's names among them), of the captions of the sample photos, and the small ones
that say nothing of a photo. A capital does not make one of them a name, since people search in small letters.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from core.adapters.names import tokens
from core.search.wordforms import FUNCTION_WORDS, forms

_HELPING = """
can could may might must shall should will would dare need cannot get gets got go goes going gone let lets make makes
made take takes took want wants yes ok okay please hello hi here now today tomorrow yesterday always never often
sometimes soon still yet only ever really quite well good bad big small old new
"""
"""What helps a verb, and the commonest that show nothing of their own."""
_PEOPLE = "man men woman women boy girl child kid baby guy lady friend"
_SMALL = re.compile(r"(?<![\w'’-])[a-z]{2,}(?!\w)")
"""A word in small letters: in running text, one with a capital may be a name."""


def is_ordinary(key: str) -> bool:
    """Whether a name, as it is looked up, is one word that everybody uses, or a plural or another form of one."""
    words = tokens(key)
    if len(words) != 1:
        return False
    known, word = ordinary(), words[0].word
    return word in known or any(form in known and len(form) < len(word) for form in forms(word))


@cache
def ordinary() -> frozenset[str]:
    """All of them, folded."""
    return FUNCTION_WORDS.union(_HELPING.split(), _PEOPLE.split(), _sampled(), _listed())


def says_nothing(key: str) -> bool:
    """Whether a name, as it is looked up, is a word that means no thing: it stands in questions about anything."""
    return key in FUNCTION_WORDS or key in _HELPING.split()


def _sampled() -> Iterator[str]:
    with (files("resources") / "samples" / "captions.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            for caption in json.loads(line)["captions"]:
                yield from _SMALL.findall(caption)


def _listed() -> Iterator[str]:
    for file in (files("resources") / "labels").iterdir():
        if file.name.endswith(".toml"):
            for label in tomllib.loads(file.read_text(encoding="utf-8"))["labels"]:
                yield from _of(label if isinstance(label, Mapping) else {"name": label})


def _of(label: Mapping[str, Any]) -> Iterator[str]:
    """A name's last word says what the thing is ("toy terrier"), unless it is somebody's ("St. Bernard")."""
    for name in (label["name"], *label.get("synonyms", ())):
        words = tokens(name)
        if words and (len(words) == 1 or name[words[-1].start].islower()):
            yield words[-1].word
    for sentence in (*label.get("prompts", ()), *label.get("not", ())):
        yield from _SMALL.findall(sentence)
