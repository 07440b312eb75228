"""Where captions can come from: a captions file (`reading`), a webdataset tar (`tars`), a folder of Google Takeout."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from core.captioning import reading, takeout_folder, tars
from core.captioning.reading import Broken, Pair


def read(path: Path) -> Iterator[Pair | Broken]:
    """All that a source says, row by row. Raises `CaptionsError`, and `CallError` for a folder of something else."""
    if path.is_dir():
        yield from takeout_folder.read(path)
    elif tars.is_tar_name(path.name):
        yield from tars.read(path)
    elif path.suffix.lower() == ".json" and (found := takeout_folder.read_one(path)) is not None:
        yield from found
    else:
        yield from reading.read(path)
