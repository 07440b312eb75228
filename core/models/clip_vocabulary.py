"""CLIP's own tokenizer (Radford et al. 2021) as a ``tokenizer.json``, so that it runs without torch and open_clip.

open_clip keeps the vocabulary as a list of merges: pairs of pieces in the order in which they are joined. A word's
bytes are letters first (GPT-2's table), the last with ``</w>`` behind it; then pairs are joined while there are any.

Equal to open_clip's own for letters of Unicode 14 and before (the two engines differ on which newer characters are
letters), and where a sentence does not spell out one of the two special tokens right behind a sign.
"""

from __future__ import annotations

import gzip
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import ModelDamaged, TorchMissing

if TYPE_CHECKING:
    from tokenizers import Tokenizer

START, END = "<start_of_text>", "<end_of_text>"
MERGES = 49152 - 256 - 2
"""As many as open_clip takes of the list, behind its first line."""
_LAST = "</w>"
_WORDS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"


def merges_file() -> Path:
    """The list of merges, which comes with open_clip; that is not imported. Raises TorchMissing without it."""
    found = importlib.util.find_spec("open_clip")
    if found is None or found.origin is None:
        raise TorchMissing("Reading CLIP's vocabulary")
    return Path(found.origin).parent / "bpe_simple_vocab_16e6.txt.gz"


def read_merges(path: Path) -> list[tuple[str, str]]:
    """The pairs in a list of merges. Raises ModelDamaged when it holds anything else."""
    try:
        lines = gzip.decompress(path.read_bytes()).decode("utf-8").split("\n")[1 : MERGES + 1]
        pairs = [(first, second) for first, second in (line.split() for line in lines)]
        if not pairs:
            raise ValueError("it is empty")
    except (OSError, ValueError, EOFError) as error:
        raise ModelDamaged(f"The list of merges cannot be read: {path} ({error})") from error
    return pairs


def tokenizer(merges: list[tuple[str, str]]) -> Tokenizer:
    """The tokenizer of a list of merges. Sentences have to be cleaned before (``clean: lower``)."""
    from tokenizers import AddedToken, Regex, models, pre_tokenizers, processors
    from tokenizers import Tokenizer as FastTokenizer

    letters = byte_letters()
    tokens = [*letters, *(letter + _LAST for letter in letters), *(first + second for first, second in merges)]
    vocabulary = {token: number for number, token in enumerate([*tokens, START, END])}
    made: Any = FastTokenizer(models.BPE(vocabulary, merges, end_of_word_suffix=_LAST, fuse_unk=False))
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_WORDS), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    made.add_special_tokens([AddedToken(token, normalized=False) for token in (START, END)])
    made.post_processor = processors.TemplateProcessing(
        single=f"{START} $A {END}", special_tokens=[(token, vocabulary[token]) for token in (START, END)]
    )
    cut: Tokenizer = made
    return cut


def byte_letters() -> list[str]:
    """A printable letter for each byte, in the order that open_clip numbers them: those that are letters themselves
    first, then the rest from U+0100 on."""
    own = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    rest = [byte for byte in range(256) if byte not in own]
    return [chr(byte) for byte in own] + [chr(256 + number) for number in range(len(rest))]
