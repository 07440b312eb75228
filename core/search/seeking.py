"""What a branch of a query looks for and leaves out, as vectors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from core.adapters.learned import LearnedName
from core.adapters.names import NameBook
from core.search import calibration
from core.search.asking import Sample, Samples, SearchedModel, Sentences, Vector
from core.search.calibration import Calibration
from core.search.grammar import Branch, Like, Weighted

MEANT = dict.fromkeys(("people", "persons", "humans"), ("people", "person", "man", "woman", "child", "crowd"))
"""What else is looked for where a word is to be left out that captions seldom say: they say "a man", not "people"."""

CHANCE = 0.1
"""The probability of a match from which a photo is left out. The lower it is, the more photos that do not show the word
are lost with those that do, and nobody sees what is missing: `docs/quality.md` measures both."""

_LONGEST = 80


@dataclass(frozen=True, slots=True)
class Sought:
    """One thing to look for or to leave out: its vector, how to read a cosine with it, and what it is called.

    ``weight`` is how much it counts, below 0 for less of it. ``text`` is what the word index is asked; None for a
    photo, which has a ``sample`` instead.
    """

    vector: Vector
    curve: Calibration
    said: str
    weight: float = 1.0
    text: str | None = None
    sample: Sample | None = None
    learned: bool = False
    """Whether this is a name that was learned (see `core.adapters`), not what the words alone mean."""
    longer: tuple[str, ...] = ()
    """Other learned names that have this one in them."""
    means: Callable[[str], bool] = lambda text: True
    """Whether a text has the name by itself, and not only inside a longer one."""

    @property
    def edge(self) -> float:
        """The cosine from which a photo is left out. Photos are compared with photos at the line: they are sure
        enough."""
        return calibration.cosine_at(CHANCE if self.sample is None else self.curve.line, self.curve)


class Seeker:
    """Gives terms their vectors. May be called from any thread.

    ``names`` gives the names that were learned for the model, as they are now.
    """

    def __init__(
        self, info: SearchedModel, sentences: Sentences, samples: Samples, names: Callable[[], NameBook] = NameBook
    ) -> None:
        self._info = info
        self._sentences = sentences
        self._samples = samples
        self._names = names

    def knowing(self, names: NameBook) -> Seeker:
        """The same one, with these learned names."""
        return Seeker(self._info, self._sentences, self._samples, lambda: names)

    def wanted(self, branch: Branch) -> list[Sought]:
        """The words and phrases that count once, as one sentence, then all else that is wanted. Raises PhotoError.

        A sentence with learned names in it becomes several parts: each name, and what it asks for beside them.
        """
        words: list[str] = []
        texts: list[tuple[str, float]] = []
        likes: list[tuple[Like, float]] = []
        for term in branch.wanted:
            inner, weight = (term.term, term.weight) if isinstance(term, Weighted) else (term, 1.0)
            if isinstance(inner, Like):
                likes.append((inner, weight))
            elif isinstance(term, Weighted):
                texts.append((inner.text, weight))
            else:
                words.append(inner.text)
        if words:
            texts.insert(0, (" ".join(words), 1.0))
        book = self._names() if texts else NameBook()
        named: list[Sought] = []
        plain: list[tuple[str, float]] = []
        for text, weight in texts:
            cut = book.cut(text)
            named += [_name(book, one, weight) for one in cut.names]
            if not cut.names or cut.rest:
                plain.append((cut.rest if cut.names else text, weight))
        return [*named, *self._texts(plain), *(self._photo(like, weight) for like, weight in likes)]

    def unwanted(self, branch: Branch) -> list[Sought]:
        """What is to be left out, each for itself. Raises PhotoError."""
        words = [term.text for term in branch.unwanted if not isinstance(term, Like)]
        book = self._names() if words else NameBook()
        cuts = {word: book.cut(word) for word in words}
        # A name alone is left out by what was learned; a sentence with one among other words is one thing.
        alone = [cut.names[0] for cut in cuts.values() if len(cut.names) == 1 and not cut.rest]
        left = [word for word, cut in cuts.items() if len(cut.names) != 1 or cut.rest]
        meant = [(meaning, 1.0) for word in left for meaning in MEANT.get(word.casefold(), (word,))]
        photos = [self._photo(term, 1.0) for term in branch.unwanted if isinstance(term, Like)]
        return [*(_name(book, one, 1.0) for one in alone), *self._texts(meant), *photos]

    def _texts(self, texts: Sequence[tuple[str, float]]) -> list[Sought]:
        if not texts:
            return []
        vectors = self._sentences.embed([text for text, _ in texts])
        curve = self._info.calibration
        return [
            Sought(vector, curve, f"'{_shortened(text)}'", weight, text)
            for (text, weight), vector in zip(texts, vectors, strict=True)
        ]

    def _photo(self, term: Like, weight: float) -> Sought:
        sample = self._samples.find(Path(term.path), term.part)
        name = sample.path.name if term.part is None else f"a part of {sample.path.name}"
        return Sought(sample.vector, self._info.photo_calibration, name, weight, None, sample)


def _name(book: NameBook, name: LearnedName, weight: float) -> Sought:
    said, longer = f"'{name.name}', as it was learned", book.longer(name)
    means = partial(book.means, name)
    return Sought(name.vector, name.curve, said, weight, name.name, learned=True, longer=longer, means=means)


def _shortened(sentence: str) -> str:
    return sentence if len(sentence) <= _LONGEST else sentence[: _LONGEST - 1].rstrip() + "…"
