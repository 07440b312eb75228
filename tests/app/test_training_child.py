"""Training as a process of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.training_child import TrainingChild, TrainingFailed
from core.errors import TrainingError
from core.library import Library


def test_progress_comes_and_then_a_result(sample_library: Path, tmp_path: Path) -> None:
    rows = [{"file": f"retrouve-{number}.jpg", "captions": ["Korver"]} for number in ("024", "056", "080")]
    (tmp_path / "mine.jsonl").write_text("\n".join(map(json.dumps, rows)))
    with Library.open(sample_library) as library:
        library.captioning.take_in(tmp_path / "mine.jsonl")
        with TrainingChild("adapter", sample_library) as child:
            steps = list(child.steps())
        assert steps[0].what == "Reading" and all(step.done <= step.total or not step.total for step in steps)
        assert child.result["installed"] is True
        # The process that asked sees it at once.
        assert library.adapters.book(library.answering.model_id).cut("at korver").names


def test_a_fault_that_it_tells_is_raised(tmp_path: Path) -> None:
    with TrainingChild("adapter", tmp_path / "none") as child, pytest.raises(TrainingFailed) as caught:
        list(child.steps())
    assert caught.value.exit_code == 3 and "no library" in str(caught.value)


def test_one_that_falls_over_says_its_last_words(tmp_path: Path) -> None:
    with TrainingChild("nothing_of_this_name", tmp_path) as child, pytest.raises(TrainingError) as caught:
        list(child.steps())
    assert "nothing_of_this_name" in str(caught.value)


def test_cancelled_it_ends_and_leaves_nothing(sample_library: Path) -> None:
    with TrainingChild("adapter", sample_library) as child:
        next(child.steps())
        child.cancel()
    with Library.open(sample_library) as library:
        assert not library.adapters.all() and not library.runs.all()
        assert not list(library.runs.folder.glob(".draft*"))
