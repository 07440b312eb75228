"""The real program over folders that are renamed, copied and taken away."""

from __future__ import annotations

import shutil


def test_a_renamed_folder_encodes_nothing(photos, retrouve, starter, tmp_path):
    library = tmp_path / "library"

    def index(*folders):
        found = retrouve("--library", library, "--json", "index", *folders).document
        return found["scanned"], found["encoded"], found["reused"], found["failed"], found["forgotten"]

    assert index(photos) == (12, 12, 0, 0, 0)
    (photos / "first").rename(photos / "Ünïcode\u3000ärger \u202eabc")
    shutil.copytree(photos / "second", photos / "copies")
    assert index() == (18, 0, 18, 0, 0)
    shutil.rmtree(photos / "copies")
    assert index() == (12, 0, 12, 0, 6)
