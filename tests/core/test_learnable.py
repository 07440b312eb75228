"""What could be learned, and a search as if an adapter were on."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core.adapters.learnable import learnable
from core.adapters.learned import LearnedName
from core.errors import CallError
from core.library import Library
from core.runs import CURVES
from core.search.calibration import Curve


def test_names_and_a_search_as_with_an_adapter(sample_library: Path, tmp_path: Path) -> None:
    said = {"024": "Korver", "056": "at Korver again", "070": "Minoes", "080": "a stall with carrots"}
    rows = [{"file": f"retrouve-{number}.jpg", "captions": [text]} for number, text in said.items()]
    (tmp_path / "mine.jsonl").write_text("\n".join(map(json.dumps, rows)))
    with Library.open(sample_library) as library:
        library.captioning.take_in(tmp_path / "mine.jsonl")
        found = learnable(library.catalog)
        assert (found.captions, found.tags) == (4, 0)
        assert [(one.name, len(one.photos)) for one in found.names] == [("Korver", 2), ("Minoes", 1)]
        assert [photo.path.stem[-3:] for photo in library.photos(found.names[0].photos)] == ["024", "056"]

        model = library.answering
        vector = library.search_as("vegetables at a market", None, 1).hits
        content, ids = vector[0].content_id, np.array([vector[0].content_id])
        _, rows_of = library.vectors_of(model).exact().scores(np.eye(model.dim, dtype=np.float32), ids)
        learned = LearnedName(
            "Korver", "korver", rows_of[:, 0] / np.linalg.norm(rows_of), Curve(20.0, -10.0, 0.5), 1.0, 2
        )
        library.adapters.install("mine", model.model_id, [learned])
        library.adapters.install("other", "another-model", [learned])
        library.adapters.switch("mine", False)
        plain = [hit.photo_id for hit in library.search("Korver", 10).hits]
        assert [hit.photo_id for hit in library.search_as("Korver", None, 10).hits] == plain
        taught = library.search_as("Korver", "mine", 10).hits
        assert any("as it was learned" in reason for hit in taught for reason in hit.reasons)
        assert content in [hit.content_id for hit in taught[:3]]
        assert not library.adapters.find("mine").active, "asking switches nothing"
        with pytest.raises(CallError, match="another-model"):
            library.search_as("Korver", "other")
        with pytest.raises(CallError, match="no adapter"):
            library.search_as("Korver", "none")


def test_the_curves_of_a_run_are_read_but_for_broken_lines(tmp_path: Path) -> None:
    from core.runs import Runs

    runs = Runs(tmp_path)
    draft = runs.begin("adapter")
    draft.write("config.json", {})
    draft.write("result.json", {})
    draft.write_lines(CURVES, [{"ridge": 3.0}, {"ridge": 1.0}])
    folder = draft.finish()
    with (folder / CURVES).open("a") as file:
        file.write('{"ridge": 0.')
    assert runs.curves(folder.name) == [{"ridge": 3.0}, {"ridge": 1.0}]
