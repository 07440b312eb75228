"""Tagging: label lists, what they suggest, what a person decides, rules for folders, and tags that travel."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.library import Library
    from core.tagging.decisions import Decisions
    from core.tagging.lists import LabelLists
    from core.tagging.overview import Overview
    from core.tagging.renaming import Renaming
    from core.tagging.reviewing import Reviewing
    from core.tagging.rules import Rules
    from core.tagging.suggesting import Suggester
    from core.tagging.travelling import Sidecars


class Tagging:
    """What a library's tags are reached through. It owns nothing but the parts, each loaded when it is first needed."""

    def __init__(self, library: Library) -> None:
        self._library = library

    @cached_property
    def lists(self) -> LabelLists:
        """The label lists."""
        from core.tagging.lists import LabelLists

        return LabelLists(self._library.catalog)

    @cached_property
    def decisions(self) -> Decisions:
        """What a person decides, and the steps that can be undone."""
        from core.tagging.decisions import Decisions

        return Decisions(self._library.catalog)

    @cached_property
    def reviewing(self) -> Reviewing:
        """What waits for a decision."""
        from core.tagging.reviewing import Reviewing

        return Reviewing(self._library)

    @cached_property
    def suggester(self) -> Suggester:
        """What suggests labels for photos."""
        from core.tagging.suggesting import Suggester

        return Suggester(self._library)

    @cached_property
    def rules(self) -> Rules:
        """What is suggested for photos that come into a folder."""
        from core.tagging.rules import Rules

        return Rules(self._library)

    @cached_property
    def sidecars(self) -> Sidecars:
        """Tags and captions that travel with the photos."""
        from core.tagging.travelling import Sidecars

        return Sidecars(self._library.catalog)

    @cached_property
    def renaming(self) -> Renaming:
        """Labels under other names, with what was decided of them."""
        from core.tagging.renaming import Renaming

        return Renaming(self._library.catalog)

    @cached_property
    def overview(self) -> Overview:
        """The labels on photos, with their numbers and their places in the trees of the lists."""
        from core.tagging.overview import Overview

        return Overview(self._library.catalog)
