"""A caption that has a learned name inside a longer one alone says nothing of it."""

from __future__ import annotations

import json
from pathlib import Path

from core.adapters.learned import LearnedName
from core.library import Library
from core.search.calibration import Curve


def test_a_longer_name_is_not_the_shorter_one(sample_library: Path, tmp_path: Path) -> None:
    said = {"024": "Bello", "056": "Bello Junior", "080": "Bello with Bello Junior", "016": "Bello Junior at the lake"}
    rows = [{"file": f"retrouve-{number}.jpg", "captions": [text]} for number, text in said.items()]
    (tmp_path / "mine.jsonl").write_text("\n".join(map(json.dumps, rows)))
    with Library.open(sample_library) as library:
        library.captioning.take_in(tmp_path / "mine.jsonl")
        vectors = library.answering_encoder().encode_texts(["a page of printed text", "a snake"])
        curve = Curve(40.0, -20.0, 0.5)
        library.adapters.install(
            "adapter-1",
            library.answering.model_id,
            [
                LearnedName(name, name.lower(), vector, curve, 1.0, 3)
                for name, vector in zip(("Bello", "Bello Junior"), vectors, strict=True)
            ],
        )

        def sure(query: str) -> set[str]:
            return {hit.path.stem[-3:] for hit in library.search(query).hits if hit.match > 0.8}

        assert sure("Bello") == {"024", "080"}
        assert sure("Bello Junior") == {"056", "080", "016"}
        lake = {hit.path.stem[-3:]: hit.match for hit in library.search("Bello lake", top=131).hits}
        assert lake["016"] < lake["024"] or lake["016"] < 0.8, "the lake counts, and the name does not"
        rest = {hit.path.stem[-3:] for hit in library.search("vegetables -Bello", top=131).hits}
        assert not rest & {"024", "080"} and {"056", "016"} <= rest
