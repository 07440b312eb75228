"""``tag:`` and ``caption:``: photos that other tables list.

They are conditions as others are, and tell besides how many photos they hold without looking at one of them: what a
million photos share would else take too long to count.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.catalog import label_lists, word_index
from core.catalog.batches import marks
from core.catalog.tags import folded
from core.search.filters.condition import Clause, Condition, Value

_LABELS = label_lists.below_all("SELECT l.id FROM label l WHERE l.folded IN ({})")
_TAGS = "FROM below b CROSS JOIN tag t WHERE t.label_id = b.id AND t.state = 'accepted'"


@dataclass(frozen=True, slots=True)
class Tagged:
    """Photos with an accepted tag of one of these names (folded), or of a label below one of them in a list's tree;
    or, not ``wanted``, those without any of them."""

    names: tuple[str, ...]
    wanted: bool

    @property
    def led(self) -> bool:
        """Whether the table's rows lead to the photos that pass."""
        return self.wanted

    @property
    def clause(self) -> Clause:
        """As a condition."""
        return _in(f"{self._labels} SELECT t.photo_id {_TAGS}", self.names, self.wanted)

    @property
    def counting(self) -> Condition:
        """A statement that counts the photos with the tags. Of several labels a photo may have more than one."""
        return Condition(
            f"{self._labels} SELECT CASE WHEN (SELECT count(*) FROM below) > 1 "
            f"THEN (SELECT count(DISTINCT t.photo_id) {_TAGS}) ELSE (SELECT count(*) {_TAGS}) END",
            self.names,
        )

    @property
    def _labels(self) -> str:
        return _LABELS.format(marks(len(self.names)))


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
    """``tag:NAME``: the label of that very name, whatever its case and accents, and the labels below it."""
    return Tagged((folded(name),), wanted)


def _in(select: str, params: tuple[Value, ...], wanted: bool) -> Clause:
    return Clause(f"p.id {'IN' if wanted else 'NOT IN'} ({select})", params, depth=14)
