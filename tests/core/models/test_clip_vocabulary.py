"""CLIP's tokens equal those of open_clip's SimpleTokenizer, whatever is written."""

import gzip
import sys
import unicodedata
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.errors import ModelDamaged
from core.models import clip_vocabulary
from core.models.tokenizing import Tokenizer

pytestmark = pytest.mark.torch
LENGTH = 20

FRAGMENTS = st.sampled_from(
    [
        *("a photo of a dog", "It's", "THE", "we'll", "don't", "'S", "O'Reilly's", "3.14", "1234567", "&amp;", "&lt;"),
        *(
            "😀",
            "👩‍👩‍👧",
            "🇨🇭",
            "é",
            "e\u0301",
            "ﬁ",
            "ＬＯＵＤ",
            "“curly”",
            "Ã©",
            "中文",
            "ß",
            "İ",
            "ſ",
            "\u2028",
            "\x85",
        ),
        *("</w>", "a</w>", "\r\n", "\t", "  ", "_", "#tag", "a\x00b", "\xa0"),
    ]
)


def is_old(character: str) -> bool:
    """Assigned since Unicode 14, which both engines know; U+0345, a mark, open_clip's takes for a letter."""
    return unicodedata.category(character) != "Cn" and character != "\u0345"


TEXTS = st.one_of(
    st.text(st.characters(codec="utf-8").filter(is_old), max_size=60),
    st.lists(FRAGMENTS, max_size=12).map("".join),
    st.lists(FRAGMENTS | st.sampled_from(["<start_of_text>", "<end_of_text>"]), max_size=12).map(" ".join),
)


@cache
def pair():
    open_clip = pytest.importorskip("open_clip", reason="open_clip comes with the [torch] extra")
    made = clip_vocabulary.tokenizer(clip_vocabulary.read_merges(clip_vocabulary.merges_file()))
    ours = Tokenizer(made, LENGTH, 0, clean="lower", whole=True)
    return ours, open_clip.SimpleTokenizer(context_length=LENGTH)


@pytest.mark.skipif(sys.version_info < (3, 11), reason="Unicode 14")
@settings(max_examples=400, deadline=None)
@given(texts=st.lists(TEXTS, min_size=1, max_size=3))
@example(["", " "])
@example(["dog " * 300, "x" * 500])
def test_equals_open_clip(texts):
    ours, theirs = pair()
    np.testing.assert_array_equal(ours(texts).input_ids, theirs(texts).numpy())


def test_the_vocabulary_is_open_clips_own():
    ours, theirs = pair()
    assert ours._fast.get_vocab() == theirs.encoder
    assert clip_vocabulary.byte_letters() == [*theirs.byte_encoder.values()]


def test_a_damaged_list_is_named(tmp_path: Path):
    for content in (b"", b"no gzip", gzip.compress(b"first line\na b\nnonsense\n")):
        (tmp_path / "merges.gz").write_bytes(content)
        with pytest.raises(ModelDamaged, match=r"merges\.gz"):
            clip_vocabulary.read_merges(tmp_path / "merges.gz")
