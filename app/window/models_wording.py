"""What the page of models says: about one model, about the library, about what is at work."""

from __future__ import annotations

import re

from app.window.models_table import RUNS_AT_LENGTH, languages, rate_words
from app.window.models_work import Kind, Overview, WorkProgress
from app.window.words import count_of, file_size, time_left
from core.types import ModelChoice, Place


def standing_words(overview: Overview, done: int | None = None, total: int | None = None) -> str:
    """Which model answers, and how far the library is on its way to another; ``done`` of ``total`` where that is
    known more exactly than by the overview."""
    if overview.fault:
        return quoted(overview.fault)
    name = _name_of(overview, overview.answering)
    move = overview.move
    if move is None:
        if overview.photos:
            return f"Your {count_of(overview.photos, 'photo')} are found with {name}."
        return f"Photos will be found with {name}."
    done, total = (move.done, move.total) if done is None or total is None else (done, total)
    new = _name_of(overview, overview.wanted)
    count = f"{done:,} of {count_of(total, 'photo')}"
    if not move.old_is_there or overview.answering == overview.wanted:
        return f"{new} has learned {count}; those can be found so far."
    if move.waits_for:
        names = ", ".join(f"“{path.name or path}”" for path in move.waits_for)
        return f"{name} answers until {new} has learned all photos: {count} so far. The others are offline ({names})."
    return f"{name} answers until {new} has learned all photos: {count} so far."


def quoted(sentence: str) -> str:
    """A sentence of core with its names in quotes, as the window writes them."""
    return re.sub(r"`([^`]*)`", r"“\1”", sentence)


def left_words(overview: Overview) -> str:
    """The button that removes what earlier models left."""
    if not overview.left:
        return ""
    return f"Remove what earlier models left ({file_size(sum(one.bytes for one in overview.left))})…"


def details(choice: ModelChoice, photos: int = 0) -> str:
    """One model, in two or three lines, for a library of so many photos."""
    if choice.place is Place.BROKEN:
        return f"{choice.reason}\nRemove it from the shelf, and fetch or import it again."
    first = [choice.about] if choice.about else []
    if choice.runs_on is not None:
        first.append(RUNS_AT_LENGTH[choice.runs_on])
    second = []
    if choice.languages:
        spoken = languages(choice.languages)
        second.append(f"Understands {f'{spoken} languages' if spoken[:5] == 'about' else spoken}")
    if choice.photos_a_second:
        all_of_them = (
            f" ({time_left(photos / choice.photos_a_second).removesuffix(' left')} for yours)" if photos else ""
        )
        second.append(f"learns about {rate_words(choice.photos_a_second)} photos a second here{all_of_them}")
    if choice.licence:
        second.append(f"licence: {choice.licence}")
    lines = [" ".join(first)]
    if second:
        text = "; ".join(second) + "."
        lines.append(text[0].upper() + text[1:])
    if choice.source:
        origin = f"From {choice.source}."
        lines.append(f"{origin} Figures: {choice.figures}" if choice.figures else origin)
    return "\n".join(line for line in lines if line)


def work_words(kind: Kind, name: str, progress: WorkProgress | None) -> str:
    """What is at work, and how far it is."""
    if kind is Kind.PROBE:
        words = "Measuring how fast each model is on this computer"
    elif progress is None:
        words = f"Looking at {name}" if kind is Kind.IMPORT else f"Asking the hub for {name}"
    else:
        words = f"{progress.words} {name}"
    if progress is None or not progress.total:
        return f"{words}…"
    if progress.in_bytes:
        return f"{words}: {file_size(progress.done)} of {file_size(progress.total)}"
    return f"{words}: {progress.done:,} of {progress.total:,}"


def _name_of(overview: Overview, model_id: str | None) -> str:
    """What people call a model of that id."""
    for choice in overview.choices:
        if model_id is not None and choice.model_id == model_id:
            return choice.name
    return model_id or "no model"
