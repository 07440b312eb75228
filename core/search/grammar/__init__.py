r"""The query language: text to a tree of frozen dataclasses, and back.

``parse`` never fails: what is not grammar is words. Printing a tree and parsing the print gives the same tree.

=================================  ====================================================================================
``dog beach``                      words; together they are one sentence
``"birthday cake"``                a phrase; a quote inside is doubled (``"a ""b"" c"``), one left open ends with the
                                   text
``2:sunset`` ``0.5:"blue sky"``    counts so much; ``-0.5:people`` asks for less of it
``-people`` ``-"a crowd"``         without this; a minus goes before anything, a filter or a bracket too
``like:"C:\photo.jpg"``            looks like this photo; with ``[10,20,50,60]`` behind the quote, like that part of it
``folder:Italy`` ``date:2019-07``  filters: `values` reads them, `wording.KEYS` lists them
``dog OR cat`` ``dog | cat``       one of them; ``a b OR c`` is ``(a b) OR c``
``(dog OR cat) beach``             brackets; one without its partner is a word
=================================  ====================================================================================

A key that is not known, or a value that makes no sense for its key, is words (``http://x``, ``date:soon``), and so are
a time (``10:30``) and a proportion (``16:9``).

`tree` is what is understood, `reading` understands it, `dates` knows what times in words mean, `wording` says a tree in
plain words, and `branches` spreads it into what a search can answer.
"""

from core.search.grammar.branches import Branch, branches
from core.search.grammar.reading import Misread, Piece, Reading, parse, pieces, read, without_piece
from core.search.grammar.tree import (
    All,
    Any,
    Aperture,
    Camera,
    Caption,
    Filter,
    FocalLength,
    Has,
    InFolder,
    Is,
    Iso,
    Lens,
    Like,
    Name,
    Near,
    Part,
    Phrase,
    Query,
    Rating,
    Size,
    Soft,
    Span,
    Tag,
    TakenIn,
    TakenWhen,
    Term,
    Type,
    Weighted,
    Without,
    Word,
    only_filters,
)
from core.search.grammar.wording import KEYS, Key, describe, misread
from core.search.grammar.yearly import DaySpan, When

__all__ = [
    "KEYS",
    "All",
    "Any",
    "Aperture",
    "Branch",
    "Camera",
    "Caption",
    "DaySpan",
    "Filter",
    "FocalLength",
    "Has",
    "InFolder",
    "Is",
    "Iso",
    "Key",
    "Lens",
    "Like",
    "Misread",
    "Name",
    "Near",
    "Part",
    "Phrase",
    "Piece",
    "Query",
    "Rating",
    "Reading",
    "Size",
    "Soft",
    "Span",
    "Tag",
    "TakenIn",
    "TakenWhen",
    "Term",
    "Type",
    "Weighted",
    "When",
    "Without",
    "Word",
    "branches",
    "describe",
    "misread",
    "only_filters",
    "parse",
    "pieces",
    "read",
    "without_piece",
]
