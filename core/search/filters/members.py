"""``tag:`` and ``caption:``: photos that other tables list.

They are conditions as others are, and tell besides how many photos they hold without looking at one of them: what a
million photos share would else take too long to count.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.catalog import word_index
from core.catalog.batches import marks
from core.catalog.tags import folded
from core.search.filters.condition import Clause, Condition, Value

_TAG = "FROM tag t WHERE t.state = 'accepted' AND t.label_id IN (SELECT l.id FROM label l WHERE l.folded IN ({}))"


@dataclass(frozen=True, slots=True)
class Tagged:
    """Photos with an accepted tag of one of these names (folded), or, not ``wanted``, those without any of them."""

    names: tuple[str, ...]
    wanted: bool

    @property
    def led(self) -> bool:
        """Whether the table's rows lead to the photos that pass."""
        return self.wanted

    @property
    def clause(self) -> Clause:
        """As a condition."""
        return _in(f"SELECT t.photo_id {self._source}", self.names, self.wanted)

    @property
    def counting(self) -> Condition:
        """A statement that counts the photos with the tags. Labels that differ in case alone may share some."""
        several = f"(SELECT count(*) FROM label l WHERE l.folded IN ({marks(len(self.names))})) > 1"
        return Condition(
            f"SELECT CASE WHEN {several} THEN (SELECT count(DISTINCT t.photo_id) {self._source}) "
            f"ELSE (SELECT count(*) {self._source}) END",
            self.names * 3,
        )

    @property
    def _source(self) -> str:
        return _TAG.format(marks(len(self.names)))


@dataclass(frozen=True, slots=True)
class Captioned:
    """Photos in whose captions these words stand, or, not ``wanted``, all others."""

    text: str
    wanted: bool

    @property
    def led(self) -> bool:
        """Whether the table's rows lead to the photos that pass."""
        return self.wanted

    @property
    def clause(self) -> Clause:
        """As a condition."""
        return _in(*word_index.captions_with(self.text), self.wanted)

    @property
    def counting(self) -> Condition:
        """A statement that counts the photos with the words."""
        select, params = word_index.captions_with(self.text)
        return Condition(f"SELECT count(*) FROM ({select})", params)


def tagged(name: str, wanted: bool) -> Tagged:
    """``tag:NAME``: the label of that very name, whatever its case and accents."""
    return Tagged((folded(name),), wanted)


def _in(select: str, params: tuple[Value, ...], wanted: bool) -> Clause:
    return Clause(f"p.id {'IN' if wanted else 'NOT IN'} ({select})", params, depth=14)
