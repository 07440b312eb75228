"""The parser: text to terms, each with its place in the text, so that one can be cut out of it.

Two passes. The first cuts the text into tokens, from left to right, and pairs the brackets. The second builds the tree
from the tokens; what found no partner is words again. Both take time in proportion to the text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from core.search.grammar import values
from core.search.grammar.quoting import OPENING
from core.search.grammar.tree import OPERATORS, All, Any, Like, Phrase, Query, Term, Weighted, Without, Word

DEEPEST = 50
"""How deep brackets may lie in brackets. What lies deeper is a phrase: its words, brackets and all."""

HEAVIEST = 100
"""The largest weight, either way."""

_KEY = re.compile(r"([A-Za-z]+):")
_WEIGHT = re.compile(r"(-?[0-9]+(?:\.[0-9]+)?):")


@dataclass(frozen=True, slots=True)
class Piece:
    """One term of the query itself, and where it stands: ``text[start:end]``."""

    start: int
    end: int
    term: Term


@dataclass(frozen=True, slots=True)
class Misread:
    """A known key whose value makes no sense, so that it counts as words: ``text[start:end]``, a minus left off."""

    start: int
    end: int
    key: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A text as it was understood."""

    pieces: tuple[Piece, ...]
    misread: tuple[Misread, ...]


class _Kind(Enum):
    TERM = auto()
    OPERATOR = auto()
    OPEN = auto()
    CLOSE = auto()


@dataclass(frozen=True, slots=True)
class _Token:
    """``text[start:end]``, a minus before it included.

    ``term`` is None for a bracket and for empty quotation marks. ``reach`` is how many tokens further the bracket
    closes; None for one that does not.
    """

    kind: _Kind
    start: int
    end: int
    negative: bool = False
    term: Term | None = None
    reach: int | None = None


def parse(text: str) -> Query:
    """Any string to its tree. Never fails; white space alone, or empty quotes or brackets, give the empty query."""
    return Query(tuple(piece.term for piece in pieces(text)))


def pieces(text: str) -> tuple[Piece, ...]:
    """The terms of the query itself, and where each stands. Alternatives that nothing brackets are one piece."""
    return read(text).pieces


def without_piece(text: str, index: int) -> str:
    """The text with one of its `pieces` cut out; the others stay as they were. Raises IndexError."""
    piece = pieces(text)[index]
    before, after = text[: piece.start].rstrip(), text[piece.end :].lstrip()
    return f"{before} {after}" if before and after else before + after


def read(text: str) -> Reading:
    """The pieces of a text, and what of it makes no sense."""
    cutter = _Cutter(text)
    tokens = _with_lone_brackets(text, cutter.cut())
    alternatives = _alternatives(text, tokens, 0, len(tokens), 0)
    if len(alternatives) == 1:
        return Reading(tuple(alternatives[0]), tuple(cutter.misread))
    whole = _together(alternatives)
    assert whole is not None
    return Reading((Piece(alternatives[0][0].start, alternatives[-1][-1].end, whole),), tuple(cutter.misread))


class _Cutter:
    """The first pass: cuts a text into tokens."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens: list[_Token] = []
        self._open: list[int] = []
        self.misread: list[Misread] = []

    def cut(self) -> list[_Token]:
        """The tokens, opening brackets paired with those that close them."""
        at = 0
        while at < len(self._text):
            if self._text[at].isspace():
                at += 1
                continue
            token = self._token(at)
            if token.kind is _Kind.OPEN:
                self._open.append(len(self._tokens))
            elif token.kind is _Kind.CLOSE:
                opening = self._open.pop()
                self._tokens[opening] = replace(self._tokens[opening], reach=len(self._tokens) - opening)
            self._tokens.append(token)
            at = token.end
        return self._tokens

    def _token(self, at: int) -> _Token:
        if self._closes(at):
            return _Token(_Kind.CLOSE, at, at + 1)
        weighted = self._weighted(at)
        if weighted is not None:
            return _Token(_Kind.TERM, at, weighted[1], term=weighted[0])
        negative = self._text[at] == "-" and self._may_negate(at + 1)
        if self._text[at + negative] == "(":
            return _Token(_Kind.OPEN, at, at + negative + 1, negative)
        term, end = self._term(at + negative)
        operator = not negative and isinstance(term, Word) and term.text in OPERATORS
        return _Token(_Kind.OPERATOR if operator else _Kind.TERM, at, end, negative, term)

    def _closes(self, at: int) -> bool:
        return self._text[at] == ")" and bool(self._open)

    def _may_negate(self, at: int) -> bool:
        """A minus leaves out what follows at once; ``-`` alone and ``--word`` are words."""
        return at < len(self._text) and not self._text[at].isspace() and self._text[at] != "-" and not self._closes(at)

    def _weighted(self, at: int) -> tuple[Weighted, int] | None:
        """The weighted term that starts here, if one does, and where it ends.

        Filters carry no weight; times (``10:30``) and proportions (``16:9``) are words.
        """
        found = _WEIGHT.match(self._text, at)
        if found is None or not 0 < abs(float(found[1])) <= HEAVIEST or found.end() == len(self._text):
            return None
        weight, start = float(found[1]), found.end()
        if self._text[start] in OPENING:
            inside, end = self._quotation(start)
            phrase = _phrase(inside)
            return None if phrase is None else (Weighted(weight, phrase), end)
        key = _KEY.match(self._text, start)
        if key is not None and key[1].lower() == "like":
            like, end = self._like(key.end())
            return None if like is None else (Weighted(weight, like), end)
        first = self._text[start]
        if (key is not None and key[1].lower() in values.READERS) or not (first.isalpha() or _is_picture(first)):
            return None
        end = self._word_end(start)
        return Weighted(weight, Word(self._text[start:end])), end

    def _term(self, at: int) -> tuple[Term | None, int]:
        """The term that starts at ``at``, and where the next one may start. None for empty quotes."""
        if self._text[at] in OPENING:
            inside, end = self._quotation(at)
            return _phrase(inside), end
        key = _KEY.match(self._text, at)
        name = key[1].lower() if key is not None else ""
        if key is None or not (name == "like" or name in values.READERS):
            end = self._word_end(at)
            return Word(self._text[at:end]), end
        term: Term | None
        quoted = key.end() < len(self._text) and self._text[key.end()] in OPENING
        if name == "like":
            term, end = self._like(key.end())
            value = ""
        else:
            value, end = self._value(key.end())
            term = values.READERS[name](value, quoted)
        if term is not None:
            return term, end
        self.misread.append(Misread(at, end, name))
        # What makes no sense stays together, so that a minus before it leaves out all of it.
        return _phrase(f"{key[0]} {value}") if quoted else Word(self._text[at:end]), end

    def _like(self, at: int) -> tuple[Like | None, int]:
        path, end = self._value(at)
        like = values.like(path)
        if like is None or self._text[at] not in OPENING:
            return like, end
        part, end = values.part(self._text, end)
        return replace(like, part=part), end

    def _value(self, at: int) -> tuple[str, int]:
        """What stands after a key, and where it ends."""
        if at < len(self._text) and self._text[at] in OPENING:
            return self._quotation(at)
        end = self._word_end(at)
        return self._text[at:end], end

    def _word_end(self, at: int) -> int:
        """Where a word ends: at white space, or at a bracket that closes one outside of the word."""
        inside = 0
        while at < len(self._text) and not self._text[at].isspace():
            if self._text[at] == "(":
                inside += 1
            elif self._text[at] == ")":
                if inside == 0 and self._open:
                    break
                inside = max(inside - 1, 0)
            at += 1
        return at

    def _quotation(self, at: int) -> tuple[str, int]:
        """What the quotation that opens at ``at`` holds, and where it ends."""
        text = self._text
        closing = OPENING[text[at]]
        inside: list[str] = []
        at += 1
        while at < len(text):
            if text[at] in closing:
                if not (text[at] == '"' and text[at : at + 2] == '""'):
                    return "".join(inside), at + 1
                at += 1
            inside.append(text[at])
            at += 1
        return "".join(inside), at


def _phrase(inside: str) -> Phrase | None:
    words = " ".join(inside.split())
    return Phrase(words) if words else None


def _is_picture(character: str) -> bool:
    """Whether this is an emoji, or another sign beyond ASCII that is no number."""
    return ord(character) > 127 and not character.isspace() and not character.isnumeric()


def _with_lone_brackets(text: str, tokens: Sequence[_Token]) -> list[_Token]:
    """The tokens, opening brackets that nothing closes made words, each with the word that it touches: ``(dog``.

    Such a bracket lies in no other: what closes the other would have closed it first. So no ``reach`` changes.
    """
    found: list[_Token] = []
    place = 0
    while place < len(tokens):
        first, place = tokens[place], place + 1
        if first.kind is not _Kind.OPEN or first.reach is not None:
            found.append(first)
            continue
        last = first
        while place < len(tokens) and tokens[place].start == last.end and not tokens[place].negative:
            follower = tokens[place]
            lone = follower.kind is _Kind.OPEN and follower.reach is None
            if not lone and not isinstance(follower.term, Word):
                break
            last, place = follower, place + 1
            if not lone:
                break
        # A minus before brackets alone leaves nothing out.
        negative = first.negative and last.kind is not _Kind.OPEN
        word = Word(text[first.start + negative : last.end])
        found.append(_Token(_Kind.TERM, first.start, last.end, negative, word))
    return found


def _alternatives(text: str, tokens: Sequence[_Token], place: int, end: int, depth: int) -> list[list[Piece]]:
    """The second pass, for what stands between two brackets: its alternatives, each with the terms side by side.

    An ``OR`` with nothing before it or nothing behind it is a word. None is empty but one that is the only one.
    """
    found: list[list[Piece]] = [[]]
    operator: Piece | None = None
    while place < end:
        token, term, last = tokens[place], tokens[place].term, tokens[place].end
        if token.kind is _Kind.OPERATOR and found[-1] and term is not None:
            operator = Piece(token.start, token.end, term)
            found.append([])
        else:
            if token.reach is not None:
                closing = place + token.reach
                last = tokens[closing].end
                if depth == DEEPEST:
                    term = _phrase(text[token.start + token.negative : last])
                else:
                    term = _together(_alternatives(text, tokens, place + 1, closing, depth + 1))
                place = closing
            if term is not None:
                found[-1].append(Piece(token.start, last, Without(term) if token.negative else term))
        place += 1
    if operator is not None and not found[-1]:
        found.pop()
        found[-1].append(operator)
    return found


def _together(alternatives: Sequence[Sequence[Piece]]) -> Term | None:
    """One term for what stood between two brackets; None for nothing."""
    terms = [
        side[0].term if len(side) == 1 else All(tuple(piece.term for piece in side)) for side in alternatives if side
    ]
    if not terms:
        return None
    return terms[0] if len(terms) == 1 else Any(tuple(terms))
