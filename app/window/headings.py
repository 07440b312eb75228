"""What stands over the photos: how many, and where the strong matches end."""

from __future__ import annotations

from collections.abc import Sequence

from app.window.grid_layout import Section
from app.window.searching import Found
from app.window.typed import misread
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


def headings(found: Found) -> tuple[Section, ...]:
    """The sections of the grid for an answer."""
    if not found.asked:
        return (Section(0, len(found.ids), "All photos", f"{len(found.ids):,}  ·  newest first"),)
    if not found.hits:
        return (Section(0, len(found.ids), count_of(len(found.ids), "photo"), "newest first"),)
    hits = shown_hits(found.hits)
    if all(hit.score == 0 and hit.match == 1 for hit in hits):
        # Nothing was looked for, only something left out: all that is left, the newest first.
        return (Section(0, len(hits), count_of(found.total, "photo"), _newest(len(hits), found.total)),)
    strong = next((row for row, hit in enumerate(hits) if not hit.strong), len(hits))
    weak = len(hits) - strong
    # All that were asked for are good: nobody knows how many more there are.
    more = "+" if not weak and found.total > strong else ""
    what = "similar photo" if found.asked.like is not None else "good match"
    title = f"1 {what}" if strong == 1 and not more else f"{strong:,}{more} {what}{'s' if what[-1] == 'o' else 'es'}"
    if found.asked.like is not None:
        order, rest = "the most alike first", "Less alike" if strong else "Nothing very similar"
    else:
        order, rest = "the best first", "Less likely" if strong else "No good match"
    aside = misread(found.asked.text)
    first, hope = (_joined(aside, order), _hope(strong)) if strong else (order, _joined(aside, _hope(strong)))
    return Section(0, strong, title, first), Section(strong, weak, rest, hope)


def _joined(*notes: str) -> str:
    return "  ·  ".join(filter(None, notes))


def _hope(strong: int) -> str:
    return "these come near, but may show something else" if strong else "these photos come nearest"


def _newest(shown: int, total: int) -> str:
    return "newest first" if shown >= total else f"the newest {shown:,} of them"
