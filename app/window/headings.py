"""What stands over the photos: how many, and where the strong matches end."""

from __future__ import annotations

from collections.abc import Sequence

from app.window.grid_layout import Section
from app.window.searching import Found
from app.window.words import count_of
from core.types import Hit

WEAK = 60
"""Weak matches shown below the strong ones, at the most."""
LEAST = 12
"""Photos shown when few or none match well: the nearest may be what was meant."""
HOPELESS = 0.05
"""Probability of a match below which the order says nothing any more."""


def shown_hits(hits: Sequence[Hit]) -> tuple[Hit, ...]:
    """All strong hits and the nearest of the weak ones."""
    strong = sum(hit.strong for hit in hits)
    hopeful = sum(hit.match >= HOPELESS for hit in hits[strong:])
    return tuple(hits[: max(LEAST, strong + min(WEAK, hopeful))])


def is_listing(hits: Sequence[Hit]) -> bool:
    """Whether nothing was compared: a query of filters alone has every photo that passes them, the newest first."""
    return all(hit.score == 0 and hit.match == 1 for hit in hits)


def headings(found: Found) -> tuple[Section, ...]:
    """The sections of the grid for an answer."""
    if not found.asked:
        return (Section(0, len(found.ids), "All photos", f"{len(found.ids):,}  ·  newest first"),)
    hits = shown_hits(found.hits)
    if is_listing(hits):
        return (Section(0, len(hits), count_of(len(hits), "photo"), _newest(len(hits), found.total)),)
    strong = next((row for row, hit in enumerate(hits) if not hit.strong), len(hits))
    weak = len(hits) - strong
    if found.asked.like is not None:
        match = f"{count_of(strong, 'similar photo')}"
        first = Section(0, strong, match, "the most alike first")
        return first, Section(strong, weak, "Less alike" if strong else "Nothing very similar", _hope(strong))
    words = "1 good match" if strong == 1 else f"{strong:,} good matches"
    first = Section(0, strong, words, "the best first")
    return first, Section(strong, weak, "Less likely" if strong else "No good match", _hope(strong))


def _hope(strong: int) -> str:
    return "these come near, but may show something else" if strong else "these photos come nearest"


def _newest(shown: int, total: int) -> str:
    return "newest first" if shown >= total else f"the newest of {total:,}"
