"""Words so general that no sentence about a photo says them, and what they hold: person, outdoors, vehicle.

Such a word has a vector that tells its photos from others badly, since captions, which a model learned from, name what
is there more closely. Its kinds are told well. So a photo is judged by them: see `core.tagging.scoring`.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

from core.catalog.tags import folded
from core.tagging.types import Label


def kinds_of(label: Label) -> tuple[str, ...]:
    """What a label of so general a name or synonym holds; nothing for all others."""
    for name in (label.name, *label.synonyms):
        kinds = _general().get(folded(name))
        if kinds is not None:
            return kinds
    return ()


@cache
def _general() -> dict[str, tuple[str, ...]]:
    text = files("resources").joinpath("tagging", "general.toml").read_text(encoding="utf-8")
    return {folded(name): tuple(one["kinds"]) for one in tomllib.loads(text)["general"] for name in one["names"]}
