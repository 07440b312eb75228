"""Tokens equal those of open_clip's HFTokenizer, whatever is written."""

import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.errors import ModelDamaged, ModelMissing
from core.models import tokenizing
from core.models.tokenizing import Tokenizer

FRAGMENTS = st.sampled_from(
    [
        *("a dog", "&amp;", "&amp;lt;b&amp;gt;", "&lt;", "<", ">", "&#39;", "&#xD800;", "&nbsp;", "&hellip;", "&"),
        *("\x1b[31m", "\x1b", "\x00", "\x0b", "\x0c", "\x1c", "\x7f", "\x85", "\u2028", "\ufeff", "\u200b", "\xa0"),
        *("😀", "👩‍👩‍👧", "🇨🇭", "é", "e\u0301", "ﬁ", "ＬＯＵＤ", "“curly”", "Ã©", "â€™", "schÃ¶n", "中文", "ß"),
        *("[CLS]", "[SEP]", "[PAD]", "[MASK]", "[UNK]", "##a", "\r\n", "\r", "\t", "  ", "\ud83d\ude00", "\ud83d"),
    ]
)
ANYTHING = st.one_of(
    st.text(max_size=60),
    st.text(st.characters(max_codepoint=127), max_size=60),
    st.lists(st.one_of(FRAGMENTS, st.text(max_size=8)), max_size=12).map("".join),
)


@cache
def pair(folder: Path, length: int):
    open_clip = pytest.importorskip("open_clip", reason="open_clip comes with the [torch] extra")
    return Tokenizer.from_folder(folder, length), open_clip.tokenizer.HFTokenizer(str(folder), context_length=length)


def agree(folder: Path, texts: list[str], length: int) -> None:
    ours, theirs = pair(folder, length)
    found = ours(texts)
    expected = theirs(texts).numpy()
    width = found.input_ids.shape[1]
    assert width <= length
    np.testing.assert_array_equal(found.input_ids, expected[:, :width])
    assert (expected[:, width:] == 0).all()
    np.testing.assert_array_equal(found.attention_mask, expected[:, :width] != 0)


@pytest.mark.torch
@settings(max_examples=300, deadline=None)
@given(texts=st.lists(ANYTHING, min_size=1, max_size=3), length=st.sampled_from([8, 16]))
@example(["", " "], 16)
@example(["cat <b>&amp;</b>", "&amp;amp; fish"], 16)
@example(["a\x0bb", "a\x1cb", "a\x0cb"], 16)
def test_equals_open_clip(tiny_model, texts, length):
    agree(tiny_model, texts, length)


@pytest.mark.torch
@settings(max_examples=300, deadline=None)
@given(texts=st.lists(ANYTHING, min_size=1, max_size=3))
def test_equals_open_clip_with_the_bundled_tokenizer(starter, texts):
    agree(starter, texts, 64)


@pytest.mark.torch
@pytest.mark.parametrize(
    "text", ["word " * 2000, "x" * 10_000, "😀" * 10_000, "&amp;" * 2000, "é " * 5000, "\n" * 10_000]
)
def test_ten_thousand_characters(tiny_model, text):
    agree(tiny_model, [text, "a dog"], 16)


@settings(max_examples=500, deadline=None)
@given(st.text(st.characters(max_codepoint=127), max_size=80))
def test_the_short_cut_for_plain_text_changes_nothing(text):
    import html

    import ftfy

    assert " ".join(tokenizing.fix(text).split()) == " ".join(html.unescape(html.unescape(ftfy.fix_text(text))).split())


def test_plain_text_does_not_load_ftfy():
    code = (
        "import sys; from core.models.tokenizing import fix; fix('two dogs, on a beach!'); print('ftfy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.torch
@pytest.mark.parametrize("settings", [{"clean": "lower"}, {"clean": "canonicalize"}, {"strip_sep_token": True}])
def test_follows_the_settings_of_the_model(tiny_model, tmp_path, settings):
    open_clip = pytest.importorskip("open_clip")
    folder = tmp_path / "model"
    shutil.copytree(tiny_model, folder)
    config = json.loads((folder / "open_clip_config.json").read_text())
    config["model_cfg"]["text_cfg"]["tokenizer_kwargs"] = settings
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    texts = ["The Dog, (in_the) House!", "É&amp;B"]
    found = Tokenizer.from_folder(folder)(texts)
    expected = open_clip.tokenizer.HFTokenizer(str(folder), context_length=16, **settings)(texts).numpy()
    np.testing.assert_array_equal(found.input_ids, expected[:, : found.input_ids.shape[1]])


def test_pads_to_the_longest_and_in_steps(tiny_model):
    tokenizer = Tokenizer.from_folder(tiny_model)
    assert tokenizer.context_length == 16
    found = tokenizer(["dog", "a dog in the house"])
    assert found.input_ids.dtype == found.attention_mask.dtype == np.int64
    assert found.input_ids.shape == (2, 7)
    np.testing.assert_array_equal(found.attention_mask.sum(axis=1), [3, 7])
    ids = [tokenizer.ids("dog"), tokenizer.ids("a dog in the house")]
    assert tokenizer.pad(ids, step=8).input_ids.shape == (2, 8)
    assert tokenizer.pad([tokenizer.ids("dog " * 40)], step=7).input_ids.shape == (1, 16)
    assert tokenizer([]).input_ids.shape == (0, 0)


def test_many_threads_at_once(tiny_model):
    tokenizer = Tokenizer.from_folder(tiny_model)
    texts = [f"{'dog ' * (number % 20)}cat" for number in range(200)]
    alone = [tokenizer.ids(text) for text in texts]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(tokenizer.ids, texts)) == alone


def test_says_what_is_missing_or_damaged(tiny_model, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(tiny_model, folder)
    (folder / "tokenizer.json").write_text("{ no")
    with pytest.raises(ModelDamaged, match="tokenizer"):
        Tokenizer.from_folder(folder)
    (folder / "tokenizer.json").unlink()
    with pytest.raises(ModelMissing, match="tokenizer"):
        Tokenizer.from_folder(folder)
    config = json.loads((folder / "open_clip_config.json").read_text())
    config["model_cfg"]["text_cfg"]["tokenizer_kwargs"] = {"clean": "bleach"}
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    with pytest.raises(ModelDamaged, match="bleach"):
        Tokenizer.from_folder(folder)
