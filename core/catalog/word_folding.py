"""Words as the word index keeps them, so that what means the same is written the same.

- Case and accents make no difference: ``Zürich`` and ``zurich``, ``Straße`` and ``STRASSE``, ``İzmir``, ``Izmir`` and
  ``ızmir`` are one word each; so are letters that only look joined or struck through (æ, ø, ł).
- Arabic and Hebrew lose the signs for short vowels; Arabic and Persian letters that are written either way become one.
  The vowel signs of Hindi, Thai and their like are parts of their words and stay.
- Chinese, Japanese, Korean, Thai, Lao, Khmer and Burmese put no space between words: each character is a word of its
  own (with the marks on it), and whoever looks for several looks for them side by side. FTS5's own way, three
  characters at a time, finds neither one nor two, and takes more room: 158 bytes a caption of a dozen characters,
  against 96 (measured with 200,000). Two characters side by side take 3 ms there, where three at a time take none.
- An emoji or another small sign is a word. Punctuation is none, nor is what is no text: NUL, lone surrogates, U+FFFD.

The index holds what these functions made of a text: a change here needs a migration that calls `word_index.refresh`.
(`core.catalog.folding` folds whole texts, for filters that compare them.)
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import NamedTuple

_LONGEST = 64
"""Characters of a word that count."""

# As the class of a regular expression has them:
UNSPACED = (
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u318f\u31a0-\u31bf"
    "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Chinese, Japanese
    "\u1100-\u11ff\ua960-\ua97f\uac00-\ud7ff"  # Korean
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ece\u0edc-\u0edf\u1000-\u103f\u1050-\u108f\u1780-\u17d3"  # Thai to Khmer
)
"""The characters of scripts that put no space between words."""
_SIGNS = "\u2300-\u23ff\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001f1e5\U0001f200-\U0001f3fa\U0001f400-\U0001faff"
_JOINERS = "\u00ad\u200c\u200d\u2060"
"""What may stand inside a word unseen."""

_ASCII = re.compile("([A-Za-z0-9]+)(?:'[sS](?![A-Za-z0-9]))?")
_YEAR = re.compile("(?:19|20)[0-9]{2}")

_LETTERS = {
    "ı": "i", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ŧ": "t", "æ": "ae", "œ": "oe", "þ": "th", "ŋ": "n",
    "ى": "ي", "ی": "ي", "ک": "ك", "ة": "ه", "ـ": "",
}  # fmt: skip
"""Letters that Unicode does not take apart, and those of Arabic and Persian that are written either way."""


class Standing(NamedTuple):
    """A word as it stands in a text: at ``[start:end]`` of the `settled` text, and folded.

    ``unspaced`` tells a character of a script without spaces.
    """

    start: int
    end: int
    word: str
    unspaced: bool = False


def settled(text: str) -> str:
    """The text whose places `standing` gives: wide, narrow, circled and joined letters become plain ones (NFKC)."""
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


def words(text: str) -> list[str]:
    """The words of a text, folded, in their order. An English genitive counts for nothing: ``grandma's``."""
    if text.isascii():
        return [word[:_LONGEST].lower() for word in _ASCII.findall(text)]
    return [found.word for found in standing(text)]


def standing(text: str) -> Iterator[Standing]:
    """The words of a text, with their places."""
    text = settled(text)
    for found in _pattern(_has_marks(text)).finditer(text):
        kind = str(found.lastgroup)
        word = _folded(found[kind])
        if word:
            yield Standing(found.start(), found.end(kind), word, kind == "unspaced")


def words_of_name(name: str) -> list[str]:
    """The words of a file's or a folder's name; after them the parts of those that were written as one
    (``BeachHoliday``, ``Italy2019``): letters from three on, and years."""
    return [found.word for found in standing_in_name(name)]


def standing_in_name(name: str) -> list[Standing]:
    """What `words_of_name` gives, with the places."""
    text = settled(name)
    whole = list(standing(text))
    return whole + [part for found in whole if not found.unspaced for part in _parts(text, found.start, found.end)]


def _parts(text: str, start: int, end: int) -> Iterator[Standing]:
    joints = [at for at in range(start + 1, end) if _is_joint(text[at - 1], text[at])]
    if joints:
        for first, last in pairwise([start, *joints, end]):
            part = text[first:last]
            word = _folded(part)
            if _YEAR.fullmatch(part) or (len(word) >= 3 and not part.isdecimal()):
                yield Standing(first, last, word)


def _is_joint(before: str, after: str) -> bool:
    return (before.islower() and after.isupper()) or before.isdecimal() != after.isdecimal()


def _folded(word: str) -> str:
    if word.isascii():
        return word[:_LONGEST].lower()
    apart = unicodedata.normalize("NFD", unicodedata.normalize("NFD", word).casefold())
    return unicodedata.normalize("NFC", apart.translate(_PLAIN))[:_LONGEST]


class _Plain(dict[int, str]):
    """What becomes of each character of a word that was taken apart; filled as characters come along."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        if _is_accent(character):
            plain = ""
        elif character.isdecimal():
            plain = str(unicodedata.decimal(character))
        else:
            plain = _LETTERS.get(character, character)
        self[code] = plain
        return plain


_PLAIN = _Plain()


def _is_accent(character: str) -> bool:
    """Whether a character is a mark that a word can do without, or one that nobody sees.

    The classes (https://www.unicode.org/reports/tr44/#Canonical_Combining_Class_Values) tell accents (from 200 on), the
    points of Hebrew and Arabic (10 to 36) and the nukta of India (7) from vowel signs (0), the voicing mark of Japanese
    (8), the virama of India (9) and the tones of Thai (107), which make other words.
    """
    mark = unicodedata.combining(character)
    if mark:
        return mark == 7 or 10 <= mark <= 36 or mark >= 200
    return unicodedata.category(character) in ("Cf", "Me") or "\ufe00" <= character <= "\ufe0f"


def _has_marks(text: str) -> bool:
    return not text.isascii() and any(character > "\x7f" and _is_mark(character) for character in set(text))


def _is_mark(character: str) -> bool:
    return unicodedata.category(character)[0] == "M"


@cache
def _pattern(with_marks: bool) -> re.Pattern[str]:
    r"""What is a word. Marks, which ``\w`` leaves out, are looked up in Unicode's tables: for texts that have them."""
    inside = f"[{_JOINERS}{_marks() if with_marks else ''}]"
    letter = rf"(?![{UNSPACED}])[^\W_]"
    return re.compile(
        rf"(?P<unspaced>[{UNSPACED}]{inside}*)|(?P<sign>[\U0001f1e6-\U0001f1ff]{{2}}|[{_SIGNS}])"
        rf"|(?P<word>{letter}(?:{letter}|{inside})*)(?:['’ʼ][sS](?!{letter}))?"
    )


def _marks() -> str:
    """Every combining mark, as ranges."""
    found: list[list[int]] = []
    for code in range(0x300, 0x20000):
        if _is_mark(chr(code)):
            if found and found[-1][1] == code - 1:
                found[-1][1] = code
            else:
                found.append([code, code])
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in found)
