"""The captions of the photos that ship: one row a photo, written for the project, and true of what they show."""

from __future__ import annotations

import json
from itertools import groupby
from pathlib import Path

import pytest

from core.evaluation.folder import CAPTIONS, EvaluationReport, evaluate, read_rows
from core.models.encoder import EncoderSpec
from core.models.registry import build_encoder
from core.photos.decode import decode
from core.photos.scan import scan
from core.types import FoundFile, Root


@pytest.fixture(scope="module")
def text(samples: Path) -> str:
    return (samples / CAPTIONS).read_bytes().decode("utf-8")


@pytest.fixture(scope="module")
def captions(text: str) -> dict[str, list[str]]:
    """The captions by the photo's name."""
    return {row["file"]: row["captions"] for row in map(json.loads, text.splitlines())}


@pytest.fixture(scope="module")
def report(samples: Path, starter: Path) -> EvaluationReport:
    """What ``retrouve evaluate resources/samples`` measures with the bundled model."""
    return evaluate(samples, build_encoder(EncoderSpec(starter)))


def test_each_photo_has_one_row_in_the_order_of_names(text: str, samples: Path) -> None:
    assert text.endswith("}\n") and "\n\n" not in text and "\r" not in text
    rows = [json.loads(line) for line in text.splitlines()]
    assert [row["file"] for row in rows] == sorted(path.name for path in samples.glob("*.jpg"))
    assert all(set(row) == {"file", "captions"} for row in rows)


def test_each_photo_has_one_to_three_sentences(captions: dict[str, list[str]]) -> None:
    assert {name for name, sentences in captions.items() if not 1 <= len(sentences) <= 3} == set()
    for name, sentences in captions.items():
        for sentence in sentences:
            assert 3 <= len(sentence.split()) <= 20, (name, sentence)
            assert sentence == " ".join(sentence.split()), (name, "stray spaces", sentence)
            assert sentence[0].isupper() or sentence[0].isdigit(), (name, sentence)
            assert sentence.endswith("."), (name, sentence)
            assert not set(sentence) & set("‘’‚“”„«»`´"), (name, "no plain quotes", sentence)


def test_no_sentence_stands_twice(captions: dict[str, list[str]]) -> None:
    folded = sorted(" ".join(sentence.casefold().split()) for some in captions.values() for sentence in some)
    assert [sentence for sentence, same in groupby(folded) if len(list(same)) > 1] == []


def test_the_indexer_takes_the_file_for_nothing(samples: Path, captions: dict[str, list[str]]) -> None:
    """Searches of the samples are answered by what they show: the file is no photo, and no sidecar of one."""
    found = list(scan(Root(1, samples, "2026-01-01")))
    assert {file.path.name for file in found if isinstance(file, FoundFile)} == set(captions)
    assert len(found) == len(captions)
    for file in found:
        assert isinstance(file, FoundFile) and file.sidecars == ()
    first = samples / next(iter(captions))
    assert decode(first, min_side=32).metadata.captions == ()


def test_evaluation_reads_all_of_them(samples: Path, captions: dict[str, list[str]], report: EvaluationReport) -> None:
    rows = {row.path.name: list(row.captions) for row in read_rows(samples, {})}
    assert rows == captions
    assert (report.photos, report.failed) == (len(captions), 0)
    assert report.captions == sum(map(len, captions.values()))


def test_the_bundled_model_finds_the_photos_by_their_captions(report: EvaluationReport) -> None:
    """Measured: over 0.99 both ways, on photos that are mostly from books that the model learned from."""
    found, named = report.text_to_photo_recall_at_10, report.photo_to_text_recall_at_10
    assert found is not None and found >= 0.9, "captions of other photos, or a model that lost what it knew"
    assert named is not None and named >= 0.9
    assert report.text_to_photo_recall_at_10_interval is not None
    assert report.text_to_photo_recall_at_10_interval[0] <= found <= report.text_to_photo_recall_at_10_interval[1]
