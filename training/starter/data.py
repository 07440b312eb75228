"""What the model learns from: photos with sentences, read from the data folder that ``docs/model.md`` describes.

What only validates stays out of training here, in one place: the three books, and whatever is marked ``val``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import FolderError
from core.evaluation import folder as folder_rows

VALIDATION_BOOKS = ("introduction-anthropology", "psychology", "us-history")
CAPTIONED = ("openstax", "flickr8k", "coco")
LABELLED = ("caltech101", "flower_photos")
SENTENCES = ("captions", "context", "labels")
"""What a line says of its photo, in lists."""
FOLDERS_OF_CLASSES = ("labelled/clothing", "labelled/grocery", "labelled/materials")

TEMPLATES = (
    "{}",
    "a photo of {}.",
    "a picture showing {}.",
    "{} in a photo.",
    "a close-up of {}.",
    "there is {} here.",
)
"""A label's sentences. The label stands in with its article."""

LABEL_WORDS = {
    "faces": "a person's face",
    "faces easy": "a person's face",
    "car side": "a car from the side",
    "cougar body": "a cougar",
    "cougar face": "a cougar's face",
    "crocodile head": "a crocodile's head",
    "flamingo head": "a flamingo's head",
    "garfield": "Garfield the cat, a cartoon",
    "snoopy": "Snoopy the dog, a cartoon",
    "bass": "a bass, a fish",
    "water lilly": "a water lily",
    "buddha": "a statue of Buddha",
    "trash": "trash",
    "long sleeve shirt": "a shirt with long sleeves",
    "top": "a top, a piece of clothing",
}
PLURALS = (
    "airplanes",
    "motorbikes",
    "leopards",
    "pants",
    "shorts",
    "shoes",
    "scissors",
    "carrots",
    "satsumas",
    "tulips",
    "roses",
    "sunflowers",
)
MASS = ("asparagus", "cabbage", "garlic", "ginger", "cardboard", "paper")


@dataclass(frozen=True, slots=True)
class Example:
    """A photo to learn from or to validate on, with every sentence about it.

    ``extra`` are sentences that speak around the photo (a textbook's caption below it). ``group`` names what photos of
    one label share: they are no negatives of each other. ``squashed`` says that the file is a 4:3 or 3:4 photo pressed
    into a square.
    """

    path: Path
    source: str
    sentences: tuple[str, ...]
    extra: tuple[str, ...] = ()
    group: str | None = None
    squashed: bool = False
    validation: bool = False


def phrase(label: str) -> str:
    """A label as it stands in a sentence: with its article, and in clearer words where the label alone misleads."""
    if label in LABEL_WORDS:
        return LABEL_WORDS[label]
    if label in PLURALS or label in MASS:
        return label
    return f"{'an' if label[0].lower() in 'aeiou' else 'a'} {label}"


def label_sentences(label: str) -> tuple[str, ...]:
    """A label as sentences, by every template."""
    return tuple(template.format(phrase(label)) for template in TEMPLATES)


def pieces(caption: str) -> tuple[str, ...]:
    """The sentences of a long caption that can stand alone: five words and more. Empty when there is just one."""
    parts = [part.strip() for part in caption.replace("? ", ". ").split(". ")]
    parts = [part for part in parts if len(part.split()) >= 5]
    return tuple(parts) if len(parts) > 1 else ()


def read(data: Path) -> list[Example]:
    """Every photo of the data folder, in an order that is always the same.

    Raises FolderError when a set is missing, empty or damaged.
    """
    examples = [example for name in CAPTIONED for example in _captioned(data, name)]
    examples += [example for name in LABELLED for example in _labelled(data, name)]
    examples += [example for name in FOLDERS_OF_CLASSES for example in _classes(data, name)]
    return examples


def _rows(folder: Path) -> Iterator[dict[str, Any]]:
    """The lines of a set, with what is said in them as tuples."""
    file = folder / "captions.jsonl"
    if not file.is_file():
        raise FolderError(f"{file} is not there: docs/model.md says where each data set comes from.")
    number = 0
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            entry = folder_rows.entry_of(line, number, file)
            yield entry | {key: folder_rows.strings_of(entry, key, number, file) for key in SENTENCES}
    if not number:
        raise FolderError(f"{file} has no photos.")


def _captioned(data: Path, name: str) -> Iterator[Example]:
    for row in _rows(data / name):
        captions = row["captions"]
        extra = row["context"] + tuple(piece for caption in captions for piece in pieces(caption))
        yield Example(
            path=data / name / row["file"],
            source=name,
            sentences=captions,
            extra=extra,
            squashed=bool(row.get("squashed", False)),
            validation=row.get("split") == "val" or row.get("book") in VALIDATION_BOOKS,
        )


def _labelled(data: Path, name: str) -> Iterator[Example]:
    for row in _rows(data / name):
        labels = row["labels"]
        if not labels:
            raise FolderError(f"{data / name / 'captions.jsonl'}: {row['file']} has no label.")
        yield Example(data / name / row["file"], name, label_sentences(labels[0]), group=phrase(labels[0]))


def _classes(data: Path, name: str) -> Iterator[Example]:
    if not (data / name).is_dir():
        raise FolderError(f"{data / name} is not there: docs/model.md says where each data set comes from.")
    for folder in sorted(path for path in (data / name).iterdir() if path.is_dir()):
        for path in sorted(file for file in folder.iterdir() if file.is_file()):
            yield Example(path, name, label_sentences(folder.name), group=phrase(folder.name))
