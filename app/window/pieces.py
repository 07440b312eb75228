"""How what was typed is understood, part by part: what each chip under the search field says, and taking one out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from app.window.typed import finished
from core.search.grammar import (
    Like,
    Phrase,
    Piece,
    Term,
    Weighted,
    Without,
    Word,
    describe,
    misread,
    only_filters,
    pieces,
    without_piece,
)


class Tone(StrEnum):
    """What kind of thing a part asks for: each kind has a look of its own."""

    WORDS = "words"
    """Words that a photo is compared with."""
    LIKE = "like"
    """A photo to compare with."""
    WEIGHT = "weight"
    """Words or a photo that count more, or less."""
    WITHOUT = "without"
    """What is left out."""
    FILTER = "filter"
    """What the catalogue answers exactly."""
    EITHER = "either"
    """Brackets and alternatives with something to compare in them."""
    MISREAD = "misread"
    """A key whose value makes no sense."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a query as it was understood.

    ``says``: in plain words. ``places``: where it stands, ``text[start:end]`` of each; plain words may stand apart.
    ``pieces``: which pieces of the finished query it is (see `core.search.grammar.pieces`). ``wrong``: a sentence
    about what makes no sense in it, and is searched for as words; empty without it.
    """

    tone: Tone
    says: str
    places: tuple[tuple[int, int], ...]
    pieces: tuple[int, ...]
    wrong: str = ""


def understood(text: str) -> tuple[Part, ...]:
    """The parts of a query, in the order in which they begin; none where there is nothing but plain words.

    Plain words are one sentence, wherever they stand, and so one part. What is not finished at the end (a key without
    a value) is left out. Takes time in proportion to the text: up to a second for the longest that a field holds.
    """
    done, start = _finished(text)
    parts: list[Part] = []
    words: list[tuple[int, Piece]] = []
    for index, piece in enumerate(pieces(done)):
        wrong = misread(done[piece.start : piece.end])
        if isinstance(piece.term, Word) and not wrong:
            words.append((index, piece))
            continue
        tone = Tone.MISREAD if wrong else _tone(piece.term)
        place = (start + piece.start, start + piece.end)
        parts.append(Part(tone, _says(piece.term, wrong), (place,), (index,), wrong))
    if not parts:
        return ()
    if words:
        parts.append(_sentence(text, start, words))
    return tuple(sorted(parts, key=lambda part: part.places[0]))


def taken_out(text: str, part: Part) -> str:
    """The text without one of its parts. What else is in it stays as it was typed."""
    done, start = _finished(text)
    rest = text[start + len(done) :].strip()
    for index in reversed(part.pieces):
        done = without_piece(done, index)
    return f"{done} {rest}" if done and rest else done or rest


def with_filter(text: str, words: str, filter_text: str) -> str:
    """The text with a filter in the place of some of its plain words, given with one space between each.

    As it is where these do not follow each other among its plain words.
    """
    plain = [piece for piece in pieces(text) if isinstance(piece.term, Word)]
    count = len(words.split())
    for first in range(len(plain) - count + 1):
        found = plain[first : first + count]
        if [str(piece.term) for piece in found] == words.split():
            for other in reversed(found[1:]):
                text = f"{text[: other.start].rstrip()} {text[other.end :].lstrip()}".rstrip()
            return text[: found[0].start] + filter_text + text[found[0].end :]
    return text


def _finished(text: str) -> tuple[str, int]:
    """What of a text is finished, and where that begins."""
    return finished(text), len(text) - len(text.lstrip())


def _sentence(text: str, start: int, words: list[tuple[int, Piece]]) -> Part:
    """Plain words as one part. Those with nothing but space between them are one place."""
    places: list[tuple[int, int]] = []
    for _, piece in words:
        first, last = start + piece.start, start + piece.end
        if places and not text[places[-1][1] : first].strip():
            first = places.pop()[0]
        places.append((first, last))
    said = " ".join(piece.term.text for _, piece in words if isinstance(piece.term, Word))
    return Part(Tone.WORDS, f"looks like: {said}", tuple(places), tuple(index for index, _ in words))


def _says(term: Term, wrong: str) -> str:
    if not wrong:
        return describe(term)
    # A word, or a phrase, that was meant to be a filter is said by the sentence itself.
    alone = isinstance(term.term if isinstance(term, Without) else term, Word | Phrase)
    return wrong if alone else f"{describe(term)} ({wrong})"


def _tone(term: Term) -> Tone:
    if isinstance(term, Without):
        return Tone.WITHOUT
    if isinstance(term, Weighted):
        return Tone.WEIGHT
    if isinstance(term, Like):
        return Tone.LIKE
    if isinstance(term, Word | Phrase):
        return Tone.WORDS
    return Tone.FILTER if only_filters(term) else Tone.EITHER
