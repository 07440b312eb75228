"""What is said of an answer as a whole: how many photos, and what lies behind the line between strong and weak."""

from __future__ import annotations

from pathlib import Path

from app.window.grid_layout import Section
from app.window.searching import Found
from app.window.typed import misread
from app.window.words import count_of
from core.search.grammar import Like, only_filters, parse
from core.types import Order


def summary(found: Found) -> tuple[str, str]:
    """How many photos were found, and what else there is to say about that."""
    aside = misread(found.asked.text)
    if not found.ranked:
        shown, total = len(found.ids), max(found.total, len(found.ids))
        newest = found.asked.order in (Order.MATCH, Order.DATE)
        part = f"the {'newest' if newest else 'first'} {shown:,} of them" if shown < total else ""
        return count_of(total, "photo"), _joined(aside, part)
    strong = found.strong
    alike = bool(likes(found))
    if not strong:
        return "Nothing very similar" if alike else "No clear match", aside
    # All that were asked for are good: nobody knows how many more there are.
    more = "+" if strong == len(found.hits) and found.total > strong else ""
    what = "similar photo" if alike else "good match"
    if strong == 1 and not more:
        return f"1 {what}", aside
    return f"{strong:,}{more} {what}{'s' if what[-1] == 'o' else 'es'}", aside


def unclear(found: Found) -> str:
    """The sentence that nothing found is what was asked for."""
    text = found.asked.text
    alike = likes(found)
    if alike:
        parts = ["a part of " if like.part is not None else "" for like in alike]
        names = [f"{part}{Path(like.path).name}" for part, like in zip(parts, alike, strict=True)]
        return f"Nothing here looks very much like {' and '.join(names)}"
    said = f"“{text if len(text) <= 60 else text[:59] + '…'}”"
    if found.asked.like is not None:
        said += f" and looks like {found.asked.like.name}"
    return f"Nothing here clearly matches {said}"


def likes(found: Found) -> tuple[Like, ...]:
    """The photos that are looked for, where nothing else is: no words, and filters at the most."""
    like = found.asked.like
    soft = [term for term in parse(found.asked.text).terms if not only_filters(term)]
    others = [term for term in soft if isinstance(term, Like)]
    if len(others) < len(soft):
        return ()
    return (*([] if like is None else [Like(str(like))]), *others)


def weak_section(found: Found, *, opened: bool) -> Section | None:
    """The heading over the weak hits, with the button that shows and hides them; None where there are none."""
    weak = len(found.hits) - found.strong
    if not weak:
        return None
    what = "less alike" if likes(found) else "less likely"
    ruled = found.strong > 0
    if not opened:
        note = "near to what you asked for, but perhaps something else"
        return Section(found.strong, 0, note=note, button=f"Show {what} ({weak:,})", ruled=ruled)
    title, note = (what.capitalize(), "perhaps something else") if ruled else (unclear(found), "these come nearest")
    return Section(found.strong, weak, title, note, button="Hide", ruled=ruled)


def weak_words(found: Found) -> str:
    """What the button says that shows the weak hits."""
    section = weak_section(found, opened=False)
    return "" if section is None else section.button


def _joined(*notes: str) -> str:
    return "  ·  ".join(filter(None, notes))
