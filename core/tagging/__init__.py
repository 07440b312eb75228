"""Tagging: label lists, what they suggest, what a person decides, rules for folders, and tags that travel."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.library import Library


class Tagging:
    """What a library's tags are reached through. It owns nothing but the parts, each loaded when it is first needed."""

    def __init__(self, library: Library) -> None:
        self._library = library
