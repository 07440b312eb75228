"""Texts as they are compared."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.catalog.folding import fold


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Zürich", "zurich"),
        ("Zu\u0308rich", "zurich"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("ΣΑΣ", "σασ"),
        ("σας", "σασ"),
        ("Ærø", "aero"),
        ("Łódź", "lodz"),
        ("İstanbul ısı", "istanbul isi"),
        ("ＩＭＧ＿１", "img_1"),
        ("が", "が"),
        ("か\u3099", "が"),
        ("각", "각"),
        ("ไม่", "ไม่"),
        ("हिन्दी", "हिन्दी"),
        ("מִלָּה", "מלה"),
        ("\u0301", ""),
        ("ﬁsh", "fish"),
        ("\ufdd0dcff", "\ufdd0dcff"),
    ],
)
def test_case_and_accents_do_not_count(text: str, folded: str) -> None:
    assert fold(text) == folded


@settings(deadline=None)
@given(st.text())
def test_what_is_folded_stays_so(text: str) -> None:
    once = fold(text)
    assert fold(once) == once


@settings(deadline=None)
@given(st.text(), st.text())
def test_a_path_is_folded_step_by_step(first: str, second: str) -> None:
    """What `roots.swallow` relies on."""
    assert fold(f"{first}/{second}") == f"{fold(first)}/{fold(second)}"


@settings(deadline=None)
@given(st.text(st.characters(codec="latin-1")))
def test_capitals_are_folded_to_the_same(text: str) -> None:
    assert fold(text.upper()) == fold(text.lower()) == fold(text)
