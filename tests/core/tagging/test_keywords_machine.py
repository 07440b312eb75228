"""A person and another program change the keywords of one sidecar in turn, in any order: nobody loses any."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from core.catalog.travelled import Carried, Kept
from core.photos import xmp, xmp_writing
from core.photos.xmp_writing import LIST, NEW, SUBJECT, TREE, Changes
from core.tagging.keywords import folded, wishes

NAMES = ["Dog", "dog", "Animals", "Rex", "24/7", "a|b", "Łódź"]
LINES = {0: ("Animals", "Dog"), 3: ("Animals", "Dog", "Rex")}
PROPERTIES = st.sampled_from([SUBJECT, TREE, LIST])


class OneSidecar(RuleBasedStateMachine):
    """``theirs``: by property what the other program wrote and has not taken away. ``accepted``: indices of NAMES."""

    def __init__(self) -> None:
        super().__init__()
        self.raw = NEW
        self.kept: Kept = frozenset()
        self.theirs: dict[str, set[str]] = {SUBJECT: set(), TREE: set(), LIST: set()}
        self.accepted: set[int] = set()
        self.caption = ""
        self.exported = True

    def there(self, key: str) -> tuple[str, ...]:
        return xmp_writing.said(self.raw).items[key]

    @rule(label=st.integers(0, len(NAMES) - 1))
    def accept(self, label: int) -> None:
        # Labels are one label where case alone makes the difference.
        if all(folded(NAMES[label]) != folded(NAMES[other]) for other in self.accepted):
            self.accepted.add(label)
            self.exported = False

    @rule(label=st.integers(0, len(NAMES) - 1))
    def clear(self, label: int) -> None:
        self.accepted.discard(label)
        self.exported = False

    @rule(text=st.sampled_from(["", "A dog", "Two\nlines"]))
    def caption_it(self, text: str) -> None:
        self.caption = text
        self.exported = False

    @rule(key=PROPERTIES, word=st.sampled_from(["Paris", "dog", "Dog", "Animals", "Rex"]))
    def they_add(self, key: str, word: str) -> None:
        if word not in self.there(key):
            self.raw = xmp_writing.merged(self.raw, Changes({key: [word]}))
            if (self._kind(key), word) not in self.kept:
                self.theirs[key].add(word)
            self.exported = False

    @rule(key=PROPERTIES, word=st.sampled_from(["Paris", "dog", "Dog", "Animals"]))
    def they_remove(self, key: str, word: str) -> None:
        self.raw = xmp_writing.merged(self.raw, Changes({}, {key: [word]} if word in self.there(key) else {}))
        self.theirs[key].discard(word)
        self.exported = False

    @rule()
    def export(self) -> None:
        carried = Carried(tuple((label, NAMES[label]) for label in sorted(self.accepted)), (self.caption,))
        outcome = wishes(carried, LINES).against(self.raw, self.kept)
        if outcome.changes:
            self.raw = xmp_writing.merged(self.raw, outcome.changes)
        self.kept, self.exported = outcome.keeps, True
        again = wishes(carried, LINES).against(self.raw, self.kept)
        assert not again.changes
        assert again.keeps == self.kept

    def _kind(self, key: str) -> str:
        return {SUBJECT: "subject", TREE: "tree", LIST: "list"}[key]

    @invariant()
    def what_is_theirs_is_there(self) -> None:
        for key, words in self.theirs.items():
            assert words <= set(self.there(key))

    @invariant()
    def after_an_export_the_subjects_are_theirs_and_the_persons(self) -> None:
        if self.exported:
            wanted = {folded(word) for word in self.theirs[SUBJECT]} | {folded(NAMES[label]) for label in self.accepted}
            assert {folded(word) for word in self.there(SUBJECT)} == wanted
            assert xmp_writing.said(self.raw).caption == self.caption
            if not self.accepted:
                assert {key: set(self.there(key)) for key in self.theirs} == self.theirs

    @invariant()
    def a_reader_without_our_words_sees_theirs_alone(self) -> None:
        if self.exported:
            ours = {word for kind, word in self.kept if kind == "word"}
            left = {word.casefold() for word in xmp.parse(self.raw).keywords} - ours
            bare = NEW
            for key, words in self.theirs.items():
                bare = xmp_writing.merged(bare, Changes({key: sorted(words)})) if words else bare
            assert left == {word.casefold() for word in xmp.parse(bare).keywords}


TestOneSidecar = OneSidecar.TestCase
TestOneSidecar.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
