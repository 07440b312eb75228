"""Pairs of questions that differ in one thing: what of it the model takes notice of, and what the grammar does better.

Each question is true of photos whose captions say so. Of the first ten that it finds, how many are right, and how many
are what the other question of the pair asked for? A model that took no notice would give both the same answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from training.quality.shelves import Item, rows, shelf, strings

FIRST = 10
PEOPLE = frozenset(
    re.findall(
        "[a-z]+",
        "man men woman women boy boys girl girls person people child children kid kids baby toddler lady ladies guy "
        "guys player players rider surfer skier skateboarder snowboarder crowd someone adult adults couple family "
        "team biker cyclist runner dancer musician swimmer climber hiker worker group he she his her him they",
    )
)


@dataclass(frozen=True, slots=True)
class Question:
    """What is typed, and what a photo's captions have to say: all of ``has`` in one of them, none of ``lacks`` in any.

    A string of ``has`` may be several words side by side; ``people`` in ``lacks`` stands for all words for them.
    """

    typed: str
    has: tuple[str, ...]
    lacks: tuple[str, ...] = ()

    def holds(self, captions: Sequence[str]) -> bool:
        """Whether it is true of a photo with these captions."""
        said = [f" {' '.join(re.findall('[a-z]+', caption.lower()))} " for caption in captions]
        if not any(all(f" {words} " in one for words in self.has) for one in said):
            return False
        words = {word for one in said for word in one.split()}
        return not any(words & PEOPLE if lacking == "people" else lacking in words for lacking in self.lacks)


def _pair(one: str, other: str) -> tuple[Question, Question]:
    """Two questions that are typed as captions say them, without their article."""
    first, second = (Question(said, (said.removeprefix("a ").removeprefix("an "),)) for said in (one, other))
    return first, second


NOBODY = ("people",)
PAIRS: tuple[tuple[str, Question, Question], ...] = (
    ("without", Question("a dog and no person", ("dog",), NOBODY), Question("a dog and a person", ("dog", "man"))),
    ("without", Question("dog -people", ("dog",), NOBODY), Question("dog people", ("dog", "man"))),
    (
        "without",
        Question("a beach without people", ("beach",), NOBODY),
        Question("people at a beach", ("people", "beach")),
    ),
    ("without", Question("beach -people", ("beach",), NOBODY), Question("beach people", ("people", "beach"))),
    (
        "without",
        Question("a man without a hat", ("man",), ("hat", "cap")),
        Question("a man with a hat", ("man", "hat")),
    ),
    ("count", *_pair("two dogs", "three dogs")),
    ("count", *_pair("two people", "four people")),
    ("count", Question("one person", ("person",), ("people", "two", "three")), Question("two people", ("two people",))),
    ("count", *_pair("a boy", "two boys")),
    ("count", *_pair("a girl", "two girls")),
    ("colour", *_pair("a black dog", "a white dog")),
    ("colour", *_pair("a brown dog", "a black dog")),
    ("colour", *_pair("a red shirt", "a blue shirt")),
    ("colour", *_pair("a yellow shirt", "a green shirt")),
    ("colour", *_pair("a red jacket", "a black jacket")),
    ("who", *_pair("a little girl", "a little boy")),
    ("who", *_pair("an old man", "a young man")),
    ("doing", *_pair("dog running", "dog swimming")),
    ("doing", *_pair("man sitting", "man standing")),
    ("doing", *_pair("riding a bike", "riding a horse")),
)
"""What kind of difference it is, and the two questions."""


@dataclass(frozen=True, slots=True)
class Answered:
    """One question: how many of the first ten are right, and how many are right for the other of its pair; ``true``
    photos of all are right."""

    kind: str
    question: Question
    right: int
    other: int
    true: int


def measure(data: Path) -> list[Answered]:
    """Every question, asked of the validation photos of `flickr8k` and `coco` as the program would ask it."""
    items, captions = [], []
    for name in ("flickr8k", "coco"):
        for row in rows(data / name):
            if row.get("split") == "val":
                items.append(Item(data / name / str(row["file"])))
                captions.append(strings(row, "captions"))
    with shelf(items) as made:
        said = dict(zip(made.contents.tolist(), captions, strict=True))
        found: list[Answered] = []
        for kind, *both in PAIRS:
            for question, other in (both, both[::-1]):
                first = [said[hit.content_id] for hit in made.library.search(question.typed, top=FIRST).hits]
                found.append(
                    Answered(
                        kind,
                        question,
                        sum(map(question.holds, first)),
                        sum(other.holds(one) and not question.holds(one) for one in first),
                        sum(map(question.holds, captions)),
                    )
                )
        return found


def table(found: Sequence[Answered]) -> Iterator[tuple[str, ...]]:
    """Rows for the page."""
    for one in found:
        yield (one.kind, f"`{one.question.typed}`", f"{one.right}", f"{one.other}", f"{one.true}")
