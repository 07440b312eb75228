"""Filters: what of a query the catalogue answers exactly, as one bound SQL condition.

The condition speaks of the table ``photo`` as ``p`` and looks up the rest itself, so that it fits any statement over
``photo p``, joined with others or not. Nothing that a person typed becomes part of the SQL text. Texts are compared
folded (`core.catalog.folding`): neither case nor accents matter, in any script.

What each filter means is said where it is made: `names` (``folder:``, ``camera:``, ``lens:``, ``name:``), `when`
(``date:``), `spans` (numbers), `places` (``near:``), `kinds` (``type:``, ``has:``, ``is:``), `members` (``tag:``,
``caption:``). All but the folders, tags, captions and places are answered by a walk along the index ``photo_by_date``,
which has everything that they ask for (`core.catalog.derived`).
"""

from core.search.filters.answering import Newest, newest
from core.search.filters.compiling import compile
from core.search.filters.condition import Condition
from core.search.filters.saying import reasons

__all__ = ["Condition", "Newest", "compile", "newest", "reasons"]
