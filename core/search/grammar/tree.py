"""The tree that a query is read to: frozen dataclasses, each of which prints as grammar that reads as itself.

Soft terms (`Word`, `Phrase`, `Like`, `Weighted`) are compared with a photo; filters are answered exactly; `Without`,
`All` and `Any` put them together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core.search.grammar.quoting import number, quoted, value

OPERATORS = ("OR", "|")
"""What parts alternatives, where it stands alone between two of them."""


@dataclass(frozen=True, slots=True)
class Span:
    """Numbers from ``low`` to ``high``; None leaves that end open. At least one is given.

    ``low_in`` and ``high_in`` say whether the ends themselves belong to it; true at an open end.
    """

    low: float | None
    high: float | None
    low_in: bool = True
    high_in: bool = True

    def __str__(self) -> str:
        if self.high is None:
            return "" if self.low is None else f"{'>=' if self.low_in else '>'}{number(self.low)}"
        if self.low is None:
            return f"{'<=' if self.high_in else '<'}{number(self.high)}"
        if self.low == self.high and self.low_in and self.high_in:
            return number(self.low)
        return f"{'' if self.low_in else '>'}{number(self.low)}..{'' if self.high_in else '<'}{number(self.high)}"


# Soft terms: compared with the photo.


@dataclass(frozen=True, slots=True)
class Word:
    """One word of the sentence. Never empty, no white space in it."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that belong together, one space between each."""

    text: str

    def __str__(self) -> str:
        return quoted(self.text)


@dataclass(frozen=True, slots=True)
class Part:
    """A rectangle of a photo that stands upright, in percent of its width and height: 0 <= left < right <= 100."""

    left: float
    top: float
    right: float
    bottom: float

    def __str__(self) -> str:
        return f"[{','.join(map(number, (self.left, self.top, self.right, self.bottom)))}]"


@dataclass(frozen=True, slots=True)
class Like:
    """A photo to compare with, or a part of it: its path as it was written."""

    path: str
    part: Part | None = None

    def __str__(self) -> str:
        return f"like:{quoted(self.path)}{self.part or ''}"


@dataclass(frozen=True, slots=True)
class Weighted:
    """A soft term that counts ``weight`` times. A negative weight means less of it, which is not without it.

    The weight is never 0.
    """

    weight: float
    term: Word | Phrase | Like

    def __str__(self) -> str:
        return f"{number(self.weight)}:{self.term}"


# Filters: answered exactly.


@dataclass(frozen=True, slots=True)
class InFolder:
    """Photos in folders of this name, or below them. See `core.search.filters` for what a name matches."""

    name: str

    def __str__(self) -> str:
        return f"folder:{value(self.name)}"


@dataclass(frozen=True, slots=True)
class TakenIn:
    """Photos taken from ``first`` to ``last``, both included; None leaves that end open.

    Each is ``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``. At least one is given.
    """

    first: str | None
    last: str | None

    def __str__(self) -> str:
        if self.first == self.last:
            return f"date:{self.first}"
        return f"date:{self.first or ''}..{self.last or ''}"


@dataclass(frozen=True, slots=True)
class TakenWhen:
    """Photos taken at a time in words: ``last summer``, ``july``, in lower case. `dates.resolve` says which days."""

    words: str

    def __str__(self) -> str:
        return f"date:{value(self.words)}"


@dataclass(frozen=True, slots=True)
class Camera:
    """The start of a word in the camera's name, case and accents folded."""

    text: str

    def __str__(self) -> str:
        return f"camera:{value(self.text)}"


@dataclass(frozen=True, slots=True)
class Lens:
    """The start of a word in the lens's name, case and accents folded."""

    text: str

    def __str__(self) -> str:
        # In quotation marks it is a name, even where it looks like a focal length.
        return f"lens:{quoted(self.text) if self.text[:1] in '0123456789.<>=≤≥' else value(self.text)}"


@dataclass(frozen=True, slots=True)
class FocalLength:
    """The focal length, in millimetres as the lens has them."""

    span: Span

    def __str__(self) -> str:
        return f"lens:{self.span}mm"


@dataclass(frozen=True, slots=True)
class Aperture:
    """The f-number."""

    span: Span

    def __str__(self) -> str:
        return f"aperture:{self.span}"


@dataclass(frozen=True, slots=True)
class Iso:
    """The film speed."""

    span: Span

    def __str__(self) -> str:
        return f"iso:{self.span}"


@dataclass(frozen=True, slots=True)
class Type:
    """The kind of file: a name of `values.TYPES` (``jpeg``, ``raw``), or the ending of one kind of RAW (``dng``)."""

    name: str

    def __str__(self) -> str:
        return f"type:{self.name}"


@dataclass(frozen=True, slots=True)
class Rating:
    """Stars, 0 to 5."""

    span: Span

    def __str__(self) -> str:
        return f"rating:{self.span}"


@dataclass(frozen=True, slots=True)
class Tag:
    """Photos with this tag."""

    name: str

    def __str__(self) -> str:
        return f"tag:{value(self.name)}"


@dataclass(frozen=True, slots=True)
class Caption:
    """Words that stand in the photo's captions."""

    text: str

    def __str__(self) -> str:
        return f"caption:{value(self.text)}"


@dataclass(frozen=True, slots=True)
class Name:
    """A part of the file's name."""

    text: str

    def __str__(self) -> str:
        return f"name:{value(self.text)}"


@dataclass(frozen=True, slots=True)
class Near:
    """Taken within ``km`` kilometres of a place: degrees, north and east positive."""

    latitude: float
    longitude: float
    km: float

    def __str__(self) -> str:
        return f"near:{number(self.latitude)},{number(self.longitude)},{number(self.km)}km"


@dataclass(frozen=True, slots=True)
class Has:
    """Something about the photo is known: one of `values.THINGS_TO_HAVE`."""

    what: str

    def __str__(self) -> str:
        return f"has:{self.what}"


@dataclass(frozen=True, slots=True)
class Is:
    """What kind of photo it is: one of `values.THINGS_TO_BE`."""

    what: str

    def __str__(self) -> str:
        return f"is:{self.what}"


@dataclass(frozen=True, slots=True)
class Size:
    """How large: millions of pixels (``mp``), millions of bytes (``mb``), or pixels of the longer side (``px``)."""

    span: Span
    unit: Literal["mp", "mb", "px"]

    def __str__(self) -> str:
        return f"size:{self.span}{self.unit}"


Soft = Word | Phrase | Like | Weighted
"""What a photo is compared with."""

Filter = (
    InFolder
    | TakenIn
    | TakenWhen
    | Camera
    | Lens
    | FocalLength
    | Aperture
    | Iso
    | Type
    | Rating
    | Tag
    | Caption
    | Name
    | Near
    | Has
    | Is
    | Size
)
"""What the catalogue answers exactly, with SQL."""


# Structure.


@dataclass(frozen=True, slots=True)
class Without:
    """Leaves out what ``term`` stands for."""

    term: Term

    def __str__(self) -> str:
        # "-2:x" is a negative weight, and "--x" a word. What is inside prints once: twice would double at each depth.
        inner = str(self.term)
        bare = not isinstance(self.term, Weighted | Without) and not inner.startswith("-")
        return f"-{inner if bare else _bracketed(inner)}"


@dataclass(frozen=True, slots=True)
class All:
    """Two or more terms, each of which counts."""

    terms: tuple[Term, ...]

    def __str__(self) -> str:
        return _bracketed(_side_by_side(self.terms))


@dataclass(frozen=True, slots=True)
class Any:
    """Two or more terms, one of which is enough."""

    terms: tuple[Term, ...]

    def __str__(self) -> str:
        return _bracketed(_alternatives(self.terms))


Term = Soft | Filter | Without | All | Any


@dataclass(frozen=True, slots=True)
class Query:
    """All that was asked for, in the order in which it was written. Every term counts."""

    terms: tuple[Term, ...] = ()

    def __str__(self) -> str:
        if len(self.terms) == 1 and isinstance(self.terms[0], Any):
            return _alternatives(self.terms[0].terms)
        return _side_by_side(self.terms)

    def __bool__(self) -> bool:
        return bool(self.terms)

    # These look at the terms themselves, not into brackets: `branches` does.

    @property
    def sentence(self) -> str:
        """The words and phrases to look for, as one sentence for the text tower; empty without any."""
        return " ".join(term.text for term in self.terms if isinstance(term, Word | Phrase))

    @property
    def likes(self) -> tuple[str, ...]:
        """The paths of the photos to compare with."""
        return tuple(term.path for term in self.terms if isinstance(term, Like))

    @property
    def without(self) -> tuple[str, ...]:
        """The words and phrases to leave out, each a sentence of its own."""
        return tuple(
            term.term.text for term in self.terms if isinstance(term, Without) and isinstance(term.term, Word | Phrase)
        )

    @property
    def unlike(self) -> tuple[str, ...]:
        """The paths of the photos whose likenesses are left out."""
        return tuple(term.term.path for term in self.terms if isinstance(term, Without) and isinstance(term.term, Like))

    @property
    def filters(self) -> tuple[tuple[Filter, bool], ...]:
        """Each filter, and whether it must hold (True) or must not (False)."""
        found: list[tuple[Filter, bool]] = []
        for term in self.terms:
            if isinstance(term, Filter):
                found.append((term, True))
            elif isinstance(term, Without) and isinstance(term.term, Filter):
                found.append((term.term, False))
        return tuple(found)

    @property
    def where(self) -> tuple[Term, ...]:
        """The terms that are made of filters alone, negated and bracketed ones among them."""
        return tuple(term for term in self.terms if only_filters(term))


def only_filters(term: Term) -> bool:
    """Whether a term is made of filters alone, so that the catalogue answers it exactly."""
    if isinstance(term, Without):
        return only_filters(term.term)
    if isinstance(term, All | Any):
        return all(map(only_filters, term.terms))
    return isinstance(term, Filter)


def _bracketed(inner: str) -> str:
    """What stands between two brackets. A word that opens one (``a(b``) must not take the closing one for its own."""
    last = inner.rsplit(None, 1)[-1]
    return f"({inner} )" if last.count("(") > last.count(")") else f"({inner})"


def _side_by_side(terms: tuple[Term, ...], at_end: bool = True) -> str:
    """Terms as they stand beside each other; ``at_end`` says that no ``OR`` follows them.

    A word ``OR`` is a word by itself where nothing stands before it or nothing follows; elsewhere brackets say so.
    """
    printed = [str(term) for term in terms]
    for place, term in enumerate(terms):
        if isinstance(term, Word) and term.text in OPERATORS:
            alone = place == 0 or (at_end and place == len(terms) - 1)
            printed[place] = term.text if alone else f"({term.text})"
    return " ".join(printed)


def _alternatives(terms: tuple[Term, ...]) -> str:
    last = len(terms) - 1
    return " OR ".join(
        _side_by_side(term.terms if isinstance(term, All) else (term,), at_end=place == last)
        for place, term in enumerate(terms)
    )
