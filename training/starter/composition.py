"""The report's third part: does the model hear the order of words? Captions with one thing swapped, against the truth.

After Winoground (Thrush et al. 2022) and ARO (Yuksekgonul et al. 2023): a photo's own caption has to score above the
same words put wrongly. Chance is one half. Swaps are made by rule, from captions that the model never saw.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.evaluation import folder
from core.evaluation.folder import Row
from core.evaluation.retrieval import Interval
from core.models.encoder import Encoder
from training import pages
from training.starter import chance

COLOURS = frozenset(re.findall("[a-z]+", "black white red blue green yellow brown orange pink purple grey gray tan"))
COUNTS = {"two": "three", "three": "two", "four": "two"}
"""One is left out: *one dog* against *two dog* would be told apart by its grammar."""
VAGUE = frozenset(re.findall("[a-z]+", "background foreground middle air distance front side back top center centre"))
"""Words that stand where a thing would, but name none."""
_PLACE = "on|in|under|behind|above|below|over|inside|beneath|underneath|in front of|on top of"
_NOUNS = re.compile(
    rf"\b(?P<a>a|an|the) (?P<first>[a-z]+) (?P<how>{_PLACE}) (?P<b>a|an|the) (?P<second>[a-z]+)"
    r"(?=$|[.,]| (?:and|with|while|in|on|at|near|of|to|as|is|are)\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Swap:
    """A caption, the same with one thing put wrongly, and the row of its photo."""

    photo: int
    true: str
    false: str


@dataclass(frozen=True, slots=True)
class Heard:
    """How often a true caption scored above the swapped one; a tie counts half."""

    sentences: int
    photos: int
    share: Interval


def swap_colours(caption: str) -> str | None:
    """*A man in a white shirt and blue hat*: with its two colours changed round. None where that changes nothing.

    Nor is it done where both colours are of one thing (*a black and white dog*) or of two of the same name.
    """
    found = [match for match in re.finditer(r"[A-Za-z]+", caption) if match[0].lower() in COLOURS]
    if len(found) != 2 or found[0][0].lower() == found[1][0].lower():
        return None
    first, second = found
    between = caption[first.end() : second.start()]
    if not re.search(r"[a-z]", re.sub(r"\b(and|or)\b", "", between), re.IGNORECASE):
        return None
    things = [re.match(r"\W*([A-Za-z]*)", caption[match.end() :]) for match in found]
    if things[0] and things[1] and things[0][1].lower() == things[1][1].lower():
        return None
    changed = [_as_case(second[0], first[0]), _as_case(first[0], second[0])]
    whole = caption[: first.start()] + changed[0] + between + changed[1] + caption[second.end() :]
    return _articles(whole)


def swap_nouns(caption: str) -> str | None:
    """*A dog on a sofa*: the two things around the preposition changed round. None where there is no such place."""
    for match in _NOUNS.finditer(caption):
        first, second = match["first"], match["second"]
        if first.lower() == second.lower() or {first.lower(), second.lower()} & (COLOURS | VAGUE):
            continue
        middle = f"{match['a']} {second} {match['how']} {match['b']} {first}"
        return _articles(caption[: match.start()] + middle + caption[match.end() :])
    return None


def change_count(caption: str) -> str | None:
    """*Two dogs*: another number. None unless the caption has exactly one."""
    found = re.findall(rf"\b(?:{'|'.join(COUNTS)})\b", caption, re.IGNORECASE)
    if len(found) != 1:
        return None
    return re.sub(rf"\b{found[0]}\b", _as_case(COUNTS[found[0].lower()], found[0]), caption)


def negate(caption: str) -> str | None:
    """*A man with a hat*: ``with`` becomes ``without``, and the other way. None unless there is exactly one."""
    found = re.findall(r"\b(?:with|without)\b", caption, re.IGNORECASE)
    if len(found) != 1:
        return None
    other = "with" if found[0].lower() == "without" else "without"
    return re.sub(rf"\b{found[0]}\b", _as_case(other, found[0]), caption)


SWAPS: Mapping[str, Callable[[str], str | None]] = {
    "two colours changed round": swap_colours,
    "two things changed round (*a dog on a sofa*)": swap_nouns,
    "another number (two, three, four)": change_count,
    "*with* for *without*": negate,
}


def swapped(rows: Sequence[Row], change: Callable[[str], str | None]) -> list[Swap]:
    """Every caption of the rows that can be changed so."""
    pairs = ((index, caption, change(caption)) for index, row in enumerate(rows) for caption in row.captions)
    return [Swap(index, true, false) for index, true, false in pairs if false is not None and false != true]


def read_val(data: Path, most: int | None) -> list[Row]:
    """The validation rows of `coco` and `flickr8k`."""
    rows = [row for name in ("coco", "flickr8k") for row in folder.read_rows(data / name, {"split": ("val",)})]
    return rows if most is None else rows[:: max(1, len(rows) // most)]


def listen(rows: Sequence[Row], photos: NDArray[np.float32], encoder: Encoder) -> dict[str, Heard]:
    """For each way to swap, how often the truth scores higher. ``photos`` is float32[rows, dim], unit-length."""
    found = {}
    for name, change in SWAPS.items():
        pairs = swapped(rows, change)
        if not pairs:
            continue
        owners = np.array([pair.photo for pair in pairs])
        sentences = encoder.encode_texts([pair.true for pair in pairs] + [pair.false for pair in pairs])
        true, false = np.split(np.einsum("nd,nd->n", sentences, photos[np.tile(owners, 2)]), 2)
        hits = np.where(true == false, 0.5, (true > false).astype(np.float64))
        found[name] = Heard(len(pairs), len(set(owners.tolist())), chance.share(hits, owners.tolist()))
    return found


def composition_table(now: Mapping[str, Heard], before: Mapping[str, Heard] | None) -> str:
    """Shares in per cent; ``before`` is the earlier model's, where there is one."""
    head = ["the wrong caption has", "captions", "photos", "the true one scores higher, %"]
    rows = [[name, str(one.sentences), str(one.photos), chance.percent(one.share)] for name, one in now.items()]
    if before is not None:
        head.insert(3, "the model before, %")
        for row in rows:
            row.insert(3, chance.percent(before[row[0]].share) if row[0] in before else "-")
    return pages.table(head, rows)


def _as_case(word: str, like: str) -> str:
    return word.capitalize() if like[0].isupper() else word.lower()


def _articles(caption: str) -> str:
    """``a`` before a consonant and ``an`` before a vowel, so that grammar does not give the swap away."""

    def fit(match: re.Match[str]) -> str:
        right = "an" if match[2][0].lower() in "aeiou" else "a"
        return f"{_as_case(right, match[1])} {match[2]}"

    return re.sub(r"\b(an?) ([a-z]+)", fit, caption, flags=re.IGNORECASE)
