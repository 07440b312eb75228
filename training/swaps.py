"""Sentences that say the same words of the wrong things: "a blue ball on a red box" for "a red ball on a blue box".

To whom a sentence is a bag of words, both are one (Yuksekgonul et al. 2023), and nothing in a batch of other photos'
sentences tells them apart. Theirs are made with a parser; these come from small rules for English, which rather find
nothing than something that is true:

- two colours, two sizes or two numbers change places, where they speak of different things;
- left becomes right, and right left;
- what is on something changes places with what it is on (in, under, behind ...; not beside, and, with: what is beside a
  dog has the dog beside it).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence


def _words(said: str) -> frozenset[str]:
    return frozenset(said.split())


COLOURS = _words(
    "red green blue yellow black white pink grey gray brown orange purple golden silver tan beige violet blond blonde "
    "turquoise maroon"
)
SIZES = _words(
    "small little tiny large big huge giant enormous tall short long young old wide narrow thick thin elderly"
)
NUMBERS = _words("two three four five six seven eight nine ten eleven twelve 2 3 4 5 6 7 8 9 10 11 12")
_CLASSES = (COLOURS, SIZES, NUMBERS)
_ATTRIBUTES = COLOURS | SIZES | NUMBERS
_ARTICLES = _words("a an the his her their its my our your this that these those some one") | NUMBERS
_PLACES = (
    *(("on", "top", "of"), ("in", "front", "of")),
    *((word,) for word in sorted(_words("on in under behind inside above over below beneath atop onto into"))),
)
_CLOSED = _words(
    "a an the his her their its my our your this that these those some and or but with of at by for from to as is are "
    "was were be been has have had who which while where near beside between around across along against through up "
    "down out off next it he she they them him there on in under behind inside above over below beneath "
    "atop onto into very"
)
"""Words that are no part of a thing's name."""
_NAMED_ING = _words(
    "building ring wing king string spring ceiling painting evening morning wedding clothing railing swing sling "
    "thing something nothing everything anything pudding dressing duckling stocking earring sibling"
)
"""Things and not deeds, in spite of their end."""
_NO_PLACE = _words(
    "background foreground distance middle air front side left right other others way day night sun dark shade rain "
    "wind camera phone move same first process center centre"
)
"""What a thing is in or on by a manner of speaking."""
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_SIDE = re.compile(
    r"\b(?:(?<=on the )|(?<=on its )|(?<=on his )|(?<=on her )|(?<=to the )|(?<=at the ))(left|right)\b"
    r"|\b(left|right)(?=[ -](?:hand|side|arm|leg|foot|paw|eye|ear)\b)",
    re.IGNORECASE,
)
_MOST_WORDS = 3
"""Of a thing's name."""

Span = tuple[int, int]
"""The first word's number and the one behind the last."""


def swaps(sentence: str) -> tuple[str, ...]:
    """What a sentence becomes by each swap that it has: none for most languages but English, and for "a dog"."""
    words = list(_WORD.finditer(sentence))
    low = [word[0].casefold() for word in words]
    found: dict[str, None] = {}
    for kind in _CLASSES:
        for one, other in _apart(_of_things(sentence, words, low, kind)):
            found[_exchanged(sentence, words, one, other)] = None
    if _SIDE.search(sentence):
        found[_SIDE.sub(_other_side, sentence)] = None
    for one, other in _placed(sentence, words, low):
        found[_exchanged(sentence, words, one, other)] = None
    return tuple(text for text in found if text.casefold() != sentence.casefold())


# Attributes


def _of_things(
    sentence: str, words: Sequence[re.Match[str]], low: Sequence[str], kind: frozenset[str]
) -> list[tuple[Span, tuple[str, ...], tuple[str, ...]]]:
    """The attributes of a kind that stand before a thing: where ("black and white" is one), their words, and the thing
    with its other attributes."""
    found = []
    at = 0
    while at < len(low):
        if low[at] not in kind:
            at += 1
            continue
        end = at + 1
        while end < len(low):
            if low[end] in kind:
                end += 1
            elif low[end] in ("and", "or") and end + 1 < len(low) and low[end + 1] in kind:
                end += 2
            else:
                break
        head, before = end, at
        while head < len(low) and low[head] in _ATTRIBUTES:
            head += 1
        while before > 0 and low[before - 1] in _ATTRIBUTES:
            before -= 1
        if not _broken(sentence, words, end - 1, head) and low[head] not in _CLOSED:
            thing = (*low[before:at], *low[end:head], low[head].rstrip("s"))
            found.append(((at, end), tuple(low[at:end]), thing))
        at = end
    return found


def _apart(found: Sequence[tuple[Span, tuple[str, ...], tuple[str, ...]]]) -> Iterator[tuple[Span, Span]]:
    """Those that mean something else when they change places: "a black dog and a white dog" would not."""
    for number, (one, words, thing) in enumerate(found):
        for other, others, second in found[number + 1 :]:
            if set(words) != set(others) and thing != second:
                yield one, other


def _other_side(found: re.Match[str]) -> str:
    word = found[0]
    other = "right" if word.casefold() == "left" else "left"
    return other.capitalize() if word[0].isupper() else other


# Places


def _placed(sentence: str, words: Sequence[re.Match[str]], low: Sequence[str]) -> Iterator[tuple[Span, Span]]:
    """What is on something, and what it is on, each with its article."""
    for at in range(len(low)):
        place = next((one for one in _PLACES if tuple(low[at : at + len(one)]) == one), None)
        if place is None or _broken(sentence, words, at - 1, at + len(place) + 1):
            continue
        behind = at + len(place)
        if behind >= len(low) or low[behind] not in _ARTICLES:
            continue
        first = next((one for one in range(at - 1, max(-1, at - 7), -1) if low[one] in _ARTICLES), None)
        if first is None or _broken(sentence, words, first, at):
            continue
        if first and any(low[first - 1] == one[-1] for one in _PLACES):
            continue  # "in the snow on a hill" is on a hill in the snow
        one, other = _thing(low, first, at), _thing(low, behind, len(low))
        if one is None or other is None or low[one[0] + 1 : one[1]] == low[other[0] + 1 : other[1]]:
            continue
        if not _broken(sentence, words, behind, other[1] - 1) and low[other[1] - 1] not in _NO_PLACE:
            yield one, other


def _broken(sentence: str, words: Sequence[re.Match[str]], first: int, last: int) -> bool:
    """Whether there is more than a space between some words."""
    if first < 0 or last >= len(words):
        return True
    return any(sentence[words[at].end() : words[at + 1].start()].strip() for at in range(first, last))


def _thing(low: Sequence[str], article: int, end: int) -> Span | None:
    """The thing whose article is a word of the sentence: it ends before what it does."""
    at = article + 1
    while at < end and low[at] not in _CLOSED and at - article <= _MOST_WORDS + 1:
        inner = at > article + 1 and low[at - 1] not in _ATTRIBUTES
        if low[at].endswith("ing") and low[at] not in _NAMED_ING and at > article + 1:
            break
        if inner and (low[at].endswith("ed") or (low[at].endswith("s") and not low[at].endswith("ss"))):
            break  # "a man lays on ...": what ends so and is not the first word is more often a deed
        at += 1
    return (article, at) if 1 <= at - article - 1 <= _MOST_WORDS and low[at - 1] not in _ATTRIBUTES else None


# Words that change places


def _exchanged(sentence: str, words: Sequence[re.Match[str]], one: Span, other: Span) -> str:
    """The sentence with two groups of words in each other's place; the first letter of each place stays as large as it
    was, and "a" and "an" go by what follows."""

    def text(span: Span) -> str:
        return sentence[words[span[0]].start() : words[span[1] - 1].end()]

    def like(new: str, old: str) -> str:
        if old[0].isupper() == new[0].isupper():
            return new
        return (new[0].upper() if old[0].isupper() else new[0].lower()) + new[1:]

    first, second = text(one), text(other)
    parts = [
        _article(sentence[: words[one[0]].start()], second),
        like(second, first),
        _article(sentence[words[one[1] - 1].end() : words[other[0]].start()], first),
        like(first, second),
        sentence[words[other[1] - 1].end() :],
    ]
    return "".join(parts)


def _article(before: str, follows: str) -> str:
    found = re.search(r"\b(an?)(\s+)$", before, re.IGNORECASE)
    if found is None:
        return before
    article = found[1][0] + ("n" if follows[0].casefold() in "aeiou" else "")
    return before[: found.start()] + article + found[2]
