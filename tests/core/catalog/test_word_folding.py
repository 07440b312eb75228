"""How words are told apart and written in the word index."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.catalog import word_folding
from core.catalog.naming import to_name, to_text
from core.catalog.word_folding import settled, standing, standing_in_name, words, words_of_name

ANYTHING = st.text(st.characters(codec=None), max_size=60)
"""Lone surrogates and NUL among it."""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A dog, on the BEACH!", "a dog on the beach"),
        ("Grandma's cake and Anna’s dogs'", "grandma cake and anna dogs"),
        ("o'clock 'tis", "o clock tis"),
        ("IMG_20190704-1234", "img 20190704 1234"),
        ("Straße STRASSE ſtraße", "strasse strasse strasse"),
        ("Zürich Zu\u0308rich ZURICH", "zurich zurich zurich"),
        ("İzmir Izmir ızmir IZMIR", "izmir izmir izmir izmir"),
        ("Ærø Łódź cœur Þingvellir", "aero lodz coeur thingvellir"),
        ("Привет Ёлка ёлка", "привет елка елка"),
        ("Ελλάς ΕΛΛΑΣ", "ελλασ ελλασ"),
        ("Nguyễn Việt", "nguyen viet"),
        # Arabic: short vowels, hamza, the two last letters and the stretching stroke count for nothing.
        ("كِتَابٌ كتاب كتـــاب", "كتاب كتاب كتاب"),
        ("أحمد احمد مدرسة مدرسه على علي", "احمد احمد مدرسه مدرسه علي علي"),
        ("کتاب می\u200cخواهم", "كتاب ميخواهم"),
        ("שָׁלוֹם שלום", "שלום שלום"),
        # Hindi: vowel signs and the virama make the word, the nukta does not.
        ("हिन्दी किताब क़लम कलम", "हिन्दी किताब कलम कलम"),
        ("२०१९ ٢٠١٩ ２０１９", "2019 2019 2019"),
        # Scripts without spaces: a word for each character.
        ("東京の桜", "東 京 の 桜"),
        ("iPhoneで撮影", "iphone で 撮 影"),
        ("ｶﾞｰﾃﾞﾝ ガーデン か\u3099", "ガ ー デ ン ガ ー デ ン が"),
        ("강아지 강아지", "강 아 지 강 아 지"),
        ("สุนัขที่", "สุ นั ข ที่"),
        # Signs.
        ("🐶 at 👩\u200d👧 👍🏽 ♥\ufe0f", "🐶 at 👩 👧 👍 ♥"),
        ("🇩🇪🇫🇷", "🇩🇪 🇫🇷"),
        ("½ ① ㎏ ﬁre ＡＢＣ", "1 2 1 kg fire abc"),
        # No text.
        ("a\0b\ud83dc\ufffdd\u200be", "a b c d e"),
        ("", ""),
        (" \t\n.,;:!?'\"()[]{}*^-+~|&%$#@/\\<>=`_…–—", ""),
    ],
)
def test_what_is_a_word(text: str, expected: str) -> None:
    assert words(text) == expected.split()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("BeachHoliday2019", "beachholiday2019 beach holiday 2019"),
        ("WhatsApp Images", "whatsapp images whats app"),
        ("DSC01234", "dsc01234 dsc"),
        ("Italy2019/Zürich Trip", "italy2019 zurich trip italy 2019"),
        ("P1010234", "p1010234"),
        ("IMG_1234", "img 1234"),
        ("ÄrgerÜber", "argeruber arger uber"),
        ("東京2019", "東 京 2019"),
        ("1\u0301\u0301\u0301\u0301", "1"),
    ],
)
def test_a_name_is_found_by_its_parts_too(name: str, expected: str) -> None:
    assert words_of_name(name) == expected.split()


def test_a_name_that_is_no_text_keeps_its_readable_words() -> None:
    kept = to_text("Sommer\udce4rger \ud83d x")
    assert words_of_name(to_name(kept)) == ["sommer", "rger", "x"]


@settings(deadline=None)
@given(ANYTHING)
@example("\u0345\u1fb3 ŉ ﷺ ΐ")
def test_words_are_what_the_tokenizer_leaves_as_it_is(text: str) -> None:
    """FTS5's ``ascii`` parts at ASCII characters that are no letters or digits, and knows no other separator."""
    for word in [*words(text), *words_of_name(text)]:
        assert word
        assert len(word) <= 64
        assert all(character > "\x7f" or (character.isalnum() and not character.isupper()) for character in word)
        word.encode()


@settings(deadline=None)
@given(ANYTHING)
def test_folding_again_changes_nothing(text: str) -> None:
    once = words(text)
    assert words(" ".join(once)) == once


@settings(deadline=None)
@given(ANYTHING)
def test_places_are_where_the_words_stand(text: str) -> None:
    plain = settled(text)
    assert [found.word for found in standing(text)] == words(text)
    for found in [*standing(text), *standing_in_name(text)]:
        assert words(plain[found.start : found.end])[:1] == [found.word]


@settings(deadline=None)
@given(st.text(st.characters(max_codepoint=127)))
def test_the_short_way_for_ascii_is_the_long_way(text: str) -> None:
    assert words(text) == [found.word for found in standing(text)]


@settings(deadline=None)
@given(ANYTHING)
def test_case_and_encoding_of_accents_make_no_difference(text: str) -> None:
    expected = words(text)
    assert words(unicodedata.normalize("NFD", text)) == expected
    assert words(unicodedata.normalize("NFC", text)) == expected


def test_endless_words_are_cut_alike() -> None:
    assert words("x" * 1000) == ["x" * 64]
    assert words("ü" * 1000) == ["u" * 64]


def test_all_marks_of_unicode_are_known() -> None:
    import re

    marks = re.compile(f"[{word_folding._marks()}]")
    for code in range(0x20000):
        character = chr(code)
        assert bool(marks.match(character)) == (unicodedata.category(character)[0] == "M" and code >= 0x300)
