"""Rules: when photos come into a folder, suggest from a list, and accept above a probability.

An index run notes which photos came into the folder of a rule, in the transaction that stores them (`rules_rows`), so
that a run that is killed or stopped leaves them for the next one. When it has encoded them, the rules are applied; the
window's watcher starts such runs too, and needs nothing of its own.
"""

from __future__ import annotations

import logging
import sqlite3
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from core import membership
from core.catalog import embeddings, label_lists, rules_rows
from core.catalog.rules_rows import RuleRow
from core.errors import CallError, RetrouveError
from core.tagging.types import Rule, TagProgress, TagReport
from core.types import IndexProgress, Phase

if TYPE_CHECKING:
    from core.library import Library

_LOG = logging.getLogger(__name__)


class Rules:
    """The rules of a library. May be called from any thread."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def all(self) -> list[Rule]:
        """Every rule, by folder and list."""
        with self._library.catalog.read() as db:
            return [_rule(row) for row in rules_rows.all(db)]

    def add(self, folder: Path, list_name: str, accept_above: float | None = None) -> Rule:
        """Add a rule for a root or any folder in one; a rule of the same folder and list gets the new line.

        ``accept_above`` lies in (0, 1]; None suggests alone. It holds for photos that come in from now on. Raises
        `CallError` for a folder in no root, a file, a list that is not there and a line that is none, `FolderError` for
        a folder that is not there.
        """
        if accept_above is not None and not 0 < accept_above <= 1:
            raise CallError(f"{accept_above:g} is no line to accept above: it lies above 0, and at 1 at the most.")
        place = membership.locate_known(self._library.catalog, folder)
        list_id = self._library.tagging.lists.get(list_name).id

        def work(db: sqlite3.Connection) -> Rule:
            assert list_id is not None
            row = rules_rows.by_id(db, rules_rows.put(db, place.root.id, place.inner, list_id, accept_above))
            assert row is not None
            return _rule(row)

        return self._library.catalog.write(work)

    def remove(self, id: int) -> None:
        """Remove a rule; what it tagged stays. Raises `CallError` where there is none of that id."""
        if not self._library.catalog.write(lambda db: rules_rows.remove(db, id)):
            raise CallError("This rule is not there any more.")

    # Applying

    def apply(self, photo_ids: Sequence[int], cancelled: Callable[[], bool] = lambda: False) -> TagReport:
        """Suggest for these photos what the rules of their folders say; the counts of all runs together.

        Of two rules with one list, for a folder and one above it, the inner one holds. Raises what a run raises.
        """
        report = TagReport()
        for progress in self._steps(photo_ids, cancelled):
            report = progress.report
        return report

    def _steps(self, photo_ids: Sequence[int], cancelled: Callable[[], bool]) -> Generator[TagProgress]:
        done = TagReport()
        for rule, ids in self._shares(photo_ids):
            if cancelled():
                return
            with self._library.catalog.read() as db:
                labels = label_lists.by_id(db, rule.list_id)
            if labels is None or not labels.labels:  # removed meanwhile, and the rule with it; or emptied
                continue
            run = self._library.tagging.suggester.run(
                labels, photos=ids, accept_above=rule.accept_above, cancelled=cancelled
            )
            before = done
            with closing(run) as steps:
                for progress in steps:
                    done = _sum(before, progress.report)
                    yield TagProgress(progress.done, progress.total, done)

    def _shares(self, photo_ids: Sequence[int]) -> list[tuple[RuleRow, list[int]]]:
        """Which photos each rule is for."""
        with self._library.catalog.read() as db:
            db.execute("BEGIN")
            rules = rules_rows.all(db)
            places = rules_rows.places(db, photo_ids) if rules else []
        # The innermost of a list's rules comes last, and so takes the place of those above it.
        rules.sort(key=lambda rule: len(Path(rule.inner).parts))
        shares: dict[int, list[int]] = {}
        for photo_id, root_id, folder in places:
            chosen = {
                rule.list_id: rule.id
                for rule in rules
                if rule.root_id == root_id and rules_rows.is_below(folder, rule.inner)
            }
            for rule_id in chosen.values():
                shares.setdefault(rule_id, []).append(photo_id)
        return [(rule, shares[rule.id]) for rule in rules if rule.id in shares]

    def after(
        self, run: Generator[IndexProgress, None, None], cancelled: Callable[[], bool]
    ) -> Generator[IndexProgress, None, None]:
        """An index run, and then the rules for the photos that came in; the last progress is the run's own ``DONE``,
        with what the rules did.

        A rule that cannot be applied now (the model's text tower is not there, say) ends no index run: the photos wait
        for the next one, and the log says why.
        """
        done: IndexProgress | None = None
        with closing(run) as steps:
            for progress in steps:
                if progress.phase is Phase.DONE:
                    done = progress
                else:
                    yield progress
        if done is None:
            return
        tagged = TagReport()
        try:
            with closing(self._due_steps(cancelled)) as due:
                for step in due:
                    tagged = step.report
                    yield replace(done, phase=Phase.FINISHING, report=_told(done, tagged).report, stored=())
        except RetrouveError as error:
            _LOG.warning("the rules were not applied, and the photos that came in wait for the next run: %s", error)
        yield _told(done, tagged)

    def _due_steps(self, cancelled: Callable[[], bool]) -> Generator[TagProgress]:
        """Applies the rules to the photos that wait for them and are encoded by the model that answers."""
        catalog = self._library.catalog
        with catalog.read() as db:
            if not rules_rows.waits(db):
                return
            ruled = rules_rows.coverage(db) is not None
        if not ruled:
            catalog.write(rules_rows.done)
            return
        model_id = self._library.answering.model_id
        with catalog.read() as db:
            model = embeddings.find_model(db, model_id)
            due = [] if model is None else rules_rows.due(db, model.id)
        if due and not cancelled():
            yield from self._steps(due, cancelled)
            if not cancelled():
                catalog.write(lambda db: rules_rows.done(db, due))


def _rule(row: RuleRow) -> Rule:
    return Rule(row.id, row.root / row.inner, row.list_name, row.accept_above)


def _told(done: IndexProgress, tagged: TagReport) -> IndexProgress:
    report = replace(done.report, suggested=tagged.suggested, accepted=tagged.accepted)
    return replace(done, report=replace(report, seconds=report.seconds + tagged.seconds))


def _sum(one: TagReport, other: TagReport) -> TagReport:
    return TagReport(
        one.photos + other.photos,
        one.suggested + other.suggested,
        one.accepted + other.accepted,
        one.withdrawn + other.withdrawn,
        one.unencoded + other.unencoded,
        one.seconds + other.seconds,
        tuple((Counter(dict(one.withdrawn_of)) + Counter(dict(other.withdrawn_of))).most_common()),
    )
