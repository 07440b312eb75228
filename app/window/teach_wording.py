"""What the page "Teach" says of names and runs: one place for every such sentence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from PySide6.QtCore import QDateTime, QLocale

from app.window.teach_lists import Row
from app.window.teach_reading import Learned, Lesson, Overview
from app.window.words import count_of
from core.adapters.learnable import Learnable

FIGURES = (
    ("names_recall_at_10", "Held out, by name"),
    ("sentences_recall_at_10", "Held out, by sentences"),
    ("general_recall_at_10", "Others, by plain words"),
)
"""What is measured before and after: of photos that were held out, the share among the first ten."""
_DOING = {
    "Reading": "Reading your captions and tags",
    "Choosing": "Trying how names are learned best",
    "Learning": "Learning each name, and looking where its other photos are found",
    "Looking at the samples": "Making sure that everything else is found as before",
}


def doing(what: str) -> str:
    """What a run is at, for people."""
    return _DOING.get(what, what)


def share(value: float | None) -> str:
    """``97%``, or a dash. What is not certain is not called so."""
    if value is None:
        return "–"
    percent = value * 100
    return "99%" if 99 <= percent < 100 else f"{percent:.0f}%" if percent in (0, 100) else f"{percent:.1f}%"


def summary(overview: Overview) -> str:
    """``7 names in 48 captions and 5 tags``."""
    found = overview.learnable
    said = [count_of(found.captions, "caption")] if found.captions else []
    said += [count_of(found.tags, "tag")] if found.tags else []
    return f"{count_of(len(found.names), 'name')} in {' and '.join(said)}" if said else ""


def name_rows(overview: Overview, lesson: Lesson | None) -> list[Row]:
    """The names that could be learned, with what a run made of them; then those that only the run knows."""
    known = {} if lesson is None else dict(lesson.names)
    rows = []
    for one in overview.learnable.names:
        rows.append(_row(one.key, one.name, len(one.photos), known.pop(one.key, None), lesson))
    rows += [_row(key, one.name, 0, one, lesson) for key, one in known.items()]
    return rows


def _row(key: str, name: str, photos: int, learned: Learned | None, lesson: Lesson | None) -> Row:
    number = f"{photos:,}" if photos else ""
    if learned is None or lesson is None:
        few = "one photo: two are needed, three are better"
        return Row(key, name, "not learned yet" if photos > 1 else few, number)
    if learned.why:
        return Row(key, name, f"not learned: {learned.why}", number)
    return Row(key, name, found(learned), number, "check" if lesson.is_on else "")


def found(learned: Learned) -> str:
    """How well the photos of a name are found, in short."""
    if learned.after is None:
        return "learned"
    return f"held out: {share(learned.before)} before, {share(learned.after)} after"


def lesson_rows(lessons: Sequence[Lesson]) -> list[Row]:
    """The runs, the newest first."""
    return [Row(one.run, when(one.made), standing(one), on=one.is_on) for one in lessons]


def standing(lesson: Lesson) -> str:
    """What became of a run, in short."""
    if lesson.adapter is None:
        return "discarded" if lesson.installed else "nothing learned"
    names = count_of(lesson.adapter.names, "name")
    if not lesson.fits:
        return f"{names}, for another model"
    return f"{names}, {'on' if lesson.is_on else 'off'}"


def when(made: str) -> str:
    """A time as the system writes it, in the person's own zone."""
    try:
        at = datetime.fromisoformat(made)
    except ValueError:
        return made
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    local = QDateTime.fromSecsSinceEpoch(int(at.timestamp()))
    return QLocale().toString(local, "d MMM yyyy, HH:mm") if local.isValid() else made


def heading(lesson: Lesson) -> str:
    """What a run learned, as a heading."""
    if not lesson.learned:
        return "Nothing could be learned"
    return f"{count_of(lesson.learned, 'name')} learned"


def state(lesson: Lesson, *, fresh: bool) -> str:
    """Whether searches know the names of a run now, and what can be done about it."""
    if lesson.adapter is None:
        return lesson.why if not lesson.installed else "This was discarded: searches do not know these names."
    if not lesson.fits:
        return f"Learned for another model ({lesson.adapter.model}): the one that answers does not know these names."
    if fresh:
        return "Searches know these names from now on. Look at what changed, then keep it or discard it."
    if lesson.is_on:
        return "Searches know these names. Switched off, everything is found as before."
    return "Switched off: these names mean what their words mean."


def about(name: Learnable | None, learned: Learned | None) -> str:
    """What is to be said of one name."""
    if learned is None:
        count = len(name.photos) if name is not None else 0
        if count < 2:
            return "One photo says it. Two are needed at the least, three are better: write it under more photos."
        return f"{count_of(count, 'photo')} say it. It has not been learned yet."
    if learned.why:
        return f"Not learned: {learned.why}."
    said = learned.said or f"Learned from {count_of(learned.photos, 'photo')}"
    # The name stands above it.
    said = said.removeprefix(f"{learned.name}: ")
    return f"{said[:1].upper()}{said[1:]}"
