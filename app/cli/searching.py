"""``retrouve search`` and ``retrouve similar``."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from app.cli.calls import Call, absolute
from app.cli.exporting import export, wanted_export
from app.cli.opening import open_library, root_paths
from app.cli.wording import beside_root, counted, duration, percent
from core.errors import CallError, RetrouveError

if TYPE_CHECKING:
    from pathlib import Path

    from app.cli.console import Console
    from core.library import Library
    from core.types import Hit, SearchResult

logger = logging.getLogger(__name__)

SHOWN = 20
"""Photos that are shown when nobody says how many."""


def search(call: Call, console: Console) -> int:
    """Photos that show what the words say, ``--like`` a photo if one is named; shown, or exported."""
    from core.saved import in_one_line, narrowed
    from core.types import Order

    query, name = " ".join(call.operands), call.options["saved"]
    like = absolute(call.options["like"]) if call.options["like"] else None
    if not query.strip() and not like and name is None:
        raise CallError("What should the photos show? For example: `retrouve search a dog on the beach`.")
    wanted, order = wanted_export(call.options, console), Order.MATCH
    with open_library(call.library) as library:
        if name is not None:
            kept = library.saved.find(name)
            query, order = narrowed(kept.query, query), kept.order
        if call.options["sort"] is not None:
            order = Order(call.options["sort"])
        if wanted is not None:
            done = export(library, in_one_line(query, like), order, call.options["top"], wanted, console)
            return done if done is not None else _show_nothing(_why_nothing(library), console)
        result = library.search(query, top=call.options["top"] or SHOWN, like=like, order=order)
        if name is None and not console.as_json:  # A script's searches are not what a person asked before.
            _note(library, in_one_line(query, like))
        _say_misread(query, console)
        return _show(result, library, console, query)


def _say_misread(query: str, console: Console) -> None:
    """A filter that makes no sense is words; somebody who watches is told so."""
    from core.search.grammar import misread

    said = misread(query)
    if said and console.on_terminal:
        console.say(f"{said}.")


def _note(library: Library, query: str) -> None:
    """Put it into the history. That this failed is no reason to keep the answer back."""
    try:
        library.history.note(query)
    except RetrouveError as error:
        logger.warning("the search was not noted: %s", error)


def _show_nothing(why: str, console: Console) -> int:
    console.document({"written": 0, "note": why})
    console.say(why)
    return 1


def similar(call: Call, console: Console) -> int:
    """Photos that look like one photo, which need not be in the library."""
    with open_library(call.library) as library:
        result = library.similar(absolute(call.operands[0]), top=call.options["top"])
        return _show(result, library, console)


def _show(result: SearchResult, library: Library, console: Console, query: str = "") -> int:
    nothing = None if result.hits else _why_nothing(library, query)
    note = nothing or _lost(library)
    from core.exporting import as_document

    document = {"hits": [as_document(hit) for hit in result.hits], "total": result.total, "seconds": result.seconds}
    console.document(document if note is None else document | {"note": note})
    if nothing is not None:
        console.say(nothing)
        return 1
    if console.as_json:
        return 0
    roots = root_paths(library) if console.on_terminal else []
    show_hits(result.hits, roots, console)
    if console.on_terminal:
        console.say(f"The best {len(result.hits)} of {counted(result.total, 'photo')}, {duration(result.seconds)}.")
        if note is not None:
            console.say(note)
    return 0


def show_hits(hits: tuple[Hit, ...], roots: list[Path], console: Console) -> None:
    """Rank, match, path and reason on a terminal; match, whole path and reason between tabs in a pipe."""
    if not console.on_terminal:
        console.table([(percent(hit.match), str(hit.path), _reason(hit)) for hit in hits])
        return
    strong = [hit for hit in hits if hit.strong]
    weak = [hit for hit in hits if not hit.strong]
    if not strong:
        console.say("No good match. The nearest photos:")
    rows = [
        (str(rank), percent(hit.match), beside_root(hit.path, roots), _reason(hit))
        for rank, hit in enumerate([*strong, *weak], 1)
    ]
    console.table(rows[: len(strong)], right=(0, 1))
    if strong and weak:
        console.say("---- weaker ----")
    console.table(rows[len(strong) :], right=(0, 1))


def _reason(hit: Hit) -> str:
    reasons = list(hit.reasons)
    if hit.copies:
        reasons.append(f"and {counted(len(hit.copies), 'copy', 'copies')}")
    return "; ".join(reasons)


def _lost(library: Library) -> str | None:
    """That photos are missing, since the model that knew them is gone. While it answers, there is nothing to say."""
    move = library.lost()
    return None if move is None else f"{move.sentence} `retrouve index` goes on with it."


def _why_nothing(library: Library, query: str = "") -> str:
    """What helps a person whose search showed nothing."""
    statuses = library.roots()
    if not statuses:
        return "The library has no folder yet. `retrouve index FOLDER` adds one."
    if not any(status.photos for status in statuses):
        return "The library holds no photo yet. `retrouve index` brings it up to date."
    gone = _lost(library)
    if gone is not None:
        return gone
    if not library.status().embedded:
        return "No photo is encoded by this model yet. `retrouve index` does it."
    return (
        _no_such_tag(library, query)
        or "No photo fits. Take away a filter (folder:, date:) or an excluded word (-word)."
    )


def _no_such_tag(library: Library, query: str) -> str | None:
    """That a tag was asked for which there is not, with those that are near."""
    from core.search.grammar import Tag, parse

    for term in parse(query).terms:
        if isinstance(term, Tag):
            try:
                library.tagging.decisions.label_id(term.name)
            except CallError as error:
                return str(error)
    return None
