"""What of an answer is laid out: the less likely photos and the bursts are folded until somebody opens them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from app.window.grid_layout import Section
from app.window.headings import weak_section
from app.window.laid import Laid
from app.window.searching import Found
from app.window.stacking import moved


@dataclass(slots=True)
class Folding:
    """What is open of the answer to one question. ``bursts`` are the photos on top of those that are open."""

    weak: bool = False
    bursts: set[int] = field(default_factory=set)

    def fold_all(self) -> None:
        """Another question: nothing is open."""
        self.weak = False
        self.bursts.clear()

    def lay(self, found: Found) -> Laid:
        """What of an answer is shown now. Arithmetic alone: a million photos take some milliseconds."""
        strong = found.strong if found.hits else len(found.ids)
        laid = self._lay(found, len(found.ids) if self.weak else strong)
        weak = weak_section(found, opened=self.weak)
        if weak is None:
            return laid
        start = sum(section.count for section in laid.sections)
        return replace(laid, sections=(*laid.sections, replace(weak, start=start, count=len(laid.ids) - start)))

    def _lay(self, found: Found, count: int) -> Laid:
        """The first ``count`` photos, with their bursts as they are open or folded."""
        groups, stacks = found.groups, found.groups.stacks
        strong = found.strong if found.hits else len(found.ids)
        runs = groups.runs or ((Section(0, strong),) if strong else ())
        if stacks is None:
            return Laid(found.ids[:count], found.hits[:count], runs)
        opened = stacks.places_of(found.ids, self.bursts)
        rows = stacks.rows(count, opened)
        sections = stacks.folded if groups.runs and not len(opened) else moved(runs, stacks.leads[rows])
        hits = [found.hits[row] for row in rows.tolist()] if found.hits else ()
        return Laid(found.ids[rows], hits, sections, rows, stacks, frozenset(opened.tolist()))
