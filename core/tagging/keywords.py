"""Labels as the keywords of other programs, and what of them a packet of XMP lacks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.catalog.travelled import Carried, Kept
from core.photos import xmp
from core.photos.facts import clean, straight
from core.photos.xmp_writing import LIST, SUBJECT, TREE, Changes, Said, said, writable

_KINDS = {"subject": SUBJECT, "tree": TREE, "list": LIST}
_READ_AS = {"subject": "dc:subject", "tree": "lr:hierarchicalSubject", "list": "digiKam:TagsList"}
_OTHER_DESCRIPTION = "It has a description of its own, which stays; the caption was not written."


@dataclass(frozen=True, slots=True)
class Outcome:
    """What to change in a packet, in the words of a person too, and what of it is this program's own afterwards."""

    changes: Changes
    adds: tuple[str, ...]
    removes: tuple[str, ...]
    adds_at: tuple[str, ...]
    """``adds``, each with its place: "Animals > Dog"."""
    removes_at: tuple[str, ...]
    """All that goes, with its place: of a label that moves the place that it leaves, too."""
    keeps: Kept
    note: str


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a photo's sidecar should say: of each label its forms by kind, and the caption, or ''."""

    labels: tuple[tuple[str, Mapping[str, str]], ...]
    caption: str

    def against(self, raw: bytes, kept: Kept) -> Outcome:
        """Compare with what a packet says, of which ``kept`` was written by this program.

        What is there already in someone else's name stays theirs. Raises SidecarError for what cannot be read.
        """
        there = said(raw)
        own = {kind: {value for of, value in kept if of == kind} for kind in (*_KINDS, "caption")}
        foreign = {
            kind: [value for value in there.items[key] if value not in own[kind]] for kind, key in _KINDS.items()
        }
        labels = [(name, _forms(name, _own_path(name, foreign)) or forms) for name, forms in self.labels]
        wanted = self._wanted(labels, foreign)
        add: dict[str, list[str]] = {}
        remove: dict[str, list[str]] = {}
        keeps: set[tuple[str, str]] = set()
        for kind, key in _KINDS.items():
            ours = [value for value in there.items[key] if value in own[kind]]
            known = {folded(value) for value in foreign[kind]}
            mine = [value for value in wanted[kind] if folded(value) not in known]
            add[key] = [value for value in mine if value not in ours]
            remove[key] = [value for value in ours if value not in mine]
            keeps.update((kind, value) for value in mine)
        caption, note = self._caption(there, own["caption"])
        if self.caption and not note and (caption is not None or folded(there.caption) in map(folded, own["caption"])):
            keeps.add(("caption", self.caption))
        keeps.update(("word", word) for word in _words(raw, own, keeps))
        added = [
            (name, forms) for name, forms in labels if any(forms[kind] in add[key] for kind, key in _KINDS.items())
        ]
        return Outcome(
            Changes(add, remove, caption),
            tuple(name for name, _ in added),
            _removed(remove, wanted["subject"]),
            tuple(_shown(forms["tree"].split("|")) for _, forms in added),
            _removed_at(remove),
            frozenset(keeps),
            note,
        )

    def _wanted(
        self, labels: Sequence[tuple[str, Mapping[str, str]]], foreign: Mapping[str, Sequence[str]]
    ) -> dict[str, list[str]]:
        """The values of each kind, each once.

        A program that finds keywords in a tree looks no further: digiKam reads the tags' list, else Lightroom's tree,
        else the plain subjects. Where this program is the first to write one of them, it takes in the keywords that
        were only in the next, or its own would hide them; but no program's marks for itself.
        """
        wanted = {kind: [forms[kind] for _, forms in labels] for kind in _KINDS}
        paths = [value.split("|") for value in foreign["tree"]]
        marks = xmp.own_marks(paths)
        subjects = [[value] for value in foreign["subject"] if xmp.clean_word(value) not in marks]
        if self.labels and not foreign["tree"]:
            wanted["tree"] += [_line(steps, "|") for steps in subjects]
        if self.labels and not foreign["list"]:
            next_best = [steps for steps in paths if not xmp.is_own_mark(steps)] or subjects
            wanted["list"] += [_line(steps, "/") for steps in next_best]
        return {kind: _each_once(values) for kind, values in wanted.items()}

    def _caption(self, there: Said, own: Iterable[str]) -> tuple[str | None, str]:
        """The description to write, '' to take away ours, None to leave it; and what to tell of one that stays."""
        is_ours = folded(there.caption) in map(folded, own)
        if folded(there.caption) == folded(self.caption):
            return None, ""
        if not there.caption.strip() or is_ours:
            return self.caption, ""
        return None, _OTHER_DESCRIPTION if self.caption else ""


def wishes(carried: Carried, lines: Mapping[int, tuple[str, ...]]) -> Wishes:
    """What a photo's sidecar should say of what it carries; ``lines`` has the labels' places in their trees.

    A label without such a place stays where it was written before: the list that gave it the place may be gone.
    """
    labels = []
    before = {kind: [value for of, value in carried.kept if of == kind] for kind in ("tree", "list")}
    for label_id, name in carried.labels:
        steps = lines.get(label_id) or (*_own_path(name, before)[:-1], name)
        if forms := _forms(name, steps):
            labels.append((name, forms))
    return Wishes(tuple(labels), "\n".join(filter(None, map(writable, carried.captions))))


def _forms(name: str, steps: Sequence[str]) -> dict[str, str]:
    """A label's values by kind; empty without steps, and for a name that no keyword could be."""
    subject = writable(name) if steps else ""
    return {"subject": subject, "tree": _line(steps, "|"), "list": _line(steps, "/")} if subject else {}


def _own_path(name: str, values: Mapping[str, Sequence[str]]) -> Sequence[str]:
    """The path of more than one step that ends in a label, in a sidecar's trees; empty where there is none."""
    for kind, between in (("tree", "|"), ("list", "/")):
        for value in sorted(values[kind]):
            steps = value.split(between)
            if len(steps) > 1 and folded(steps[-1]) == folded(name) and not xmp.is_own_mark(steps):
                return steps
    return ()


def folded(value: str) -> str:
    """A value as it is compared: case, blanks, the composition of letters and marks that turn them make no
    difference."""
    return clean(straight(value)).casefold()


def _line(steps: Iterable[str], between: str) -> str:
    """A path in a tree. The sign between two steps cannot stand in one."""
    return between.join(writable(step).replace(between, "-") for step in steps)


def _each_once(values: Iterable[str]) -> list[str]:
    return list({folded(value): value for value in reversed(list(values)) if folded(value)}.values())[::-1]


def _removed(remove: Mapping[str, Sequence[str]], still: Sequence[str]) -> tuple[str, ...]:
    """The keywords that go, for people: the last steps of paths."""
    leaves = [
        *remove[SUBJECT],
        *(value.rpartition("|")[2] for value in remove[TREE]),
        *(value.rpartition("/")[2] for value in remove[LIST]),
    ]
    kept = set(map(folded, still))
    return tuple(dict.fromkeys(leaf for leaf in leaves if folded(leaf) not in kept))


def _removed_at(remove: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """What goes, for people, with its place; what is in several properties once."""
    paths = [*(value.split("|") for value in remove[TREE]), *(value.split("/") for value in remove[LIST])]
    paths = [
        *paths,
        *([value] for value in remove[SUBJECT] if all(folded(value) != folded(path[-1]) for path in paths)),
    ]
    return tuple({folded(_shown(path)): _shown(path) for path in paths}.values())


def _shown(steps: Iterable[str]) -> str:
    return " > ".join(steps)


def _words(raw: bytes, own: Mapping[str, Iterable[str]], keeps: Iterable[tuple[str, str]]) -> set[str]:
    """The keywords that a reader takes from our values alone, folded."""
    theirs = {word.casefold() for word in xmp.words(raw, {_READ_AS[kind]: frozenset(own[kind]) for kind in _KINDS})}
    ours = [(_READ_AS[kind], value) for kind, value in keeps if kind in _READ_AS]
    values: xmp.Values = {}
    for key, value in ours:
        values.setdefault(key, []).append((value, ""))
    return {word.casefold() for word in xmp.words_of(values)} - theirs
