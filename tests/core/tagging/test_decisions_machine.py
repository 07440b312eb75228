"""Any sequence of deciding, undoing, forgetting and coming back, against dictionaries that do the same.

What is decided is modelled by content alone: {(content, label): state}, and a history of what each step changed there.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from core.catalog import contents, decisions_rows, folders, photos, roots, tags
from core.catalog.tags import TagChange, TagRow
from core.library import Library
from core.tagging.steps import record
from core.tagging.types import Label, LabelList
from core.types import FileStamp, PhotoMetadata

CONTENTS = {"a": 1, "a copy": 1, "b": 2}
LABELS = ("indoor", "outdoor", "dog")
WORDS = st.lists(st.sampled_from(LABELS), unique=True, max_size=2)
NAMES = st.sampled_from(sorted(CONTENTS))
PAIRS = st.lists(st.tuples(NAMES, st.sampled_from(LABELS)), min_size=1, max_size=3)

Change = dict[tuple[int, str], tuple[str | None, str | None]]


class DecisionsMachine(RuleBasedStateMachine):
    """``decided`` is what is decided, ``words`` the keywords of each file that is there."""

    @initialize()
    def open(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="retrouve-test-"))
        self.library = Library.open(self.folder)
        self.root = self.library.catalog.write(lambda db: roots.add(db, Path("/photos").absolute(), None))
        labels = tuple(Label(name, group=None if name == "dog" else "place") for name in LABELS)
        self.library.tagging.lists.put(LabelList("all", labels, exclusive=("place",)))
        self.labels = {name: self.decisions.label_id(name) for name in LABELS}
        self.ids: dict[str, int] = {}
        self.words: dict[str, set[str]] = {}
        self.decided: dict[tuple[int, str], str] = {}
        self.history: list[tuple[Change, bool]] = []
        """What each step changed, and whether the program made it."""
        self.done = 0
        for name in CONTENTS:
            self.come(name, [])

    def teardown(self) -> None:
        if hasattr(self, "library"):
            self.library.close()
            shutil.rmtree(self.folder)

    @property
    def decisions(self):
        return self.library.tagging.decisions

    @rule(name=NAMES, words=WORDS)
    def come(self, name: str, words: list[str]) -> None:
        """A photo comes in, comes back, or is read again."""
        number = CONTENTS[name]

        def work(db):
            content = contents.ensure(db, bytes([number]) * 16)
            folder = folders.ensure(db, self.root.id, "")
            said = PhotoMetadata(keywords=tuple(words))
            photo = photos.upsert(db, folder, name, FileStamp(1, 1, number, 0), content, said)
            decisions_rows.put_back(db, photo, content)
            return photo

        self.ids[name] = self.library.catalog.write(work)
        self.words[name] = set(words)

    @precondition(lambda self: self.ids)
    @rule(data=st.data())
    def forget(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.ids)))

        def work(db):
            photos.remove(db, [self.ids.pop(name)])
            contents.purge_orphans(db)

        self.library.catalog.write(work)
        del self.words[name]

    @rule(name=NAMES, label=st.sampled_from(LABELS), accepted=st.booleans())
    def run_suggests(self, name: str, label: str, accepted: bool) -> None:
        """A run touches no tag but those that nobody decided on."""
        if name not in self.ids:
            return
        photo, key = self.ids[name], self.labels[label]

        def work(db):
            old = tags.on_photos(db, key, [photo]).get(photo)
            if old is not None and old.state != "suggested":
                return False
            change = TagChange(photo, key, old, TagRow("accepted" if accepted else "suggested", "auto", 0.75))
            tags.put(db, [change])
            return accepted and record(db, "accepted by a run", [change]) is not None

        if self.library.catalog.write(work):
            self._note({}, program=True)

    @rule(pairs=PAIRS, state=st.sampled_from(["accepted", "rejected", None]))
    def decide(self, pairs: list[tuple[str, str]], state: str | None) -> None:
        there = [(self.ids[name], self.labels[label]) for name, label in pairs if name in self.ids]
        keys = {(CONTENTS[name], label) for name, label in pairs if name in self.ids}
        change: Change = {key: (self.decided.get(key), state) for key in keys if self.decided.get(key) != state}
        cleared = state is None and self._accepted_by_program(keys)
        act = {"accepted": self.decisions.accept, "rejected": self.decisions.reject, None: self.decisions.clear}[state]
        step = act(there)
        assert (step is not None) == (bool(change) or cleared)
        if step is not None:
            self._apply(change)
            self._note(change)

    @precondition(lambda self: self.history)
    @rule()
    def undo(self) -> None:
        step = self.decisions.undo()
        assert (step is not None) == (self.done > 0)
        if step is not None:
            self.done -= 1
            self._apply({key: (new, old) for key, (old, new) in self.history[self.done][0].items()})

    @precondition(lambda self: self.done < len(self.history))
    @rule()
    def redo(self) -> None:
        step = self.decisions.redo()
        assert step is not None
        self._apply(self.history[self.done][0])
        self.done += 1

    @rule()
    def remove_and_put_back_the_list(self) -> None:
        kept = self.library.tagging.lists.get("all")
        self.library.tagging.lists.remove("all")
        self.library.tagging.lists.put(LabelList("all", kept.labels, exclusive=kept.exclusive))
        self.labels = {name: self.decisions.label_id(name) for name in LABELS}

    @rule()
    def open_again(self) -> None:
        self.library.close()
        self.library = Library.open(self.folder)

    @invariant()
    def holds_the_same(self) -> None:
        if not hasattr(self, "library"):
            return
        with self.library.catalog.read() as db:
            rows = db.execute("SELECT d.hash, l.name, d.state FROM decision d JOIN label l ON l.id = d.label_id")
            assert {(row[0][0], row[1]): row[2] for row in rows} == self.decided
        for name, photo in self.ids.items():
            found = {tag.label: (tag.state.value, tag.source.value) for tag in self.decisions.of(photo)}
            for label in LABELS:
                state = self.decided.get((CONTENTS[name], label))
                if state is not None:
                    assert found[label] == (state, "user")
                elif label in self.words[name]:
                    assert found[label] == ("accepted", "file") or found[label] == ("accepted", "auto")
                else:
                    assert found.get(label) in (None, ("suggested", "auto"), ("accepted", "auto"))
        steps = self.decisions.steps(1000)
        assert [step.undone for step in reversed(steps)] == [at >= self.done for at in range(len(self.history))]

    def _accepted_by_program(self, keys: set[tuple[int, str]]) -> bool:
        """Whether clearing takes something back that the program accepted."""
        return any(
            tag.source == "auto" and tag.state == "accepted"
            for name, photo in self.ids.items()
            for tag in self.decisions.of(photo)
            if (CONTENTS[name], tag.label) in keys
        )

    def _apply(self, change: Change) -> None:
        for key, (_, new) in change.items():
            self.decided.pop(key, None)
            if new is not None:
                self.decided[key] = new

    def _note(self, change: Change, *, program: bool = False) -> None:
        self.history[self.done :] = [(change, program)]
        self.done += 1


DecisionsMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
TestDecisionsMachine = DecisionsMachine.TestCase
