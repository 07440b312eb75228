"""From a sentence to the numbers that a text tower wants, without transformers.

Equal, number for number, to open_clip's ``HFTokenizer``, whose cleaning this repeats: a test compares the two over any
text. Only the padding differs: up to the longest sentence of the batch instead of the whole context, which no pooling
over an attention mask can see.
"""

from __future__ import annotations

import html
import re
import string
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.errors import ModelDamaged, ModelMissing
from core.models.registry import CONFIG_FILE, MODEL_FILE, read_json

if TYPE_CHECKING:
    from tokenizers import Tokenizer as FastTokenizer

_PLAIN = re.compile(r"[\t\n\r -%'-~]*")
"""Printable ASCII without ``&``: nothing in it is mojibake, an entity, a control character or a terminal escape."""
_LONGEST_TEXT = 100_000
"""Characters. No context is so long; what comes behind is not even cleaned (ftfy takes seconds for a megabyte)."""
_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


class Tokens(NamedTuple):
    """int64[n, length] token ids, and as many ones (a token) and zeros (padding)."""

    input_ids: NDArray[np.int64]
    attention_mask: NDArray[np.int64]


class Tokenizer:
    """The tokenizer of a model folder. Calls may come from several threads."""

    def __init__(
        self,
        fast: FastTokenizer,
        context_length: int,
        pad_id: int,
        *,
        clean: str = "whitespace",
        strip: int | None = None,
        whole: bool = False,
    ) -> None:
        """``pad_id`` is the text tower's own, which it tells padding by; ``strip`` an id that becomes 0 (open_clip's
        ``strip_sep_token``). With ``whole`` every sentence is padded to the whole context: some towers look at its end.
        """
        fast.no_padding()
        fast.enable_truncation(context_length)
        self._fast = fast
        self._clean = _CLEANERS[clean]
        self._strip = strip
        self._whole = whole
        self.context_length = context_length
        self.pad_id = pad_id

    @classmethod
    def from_folder(cls, folder: Path, context_length: int | None = None) -> Tokenizer:
        """Reads ``tokenizer.json`` and the settings beside it. ``context_length`` defaults to the model's config.

        What ``model.json`` says under ``tokenizer`` goes first: ``clean``, ``pad_id``, ``strip`` and ``whole``, as in
        ``__init__``. Raises ModelMissing when a file is not there, ModelDamaged when it cannot be read or asks for what
        is not known.
        """
        said = read_json(folder / MODEL_FILE).get("tokenizer")
        if said is not None:
            return cls._as_said(folder, said, context_length)
        text_config = read_json(folder / "open_clip_config.json").get("model_cfg", {}).get("text_cfg", {})
        settings = text_config.get("tokenizer_kwargs") or {}
        clean = settings.get("clean", "whitespace")
        if clean not in _CLEANERS or text_config.get("tokenizer_mode"):
            raise ModelDamaged(f"The model in {folder} wants sentences cleaned in a way that is not known: {clean}.")
        fast = _fast_tokenizer(folder / "tokenizer.json")
        pad_id = read_json(folder / "config.json").get("pad_token_id")
        strip = None
        if settings.get("strip_sep_token"):
            strip = fast.token_to_id(_token(read_json(folder / "tokenizer_config.json").get("sep_token", "[SEP]")))
        try:
            length = int(context_length or text_config.get("context_length") or 77)
        except (TypeError, ValueError) as error:
            raise ModelDamaged(f"The model's config in {folder} does not say how long a sentence may be.") from error
        return cls(fast, length, pad_id or 0, clean=clean, strip=strip)

    @classmethod
    def _as_said(cls, folder: Path, said: Any, context_length: int | None) -> Tokenizer:
        """As ``model.json`` says it, which an import writes."""
        try:
            text = read_json(folder / CONFIG_FILE)["model_cfg"].get("text_cfg") or {}
            length = context_length or text.get("context_length") or 77
            return cls(
                _fast_tokenizer(folder / "tokenizer.json"),
                int(length),
                int(said["pad_id"]),
                clean=said["clean"],
                strip=said.get("strip"),
                whole=bool(said.get("whole")),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ModelDamaged(f"{folder / MODEL_FILE} does not say how sentences are cut ({error!r}).") from error

    def __call__(self, texts: Sequence[str]) -> Tokens:
        """Token ids of each sentence, padded to the longest of them. What is longer than the context is cut."""
        return self.pad([self.ids(text) for text in texts])

    def pad(self, sentences: Sequence[Sequence[int]], *, step: int = 1) -> Tokens:
        """Sentences of token ids as one array, as long as the longest of them, rounded up to a multiple of ``step``; or
        as long as the context, for a tower that wants it whole."""
        longest = self.context_length if self._whole else max((len(ids) for ids in sentences), default=0)
        width = max(longest, min(-(-longest // step) * step, self.context_length))
        tokens = np.full((len(sentences), width), self.pad_id, np.int64)
        for row, ids in zip(tokens, sentences, strict=True):
            row[: len(ids)] = ids
        # By the id, not by the length, as open_clip's text tower does: a sentence may say "[PAD]".
        return Tokens(tokens, (tokens != self.pad_id).astype(np.int64))

    def ids(self, text: str) -> list[int]:
        """The token ids of one sentence, cut to the context, without padding."""
        # One at a time on purpose: a batch wakes a pool of threads, which takes longer than a sentence does.
        ids: list[int] = self._fast.encode(self._clean(text[:_LONGEST_TEXT])).ids
        if self._strip is not None:
            ids = [0 if token == self._strip else token for token in ids]
        return ids


def fix(text: str) -> str:
    """Mends mojibake and entities: open_clip's ``basic_clean``. ftfy is loaded only for text that it could change."""
    if _PLAIN.fullmatch(text):
        return text.strip()
    import ftfy

    return html.unescape(html.unescape(ftfy.fix_text(text))).strip()


def _whitespace(text: str) -> str:
    return " ".join(fix(text).split())


def _lower(text: str) -> str:
    return _whitespace(text).lower()


def _canonicalize(text: str) -> str:
    return " ".join(fix(text).replace("_", " ").translate(_NO_PUNCTUATION).lower().split())


_CLEANERS: dict[str, Callable[[str], str]] = {
    "whitespace": _whitespace,
    "lower": _lower,
    "canonicalize": _canonicalize,
}


def _fast_tokenizer(path: Path) -> FastTokenizer:
    from tokenizers import Tokenizer as FastTokenizer

    if not path.is_file():
        raise ModelMissing(f"The model's tokenizer is not there: {path}")
    try:
        return FastTokenizer.from_file(str(path))
    except Exception as error:  # the library raises nothing more precise
        raise ModelDamaged(f"The model's tokenizer cannot be read: {path} ({error})") from error


def _token(entry: Any) -> str:
    """Hugging Face writes a token as its text, or as an object that has it as ``content``."""
    return str(entry["content"] if isinstance(entry, dict) else entry)
